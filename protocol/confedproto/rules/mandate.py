"""Is this mandate in force, and is this act within it (specs/06, MAN and ACT).

Pure functions that a node, a bundle and a delegate's own tool share. The signatures and the
council's authority have been judged before; here it is about time, scope and instruction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from confedproto.bodies.act import Act
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.recall import Recall
from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.receipts import received_at

FREE: Final = "free"
RATIFY: Final = "ratify"
REFER_BACK: Final = "refer-back"

ACT_RECEIPT_S: Final = 86_400
"""Seconds within which the w-th receipt confirms an act's own claimed time (ACT-2)."""
FRESHNESS_S: Final = 7 * 86_400
"""Seconds that the head an act cites may be old (ACT-4)."""


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


def _void(reason: Reason) -> Verdict:
    return Verdict(outcome=Outcome.VOID, reason=reason)


def recall_times(mandate: VerifiedRecord, recalls: Iterable[VerifiedRecord]) -> list[int]:
    """From when each recall of a mandate takes effect: its claimed time (RCL-2).

    Only the council that granted the mandate can recall it; what another council's records
    say about it has no effect (RCL-1).
    """
    return sorted(
        record.time
        for record in recalls
        if isinstance(record.body, Recall)
        and record.subject == mandate.id
        and record.council == mandate.council
    )


def mandate_verdict(mandate: Mandate, recalled_from: Iterable[int], at: int) -> Verdict:
    """Whether the mandate is in force at `at`; `recalled_from` are its recalls' times (MAN-3)."""
    if at < mandate.starts:
        return _void(Reason.MANDATE_NOT_BEGUN)
    if any(start <= at for start in recalled_from):
        return _void(Reason.RECALLED)
    if at > mandate.until:
        return _void(Reason.MANDATE_ENDED)
    return VALID


def scope_verdict(mandate: Mandate, act: Act) -> Verdict:
    """Kind, motion and instruction alone: what no later knowledge can mend (ACT-5, ACT-6)."""
    if act.kind not in mandate.kinds:
        return _void(Reason.MANDATE_SCOPE)
    wanted = {entry.motion: entry.value for entry in mandate.instructions or ()}
    value = wanted.get(act.motion)
    if value is None:
        return VALID if act.value == REFER_BACK else _void(Reason.REFER_BACK)
    if value == RATIFY:
        return Verdict(outcome=Outcome.NEEDS_RATIFICATION, reason=Reason.RATIFY)
    return VALID if value in (FREE, act.value) else _void(Reason.INSTRUCTION)


def act_time(claimed: int, receipt_times: Sequence[int], needed: int) -> int | None:
    """When the act counts as done: claimed, if w receipts follow within a day (ACT-2).

    With `needed` 0 nobody else is there to receive it, and the claim stands.
    """
    if needed == 0:
        return claimed
    received = received_at(receipt_times, needed)
    if received is None:
        return None
    return claimed if abs(received - claimed) <= ACT_RECEIPT_S else received


def act_verdict(
    mandate: Mandate,
    act: Act,
    *,
    claimed: int,
    head_time: int,
    recalled_from: Sequence[int],
    receipt_times: Sequence[int],
    needed: int | None,
    earlier: int,
) -> Verdict:
    """The verdict on an act, the checks in the order of specs/06, ACT-1.

    `claimed` is the act's own time, `head_time` that of the head it cites, `needed` the
    number of receipts (None: the compact is not at hand), `earlier` how many acts
    1..number-1 of this mandate are held. A breach that no further record can mend is VOID
    even while receipts are missing.
    """
    scope = scope_verdict(mandate, act)
    if scope.outcome is Outcome.VOID:
        return scope
    claimed_verdict = mandate_verdict(mandate, (), claimed)
    if claimed_verdict.outcome is Outcome.VOID:
        return claimed_verdict
    if claimed - head_time > FRESHNESS_S:
        return _void(Reason.ACT_STALE)
    if needed is None:
        return Verdict(outcome=Outcome.UNKNOWN, reason=Reason.COMPACT_UNKNOWN)
    done = act_time(claimed, receipt_times, needed)
    if done is None:
        return Verdict(outcome=Outcome.UNKNOWN, reason=Reason.RECEIPTS_MISSING)
    in_force = mandate_verdict(mandate, recalled_from, done)
    if in_force.outcome is Outcome.VOID:
        return in_force
    if earlier < act.number - 1:
        return Verdict(outcome=Outcome.UNKNOWN, reason=Reason.ACT_NUMBER)
    return scope
