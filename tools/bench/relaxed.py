"""A node whose last commits a power cut may take: what synchronous=FULL is measured against.

Run as a benchmark's host, `python -m tools.bench.relaxed HOME...`; no node of anybody's is so.
"""

from pathlib import Path

from confednode import app
from confednode.demo import host
from confednode.store import Store


class RelaxedStore(Store):
    """A store with synchronous=NORMAL."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        super().__init__(path, create=create)
        self._db.execute("PRAGMA synchronous=NORMAL").fetchall()


if __name__ == "__main__":
    setattr(app, "Store", RelaxedStore)  # noqa: B010 - a node itself has no such switch
    host.main()
