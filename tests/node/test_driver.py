"""The driver: two and three whole nodes over real TCP, and what the machine does to them."""

import gc
import secrets
import socket
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from confednode import driver as module
from confednode import links, store
from confednode.errors import ControlError, LinkError, NodeReason, StoreError
from confedproto import effects as fx
from confedproto import text, wire
from confedproto.council import token_key
from confedproto.ids import LogId
from tests.support.nodes import Node, Nodes, RawPeer, alive, all_bytes, until


async def alike(*some: Node) -> bool:
    """Whether these nodes show one state."""
    return len({(await node.ask("status"))["digest"] for node in some}) == 1


# --- what nodes are for -------------------------------------------------------------------------


async def test_link_record_of_either_reaches_the_other(nodes: Nodes) -> None:
    north, south = await nodes.pair()
    of_north, of_south = await north.found_compact("N"), await south.found_compact("S")
    assert (await south.until_known(of_north))["name"] == "N"
    assert (await north.until_known(of_south))["name"] == "S"


async def test_three_in_a_row_record_goes_through_the_middle(nodes: Nodes) -> None:
    north, middle, south = [await nodes.start(name) for name in ("north", "middle", "south")]
    await middle.link(north)
    await south.link(middle)
    compact = await north.found_compact()
    await south.until_known(compact)
    assert await south.state_of(north) == {}
    await until(partial(alike, north, middle, south), "one state")


