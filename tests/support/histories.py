"""Random histories of one council: rotation, suspension, loss, theft, forks, carriage, repair.

`history(seed)` writes signed logs by hand: the council's own, one a server, and those of
councils around it that witness, carry and prove. `deliver` puts them into a View in any
order; `held` gives the same to the model.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from confedproto import record
from confedproto.bodies import KIND_OF
from confedproto.bodies.act import Act
from confedproto.bodies.carried import Carried
from confedproto.bodies.charter import Charter
from confedproto.bodies.forkproof import ForkProof
from confedproto.bodies.lock import Lock
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.node import LastHead, Node
from confedproto.bodies.recall import Recall
from confedproto.bodies.second import Second
from confedproto.bodies.suspension import Suspension
from confedproto.bodies.types import Body
from confedproto.bodies.witness import Witness, WitnessedHead
from confedproto.ids import CouncilId, Hash, LogId, log_id, network_id
from confedproto.keys import SigningKey
from confedproto.log import Head, sign_head
from confedproto.merkle import Tree, leaf_hash
from confedproto.record import VerifiedRecord
from confedproto.view import View
from tests.models import council as model

NETWORK: Final = network_id("histories")
START: Final = 1_700_000_000
DAY: Final = 86_400


@dataclass(slots=True)
class Book:
    """One log under a node key."""

    council: CouncilId
    key: SigningKey
    leaves: list[VerifiedRecord] = field(default_factory=list)
    tree: Tree = field(default_factory=Tree)

    @property
    def id(self) -> LogId:
        return log_id(NETWORK, self.council, self.key.public)

    def put(self, item: VerifiedRecord) -> VerifiedRecord:
        self.leaves.append(item)
        self.tree.append(leaf_hash(item.envelope))
        return item

    def head(self, size: int, time: int, root: Hash | None = None) -> Head:
        at = self.tree.root_at(size) if root is None else root
        return sign_head(NETWORK, self.key, log=self.id, size=size, root=at, time=time)


def make(
    body: Body,
    signers: Sequence[SigningKey],
    *,
    council: CouncilId | None,
    version: int,
    time: int,
    subject: bytes | None = None,
    part: bytes | None = None,
) -> VerifiedRecord:
    payload = record.build_payload(
        kind=KIND_OF[type(body)],
        council=council,
        charter=version,
        time=time,
        body=body,
        subject=subject,
    )
    rows = [record.sign(NETWORK, payload, key) for key in {k.public: k for k in signers}.values()]
    return record.open(NETWORK, record.assemble(payload, rows), part)


class Neighbour:
    """A council of one keyholder whose node witnesses, carries and proves."""

    def __init__(self, rng: random.Random) -> None:
        self.key, self.node = (SigningKey(rng.randbytes(32)) for _ in range(2))
        body = Charter(name="Neighbour", threshold=1, keys=(self.key.public,))
        first = make(body, [self.key], council=None, version=0, time=START)
        self.council = first.council
        self.book = Book(self.council, self.node)
        self.book.put(first)
        server = Node(
            number=1, key=self.node.public, transport=rng.randbytes(32), expires=START + 900 * DAY
        )
        self.book.put(make(server, [self.key], council=self.council, version=1, time=START))

    def say(self, body: Body, time: int, part: bytes | None = None) -> VerifiedRecord:
        item = make(body, [self.node], council=self.council, version=1, time=time, part=part)
        return self.book.put(item)


class History:
    """One council's life, written step by step with a seeded generator."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = rng = random.Random(seed)
        self.time = START
        m, n = rng.choice([(1, 1), (2, 3), (2, 3), (3, 4), (3, 5), (4, 5)])
        self.holders = [self.fresh() for _ in range(n)]
        self.retired: list[SigningKey] = []
        self.threshold = m
        self.neighbours = [Neighbour(rng) for _ in range(rng.choice([1, 2, 4]))]
        first = make(self.charter_body(None), self.holders, council=None, version=0, time=START)
        self.council = first.council
        self.charters = [first]
        self.nodes: list[VerifiedRecord] = []
        self.books = [Book(self.council, self.fresh())]
        self.mandates: list[tuple[VerifiedRecord, SigningKey]] = []
        self.witnessed: list[tuple[LogId, CouncilId, int, Hash]] = []
        self.forked: dict[LogId, int] = {}
        self.book.put(first)
        self.nodes.append(self.book.put(self.say(self.node_body(self.book.key))))
        self.carriages: list[model.Carried] = []
        for _ in range(rng.randrange(8, 26)):
            self.time += rng.choice([1, 60, 3_600, DAY])
            rng.choice(self.steps())()

    def fresh(self) -> SigningKey:
        return SigningKey(self.rng.randbytes(32))

    @property
    def book(self) -> Book:
        return self.books[-1]

    def steps(self) -> list[Any]:
        return [
            *[self.ordinary] * 4,
            *[self.by_node] * 2,
            *[self.witness] * 3,
            self.rotate,
            self.rotate,
            self.rival_charter,
            self.suspend,
            self.suspend,
            self.lift,
            self.renew,
            self.replace,
            self.rival_node,
            self.repair_node,
            self.fork,
            self.carry,
            self.carry,
            self.mandate,
            self.act,
            self.wrong,
            self.thief,
            self.again,
        ]

    # --- making ---------------------------------------------------------------------------

    def charter_body(self, previous: bytes | None) -> Charter:
        keys = tuple(sorted(k.public for k in self.holders))
        return Charter(name="Council", threshold=self.threshold, keys=keys, previous=previous)

    def node_body(self, key: SigningKey, last: LastHead | None = None, number: int = 0) -> Node:
        return Node(
            number=number or len(self.nodes) + 1,
            key=key.public,
            transport=self.rng.randbytes(32),
            expires=self.time + self.rng.choice([3, 90]) * DAY,
            previous=self.nodes[-1].id if self.nodes else None,
            last=last,
        )

    def signers(self) -> list[SigningKey]:
        count = self.threshold if self.rng.random() < 0.9 else max(1, self.threshold - 1)
        return self.rng.sample(self.holders, count)

    def say(
        self,
        body: Body,
        signers: Sequence[SigningKey] | None = None,
        *,
        subject: bytes | None = None,
        version: int | None = None,
    ) -> VerifiedRecord:
        return make(
            body,
            self.signers() if signers is None else signers,
            council=self.council,
            version=len(self.charters) if version is None else version,
            time=self.time - self.rng.choice([0, 0, 0, 5, DAY]),
            subject=subject,
        )

    def last(self, book: Book) -> LastHead:
        size = self.rng.randrange(max(1, len(book.leaves) - 3), len(book.leaves) + 1)
        root = book.tree.root_at(size) if self.rng.random() < 0.95 else self.rng.randbytes(32)
        return LastHead(log=book.id, size=size, root=root)

    # --- what may happen ------------------------------------------------------------------

    def ordinary(self) -> None:
        self.book.put(self.say(Second(), subject=self.rng.randbytes(32)))

    def by_node(self) -> None:
        body = Lock(freeze=self.rng.randbytes(32), round=1, outcome="adopted")
        key = self.rng.choice(self.books).key
        self.book.put(self.say(body, [key], subject=self.rng.randbytes(32)))

    def witness(self) -> None:
        who = self.rng.choice(self.neighbours)
        book = self.rng.choice(self.books)
        size = self.rng.randrange(1, len(book.leaves) + 1)
        head = WitnessedHead(log=book.id, size=size, root=book.tree.root_at(size))
        part, root = record.encode_heads([head])
        who.say(Witness(count=1, root=root), self.time, part)
        self.witnessed.append((book.id, who.council, size, Hash(head.root)))

    def rotate(self) -> None:
        old = self.signers()
        before = (list(self.holders), self.threshold)
        self.turn()
        item = self.say(self.charter_body(self.charters[-1].id), [*old, *self.holders])
        if self.rng.random() < 0.85:
            self.charters.append(self.book.put(item))
            self.retired += [k for k in before[0] if k not in self.holders]
        else:
            self.holders, self.threshold = before
            self.carried(item)

    def turn(self) -> None:
        """Other keyholders from now on."""
        if len(self.holders) == 1 and self.rng.random() < 0.5:
            self.holders = [self.fresh()]
        elif self.rng.random() < 0.6:
            self.holders = [*self.holders[1:], self.fresh()]
        else:
            self.holders = [self.fresh() for _ in range(3)]
            self.threshold = 2

    def rival_charter(self) -> None:
        """Another charter of the newest number, and often the repair."""
        if len(self.charters) < 2:
            return
        newest, before = self.charters[-1], self.charters[-2]
        old, m = list(self.holders), self.threshold
        self.holders = [self.fresh() for _ in range(3)]
        self.threshold = 2
        everyone = [*self.retired, *old, *self.holders]
        body = self.charter_body(before.id)
        rival = self.say(body, everyone, version=len(self.charters) - 1)
        if self.rng.random() < 0.6:
            self.book.put(rival)
        else:
            self.carried(rival)
        named = rival if self.rng.random() < 0.5 else newest
        if self.rng.random() < 0.4:
            self.holders, self.threshold = old, m
        item = self.say(self.charter_body(named.id), [*everyone, *self.holders])
        if self.rng.random() < 0.7:
            self.charters.append(self.book.put(item))
        else:
            self.holders, self.threshold = old, m

    def suspend(self) -> None:
        who = self.rng.choice(self.holders)
        target = self.rng.choice([self.book.key, *self.holders]).public
        item = self.say(Suspension(key=target), [who])
        if self.rng.random() < 0.7:
            self.book.put(item)
        else:
            self.carried(item)

    def lift(self) -> None:
        target = self.rng.choice([self.book.key, *self.holders]).public
        item = self.say(Suspension(key=target, lift=True))
        if self.rng.random() < 0.7:
            self.book.put(item)
        else:
            self.carried(item)

    def renew(self) -> None:
        item = self.say(self.node_body(self.book.key, self.last(self.book)))
        self.nodes.append(self.book.put(item))

    def replace(self) -> None:
        key = self.fresh() if self.rng.random() < 0.9 else self.rng.choice(self.books).key
        item = self.say(self.node_body(key, self.last(self.book)))
        if all(book.key is not key for book in self.books):
            self.books.append(Book(self.council, key))
            self.book.put(item)
        if self.rng.random() < 0.5:
            self.carried(item)
        self.nodes.append(item)

    def rival_node(self) -> None:
        """A second record of the newest number, and often the repair."""
        if len(self.books) < 2:
            return
        now, before = self.nodes[-1].body, self.books[-2]
        assert isinstance(now, Node)
        body = Node(
            number=now.number,
            key=self.fresh().public,
            transport=self.rng.randbytes(32),
            expires=self.time + 90 * DAY,
            previous=now.previous,
            last=self.last(before),
        )
        rival = self.say(body)
        self.carried(rival)

    def repair_node(self) -> None:
        if len(self.nodes) < 2:
            return
        key = self.fresh()
        item = self.say(self.node_body(key, self.last(self.book)))
        self.books.append(Book(self.council, key))
        self.nodes.append(self.book.put(item))

    def fork(self) -> None:
        book, who = self.rng.choice(self.books), self.rng.choice(self.neighbours)
        if book.id in self.forked and self.rng.random() < 0.8:
            return
        size = self.rng.randrange(1, len(book.leaves) + 1)
        true, false = (
            book.head(size, self.time),
            book.head(size, self.time, Hash(self.rng.randbytes(32))),
        )
        who.say(
            ForkProof(
                council=self.council,
                key=book.key.public,
                first=true.envelope,
                second=false.envelope,
            ),
            self.time,
        )
        self.forked[book.id] = min(size, self.forked.get(book.id, size))

    def carry(self) -> None:
        body = Recall() if self.mandates else Second()
        if self.mandates:
            about = self.rng.choice(self.mandates)[0].id
            self.carried(self.say(body, subject=about))

    def carried(self, item: VerifiedRecord) -> None:
        who = self.rng.choice(self.neighbours)
        book = self.rng.choice(self.books[-2:])
        size = self.rng.randrange(max(1, len(book.leaves) - 2), len(book.leaves) + 1)
        head = book.head(size, self.time)
        carrier = who.say(Carried(envelope=item.envelope, head=head.envelope), self.time)
        self.carriages.append(model.Carried(carrier.id, item, book.id, size, head.root, head.time))

    def mandate(self) -> None:
        delegate = self.fresh()
        body = Mandate(
            delegate=delegate.public, starts=self.time, until=self.time + 90 * DAY, kinds=("vote",)
        )
        self.mandates.append((self.book.put(self.say(body)), delegate))

    def act(self) -> None:
        if not self.mandates:
            return
        granted, delegate = self.rng.choice(self.mandates)
        head = self.book.head(len(self.book.leaves), self.time)
        body = Act(
            motion=self.rng.randbytes(32), kind="vote", value="yes", number=1, head=head.envelope
        )
        key = delegate if self.rng.random() < 0.8 else self.fresh()
        self.book.put(self.say(body, [key], subject=granted.id))

    def wrong(self) -> None:
        """What must never count: foreign, retired, skipped."""
        body, subject = Second(), self.rng.randbytes(32)
        strangers = [n.key for n in self.neighbours]
        match self.rng.randrange(4):
            case 0:
                item = self.say(body, strangers, subject=subject)
            case 1 if self.retired:
                item = self.say(body, self.retired, subject=subject)
            case 2:
                version = len(self.charters) + self.rng.choice([-1, 1, 2])
                item = self.say(body, subject=subject, version=max(0, version) or 1)
            case _:
                item = make(
                    body,
                    self.holders,
                    council=self.neighbours[0].council,
                    version=1,
                    time=self.time,
                    subject=subject,
                )
        self.book.put(item)

    def thief(self) -> None:
        """An old server goes on: its node key alone, and records it has caught."""
        book = self.rng.choice(self.books)
        body = Lock(freeze=self.rng.randbytes(32), round=1, outcome="rejected")
        book.put(self.say(body, [book.key], subject=self.rng.randbytes(32)))
        if self.rng.random() < 0.5:
            book.put(self.say(Second(), subject=self.rng.randbytes(32)))

    def again(self) -> None:
        """A record that is in some log already is put into the newest one too."""
        source = self.rng.choice(self.books)
        item = self.rng.choice(source.leaves)
        if item.kind not in ("charter", "node"):
            self.book.put(item)

    # --- the two judges ------------------------------------------------------------------------

    def logs(self) -> list[Book]:
        return [*self.books, *(n.book for n in self.neighbours)]

    def received(self) -> dict[bytes, int]:
        out: dict[bytes, int] = {}
        for book in self.books:
            sizes = [size for log, _, size, _ in self.witnessed if log == book.id]
            out[book.id] = max(sizes, default=0)
        return out

    def held(self) -> model.Held:
        trees = {book.id: book.tree for book in self.books}
        return model.Held(
            network=NETWORK,
            council=self.council,
            logs={book.id: book.leaves for book in self.books},
            root=lambda log, size: trees[LogId(log)].root_at(size),
            carried=self.carriages,
            received=self.received(),
            forked=dict(self.forked.items()),
        )

    def deliver(self, order: random.Random) -> View:
        """All leaves of all logs, each log in its order, the logs interleaved."""
        view = View(NETWORK)
        waiting = [[book, 0] for book in self.logs()]
        while waiting:
            row: Any = order.choice(waiting)
            book, index = row
            steps = order.randrange(1, 6)
            for leaf in book.leaves[index : index + steps]:
                if book.id not in view.logs:
                    view.add_log(book.id, book.council, book.key.public)
                view.add(book.id, leaf, leaf_hash(leaf.envelope), self.time)
                view.take_news()
            row[1] += steps
            if row[1] >= len(book.leaves):
                waiting.remove(row)
        return view


