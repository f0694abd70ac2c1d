"""The channel: byte-equal with the published vectors, and dead on the first wrong bit."""

import json
import random
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confedproto.channel import (
    PREAMBLE,
    TRANSITIONS,
    Channel,
    ChannelExpired,
    CipherState,
    Closed,
    Event,
    Frame,
    Handshake,
    HandshakeDone,
    State,
    Step,
    public_key,
    transcript,
)
from confedproto.errors import ConfedError, LocalProtocolError, Reason, RemoteProtocolError
from confedproto.ids import NetworkId, TransportKey, network_id
from confedproto.limits import (
    CHANNEL_CLOSE_S,
    CHANNEL_MAX_S,
    FRAME_MAX_BYTES,
    HANDSHAKE_MAX_BYTES,
    HANDSHAKE_MAX_S,
    MESSAGE_MAX_BYTES,
    REKEY_AFTER_MESSAGES,
)

VECTORS = Path(__file__).parents[2] / "specs" / "vectors" / "noise_xk.json"
SPECIFICATION = (Path(__file__).parents[2] / "specs" / "09-channel.md").read_text()
NETWORK = network_id("channel test")
INIT_STATIC, RESP_STATIC = b"\x11" * 32, b"\x22" * 32
INIT_EPHEMERAL, RESP_EPHEMERAL = b"\x33" * 32, b"\x44" * 32
NOW = 1_000
FIRST_BYTES = len(PREAMBLE) + 2 + 48
# Every u-coordinate of small order that X25519 takes, canonical or not.
SMALL_ORDER = [
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    (2**255 - 20).to_bytes(32, "little"),
    (2**255 - 19).to_bytes(32, "little"),
    (2**255 - 18).to_bytes(32, "little"),
]


def make_pair(
    *, network: NetworkId = NETWORK, pinned: bytes | None = None, payload: bytes = b""
) -> tuple[Channel, Channel]:
    initiator = Channel.initiator(
        network=NETWORK,
        static_private=INIT_STATIC,
        ephemeral_private=INIT_EPHEMERAL,
        remote_static=TransportKey(pinned or public_key(RESP_STATIC)),
        now=NOW,
        payload=payload,
    )
    responder = Channel.responder(
        network=network,
        static_private=RESP_STATIC,
        ephemeral_private=RESP_EPHEMERAL,
        now=NOW,
    )
    return initiator, responder


@dataclass
class Opened:
    initiator: Channel
    responder: Channel
    first: bytes
    second: bytes
    third: bytes
    done_initiator: HandshakeDone
    done_responder: HandshakeDone


def opened(payload: bytes = b"node record id") -> Opened:
    initiator, responder = make_pair(payload=payload)
    first = initiator.start()
    assert responder.receive(first, NOW) == []
    second = responder.to_send()
    (done_initiator,) = initiator.receive(second, NOW)
    third = initiator.to_send()
    (done_responder,) = responder.receive(third, NOW)
    assert isinstance(done_initiator, HandshakeDone)
    assert isinstance(done_responder, HandshakeDone)
    return Opened(initiator, responder, first, second, third, done_initiator, done_responder)


def refused(channel: Channel, data: bytes, now: int = NOW) -> Reason:
    """The reason of the refusal; also checks that the channel is dead from here on."""
    with pytest.raises(RemoteProtocolError) as caught:
        channel.receive(data, now)
    assert channel.state is State.DEAD
    with pytest.raises(RemoteProtocolError) as again:
        channel.receive(b"\0", now)
    assert again.value.reason is caught.value.reason
    with pytest.raises(LocalProtocolError):
        channel.send(b"x", now)
    with pytest.raises(RemoteProtocolError):
        channel.eof()
    return caught.value.reason


# --- the published vectors --------------------------------------------------------------


