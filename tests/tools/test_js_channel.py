"""The channel of the second implementation speaks with ours over TCP, in both roles."""

import json
import secrets
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from confedproto.channel import Channel, Closed, Frame, HandshakeDone
from confedproto.channel.noise import public_key
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import TransportKey, network_id
from confedproto.limits import MESSAGE_MAX_BYTES, REKEY_AFTER_MESSAGES
from tools.js.find_node import TESTEE, find_node

NETWORK: Final = network_id("tests")
OURS: Final = bytes([7]) * 32
THEIRS: Final = bytes([9]) * 32
MANY: Final = 2 * REKEY_AFTER_MESSAGES + 3  # past the second new key in each direction


@dataclass(slots=True, kw_only=True)
class Talker:
    """A channel of the other implementation in its own process."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, **asked: Any) -> "Talker":
        node = find_node()
        assert node is not None, "the test lock brings a Node"
        given = {"network": NETWORK.hex(), "key": THEIRS.hex(), **asked}
        command = [node, str(TESTEE.parent / "talk.js"), json.dumps(given)]
        pipe = subprocess.PIPE
        return cls(process=subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8"))

    def says(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        value = json.loads(self.process.stdout.readline())
        assert isinstance(value, dict)
        return value

    def order(self, **what: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def ends(self) -> int:
        """Its exit code, once it has ended by itself."""
        self.process.communicate(timeout=120)
        return self.process.returncode


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(120)
        yield made


def ours(*, dials: bool, payload: bytes = b"") -> Channel:
    fresh = secrets.token_bytes(32)
    if dials:
        remote = TransportKey(public_key(THEIRS))
        return Channel.initiator(
            network=NETWORK,
            static_private=OURS,
            ephemeral_private=fresh,
            remote_static=remote,
            now=0,
            payload=payload,
        )
    return Channel.responder(network=NETWORK, static_private=OURS, ephemeral_private=fresh, now=0)


def until(channel: Channel, stream: socket.socket, kind: type[Any], count: int = 1) -> list[Any]:
    """Read until so many events of a kind have come; gives them."""
    found: list[Any] = []
    while len(found) < count:
        data = stream.recv(65_536)
        assert data, "the other side hung up"
        found += [event for event in channel.receive(data, 0) if isinstance(event, kind)]
        stream.sendall(channel.to_send())
    return found


def exchange(talker: Talker, channel: Channel, stream: socket.socket) -> None:
    """Many frames each way, small and the largest; then both close in good order."""
    words = [secrets.token_bytes(1 + n % 40) for n in range(MANY)] + [bytes(MESSAGE_MAX_BYTES)]

    def order() -> None:
        for word in words:
            talker.order(send=word.hex())

    asking = threading.Thread(target=order)
    asking.start()
    stream.sendall(b"".join(channel.send(word, 0) for word in words))
    assert [frame.plaintext for frame in until(channel, stream, Frame, len(words))] == words
    asking.join()
    assert [talker.says()["frame"] for _ in words] == [word.hex() for word in words]
    talker.order(close=True)
    until(channel, stream, Closed)
    stream.sendall(channel.close(0))
    assert talker.says() == {"closed": True}
    stream.shutdown(socket.SHUT_WR)
    assert talker.says() == {"ended": True}
    assert talker.ends() == 0


def test_channel_dialled_by_the_other_implementation_carries_all(listener: socket.socket) -> None:
    host, port = listener.getsockname()
    hello = {"remote": public_key(OURS).hex(), "payload": b"who I am".hex()}
    talker = Talker.start(dial=[host, port], **hello)
    stream, _ = listener.accept()
    with stream:
        stream.settimeout(120)
        channel = ours(dials=False)
        (done,) = until(channel, stream, HandshakeDone)
        assert (done.remote_static, done.payload) == (public_key(THEIRS), b"who I am")
        assert talker.says() == {"handshake": public_key(OURS).hex(), "payload": ""}
        exchange(talker, channel, stream)


def test_channel_dialled_by_us_carries_all() -> None:
    talker = Talker.start(listen="127.0.0.1")
    port = talker.says()["listening"]
    with socket.create_connection(("127.0.0.1", port), 120) as stream:
        channel = ours(dials=True, payload=b"x" * 100)
        stream.sendall(channel.start())
        until(channel, stream, HandshakeDone)
        said = {"handshake": public_key(OURS).hex(), "payload": (b"x" * 100).hex()}
        assert talker.says() == said
        exchange(talker, channel, stream)


def refusal(channel: Channel, sent: bytes) -> Reason | None:
    """Why our side refuses these bytes, or their end."""
    try:
        channel.receive(sent, 0)
        channel.eof()
    except RemoteProtocolError as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"GET / HTTP/1.1", "channel-preamble"),
        (b"confed\x02\x01", "channel-version"),
        (b"confed\x01\x01\x00\x31", "channel-frame"),
        (b"confed\x01\x01\x00\x30" + bytes(48), "channel-key"),
        (b"confed\x01\x01\x00\x30" + bytes([5] * 48), "channel-handshake"),
        (b"confed\x01", "channel-truncated"),
    ],
)
def test_channel_of_the_other_implementation_refuses_as_ours_does(sent: bytes, reason: str) -> None:
    talker = Talker.start(listen="127.0.0.1")
    port = talker.says()["listening"]
    mine = ours(dials=False)
    with socket.create_connection(("127.0.0.1", port), 120) as stream:
        stream.sendall(sent)
        if reason == "channel-truncated":
            stream.shutdown(socket.SHUT_WR)
        assert talker.says() == {"refused": reason}
        assert stream.recv(100) == b"", "not a byte to a stranger"
    assert refusal(mine, sent) is Reason(reason)
    assert talker.ends() == 0


def test_channel_with_a_changed_frame_is_refused(listener: socket.socket) -> None:
    host, port = listener.getsockname()
    talker = Talker.start(dial=[host, port], remote=public_key(OURS).hex())
    stream, _ = listener.accept()
    with stream:
        channel = ours(dials=False)
        until(channel, stream, HandshakeDone)
        talker.says()
        sealed = bytearray(channel.send(b"a word", 0))
        sealed[-1] ^= 1
        stream.sendall(sealed)
        assert talker.says() == {"refused": "channel-decrypt"}
    assert talker.ends() == 0
