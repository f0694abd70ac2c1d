"""payment-order: money that a decision has granted is to be paid (specs/07, ADA)."""

from confedproto.bodies.types import Amount, Body, Bytes32, Name, Number


class PaymentOrder(Body, frozen=True, kw_only=True):
    """The record's subject is the decision that grants it; `number` counts the orders under it."""

    amount: Amount
    currency: Name
    payee: Name
    number: Number
    mandate: Bytes32 | None = None
