"""Real nodes in one trio run: own folders, databases and keys, TCP on this machine.

Nothing here sleeps: `until` asks a node's control socket again and again, which lets every
other task run in between.
"""

import os
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import trio

from confednode import app, config, control, keyring
from confednode.config import Home, Settings
from confednode.control.server import ask_async
from confednode.driver import Driver, wall_clock
from confedproto import inputs, record, text, wire
from confedproto.channel import Channel, Closed, Frame
from confedproto.council import token_key
from confedproto.ids import CouncilId, NetworkId, TransportKey
from confedproto.keys import SigningKey

PATIENCE_S: Final = 60
"""How long to wait for what takes a moment: a loaded machine is no failure."""
WINDOWS: Final = {
    "discussion": 0,
    "notice": 3,
    "voting": 4,
    "grace": 2,
    "settle": 1,
    "step": 2,
    "witness": 1,
}


def open_sockets() -> set[str]:
    """The sockets that this process holds open."""
    found: set[str] = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except FileNotFoundError:
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


def settings_of(network: str = "tests", listen: str = "127.0.0.1:0") -> Settings:
    return Settings(network=network, listen=listen)


@dataclass(slots=True, kw_only=True)
class Node:
    """One council with its folder; running between `start` and `stop`."""

    home: Home
    settings: Settings
    council: CouncilId
    keyholders: tuple[SigningKey, ...]
    nursery: trio.Nursery
    running: app.Running | None = None
    ahead_ms: int = 0
    """How far the node's clock is ahead of the machine's."""
    stopping: trio.Event = field(default_factory=trio.Event)
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    ended: trio.Event = field(default_factory=trio.Event)

    @property
    def id(self) -> str:
        return text.encode_record(self.council)

    @property
    def network(self) -> NetworkId:
        return config.network_of(self.settings)

    @property
    def driver(self) -> Driver:
        assert self.running is not None
        return self.running.driver

    @property
    def port(self) -> int:
        assert self.running is not None
        return int(self.running.listen.rpartition(":")[2])

    async def start(self) -> "Node":
        self.stopping, self.ended = trio.Event(), trio.Event()
        self.scope = trio.CancelScope()
        self.running = await self.nursery.start(self._serve)
        return self

    async def _serve(self, *, task_status: trio.TaskStatus[app.Running]) -> None:
        try:
            with self.scope:
                await app.serve(
                    self.home,
                    self.settings,
                    stop=self.stopping,
                    clock=lambda: wall_clock() + self.ahead_ms,
                    task_status=task_status,
                )
        finally:
            self.ended.set()

    async def stop(self) -> None:
        self.stopping.set()
        with trio.fail_after(PATIENCE_S):
            await self.ended.wait()

    async def leave(self, host: "Node") -> None:
        """Stop, and wait until nothing of the link is left at `host`: its place is free."""
        transport = TransportKey(keyring.read_node_keys(self.home.node_key).transport)
        await self.stop()
        await host.until_link(self, "down")

        async def free() -> bool:
            await trio.lowlevel.checkpoint()
            return transport not in host.driver.places.keys

        await until(free, "the place free")

    async def kill(self) -> None:
        """End every task of the node at once, without farewell."""
        self.scope.cancel()
        await self.ended.wait()

    async def jump(self, seconds: int) -> None:
        """Let so much time pass for this node at once, and let it do what is due by then."""
        self.ahead_ms += 1_000 * seconds
        pump = self.driver._pump

        async def idle() -> bool:
            await pump.send(inputs.Tick())
            await trio.lowlevel.checkpoint()
            return pump._resting and pump._deadline() > trio.current_time()

        await until(idle, "nothing due")

    async def ask(self, op: str, **args: Any) -> control.Reply:
        return await ask_async(self.home.socket, op, **args)

    async def submit(self, draft: control.Reply, *extra: SigningKey) -> str:
        """Sign a draft with all keyholders and hand it in; its id. Raises RefusedError."""
        payload = bytes.fromhex(draft["payload"])
        signatures = [record.sign(self.network, payload, key) for key in (*self.keyholders, *extra)]
        envelope = record.assemble(payload, signatures)
        reply = await self.ask("submit", envelope=envelope.hex(), part=draft["part"])
        return str(reply["id"])

    async def found_compact(self, name: str = "A compact") -> str:
        """A record of this council that spreads and that others can be asked about."""
        draft = await self.ask(
            "draft-compact",
            name=name,
            rule="majority",
            windows=WINDOWS,
            weights={self.id: 2},
        )
        return await self.submit(draft)

    async def answer(self, host: "Node") -> None:
        """Both consents for a link with `host`, signed; nobody dials yet."""
        key = token_key(secrets.token_bytes(16))
        public, expires = text.encode_key(key.public), int(time.time()) + 3_600
        await host.submit(await host.ask("draft-invite", key=public, expires=expires))
        await self.submit(await self.ask("draft-answer", council=host.id, key=public), key)

    async def dial(self, host: "Node", address: str | None = None) -> None:
        """Dial `host` for ever, at its own address or at that of a relay."""
        status = await host.ask("status")
        await self.ask(
            "peer",
            council=host.id,
            address=address or status["listen"],
            transport=status["transport"],
        )

    async def link(self, host: "Node", address: str | None = None) -> None:
        """Link with `host` and wait until both sides say so and hold each other's log."""
        await self.answer(host)
        await self.dial(host, address)
        await self.until_link(host)
        await host.until_link(self)
        await self.until_held(host)
        await host.until_held(self)

    async def state_of(self, other: "Node") -> Mapping[str, Any]:
        """The row of one link."""
        rows = (await self.ask("links"))["links"]
        return next((row for row in rows if row["council"] == other.id), {})

    async def until_link(self, other: "Node", state: str = "connected") -> Mapping[str, Any]:
        async def wanted() -> Mapping[str, Any] | None:
            row = await self.state_of(other)
            return row if row.get("state") == state else None

        return await until(wanted, f"link {state}")

    async def until_held(self, other: "Node") -> None:
        """Wait until this node holds as much of the other's log as that does itself."""

        async def sizes(node: Node) -> dict[str, int]:
            return {row["council"]: row["size"] for row in (await node.ask("logs"))["logs"]}

        async def held() -> bool:
            return (await sizes(self)).get(other.id) == (await sizes(other))[other.id]

        await until(held, "the other's log")

    async def until_known(self, subject: str, op: str = "compact") -> control.Reply:
        async def wanted() -> control.Reply | None:
            try:
                return await self.ask(op, id=subject)
            except control.RefusedError:
                return None

        return await until(wanted, f"{op} known")

    async def until_refused(self, reason: str) -> Mapping[str, Any]:
        async def wanted() -> Mapping[str, Any] | None:
            rows = (await self.ask("status"))["refused"]
            return next((row for row in rows if row["reason"] == reason), None)

        return await until(wanted, f"refused {reason}")


