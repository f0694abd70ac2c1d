"""Mutated bytes for every parser: anything but a ConfedError that comes out is a bug.

    python tools/fuzz.py --seconds 60                 all targets, a new seed
    python tools/fuzz.py --executions 1000000 --seed 1 --target codec
    python tools/fuzz.py --target codec --input c0    one input again
    python tools/fuzz.py ... --report docs/reliability.md    add a line to its table

Each target has its own generator, seeded by the seed and its name, so that a target alone
meets the same inputs as among others. Inputs that give a result not seen before join the
corpus. Exit 0 if every target held, 1 with seed and input in hex if one did not.
"""

import argparse
import random
import secrets
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from confedproto.errors import ConfedError
from tools.fuzz_targets import TARGETS

SLOW_S: Final = 1.0
"""CPU seconds that one input may take; far above the budget, so that a busy machine passes."""
CHUNK: Final = 128
"""Executions of one target before the next one's turn."""
KEPT_PER_RESULT: Final = 6
"""Inputs with the same result that may join the corpus."""
INPUT_MAX_BYTES: Final = 70_000

_BYTES: Final = bytes.fromhex(
    "00 01 1f 20 7f 80 8f 90 9f a0 bf c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 ca cb cc cf d0 d3 d4 d9 "
    "da db dc dd de df e0 ff"
)
"""Bytes at the edges of formats: MessagePack's headers, ASCII's ends, signs."""
_NUMBERS: Final = (0, 1, 31, 32, 255, 256, 1024, 65_535, 2**31 - 1, 2**31, 2**53, 2**63, 2**64 - 1)


def mutate(rng: random.Random, corpus: Sequence[bytes]) -> bytes:
    """One input: a member of `corpus` after one to five random edits."""
    data = bytearray(rng.choice(corpus))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        rng.choice(_EDITS)(rng, data, corpus)
    return bytes(data[:INPUT_MAX_BYTES])


def _span(rng: random.Random, data: bytearray) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 1, 2, 4, 8, 32, 64)))


