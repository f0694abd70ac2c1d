"""status: the highest lock that a node knows when a later round begins (specs/07, CER-4)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from confedproto.bodies.types import Body, Bytes32, Number, OutcomeText
from confedproto.limits import MEMBERS_MAX


class KnownLock(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A lock by its proof: the ids of a quorum of votes of one round for one outcome, sorted."""

    round: Number
    outcome: OutcomeText
    votes: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=MEMBERS_MAX)]


class Status(Body, frozen=True, kw_only=True):
    """The record's subject is the motion; without `locked` the node knows of no lock.

    Afterwards the node signs no vote and no lock of a round below `round`.
    """

    freeze: Bytes32
    round: Annotated[int, Meta(ge=2, le=1_000_000)]
    locked: KnownLock | None = None
