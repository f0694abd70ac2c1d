"""What an adopted motion is worth now: force, end, successors, holds (specs/07, MOT-13)."""

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from confedproto.bodies.freeze import Freeze
from confedproto.bodies.hold import Hold
from confedproto.bodies.motion import Motion
from confedproto.bodies.task import Task
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.administration import administration_fault
from confedproto.rules.case import Case, Placed, World, rule_of, rule_under
from confedproto.rules.certificate import tally_of
from confedproto.rules.demand import demands
from confedproto.rules.dispute import held_until
from confedproto.rules.findings import (
    Court,
    awaits_vote,
    court_of,
    is_answered,
    is_challenged,
    new_vote,
    turns,
)
from confedproto.rules.law import is_weaker as is_weaker
from confedproto.rules.membership import EVER
from confedproto.rules.motion import MotionStatus
from confedproto.rules.nesting import claimed_back
from confedproto.rules.notice import written_at
from confedproto.rules.states import Effect, State, Turn, walk_effects
from confedproto.rules.tally import Outcome, outcome_of
from confedproto.rules.terms import CLASSES, term


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The effect of a decision, whether it is held, and whether a quarter of C has demanded a new
    vote that is not taken yet; `by` are the records that say so.
    """

    effect: Effect
    held: bool = False
    by: tuple[RecordId, ...] = ()
    demanded: bool = False


def standing(case: Case, status: MotionStatus, now: int) -> Standing:
    """What the decision is worth at `now` (seconds UTC), from these records alone (MOT-13)."""
    body, freeze = case.motion.record.body, status.freeze
    frozen = freeze.record.body if freeze is not None else None
    if not isinstance(body, Motion) or not isinstance(frozen, Freeze) or case.world is None:
        return Standing(effect=Effect.NONE)
    asked = demands(case, status)
    again = new_vote(case, case.world) if asked else None
    demanded = bool(asked) and again is None
    if not _is_adopted(body, status):
        return Standing(effect=Effect.NONE, demanded=demanded, by=_ids(asked))
    turns, by = [Turn.ADOPTION], [placed.record.id for placed in asked]
    begins = body.begins if body.begins is not None else frozen.closes
    if now >= begins:
        turns.append(Turn.FORCE)
    court = court_of(case, case.world)
    for turn, record in _later(case, body, status, court):
        turns.append(turn)
        by.append(record)
    if again is not None and again is not Outcome.ADOPTED:
        turns.append(Turn.FINDING)
    ends = body.ends
    if body.name == "emergency":
        limit = frozen.closes + term(case.compact, "emergency")
        ends = limit if ends is None else min(ends, limit)
    if ends is not None and now >= ends:
        turns.append(Turn.END)
    held = _holds(case, frozen, now, court)
    return Standing(
        effect=walk_effects(turns),
        held=bool(held),
        by=tuple(sorted({*by, *held})),
        demanded=demanded,
    )


def _ids(records: Iterable[Placed]) -> tuple[RecordId, ...]:
    return tuple(sorted({placed.record.id for placed in records}))


def _is_adopted(body: Motion, status: MotionStatus) -> bool:
    if status.outcome is not Outcome.ADOPTED:
        return False
    if status.state is State.FINAL:
        return True
    law = CLASSES[body.name]  # a reversible act of administration takes effect at once (CER-8)
    at_once = not law.binding and bool(body.reversible)
    return at_once and status.state is State.PROVISIONAL


def _later(
    case: Case, body: Motion, status: MotionStatus, court: Court
) -> list[tuple[Turn, RecordId]]:
    """Findings, successors and reports that bear on the decision."""
    world, own = court.world, case.motion.record.id
    out = turns(court, case, status)
    rule = rule_of(case)
    for placed in world.naming(own):
        later = placed.record.body
        if not isinstance(later, Motion) or placed.record.subject != case.compact_id:
            continue
        named = {*(later.supersedes or ()), *(later.repeals or ())}
        if own not in named or world.outcome(placed.record.id, EVER) is not Outcome.ADOPTED:
            continue
        if later.name == "emergency" and body.name in ("charter", "exclusion"):
            continue  # an emergency touches neither (case 47)
        asked = rule_under(world, placed)
        if rule is None or asked is None or is_weaker(asked, rule):
            continue
        turn = Turn.REPEAL if own in (later.repeals or ()) else Turn.SUCCESSOR
        out.append((turn, placed.record.id))
    for placed in world.about(own, "task"):
        task = placed.record.body
        by_carrier = body.carrier is None or placed.record.council == body.carrier
        done = isinstance(task, Task) and task.done and by_carrier
        held = done and is_challenged(court, placed.record.id, placed.record.council)
        if done and not held and administration_fault(placed, court) is None:
            out.append((Turn.REPORT, placed.record.id))
    return sorted(out, key=lambda item: (list(Turn).index(item[0]), item[1]))


def _holds(case: Case, frozen: Freeze, now: int, court: Court) -> list[RecordId]:
    """The records by which a decision waits at `now`: holds, a new vote, a contradiction."""
    world, own = court.world, case.motion.record.id
    councils = {CouncilId(voter.council) for voter in frozen.councils}
    asked = [p for p in world.about(own, "hold") if _suspends(p) and not _is_over(court, p)]
    span = held_until(asked, councils, case.compact)
    held: list[RecordId] = awaits_vote(court, case)
    if not is_answered(court, own):
        roll: set[bytes] = {*councils}
        claims = claimed_back(case, frozen, world, lambda placed: written_at(case, placed, roll))
        held += [placed.record.id for placed in claims]
    if span is not None and span[0] <= now < span[1]:
        held += [p.record.id for p in asked if p.record.council in councils]
    return held + [p.record.id for p in contradicting(case, world)]


def _suspends(hold: Placed) -> bool:
    """Whether it asks to wait; else it asks for a new vote (DIS-11)."""
    return isinstance(hold.record.body, Hold) and hold.record.body.position is None


def _is_over(court: Court, hold: Placed) -> bool:
    """Whether a hold names a dispute that ended with nothing against the decision (DIS-6)."""
    dispute = hold.record.body.dispute if isinstance(hold.record.body, Hold) else None
    return dispute is not None and court.settled(RecordId(dispute))


def contradicting(case: Case, world: World) -> list[Placed]:
    """Adopted motions that contradict this one and do not name it to replace it (MOT-15)."""
    own, body = case.motion.record.id, case.motion.record.body
    out: list[Placed] = []
    others = [p for p in world.naming(own) if own in _list(p, "contradicts")]
    mine = getattr(body, "contradicts", None) or ()
    others += [p for one in mine if (p := world.placed(RecordId(one))) is not None]
    for placed in others:
        replaced = {*_list(placed, "supersedes"), *_list(placed, "repeals")}
        mine_replaces = {*_list(case.motion, "supersedes"), *_list(case.motion, "repeals")}
        if own in replaced or placed.record.id in mine_replaces:
            continue
        if placed.record.subject != case.compact_id:
            continue  # of another compact, whose members anybody may choose
        if world.outcome(placed.record.id, EVER) is Outcome.ADOPTED:
            out.append(placed)
    return out


def _list(placed: Placed, name: str) -> tuple[bytes, ...]:
    return getattr(placed.record.body, name, None) or ()


def outcome_without_claims(case: Case, status: MotionStatus) -> Outcome | None:
    """What the same positions give without the councils that only claim to be affected (MOT-5)."""
    body, freeze = case.motion.record.body, status.freeze
    frozen = freeze.record.body if freeze is not None else None
    rule = rule_of(case)
    if not isinstance(body, Motion) or not isinstance(frozen, Freeze) or rule is None:
        return None
    if body.affected is None or frozen.claims is None or status.outcome is None:
        return None
    listed = {*body.affected, case.motion.record.council}
    councils = tuple(voter for voter in frozen.councils if voter.council in listed)
    counted = [
        judged.position.record
        for judged in status.positions
        if judged.fault is None and judged.position.record.council in listed
    ]
    return outcome_of(tally_of(replace(frozen, councils=councils), rule, counted))
