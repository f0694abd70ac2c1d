"""CMP: the canonical subset of MessagePack that everything here is made of (specs/01).

One value has exactly one encoding and one encoding exactly one value:

- `decode_reference` is the rule book: one pass over the bytes, every declared length is
  checked against what is left before anything is built, one reason code per broken rule.
- `decode` is the fast path over the C decoder of msgpack. It accepts only what passes a
  walk over the value and re-encodes to the same bytes; everything else goes to the
  reference, whose verdict and reason stand. A differential fuzz test holds them together.

This is the only module that imports msgpack.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

import msgpack
import msgspec

from confedproto.clean import text_is_clean
from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.limits import (
    ARRAY_MAX,
    DEPTH_MAX,
    INT_MAX,
    INT_MIN,
    KEY_MAX,
    MAP_MAX,
    RECORD_MAX_BYTES,
)

Value = Any
"""int, bool, str, bytes, list[Value] or dict[str, Value]: nothing else is ever decoded."""

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,30}\Z")
# Key lists that were found good, for a handful of record kinds makes most maps: at most
# 256 times 64 keys of 31 bytes, about 1 MB.
_good_keys: Final[set[tuple[str, ...]]] = set()
_GOOD_KEYS_MAX: Final = 256
# Headers that declare a length of 16 or 32 bits for a container. The C decoder allocates
# what such a header says (capped at ARRAY_MAX slots, 8 KiB) before it sees the items.
_WIDE_HEADERS: Final = (b"\xdc", b"\xdd", b"\xde", b"\xdf")
_WIDE_HEADERS_MAX: Final = 256  # times 8 KiB: at most 2 MiB allocated ahead of the bytes
_WIDE_HEADER_BYTES: Final = 3  # the shortest one, so shorter input cannot have too many


# --- encoding ----------------------------------------------------------------------------


def encode(value: Value, *, max_bytes: int = RECORD_MAX_BYTES) -> bytes:
    """The one encoding of `value`; map keys are sorted here.

    Raises LocalProtocolError with an ENC_* reason for a value that has none.
    """
    out: bytes = msgpack.packb(_canonical(value, 1))
    if len(out) > max_bytes:
        raise LocalProtocolError(Reason.ENC_SIZE, f"{len(out)} > {max_bytes} bytes")
    return out


def encode_again(value: Value, *, max_bytes: int = RECORD_MAX_BYTES) -> bytes:
    """`encode` of a value whose parts came from `decode`, maps in order: nothing is checked.

    For comparing with bytes at hand; what is written or sent goes through `encode`.
    """
    out: bytes = msgpack.packb(value)
    if len(out) > max_bytes:
        raise LocalProtocolError(Reason.ENC_SIZE, f"{len(out)} > {max_bytes} bytes")
    return out


def _canonical(value: Value, depth: int) -> Value:
    match value:
        case bool():
            return value
        case int():
            if not INT_MIN <= value <= INT_MAX:
                raise LocalProtocolError(Reason.ENC_INT_RANGE)
            return value
        case bytes():
            return value
        case str():
            if not text_is_clean(value):
                raise LocalProtocolError(Reason.ENC_TEXT)
            try:
                value.encode()
            except UnicodeEncodeError:
                raise LocalProtocolError(Reason.ENC_UTF8) from None
            return value
        case Mapping():
            entries: Mapping[Any, Value] = value
            _check_container(len(entries), MAP_MAX, Reason.ENC_MAP_LENGTH, depth)
            for key in entries:
                if not isinstance(key, str):
                    raise LocalProtocolError(Reason.ENC_KEY_TYPE)
                if _KEY.match(key) is None:
                    raise LocalProtocolError(Reason.ENC_KEY_FORM)
            return {key: _canonical(entries[key], depth + 1) for key in sorted(entries)}
        case bytearray() | memoryview():
            raise LocalProtocolError(Reason.ENC_TYPE, type(value).__name__)  # not a list of ints
        case Sequence():
            items: Sequence[Value] = value
            _check_container(len(items), ARRAY_MAX, Reason.ENC_ARRAY_LENGTH, depth)
            return [_canonical(item, depth + 1) for item in items]
        case _:
            raise LocalProtocolError(Reason.ENC_TYPE, type(value).__name__)


def _check_container(length: int, most: int, reason: Reason, depth: int) -> None:
    if length > most:
        raise LocalProtocolError(reason)
    if depth > DEPTH_MAX:
        raise LocalProtocolError(Reason.ENC_DEPTH)


# --- decoding, fast path -----------------------------------------------------------------


def decode(data: bytes, *, max_bytes: int = RECORD_MAX_BYTES) -> Value:
    """The value that `data` encodes. Raises DecodeError with an ENC_* reason.

    `max_bytes` is the bound of the container that the bytes came in.
    """
    if len(data) <= max_bytes and _wide_headers(data) <= _WIDE_HEADERS_MAX:
        try:
            value = msgpack.unpackb(
                data,
                raw=False,
                strict_map_key=True,
                max_array_len=ARRAY_MAX,
                max_map_len=MAP_MAX,
                max_ext_len=0,
            )
            if _are_plain((value,), DEPTH_MAX) and msgpack.packb(value) == data:
                return value
        except (ValueError, TypeError, msgpack.UnpackException, OverflowError, RecursionError):
            pass  # whatever it was, the reference says it in our terms
    return decode_reference(data, max_bytes=max_bytes)


def _wide_headers(data: bytes) -> int:
    """How many bytes of `data` could be such a header; 0 if there is no room for too many."""
    if len(data) <= _WIDE_HEADERS_MAX * _WIDE_HEADER_BYTES:
        return 0
    return sum(map(data.count, _WIDE_HEADERS))


def _are_plain(values: Iterable[Value], levels: int) -> bool:
    """True if every part of `values` is of an allowed type, range and form, `levels` deep.

    How many items an array or map may have, the C decoder was told.
    """
    for value in values:
        kind = type(value)
        if kind is bytes:
            continue
        if kind is int:
            if INT_MIN <= value <= INT_MAX:
                continue
            return False
        if kind is str:
            if text_is_clean(value):
                continue
            return False
        if kind is list:
            if levels and _are_plain(value, levels - 1):
                continue
            return False
        if kind is dict:
            if levels and _are_keys(value) and _are_plain(value.values(), levels - 1):
                continue
            return False
        if kind is not bool:
            return False
    return True


def _are_keys(entries: Mapping[str, Value]) -> bool:
    """True if the keys are well formed and in order; a dict has none of them twice."""
    keys = tuple(entries)
    if keys in _good_keys:
        return True
    # A key of bytes is a TypeError, which `decode` hands to the reference like any other fault.
    if list(keys) != sorted(keys) or not all(map(_KEY.match, keys)):
        return False
    if len(_good_keys) >= _GOOD_KEYS_MAX:
        _good_keys.clear()
    _good_keys.add(keys)
    return True


_T = TypeVar("_T")


class Exact(Generic[_T]):
    """Reads the bytes of one type, of structs, at once, where they are exactly its encoding.

    For bulk: a fifth of the time of `decode` and a conversion, and no header makes it allocate
    more than the bytes can hold. Optional fields are omitted where they are None; lists have a
    bound; whoever reads texts asks `text_is_clean` of each.
    """

    def __init__(self, kind: type[_T], *, sort: bool = False) -> None:
        """`sort`: a struct's fields do not stand in the order of their names."""
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._encode = msgspec.msgpack.Encoder(order="sorted" if sort else None).encode

    def read(self, data: bytes) -> _T | None:
        """The value, or None: then `decode` says what the bytes are."""
        try:
            value = self._decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return value if self._encode(value) == data else None

    def write(self, value: _T) -> bytes:
        """The bytes of a value that came from bytes."""
        return self._encode(value)


