"""Councils that write their own logs by hand: records without a node, a link or an engine.

`Author` makes, signs and appends; `feed` folds the logs into a View in any interleaving.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from confedproto import record
from confedproto.bodies import KIND_OF
from confedproto.bodies.accession import Accession
from confedproto.bodies.charter import Charter
from confedproto.bodies.compact import COORDINATION, ClassRule, Compact, Founder, Windows
from confedproto.bodies.freeze import Freeze, Voter
from confedproto.bodies.guest import Guest
from confedproto.bodies.link import Link
from confedproto.bodies.lock import Lock
from confedproto.bodies.motion import Motion, Title
from confedproto.bodies.node import Node
from confedproto.bodies.position import Position
from confedproto.bodies.second import Second
from confedproto.bodies.types import Body
from confedproto.bodies.vote import Vote
from confedproto.bodies.witness import Witness, WitnessedHead
from confedproto.ids import CouncilId, LogId, NetworkId, RecordId, log_id, network_id
from confedproto.keys import SigningKey
from confedproto.log import Head, sign_head
from confedproto.merkle import Tree, leaf_hash
from confedproto.record import VerifiedRecord
from confedproto.view import View

NETWORK: Final = network_id("tests")
START: Final = 1_700_000_000
"""Seconds UTC at which hand-made histories begin."""
FAST: Final = Windows(discussion=1, notice=3, voting=4, grace=2, settle=1, step=2, witness=1)
"""Windows of a demonstration."""
DAY: Final = 86_400
SLOW: Final = Windows(
    discussion=14 * DAY,
    notice=7 * DAY,
    voting=14 * DAY,
    grace=3 * DAY,
    settle=DAY,
    step=DAY,
    witness=3_600,
)
"""Windows of days, as real councils would set them."""


def key(number: int) -> SigningKey:
    """A key that is the same in every run."""
    return SigningKey(random.Random(f"key {number}").randbytes(32))


class Author:
    """A council with `keyholders` and a node key that appends to its own log."""

    def __init__(
        self, number: int, *, keyholders: int = 1, threshold: int = 1, network: NetworkId = NETWORK
    ) -> None:
        self.network = network
        self.number = number
        self.keyholders = [key(number * 100 + i) for i in range(keyholders)]
        self.threshold = threshold
        self.node_key = key(number * 100 + 99)
        self.version = 1
        self.leaves: list[VerifiedRecord] = []
        self.tree = Tree()
        self.council = CouncilId(bytes(32))
        charter = self.charter_body()
        first = self.make(charter, charter=0, council=None)
        self.council = first.council
        self.append(first)
        self.log: LogId = log_id(network, self.council, self.node_key.public)
        self.append(self.make(self.node_body()))

    def charter_body(
        self,
        *,
        previous: RecordId | None = None,
        threshold: int | None = None,
        keys: Sequence[bytes] | None = None,
        rules: int = 1,
    ) -> Charter:
        publics = sorted(holder.public for holder in self.keyholders) if keys is None else keys
        return Charter(
            name=f"Council {self.number}",
            threshold=self.threshold if threshold is None else threshold,
            keys=tuple(publics),
            previous=previous,
            rules=rules,
        )

    def node_body(self, *, number: int = 1) -> Node:
        return Node(
            number=number,
            key=self.node_key.public,
            transport=key(self.number * 100 + 98).public,
            expires=START + 90 * DAY,
        )

    def make(
        self,
        body: Body,
        *,
        subject: bytes | None = None,
        time: int = START,
        signers: Iterable[SigningKey] | None = None,
        part: bytes | None = None,
        charter: int | None = None,
        council: CouncilId | Literal["own"] | None = "own",
        kind: str | None = None,
    ) -> VerifiedRecord:
        """A signed record of this council, by its threshold unless `signers` says who."""
        payload = record.build_payload(
            kind=kind or KIND_OF[type(body)],
            council=self.council if council == "own" else council,
            charter=self.version if charter is None else charter,
            time=time,
            body=body,
            subject=subject,
        )
        chosen = self.keyholders[: self.threshold] if signers is None else signers
        rows = [record.sign(self.network, payload, holder) for holder in chosen]
        beside = record.part_of(body, part)
        return record.open(self.network, record.assemble(payload, rows), beside)

    def head(self, time: int = START, *, size: int | None = None) -> Head:
        """The node's signed head of this log, or of its first `size` leaves."""
        size = self.tree.size if size is None else size
        root = self.tree.root_at(size)
        return sign_head(self.network, self.node_key, log=self.log, size=size, root=root, time=time)

    def append(self, item: VerifiedRecord) -> VerifiedRecord:
        """Put a record at the end of this council's log."""
        self.leaves.append(item)
        self.tree.append(leaf_hash(item.envelope))
        return item

    def add(
        self,
        body: Body,
        *,
        subject: bytes | None = None,
        time: int = START,
        signers: Iterable[SigningKey] | None = None,
        part: bytes | None = None,
    ) -> VerifiedRecord:
        """`make`, then `append`."""
        return self.append(self.make(body, subject=subject, time=time, signers=signers, part=part))

    def sign_by_node(
        self, body: Body, *, subject: bytes | None = None, time: int, part: bytes | None = None
    ) -> VerifiedRecord:
        """`add` a record that the node key signs."""
        return self.add(body, subject=subject, time=time, signers=[self.node_key], part=part)

    def witness(self, others: Iterable["Author"], *, time: int) -> VerifiedRecord:
        """A witness record over the logs of others as long as they are now."""
        heads = [
            WitnessedHead(log=other.log, size=other.tree.size, root=other.tree.root())
            for other in others
        ]
        part, root = record.encode_heads(heads)
        return self.sign_by_node(Witness(count=len(heads), root=root), time=time, part=part)


