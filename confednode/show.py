"""JSON views of what a node knows: plain dicts with ids as text forms, times in seconds UTC.

Unsigned: whoever must not trust this node asks it for the records or for a bundle.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from confedproto import text
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.motion import Motion
from confedproto.bodies.position import Position
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.certificate import quorum_of_locks
from confedproto.rules.explain import grounds
from confedproto.rules.motion import MotionStatus, Placed, rule_of
from confedproto.rules.receipts import receipts_needed
from confedproto.rules.tally import Outcome
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
    members = view.members(compact_id)
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
        row |= {"effect": stands.effect.value, "held": stands.held}
    return row | _result(status) | _frozen(view, status, case.votes, case.locks)


def explained(view: View, motion_id: RecordId, now: int) -> Row:
    """Why a motion stands where it stands (STA-8). Raises LocalProtocolError MOTION_UNKNOWN."""
    case, status = view.case(motion_id), view.motion_status(motion_id, now)
    if isinstance(case, Reason) or isinstance(status, Reason):
        raise LocalProtocolError(case if isinstance(case, Reason) else Reason.MOTION_UNKNOWN)
    rows = grounds(case, status, view.standing(motion_id, now))
    return {
        "motion": text.encode_record(motion_id),
        "state": status.state.value,
        "outcome": status.outcome.value if status.outcome is not None else None,
        "grounds": [
            {
                "record": text.encode_record(row.record),
                "kind": row.kind,
                "rule": row.rule,
                "counts": row.fault is None,
                "reason": row.fault.value if row.fault is not None else None,
            }
            for row in rows
        ],
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
    councils = len(getattr(status.freeze.record.body, "councils", ()))
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
        "positions": [_position(view, j.position, j.fault) for j in status.positions],
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


def mandate(view: View, mandate_id: RecordId, now: int) -> Row:
    """A mandate and whether it is in force. Raises LocalProtocolError MANDATE_UNKNOWN."""
    placed = view.records.get(mandate_id)
    body = placed.record.body if placed is not None else None
    if placed is None or not isinstance(body, Mandate):
        raise LocalProtocolError(Reason.MANDATE_UNKNOWN)
    status = view.mandates.status(mandate_id, now)
    if isinstance(status, Reason):
        raise LocalProtocolError(status)
    verdict, history = status.verdict, status.history
    return {
        "mandate": text.encode_record(mandate_id),
        **council_row(view, placed.record.council),
        "delegate": text.encode_key(body.delegate),
        "kinds": list(body.kinds),
        "starts": body.starts,
        "until": body.until,
        "instructions": [
            {"motion": text.encode_record(entry.motion), "value": entry.value}
            for entry in body.instructions or ()
        ],
        "state": status.state.value,
        "recalled": min(history.recalled, default=None),
        "reports": [
            {
                "due": due,
                "made": history.reported.get(due),
                "accepted": status.accepted.get(due),
            }
            for due in body.reports or ()
        ],
        "petition": list(status.petition) if status.petition is not None else None,
        "item_by": status.item_by,
        "recall_items": [text.encode_record(act) for act in status.void_acts],
        "acts": len(view.about(mandate_id, "act")),
        "verdict": verdict.outcome.value,
        "reason": verdict.reason.value if verdict.reason is not None else None,
    }


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
