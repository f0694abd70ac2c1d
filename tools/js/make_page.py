"""Make the pages from this checkout, as `confed pages` does.

python -m tools.js.make_page [FOLDER]     default build/: verify.html and act.html
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from confednode import pages

BUILD: Final = Path(__file__).resolve().parent.parent.parent / "build"


def main(arguments: Sequence[str]) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Make the pages that verify and sign.")
    parser.add_argument("folder", type=Path, nargs="?", default=BUILD)
    folder: Path = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in pages.PAGES:
        made = pages.page(name).encode()
        (folder / name).write_bytes(made)
        print(f"{folder / name}: {len(made):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
