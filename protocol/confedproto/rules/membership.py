"""Who is in a compact now: exits, exclusions, admission by motion (specs/05, ACC, EXI, EXC)."""

from collections.abc import Mapping, Sequence

from confedproto.bodies.accession import Accession
from confedproto.bodies.compact import Compact
from confedproto.bodies.exit import Exit
from confedproto.bodies.motion import Motion
from confedproto.errors import Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.limits import TIME_MAX_S
from confedproto.record import VerifiedRecord
from confedproto.rules.case import Placed, World, admitted_by, asks_motion, is_let_in
from confedproto.rules.compact import Member
from confedproto.rules.tally import Outcome

EVER = TIME_MAX_S + 1
"""A time before which everything lies."""


def current(
    found: tuple[VerifiedRecord, Compact] | Reason,
    compact_id: RecordId,
    admitted: Mapping[CouncilId, Member],
    world: World,
) -> dict[CouncilId, Member]:
    """The members of a founded compact after exits and exclusions; empty if it is not founded."""
    if isinstance(found, Reason):
        return {}
    by_motion = asks_motion(found[1])
    gone = excluded(compact_id, world)
    events: dict[CouncilId, list[Placed]] = {}
    for kind in ("accession", "exit"):
        for placed in world.about(compact_id, kind):
            events.setdefault(placed.record.council, []).append(placed)
    out: dict[CouncilId, Member] = {}
    for council, member in admitted.items():
        history = events.get(council, ())
        most = found[1].weight_max
        member_now = _after(member, history, most, by_motion=by_motion, world=world)
        if member_now is not None and council not in gone:
            out[council] = member_now
    return out


def _after(
    member: Member, events: Sequence[Placed], most: int, *, by_motion: bool, world: World
) -> Member | None:
    """A council's membership after its own exits and accessions, in the order of its log."""
    founder = member.accession is None
    inside, left = member if founder else None, False
    one_log = len({placed.log for placed in events}) == 1
    for placed in sorted(events, key=lambda p: (0 if one_log else p.record.time, p.index)):
        match placed.record.body:
            case Exit():
                inside, left = None, True
            case Accession() as accession if inside is None and not accession.observer:
                if accession.weight > most:
                    continue
                first = left or placed.record.id == member.accession
                if is_let_in(world, placed, EVER) if by_motion else first:
                    inside = Member(
                        council=member.council,
                        weight=accession.weight,
                        accession=placed.record.id,
                    )
            case _:
                pass
    return inside


def ever_members(
    compact_id: RecordId, admitted: Mapping[CouncilId, Member], world: World
) -> dict[CouncilId, Member]:
    """All that a compact admitted and has not excluded: what one wrote before it left stands."""
    inside = admitted_by(world, compact_id, EVER) - excluded(compact_id, world)
    return {council: member for council, member in admitted.items() if council in inside}


def excluded(compact: RecordId, world: World) -> set[CouncilId]:
    """The councils that a second reading has excluded for good (EXC-2)."""
    out: set[CouncilId] = set()
    for placed in world.motions(compact, "exclusion"):
        body = placed.record.body
        if not isinstance(body, Motion) or body.first is None:
            continue
        if body.target is None:
            continue
        if world.outcome(placed.record.id, EVER) is Outcome.ADOPTED:
            out.add(CouncilId(body.target))
    return out


def observers(compact: RecordId, world: World) -> set[CouncilId]:
    """The councils that have a voice in a compact and no vote (ACC-5, case 63)."""
    return {
        placed.record.council
        for placed in world.about(compact, "accession")
        if isinstance(placed.record.body, Accession) and placed.record.body.observer
    }


def dissolved_by(compact: RecordId, world: World, before: int = EVER) -> RecordId | None:
    """The adopted motion that dissolves a compact, the first that closed, or None (END-2)."""
    found: list[tuple[int, RecordId]] = []
    for placed in world.motions(compact, "dissolution"):
        motion = placed.record.id
        if world.outcome(motion, before) is Outcome.ADOPTED:
            found.append((world.closed(motion, before) or 0, motion))
    return min(found)[1] if found else None