class Again(Generic[_T]):
    """Reads bytes of one type that were decoded before and have not changed since.

    Their canonical form is not looked at again, so it is for nobody who has not looked at it.
    """

    def __init__(self, kind: type[_T]) -> None:
        self._decoder = msgspec.msgpack.Decoder(kind)

    def read(self, data: bytes | msgspec.Raw) -> _T | None:
        """The value, or None: then `decode` says what the bytes are."""
        try:
            return self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


# --- decoding, reference -----------------------------------------------------------------

# header byte -> (bytes of the number that follows, smallest number that needs that many)
_UINT: Final = {0xCC: (1, 128), 0xCD: (2, 1 << 8), 0xCE: (4, 1 << 16), 0xCF: (8, 1 << 32)}
_INT: Final = {
    0xD0: (1, -33),
    0xD1: (2, -(1 << 7) - 1),
    0xD2: (4, -(1 << 15) - 1),
    0xD3: (8, -(1 << 31) - 1),
}
_STR: Final = {0xD9: (1, 32), 0xDA: (2, 1 << 8), 0xDB: (4, 1 << 16)}
_BIN: Final = {0xC4: (1, 0), 0xC5: (2, 1 << 8), 0xC6: (4, 1 << 16)}
_ARRAY: Final = {0xDC: (2, 16), 0xDD: (4, 1 << 16)}
_MAP: Final = {0xDE: (2, 16), 0xDF: (4, 1 << 16)}
_REFUSED: Final = {
    0xC0: Reason.ENC_NIL,
    0xC1: Reason.ENC_RESERVED,
    0xCA: Reason.ENC_FLOAT,
    0xCB: Reason.ENC_FLOAT,
    **dict.fromkeys((0xC7, 0xC8, 0xC9, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8), Reason.ENC_EXT),
}


