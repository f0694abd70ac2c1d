"""Where a node connects to: no hostile address, and behind a proxy nowhere else."""

import socket

import pytest
import trio

from confednode.errors import LinkError, NodeReason
from confednode.reach import Reach, is_inside, may_dial
from confedproto.text import parse_address

HOSTILE = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "192.0.0.1",
    "192.0.2.7",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.3",
    "203.0.113.5",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:a9fe:a9fe::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "no number",
]
OWN = [
    "127.0.0.1",
    "127.255.255.254",
    "10.1.2.3",
    "100.64.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
    "fd00::1",
]
PUBLIC = ["9.9.9.9", "172.32.0.1", "100.128.0.1", "2620:fe::fe", "::ffff:9.9.9.9", "2002:909:909::"]


@pytest.mark.parametrize("host", HOSTILE)
@pytest.mark.parametrize("inside", [True, False])
def test_address_where_no_node_lives_is_never_dialled(host: str, inside: bool) -> None:
    assert not may_dial(host, inside=inside)


@pytest.mark.parametrize("host", OWN)
def test_own_network_is_for_nodes_that_live_there(host: str) -> None:
    assert may_dial(host, inside=True)
    assert not may_dial(host, inside=False)


@pytest.mark.parametrize("host", PUBLIC)
def test_public_address_may_be_dialled(host: str) -> None:
    assert may_dial(host, inside=False)


@pytest.mark.parametrize(("host", "inside"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_listening_host_says_where_a_node_lives(host: str, inside: bool) -> None:
    assert is_inside(host) is inside


async def test_name_that_resolves_to_this_machine_is_not_dialled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def resolved(*_: object, **__: object) -> list[object]:
        await trio.lowlevel.checkpoint()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))]

    monkeypatch.setattr(trio.socket, "getaddrinfo", resolved)
    with pytest.raises(LinkError) as caught:
        await Reach(inside=False).connect(parse_address("rebound.example:80"), b"")
    assert caught.value.reason is NodeReason.ADDRESS_INVALID


async def test_onion_without_a_proxy_is_not_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolved(*_: object, **__: object) -> list[object]:
        raise AssertionError("a resolver was asked")

    monkeypatch.setattr(trio.socket, "getaddrinfo", resolved)
    with pytest.raises(LinkError):
        await Reach().connect(parse_address(f"{'a' * 55}d.onion:80"), b"")


class Proxy:
    """A SOCKS5 proxy that notes what it is asked for."""

    def __init__(self, verdict: int = 0) -> None:
        self.verdict = verdict
        self.asked: list[bytes] = []
        self.users: list[bytes] = []

    async def serve(self, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        task_status.started(listener.socket.getsockname()[1])
        await trio.serve_listeners(self._one, [listener])

    async def _one(self, stream: trio.SocketStream) -> None:
        async with stream:
            assert await stream.receive_some(3) == b"\x05\x01\x02"
            await stream.send_all(b"\x05\x02")
            self.users.append(bytes(await stream.receive_some(256)))
            await stream.send_all(b"\x01\x00")
            self.asked.append(bytes(await stream.receive_some(512)))
            await stream.send_all(bytes((5, self.verdict, 0, 1, 0, 0, 0, 0, 0, 0)) + b"hello")
            await stream.receive_some(1)


async def test_proxy_is_asked_for_the_name_and_each_link_has_a_circuit() -> None:
    proxy = Proxy()
    async with trio.open_nursery() as nursery:
        port = await nursery.start(proxy.serve)
        reach = Reach(proxy=f"127.0.0.1:{port}", inside=False)
        onion = parse_address(f"{'a' * 55}d.onion:7330")
        for circuit in (b"one", b"two", b"one"):
            stream = await reach.connect(onion, circuit)
            assert await stream.receive_some(5) == b"hello"
            await stream.aclose()
        nursery.cancel_scope.cancel()
    host = onion.host.encode()
    wanted = b"\x05\x01\x00\x03" + bytes((len(host),)) + host + (7330).to_bytes(2, "big")
    assert proxy.asked == [wanted] * 3
    assert proxy.users[0] == proxy.users[2] != proxy.users[1]


async def test_proxy_that_refuses_is_told_by_its_reason() -> None:
    proxy = Proxy(verdict=5)
    async with trio.open_nursery() as nursery:
        port = await nursery.start(proxy.serve)
        with pytest.raises(LinkError, match="refused"):
            await Reach(proxy=f"127.0.0.1:{port}").connect(parse_address("a.example:1"), b"")
        nursery.cancel_scope.cancel()
