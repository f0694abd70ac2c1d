"""Which steps of a council's life others have received, for people (specs/04, NOD-10).

Whoever holds old keys could write another past of a council. What another council's node has
witnessed cannot be written anew; what none has is shown as unwitnessed.
"""

from typing import Final

from confednode.show import Row
from confedproto import text
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.view import View

STEPS: Final = frozenset({"charter", "node"})
"""Kinds that say who speaks for a council."""


def received_by(view: View, record: RecordId) -> int:
    """How many other councils have witnessed a record that counts, as far as is known here."""
    placed = view.records.get(record)
    if placed is None:
        return 0
    others = {line.witness for line in view.lines_of(placed.log) if line.size > placed.index}
    return len(others - {placed.record.council})


def steps(view: View, council: CouncilId) -> list[Row]:
    """The charters and node records of a council, oldest first, and how many received each."""
    authority = view.authorities[council]
    rows = [_row(view, "charter", step.version, step.record) for step in authority.charters]
    rows += [_row(view, "node", step.node.number, step.record) for step in authority.nodes]
    return rows


def _row(view: View, kind: str, number: int, record: VerifiedRecord) -> Row:
    known = received_by(view, record.id)
    return {
        "kind": kind,
        "number": number,
        "record": text.encode_record(record.id),
        "received_by": known,
        "unwitnessed": known == 0,
    }
