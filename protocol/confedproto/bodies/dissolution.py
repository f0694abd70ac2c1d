"""dissolution: how a compact is wound up (specs/05, END)."""

from typing import Annotated

from msgspec import Meta

from confedproto.bodies.types import Body, Bytes32, Text
from confedproto.limits import MEMBERS_MAX


class Dissolution(Body, frozen=True, kw_only=True):
    """The record's subject is the adopted motion that dissolves the compact."""

    liquidators: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=MEMBERS_MAX)]
    assets: Text
    report: Text
