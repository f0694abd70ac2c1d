"""A log that a cloned machine forked, on real nodes: whoever held the other branch switches."""

import secrets
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from confednode import control, driver
from confednode.config import Home
from confednode.errors import ControlError
from confedproto import branches, heartbeat, record, text
from confedproto.channel.noise import public_key
from confedproto.ids import LogId, TransportKey
from confedproto.keys import SigningKey
from tests.support.nodes import Node, Nodes, until


async def until_forked(log: LogId, *some: Node) -> None:
    async def known() -> bool:
        await trio.lowlevel.checkpoint()
        return all(log in node.driver.engine.view.chains.forked for node in some)

    await until(known, "the proof of the fork")


async def knows(node: Node, compact: str) -> bool:
    """Whether a node counts this compact; False also while it loads anew."""
    try:
        await node.ask("compact", id=compact)
    except (control.RefusedError, ControlError):
        return False
    return True


async def test_node_of_the_lost_branch_loads_the_kept_one_and_keeps_its_own_beside(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "REDIAL_FIRST_S", 0.01)
    monkeypatch.setattr(driver, "REDIAL_MAX_S", 0.05)
    monkeypatch.setattr(heartbeat, "DIGEST_INTERVAL_MS", 200)
    monkeypatch.setattr(branches, "ASK_INTERVAL_MS", 200)
    north, south, east = [await nodes.start(name) for name in ("north", "south", "east")]
    await south.link(north)
    await east.link(north)
    log = north.driver.engine.own

    # The machine is cloned. South hears one of the two, east the other.
    await east.leave(north)
    await north.stop()
    shutil.copytree(north.home.path, tmp_path / "clone")
    clone = replace(north, home=Home(path=tmp_path / "clone"))
    nodes.all.append(clone)
    await north.start()
    kept = [await north.found_compact(f"Kept {number}") for number in range(2)]
    await south.until_known(kept[-1])
    await north.stop()
    await south.stop()
    await clone.start()  # at the same address
    await clone.ask("override")
    lost = await clone.found_compact("Lost")
    await east.start()
    await east.until_known(lost)
    await clone.stop()

    # South and east meet: the proof stands. The keyholders keep what south holds.
    await south.start()
    await south.link(east)
    await until_forked(log, south, east)
    assert await knows(east, lost)
    fresh = SigningKey(secrets.token_bytes(32))
    transport = TransportKey(public_key(secrets.token_bytes(32)))
    draft = await south.ask(
        "draft-node",
        council=north.id,
        key=text.encode_key(fresh.public),
        transport=text.encode_transport(transport),
    )
    payload = bytes.fromhex(draft["payload"])
    signed = record.assemble(
        payload, [record.sign(north.network, payload, key) for key in north.keyholders]
    )
    await south.ask("submit", envelope=signed.hex(), part=None)

    async def switched() -> bool:
        return await knows(east, kept[-1])

    await until(switched, "the kept branch")
    assert not await knows(east, lost)
    await south.until_held(east)
    await east.until_held(south)
    digests = [(await node.ask("status"))["digest"] for node in (south, east)]
    assert digests[0] == digests[1]
    aside = east.driver._store.lost(log)
    assert [index for _, index, _, _ in aside] == list(range(len(aside)))
    assert any(b"Lost" in envelope for _, _, envelope, _ in aside)
    await east.stop()
    await east.start()
    assert (await east.ask("status"))["digest"] == digests[1], "so it stands on the disk"
