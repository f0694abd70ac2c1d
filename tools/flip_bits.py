"""Every single bit of real `.confed` files flipped: refused or UNKNOWN, never VALID.

    python tools/flip_bits.py [--files 3] [--processes 2]

Exit 1 with the first bits after which a file still proves something.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from typing import Final

from confedproto import bundle
from confedproto.errors import ConfedError
from confedproto.rules.mandate import Outcome
from tests.support import worlds

STRETCH: Final = 256
"""Bytes that one task looks at."""


def survivors(file: bytes, at: int, first: int) -> list[int]:
    """The bits of a stretch from byte `first` on whose flip leaves a verdict that is no UNKNOWN."""
    out: list[int] = []
    for bit in range(8 * first, min(8 * (first + STRETCH), 8 * len(file))):
        changed = bytearray(file)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            report = bundle.verify([bytes(changed)], [], at)
        except ConfedError:
            continue
        if report.verdict is not Outcome.UNKNOWN:
            out.append(bit)
    return out


def files() -> Iterator[tuple[str, bytes, int]]:
    """Real files, the smallest first: name, bytes, the time to ask about."""
    small = worlds.grant(worlds.make_world(2, "majority"))
    yield "mandate, one receipt", small.file, small.world.now
    yield "mandate, three receipts", worlds.granted().file, worlds.four().now
    world, certificate = worlds.decided(2, "majority")
    yield "certificate", certificate, world.now


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Flip every bit of real .confed files.")
    parser.add_argument("--files", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    failed = False
    with ProcessPoolExecutor(options.processes) as pool:
        for name, file, at in list(files())[: options.files]:
            assert bundle.verify([file], [], at).ok
            starts = range(0, len(file), STRETCH)
            found = [
                bit
                for bits in pool.map(survivors, repeat(file), repeat(at), starts)
                for bit in bits
            ]
            failed = failed or bool(found)
            print(f"{name}: {8 * len(file):,} bits, {len(found)} pass {found[:8] or ''}".rstrip())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
