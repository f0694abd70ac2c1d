"""The second implementation in headless Chromium: the same files, vectors and answers as in Node.

Not part of `make test`: `make test-web` brings Chromium.
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.differential import differences, requests
from tools.js.browser import find_chromium
from tools.js.find_node import TESTEE, find_node

ROOT = Path(__file__).resolve().parent.parent.parent
BROWSER = (sys.executable, str(ROOT / "tools" / "js" / "browser.py"))
XFAIL = ROOT / "tools" / "js" / "xfail.toml"


@pytest.fixture(scope="session", autouse=True)
def _chromium_is_there() -> None:
    assert find_chromium() is not None, "run this by `make test-web`, which brings Chromium"


def conform(*command: str) -> str:
    """The summary of a conform run that passed; stdout and stderr of one that did not."""
    program = shlex.join(command)
    arguments = [sys.executable, "tools/conform.py", "--cmd", program, "--xfail", str(XFAIL)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        return done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


def test_verifier_in_chromium_passes_as_many_vectors_as_in_node() -> None:
    node = find_node()
    assert node is not None
    summary = conform(*BROWSER)
    assert " 0 failed, " in summary
    assert summary.endswith(" 0 unsupported")
    assert summary == conform(node, str(TESTEE))


def test_verifier_in_chromium_on_mutated_input_answers_as_python() -> None:
    asked = list(requests(7, 2_000))
    given = "".join(json.dumps(request) + "\n" for request in asked)
    done = subprocess.run(BROWSER, input=given, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert differences(asked, done.stdout.splitlines()) == []
