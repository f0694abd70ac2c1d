"""Freezes: who votes, on what, and when is fixed (specs/07, FRZ)."""

from confedproto.bodies.freeze import Freeze
from confedproto.errors import Reason
from confedproto.ids import CouncilId
from confedproto.rules.case import Case, Placed, seconders
from confedproto.rules.receipts import (
    receipts,
    receipts_needed,
    received_at,
)


def freeze_fault(case: Case, freeze: Placed) -> Reason | None:
    """Why a freeze is not valid in itself, receipts aside, or None (FRZ-1 to FRZ-3)."""
    body, mover = freeze.record.body, case.motion.record.council
    if not isinstance(body, Freeze):
        return Reason.FREEZE_UNKNOWN
    if freeze.record.council != mover:
        return Reason.MOTION_NOT_MOVER
    councils = [voter.council for voter in body.councils]
    if councils != sorted(set(councils)) or mover not in councils:
        return Reason.FREEZE_ROLL
    named = set(body.accessions or ())
    for voter in body.councils:
        member = case.members.get(CouncilId(voter.council))
        if member is None or member.weight != voter.weight:
            return Reason.FREEZE_ROLL
        if member.accession is not None and member.accession not in named:
            return Reason.FREEZE_ROLL
    if any(m.accession is None and m.council not in councils for m in case.members.values()):
        return Reason.FREEZE_ROLL
    named_seconds = set(body.seconds or ())
    backing = {
        placed.record.council for placed in case.seconds if placed.record.id in named_seconds
    } & seconders(case)
    if len(backing) < case.compact.seconds:
        return Reason.MOTION_SECONDS
    windows = case.compact.windows
    if freeze.record.time < case.motion.record.time + windows.discussion:
        return Reason.DISCUSSION_OPEN
    if body.opens < freeze.record.time + windows.notice:
        return Reason.FREEZE_WINDOW
    if body.closes - body.opens != windows.voting:
        return Reason.FREEZE_WINDOW
    return None


def receipt_time(
    case: Case, placed: Placed, roll: set[bytes], needed: int, journal_until: int | None = None
) -> int | None:
    """When the needed-th other council of the roll had the record, or None (RCP-2)."""
    found = receipts(case.lines_of(placed.log), placed.index, journal_until=journal_until)
    author = placed.record.council
    times = [time for council, time in found.items() if council in roll and council != author]
    return received_at(times, needed)


def opening_fault(case: Case, freeze: Placed, *, journal_until: int | None = None) -> Reason | None:
    """FREEZE_RECEIPTS unless w others held the freeze when it opened (FRZ-5)."""
    body = freeze.record.body
    if not isinstance(body, Freeze):
        return Reason.FREEZE_UNKNOWN
    roll = {voter.council for voter in body.councils}
    needed = receipts_needed(len(roll))
    received = receipt_time(case, freeze, roll, needed, journal_until)
    return None if received is not None and received <= body.opens else Reason.FREEZE_RECEIPTS


def single_freeze(case: Case) -> Placed | None:
    """The one valid freeze, or None if there is none or more than one (FRZ-6)."""
    good = {p.record.id: p for p in case.freezes if freeze_fault(case, p) is None}
    return next(iter(good.values())) if len(good) == 1 else None
