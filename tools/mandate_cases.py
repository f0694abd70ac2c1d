"""Random mandates and acts: the library's verdicts against the model in tests/models.

    python tools/mandate_cases.py [--cases 100000] [--seed 1] [--report docs/reliability.md]

Exit 0 if every verdict is the same, 1 with the seeds of those that are not.
"""

import argparse
import datetime
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.support.mandates import compared

END: Final = "<!-- end of mandate runs -->"
SHOWN: Final = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Compare verdicts on random mandates.")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="add a line to this document")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    verdicts: Counter[str] = Counter()
    different = 0
    for seed in range(options.seed * 10**9, options.seed * 10**9 + options.cases):
        for model, library in compared(random.Random(seed)):
            verdicts[model] += 1
            if model != library:
                different += 1
                if different <= SHOWN:
                    print(f"seed {seed}: model {model}, library {library}")
    seconds = time.monotonic() - began
    asked = sum(verdicts.values())
    print(
        f"{options.cases} cases, {asked} verdicts of {len(verdicts)} kinds, {different} different,"
        f" {seconds:.0f} s"
    )
    if different == 0 and options.report is not None:
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        again = f"`python tools/mandate_cases.py --cases {options.cases} --seed {options.seed}`"
        row = f"| {today} | {options.cases:,} | {asked:,} | {len(verdicts)} | 0 | {again} |\n"
        text = options.report.read_text("utf-8")
        options.report.write_text(text.replace(END, row + END), "utf-8")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
