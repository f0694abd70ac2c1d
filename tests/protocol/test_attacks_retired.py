"""A13, old keys rewrite history: who holds all retired keys moves nobody who knew the head.

The Mill has had three sets of keyholders, none of whom was in two of them, and two servers. It
granted mandates and decided motions under each. The adversary holds the keyholders' keys of the
first two charters, the first server's key, and a council of its own whose log everybody holds.
"""

import copy
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pytest

from confedproto.bodies.carried import Carried
from confedproto.bodies.charter import Charter
from confedproto.bodies.forkproof import ForkProof
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.node import LastHead, Node
from confedproto.bodies.position import Position
from confedproto.bodies.recall import Recall
from confedproto.bodies.second import Second
from confedproto.bodies.suspension import Suspension
from confedproto.errors import Reason
from confedproto.ids import Hash, log_id
from confedproto.keys import SigningKey
from confedproto.log import sign_head
from confedproto.merkle import Tree
from confedproto.record import VerifiedRecord
from confedproto.rules.confirmed import Confirmations
from confedproto.rules.forks import make_proof
from confedproto.rules.life import State
from confedproto.rules.motion import MotionStatus
from confedproto.rules.motion import State as Stage
from confedproto.rules.tenure import State as Stood
from confedproto.view import View
from tests.support.councils import (
    DAY,
    NETWORK,
    START,
    Author,
    Ballot,
    feed,
    found_compact,
    freeze_body,
    key,
    propose,
    view_of,
)

NODES: Final = 1_000
"""How many nodes knew the head, as A13 asks."""
LATER: Final = START + 30 * DAY


def begin(author: Author, server: SigningKey, *leaves: VerifiedRecord) -> Author:
    """Another log of the same council, under another node key."""
    new = copy.copy(author)
    new.node_key, new.leaves, new.tree = server, [], Tree()
    new.log = log_id(NETWORK, author.council, server.public)
    for leaf in leaves:
        new.append(leaf)
    return new


def replacing(author: Author, node: VerifiedRecord, server: SigningKey, size: int) -> Node:
    """The body of the node record after `node`, which names `size` leaves of the author's log."""
    assert isinstance(node.body, Node)
    return Node(
        number=node.body.number + 1,
        key=server.public,
        transport=key(1).public,
        expires=START + 90 * DAY,
        previous=node.id,
        last=LastHead(log=author.log, size=size, root=author.tree.root_at(size)),
    )


@dataclass(frozen=True, kw_only=True)
class Era:
    """Part of a log in which one charter and one node record were in force."""

    log: Author
    keys: Sequence[SigningKey]
    charter: VerifiedRecord
    node: VerifiedRecord
    sizes: range

    @property
    def version(self) -> int:
        return self.charter.charter + 1


