"""`confed` as people and scripts meet it: exit codes, one JSON object, harmless lines."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import pytest

from confednode.cli import confed, main
from confednode.commands.positions import VALUES
from confedproto.clean import text_is_clean

PATHS: Final = os.pathsep.join(path for path in sys.path if path)
ENVIRONMENT: Final = os.environ | {"PYTHONPATH": PATHS}
PROGRAM: Final = (sys.executable, "-m", "confednode")
ID: Final = "cfr1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqxxxxxx"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one call of `confed` said and ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        assert self.out.endswith("\n")
        (line,) = self.out.splitlines()
        value = json.loads(line)
        assert isinstance(value, dict)
        return value


Confed = Callable[..., Said]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Confed:
    """Run `confed` in this process."""
    monkeypatch.delenv("CONFED_HOME", raising=False)

    def run(*arguments: str | Path) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(code=ended.value.code, out=told.out, err=told.err)

    return run


def refused(said: Said, code: int, reason: str) -> dict[str, Any]:
    """The JSON form of a failure with this exit code and reason."""
    told = said.json
    assert (said.code, told["reason"]) == (code, reason)
    assert set(told) == {"ok", "reason", "message", "hint"}
    assert told["ok"] is False
    assert told["message"]
    return told


def harmless(text: str) -> bool:
    return all(line.isprintable() and text_is_clean(line) for line in text.split("\n"))


@contextmanager
def serving(
    home: Path, *arguments: str, **options: Any
) -> Generator[subprocess.Popen[str], None, None]:
    """`confed serve` in its own process; killed in the end if it still runs."""
    with subprocess.Popen(
        [*PROGRAM, "serve", "--home", str(home), *arguments],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr is not None else ""
    value = json.loads(line)
    assert isinstance(value, dict)
    return value


INIT: Final = ("init", "--listen", "127.0.0.1:0", "--yes")


@pytest.fixture
def home(tmp_path: Path, call: Confed) -> Path:
    folder = tmp_path / "home"
    said = call(*INIT, "--home", folder, "--name", "North", "--no-passphrase", "--json")
    assert said.code == 0
    return folder


# --- help and wrong calls -------------------------------------------------------------------


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


# --- init and keys --------------------------------------------------------------------------


def test_init_says_council_fingerprint_and_files(call: Confed, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    said = call(*INIT, "--home", folder, "--name", "Zürich", "--no-passphrase", "--json")
    told = said.json
    assert (said.code, said.err, told["ok"], told["name"]) == (0, "", True, "Zürich")
    assert told["council"].startswith("cfr1")
    assert told["fingerprint"]
    assert [Path(path).parent for path in told["keyholders"]] == [folder / "keys"]


def test_init_twice_is_refused_and_changes_nothing(call: Confed, home: Path) -> None:
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    for more in ((), ("--json",)):
        said = call(*INIT, "--home", home, "--name", "Other", "--no-passphrase", *more)
        assert said.code == 1
        assert "home-exists" in said.out + said.err
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("keyholders", "reason"),
    [
        ("2/2", "threshold-two"),
        ("1/2", "threshold-two"),
        ("1/3", "threshold-range"),
        ("3/3", "threshold-range"),
        ("0/0", "threshold-range"),
    ],
)
def test_init_illegal_threshold_is_five_and_makes_nothing(
    call: Confed, tmp_path: Path, keyholders: str, reason: str
) -> None:
    folder = tmp_path / "home"
    given = ("--name", "N", "--no-passphrase", "--keyholders", keyholders)
    refused(call(*INIT, "--home", folder, *given, "--json"), 5, reason)
    assert not folder.exists()


@pytest.mark.parametrize("listen", ["nowhere", "127.0.0.1", "127.0.0.1:99999", "::1:5"])
def test_init_listen_that_is_no_address_is_two(call: Confed, tmp_path: Path, listen: str) -> None:
    given = ("--name", "N", "--no-passphrase", "--listen", listen, "--yes")
    said = call("init", "--home", tmp_path / "home", *given, "--json")
    refused(said, 2, "address-invalid")


def test_init_sealed_keys_need_their_passphrase(call: Confed, tmp_path: Path) -> None:
    folder, phrase = tmp_path / "home", tmp_path / "phrase"
    given = (*INIT, "--home", folder, "--name", "N", "--passphrase-file", phrase, "--json")
    refused(call(*given), 2, "file-missing")
    phrase.write_text("\n")
    refused(call(*given), 1, "passphrase-missing")
    phrase.write_text("a phrase\n")
    assert call(*given).code == 0
    (row,) = call("keys", "list", "--home", folder, "--json").json["keys"]
    assert row["sealed"] is True
    found = ("compact", "found", "--home", folder, "--name", "C", "--json")
    with serving(folder) as process:
        ready(process)
        refused(call(*found), 1, "passphrase-missing")
        (tmp_path / "wrong").write_text("a phrase?\n")
        refused(call(*found, "--passphrase-file", tmp_path / "wrong"), 1, "passphrase-wrong")
        assert call(*found, "--passphrase-file", phrase).code == 0


def test_init_prompt_that_ends_is_130_and_makes_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "init", "--home", str(tmp_path / "home"), "--name", "N"],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, b"")
    assert not (tmp_path / "home").exists()


def test_keys_new_never_overwrites_and_list_shows_no_secret(call: Confed, home: Path) -> None:
    target = home / "keys" / "delegate.key"
    new = ("keys", "new", "--to", target, "--no-passphrase", "--json")
    told = call(*new).json
    assert told["key"].startswith("cfk1")
    assert target.stat().st_mode & 0o777 == 0o600
    before = target.read_bytes()
    refused(call(*new), 1, "file-exists")
    assert target.read_bytes() == before
    said = call("keys", "list", "--home", home)
    assert told["key"] in said.out
    assert "cfs1" not in said.out
    refused(
        call("keys", "new", "--to", home / "no" / "x", "--no-passphrase", "--json"),
        1,
        "home-access",
    )


# --- serve ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_ready_first_and_a_signal_stops_it(
    call: Confed, home: Path, number: signal.Signals
) -> None:
    reading, writing = os.pipe()
    with (
        open(reading) as told,
        serving(home, "--ready-fd", str(writing), pass_fds=(writing,)) as process,
    ):
        os.close(writing)
        line = ready(process)
        assert json.loads(told.read()) == line, "the same line, and then the end of the file"
        assert line["ready"] is True
        status = call("status", "--home", home, "--json").json
        assert (status["listen"], status["council"]) == (line["listen"], line["council"])
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "", "")
    assert not (home / "control.sock").exists()


def test_serve_reread_forgets_what_stood_for_the_records(home: Path) -> None:
    with contextlib.closing(sqlite3.connect(home / "node.db")) as db:
        db.execute("INSERT INTO blocks VALUES (1, 9, 0, x'00', NULL, x'00')")
        db.commit()
    with serving(home, "--reread") as process:
        ready(process)
    with contextlib.closing(sqlite3.connect(home / "node.db")) as db:
        assert db.execute("SELECT count(*) FROM blocks").fetchone() == (0,)


def test_serve_second_on_one_folder_is_refused_plainly(call: Confed, home: Path) -> None:
    with serving(home) as first:
        ready(first)
        with serving(home) as second:
            out, err = second.communicate(timeout=60)
            assert (second.returncode, out) == (1, "")
            assert err.splitlines()[0] == "confed: the database is in use (home-locked)"
            assert "Traceback" not in err
        with serving(home, "--json") as third:
            out, _ = third.communicate(timeout=60)
            assert json.loads(out)["reason"] == "home-locked"
        assert call("status", "--home", home).code == 0
        assert call("stop", "--home", home).code == 0
        assert first.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("spoil", "code", "reason"),
    [
        (lambda home: (home / "node.key").unlink(), 1, "key-missing"),
        (lambda home: (home / "node.key").write_bytes(b"\xff\x00"), 1, "key-unreadable"),
        (lambda home: (home / "config.toml").unlink(), 1, "home-missing"),
        (lambda home: (home / "config.toml").write_text("listen = 7"), 2, "config-invalid"),
        (lambda home: (home / "node.db").write_bytes(b"x" * 9_999), 1, "store-damaged"),
    ],
    ids=["no-key", "key", "no-config", "config", "database"],
)
def test_serve_what_is_wrong_with_the_folder_is_one_line(
    call: Confed, home: Path, spoil: Callable[[Path], object], code: int, reason: str
) -> None:
    spoil(home)
    refused(call("serve", "--home", home, "--json"), code, reason)
    said = call("serve", "--home", home)
    line, *hint = said.err.splitlines()
    assert (said.code, said.out) == (code, "")
    assert line.startswith("confed: ")
    assert line.endswith(f"({reason})")
    assert len(hint) == 1


def test_serve_port_taken_or_bad_descriptor_is_said(
    call: Confed, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        monkeypatch.setenv("CONFED_LISTEN", address)
        told = refused(call("serve", "--home", home, "--json"), 1, "port-taken")
        assert address.rpartition(":")[2] in told["message"]
    monkeypatch.delenv("CONFED_LISTEN")
    refused(call("serve", "--home", home, "--ready-fd", "999", "--json"), 2, "usage")


# --- a node and its council -----------------------------------------------------------------


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


# --- nothing hostile reaches a terminal -----------------------------------------------------

NASTY: Final = "\x1b]0;x\x07\x1b[2J\u202eevil\u2066\r\nok: \x9b31m\u200b\ud800"
ROW: Final = {
    "council": NASTY,
    "name": NASTY,
    "state": NASTY,
    "reason": NASTY,
    "fingerprint": NASTY,
    "listen": NASTY,
    "digest": NASTY,
    "disk": {"held": 0, "most": 1, "full": [{"name": NASTY, "council": NASTY}]},
    "size": NASTY,
    "logs": NASTY,
    "compact": NASTY,
    "title": NASTY,
    "motion": NASTY,
    "mandate": NASTY,
    "delegate": NASTY,
    "verdict": NASTY,
    "until": NASTY,
    "outcome": NASTY,
    "rule": NASTY,
    "freeze": NASTY,
    "locks": 1,
    "needed": 1,
    "councils": 1,
    "people_yes": NASTY,
    "people_no": NASTY,
    "units_yes": NASTY,
    "units_no": NASTY,
    "weight": NASTY,
    "counts": False,
    "overrode": None,
    "steps": [{"kind": NASTY, "number": 1, "unwitnessed": True}],
    "value": NASTY,
    "kind": NASTY,
    "time": NASTY,
    "record": NASTY,
    "rules": {NASTY: NASTY},
    "windows": {},
    "instructions": [{"motion": NASTY, "value": NASTY}],
    "life": NASTY,
    "signing": NASTY,
    "requests": NASTY,
    "version": NASTY,
    "adopted": True,
    "ratified": [],
    "class": NASTY,
    "step": NASTY,
    "dispute": NASTY,
    "remedy": NASTY,
    "effect": NASTY,
    "seconds": NASTY,
    "parties": [],
    "panel": [],
    "mediator": None,
    "unwitnessed": True,
    "number": NASTY,
    "received_by": NASTY,
    "threshold": NASTY,
    "keys": [NASTY],
    "certified": True,
    "round": NASTY,
    "agenda": NASTY,
    "above": NASTY,
    "petition": [NASTY, NASTY],
    "item_by": NASTY,
    "item": NASTY,
    "by": NASTY,
    "late": True,
}
DONE: Final = {
    **dict.fromkeys(("act", "number", "kind", "value", "verdict", "reason"), NASTY),
    **dict.fromkeys(("due", "rests_after"), NASTY),
    "made": None,
    "accepted": None,
    "final": False,
}
HOSTILE: Final = {
    "ok": True,
    **ROW,
    "links": [ROW],
    "members": [ROW],
    "versions": [ROW],
    "steps": [ROW],
    "disputes": [ROW],
    "positions": [ROW],
    "mover": ROW,
    "awaited": [ROW],
    "motions": [ROW],
    "mandates": [ROW],
    "records": [ROW],
    "acts_done": [DONE],
    "reports": [DONE],
    "items": [ROW],
}


def strings(value: Any) -> list[str]:
    """Every string anywhere in a JSON value."""
    match value:
        case str():
            return [value]
        case list():
            return [text for item in value for text in strings(item)]
        case dict():
            return [text for item in value.values() for text in strings(item)]
        case _:
            return []


@contextmanager
def hostile(home: Path, reply: dict[str, Any]) -> Generator[None, None, None]:
    """A control socket that answers everything with `reply`."""
    home.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home / "control.sock"))
        listener.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(json.dumps(reply).encode() + b"\n")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("links",),
        ("log",),
        ("charter", "show"),
        ("compact", "show", ID),
        ("motion", "show", ID),
        ("motion", "list"),
        ("dispute", "show", ID),
        ("dispute", "list"),
        ("mandate", "show", ID),
        ("mandate", "list"),
        ("mandate", "agenda"),
    ],
    ids=" ".join,
)
def test_shown_names_from_the_network_are_harmless_on_a_terminal(
    call: Confed, tmp_path: Path, command: Sequence[str]
) -> None:
    home = tmp_path / "home"
    with hostile(home, HOSTILE):
        for more in ((), ("--json",), ("-q",)):
            said = call(*command, "--home", home, *more)
            assert said.code == 0
            assert harmless(said.out), said.out
            assert "evil" in said.out
            assert not said.out.startswith("ok: ")
            assert "\nok: " not in said.out, "no line of its own"
            if more == ("--json",):
                assert NASTY in strings(json.loads(said.out)), "a program gets what was said"


def test_shown_refusal_from_the_network_is_harmless_on_a_terminal(
    call: Confed, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    told = {"ok": False, "reason": "instruction", "message": NASTY, "hint": NASTY}
    with hostile(home, told):
        for more in ((), ("--json",)):
            said = call("status", "--home", home, *more)
            assert said.code == 5
            assert harmless(said.out)
            assert harmless(said.err)


def test_wrong_call_lists_the_choices_in_one_line(call: Confed) -> None:
    said = call("position", "cfr1x")
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines()[-1].endswith("Choose from: " + ", ".join(VALUES))


def test_shown_what_was_typed_is_harmless_too(call: Confed, tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[2Jb\u202e"
    for more in ((), ("--json",)):
        said = call("status", "--home", folder, *more)
        assert (said.code, harmless(said.out), harmless(said.err)) == (4, True, True)
        said = call("verify", folder / "x", *more)
        assert (said.code, harmless(said.out), harmless(said.err)) == (2, True, True)
        said = call("demo", "--data", folder, *more)
        assert (said.code, harmless(said.out), harmless(said.err)) == (2, True, True)


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
