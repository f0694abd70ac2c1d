"""witness: the heads of other logs that a node has verified at its time (specs/10, WIT)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from confedproto.bodies.types import Body, Bytes32, Size
from confedproto.limits import WITNESS_HEADS_MAX


class WitnessedHead(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One line of the detached part: a log, its size, its root."""

    log: Bytes32
    size: Size
    root: Bytes32


class Witness(Body, frozen=True, kw_only=True):
    """`count` heads with the Merkle root `root` over them; the list travels beside the record."""

    count: Annotated[int, Meta(ge=1, le=WITNESS_HEADS_MAX)]
    root: Bytes32