@pytest.mark.parametrize("vector", json.loads(VECTORS.read_text())["vectors"])
def test_transcript_of_published_vector_is_byte_equal(vector: dict[str, Any]) -> None:
    result = transcript(
        prologue=bytes.fromhex(vector["init_prologue"]),
        init_static=bytes.fromhex(vector["init_static"]),
        resp_static=bytes.fromhex(vector["resp_static"]),
        init_ephemeral=bytes.fromhex(vector["init_ephemeral"]),
        resp_ephemeral=bytes.fromhex(vector["resp_ephemeral"]),
        payloads=[bytes.fromhex(message["payload"]) for message in vector["messages"]],
    )
    assert [m.hex() for m in result.messages] == [m["ciphertext"] for m in vector["messages"]]
    assert result.handshake_hash.hex() == vector["handshake_hash"]
    assert public_key(bytes.fromhex(vector["resp_static"])).hex() == vector["init_remote_static"]


def test_transcript_with_bad_arguments_raises_local_error() -> None:
    keys = {
        "init_static": INIT_STATIC,
        "resp_static": RESP_STATIC,
        "init_ephemeral": INIT_EPHEMERAL,
    }
    with pytest.raises(LocalProtocolError, match="channel-key"):
        transcript(prologue=b"", **keys, resp_ephemeral=b"short", payloads=[])
    large = [b"", b"", b"", bytes(MESSAGE_MAX_BYTES + 1)]
    with pytest.raises(LocalProtocolError, match="channel-frame"):
        transcript(prologue=b"", **keys, resp_ephemeral=RESP_EPHEMERAL, payloads=large)


def test_handshake_out_of_turn_raises_local_error() -> None:
    side = Handshake(
        initiator=False, prologue=b"", static_private=RESP_STATIC, ephemeral_private=RESP_EPHEMERAL
    )
    for misuse in (side.write, side.split, lambda: side.remote_static):
        with pytest.raises(LocalProtocolError, match="channel-state"):
            misuse()
    with pytest.raises(LocalProtocolError, match="channel-key"):
        Handshake(initiator=True, prologue=b"", static_private=RESP_STATIC, ephemeral_private=b"")


def test_rekey_is_the_noise_rekey_and_keeps_the_counter() -> None:
    sender, receiver = CipherState(b"k" * 32), CipherState(b"k" * 32)
    for _ in range(REKEY_AFTER_MESSAGES):
        receiver.decrypt(sender.encrypt(b"x"))
    old = CipherState(b"k" * 32)
    stream = old._aead.encrypt(b"\0" * 4 + b"\xff" * 8, bytes(32), b"")
    new = CipherState(stream[:32])
    expected = new._aead.encrypt(bytes(4) + (1024).to_bytes(8, "little"), b"after", b"")
    assert sender.encrypt(b"after") == expected
    assert receiver.decrypt(expected) == b"after"


# --- the handshake ----------------------------------------------------------------------


def test_handshake_completes_and_both_sides_agree() -> None:
    both = opened(payload=b"who I am")
    assert [len(m) for m in (both.first, both.second, both.third)] == [58, 50, 2 + 64 + 8]
    assert both.first.startswith(PREAMBLE)
    assert both.done_initiator.remote_static == public_key(RESP_STATIC)
    assert both.done_responder.remote_static == public_key(INIT_STATIC)
    assert both.done_initiator.handshake_hash == both.done_responder.handshake_hash
    assert (both.done_initiator.payload, both.done_responder.payload) == (b"", b"who I am")
    sealed = both.initiator.send(b"from the initiator", NOW)
    assert b"initiator" not in sealed
    assert both.responder.receive(sealed, NOW) == [Frame(plaintext=b"from the initiator")]
    back = both.responder.send(b"from the responder", NOW)
    assert both.initiator.receive(back, NOW) == [Frame(plaintext=b"from the responder")]


def test_channel_carries_noise_with_preamble_and_network_as_prologue() -> None:
    both = opened(payload=b"who I am")
    bare = transcript(
        prologue=PREAMBLE + NETWORK,
        init_static=INIT_STATIC,
        resp_static=RESP_STATIC,
        init_ephemeral=INIT_EPHEMERAL,
        resp_ephemeral=RESP_EPHEMERAL,
        payloads=[b"", b"", b"who I am", b"back", b""],
    )
    framed = [len(message).to_bytes(2, "big") + message for message in bare.messages]
    assert [both.first, both.second, both.third] == [PREAMBLE + framed[0], *framed[1:3]]
    assert both.done_initiator.handshake_hash == bare.handshake_hash
    assert both.responder.send(b"back", NOW) == framed[3]
    assert both.initiator.close(NOW) == framed[4]


