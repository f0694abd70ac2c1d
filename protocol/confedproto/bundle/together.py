"""Whether files that each hold can all be true (specs/12, BUN-18).

A council that shows two histories is seen here, where two readers lay their files side by side.
"""

from collections.abc import Sequence

from confedproto.bundle.evidence import Evidence
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, Hash, LogId, RecordId


def check_together(proved: Sequence[Evidence]) -> None:
    """Raise VerificationError if the files contradict each other.

    CHARTER_FORK, NODE_FORK: two records of one number. LOG_FORK: two roots of one size of a
    log. NODE_REPLACED: a record past the last good size that a later node record names.
    """
    charters: dict[tuple[CouncilId, int], RecordId] = {}
    nodes: dict[tuple[CouncilId, int], RecordId] = {}
    roots: dict[tuple[LogId, int], Hash] = {}
    ends: dict[LogId, int] = {}
    for one in proved:
        for council, authority in one.authorities.items():
            for step in authority.charters:
                known = charters.setdefault((council, step.version), step.record.id)
                if known != step.record.id:
                    raise VerificationError(Reason.CHARTER_FORK, f"version {step.version}")
            for node in authority.nodes:
                if nodes.setdefault((council, node.node.number), node.record.id) != node.record.id:
                    raise VerificationError(Reason.NODE_FORK, f"number {node.node.number}")
                last = node.node.last
                if last is not None and last.log != node.log:
                    ends[LogId(last.log)] = last.size
        if one.head is not None:
            known_root = roots.setdefault((one.head.log, one.head.size), one.head.root)
            if known_root != one.head.root:
                raise VerificationError(Reason.LOG_FORK, f"two roots of size {one.head.size}")
    for one in proved:
        end = ends.get(one.head.log) if one.head is not None else None
        if end is None:
            continue
        for places in one.places.values():
            if min(places.values()) >= end:
                raise VerificationError(Reason.NODE_REPLACED, "past the last good head")
