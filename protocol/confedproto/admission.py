"""What a node refuses to append to its own council's log (specs/07, ADM).

A record that would never count is refused at home, with its reason, before it is signed
into the log for ever. Records of other councils are judged by the rules alone.
"""

from typing import Final

from confedproto import scopes
from confedproto.bodies.accession import Accession
from confedproto.bodies.act import Act
from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.amend import Amend
from confedproto.bodies.compact import Compact
from confedproto.bodies.exit import Exit
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.link import Link
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.motion import Motion
from confedproto.bodies.petition import Petition
from confedproto.bodies.position import Position
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.recall import Recall
from confedproto.bodies.report import Report
from confedproto.bodies.second import Second
from confedproto.bodies.takeover import Takeover
from confedproto.bodies.withdraw import Withdraw
from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.knocking import knock_of
from confedproto.limits import MOTIONS_OPEN_MAX
from confedproto.record import VerifiedRecord
from confedproto.rules import compact as compact_rules
from confedproto.rules import motion as motion_rules
from confedproto.rules.admissible import motion_fault
from confedproto.rules.delegation import history_of
from confedproto.rules.freezing import takeover_fault
from confedproto.rules.known import version_of
from confedproto.rules.links import link_fault
from confedproto.rules.mandate import (
    VOTE,
    Outcome,
    grant_fault,
    instruction_verdict,
    scope_verdict,
    tenure_verdict,
)
from confedproto.rules.membership import EVER, dissolved_by
from confedproto.rules.motion import Case, Placed, State
from confedproto.rules.passing import chain_fault
from confedproto.rules.tally import Outcome as Decided
from confedproto.rules.versions import proposal_fault, root_of
from confedproto.view import View

_OPEN: Final = frozenset({State.DRAFT, State.SECONDED, State.AMENDED, State.FROZEN, State.OPEN})
"""States in which a motion is under way and its council may not have too many (MOT-10)."""

COUNCILS_OF_A_DELEGATE: Final = 2
"""Councils of one compact whose mandates one key may hold at a time (MAN-11)."""


def objection(
    view: View, record: VerifiedRecord, now: int, *, evidence: bool = False
) -> Reason | None:
    """Why this node's council should not append `record` at `now` (seconds), or None.

    A delegate's void act goes in as `evidence`: it opens an item of recall (RCL-6).
    """
    authority = view.authorities.get(record.council)
    if authority is None:
        return Reason.COUNCIL_UNKNOWN
    fault = authority.judge(record) or scopes.objection(view, record)
    if fault is not None:
        return fault
    match record.body:
        case Compact() as compact:
            return _compact(view, record, compact)
        case Accession() as accession:
            return _accession(view, record, accession)
        case Motion() as motion:
            return _motion(view, record, motion, now)
        case Exit() | Withdraw() | Takeover() | Amend() | AffectedClaim():
            return _about(view, record, now)
        case Second() | Freeze() | Position():
            return _on_motion(view, record, now)
        case Mandate() as mandate:
            return _grant(view, record, mandate)
        case Act() as act:
            return None if evidence else _act(view, record, act, now)
        case Recall() | Petition():
            return None if _mandate(view, record.subject) else Reason.MANDATE_UNKNOWN
        case Report() as report:
            return _report(view, record, report)
        case Ratify():
            return _ratify(view, record)
        case Link() as link:
            fits = link.peer is None or knock_of(authority, record) is not None
            return link_fault(record, link) or (None if fits else Reason.MESSAGE_SIZE)
        case _:
            return None


def _compact(view: View, record: VerifiedRecord, compact: Compact) -> Reason | None:
    """A founding record, or a version that a member proposes."""
    if compact.previous is None:
        fault = compact_rules.founding_fault(record, compact, view.charter_of)
        return fault or compact_rules.founding_units_fault(compact)
    root = root_of(view.world, RecordId(compact.previous))
    if root is None:
        return Reason.COMPACT_UNKNOWN
    if record.council not in view.members(root):
        return Reason.COMPACT_MEMBER
    return proposal_fault(view.world, root, compact)


def _accession(view: View, record: VerifiedRecord, accession: Accession) -> Reason | None:
    found = view.compact(record.subject) if record.subject else Reason.COMPACT_UNKNOWN
    if isinstance(found, Reason):
        return found
    if accession.weight > found[1].weight_max:
        return Reason.COMPACT_WEIGHT
    if accession.observer:
        return None
    if compact_rules.rule_for(found[1], "accession") is not None:
        motion = RecordId(accession.motion) if accession.motion is not None else None
        let_in = motion is not None and view.world.outcome(motion, EVER) is Decided.ADOPTED
        return None if let_in else Reason.COMPACT_SPONSOR
    members = view.members(found[0].id)
    if record.council in members:
        return Reason.COMPACT_MEMBER
    enough = compact_rules.sponsored(found[1], record.council, view.linked)
    return None if enough else Reason.COMPACT_SPONSOR