def test_handshake_with_one_flipped_bit_never_completes() -> None:
    good = opened()
    handshake = [("first", good.first), ("second", good.second), ("third", good.third)]
    for name, message in handshake:
        for bit in range(len(message) * 8):
            broken = bytearray(message)
            broken[bit // 8] ^= 1 << bit % 8
            initiator, responder = make_pair(payload=b"node record id")
            initiator.start()
            if name != "first":
                responder.receive(good.first, NOW)
            target = initiator if name == "second" else responder
            outcome: list[Event] = []
            try:
                outcome = target.receive(bytes(broken), NOW)
            except RemoteProtocolError:
                assert target.state is State.DEAD
            assert outcome == [], (name, bit)
            assert target.state is not State.OPEN, (name, bit)
            if name == "first":
                assert responder.to_send() == b"", bit
            with pytest.raises(RemoteProtocolError):
                target.eof()


def test_responder_probed_without_its_key_sends_no_byte() -> None:
    rng = random.Random(7)
    probes = [b"", b"GET / HTTP/1.1\r\n\r\n", PREAMBLE, PREAMBLE + b"\0\x30", b"\x16\x03\x01\x02\0"]
    probes += [PREAMBLE + b"\x00\x30" + rng.randbytes(48) for _ in range(100)]
    probes += [rng.randbytes(rng.randrange(200)) for _ in range(100)]
    wrong_key, _ = make_pair(pinned=public_key(b"\x55" * 32))
    probes.append(wrong_key.start())
    for probe in probes:
        _, responder = make_pair()
        try:
            assert responder.receive(probe, NOW) == []
        except RemoteProtocolError:
            assert responder.state is State.DEAD
        assert responder.to_send() == b""


def test_handshake_on_another_network_is_refused_in_silence() -> None:
    initiator, responder = make_pair(network=network_id("another"))
    assert refused(responder, initiator.start()) is Reason.CHANNEL_HANDSHAKE
    assert responder.to_send() == b""


def test_handshake_with_wrong_responder_key_is_refused() -> None:
    initiator, responder = make_pair(pinned=public_key(b"\x55" * 32))
    assert refused(responder, initiator.start()) is Reason.CHANNEL_HANDSHAKE


def test_message_of_an_impostor_responder_is_refused() -> None:
    impostor = Channel.responder(
        network=NETWORK, static_private=b"\x66" * 32, ephemeral_private=RESP_EPHEMERAL, now=NOW
    )
    initiator, _ = make_pair()
    initiator.start()
    deceived, _ = make_pair(pinned=public_key(b"\x66" * 32))
    impostor.receive(deceived.start(), NOW)
    assert refused(initiator, impostor.to_send()) is Reason.CHANNEL_HANDSHAKE


def test_own_message_reflected_is_refused() -> None:
    initiator, _ = make_pair()
    first = initiator.start()
    assert refused(initiator, first[len(PREAMBLE) :]) is Reason.CHANNEL_HANDSHAKE
    both = opened()
    sealed = both.initiator.send(b"mine", NOW)
    assert refused(both.initiator, sealed) is Reason.CHANNEL_DECRYPT


@pytest.mark.parametrize("point", SMALL_ORDER, ids=lambda point: point.hex()[:8])
def test_small_order_point_is_refused_on_both_sides(point: bytes) -> None:
    _, responder = make_pair()
    message = PREAMBLE + b"\x00\x30" + point + bytes(16)
    assert refused(responder, message) is Reason.CHANNEL_KEY
    assert responder.to_send() == b""
    initiator, _ = make_pair()
    initiator.start()
    assert refused(initiator, b"\x00\x30" + point + bytes(16)) is Reason.CHANNEL_KEY
    pinned, _ = make_pair(pinned=point)
    with pytest.raises(RemoteProtocolError, match="channel-key"):
        pinned.start()
    assert pinned.to_send() == b""
    assert pinned.state is State.DEAD


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"c", None),
        (b"confed", None),
        (b"x", Reason.CHANNEL_PREAMBLE),
        (b"confeD", Reason.CHANNEL_PREAMBLE),
        (b"confed\x02", Reason.CHANNEL_VERSION),
        (b"confed\x01\x02", Reason.CHANNEL_VERSION),
        (PREAMBLE + b"\x00\x2f", Reason.CHANNEL_FRAME),
        (PREAMBLE + b"\x00\x31", Reason.CHANNEL_FRAME),
        (PREAMBLE + b"\xff\xff", Reason.CHANNEL_FRAME),
        (PREAMBLE + b"\x00\x00", Reason.CHANNEL_FRAME),
    ],
)
def test_first_bytes_are_judged_as_soon_as_they_can_be(data: bytes, reason: Reason | None) -> None:
    _, responder = make_pair()
    if reason is None:
        assert responder.receive(data, NOW) == []
    else:
        assert refused(responder, data) is reason


