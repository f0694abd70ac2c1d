"""Where the store keeps files: in pieces, by the root that a record names (specs/03, FIL)."""

from typing import Final

from confednode.tables import Tables
from confedproto.ids import CouncilId, Hash
from confedproto.limits import LEAF_OVERHEAD_BYTES

_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS files (id INTEGER PRIMARY KEY, root BLOB NOT NULL UNIQUE,"
    " size INTEGER NOT NULL, council BLOB NOT NULL, scope BLOB)",
    "CREATE TABLE IF NOT EXISTS pieces (file INTEGER NOT NULL REFERENCES files (id),"
    " idx INTEGER NOT NULL, data BLOB NOT NULL)",
    "CREATE UNIQUE INDEX IF NOT EXISTS pieces_by_place ON pieces (file, idx)",
)
_Row = tuple[int, CouncilId, bytes | None]
"""Size, whose record names it, and to which scope that is limited."""


class Shelf(Tables):
    """The files of an open store. Every method may raise StoreError."""

    SCHEMA = _SCHEMA

    def file(self, root: Hash) -> _Row | None:
        """What is known of a file of which a piece is here."""
        with self._told():
            row = self._db.execute(
                "SELECT size, council, scope FROM files WHERE root=?", (root,)
            ).fetchone()
        return None if row is None else (row[0], CouncilId(row[1]), row[2])

    def pieces_of(self, root: Hash) -> list[int]:
        """Which pieces of a file are here."""
        with self._told():
            rows = self._db.execute(
                "SELECT idx FROM pieces WHERE file=(SELECT id FROM files WHERE root=?)", (root,)
            ).fetchall()
        return [row[0] for row in rows]

    def piece(self, root: Hash, index: int) -> bytes | None:
        """One piece of a file."""
        with self._told():
            row = self._db.execute(
                "SELECT data FROM pieces WHERE file=(SELECT id FROM files WHERE root=?) AND idx=?",
                (root, index),
            ).fetchone()
        return None if row is None else bytes(row[0])

    def whole(self, root: Hash) -> list[bytes]:
        """The pieces of a file that are here, in order."""
        with self._told():
            rows = self._db.execute(
                "SELECT data FROM pieces WHERE file=(SELECT id FROM files WHERE root=?)"
                " ORDER BY idx",
                (root,),
            ).fetchall()
        return [bytes(row[0]) for row in rows]

    def add(self, root: Hash, row: _Row, index: int, data: bytes) -> bool:
        """Keep a piece; False if it was here. A file that is public once stays so."""
        size, council, scope = row
        with self._commit():
            self._db.execute(
                "INSERT INTO files (root, size, council, scope) VALUES (?,?,?,?) ON CONFLICT (root)"
                " DO UPDATE SET scope=CASE WHEN excluded.scope IS NULL THEN NULL ELSE scope END",
                (root, size, council, scope),
            )
            done = self._db.execute(
                "INSERT OR IGNORE INTO pieces (file, idx, data)"
                " VALUES ((SELECT id FROM files WHERE root=?),?,?)",
                (root, index, data),
            )
            return done.rowcount > 0

    def takes(self) -> list[tuple[CouncilId, int]]:
        """What the files of each council take, as quotas count."""
        with self._told():
            rows = self._db.execute(
                "SELECT council, SUM(LENGTH(data) + ?) FROM pieces JOIN files ON files.id=file"
                " GROUP BY council",
                (LEAF_OVERHEAD_BYTES,),
            ).fetchall()
        return [(CouncilId(council), held) for council, held in rows]
