"""A motion's life: draft, seconded, frozen, open, closed, provisional, final (specs/07).

`status` is a pure function of the records at hand and `now`; no timer closes anything.
`now` only moves the labels: a final outcome rests on a certificate alone (MOT-9).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from confedproto.bodies.freeze import Freeze
from confedproto.bodies.position import Position
from confedproto.bodies.vote import Vote
from confedproto.errors import Reason, VerificationError
from confedproto.ids import RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.admissible import motion_fault
from confedproto.rules.case import (
    Case,
    Placed,
    Times,
    is_members,
    rule_of,
    seconders,
    times_of,
    withdrawals,
)
from confedproto.rules.certificate import Certificate, certify, tally_of
from confedproto.rules.freezing import (
    freeze_fault,
    opening_fault,
    receipt_time,
    standing_freeze,
    takeover_fault,
)
from confedproto.rules.notice import notice_fault, single_freeze, valid_freezes
from confedproto.rules.positions import Judged, judge_positions, own_result
from confedproto.rules.receipts import receipts_needed
from confedproto.rules.states import Event, State, walk
from confedproto.rules.tally import Outcome, Rule, Tally, outcome_of
from confedproto.rules.terms import term
from confedproto.rules.units import tally_is_wrong, winning_version

__all__ = [
    "Case",
    "Judged",
    "MotionStatus",
    "Placed",
    "State",
    "Times",
    "certificate_for",
    "certified",
    "freeze_fault",
    "judge_positions",
    "lasts",
    "notice_fault",
    "opening_fault",
    "own_result",
    "rule_of",
    "seconders",
    "single_freeze",
    "status",
    "tally_is_wrong",
    "times_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionStatus:
    """What holds of a motion now; `outcome` is None before it is provisional.

    `version` is the competing version that would be or is adopted (MOT-6). `edges` are the
    instants (seconds UTC) at which time alone may change it.
    """

    state: State
    fault: Reason | None
    freeze: Placed | None
    times: Times | None
    outcome: Outcome | None
    tally: Tally | None
    certificate: Certificate | None
    positions: tuple[Judged, ...]
    version: RecordId | None = None
    edges: tuple[int, ...] = ()


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


def certified(case: Case) -> tuple[Placed, Certificate] | None:
    """The freeze that is certified, whatever was received when, and its certificate (CER-1)."""
    return _certified_of(case, valid_freezes(case))


def _certified_of(case: Case, valid: Iterable[Placed]) -> tuple[Placed, Certificate] | None:
    for freeze in valid:
        certificate = certificate_for(case, freeze)
        if isinstance(certificate, Certificate):
            return freeze, certificate
    return None


def status(case: Case, now: int) -> MotionStatus:
    """Where the motion stands at `now` (seconds UTC), from these records alone (MOT-9)."""
    rule, fault = rule_of(case), motion_fault(case)
    if rule is None or fault is not None:
        return _status(walk([Event.FAULT]), fault=fault or Reason.CLASS_UNKNOWN)
    freezes = sorted(case.freezes, key=lambda p: p.record.id)
    faults = [(placed, freeze_fault(case, placed)) for placed in freezes]
    sealed = _certified_of(case, (placed for placed, fault in faults if fault is None))
    if sealed is not None:
        return _final(case, *sealed)
    judged = [(placed, fault or notice_fault(case, placed)) for placed, fault in faults]
    good = [placed for placed, fault in judged if fault is None]
    standing = standing_freeze(case, good)
    if standing is None:
        return _unfrozen(case, now, next((f for _, f in judged if f is not None), None))
    if isinstance(standing, Reason):
        events = [Event.SECONDS, Event.FREEZES]
        return _status(walk(events), fault=standing)
    return _frozen_status(case, standing, rule, now)


def _unfrozen(case: Case, now: int, fault: Reason | None) -> MotionStatus:
    """A motion without a valid freeze: draft, seconded, amended, withdrawn or lapsed."""
    events: list[Event] = []
    if len(seconders(case)) >= case.compact.seconds:
        events.append(Event.SECONDS)
    if case.world is not None:
        amends = case.world.about(case.motion.record.id, "amend")
        if any(is_members(case, placed) for placed in amends):
            events.append(Event.AMENDMENT)
    taken, alive = bool(withdrawals(case).by_time), True
    if taken and case.world is not None:
        events.append(Event.WITHDRAWAL)
        takeovers = case.world.about(case.motion.record.id, "takeover")
        alive = any(takeover_fault(case, placed) is None for placed in takeovers)
        if alive:
            events.append(Event.TAKEOVER)
        fault = fault or Reason.MOTION_WITHDRAWN
    lapses = case.motion.record.time + term(case.compact, "lapse")
    if now > lapses:
        events.append(Event.LAPSE)
        fault = fault or Reason.MOTION_LAPSED
    return _status(walk(events), fault=None if alive and taken else fault, edges=(lapses + 1,))


FOREVER: Final = range(-(2**62), 2**62)
"""All seconds there are."""


def lasts(status: MotionStatus, now: int) -> range:
    """The seconds around `now` in which the same records give the same status (MOT-9).

    Only a motion without a certificate is moved by time, and only at `edges`.
    """
    since, until = FOREVER.start, FOREVER.stop
    for edge in status.edges:
        if edge <= now:
            since = max(since, edge)
        else:
            until = min(until, edge)
    return range(since, until)


def _status(
    state: State,
    *,
    fault: Reason | None = None,
    freeze: Placed | None = None,
    times: Times | None = None,
    positions: tuple[Judged, ...] = (),
    edges: tuple[int, ...] = (),
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
        edges=edges if times is None else _edges(times),
    )


def _edges(times: Times) -> tuple[int, ...]:
    return times.opens, times.closes + 1, times.grace_ends + 1


def _final(case: Case, freeze: Placed, certificate: Certificate) -> MotionStatus:
    body = freeze.record.body
    held = {placed.record.id: placed.record for placed in case.positions}
    counted = certificate.vote.body.counted if isinstance(certificate.vote.body, Vote) else ()
    return MotionStatus(
        state=walk([Event.SECONDS, Event.FREEZE, Event.CERTIFICATE]),
        fault=None,
        freeze=freeze,
        times=times_of(body, case.compact) if isinstance(body, Freeze) else None,
        outcome=certificate.outcome,
        tally=certificate.tally,
        certificate=certificate,
        positions=judge_positions(case, freeze),
        version=_version(case, freeze, [held[RecordId(one)] for one in counted]),
    )


def _version(case: Case, freeze: Placed, counted: Iterable[VerifiedRecord]) -> RecordId | None:
    body = freeze.record.body
    if not isinstance(body, Freeze):
        return None
    said = [(r.council, r.body) for r in counted if isinstance(r.body, Position)]
    found = winning_version(case.motion.record.id, body, said)
    return RecordId(found) if found is not None else None


def _frozen_status(case: Case, freeze: Placed, rule: Rule, now: int) -> MotionStatus:
    body = freeze.record.body
    if not isinstance(body, Freeze):
        return _status(State.SECONDED)
    times, events = times_of(body, case.compact), [Event.SECONDS, Event.FREEZE]
    if _is_taken_back(case, freeze, body):
        events.append(Event.WITHDRAWAL)
        return _status(walk(events), fault=Reason.MOTION_WITHDRAWN, freeze=freeze, times=times)
    if now < times.opens:
        return _status(walk(events), freeze=freeze, times=times)
    fault = opening_fault(case, freeze)
    if fault is not None:
        return _status(walk([*events, Event.UNRECEIVED]), fault=fault, freeze=freeze, times=times)
    judged = judge_positions(case, freeze)
    events.append(Event.OPENING)
    if now > times.closes:
        events.append(Event.CLOSING)
    if now <= times.grace_ends:
        return _status(walk(events), freeze=freeze, times=times, positions=judged)
    events.append(Event.GRACE)
    counted = [j.position.record for j in judged if j.fault is None]
    try:
        tally = tally_of(body, rule, counted)
    except VerificationError as error:
        events.append(Event.UNCOUNTABLE)
        return _status(walk(events), fault=error.reason, freeze=freeze, times=times)
    return MotionStatus(
        state=walk(events),
        fault=None,
        freeze=freeze,
        times=times,
        outcome=outcome_of(tally),
        tally=tally,
        certificate=None,
        positions=judged,
        version=_version(case, freeze, counted),
        edges=_edges(times),
    )


def _is_taken_back(case: Case, freeze: Placed, body: Freeze) -> bool:
    """Whether the mover withdrew after the freeze and before it opened (MOT-8, case 26)."""
    if body.takeover is not None:
        return False
    roll = {voter.council for voter in body.councils}
    for taken in withdrawals(case).by_time:
        received = receipt_time(case, taken, roll, receipts_needed(len(roll)))
        known = received is not None and received <= body.opens
        if known and taken.record.time < body.opens:
            return True
    return False
