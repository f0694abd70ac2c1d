"""Histories for vectors of `state`: records in the logs of their councils, and who witnessed what.

    history = History(Decision(locks=()))
    history.witness(2, of=0, after=history.decision.freeze_id, time=OPENS - DAY)
    request = history.request(now=OPENS)
    expect = digest([*history.base(), {"motion": ..., "state": "open"}])

A row of the state is written down by hand where the vector is made; here it is only encoded.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any, Final

from tools.vectors import cmp, trees
from tools.vectors.decisions import Decision
from tools.vectors.scenes import Council, Row, envelope, payload, signed
from tools.vectors.signing import NETWORK, record_id

ORDER: Final = (
    "charters",
    "nodes",
    "compact",
    "links",
    "accession",
    "motion",
    "second",
    "freeze",
    "positions",
    "vote",
    "locks",
)


class History:
    """The logs of a decision's councils, and what is added to them."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.logs: dict[bytes, list[Row]] = {council.id: [] for council in decision.councils}
        for part in ORDER:
            for row in decision.parts.get(part, ()):
                if part not in decision.without:
                    self.logs[_council(row[0])].append(row)

    def council(self, number: int) -> Council:
        """A council by its number."""
        return self.decision.councils[number]

    def add(
        self,
        number: int,
        kind: str,
        body: Mapping[str, Any],
        *,
        part: bytes | None = None,
        **more: Any,
    ) -> bytes:
        """Append a record by a council's threshold; its id."""
        council = self.council(number)
        row = council.sign(payload(kind, dict(body), council.id, **more), part=part)
        return self.append(number, row)

    def append(self, number: int, row: Row) -> bytes:
        """Append a record as it is; its id."""
        self.logs[self.council(number).id].append(row)
        return record_id(row[0])

    def witness(self, by: int, *, of: Sequence[int], time: int, after: bytes | None = None) -> None:
        """A witness record on logs as they are now, or (of one) just after one of its records."""
        heads = sorted(self._line(number, after) for number in of)
        leaves = [cmp.encode(line) for line in heads]
        council = self.council(by)
        body = {"count": len(heads), "root": trees.root(leaves)}
        raw = payload("witness", body, council.id, time=time)
        self.append(by, signed(raw, council.node, part=cmp.encode(heads)))

    def _line(self, number: int, after: bytes | None) -> list[Any]:
        council = self.council(number)
        rows = self.logs[council.id]
        size = len(rows)
        if after is not None:
            size = next(i for i, row in enumerate(rows) if record_id(row[0]) == after) + 1
        return [council.log, size, trees.root([envelope(row) for row in rows[:size]])]

    def witnessed(self, time: int, *, of: Sequence[int], by: Sequence[int]) -> None:
        """Each of `by` witnesses the logs `of` at a time."""
        for number in by:
            self.witness(number, of=of, time=time)

    # --- request and answer -----------------------------------------------------------------

    def request(self, now: int, shuffle: int | None = None) -> dict[str, Any]:
        """The fields of a request; with `shuffle`, the logs interleaved by that seed."""
        queues = [list(rows) for rows in self.logs.values()]
        ordered: list[Row] = []
        if shuffle is None:
            ordered = [row for rows in queues for row in rows]
        else:
            rng = Random(shuffle)
            while waiting := [rows for rows in queues if rows]:
                ordered.append(rng.choice(waiting).pop(0))
        records = [_record(row) for row in ordered]
        return {"net": NETWORK.hex(), "records": records, "now": now}

    def count(self) -> int:
        """How many records there are."""
        return sum(map(len, self.logs.values()))

    def base(self) -> list[dict[str, Any]]:
        """The rows of active councils and of their compact, all members with two halves."""
        return [*self.council_rows(), self.compact_row()]

    def council_rows(self) -> list[dict[str, Any]]:
        """A row for each council: its first charter and node, active."""
        return [
            {"charter": 1, "council": council.id, "life": "active", "node": 1}
            for council in self.decision.councils
        ]

    def compact_row(self, members: Sequence[int] | None = None) -> dict[str, Any]:
        """The compact with these members (None: all councils), each of weight 2."""
        numbers = range(len(self.decision.councils)) if members is None else members
        ids = sorted(self.council(number).id for number in numbers)
        whole = b"".join(one + (2).to_bytes(4, "big") for one in ids)
        return {"compact": self.decision.compact_id, "members": hashlib.sha256(whole).digest()}


def digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """STA-1."""
    encoded = sorted(cmp.encode(dict(row)) for row in rows)
    parts = (len(row).to_bytes(4, "big") + row for row in encoded)
    return hashlib.sha256(b"confed state 1\0" + NETWORK + b"".join(parts)).hexdigest()


def _record(row: Row) -> str | list[str]:
    whole = envelope(row).hex()
    return whole if row[2] is None else [whole, row[2].hex()]


def _council(raw: bytes) -> bytes:
    """The council that a payload names; a first charter is its own."""
    at = raw.find(b"\xa7council\xc4\x20")
    return record_id(raw) if at < 0 else raw[at + 10 : at + 42]
