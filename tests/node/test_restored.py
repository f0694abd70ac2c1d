"""What `confed status` says of a node that signs nothing, and why it stops saying so."""

import shutil

import trio
from click.testing import CliRunner

from confednode.cli import confed
from tests.support.nodes import Node, Nodes, until


async def held_lines(node: Node) -> list[str]:
    """The lines of `confed status` on why the node signs nothing."""
    given = ["status", "--home", str(node.home.path)]
    said = await trio.to_thread.run_sync(lambda: CliRunner().invoke(confed, given).stdout)
    return [line for line in said.splitlines() if line.startswith("Signs nothing")]


async def test_status_of_an_old_database_says_how_much_was_signed_and_is_held(nodes: Nodes) -> None:
    north = await nodes.start("north")
    assert await held_lines(north) == []
    await north.stop()
    backup = north.home.path / "backup.db"
    shutil.copy(north.home.database, backup)
    await north.start()
    await north.found_compact()
    await north.stop()
    backup.replace(north.home.database)
    await north.start()
    assert await held_lines(north) == [
        "Signs nothing: 3 records were signed, 2 are held. Linked councils give the rest. "
        "If none is known here: move node.db away, then confed recover."
    ]


async def test_status_of_an_unclean_start_says_who_has_answered_or_that_nobody_is_there(
    nodes: Nodes,
) -> None:
    north, south = await nodes.start("north"), await nodes.start("south")
    await north.stop()
    north.home.counter.unlink()
    await north.start()
    assert await held_lines(north) == [
        "Signs nothing: this start is not clean, and nobody is there to ask. If this is an old "
        "copy: move node.db away, then confed recover. If not: confed node override."
    ]
    await north.ask("override")
    assert await held_lines(north) == []
    await south.link(north)
    await south.stop()
    await north.stop()
    north.home.counter.unlink()
    await north.start()
    assert await held_lines(north) == [
        "Signs nothing before its linked councils have answered: 0 of 1 so far."
    ]
    await south.start()

    async def signs() -> bool:
        return not await held_lines(north)

    await until(signs, "an answer")
    assert (await north.ask("status"))["signing"] == "open"
