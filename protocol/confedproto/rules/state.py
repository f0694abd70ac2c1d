"""The state digest: one hash over what holds of every subject (specs/08, STA).

A row is a map; its form is part of the protocol, since two implementations compare digests.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from confedproto import codec
from confedproto.errors import Reason
from confedproto.ids import TAG_STATE, CouncilId, Hash, NetworkId, RecordId
from confedproto.rules.authority import Authority
from confedproto.rules.compact import Member
from confedproto.rules.dispute import DisputeStatus
from confedproto.rules.motion import MotionStatus
from confedproto.rules.standing import Standing
from confedproto.rules.states import Effect

Row = Mapping[str, Any]


def digest_of(network: NetworkId, rows: Iterable[Row]) -> Hash:
    """The digest of a set of rows; their order has no influence (STA-1)."""
    hasher = hashlib.sha256(TAG_STATE + network)
    for row in sorted(codec.encode(row) for row in rows):
        hasher.update(len(row).to_bytes(4, "big") + row)
    return Hash(hasher.digest())


def council_row(council: CouncilId, authority: Authority) -> Row | None:
    """A council: charter version, node number, life; None before its charter (STA-2)."""
    step, node = authority.charter, authority.node
    if step is None:
        return None
    return {
        "council": council,
        "charter": step.version,
        "node": node.node.number if node is not None else 0,
        "life": authority.state.value,
    }


def compact_row(
    compact: RecordId, members: Mapping[CouncilId, Member], dissolved: RecordId | None
) -> Row:
    """A compact: its members now with their weights, and the motion that dissolved it (STA-3)."""
    hasher = hashlib.sha256()
    for council in sorted(members):
        hasher.update(council + members[council].weight.to_bytes(4, "big"))
    row = {"compact": compact, "members": hasher.digest()}
    return row if dissolved is None else row | {"dissolved": dissolved}


def motion_row(motion: RecordId, status: MotionStatus | Reason, stands: Standing | None) -> Row:
    """A motion: state, outcome, tally, effect, or why it cannot be judged yet (STA-4)."""
    if isinstance(status, Reason):
        return {"motion": motion, "fault": status}
    row: dict[str, Any] = {"motion": motion, "state": status.state}
    if status.outcome is not None and status.tally is not None:
        row |= {
            "outcome": status.outcome,
            "people_yes": status.tally.people_yes,
            "people_no": status.tally.people_no,
            "units_yes": status.tally.units_yes,
            "units_total": status.tally.units_total,
        }
    if status.version is not None:
        row["version"] = status.version
    if stands is not None and stands.effect is not Effect.NONE:
        row["effect"] = stands.effect
        if stands.held:
            row["held"] = True
    return row


def dispute_row(dispute: RecordId, status: DisputeStatus | Reason) -> Row:
    """A dispute: its step and what was found (STA-5)."""
    if isinstance(status, Reason):
        return {"dispute": dispute, "fault": status}
    row = {"dispute": dispute, "step": status.step.value}
    return row if status.effect is None else row | {"found": status.effect}


def act_row(record: RecordId, fault: Reason | None, *, held: bool) -> Row:
    """A record of administration: whether it counts, and whether it is held (STA-6)."""
    row: dict[str, Any] = {"administration": record}
    if fault is not None:
        row["fault"] = fault
    return row | {"held": True} if held else row
