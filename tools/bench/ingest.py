"""Goals 1 to 3: what a node takes in from a peer that costs nothing, and how it lives meanwhile."""

import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.bench import bare, nodes
from tools.bench.feeder import Feeder, start
from tools.bench.figures import Figure, percentile, share

SECONDS: Final = 1.0
POLL_S: Final = 0.05
LINKED: Final = 4
"""Leaves of a council's log when it has linked one guest."""
WARM: Final = 6_000
"""Records that come before anything is measured: workers start while they do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One catch-up: seconds of the wall and of the CPU (node and workers), waits in ms."""

    records: int
    wall_s: float
    cpu_s: float
    waits_ms: list[float]


def run(quick: bool) -> list[Figure]:
    """The figures."""
    count = 10_000 if quick else 40_000
    with tempfile.TemporaryDirectory(prefix="confed-bench-") as folder:
        before = bare.verify_rate(SECONDS), bare.verify_rate_two(SECONDS)
        first = {"CONFED_PROVISIONAL": "0"}
        two = take(Path(folder) / "two", count, first | {"CONFED_WORKERS": "2"})
        one = take(Path(folder) / "one", count, first | {"CONFED_WORKERS": "0"})
        proved = take(Path(folder) / "proved", 2 * count, {"CONFED_WORKERS": "2"})
        after = bare.verify_rate(SECONDS), bare.verify_rate_two(SECONDS)
    single, both = (before[0] + after[0]) / 2, (before[1] + after[1]) / 2
    rate = two.records / two.wall_s
    verify_s = 1 / single
    return [
        Figure(what="bare verify, one core", value=single, unit="/s"),
        Figure(what="bare verify, two cores at once", value=both, unit="/s"),
        Figure(what="two workers: records/s wall", value=rate, unit="/s"),
        _least("1", "two workers: wall rate to two-core verify", rate / both, 0.70),
        _least("1", "two workers: wall rate to one-core verify", rate / single, 1.4),
        _extra(two, verify_s, "two workers"),
        Figure(
            what="two workers: an answer of the control socket, p99",
            value=percentile(two.waits_ms, 99),
            unit="ms",
            goal=12,
            number="3",
        ),
        Figure(
            what="two workers: the slowest answer",
            value=max(two.waits_ms, default=0.0),
            unit="ms",
            goal=25,
            number="3",
        ),
        _least(
            "1",
            "no workers: records/CPU-s to one-core verify",
            share(one.records, one.cpu_s) / single,
            0.70,
        ),
        _extra(one, verify_s, "no workers"),
        Figure(
            what="head-proved: records/s wall",
            value=proved.records / proved.wall_s,
            unit="/s",
        ),
        _least(
            "2",
            "head-proved: wall rate to one-core verify",
            proved.records / proved.wall_s / single,
            4.0,
        ),
        _least(
            "2",
            "head-proved: records/CPU-s to one-core verify",
            share(proved.records, proved.cpu_s) / single,
            4.0,
        ),
    ]


def _least(number: str, what: str, value: float, goal: float) -> Figure:
    return Figure(what=what, value=value, unit="ratio", goal=goal, least=True, number=number)


def _extra(taken: Taken, verify_s: float, what: str) -> Figure:
    spent = share(taken.cpu_s, taken.records) / verify_s - 1
    return Figure(
        what=f"{what}: CPU a record beside its verification",
        value=spent,
        unit="verify",
        goal=0.40,
        number="3",
    )


def take(folder: Path, count: int, environment: dict[str, str], host: str = nodes.HOST) -> Taken:
    """A fresh node, run by the program `host`, that takes in `count` records of one log."""
    author, fresh = nodes.found(folder, "author"), nodes.found(folder, "fresh")
    fresh.environment, fresh.host = environment, host
    author.start()
    fresh.start()
    try:
        author.link(fresh)
        while (held := fresh.sizes().get(author.id, 0)) < LINKED:
            time.sleep(POLL_S)
        author.stop()
        nodes.fill(author, WARM + count)
        start(Feeder(author, fresh, held), fresh.listen)
        fresh.until(author, WARM)
        warm = fresh.sizes()[author.id]
        cpu, begun = fresh.cpu_s(), time.perf_counter()
        waits: list[float] = []
        done = threading.Event()
        pinger = threading.Thread(target=_ping, args=(fresh, waits, done), daemon=True)
        pinger.start()
        fresh.until(author, WARM + count + LINKED, poll_s=POLL_S)
        wall = time.perf_counter() - begun
        done.set()
        pinger.join()
        spent, taken = fresh.cpu_s() - cpu, WARM + count + LINKED - warm
        return Taken(records=taken, wall_s=wall, cpu_s=spent, waits_ms=waits)
    finally:
        fresh.stop()
        author.stop()


def _ping(node: nodes.Council, waits: list[float], done: threading.Event) -> None:
    """How long the node's loop lets somebody wait who only asks for its links."""
    while not done.wait(POLL_S):
        begun = time.perf_counter()
        node.ask("links")
        waits.append((time.perf_counter() - begun) * 1e3)
