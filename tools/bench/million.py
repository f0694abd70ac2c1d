"""Goals 3 and 4 on a node that holds a million records: its start, its memory, its inserts."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

from confednode.store import Store
from confedproto import merkle
from confedproto.effects import StoreLeaves
from confedproto.ids import CouncilId, LogId, PublicKey
from confedproto.marks import Block
from confedproto.merkle import leaf_hash
from confedproto.older import BLOCK_LEAVES
from tools.bench import ingest, nodes, relaxed
from tools.bench.figures import Figure

GROUP: Final = 2_048
"""Records of one commit: what a node commits together under load."""
ROUNDS: Final = 9
TURNS: Final = 3
"""Runs of the node with each setting of the store."""


def run(quick: bool) -> list[Figure]:
    """The figures."""
    count = 100_000 if quick else 1_000_000
    with tempfile.TemporaryDirectory(prefix="confed-bench-") as name:
        folder = Path(name)
        author = nodes.found(folder, "author")
        begun = time.perf_counter()
        nodes.fill(author, count)
        filled = time.perf_counter() - begun
        try:
            seconds = author.start()
            rss, cpu = author.rss_bytes(), author.cpu_s()
        finally:
            author.stop()
        log = LogId(bytes(range(32)))
        batches = list(_batches(log, ROUNDS))
        empty = Store(folder / "empty.db", create=True)
        large = Store(author.home.database)
        try:
            alone, beside = _cpu(empty, batches), _cpu(large, batches)
        finally:
            large.close()
            empty.close()
        full, normal = _rates(folder, 6_000 if quick else 20_000)
    return [
        Figure(what=f"{count} records signed and stored", value=filled, unit="s"),
        Figure(what=f"start with {count}", value=seconds, unit="s", goal=2, number="4"),
        Figure(what="of it CPU", value=cpu, unit="s"),
        Figure(what="resident then", value=rss / 1e6, unit="MB", goal=150, number="4"),
        Figure(what="insert into an empty database: CPU a record", value=alone, unit="us"),
        Figure(
            what=f"insert at {count} rows: CPU to that of an empty one",
            value=beside / alone,
            unit="ratio",
            goal=2,
            number="4",
        ),
        Figure(what="ingest, fully verified, synchronous FULL", value=full, unit="/s"),
        Figure(
            what="FULL to NORMAL",
            value=full / normal,
            unit="ratio",
            goal=0.90,
            least=True,
            number="3",
        ),
    ]


def _batches(log: LogId, count: int) -> Iterator[StoreLeaves]:
    """Leaves of 496 bytes for one log, GROUP at a time, as an engine hands them to the store."""
    tree = merkle.Tree()
    for start in range(0, count * GROUP, GROUP):
        numbers = range(start, start + GROUP)
        envelopes = [b"%0*d" % (nodes.ENVELOPE_BYTES, number) for number in numbers]
        tree.extend(map(leaf_hash, envelopes))
        yield StoreLeaves(
            log=log,
            council=CouncilId(bytes(32)),
            key=PublicKey(bytes(32)),
            start=start,
            leaves=tuple((envelope, None) for envelope in envelopes),
            arrived=0,
            head=bytes(180),
            marks=(0,) * GROUP,
            blocks=tuple(
                Block(number=number, mark=0, root=tree.block(number), total=0)
                for number in range(start // BLOCK_LEAVES, (start + GROUP) // BLOCK_LEAVES)
            ),
        )


def _cpu(store: Store, batches: list[StoreLeaves]) -> float:
    """CPU a record of a commit, microseconds, the median."""
    taken: list[float] = []
    for batch in batches:
        begun = time.process_time()
        store.write([batch])
        taken.append(time.process_time() - begun)
    return median(taken) / GROUP * 1e6


def _rates(folder: Path, count: int) -> tuple[float, float]:
    """Records a second that a node takes in, fully verified, with FULL and with NORMAL.

    Medians of runs that take turns.
    """
    rates: dict[str, list[float]] = {nodes.HOST: [], relaxed.__name__: []}
    for turn in range(TURNS):
        for host, found in rates.items():
            place = folder / f"{turn}-{host}"
            taken = ingest.take(place, count, {"CONFED_PROVISIONAL": "0"}, host)
            found.append(taken.records / taken.wall_s)
    full, normal = map(median, rates.values())
    return full, normal