class Straying(History):
    """The same lives, in which node records are put where they have no place."""

    def steps(self) -> list[Any]:
        return [*super().steps(), self.stray_node, self.stray_node]

    def stray_node(self) -> None:
        """A node record where it has no place: a first one, or one that names another log."""
        number, last = 1, None
        if self.rng.random() < 0.7:
            number, last = len(self.nodes) + 1, self.last(self.rng.choice(self.books))
        key = self.rng.choice([self.fresh(), *(book.key for book in self.books)])
        self.book.put(self.say(self.node_body(key, last, number)))


class Twinned(History):
    """Lives in which a second server begins beside the first one: rival first node records."""

    def __init__(self, seed: int) -> None:
        self.keys: dict[bytes, SigningKey] = {}
        self.firsts: list[tuple[VerifiedRecord, Book]] = []
        super().__init__(seed)

    def fresh(self) -> SigningKey:
        key = super().fresh()
        self.keys[key.public] = key
        return key

    def steps(self) -> list[Any]:
        return [*super().steps(), self.rival_first, self.rival_first, self.repair_first]

    def founding_signers(self) -> list[SigningKey]:
        """Who signs under the first charter, for the most part enough."""
        body = self.charters[0].body
        assert isinstance(body, Charter)
        holders = [self.keys[public] for public in body.keys]
        count = body.threshold if self.rng.random() < 0.9 else max(1, body.threshold - 1)
        return self.rng.sample(holders, count)

    def rival_first(self) -> None:
        """Another log that begins with the first charter and its own node record of number 1."""
        if not self.firsts:
            self.firsts.append((self.nodes[0], self.books[0]))
        if len(self.firsts) > 2:
            return
        book = Book(self.council, self.fresh())
        book.put(self.charters[0])
        body = Node(
            number=1,
            key=book.key.public,
            transport=self.rng.randbytes(32),
            expires=self.time + self.rng.choice([3, 90]) * DAY,
        )
        node = book.put(self.say(body, self.founding_signers(), version=1))
        for _ in range(self.rng.randrange(3)):
            book.put(self.say(Second(), subject=self.rng.randbytes(32), version=1))
        self.firsts.append((node, book))
        self.books.insert(0, book)

    def repair_first(self) -> None:
        """The record of number 2 that keeps one of the rivals, by the first charter's threshold."""
        if not self.firsts:
            return
        node, book = self.rng.choice(self.firsts)
        key = self.fresh() if self.rng.random() < 0.9 else self.rng.choice(self.books).key
        body = Node(
            number=2,
            key=key.public,
            transport=self.rng.randbytes(32),
            expires=self.time + 90 * DAY,
            previous=node.id,
            last=self.last(book),
        )
        repair = self.say(body, self.founding_signers(), version=1)
        if all(one.key is not key for one in self.books):
            self.books.append(Book(self.council, key))
            self.book.put(repair)
        if self.rng.random() < 0.5:
            self.carried(repair)
        if book is not self.firsts[0][1]:  # its charters are those of that branch
            first = self.charters[0].body
            assert isinstance(first, Charter)
            self.charters, self.threshold = self.charters[:1], first.threshold
            self.holders = [self.keys[public] for public in first.keys]
        self.nodes = [node, repair]


