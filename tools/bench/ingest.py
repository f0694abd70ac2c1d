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
ROUNDS: Final = 5
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A catch-up, and the bare verify rates (one core, two at once) just before and after it."""

    taken: Taken
    one: float
    two: float

    @property
    def per_cpu(self) -> float:
        """Records per CPU second to the signatures that one core verifies in it."""
        return share(self.taken.records, self.taken.cpu_s) / self.one

    @property
    def beside(self) -> float:
        """CPU of a record beside its verification, in verifications."""
        return share(self.taken.cpu_s, self.taken.records) * self.one - 1

    @property
    def wall(self) -> float:
        """Records per second."""
        return self.taken.records / self.taken.wall_s


def run(quick: bool) -> list[Figure]:
    """The figures: of each way the best round, for what others take of the machine is not ours."""
    count, rounds = (10_000, 1) if quick else (40_000, ROUNDS)
    full = {"CONFED_PROVISIONAL": "0"}
    two = _rounds(rounds, count, full | {"CONFED_WORKERS": "2"})
    one = _rounds(rounds, count, full | {"CONFED_WORKERS": "0"})
    proved = _rounds(rounds, 2 * count, {"CONFED_WORKERS": "2"})
    waits = [wait for each in two for wait in each.taken.waits_ms]
    best = max(two, key=lambda each: each.wall / each.two)
    alone = max(one, key=lambda each: each.per_cpu)
    vouched = max(proved, key=lambda each: each.per_cpu)
    return [
        Figure(what="bare verify, one core", value=best.one, unit="/s"),
        Figure(what="bare verify, two cores at once", value=best.two, unit="/s"),
        Figure(what="rounds of each, the best counts", value=rounds, unit=""),
        Figure(what="two workers: records/s wall", value=best.wall, unit="/s"),
        _least("1", "two workers: wall rate to two-core verify", best.wall / best.two, 0.70),
        _least("1", "two workers: wall rate to one-core verify", best.wall / best.one, 1.4),
        _extra(min(each.beside for each in two), "two workers"),
        Figure(
            what="two workers: an answer of the control socket, p99",
            value=percentile(waits, 99),
            unit="ms",
            goal=12,
            number="3",
        ),
        Figure(
            what="two workers: the slowest answer",
            value=max(waits, default=0.0),
            unit="ms",
            goal=25,
            number="3",
        ),
        _least("1", "no workers: records/CPU-s to one-core verify", alone.per_cpu, 0.70),
        _extra(alone.beside, "no workers"),
        Figure(what="head-proved: records/s wall", value=vouched.wall, unit="/s"),
        _least("2", "head-proved: wall rate to one-core verify", vouched.wall / vouched.one, 4.0),
        _least("2", "head-proved: records/CPU-s to one-core verify", vouched.per_cpu, 4.0),
    ]


def _rounds(count: int, records: int, environment: dict[str, str]) -> list[Round]:
    rounds: list[Round] = []
    before = bare.verify_rate(SECONDS), bare.verify_rate_two(SECONDS)
    for _ in range(count):
        with tempfile.TemporaryDirectory(prefix="confed-bench-") as folder:
            taken = take(Path(folder), records, environment)
        after = bare.verify_rate(SECONDS), bare.verify_rate_two(SECONDS)
        one, two = ((was + now) / 2 for was, now in zip(before, after, strict=True))
        rounds.append(Round(taken=taken, one=one, two=two))
        before = after
    return rounds


def _least(number: str, what: str, value: float, goal: float) -> Figure:
    return Figure(what=what, value=value, unit="ratio", goal=goal, least=True, number=number)


def _extra(value: float, what: str) -> Figure:
    return Figure(
        what=f"{what}: CPU a record beside its verification",
        value=value,
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
        fresh.watch(author, WARM + count + LINKED)
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
