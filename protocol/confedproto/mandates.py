"""What a node holds about one mandate, as the rules want it (specs/06).

A view asks for the case of a mandate and hands it to `rules.delegation`; so do admission,
drafts and the control socket. Nothing is judged here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from confedproto.bodies.act import Act
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.mandate import Condition, Mandate
from confedproto.bodies.recall import Recall
from confedproto.chains import Log
from confedproto.errors import ConfedError, Reason
from confedproto.ids import CouncilId, LogId, NetworkId, RecordId
from confedproto.limits import LOG_MAX_SIZE
from confedproto.log import open_head
from confedproto.record import VerifiedRecord
from confedproto.rules import delegation
from confedproto.rules import motion as motion_rules
from confedproto.rules.authority import Authority
from confedproto.rules.case import Case, Placed, World
from confedproto.rules.compact import Member
from confedproto.rules.delegation import ActStatus, At, MandateCase, MandateStatus
from confedproto.rules.dispute import compact_about
from confedproto.rules.findings import Court, void_since
from confedproto.rules.mandate import effect_time
from confedproto.rules.membership import ever_members
from confedproto.rules.receipts import WitnessLine, receipts, receipts_needed, received_at
from confedproto.rules.tally import Outcome
from confedproto.rules.tenure import state_at


class Held(Protocol):
    """The part of a view that mandates rest on."""

    @property
    def network(self) -> NetworkId:
        """The network of all records."""
        ...

    @property
    def world(self) -> World:
        """What the rules may ask."""
        ...

    logs: dict[LogId, Log]
    authorities: dict[CouncilId, Authority]
    records: dict[RecordId, Placed]

    def about(self, subject: RecordId, kind: str) -> tuple[Placed, ...]:
        """The admitted records of a kind whose subject is `subject`."""
        ...

    def of_kind(self, kind: str) -> tuple[Placed, ...]:
        """All admitted records of a kind."""
        ...

    def lines_of(self, log: LogId) -> Sequence[WitnessLine]:
        """What witnesses said of a log, as far as it is held."""
        ...

    def lines_past(self, log: LogId) -> Sequence[WitnessLine]:
        """What witnesses said of a log beyond what is held of it."""
        ...

    def members(self, compact: RecordId) -> Mapping[CouncilId, Member]:
        """The member councils of a compact; empty if it is not founded."""
        ...

    def admitted(self, compact: RecordId) -> Mapping[CouncilId, Member]:
        """The councils that a compact ever admitted."""
        ...

    def case(self, motion: RecordId) -> Case | Reason:
        """Everything that bears on a motion, or why it cannot be judged yet."""
        ...


class Mandates:
    """What a view says of mandates and of acts under them."""

    def __init__(self, held: Held) -> None:
        self._held: Final = held

    def case(self, mandate: RecordId) -> MandateCase | Reason:
        """Everything that bears on a mandate, or MANDATE_UNKNOWN."""
        return mandate_case(self._held, mandate)

    def status(self, mandate: RecordId, now: int) -> MandateStatus | Reason:
        """A mandate at `now` (seconds UTC), or MANDATE_UNKNOWN."""
        case = self.case(mandate)
        return case if isinstance(case, Reason) else delegation.mandate_status(case, now)

    def act_status(self, act: RecordId) -> ActStatus | Reason:
        """The verdict on an act that is in a log; RECORD_UNKNOWN, MANDATE_UNKNOWN."""
        placed = self._held.records.get(act)
        if placed is None or placed.record.subject is None or placed.record.kind != "act":
            return Reason.RECORD_UNKNOWN
        case = self.case(placed.record.subject)
        if isinstance(case, Reason):
            return case
        return delegation.act_status(case, At(record=placed.record, index=placed.index))

    def recalled_from(self, mandate: RecordId) -> int | None:
        """From when the mandate is recalled, or None (RCL-2, RCL-4)."""
        case = self.case(mandate)
        return (
            None if isinstance(case, Reason) else min(delegation.recalls_from(case), default=None)
        )

    def row(self, mandate: RecordId, now: int) -> Mapping[str, Any]:
        """What the state digest says of a mandate (STA-1)."""
        case = self.case(mandate)
        if isinstance(case, Reason):
            return {"mandate": mandate, "fault": case}
        history = delegation.history_of(case)
        row: dict[str, Any] = {"mandate": mandate, "state": state_at(case.mandate, history, now)}
        return row if history.fault is None else row | {"fault": history.fault}


_RANK: Final = 2 * LOG_MAX_SIZE
"""Between the positions of a council's successive logs, in one row of numbers."""