def _motion(view: View, record: VerifiedRecord, motion: Motion, now: int) -> Reason | None:
    found = view.compact(record.subject) if record.subject else Reason.COMPACT_UNKNOWN
    if isinstance(found, Reason):
        return found
    if compact_rules.rule_for(found[1], motion.name) is None:
        return Reason.CLASS_UNKNOWN
    if record.council not in view.members(found[0].id):
        return Reason.COMPACT_MEMBER
    if dissolved_by(found[0].id, view.world) is not None:
        return Reason.COMPACT_ENDED
    open_ones = sum(
        placed.record.council == record.council and _is_open(view, placed.record.id, now)
        for placed in view.about(found[0].id, "motion")
    )
    if open_ones >= MOTIONS_OPEN_MAX:
        return Reason.MOTION_MANY
    terms = version_of(view.records, motion, found[1])
    if isinstance(terms, Reason):
        return terms
    log = view.log_of[record.council]
    index = view.logs[log].tree.size
    case = Case(
        motion=Placed(record=record, log=log, index=index, arrived=now),
        compact_id=found[0].id,
        compact=terms,
        members=view.admitted(found[0].id),
        seconds=(),
        freezes=(),
        positions=(),
        votes=(),
        locks=(),
        lines_of=view.lines_of,
        world=view.world,
    )
    return motion_fault(case)


def _is_open(view: View, motion: RecordId, now: int) -> bool:
    status = view.motion_status(motion, now)
    return not isinstance(status, Reason) and status.state in _OPEN


def _about(view: View, record: VerifiedRecord, now: int) -> Reason | None:
    """Records about a motion or a compact: who may write them, and when."""
    subject = record.subject
    if subject is None:
        return Reason.RECORD_UNKNOWN
    if isinstance(record.body, Exit):
        found = view.compact(subject)
        if isinstance(found, Reason):
            return found
        return None if record.council in view.members(subject) else Reason.COMPACT_MEMBER
    case = view.case(subject)
    if isinstance(case, Reason):
        return case
    if record.council not in view.members(case.compact_id):
        return Reason.COMPACT_MEMBER
    status = motion_rules.status(case, now)
    mover = record.council == case.motion.record.council
    match record.body:
        case Withdraw():
            if not mover:
                return Reason.MOTION_NOT_MOVER
            frozen = status.state is State.FROZEN
            return None if status.freeze is None or frozen else Reason.MOTION_STATE
        case Takeover():
            log = view.log_of[record.council]
            placed = Placed(record=record, log=log, index=0, arrived=now)
            return takeover_fault(case, placed)
        case AffectedClaim(unit=bytes() as unit):  # it takes a matter back, until the closing
            if unit not in (getattr(case.motion.record.body, "units", None) or ()):
                return Reason.MOTION_FIELD
            closed = status.times is not None and now > status.times.closes
            return Reason.MOTION_STATE if closed else None
        case Amend() as amend:
            if amend.editorial and not mover:
                return Reason.MOTION_NOT_MOVER
        case _:
            pass
    return None if status.freeze is None else Reason.MOTION_STATE


def _on_motion(view: View, record: VerifiedRecord, now: int) -> Reason | None:
    case = view.case(record.subject) if record.subject else Reason.MOTION_UNKNOWN
    if isinstance(case, Reason):
        return case
    status = motion_rules.status(case, now)
    match record.body:
        case Second():
            if record.council not in case.members:
                return Reason.COMPACT_MEMBER
            return None if status.freeze is None else Reason.MOTION_STATE
        case Freeze():
            if status.freeze is not None or status.state is State.VOID:
                return Reason.FREEZE_DOUBLE
            log = view.log_of[record.council]
            index = view.logs[log].tree.size
            placed = Placed(record=record, log=log, index=index, arrived=now)
            fault = motion_rules.freeze_fault(case, placed)
            return fault or motion_rules.notice_fault(case, placed, own=True)
        case Position() as position:
            return _position(case, record, position, now)
        case _:
            return None


def _position(case: Case, record: VerifiedRecord, position: Position, now: int) -> Reason | None:
    freeze = motion_rules.single_freeze(case)
    if freeze is None or not isinstance(freeze.record.body, Freeze):
        return Reason.FREEZE_UNKNOWN
    if position.freeze != freeze.record.id:
        return Reason.FREEZE_MISMATCH
    if record.council not in {voter.council for voter in freeze.record.body.councils}:
        return Reason.POSITION_NOT_MEMBER
    if max(now, record.time) > freeze.record.body.closes:
        return Reason.POSITION_LATE
    if motion_rules.tally_is_wrong(position):
        return Reason.POSITION_TALLY
    numbers = [
        p.record.body.number
        for p in case.positions
        if p.record.council == record.council and isinstance(p.record.body, Position)
    ]
    return Reason.POSITION_NUMBER if position.number <= max(numbers, default=0) else None


