"""A long catch-up that is cut ten times: what is transferred twice."""

import tempfile
import time
from pathlib import Path

from tools.bench import nodes
from tools.bench.figures import Figure
from tools.bench.proxy import Proxy

CUTS = 10


def run(quick: bool) -> list[Figure]:
    """The figures."""
    count = 20_000 if quick else 200_000
    with tempfile.TemporaryDirectory(prefix="confed-bench-") as folder:
        whole, _, _ = _fetch(Path(folder) / "a", count, 0)
        cut, seconds, held = _fetch(Path(folder) / "b", count, CUTS)
    again = (cut - whole) / CUTS
    return [
        Figure(what=f"catch-up of {count}, cut {CUTS} times: seconds", value=seconds, unit="s"),
        Figure(what="records held of those", value=held, unit="", goal=count, least=True),
        Figure(
            what="bytes more than uncut, a cut, in runs of 64 KiB",
            value=again / 65_536,
            unit="runs",
            goal=nodes.RUNS_A_CUT,
        ),
    ]


def _fetch(folder: Path, count: int, cuts: int) -> tuple[int, float, int]:
    author, fresh = nodes.found(folder, "author"), nodes.found(folder, "fresh")
    nodes.fill(author, count)
    author.start()
    fresh.start()
    proxy = Proxy(author.listen)
    begun = time.perf_counter()
    try:
        author.link(fresh, proxy.address)
        for cut in range(1, cuts + 1):
            fresh.until(author, cut * count // (cuts + 2))
            proxy.cut()
            time.sleep(0.05)
            proxy.heal()
        fresh.until(author, count + 3)
        seconds = time.perf_counter() - begun
        return proxy.down, seconds, fresh.sizes()[author.id] - 3
    finally:
        fresh.stop()
        author.stop()
        proxy.close()