def test_third_message_beyond_the_limit_is_refused_unread() -> None:
    most = HANDSHAKE_MAX_BYTES - 64
    assert opened(payload=bytes(most)).done_responder.payload == bytes(most)
    with pytest.raises(LocalProtocolError, match="channel-frame"):
        make_pair(payload=bytes(most + 1))
    for length in (63, HANDSHAKE_MAX_BYTES + 1):
        initiator, responder = make_pair()
        responder.receive(initiator.start(), NOW)
        assert refused(responder, length.to_bytes(2, "big")) is Reason.CHANNEL_FRAME


@pytest.mark.parametrize("name", ["network", "static_private", "ephemeral_private"])
def test_argument_of_another_length_raises_local_error(name: str) -> None:
    arguments: dict[str, Any] = {
        "network": NETWORK,
        "static_private": RESP_STATIC,
        "ephemeral_private": RESP_EPHEMERAL,
        name: bytes(31),
    }
    with pytest.raises(LocalProtocolError, match="channel-key"):
        Channel.responder(**arguments, now=NOW)


# --- frames -----------------------------------------------------------------------------


def story(frames: list[bytes]) -> tuple[bytes, list[bytes]]:
    """Every byte an initiator sends, and the plaintexts of it."""
    both = opened()
    sent = both.first + both.third
    for plaintext in frames:
        sent += both.initiator.send(plaintext, NOW)
    return sent + both.initiator.close(NOW), frames


def run(responder: Channel, pieces: list[bytes]) -> tuple[list[Event], Reason | None, bytes]:
    events: list[Event] = []
    sent = b""
    for piece in pieces:
        try:
            events += responder.receive(piece, NOW)
        except RemoteProtocolError as error:
            return events, error.reason, sent + responder.to_send()
        sent += responder.to_send()
    return events, None, sent


@settings(max_examples=40, deadline=None)
@given(
    frames=st.lists(st.binary(min_size=1, max_size=300), max_size=5),
    cuts=st.lists(st.integers(min_value=0, max_value=2_000), max_size=8),
)
def test_receive_is_the_same_however_the_bytes_are_cut(
    frames: list[bytes], cuts: list[int]
) -> None:
    sent, plaintexts = story(frames)
    edges = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    pieces = [sent[a:b] for a, b in pairwise(edges)]
    whole = run(make_pair()[1], [sent])
    assert run(make_pair()[1], pieces) == whole
    assert run(make_pair()[1], [sent[i : i + 1] for i in range(len(sent))]) == whole
    events, reason, _ = whole
    assert reason is None
    assert events[1:-1] == [Frame(plaintext=plaintext) for plaintext in plaintexts]
    assert events[-1] == Closed()


@settings(max_examples=60, deadline=None)
@given(
    prefix=st.integers(min_value=0, max_value=400),
    noise=st.binary(max_size=200),
)
def test_receive_of_any_bytes_gives_events_or_a_remote_error(prefix: int, noise: bytes) -> None:
    sent, _ = story([b"one", b"two"])
    data = sent[:prefix] + noise
    at_once = run(make_pair()[1], [data])
    bytewise = run(make_pair()[1], [data[i : i + 1] for i in range(len(data))])
    assert at_once[1] == bytewise[1]
    assert at_once[2] == bytewise[2]
    if at_once[1] is None:
        assert at_once[0] == bytewise[0]


