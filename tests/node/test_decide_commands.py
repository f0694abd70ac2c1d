"""Commands of decisions against a running node: each form has its answer."""

import contextlib
import io
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import trio

from confednode.cli import main
from tests.support.nodes import PATIENCE_S, Node, nodes_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One council's node, running in a thread beside the test."""

    node: Node
    token: trio.lowlevel.TrioToken
    ended: trio.Event

    def __call__(self, *arguments: str, code: int = 0) -> Any:
        """Run `confed` on this node; its JSON."""
        line = [*arguments, "--home", str(self.node.home.path), "--json"]
        out = io.StringIO()
        with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as ended:
            main(line)
        assert ended.value.code == code, out.getvalue()
        return json.loads(out.getvalue())

    def jump(self, seconds: int) -> None:
        """Let so much time pass for the node."""
        trio.from_thread.run(self.node.jump, seconds, trio_token=self.token)

    def decided(self, motion: str) -> Any:
        """Freeze a motion of a compact of one, vote yes, let time pass up to the certificate."""
        self("motion", "freeze", motion)
        told: Any = {"state": "frozen"}
        while told["state"] == "frozen":
            self.jump(1)
            told = self("motion", "show", motion)
        assert told["state"] == "open"
        counts = ("--yes", "7", "--no", "2", "--present", "9", "--roll", "20")
        self("position", motion, "yes", *counts)
        self.jump(DAY)
        for _ in range(100):
            told = self("motion", "show", motion)
            if told["certified"]:
                return told
            self.jump(5)
        raise AssertionError(told)


@pytest.fixture
def confed(tmp_path: Path) -> Iterator[Beside]:
    async def serve() -> None:
        async with nodes_in(tmp_path) as nodes:
            node, token = await nodes.start("home"), trio.lowlevel.current_trio_token()
            running.put(Beside(node=node, token=token, ended=(ended := trio.Event())))
            await ended.wait()

    running: SimpleQueue[Beside] = SimpleQueue()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(trio.run, serve)
        beside = running.get(timeout=PATIENCE_S)
        yield beside
        beside.token.run_sync_soon(beside.ended.set)
        done.result()


DAY = 86_400
FAST = (
    *("--discussion", "0", "--notice", "0", "--voting", str(DAY), "--grace", "0"),
    *("--settle", "60", "--step", "60", "--witness-interval", "1"),
)


def test_motion_is_amended_withdrawn_and_explained_by_command(
    confed: Beside, tmp_path: Path
) -> None:
    compact = confed("compact", "found", "--name", "C", "--rule", "majority")["id"]
    wording = tmp_path / "text.txt"
    wording.write_text("We shall.", "utf-8")
    asked = ["--compact", compact, "--title", "One", "--text", str(wording)]
    motion = confed("motion", "propose", *asked)["id"]
    confed("motion", "amend", motion, "--title", "Two", "--text", str(wording))
    assert confed("motion", "show", motion)["state"] == "amended"
    confed("motion", "withdraw", motion, "--reason", "No longer needed.")
    shown = confed("motion", "show", motion)
    assert (shown["state"], shown["reason"]) == ("withdrawn", "motion-withdrawn")
    told = confed("log", "--explain", motion)
    assert {row["rule"] for row in told["grounds"]} >= {"MOT-2", "MOT-6", "MOT-8"}
    confed("compact", "exit", compact)
    assert confed("compact", "show", compact)["members"] == []
    refused = confed("motion", "propose", *asked, code=5)
    assert refused["reason"] == "compact-member"


def test_compact_is_amended_decided_and_ratified_by_command(confed: Beside, tmp_path: Path) -> None:
    wording = tmp_path / "text.txt"
    wording.write_text("We shall.", "utf-8")
    more = ("--class", "charter=super(2,3)", "--term", "pause=5")
    founded = ("compact", "found", "--name", "C", "--rule", "majority", *FAST)
    compact = confed(*founded, *more)["id"]
    told = confed("compact", "show", compact)
    assert told["rules"] == {"charter": "super(2,3)", "coordination": "majority"}
    changes = ("--rule", "super(3,4)", "--window", "voting=7200", "--quorum", "coordination=1/2")
    version = confed("compact", "amend", compact, *changes)
    assert version["changed"] == ["quorums", "rules", "windows"]
    again = confed("compact", "amend", version["id"], "--panel", "5", "--term", "hold=9")
    assert again["changed"] == ["panel", "terms"]
    asked = ["--compact", compact, "--title", "One", "--text", str(wording)]
    charter = (*asked, "--class", "charter", "--target", version["id"])
    motion = confed("motion", "propose", *charter)["id"]
    told = confed.decided(motion)
    assert (told["outcome"], told["round"]) == ("adopted", 1)
    confed("compact", "ratify", version["id"])
    rows = {row["version"]: row for row in confed("compact", "show", compact)["versions"]}
    assert (rows[version["id"]]["adopted"], len(rows[version["id"]]["ratified"])) == (True, 1)
    assert (rows[again["id"]]["adopted"], rows[again["id"]]["ratified"]) == (False, [])
    later = confed("motion", "propose", *asked)["id"]
    assert confed("motion", "show", later)["rule"] == "super(3,4)", "it runs under the version"
    refused = confed("compact", "amend", compact, "--class", "weather=majority", code=5)
    assert refused["reason"] == "class-unknown"


