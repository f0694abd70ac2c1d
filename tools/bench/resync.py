"""Goal 5: two equal replicas meet again; and what one changed log among many costs."""

import tempfile
import time
from pathlib import Path

from tools.bench import nodes
from tools.bench.figures import Figure
from tools.bench.proxy import Proxy

HANDSHAKE_BYTES = 8 + 3 * 2 + 48 + 48 + 64
"""Preamble, three lengths, three messages: what the channel costs before anything is said."""


def run(quick: bool) -> list[Figure]:
    """The figures."""
    with tempfile.TemporaryDirectory(prefix="confed-bench-") as folder:
        return _idle(Path(folder), 2_000 if quick else 20_000)


def _idle(folder: Path, count: int) -> list[Figure]:
    author, other = nodes.found(folder, "author"), nodes.found(folder, "other")
    nodes.fill(author, count)
    author.start()
    other.start()
    proxy = Proxy(author.listen)
    try:
        author.link(other, proxy.address)
        other.until(author, count + 3)
        author.until(other, 3)
        time.sleep(1)
        proxy.cut()
        time.sleep(0.2)
        before, turns = proxy.total, proxy.turns
        proxy.heal()
        begun = time.perf_counter()
        while not any(row["state"] == "connected" for row in other.ask("links")["links"]):
            time.sleep(0.005)
        taken = time.perf_counter() - begun
        time.sleep(1)  # whatever else they have to say
        spent, turns = proxy.total - before, proxy.turns - turns
        quiet = proxy.total
        time.sleep(5)
        idle = (proxy.total - quiet) / 5
    finally:
        other.stop()
        author.stop()
        proxy.close()
    return [
        Figure(
            what=f"idle resync of {count} records after the handshake",
            value=spent - HANDSHAKE_BYTES,
            unit="B",
            goal=200,
            number="5",
        ),
        Figure(what="idle resync: turns of direction, handshake too", value=turns, unit=""),
        Figure(what="idle resync: redial to open link", value=taken * 1e3, unit="ms"),
        Figure(what="an idle link", value=idle, unit="B/s"),
    ]
