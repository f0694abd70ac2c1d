"""One council against all the others: what it must not be able to undo, delay or make costly."""

import copy
import random
import time
from collections.abc import Sequence

import msgspec
import pytest

from confedproto import record
from confedproto.bodies.accession import Accession
from confedproto.bodies.carried import Carried
from confedproto.bodies.exit import Exit
from confedproto.bodies.forkproof import ForkProof
from confedproto.bodies.freeze import Freeze, Voter
from confedproto.bodies.lock import Lock
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.motion import Motion, Title
from confedproto.bodies.node import LastHead
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.recall import Recall
from confedproto.bodies.status import Status
from confedproto.bodies.vote import Vote
from confedproto.bodies.witness import Witness, WitnessedHead
from confedproto.chains import Chains
from confedproto.errors import Reason
from confedproto.ids import CouncilId, Hash, log_id
from confedproto.lines import Lines
from confedproto.log import sign_head
from confedproto.merkle import Tree, leaf_hash
from confedproto.record import VerifiedRecord
from confedproto.rules.case import Case, rule_of
from confedproto.rules.chain import Chain
from confedproto.rules.forks import make_proof
from confedproto.rules.motion import MotionStatus, State, own_result
from confedproto.rules.receipts import WitnessLine
from confedproto.rules.rounds import Ballots
from confedproto.voting import Asked, Voting
from tests.support.assembly import TEXT, WINDOWS, Assembly
from tests.support.councils import NETWORK, START, Author, Ballot, ballot, feed, key, link, view_of

FAR = 2**39
"""Seconds UTC, long after everything."""


def status(made: Ballot, rng: random.Random | None = None) -> MotionStatus:
    found = view_of(made.authors, rng=rng).motion_status(made.motion.id, FAR)
    assert isinstance(found, MotionStatus)
    return found


def decided_by_three() -> tuple[Ballot, list[VerifiedRecord]]:
    """Four councils, three of which vote yes: the three locks that are needed, and no more."""
    made = ballot(4)
    positions = [made.position(author, "yes", yes=10, no=5) for author in made.authors[:3]]
    made.witness_all(time=made.body.closes)
    for author in made.authors[:3]:
        made.vote(author, "adopted", positions)
    return made, positions


def forked(liar: Author, size: int) -> ForkProof:
    """The proof that the liar signed another log than its own at `size`."""
    heads = [
        sign_head(NETWORK, liar.node_key, log=liar.log, size=size, root=root, time=START)
        for root in (liar.tree.root_at(size), Hash(b"\x01" * 32))
    ]
    return make_proof(
        council=liar.council,
        key=liar.node_key.public,
        one=heads[0],
        other=heads[1],
        root=None,
        path=(),
    )


# --- what is final stays final ------------------------------------------------------------------


def test_node_that_forks_its_log_after_its_lock_undoes_no_final_outcome() -> None:
    made, _ = decided_by_three()
    liar = made.authors[2]
    before = liar.tree.size - 1  # its vote goes too
    for author in made.authors[:3]:
        made.lock(author, "adopted")
    sealed = status(made)
    assert sealed.state is State.FINAL
    made.authors[3].sign_by_node(forked(liar, before), time=START)
    assert status(made).certificate == sealed.certificate
    for seed in range(20):  # whichever of lock and proof comes first
        assert status(made, random.Random(seed)).certificate == sealed.certificate


def test_position_past_a_fork_counts_no_more_though_the_lock_does() -> None:
    made, _ = decided_by_three()
    liar = made.authors[2]
    cut = liar.tree.size
    for author in made.authors[:3]:
        made.lock(author, "adopted")
    made.position(liar, "no", number=2)
    made.authors[3].sign_by_node(forked(liar, cut), time=START)
    for seed in range(5):
        found = status(made, random.Random(seed))
        assert found.state is State.FINAL
        said = [p.position.record for p in found.positions if p.position.record in liar.leaves]
        assert len(said) == 1


