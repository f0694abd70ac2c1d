"""Leaves that are stored already: filled in, judged, or dropped, within a commit of the store."""

import sqlite3
from collections import Counter
from typing import Final

from confednode.blocks import Blocks
from confednode.naming import Naming
from confedproto.effects import DropLeaves, FillLeaves, StoreMarks
from confedproto.ids import LogId
from confedproto.limits import LEAF_OVERHEAD_BYTES
from confedproto.marks import DROPPED
from confedproto.merkle import HASH_BYTES, leaf_hash


def leaf_cost(leaf: tuple[bytes, bytes | None]) -> int:
    """What a leaf takes, as quotas count."""
    return len(leaf[0]) + len(leaf[1] or b"") + LEAF_OVERHEAD_BYTES


HASH_COST: Final = HASH_BYTES + LEAF_OVERHEAD_BYTES


class Places:
    """The places of leaves in an open store. A block that a change touches is dropped with it."""

    def __init__(self, db: sqlite3.Connection, blocks: Blocks, naming: Naming) -> None:
        self._db: Final = db
        self._blocks: Final = blocks
        self._naming: Final = naming
        self.freed: Final[Counter[LogId]] = Counter()  # bytes, of leaves that were dropped

    def fill(self, effect: FillLeaves) -> None:
        """Put leaves where their hashes stood."""
        more = sum(leaf_cost((leaf.envelope, leaf.part)) - HASH_COST for leaf in effect.leaves)
        self._db.execute("UPDATE logs SET bytes=bytes+? WHERE log=?", (more, effect.log))
        for leaf in effect.leaves:
            self._blocks.drop(effect.log, leaf.index, leaf.index)
            self._naming.note(effect.log, leaf.index, [leaf.envelope])
        self._db.executemany(
            "UPDATE records SET envelope=?, part=?, mark=?, arrived=?"
            " WHERE log=(SELECT id FROM logs WHERE log=?) AND idx=?",
            (
                (leaf.envelope, leaf.part, leaf.mark, effect.arrived, effect.log, leaf.index)
                for leaf in effect.leaves
            ),
        )

    def mark(self, effect: StoreMarks) -> None:
        self._db.executemany(
            "UPDATE records SET mark=? WHERE log=(SELECT id FROM logs WHERE log=?) AND idx=?",
            ((mark, effect.log, index) for index, mark in enumerate(effect.marks, effect.start)),
        )
        self._blocks.drop(effect.log, effect.start, effect.start + len(effect.marks) - 1)
        self._blocks.add(effect.log, effect.blocks)

    def drop(self, effect: DropLeaves) -> None:
        """Put leaf hashes in the places of records that are no longer wanted."""
        freed = 0
        for start, end, first in effect.gone:
            rows = self._db.execute(
                "SELECT envelope, part FROM records"
                " WHERE log=(SELECT id FROM logs WHERE log=?) AND idx>=? AND idx<? ORDER BY idx",
                (effect.log, start, end),
            ).fetchall()
            freed += sum(map(leaf_cost, rows)) - HASH_COST * len(rows)
            hashes = ((leaf_hash(row[0]), index) for index, row in enumerate(rows, start))
            self._db.executemany(
                "UPDATE records SET envelope=?, part=NULL, mark=?"
                " WHERE log=(SELECT id FROM logs WHERE log=?) AND idx=?",
                ((one, DROPPED - first, effect.log, index) for one, index in hashes),
            )
            self._blocks.drop(effect.log, start, end - 1)
        self._blocks.add(effect.log, effect.blocks)
        self._db.execute("UPDATE logs SET bytes=bytes-? WHERE log=?", (freed, effect.log))
        self.freed[effect.log] += freed
