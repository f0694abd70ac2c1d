"""A certificate, recounted from the positions in its file (specs/12, BUN-12; specs/07, CER).

The node's own rules judge it. What is asked here is only that the file holds every record
that those rules would look for, so that what is left out is named as missing.
"""

from typing import Final

from confedproto.bodies.motion import Motion
from confedproto.bundle.evidence import Evidence
from confedproto.bundle.filed import Filed, check_whole, the_freeze
from confedproto.bundle.report import Decision
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, RecordId
from confedproto.rules import motion as rules
from confedproto.rules.certificate import Certificate, quorum_of_locks
from confedproto.rules.nesting import units_fault
from confedproto.rules.tally import Outcome
from confedproto.rules.versions import version_fault

SPLIT: Final = "With three councils or fewer, one dishonest node can split the decision."
BALLOTS: Final = "How members voted inside each council is that council's own word."
FIGURES: Final = (
    "The locks certify the outcome; the figures are those of the one list of positions here."
)


def certified(proved: Evidence) -> tuple[Decision, str, tuple[str, ...]]:
    """The decision, the motion's title, and what the file cannot show.

    Raises VerificationError: BUNDLE_MISSING, COMPACT_MISMATCH or FREEZE_MISMATCH for records
    that are not there or belong elsewhere, LOCKS_MISSING, VOTE_LIST and the other reasons of
    rules.motion and rules.certificate.
    """
    motion = proved.subject
    if not isinstance(motion.body, Motion) or motion.subject is None:
        raise VerificationError(Reason.BUNDLE_SUBJECT, motion.kind, motion.id)
    filed = Filed(proved)
    filed.founded(motion.subject)
    freeze, body = the_freeze(proved, motion.id)
    check_whole(filed, motion.id)
    case = filed.case(motion.id)
    if isinstance(case, Reason):
        raise VerificationError(case, "the compact", motion.id)
    placed = next(iter(case.freezes))
    rule = rules.rule_of(case)
    if rule is None:
        raise VerificationError(Reason.CLASS_UNKNOWN, motion.body.name, motion.id)
    if motion.council not in case.members:
        raise VerificationError(Reason.COMPACT_MEMBER, "the mover", motion.id)
    fault = units_fault(case, motion.body)
    if fault is None and motion.body.version is not None:
        fault = version_fault(case, RecordId(motion.body.version), motion.time)
    if fault is not None:
        raise VerificationError(fault, "the motion", motion.id)
    fault = rules.freeze_fault(case, placed)
    if fault is not None:
        raise VerificationError(fault, "the freeze", freeze.id)
    found = rules.certificate_for(case, placed)
    if not isinstance(found, Certificate):
        raise VerificationError(found, "the certificate", motion.id)
    councils = len(body.councils)
    decision = Decision(
        compact=motion.subject,
        compact_name=case.compact.name,
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