def test_forked_node_cannot_lock_with_another_key() -> None:
    made, _ = decided_by_three()
    liar = made.authors[2]
    for author in made.authors[:2]:
        made.lock(author, "adopted")
    made.authors[3].sign_by_node(forked(liar, liar.tree.size), time=START)
    made.lock(liar, "adopted")
    assert status(made).state is State.FINAL  # its own word, good or bad, is one of q
    liar.leaves.pop()
    lock = Lock(freeze=made.freeze.id, round=1, outcome="adopted")
    liar.add(lock, subject=made.motion.id, signers=[made.authors[3].node_key])
    assert status(made).state is State.PROVISIONAL


def replaced(author: Author, size: int) -> Author:
    """The next log of an author's council, whose node record keeps `size` leaves of the last."""
    heir = copy.copy(author)
    heir.node_key = key(author.number * 100 + 97)
    heir.log = log_id(NETWORK, author.council, heir.node_key.public)
    heir.leaves, heir.tree = [], Tree()
    last = LastHead(log=author.log, size=size, root=author.tree.root_at(size))
    body = heir.node_body(number=2)
    heir.add(msgspec.structs.replace(body, previous=author.leaves[1].id, last=last))
    return heir


@pytest.mark.parametrize("puppets", [0, 12])
def test_node_replaced_from_before_its_lock_undoes_no_final_outcome(puppets: int) -> None:
    made, _ = decided_by_three()
    liar = made.authors[2]
    for author in made.authors[:3]:
        made.lock(author, "adopted")
    sealed = status(made)
    assert sealed.state is State.FINAL
    more = [Author(50 + number) for number in range(puppets)]
    for puppet in more:  # they witness the first leaves of the log, so that w is large
        head = WitnessedHead(log=liar.log, size=2, root=liar.tree.root_at(2))
        part, root = record.encode_heads([head])
        puppet.sign_by_node(Witness(count=1, root=root), time=START, part=part)
    heir = replaced(liar, 2)
    councils = [*made.authors, *more, heir]
    for seed in (None, *range(10)):
        rng = None if seed is None else random.Random(seed)
        view = view_of(councils, rng=rng)
        found = view.motion_status(made.motion.id, FAR)
        assert isinstance(found, MotionStatus)
        assert found.certificate == sealed.certificate


def test_word_of_a_replaced_node_counts_and_what_others_lack_does_not() -> None:
    made, _ = decided_by_three()
    liar = made.authors[2]
    cut = liar.tree.size
    for author in made.authors[:3]:
        made.lock(author, "adopted")
    unseen = made.position(liar, "no", number=2)
    view = view_of([*made.authors, replaced(liar, cut)])
    assert view.refused[unseen.id] is Reason.NODE_REPLACED
    more = made.position(liar, "no", number=3)
    lock = made.lock(liar, "rejected")  # and one leaf more where the log counts no more
    feed(view, [liar])
    assert view.refused[more.id] is Reason.NODE_REPLACED
    assert lock.id in view.records


def test_rival_charter_that_others_carry_takes_no_lock_back() -> None:
    made, _ = decided_by_three()
    liar = made.authors[2]
    start, first = liar.tree.size, liar.leaves[0].id
    liar.add(liar.charter_body(previous=first))
    liar.version = 2
    for author in made.authors[:3]:
        made.lock(author, "adopted")
    sealed = status(made)
    assert sealed.state is State.FINAL
    liar.version = 1
    rival = msgspec.structs.replace(liar.charter_body(previous=first), name="Another")
    body = Carried(envelope=liar.make(rival).envelope, head=liar.head(size=start).envelope)
    made.authors[3].sign_by_node(body, time=START)
    for seed in range(10):
        assert status(made, random.Random(seed)).certificate == sealed.certificate


# --- motions that rest on motions ---------------------------------------------------------------


