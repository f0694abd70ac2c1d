"""The freeze that the mover of a motion signs: C and every record that it rests on (FRZ-1)."""

from collections.abc import Iterable, Mapping

from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.freeze import Freeze, Voter
from confedproto.bodies.motion import Motion
from confedproto.bodies.roll import Roll
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.case import Case, World, seconders
from confedproto.rules.compact import Member
from confedproto.rules.freezing import amend_fault, takeover_fault
from confedproto.rules.membership import EVER
from confedproto.rules.nesting import concerned
from confedproto.rules.roll import bound_by
from confedproto.rules.tally import Outcome


def freeze_for(
    case: Case, members: Mapping[CouncilId, Member], council: CouncilId, now: int
) -> Freeze:
    """What `council` would freeze at `now` (seconds UTC), with `members` being those of now."""
    body, world = case.motion.record.body, case.world
    opens = now + case.compact.windows.notice
    backing = seconders(case)
    seconds = [p.record.id for p in case.seconds if p.record.council in backing]
    closes = opens + case.compact.windows.voting
    if world is None or not isinstance(body, Motion):
        return Freeze(councils=_voters(members.values()), opens=opens, closes=closes)
    claims = [
        placed
        for placed in world.about(case.motion.record.id, "affected-claim")
        if isinstance(placed.record.body, AffectedClaim) and placed.record.body.unit is None
    ]
    inside_units = concerned(world, case.motion)
    bound = bound_by(world, RecordId(body.version)) if body.version is not None else None
    inside = {
        one: member
        for one, member in members.items()
        if not (body.name == "exclusion" and one == body.target)
        and (bound is None or one in bound)
        and (
            (
                (body.affected is None or one in body.affected)
                and (inside_units is None or one in inside_units)
            )
            or one == case.motion.record.council
            or one in {p.record.council for p in claims}
        )
    }
    versions = [
        placed.record.id
        for placed in world.about(case.motion.record.id, "amend")
        if amend_fault(case, placed, now) is None and not world.about(placed.record.id, "objection")
    ]
    taken = [
        placed.record.id
        for placed in world.about(case.motion.record.id, "takeover")
        if placed.record.council == council and takeover_fault(case, placed) is None
    ]
    out = set(case.members) - set(members)
    founders = {m.council for m in case.members.values() if m.accession is None}
    back = {
        one: member.accession
        for one, member in inside.items()
        if member.accession is not None and member.accession != case.members[one].accession
    }
    return Freeze(
        councils=_voters(inside.values()),
        opens=opens,
        closes=closes,
        seconds=_ids(seconds),
        accessions=_ids(back.values()),
        exits=_ids(
            p.record.id
            for p in world.about(case.compact_id, "exit")
            if p.record.council in back or p.record.council in founders & out
        ),
        decisions=_ids(_exclusions(case, world, out)),
        claims=_ids(p.record.id for p in claims),
        versions=_ids(versions),
        takeover=min(taken, default=None),
        rolls=_rolls(world, inside) if _asks_rolls(case, body) else None,
    )


def _voters(members: Iterable[Member]) -> tuple[Voter, ...]:
    rows = (Voter(council=member.council, weight=member.weight) for member in members)
    return tuple(sorted(rows, key=lambda voter: voter.council))


def _ids(ids: Iterable[RecordId]) -> tuple[bytes, ...] | None:
    return tuple(sorted(set(ids))) or None


def _exclusions(case: Case, world: World, out: set[CouncilId]) -> list[RecordId]:
    found: list[RecordId] = []
    for placed in world.motions(case.compact_id, "exclusion"):
        motion = placed.record.body
        if not isinstance(motion, Motion) or motion.first is None:
            continue
        gone = motion.target is not None and CouncilId(motion.target) in out
        if gone and world.outcome(placed.record.id, EVER) is Outcome.ADOPTED:
            found.append(placed.record.id)
    return found


def _asks_rolls(case: Case, body: Motion) -> bool:
    return any(quorum.name == body.name for quorum in case.compact.people_quorums or ())


def _rolls(world: World, inside: Mapping[CouncilId, Member]) -> tuple[int, ...] | None:
    """What each council of C last said of its members; None if one has said nothing."""
    last: dict[CouncilId, int] = {}
    for placed in world.of_kind("roll"):
        if isinstance(placed.record.body, Roll):
            last[placed.record.council] = placed.record.body.members
    if not inside.keys() <= last.keys():
        return None
    return tuple(last[one] for one in sorted(inside)) or None
