"""Goals 1, 2 and 4 on real nodes: a fresh node fetches a log over the network.

The author, the proxy that counts and the receiver share the machine's cores; the ratio is
records per CPU second of the receiver (node and workers) against the bare verify rate.
"""

import tempfile
import time
from pathlib import Path

from tools.bench import bare, nodes
from tools.bench.figures import Figure, share
from tools.bench.proxy import Proxy

SECONDS = 1.0


def run(quick: bool) -> list[Figure]:
    """The figures."""
    count = 5_000 if quick else 20_000
    large = 20_000 if quick else 100_000
    with tempfile.TemporaryDirectory(prefix="confed-bench-") as folder:
        one, two = bare.verify_rate(SECONDS), bare.verify_rate_two(SECONDS)
        rows = _catch_up(Path(folder) / "a", count, {}, "")
        single = _catch_up(Path(folder) / "b", count, {"CONFED_WORKERS": "0"}, ", no workers")
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


class _Run:
    def __init__(self, seconds: float, cpu: float, records: int, wire: int) -> None:
        self.seconds, self.cpu, self.records, self.wire = seconds, cpu, records, wire


def _catch_up(folder: Path, count: int, environment: dict[str, str], what: str) -> _Run:
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
        fresh.until(author, count + 3)
        seconds = time.perf_counter() - begun
        return _Run(seconds, fresh.cpu_s() - before, count, proxy.total)
    finally:
        fresh.stop()
        author.stop()
        proxy.close()


def _figures(run: _Run, one: float, two: float, what: str) -> list[Figure]:
    rate, per_cpu = run.records / run.seconds, share(run.records, run.cpu)
    cpu = share(run.cpu * 1e6, run.records)
    return [
        Figure(what=f"catch-up{what}: records/s wall", value=rate, unit="/s"),
        Figure(
            what=f"catch-up{what}: records/CPU-s to one-core verify",
            value=share(per_cpu, one),
            unit="ratio",
            goal=0.70 if what else None,
            least=True,
            number="1" if what else "",
        ),
        Figure(
            what=f"catch-up{what}: wall rate to two-core verify", value=rate / two, unit="ratio"
        ),
        Figure(what=f"catch-up{what}: CPU a record", value=cpu, unit="us"),
        Figure(
            what=f"catch-up{what}: wire bytes a record of {nodes.ENVELOPE_BYTES}",
            value=share(run.wire, run.records),
            unit="B",
            goal=530,
            number="6",
        ),
    ]


def _large(folder: Path, count: int) -> list[Figure]:
    author, fresh = nodes.found(folder, "author"), nodes.found(folder, "fresh")
    nodes.fill(author, count)
    try:
        began = author.start()
        fresh.start()
        author.link(fresh)
        seconds = fresh.until(author, count + 3)
        rss = fresh.rss_bytes()
        workers = max(0, len(list(fresh.pids())) - 1)
        fresh.stop()
        again = fresh.start()
    finally:
        fresh.stop()
        author.stop()
    return [
        Figure(what=f"catch-up of {count}: seconds", value=seconds, unit="s"),
        Figure(
            what=f"resident after it (node; {workers} workers apart)",
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
