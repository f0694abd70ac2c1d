"""A slice of `tools/js/fuzz.js`: every parser in JavaScript answers or refuses, and soon."""

import subprocess

from tests.support.js import module
from tools.js.find_node import TESTEE, find_node

TIME_MAX_S = 120
"""Far above what it takes; a hang ends here."""


def test_parsers_in_javascript_answer_or_refuse_whatever_they_are_given() -> None:
    node = find_node()
    assert node is not None, "the test lock brings a Node"
    done = subprocess.run(
        [node, str(TESTEE.parent / "fuzz.js"), "--executions", "2000", "--seed", "7"],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=TIME_MAX_S,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) > 10


def test_picture_full_of_false_corners_does_not_stop_the_page() -> None:
    source = """
        import { qrTextsIn } from "./confed/qrfind.js";
        const [width, height] = [900, 700];
        const data = new Uint8ClampedArray(4 * width * height).fill(255);
        for (let i = 0; i < width * height; i += 1) {
          const [x, y] = [i % width % 8, Math.floor(i / width) % 8];
          const ring = Math.max(Math.abs(x - 3), Math.abs(y - 3));
          if (x < 7 && y < 7 && ring !== 2) data.fill(0, 4 * i, 4 * i + 3);
        }
        const before = process.cpuUsage();
        const texts = qrTextsIn({ data, width, height });
        const { user } = process.cpuUsage(before);
        console.log(JSON.stringify({ texts, soon: user < 6e6 }));
    """
    assert module(source) == '{"texts":[],"soon":true}\n'
