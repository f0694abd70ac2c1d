"""A peer that costs nearly nothing: it sends a log whose messages were made beforehand.

Goals 1 to 3 are about the node that receives. Its peer speaks the real protocol over the real
channel, but has every run encoded before it dials, so that on a machine of two cores both are the
receiver's.
"""

import secrets
import socket
import threading
import time
from collections.abc import Iterable

from confednode import keyring
from confednode.store import Store
from confedproto import effects as fx
from confedproto import log, merkle, runs, wire
from confedproto.channel import Channel, Closed, Frame, HandshakeDone
from confedproto.ids import LogId, TransportKey, log_id
from confedproto.limits import RUN_MAX_RECORDS
from tools.bench import nodes


class Feeder:
    """The log of a council whose node is down, ready to be fed to another's node."""

    def __init__(self, author: nodes.Council, other: nodes.Council, held: int) -> None:
        """`held`: the leaves of the log that the other node has already."""
        self._keys = keyring.read_node_keys(author.home.node_key)
        self._network = author.network
        self._remote = keyring.read_node_keys(other.home.node_key).transport
        self.log = log_id(author.network, author.council, self._keys.signer.public)
        store = Store(author.home.database)
        try:
            (kept,) = (row for row in store.heads() if row.log == self.log)
            leaves = store.read(self.log, 0, 2**40)
        finally:
            store.close()
        if kept.head is None:
            raise RuntimeError("a log without a head")
        self._head = log.open_head(author.network, self._keys.signer.public, kept.head)
        self._tree = merkle.Tree(merkle.leaf_hash(envelope) for envelope, _ in leaves)
        self._runs: dict[int, list[bytes]] = {}
        self._make(leaves, held)

    def _make(self, leaves: list[tuple[bytes, bytes | None]], at: int) -> None:
        while at < self._head.size:
            end = min(at + RUN_MAX_RECORDS, self._head.size)
            made = self._runs[at] = []
            while at < end:
                asked = fx.ServeRun(
                    link=0,
                    log=LogId(self.log),
                    start=at,
                    end=end,
                    head=self._head.envelope,
                    head_size=self._head.size,
                )
                run = runs.run_message(self._tree, asked, leaves[at:end])
                made.append(wire.encode(run))
                at += len(run.leaves)

    def feed(self, address: str) -> None:
        """Dial a node, announce the log and answer its pulls until it ends the link."""
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port)), 10) as raw:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            channel = Channel.initiator(
                network=self._network,
                static_private=self._keys.transport_private,
                ephemeral_private=secrets.token_bytes(32),
                remote_static=TransportKey(self._remote),
                now=_now(),
            )
            raw.sendall(channel.start())
            while data := raw.recv(65_536):
                events = channel.receive(data, _now())
                raw.sendall(channel.to_send())
                for event in events:
                    if isinstance(event, Closed):
                        return
                    for answer in self._answers(event):
                        raw.sendall(channel.send(answer, _now()))

    def _answers(self, event: HandshakeDone | Frame) -> Iterable[bytes]:
        if isinstance(event, HandshakeDone):
            yield wire.encode(wire.Hello(digest=bytes(16)))
            return
        message = wire.decode(event.plaintext)
        if isinstance(message, wire.Hello):
            root = self._head.root[:8]
            head = wire.AnnouncedHead(log=self.log, size=self._head.size, root=root)
            yield wire.encode(wire.Heads(heads=(head,)))
        elif isinstance(message, wire.Pull):
            yield from self._runs.get(message.start, ())


def _now() -> int:
    return int(time.monotonic())


def start(feeder: Feeder, address: str) -> threading.Thread:
    """Feed in a thread of its own."""
    thread = threading.Thread(target=feeder.feed, args=(address,), daemon=True)
    thread.start()
    return thread
