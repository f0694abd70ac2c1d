"""JSON views of what a node knows: plain dicts with ids as text forms, times in seconds UTC.

Unsigned: whoever must not trust this node asks it for the records or for a bundle.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from confedproto import codec, text
from confedproto.bodies.compact import Compact
from confedproto.bodies.dispute import Dispute
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.bodies.position import Position
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.certificate import quorum_of_locks
from confedproto.rules.delegation import MandateStatus
from confedproto.rules.demand import overlooked
from confedproto.rules.dispute import compact_about, dispute_status
from confedproto.rules.explain import Ground, grounds, mandate_grounds
from confedproto.rules.membership import EVER, ever_members
from confedproto.rules.motion import MotionStatus, Placed, rule_of
from confedproto.rules.receipts import receipts_needed
from confedproto.rules.states import State
from confedproto.rules.tally import Outcome
from confedproto.rules.versions import bound_version, versions_of
from confedproto.view import View

Row = dict[str, Any]


def council_row(view: View, council: CouncilId) -> Row:
    """A council's id and name; a name is what its own charter says."""
    return {"council": text.encode_record(council), "name": view.council_name(council)}


def council_detail(view: View, council: CouncilId) -> Row:
    """A council's charter and node as far as its log says."""
    authority = view.authorities[council]
    step, node = authority.charter, authority.node
    row = council_row(view, council) | {"fingerprint": text.fingerprint(council)}
    if step is not None:
        row |= {
            "threshold": step.charter.threshold,
            "keyholders": len(step.charter.keys),
            "single_keyholder": len(step.charter.keys) == 1,
            "charter": step.version,
        }
    if node is not None:
        row |= {"node_expires": node.node.expires, "node_number": node.node.number}
    return row


def compact(view: View, compact_id: RecordId) -> Row:
    """A compact with its members. Raises LocalProtocolError if it is not founded."""
    found = view.compact(compact_id)
    if isinstance(found, Reason):
        raise LocalProtocolError(found)
    record, body = found
    members, versions = view.members(compact_id), versions_of(view.world, compact_id)
    return {
        "compact": text.encode_record(record.id),
        "name": body.name,
        "rules": {entry.name: entry.rule for entry in body.rules},
        "windows": msgspec.structs.asdict(body.windows),
        "seconds": body.seconds,
        "sponsors": body.sponsors,
        "members": [
            council_row(view, council) | {"weight": members[council].weight}
            for council in sorted(members)
        ],
        "versions": [_version(view, compact_id, one) for one in versions],
    }


def _version(view: View, compact_id: RecordId, version: RecordId) -> Row:
    """A proposed version of a compact: whether it is adopted, and whom it binds (REV-2, REV-3)."""
    motions = [
        placed.record.id
        for placed in view.world.naming(version)
        if isinstance(placed.record.body, Motion) and placed.record.body.target == version
    ]
    bound = [
        council
        for council in view.members(compact_id)
        if bound_version(view.world, compact_id, council) == version
    ]
    return {
        "version": text.encode_record(version),
        "motions": [text.encode_record(one) for one in sorted(motions)],
        "adopted": any(view.world.outcome(one, EVER) is Outcome.ADOPTED for one in motions),
        "ratified": [council_row(view, council) for council in sorted(bound)],
    }


def compact_body(view: View, compact_id: RecordId) -> Row:
    """The body of a compact or of a version, in CMP: what a next version is made from.

    Raises LocalProtocolError COMPACT_UNKNOWN.
    """
    placed = view.records.get(compact_id)
    if placed is None or not isinstance(placed.record.body, Compact):
        raise LocalProtocolError(Reason.COMPACT_UNKNOWN)
    plain = msgspec.to_builtins(placed.record.body, builtin_types=(bytes,))
    return {"id": text.encode_record(compact_id), "body": codec.encode(plain).hex()}


def dispute(view: View, placed: Placed, now: int) -> Row:
    """Where a dispute stands at `now`. Raises LocalProtocolError if that cannot be said."""
    body, subject = placed.record.body, placed.record.subject
    found = compact_about(placed.record.id, view.world)
    compact_ = found.record.body if found is not None else None
    if not isinstance(body, Dispute) or subject is None:
        raise LocalProtocolError(Reason.RECORD_UNKNOWN)
    if found is None or not isinstance(compact_, Compact):
        raise LocalProtocolError(Reason.COMPACT_UNKNOWN)
    one = found.record.id
    members = ever_members(one, view.admitted(one), view.world)
    status = dispute_status(placed, one, members, view.world, now)
    if isinstance(status, Reason):
        raise LocalProtocolError(status)
    return {
        "dispute": text.encode_record(placed.record.id),
        "record": text.encode_record(subject),
        "class": body.name,
        "remedy": body.remedy,
        "step": status.step.value,
        "effect": status.effect,
        "parties": [council_row(view, one) for one in sorted(status.parties)],
        "mediator": council_row(view, status.mediator) if status.mediator is not None else None,
        "panel": [council_row(view, one) for one in status.panel],
    }


