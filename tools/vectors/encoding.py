"""Vectors of specs/01: `decode` and `encode`."""

from collections.abc import Iterator
from typing import Any, Final

from tools.vectors import cmp
from tools.vectors.base import Vectors

RECORD_MAX_BYTES: Final = 16_384
INT_MAX: Final = 2**53 - 1

_INTS: Final = (
    *(0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, INT_MAX),
    *(-1, -32, -33, -128, -129, -32_768, -32_769, -(2**31), -(2**31) - 1, -INT_MAX),
)
_TEXTS: Final = {
    "empty": "",
    "one-character": "a",
    "31-bytes": "x" * 31,
    "32-bytes": "x" * 32,
    "255-bytes": "x" * 255,
    "256-bytes": "x" * 256,
    "line-feed": "one\ntwo",
    "two-byte-characters": "äöü",
    "four-byte-character": "\U0001f91d",
    "composed-not-required": "a\u0308",  # a, then a combining diaeresis: no NFC rule
    "last-code-point": "\U0010ffff",
}
# The first and the last of each range that ENC-13 bans.
_BANNED: Final = (
    *((0x00, 0x09), (0x0B, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C)),
    *((0x180E, 0x180E), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F)),
    *((0xFDD0, 0xFDEF), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0xFFFE, 0xFFFF)),
    (0xE0000, 0xE007F),
)
_SURROGATES: Final = range(0xD800, 0xE000)


def _values() -> Iterator[tuple[str, str, str, Any]]:
    """Rule, name, why, value: what is accepted and encodes to one text of bytes."""
    for value in _INTS:
        yield "ENC-10", f"int-{value}".replace("--", "-minus-"), "an edge of integer forms", value
    yield "ENC-5", "true", "the byte c3", True
    yield "ENC-5", "false", "the byte c2", False
    for name, text in _TEXTS.items():
        yield "ENC-12", f"str-{name}", "well-formed text without banned characters", text
    for length in (0, 1, 255, 256):
        yield "ENC-11", f"bin-{length}", "an edge of bin headers", bytes(length)
    for length in (0, 15, 16, 1024):
        rule = "ENC-19" if length == 1024 else "ENC-11"
        yield rule, f"array-{length}", "an edge of array headers", [0] * length
    for length in (0, 15, 16, 64):
        rule = "ENC-20" if length == 64 else "ENC-11"
        yield rule, f"map-{length}", "an edge of map headers", _map(length)
    yield "ENC-15", "key-31-bytes", "the longest key", {"k" * 31: 0}
    keys = {"a": 0, "a0": 1, "a_": 2, "aa": 3, "b": 4}
    yield "ENC-16", "key-order", "keys compare byte by byte: 0 < _ < a", keys
    yield "ENC-18", "depth-8-arrays", "eight levels", _nest(8, "a")
    yield "ENC-18", "depth-8-maps", "eight levels", _nest(8, "m")
    yield "ENC-18", "depth-scalar-below-8", "a scalar is no level", _nest(7, "a", [[1, "x"]])
    mixed = {"a": [1, True, "x", b"\x00"], "b": {"c": []}}
    yield "ENC-5", "all-types", "each of the six types in one value", mixed
    full = bytes(RECORD_MAX_BYTES - 3)
    yield "ENC-1", "size-16384", "exactly RECORD_MAX_BYTES", full


def _map(length: int) -> dict[str, Any]:
    return {f"k{number:02}": number for number in range(length)}


def _nest(levels: int, kind: str, inner: Any = None) -> Any:
    value: Any = inner if inner is not None else ([] if kind == "a" else {})
    for _ in range(levels - 1):
        value = [value] if kind == "a" else {"k": value}
    return value


def decode() -> Vectors:
    """Bytes that are, or are not, the one encoding of a value."""
    out = Vectors("decode")
    for rule, slug, why, value in _values():
        raw = cmp.encode(value)
        out.good(rule, slug, why, {"in": raw.hex()}, value=cmp.tagged(value))
    for point in _beside_banned():
        raw = cmp.encode(chr(point))
        why = f"U+{point:04X} stands beside a banned range"
        out.good("ENC-13", f"text-{point:04x}", why, {"in": raw.hex()}, value=["s", chr(point)])
    for rule, reason, slug, why, raw in (*_broken_frame(), *_broken_form(), *_broken_containers()):
        out.bad(rule, reason, slug, why, {"in": raw.hex()})
    return out


