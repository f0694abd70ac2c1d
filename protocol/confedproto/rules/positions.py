"""Which positions count, and what a node's own vote says (specs/07, POS and CER-2)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from confedproto.bodies.freeze import Freeze
from confedproto.bodies.position import Position
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, LogId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.case import Case, Placed, rule_of, times_of
from confedproto.rules.certificate import tally_of
from confedproto.rules.freezing import opening_fault, receipt_time
from confedproto.rules.notice import notice_fault
from confedproto.rules.receipts import (
    WitnessLine,
    receipts_needed,
)
from confedproto.rules.tally import Outcome, outcome_of
from confedproto.rules.units import rolls_of, tally_is_wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A position and why it does not count (None: it counts)."""

    position: Placed
    fault: Reason | None


def judge_positions(
    case: Case, freeze: Placed, *, journal_until: int | None = None
) -> tuple[Judged, ...]:
    """Each position on the freeze and why it does not count, if it does not (POS-1 to POS-6).

    With `journal_until` only what had reached this node by then is considered (CER-2).
    """
    body = freeze.record.body
    if not isinstance(body, Freeze):
        return ()
    roll = {voter.council for voter in body.councils}
    rolls = rolls_of(body)
    needed = receipts_needed(len(roll))
    grace_ends = times_of(body, case.compact).grace_ends
    versions = {case.motion.record.id, *(body.versions or ())}
    left = councils_left(case, freeze, journal_until=journal_until)
    faults: list[tuple[Placed, Position, Reason | None]] = []
    for placed in sorted(case.positions, key=lambda p: (p.log, p.index)):
        if journal_until is not None and placed.arrived > journal_until:
            continue
        position = placed.record.body
        if not isinstance(position, Position):
            continue
        fault = None
        if placed.record.council not in roll:
            fault = Reason.POSITION_NOT_MEMBER
        elif position.freeze != freeze.record.id:
            fault = Reason.FREEZE_MISMATCH
        elif placed.record.time > body.closes:
            fault = Reason.POSITION_LATE
        elif tally_is_wrong(position, rolls.get(placed.record.council)):
            fault = Reason.POSITION_TALLY
        elif not versions.issuperset(position.versions or ()):
            fault = Reason.POSITION_VERSION
        elif placed.record.council in left:
            fault = Reason.POSITION_LEFT
        else:
            received = receipt_time(case, placed, roll, needed, journal_until)
            if received is None or received > grace_ends:
                fault = Reason.POSITION_RECEIPTS
        faults.append((placed, position, fault))
    standing = _last_numbers(faults)
    return tuple(
        Judged(position=placed, fault=fault or standing.get(placed.record.id))
        for placed, _, fault in faults
    )


def councils_left(
    case: Case, freeze: Placed, *, journal_until: int | None = None
) -> set[CouncilId]:
    """The councils of C whose exit was received before voting closed (EXI-3, case 8).

    Their votes are dropped; they stay in the base of quorum and certificate.
    """
    body = freeze.record.body
    if case.world is None or not isinstance(body, Freeze):
        return set()
    roll = {voter.council for voter in body.councils}
    needed = receipts_needed(len(roll))
    named = set(body.exits or ())
    out: set[CouncilId] = set()
    for placed in case.world.about(case.compact_id, "exit"):
        council = placed.record.council
        if council not in roll or placed.record.id in named or council in out:
            continue
        if placed.record.time > body.closes:
            continue
        received = receipt_time(case, placed, roll, needed, journal_until)
        if received is not None and received <= times_of(body, case.compact).grace_ends:
            out.add(council)
    return out


def _last_numbers(
    faults: Sequence[tuple[Placed, Position, Reason | None]],
) -> dict[RecordId, Reason]:
    """Which otherwise good positions a later number or an equivocation puts aside (POS-6)."""
    by_council: dict[CouncilId, dict[int, set[RecordId]]] = {}
    for placed, position, fault in faults:
        if fault is None:
            numbers = by_council.setdefault(placed.record.council, {})
            numbers.setdefault(position.number, set()).add(placed.record.id)
    out: dict[RecordId, Reason] = {}
    for numbers in by_council.values():
        last = max(numbers)
        for number, ids in numbers.items():
            if number < last:
                out.update(dict.fromkeys(ids, Reason.POSITION_NUMBER))
            elif len(ids) > 1:
                out.update(dict.fromkeys(ids, Reason.POSITION_DOUBLE))
    return out


def own_result(
    case: Case,
    freeze: Placed,
    journal_until: int,
    lines_past: Callable[[LogId], Iterable[WitnessLine]],
) -> tuple[Outcome, tuple[RecordId, ...]] | None:
    """What a node's round-1 vote says by its own journal: outcome and positions (CER-2).

    A position counts only if its council's log is held up to the highest head that w others
    had receipted by then; `lines_past` is what witnesses said of a log beyond what is held,
    where a later position may stand. None if the freeze never opened.
    """
    body, rule = freeze.record.body, rule_of(case)
    if not isinstance(body, Freeze) or rule is None:
        return None
    if opening_fault(case, freeze, journal_until=journal_until) is not None:
        return None
    if notice_fault(case, freeze, journal_until=journal_until) is not None:
        return None
    roll = {voter.council for voter in body.councils}
    needed = receipts_needed(len(roll))
    counted: list[VerifiedRecord] = []
    for judged in judge_positions(case, freeze, journal_until=journal_until):
        log, author = judged.position.log, judged.position.record.council
        if judged.fault is not None:
            continue
        ahead = {
            line.witness
            for line in lines_past(log)
            if line.witness in roll and line.witness != author and line.arrived <= journal_until
        }
        if not needed or len(ahead) < needed:
            counted.append(judged.position.record)
    try:
        outcome = outcome_of(tally_of(body, rule, counted))
    except VerificationError:
        return None
    return outcome, tuple(sorted(record.id for record in counted))
