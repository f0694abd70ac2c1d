"""act: something a delegate does under a mandate (specs/06, ACT)."""

from typing import Annotated

from msgspec import Meta

from confedproto.bodies.types import Amount, Body, Bytes32, Number, Token
from confedproto.limits import HEAD_MAX_BYTES


class Act(Body, frozen=True, kw_only=True):
    """The record's subject is the mandate. `number` counts its acts, `previous` is act number-1.

    `head` is a signed head of the council's log: how fresh the delegate's knowledge was.
    `text` is the hash of what was said or signed, `amount` with `currency` what was spent (in
    the currency's least unit), `assembly` where the delegate was present; without it the act
    was done in writing.
    """

    motion: Bytes32
    kind: Token
    value: Token
    number: Number
    head: Annotated[bytes, Meta(min_length=1, max_length=HEAD_MAX_BYTES)]
    previous: Bytes32 | None = None
    amount: Amount | None = None
    currency: Token | None = None
    text: Bytes32 | None = None
    assembly: Bytes32 | None = None
