"""What a random history of decisions reaches: states, outcomes, reasons, rules and features."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from confedproto.record import VerifiedRecord
from confedproto.rules.motion import Case, MotionStatus, freeze_fault, notice_fault
from confedproto.view import View
from tests.models.decision_logs import Row
from tests.models.decision_members import voters
from tests.models.decision_rounds import rule_in
from tests.models.decisions import Model
from tests.support.assembly import FAR

FIELDS = ("state", "outcome", "effect", "step", "found", "fault")


def covered(
    model: Model, view: View, motions: Sequence[VerifiedRecord], times: Sequence[int]
) -> Counter[str]:
    """Name of what is reached -> how often in this history."""
    out: Counter[str] = Counter()
    for now in times:
        for row in model.rows(now):
            out.update(f"{name} {row[name]}" for name in FIELDS if name in row)
            out.update(name for name in ("held", "version", "dissolved", "demanded") if name in row)
    for motion in motions:
        status, case = view.motion_status(motion.id, FAR), view.case(motion.id)
        if isinstance(status, MotionStatus) and isinstance(case, Case):
            faults = [status.fault, *(judged.fault for judged in status.positions)]
            faults += [freeze_fault(case, p) or notice_fault(case, p) for p in case.freezes]
            out.update(f"reason {fault.value}" for fault in faults if fault is not None)
        out.update(_features(model, model.by_id[motion.id]))
    return +out


def _features(model: Model, motion: Row) -> Counter[str]:
    """What this motion shows of readings, rounds, units and membership."""
    out, body, decision = Counter[str](), motion.body, model.decision(motion.id)
    compact = motion.leaf.subject
    if decision is None:
        return out
    outcome, freeze = decision
    said = freeze.body
    out[f"rule {rule_in(model.law(motion), body.name).partition('(')[0]}"] = 1
    if model.shown_in(motion, freeze, 1, outcome) is None or not _locked(model, motion, freeze, 1):
        out["certificate of a later round"] = 1
    kinds = {model.by_id[one].body.name for one in said.decisions or () if one in model.by_id}
    out.update(f"left out by {name}" for name in kinds)
    if body.first is not None:
        out[f"second reading of {'exclusion' if body.name == 'exclusion' else 'another'}"] = 1
    if body.name == "exclusion" and outcome == "adopted" and body.target in model.excluded(compact):
        out["excluded"] = 1
    if body.name == "accession" and outcome == "adopted":
        out["let in by motion"] = int(model.entered(compact, body.target))
    founders = model.founders(compact)
    if model.by_motion(compact) and voters(freeze) - set(founders):
        out["voted who was let in by motion"] = 1
    amends = [model.by_id[one] for one in said.versions or ()]
    out["editorial version"] = int(any(row.body.editorial for row in amends))
    if body.units is not None:
        out["units"] = 1
        out["units affected"] = int(body.affected is not None)
        out["units by a version"] = int(any(_by_version(model, one) for one in body.units))
        out["claimed back"] = int(outcome == "adopted" and model.claim_stands(motion, freeze))
    if body.parent is not None:
        out["put again"] = int(model.closing(body.parent, freeze.time) is not None)
    out["held by a quarter"] = int(bool(model.find("hold", motion.id)) and outcome == "adopted")
    out["emergency"] = int(body.name == "emergency")
    out["quorum of the people"] = int(said.rolls is not None)
    return out


def _locked(model: Model, motion: Row, freeze: Row, round_: int) -> bool:
    locks: dict[Any, set[bytes]] = {}
    for row in model.words("lock", motion, freeze):
        if row.body.round == round_:
            locks.setdefault(row.body.outcome, set()).add(row.council)
    n = len(voters(freeze))
    needed = 2 * n // 3 + 1 if n >= 4 else n // 2 + 1
    return any(len(by) >= needed for by in locks.values())


def _by_version(model: Model, unit: bytes) -> bool:
    first = model.founding(unit)
    return first is not None and first.body.upper is None
