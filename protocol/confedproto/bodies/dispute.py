"""dispute: something is contested, and a remedy asked (specs/07, DIS)."""

from typing import Annotated, Literal

from msgspec import Meta

from confedproto.bodies.types import Body, Bytes32, Text
from confedproto.limits import MEMBERS_MAX


class Dispute(Body, frozen=True, kw_only=True):
    """The record's subject is what is contested; `parties` are the other councils concerned.

    `compact` says before whom, where the contested record names none: a roll, say (DIS-1).
    """

    name: Literal[
        "procedure", "mandate", "roll", "affected", "scope", "ledger", "translation", "conduct"
    ]
    remedy: Text
    parties: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=MEMBERS_MAX)] | None = (
        None
    )
    compact: Bytes32 | None = None