def _flip(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.choice(_BYTES)


def _insert(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(rng.choice((1, 1, 2, 4, 16)))


def _delete(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    start, end = _span(rng, data)
    del data[start:end]


def _repeat(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    start, end = _span(rng, data)
    data[start:start] = data[start:end] * rng.choice((1, 1, 2, 16, 256))


def _truncate(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _splice(rng: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    other = rng.choice(corpus)
    start, end = _span(rng, data)
    cut = rng.randrange(len(other) + 1)
    data[start:end] = other[cut : cut + rng.choice((1, 4, 32, 256, 65_536))]


def _number(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    width = rng.choice((1, 2, 4, 8))
    at = rng.randrange(len(data) + 1)
    number = rng.choice(_NUMBERS) % 256**width
    data[at : at + width] = number.to_bytes(width, rng.choice(("big", "big", "little")))


_EDITS: Final[tuple[Callable[[random.Random, bytearray, Sequence[bytes]], None], ...]] = (
    _flip,
    _set,
    _insert,
    _delete,
    _repeat,
    _truncate,
    _splice,
    _number,
)


class TargetFailed(Exception):
    """A target raised what it must not, or took too long; the cause is chained."""

    def __init__(self, data: bytes, why: str) -> None:
        super().__init__(why)
        self.data = data


@dataclass(slots=True, kw_only=True)
class Run:
    """One target's generator, its corpus, and what it has seen."""

    name: str
    rng: random.Random
    corpus: list[bytes]
    target: Callable[[bytes], object]
    executions: int = 0
    slowest_s: float = 0.0
    results: Counter[str] = field(default_factory=Counter[str])

    @classmethod
    def start(cls, name: str, seed: int) -> "Run":
        """The run of the target `name`; its corpus must be accepted as it is."""
        make_corpus, target = TARGETS[name]
        corpus = list(make_corpus())
        run = cls(name=name, rng=random.Random(f"{seed}/{name}"), corpus=corpus, target=target)
        for data in tuple(corpus):
            if run.execute(data) != "accepted":
                raise TargetFailed(data, "refuses its own corpus")
        return run

    def execute(self, data: bytes) -> str:
        """Give `data` to the target: "accepted", or the reason of its refusal."""
        begun = time.process_time()
        try:
            self.target(data)
            result = "accepted"
        except ConfedError as error:
            result = str(error.reason)
        except Exception as error:  # what a fuzzer is for
            raise TargetFailed(data, f"raised {type(error).__name__}") from error
        taken = time.process_time() - begun
        if taken > SLOW_S:
            raise TargetFailed(data, f"took {taken:.1f} s")
        self.executions += 1
        self.slowest_s = max(self.slowest_s, taken)
        self.results[result] += 1
        return result

    def step(self) -> None:
        """One mutated input; it joins the corpus if its result is new or rare."""
        data = mutate(self.rng, self.corpus)
        result = self.execute(data)
        if self.results[result] <= KEPT_PER_RESULT and len(data) <= 4_096:
            self.corpus.append(data)


def fuzz(
    names: Sequence[str], seed: int, *, seconds: float | None, executions: int | None
) -> list[Run]:
    """Take turns among the targets until `seconds` have passed or each had `executions`.

    None is no bound; with both, the first that is met ends it. Raises TargetFailed, with a
    note that names the target.
    """
    runs: list[Run] = []
    deadline = None if seconds is None else time.monotonic() + seconds
    name = ""
    try:
        for name in names:
            runs.append(Run.start(name, seed))
        waiting = list(runs)
        while waiting and (deadline is None or time.monotonic() < deadline):
            for run in tuple(waiting):
                name = run.name
                left = CHUNK if executions is None else min(CHUNK, executions - run.executions)
                for _ in range(left):
                    run.step()
                if executions is not None and run.executions >= executions:
                    waiting.remove(run)
    except TargetFailed as failure:
        failure.add_note(name)
        raise
    return runs


def _report(runs: Sequence[Run]) -> None:
    print(f"{'target':<12}{'executions':>12}{'accepted':>10}{'reasons':>9}{'slowest ms':>12}")
    for run in runs:
        print(
            f"{run.name:<12}{run.executions:>12,}{run.results['accepted']:>10,}"
            f"{len(set(run.results) - {'accepted'}):>9}{run.slowest_s * 1000:>12.1f}"
        )


_TABLE_END: Final = "<!-- end of fuzz runs -->"


def _write(path: Path, runs: Sequence[Run], seed: int) -> None:
    """A line for each run in the table of `path`: date, target, figures, and the command."""
    today = datetime.now(UTC).date().isoformat()
    lines = "".join(
        f"| {today} | {run.name} | {run.executions:,} | {run.results['accepted']:,} "
        f"| {len(set(run.results) - {'accepted'})} | {run.slowest_s * 1000:.0f} "
        f"| `python tools/fuzz.py --target {run.name} --executions {run.executions} "
        f"--seed {seed}` |\n"
        for run in runs
    )
    text = path.read_text("utf-8")
    if _TABLE_END not in text:
        raise SystemExit(f"{path} has no line {_TABLE_END}")
    path.write_text(text.replace(_TABLE_END, lines + _TABLE_END), "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Mutated bytes for every parser.")
    parser.add_argument("--seconds", type=float, help="60 without --executions")
    parser.add_argument("--executions", type=int, help="inputs per target")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--target", action="append", choices=sorted(TARGETS))
    parser.add_argument("--input", type=bytes.fromhex, help="one input in hex, again")
    parser.add_argument("--report", type=Path, help="a Markdown file with a table `fuzz`")
    options = parser.parse_args(arguments)
    if options.seconds is None and options.executions is None:
        options.seconds = 60.0
    names: list[str] = options.target or list(TARGETS)
    print(f"seed {options.seed}", flush=True)
    try:
        if options.input is None:
            runs = fuzz(names, options.seed, seconds=options.seconds, executions=options.executions)
            _report(runs)
            if options.report is not None:
                _write(options.report, runs, options.seed)
        else:
            for name in names:
                print(f"{name}: {Run.start(name, options.seed).execute(options.input)}")
    except TargetFailed as failure:
        if failure.__cause__ is not None:
            traceback.print_exception(failure.__cause__)
        target = (getattr(failure, "__notes__", None) or names)[0]
        print(f"FAILED {target}: {failure}; again by:")
        print(f"  python tools/fuzz.py --target {target} --input {failure.data.hex()}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
