"""Make specs/vectors/*.json again; every run gives the same bytes.

    python tools/make_vectors.py            write the files
    python tools/make_vectors.py --check    exit 1 if a file would change

What is expected comes from the generator's own naive encoder and trees, from hashlib, from
plain arithmetic or `cryptography`, and from published vectors, never from confedproto.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tools.vectors import (
    bundles,
    councils,
    counts,
    encoding,
    noise,
    records,
    signatures,
    states,
    texts,
    trees,
)
from tools.vectors.base import Vectors, dump

FOLDER: Final = Path(__file__).resolve().parent.parent / "specs" / "vectors"
MAKERS: Final[tuple[Callable[[], Vectors], ...]] = (
    encoding.decode,
    encoding.encode,
    signatures.verify,
    signatures.sshsig,
    records.record,
    trees.inclusion,
    trees.consistency,
    trees.head,
    texts.text,
    noise.noise,
    counts.count,
    states.state,
    bundles.bundle,
    councils.council,
)


def make() -> dict[str, str]:
    """File name -> content, for every operation."""
    made = [maker() for maker in MAKERS]
    return {f"{vectors.op}.json": dump(vectors.op, vectors.items) for vectors in made}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Make specs/vectors/*.json.")
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    changed = 0
    for name, text in make().items():
        path = FOLDER / name
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        changed += 1
        print(f"{name}: changed")
        if not options.check:
            path.write_text(text, "utf-8")
    return 1 if changed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