def _beside_banned() -> Iterator[int]:
    banned = {point for low, high in _BANNED for point in range(low, high + 1)}
    for low, high in _BANNED:
        for point in (low - 1, high + 1):
            if point >= 0 and point not in banned | set(_SURROGATES):
                banned.add(point)  # the same neighbour of two ranges once
                yield point


Broken = Iterator[tuple[str, str, str, str, bytes]]


def _broken_frame() -> Broken:
    over = cmp.encode(bytes(RECORD_MAX_BYTES - 2))
    yield "ENC-1", "enc-size", "size-16385", "one byte more than RECORD_MAX_BYTES", over
    yield "ENC-2", "enc-empty", "empty", "no bytes are no value", b""
    for slug, tail in (("zero", "00"), ("nil", "c0"), ("same-again", "93010203"), ("space", "20")):
        extended = bytes.fromhex("93010203" + tail)
        yield "ENC-3", "enc-trailing", f"trailing-{slug}", "bytes after the value", extended
    for slug, raw in (
        *((f"uint-header-{h}", h) for h in ("cc", "cd01", "ce010000", "cf01000000000000")),
        *((f"int-header-{h}", h) for h in ("d0", "d180", "d2800000", "d3800000")),
        *((f"str-header-{h}", h) for h in ("d9", "da01", "db000100")),
        *((f"bin-header-{h}", h) for h in ("c4", "c501", "c6000100")),
        *((f"array-header-{h}", h) for h in ("dc", "dc00", "dd000100")),
        *((f"map-header-{h}", h) for h in ("de", "de00", "df000100")),
        ("str-short", "a3" + "6161"),
        ("str8-short", "d920" + "61" * 31),
        ("bin-short", "c404" + "000000"),
        ("bin32-huge", "c6ffffffff"),
        ("bin32-huge-with-bytes", "c6ffffffff" + "00" * 64),
        ("str32-huge", "dbffffffff"),
        ("array-short", "930102"),
        ("array-1024-of-none", "dc0400"),
        ("map-64-of-none", "de0040"),
        ("map-without-last-value", "82a16101a162"),
        ("map-key-short", "81a561"),
        ("nested-short", "9191c410" + "00" * 15),
    ):
        why = "a length beyond the bytes that are left"
        yield "ENC-4", "enc-truncated", f"truncated-{slug}", why, bytes.fromhex(raw)


