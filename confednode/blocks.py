"""Where the store keeps blocks: what a start takes for whole stretches of a log.

A block stands for leaves that lie in the records as ever, so each can be made again from them. It
is written in the commit of the leaves that complete it, and dropped in the commit that changes one
of them. Its sum tells a damaged row from a whole one; that the roots are the log's, the head says.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from confednode.tables import Tables
from confedproto.ids import Hash, LogId
from confedproto.marks import Block
from confedproto.older import BLOCK_LEAVES

_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS blocks (log INTEGER NOT NULL, number INTEGER NOT NULL,"
    " mark INTEGER NOT NULL, root BLOB NOT NULL, total BLOB, sum BLOB NOT NULL,"
    " PRIMARY KEY (log, number)) WITHOUT ROWID",
)
_FORM: Final = b"confed block 1"
"""Changed with the meaning of any column: blocks of another form are made again."""


class Blocks(Tables):
    """The blocks of an open store, by a log's number in it. Every method may raise StoreError."""

    SCHEMA = _SCHEMA

    def of(self, log: LogId, size: int) -> list[Block]:
        """The whole blocks of a log of `size` leaves, in order; what is damaged is left out."""
        with self._told():
            rows = self._db.execute(
                "SELECT number, mark, root, total, sum FROM blocks"
                " WHERE log=(SELECT id FROM logs WHERE log=?) ORDER BY number",
                (log,),
            ).fetchall()
        out: list[Block] = []
        for number, mark, root, total, found in rows:
            sums = total or b""
            if found != _sum(log, number, mark, root, sums) or number >= size // BLOCK_LEAVES:
                continue
            added = int.from_bytes(sums, "big")
            out.append(Block(number=number, mark=mark, root=Hash(root), total=added))
        return out

    def add(self, log: LogId, blocks: Iterable[Block]) -> None:
        """Keep blocks, within a commit."""
        self._db.executemany(
            "INSERT OR REPLACE INTO blocks (log, number, mark, root, total, sum)"
            " VALUES ((SELECT id FROM logs WHERE log=?),?,?,?,?,?)",
            (_row(log, block) for block in blocks),
        )

    def drop(self, log: LogId, first: int = 0, last: int | None = None) -> None:
        """Forget the blocks of leaves `first` to `last`, within a commit."""
        end = last if last is not None else 1 << 48
        self._db.execute(
            "DELETE FROM blocks WHERE log=(SELECT id FROM logs WHERE log=?)"
            " AND number BETWEEN ? AND ?",
            (log, first // BLOCK_LEAVES, end // BLOCK_LEAVES),
        )

    def keep(self, blocks: Iterable[tuple[LogId, tuple[Block, ...]]]) -> None:
        """Keep blocks that a start has made again, in one commit."""
        with self._commit():
            for log, some in blocks:
                self.add(log, some)

    def clear(self) -> None:
        """Forget all: the next start makes them again from the records."""
        with self._commit():
            self._db.execute("DELETE FROM blocks")


def _row(log: LogId, block: Block) -> tuple[LogId, int, int, bytes, bytes | None, bytes]:
    sums = block.total.to_bytes(32, "big") if block.total else b""
    total = _sum(log, block.number, block.mark, block.root, sums)
    return log, block.number, block.mark, block.root, sums or None, total


def _sum(log: LogId, number: int, mark: int, root: bytes, total: bytes) -> bytes:
    """Eight bytes over all of a row."""
    words = number.to_bytes(8, "big") + mark.to_bytes(8, "big", signed=True)
    return hashlib.sha256(_FORM + log + words + root + total).digest()[:8]
