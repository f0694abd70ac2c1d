"""Messages: each round trip, each refusal, and any bytes at all."""

import random
import tracemalloc
from typing import Any, Final

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confedproto import codec, wire
from confedproto.errors import DecodeError, LocalProtocolError, Reason, RemoteProtocolError
from confedproto.limits import HEADS_PER_MESSAGE, MESSAGE_MAX_BYTES, RUN_MAX_RECORDS
from tools.fuzz import mutate

LOG: Final = bytes([9]) * 32
HEAD: Final = wire.AnnouncedHead(log=LOG, size=300, root=bytes(8))

EXAMPLES: Final[list[wire.Message]] = [
    wire.Hello(council=LOG, digest=bytes(16)),
    wire.Knock(charters=(b"c",), node=b"n", link=b"l"),
    wire.Heads(heads=(HEAD,)),
    wire.Heads(heads=(HEAD,) * HEADS_PER_MESSAGE),
    wire.Pull(log=LOG, start=0),
    wire.Pull(log=LOG, start=2**40),
    wire.Run(log=LOG, start=0, leaves=((b"leaf",), (b"leaf", b"part")), head=b"h"),
    wire.Run(log=LOG, start=5, leaves=((b"x",),) * RUN_MAX_RECORDS, head=b"h", proof=(LOG,) * 41),
    wire.DigestNow(digest=bytes(16)),
    wire.DigestNow(digest=bytes(16), at=wire.Cursor(epoch=1, number=0)),
    wire.Ranges(ranges=(wire.Range(prefix=b"", prints=bytes(128)),)),
    wire.AskHead(log=LOG, size=1),
    wire.HeadTold(log=LOG, size=1),
    wire.HeadTold(log=LOG, size=1, head=b"h", root=LOG, path=(LOG,) * 41),
    wire.Run(log=LOG, start=0, leaves=((b"leaf",), LOG), head=b"h"),
    wire.Hello(digest=bytes(16), scopes=(wire.ScopeDigest(scope=LOG, digest=bytes(16)),)),
    wire.Heads(scope=LOG, heads=(wire.AnnouncedHead(log=LOG, size=1, root=bytes(8), mark=b"m"),)),
    wire.Want(log=LOG, indexes=(0, 7)),
    wire.AskPiece(root=LOG, index=31),
    wire.Piece(root=LOG, index=0),
    wire.Piece(root=LOG, index=0, data=b"data", path=(LOG,)),
    wire.Fresh(heads=(b"h" * 170,)),
    wire.Leaves(log=LOG, leaves=()),
    wire.Leaves(log=LOG, leaves=(wire.FoundLeaf(index=7, leaf=(b"leaf", b"part")),)),
    wire.Bye(reason="channel-closed"),
]


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda m: type(m).__name__)
def test_message_that_is_encoded_decodes_to_itself(message: wire.Message) -> None:
    data = wire.encode(message)
    assert wire.decode(data) == message
    assert len(data) <= MESSAGE_MAX_BYTES


def test_examples_cover_every_type() -> None:
    assert {type(message) for message in EXAMPLES} == set(wire.TYPES.values())
    assert all(number % 2 == 0 for number in wire.TYPES)  # all of them essential so far


def refusal(data: bytes) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        wire.decode(data)
    return caught.value.reason


def test_decode_of_no_or_too_many_bytes_is_message_size() -> None:
    for data in (b"", b"\x02", bytes(MESSAGE_MAX_BYTES + 1)):
        assert refusal(data) is Reason.MESSAGE_SIZE


def test_decode_of_an_unknown_type_ignores_odd_ones_alone() -> None:
    for number in range(256):
        if number in wire.TYPES:
            continue
        data = bytes((number, 0x80))
        if number % 2:
            assert wire.decode(data) is None
        else:
            assert refusal(data) is Reason.MESSAGE_TYPE


