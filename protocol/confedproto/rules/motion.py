"""A motion's life: draft, seconded, frozen, open, closed, provisional, final (specs/07).

`status` is a pure function of the records at hand and `now`; no timer closes anything.
`now` only moves the labels: a final outcome rests on a certificate alone (MOT-9).
"""

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from confedproto.bodies.freeze import Freeze
from confedproto.errors import Reason, VerificationError
from confedproto.rules.case import Case, Placed, Times, rule_of, seconders, times_of
from confedproto.rules.certificate import Certificate, certify, tally_of
from confedproto.rules.freezing import freeze_fault, opening_fault, single_freeze
from confedproto.rules.positions import Judged, judge_positions, own_result, tally_is_wrong
from confedproto.rules.tally import Outcome, Rule, Tally, outcome_of

__all__ = [
    "Case",
    "Judged",
    "MotionStatus",
    "Placed",
    "State",
    "Times",
    "certificate_for",
    "freeze_fault",
    "judge_positions",
    "lasts",
    "opening_fault",
    "own_result",
    "rule_of",
    "seconders",
    "single_freeze",
    "status",
    "tally_is_wrong",
    "times_of",
]


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


FOREVER: Final = range(-(2**62), 2**62)
"""All seconds there are."""


def lasts(status: MotionStatus, now: int) -> range:
    """The seconds around `now` in which the same records give the same status (MOT-9).

    Only a frozen motion without a certificate is moved by time, and only at three instants.
    """
    times = status.times
    if times is None or status.state is State.FINAL:
        return FOREVER
    since, until = FOREVER.start, FOREVER.stop
    for edge in (times.opens, times.closes + 1, times.grace_ends + 1):
        if edge <= now:
            since = edge
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
