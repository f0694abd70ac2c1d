"""A file in several QR texts, for a file that one symbol does not hold (specs/12, TXT-15).

CONFED:PART/ base32( number, count, first four bytes of the file's SHA-256, stretch, CRC-32 )
"""

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from typing import Final

from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.limits import QR_MAX_CHARS
from confedproto.text import bech32m

SCHEME: Final = "CONFED:PART/"
STRETCH_BYTES: Final = 700
"""Bytes of the file in one part: a symbol that a phone reads from a printed page."""
PARTS_MAX: Final = 99
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_VALUES: Final = {character: value for value, character in enumerate(_BASE32)}
_NAME_BYTES: Final = 4
_CHECKSUM_BYTES: Final = 4
_HEAD_BYTES: Final = 2 + _NAME_BYTES

Part = tuple[int, int, bytes, bytes]
"""Number from 1, count, name of the file, stretch."""


def encode_parts(data: bytes, stretch: int = STRETCH_BYTES) -> list[str]:
    """The texts of a file, in order: as few as `stretch` bytes each allow, and of one size.

    LocalProtocolError TEXT_LENGTH: nothing, or too much.
    """
    count = -(-len(data) // stretch)
    if not 0 < count <= PARTS_MAX:
        raise LocalProtocolError(Reason.TEXT_LENGTH)
    stretch = -(-len(data) // count)
    name = hashlib.sha256(data).digest()[:_NAME_BYTES]
    out: list[str] = []
    for number in range(count):
        piece = data[number * stretch : (number + 1) * stretch]
        sealed = bytes([number + 1, count]) + name + piece
        groups = bech32m.to_groups(sealed + _checksum(sealed))
        out.append(SCHEME + "".join(_BASE32[group] for group in groups))
    return out


def decode_part(text: str) -> Part:
    """One part. DecodeError: TEXT_LENGTH, TEXT_SCHEME, TEXT_CHARACTER, TEXT_PADDING,
    TEXT_CHECKSUM, TEXT_FIELD (a number past the count).
    """
    if len(text) > QR_MAX_CHARS:
        raise DecodeError(Reason.TEXT_LENGTH)
    if not text.startswith(SCHEME):
        raise DecodeError(Reason.TEXT_SCHEME)
    raw = bech32m.from_groups(bech32m.groups_of(text.removeprefix(SCHEME), _VALUES))
    sealed, checksum = raw[:-_CHECKSUM_BYTES], raw[-_CHECKSUM_BYTES:]
    if len(sealed) <= _HEAD_BYTES:
        raise DecodeError(Reason.TEXT_LENGTH)
    if _checksum(sealed) != checksum:
        raise DecodeError(Reason.TEXT_CHECKSUM)
    number, count = sealed[0], sealed[1]
    if not 1 <= number <= count <= PARTS_MAX:
        raise DecodeError(Reason.TEXT_FIELD)
    return number, count, sealed[2:_HEAD_BYTES], sealed[_HEAD_BYTES:]


def join_parts(texts: Iterable[str]) -> bytes:
    """The file, from all its parts in any order; some may come twice.

    DecodeError as `decode_part`; TEXT_FIELD for parts of two files or one that is missing.
    """
    parts: Sequence[Part] = sorted({decode_part(text) for text in texts})
    kinds = {(count, name) for _, count, name, _ in parts}
    if len(kinds) != 1:
        raise DecodeError(Reason.TEXT_FIELD, "parts of different files")
    count, name = kinds.pop()
    if [number for number, *_ in parts] != list(range(1, count + 1)):
        missing = sorted(set(range(1, count + 1)) - {number for number, *_ in parts})
        raise DecodeError(Reason.TEXT_FIELD, f"parts missing of {count}: {missing}")
    data = b"".join(piece for *_, piece in parts)
    if hashlib.sha256(data).digest()[:_NAME_BYTES] != name:
        raise DecodeError(Reason.TEXT_CHECKSUM)
    return data


def _checksum(sealed: bytes) -> bytes:
    return zlib.crc32(b"PART/" + sealed).to_bytes(_CHECKSUM_BYTES, "big")
