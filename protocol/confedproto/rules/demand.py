"""A new vote that a quarter of C demands, over a position that surfaced late (specs/07, DIS-11).

What is certified stands, and a decision stays in force meanwhile. What the assemblies then say
is what counts: unless they adopt it again, it is worth nothing.
"""

from confedproto.bodies.freeze import Freeze
from confedproto.bodies.hold import Hold
from confedproto.bodies.vote import Vote
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.case import Case, Placed
from confedproto.rules.motion import MotionStatus
from confedproto.rules.notice import written_at
from confedproto.rules.terms import term


def overlooked(status: MotionStatus) -> set[RecordId]:
    """The positions that count and are not in the list of the certificate (case 59)."""
    vote = status.certificate.vote.body if status.certificate is not None else None
    if not isinstance(vote, Vote):
        return set()
    counts = {judged.position.record.id for judged in status.positions if judged.fault is None}
    return counts - {RecordId(one) for one in vote.counted}


def demands(case: Case, status: MotionStatus) -> list[Placed]:
    """The holds by which a quarter of C demands a new vote in time, none if it is fewer."""
    freeze = status.freeze.record.body if status.freeze is not None else None
    if case.world is None or not isinstance(freeze, Freeze):
        return []
    asked = [
        placed
        for placed in case.world.about(case.motion.record.id, "hold")
        if isinstance(placed.record.body, Hold) and placed.record.body.position is not None
    ]
    surfaced = overlooked(status) if asked else set[RecordId]()
    roll = {CouncilId(voter.council) for voter in freeze.councils}
    latest = freeze.closes + term(case.compact, "demand")
    out: dict[CouncilId, Placed] = {}
    for placed in sorted(asked, key=lambda one: one.record.id):
        council, named = placed.record.council, getattr(placed.record.body, "position", None)
        if council not in roll or named not in surfaced:
            continue
        written = written_at(case, placed, set(roll))
        if written is not None and written <= latest:
            out[council] = placed
    return list(out.values()) if 4 * len(out) >= len(roll) else []
