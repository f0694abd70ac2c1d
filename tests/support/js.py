"""The second implementation under Node, for tests."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

from tools.js.find_node import TESTEE, find_node


def module(source: str, given: str = "") -> str:
    """What this JavaScript module prints, run beside the README with `given` on its input."""
    node = find_node()
    assert node is not None, "the test lock brings a Node"
    done = subprocess.run(
        [node, "--input-type=module", "--eval", source],
        cwd=TESTEE.parent,
        input=given,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def asked(requests: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What its testee answers to these requests."""
    node = find_node()
    assert node is not None, "the test lock brings a Node"
    done = subprocess.run(
        [node, str(TESTEE)],
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]
