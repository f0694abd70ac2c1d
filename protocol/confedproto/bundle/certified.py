"""A certificate, recounted from the positions in its file (specs/12, BUN-12; specs/07, CER).

The node's own rules judge it. What is asked here is only that the file holds every record
that those rules would look for, so that what is left out is named as missing.
"""

from typing import Final

from confedproto.bodies.compact import Compact
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.lock import Lock
from confedproto.bodies.motion import Motion
from confedproto.bodies.position import Position
from confedproto.bodies.vote import Vote
from confedproto.bundle.evidence import Evidence
from confedproto.bundle.membership import compact_of
from confedproto.bundle.report import Decision
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, LogId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules import motion as rules
from confedproto.rules.certificate import Certificate, quorum_of_locks
from confedproto.rules.motion import Case, Placed
from confedproto.rules.tally import Outcome

SPLIT: Final = "With three councils or fewer, one dishonest node can split the decision."
BALLOTS: Final = "How members voted inside each council is that council's own word."
FIGURES: Final = (
    "The locks certify the outcome; the figures are those of the one list of positions here."
)

_NO_LOG: Final = LogId(bytes(32))  # what is certified stands by its locks, not by its place


def certified(proved: Evidence) -> tuple[Decision, str, tuple[str, ...]]:
    """The decision, the motion's title, and what the file cannot show.

    Raises VerificationError: BUNDLE_MISSING, COMPACT_MISMATCH or FREEZE_MISMATCH for records
    that are not there or belong elsewhere, LOCKS_MISSING, VOTE_LIST and the other reasons of
    rules.motion and rules.certificate.
    """
    motion = proved.subject
    if not isinstance(motion.body, Motion) or motion.subject is None:
        raise VerificationError(Reason.BUNDLE_SUBJECT, motion.kind, motion.id)
    compact, members = compact_of(proved, motion.subject)
    freeze, body = _freeze(proved, motion.id)
    _check_joined(proved, motion.subject, compact, body)
    _check_complete(proved, motion.id, freeze.id, body)
    case = Case(
        motion=_placed(motion),
        compact_id=motion.subject,
        compact=compact,
        members=members,
        seconds=_all(proved, "second", motion.id),
        freezes=[_placed(freeze)],
        positions=_all(proved, "position", motion.id),
        votes=_all(proved, "vote", motion.id),
        locks=_all(proved, "lock", motion.id),
        lines_of=lambda _: (),
    )
    rule = rules.rule_of(case)
    if rule is None:
        raise VerificationError(Reason.CLASS_UNKNOWN, motion.body.name, motion.id)
    if motion.council not in members:
        raise VerificationError(Reason.COMPACT_MEMBER, "the mover", motion.id)
    fault = rules.freeze_fault(case, _placed(freeze))
    if fault is not None:
        raise VerificationError(fault, "the freeze", freeze.id)
    found = rules.certificate_for(case, _placed(freeze))
    if not isinstance(found, Certificate):
        raise VerificationError(found, "the certificate", motion.id)
    councils = len(body.councils)
    decision = Decision(
        compact=motion.subject,
        compact_name=compact.name,
        rule=str(rule),
        outcome=found.outcome.value,
        accepted=found.outcome is Outcome.ADOPTED,
        people_yes=found.tally.people_yes,
        people_no=found.tally.people_no,
        units_yes=found.tally.units_yes,
        units_no=found.tally.units_no,
        signers=len(found.locks),
        needed=quorum_of_locks(councils),
        councils=councils,
        roll=frozenset(CouncilId(voter.council) for voter in body.councils),
    )
    notes = (FIGURES, BALLOTS, SPLIT) if councils <= 3 else (FIGURES, BALLOTS)
    return decision, motion.body.titles[0].title, notes


def _placed(record: VerifiedRecord) -> Placed:
    return Placed(record=record, log=_NO_LOG, index=0, arrived=0)


def _all(proved: Evidence, kind: str, motion: RecordId) -> list[Placed]:
    return [_placed(one) for one in proved.of_kind(kind) if one.subject == motion]


def _freeze(proved: Evidence, motion: RecordId) -> tuple[VerifiedRecord, Freeze]:
    freezes = proved.of_kind("freeze")
    if not freezes:
        raise VerificationError(Reason.BUNDLE_MISSING, "the freeze", motion)
    if len(freezes) > 1:
        raise VerificationError(Reason.FREEZE_DOUBLE, "two freezes", motion)
    freeze = freezes[0]
    if freeze.subject != motion or not isinstance(freeze.body, Freeze):
        raise VerificationError(Reason.FREEZE_MISMATCH, "a freeze of another motion", freeze.id)
    return freeze, freeze.body


def _check_joined(proved: Evidence, compact_id: RecordId, compact: Compact, body: Freeze) -> None:
    """Every council of C is a founder or its accession is there."""
    inside = {founder.council for founder in compact.founders}
    inside |= {one.council for one in proved.of_kind("accession") if one.subject == compact_id}
    for voter in body.councils:
        if voter.council not in inside:
            raise VerificationError(Reason.BUNDLE_MISSING, "an accession", compact_id)


def _check_complete(proved: Evidence, motion: RecordId, freeze: RecordId, body: Freeze) -> None:
    """Every record that the freeze and the votes name is there, and none of another motion."""
    for voter in body.councils:
        if CouncilId(voter.council) not in proved.authorities:
            raise VerificationError(Reason.BUNDLE_MISSING, "the charter of a council", motion)
    named = {RecordId(one) for one in (*(body.seconds or ()), *(body.accessions or ()))}
    counted: set[RecordId] = set()
    votes = proved.of_kind("vote")
    if not votes:
        raise VerificationError(Reason.BUNDLE_MISSING, "no vote", motion)
    if len({one.body.counted for one in votes if isinstance(one.body, Vote)}) > 1:
        raise VerificationError(Reason.VOTE_LIST, "votes with two lists", motion)
    for one in (*votes, *proved.of_kind("position"), *proved.of_kind("lock")):
        match one.body:
            case Vote() | Position() | Lock() as about:
                if about.freeze != freeze or one.subject != motion:
                    raise VerificationError(Reason.FREEZE_MISMATCH, one.kind, one.id)
            case _:
                pass
        if isinstance(one.body, Vote):
            counted.update(RecordId(position) for position in one.body.counted)
    for wanted in sorted(named | counted):
        if wanted not in proved.records:
            raise VerificationError(Reason.BUNDLE_MISSING, "a record that is named", wanted)
    for one in proved.of_kind("position"):
        if one.id not in counted:
            raise VerificationError(Reason.VOTE_LIST, "a position that is not counted", one.id)