def _mandate(view: View, subject: RecordId | None) -> Mandate | None:
    placed = view.records.get(subject) if subject is not None else None
    body = placed.record.body if placed is not None else None
    return body if isinstance(body, Mandate) else None


def _grant(view: View, record: VerifiedRecord, mandate: Mandate) -> Reason | None:
    """A mandate of our own: sound, within the charter's rotation, not the key's third (MAN-4)."""
    if mandate.until < mandate.starts:
        return Reason.MANDATE_ENDED
    charter = view.charter_of(record.council, record.charter)
    own, others = [], set[bytes]()
    for placed in view.of_kind("mandate"):
        body = placed.record.body
        if not isinstance(body, Mandate):
            continue
        recalled = view.mandates.recalled_from(placed.record.id)
        if placed.record.council == record.council:
            own.append((body, recalled))
        elif body.compact == mandate.compact and _overlap(mandate, body, recalled):
            others.add(placed.record.council)
    fault = grant_fault(mandate, charter.delegation if charter is not None else None, own)
    if fault is None and mandate.above is not None:
        fault = _passed_on(view, record, mandate)
    if fault is None and len(others) >= COUNCILS_OF_A_DELEGATE:
        return Reason.MANDATE_COUNCILS
    return fault


def _passed_on(view: View, record: VerifiedRecord, link: Mandate) -> Reason | None:
    """Why a link does not pass on the mandate that it names, or None (LVL-2)."""
    placed = view.records.get(RecordId(link.above)) if link.above is not None else None
    if placed is None or not isinstance(placed.record.body, Mandate):
        return Reason.MANDATE_UNKNOWN
    if placed.record.council == record.council:
        return Reason.MANDATE_CHAIN
    return chain_fault(placed.record.body, link, record.signers)


def _overlap(mandate: Mandate, other: Mandate, recalled: int | None) -> bool:
    """Whether somebody would hold both at once."""
    until = other.until if recalled is None else min(recalled, other.until)
    return (
        bool(set(mandate.delegates) & set(other.delegates))
        and other.starts <= mandate.until
        and mandate.starts <= until
    )


def _act(view: View, record: VerifiedRecord, act: Act, now: int) -> Reason | None:
    """An act is refused at once for what no later record can mend, and out of its turn."""
    case = view.mandates.case(record.subject) if record.subject else Reason.MANDATE_UNKNOWN
    if isinstance(case, Reason):
        return case
    for one in case.chain:
        for verdict in (
            tenure_verdict(one.mandate, history_of(one), act.kind, now),
            scope_verdict(one.mandate, act),
            instruction_verdict(one.mandate, act, one.holds),
        ):
            if verdict.outcome is Outcome.VOID:
                return verdict.reason
        if act.kind == VOTE and one.has_position(RecordId(act.motion)):
            return Reason.OVERRIDDEN
    before = [one.record.body for one in case.acts if isinstance(one.record.body, Act)]
    ceiling = case.mandate.ceiling
    if ceiling and sum(one.amount or 0 for one in (*before, act)) > ceiling.total:
        return Reason.TOTAL_CEILING
    numbers = [one.number for one in before]
    return None if act.number == max(numbers, default=0) + 1 else Reason.ACT_NUMBER


def _report(view: View, record: VerifiedRecord, report: Report) -> Reason | None:
    mandate = _mandate(view, record.subject)
    if mandate is None:
        return Reason.MANDATE_UNKNOWN
    return None if report.due in (mandate.reports or ()) else Reason.REPORT_DUE


def _ratify(view: View, record: VerifiedRecord) -> Reason | None:
    """The council answers what was done or asked under its own mandate, or under a link of it, or
    takes a version of a compact (RAT-1, LVL-4, REV-3).
    """
    placed = view.records.get(record.subject) if record.subject is not None else None
    if placed is None or not isinstance(placed.record.body, Act | Report | Petition | Compact):
        return Reason.RECORD_UNKNOWN
    if isinstance(placed.record.body, Compact):
        root = root_of(view.world, placed.record.id)
        inside = root is not None and record.council in view.members(root)
        return None if inside else Reason.COMPACT_MEMBER
    mandate = _mandate(view, placed.record.subject)
    above = view.records.get(RecordId(mandate.above)) if mandate and mandate.above else None
    asked = {one.record.council for one in (placed, above) if one is not None}
    return None if record.council in asked else Reason.COUNCIL_FOREIGN
