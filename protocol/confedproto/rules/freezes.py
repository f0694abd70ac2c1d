"""The freeze that the mover of a motion signs: C and every record that it rests on (FRZ-1)."""

from collections.abc import Iterable, Mapping

from confedproto.bodies.freeze import Freeze, FrozenRoll, Voter
from confedproto.bodies.motion import Motion
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.roll import Roll
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.case import Case, Placed, World, seconders
from confedproto.rules.compact import Member
from confedproto.rules.freezing import amend_fault, takeover_fault
from confedproto.rules.membership import EVER
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
    claims = list(world.about(case.motion.record.id, "affected-claim"))
    ratified = _ratified(world, body)
    inside = {
        one: member
        for one, member in members.items()
        if not (body.name == "exclusion" and one == body.target)
        and (body.version is None or one in ratified)
        and (
            body.affected is None
            or one in body.affected
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
    return Freeze(
        councils=_voters(inside.values()),
        opens=opens,
        closes=closes,
        seconds=_ids(seconds),
        accessions=_ids(m.accession for m in inside.values() if m.accession is not None),
        exits=_ids(
            p.record.id for p in world.about(case.compact_id, "exit") if p.record.council in out
        ),
        decisions=_ids(_exclusions(case, world, out)),
        ratifications=_ids(ratified[one] for one in inside if one in ratified),
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


def _ratified(world: World, body: Motion) -> dict[CouncilId, RecordId]:
    if body.version is None:
        return {}
    return {
        placed.record.council: placed.record.id
        for placed in world.about(RecordId(body.version), "ratify")
        if isinstance(placed.record.body, Ratify) and placed.record.body.value == "yes"
    }


def _exclusions(case: Case, world: World, out: set[CouncilId]) -> list[RecordId]:
    found: list[RecordId] = []
    for placed in world.about(case.compact_id, "motion"):
        motion = placed.record.body
        if not isinstance(motion, Motion) or motion.name != "exclusion" or motion.first is None:
            continue
        gone = motion.target is not None and CouncilId(motion.target) in out
        if gone and world.outcome(placed.record.id, EVER) is Outcome.ADOPTED:
            found.append(placed.record.id)
    return found


def _asks_rolls(case: Case, body: Motion) -> bool:
    return any(quorum.name == body.name for quorum in case.compact.people_quorums or ())


def _rolls(world: World, inside: Mapping[CouncilId, Member]) -> tuple[FrozenRoll, ...] | None:
    last: dict[CouncilId, Placed] = {}
    for placed in world.of_kind("roll"):
        if placed.record.council in inside:
            last[placed.record.council] = placed
    rows = [
        FrozenRoll(council=one, roll=last[one].record.id, members=roll.members)
        for one in sorted(last)
        if isinstance(roll := last[one].record.body, Roll)
    ]
    return tuple(rows) or None