def decode_reference(data: bytes, *, max_bytes: int = RECORD_MAX_BYTES) -> Value:
    """Like `decode`, one byte after the other; its verdict is the protocol's."""
    if len(data) > max_bytes:
        raise DecodeError(Reason.ENC_SIZE, f"{len(data)} > {max_bytes} bytes")
    if not data:
        raise DecodeError(Reason.ENC_EMPTY)
    reader = _Reader(data)
    value = reader.value(1)
    if reader.at != len(data):
        raise DecodeError(Reason.ENC_TRAILING, f"at byte {reader.at}")
    return value


class _Reader:
    """One pass over the bytes; `at` is the index of the next byte."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def fail(self, reason: Reason) -> DecodeError:
        return DecodeError(reason, f"at byte {self.at}")

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise self.fail(Reason.ENC_TRUNCATED)
        self.at += count
        return self.data[self.at - count : self.at]

    def length(self, width: int, least: int) -> int:
        """A declared length of `width` bytes; refused if a shorter header would do."""
        length = int.from_bytes(self.take(width), "big")
        if length < least:
            raise self.fail(Reason.ENC_LENGTH_SHORTEST)
        return length

    def value(self, depth: int) -> Value:
        first = self.take(1)[0]
        if first <= 0x7F:
            return first
        if first >= 0xE0:
            return first - 256
        if first <= 0x8F:
            return self.map(first & 0x0F, depth)
        if first <= 0x9F:
            return self.array(first & 0x0F, depth)
        if first <= 0xBF:
            return self.text(first & 0x1F)
        if first in _REFUSED:
            raise self.fail(_REFUSED[first])
        if first in (0xC2, 0xC3):
            return first == 0xC3
        if first in _BIN:
            return self.take(self.length(*_BIN[first]))
        if first in _STR:
            return self.text(self.length(*_STR[first]))
        if first in _ARRAY:
            return self.array(self.length(*_ARRAY[first]), depth)
        if first in _MAP:
            return self.map(self.length(*_MAP[first]), depth)
        return self.integer(first)

    def integer(self, first: int) -> int:
        if first in _UINT:
            width, least = _UINT[first]
            number = int.from_bytes(self.take(width), "big")
            if number < least:
                raise self.fail(Reason.ENC_INT_SHORTEST)
        else:
            width, most = _INT[first]
            number = int.from_bytes(self.take(width), "big", signed=True)
            if number > most:
                raise self.fail(Reason.ENC_INT_SHORTEST)
        if not INT_MIN <= number <= INT_MAX:
            raise self.fail(Reason.ENC_INT_RANGE)
        return number

    def text(self, length: int) -> str:
        raw = self.take(length)
        try:
            text = raw.decode("utf-8", "strict")
        except UnicodeDecodeError:
            raise self.fail(Reason.ENC_UTF8) from None
        if not text_is_clean(text):
            raise self.fail(Reason.ENC_TEXT)
        return text

    def array(self, length: int, depth: int) -> list[Value]:
        if length > ARRAY_MAX:
            raise self.fail(Reason.ENC_ARRAY_LENGTH)
        if depth > DEPTH_MAX:
            raise self.fail(Reason.ENC_DEPTH)
        if length > len(self.data) - self.at:
            raise self.fail(Reason.ENC_TRUNCATED)
        return [self.value(depth + 1) for _ in range(length)]

    def map(self, length: int, depth: int) -> dict[str, Value]:
        if length > MAP_MAX:
            raise self.fail(Reason.ENC_MAP_LENGTH)
        if depth > DEPTH_MAX:
            raise self.fail(Reason.ENC_DEPTH)
        if 2 * length > len(self.data) - self.at:
            raise self.fail(Reason.ENC_TRUNCATED)
        out: dict[str, Value] = {}
        last = ""
        for _ in range(length):
            key = self.key()
            if key == last:
                raise self.fail(Reason.ENC_KEY_DUPLICATE)
            if key < last:
                raise self.fail(Reason.ENC_KEY_ORDER)
            out[key] = self.value(depth + 1)
            last = key
        return out

    def key(self) -> str:
        first = self.take(1)[0]
        if not 0xA0 <= first <= 0xBF:
            # A key of 32 bytes or more has another header, and no key is that long.
            raise self.fail(Reason.ENC_KEY_FORM if first in _STR else Reason.ENC_KEY_TYPE)
        raw = self.take(first & 0x1F)
        key = raw.decode("latin-1")
        if len(raw) > KEY_MAX or _KEY.match(key) is None:
            raise self.fail(Reason.ENC_KEY_FORM)
        return key
