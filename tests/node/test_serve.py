"""`confed serve` as a process: what it says first, what stops it, what it refuses."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.commands import Confed, ready, refused, serving


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
