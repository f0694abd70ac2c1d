"""CMP: every rule broken by hand, and two decoders that never disagree."""

import random
import struct
import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confedproto import codec
from confedproto.clean import text_is_clean
from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.limits import ARRAY_MAX, DEPTH_MAX, INT_MAX, INT_MIN, MAP_MAX, RECORD_MAX_BYTES
from tools.fuzz import mutate

DECODERS = (codec.decode, codec.decode_reference)


def fixed_text(text: bytes) -> bytes:
    """A string of at most 31 bytes with its one-byte header."""
    return bytes([0xA0 + len(text)]) + text


def nested(levels: int) -> bytes:
    """Arrays in arrays; the innermost is empty."""
    return b"\x91" * (levels - 1) + b"\x90"


def wide_map(entries: int) -> bytes:
    keys = sorted(f"k{number}" for number in range(entries))
    return struct.pack(">BH", 0xDE, entries) + b"".join(
        fixed_text(key.encode()) + b"\x00" for key in keys
    )


# (what is wrong, bytes, reason): each breaks one rule and no other.
HOSTILE: list[tuple[str, bytes, Reason]] = [
    ("nothing", b"", Reason.ENC_EMPTY),
    ("half an int", b"\xcd\x01", Reason.ENC_TRUNCATED),
    ("half a string", b"\xa3ab", Reason.ENC_TRUNCATED),
    ("half a bin", b"\xc4\x05abcd", Reason.ENC_TRUNCATED),
    ("a length cut off", b"\xc5\x01", Reason.ENC_TRUNCATED),
    ("an array short of items", b"\x93\x01\x02", Reason.ENC_TRUNCATED),
    ("a map short of a value", b"\x81\xa1a", Reason.ENC_TRUNCATED),
    ("a long array of nothing", b"\xdc\x04\x00", Reason.ENC_TRUNCATED),
    ("a bin of 4 GiB", b"\xc6\xff\xff\xff\xff", Reason.ENC_TRUNCATED),
    ("two values", b"\x01\x02", Reason.ENC_TRAILING),
    ("a byte after a map", b"\x80\x00", Reason.ENC_TRAILING),
    ("too long", b"\xc5\x40\x00" + bytes(16_384), Reason.ENC_SIZE),
    ("nil", b"\xc0", Reason.ENC_NIL),
    ("nil inside", b"\x91\xc0", Reason.ENC_NIL),
    ("float 32", b"\xca\x00\x00\x00\x00", Reason.ENC_FLOAT),
    ("float 64", b"\xcb" + bytes(8), Reason.ENC_FLOAT),
    ("fixext 1", b"\xd4\x00\x00", Reason.ENC_EXT),
    ("fixext 16", b"\xd8\x00" + bytes(16), Reason.ENC_EXT),
    ("ext 8", b"\xc7\x01\x00\x00", Reason.ENC_EXT),
    ("an empty ext", b"\xc7\x00\x05", Reason.ENC_EXT),
    ("a timestamp", b"\xd6\xff" + bytes(4), Reason.ENC_EXT),
    ("the reserved byte", b"\xc1", Reason.ENC_RESERVED),
    ("2^53", b"\xcf\x00\x20" + bytes(6), Reason.ENC_INT_RANGE),
    ("-2^53", b"\xd3\xff\xe0" + bytes(6), Reason.ENC_INT_RANGE),
    ("2^64-1", b"\xcf" + b"\xff" * 8, Reason.ENC_INT_RANGE),
    ("127 in two bytes", b"\xcc\x7f", Reason.ENC_INT_SHORTEST),
    ("255 in three bytes", b"\xcd\x00\xff", Reason.ENC_INT_SHORTEST),
    ("65535 in five bytes", b"\xce\x00\x00\xff\xff", Reason.ENC_INT_SHORTEST),
    ("2^32-1 in nine bytes", b"\xcf\x00\x00\x00\x00\xff\xff\xff\xff", Reason.ENC_INT_SHORTEST),
    ("-1 in two bytes", b"\xd0\xff", Reason.ENC_INT_SHORTEST),
    ("-32 in two bytes", b"\xd0\xe0", Reason.ENC_INT_SHORTEST),
    ("-128 in three bytes", b"\xd1\xff\x80", Reason.ENC_INT_SHORTEST),
    ("a positive signed int", b"\xd1\x7f\xff", Reason.ENC_INT_SHORTEST),
    ("zero as int 8", b"\xd0\x00", Reason.ENC_INT_SHORTEST),
    ("a short string as str 8", b"\xd9\x01a", Reason.ENC_LENGTH_SHORTEST),
    ("255 bytes as str 16", b"\xda\x00\xff" + b"a" * 255, Reason.ENC_LENGTH_SHORTEST),
    ("a bin 16 of one byte", b"\xc5\x00\x01a", Reason.ENC_LENGTH_SHORTEST),
    ("a bin 32 of one byte", b"\xc6\x00\x00\x00\x01a", Reason.ENC_LENGTH_SHORTEST),
    ("array 16 of one item", b"\xdc\x00\x01\x00", Reason.ENC_LENGTH_SHORTEST),
    ("array 32 of one item", b"\xdd\x00\x00\x00\x01\x00", Reason.ENC_LENGTH_SHORTEST),
    ("map 16 of nothing", b"\xde\x00\x00", Reason.ENC_LENGTH_SHORTEST),
    ("map 32 of nothing", b"\xdf\x00\x00\x00\x00", Reason.ENC_LENGTH_SHORTEST),
    ("Latin-1", b"\xa1\xe4", Reason.ENC_UTF8),
    ("an overlong slash", b"\xa2\xc0\xaf", Reason.ENC_UTF8),
    ("a surrogate", b"\xa3\xed\xa0\x80", Reason.ENC_UTF8),
    ("above U+10FFFF", b"\xa4\xf4\x90\x80\x80", Reason.ENC_UTF8),
    ("half a character", b"\xa1\xc3", Reason.ENC_UTF8),
    ("NUL", b"\xa1\x00", Reason.ENC_TEXT),
    ("a tab", b"\xa1\x09", Reason.ENC_TEXT),
    ("a carriage return", b"\xa1\x0d", Reason.ENC_TEXT),
    ("DEL", b"\xa1\x7f", Reason.ENC_TEXT),
    ("a C1 control", fixed_text("\x85".encode()), Reason.ENC_TEXT),
    ("right-to-left override", fixed_text("\u202e".encode()), Reason.ENC_TEXT),
    ("an isolate", fixed_text("\u2066".encode()), Reason.ENC_TEXT),
    ("zero width space", fixed_text("\u200b".encode()), Reason.ENC_TEXT),
    ("byte order mark", fixed_text("\ufeff".encode()), Reason.ENC_TEXT),
    ("a tag character", fixed_text("\U000e0041".encode()), Reason.ENC_TEXT),
    ("an int as key", b"\x81\x01\x01", Reason.ENC_KEY_TYPE),
    ("bytes as key", b"\x81\xc4\x01a\x01", Reason.ENC_KEY_TYPE),
    ("a map as key", b"\x81\x80\x01", Reason.ENC_KEY_TYPE),
    ("nil as key", b"\x81\xc0\x01", Reason.ENC_KEY_TYPE),
    ("an empty key", b"\x81\xa0\x01", Reason.ENC_KEY_FORM),
    ("a capital in a key", b"\x81\xa1A\x01", Reason.ENC_KEY_FORM),
    ("a digit first", b"\x81\xa11\x01", Reason.ENC_KEY_FORM),
    ("an underscore first", b"\x81\xa1_\x01", Reason.ENC_KEY_FORM),
    ("a hyphen in a key", b"\x81\xa3a-b\x01", Reason.ENC_KEY_FORM),
    ("a line feed after a key", b"\x81\xa2a\n\x01", Reason.ENC_KEY_FORM),
    ("not ASCII in a key", b"\x81\xa3a\xc3\xa4\x01", Reason.ENC_KEY_FORM),
    ("a key of 32 bytes", b"\x81\xd9\x20" + b"a" * 32 + b"\x01", Reason.ENC_KEY_FORM),
    ("keys backwards", b"\x82\xa1b\x01\xa1a\x01", Reason.ENC_KEY_ORDER),
    ("a longer key first", b"\x82\xa2aa\x01\xa1a\x01", Reason.ENC_KEY_ORDER),
    ("a key twice", b"\x82\xa1a\x01\xa1a\x01", Reason.ENC_KEY_DUPLICATE),
    ("nine levels", nested(DEPTH_MAX + 1), Reason.ENC_DEPTH),
    ("nine levels of maps", b"\x81\xa1a" * DEPTH_MAX + b"\x80", Reason.ENC_DEPTH),
    ("a thousand levels", nested(1_000), Reason.ENC_DEPTH),
    ("1,025 items", b"\xdc\x04\x01" + bytes(1_025), Reason.ENC_ARRAY_LENGTH),
    ("an array of 4 G items", b"\xdd\xff\xff\xff\xff", Reason.ENC_ARRAY_LENGTH),
    ("65 entries", wide_map(MAP_MAX + 1), Reason.ENC_MAP_LENGTH),
    ("a map of 4 G entries", b"\xdf\xff\xff\xff\xff", Reason.ENC_MAP_LENGTH),
]


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.__name__)
@pytest.mark.parametrize(("what", "data", "reason"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_decode_with_one_rule_broken_gives_its_reason(
    decoder: Any, what: str, data: bytes, reason: Reason
) -> None:
    with pytest.raises(DecodeError) as caught:
        decoder(data)
    assert caught.value.reason is reason, what


def test_hostile_list_breaks_every_rule_of_decoding() -> None:
    rules = {reason for reason in Reason if reason.value.startswith("enc-")}
    assert {reason for _, _, reason in HOSTILE} == rules - {Reason.ENC_TYPE}


# What encode refuses, by the value; ENC_TYPE exists here alone.
UNENCODABLE: list[tuple[object, Reason]] = [
    (None, Reason.ENC_TYPE),
    (1.0, Reason.ENC_TYPE),
    ({1, 2}, Reason.ENC_TYPE),
    (object(), Reason.ENC_TYPE),
    (bytearray(b"ab"), Reason.ENC_TYPE),
    (memoryview(b"ab"), Reason.ENC_TYPE),
    (INT_MAX + 1, Reason.ENC_INT_RANGE),
    (INT_MIN - 1, Reason.ENC_INT_RANGE),
    ("\x00", Reason.ENC_TEXT),
    ("\ud800", Reason.ENC_UTF8),
    ({1: 1}, Reason.ENC_KEY_TYPE),
    ({"A": 1}, Reason.ENC_KEY_FORM),
    ({"a" * 32: 1}, Reason.ENC_KEY_FORM),
    ([0] * (ARRAY_MAX + 1), Reason.ENC_ARRAY_LENGTH),
    ({f"k{n}": 0 for n in range(MAP_MAX + 1)}, Reason.ENC_MAP_LENGTH),
    ([[[[[[[[[]]]]]]]]], Reason.ENC_DEPTH),
    (bytes(RECORD_MAX_BYTES), Reason.ENC_SIZE),
]


@pytest.mark.parametrize(
    ("value", "reason"), UNENCODABLE, ids=[f"{type(v).__name__}-{r.value}" for v, r in UNENCODABLE]
)
def test_encode_of_a_value_without_encoding_gives_its_reason(value: object, reason: Reason) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        codec.encode(value)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (0, b"\x00"),
        (127, b"\x7f"),
        (128, b"\xcc\x80"),
        (255, b"\xcc\xff"),
        (256, b"\xcd\x01\x00"),
        (65_536, b"\xce\x00\x01\x00\x00"),
        (2**32, b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00"),
        (INT_MAX, b"\xcf\x00\x1f\xff\xff\xff\xff\xff\xff"),
        (-1, b"\xff"),
        (-32, b"\xe0"),
        (-33, b"\xd0\xdf"),
        (-129, b"\xd1\xff\x7f"),
        (-(2**31) - 1, b"\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"),
        (INT_MIN, b"\xd3\xff\xe0\x00\x00\x00\x00\x00\x01"),
        (True, b"\xc3"),
        (False, b"\xc2"),
        ("", b"\xa0"),
        ("a\nb", b"\xa3a\nb"),
        ("a" * 32, b"\xd9\x20" + b"a" * 32),
        (b"", b"\xc4\x00"),
        (bytes(256), b"\xc5\x01\x00" + bytes(256)),
        ([], b"\x90"),
        ([0] * 16, b"\xdc\x00\x10" + bytes(16)),
        ({}, b"\x80"),
        ({"b": 1, "a": 2}, b"\x82\xa1a\x02\xa1b\x01"),
        ({"a" * 31: 0}, b"\x81\xbf" + b"a" * 31 + b"\x00"),
    ],
    ids=lambda part: repr(part)[:30],
)
def test_encode_at_an_edge_gives_the_shortest_form(value: object, data: bytes) -> None:
    assert codec.encode(value) == data
    for decoder in DECODERS:
        assert repr(decoder(data)) == repr(
            dict(sorted(value.items())) if isinstance(value, dict) else value
        )


def test_decode_at_every_bound_still_accepts() -> None:
    for data in (nested(DEPTH_MAX), wide_map(MAP_MAX), b"\xdc\x04\x00" + bytes(ARRAY_MAX)):
        assert codec.encode(codec.decode(data)) == data
        assert codec.decode(data) == codec.decode_reference(data)


def test_decode_with_another_bound_takes_longer_input() -> None:
    data = codec.encode(bytes(20_000), max_bytes=30_000)
    assert codec.decode(data, max_bytes=30_000) == bytes(20_000)
    with pytest.raises(DecodeError, match="enc-size"):
        codec.decode(data)


TEXT = st.text(max_size=40).filter(text_is_clean)
KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True)
LEAVES = st.one_of(
    st.booleans(),
    st.integers(INT_MIN, INT_MAX),
    st.sampled_from([0, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, INT_MAX, INT_MIN]),
    st.binary(max_size=300),
    TEXT,
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=20), st.dictionaries(KEYS, inner, max_size=8)),
    max_leaves=30,
)


