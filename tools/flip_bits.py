"""Every single bit of real `.confed` files flipped: refused or UNKNOWN, never VALID.

    python tools/flip_bits.py [--files 4] [--processes 2] [--js] [--step 1]

With --js it is the JavaScript verifier that is asked. Exit 1 with the first bits after which a
file still proves something.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from confedproto import bundle
from confedproto.errors import ConfedError
from confedproto.rules.mandate import Outcome
from tests.support import worlds
from tools.js.find_node import TESTEE, find_node

STRETCH: Final = 256 * 8
"""Bits that one task looks at."""
JS_STRETCHES: Final = 8
"""As many of them make up for the start of Node."""


def survivors(file: bytes, at: int, bits: range) -> list[int]:
    """Those of the bits whose flip leaves a verdict that is no UNKNOWN."""
    out: list[int] = []
    for bit in bits:
        changed = bytearray(file)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            report = bundle.verify([bytes(changed)], [], at)
        except ConfedError:
            continue
        if report.verdict is not Outcome.UNKNOWN:
            out.append(bit)
    return out


def js_survivors(file: bytes, at: int, bits: range) -> list[int]:
    """The same by the JavaScript verifier."""
    node = find_node()
    assert node is not None, "the test lock brings a Node"
    asked = {"file": file.hex(), "at": at}
    asked |= {"from": bits.start, "to": bits.stop, "step": bits.step}
    done = subprocess.run(
        [node, str(TESTEE.parent / "flips.js")],
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["tried"] == len(bits)
    found: list[int] = told["survivors"]
    return found


def files() -> Iterator[tuple[str, bytes, int]]:
    """Real files, the smallest first: name, bytes, the time to ask about."""
    small = worlds.grant(worlds.make_world(2, "majority"))
    yield "mandate, one receipt", small.file, small.world.now
    yield "mandate, three receipts", worlds.granted().file, worlds.four().now
    world, certificate = worlds.decided(2, "majority")
    yield "certificate", certificate, world.now
    chain = worlds.passed_on()
    yield "link with the mandate above", chain.file, chain.world.now


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Flip every bit of real .confed files.")
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--js", action="store_true", help="ask the JavaScript verifier")
    parser.add_argument("--step", type=int, default=1, help="every so many bits")
    options = parser.parse_args(arguments)
    look: Callable[[bytes, int, range], list[int]] = js_survivors if options.js else survivors
    stretch = (STRETCH * JS_STRETCHES if options.js else STRETCH) * options.step
    failed = False
    with ProcessPoolExecutor(options.processes) as pool:
        for name, file, at in list(files())[: options.files]:
            assert bundle.verify([file], [], at).ok
            bits = range(0, 8 * len(file), options.step)
            parts = [
                range(start, min(start + stretch, 8 * len(file)), options.step)
                for start in range(0, 8 * len(file), stretch)
            ]
            jobs = [pool.submit(look, file, at, part) for part in parts]
            found = [bit for job in jobs for bit in job.result()]
            failed = failed or bool(found)
            print(f"{name}: {len(bits):,} bits, {len(found)} pass {found[:8] or ''}".rstrip())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
