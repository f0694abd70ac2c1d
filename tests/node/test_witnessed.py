"""What a node shows of steps that nobody else has received, and of a neighbour's override."""

from pathlib import Path
from typing import Any

import trio
from click.testing import CliRunner

from confednode.cli import confed
from tests.support.nodes import WINDOWS, Node, nodes_in, until


async def lines(node: Node, *arguments: str) -> str:
    """What a command prints for people."""
    given = [*arguments, "--home", str(node.home.path)]
    return await trio.to_thread.run_sync(lambda: CliRunner().invoke(confed, given).stdout)


async def test_steps_are_unwitnessed_until_a_member_of_a_compact_has_received_them(
    tmp_path: Path,
) -> None:
    async with nodes_in(tmp_path) as nodes:
        north, south = await nodes.start("north"), await nodes.start("south")
        await south.link(north)
        assert "Unwitnessed by other councils: charter 1, node 1" in await lines(north, "status")
        assert "node 1: received by 0 other councils  unwitnessed" in await lines(
            north, "charter", "show"
        )
        assert (await lines(north, "log", "--kind", "charter")).count("  unwitnessed") == 2

        async def known() -> bool:
            return (await north.ask("status"))["logs"] == 2

        await until(known, "south's log")
        draft = await north.ask(
            "draft-compact",
            name="Valley",
            rule="majority",
            windows=WINDOWS,
            weights={north.id: 2, south.id: 2},
        )
        await north.submit(draft, *south.keyholders)

        async def received() -> list[dict[str, Any]] | None:
            steps = (await north.ask("status"))["steps"]
            return steps if all(row["received_by"] == 1 for row in steps) else None

        steps = await until(received, "receipts")
        assert [(row["kind"], row["number"], row["unwitnessed"]) for row in steps] == [
            ("charter", 1, False),
            ("node", 1, False),
        ]
        assert "nwitnessed" not in await lines(north, "status")
        rows = (await north.ask("log", kind="node", limit=9))["records"]
        assert {row["council"]: row["unwitnessed"] for row in rows}[north.id] is False


async def test_override_stands_beside_the_link_of_those_who_follow_the_log(tmp_path: Path) -> None:
    async with nodes_in(tmp_path) as nodes:
        north, south = await nodes.start("north"), await nodes.start("south")
        await south.link(north)

        async def known() -> bool:
            return (await north.ask("status"))["logs"] == 2

        await until(known, "south's log")
        assert (await south.state_of(north))["overrode"] is None
        await south.kill()
        await north.stop()
        (north.home.path / "node.counter").unlink()  # as after a restored backup
        await north.start()
        await north.ask("override")
        await south.start()

        async def told() -> bool:
            return (await south.state_of(north)).get("overrode") is not None

        await until(told, "the override")
        assert "signed without its peers' answers on" in await lines(south, "links")
        assert "signed without its peers' answers on" in await lines(south, "status")
