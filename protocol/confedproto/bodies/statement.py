"""statement: a text of a council for all who follow it, with files by hash (specs/03, FIL)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from confedproto.bodies.types import Body, Bytes32, Name, Text, Token
from confedproto.limits import FILE_MAX_BYTES, FILES_MAX


class File(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A file: its name, its media word, its length in bytes, the root over its chunks (FIL-1)."""

    name: Name
    media: Token
    size: Annotated[int, Meta(ge=1, le=FILE_MAX_BYTES)]
    root: Bytes32


class Statement(Body, frozen=True, kw_only=True):
    """A text in the record itself, and files that are fetched on demand."""

    text: Text
    files: Annotated[tuple[File, ...], Meta(min_length=1, max_length=FILES_MAX)] | None = None
