"""charter: who a council's keyholders are and how many of them must sign (specs/04, CHA)."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from confedproto.bodies.types import Body, Bytes32, Name, Number, Token, Window
from confedproto.errors import Reason
from confedproto.limits import KEYHOLDERS_MAX, OFFICES_MAX


class Offices(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Two levels whose mandates nobody holds at once."""

    one: Token
    other: Token


class Delegation(Body, frozen=True, kw_only=True):
    """What the council asks of all its mandates (specs/06, ROT).

    `terms` in a row at one forum and level, then a pause of `gap` seconds; no two mandates at
    once at levels that exclude each other.
    """

    terms: Number | None = None
    gap: Window | None = None
    exclusive: Annotated[tuple[Offices, ...], Meta(min_length=1, max_length=OFFICES_MAX)] | None = (
        None
    )


RULES_NUMBER: Final = 1
"""The rules number that these rules are; a charter with another one does not count (VER-1)."""


class Charter(Body, frozen=True, kw_only=True):
    """Version N+1 of a council's charter; the record's `charter` field says N, 0 for the first.

    `keys` are strictly increasing; `previous` is the record id of version N, absent in the
    first. The record id of the first charter is the council's id.
    """

    name: Name
    threshold: Number
    keys: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=KEYHOLDERS_MAX)]
    rules: Number = 1
    previous: Bytes32 | None = None
    delegation: Delegation | None = None


def threshold_fault(threshold: int, keys: int) -> Reason | None:
    """Why `threshold` of `keys` is no legal pair, or None if it is one (CHA-2).

    m > n/2, and m < n when n > 1: an all-of-n council dies with one lost key. So n = 2 has
    no legal threshold at all.
    """
    if keys == 2:
        return Reason.THRESHOLD_TWO
    if threshold < 1 or threshold > keys or 2 * threshold <= keys:
        return Reason.THRESHOLD_RANGE
    if keys > 1 and threshold == keys:
        return Reason.THRESHOLD_RANGE
    return None