def found_compact(
    authors: Sequence[Author],
    *,
    rule: str = "majority",
    windows: Windows = FAST,
    seconds: int = 0,
    sponsors: int = 1,
    weights: Sequence[int] = (),
    time: int = START,
) -> VerifiedRecord:
    """A compact of these councils in the log of the first of them."""
    halves = weights or [2] * len(authors)
    founders = sorted(
        (
            Founder(council=author.council, charter=author.version, weight=weight)
            for author, weight in zip(authors, halves, strict=True)
        ),
        key=lambda founder: founder.council,
    )
    body = Compact(
        name="A confederation",
        founders=tuple(founders),
        rules=(ClassRule(name=COORDINATION, rule=rule),),
        windows=windows,
        seconds=seconds,
        sponsors=sponsors,
        weight_max=max(2, *halves),
    )
    signers = [holder for author in authors for holder in author.keyholders[: author.threshold]]
    return authors[0].add(body, time=time, signers=signers)


def propose(author: Author, compact: VerifiedRecord, *, time: int = START) -> VerifiedRecord:
    """A motion in the author's log."""
    part = bytes(16) + b"We shall."
    body = Motion(
        name=COORDINATION,
        titles=(Title(language="en", title="A motion"),),
        text=record.text_hash(part),
    )
    return author.add(body, subject=compact.id, time=time, part=part)


def freeze_body(
    compact: VerifiedRecord,
    *,
    time: int,
    seconds: Sequence[VerifiedRecord] = (),
    councils: Sequence[Voter] | None = None,
) -> Freeze:
    """The freeze that the compact's founders and windows ask for at `time`."""
    body = compact.body
    assert isinstance(body, Compact)
    roll = tuple(Voter(council=f.council, weight=f.weight) for f in body.founders)
    opens = time + body.windows.notice
    return Freeze(
        councils=roll if councils is None else tuple(councils),
        opens=opens,
        closes=opens + body.windows.voting,
        seconds=tuple(sorted(item.id for item in seconds)) or None,
    )


