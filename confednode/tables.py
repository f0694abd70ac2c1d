"""Tables of a store beside its records, in rooms of their own."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Final

Within = Callable[[], AbstractContextManager[None]]


class Tables:
    """Tables of an open store, made where they are not there yet.

    `commit` makes what is written one commit, `told` turns what SQLite says into StoreError;
    so every method may raise that.
    """

    SCHEMA: ClassVar[Sequence[str]]

    def __init__(self, db: sqlite3.Connection, commit: Within, told: Within) -> None:
        self._db: Final = db
        self._commit: Final = commit
        self._told: Final = told
        with commit():
            for statement in self.SCHEMA:
                db.execute(statement)
