"""mandate: what a delegate may do, for how long, and with which instruction (specs/06, MAN)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from confedproto.bodies.types import Body, Bytes32, Time, Token


class Instruction(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The value a delegate must take on one motion version, or `free`."""

    motion: Bytes32
    value: Token


class Mandate(Body, frozen=True, kw_only=True):
    """`delegate` may act from `starts` to `until`, in `kinds` of acts, on the motions named.

    A motion that no instruction names gets `refer back`, never free (MAN-6).
    """

    delegate: Bytes32
    starts: Time
    until: Time
    kinds: Annotated[tuple[Token, ...], Meta(min_length=1, max_length=16)]
    compact: Bytes32 | None = None
    instructions: Annotated[tuple[Instruction, ...], Meta(min_length=1, max_length=64)] | None = (
        None
    )
