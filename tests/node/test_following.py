"""What of whom a node holds: chosen by the operator, kept over a restart, and shown."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from confednode import control
from confednode.errors import ControlError, StoreError
from confednode.requests.following import load_interest
from confednode.store import Store
from confedproto.interest import Mode
from tests.support.nodes import Nodes, nodes_in, until


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Nodes]:
    async with nodes_in(tmp_path) as made:
        yield made


async def test_choice_is_kept_over_a_restart_and_shown(nodes: Nodes) -> None:
    north, south = await nodes.start("north"), await nodes.start("south")
    await south.link(north)

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
