"""naming: whom a party names as mediator or panel (specs/07, DIS-3 and DIS-4)."""

from typing import Annotated, Literal

from msgspec import Meta

from confedproto.bodies.types import Body, Bytes32


class Naming(Body, frozen=True, kw_only=True):
    """The record's subject is the dispute; only what all parties name stands."""

    role: Literal["mediator", "panel"]
    councils: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=5)]
