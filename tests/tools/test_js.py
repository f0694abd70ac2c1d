"""The second implementation: it passes every vector under Node, and agrees with Python."""

import json
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support.differential import differences, requests
from tools.js.find_node import TESTEE, find_node

ROOT = Path(__file__).resolve().parent.parent.parent
XFAIL = ROOT / "tools" / "js" / "xfail.toml"
REQUESTS = 4_000


@pytest.fixture(scope="session")
def node() -> str:
    found = find_node()
    assert found is not None, "the test lock brings a Node"
    return found


def answers(node: str, lines: list[str]) -> list[str]:
    """What the testee writes for these lines of input; it must end with 0 at their end."""
    given = "".join(line + "\n" for line in lines)
    done = subprocess.run(
        [node, str(TESTEE)], input=given, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_testee_passes_every_vector_and_skips_none_silently(node: str) -> None:
    command = shlex.join([node, str(TESTEE)])
    conform = [sys.executable, "tools/conform.py", "--cmd", command, "--xfail", str(XFAIL)]
    done = subprocess.run(conform, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.splitlines()[-1]
    assert " 0 failed, " in summary
    assert summary.endswith(" 0 unsupported")


@pytest.mark.parametrize("seed", [1, 20261122])
def test_testee_on_mutated_input_answers_as_python(node: str, seed: int) -> None:
    asked = list(requests(seed, REQUESTS))
    lines = answers(node, [json.dumps(request) for request in asked])
    assert differences(asked, lines) == []
    reasons = Counter(json.loads(line).get("why", "ok") for line in lines)
    assert reasons["ok"] > REQUESTS // 20
    assert len(reasons) > 50  # the slice meets most of the reasons, or it shows little


def test_testee_on_a_hundred_thousand_brackets_refuses_and_lives(node: str) -> None:
    deep = "[" * 100_000
    lines = answers(node, [deep, "", "null", '{"op":"hello"}'])
    assert [json.loads(line)["ok"] for line in lines] == [False, False, False, True]


def test_differences_with_another_reason_tells_it() -> None:
    asked = [{"id": 1, "op": "decode", "in": "c0"}]
    assert differences(asked, ['{"id": 1, "ok": false, "why": "enc-nil"}']) == []
    assert len(differences(asked, ['{"id": 1, "ok": false, "why": "enc-ext"}'])) == 1