class Mill:
    """The council, those that know it, and what its old keys once could."""

    def __init__(self) -> None:
        self.first = Author(3, keyholders=3, threshold=2)
        self.others = [Author(1), Author(2), Author(4)]
        self.accomplice = Author(66)
        self.eras: list[Era] = []
        self.ballots: list[Ballot] = []
        self.mandates: list[VerifiedRecord] = []
        self.author = self.first
        self.charter, self.node = self.first.leaves
        self.compact = found_compact([*self.others, self.first])
        self.decide(START)
        self.rotate()
        self.decide(START + DAY)
        self.replace()
        self.rotate()
        self.decide(START + 2 * DAY)

    @property
    def logs(self) -> list[Author]:
        """All that is said in earnest, and the accomplice's log so far."""
        both = [self.first] if self.author is self.first else [self.first, self.author]
        return [*self.others, self.accomplice, *both]

    def decide(self, time: int) -> None:
        """A mandate, and a motion that is adopted; everybody receives everything."""
        grant = Mandate(delegate=key(70).public, starts=time, until=LATER, kinds=("vote",))
        self.mandates.append(self.author.add(grant, time=time))
        authors = [*self.others, self.author]
        motion = propose(self.others[0], self.compact, time=time)
        self.witness(time)
        body = freeze_body(self.compact, time=time + 1)
        freeze = self.others[0].add(body, subject=motion.id, time=time + 1)
        made = Ballot(authors=authors, compact=self.compact, motion=motion, freeze=freeze)
        self.witness(time + 2)
        positions = [made.position(author, "yes", yes=10, no=5) for author in authors]
        self.witness(made.body.closes)
        for author in authors:
            made.vote(author, "adopted", positions)
        for author in authors:
            made.lock(author, "adopted")
        self.witness(made.first_round + 2)
        self.ballots.append(made)

    def witness(self, time: int) -> None:
        for one in self.others:
            one.witness([log for log in self.logs if log not in (one, self.accomplice)], time=time)

    def ends(self, start: int) -> None:
        """From here on the keys in force are old ones, as far as a place says it."""
        log = begin(self.author, self.author.node_key, *self.author.leaves)
        sizes = range(start, len(log.leaves) + 1)
        holders = tuple(self.author.keyholders)
        self.eras.append(
            Era(log=log, keys=holders, charter=self.charter, node=self.node, sizes=sizes)
        )

    def start(self) -> int:
        """The least size of the newest log at which what is in force was in force."""
        known = {self.charter.id, self.node.id}
        return max(i for i, leaf in enumerate(self.author.leaves, 1) if leaf.id in known)

    def rotate(self) -> None:
        """The next charter, whose keyholders are all new."""
        self.ends(self.start())
        author = self.author
        old = author.keyholders[:2]
        author.keyholders = [key(9_000 + author.version * 10 + n) for n in range(3)]
        body = author.charter_body(previous=self.charter.id)
        self.charter = author.add(body, signers=[*old, *author.keyholders[:2]])
        author.version += 1

    def replace(self) -> None:
        """The next server."""
        self.ends(self.start())
        body = replacing(self.author, self.node, key(9_099), len(self.author.leaves))
        self.node = self.author.make(body)
        self.author = begin(self.author, key(9_099), self.node)


# --- the adversary -------------------------------------------------------------------------------


