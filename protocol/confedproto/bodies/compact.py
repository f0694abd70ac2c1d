"""compact: the founding record of a confederation (specs/05, COM)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from confedproto.bodies.types import (
    Body,
    Bytes32,
    Count,
    Name,
    Number,
    RuleText,
    Token,
    Weight,
    Window,
)
from confedproto.limits import MEMBERS_MAX

COORDINATION = "coordination"
"""The class of an ordinary common decision; the only one so far (specs/07, MOT-2)."""


class Founder(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A founding council, the charter version it signs under, its weight in halves."""

    council: Bytes32
    charter: Number
    weight: Weight


class Windows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every span of time of a decision, in whole seconds (COM-4)."""

    discussion: Window
    notice: Window
    voting: Window
    grace: Window
    settle: Window
    step: Window
    witness: Annotated[int, Meta(ge=1, le=86_400)]


class ClassRule(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The decision rule that the compact sets for a class of motions."""

    name: Token
    rule: RuleText


class Compact(Body, frozen=True, kw_only=True):
    """Founders strictly increasing by council; the envelope bears every founder's threshold."""

    name: Name
    founders: Annotated[tuple[Founder, ...], Meta(min_length=1, max_length=MEMBERS_MAX)]
    rules: Annotated[tuple[ClassRule, ...], Meta(min_length=1, max_length=16)]
    windows: Windows
    seconds: Count
    sponsors: Count
    weight_max: Weight
