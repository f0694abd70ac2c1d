"""Which stored records may name files: an index, so that their list is whole (specs/03, FIL).

A record that names files has the key in its bytes, which is seen without decoding it. The index
says where to look, and no more: whoever reads a row finds out whether it names any.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final

from confedproto.ids import LogId

KEY: Final = b"\xa5files"
"""The key of a statement's list of files, as CMP writes it."""
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS naming (log INTEGER NOT NULL, idx INTEGER NOT NULL,"
    " PRIMARY KEY (log, idx)) WITHOUT ROWID"
)
_NUMBER: Final = "(SELECT id FROM logs WHERE log=?)"


class Naming:
    """The index of an open store. Every method may raise StoreError."""

    def __init__(
        self, db: sqlite3.Connection, told: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._db: Final = db
        self._told: Final = told

    @staticmethod
    def begin(db: sqlite3.Connection, *, filled: bool) -> None:
        """Make the index; of a database that is `filled` from what it has."""
        db.execute(_SCHEMA)
        if filled:
            db.execute(
                "INSERT OR IGNORE INTO naming SELECT log, idx FROM records"
                " WHERE instr(envelope, ?) > 0",
                (KEY,),
            )

    def note(self, log: LogId, start: int, envelopes: Sequence[bytes]) -> None:
        """Records are stored from index `start` on, within a commit."""
        if KEY in b"".join(envelopes):  # of most runs no record has it
            found = [(log, at) for at, one in enumerate(envelopes, start) if KEY in one]
            self._db.executemany(f"INSERT OR IGNORE INTO naming VALUES ({_NUMBER},?)", found)

    def page(self, log: LogId, before: int, limit: int) -> list[tuple[int, bytes]]:
        """At most `limit` of a log's records below index `before`, the newest first."""
        with self._told():
            return self._db.execute(
                "SELECT records.idx, envelope FROM naming JOIN records"
                " ON records.log=naming.log AND records.idx=naming.idx"
                f" WHERE naming.log={_NUMBER} AND naming.idx<? ORDER BY naming.idx DESC LIMIT ?",
                (log, before, limit),
            ).fetchall()