def test_motions_that_rest_on_motions_without_end_are_judged_from_a_list() -> None:
    made = Assembly(1)
    parent: VerifiedRecord | None = None
    for _ in range(400):
        parent = made.move(parent=parent.id if parent else None)
        for wait in (10, 25):  # two freezes, so that each asks about the one before in two ways
            made.freeze(parent, wait=wait, witnessed=False)
        made.now -= 25
    assert parent is not None
    view = made.view()
    before = time.process_time()
    found = view.motion_status(parent.id, FAR)
    assert isinstance(found, MotionStatus)
    assert time.process_time() - before < 10  # asked within each other they never come to an end
    assert found.fault is Reason.FREEZE_DOUBLE


# --- charters of other rules --------------------------------------------------------------------


def test_charter_with_another_rules_number_does_not_count() -> None:
    author = Author(1)
    later = author.add(author.charter_body(previous=author.leaves[0].id, rules=2))
    view = view_of([author])
    assert view.refused[later.id] is Reason.RULE_UNKNOWN


# --- what one council says of others costs no more than it sends --------------------------------


def test_heads_that_a_liar_names_cost_nothing_before_the_log_is_that_long() -> None:
    victim, liar = Author(1), Author(2)
    log = view_of([victim]).logs[victim.log]
    lines = Lines()
    before = time.process_time()
    for size in range(20_000):
        line = WitnessLine(
            witness=liar.council,
            log=log.id,
            size=10**9 - size,
            root=Hash(bytes(32)),
            time=START + size,
            arrived=START,
        )
        assert lines.add(line, log) is None
        assert lines.sift(log) is None
    assert time.process_time() - before < 2  # walking over all of them each time takes a minute
    assert len(lines.past(log.id)) == 20_000
    lines.drop(liar.council)
    assert lines.past(log.id) == ()


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> list[CouncilId]:
    """The councils that were folded again, one entry a time."""
    out: list[CouncilId] = []
    whole = Chains.refold

    def counted(self: Chains, council: CouncilId) -> Chain:
        out.append(council)
        return whole(self, council)

    monkeypatch.setattr(Chains, "refold", counted)
    return out


def carried(victim: Author, carrier: Author, size: int, *, time: int, reason: str) -> Carried:
    """A recall by the victim in the log of another council, which names a head of its own."""
    inner = victim.make(Recall(reason=reason), subject=victim.leaves[2].id)
    body = Carried(envelope=inner.envelope, head=victim.head(size=size).envelope)
    carrier.sign_by_node(body, time=time)
    return body


def granting() -> Author:
    """A council whose third leaf is a mandate."""
    out = Author(1)
    out.add(Mandate(delegate=key(70).public, starts=START, until=START + 9, kinds=("vote",)))
    return out


def test_record_carried_again_and_again_folds_its_council_once(folds: list[CouncilId]) -> None:
    victim, liar = granting(), Author(2)
    for number in range(50):
        carried(victim, liar, 3, time=START + number, reason="once")
    view = view_of([victim])
    folds.clear()
    feed(view, [liar])
    assert folds.count(victim.council) == 1
    assert len(view.about(victim.leaves[2].id, "recall")) == 1


def test_run_of_carried_records_folds_their_council_once(folds: list[CouncilId]) -> None:
    victim, liar = granting(), Author(2)
    for number in range(50):
        carried(victim, liar, 3, time=START, reason=f"number {number}")
    view = view_of([victim])
    folds.clear()
    view.add_log(liar.log, liar.council, liar.node_key.public)
    for leaf in liar.leaves:
        view.add(liar.log, leaf, leaf_hash(leaf.envelope), START, more=True)
    assert victim.council not in folds
    view.settle()
    assert folds.count(victim.council) == 1
    one_by_one = view_of([victim, liar])
    assert {p.record.id for p in view.of_kind("recall")} == {
        p.record.id for p in one_by_one.of_kind("recall")
    }
    assert len(view.of_kind("recall")) == 50
    assert view.state_digest(FAR) == one_by_one.state_digest(FAR)


# --- the mover's own words: whom it leaves out, and when it says that it wrote -------------------