class _Place:
    """The positions of one council's records in its chain of logs, and its signed heads."""

    def __init__(self, held: Held, council: CouncilId) -> None:
        self._held = held
        self._council = council
        self._keys = {step.log: step.key for step in held.authorities[council].nodes}
        self._rank = {log: number * _RANK for number, log in enumerate(self._keys)}

    def of(self, placed: Placed) -> int | None:
        """Where a record stands in the chain, None if another council's log carries it."""
        rank = self._rank.get(placed.log)
        return None if rank is None else rank + placed.index

    def head(self, envelope: bytes) -> tuple[int, int] | None:
        """Position just after a signed head's last leaf, and its time; None if it is not one."""
        for log, key in self._keys.items():
            try:
                head = open_head(self._held.network, key, envelope)
            except ConfedError:
                continue
            return self._rank[log] + head.size, head.time
        return None

    def whole_until(self) -> int:
        """The time of the head up to which the newest log is held whole, or -1."""
        logs = [self._held.logs[log] for log in self._keys if log in self._held.logs]
        if not logs or logs[-1].head is None:
            return -1
        head = logs[-1].head
        return head.time if head.size == logs[-1].tree.size else -1


def mandate_case(held: Held, mandate: RecordId, *, link: bool = True) -> MandateCase | Reason:
    """Everything that is held about a mandate, or MANDATE_UNKNOWN.

    With the one above it, unless `link` is false: a chain has one link (LVL-2).
    """
    granted = held.records.get(mandate)
    if granted is None or not isinstance(granted.record.body, Mandate):
        return Reason.MANDATE_UNKNOWN
    council = granted.record.council
    place = _Place(held, council)
    acts = held.about(mandate, "act")
    cited = {
        p.record.id: place.head(p.record.body.head) for p in acts if isinstance(p.record.body, Act)
    }
    heads = [head for head in cited.values() if head is not None]

    def at(placed: Placed) -> At:
        return At(record=placed.record, index=place.of(placed))

    def receipts_of(record: VerifiedRecord) -> Mapping[CouncilId, int]:
        placed = held.records.get(record.id)
        if placed is None:
            return {}
        return receipts(held.lines_of(placed.log), placed.index)

    def has_position(version: RecordId) -> bool:
        motion = _motion_of(held, version)
        return any(p.record.council == council for p in held.about(motion, "position"))

    charter = held.authorities[council].charter_version(granted.record.charter)
    body = granted.record.body
    members = held.members(RecordId(body.compact)) if body.compact is not None else None
    others = [c for c in members or () if c != council and c in held.authorities]
    return MandateCase(
        granted=granted.record,
        mandate=body,
        rules=charter.delegation if charter is not None else None,
        before=_before(held, place, granted),
        recalls=[at(p) for p in held.about(mandate, "recall")],
        reports=[at(p) for p in held.about(mandate, "report")],
        petitions=[at(p) for p in held.about(mandate, "petition")],
        acts=[At(record=p.record, index=p.index) for p in acts],
        ratified=lambda about: [at(p) for p in held.about(about, "ratify")],
        has_position=has_position,
        receipts_of=receipts_of,
        head_time_of=lambda record: (cited.get(record.id) or (0, 0))[1],
        holds=lambda condition: _holds(held, condition),
        members=members or None,
        heads=heads,
        whole_until=place.whole_until(),
        carried=_carried(held, place, granted.record, members or {}),
        voided=_voided(held, mandate),
        other_heads=[_Place(held, other).whole_until() for other in others],
        above=_above(held, body) if link else None,
    )