@given(VALUES)
def test_encode_then_decode_gives_the_value_and_its_bytes(value: object) -> None:
    try:
        data = codec.encode(value, max_bytes=100_000)
    except LocalProtocolError as error:
        if error.reason is not Reason.ENC_DEPTH:
            raise
        return
    for decoder in DECODERS:
        again = decoder(data, max_bytes=100_000)
        assert again == value
        assert codec.encode(again, max_bytes=100_000) == data


def verdict(decoder: Any, data: bytes) -> str:
    """The value, or the reason; repr because True equals 1."""
    try:
        return repr(decoder(data))
    except DecodeError as error:
        return error.reason.value


def check(data: bytes) -> bool:
    """Both decoders agree, and what they accept has this one encoding. True if accepted."""
    fast, reference = (verdict(decoder, data) for decoder in DECODERS)
    assert fast == reference, data.hex()
    if fast.startswith("enc-"):
        return False
    assert codec.encode(codec.decode(data)) == data, data.hex()
    return True


@given(st.binary(max_size=200))
@example(b"\xdd\x00\x00\x00\x00" * 300)
@example(b"\x91" * 600)
@settings(max_examples=300)
def test_decode_of_any_bytes_agrees_with_the_reference(data: bytes) -> None:
    check(data)


def test_decode_of_mutated_values_agrees_with_the_reference() -> None:
    rng = random.Random(20_261_122)
    corpus = [data for _, data, _ in HOSTILE if len(data) < 400]
    corpus += [
        codec.encode({"a": [1, -200, True], "b": {"c": "text", "d": bytes(40)}, "e": 2**40}),
        codec.encode([{"k": [[], {}, "ä" * 20]}, 70_000, -1]),
        wide_map(20),
    ]
    accepted = sum(check(mutate(rng, corpus)[:2_000]) for _ in range(20_000))
    assert 200 < accepted < 19_000  # the loop meets both sides


def test_decode_of_nested_wide_headers_allocates_little_ahead_of_the_bytes() -> None:
    for header in (b"\xdc\x04\x00", b"\xdd\x00\x00\x04\x00", b"\x81\xa1a\xdc\x04\x00"):
        tracemalloc.start()
        try:
            assert not check(header * 10_000)
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()
