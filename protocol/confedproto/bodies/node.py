"""node: authorises one server's node key and transport key for a council (specs/04, NOD)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from confedproto.bodies.types import ONE_LINE, Body, Bytes32, Number, Size, Time
from confedproto.limits import ADDRESS_MAX_CHARS, ADDRESSES_MAX

Address = Annotated[str, Meta(min_length=3, max_length=ADDRESS_MAX_CHARS, pattern=ONE_LINE)]


class LastHead(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last good head of the log before this one: log id, size, root."""

    log: Bytes32
    size: Size
    root: Bytes32


class Node(Body, frozen=True, kw_only=True):
    """Node record `number` (from 1); later ones name their predecessor and its last good head."""

    number: Number
    key: Bytes32
    transport: Bytes32
    expires: Time
    addresses: (
        Annotated[tuple[Address, ...], Meta(min_length=1, max_length=ADDRESSES_MAX)] | None
    ) = None
    previous: Bytes32 | None = None
    last: LastHead | None = None