def joined(made: Assembly, number: int = 9) -> VerifiedRecord:
    """A council that founders sponsor and everybody knows to be a member."""
    newcomer = Author(number)
    for founder in made.authors[:3]:
        link(founder, newcomer, time=made.now)
    made.authors.append(newcomer)
    accession = made.put(len(made.authors) - 1, Accession(weight=2), made.compact)
    made.now += 1
    made.witness()
    return accession


def test_freeze_that_leaves_out_a_member_all_know_does_not_stand() -> None:
    made = Assembly(4)
    accession = joined(made)
    motion = made.move()
    made.freeze(motion, councils=made.roll(without=[4]))
    found = made.status(motion, made.now)
    assert (found.state, found.fault) == (State.SECONDED, Reason.FREEZE_OMITS)
    made.freeze(motion, accessions=[accession])
    assert made.status(motion, made.now).state is State.OPEN


def test_freeze_may_leave_out_who_joined_only_just_before() -> None:
    for early, state in ((WINDOWS.grace - 1, State.OPEN), (WINDOWS.grace, State.SECONDED)):
        made = Assembly(4)
        motion = made.move()
        made.now += WINDOWS.discussion
        joined(made)
        made.now += early
        made.freeze(motion, wait=0, councils=made.roll(without=[4]))
        assert made.status(motion, made.now).state is state


def test_freeze_may_leave_out_who_was_sponsored_too_late() -> None:
    made = Assembly(4)
    newcomer = Author(9)
    made.authors.append(newcomer)
    made.put(4, Accession(weight=2), made.compact)  # before anybody is linked with it
    motion = made.move()
    made.freeze(motion, councils=made.roll(without=[4]))
    for founder in made.authors[:3]:
        link(founder, newcomer, time=made.now)
    made.now += 1
    made.witness()
    assert made.status(motion, made.now).state is State.OPEN


def test_freeze_leaves_out_no_member_that_came_back() -> None:
    made = Assembly(4)
    left = made.put(3, Exit(), made.compact)
    back = made.put(3, Accession(weight=2), made.compact)
    for other in (0, 1):
        link(made.authors[other], made.authors[3], time=made.now)
    motion = made.move()
    made.freeze(motion, councils=made.roll(without=[3]), exits=[left])
    assert made.status(motion, made.now).fault is Reason.FREEZE_OMITS
    made.freeze(motion, exits=[left], accessions=[back])
    assert made.status(motion, made.now).state is State.OPEN


def test_freeze_leaves_out_nobody_whose_ratification_all_know() -> None:
    made = Assembly(4, rules={"charter": "majority"})
    version = made.found(previous=made.compact.id)
    made.decide(made.move("charter", target=version.id), "YYYY")
    for by in range(4):
        made.put(by, Ratify(value="yes"), version)
    motion = made.move(version=version.id)
    made.freeze(motion, councils=made.roll(without=[3]))
    assert made.status(motion, made.now).fault is Reason.FREEZE_OMITS
    made.freeze(motion)
    assert made.status(motion, made.now).state is State.OPEN


def test_freeze_names_members_that_a_motion_let_in() -> None:
    made = Assembly(4, rules={"accession": "majority"})
    newcomer = Author(9)
    letting = made.move("accession", target=newcomer.council)
    made.decide(letting, "YYYY")
    made.authors.append(newcomer)
    accession = made.put(4, Accession(weight=2, motion=letting.id), made.compact)
    motion = made.move()
    made.freeze(motion, councils=made.roll(without=[4]))
    assert made.status(motion, made.now).fault is Reason.FREEZE_OMITS
    made.freeze(motion, accessions=[accession])
    assert made.status(motion, made.now).state is State.OPEN


def test_certified_outcome_stands_whatever_receipts_surface_later() -> None:
    made = Assembly(4)
    joined(made)
    motion = made.move()
    made.decide(motion, "YYY--", councils=made.roll(without=[4]))
    assert made.status(motion).state is State.FINAL  # q nodes knew of nobody who is left out


