"""Goals 4 and 6 on real nodes: a fresh node fetches a log over the network.

A catch-up has two ends. It is *stored* when all is on the disk under a verified head: plain records
are then vouched for by it (SYN-11). It is *verified* when each signature has been verified as well,
which the node does after a quarter of a second without a run, with workers that start then. Each
row says which end it is about; what was due at the first says how much of the work came after it.

The author, the proxy that counts and the receiver share the machine's cores; the ratios are
records per CPU second of the receiver (node and workers) against the bare verify rate.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.bench import bare, nodes
from tools.bench.figures import Figure, share
from tools.bench.proxy import Proxy

SECONDS = 1.0


def run(quick: bool) -> list[Figure]:
    """The figures."""
    count = 20_000  # fewer would hardly be bulk, and the start of the workers most of the CPU
    large = 20_000 if quick else 100_000
    with tempfile.TemporaryDirectory(prefix="confed-bench-") as folder:
        one, two = bare.verify_rate(SECONDS), bare.verify_rate_two(SECONDS)
        rows = _catch_up(Path(folder) / "a", count, {})
        single = _catch_up(Path(folder) / "b", count, {"CONFED_WORKERS": "0"})
        big = _large(Path(folder) / "c", large)
        one = (one + bare.verify_rate(SECONDS)) / 2
        two = (two + bare.verify_rate_two(SECONDS)) / 2
    return [
        Figure(what="bare verify, one core", value=one, unit="/s"),
        Figure(what="bare verify, two cores at once", value=two, unit="/s"),
        *_figures(rows, one, two, ""),
        *_figures(single, one, two, ", no workers"),
        *big,
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One catch-up: seconds and the receiver's CPU seconds, both from the linking on."""

    records: int
    wire: int  # bytes, both ways, until all was stored
    due: int  # signatures that were not verified yet when all was stored
    stored_s: float
    stored_cpu_s: float
    verified_s: float
    verified_cpu_s: float


def _catch_up(folder: Path, count: int, environment: dict[str, str]) -> _Run:
    author, fresh = nodes.found(folder, "author"), nodes.found(folder, "fresh")
    nodes.fill(author, count)
    fresh.environment = environment
    author.start()
    fresh.start()
    proxy = Proxy(author.listen)
    try:
        time.sleep(0.5)  # workers have started
        before, begun = fresh.cpu_s(), time.perf_counter()
        author.link(fresh, proxy.address)
        fresh.stored(author, count + 3)
        stored_cpu, stored, wire = fresh.cpu_s(), time.perf_counter(), proxy.total
        due = fresh.due(author)
        fresh.verified(author)
        verified_cpu, verified = fresh.cpu_s(), time.perf_counter()
        return _Run(
            records=count,
            wire=wire,
            due=due,
            stored_s=stored - begun,
            stored_cpu_s=stored_cpu - before,
            verified_s=verified - begun,
            verified_cpu_s=verified_cpu - before,
        )
    finally:
        fresh.stop()
        author.stop()
        proxy.close()


def _figures(run: _Run, one: float, two: float, what: str) -> Iterator[Figure]:
    ends = (
        ("stored", run.stored_s, run.stored_cpu_s),
        ("verified", run.verified_s, run.verified_cpu_s),
    )
    for end, seconds, cpu_s in ends:
        name, rate = f"catch-up{what}, {end}", run.records / seconds
        yield Figure(what=f"{name}: records/s wall", value=rate, unit="/s")
        yield Figure(what=f"{name}: wall rate to two cores", value=share(rate, two), unit="ratio")
        yield Figure(what=f"{name}: CPU a record", value=share(cpu_s * 1e6, run.records), unit="us")
        yield Figure(
            what=f"{name}: records/CPU-s to one core",
            value=share(share(run.records, cpu_s), one),
            unit="ratio",
        )
    yield Figure(
        what=f"catch-up{what}: signatures due when stored",
        value=share(run.due, run.records),
        unit="ratio",
    )
    yield Figure(
        what=f"catch-up{what}: wire bytes a record of {nodes.ENVELOPE_BYTES}",
        value=share(run.wire, run.records),
        unit="B",
        goal=530,
        number="6",
    )


def _large(folder: Path, count: int) -> list[Figure]:
    author, fresh = nodes.found(folder, "author"), nodes.found(folder, "fresh")
    nodes.fill(author, count)
    try:
        began = author.start()
        fresh.start()
        author.link(fresh)
        begun = time.perf_counter()
        fresh.stored(author, count + 3)
        seconds = time.perf_counter() - begun
        fresh.verified(author)  # the most that it takes, not the moment before
        rss = fresh.rss_bytes()
        workers = max(0, len(list(fresh.pids())) - 1)
        fresh.stop()
        again = fresh.start()
    finally:
        fresh.stop()
        author.stop()
    return [
        Figure(what=f"catch-up of {count}, stored: seconds", value=seconds, unit="s"),
        Figure(
            what=f"resident when verified (node; {workers} workers apart)",
            value=rss / 1e6,
            unit="MB",
            goal=60,
            number="4",
        ),
        Figure(what=f"start of the author with {count}", value=began, unit="s"),
        Figure(
            what=f"start of the receiver with {count}", value=again, unit="s", goal=2, number="4"
        ),
    ]
