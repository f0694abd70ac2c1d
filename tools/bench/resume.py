"""A long catch-up that is interrupted ten times: what has to come again.

    python -m tools.bench.resume [--count N] [--seed N] [--report docs/reliability.md]

Real processes and real kills: in turn the cable is cut, the node that catches up gets SIGKILL, and
the one that serves it does; when, the seed says. A proxy counts the bytes that come down; those
of the leaves that are on the disk afterwards are known to the byte, and the rest is records that
came and were not kept. `--report` adds a line to the page's table if everything came, each
interruption met a transfer, a cut made no more than one run come again, and a kill of the node
that catches up no more than the two pulls under way (SYN-5, SYN-6).
"""

import argparse
import bisect
import datetime
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confednode import keyring
from confednode.store import Store
from confedproto import merkle, wire
from confedproto.ids import log_id
from confedproto.limits import RUN_MAX_BYTES, RUN_MAX_RECORDS
from confedproto.sync import WINDOW_RECORDS
from tools.bench import nodes
from tools.bench.figures import Figure
from tools.bench.proxy import Proxy

INTERRUPTIONS: Final = 10
COUNT: Final = 200_000
QUICK_COUNT: Final = 60_000  # enough for as many interruptions: 2,000 to 5,000 come between two
SEED: Final = 5
CALM_S: Final = 0.3  # after a cut, without a leaf more on the receiver's disk: it has stored all
FOUNDING: Final = 3  # leaves of an author's log beside its statements: charter, node, invitation
KINDS: Final = ("cable", "fresh", "author")
RUN_RECORDS: Final = (
    nodes.RUNS_A_CUT * RUN_MAX_BYTES // (nodes.ENVELOPE_BYTES + 8)
)  # of one message
_END: Final = "<!-- end of interrupted catch-ups -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One catch-up: statements held in the end, and what each interruption made come again."""

    seconds: float  # with the restarts, without the waits of this benchmark
    held: int
    met: int  # interruptions before which records had come since the one before
    again: tuple[int, ...]  # records, by interruption; KINDS in turn

    @property
    def cut(self) -> int:
        """Of the worst interruption that left the receiver alive, in records."""
        return max(one for at, one in enumerate(self.again) if KINDS[at % 3] != "fresh")

    @property
    def killed(self) -> int:
        """Of the worst kill of the receiver, in records."""
        return max(one for at, one in enumerate(self.again) if KINDS[at % 3] == "fresh")