def test_node_votes_on_a_freeze_only_if_it_knows_of_nobody_left_out() -> None:
    made = Assembly(4)
    joined(made)
    motion = made.move()
    freeze = made.freeze(motion, councils=made.roll(without=[4]))
    made.vote(freeze, "YYY--")
    for councils, votes in ((made.authors, False), (made.authors[:4], True)):
        view = view_of(councils, arrived=made.now)
        case = view.case(motion.id)
        assert not isinstance(case, Reason)
        found = own_result(case, view.records[freeze.id], made.now, view.lines_past)
        assert (found is not None) is votes


def test_motion_that_claims_an_earlier_time_is_discussed_from_its_receipt() -> None:
    made = Assembly(4)
    wrote = made.now
    made.now += 500
    part = TEXT
    body = Motion(
        name="coordination",
        titles=(Title(language="en", title="A motion"),),
        text=record.text_hash(part),
    )
    motion = made.authors[0].add(body, subject=made.compact.id, time=wrote, part=part)
    made.witness()
    made.freeze(motion, wait=1)
    found = made.status(motion, made.now)
    assert (found.state, found.fault) == (State.SECONDED, Reason.DISCUSSION_OPEN)
    made.freeze(motion, wait=0)
    assert made.status(motion, made.now).state is State.OPEN


def test_freeze_that_claims_an_earlier_time_gives_notice_from_its_receipt() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion, witnessed=False)
    made.now -= 1  # a second before it opens
    made.witness()
    found = made.status(motion, made.now + 1)
    assert (found.state, found.fault) == (State.SECONDED, Reason.FREEZE_WINDOW)
    assert freeze.time < made.now - WINDOWS.grace


def test_freeze_that_claims_a_later_time_shortens_no_discussion() -> None:
    made = Assembly(4)
    motion = made.move()
    opens = made.now + 40
    body = Freeze(councils=made.roll(), opens=opens, closes=opens + WINDOWS.voting)
    made.authors[0].add(body, subject=motion.id, time=made.now + 20)
    made.now += 1  # all have it long before the time that it claims, and no amendment can come
    made.witness()
    assert made.status(motion, opens).fault is Reason.DISCUSSION_OPEN


# --- rounds that a liar begins alone --------------------------------------------------------------


def asked_of(made: Ballot, author: Author, councils: Sequence[Author]) -> Asked:
    """What a node of an author is asked in the middle of round 2."""
    view = view_of(councils, arrived=FAR)  # it was away until then: its journal shows nothing
    return Voting(view, author.council).asked(made.motion.id, (made.first_round + 5) * 1000)


def test_round_two_waits_for_what_w_councils_counted_in_round_one() -> None:
    made = ballot(4)
    positions = [made.position(author, "yes", yes=10, no=5) for author in made.authors[:3]]
    made.witness_all(time=made.body.closes)
    made.vote(made.authors[3], "adopted", positions)
    assert asked_of(made, made.authors[0], made.authors).bodies == ()  # one may be a liar
    made.vote(made.authors[2], "adopted", positions)
    assert [type(b) for b in asked_of(made, made.authors[0], made.authors).bodies] == [Status]


def test_node_that_signed_for_one_freeze_signs_for_no_other() -> None:
    made, positions = decided_by_three()
    other = msgspec.structs.replace(made.body, opens=made.body.opens + 1)
    other = msgspec.structs.replace(other, closes=made.body.closes + 1)
    rival = made.authors[0].add(other, subject=made.motion.id, time=made.freeze.time)
    view = view_of(made.authors, arrived=START)
    found = Voting(view, made.authors[1].council).asked(made.motion.id, FAR * 1000)
    assert found.bodies
    assert {getattr(body, "freeze", None) for body in found.bodies} == {made.freeze.id}
    assert rival.id != made.freeze.id
    assert positions


