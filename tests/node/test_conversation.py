"""Conversations with strangers, and with peers that keep to no rule."""

import contextlib

import pytest
import trio

from confednode import conversation, links, places
from confedproto import wire
from confedproto.errors import Reason
from tests.support.nodes import PATIENCE_S, Node, Nodes, RawPeer, alive, all_bytes, until


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", bytes(70_000), b"confed\x01\x01\x00\x30" + b"\x07" * 48]
)
async def test_stranger_gets_no_byte_and_the_node_lives(nodes: Nodes, data: bytes) -> None:
    north, south = await nodes.pair()
    stream = await trio.open_tcp_stream("127.0.0.1", north.port)
    with contextlib.suppress(trio.BrokenResourceError):  # it hangs up before it has read all
        await stream.send_all(data)
    assert await all_bytes(stream) == b""
    await stream.aclose()
    await south.until_known(await north.found_compact())


async def test_strangers_in_any_number_hold_a_bounded_number_of_places(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "STRANGERS_MAX", 4)
    north = await nodes.start("north")
    streams = [await trio.open_tcp_stream("127.0.0.1", north.port) for _ in range(12)]
    for stream in streams[4:]:
        assert await all_bytes(stream) == b""  # turned away at once
    assert len(north.driver.places.strangers) == 4
    for stream in streams:
        await stream.aclose()
    await until(lambda: settled(north), "places free again")
    await alive(north)


async def settled(node: Node) -> bool:
    await trio.lowlevel.checkpoint()
    return not node.driver.places.strangers


async def test_stranger_that_finishes_the_handshake_and_waits_is_dropped(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "GREETING_S", 0.05)
    north = await nodes.start("north")
    peer = await RawPeer.connect(north)
    assert await peer.receive() == []
    await peer.aclose()
    assert (await north.until_refused("peer-silent"))["detail"] == "no greeting"


@pytest.mark.parametrize(
    "message",
    [
        wire.Hello(council=bytes(32), digest=bytes(16)),
        wire.Pull(log=bytes(32), start=0),
        wire.DigestNow(digest=bytes(16)),
        wire.Knock(charters=(b"x",), node=b"y", link=b"z"),
    ],
    ids=lambda message: type(message).__name__,
)
async def test_stranger_that_speaks_is_told_and_dropped(
    nodes: Nodes, message: wire.Message
) -> None:
    north = await nodes.start("north")
    peer = await RawPeer.connect(north)
    await peer.send(message)
    (farewell,) = await peer.receive()
    assert isinstance(farewell, wire.Bye)
    await peer.aclose()
    await north.until_refused(farewell.reason)
    await alive(north)


@pytest.mark.parametrize(
    ("plaintext", "reason"),
    [
        (b"\x02\x80", Reason.MESSAGE_FORM),
        (b"\x06\xc0", Reason.MESSAGE_FORM),
        (b"\xf0\x80", Reason.MESSAGE_TYPE),
        (b"\x00\x80", Reason.MESSAGE_TYPE),
        (wire.Hello(council=bytes(32), digest=bytes(16)), Reason.MESSAGE_STATE),
    ],
)
async def test_linked_peer_that_breaks_the_rules_loses_the_link_alone(
    nodes: Nodes, plaintext: bytes | wire.Message, reason: Reason
) -> None:
    north, south = await nodes.pair()
    west = await nodes.gone(north)
    peer = await RawPeer.linked(north, west)
    await peer.send(plaintext)
    await peer.receive()
    await peer.aclose()
    await north.until_refused(reason.value)
    row = await north.until_link(west, "down")
    assert row["reason"] == reason.value
    await south.until_known(await north.found_compact())
    again = await RawPeer.connect(north, west)  # and it may try again
    await again.hello()
    await north.until_link(west)
    await again.aclose()


async def test_linked_peer_that_asks_and_closes_at_once_harms_nobody(nodes: Nodes) -> None:
    north, south = await nodes.pair()
    west = await nodes.gone(north)
    own = next(iter(north.driver.engine.view.logs))
    for count in (1, 3, 40):
        peer = await RawPeer.connect(north, west)
        await peer.hello()
        asked = peer.seal(*[wire.Pull(log=own, start=0)] * count)
        # All of it in one segment: the close is read before the answers are written.
        await peer.stream.send_all(asked + peer.channel.close(0))
        await north.until_link(west, "down")
        await peer.aclose()
    await south.until_known(await north.found_compact())


async def test_linked_peer_that_is_cut_in_the_middle_of_a_message_harms_nobody(
    nodes: Nodes,
) -> None:
    north, south = await nodes.pair()
    west = await nodes.gone(north)
    peer = await RawPeer.linked(north, west)
    await peer.stream.send_all(peer.seal(wire.DigestNow(digest=bytes(16)))[:-1])
    await peer.aclose()
    row = await north.until_link(west, "down")
    assert row["reason"] in ("channel-truncated", "link-failed")
    await south.until_known(await north.found_compact())


async def test_linked_peer_that_does_not_read_is_dropped_at_the_bound(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "QUEUE_MAX_BYTES", 100_000)
    north, south = await nodes.pair()
    west = await nodes.gone(north)
    for _ in range(40):
        await north.found_compact("x" * 64)
    peer = await RawPeer.connect(north, west)
    await peer.hello()
    own = next(iter(north.driver.engine.view.logs))

    async def ask_for_ever() -> None:
        with contextlib.suppress(trio.BrokenResourceError):
            while True:
                await peer.send(*[wire.Pull(log=own, start=0)] * 100)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask_for_ever)
        refused = await north.until_refused("quota")
        assert refused["detail"] == "the peer does not read"
        nursery.cancel_scope.cancel()
    await north.until_link(west, "down")
    await peer.aclose()
    await south.until_known(await north.found_compact())


async def test_link_that_was_ended_does_not_linger_on_a_peer_that_only_talks(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "CLOSE_S", 0.05)
    north, _ = await nodes.pair()
    west = await nodes.gone(north)
    peer = await RawPeer.linked(north, west)
    number = max(north.driver._links)
    north.driver._close(number, Reason.QUOTA)

    async def talk() -> None:
        with contextlib.suppress(trio.BrokenResourceError):
            while True:
                await peer.send(wire.DigestNow(digest=bytes(16)))

    with trio.fail_after(PATIENCE_S):
        await talk()
    assert number not in north.driver._links
    await peer.aclose()
