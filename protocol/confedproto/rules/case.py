"""What bears on one motion: its records as placed in logs, its times, its seconds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Protocol

from confedproto.bodies.accession import Accession
from confedproto.bodies.compact import Compact
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.ids import CouncilId, LogId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.compact import Member, rule_for
from confedproto.rules.receipts import (
    WitnessLine,
)
from confedproto.rules.tally import Outcome, Rule
from confedproto.rules.terms import CLASSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A record that its council's authority admitted, where it stands, and when it came here."""

    record: VerifiedRecord
    log: LogId
    index: int
    arrived: int


class Withdrawals(NamedTuple):
    """What takes a motion back, by claimed time; and of it the first in each log (MOT-8)."""

    by_time: Sequence[Placed]
    firsts: Sequence[Placed]


NOT_WITHDRAWN: Final = Withdrawals((), ())


class World(Protocol):
    """What else is known where a motion is judged; every answer only ever grows."""

    def placed(self, record: RecordId) -> Placed | None:
        """An admitted record, or None."""
        ...

    def about(self, subject: RecordId, kind: str) -> Sequence[Placed]:
        """The admitted records of a kind with this subject."""
        ...

    def of_kind(self, kind: str) -> Sequence[Placed]:
        """All admitted records of a kind."""
        ...

    def motions(self, compact: RecordId, name: str) -> Sequence[Placed]:
        """The motions of a class in a compact."""
        ...

    def naming(self, named: RecordId) -> Sequence[Placed]:
        """The motions that name a record as target, first reading, parent or superseded."""
        ...

    def compact(self, compact: RecordId) -> Compact | None:
        """The body of a founded compact, or None."""
        ...

    def admitted(self, compact: RecordId) -> Mapping[CouncilId, Member]:
        """The councils that a compact ever admitted; empty if it is not founded."""
        ...

    def withdrawals(self, motion: Placed) -> Withdrawals:
        """The mover's records that take a motion back (MOT-8)."""
        ...

    def first_accessions(self, compact: RecordId) -> Mapping[CouncilId, Sequence[Placed]]:
        """By council the accessions that can have admitted it (ACC-3)."""
        ...

    def outcome(self, motion: RecordId, before: int) -> Outcome | None:
        """The certified outcome of a motion whose voting closed before a time, or None."""
        ...

    def has_left(self, compact: RecordId, record: Placed) -> bool:
        """Whether its council had left where a record stands: exit, no accession since."""
        ...

    def precedes(self, one: Placed, other: Placed) -> bool:
        """Whether `one` stands before `other` in their council's chain of logs."""
        ...

    def closed(self, motion: RecordId, before: int) -> int | None:
        """When the voting closed that gave this outcome, seconds UTC; None without one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that bears on one motion, as this node holds it; order has no meaning."""

    motion: Placed
    compact_id: RecordId
    compact: Compact
    members: Mapping[CouncilId, Member]
    seconds: Sequence[Placed]
    freezes: Sequence[Placed]
    positions: Sequence[Placed]
    votes: Sequence[Placed]
    locks: Sequence[Placed]
    lines_of: Callable[[LogId], Iterable[WitnessLine]]
    statuses: Sequence[Placed] = ()
    world: "World | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The instants of a frozen motion, seconds UTC (FRZ-4)."""

    opens: int
    closes: int
    grace_ends: int
    first_round: int


def rule_of(case: Case) -> Rule | None:
    """The decision rule that the compact sets for this motion's class (COM-5)."""
    body = case.motion.record.body
    if not isinstance(body, Motion):
        return None
    rule = rule_for(case.compact, body.name)
    law = CLASSES.get(body.name)
    if rule is not None and body.first is not None and law is not None and not law.binding:
        return replace(rule, quorum=(1, 3))  # the second reading of a class that does not bind
    return rule


def rule_under(world: "World", motion: Placed) -> Rule | None:
    """The rule of a motion's class under the version of the compact that it cites (REV-3)."""
    body = motion.record.body
    cited = body.version or motion.record.subject if isinstance(body, Motion) else None
    placed = world.placed(RecordId(cited)) if cited is not None else None
    law = placed.record.body if placed is not None else None
    if not isinstance(body, Motion) or not isinstance(law, Compact):
        return None
    return rule_for(law, body.name)


def times_of(freeze: Freeze, compact: Compact) -> Times:
    """Every later instant follows from the freeze and the compact's windows (FRZ-4)."""
    windows = compact.windows
    grace_ends = freeze.closes + windows.grace
    return Times(
        opens=freeze.opens,
        closes=freeze.closes,
        grace_ends=grace_ends,
        first_round=grace_ends + windows.settle,
    )


