"""Who may be in the frozen roll C, and on which records that rests (specs/07, FRZ-2).

Every answer rests on records that the freeze names, and each of them only ever counts more:
what arrives later cannot make a good freeze bad (principle P7).
"""

from collections.abc import Sequence

from confedproto.bodies.accession import Accession
from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.exit import Exit
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.roll import Roll
from confedproto.errors import Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.case import (
    Case,
    Placed,
    World,
    asks_motion,
    is_adopted,
    is_let_in,
)
from confedproto.rules.compact import rule_for
from confedproto.rules.nesting import concerned, founding


def roll_fault(case: Case, body: Freeze) -> Reason | None:
    """FREEZE_ROLL and its like unless C is who may vote on this motion (FRZ-2)."""
    motion = case.motion.record.body
    if not isinstance(motion, Motion):
        return Reason.MOTION_UNKNOWN
    councils = [CouncilId(voter.council) for voter in body.councils]
    if councils != sorted(set(councils)):
        return Reason.FREEZE_ROLL
    out = excused(case, motion, body)
    firsts = case.world.first_accessions(case.compact_id) if case.world is not None else {}
    for voter in body.councils:
        council = CouncilId(voter.council)
        own = firsts.get(council, ())
        if voter.weight not in _weights(case, body, council, own) or council in out:
            return Reason.FREEZE_ROLL
    founding_ = founding(case.world, motion)
    for member in case.members.values():
        if motion.version is not None:
            break  # who ratifies later must not make this freeze bad; who did before, FRZ-8 asks
        if founding_ is not None and member.council not in founding_:
            continue
        left_out = member.accession is None and member.council not in councils
        if left_out and member.council not in out and not is_left(case, body, member.council):
            return Reason.FREEZE_ROLL
    return _frozen_rolls_fault(case, body, councils)


def is_left(case: Case, body: Freeze, council: CouncilId) -> bool:
    """Whether the freeze names an exit of a council from this compact (EXI-2)."""
    return any(_of(case, placed, Exit) for placed in _named(case, body.exits, "exit", council))


def _named(
    case: Case, ids: tuple[bytes, ...] | None, kind: str, council: CouncilId
) -> list[Placed]:
    if case.world is None:
        return []
    found = (case.world.placed(RecordId(one)) for one in ids or ())
    return [
        placed
        for placed in found
        if placed is not None and placed.record.kind == kind and placed.record.council == council
    ]


def _weights(case: Case, body: Freeze, council: CouncilId, firsts: Sequence[Placed]) -> set[int]:
    """The weights in halves with which a council may be in C; none if it may not be.

    `firsts` are its first good accessions.
    """
    member = case.members.get(council)
    if member is None:
        return set()
    exits = [p for p in _named(case, body.exits, "exit", council) if _of(case, p, Exit)]
    if member.accession is None and not exits:
        return {member.weight}
    if case.world is None:
        return {member.weight}
    if not exits:
        good = (p for p in firsts if _is_admitted(case, p, body.opens))
        return {p.record.body.weight for p in good if isinstance(p.record.body, Accession)}
    for placed in _named(case, body.accessions, "accession", council):
        accession = placed.record.body
        if not isinstance(accession, Accession) or not _returns(case, placed, exits):
            continue
        if _is_admitted(case, placed, body.opens):
            return {accession.weight}
    return set()


def _returns(case: Case, placed: Placed, exits: Sequence[Placed]) -> bool:
    """Whether an accession brings its council back, by its form and its place after exits."""
    accession = placed.record.body
    compact = case.world.compact(case.compact_id) if case.world is not None else None
    if not isinstance(accession, Accession) or placed.record.subject != case.compact_id:
        return False
    if compact is None or accession.observer or accession.weight > compact.weight_max:
        return False
    return all(_later(placed, gone) for gone in exits)


