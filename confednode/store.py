"""The store: one SQLite database, one connection, one writer.

WAL with synchronous=FULL: what `write` has returned from survives a power cut. The lock is
exclusive, so a second node on the same folder is refused. Runs on one worker thread of the
driver; the loop itself reads old leaves of a log now and then, and nothing else.
"""

import contextlib
import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from confednode.blocks import Blocks
from confednode.errors import NodeReason, StoreError
from confednode.naming import Naming
from confednode.rewriting import Places
from confednode.shelf import Shelf
from confedproto.effects import (
    DropLeaves,
    FillLeaves,
    Kept,
    StoreLeaves,
    StoreMarks,
    SwitchBranch,
)
from confedproto.ids import CouncilId, LogId, PublicKey
from confedproto.limits import LEAF_OVERHEAD_BYTES

VERSION: Final = 6
INSERT_ROWS: Final = 64  # leaves of one statement
_SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE logs (
    id INTEGER PRIMARY KEY, log BLOB NOT NULL UNIQUE, council BLOB NOT NULL,
    key BLOB NOT NULL, head BLOB, via BLOB, bytes INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE records (
    log INTEGER NOT NULL REFERENCES logs (id), idx INTEGER NOT NULL, arrived INTEGER NOT NULL,
    envelope BLOB NOT NULL, part BLOB, mark INTEGER
);
CREATE UNIQUE INDEX records_by_place ON records (log, idx);
CREATE TABLE peers (
    council BLOB PRIMARY KEY, address TEXT NOT NULL, transport BLOB NOT NULL
) WITHOUT ROWID;
"""
_NO_END: Final = 1 << 62
_LOST: Final = """
CREATE TABLE IF NOT EXISTS lost (
    log BLOB NOT NULL, head BLOB, idx INTEGER NOT NULL, arrived INTEGER NOT NULL,
    envelope BLOB NOT NULL, part BLOB
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLog:
    """One log as the database holds it; `leaves` are (envelope, part, arrived) in order."""

    log: LogId
    council: CouncilId
    key: PublicKey
    head: bytes | None
    leaves: tuple[tuple[bytes, bytes | None, int], ...]
    via: CouncilId | None = None  # the linked council that introduced it
    bytes: int = 0  # what it takes, as quotas count


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A council that this node dials: its address and its transport key."""

    council: CouncilId
    address: str
    transport: bytes


@lru_cache(maxsize=INSERT_ROWS)
def _insert(count: int) -> str:
    """Insert so many leaves at once, for SQLite lets go of the interpreter once a statement."""
    rows = ",".join(f"(?1,?2+{offset},?3,?,?,?)" for offset in range(count))
    return f"INSERT INTO records (log, idx, arrived, envelope, part, mark) VALUES {rows}"


@contextmanager
def _told() -> Generator[None, None, None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise StoreError(NodeReason.HOME_LOCKED, "the database is in use") from error
        raise StoreError(NodeReason.STORE_FAILED, f"database: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StoreError(NodeReason.STORE_DAMAGED, f"database: {error}") from error


def _prepare(path: Path, *, create: bool) -> None:
    """Make the file, so that it and its WAL are never readable by others; or see it is there."""
    try:
        if create:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        elif not path.is_file():
            raise StoreError(NodeReason.HOME_MISSING, f"{path} is not there")
    except FileExistsError:
        raise StoreError(NodeReason.HOME_EXISTS, f"{path} exists already") from None
    except OSError as error:
        raise StoreError(NodeReason.HOME_ACCESS, f"{path}: {error.strerror}") from error


class Store:
    """An open database. Every method may raise StoreError."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open the database, or make a new one with `create`."""
        _prepare(path, create=create)
        with _told():
            self._db: Final = sqlite3.connect(
                path, timeout=0, isolation_level=None, check_same_thread=False
            )
        try:
            with _told():
                self._open(path, create=create)
        except StoreError:
            self._db.close()
            raise
        self._numbers: Final[dict[LogId, int]] = {}
        self._held: Final[dict[LogId, int]] = {}
        self.shelf: Final = Shelf(self._db, self._commit, _told)
        self.blocks: Final = Blocks(self._db, self._commit, _told)
        self.naming: Final = Naming(self._db, _told)
        self._places: Final = Places(self._db, self.blocks, self.naming)

    def _open(self, path: Path, *, create: bool) -> None:
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
        # Read before anything is changed: a database of another program stays as it is.
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if not create and version == 0:
            raise StoreError(NodeReason.STORE_DAMAGED, "the database is empty or not a node's")
        if not create and not 1 <= version <= VERSION:
            raise StoreError(NodeReason.STORE_VERSION, f"database of version {version}")
        path.chmod(0o600)  # the WAL takes over the mode
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
            "foreign_keys=ON",
            "wal_autocheckpoint=8192",
        ):
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        self._db.execute("BEGIN EXCLUSIVE")
        if create:
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
        elif version == 1:  # without marks every record is opened in full once more
            self._db.execute("ALTER TABLE records ADD COLUMN mark INTEGER")
        self._db.execute(_LOST)  # branches of forked logs that were not kept
        if not create and version < 3:  # who introduced a log, and what it takes
            self._db.execute("ALTER TABLE logs ADD COLUMN via BLOB")
            self._db.execute("ALTER TABLE logs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0")
            self._db.execute(
                "UPDATE logs SET bytes=(SELECT IFNULL(SUM(LENGTH(envelope) +"
                f" IFNULL(LENGTH(part), 0) + {LEAF_OVERHEAD_BYTES}), 0)"
                " FROM records WHERE records.log=logs.id)"
            )
        if version < 6:
            Naming.begin(self._db, filled=not create)
        if version != VERSION:
            self._db.execute(f"PRAGMA user_version={VERSION}")
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the database; what was written is in it."""
        with _told():
            self._db.close()

    @contextmanager
    def _commit(self) -> Generator[None, None, None]:
        with _told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._numbers.clear()  # a log that was new in this batch is not there
                with contextlib.suppress(sqlite3.OperationalError):  # SQLite may have done it
                    self._db.execute("ROLLBACK")
                raise

    # --- logs -------------------------------------------------------------------------------

    def load(self) -> list[StoredLog]:
        """Every log, whole."""
        return [
            replace(one, leaves=tuple(row[:3] for row in self.leaves(one.log)))
            for one in self.heads()
        ]

    def heads(self) -> list[StoredLog]:
        """Every log without its leaves."""
        with _told():
            rows = self._db.execute(
                "SELECT log, council, key, head, via, bytes FROM logs"
            ).fetchall()
        return [
            StoredLog(
                log=LogId(log),
                council=CouncilId(council),
                key=PublicKey(key),
                head=head,
                leaves=(),
                via=None if via is None else CouncilId(via),
                bytes=held,
            )
            for log, council, key, head, via, held in rows
        ]

    def count(self) -> int:
        """How many leaves are kept, of all logs."""
        with _told():
            return int(self._db.execute("SELECT count(*) FROM records").fetchone()[0])

    def held(self, log: LogId) -> int:
        """How many leaves of a log are kept, from the first on."""
        if log not in self._held:
            with _told():
                row = self._db.execute(
                    "SELECT max(idx) FROM records WHERE log=(SELECT id FROM logs WHERE log=?)",
                    (log,),
                ).fetchone()
            self._held[log] = 0 if row[0] is None else row[0] + 1
        return self._held[log]

    def leaves(
        self, log: LogId, start: int = 0, end: int = _NO_END
    ) -> Iterator[tuple[bytes, bytes | None, int, int | None]]:
        """A log's leaves in order, a few at a time: (envelope, part, arrived, mark)."""
        with _told():
            rows = self._db.execute(
                "SELECT envelope, part, arrived, mark FROM records"
                " WHERE log=(SELECT id FROM logs WHERE log=?) AND idx>=? AND idx<? ORDER BY idx",
                (log, start, end),
            )
        while True:
            with _told():
                batch = rows.fetchmany(512)
            if not batch:
                return
            yield from batch

    def write(self, batch: Iterable[Kept]) -> None:
        """Keep all of these leaves, heads and marks, or none, in one commit."""
        grown: dict[LogId, int] = {}
        with self._commit():
            for effect in batch:
                match effect:
                    case StoreLeaves():
                        self._add(effect)
                        grown[effect.log] = effect.start + len(effect.leaves)
                    case FillLeaves():
                        self._places.fill(effect)
                    case StoreMarks():
                        self._places.mark(effect)
                    case SwitchBranch():
                        self._switch(effect)
                    case DropLeaves():
                        self._places.drop(effect)
        self._held.update(grown)

    def _add(self, effect: StoreLeaves) -> None:
        """Leaves at the end of a log, and its head."""
        number = self._number(effect)
        leaves, marks = effect.leaves, effect.marks or (None,) * len(effect.leaves)
        for at in range(0, len(leaves), INSERT_ROWS):
            rows: list[object] = [number, effect.start + at, effect.arrived]
            chosen = slice(at, at + INSERT_ROWS)
            for (envelope, part), mark in zip(leaves[chosen], marks[chosen], strict=True):
                rows += (envelope, part, mark)
            self._db.execute(_insert(len(rows) // 3 - 1), rows)
        if effect.blocks:
            self.blocks.add(effect.log, effect.blocks)
        envelopes = [envelope for envelope, _ in leaves]
        self.naming.note(effect.log, effect.start, envelopes)
        held = LEAF_OVERHEAD_BYTES * len(leaves) + sum(map(len, envelopes))
        held += sum(len(part) for _, part in leaves if part is not None)
        self._db.execute(
            "UPDATE logs SET head=COALESCE(?, head), via=COALESCE(via, ?), bytes=bytes+?"
            " WHERE id=?",
            (effect.head, effect.via, held, number),
        )

    def _switch(self, effect: SwitchBranch) -> None:
        """Set a log's leaves aside, with the head over them, and put others in their place."""
        self._db.execute(
            "INSERT INTO lost (log, head, idx, arrived, envelope, part)"
            " SELECT logs.log, logs.head, idx, arrived, envelope, part"
            " FROM records JOIN logs ON records.log=logs.id WHERE logs.log=?",
            (effect.log,),
        )
        self.blocks.drop(effect.log)
        self._db.execute(
            "DELETE FROM records WHERE log=(SELECT id FROM logs WHERE log=?)", (effect.log,)
        )
        self._db.execute("UPDATE logs SET head=NULL, bytes=0 WHERE log=?", (effect.log,))
        for one in effect.kept:
            self._add(one)

    def lost(
        self, log: LogId, start: int = 0, end: int = _NO_END
    ) -> list[tuple[bytes | None, int, bytes, bytes | None]]:
        """What was set aside of a log, in order: (head over it, index, envelope, part)."""
        with _told():
            return self._db.execute(
                "SELECT head, idx, envelope, part FROM lost"
                " WHERE log=? AND idx>=? AND idx<? ORDER BY rowid",
                (log, start, end),
            ).fetchall()

    def freed(self, log: LogId) -> int:
        """How many bytes of a log were dropped since this was asked (INT-3)."""
        return self._places.freed.pop(log, 0)

    def _number(self, effect: StoreLeaves) -> int:
        known = self._numbers.get(effect.log)
        if known is None:
            self._db.execute(
                "INSERT OR IGNORE INTO logs (log, council, key) VALUES (?,?,?)",
                (effect.log, effect.council, effect.key),
            )
            row = self._db.execute("SELECT id FROM logs WHERE log=?", (effect.log,)).fetchone()
            known = int(row[0])
            self._numbers[effect.log] = known
        return known

    def read(self, log: LogId, start: int, end: int) -> list[tuple[bytes, bytes | None]]:
        """Leaves [start, end) of a log as (envelope, part)."""
        with _told():
            return self._db.execute(
                "SELECT envelope, part FROM records"
                " WHERE log=(SELECT id FROM logs WHERE log=?) AND idx>=? AND idx<? ORDER BY idx",
                (log, start, end),
            ).fetchall()

    def pick(self, log: LogId, indexes: Sequence[int]) -> list[tuple[int, bytes, bytes | None]]:
        """Some leaves of a log as (index, envelope, part), in order."""
        marks = ",".join("?" * len(indexes))
        with _told():
            return self._db.execute(
                "SELECT idx, envelope, part FROM records"
                f" WHERE log=(SELECT id FROM logs WHERE log=?) AND idx IN ({marks}) ORDER BY idx",
                (log, *indexes),
            ).fetchall()

    # --- peers and settings -----------------------------------------------------------------

    def peers(self) -> list[Peer]:
        """The councils that this node dials."""
        with _told():
            rows = self._db.execute("SELECT council, address, transport FROM peers").fetchall()
        return [
            Peer(council=CouncilId(council), address=address, transport=transport)
            for council, address, transport in rows
        ]

    def add_peer(self, peer: Peer) -> None:
        """Remember whom to dial; a newer address replaces the older."""
        with self._commit():
            self._db.execute(
                "INSERT OR REPLACE INTO peers (council, address, transport) VALUES (?,?,?)",
                (peer.council, peer.address, peer.transport),
            )

    def get(self, key: str) -> str | None:
        """A small setting that the node keeps for itself."""
        with _told():
            row = self._db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, key: str, value: str) -> None:
        """Keep a small setting."""
        with self._commit():
            self._db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?,?)", (key, value))
