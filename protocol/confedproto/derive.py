"""A state from bare records: what an auditor computes without any node (specs/08, STA-7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from confedproto import record
from confedproto.bodies.node import Node
from confedproto.errors import ConfedError
from confedproto.ids import CouncilId, LogId, NetworkId, PublicKey, log_id
from confedproto.merkle import leaf_hash
from confedproto.record import RefusedLeaf, VerifiedRecord
from confedproto.view import Log, View

Bare = tuple[bytes, bytes | None]
"""An envelope, and its detached part if that is at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BareLog:
    """What is at hand of one log: whose it is, the key that signs its heads, its leaves."""

    council: CouncilId
    key: PublicKey
    leaves: Sequence[Bare]


def view_of(network: NetworkId, records: Iterable[Bare]) -> tuple[View, list[RefusedLeaf]]:
    """A view of these records, each council's in the given order, and those that do not open.

    A council's log is that of its first node record's key; a council without one has no log, and
    nothing of it counts.
    """
    refused: list[RefusedLeaf] = []
    logs: dict[CouncilId, list[VerifiedRecord]] = {}
    for envelope, part in records:
        try:
            opened = (
                record.open_bare(network, envelope)
                if part is None
                else record.open(network, envelope, part)
            )
        except ConfedError as error:
            refused.append(RefusedLeaf(envelope=envelope, reason=error.reason))
            continue
        logs.setdefault(opened.council, []).append(opened)
    view = View(network)
    ids: dict[CouncilId, LogId] = {}
    for council, leaves in logs.items():
        node = next((leaf.body for leaf in leaves if isinstance(leaf.body, Node)), None)
        if node is not None:
            key = PublicKey(node.key)
            ids[council] = view.add_log(log_id(network, council, key), council, key).id
    for council, log in ids.items():
        for leaf in logs[council]:
            view.add(log, leaf, leaf_hash(leaf.envelope), leaf.time)
    return view, refused


def view_of_logs(network: NetworkId, logs: Iterable[BareLog]) -> tuple[View, list[Log]]:
    """A view of whole logs, and each log in the given order; a log named twice goes on.

    Raises VerificationError PART_MISSING, PART_MISMATCH or PART_UNEXPECTED (record.open_leaf).
    """
    view, ids = View(network), list[Log]()
    for one in logs:
        own = log_id(network, one.council, one.key)
        ids.append(view.logs.get(own) or view.add_log(own, one.council, one.key))
        for envelope, part in one.leaves:
            leaf = record.open_leaf(network, envelope, part)
            arrived = leaf.time if isinstance(leaf, VerifiedRecord) else 0
            view.add(own, leaf, leaf_hash(envelope), arrived, more=True)
    view.settle()
    return view, ids
