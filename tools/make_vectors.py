"""Make specs/vectors/*.json again; every run gives the same bytes.

    python tools/make_vectors.py            write the files, and a known file for the pages
    python tools/make_vectors.py --check    exit 1 if a file would change

What is expected comes from the generator's own naive encoder and trees, from hashlib, from
plain arithmetic or `cryptography`, and from published vectors, never from confedproto.
"""

import base64
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from tools import generated
from tools.vectors import (
    archives,
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
    archives.archive,
)
KNOWN: Final = FOLDER.parent.parent / "tools" / "js" / "confed" / "known.js"
"""The file that a page tries itself on, as a module of its code."""
KNOWN_VECTOR: Final = "bundle-act"


def make() -> dict[str, str]:
    """File name -> content, for every operation."""
    made = [maker() for maker in MAKERS]
    return {f"{vectors.op}.json": dump(vectors.op, vectors.items) for vectors in made}


def known() -> str:
    """The module with the known file: an act within its mandate, with receipts."""
    [vector] = [one for one in bundles.bundle().items if one.name == KNOWN_VECTOR]
    assert vector.expect["verdict"] == "VALID"
    [file] = vector.request["files"]
    lines = textwrap.wrap(base64.b64encode(bytes.fromhex(file)).decode(), 92)
    quoted = " +\n".join(f'  "{line}"' for line in lines)
    return (
        f"// The file of the vector {KNOWN_VECTOR}, which is VALID at this time. Made by "
        "tools/make_vectors.py.\n\n"
        f"export const KNOWN_AT = {vector.request['at']};\nexport const KNOWN_FILE =\n{quoted};\n"
    )


def made() -> Iterator[tuple[Path, str]]:
    """Every file that is made here, and what it has to hold."""
    for name, text in make().items():
        yield FOLDER / name, text
    yield KNOWN, known()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    return generated.main(arguments, "Make specs/vectors/*.json.", made)


if __name__ == "__main__":
    sys.exit(main())
