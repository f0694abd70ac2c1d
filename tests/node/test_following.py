"""What of whom a node holds: chosen by the operator, kept over a restart, and shown."""

import contextlib
from pathlib import Path

import pytest

from confednode import control
from confednode.errors import ControlError, StoreError
from confednode.requests.following import load_interest
from confednode.store import Store
from confedproto.interest import Mode
from confedproto.marks import DROPPED
from confedproto.text import decode_council
from confedproto.view import Log
from tests.support.nodes import Node, Nodes, until


async def test_choice_is_kept_over_a_restart_and_shown(nodes: Nodes) -> None:
    north, south = await nodes.pair()

    async def listed() -> control.Reply | None:
        """What is followed, once the first record of the other council has come."""
        said = await south.ask("follow")
        return said if said["councils"] else None

    first = await until(listed, "a council to follow")
    assert first["default"] == "full"
    assert [(row["council"], row["mode"]) for row in first["councils"]] == [(north.id, "full")]
    await south.ask("follow", mode="heads")
    reply = await south.ask("follow", council=north.id, mode="none")
    await south.stop()
    await south.start()
    again = await south.ask("follow")
    assert again == reply
    assert again["default"] == "heads"
    assert again["councils"][0]["mode"] == "none"
    await south.until_link(north)
    said = await north.found_compact()
    await south.ask("follow", council=north.id, mode="full")
    await south.until_known(said)


async def test_own_council_is_always_held_and_others_are_never_all_dropped(nodes: Nodes) -> None:
    north = await nodes.start("north")
    for choice in ({"council": north.id, "mode": "heads"}, {"mode": "none"}, {"mode": "half"}):
        with pytest.raises((control.RefusedError, ControlError)):
            await north.ask("follow", **choice)


def test_choice_that_is_damaged_is_said_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "node.db", create=True)
    assert load_interest(store).default is Mode.FULL
    for raw in ("{", '{"default": "half"}', '{"chosen": {"zz": "full"}}'):
        store.put("follow", raw)
        with pytest.raises(StoreError):
            load_interest(store)


async def test_recent_replica_survives_restarts_and_is_stated(nodes: Nodes) -> None:
    """Statements beyond the newest go, over a restart too; back at full they come again."""
    north, south = await nodes.pair()
    chosen = await south.ask("follow", council=north.id, mode="recent", keep=20)
    assert chosen["keep"] == 20
    for number in range(300):
        await north.submit(await north.ask("draft-statement", text=f"{number} " + "x" * 500))

    async def shed() -> bool:
        entry = south_log(south, north)
        return entry.tree.size >= 300 and entry.dropped >= 240

    await until(shed, "the old ones are gone")
    (row,) = (await south.ask("follow"))["councils"]
    assert (row["mode"], row["dropped"]) == ("recent", south_log(south, north).dropped)
    assert row["most_plain"] == 276 * (16_384 + 64)
    held = row["held"]
    log = south_log(south, north).id
    await south.stop()
    with contextlib.closing(Store(south.home.database)) as store:
        (stored,) = [one for one in store.heads() if one.log == log]
        assert stored.bytes == held, "the ledger and the store agree"
        bare = [row for row in store.leaves(log) if len(row[0]) == 32]
        assert len(bare) == row["dropped"]
        assert all(mark is not None and mark <= DROPPED for *_, mark in bare)
        assert any(block.mark <= DROPPED for block in store.blocks.of(log, 10_000))
    await south.start()
    again = south_log(south, north)
    assert row["dropped"] <= again.dropped <= again.tree.size - 20  # a start looks from the first
    assert not again.seclusion.withheld
    await south.until_link(north)
    await south.ask("follow", council=north.id, mode="full")

    async def whole() -> bool:
        return not south_log(south, north).dropped

    await until(whole, "all of it again")
    (row,) = (await south.ask("follow"))["councils"]
    assert (row["mode"], row["most_plain"]) == ("full", None)
    assert row["held"] > held
    await south.stop()
    with contextlib.closing(Store(south.home.database)) as store:
        assert not [row for row in store.leaves(log) if len(row[0]) == 32]


def south_log(south: Node, north: Node) -> Log:
    """The log of north as south's engine holds it."""
    council = decode_council(north.id)
    return next(e for e in south.driver.engine.view.logs.values() if e.council == council)