async def until(wanted: Callable[[], Any], what: str) -> Any:
    """What `wanted` gives as soon as it gives anything. TooSlowError after PATIENCE_S."""
    with trio.move_on_after(PATIENCE_S):
        while True:
            found = await wanted()
            if found:
                return found
            await trio.lowlevel.checkpoint()
    raise trio.TooSlowError(what)


async def alive(*some: Node) -> None:
    """Each of these nodes takes a record of its own and answers."""
    for node in some:
        await node.found_compact()


async def all_bytes(stream: trio.SocketStream) -> bytes:
    """What comes until the other side closes or cuts the connection."""
    got = b""
    with trio.fail_after(PATIENCE_S):
        try:
            async for data in stream:
                got += data
        except trio.BrokenResourceError:
            pass
    return got


@dataclass(slots=True, kw_only=True)
class Nodes:
    """The nodes of one test, in folders of their own."""

    folder: Path
    nursery: trio.Nursery
    all: list[Node] = field(default_factory=list)

    def found(self, name: str, *, network: str = "tests") -> Node:
        """A council of one keyholder, not running yet."""
        home, settings = Home(path=self.folder / name), settings_of(network)
        founded = app.found(home, settings, name=name, threshold=1, keyholders=1, passphrase=None)
        node = Node(
            home=home,
            settings=settings,
            council=founded.council,
            keyholders=tuple(keyring.read_key(path, None) for path in founded.key_files),
            nursery=self.nursery,
        )
        self.all.append(node)
        return node

    async def start(self, name: str, *, network: str = "tests") -> Node:
        return await self.found(name, network=network).start()

    async def pair(self) -> tuple[Node, Node]:
        """Two that are linked: `north`, and `south`, which dialled."""
        north, south = await self.start("north"), await self.start("south")
        await south.link(north)
        return north, south

    async def gone(self, host: Node, name: str = "west") -> Node:
        """One that was linked with `host` and has stopped: a RawPeer may speak for it."""
        node = await self.start(name)
        await node.link(host)
        await node.leave(host)
        return node


