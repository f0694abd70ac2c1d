"""Versions of a compact: proposed, decided, ratified by each council for itself (specs/05, REV)."""

from confedproto.bodies.compact import Compact
from confedproto.bodies.motion import Motion
from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.rules.case import Case, World, is_adopted

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


def version_fault(case: Case, version: RecordId, by: int) -> Reason | None:
    """COMPACT_VERSION unless a charter motion adopted this version by a time (REV-2)."""
    world = case.world
    if world is None or root_of(world, version) != case.compact_id:
        return Reason.COMPACT_VERSION
    for placed in world.naming(version):
        body = placed.record.body
        charter = isinstance(body, Motion) and body.name == "charter" and body.target == version
        here = charter and placed.record.subject == case.compact_id
        if here and is_adopted(case, placed.record.id, by):
            return None
    return Reason.COMPACT_VERSION
