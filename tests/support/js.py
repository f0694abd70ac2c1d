"""The second implementation under Node, for tests."""

import subprocess

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