class Regretted(Twinned):
    """Lives in which keyholders who were replaced go on signing, at the places that were theirs."""

    def steps(self) -> list[Any]:
        mine = [self.old_node, self.old_node, self.old_charter, self.old_charter, self.old_carried]
        return [*super().steps(), *mine, *[self.rotate] * 3, *[self.witness] * 4]

    def place(self) -> tuple[Book, int, VerifiedRecord, VerifiedRecord] | None:
        """A log, a size in it, and the charter and the node record that may be in force there."""
        book = self.rng.choice(self.books)
        size = self.rng.randrange(1, len(book.leaves) + 1)
        nodes = [leaf for leaf in book.leaves[:size] if leaf.kind == "node"]
        every = [leaf for one in self.books for leaf in one.leaves if leaf.kind == "charter"]
        here = [leaf for leaf in book.leaves[:size] if leaf.kind == "charter"]
        if not here and nodes:
            here = [leaf for leaf in every if leaf.charter + 1 == nodes[0].charter]
        return (book, size, here[-1], nodes[-1]) if nodes and here else None

    def holding(self, charter: VerifiedRecord) -> list[SigningKey]:
        body = charter.body
        assert isinstance(body, Charter)
        return [self.keys[public] for public in body.keys]

    def old_node(self) -> None:
        """A replacement that names an old place, by the threshold there, with a log of its own."""
        found = self.place()
        if found is None:
            return
        book, size, charter, node = found
        key, body = self.fresh(), node.body
        assert isinstance(body, Node)
        body = Node(
            number=body.number + 1,
            key=key.public,
            transport=self.rng.randbytes(32),
            expires=self.time + 90 * DAY,
            previous=node.id,
            last=LastHead(log=book.id, size=size, root=book.tree.root_at(size)),
        )
        item = self.say(body, self.holding(charter), version=charter.charter + 1)
        self.books.insert(0, Book(self.council, key))
        self.books[0].put(item)
        if self.rng.random() < 0.4:
            self.books[0].put(self.old_next(charter))

    def old_next(self, charter: VerifiedRecord) -> VerifiedRecord:
        """A charter that follows an old one, or a copy of the one that did."""
        every = [leaf for one in self.books for leaf in one.leaves if leaf.kind == "charter"]
        true = [leaf for leaf in every if leaf.charter == charter.charter + 1]
        if true and self.rng.random() < 0.2:
            return self.rng.choice(true)
        keys = [self.fresh() for _ in range(3)]
        body = Charter(
            name="Council",
            threshold=2,
            keys=tuple(sorted(key.public for key in keys)),
            previous=charter.id,
        )
        signers = [*self.holding(charter), *keys]
        return self.say(body, signers, version=charter.charter + 1)

    def old_charter(self) -> None:
        """The end of an old log goes on, with another next charter."""
        found = self.place()
        if found is not None and len(self.books) > 1:
            book, _, charter, _ = found
            if book is not self.book:
                book.put(self.old_next(charter))

    def old_carried(self) -> None:
        """Another next charter that a neighbour carries."""
        found = self.place()
        if found is not None:
            self.carried(self.old_next(found[2]))


def differences(view: View, history: History) -> list[str]:
    """Where the view and the model disagree; empty if they agree."""
    chain, wanted = view.chains.of[history.council], model.judge(history.held())
    places = {
        (log, index)
        for log in chain.order
        for index, fault in enumerate(chain.faults[log])
        if fault is None
    }
    carried = {carrier for carrier, fault in chain.carried.items() if fault is None}
    authority = chain.authority
    pairs: list[tuple[str, Any, Any]] = [
        ("places", places, set(wanted.places)),
        ("carried", carried, set(wanted.carried)),
        ("charters", tuple(c.record.id for c in authority.charters), wanted.charters),
        ("node", len(authority.nodes), wanted.node),
        ("state", authority.state.value, wanted.state),
    ]
    return [f"{name}: {ours} != {model_}" for name, ours, model_ in pairs if ours != model_]