def catch_up(folder: Path, count: int, seed: int, interruptions: int = INTERRUPTIONS) -> Outcome:
    """Two nodes; `interruptions` of the one's catch-up with the other."""
    rng = random.Random(seed)
    author, fresh = nodes.found(folder, "author"), nodes.found(folder, "fresh")
    nodes.fill(author, count)
    author.start()
    fresh.start()
    proxy = Proxy(author.listen)
    begun, rested = time.perf_counter(), 0.0
    # Where each part of the log is interrupted: never at its beginning, never past its end.
    points = sorted(rng.sample(range(count // 20, count * 9 // 10), interruptions))
    marks = [(0, 0)]  # bytes that came down the cable, leaves that are stored
    try:
        author.link(fresh, proxy.address)
        for number, point in enumerate(points):
            more = min(max(point, marks[-1][1] + 1), count + FOUNDING)  # a kill must meet something
            fresh.until(author, more, poll_s=0.005)
            _interrupt(KINDS[number % 3], author, fresh, proxy)
            since = time.perf_counter()
            held = _at_rest(fresh, author)  # only then has the proxy stopped counting, too
            rested += time.perf_counter() - since
            marks.append((proxy.down, held))
            proxy.heal()
        fresh.until(author, count + FOUNDING)
        seconds = time.perf_counter() - begun - rested
        marks.append((proxy.down, fresh.sizes()[author.id]))
    finally:
        fresh.stop()
        author.stop()
        proxy.close()
    cost = Wire(author)
    parts = [(down - was, had, held) for (was, had), (down, held) in itertools.pairwise(marks[:-1])]
    return Outcome(
        seconds=seconds,
        held=min(count, marks[-1][1] - FOUNDING),
        met=sum(held > had for _, had, held in parts),
        again=tuple(cost.leaves(held, came - cost.of(had, held)) for came, had, held in parts),
    )


def _interrupt(what: str, author: nodes.Council, fresh: nodes.Council, proxy: Proxy) -> None:
    """End the transfer; both nodes run when this returns, and the cable is cut."""
    victim = {"fresh": fresh, "author": author}.get(what)
    if victim is not None:
        victim.kill()
    proxy.cut()
    if victim is not None:
        victim.start()


def _at_rest(fresh: nodes.Council, author: nodes.Council) -> int:
    """How far the receiver holds the log when nothing more of what had come is being stored."""
    held, since = -1, time.perf_counter()
    while time.perf_counter() - since < CALM_S:
        if (now := fresh.sizes().get(author.id, 0)) != held:
            held, since = now, time.perf_counter()
        time.sleep(0.02)
    return held


class Wire:
    """What leaves of the author's log take on the wire, with heads, proofs and frames (SYN-5)."""

    def __init__(self, author: nodes.Council) -> None:
        keys = keyring.read_node_keys(author.home.node_key)
        self._log: Final = log_id(author.network, author.council, keys.signer.public)
        store = Store(author.home.database)
        leaves = [envelope for envelope, *_ in store.leaves(self._log)]
        self._head: Final = next(one.head for one in store.heads() if one.log == self._log) or b""
        store.close()
        self._tree: Final = merkle.Tree(map(merkle.leaf_hash, leaves))
        self._leaf: Final = leaves[len(leaves) // 2]
        self._size: Final = self._frame(2, 0) - self._frame(1, 0)

    def _frame(self, leaves: int, proof: int) -> int:
        run = wire.Run(
            log=self._log,
            start=self._tree.size,
            leaves=((self._leaf,),) * leaves,
            head=self._head,
            proof=(bytes(32),) * proof or None,
        )
        return len(wire.encode(run)) + 18  # its length before it, its tag behind it

    def of(self, start: int, end: int) -> int:
        """The bytes of leaves [start, end): in pulls, each in runs that fill a frame."""
        total, size = 0, self._tree.size
        while start < end:
            until = min(start + RUN_MAX_RECORDS, end)
            while start < until:
                count = min(RUN_RECORDS, until - start)
                start += count
                total += self._frame(1, len(self._tree.consistency(start, size)))
                total += (count - 1) * self._size
        return total

    def leaves(self, start: int, came: int) -> int:
        """How many leaves from `start` on took `came` bytes; less than one is no leaf.

        A link says about 300 bytes before its first run; that is no leaf either.
        """
        most = range(self._tree.size - start + 1)
        return max(0, bisect.bisect_right(most, came, key=lambda n: self.of(start, start + n)) - 1)


def run(quick: bool) -> list[Figure]:
    """The figures."""
    count = QUICK_COUNT if quick else COUNT
    with tempfile.TemporaryDirectory(prefix="confed-bench-") as folder:
        done = catch_up(Path(folder), count, SEED)
    return [
        Figure(
            what=f"catch-up of {count}, {INTERRUPTIONS} cuts and kills, restarts in it",
            value=done.seconds,
            unit="s",
        ),
        Figure(what="records held of those", value=done.held, unit="", goal=count, least=True),
        Figure(
            what="cuts and kills that met a transfer",
            value=done.met,
            unit="",
            goal=INTERRUPTIONS,
            least=True,
        ),
        Figure(
            what="records that came again after a cut, at most (one run)",
            value=done.cut,
            unit="",
            goal=RUN_RECORDS,
        ),
        Figure(
            what="and after a kill of the receiver, at most (two pulls)",
            value=done.killed,
            unit="",
            goal=WINDOW_RECORDS,
        ),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="A catch-up that is interrupted ten times.")
    parser.add_argument("--count", type=int, default=COUNT, help="records to catch up with")
    parser.add_argument("--seed", type=int, default=SEED, help="says when it is interrupted")
    parser.add_argument("--report", type=Path, metavar="FILE", help="add a line to its table")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="confed-bench-") as folder:
        done = catch_up(Path(folder), options.count, options.seed)
    print(f"{done.held} of {options.count} held after {done.seconds:.0f} s")
    print(f"{done.met} of {INTERRUPTIONS} interruptions met a transfer")
    print("records that came again, for each:", ", ".join(map(str, done.again)))
    held = done.held == options.count and done.met == INTERRUPTIONS
    held = held and done.cut <= RUN_RECORDS and done.killed <= WINDOW_RECORDS
    if held and options.report is not None:
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        again = f"`python -m tools.bench.resume --count {options.count} --seed {options.seed}`"
        line = (
            f"| {today} | {done.held:,} | {INTERRUPTIONS} | {done.cut:,} | {done.killed:,} |"
            f" {done.seconds:.0f} | {again} |\n"
        )
        page = options.report.read_text("utf-8")
        options.report.write_text(page.replace(_END, line + _END), "utf-8")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