class Adversary:
    """All retired keys, in one hand; `logs` is what it brings about."""

    def __init__(self, mill: Mill, rng: random.Random) -> None:
        self.mill, self.rng = mill, rng
        self.own = begin(mill.accomplice, mill.accomplice.node_key, *mill.accomplice.leaves)
        self.logs: list[Author] = [self.own]
        self.fresh = 0

    def key(self) -> SigningKey:
        self.fresh += 1
        return SigningKey(self.rng.randbytes(32))

    def era(self) -> tuple[Era, int]:
        """A place where keys were in force that are retired."""
        found = self.rng.choice(self.mill.eras)
        return found, self.rng.choice(found.sizes)

    def time(self) -> int:
        return self.rng.choice([START, START + DAY, START + 5 * DAY, LATER])

    def next_charter(self, era: Era) -> tuple[VerifiedRecord, list[SigningKey]]:
        """Another charter than the one that retired them, for keys of its own."""
        keys = [self.key() for _ in range(3)]
        body = Charter(
            name="Council 3",
            threshold=2,
            keys=tuple(sorted(one.public for one in keys)),
            previous=era.charter.id,
        )
        item = era.log.make(body, signers=[*era.keys, *keys], charter=era.version, time=self.time())
        return item, keys

    def sway(self, log: Author, era: Era) -> None:
        """Say all that may be said under old keys, then under a charter of its own."""
        log.version, log.keyholders = era.version, list(era.keys)
        for _ in range(self.rng.randrange(3)):
            self.say(log)
        if self.rng.random() < 0.6:
            charter, keys = self.next_charter(era)
            log.append(charter)
            log.version, log.keyholders = era.version + 1, keys
            self.say(log)

    def say(self, log: Author) -> None:
        """A position on what is decided, a recall, or a mandate."""
        ballot, time = self.rng.choice(self.mill.ballots), self.time()
        position = Position(freeze=ballot.freeze.id, number=9, value="no", yes=0, no=99)
        granted = self.rng.choice(self.mill.mandates)
        grant = Mandate(delegate=key(66).public, starts=START, until=LATER, kinds=("vote",))
        match self.rng.randrange(4):
            case 0:
                log.add(position, subject=ballot.motion.id, time=time)
            case 1:
                log.add(Recall(), subject=granted.id, time=time)
            case 2:
                log.add(grant, time=time)
            case _:
                log.add(Second(), subject=ballot.motion.id, time=time)

    def begin(self, era: Era, *leaves: VerifiedRecord, server: SigningKey) -> Author:
        log = begin(era.log, server, *leaves)
        self.sway(log, era)
        self.logs.append(log)
        return log

    # --- what it can sign -----------------------------------------------------------------------

    def rival_first(self) -> None:
        """A node record of number 1, and often the record that would repair the fork."""
        era, server = self.mill.eras[0], self.key()
        body = Node(number=1, key=server.public, transport=key(1).public, expires=START + 90 * DAY)
        node = era.log.make(body, signers=era.keys, charter=1, time=self.time())
        log = self.begin(era, era.charter, node, server=server)
        if self.rng.random() < 0.5:
            self.replace(era, log, node, self.rng.randrange(2, len(log.leaves) + 1))

    def replace(self, era: Era, log: Author, node: VerifiedRecord, size: int) -> None:
        server = self.key()
        body = replacing(log, node, server, size)
        time = self.time()
        item = era.log.make(body, signers=era.keys, charter=era.version, time=time)
        self.begin(era, item, server=server)
        if self.rng.random() < 0.3:
            self.carry(item, era, self.rng.choice(era.sizes))

    def rival_replacement(self) -> None:
        """A node record that names a place where they were in force."""
        era, size = self.era()
        self.replace(era, era.log, era.node, size)

    def repair(self) -> None:
        """The record of number 2 that keeps the true first log, if there were a fork."""
        self.rival_first()
        self.replace(self.mill.eras[0], self.mill.first, self.mill.first.leaves[1], 2)

    def rival_charter(self) -> None:
        """Another next charter that the accomplice carries."""
        era, size = self.era()
        self.carry(self.next_charter(era)[0], era, size)

    def carry(self, item: VerifiedRecord, era: Era, size: int) -> None:
        time = self.time()
        if era.log.log == self.mill.author.log:
            time = START + 2 * DAY  # what its server signed then: that key is not theirs
        head = era.log.head(time, size=size)
        self.own.sign_by_node(Carried(envelope=item.envelope, head=head.envelope), time=time)

    def suspension(self) -> None:
        """An old keyholder stops the server, or one who holds a key now."""
        era, size = self.era()
        target = self.rng.choice([self.mill.author.node_key, *self.mill.author.keyholders])
        body = Suspension(key=target.public)
        version = self.rng.choice([era.version, self.mill.author.version])
        signer = [self.rng.choice(era.keys)]
        self.carry(era.log.make(body, signers=signer, charter=version, time=LATER), era, size)

    def old_log(self) -> None:
        """The first server's log goes on past where it was closed."""
        era = next(one for one in reversed(self.mill.eras) if one.log.log == self.mill.first.log)
        log = begin(era.log, era.log.node_key, *era.log.leaves)
        self.sway(log, era)
        self.logs.append(log)

    def forked(self) -> None:
        """The first server signs another log too, which a replacement names."""
        era, size = self.era()
        if era.log.log != self.mill.first.log:
            return
        other, heads = Hash(self.rng.randbytes(32)), []
        for root in (era.log.tree.root_at(size), other):
            heads.append(
                sign_head(
                    NETWORK, era.log.node_key, log=era.log.log, size=size, root=root, time=START
                )
            )
        proof: ForkProof = make_proof(
            council=era.log.council,
            key=era.log.node_key.public,
            one=heads[0],
            other=heads[1],
            root=None,
            path=(),
        )
        self.own.sign_by_node(proof, time=START)
        server = self.key()
        body = replacing(era.log, era.node, server, size)
        named = LastHead(log=era.log.log, size=size, root=other)
        changed = Node(
            number=body.number,
            key=body.key,
            transport=body.transport,
            expires=body.expires,
            previous=body.previous,
            last=named,
        )
        item = era.log.make(changed, signers=era.keys, charter=era.version, time=self.time())
        self.begin(era, item, server=server)

    @property
    def means(self) -> Mapping[str, Callable[[], None]]:
        return {
            "rival first node record": self.rival_first,
            "rival replacement": self.rival_replacement,
            "repair of a fork that is none": self.repair,
            "carried rival charter": self.rival_charter,
            "suspension by an old keyholder": self.suspension,
            "old log that goes on": self.old_log,
            "fork of an old log": self.forked,
        }