def entries(case: Case, body: Freeze, council: CouncilId) -> list[Placed]:
    """The accessions that admitted a council before the opening and that no named exit undoes."""
    if council not in case.members or case.world is None:
        return []
    exits = [p for p in _named(case, body.exits, "exit", council) if _of(case, p, Exit)]
    own: Sequence[Placed] = case.world.first_accessions(case.compact_id).get(council, ())
    if exits:
        known = case.world.about(case.compact_id, "accession")
        own = [p for p in known if p.record.council == council and _returns(case, p, exits)]
    return [placed for placed in own if _is_admitted(case, placed, body.opens)]


def _of(case: Case, placed: Placed, body: type) -> bool:
    return isinstance(placed.record.body, body) and placed.record.subject == case.compact_id


def _later(one: Placed, other: Placed) -> bool:
    """Whether `one` stands after `other` in their council's logs."""
    if one.log == other.log:
        return one.index > other.index
    return one.record.time > other.record.time


def _is_admitted(case: Case, placed: Placed, by: int) -> bool:
    """Whether an accession is admitted: by sponsors, or by a motion where one is asked."""
    compact = case.world.compact(case.compact_id) if case.world is not None else None
    if case.world is None or compact is None:
        return False
    if not asks_motion(compact):
        return True  # `members` has asked the sponsors
    return is_let_in(case.world, placed, by)


def excused(case: Case, motion: Motion, body: Freeze, *, unbound: bool = True) -> set[CouncilId]:
    """The members that are not in C although they have not left (FRZ-2).

    With `unbound` also those that did not ratify the version (REV-3).
    """
    out: set[CouncilId] = set()
    if motion.name == "exclusion" and motion.target is not None:
        out.add(CouncilId(motion.target))
    for decision in body.decisions or ():
        target = _decided(case, RecordId(decision), body.opens)
        if target is not None:
            out.add(target)
    asked = motion.version if unbound else None
    bound = None if asked is None else bound_by(case.world, RecordId(asked))
    inside = concerned(case.world, case.motion)
    for council in case.members:
        if bound is not None and council not in bound:
            out.add(council)
        listed = motion.affected is None or council in motion.affected
        if listed and (inside is None or council in inside):
            continue
        claims = _named(case, body.claims, "affected-claim", council)
        about = [p.record.body for p in claims if p.record.subject == case.motion.record.id]
        is_claimed = any(isinstance(b, AffectedClaim) and b.unit is None for b in about)
        if not is_claimed and council != case.motion.record.council:
            out.add(council)
    return out


def _decided(case: Case, decision: RecordId, by: int) -> CouncilId | None:
    """The council that an adopted exclusion or dormancy takes out of C (EXC-2, DOR-1)."""
    placed = case.world.placed(decision) if case.world is not None else None
    body = placed.record.body if placed is not None else None
    if placed is None or not isinstance(body, Motion) or body.target is None:
        return None
    if placed.record.subject != case.compact_id or case.world is None:
        return None
    whole = body.name == "dormancy" or (body.name == "exclusion" and body.first is not None)
    if not whole or not is_adopted(case, decision, by):
        return None
    return CouncilId(body.target)


def bound_by(world: World | None, version: RecordId) -> set[CouncilId]:
    """The councils that have ratified a version of the compact (REV-3)."""
    return {
        placed.record.council
        for placed in (world.about(version, "ratify") if world is not None else ())
        if isinstance(placed.record.body, Ratify) and placed.record.body.value == "yes"
    }


def _frozen_rolls_fault(case: Case, body: Freeze, councils: list[CouncilId]) -> Reason | None:
    """Each council of C has said, in some roll record, what is frozen of its members (POS-7)."""
    asked = rule_for(case.compact, getattr(case.motion.record.body, "name", ""))
    if body.rolls is None:
        needed = asked is not None and asked.people_quorum is not None
        return Reason.FREEZE_ROLL if needed else None
    said: set[tuple[CouncilId, int]] = set()
    for placed in case.world.of_kind("roll") if case.world is not None else ():
        if isinstance(placed.record.body, Roll):
            said.add((placed.record.council, placed.record.body.members))
    whole = len(body.rolls) == len(councils)
    good = whole and said.issuperset(zip(councils, body.rolls, strict=True))
    return None if good else Reason.FREEZE_ROLL
