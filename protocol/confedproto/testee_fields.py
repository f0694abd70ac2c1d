"""The fields of a request to the testee, checked: what is not of its type is a bad request."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from confedproto import codec
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import NetworkId
from confedproto.limits import INT_MAX, TIME_MAX_S

Fields = Mapping[str, Any]

_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*")
_DECIMAL: Final = re.compile(r"0|-?[1-9][0-9]*")
_DECIMAL_MAX_CHARS: Final = 24  # more digits are beyond INT_MAX, whatever they say


class BadRequest(Exception):
    """The line is not a request: a field is missing or of another type."""


def field(request: Fields, name: str, kind: type) -> Any:
    """The field, which must be of exactly this type: true is no number."""
    value = request.get(name)
    if type(value) is not kind:
        raise BadRequest
    return value


def unhex(value: object) -> bytes:
    """The bytes of lower-case hex."""
    if not isinstance(value, str) or _HEX.fullmatch(value) is None:
        raise BadRequest
    return bytes.fromhex(value)


def hex_of(request: Fields, name: str, length: int | None = None) -> bytes:
    """The bytes of a field, `length` of them if that is said."""
    raw = unhex(request.get(name))
    if length is not None and len(raw) != length:
        raise BadRequest
    return raw


def hex_list(request: Fields, name: str) -> list[bytes]:
    """The bytes of each item of a field."""
    return [unhex(item) for item in field(request, name, list)]


def network_of(request: Fields) -> NetworkId:
    """The field `net`."""
    return NetworkId(hex_of(request, "net", 32))


def time_of(request: Fields, name: str) -> int:
    """Whole seconds UTC, in the range of TIM-1."""
    time: int = field(request, name, int)
    if not 0 <= time <= TIME_MAX_S:
        raise BadRequest
    return time


def bare(row: object) -> tuple[bytes, bytes | None]:
    """A record: its envelope, or [envelope, part]."""
    match row:
        case str():
            return unhex(row), None
        case [str() as envelope, str() as part]:
            return unhex(envelope), unhex(part)
        case _:
            raise BadRequest


# --- tagged values -----------------------------------------------------------------------


def tagged(value: codec.Value) -> list[Any]:
    """A value with its type beside it, as JSON has it."""
    match value:
        case bool():
            return ["b", value]
        case int():
            return ["i", str(value)]
        case str():
            return ["s", value]
        case bytes():
            return ["x", value.hex()]
        case list():
            return ["a", [tagged(item) for item in value]]
        case _:
            return ["m", [[key, tagged(item)] for key, item in value.items()]]


def untagged(value: object) -> codec.Value:
    """The value that a tagged one names."""
    match value:
        case ["i", str(digits)] if _DECIMAL.fullmatch(digits):
            return int(digits) if len(digits) <= _DECIMAL_MAX_CHARS else INT_MAX + 1
        case ["b", bool(truth)]:
            return truth
        case ["s", str(string)]:
            return string
        case ["x", str(digits)]:
            return unhex(digits)
        case ["a", list(items)]:
            return [untagged(item) for item in items]
        case ["m", list(pairs)]:
            return _untagged_map(pairs)
        case [str(tag), _] if tag not in ("i", "b", "s", "x", "a", "m"):
            raise LocalProtocolError(Reason.ENC_TYPE)
        case _:
            raise BadRequest


def _untagged_map(pairs: Sequence[object]) -> dict[str, codec.Value]:
    entries: dict[str, codec.Value] = {}
    for pair in pairs:
        match pair:
            case [str(key), value]:
                if key in entries:
                    raise LocalProtocolError(Reason.ENC_KEY_DUPLICATE)
                entries[key] = untagged(value)
            case _:
                raise BadRequest
    return entries
