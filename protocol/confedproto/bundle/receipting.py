"""A receipt in brief, from the witness record that a node holds (specs/12, BUN-11)."""

from confedproto import merkle
from confedproto.bodies.witness import Witness
from confedproto.bundle.container import Receipt
from confedproto.bundle.evidence import head_row, witness_payload
from confedproto.ids import Hash, LogId
from confedproto.record import VerifiedRecord, heads_of, split_envelope
from confedproto.rules.authority import NodeStep
from confedproto.rules.receipts import WitnessLine
from confedproto.view import View


def receipt_of(view: View, line: WitnessLine) -> Receipt | None:
    """The receipt that a witness line came from, or None if it cannot be written in brief."""
    authority = view.authorities.get(line.witness)
    for placed in view.of_kind("witness"):
        one = placed.record
        if authority is not None and one.council == line.witness and one.time == line.time:
            node = next((step for step in authority.nodes if step.log == placed.log), None)
            return None if node is None else _brief(one, node, line)
    return None


def _brief(one: VerifiedRecord, node: NodeStep, line: WitnessLine) -> Receipt | None:
    if one.part is None or not isinstance(one.body, Witness):
        return None
    rows = [head_row(LogId(h.log), h.size, Hash(h.root)) for h in heads_of(one.part)]
    wanted = head_row(line.log, line.size, line.root)
    tree = merkle.Tree(merkle.leaf_hash(row) for row in rows)
    payload = witness_payload(
        one.council, charter=one.charter, time=one.time, count=len(rows), root=tree.root()
    )
    if wanted not in rows or payload != one.payload:
        return None  # a witness record with more in it stands in its log alone
    position = rows.index(wanted)
    return Receipt(
        node=node.record.id,
        charter=one.charter,
        time=one.time,
        count=len(rows),
        position=position,
        size=line.size,
        path=tuple(tree.inclusion(position, len(rows))),
        signature=split_envelope(one.envelope)[1][0].signature,
    )
