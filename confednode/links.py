"""Encrypted connections over TCP: one Link a peer, whole messages in, whole messages out.

A link never waits for a slow reader: what it has to send is queued up to QUEUE_MAX_BYTES,
then the link is dropped. Reads have a time limit, because a silent peer is a lost one.
"""

import math
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Final

import trio

from confednode.reach import Reach
from confednode.sockets import receive, write_now
from confedproto import wire
from confedproto.channel import Channel, Closed, Frame, HandshakeDone, State
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import NetworkId, TransportKey
from confedproto.text import Address, parse_address

CHUNK_BYTES: Final = 65_536
QUEUE_MAX_BYTES: Final = 1_048_576  # waiting to be written; beyond it the reader is dropped
ROOM_BYTES: Final = 4 * CHUNK_BYTES  # runs are read from the disk while less than this waits
HANDSHAKE_S: Final = 10
SILENCE_S: Final = 90  # three digests missed
CLOSE_S: Final = 2
ANYWHERE: Final = Reach()


class Link:
    """One connection with its channel. Made by `dial` or `accept`, then `messages` is read."""

    def __init__(self, stream: trio.SocketStream, channel: Channel) -> None:
        self._stream: Final = stream
        self._channel: Final = channel
        self._queue: Final[deque[bytes]] = deque()
        self._queued = 0
        self._tail = b""  # of a frame, encrypted, that the socket had no room for
        self._heard = trio.current_time()  # when the peer last said something
        self._idle = False  # the writer waits: nothing is queued
        self._wake = trio.Event()
        self.ending: Final = trio.Event()  # what is queued is the last
        self.opened: Final = trio.Event()  # the engine knows and greeted the peer
        self.farewell: str | None = None  # the reason that the peer ended the link with
        self._early: list[Frame | Closed] = []
        self._drop: Callable[[], None] | None = None
        self.remote: TransportKey | None = None
        self.salt = b""  # the handshake's hash: of this session alone
        self._room = trio.Event()

    async def handshake(self) -> TransportKey:
        """Finish the handshake; returns the peer's transport key. Raises RemoteProtocolError."""
        with trio.move_on_after(HANDSHAKE_S):
            while self.remote is None:
                data = await self._receive()
                for event in self._channel.receive(data, _now()):
                    if isinstance(event, HandshakeDone):
                        self.remote = event.remote_static
                        self.salt = event.handshake_hash
                    else:
                        self._early.append(event)
                waiting = self._channel.to_send()
                if waiting:
                    await self._stream.send_all(waiting)
            return self.remote
        raise RemoteProtocolError(Reason.CHANNEL_HANDSHAKE, "not finished in time")

    async def _receive(self) -> bytes:
        data = await receive(self._stream, CHUNK_BYTES)
        if not data:
            self._channel.eof()  # raises CHANNEL_TRUNCATED unless a close came before
        return data

    async def silence(self) -> None:
        """Wait until the peer has said nothing for too long; run it beside the reader."""
        last = self._heard + SILENCE_S
        while trio.current_time() < last:
            await trio.sleep_until(last)
            last = self._heard + SILENCE_S

    async def messages(self) -> AsyncGenerator[wire.Message, None]:
        """The peer's messages until it closes; read it with `aclosing`.

        Raises RemoteProtocolError or trio's errors.
        """
        events = self._early
        while True:
            for event in events:
                if isinstance(event, Closed):
                    return
                message = wire.decode(event.plaintext)
                if isinstance(message, wire.Bye):
                    self.farewell = message.reason
                if message is not None:
                    yield message
            data = await self._receive()
            if not data:
                return
            self._heard = trio.current_time()
            events = [
                event
                for event in self._channel.receive(data, _now())
                if not isinstance(event, HandshakeDone)
            ]

    def send(self, message: wire.Message) -> None:
        """Send at once if nothing waits, else queue.

        Raises RemoteProtocolError QUOTA if the peer does not read.
        """
        data = wire.encode(message)
        if self._idle and self._channel.state is State.OPEN:
            data = self._write_now(data)
            self._tail = data
        else:
            self._queue.append(data)
        if data:
            self._queued += len(data)
            self._rouse()
            if self._queued > QUEUE_MAX_BYTES:
                raise RemoteProtocolError(Reason.QUOTA, "the peer does not read")

    def _write_now(self, data: bytes) -> bytes:
        """Write without waiting, so that no task has to wake for a word; returns what is left."""
        return write_now(self._stream, self._channel.send(data, _now()))

    def _rouse(self) -> None:
        self._idle = False
        self._wake.set()

    async def room(self) -> None:
        """Wait until there is room for another run: bulk never waits in the queue (LNK-9)."""
        while self._queued > ROOM_BYTES:
            self._room = trio.Event()
            await self._room.wait()

    def end(self) -> None:
        """Send what is queued, then close."""
        self.ending.set()
        self._rouse()

    async def write(self) -> None:
        """Write what is queued until the link ends; run it beside the reader."""
        while True:
            while self._tail or self._queue:
                if self._channel.state is not State.OPEN:
                    return  # the peer has closed, or broke a rule: nobody reads any more
                batch, self._tail = bytearray(self._tail), b""
                self._queued -= len(batch)
                while self._queue and len(batch) < CHUNK_BYTES:
                    data = self._queue.popleft()
                    self._queued -= len(data)
                    batch += self._channel.send(data, _now())
                self._room.set()
                await self._stream.send_all(bytes(batch))
            if self.ending.is_set():
                break
            self._wake, self._idle = trio.Event(), True
            await self._wake.wait()
        if self._channel.state in (State.OPEN, State.PEER_CLOSED):
            with trio.move_on_after(CLOSE_S):
                await self._stream.send_all(self._channel.close(_now()))

    def on_drop(self, action: Callable[[], None]) -> None:
        """What `drop` does: end the tasks of this link."""
        self._drop = action

    def drop(self) -> None:
        """End the link at once; what is queued is lost."""
        if self._drop is not None:
            self._drop()

    async def aclose(self) -> None:
        """Close the socket, whatever state the channel is in."""
        await trio.aclose_forcefully(self._stream)


def _now() -> int:
    """Whole seconds of a clock that never goes back: the channel's time."""
    return math.floor(trio.current_time())


async def dial(
    address: str,
    *,
    network: NetworkId,
    static_private: bytes,
    remote: TransportKey,
    reach: Reach = ANYWHERE,
) -> Link:
    """Connect to a node whose transport key is known. Raises LinkError, RemoteProtocolError."""
    target: Address = parse_address(address)
    stream = await reach.connect(target, remote)
    try:
        channel = Channel.initiator(
            network=network,
            static_private=static_private,
            ephemeral_private=secrets.token_bytes(32),
            remote_static=remote,
            now=_now(),
        )
        link = Link(stream, channel)
        await stream.send_all(channel.start())
        await link.handshake()
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return link


async def accept(stream: trio.SocketStream, *, network: NetworkId, static_private: bytes) -> Link:
    """Take up an incoming connection. Raises RemoteProtocolError; sends nothing to a prober."""
    channel = Channel.responder(
        network=network,
        static_private=static_private,
        ephemeral_private=secrets.token_bytes(32),
        now=_now(),
    )
    link = Link(stream, channel)
    await link.handshake()
    return link
