"""Field types that the bodies share, with their ranges (specs/03, BOD-1).

msgspec checks type and range when a decoded map is converted (with `builtin_types=(bytes,)`,
or it would take a Base64 text for bytes); a field that is absent is
`None` here, and no encoding of None exists, so nothing is ever present and empty.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from confedproto.limits import (
    AMOUNT_MAX,
    BALLOTS_MAX,
    LOG_MAX_SIZE,
    NAME_MAX_CHARS,
    TEXT_MAX_CHARS,
    TIME_MAX_S,
    WEIGHT_MAX,
    WINDOW_MAX_S,
)

Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
ONE_LINE = r"^[^\n]*\Z"
"""No line feed: the one control that ENC-13 lets stand in a text, not in a name (BOD-1)."""
Name = Annotated[str, Meta(min_length=1, max_length=NAME_MAX_CHARS, pattern=ONE_LINE)]
Text = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX_CHARS)]
Token = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,30}\Z")]
"""A word from a list that may grow: act kinds, motion classes, instructions."""
RuleText = Annotated[str, Meta(min_length=1, max_length=32, pattern=ONE_LINE)]
Time = Annotated[int, Meta(ge=0, le=TIME_MAX_S)]
"""Whole seconds UTC."""
Window = Annotated[int, Meta(ge=0, le=WINDOW_MAX_S)]
"""Whole seconds."""
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Number = Annotated[int, Meta(ge=1, le=1_000_000)]
Amount = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
"""Money in the least unit of its currency."""
Size = Annotated[int, Meta(ge=1, le=LOG_MAX_SIZE)]
Ballots = Annotated[int, Meta(ge=0, le=BALLOTS_MAX)]
Weight = Annotated[int, Meta(ge=0, le=WEIGHT_MAX)]
"""Halves: a full unit is 2, a half unit 1."""

OutcomeText = Literal["adopted", "rejected", "no-quorum", "referred-back"]
"""The outcomes that a vote or a lock can name; `rules.tally.Outcome` has the same."""


class Body(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The typed body of one record kind: frozen, keyword-only, unknown fields refused."""