def test_motion_says_all_its_fields_and_is_disputed_by_command(
    confed: Beside, tmp_path: Path
) -> None:
    wording = tmp_path / "text.txt"
    wording.write_text("We build it.", "utf-8")
    founded = ("compact", "found", "--name", "C", "--rule", "majority", *FAST)
    compact = confed(*founded, "--class", "budget=majority")["id"]
    council = confed("status")["council"]
    asked = ["--compact", compact, "--title", "A roof", "--text", str(wording)]
    refused = confed("motion", "propose", *asked, "--class", "budget", code=5)
    assert refused["reason"] == "motion-field", "a budget needs its money"
    money = ("--money", "EUR:900000:1000000:The roof fund: a third of it")
    motion = confed(
        *("motion", "propose", *asked, "--class", "budget", *money, "--carrier", council),
        *("--due", "2030-01-01T00:00:00Z", "--goal", "It is dry.", "--reversible"),
        *("--minutes", "ab" * 32, "--attach", "cd" * 32, "--contact", "The secretary"),
        *("--translation", "de:Ein Dach: neu:" + "ef" * 32),
    )["id"]
    assert confed.decided(motion)["outcome"] == "adopted"
    dispute = confed("dispute", "open", motion, "--class", "ledger", "--remedy", "A recount.")
    told = confed("dispute", "show", dispute["id"])
    assert (told["step"], told["class"], told["record"]) == ("talk", "ledger", motion)
    assert [row["council"] for row in told["parties"]] == [council]
    assert confed("dispute", "list")["disputes"] == [
        {key: value for key, value in told.items() if key != "ok"}
    ]
    assert confed("dispute", "name", dispute["id"], "mediator", council)["dispute"]
    assert confed("dispute", "show", dispute["id"])["mediator"]["council"] == council
    wrong = confed("motion", "propose", *asked, "--money", "EUR:much", code=2)
    assert "--money" in wrong["message"]


def test_delegates_are_answered_by_command(confed: Beside, tmp_path: Path) -> None:
    """An act to ratify, a report to accept, a void act, a petition: the agenda, until answered."""
    compact = confed("compact", "found", "--name", "C", "--rule", "majority")["id"]
    wording = tmp_path / "text.txt"
    wording.write_text("We shall.", "utf-8")
    asked = ["--compact", compact, "--title", "One", "--text", str(wording)]
    motion = confed("motion", "propose", *asked)["id"]
    version = confed("motion", "amend", motion, "--title", "Two", "--text", str(wording))["id"]
    key = tmp_path / "delegate.key"
    public = confed("delegate", "init", "--key", str(key), "--no-passphrase")["key"]
    grant = ["mandate", "grant", "--delegate", public, "--scope", "vote", "--until", "4000000000"]
    due = int(time.time()) - 100
    term = ["--starts", str(due - 1), "--report", str(due), "--overdue", "100000"]
    ratified = ["--motion", motion, "--instruction", "ratify"]
    mandate = confed(*grant, *ratified, *term)["id"]
    by = ["--value", "yes", "--key", str(key)]
    act = confed("mandate", "act", "--mandate", mandate, "--motion", motion, *by)["id"]

    def items() -> list[tuple[str, str]]:
        rows = confed("mandate", "agenda")["items"]
        assert confed("status")["agenda"] == len(rows)
        return [(row["item"], row["record"]) for row in rows]

    assert items() == [("report-late", mandate), ("ratify", act)]
    (told,) = confed("mandate", "show", mandate)["acts_done"]
    assert (told["verdict"], told["final"]) == ("NEEDS-RATIFICATION", False)
    confed("mandate", "ratify", act, "yes")
    (told,) = confed("mandate", "show", mandate)["acts_done"]
    assert told["verdict"] == "VALID"

    contested = ("dispute", "open", mandate, "--class", "mandate", "--remedy", "Take it back.")
    dispute = confed(*contested, "--compact", compact)["id"]
    assert confed("dispute", "show", dispute)["step"] == "talk"
    why = confed("log", "--explain", mandate)
    assert (why["state"], why["outcome"]) == ("in-force", "VALID")
    assert [row["rule"] for row in why["grounds"]] == ["MAN-3", "ACT-8", "DIS-1"]

    file = str(tmp_path / "mandate.confed")
    confed("mandate", "export", mandate, "--to", file)
    report = str(tmp_path / "report")
    said = ["--due", str(due), "--text", str(wording), "--key", str(key)]
    confed("delegate", "report", file, *said, "--to", report)
    made = confed("mandate", "report", report)["id"]
    assert items() == [("report", made)]
    confed("mandate", "ratify", made, "no")
    (row,) = confed("mandate", "show", mandate)["reports"]
    assert (row["due"], row["accepted"]) == (due, False)
    assert items() == []

    # On a text that the council did not speak of the delegate has to refer back.
    refused = confed("mandate", "act", "--mandate", mandate, "--motion", version, *by, code=5)
    assert refused["reason"] == "refer-back"
    beyond = str(tmp_path / "act.confed")
    confed("delegate", "act", file, "--motion", version, *by, "--to", beyond)
    void = confed("mandate", "act", "--file", beyond)
    assert (void["verdict"], void["reason"]) == ("VOID", "refer-back")
    assert items() == [("recall", void["id"])]

    told = confed("mandate", "petition", mandate, "--count", "3", "--members", "40")
    assert told["item_by"] is None
    told = confed("mandate", "petition", mandate, "--count", "4", "--members", "40")
    assert told["item_by"] is not None
    assert {item for item, _ in items()} == {"recall", "petition"}
    refused = confed("mandate", "ratify", mandate, "yes", code=5)
    assert refused["reason"] == "record-unknown"
    confed("recall", mandate)
    assert items() == []
    assert confed("mandate", "act", "--file", file, code=2)["reason"] == "file-unreadable"
