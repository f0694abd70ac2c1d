"""Detached parts: what travels beside a record (specs/03, PRT).

A text or the heads of a witness record always do, a long list of a body if it is too long for it.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from confedproto import codec
from confedproto.bodies import KIND_OF, KINDS, Kind, Part
from confedproto.bodies.types import Body
from confedproto.bodies.witness import WitnessedHead
from confedproto.clean import text_is_clean
from confedproto.errors import DecodeError, LocalProtocolError, Reason, VerificationError
from confedproto.ids import TAG_TEXT, Hash, tagged_hash
from confedproto.limits import MEMBERS_MAX, PART_MAX_BYTES, ROWS_INLINE_MAX, ROWS_MAX_BYTES
from confedproto.merkle import leaf_hash, root_of

ROOT_BYTES: Final = 32
SALT_BYTES: Final = 16
"""Random bytes before a detached text, so that its hash cannot be guessed (PRT-2)."""
_HEAD: Final = codec.Exact(WitnessedHead)
_HEADS: Final = codec.Exact(tuple[WitnessedHead, ...])


def text_hash(part: bytes) -> bytes:
    """The hash that a body carries of its detached text (16 salt bytes, then UTF-8)."""
    return tagged_hash(TAG_TEXT, part)


def encode_heads(heads: Iterable[WitnessedHead]) -> tuple[bytes, bytes]:
    """The detached part of a witness record and its root; heads sorted by log (WIT-2)."""
    ordered = sorted(heads, key=lambda head: (head.log, head.size, head.root))
    rows = [[head.log, head.size, head.root] for head in ordered]
    return codec.encode(rows, max_bytes=PART_MAX_BYTES), _root_of(ordered)


def check_part(kind: Kind | None, body: Body | Mapping[str, Any], part: bytes | None) -> None:
    """VerificationError: not the author's part. DecodeError: the author's, and not well formed."""
    wanted = Part.NONE if kind is None else kind.part
    if wanted in (Part.NONE, Part.ROWS):  # a list that is detached is put back by `attach`
        if part is not None:
            raise VerificationError(Reason.PART_UNEXPECTED)
        return
    if part is None:
        raise VerificationError(Reason.PART_MISSING)
    if len(part) > PART_MAX_BYTES:
        raise VerificationError(Reason.PART_MISMATCH, "too long")
    if wanted is Part.TEXT:
        if text_hash(part) != getattr(body, "text", None):
            raise VerificationError(Reason.PART_MISMATCH)
        if not _is_text(part):
            raise DecodeError(Reason.BODY_FORM, "a text is its salt, then clean UTF-8")
        return
    try:
        heads = heads_of(part)
    except DecodeError as error:
        raise VerificationError(Reason.PART_MISMATCH, str(error)) from None
    logs = [head.log for head in heads]
    rows = [(head.log, head.size, head.root) for head in heads]
    if rows != sorted(rows) or _root_of(heads) != getattr(body, "root", None):
        raise VerificationError(Reason.PART_MISMATCH)
    if len(logs) != getattr(body, "count", None) or len(set(logs)) != len(logs):
        raise DecodeError(Reason.BODY_FORM, "heads of a witness record")


def _is_text(part: bytes) -> bool:
    try:
        text = part[SALT_BYTES:].decode()
    except UnicodeDecodeError:
        return False
    return len(part) >= SALT_BYTES and text_is_clean(text)


@lru_cache(maxsize=16)  # asked more than once while a witness record is taken up
def heads_of(part: bytes) -> tuple[WitnessedHead, ...]:
    """The heads in a witness record's detached part. Raises DecodeError BODY_FORM or ENC_*."""
    heads = _HEADS.read(part) if len(part) <= PART_MAX_BYTES else None
    if heads is not None:
        return heads
    value = codec.decode(part, max_bytes=PART_MAX_BYTES)
    try:
        return msgspec.convert(value, tuple[WitnessedHead, ...], builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise DecodeError(Reason.BODY_FORM, str(error)) from None


def _root_of(heads: Iterable[WitnessedHead]) -> Hash:
    return root_of([leaf_hash(_HEAD.write(head)) for head in heads])


# --- lists that are too long for their body (PRT-8 to PRT-10) ----------------------------------

Fields = dict[str, Any]
"""The body of a payload, as decoded: maps, lists, bytes, text and whole numbers."""


def detach(kind: Kind | None, fields: Fields) -> tuple[Fields, bytes | None]:
    """A body's fields as its payload has them, and the part if a list is too long for them."""
    rows = _at(fields, kind.rows) if kind is not None and kind.rows else None
    if kind is None or not isinstance(rows, list | tuple) or len(rows) <= ROWS_INLINE_MAX:
        return fields, None
    root = root_of([leaf_hash(codec.encode(row)) for row in rows])
    part = codec.encode(list(rows), max_bytes=ROWS_MAX_BYTES)
    return _put(fields, kind.rows, [len(rows), root]), part


def rows_part(body: Body) -> bytes | None:
    """The rows of a long list that lie beside a record with this body, if some do."""
    kind = KINDS[KIND_OF[type(body)]]
    if not kind.rows:
        return None
    return detach(kind, msgspec.to_builtins(body, builtin_types=(bytes,)))[1]


def part_of(body: Body, text: bytes | None = None) -> bytes | None:
    """The part that goes beside a record with this body and, salted, this text.

    Raises LocalProtocolError: together they are longer than a part may be (PRT-11).
    """
    rows, kind = rows_part(body), KINDS[KIND_OF[type(body)]]
    if rows is None or kind.part is not Part.TEXT:
        return text if rows is None else rows
    return codec.encode(
        [text or b"", codec.decode(rows, max_bytes=ROWS_MAX_BYTES)], max_bytes=ROWS_MAX_BYTES
    )


def is_detached(kind: Kind, fields: Fields) -> bool:
    """Whether the body names its list by count and root. Raises DecodeError BODY_FORM.

    Which of the two forms a list has follows from its length, so each record has one form.
    """
    match _at(fields, kind.rows) if kind.rows else None:
        case [int(count), bytes(root)] if type(count) is int:
            if not ROWS_INLINE_MAX < count <= MEMBERS_MAX or len(root) != ROOT_BYTES:
                raise DecodeError(Reason.BODY_FORM, "a list by its count and root")
            return True
        case [*rows] if len(rows) > ROWS_INLINE_MAX:
            raise DecodeError(Reason.BODY_FORM, "a list that is too long for a body")
        case _:
            return False


def attach(kind: Kind, fields: Fields, part: bytes) -> Fields:
    """The fields of a body whose list is detached, with the list of its part put back.

    Raises VerificationError PART_MISMATCH, or DecodeError BODY_FORM for a count that is wrong.
    """
    count, root = _at(fields, kind.rows)
    try:
        text, rows, given = _rows_of(part, texted=kind.part is Part.TEXT)
    except (DecodeError, LocalProtocolError) as error:
        raise VerificationError(Reason.PART_MISMATCH, str(error)) from None
    if given != root or (text is not None and text_hash(text) != fields.get("text")):
        raise VerificationError(Reason.PART_MISMATCH)
    if text is not None and len(text) > PART_MAX_BYTES:
        raise VerificationError(Reason.PART_MISMATCH, "too long")
    if text is not None and not _is_text(text):
        raise DecodeError(Reason.BODY_FORM, "a text is its salt, then clean UTF-8")
    if len(rows) != count:
        raise DecodeError(Reason.BODY_FORM, "rows of a list")
    whole: Fields = _put(fields, kind.rows, rows)
    return whole


def text_in(kind: Kind, fields: Fields, part: bytes) -> bytes | None:
    """The salted text in the part of a record with these fields, None if it has none there."""
    if kind.part is not Part.TEXT or not is_detached(kind, fields):
        return part if kind.part is Part.TEXT else None
    try:
        return _rows_of(part, texted=True)[0]
    except (DecodeError, LocalProtocolError):
        return None


@lru_cache(maxsize=16)  # the votes of a round mostly name one list: hashed once, and kept once
def _rows_of(part: bytes, *, texted: bool) -> tuple[bytes | None, list[Any], bytes]:
    """The text of a part (with `texted`), its rows and their root."""
    text: bytes | None = None
    rows: list[Any]
    match codec.decode(part, max_bytes=ROWS_MAX_BYTES):
        case [bytes(words), list(beside)] if texted:
            text, rows = words, beside
        case list(alone) if not texted:
            rows = alone
        case _:
            raise DecodeError(Reason.BODY_FORM, "no list")
    if len(rows) > MEMBERS_MAX:
        raise DecodeError(Reason.BODY_FORM, "no list")
    return text, rows, root_of([leaf_hash(codec.encode_again(row)) for row in rows])


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    """What stands at a place of a decoded body, or None if its form has no such place."""
    for step in path:
        match value, step:
            case dict(), str():
                value = value.get(step)
            case [*items], int() if step < len(items):
                value = items[step]
            case _:
                return None
    return value


def _put(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """A copy of a decoded body with something else at a place that it has."""
    if not path:
        return new
    if isinstance(value, dict):
        return {**value, path[0]: _put(value[path[0]], path[1:], new)}
    out = list(value)
    out[int(path[0])] = _put(out[int(path[0])], path[1:], new)
    return out
