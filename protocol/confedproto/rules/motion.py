"""A motion's life: draft, seconded, frozen, open, closed, provisional, final (specs/07).

`status` is a pure function of the records at hand and `now`; no timer closes anything.
`now` only moves the labels: a final outcome rests on a certificate alone (MOT-9).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

from confedproto.bodies.compact import Compact
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.bodies.position import Position
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, LogId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.certificate import Certificate, certify, tally_of
from confedproto.rules.compact import Member, rule_for
from confedproto.rules.receipts import (
    WitnessLine,
    receipts,
    receipts_needed,
    received_at,
)
from confedproto.rules.tally import Outcome, Rule, Tally, outcome_of


@unique
class State(StrEnum):
    """Where a motion stands (specs/07, MOT-9; the state table stands there)."""

    DRAFT = "draft"
    SECONDED = "seconded"
    FROZEN = "frozen"
    OPEN = "open"
    CLOSED = "closed"
    PROVISIONAL = "provisional"
    FINAL = "final"
    VOID = "void"
    INADMISSIBLE = "inadmissible"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A position and why it does not count (None: it counts)."""

    position: Placed
    fault: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The instants of a frozen motion, seconds UTC (FRZ-4)."""

    opens: int
    closes: int
    grace_ends: int
    first_round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionStatus:
    """What holds of a motion now; `outcome` is None before it is provisional."""

    state: State
    fault: Reason | None
    freeze: Placed | None
    times: Times | None
    outcome: Outcome | None
    tally: Tally | None
    certificate: Certificate | None
    positions: tuple[Judged, ...]


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


def freeze_fault(case: Case, freeze: Placed) -> Reason | None:
    """Why a freeze is not valid in itself, receipts aside, or None (FRZ-1 to FRZ-3)."""
    body, mover = freeze.record.body, case.motion.record.council
    if not isinstance(body, Freeze):
        return Reason.FREEZE_UNKNOWN
    if freeze.record.council != mover:
        return Reason.MOTION_NOT_MOVER
    councils = [voter.council for voter in body.councils]
    if councils != sorted(set(councils)) or mover not in councils:
        return Reason.FREEZE_ROLL
    named = set(body.accessions or ())
    for voter in body.councils:
        member = case.members.get(CouncilId(voter.council))
        if member is None or member.weight != voter.weight:
            return Reason.FREEZE_ROLL
        if member.accession is not None and member.accession not in named:
            return Reason.FREEZE_ROLL
    if any(m.accession is None and m.council not in councils for m in case.members.values()):
        return Reason.FREEZE_ROLL
    named_seconds = set(body.seconds or ())
    backing = {
        placed.record.council for placed in case.seconds if placed.record.id in named_seconds
    } & seconders(case)
    if len(backing) < case.compact.seconds:
        return Reason.MOTION_SECONDS
    windows = case.compact.windows
    if freeze.record.time < case.motion.record.time + windows.discussion:
        return Reason.DISCUSSION_OPEN
    if body.opens < freeze.record.time + windows.notice:
        return Reason.FREEZE_WINDOW
    if body.closes - body.opens != windows.voting:
        return Reason.FREEZE_WINDOW
    return None


def _receipt_time(
    case: Case, placed: Placed, roll: set[bytes], needed: int, journal_until: int | None = None
) -> int | None:
    """When the needed-th other council of the roll had the record, or None (RCP-2)."""
    found = receipts(case.lines_of(placed.log), placed.index, journal_until=journal_until)
    author = placed.record.council
    times = [time for council, time in found.items() if council in roll and council != author]
    return received_at(times, needed)


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
    needed = receipts_needed(len(roll))
    grace_ends = times_of(body, case.compact).grace_ends
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
        elif tally_is_wrong(position):
            fault = Reason.POSITION_TALLY
        else:
            received = _receipt_time(case, placed, roll, needed, journal_until)
            if received is None or received > grace_ends:
                fault = Reason.POSITION_RECEIPTS
        faults.append((placed, position, fault))
    standing = _last_numbers(faults)
    return tuple(
        Judged(position=placed, fault=fault or standing.get(placed.record.id))
        for placed, _, fault in faults
    )


def tally_is_wrong(position: Position) -> bool:
    """Whether a position counts more ballots than it calls valid (POS-5)."""
    valid = position.valid
    return valid is not None and valid < (position.yes or 0) + (position.no or 0)


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


def certificate_for(case: Case, freeze: Placed) -> Certificate | Reason:
    """The certificate on this freeze that the records at hand make, or why none (CER-1)."""
    body, rule = freeze.record.body, rule_of(case)
    if not isinstance(body, Freeze) or rule is None:
        return Reason.RULE_UNKNOWN
    return certify(
        freeze.record.id,
        body,
        rule,
        {placed.record.id: placed.record for placed in case.positions},
        [placed.record for placed in case.votes],
        [placed.record for placed in case.locks],
    )


def status(case: Case, now: int) -> MotionStatus:
    """Where the motion stands at `now` (seconds UTC), from these records alone (MOT-9)."""
    rule = rule_of(case)
    if rule is None:
        return _status(State.INADMISSIBLE, fault=Reason.CLASS_UNKNOWN)
    if case.motion.record.council not in case.members:
        return _status(State.INADMISSIBLE, fault=Reason.COMPACT_MEMBER)
    freezes = sorted(case.freezes, key=lambda p: p.record.id)
    judged = [(placed, freeze_fault(case, placed)) for placed in freezes]
    good = [placed for placed, fault in judged if fault is None]
    for freeze in good:
        certificate = certificate_for(case, freeze)
        if isinstance(certificate, Certificate):
            return _final(case, freeze, certificate)
    if not good:
        enough = len(seconders(case)) >= case.compact.seconds
        fault = next((fault for _, fault in judged if fault is not None), None)
        return _status(State.SECONDED if enough else State.DRAFT, fault=fault)
    if len(good) > 1:
        return _status(State.VOID, fault=Reason.FREEZE_DOUBLE)
    return _frozen_status(case, good[0], rule, now)


def _status(
    state: State,
    *,
    fault: Reason | None = None,
    freeze: Placed | None = None,
    times: Times | None = None,
    positions: tuple[Judged, ...] = (),
) -> MotionStatus:
    return MotionStatus(
        state=state,
        fault=fault,
        freeze=freeze,
        times=times,
        outcome=None,
        tally=None,
        certificate=None,
        positions=positions,
    )


def _final(case: Case, freeze: Placed, certificate: Certificate) -> MotionStatus:
    body = freeze.record.body
    return MotionStatus(
        state=State.FINAL,
        fault=None,
        freeze=freeze,
        times=times_of(body, case.compact) if isinstance(body, Freeze) else None,
        outcome=certificate.outcome,
        tally=certificate.tally,
        certificate=certificate,
        positions=judge_positions(case, freeze),
    )


def _frozen_status(case: Case, freeze: Placed, rule: Rule, now: int) -> MotionStatus:
    body = freeze.record.body
    if not isinstance(body, Freeze):
        return _status(State.SECONDED)
    times = times_of(body, case.compact)
    if now < times.opens:
        return _status(State.FROZEN, freeze=freeze, times=times)
    fault = opening_fault(case, freeze)
    if fault is not None:
        return _status(State.VOID, fault=fault, freeze=freeze, times=times)
    judged = judge_positions(case, freeze)
    if now <= times.grace_ends:
        state = State.OPEN if now <= times.closes else State.CLOSED
        return _status(state, freeze=freeze, times=times, positions=judged)
    counted = [j.position.record for j in judged if j.fault is None]
    try:
        tally = tally_of(body, rule, counted)
    except VerificationError as error:
        return _status(State.VOID, fault=error.reason, freeze=freeze, times=times)
    return MotionStatus(
        state=State.PROVISIONAL,
        fault=None,
        freeze=freeze,
        times=times,
        outcome=outcome_of(tally),
        tally=tally,
        certificate=None,
        positions=judged,
    )


def opening_fault(case: Case, freeze: Placed, *, journal_until: int | None = None) -> Reason | None:
    """FREEZE_RECEIPTS unless w others held the freeze when it opened (FRZ-5)."""
    body = freeze.record.body
    if not isinstance(body, Freeze):
        return Reason.FREEZE_UNKNOWN
    roll = {voter.council for voter in body.councils}
    needed = receipts_needed(len(roll))
    received = _receipt_time(case, freeze, roll, needed, journal_until)
    return None if received is not None and received <= body.opens else Reason.FREEZE_RECEIPTS


def single_freeze(case: Case) -> Placed | None:
    """The one valid freeze, or None if there is none or more than one (FRZ-6)."""
    good = {p.record.id: p for p in case.freezes if freeze_fault(case, p) is None}
    return next(iter(good.values())) if len(good) == 1 else None


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


def founding_units_fault(compact: Compact) -> Reason | None:
    """UNITS_WEIGHT if a rule of the compact asks units and every founder weighs 0 (COM-6)."""
    for entry in compact.rules:
        rule = rule_for(compact, entry.name)
        if rule is not None and rule.asks_units and not any(f.weight for f in compact.founders):
            return Reason.UNITS_WEIGHT
    return None