async def test_record_is_on_the_disk_before_anybody_hears_of_it(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, south = await nodes.pair()
    inside = north.driver._store
    kept = {log.log: len(log.leaves) for log in inside.load()}
    said: list[str] = []
    write, send = inside.write, north.driver._send

    def writes(batch: Sequence[fx.StoreLeaves]) -> None:
        write(batch)
        for effect in batch:
            kept[effect.log] = effect.start + len(effect.leaves)

    def sends(number: int, message: wire.Message) -> None:
        match message:
            case wire.Heads():
                said.append("heads")
                assert all(head.size <= kept[LogId(head.log)] for head in message.heads)
            case wire.Run():
                said.append("run")
                assert message.start + len(message.leaves) <= kept[LogId(message.log)]
            case _:
                pass
        send(number, message)

    monkeypatch.setattr(inside, "write", writes)
    monkeypatch.setattr(north.driver, "_send", sends)
    for number in range(5):
        for queue in north.driver.engine._announcer.queues.values():
            queue.followed.clear()  # announced and pulled; the next one goes ahead (LIV-7)
        await south.until_known(await north.found_compact(str(number)))
        await south.until_known(await north.found_compact(f"{number} ahead"))
        await north.until_known(await south.found_compact(str(number)))
    assert {"heads", "run"} <= set(said)


async def test_node_killed_and_started_again_has_lost_nothing_and_catches_up(nodes: Nodes) -> None:
    north, south = await nodes.pair()
    first = await north.found_compact("first")
    await south.until_known(first)
    port = south.port
    await south.kill()
    second = await north.found_compact("second")
    await south.start()
    assert south.port == port, "the port that was chosen first, since peers know it"
    assert (await south.ask("compact", id=first))["name"] == "first"
    assert (await south.until_known(second))["name"] == "second"


async def test_councils_that_rotated_link_by_invitation(nodes: Nodes) -> None:
    north, south = await nodes.start("north"), await nodes.start("south")
    for node, turns in ((north, 1), (south, 2)):
        for turn in range(turns):
            keys = (await node.ask("charter"))["keys"]
            draft = await node.ask("draft-charter", threshold=1, keys=keys, name=f"Name {turn}")
            await node.submit(draft)
    await south.link(north)
    compact = await south.found_compact()
    await north.until_known(compact)
    assert (await north.state_of(south))["name"] == "Name 1"


async def test_leaked_invitation_links_the_first_and_tells_the_other_why(nodes: Nodes) -> None:
    north, south, thief = [await nodes.start(name) for name in ("north", "south", "thief")]
    key = token_key(secrets.token_bytes(16))
    public, expires = text.encode_key(key.public), int(time.time()) + 3_600
    await north.submit(await north.ask("draft-invite", key=public, expires=expires))
    for guest in (south, thief):
        await guest.submit(await guest.ask("draft-answer", council=north.id, key=public), key)
    await south.dial(north)
    await south.until_link(north)
    await thief.dial(north)

    async def told() -> bool:
        return (await thief.state_of(north)).get("reason") == "invitation-used"

    await until(told, "the reason")
    await north.until_refused("invitation-used")
    assert (await south.state_of(north))["state"] == "connected"
    rows = (await north.ask("log", kind="guest", limit=9))["records"]
    assert [row["council"] for row in rows] == [north.id]


async def test_node_whose_store_has_another_branch_loads_it_and_goes_on(nodes: Nodes) -> None:
    north, south = await nodes.pair()
    compact = await north.found_compact("before")
    await south.until_known(compact)
    port = south.port
    south.driver.outdated.set()  # as after a switch of branches
    await north.until_link(south, "down")

    async def serves() -> bool:
        try:
            return (await south.state_of(north)).get("state") == "connected"
        except ControlError:  # while it loads
            return False

    await until(serves, "the node again")
    assert south.port == port
    assert (await south.ask("compact", id=compact))["name"] == "before"
    again = await north.found_compact("after")
    assert (await south.until_known(again))["name"] == "after"
    assert (await south.ask("status"))["signing"] == "open"


# --- links come and go --------------------------------------------------------------------------


@pytest.mark.usefixtures("prompt_redial")
async def test_link_cut_on_the_way_comes_back_and_carries_what_was_missed(nodes: Nodes) -> None:
    north, south = await nodes.start("north"), await nodes.start("south")
    async with trio.open_nursery() as nursery:
        cut: list[trio.SocketStream] = []
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")

        async def relay(incoming: trio.SocketStream) -> None:
            outgoing = await trio.open_tcp_stream("127.0.0.1", north.port)
            cut.extend((incoming, outgoing))
            async with outgoing, trio.open_nursery() as pumps:
                pumps.start_soon(pump, incoming, outgoing)
                pumps.start_soon(pump, outgoing, incoming)

        nursery.start_soon(trio.serve_listeners, relay, [listener])
        address = f"127.0.0.1:{listener.socket.getsockname()[1]}"
        await south.link(north, address)
        for number in range(3):
            for stream in cut:
                await trio.aclose_forcefully(stream)
            cut.clear()
            compact = await north.found_compact(str(number))
            assert (await south.until_known(compact))["name"] == str(number)
        nursery.cancel_scope.cancel()


async def pump(source: trio.SocketStream, target: trio.SocketStream) -> None:
    try:
        async for data in source:
            await target.send_all(data)
        await target.aclose()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass


@pytest.mark.usefixtures("prompt_redial")
async def test_network_offline_node_has_no_links_until_it_is_online_again(nodes: Nodes) -> None:
    north, south = await nodes.pair()
    west = await nodes.start("west")
    await west.answer(south)
    await south.ask("network", online=False)
    await north.until_link(south, "down")
    await south.until_link(north, "down")
    await west.dial(south)  # whoever dials it is turned away at once
    stream = await trio.open_tcp_stream("127.0.0.1", south.port)
    assert await all_bytes(stream) == b""
    await stream.aclose()
    of_north, of_south = await north.found_compact(), await south.found_compact()
    with pytest.raises(trio.TooSlowError):
        with trio.fail_after(0.3):
            await south.until_known(of_north)
    await south.ask("network", online=True)
    await south.until_known(of_north)
    await north.until_known(of_south)
    await west.until_known(of_south)


async def test_network_offline_during_a_dial_takes_up_no_link(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, south = await nodes.start("north"), await nodes.start("south")
    real, going, go_on = links.dial, trio.Event(), trio.Event()

    async def slow(*args: Any, **kwargs: Any) -> links.Link:
        link = await real(*args, **kwargs)
        going.set()
        await go_on.wait()
        return link

    monkeypatch.setattr(module, "dial", slow)
    await south.answer(north)
    await south.dial(north)
    await going.wait()
    await south.ask("network", online=False)
    go_on.set()
    await wait_all_tasks_blocked(0.05)
    assert (await south.state_of(north))["state"] == "connecting"
    assert (await north.state_of(south)) == {}


async def test_dial_that_fails_while_the_other_has_dialled_leaves_the_link_connected(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, south = await nodes.start("north"), await nodes.start("south")
    going, go_on = trio.Event(), trio.Event()

    async def fails(*_: object, **__: object) -> links.Link:
        going.set()
        await go_on.wait()
        raise LinkError(NodeReason.LINK_TIMEOUT, "no answer")

    with monkeypatch.context() as patch:
        patch.setattr(module, "dial", fails)
        await north.dial(south)
        await going.wait()
    await south.link(north)
    go_on.set()
    await wait_all_tasks_blocked()
    assert (await north.state_of(south))["state"] == "connected"


@pytest.mark.usefixtures("prompt_redial")
async def test_link_both_dial_ends_up_with_one_that_stays(nodes: Nodes) -> None:
    north, south = await nodes.pair()
    await north.answer(south)  # the other way round as well
    await north.dial(south)
    await south.driver.unlinked()  # both dial at once from now on
    south.driver.set_online(True)

    async def settled() -> bool:
        return len(north.driver._links) == len(south.driver._links) == 1 and all(
            [
                (await north.state_of(south))["state"] == "connected",
                (await south.state_of(north))["state"] == "connected",
            ]
        )

    await until(settled, "one link")
    await south.until_known(await north.found_compact())  # the later dial may have replaced it
    number = next(iter(north.driver._links))
    for _ in range(3):
        await south.until_known(await north.found_compact())
    assert list(north.driver._links) == [number], "the link was replaced again and again"


async def test_link_guest_without_an_invitation_is_refused_and_told_why(nodes: Nodes) -> None:
    north, south = await nodes.start("north"), await nodes.start("south")
    await south.dial(north)
    row = await south.until_link(north, "down")
    assert row["reason"] == "peer-unknown"
    assert (await north.ask("links"))["links"] == []
    await alive(north, south)


async def test_link_other_network_is_down_and_says_so(nodes: Nodes) -> None:
    north = await nodes.start("north")
    south = await nodes.start("south", network="another")
    await south.dial(north)
    row = await south.until_link(north, "down")
    assert row["reason"] == "channel-truncated"  # the host says nothing to strangers
    assert (await north.until_refused("channel-handshake"))["time"] > 0
    await alive(north, south)


# --- what the machine does ----------------------------------------------------------------------


async def test_listen_port_taken_is_said_plainly(nodes: Nodes) -> None:
    north, south = await nodes.start("north"), nodes.found("south")
    south.settings = type(south.settings)(network="tests", listen=f"127.0.0.1:{north.port}")
    with pytest.RaisesGroup(
        pytest.RaisesExc(LinkError, match=str(north.port)), flatten_subgroups=True
    ) as caught:
        async with trio.open_nursery() as nursery:
            south.nursery = nursery
            await south.start()
    (error,) = flat(caught.value)
    assert isinstance(error, LinkError)
    assert (error.reason, error.exit_code) == (NodeReason.PORT_TAKEN, 1)
    await alive(north)


def flat(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    out: list[BaseException] = []
    for error in group.exceptions:
        out += flat(error) if isinstance(error, BaseExceptionGroup) else [error]
    return out


async def test_listen_address_of_another_machine_is_said_plainly(nodes: Nodes) -> None:
    south = nodes.found("south")
    south.settings = type(south.settings)(network="tests", listen="192.0.2.1:0")
    with pytest.RaisesGroup(LinkError, flatten_subgroups=True) as caught:
        async with trio.open_nursery() as nursery:
            south.nursery = nursery
            await south.start()
    (error,) = flat(caught.value)
    assert isinstance(error, LinkError)
    assert (error.reason, error.exit_code) == (NodeReason.ADDRESS_INVALID, 2)


def has_ipv6_loopback() -> bool:
    """Whether the kernel has ::1, asked without any of our own code."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.fixture
def ipv6_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """::1, also where the kernel has none: there it leads to 127.0.0.1, under its own name."""
    if has_ipv6_loopback():
        return
    real = trio.socket.getaddrinfo

    async def found(host: str, *rest: Any, **more: Any) -> Any:
        return await real("127.0.0.1" if host == "::1" else host, *rest, **more)

    monkeypatch.setattr(trio.socket, "getaddrinfo", found)


@pytest.mark.usefixtures("ipv6_loopback")
async def test_listen_ipv6_is_named_so_that_others_can_dial_it(nodes: Nodes) -> None:
    north, south = nodes.found("north"), await nodes.start("south")
    north.settings = type(north.settings)(network="tests", listen="[::1]:0")
    await north.start()
    assert (await north.ask("status"))["listen"].startswith("[::1]:")
    await south.link(north)


async def test_store_failure_stops_the_node_and_nothing_was_passed_on(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, south = await nodes.start("north"), await nodes.start("south")
    sent: list[wire.Message] = []
    caught: list[BaseException] = []
    async with trio.open_nursery() as nursery:

        async def run() -> None:
            try:
                async with trio.open_nursery() as inner:
                    north.nursery = inner
                    await north.start()
                    up.set()
            except BaseExceptionGroup as group:
                caught.extend(flat(group))

        await north.stop()
        up = trio.Event()
        nursery.start_soon(run)
        await up.wait()
        await south.link(north)
        own = north.driver.engine.own
        held = north.driver.engine.view.logs[own].tree.size

        def fails(*_: object) -> None:
            raise StoreError(NodeReason.STORE_FAILED, "database: disk I/O error")

        real = links.Link.send

        def sends(link: links.Link, message: wire.Message) -> None:
            if link in north.driver._links.values():
                sent.append(message)
            real(link, message)

        monkeypatch.setattr(links.Link, "send", sends)
        monkeypatch.setattr(north.driver._store, "write", fails)
        with pytest.raises(Exception, match=r"stopped meanwhile|no node is running"):
            await north.found_compact()
        await north.ended.wait()
    (error,) = caught
    assert isinstance(error, StoreError)
    assert (error.reason, error.exit_code) == (NodeReason.STORE_FAILED, 1)
    told = [head for m in sent if isinstance(m, wire.Heads) for head in m.heads]
    assert not [head for head in told if head.log == own and head.size > held]
    runs = [m for m in sent if isinstance(m, wire.Run) and m.log == own]
    assert not [run for run in runs if run.start + len(run.leaves) > held]
    assert south.driver.engine.view.logs[own].tree.size <= held
    monkeypatch.undo()
    north.nursery = nodes.nursery
    await north.start()  # it stands where the disk stands
    compact = await north.found_compact()
    await south.until_known(compact)


async def test_stop_a_peer_that_does_not_answer_holds_nobody_up(nodes: Nodes) -> None:
    north, _ = await nodes.pair()
    west = await nodes.gone(north)
    peer = await RawPeer.linked(north, west)
    await north.stop()  # or it fails
    await peer.aclose()


async def test_stop_tells_the_peers_which_stay_up(nodes: Nodes) -> None:
    north, south = await nodes.pair()
    await north.stop()
    row = await south.until_link(north, "down")
    assert row["reason"] in ("channel-closed", "link-failed")
    await alive(south)


async def test_many_links_leave_nothing_behind(nodes: Nodes) -> None:
    north, south = await nodes.pair()
    west = await nodes.gone(north)
    driver = north.driver
    for _ in range(30):
        peer = await RawPeer.linked(north, west)
        await peer.aclose()
        await north.until_link(west, "down")
    await wait_all_tasks_blocked(0.05)
    gc.collect()
    assert len(driver._links) == len(driver._behind) == len(driver.engine.sessions) == 1
    assert (len(driver.places.keys), len(driver.places.strangers)) == (1, 0)
    assert not driver.places.guests or all(g.opened.is_set() for g in driver.places.guests)
    assert not driver._waiting
    assert not driver._answers
    assert len(driver.states) == 2
    assert store.VERSION
    assert (await north.state_of(south))["state"] == "connected"
