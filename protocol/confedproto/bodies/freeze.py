"""freeze: fixes who votes, on what, and when (specs/07, FRZ)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from confedproto.bodies.types import Body, Bytes32, Time, Weight
from confedproto.limits import MEMBERS_MAX

Ids = Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=MEMBERS_MAX)]


class Voter(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A council of the frozen roll and its weight in halves."""

    council: Bytes32
    weight: Weight


class Freeze(Body, frozen=True, kw_only=True):
    """The record's subject is the motion; `councils` is C, strictly increasing.

    `seconds` and `accessions` name the records that the freeze rests on, sorted.
    """

    councils: Annotated[tuple[Voter, ...], Meta(min_length=1, max_length=MEMBERS_MAX)]
    opens: Time
    closes: Time
    seconds: Ids | None = None
    accessions: Ids | None = None
