"""freeze: fixes who votes, on what, and when (specs/07, FRZ)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from confedproto.bodies.types import Ballots, Body, Bytes32, Time, Weight
from confedproto.limits import MEMBERS_MAX

Ids = Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=MEMBERS_MAX)]


class Voter(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A council of the frozen roll and its weight in halves."""

    council: Bytes32
    weight: Weight


class Freeze(Body, frozen=True, kw_only=True):
    """The record's subject is the motion; `councils` is C, strictly increasing.

    The lists name the records that the freeze rests on, each sorted: `exits` and `decisions`
    (exclusions, dormancy) say why a member is not in C, `accessions` by which accession a council
    is that left and came back, `claims` who votes besides those listed as affected. `rolls` are
    the members of each council of C, in its order. `versions` are the amendments that compete, in
    the order of their ids; without them the motion stands as moved.
    """

    councils: Annotated[tuple[Voter, ...], Meta(min_length=1, max_length=MEMBERS_MAX)]
    opens: Time
    closes: Time
    seconds: Ids | None = None
    accessions: Ids | None = None
    exits: Ids | None = None
    decisions: Ids | None = None
    claims: Ids | None = None
    versions: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=16)] | None = None
    takeover: Bytes32 | None = None
    rolls: Annotated[tuple[Ballots, ...], Meta(min_length=1, max_length=MEMBERS_MAX)] | None = None
