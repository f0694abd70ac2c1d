"""Whole logs and what others received of them: the ground that the model of decisions stands on.

Nothing of rules, view or engine is imported: only records' own fields are read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgpack

Logs = Sequence[tuple[bytes, Sequence[Any]]]
"""Council id, and its records in the order of its log."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record where it stands."""

    council: bytes
    index: int
    leaf: Any

    @property
    def id(self) -> bytes:
        """Its id."""
        return bytes(self.leaf.id)

    @property
    def body(self) -> Any:
        """Its body."""
        return self.leaf.body

    @property
    def time(self) -> int:
        """What it claims."""
        return int(self.leaf.time)


def witnesses_needed(councils: int) -> int:
    """RCP-3."""
    return 0 if councils == 1 else (councils - 1) // 3 + 1


class Records:
    """Every log at once. No record here is contested: each is its council's, or its node's."""

    def __init__(self, logs: Logs, roots: Any) -> None:
        self.logs, self.roots = logs, roots  # roots: the log id of each council
        self.by_id: dict[bytes, Row] = {}
        self._kinds: dict[str, list[Row]] = {}
        for council, leaves in logs:
            for index, leaf in enumerate(leaves):
                if leaf.id not in self.by_id:  # appended twice it stands where it stood first
                    row = self.by_id[bytes(leaf.id)] = Row(council, index, leaf)
                    self._kinds.setdefault(leaf.kind, []).append(row)
        self._said: dict[bytes, list[tuple[bytes, int, int]]] = {}
        for witness, leaves in logs:
            last = -1
            for leaf in leaves:
                if leaf.kind == "witness" and leaf.time > last:
                    last = leaf.time
                    for log, size, _ in msgpack.unpackb(leaf.part):
                        self._said.setdefault(log, []).append((witness, leaf.time, size))

    def find(self, kind: str, subject: bytes | None = None) -> list[Row]:
        """The records of a kind, about something."""
        rows = self._kinds.get(kind, [])
        return [row for row in rows if subject is None or row.leaf.subject == subject]

    def received(self, row: Row, roll: set[bytes], least: int = 0) -> int | None:
        """RCP-1 to RCP-3, from every witness record's heads."""
        needed = max(least, witnesses_needed(len(roll)))
        if needed == 0:
            return 0
        first: dict[bytes, int] = {}
        for witness, time, size in self._said.get(self.roots[row.council], ()):
            if witness != row.council and witness in roll and size > row.index:
                first[witness] = min(time, first.get(witness, time))
        times = sorted(first.values())
        return times[needed - 1] if len(times) >= needed else None

    def written(self, row: Row, roll: set[bytes], grace: int) -> int | None:
        """RCP-5: when a record was written, as far as others can bear it out."""
        got = self.received(row, roll)
        if len(roll) == 1 or (got is not None and abs(got - row.time) <= grace):
            return row.time
        return got

    def last_before(self, row: Row, kinds: Sequence[str], subject: bytes | None) -> Row | None:
        """The last of some kinds that stands before a record in its own log."""
        own = [
            one
            for kind in kinds
            for one in self.find(kind, subject)
            if one.council == row.council and one.index < row.index
        ]
        return max(own, key=lambda one: one.index, default=None)

    def links(self, founder: bytes, other: bytes) -> list[tuple[Row, Row, Row]]:
        """LNK-2: invitation, answer and the host's word of each link between two councils."""
        out: list[tuple[Row, Row, Row]] = []
        for host, guest in ((founder, other), (other, founder)):
            for call in self.find("link"):
                if call.council != host or call.body.peer is not None:
                    continue
                words = [
                    g
                    for g in self.find("guest")
                    if g.council == host and g.body.invite == call.body.invite
                ]
                if not words or min(words, key=lambda g: g.index).body.peer != guest:
                    continue
                out += [
                    (call, answer, min(words, key=lambda g: g.index))
                    for answer in self.find("link")
                    if answer.council == guest
                    and answer.body.peer == host
                    and answer.body.invite == call.body.invite
                ]
        return out