@dataclass(slots=True, kw_only=True)
class Ballot:
    """A motion that was frozen and witnessed by everybody, ready for positions."""

    authors: Sequence[Author]
    compact: VerifiedRecord
    motion: VerifiedRecord
    freeze: VerifiedRecord

    @property
    def body(self) -> Freeze:
        assert isinstance(self.freeze.body, Freeze)
        return self.freeze.body

    @property
    def windows(self) -> Windows:
        assert isinstance(self.compact.body, Compact)
        return self.compact.body.windows

    @property
    def first_round(self) -> int:
        return self.body.closes + self.windows.grace + self.windows.settle

    def position(
        self,
        author: Author,
        value: Literal["yes", "no", "abstain"],
        *,
        number: int = 1,
        yes: int | None = None,
        no: int | None = None,
        valid: int | None = None,
        time: int | None = None,
        freeze: bytes | None = None,
    ) -> VerifiedRecord:
        body = Position(
            freeze=self.freeze.id if freeze is None else freeze,
            number=number,
            value=value,
            yes=yes,
            no=no,
            valid=valid,
        )
        time = self.body.opens if time is None else time
        return author.add(body, subject=self.motion.id, time=time)

    def witness_all(self, *, time: int) -> None:
        """Every council witnesses every other log as it is now."""
        for author in self.authors:
            others = [other for other in self.authors if other is not author]
            if others:
                author.witness(others, time=time)

    def vote(
        self,
        author: Author,
        outcome: Literal["adopted", "rejected", "no-quorum"],
        counted: Iterable[VerifiedRecord],
    ) -> VerifiedRecord:
        ids = tuple(sorted(item.id for item in counted))
        body = Vote(freeze=self.freeze.id, round=1, outcome=outcome, counted=ids)
        return author.sign_by_node(body, subject=self.motion.id, time=self.first_round)

    def lock(
        self, author: Author, outcome: Literal["adopted", "rejected", "no-quorum"]
    ) -> VerifiedRecord:
        body = Lock(freeze=self.freeze.id, round=1, outcome=outcome)
        return author.sign_by_node(body, subject=self.motion.id, time=self.first_round + 1)


def ballot(
    count: int,
    *,
    rule: str = "majority",
    windows: Windows = FAST,
    weights: Sequence[int] = (),
) -> Ballot:
    """`count` councils, their compact, a motion, and a freeze that all have witnessed."""
    authors = [Author(number + 1) for number in range(count)]
    compact = found_compact(authors, rule=rule, windows=windows, weights=weights)
    motion = propose(authors[0], compact)
    for author in authors[1:]:
        author.witness([other for other in authors if other is not author], time=START)
    frozen = START + windows.discussion
    body = freeze_body(compact, time=frozen)
    freeze = authors[0].add(body, subject=motion.id, time=frozen)
    out = Ballot(authors=authors, compact=compact, motion=motion, freeze=freeze)
    out.witness_all(time=frozen + 1)
    return out


def link(host: Author, guest: Author, *, time: int = START) -> None:
    """Both halves of a link, each in its own log, and the host's word for its guest."""
    token = key(host.number * 10_000 + guest.number)
    host.add(Link(invite=token.public, expires=time + DAY), time=time)
    answer = Link(peer=host.council, invite=token.public)
    guest.add(answer, time=time, signers=[*guest.keyholders[: guest.threshold], token])
    host.sign_by_node(Guest(peer=guest.council, invite=token.public), time=time)


def accede(author: Author, compact: VerifiedRecord, *, weight: int = 2) -> VerifiedRecord:
    """An accession in the author's log."""
    return author.add(Accession(weight=weight), subject=compact.id)


def second(author: Author, motion: VerifiedRecord, *, time: int = START) -> VerifiedRecord:
    """A second in the author's log."""
    return author.add(Second(), subject=motion.id, time=time)


def view_of(
    authors: Iterable[Author],
    *,
    rng: random.Random | None = None,
    upto: Mapping[CouncilId, int] | None = None,
    arrived: int = START,
) -> View:
    """A view of all logs: one after the other, or interleaved at random by `rng`."""
    view = View(NETWORK)
    feed(view, authors, rng=rng, upto=upto, arrived=arrived)
    return view


def feed(
    view: View,
    authors: Iterable[Author],
    *,
    rng: random.Random | None = None,
    upto: Mapping[CouncilId, int] | None = None,
    arrived: int = START,
) -> None:
    """Bring what a view lacks of these logs, each in its own order."""
    rows: list[list[tuple[Author, int]]] = []
    for author in authors:
        if author.log not in view.logs:
            view.add_log(author.log, author.council, author.node_key.public)
        end = len(author.leaves)
        if upto is not None:
            end = upto.get(author.council, end)
        held = view.logs[author.log].tree.size
        rows.append([(author, index) for index in range(held, end)])
    rows = [row for row in rows if row]
    while rows:
        row = rng.choice(rows) if rng is not None else rows[0]
        author, index = row.pop(0)
        leaf = author.leaves[index]
        view.add(author.log, leaf, leaf_hash(leaf.envelope), arrived)
        if not row:
            rows.remove(row)