@pytest.mark.parametrize(("early", "final"), [(0, False), (1, True)])
def test_expired_node_keys_that_claim_an_earlier_time_certify_nothing(
    early: int, *, final: bool
) -> None:
    made, positions = decided_by_three()
    for author in made.authors[:3]:
        lock = Lock(freeze=made.freeze.id, round=1, outcome="adopted")
        author.sign_by_node(lock, subject=made.motion.id, time=made.body.closes + early)
    assert (status(made).state is State.FINAL) is final
    assert positions


def test_status_that_claims_a_time_before_the_closing_does_not_count() -> None:
    made, _ = decided_by_three()
    body = Status(freeze=made.freeze.id, round=2)
    for author, late in zip(made.authors[:2], (0, 1), strict=True):
        author.sign_by_node(body, subject=made.motion.id, time=made.body.closes + late)
    view = view_of(made.authors)
    case = view.case(made.motion.id)
    assert isinstance(case, Case)
    rule = rule_of(case)
    assert rule is not None
    ballots = Ballots(case, made.freeze.id, made.body, rule, lambda _: True)
    assert set(ballots.statuses(2)) == {made.authors[1].council}


def test_new_node_signs_nothing_before_it_holds_what_others_know_of_the_old_log() -> None:
    made, _ = decided_by_three()
    old = made.authors[1]
    kept = old.tree.size - 1  # its vote is not there yet
    made.witness_all(time=made.first_round)
    heir = replaced(old, kept)
    for signs in (False, True):
        view = view_of(made.authors, upto={old.council: kept}, arrived=START)
        feed(view, [heir])
        if signs:
            feed(view, made.authors)
        voting = Voting(view, old.council)
        found = voting.asked(made.motion.id, (made.first_round + 1) * 1000)
        assert bool(found.bodies) is signs
        assert not any(isinstance(body, Vote) for body in found.bodies)  # it has voted already


def test_accession_that_an_old_log_still_shows_is_the_first_on_every_node() -> None:
    made = Assembly(4)
    joined(made)
    newcomer = made.authors[4]
    size = next(i for i, leaf in enumerate(newcomer.leaves) if isinstance(leaf.body, Accession))
    heir = replaced(newcomer, size)  # as if it had not acceded yet
    heir.add(Accession(weight=1), subject=made.compact.id, time=made.now)
    puppet = Author(50)  # it alone has seen the accession in the old log
    head = WitnessedHead(log=newcomer.log, size=size + 1, root=newcomer.tree.root_at(size + 1))
    part, root = record.encode_heads([head])
    puppet.sign_by_node(Witness(count=1, root=root), time=made.now, part=part)
    for author in made.authors[:4]:  # nobody else has
        author.leaves[:] = [leaf for leaf in author.leaves if leaf.kind != "witness"]
    weights: set[int] = set()
    for order in ((newcomer, heir, puppet), (heir, puppet, newcomer), (puppet, newcomer, heir)):
        view = view_of([*made.authors[:4], *order])
        weights.add(view.admitted(made.compact.id)[newcomer.council].weight)
    assert weights == {2}


def test_accession_that_an_old_log_shows_late_undoes_no_decision() -> None:
    made = Assembly(4)
    newcomer = Author(9)
    for founder in made.authors[:3]:
        link(founder, newcomer, time=made.now)
    newcomer.add(Accession(weight=2), subject=made.compact.id, time=made.now)
    size = newcomer.tree.size - 1
    heir = replaced(newcomer, size)
    made.authors.append(heir)
    second = made.put(4, Accession(weight=1), made.compact)
    motion = made.move()
    roll = made.roll(without=[4], more=[Voter(council=heir.council, weight=1)])
    made.decide(motion, "YYYY-", councils=roll, accessions=[second])
    puppet = Author(50)
    head = WitnessedHead(log=newcomer.log, size=size + 1, root=newcomer.tree.root_at(size + 1))
    part, root = record.encode_heads([head])
    puppet.sign_by_node(Witness(count=1, root=root), time=made.now, part=part)
    for late in ((), (puppet,)):
        found = view_of([*made.authors, newcomer, *late]).motion_status(motion.id, FAR)
        assert isinstance(found, MotionStatus)
        assert found.state is State.FINAL