def _broken_form() -> Broken:
    for slug, raw in (("nil", "c0"), ("nil-item", "9201c0"), ("nil-value", "81a161c0")):
        yield "ENC-6", "enc-nil", slug, "absent is written by leaving out", bytes.fromhex(raw)
    for slug, raw in (
        *(
            ("float32", "ca00000000"),
            ("float64", "cb3ff0000000000000"),
            ("float-nan", "ca7fc00000"),
        ),
        ("float-in-map", "81a161cb0000000000000000"),
    ):
        yield "ENC-7", "enc-float", slug, "no floating point", bytes.fromhex(raw)
    for slug, raw in (
        *(("fixext1", "d40100"), ("fixext2", "d5010000"), ("fixext4-time", "d6ff00000000")),
        *(("fixext8", "d701" + "00" * 8), ("fixext16", "d801" + "00" * 16), ("ext8", "c70001")),
        *(("ext16", "c8000001"), ("ext32", "c90000000001"), ("ext-in-array", "91d40100")),
    ):
        yield "ENC-8", "enc-ext", slug, "no extension types", bytes.fromhex(raw)
    for slug, raw in (("reserved", "c1"), ("reserved-in-array", "9201c1")):
        yield "ENC-9", "enc-reserved", slug, "c1 begins nothing", bytes.fromhex(raw)
    for value in (2**53, 2**63, 2**64 - 1, -(2**53), -(2**63)):
        slug = f"int-{value}".replace("--", "-minus-")
        why = "beyond what every language holds exactly"
        yield "ENC-21", "enc-int-range", slug, why, cmp.number(value)
    for raw in (
        *("cc00", "cc7f", "cd0000", "cd00ff", "ce00000000", "ce0000ffff", "cf0000000000000000"),
        *("cf00000000ffffffff", "d000", "d07f", "d0e0", "d0ff", "d100ff", "d1ff80", "d1ffff"),
        *("d20000ffff", "d2ffff8000", "d3000000007fffffff", "d3ffffffff80000000"),
        "d3ffffffffffffffff",
    ):
        why = "a shorter form says the same number"
        yield "ENC-10", "enc-int-shortest", f"int-long-{raw}", why, bytes.fromhex(raw)
    for slug, raw in (
        *(("str8-of-0", "d900"), ("str8-of-31", "d91f" + "61" * 31)),
        *(("str16-of-1", "da000161"), ("str16-of-255", "da00ff" + "61" * 255)),
        *(("str32-of-1", "db0000000161"), ("str32-of-256", "db00000100" + "61" * 256)),
        *(("bin16-of-0", "c50000"), ("bin16-of-255", "c500ff" + "00" * 255)),
        *(("bin32-of-1", "c60000000100"), ("bin32-of-256", "c600000100" + "00" * 256)),
        *(("array16-of-0", "dc0000"), ("array16-of-15", "dc000f" + "00" * 15)),
        *(("array32-of-1", "dd0000000100"), ("array32-of-16", "dd00000010" + "00" * 16)),
        *(("map16-of-0", "de0000"), ("map16-of-1", "de0001a16100")),
        ("map32-of-1", "df00000001a16100"),
    ):
        why = "a shorter header says the same length"
        yield "ENC-11", "enc-length-shortest", f"long-{slug}", why, bytes.fromhex(raw)
    for slug, raw in (
        *(("continuation", "80"), ("overlong-2", "c080"), ("overlong-slash", "c0af")),
        *(("overlong-3", "e08080"), ("overlong-4", "f0808080"), ("surrogate-low", "eda080")),
        *(("surrogate-high", "edbfbf"), ("beyond-last", "f4908080"), ("fe", "fe"), ("ff", "ff")),
        *(
            ("cut-2", "c3"),
            ("cut-3", "e282"),
            ("cut-4", "f09f98"),
            ("latin-1", "e4"),
        ),
    ):
        body = bytes.fromhex(raw)
        why = "not well-formed UTF-8"
        yield "ENC-12", "enc-utf8", f"utf8-{slug}", why, cmp.header("s", len(body)) + body
    for low, high in _BANNED:
        for point in sorted({low, high}):
            why = f"U+{point:04X} is banned in text"
            yield "ENC-13", "enc-text", f"text-{point:04x}", why, cmp.encode(chr(point))
    yield "ENC-13", "enc-text", "text-inside", "banned in the middle", cmp.encode("a\u202eb")


