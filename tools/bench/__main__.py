"""`make bench`: what things cost here, as ratios within one run.

    python -m tools.bench [--quick] [--strict] [NAME ...]

Prints a table and writes build/bench.json. Absolute times are this machine's; a goal is a
ratio to a yardstick measured in the same run, turn about with what it is compared to.
Exit 1 if a goal is missed.
"""

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tools.bench import records
from tools.bench.measure import Row

BENCHES: Final[dict[str, Callable[[bool], list[Row]]]] = {"records": records.run}
"""Name -> function of `quick` that gives its rows."""

OUT: Final = Path("build/bench.json")


def _print(name: str, rows: Sequence[Row]) -> None:
    print(f"{name:<48}{'us':>9}{'ratio':>8}{'goal':>8}")
    for row in rows:
        goal = "" if row.goal is None else f"<={row.goal:g}"
        mark = "" if row.met else "  MISSED"
        print(f"  {row.what:<46}{row.microseconds:>9.2f}{row.ratio:>8.3f}{goal:>8}{mark}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a goal is missed")
    options = parser.parse_args(arguments)
    names: list[str] = options.names or list(BENCHES)
    if unknown := set(names) - set(BENCHES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    results: dict[str, list[Row]] = {}
    for name in names:
        results[name] = BENCHES[name](options.quick)
        _print(name, results[name])
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(
        json.dumps(
            {
                "python": platform.python_version(),
                "machine": platform.machine(),
                "benches": {
                    name: [row.as_json() for row in rows] for name, rows in results.items()
                },
            },
            indent=1,
        )
        + "\n",
        "utf-8",
    )
    missed = any(not row.met for rows in results.values() for row in rows)
    return 1 if missed and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