def knows(view: View, mill: Mill) -> dict[str, object]:
    """What a node knows of the Mill: its head, who speaks for it, all it said and decided."""
    chain, council = view.chains.of[mill.first.council], mill.first.council
    authority = chain.authority
    log, mine = view.logs[view.log_of[council]], {mill.first.log, mill.author.log}
    motions = [view.motion_status(one.motion.id, LATER) for one in mill.ballots]
    return {
        "head": (log.id, log.tree.size, log.tree.root()),
        "charters": [step.record.id for step in authority.charters],
        "servers": [step.record.id for step in authority.nodes],
        "state": chain.state_at(LATER),
        "other branches": dict(chain.other_branch),
        "records": {
            one: (placed.log, placed.index)
            for one, placed in view.records.items()
            if placed.record.council == council and placed.log != mill.accomplice.log
        },
        "decisions": [
            (one.state, one.outcome, one.certificate, one.tally)
            for one in motions
            if isinstance(one, MotionStatus)
        ],
        "mandates": set(authority.mandates),
        "ends": [end for end in view.chains.ends(council) if end[0] in mine],
        "digest": view.state_digest(LATER),
    }


@pytest.fixture(scope="module")
def mill() -> Mill:
    return Mill()


def test_mill_is_as_the_tests_say(mill: Mill) -> None:
    view = view_of(mill.logs)
    known = knows(view, mill)
    assert known["state"] is State.ACTIVE
    assert len(view.authorities[mill.first.council].charters) == 3
    motions = [view.motion_status(one.motion.id, LATER) for one in mill.ballots]
    assert all(isinstance(one, MotionStatus) and one.state is Stage.FINAL for one in motions)
    assert [era.version for era in mill.eras] == [1, 2, 2]


def attacks(mill: Mill, seeds: range) -> Iterator[tuple[str, Adversary]]:
    """One to three means of the adversary, each with what it was called."""
    for seed in seeds:
        adversary = Adversary(mill, random.Random(seed))
        names = list(adversary.means)
        chosen = [names[seed % len(names)], *adversary.rng.choices(names, k=seed % 3)]
        for name in chosen:
            adversary.means[name]()
        yield f"{seed}: {', '.join(chosen)}", adversary


def moved(mill: Mill, seeds: range) -> list[str]:
    """The attacks after which a node that knew the Mill knows something else of it."""
    out: list[str] = []
    before = knows(view_of(mill.logs), mill)
    for number, (name, adversary) in enumerate(attacks(mill, seeds)):
        view = view_of(mill.logs)
        feed(view, adversary.logs, rng=random.Random(number))
        after = knows(view, mill)
        if changed := [what for what in before if before[what] != after[what]]:
            out.append(f"{name}: {', '.join(changed)}")
    return out


def test_a13_of_a_thousand_nodes_that_knew_the_head_retired_keys_move_none(mill: Mill) -> None:
    assert moved(mill, range(NODES)) == []


@pytest.mark.parametrize("rule", ["of", "beyond"])
def test_a13_attacks_move_nodes_once_confirmations_are_not_looked_at(
    mill: Mill, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Confirmations, rule, lambda *_: [])
    assert moved(mill, range(30))


def test_a13_whichever_comes_first_all_nodes_stand_where_the_head_was_known(mill: Mill) -> None:
    known = knows(view_of(mill.logs), mill)
    for number, (name, adversary) in enumerate(attacks(mill, range(2_000, 2_025))):
        longest: dict[bytes, Author] = {}
        for log in (*mill.logs, *adversary.logs):
            held = longest.get(log.log)
            if held is None or len(held.leaves) < len(log.leaves):
                longest[log.log] = log
        for order in range(4):
            view = view_of(longest.values(), rng=random.Random(number * 4 + order))
            assert knows(view, mill) == known, (name, order)


# --- what is left to them: with another council's help, to be seen by everybody -------------------


def helped(mill: Mill) -> tuple[Adversary, Author]:
    """A second first log with a next charter of its own, which the accomplice says it received."""
    adversary = Adversary(mill, random.Random(0))
    era, server = mill.eras[0], adversary.key()
    body = Node(number=1, key=server.public, transport=key(1).public, expires=START + 90 * DAY)
    node = era.log.make(body, signers=era.keys, charter=1)
    log = begin(era.log, server, era.charter, node)
    charter, log.keyholders = adversary.next_charter(era)
    log.append(charter)
    log.version = 2
    adversary.logs.append(log)
    adversary.own.witness([log], time=LATER)
    return adversary, log


