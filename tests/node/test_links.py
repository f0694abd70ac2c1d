"""Connections: real TCP on this machine, and whoever does not keep to the rules gets nothing."""

import contextlib
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from confednode import links, reach
from confednode.errors import LinkError, NodeReason
from confednode.links import Link, accept, dial
from confedproto import wire
from confedproto.channel import PREAMBLE, Channel, public_key
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import NetworkId, TransportKey, network_id
from tests.support.nodes import open_sockets

NETWORK: Final = network_id("tests")
HOST: Final = bytes([1]) * 32
GUEST: Final = bytes([2]) * 32
HOST_KEY: Final = public_key(HOST)
GUEST_KEY: Final = public_key(GUEST)


def heads(number: int = 1, count: int = 1) -> wire.Heads:
    row = wire.AnnouncedHead(number.to_bytes(32, "big"), number + 1, bytes(8))
    return wire.Heads(heads=(row,) * count)


@dataclass(slots=True)
class Server:
    """A listening socket whose connections are handled by `accept`; what came of each."""

    port: int = 0
    begun: int = 0
    links: list[Link] = field(default_factory=list)
    refused: list[Reason] = field(default_factory=list)
    settled: trio.Event = field(default_factory=trio.Event)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


Serve = Callable[[Link], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve | None = None) -> AsyncGenerator[Server, None]:
    server = Server()

    async def handle(stream: trio.SocketStream) -> None:
        server.begun += 1
        try:
            link = await accept(stream, network=NETWORK, static_private=HOST)
        except RemoteProtocolError as error:
            server.refused.append(error.reason)
            server.settled.set()
            return
        server.links.append(link)
        server.settled.set()
        if serve is not None:
            await serve(link)

    before = open_sockets()
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        server.port = listener.socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, handle, [listener])
        yield server
        nursery.cancel_scope.cancel()
    assert open_sockets() <= before, "a socket was left open"


async def to_host(
    server: Server, *, network: NetworkId = NETWORK, remote: TransportKey = HOST_KEY
) -> Link:
    return await dial(server.address, network=network, static_private=GUEST, remote=remote)


async def until(condition: Callable[[], object]) -> None:
    """Let all tasks run until the condition holds; patient by a clock that no test sets."""
    for _ in range(3_000):
        if condition():
            return
        await wait_all_tasks_blocked(0.02)
    raise trio.TooSlowError


async def rest(stream: trio.SocketStream) -> bytes:
    """All that the other side sends until it closes, however it closes."""
    got = bytearray()
    ended = False

    async def read() -> None:
        nonlocal ended
        with contextlib.suppress(trio.BrokenResourceError):
            async for data in stream:
                got.extend(data)
        ended = True

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await until(lambda: ended)
    return bytes(got)


async def forward(link: Link, seen: list[wire.Message]) -> None:
    async with aclosing(link.messages()) as messages:
        async for message in messages:
            seen.append(message)


# --- two that keep to the rules -------------------------------------------------------------


async def test_dial_and_accept_know_each_other_and_carry_messages_both_ways() -> None:
    at_host: list[wire.Message] = []
    at_guest: list[wire.Message] = []

    async def serve(link: Link) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.write)
            for number in range(5):
                link.send(heads(number))
            await forward(link, at_host)
            link.end()

    async with serving(serve) as server:
        link = await to_host(server)
        assert link.remote == HOST_KEY
        for number in range(500):
            link.send(heads(number))
        link.end()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.write)
            await forward(link, at_guest)
        await link.aclose()
        assert server.links[0].remote == GUEST_KEY
    assert at_host == [heads(number) for number in range(500)]
    assert at_guest == [heads(number) for number in range(5)]


async def test_link_end_sends_what_is_queued_and_names_the_reason() -> None:
    seen: list[wire.Message] = []
    ended = trio.Event()

    async def serve(link: Link) -> None:
        await forward(link, seen)
        ended.set()

    async with serving(serve) as server:
        link = await to_host(server)
        link.send(heads())
        link.send(wire.Bye(reason="quota"))
        link.end()
        await link.write()
        with trio.fail_after(60):
            await ended.wait()
        await link.aclose()
        assert server.links[0].farewell == "quota"
    assert seen == [heads(), wire.Bye(reason="quota")]


async def test_link_cut_without_a_close_is_noticed() -> None:
    caught: list[Reason] = []

    async def serve(link: Link) -> None:
        try:
            await forward(link, [])
        except RemoteProtocolError as error:
            caught.append(error.reason)

    async with serving(serve) as server:
        link = await to_host(server)
        await link.aclose()
        await until(lambda: caught)
    assert caught == [Reason.CHANNEL_TRUNCATED]


