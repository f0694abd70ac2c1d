"""What a confederal body may do, and that it is no policy (specs/07, ADA; principle P1).

The kinds of `ADMINISTRATIVE` are the only ones that a delegate may sign for a body, besides acts
and reports under the mandate itself. Each serves a decision; money is bounded by its cap.
"""

from typing import Final

from confedproto.bodies import KINDS, Needs
from confedproto.bodies.motion import Motion
from confedproto.bodies.paymentorder import PaymentOrder
from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.rules.case import Placed
from confedproto.rules.findings import Court
from confedproto.rules.membership import EVER
from confedproto.rules.tally import Outcome

ADMINISTRATIVE: Final = frozenset(
    kind.name for kind in KINDS.values() if kind.needs is Needs.ADMINISTRATION
)
"""task, finding, calendar, payment-order; a report is signed under its mandate (REP)."""


def administration_fault(placed: Placed, court: Court) -> Reason | None:
    """Why a record of administration does not count, or None (ADA-2 to ADA-5)."""
    record, world = placed.record, court.world
    if record.kind not in ADMINISTRATIVE or record.subject is None:
        return Reason.SCOPE
    if not court.speaks(placed):
        return Reason.COMPACT_MEMBER
    if _is_undone(court, record.id):
        return Reason.FOUND_VOID
    if record.kind in ("finding", "calendar"):
        return None  # a finding is judged with its dispute; a date obliges nobody
    decision = world.placed(record.subject)
    body = decision.record.body if decision is not None else None
    if decision is None or not isinstance(body, Motion):
        return Reason.SCOPE
    if world.outcome(record.subject, EVER) is not Outcome.ADOPTED:
        return Reason.SCOPE
    if isinstance(record.body, PaymentOrder):
        return _order_fault(placed, record.body, record.subject, body, court)
    return None


def _is_undone(court: Court, record: RecordId) -> bool:
    """Whether a panel or the assemblies said that a record of administration does not count."""
    return not court.effects(record).isdisjoint({"void", "ledger-correction"})


def _order_fault(
    placed: Placed, order: PaymentOrder, decision: RecordId, body: Motion, court: Court
) -> Reason | None:
    """Orders count in the order of their numbers, then ids, until the cap is reached (ADA-4)."""
    if body.money is None or order.currency != body.money.currency:
        return Reason.SCOPE
    spent = 0
    rows = [
        (p.record.body.number, p.record.id, p.record.body.amount)
        for p in court.world.about(decision, "payment-order")
        if isinstance(p.record.body, PaymentOrder)
        and p.record.body.currency == order.currency
        and p.record.council == placed.record.council
        and not _is_undone(court, p.record.id)
    ]
    for _, one, amount in sorted(rows):
        spent += amount
        if one == placed.record.id:
            return Reason.ORDER_CAP if spent > body.money.cap else None
    return Reason.ORDER_CAP
