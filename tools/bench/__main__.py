"""`make bench`: what things cost here, as ratios within one run, and the goals beside them.

    python -m tools.bench [--quick] [--strict] [--write FILE] [NAME ...]

Prints a table and writes build/bench.json; `--write docs/performance.md` also writes that page.
Absolute figures are this machine's; a goal that says ratio is one to a yardstick measured in
the same run. With --strict, exit 1 if a goal is missed.
"""

import argparse
import datetime
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tools.bench import (
    bare,
    browser,
    catchup,
    deriving,
    hostile,
    ingest,
    live,
    million,
    offline,
    records,
    resume,
    resync,
    simulated,
)
from tools.bench.figures import Figure, Note
from tools.bench.measure import Row
from tools.bench.peers import run as peers

Rows = Sequence[Row | Figure | Note]
BENCHES: Final[dict[str, Callable[[bool], Rows]]] = {
    "records": records.run,
    "hostile": hostile.run,
    "resync": resync.run,
    "live": live.run,
    "ingest": ingest.run,
    "catchup": catchup.run,
    "million": million.run,
    "resume": resume.run,
    "offline": offline.run,
    "browser": browser.run,
    "simulate": simulated.run,
    "deriving": deriving.run,
    "peers": peers.run,
}
"""Name -> function of `quick` that gives its rows."""

OUT: Final = Path("build/bench.json")


def _lines(name: str, rows: Rows) -> list[str]:
    out: list[str] = []
    if any(isinstance(row, Row) for row in rows):
        out.append(f"{name:<48}{'us':>9}{'ratio':>8}{'goal':>8}")
    else:
        out.append(name)
    for row in rows:
        if isinstance(row, Figure | Note):
            out.append(row.as_line().rstrip())
            continue
        goal = "" if row.goal is None else f"<={row.goal:g}"
        mark = "" if row.met else "  MISSED"
        out.append(
            f"  {row.what:<46}{row.microseconds:>9.2f}{row.ratio:>8.3f}{goal:>8}{mark}".rstrip()
        )
    return out


def _machine() -> str:
    model = ""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{model or platform.machine()}, {bare.cores()} cores"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a goal is missed")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the page FILE")
    options = parser.parse_args(arguments)
    names: list[str] = options.names or list(BENCHES)
    if unknown := set(names) - set(BENCHES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    load = f"{os.getloadavg()[0]:.1f}"  # what else the machine was doing
    results: dict[str, Rows] = {}
    printed: list[str] = []
    for name in names:
        begun = time.monotonic()
        results[name] = BENCHES[name](options.quick)
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
        lines = _lines(name, results[name])
        printed += lines
        print("\n".join(lines), flush=True)
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    about = {"python": platform.python_version(), "machine": _machine(), "date": day, "load": load}
    benches = {name: [row.as_json() for row in rows] for name, rows in results.items()}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({**about, "benches": benches}, indent=1) + "\n", "utf-8")
    if options.write is not None:
        options.write.write_text(_page(about, options.quick, printed), "utf-8")
    missed = any(not row.met for rows in results.values() for row in rows)
    return 1 if missed and options.strict else 0


def _page(about: dict[str, str], quick: bool, printed: Sequence[str]) -> str:
    command = "make bench ARGS='" + ("--quick " if quick else "") + "--write docs/performance.md'"
    return "\n".join(
        (
            "# What it costs",
            "",
            f"Written by `{command}` on {about['date']}: {about['machine']},",
            f"Python {about['python']}, load average {about['load']} at the start.",
            "Absolute figures are that machine's. A line with a goal begins with its number; one",
            "that was not met says MISSED.",
            "",
            "```",
            *printed,
            "```",
            "",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
