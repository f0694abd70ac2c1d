"""`confed` as people and scripts meet it: exit codes, one JSON object, a council's whole story."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from confednode.cli import confed
from tests.support.commands import ENVIRONMENT, ID, PROGRAM, Confed, Said, ready, refused, serving

NEED_A_NODE: Final = (
    ("status",),
    ("links",),
    ("log",),
    ("stop",),
    ("invite",),
    ("compact", "found", "--name", "C"),
    ("compact", "accede", ID),
    ("compact", "show", ID),
    ("compact", "amend", ID),
    ("compact", "ratify", ID),
    ("dispute", "list"),
    ("dispute", "show", ID),
    ("motion", "list"),
    ("motion", "show", ID),
    ("motion", "second", ID),
    ("motion", "freeze", ID),
    ("motion", "export", ID, "--to", "x.confed"),
    ("position", ID, "yes"),
    ("mandate", "list"),
    ("mandate", "show", ID),
    ("mandate", "export", ID, "--to", "x.confed"),
    ("mandate", "act", "--motion", ID, "--value", "yes"),
    ("mandate", "agenda"),
    ("mandate", "ratify", ID, "yes"),
    ("mandate", "petition", ID, "--count", "3", "--members", "9"),
    ("recall", ID),
)


# --- help and wrong calls -----------------------------------------------------------------------


def commands(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("path", list(commands(confed)), ids=" ".join)
def test_help_every_command_says_what_it_does(call: Confed, path: tuple[str, ...]) -> None:
    said = call(*path, "--help")
    assert said.code == 0
    usage, sentence, *_ = said.out.split("\n\n")
    assert usage.startswith(f"Usage: {' '.join(('confed', *path))} [OPTIONS]")
    assert len(sentence.strip()) > 20, "a sentence on what it is for"
    assert said.err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("nope",),
        ("status", "--nope"),
        ("status", "more"),
        ("motion", "show"),
        ("motion", "nope"),
        ("position", ID, "perhaps"),
        ("position", ID, "yes", "--yes", "-1"),
        ("position", ID, "yes", "--yes", "many"),
        ("log", "--limit", "0"),
        ("serve", "--ready-fd", "x"),
        ("demo", "--rule", "best"),
        ("demo", "--nodes-per-process", "0"),
        ("mandate", "grant", "--delegate", "k"),
        (
            *("mandate", "grant", "--delegate", "k", "--scope", "vote", "--motion", ID),
            *("--instruction", "yes", "--until", "tomorrow"),
        ),
        (
            *("mandate", "grant", "--delegate", "k", "--scope", "vote", "--motion", ID),
            *("--instruction", "yes", "--until", "2099-01-01T00:00:00"),
        ),
        ("init", "--yes"),
        ("init", "--yes", "--name", "N"),
        ("init", "--yes", "--name", "N", "--no-passphrase", "--keyholders", "three"),
        ("init", "--yes", "--name", "N", "--no-passphrase", "--keyholders", "100/100"),
        ("verify",),
        ("verify", "--at", "noon", "x"),
    ],
    ids=" ".join,
)
def test_wrong_call_is_two_and_one_json_object(
    call: Confed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFED_HOME", str(tmp_path / "home"))
    refused(call(*arguments, "--json"), 2, "usage")
    said = call(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err
    assert list(tmp_path.iterdir()) == [], "nothing was made"


@pytest.mark.parametrize("arguments", NEED_A_NODE, ids=" ".join)
def test_command_without_a_node_is_four(
    call: Confed, home: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    for folder in (home, tmp_path / "none", tmp_path / ("d" * 120)):
        told = refused(call(*arguments, "--home", folder, "--json"), 4, "control-unreachable")
        assert "confed serve" in told["hint"]
        said = call(*arguments, "--home", folder)
        assert (said.code, said.out) == (4, "")
        assert "(control-unreachable)" in said.err


# --- a node and its council ---------------------------------------------------------------------


def test_commands_whole_story_of_one_council(call: Confed, home: Path, tmp_path: Path) -> None:
    with serving(home) as process:
        ready(process)

        def ask(*arguments: str | Path) -> Said:
            return call(*arguments, "--home", home, "--json")

        def short(*arguments: str | Path) -> str:
            said = call(*arguments, "--home", home, "-q")
            assert (said.code, said.err) == (0, "")
            return said.out.removesuffix("\n")

        status = ask("status").json
        assert {"council", "size", "digest", "links"} <= set(status)
        assert ask("links").json == {"ok": True, "links": []}
        assert ask("invite").json["uri"].startswith("confed")
        windows = (
            *("--discussion", "0", "--voting", "60", "--grace", "2", "--settle", "1"),
            *("--step", "2", "--witness-interval", "1"),
        )
        compact = short("compact", "found", "--name", "C", "--rule", "majority", *windows)
        assert ask("compact", "show", compact).json["members"][0]["name"] == "North"
        text = tmp_path / "motion.txt"
        propose = ("motion", "propose", "--compact", compact, "--title", "T", "--text", text)
        refused(ask(*propose), 2, "file-missing")
        text.write_bytes(b"\xff")
        refused(ask(*propose), 2, "usage")
        text.write_text("We shall.\x1b[2J")
        refused(ask(*propose), 5, "enc-text")
        text.write_text("Wir werden es tun.\n")
        motion = short(*propose)
        refused(ask("position", motion, "yes"), 5, "freeze-unknown")
        frozen = ask("motion", "freeze", motion).json
        assert frozen["closes"] - frozen["opens"] == 60
        assert frozen["grace_ends"] == frozen["closes"] + 2
        shown = ask("motion", "show", motion).json
        assert {"state", "outcome", "accepted", "people_yes", "people_no"} <= set(shown)
        assert [row["motion"] for row in ask("motion", "list").json["motions"]] == [motion]
        refused(ask("motion", "export", motion, "--to", tmp_path / "c"), 5, "locks-missing")
        refused(ask("motion", "show", "cfr1xyz"), 5, "text-length")

        delegate = tmp_path / "delegate.key"
        key = short("keys", "new", "--to", delegate, "--no-passphrase")
        grant = ("mandate", "grant", "--delegate", key, "--scope", "vote", "--motion", motion)
        until = ("--until", "2099-01-01T00:00:00Z")
        mandate = short(*grant, "--instruction", "yes", *until)
        act = ("mandate", "act", "--motion", motion, "--key", delegate, "--value")
        refused(ask(*act, "no"), 5, "instruction")
        assert ask(*act, "yes").code == 0
        refused(ask(*act[:-3], "--value", "yes"), 1, "key-missing")
        private = (*grant, "--instruction", "yes", *until, "--members")
        refused(ask(*private, mandate), 5, "scope-other")
        secret = short(*private, compact)
        assert ask("mandate", "show", secret).json["members"] == compact
        assert ask("mandate", "show", mandate).json["members"] is None
        assert (
            f"for the members of {compact} alone"
            in call("mandate", "show", secret, "--home", home).out
        )
        file, recall = tmp_path / "mandate.confed", tmp_path / "recall.confed"
        assert ask("mandate", "export", mandate, "--to", file).json["bytes"] > 100
        assert call("verify", file, "--json").json["verdict"] == "VALID"
        brief, card = tmp_path / "brief.confed", tmp_path / "council.confed"
        told = ask("mandate", "export", mandate, "--known", "--to", brief, "--council", card).json
        assert told["bytes"] < 600
        assert call("verify", brief, card, "--json").json["verdict"] == "VALID"
        assert call("verify", brief, "--json").json["reason"] == "bundle-missing"
        assert ask("mandate", "show", mandate).json["verdict"] == "VALID"
        assert ask("recall", mandate, "--to", recall, "--reason", "enough").code == 0
        verdict = call("verify", recall, file, "--trust", status["council"], "--json")
        assert (verdict.code, verdict.json["verdict"]) == (3, "VOID")
        assert (verdict.json["reason"], verdict.json["pinned"]) == ("recalled", True)
        assert ask("mandate", "list").json["mandates"][0]["verdict"] == "VOID"
        refused(ask("mandate", "export", motion, "--to", file), 5, "mandate-unknown")

        lines = [json.loads(line) for line in ask("log").out.splitlines()]
        kinds = [line["kind"] for line in lines]
        assert kinds[:5] == ["charter", "node", "link", "compact", "motion"]
        assert kinds[-1] == "recall"
        for command in (("status",), ("log",), ("compact", "show", compact), ("keys", "list")):
            said = call(*command, "--home", home)
            assert (said.code, said.err) == (0, "")
            assert said.out
        assert call("stop", "--home", home).code == 0
        assert process.wait(timeout=60) == 0


# --- how it runs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["status", "links", "log", "motion list", "mandate list"])
def test_command_that_only_asks_loads_no_event_loop(home: Path, command: str) -> None:
    program = "import sys; from confednode.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    loaded = "print([name for name in ('trio', 'confednode.app') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program + loaded, *command.split(), "--home", str(home)],
        env=ENVIRONMENT,
        capture_output=True,
        check=True,
    )
    assert b"control-unreachable" in done.stderr
    assert done.stdout == b"[]\n"


def test_output_is_utf8_whatever_the_locale_says(home: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "status", "--json", "--home", "Zürich \udcff"],
        env=ENVIRONMENT | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 4
    assert "Zürich \\udcff" in done.stdout.decode("utf-8")


def test_follow_recent_says_how_much_is_kept_and_refuses_a_lone_number(
    call: Confed, home: Path
) -> None:
    with serving(home) as process:
        ready(process)
        said = call("follow", "--home", home, "--others", "recent", "--keep", "50", "--json").json
        assert (said["default"], said["keep"], said["councils"]) == ("recent", 50, [])
        refused(call("follow", "--home", home, "--keep", "50", "--json"), 2, "usage")
        assert call("follow", "--home", home, "--others", "recent", "--keep", "-1").code == 2
        assert "All others: recent" in call("follow", "--home", home).out