@asynccontextmanager
async def nodes_in(folder: Path) -> AsyncGenerator[Nodes, None]:
    """Nodes that are stopped in the end; fails if a task or a socket outlives them."""
    before = open_sockets()
    async with trio.open_nursery() as nursery:
        nodes = Nodes(folder=folder, nursery=nursery)
        yield nodes
        for node in nodes.all:
            if node.running is not None and not node.ended.is_set():
                await node.stop()
        assert not nursery.child_tasks, f"still running: {nursery.child_tasks}"
    assert open_sockets() <= before, "a socket was left open"


@dataclass(slots=True, kw_only=True)
class RawPeer:
    """A council's transport key in the hands of a test: it can say anything to a node."""

    stream: trio.SocketStream
    channel: Channel
    council: CouncilId

    @classmethod
    async def connect(
        cls, host: Node, identity: Node | None = None, *, network: NetworkId | None = None
    ) -> "RawPeer":
        """Dial `host` as the node of `identity`, or as a stranger."""
        if identity is None:
            private, council = secrets.token_bytes(32), CouncilId(secrets.token_bytes(32))
        else:
            keys = keyring.read_node_keys(identity.home.node_key)
            private, council = keys.transport_private, identity.council
        remote = TransportKey(keyring.read_node_keys(host.home.node_key).transport)
        channel = Channel.initiator(
            network=network or host.network,
            static_private=private,
            ephemeral_private=secrets.token_bytes(32),
            remote_static=remote,
            now=0,
        )
        stream = await trio.open_tcp_stream("127.0.0.1", host.port)
        await stream.send_all(channel.start())
        peer = cls(stream=stream, channel=channel, council=council)
        channel.receive(await stream.receive_some(65_536), 0)
        await stream.send_all(channel.to_send())
        return peer

    @classmethod
    async def linked(cls, host: Node, identity: Node) -> "RawPeer":
        """Dial as the node of `identity`, greet, and wait until the link is open."""
        peer = await cls.connect(host, identity)
        await peer.hello()
        await host.until_link(identity)
        return peer

    def seal(self, *messages: wire.Message | bytes) -> bytes:
        """Messages, or plaintexts of any kind, as the bytes to write."""
        out = b""
        for message in messages:
            data = message if isinstance(message, bytes) else wire.encode(message)
            out += self.channel.send(data, 0)
        return out

    async def send(self, *messages: wire.Message | bytes) -> None:
        await self.stream.send_all(self.seal(*messages))

    async def hello(self) -> None:
        """Greet, which opens the link if the host knows this council."""
        await self.send(wire.Hello(council=self.council, digest=bytes(16)))

    async def receive(self) -> list[wire.Message]:
        """Every message until the host closes or cuts the connection."""
        out: list[wire.Message] = []
        with trio.fail_after(PATIENCE_S):
            try:
                while data := await self.stream.receive_some(65_536):
                    for event in self.channel.receive(data, 0):
                        if isinstance(event, Closed):
                            return out
                        if isinstance(event, Frame):
                            message = wire.decode(event.plaintext)
                            assert message is not None
                            out.append(message)
            except trio.BrokenResourceError:
                pass
        return out

    async def aclose(self) -> None:
        await trio.aclose_forcefully(self.stream)