def _broken_containers() -> Broken:
    for slug, raw in (
        *(("int", "810100"), ("true", "81c300"), ("bin", "81c4016100"), ("array", "819000")),
        *(("map", "818000"), ("second-int", "82a161000100")),
    ):
        yield "ENC-14", "enc-key-type", f"key-{slug}", "a key is a str", bytes.fromhex(raw)
    for slug, key in (
        *(("empty", ""), ("upper", "A"), ("digit-first", "1a"), ("underscore-first", "_a")),
        *(("hyphen", "a-b"), ("space", "a b"), ("umlaut", "ä"), ("line-feed", "a\n")),
        *(("dot", "a.b"), ("upper-inside", "aB"), ("32-bytes", "k" * 32), ("256-bytes", "k" * 256)),
    ):
        entry = cmp.header("m", 1) + cmp.encode(key) + b"\x00"
        yield "ENC-15", "enc-key-form", f"key-{slug}", "[a-z][a-z0-9_]{0,30}", entry
    for slug, keys in (
        *(("b-a", ("b", "a")), ("longer-first", ("aa", "a")), ("underscore-digit", ("a_", "a0"))),
        *(
            ("letter-underscore", ("aa", "a_")),
            ("third", ("a", "c", "b")),
            ("a-b-a", ("a", "b", "a")),
        ),
    ):
        yield "ENC-16", "enc-key-order", f"order-{slug}", "keys strictly increase", _keys(keys)
    for slug, keys in (("a-a", ("a", "a")), ("last", ("a", "b", "b"))):
        yield "ENC-17", "enc-key-duplicate", f"twice-{slug}", "one key twice", _keys(keys)
    deep = {"arrays": _nest(9, "a"), "maps": _nest(9, "m"), "mixed": [{"k": _nest(7, "a")}]}
    for slug, value in deep.items():
        yield "ENC-18", "enc-depth", f"depth-9-{slug}", "a ninth level", cmp.encode(value)
    long = cmp.encode([0] * 1025)
    yield "ENC-19", "enc-array-length", "array-1025", "one item more than ARRAY_MAX", long
    inside = cmp.encode([[True] * 1025])
    yield "ENC-19", "enc-array-length", "array-1025-nested", "also inside", inside
    wide = cmp.encode(_map(65))
    yield "ENC-20", "enc-map-length", "map-65", "one entry more than MAP_MAX", wide


def _keys(keys: tuple[str, ...]) -> bytes:
    return cmp.header("m", len(keys)) + b"".join(cmp.encode(key) + b"\x00" for key in keys)


def encode() -> Vectors:
    """Values and their one encoding, and values that have none."""
    out = Vectors("encode")
    for rule, slug, why, value in _values():
        out.good(rule, slug, why, {"value": cmp.tagged(value)}, out=cmp.encode(value).hex())
    unsorted = ["m", [["b", ["i", "2"]], ["a", ["i", "1"]], ["a_", ["i", "3"]], ["a0", ["i", "4"]]]]
    raw = cmp.encode({"a": 1, "a0": 4, "a_": 3, "b": 2})
    out.good("ENC-16", "sorts-keys", "the encoder sorts", {"value": unsorted}, out=raw.hex())
    zero = ["i", "0"]
    for rule, reason, slug, why, value in (
        ("ENC-1", "enc-size", "size-16385", "too long", ["x", "00" * (RECORD_MAX_BYTES - 2)]),
        ("ENC-21", "enc-int-range", "int-above", "2^53", ["i", str(2**53)]),
        ("ENC-21", "enc-int-range", "int-below", "-2^53", ["i", str(-(2**53))]),
        ("ENC-21", "enc-int-range", "int-far", "2^64", ["i", str(2**64)]),
        ("ENC-12", "enc-utf8", "lone-surrogate", "no UTF-8 has it", ["s", "a\ud800b"]),
        ("ENC-13", "enc-text", "bidi", "U+202E", ["s", "a\u202eb"]),
        ("ENC-13", "enc-text", "nul", "U+0000", ["s", "a\x00b"]),
        ("ENC-13", "enc-text", "carriage-return", "U+000D", ["s", "a\r\nb"]),
        ("ENC-15", "enc-key-form", "key-upper", "upper case", ["m", [["A", zero]]]),
        ("ENC-15", "enc-key-form", "key-empty", "no characters", ["m", [["", zero]]]),
        ("ENC-15", "enc-key-form", "key-32-bytes", "too long", ["m", [["k" * 32, zero]]]),
        ("ENC-17", "enc-key-duplicate", "twice", "twice", ["m", [["a", zero], ["a", zero]]]),
        ("ENC-18", "enc-depth", "depth-9", "a ninth level", cmp.tagged(_nest(9, "a"))),
        ("ENC-19", "enc-array-length", "array-1025", "too many", ["a", [zero] * 1025]),
        ("ENC-20", "enc-map-length", "map-65", "too many", cmp.tagged(_map(65))),
        ("ENC-22", "enc-type", "float", "no such type", ["f", "0.5"]),
        ("ENC-22", "enc-type", "nil", "no such type", ["n", ""]),
    ):
        out.bad(rule, reason, slug, why, {"value": value})
    return out