def test_frame_replayed_dropped_or_swapped_is_refused() -> None:
    both = opened()
    one, two = both.initiator.send(b"one", NOW), both.initiator.send(b"two", NOW)
    both.responder.receive(one, NOW)
    assert refused(both.responder, one) is Reason.CHANNEL_DECRYPT
    dropped = opened()
    assert refused(dropped.responder, two) is Reason.CHANNEL_DECRYPT
    other = opened()
    assert other.responder.receive(one + two, NOW) == [
        Frame(plaintext=b"one"),
        Frame(plaintext=b"two"),
    ]


def test_frame_with_any_flipped_bit_is_refused() -> None:
    both = opened()
    sealed = both.initiator.send(b"yes", NOW)
    for bit in range(16, len(sealed) * 8):
        broken = bytearray(sealed)
        broken[bit // 8] ^= 1 << bit % 8
        assert refused(opened().responder, bytes(broken)) is Reason.CHANNEL_DECRYPT


def test_frame_lengths_at_their_bounds() -> None:
    both = opened()
    largest = bytes(MESSAGE_MAX_BYTES)
    sealed = both.initiator.send(largest, NOW)
    assert len(sealed) == 2 + FRAME_MAX_BYTES
    assert both.responder.receive(sealed, NOW) == [Frame(plaintext=largest)]
    for plaintext in (b"", largest + b"x"):
        with pytest.raises(LocalProtocolError, match="channel-frame"):
            both.initiator.send(plaintext, NOW)
    assert both.initiator.state is State.OPEN
    assert refused(both.responder, b"\x00\x0f") is Reason.CHANNEL_FRAME


def test_rekey_past_its_interval_in_each_direction_keeps_the_channel() -> None:
    both = opened()
    for number in range(2 * REKEY_AFTER_MESSAGES + 2):
        plaintext = number.to_bytes(4, "big")
        assert both.responder.receive(both.initiator.send(plaintext, NOW), NOW) == [
            Frame(plaintext=plaintext)
        ]
    assert both.initiator.receive(both.responder.send(b"back", NOW), NOW) == [
        Frame(plaintext=b"back")
    ]


# --- the end ----------------------------------------------------------------------------


def test_close_is_seen_answered_and_final() -> None:
    both = opened()
    last = both.initiator.send(b"last", NOW) + both.initiator.close(NOW)
    assert both.responder.receive(last, NOW) == [Frame(plaintext=b"last"), Closed()]
    with pytest.raises(LocalProtocolError, match="channel-state"):
        both.initiator.send(b"more", NOW)
    with pytest.raises(LocalProtocolError, match="channel-state"):
        both.responder.send(b"more", NOW)
    assert both.initiator.receive(both.responder.close(NOW), NOW) == [Closed()]
    for side in (both.initiator, both.responder):
        side.eof()
        assert side.state is State.CLOSED


def test_frames_in_flight_are_received_after_our_close() -> None:
    both = opened()
    in_flight = both.responder.send(b"in flight", NOW)
    both.initiator.close(NOW)
    assert both.initiator.receive(in_flight, NOW) == [Frame(plaintext=b"in flight")]
    both.initiator.eof()  # the peer may hang up in answer to our close
    assert both.initiator.state is State.CLOSED


def test_bytes_after_the_close_are_refused() -> None:
    both = opened()
    both.responder.receive(both.initiator.close(NOW), NOW)
    assert refused(both.responder, b"\x00") is Reason.CHANNEL_CLOSED


@pytest.mark.parametrize("kept", [0, 1, FIRST_BYTES - 1, FIRST_BYTES, -1, None])
def test_eof_without_close_is_truncation(kept: int | None) -> None:
    sent, _ = story([b"one"])
    whole = sent[: -len(b"\x00\x10") - 16]  # all but the close
    _, responder = make_pair()
    responder.receive(whole[:kept], NOW)
    with pytest.raises(RemoteProtocolError, match="channel-truncated"):
        responder.eof()
    assert responder.state is State.DEAD


def test_channel_past_its_age_sends_nothing_but_its_close() -> None:
    both = opened()
    end = NOW + CHANNEL_MAX_S
    assert both.initiator.deadline == end
    sealed = both.initiator.send(b"in time", end - 1)
    assert both.responder.receive(sealed, end - 1) == [Frame(plaintext=b"in time")]
    with pytest.raises(ChannelExpired):
        both.initiator.send(b"late", end)
    close = both.initiator.close(end)
    assert both.responder.receive(close, end + CHANNEL_CLOSE_S - 1) == [Closed()]
    late = opened()
    with pytest.raises(ChannelExpired):
        late.initiator.close(end + CHANNEL_CLOSE_S)
    assert refused(late.responder, b"\x00", end + CHANNEL_CLOSE_S) is Reason.CHANNEL_EXPIRED


def test_handshake_past_its_time_is_refused() -> None:
    initiator, responder = make_pair()
    assert responder.deadline == NOW + HANDSHAKE_MAX_S
    first = initiator.start()
    responder.receive(first[:20], NOW + HANDSHAKE_MAX_S - 1)
    assert refused(responder, first[20:], NOW + HANDSHAKE_MAX_S) is Reason.CHANNEL_EXPIRED
    assert responder.to_send() == b""


def test_misuse_by_the_caller_raises_local_error() -> None:
    initiator, responder = make_pair()
    for misuse in (
        lambda: initiator.receive(b"x", NOW),
        lambda: initiator.send(b"x", NOW),
        lambda: initiator.close(NOW),
        lambda: responder.start(),
        lambda: responder.send(b"x", NOW),
        lambda: responder.close(NOW),
    ):
        with pytest.raises(LocalProtocolError, match="channel-state"):
            misuse()
    initiator.start()
    with pytest.raises(LocalProtocolError, match="channel-state"):
        initiator.start()


# --- the table --------------------------------------------------------------------------


def side_in(state: State) -> Channel:
    """A channel that came to `state` by its public methods."""
    initiator, responder = make_pair()
    if state is State.START:
        return initiator
    if state is State.AWAIT_PREAMBLE:
        return responder
    first = initiator.start()
    if state is State.AWAIT_2:
        return initiator
    responder.receive(PREAMBLE if state is State.AWAIT_1 else first, NOW)
    if state in (State.AWAIT_1, State.AWAIT_3):
        return responder
    both = opened()
    if state is State.DEAD:
        refused(both.initiator, b"\x00\x00")
    if state in (State.PEER_CLOSED, State.CLOSED):
        both.initiator.receive(both.responder.close(NOW), NOW)
    if state in (State.CLOSING, State.CLOSED):
        both.initiator.close(NOW)
    return both.initiator


INPUTS: dict[Step | None, Any] = {
    Step.START: lambda side: side.start(),
    Step.FRAME_OUT: lambda side: side.send(b"x", NOW),
    Step.CLOSE_OUT: lambda side: side.close(NOW),
    Step.EOF: lambda side: side.eof(),
    Step.FAIL: lambda side: side.receive(b"\x00\x00", NOW),
    None: lambda side: side.receive(b"", NOW),
}


@pytest.mark.parametrize("step", INPUTS, ids=str)
@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
def test_every_input_in_every_state_follows_the_table(state: State, step: Step | None) -> None:
    side = side_in(state)
    assert side.state is state
    if step is None:
        wanted = state
    elif step is Step.EOF:
        wanted = TRANSITIONS.get((state, step), State.DEAD)
    else:
        wanted = TRANSITIONS.get((state, step), state)
    if step is Step.FAIL and state is State.START:
        wanted = State.START  # a side that has sent nothing reads nothing
    with suppress(ConfedError):  # the state tells whether it was right to refuse
        INPUTS[step](side)
    assert side.state is wanted


def test_table_in_the_specification_is_the_table_of_the_code() -> None:
    written = re.findall(
        r"^\| ([A-Z_0-9]+) \| ([A-Z_]+) \| ([A-Z_0-9]+) \|$", SPECIFICATION, re.MULTILINE
    )
    table = {(State[a], Step[b]): State[c] for a, b, c in written}
    assert len(table) == len(written)
    assert table | {(state, Step.FAIL): State.DEAD for state in State} == TRANSITIONS