def motion(view: View, motion_id: RecordId, now: int) -> Row:
    """Where a motion stands at `now`. Raises LocalProtocolError if that cannot be said."""
    case = view.case(motion_id)
    if isinstance(case, Reason):
        raise LocalProtocolError(case)
    status = view.motion_status(motion_id, now)
    body = case.motion.record.body
    if isinstance(status, Reason) or not isinstance(body, Motion):
        raise LocalProtocolError(Reason.MOTION_UNKNOWN)
    rule = rule_of(case)
    row: Row = {
        "motion": text.encode_record(motion_id),
        "compact": text.encode_record(case.compact_id),
        "mover": council_row(view, case.motion.record.council),
        "title": body.titles[0].title,
        "rule": str(rule) if rule is not None else None,
        "state": status.state.value,
        "reason": status.fault.value if status.fault is not None else None,
        "seconds": len(case.seconds),
        "class": body.name,
    }
    stands = view.standing(motion_id, now)
    if stands is not None:
        row |= {"effect": stands.effect.value, "held": stands.held, "demanded": stands.demanded}
    return row | _result(status) | _frozen(view, status, case.votes, case.locks)


def explained(view: View, motion_id: RecordId, now: int) -> Row:
    """Why a motion or a mandate stands where it stands (STA-8).

    Raises LocalProtocolError MOTION_UNKNOWN.
    """
    mandate = view.mandates.status(motion_id, now)
    if not isinstance(mandate, Reason):
        return _explained_mandate(view, motion_id, mandate)
    case, status = view.case(motion_id), view.motion_status(motion_id, now)
    if isinstance(case, Reason) or isinstance(status, Reason):
        raise LocalProtocolError(case if isinstance(case, Reason) else Reason.MOTION_UNKNOWN)
    rows = grounds(case, status, view.standing(motion_id, now))
    return {
        "motion": text.encode_record(motion_id),
        "state": status.state.value,
        "outcome": status.outcome.value if status.outcome is not None else None,
        "grounds": [_ground(row) for row in rows],
    }


def _explained_mandate(view: View, mandate: RecordId, status: MandateStatus) -> Row:
    case = view.mandates.case(mandate)
    rows = () if isinstance(case, Reason) else mandate_grounds(case, view.world)
    return {
        "mandate": text.encode_record(mandate),
        "state": status.state.value,
        "outcome": str(status.verdict.reason or status.verdict.outcome.value),
        "grounds": [_ground(row) for row in rows],
    }


def _ground(row: Ground) -> Row:
    return {
        "record": text.encode_record(row.record),
        "kind": row.kind,
        "rule": row.rule,
        "counts": row.fault is None,
        "reason": row.fault.value if row.fault is not None else None,
    }


def _result(status: MotionStatus) -> Row:
    names = (
        "people_yes",
        "people_no",
        "people_accept",
        "units_yes",
        "units_no",
        "units_total",
        "units_accept",
    )
    tally = status.tally
    row: Row = {name: getattr(tally, name) if tally is not None else None for name in names}
    row["outcome"] = status.outcome.value if status.outcome is not None else None
    row["accepted"] = None if status.outcome is None else status.outcome is Outcome.ADOPTED
    return row


def _frozen(
    view: View, status: MotionStatus, votes: Sequence[Placed], locks: Sequence[Placed]
) -> Row:
    if status.freeze is None or status.times is None:
        return {"freeze": None}
    body = status.freeze.record.body
    roll = [voter.council for voter in body.councils] if isinstance(body, Freeze) else []
    said = {judged.position.record.council for judged in status.positions}
    councils = len(roll)
    return {
        "freeze": text.encode_record(status.freeze.record.id),
        "opens": status.times.opens,
        "closes": status.times.closes,
        "grace_ends": status.times.grace_ends,
        "councils": councils,
        "receipts_needed": receipts_needed(councils),
        "votes": len({placed.record.council for placed in votes}),
        "locks": len({placed.record.council for placed in locks}),
        "needed": quorum_of_locks(councils),
        "certified": status.certificate is not None,
        "round": status.certificate.round if status.certificate is not None else None,
        "positions": [_position(view, j.position, j.fault) for j in status.positions],
        "overlooked": [text.encode_record(one) for one in sorted(overlooked(status))],
        "awaited": [
            council_row(view, CouncilId(one))
            for one in roll
            if one not in said and status.state in (State.FROZEN, State.OPEN)
        ],
    }


def _position(view: View, placed: Placed, fault: Reason | None) -> Row:
    body = placed.record.body
    row = council_row(view, placed.record.council) | {
        "position": text.encode_record(placed.record.id),
        "counts": fault is None,
        "reason": fault.value if fault is not None else None,
    }
    if isinstance(body, Position):
        row |= {"value": body.value, "yes": body.yes, "no": body.no, "valid": body.valid}
    return row


def log_row(view: View, placed: Placed) -> Row:
    """One counted record, for `confed log`."""
    record = placed.record
    return {
        "record": text.encode_record(record.id),
        "kind": record.kind,
        **council_row(view, record.council),
        "subject": text.encode_record(record.subject) if record.subject is not None else None,
        "time": record.time,
        "index": placed.index,
        "arrived": placed.arrived,
        "signers": len(record.signers),
    }


def record_id_of(value: str) -> RecordId:
    """The record id in its text form. Raises DecodeError; for the operator's arguments."""
    return RecordId(text.decode_record(value))
