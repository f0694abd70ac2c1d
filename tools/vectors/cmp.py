"""A naive CMP encoder, written from specs/01 alone, and the tagged values of the driver."""

from typing import Any


def number(value: int) -> bytes:
    """The shortest form of an integer."""
    if 0 <= value < 128:
        return bytes([value])
    if -32 <= value < 0:
        return bytes([value + 256])
    if value >= 0:
        for header, width in ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)):
            if value < 256**width:
                return bytes([header]) + value.to_bytes(width, "big")
    for header, width in ((0xD0, 1), (0xD1, 2), (0xD2, 4), (0xD3, 8)):
        if -(256**width) // 2 <= value:
            return bytes([header]) + value.to_bytes(width, "big", signed=True)
    raise OverflowError(value)


def header(kind: str, length: int) -> bytes:
    """The shortest header of a str, bin, array or map of this length."""
    fixed = {"s": (0xA0, 32), "x": (0, 0), "a": (0x90, 16), "m": (0x80, 16)}
    wide = {
        "s": ((0xD9, 1), (0xDA, 2), (0xDB, 4)),
        "x": ((0xC4, 1), (0xC5, 2), (0xC6, 4)),
        "a": ((0xDC, 2), (0xDD, 4)),
        "m": ((0xDE, 2), (0xDF, 4)),
    }
    base, below = fixed[kind]
    if length < below:
        return bytes([base + length])
    for first, width in wide[kind]:
        if length < 256**width:
            return bytes([first]) + length.to_bytes(width, "big")
    raise OverflowError(length)


def encode(value: Any) -> bytes:
    """The encoding of int, bool, str, bytes, list or dict; keys sorted bytewise."""
    match value:
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return number(value)
        case str():
            raw = value.encode("utf-8", "surrogatepass")
            return header("s", len(raw)) + raw
        case bytes():
            return header("x", len(value)) + value
        case list() | tuple():
            return header("a", len(value)) + b"".join(encode(item) for item in value)
        case dict():
            pairs = sorted((encode(key)[1:], encode(item)) for key, item in value.items())
            body = b"".join(header("s", len(key)) + key + item for key, item in pairs)
            return header("m", len(pairs)) + body
        case _:
            raise TypeError(type(value).__name__)


def tagged(value: Any) -> list[Any]:
    """The value as the driver writes it in JSON."""
    match value:
        case bool():
            return ["b", value]
        case int():
            return ["i", str(value)]
        case str():
            return ["s", value]
        case bytes():
            return ["x", value.hex()]
        case list() | tuple():
            return ["a", [tagged(item) for item in value]]
        case dict():
            return ["m", [[key, tagged(value[key])] for key in sorted(value)]]
        case _:
            raise TypeError(type(value).__name__)