async def test_link_writer_after_the_peers_close_stops_quietly() -> None:
    async def serve(link: Link) -> None:
        link.end()
        await link.write()
        await trio.sleep_forever()

    async with serving(serve) as server:
        link = await to_host(server)
        await forward(link, [])  # the host closes
        link.send(heads())
        with trio.fail_after(60):
            await link.write()
        await link.aclose()


async def test_link_unknown_odd_message_is_skipped_and_even_one_ends_the_link() -> None:
    caught: list[Reason] = []
    seen: list[wire.Message] = []

    async def serve(link: Link) -> None:
        try:
            await forward(link, seen)
        except RemoteProtocolError as error:
            caught.append(error.reason)

    async with serving(serve) as server:
        link = await to_host(server)
        for plaintext in (b"\xf1whatever", wire.encode(heads()), b"\xf0whatever"):
            await link._stream.send_all(link._channel.send(plaintext, 0))
        await until(lambda: caught)
        await link.aclose()
    assert seen == [heads()]
    assert caught == [Reason.MESSAGE_TYPE]


# --- strangers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", Reason.CHANNEL_PREAMBLE),
        (b"SSH-2.0-x\r\n", Reason.CHANNEL_PREAMBLE),
        (b"\x16\x03\x01\x02\x00", Reason.CHANNEL_PREAMBLE),
        (b"confed\x02\x01", Reason.CHANNEL_VERSION),
        (PREAMBLE + b"\x00\x30" + bytes(48), Reason.CHANNEL_KEY),
        (PREAMBLE + b"\x00\x30" + b"\x09" * 48, Reason.CHANNEL_HANDSHAKE),
        (PREAMBLE + b"\xff\xff", Reason.CHANNEL_FRAME),
        (PREAMBLE + b"\x00\x00", Reason.CHANNEL_FRAME),
        (b"", Reason.CHANNEL_TRUNCATED),
        (PREAMBLE + b"\x00", Reason.CHANNEL_TRUNCATED),
    ],
    ids=["http", "ssh", "tls", "version", "zero", "garbage", "long", "short", "nothing", "cut"],
)
async def test_accept_stranger_gets_no_byte(data: bytes, reason: Reason) -> None:
    async with serving() as server:
        stream = await trio.open_tcp_stream("127.0.0.1", server.port)
        await stream.send_all(data)
        if reason is Reason.CHANNEL_TRUNCATED:
            await stream.send_eof()
        assert await rest(stream) == b""
        await stream.aclose()
        assert server.refused == [reason]


@pytest.mark.parametrize(
    ("network", "remote"),
    [(network_id("another"), HOST_KEY), (NETWORK, GUEST_KEY)],
    ids=["network", "key"],
)
async def test_dial_other_network_or_key_gets_no_byte(
    network: NetworkId, remote: TransportKey
) -> None:
    async with serving() as server:
        with pytest.raises(RemoteProtocolError) as caught:
            await to_host(server, network=network, remote=remote)
        assert caught.value.reason is Reason.CHANNEL_TRUNCATED
        await server.settled.wait()
        assert server.refused == [Reason.CHANNEL_HANDSHAKE]
        # The same, counted on the wire.
        channel = Channel.initiator(
            network=network,
            static_private=GUEST,
            ephemeral_private=bytes([3]) * 32,
            remote_static=remote,
            now=0,
        )
        stream = await trio.open_tcp_stream("127.0.0.1", server.port)
        await stream.send_all(channel.start())
        assert await rest(stream) == b""
        await stream.aclose()


# --- time -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [b"", PREAMBLE[:3], PREAMBLE, "message 1"])
async def test_accept_half_a_handshake_ends_in_time(
    mock_clock: MockClock, sent: bytes | str
) -> None:
    async with serving() as server:
        stream = await trio.open_tcp_stream("127.0.0.1", server.port)
        if isinstance(sent, str):
            channel = Channel.initiator(
                network=NETWORK,
                static_private=GUEST,
                ephemeral_private=bytes([3]) * 32,
                remote_static=HOST_KEY,
                now=0,
            )
            sent = channel.start()
        await stream.send_all(sent)
        await until(lambda: server.begun)
        await wait_all_tasks_blocked(0.02)
        assert not server.settled.is_set()
        mock_clock.jump(links.HANDSHAKE_S)
        await rest(stream)
        await stream.aclose()
        assert server.refused == [Reason.CHANNEL_HANDSHAKE]


