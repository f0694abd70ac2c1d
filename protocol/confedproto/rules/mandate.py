"""Is this mandate in force, and is an act of this kind and value within it (specs/06, MAN).

Pure functions that a node, a bundle and a delegate's own tool share. The signatures and the
council's authority have been judged before; here it is about time, scope and instruction.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from itertools import pairwise
from typing import Final

from confedproto.bodies.act import Act
from confedproto.bodies.charter import Delegation
from confedproto.bodies.mandate import Condition, Mandate
from confedproto.errors import Reason
from confedproto.rules.tenure import History, State, state_at

FREE: Final = "free"
RATIFY: Final = "ratify"
REFER_BACK: Final = "refer-back"
PASS_ON: Final = "mandate"
VOTE: Final = "vote"
SPENDING: Final = "spending-order"
"""The kinds of acts with rules of their own: a mandate of the kind `mandate` may be passed on, a
vote gives way to the council's position, and an order to spend has an amount."""

NOTHING: Final = History()


@unique
class Outcome(StrEnum):
    """The four answers; only VALID lets anything happen."""

    VALID = "VALID"
    VOID = "VOID"
    NEEDS_RATIFICATION = "NEEDS-RATIFICATION"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An answer and, unless it is VALID, its reason."""

    outcome: Outcome
    reason: Reason | None = None


VALID: Final = Verdict(outcome=Outcome.VALID)
NEEDS_RATIFICATION: Final = Verdict(outcome=Outcome.NEEDS_RATIFICATION, reason=Reason.RATIFY)


def void(reason: Reason) -> Verdict:
    """VOID: no further record can make it good."""
    return Verdict(outcome=Outcome.VOID, reason=reason)


def unknown(reason: Reason) -> Verdict:
    """UNKNOWN: what `reason` names is missing."""
    return Verdict(outcome=Outcome.UNKNOWN, reason=reason)


# --- the mandate itself -----------------------------------------------------------------------


def effect_time(claimed: int, index: int, heads: Iterable[tuple[int, int]]) -> int:
    """From when a record at `index` of its log takes effect, if it claims `claimed` (RCL-2).

    Not before the time of any signed head, (size, time), that does not cover it yet: so it is
    immediate, but cannot be dated back past what others already hold.
    """
    return Heads(heads).effect_time(claimed, index)


class Heads:
    """Signed heads of one log, (size, time), in order: thousands of acts may each cite one."""

    def __init__(self, heads: Iterable[tuple[int, int]]) -> None:
        self._sizes: Final[list[int]] = []
        self._latest: Final[list[int]] = []
        for size, time in sorted(set(heads)):
            latest = max(time, self._latest[-1]) if self._latest else time
            if self._sizes and self._sizes[-1] == size:
                self._latest[-1] = latest
            else:
                self._sizes.append(size)
                self._latest.append(latest)

    def effect_time(self, claimed: int, index: int) -> int:
        """From when a record at `index` takes effect, if it claims `claimed` (RCL-2)."""
        at = bisect_right(self._sizes, index)
        return max(claimed, self._latest[at - 1]) if at else claimed


def form_fault(mandate: Mandate) -> Reason | None:
    """Why a mandate contradicts itself, or None (MAN-4)."""
    keys = (*mandate.delegates, *(mandate.substitutes or ()))
    dates = mandate.reports or ()
    named = {row.motion for row in mandate.instructions or ()}
    holdover, petition, ceiling = mandate.holdover, mandate.petition, mandate.ceiling
    sound = (
        len(set(keys)) == len(keys)
        and (mandate.parity is None or mandate.partners is not None)
        and all(one < other for one, other in pairwise(dates))
        and (not dates or dates[0] >= mandate.starts)
        and all(row.motion in named for row in mandate.conditions or ())
        and (holdover is None or _may_hold_over(mandate, holdover.kinds))
        and (petition is None or petition.part <= petition.whole)
        and (ceiling is None or ceiling.act <= ceiling.total)
        and (mandate.above is None or {PASS_ON, SPENDING}.isdisjoint(mandate.kinds))
    )
    return None if sound else Reason.MANDATE_FORM


def _may_hold_over(mandate: Mandate, kinds: Sequence[str]) -> bool:
    """Only kinds that the mandate covers, and none that decides or spends (MAN-9)."""
    return set(kinds) <= set(mandate.kinds) - {VOTE, SPENDING}


def grant_fault(
    mandate: Mandate, rules: Delegation | None, before: Iterable[tuple[Mandate, int | None]]
) -> Reason | None:
    """What was wrong with a mandate when it was granted, or None (MAN-4, ROT-1 to ROT-3).

    `rules` are those of the charter in force at its place, `before` the council's mandates
    earlier in its log, each with the time it was recalled, if it was.
    """
    fault = form_fault(mandate)
    if fault is not None or rules is None:
        return fault
    held = [
        (other, other.until if gone is None else min(gone, other.until))
        for other, gone in before
        if (gone is None or gone > other.starts) and set(other.delegates) & set(mandate.delegates)
    ]
    for other, until in held:
        pair = {mandate.level, other.level}
        if (
            any(pair == {row.one, row.other} for row in rules.exclusive or ())
            and other.starts <= mandate.until
            and mandate.starts <= until
        ):
            return Reason.MANDATE_EXCLUSIVE
    if rules.terms is None:
        return None
    ends = [
        (other.starts, until)
        for other, until in held
        if (other.forum, other.level) == (mandate.forum, mandate.level)
    ]
    in_a_row, starts = 1, mandate.starts
    for began, until in sorted(ends, reverse=True):
        if starts - until > (rules.gap or 0):
            break
        in_a_row, starts = in_a_row + 1, began
    if in_a_row > rules.terms and (mandate.term or 1) <= rules.terms:
        return Reason.MANDATE_ROTATION  # the number says less than the log
    return Reason.MANDATE_TERMS if max(in_a_row, mandate.term or 1) > rules.terms else None


def mandate_verdict(mandate: Mandate, history: History, at: int) -> Verdict:
    """Whether the mandate is in force at `at` (seconds UTC), for acts of every kind (MAN-3)."""
    if history.fault is not None:
        return void(history.fault)
    match state_at(mandate, history, at):
        case State.GRANTED:
            return void(Reason.MANDATE_NOT_BEGUN)
        case State.IN_FORCE:
            return VALID
        case State.OVERDUE:
            # Offline, the report may have been made since: then it is for that to be shown.
            known = at <= history.whole_until
            return void(Reason.MANDATE_OVERDUE) if known else unknown(Reason.REPORT_MISSING)
        case State.STOPPED:
            return void(Reason.MANDATE_SUSPENDED)
        case State.HOLDOVER | State.ENDED:
            return void(Reason.MANDATE_ENDED)
        case State.VOIDED:
            return void(Reason.FOUND_VOID)
        case State.RECALLED:
            return void(Reason.RECALLED)


def tenure_verdict(mandate: Mandate, history: History, kind: str, at: int) -> Verdict:
    """Whether the mandate covers an act of a kind at `at`: the holdover counts too (MAN-9)."""
    held_over = mandate.holdover is not None and kind in mandate.holdover.kinds
    if held_over and history.fault is None and state_at(mandate, history, at) is State.HOLDOVER:
        return VALID
    return mandate_verdict(mandate, history, at)


# --- scope and instruction --------------------------------------------------------------------


def scope_verdict(mandate: Mandate, act: Act) -> Verdict:
    """Kind, subject, amount and presence: what no later knowledge can mend (ACT-5)."""
    if act.kind not in mandate.kinds:
        return void(Reason.MANDATE_SCOPE)
    if mandate.subjects is not None and act.motion not in mandate.subjects:
        return void(Reason.MANDATE_SCOPE)
    if mandate.attendance is not None and act.assembly is None:
        return void(Reason.ACT_ATTENDANCE)
    if (act.amount is None) != (act.kind != SPENDING) or (act.amount is None) != (
        act.currency is None
    ):
        return void(Reason.MANDATE_SCOPE)
    if act.amount is None:
        return VALID
    ceiling = mandate.ceiling
    if ceiling is None or ceiling.currency != act.currency:
        return void(Reason.MANDATE_SCOPE)
    return void(Reason.ACT_CEILING) if act.amount > ceiling.act else VALID


def instruction_verdict(
    mandate: Mandate, act: Act, holds: Callable[[Condition], bool | None]
) -> Verdict:
    """What the instruction for the act's motion says of its value (ACT-6).

    `holds` says whether a condition is met; None: that is not known here.
    """
    wanted = {row.motion: row.value for row in mandate.instructions or ()}.get(act.motion)
    otherwise = _under(mandate.otherwise or REFER_BACK, act.value)
    if wanted is None:
        return otherwise
    met = [holds(row) for row in mandate.conditions or () if row.motion == act.motion]
    if False in met:
        return otherwise
    instructed = _under(wanted, act.value)
    if None in met and instructed != otherwise:
        return unknown(Reason.CONDITION_UNKNOWN)
    return instructed


def _under(instruction: str, value: str) -> Verdict:
    match instruction:
        case "free":
            return VALID
        case "ratify":
            return NEEDS_RATIFICATION
        case "refer-back":
            return VALID if value == REFER_BACK else void(Reason.REFER_BACK)
        case _:
            return VALID if value == instruction else void(Reason.INSTRUCTION)
