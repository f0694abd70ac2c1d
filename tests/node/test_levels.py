"""Three local compacts under a regional one, by their secretaries' commands (specs/05, NES)."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
import trio

from confednode import control
from confednode.cli import main
from tests.support.nodes import Node, nodes_in, until

WINDOWS = (
    *("--discussion", "0", "--notice", "3", "--voting", "4", "--grace", "1"),
    *("--settle", "1", "--step", "2", "--witness-interval", "1"),
)
MAJORITY = ("--rule", "majority", *WINDOWS)


async def confed(node: Node, *arguments: str, code: int = 0) -> Any:
    """Run `confed` on a node; its JSON."""

    def run() -> Any:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as ended:
            main([*arguments, "--home", str(node.home.path), "--json"])
        assert ended.value.code == code, out.getvalue()
        return json.loads(out.getvalue())

    return await trio.to_thread.run_sync(run)


async def until_shown(node: Node, what: tuple[str, ...], wanted: Any) -> Any:
    """What a node shows as soon as it is as wanted."""

    async def shown() -> Any:
        try:
            told = await node.ask(what[0], id=what[1])
        except control.RefusedError:
            return None
        return told if wanted(told) else None

    return await until(shown, " ".join(what))


async def test_matter_of_two_valleys_goes_up_and_of_one_does_not(tmp_path: Path) -> None:
    wording = tmp_path / "text.txt"
    wording.write_text("One ferry for both banks.", "utf-8")
    async with nodes_in(tmp_path) as nodes:
        mill, ford, quay, hill = [await nodes.start(n) for n in ("mill", "ford", "quay", "hill")]
        for other in (ford, quay, hill):
            await other.link(mill)
        region = (
            await confed(mill, "compact", "found", "--name", "Region", "--level", "2", *MAJORITY)
        )["id"]
        local: dict[str, str] = {}
        for node, name in ((mill, "East"), (quay, "West"), (hill, "North")):
            await node.until_known(region)
            found = ("compact", "found", "--name", name, "--upper", region, *MAJORITY)
            local[name] = (await confed(node, *found))["id"]
        for node in (ford, quay, hill):
            await node.until_known(region)
            await confed(node, "compact", "accede", region)
        await ford.until_known(local["East"])
        await confed(ford, "compact", "accede", local["East"])
        for node in (mill, quay):
            await until_shown(node, ("compact", region), lambda told: len(told["members"]) == 4)
            for one in local.values():
                await node.until_known(one)
        await until_shown(mill, ("compact", local["East"]), lambda told: len(told["members"]) == 2)

        asked = ("motion", "propose", "--title", "A ferry", "--text", str(wording))
        above = (*asked, "--compact", region)
        east, west = ("--unit", local["East"]), ("--unit", local["West"])
        for given, reason in (
            ((), "level-lower"),
            (east, "level-lower"),
            ((*east, *west, "--affected", mill.id, "--affected", ford.id), "level-lower"),
            ((*east, "--unit", region), "level-lower"),
        ):
            assert (await confed(mill, *above, *given, code=5))["reason"] == reason
        below = (*asked, "--compact", local["East"])
        assert (await confed(mill, *below, *east, *west, code=5))["reason"] == "motion-field"
        assert (await confed(quay, *below, code=5))["reason"] == "compact-member"
        assert (await confed(ford, *below))["id"], "what concerns one valley is put there"

        motion = (await confed(mill, *above, *east, *west))["id"]
        await confed(mill, "motion", "freeze", motion)
        voters = (mill, ford, quay)
        for node in voters:
            await until_shown(node, ("motion", motion), lambda told: told["state"] == "open")
            word = "no" if node is quay else "yes"
            counts = ("--yes", "7" if word == "yes" else "2", "--no", "2" if word == "yes" else "9")
            await confed(node, "position", motion, word, *counts)
        claim = ("motion", "claim", motion, "--unit", local["West"], "--reason", "It is our bank.")
        await confed(quay, *claim)
        strange = ("motion", "claim", motion, "--unit", local["North"], "--reason", "Ours.")
        assert (await confed(hill, *strange, code=5))["reason"] == "motion-field"
        for node in (*voters, hill):
            told = await until_shown(node, ("motion", motion), lambda told: told.get("certified"))
            assert (told["outcome"], told["councils"]) == ("adopted", 3), (
                "base councils, no valleys"
            )
            assert (told["people_yes"], told["people_no"]) == (16, 13)
            assert (told["effect"], told["held"]) == ("in-force", True), "West takes it back"
