"""Why a motion or a mandate stands where it stands: records and rules, in rows (STA-8)."""

from dataclasses import dataclass

from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.rules.case import Case, Placed, World, seconders
from confedproto.rules.delegation import MandateCase, history_of
from confedproto.rules.freezing import freeze_fault
from confedproto.rules.motion import MotionStatus
from confedproto.rules.notice import notice_fault
from confedproto.rules.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One record that a status rests on, or why it does not; `rule` is the rule asked."""

    record: RecordId
    kind: str
    rule: str
    fault: Reason | None


def grounds(case: Case, status: MotionStatus, stands: Standing | None) -> tuple[Ground, ...]:
    """The records that bear on the motion, each with the rule that judged it (STA-8)."""
    out = [_ground(case.motion, "MOT-2", status.fault if status.freeze is None else None)]
    backing = seconders(case)
    for placed in case.seconds:
        good = placed.record.council in backing
        out.append(_ground(placed, "MOT-4", None if good else Reason.COMPACT_MEMBER))
    if case.world is not None:
        for kind, rule in (
            ("amend", "MOT-6"),
            ("withdraw", "MOT-8"),
            ("takeover", "MOT-8"),
            ("affected-claim", "MOT-5"),
        ):
            for placed in case.world.about(case.motion.record.id, kind):
                out.append(_ground(placed, rule, None))
    for placed in case.freezes:
        fault = freeze_fault(case, placed)
        late = None if fault is not None else notice_fault(case, placed)
        certified = status.certificate is not None
        rule = "FRZ-1" if late is None or certified else _RULES.get(late, "FRZ-7")
        out.append(_ground(placed, rule, fault if certified else fault or late))
    for judged in status.positions:
        out.append(_ground(judged.position, _rule_of(judged.fault), judged.fault))
    if status.certificate is not None:
        vote = status.certificate.vote
        out.append(Ground(record=vote.id, kind=vote.kind, rule="CER-5", fault=None))
        out += [
            Ground(record=lock.id, kind=lock.kind, rule="CER-1", fault=None)
            for lock in status.certificate.locks
        ]
    if stands is not None and case.world is not None:
        for record in stands.by:
            found = case.world.placed(record)
            if found is not None:
                rule = _STANDS.get(found.record.kind, "MOT-13")
                out.append(_ground(found, rule, None))
    return tuple(out)


def mandate_grounds(case: MandateCase, world: World) -> tuple[Ground, ...]:
    """The records that the state of a mandate rests on, each with its rule (STA-8)."""
    granted, history = case.granted, history_of(case)
    out = [Ground(record=granted.id, kind="mandate", rule="MAN-3", fault=history.fault)]
    if case.above is not None:
        above = case.above.granted
        out.append(Ground(record=above.id, kind=above.kind, rule="LVL-3", fault=None))
    for kind, rule in (("recall", "RCL-1"), ("report", "REP-1"), ("act", "ACT-8")):
        for placed in world.about(granted.id, kind):
            own = kind == "act" or placed.record.council == granted.council
            out.append(_ground(placed, rule, None if own else Reason.COUNCIL_FOREIGN))
    for placed in world.about(granted.id, "dispute"):
        out.append(_ground(placed, "DIS-1", None))
        out += [_ground(one, "DIS-10", None) for one in world.about(placed.record.id, "finding")]
    return tuple(out)


_STANDS = {"dispute": "DIS-8", "hold": "DIS-6"}
_RULES = {
    Reason.FREEZE_OMITS: "FRZ-8",
    Reason.POSITION_NOT_MEMBER: "POS-1",
    Reason.FREEZE_MISMATCH: "POS-2",
    Reason.POSITION_LATE: "POS-3",
    Reason.POSITION_RECEIPTS: "POS-4",
    Reason.POSITION_TALLY: "POS-5",
    Reason.POSITION_NUMBER: "POS-6",
    Reason.POSITION_DOUBLE: "POS-6",
    Reason.POSITION_VERSION: "MOT-6",
    Reason.POSITION_LEFT: "EXI-3",
}


def _rule_of(fault: Reason | None) -> str:
    return "POS-1" if fault is None else _RULES.get(fault, "POS-1")


def _ground(placed: Placed, rule: str, fault: Reason | None) -> Ground:
    record = placed.record
    return Ground(record=record.id, kind=record.kind, rule=rule, fault=fault)
