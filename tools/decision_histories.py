"""Random histories of decisions against an independent model: what `make test` samples, at length.

    python tools/decision_histories.py --count 10000        20 orders of delivery each
    python tools/decision_histories.py --seed 7 --count 1   one seed again

`--report FILE` adds a line to its table when all held. Exit 0 if all held; else the first
seed that did not is printed, and exit 1.
"""

import argparse
import datetime
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.support.decisions import History

ORDERS: Final = 20
_END: Final = "<!-- end of decision runs -->"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Random histories of decisions.")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--report", type=Path)
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    for seed in range(options.seed, options.seed + options.count):
        found = History(seed).differences(ORDERS)
        if found is not None:
            print(f"seed {seed}: {found}")
            return 1
        if seed % 100 == 99:
            print(f"{seed + 1 - options.seed} of {options.count}", file=sys.stderr)
    took = int(time.monotonic() - begun)
    print(f"{options.count} histories x {ORDERS} orders: one digest each, the model's; {took} s")
    if options.report is not None:
        day = datetime.datetime.now(datetime.UTC).date().isoformat()
        again = f"`--seed {options.seed} --count {options.count}`"
        line = f"| {day} | {options.count} | {ORDERS} | 0 | {took} | {again} |\n"
        text = options.report.read_text("utf-8")
        options.report.write_text(text.replace(_END, line + _END), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
