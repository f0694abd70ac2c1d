"""Local, regional, inter-regional: base councils vote at every level (specs/05, NES).

A compact of a higher level has no members that are compacts. Its motions name the lower compacts
whose councils they concern, at least two of them: what concerns one alone is decided there.
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Final

from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.compact import Compact
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.errors import Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.case import Case, Placed, World, admitted_by
from confedproto.rules.tally import Outcome
from confedproto.rules.versions import proposal_fault, versions_of

WITHIN: Final = frozenset({"charter", "accession", "exclusion", "dissolution", "dormancy"})
"""Classes about the compact itself, which concern all of its councils (NES-4)."""


def level_of(compact: Compact) -> int:
    """1: local; 2: regional; 3: inter-regional (NES-3)."""
    return compact.level or 1


def units_fault(case: Case, motion: Motion) -> Reason | None:
    """Why a matter may not be put at this level, or None (NES-4, NES-5)."""
    asked = level_of(case.compact) > 1 and motion.name not in WITHIN
    if motion.units is None:
        return Reason.LEVEL_LOWER if asked else None
    units = [RecordId(unit) for unit in motion.units]
    if not asked or units != sorted(set(units)):
        return Reason.MOTION_FIELD
    world = case.world
    if world is None or not all(_is_lower(case, world, unit) for unit in units):
        return Reason.LEVEL_LOWER
    if not _are_several(case, world, units):
        return Reason.LEVEL_LOWER
    if motion.affected is None:
        return None
    touched: list[set[bytes]] = [set(motion.affected) & _inside(case, world, u) for u in units]
    several = sum(bool(one) for one in touched) > 1 and len(set[bytes]().union(*touched)) > 1
    return None if several else Reason.LEVEL_LOWER


def _are_several(case: Case, world: World, units: Sequence[RecordId]) -> bool:
    """Whether two of the units have founders here that the other has not: else it is one unit
    under two names. Who joined a unit later is not asked, so that none stops being one.
    """
    here, known = _inside(case, world, case.compact_id), list[set[CouncilId]]()
    for unit in units:
        compact = world.compact(unit)
        founders = {CouncilId(f.council) for f in compact.founders} if compact else set()
        known.append(founders & here)
    return any(one - other and other - one for one, other in combinations(known, 2))


def _is_lower(case: Case, world: World, unit: RecordId) -> bool:
    """Whether a compact, or a version of it adopted before the motion, names this as its upper."""
    founded, by = world.compact(unit), case.motion.record.time
    if founded is None:
        return False
    bodies = [founded]
    for version in versions_of(world, unit):
        placed = world.placed(version)
        body = placed.record.body if placed is not None else None
        good = isinstance(body, Compact) and proposal_fault(world, unit, body) is None
        if isinstance(body, Compact) and good and _is_adopted(world, unit, version, by):
            bodies.append(body)
    level = level_of(case.compact) - 1
    return any(body.upper == case.compact_id and level_of(body) == level for body in bodies)


def _is_adopted(world: World, unit: RecordId, version: RecordId, by: int) -> bool:
    for placed in world.naming(version):
        body = placed.record.body
        charter = isinstance(body, Motion) and body.name == "charter" and body.target == version
        here = charter and placed.record.subject == unit
        if here and world.outcome(placed.record.id, by) is Outcome.ADOPTED:
            return True
    return False


def concerned(world: World | None, motion: Placed) -> set[CouncilId] | None:
    """The councils of the units that a motion names; None where it names none (NES-5)."""
    units, by = getattr(motion.record.body, "units", None), motion.record.time
    if units is None:
        return None
    admitted = (admitted_by(world, RecordId(unit), by) for unit in units) if world else ()
    return {council for unit in admitted for council in unit}


def _inside(case: Case, world: World, unit: RecordId) -> set[CouncilId]:
    """The councils that a unit had admitted when the motion was moved."""
    return admitted_by(world, unit, case.motion.record.time)


def founding(world: World | None, motion: Motion) -> set[CouncilId] | None:
    """The founders of the units, who were concerned from the first; None without units.

    They alone are asked for: who joins a unit later must not make an older freeze bad.
    """
    if motion.units is None:
        return None
    units = (world.compact(RecordId(unit)) for unit in motion.units) if world else ()
    return {CouncilId(f.council) for unit in units if unit is not None for f in unit.founders}


def joining(world: World, motion: Motion, council: CouncilId) -> list[Placed]:
    """The accessions of a council to the units of a motion."""
    return [
        placed
        for unit in motion.units or ()
        for placed in world.about(RecordId(unit), "accession")
        if placed.record.council == council
    ]


def claimed_back(
    case: Case, frozen: Freeze, world: World, written_at: Callable[[Placed], int | None]
) -> list[Placed]:
    """The claims by which a unit takes a matter back: most of its councils in C (NES-6).

    `written_at` says when a record counts as written (RCP-5), so that none is dated back.
    """
    body = case.motion.record.body
    roll = {voter.council for voter in frozen.councils}
    out: list[Placed] = []
    for unit in (isinstance(body, Motion) and body.units) or ():
        inside = roll & _inside(case, world, RecordId(unit))
        claims = {
            placed.record.council: placed
            for placed in world.about(case.motion.record.id, "affected-claim")
            if isinstance(placed.record.body, AffectedClaim)
            and placed.record.body.unit == unit
            and placed.record.council in inside
            and (written := written_at(placed)) is not None
            and written <= frozen.closes
        }
        if 2 * len(claims) > len(inside):
            out += claims.values()
    return out
