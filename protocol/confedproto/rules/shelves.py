"""Placed records by what they are about, and under the names by which the rules look for them."""

from collections import defaultdict
from collections.abc import Set
from typing import Final

from confedproto.bodies.compact import Compact
from confedproto.bodies.motion import Motion
from confedproto.ids import RecordId
from confedproto.rules.case import Placed

NAMED_BY: Final = "named-by"
"""Under this name the motions that name a record are kept beside those that have it as subject."""
VERSION: Final = "version"
"""Under this name the proposed versions of a compact are kept, by its founding record."""

_Rows = dict[str, list[Placed] | tuple[Placed, ...]]
"""By name; a list while it grows, a tuple once it was asked for."""


def of_class(name: str) -> str:
    """Under this name the motions of a class are kept, by their compact; no kind has a space."""
    return f"class {name}"


def names_of(body: object) -> set[bytes]:
    """The records that a motion names otherwise than as its subject."""
    if not isinstance(body, Motion):
        return set()
    lists = (body.supersedes, body.repeals, body.depends, body.contradicts)
    single = (body.target, body.first, body.parent)
    return {*(one for some in lists for one in some or ()), *(one for one in single if one)}


class Shelves:
    """Where placed records are found again.

    The same question gives the same tuple as long as no answer to it was added or taken: who
    works something out of it may ask by identity whether that still holds.
    """

    def __init__(self) -> None:
        self._about: defaultdict[RecordId, _Rows] = defaultdict(dict)
        self._kinds: _Rows = {}

    def put(self, placed: Placed) -> None:
        """A record is known from now on."""
        leaf = placed.record
        _add(self._kinds, leaf.kind, placed)
        if leaf.subject is not None:
            _add(self._about[leaf.subject], leaf.kind, placed)
        match leaf.body:
            case Motion() as motion:
                for named in names_of(motion):
                    _add(self._about[RecordId(named)], NAMED_BY, placed)
                if leaf.subject is not None:
                    _add(self._about[leaf.subject], of_class(motion.name), placed)
            case Compact(previous=bytes(previous)):
                _add(self._about[RecordId(previous)], VERSION, placed)
            case _:
                pass

    def about(self, subject: RecordId, name: str) -> tuple[Placed, ...]:
        """The records of a kind with this subject, or those kept for it under another name."""
        rows = self._about.get(subject)
        return () if rows is None else _of(rows, name)

    def of_kind(self, kind: str) -> tuple[Placed, ...]:
        """All records of a kind, in the order in which they were put."""
        return _of(self._kinds, kind)

    def drop(self, gone: Set[RecordId]) -> None:
        """Take records away: rare, so it may cost a walk over everything."""
        for rows in (self._kinds, *self._about.values()):
            for name, held in rows.items():
                if any(placed.record.id in gone for placed in held):
                    rows[name] = [placed for placed in held if placed.record.id not in gone]


def _add(rows: _Rows, name: str, placed: Placed) -> None:
    row = rows.get(name)
    if isinstance(row, list):
        row.append(placed)
    else:
        rows[name] = [placed] if row is None else [*row, placed]


def _of(rows: _Rows, name: str) -> tuple[Placed, ...]:
    row = rows.get(name, ())
    if isinstance(row, list):
        row = rows[name] = tuple(row)
    return row
