"""motion: a proposal to the councils of one compact (specs/07, MOT)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from confedproto.bodies.types import (
    Amount,
    Body,
    Bytes32,
    Count,
    Name,
    RuleText,
    Text,
    Time,
    Token,
)
from confedproto.limits import MEMBERS_MAX, NAMED_MAX

Ids = Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=NAMED_MAX)]


class Title(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A title in one language (BCP 47, lower case)."""

    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8})*\Z", max_length=16)]
    title: Name


Titles = Annotated[tuple[Title, ...], Meta(min_length=1, max_length=16)]


class Translation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The hash of the wording in another language; the first title's binds (case 46)."""

    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8})*\Z", max_length=16)]
    text: Bytes32


class Money(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it costs, where that comes from, and the most that may be paid."""

    cost: Amount
    cap: Amount
    currency: Name
    source: Text


class Motion(Body, frozen=True, kw_only=True):
    """The record's subject is the compact. The first title's language is authoritative.

    `name` is the class; `text` the hash of the detached part that holds the wording in the
    authoritative language. All else may be absent:

    `rule`: the rule id that the compact sets for the class, which no motion may choose.
    `version`: the version of the compact that it runs under (absent: the founding record).
    `target`: the council, mandate or compact version that it is about. `first`: the motion
    whose second reading it is. `affected`: the councils that vote (absent: all). `units`: the lower
    compacts that it concerns (NES-4).
    `begins` and `ends`: when it comes into force and when it ends by itself.
    """

    name: Token
    titles: Titles
    text: Bytes32
    translations: Annotated[tuple[Translation, ...], Meta(min_length=1, max_length=15)] | None = (
        None
    )
    rule: RuleText | None = None
    version: Bytes32 | None = None
    minutes: Bytes32 | None = None
    contact: Name | None = None
    initiative: Count | None = None
    parent: Bytes32 | None = None
    reason: Text | None = None
    affected: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=MEMBERS_MAX)] | None = (
        None
    )
    units: Ids | None = None
    attachments: Ids | None = None
    money: Money | None = None
    carrier: Bytes32 | None = None
    due: Time | None = None
    begins: Time | None = None
    ends: Time | None = None
    goal: Text | None = None
    reversible: bool | None = None
    opt_out: Text | None = None
    supersedes: Ids | None = None
    repeals: Ids | None = None
    depends: Ids | None = None
    contradicts: Ids | None = None
    first: Bytes32 | None = None
    target: Bytes32 | None = None
