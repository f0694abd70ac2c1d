"""The state digest: one hash over what holds of every subject (specs/08, STA).

A row is a map; its form is part of the protocol, since two implementations compare digests.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from confedproto import codec
from confedproto.bodies.compact import Compact
from confedproto.errors import Reason
from confedproto.ids import TAG_STATE, CouncilId, Hash, NetworkId, RecordId
from confedproto.rules.administration import ADMINISTRATIVE, administration_fault
from confedproto.rules.authority import Authority
from confedproto.rules.case import World
from confedproto.rules.compact import Member
from confedproto.rules.dispute import DisputeStatus, compact_about, dispute_status
from confedproto.rules.findings import Court, is_challenged
from confedproto.rules.membership import dissolved_by, ever_members
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
    if stands is not None and stands.demanded:
        row["demanded"] = True
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


class Held(Protocol):
    """The part of a view that a state is derived from."""

    @property
    def authorities(self) -> Mapping[CouncilId, Authority]:
        """Who speaks for each council."""
        ...

    @property
    def world(self) -> World:
        """What the rules may ask."""
        ...

    def members(self, compact: RecordId) -> Mapping[CouncilId, Member]:
        """The councils of a compact now."""
        ...

    def admitted(self, compact: RecordId) -> Mapping[CouncilId, Member]:
        """The councils that a compact ever admitted."""
        ...

    def motion_status(self, motion: RecordId, now: int) -> MotionStatus | Reason:
        """Where a motion stands."""
        ...

    def standing(self, motion: RecordId, now: int) -> Standing | None:
        """What an adopted motion is worth."""
        ...


def rows(held: Held, now: int) -> Iterator[Row]:
    """The rows of all subjects but mandates (STA-2 to STA-6)."""
    world = held.world
    for council, authority in held.authorities.items():
        row = council_row(council, authority)
        if row is not None:
            yield row
    for placed in world.of_kind("compact"):
        one = placed.record.id
        yield compact_row(one, held.members(one), dissolved_by(one, world))
    for placed in world.of_kind("motion"):
        one = placed.record.id
        yield motion_row(one, held.motion_status(one, now), held.standing(one, now))
    for placed in world.of_kind("dispute"):
        found = compact_about(placed.record.id, world)
        body = found.record.body if found is not None else None
        status: DisputeStatus | Reason = Reason.COMPACT_UNKNOWN
        if found is not None and isinstance(body, Compact):
            one = found.record.id
            members = ever_members(one, held.admitted(one), world)
            status = dispute_status(placed, one, members, world, now)
        yield dispute_row(placed.record.id, status)
    for kind in sorted(ADMINISTRATIVE):
        for placed in world.of_kind(kind):
            found = compact_about(placed.record.id, world)
            body = found.record.body if found is not None else None
            fault: Reason | None = Reason.COMPACT_MEMBER
            challenged = False
            if found is not None and isinstance(body, Compact):
                one = found.record.id
                members = ever_members(one, held.admitted(one), world)
                court = Court(compact_id=one, members=members, world=world)
                fault = administration_fault(placed, court)
                challenged = is_challenged(court, placed.record.id, placed.record.council)
            if fault is not None or challenged:
                yield act_row(placed.record.id, fault, held=challenged)
