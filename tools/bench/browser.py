"""Verifying in the verify page: headless Chromium, the file as saved to disk.

Measured is from bytes given to verdict. A first file has 16 keys that this page has not checked
yet. A page tries itself on another file as soon as it is drawn, and a person takes longer than
that to choose one; the row without it is of a file given while the page was still opening.
"""

import json
import sys
from collections.abc import Sequence
from typing import Final

from confedproto import bundle
from tests.support.pages import run as in_page
from tests.support.worlds import decided, four, granted
from tools.bench.figures import Figure, percentile
from tools.js.browser import find_chromium

GOAL_MS: Final = 50.0
FIRST_PAGES: Final = 5
"""Fresh pages of which the median is taken: one start of a page says little."""
_SCRIPT: Final = """
const unhex = (text) => Uint8Array.from(text.match(/../g), (x) => parseInt(x, 16));
(async () => {
  const out = [];
  if (TRIED) await globalThis.confed.tried;
  for (const [files, at, count] of CASES) {
    const given = files.map(unhex);
    const times = [];
    for (let i = 0; i < count; i += 1) {
      const began = performance.now();
      const told = await globalThis.confed.check(given, [], at);
      times.push(performance.now() - began);
      if (told.verdict !== "VALID") throw new Error(told.reason);
    }
    out.push(times);
  }
  done(out);
})();
"""


def run(quick: bool) -> list[Figure]:
    """The rows; none where there is no Chromium."""
    if find_chromium() is None:
        print("browser: no Chromium here, left out", file=sys.stderr)
        return []
    world, certificate = decided(4, "double")
    node = four().view.authorities[four().nodes[0].council].node
    assert node is not None
    card = bundle.build_record(four().view, node.record.id, four().now)
    short = four().nodes[0].engine.keeper.brief(granted().mandate, four().now)
    cases = (
        ("a mandate with three receipts", [granted().file], four().now),
        ("a mandate in brief, with the council's file", [short, card], four().now),
        ("a certificate of four councils", [certificate], world.now),
    )
    pages = 1 if quick else FIRST_PAGES
    _, files, at = cases[0]
    rows: list[Figure] = []
    for when, tried in (
        ("with no key checked yet", True),
        ("in a page that has not tried itself", False),
    ):
        first = [_times([(files, at, 1)], tried)[0][0] for _ in range(pages)]
        rows.append(_figure(f"the first of all, {when}", percentile(first, 50)))
    count = 20 if quick else 100
    measured = _times([(files, at, count) for _, files, at in cases], tried=True)
    for (what, _, _), times in zip(cases, measured, strict=True):
        rows.append(_figure(f"{what}, median", percentile(times[1:], 50)))
    return rows


def _times(cases: Sequence[tuple[Sequence[bytes], int, int]], tried: bool) -> list[list[float]]:
    """Milliseconds of each check in one fresh page: of files, at a time, so often."""
    given = [[[file.hex() for file in files], at, count] for files, at, count in cases]
    script = _SCRIPT.replace("CASES", json.dumps(given)).replace("TRIED", json.dumps(tried))
    times: list[list[float]] = in_page(script)
    return times


def _figure(what: str, value: float) -> Figure:
    return Figure(what=what, unit="ms", value=value, goal=GOAL_MS)
