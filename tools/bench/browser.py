"""Verifying in the verify page: headless Chromium, the file as saved to disk."""

import json
import sys
from typing import Final

from confedproto import bundle
from tests.support.pages import run as in_page
from tests.support.worlds import decided, four, granted
from tools.bench.figures import Figure, percentile
from tools.js.browser import find_chromium

GOAL_MS: Final = 50.0
_SCRIPT: Final = """
const unhex = (text) => Uint8Array.from(text.match(/../g), (x) => parseInt(x, 16));
(async () => {
  const out = [];
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
    count = 20 if quick else 100
    given = [[[file.hex() for file in files], at, count] for _, files, at in cases]
    times: list[list[float]] = in_page(_SCRIPT.replace("CASES", json.dumps(given)))
    rows = [_figure("the first of all, with no key checked yet", times[0][0])]
    for (what, _, _), measured in zip(cases, times, strict=True):
        rows.append(_figure(f"{what}, median", percentile(measured[1:], 50)))
    return rows


def _figure(what: str, value: float) -> Figure:
    return Figure(what=what, unit="ms", value=value, goal=GOAL_MS)
