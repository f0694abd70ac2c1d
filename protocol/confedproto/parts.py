"""Detached parts: what travels beside a record and can be erased without it (specs/03, PRT)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from confedproto import codec
from confedproto.bodies import Kind, Part
from confedproto.bodies.types import Body
from confedproto.bodies.witness import WitnessedHead
from confedproto.errors import DecodeError, LocalProtocolError, Reason, VerificationError
from confedproto.ids import TAG_TEXT, tagged_hash
from confedproto.limits import PART_MAX_BYTES
from confedproto.merkle import leaf_hash, root_of

SALT_BYTES: Final = 16
"""Random bytes before a detached text, so that its hash cannot be guessed (PRT-2)."""


def text_hash(part: bytes) -> bytes:
    """The hash that a body carries of its detached text (16 salt bytes, then UTF-8)."""
    return tagged_hash(TAG_TEXT, part)


def encode_heads(heads: Iterable[WitnessedHead]) -> tuple[bytes, bytes]:
    """The detached part of a witness record and its root; heads sorted by log (WIT-2)."""
    rows = sorted([head.log, head.size, head.root] for head in heads)
    root = root_of([leaf_hash(codec.encode(row)) for row in rows])
    return codec.encode(rows, max_bytes=PART_MAX_BYTES), root


def check_part(kind: Kind | None, body: Body | Mapping[str, Any], part: bytes | None) -> None:
    """VerificationError: not the author's part. DecodeError: the author's, and not well formed."""
    wanted = Part.NONE if kind is None else kind.part
    if wanted is Part.NONE:
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
        again, root = encode_heads(heads_of(part))
    except (DecodeError, LocalProtocolError) as error:
        raise VerificationError(Reason.PART_MISMATCH, str(error)) from None
    if again != part or root != getattr(body, "root", None):
        raise VerificationError(Reason.PART_MISMATCH)
    logs = [head.log for head in heads_of(part)]
    if len(logs) != getattr(body, "count", None) or len(set(logs)) != len(logs):
        raise DecodeError(Reason.BODY_FORM, "heads of a witness record")


def _is_text(part: bytes) -> bool:
    try:
        text = part[SALT_BYTES:].decode()
    except UnicodeDecodeError:
        return False
    return len(part) >= SALT_BYTES and codec.text_is_clean(text)


def heads_of(part: bytes) -> tuple[WitnessedHead, ...]:
    """The heads in a witness record's detached part. Raises DecodeError BODY_FORM or ENC_*."""
    value = codec.decode(part, max_bytes=PART_MAX_BYTES)
    try:
        return msgspec.convert(value, tuple[WitnessedHead, ...], builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise DecodeError(Reason.BODY_FORM, str(error)) from None
