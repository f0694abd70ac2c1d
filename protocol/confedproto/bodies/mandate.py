"""mandate: what a delegate may do, for how long, and with which instruction (specs/06, MAN)."""

from collections.abc import Collection
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from confedproto.bodies.types import Amount, Body, Bytes32, Name, Number, Text, Time, Token, Window
from confedproto.limits import (
    DELEGATES_MAX,
    HOLDOVER_MAX_S,
    INSTRUCTIONS_MAX,
    REPORTS_MAX,
    SHARE_MAX,
)

FRESHNESS_S: Final = 7 * 86_400
"""Seconds that the head an act cites may be old, unless the mandate says another (MAN-10)."""
OVERDUE_S: Final = 14 * 86_400
"""Seconds that a report may be late before the mandate rests, unless it says another (REP-2)."""
PETITION: Final = (1, 10)
"""The share of members whose petition forces an item, unless the mandate says another (RCL-5)."""

_Part = Annotated[int, Meta(ge=1, le=SHARE_MAX)]
_Kinds = Annotated[tuple[Token, ...], Meta(min_length=1, max_length=16)]
_Keys = Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=DELEGATES_MAX)]


class Instruction(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The value a delegate must take on one motion version, or `free`.

    `motion` is the id of a motion, which is its text as moved, or of an `amend` (MAN-5).
    """

    motion: Bytes32
    value: Token


class Condition(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """When the instruction on a motion counts: only if `about` is in it, or was adopted."""

    motion: Bytes32
    test: Literal["in", "adopted"]
    about: Bytes32


class Ceiling(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The most that one act and that all acts together may spend, in the currency's least unit."""

    currency: Token
    act: Amount
    total: Amount


class Holdover(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Seconds after the end in which acts of these kinds still count."""

    seconds: Annotated[int, Meta(ge=1, le=HOLDOVER_MAX_S)]
    kinds: _Kinds


class Share(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An exact fraction: `part` of `whole`."""

    part: _Part
    whole: _Part


class Mandate(Body, frozen=True, kw_only=True):
    """`delegate` may act from `starts` to `until`, in `kinds` of acts, on the motions named.

    A motion that no instruction names gets `otherwise`: refer back, never free (MAN-6).
    `partners` are delegates beside the first; `parity` says whether each may act or all must
    sign. `subjects` narrow what acts may be about. Windows are seconds, `reports` due dates.
    `above` is another council's mandate that this one passes on to the next level (LVL-1).
    """

    delegate: Bytes32
    starts: Time
    until: Time
    kinds: _Kinds
    compact: Bytes32 | None = None
    instructions: (
        Annotated[tuple[Instruction, ...], Meta(min_length=1, max_length=INSTRUCTIONS_MAX)] | None
    ) = None
    substitutes: _Keys | None = None
    partners: _Keys | None = None
    parity: Literal["any", "all"] | None = None
    forum: Name | None = None
    level: Token | None = None
    term: Number | None = None
    conditions: (
        Annotated[tuple[Condition, ...], Meta(min_length=1, max_length=INSTRUCTIONS_MAX)] | None
    ) = None
    otherwise: Literal["refer-back", "ratify"] | None = None
    subjects: (
        Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=INSTRUCTIONS_MAX)] | None
    ) = None
    ceiling: Ceiling | None = None
    reports: Annotated[tuple[Time, ...], Meta(min_length=1, max_length=REPORTS_MAX)] | None = None
    overdue: Window | None = None
    freshness: Window | None = None
    holdover: Holdover | None = None
    attendance: Literal["required"] | None = None
    petition: Share | None = None
    pay: Text | None = None
    minutes: Bytes32 | None = None
    above: Bytes32 | None = None

    @property
    def delegates(self) -> tuple[bytes, ...]:
        """The delegate and the partners, whose parity rule it is (MAN-7)."""
        return (self.delegate, *(self.partners or ()))


def may_sign(mandate: Mandate, signers: Collection[bytes]) -> bool:
    """Whether these keys may act under the mandate (MAN-2, MAN-7): nobody else's, and as many
    as the parity rule asks; a substitute stands in for one delegate.
    """
    allowed = {*mandate.delegates, *(mandate.substitutes or ())}
    needed = len(mandate.delegates) if mandate.parity == "all" else 1
    return len(signers) == len(set(signers)) == needed and allowed.issuperset(signers)