def seconders(case: Case) -> set[CouncilId]:
    """The members other than the mover that second the motion (MOT-4)."""
    mover = case.motion.record.council
    return {
        placed.record.council
        for placed in case.seconds
        if placed.record.council != mover and is_members(case, placed)
    }


def is_adopted(case: Case, motion: RecordId, before: int) -> bool:
    """Whether a motion whose voting closed before `before` (seconds UTC) is adopted for good."""
    return case.world is not None and case.world.outcome(motion, before) is Outcome.ADOPTED


def has_left(world: "World", compact: RecordId, record: Placed) -> bool:
    """Whether its council had left where a record stands: exit, no accession since (EXI-1)."""
    return world.has_left(compact, record)


def is_members(case: Case, record: Placed) -> bool:
    """Whether a record is a member's: admitted, and not left where it stands (COM-9, EXI-1).

    Who needs a motion to be admitted (ACC-3) must have been before this one was moved.
    """
    if case.world is None:
        return record.record.council in case.members
    if not is_admitted(case.world, case.compact_id, record.record.council, case.motion.record.time):
        return False
    return not has_left(case.world, case.compact_id, record)


def asks_motion(compact: Compact) -> bool:
    """Whether a council is admitted by a motion, and not by sponsors (ACC-3)."""
    return rule_for(compact, "accession") is not None


def first_accessions(world: "World", compact_id: RecordId) -> dict[CouncilId, list[Placed]]:
    """By council the accessions that can have admitted it: the first good one of each of its logs.

    Where a motion is asked, the first that names each motion (ACC-3). What an old log still shows
    of one later, once others are known to have received it (NOD-6), may come before that on which
    a freeze rests; it makes no freeze bad.
    """
    compact = world.compact(compact_id)
    found: dict[tuple[CouncilId, LogId, bytes | None], Placed] = {}
    for placed in world.about(compact_id, "accession") if compact is not None else ():
        body = placed.record.body
        if compact is None or not isinstance(body, Accession) or body.observer:
            continue
        if body.weight > compact.weight_max:
            continue
        named = body.motion if asks_motion(compact) else None
        known = found.setdefault((placed.record.council, placed.log, named), placed)
        if placed.index < known.index:
            found[placed.record.council, placed.log, named] = placed
    out: dict[CouncilId, list[Placed]] = {}
    for (council, _, _), placed in found.items():
        out.setdefault(council, []).append(placed)
    return out


def is_let_in(world: "World", placed: Placed, before: int) -> bool:
    """Whether a motion adopted by voting closed before a time lets an accession in (ACC-3)."""
    accession, compact_id = placed.record.body, placed.record.subject
    if not isinstance(accession, Accession) or accession.motion is None:
        return False
    motion = world.placed(RecordId(accession.motion))
    body = motion.record.body if motion is not None else None
    if motion is None or not isinstance(body, Motion) or body.name != "accession":
        return False
    same = body.target == placed.record.council and motion.record.subject == compact_id
    return same and world.outcome(motion.record.id, before) is Outcome.ADOPTED


def is_admitted(world: "World", compact_id: RecordId, council: CouncilId, before: int) -> bool:
    """Whether a council was admitted by a time: a founder, by sponsors, or by a motion (ACC-1)."""
    compact, member = world.compact(compact_id), world.admitted(compact_id).get(council)
    if compact is None or member is None:
        return False
    if member.accession is None or not asks_motion(compact):
        return True
    own = world.first_accessions(compact_id).get(council, ())
    return any(is_let_in(world, placed, before) for placed in own)


def admitted_by(world: "World", compact_id: RecordId, before: int) -> set[CouncilId]:
    """All councils that a compact had admitted by a time, also those that left since (ACC-1)."""
    compact, known = world.compact(compact_id), world.admitted(compact_id)
    if compact is None or not asks_motion(compact):
        return set(known)
    out = {council for council, member in known.items() if member.accession is None}
    for council, own in world.first_accessions(compact_id).items():
        if any(is_let_in(world, placed, before) for placed in own):
            out.add(council)
    return out


def withdrawals(case: Case) -> Withdrawals:
    """The mover's records that take the motion back (MOT-8).

    Each stands for itself: a later one, whatever time it claims, hides and undoes none.
    """
    return NOT_WITHDRAWN if case.world is None else case.world.withdrawals(case.motion)