async def test_accept_byte_by_byte_gets_no_more_time(mock_clock: MockClock) -> None:
    async with serving() as server:
        stream = await trio.open_tcp_stream("127.0.0.1", server.port)
        await until(lambda: server.begun)
        for byte in PREAMBLE:
            await stream.send_all(bytes((byte,)))
            await wait_all_tasks_blocked(0.02)
            mock_clock.jump(links.HANDSHAKE_S / len(PREAMBLE))
        assert await rest(stream) == b""
        await stream.aclose()
        assert len(server.refused) == 1


async def test_dial_host_that_says_nothing_ends_in_time(mock_clock: MockClock) -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener, trio.open_nursery() as nursery:
        caught: list[BaseException] = []

        async def guest() -> None:
            try:
                await to_host(Server(port=listener.socket.getsockname()[1]))
            except RemoteProtocolError as error:
                caught.append(error)

        nursery.start_soon(guest)
        stream = await listener.accept()
        sent = bytes(await stream.receive_some())
        await wait_all_tasks_blocked()  # it waits for an answer
        mock_clock.jump(links.HANDSHAKE_S)
        sent += await rest(stream)  # the guest hangs up
        await stream.aclose()
    assert sent.startswith(PREAMBLE)
    (error,) = caught
    assert isinstance(error, RemoteProtocolError)
    assert error.reason is Reason.CHANNEL_HANDSHAKE


async def test_messages_silent_peer_is_lost(mock_clock: MockClock) -> None:
    lost: list[float] = []
    seen: list[wire.Message] = []

    async def serve(link: Link) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(forward, link, seen)
            await link.silence()
            lost.append(trio.current_time())
            nursery.cancel_scope.cancel()

    async with serving(serve) as server:
        link = await to_host(server)
        await until(lambda: server.links)
        mock_clock.jump(links.SILENCE_S - 1)
        link.send(heads())
        link.end()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link._stream.send_all, link._channel.send(wire.encode(heads()), 0))
        await until(lambda: seen)
        mock_clock.jump(links.SILENCE_S - 1)  # it said something in between
        await wait_all_tasks_blocked(0.02)
        assert not lost
        mock_clock.jump(1)
        await until(lambda: lost)
        await link.aclose()
    assert len(lost) == 1


# --- the other side does not read -----------------------------------------------------------


async def test_send_peer_that_does_not_read_is_given_up_at_the_bound() -> None:
    async with serving() as server:
        link = await to_host(server)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.write)
            await wait_all_tasks_blocked()
            message = heads(count=512)

            def send_many() -> None:  # first until the socket is full, which holds some MiB
                for _ in range(64 * links.QUEUE_MAX_BYTES // len(wire.encode(message))):
                    link.send(message)

            with pytest.raises(RemoteProtocolError) as caught:
                send_many()
            assert caught.value.reason is Reason.QUOTA
            assert 0 < link._queued - links.QUEUE_MAX_BYTES <= len(wire.encode(message))
            nursery.cancel_scope.cancel()
        await link.aclose()


async def test_send_peer_that_reads_has_no_bound_on_the_whole() -> None:
    seen: list[wire.Message] = []

    async def serve(link: Link) -> None:
        await forward(link, seen)

    async with serving(serve) as server:
        link = await to_host(server)
        message = heads(count=512)
        rounds = 2 * links.QUEUE_MAX_BYTES // len(wire.encode(message))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.write)
            for number in range(rounds):
                link.send(message)
                while link._queued > links.QUEUE_MAX_BYTES // 2:
                    await trio.lowlevel.checkpoint()
                if number == rounds - 1:
                    link.end()
        with trio.fail_after(60):
            while len(seen) < rounds:
                await trio.lowlevel.checkpoint()
        await link.aclose()


# --- places that are none -------------------------------------------------------------------


async def test_dial_nobody_listens_is_said() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        with pytest.raises(LinkError) as caught:
            await to_host(Server(port=reserved.getsockname()[1]))
    assert caught.value.reason is NodeReason.LINK_FAILED


async def test_dial_no_answer_times_out(
    mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nowhere(*_: object, **__: object) -> None:
        await trio.sleep_forever()

    monkeypatch.setattr(trio.socket, "getaddrinfo", nowhere)
    mock_clock.autojump_threshold = 0
    with pytest.raises(LinkError) as caught:
        await to_host(Server(port=1))
    assert caught.value.reason is NodeReason.LINK_TIMEOUT
    assert trio.current_time() == reach.CONNECT_S


async def test_dial_cancelled_leaves_no_socket() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    before = open_sockets()
    async with listener, trio.open_nursery() as nursery:
        nursery.start_soon(to_host, Server(port=listener.socket.getsockname()[1]))
        stream = await listener.accept()
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            await rest(stream)
            await stream.aclose()
    assert open_sockets() <= before