def is_kept(before: dict[str, object], after: dict[str, object]) -> bool:
    """Whether all that was said counts where it counted, and all decisions are what they were."""
    said, now = before["records"], after["records"]
    assert isinstance(said, dict)
    assert isinstance(now, dict)
    missing = {one for one in said if one not in now}
    return not missing and before["decisions"] == after["decisions"]


def test_a13_with_a_witness_of_their_own_they_freeze_the_council_and_take_nothing(
    mill: Mill,
) -> None:
    view = view_of(mill.logs)
    before = knows(view, mill)
    adversary, log = helped(mill)
    feed(view, adversary.logs)
    after = knows(view, mill)
    assert after["state"] is State.NODE_FORK, "for everybody to see"
    assert is_kept(before, after)
    server = adversary.key()  # and they cannot repair it towards themselves
    body = replacing(log, log.leaves[1], server, len(log.leaves))
    repair = log.make(body, signers=mill.eras[0].keys, charter=1)
    feed(view, [begin(log, server, repair)])
    assert knows(view, mill)["state"] is State.NODE_FORK
    assert is_kept(before, knows(view, mill))


def test_a13_whatever_their_witness_received_none_of_them_is_in_force(mill: Mill) -> None:
    true = {leaf.id for log in mill.logs for leaf in log.leaves}
    states: set[object] = set()
    for number, (name, adversary) in enumerate(attacks(mill, range(3_000, 3_150))):
        for log in adversary.logs[1:]:
            adversary.own.witness([log], time=LATER)
        view = view_of(mill.logs)
        before = knows(view, mill)
        feed(view, adversary.logs, rng=random.Random(number))
        after = knows(view, mill)
        authority = view.authorities[mill.first.council]
        assert {one.record.id for one in authority.charters} <= true, name
        assert {one.record.id for one in authority.nodes} <= true, name
        assert is_kept(before, after), name
        states.add(after["state"])
    assert states == {State.ACTIVE, State.NODE_FORK}


def test_a13_fork_is_repaired_by_one_record_of_all_the_thresholds_and_loses_nothing(
    mill: Mill,
) -> None:
    view = view_of(mill.logs)
    adversary, log = helped(mill)
    first, server = mill.first, adversary.key()
    body = replacing(first, first.leaves[1], server, len(first.leaves))
    signers = [*mill.eras[0].keys[:2], *mill.eras[1].keys[:2], *log.keyholders[:2]]
    repair = first.make(body, signers=signers, charter=1)
    feed(view, [*adversary.logs, begin(first, server, repair)])
    after = knows(view, mill)
    assert after["state"] is State.ACTIVE
    kept = {leaf.id for leaf in first.leaves}
    assert kept <= view.records.keys()
    assert view.log_of[first.council] == begin(first, server).log


def test_a13_no_rule_tells_two_branches_apart_that_were_both_received(mill: Mill) -> None:
    """The counter-example: what the Mill did, done again under the retired keys, by a mirror."""
    adversary, log = helped(mill)
    view = view_of([*mill.logs, *adversary.logs])
    chain = view.chains.of[mill.first.council]
    assert [leaf.kind for leaf in log.leaves] == ["charter", "node", "charter"]
    true = [leaf.kind for leaf in mill.first.leaves if leaf.kind in ("charter", "node")]
    assert true == ["charter", "node", "charter"]
    for one in (mill.first, log):
        assert chain.past[one.log] is Reason.NODE_FORK


def test_a13_with_a_carrier_they_recall_mandates_of_their_time_and_no_others(mill: Mill) -> None:
    view = view_of(mill.logs)
    before = knows(view, mill)
    adversary = Adversary(mill, random.Random(0))
    era = mill.eras[0]
    for granted in mill.mandates:
        item = era.log.make(Recall(), subject=granted.id, signers=era.keys, charter=1)
        adversary.carry(item, era, era.sizes[-1])
    witnesses = [begin(one, one.node_key, *one.leaves) for one in mill.others]
    for one in witnesses:
        one.witness([adversary.own], time=START + 3 * DAY)
    feed(view, [*adversary.logs, *witnesses])
    after = knows(view, mill)
    assert is_kept(before, after)
    assert after["state"] is State.ACTIVE
    assert after["charters"] == before["charters"]
    rows = [view.mandates.row(granted.id, LATER - DAY) for granted in mill.mandates]
    assert [row["state"] for row in rows] == [Stood.RECALLED, Stood.IN_FORCE, Stood.IN_FORCE]