def fields(message: wire.Message, **changes: Any) -> bytes:
    """A message with changed fields; None leaves a field out."""
    found = msgspec.to_builtins(message, builtin_types=(bytes,)) | changes
    body = {name: value for name, value in found.items() if value is not None}
    number = next(n for n, kind in wire.TYPES.items() if kind is type(message))
    return bytes((number,)) + codec.encode(body, max_bytes=MESSAGE_MAX_BYTES)


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        (EXAMPLES[0], {"council": bytes(31)}),
        (EXAMPLES[0], {"council": "a" * 32}),
        (EXAMPLES[0], {"digest": bytes(17)}),
        (EXAMPLES[0], {"digest": None}),
        (EXAMPLES[0], {"extra": 1}),
        (EXAMPLES[1], {"charter": b""}),
        (EXAMPLES[1], {"link": bytes(16_385)}),
        (EXAMPLES[2], {"heads": []}),
        (EXAMPLES[2], {"heads": [[LOG, 300, bytes(8)]] * (HEADS_PER_MESSAGE + 1)}),
        (EXAMPLES[2], {"heads": [[LOG, 0, bytes(8)]]}),
        (EXAMPLES[2], {"heads": [[LOG, 300, bytes(7)]]}),
        (EXAMPLES[2], {"heads": [[LOG, 300]]}),
        (EXAMPLES[2], {"heads": [[LOG, 300, bytes(8), 1]]}),
        (EXAMPLES[4], {"start": -1}),
        (EXAMPLES[4], {"start": 2**40 + 1}),
        (EXAMPLES[4], {"start": True}),
        (EXAMPLES[6], {"leaves": []}),
        (EXAMPLES[6], {"leaves": [[]]}),
        (EXAMPLES[6], {"leaves": [[b""]]}),
        (EXAMPLES[6], {"leaves": [[b"a", b"b", b"c"]]}),
        (EXAMPLES[6], {"leaves": [[b"a", bytes(43_009)]]}),
        (EXAMPLES[6], {"leaves": [[bytes(16_385), b"a"]]}),
        (EXAMPLES[6], {"head": b""}),
        (EXAMPLES[6], {"head": bytes(257)}),
        (EXAMPLES[6], {"proof": []}),
        (EXAMPLES[6], {"proof": [bytes(31)]}),
        (EXAMPLES[6], {"proof": [bytes(32)] * 65}),
        (EXAMPLES[9], {"reason": "Not A Token"}),
        (EXAMPLES[9], {"reason": ""}),
    ],
    ids=lambda part: repr(part)[:40],
)
def test_decode_of_a_field_out_of_range_is_message_form(
    message: wire.Message, changes: dict[str, Any]
) -> None:
    wire.decode(fields(message))
    assert refusal(fields(message, **changes)) is Reason.MESSAGE_FORM


def test_decode_of_a_body_that_is_no_canonical_map_is_message_form() -> None:
    for body in (b"\xc0", b"\x90", b"\x80", b"\x80\x00", b"\xa1\xff", b"\xde\x00\x00"):
        for number in wire.TYPES:
            assert refusal(bytes((number,)) + body) is Reason.MESSAGE_FORM


def test_encode_of_a_message_too_long_for_a_frame_is_refused() -> None:
    leaf = (bytes(16_000),)
    with pytest.raises(LocalProtocolError) as caught:
        wire.encode(wire.Run(log=LOG, start=0, leaves=(leaf,) * 5, head=b"h"))
    assert caught.value.reason is Reason.ENC_SIZE


def check(data: bytes) -> bool:
    """Any bytes are a message with one encoding, None, or a RemoteProtocolError."""
    try:
        message = wire.decode(data)
    except RemoteProtocolError:
        return False
    if message is None:
        assert data[0] % 2
        return False
    assert wire.encode(message) == data
    return True


@given(st.binary(max_size=300))
@example(b"")
@settings(max_examples=300)
def test_decode_of_any_bytes_gives_a_message_none_or_an_error(data: bytes) -> None:
    check(data)


@given(st.sampled_from(sorted(wire.TYPES)), st.binary(max_size=300))
def test_decode_of_any_body_of_a_known_type_gives_a_message_or_an_error(
    number: int, data: bytes
) -> None:
    check(bytes((number,)) + data)


def test_decode_of_mutated_messages_gives_a_message_none_or_an_error() -> None:
    rng = random.Random(20_261_122)
    corpus = [data for message in EXAMPLES if len(data := wire.encode(message)) < 1_000]
    accepted = sum(check(mutate(rng, corpus)) for _ in range(15_000))
    assert 100 < accepted < 14_000


def test_decode_of_a_run_says_what_the_common_way_says() -> None:
    rng = random.Random(11)
    runs = [wire.encode(one) for one in EXAMPLES if isinstance(one, wire.Run)]
    runs = [run for run in runs if len(run) < 1_000]
    known = 0
    for _ in range(4_000):
        data = b"\x0a" + mutate(rng, [run[1:] for run in runs])[:60_000]
        try:
            fields = codec.decode(data[1:], max_bytes=MESSAGE_MAX_BYTES)
            wanted = msgspec.convert(fields, wire.Run, builtin_types=(bytes,))
        except (msgspec.ValidationError, DecodeError):
            with pytest.raises(RemoteProtocolError):
                wire.decode(data)
            continue
        known += 1
        assert wire.decode(data) == wanted
    assert known > 50


def test_decode_of_a_run_with_hostile_lengths_allocates_little() -> None:
    for header in (b"\xdc\xff\xff", b"\xdd\x7f\xff\xff\xff"):
        body = codec.encode({"head": b"h", "leaves": [[b"x"]], "log": bytes(32), "start": 0})
        data = b"\x0a" + body.replace(b"\x91\x91\xc4\x01x", header + b"\x91\xc4\x01x" * 9_000)
        tracemalloc.start()
        try:
            with pytest.raises(RemoteProtocolError):
                wire.decode(data)
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()
