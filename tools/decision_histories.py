"""Random histories of decisions against an independent model: what `make test` samples, at length.

    python tools/decision_histories.py --count 10000        20 orders of delivery each
    python tools/decision_histories.py --seed 7 --count 1   one seed again

It prints in how many histories each state, outcome, reason, rule and feature was reached.
`--minutes N` stops after so many, with what was done by then. `--report FILE` adds a line to its
table when all held. Exit 0 if all held; else the first seed that did not is printed, and exit 1.
"""

import argparse
import datetime
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.support.decisions import History

ORDERS: Final = 20
_END: Final = "<!-- end of decision runs -->"
_COUNTED: Final = 5
"""One history in so many is looked into for what it reached."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Random histories of decisions.")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--minutes", type=int, default=24 * 60, help="stop after so many")
    parser.add_argument("--report", type=Path)
    options = parser.parse_args(arguments)
    begun, reached, done, records = time.monotonic(), Counter[str](), 0, 0
    for seed in range(options.seed, options.seed + options.count):
        made = History(seed)
        found = made.differences(ORDERS)
        if found is not None:
            print(f"seed {seed}: {found}")
            return 1
        done, records = done + 1, records + made.records
        if done % _COUNTED == 0:
            reached.update(set(made.reached()))
        if done % 100 == 0:
            print(f"{done} of {options.count}", file=sys.stderr, flush=True)
        if time.monotonic() - begun > 60 * options.minutes:
            break
    took = int(time.process_time())
    print(
        f"{done} histories x {ORDERS} orders: one digest each, the model's; {took} s of processor"
    )
    looked = max(1, done // _COUNTED)
    print(f"{records} records in all; of {looked} histories looked into, so many reached:")
    for name, count in sorted(reached.items()):
        print(f"{count:8} {100 * count / looked:6.1f} % {name}")
    if options.report is not None:
        day = datetime.datetime.now(datetime.UTC).date().isoformat()
        again = f"`python tools/decision_histories.py --seed {options.seed} --count {done}`"
        line = f"| {day} | {done:,} | {ORDERS} | {records:,} | 0 | {took} | {again} |\n"
        text = options.report.read_text("utf-8")
        options.report.write_text(text.replace(_END, line + _END), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