def _above(held: Held, link: Mandate) -> MandateCase | None:
    """The mandate that a link passes on, if it is held."""
    if link.above is None:
        return None
    case = mandate_case(held, RecordId(link.above), link=False)
    return None if isinstance(case, Reason) else case


def _motion_of(held: Held, version: RecordId) -> RecordId:
    """The motion of which this is a version; the id itself if it is the motion's (MAN-5)."""
    placed = held.records.get(version)
    if placed is None or placed.record.kind != "amend" or placed.record.subject is None:
        return version
    return placed.record.subject


def _holds(held: Held, condition: Condition) -> bool | None:
    """Whether a condition is met; None: that is not known here (MAN-8)."""
    version = RecordId(condition.motion)
    if condition.test == "adopted":
        return _adopted(held, RecordId(condition.about))
    if condition.about == version:
        return True
    if _motion_of(held, version) != version:
        return False  # a version is a whole text: it has no other one in it
    case = held.case(version)
    freeze = None if isinstance(case, Reason) else motion_rules.single_freeze(case)
    if freeze is None or not isinstance(freeze.record.body, Freeze):
        return None
    return condition.about in (freeze.record.body.versions or ())


def _adopted(held: Held, motion: RecordId) -> bool | None:
    """Whether a certified outcome adopted the motion; None: there is none here."""
    case = held.case(motion)
    found = None if isinstance(case, Reason) else motion_rules.certified(case)
    return None if found is None else found[1].outcome is Outcome.ADOPTED


def _before(held: Held, place: _Place, granted: Placed) -> list[tuple[Mandate, int | None]]:
    """The council's mandates earlier in its chain, and when each was recalled."""
    mine = place.of(granted)
    out: list[tuple[Mandate, int | None]] = []
    for placed in held.of_kind("mandate"):
        where = place.of(placed) if placed.record.council == granted.record.council else None
        if where is None or mine is None or where >= mine:
            continue
        gone = [
            effect_time(p.record.time, index, ())
            for p in held.about(placed.record.id, "recall")
            if p.record.council == granted.record.council and (index := place.of(p)) is not None
        ]
        if isinstance(placed.record.body, Mandate):
            out.append((placed.record.body, min(gone, default=None)))
    return out


def _voided(held: Held, mandate: RecordId) -> int | None:
    """From when panels or assemblies have found a mandate void, or None (DIS-10)."""
    abouts = (compact_about(p.record.id, held.world) for p in held.about(mandate, "dispute"))
    compacts = {placed.record.id for placed in abouts if placed is not None}
    found = [
        void_since(_court(held, one), mandate, _received_by(held, held.members(one)))
        for one in compacts
    ]
    return min((time for time in found if time is not None), default=None)


def _court(held: Held, compact: RecordId) -> Court:
    ever = ever_members(compact, held.admitted(compact), held.world)
    return Court(compact_id=compact, members=ever, world=held.world)


def _received_by(held: Held, members: Mapping[CouncilId, Member]) -> Callable[[Placed], int | None]:
    """When a record had its receipts, one at the least, by members other than its author."""

    def at(placed: Placed) -> int | None:
        times = receipts(held.lines_of(placed.log), placed.index)
        seen = [t for c, t in times.items() if c != placed.record.council and c in members]
        return received_at(seen, max(1, receipts_needed(len(members))))

    return at


def _carried(
    held: Held, place: _Place, granted: VerifiedRecord, members: Mapping[CouncilId, Member]
) -> list[int]:
    """From when recalls that other councils' logs carry take effect: their w-th receipt (RCL-4)."""
    out: list[int] = []
    for placed in held.about(granted.id, "recall"):
        record = placed.record
        if not isinstance(record.body, Recall) or record.council != granted.council:
            continue
        if place.of(placed) is not None or placed.log not in held.logs:
            continue
        carrier = held.logs[placed.log].council
        times = receipts(held.lines_of(placed.log), placed.index)
        seen = [t for c, t in times.items() if c != carrier and (not members or c in members)]
        received = received_at(seen, max(1, receipts_needed(len(members))))
        if received is not None:
            out.append(max(received, record.time))
    return out
