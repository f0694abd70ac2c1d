"""motion: a proposal to the councils of one compact (specs/07, MOT)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from confedproto.bodies.types import Body, Bytes32, Name, Token


class Title(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A title in one language (BCP 47, lower case)."""

    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8})*\Z", max_length=16)]
    title: Name


class Motion(Body, frozen=True, kw_only=True):
    """The record's subject is the compact. The first title's language is authoritative.

    `text` is the hash of the detached part that holds the wording in that language.
    """

    name: Token
    titles: Annotated[tuple[Title, ...], Meta(min_length=1, max_length=16)]
    text: Bytes32
