"""Versions of a compact: proposed, decided, ratified by each council for itself (specs/05, REV)."""

from confedproto.bodies.compact import Compact
from confedproto.bodies.motion import Motion
from confedproto.bodies.ratify import Ratify
from confedproto.errors import Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.case import Case, Placed, World, is_adopted
from confedproto.rules.compact import terms_fault

CHAIN_MAX = 64
"""Versions of one compact that are followed back; more are refused."""


def root_of(world: World, version: RecordId) -> RecordId | None:
    """The founding record that a chain of versions leads back to, or None (REV-1)."""
    for _ in range(CHAIN_MAX):
        placed = world.placed(version)
        body = placed.record.body if placed is not None else None
        if not isinstance(body, Compact):
            return None
        if body.previous is None:
            return version
        version = RecordId(body.previous)
    return None


def proposal_fault(world: World, compact: RecordId, version: Compact) -> Reason | None:
    """Why this cannot replace the compact with that founding record, or None (REV-1)."""
    previous = RecordId(version.previous) if version.previous is not None else None
    placed = world.placed(previous) if previous is not None else None
    before = placed.record.body if placed is not None else None
    if previous is None or not isinstance(before, Compact) or root_of(world, previous) != compact:
        return Reason.COMPACT_VERSION
    if version.founders != before.founders:
        return Reason.COMPACT_FOUNDER
    return terms_fault(version)


def version_fault(case: Case, version: RecordId, by: int) -> Reason | None:
    """COMPACT_VERSION unless a charter motion adopted this version by a time (REV-2)."""
    world = case.world
    placed = world.placed(version) if world is not None else None
    body = placed.record.body if placed is not None else None
    if world is None or not isinstance(body, Compact):
        return Reason.COMPACT_VERSION
    if proposal_fault(world, case.compact_id, body) is not None:
        return Reason.COMPACT_VERSION
    for naming in world.naming(version):
        motion = naming.record.body
        if not isinstance(motion, Motion) or naming.record.subject != case.compact_id:
            continue
        here = motion.name == "charter" and motion.target == version
        if here and is_adopted(case, naming.record.id, by):
            return None
    return Reason.COMPACT_VERSION


def bound_version(
    world: World, compact: RecordId, council: CouncilId, before: Placed | None = None
) -> RecordId | None:
    """The version that a council last ratified in its own logs, before a record of it (REV-3)."""
    found = [
        placed
        for version in versions_of(world, compact)
        for placed in world.about(version, "ratify")
        if placed.record.council == council
        and (before is None or world.precedes(placed, before))
        and isinstance(placed.record.body, Ratify)
        and placed.record.body.value == "yes"
    ]
    last: Placed | None = None
    for placed in sorted(found, key=lambda placed: (placed.record.time, placed.record.id)):
        if last is None or world.precedes(last, placed):
            last = placed
    return last.record.subject if last is not None else None


def versions_of(world: World, compact: RecordId) -> list[RecordId]:
    """Every version proposed of a compact, by founding record, in no order that matters."""
    out: list[RecordId] = []
    last = [compact]
    for _ in range(CHAIN_MAX):  # by depth: a bound on their number would hang on arrival
        last = [placed.record.id for one in last for placed in world.about(one, "version")]
        out += last
    return out
