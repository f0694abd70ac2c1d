"""Commands of decisions against a running node: each form has its answer."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

Confed = Any


@pytest.fixture
def confed(tmp_path: Path) -> Iterator[Confed]:
    """A function that runs `confed` on one council's running node and gives its JSON."""
    home = tmp_path / "home"

    def run(*arguments: str, code: int = 0) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "confednode", *arguments, "--home", str(home), "--json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    run("init", "--name", "Alone", "--listen", "127.0.0.1:0", "--yes", "--no-passphrase")
    command = [sys.executable, "-m", "confednode", "serve", "--home", str(home)]
    node = subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE)
    assert node.stdout is not None
    assert json.loads(node.stdout.readline())["ready"]
    yield run
    os.kill(node.pid, signal.SIGTERM)
    node.wait(30)
    node.stdout.close()


def test_motion_is_amended_withdrawn_and_explained_by_command(
    confed: Confed, tmp_path: Path
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
