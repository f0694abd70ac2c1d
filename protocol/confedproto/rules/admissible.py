"""Whether a motion may be put at all: class, rule, fields, version (specs/07, MOT-1 to MOT-3).

What is said here never changes back: each answer rests on the motion, on what stands before it
in its mover's own log, and on certificates.
"""

from confedproto.bodies.motion import Motion
from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.rules.case import Case, Placed, has_left, is_admitted, rule_of
from confedproto.rules.law import RuleKind
from confedproto.rules.nesting import units_fault
from confedproto.rules.terms import CLASSES
from confedproto.rules.versions import bound_version, version_fault


def motion_fault(case: Case) -> Reason | None:
    """Why the motion is inadmissible on every node, or None (MOT-1 to MOT-3)."""
    placed, body = case.motion, case.motion.record.body
    rule = rule_of(case)
    if rule is None or not isinstance(body, Motion):
        return Reason.CLASS_UNKNOWN
    if body.rule is not None and body.rule != str(rule):
        return Reason.RULE_CLASS
    if not _is_movers(case, placed):
        return Reason.COMPACT_MEMBER
    if case.world is not None and has_left(case.world, case.compact_id, placed):
        return Reason.COMPACT_LEFT
    sunset = case.compact.sunset
    if sunset is not None and placed.record.time > sunset:
        return Reason.COMPACT_ENDED
    return (
        _field_fault(case, body, rule.kind)
        or units_fault(case, body)
        or _version_fault(case, placed, body)
    )


def _is_movers(case: Case, motion: Placed) -> bool:
    mover = motion.record.council
    if case.world is None:
        return mover in case.members
    return is_admitted(case.world, case.compact_id, mover, motion.record.time)


def _field_fault(case: Case, body: Motion, rule: RuleKind) -> Reason | None:
    law = CLASSES[body.name]
    if (body.target is not None) != law.target or (body.money is not None and not law.money):
        return Reason.MOTION_FIELD
    if body.name == "budget" and body.money is None:
        return Reason.MOTION_FIELD
    if rule is RuleKind.LAZY and not body.reversible:
        return Reason.MOTION_FIELD  # what passes by silence must be taken back as easily
    if body.first is not None and law.binding and law.readings == 1:
        return Reason.MOTION_FIELD  # without quorum a binding motion lapses (case 19)
    if body.begins is not None and body.ends is not None and body.ends <= body.begins:
        return Reason.MOTION_FIELD
    if body.money is not None and body.money.cap < body.money.cost:
        return Reason.MOTION_FIELD
    return None


def _version_fault(case: Case, motion: Placed, body: Motion) -> Reason | None:
    """The mover runs under the last version of the compact that it ratified (REV-3)."""
    if case.world is None:
        return None
    if body.version is not None:
        fault = version_fault(case, RecordId(body.version), motion.record.time)
        if fault is not None:
            return fault
    bound = bound_version(case.world, case.compact_id, motion.record.council, motion)
    return None if bound == body.version else Reason.COMPACT_VERSION
