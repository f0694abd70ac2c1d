"""compact: the founding record of a confederation (specs/05, COM)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from confedproto.bodies.types import (
    Body,
    Bytes32,
    Count,
    Name,
    Number,
    RuleText,
    Time,
    Token,
    Weight,
    Window,
)
from confedproto.limits import MEMBERS_MAX, SHARE_MAX

COORDINATION = "coordination"
"""The class of an ordinary common decision, which every compact has (specs/07, MOT-2)."""


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


class ClassQuorum(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """More than a/b of a chamber must take part in a class of motions (CNT-9, CNT-13)."""

    name: Token
    part: Annotated[int, Meta(ge=0, le=SHARE_MAX)]
    whole: Annotated[int, Meta(ge=1, le=SHARE_MAX)]


Quorums = Annotated[tuple[ClassQuorum, ...], Meta(min_length=1, max_length=16)]


class Terms(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Spans that have a default and that a compact may set otherwise, in seconds (COM-7)."""

    lapse: Window | None = None
    freeze_text: Window | None = None
    editorial: Window | None = None
    takeover: Window | None = None
    pause: Window | None = None
    reading_min: Window | None = None
    reading_max: Window | None = None
    exclusion: Window | None = None
    emergency_notice: Window | None = None
    emergency: Window | None = None
    running: Window | None = None
    dormancy: Window | None = None
    hold: Window | None = None
    demand: Window | None = None
    talk: Window | None = None
    mediation: Window | None = None
    panel: Window | None = None
    correction: Window | None = None


class Compact(Body, frozen=True, kw_only=True):
    """Founders strictly increasing by council; the envelope bears every founder's threshold.

    A version that is to replace another names it as `previous`, has the same founders, and
    is signed by the council that proposes it (REV-1). `level` is 2 for a region, 3 beyond; `upper`
    the compact of the next level that its councils may join (NES). `sunset`: when it ends unless
    renewed. `missed`: votes that a council must have missed to be called dormant. `panel`:
    councils of a panel, 3 or 5.
    """

    name: Name
    founders: Annotated[tuple[Founder, ...], Meta(min_length=1, max_length=MEMBERS_MAX)]
    rules: Annotated[tuple[ClassRule, ...], Meta(min_length=1, max_length=16)]
    windows: Windows
    seconds: Count
    sponsors: Count
    weight_max: Weight
    quorums: Quorums | None = None
    people_quorums: Quorums | None = None
    terms: Terms | None = None
    missed: Number | None = None
    panel: Literal[3, 5] | None = None
    sunset: Time | None = None
    previous: Bytes32 | None = None
    upper: Bytes32 | None = None
    level: Literal[2, 3] | None = None
