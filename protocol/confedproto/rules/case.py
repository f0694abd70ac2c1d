"""What bears on one motion: its records as placed in logs, its times, its seconds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from confedproto.bodies.compact import Compact
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.ids import CouncilId, LogId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.compact import Member, rule_for
from confedproto.rules.receipts import (
    WitnessLine,
)
from confedproto.rules.tally import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A record that its council's authority admitted, where it stands, and when it came here."""

    record: VerifiedRecord
    log: LogId
    index: int
    arrived: int


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
    return rule_for(case.compact, body.name) if isinstance(body, Motion) else None


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
        if placed.record.council in case.members and placed.record.council != mover
    }
