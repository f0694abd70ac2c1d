"""Freezes: who votes, on what, and when is fixed (specs/07, FRZ)."""

from bisect import bisect_right
from collections.abc import Iterable

from confedproto.bodies.amend import Amend
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.bodies.takeover import Takeover
from confedproto.errors import Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.case import Case, Placed, is_members, seconders, withdrawals
from confedproto.rules.receipts import (
    LogLines,
    receipt_of,
    receipts,
    receipts_needed,
    received_at,
)
from confedproto.rules.roll import roll_fault
from confedproto.rules.tally import Outcome
from confedproto.rules.terms import CLASSES, notice_of, term


def freeze_fault(case: Case, freeze: Placed) -> Reason | None:
    """Why a freeze is not valid in itself, receipts aside, or None (FRZ-1 to FRZ-3)."""
    body, motion = freeze.record.body, case.motion.record.body
    if not isinstance(body, Freeze) or not isinstance(motion, Motion):
        return Reason.FREEZE_UNKNOWN
    return (
        _mover_fault(case, freeze, body)
        or _times_fault(case, freeze, body, motion)
        or _seconds_fault(case, body)
        or roll_fault(case, body)
        or _versions_fault(case, freeze, body)
        or _reading_fault(case, body, motion)
    )


def _mover_fault(case: Case, freeze: Placed, body: Freeze) -> Reason | None:
    mover = case.motion.record.council
    if body.takeover is None:
        if freeze.record.council != mover:
            return Reason.MOTION_NOT_MOVER
        known = case.world
        if known is not None and any(
            known.precedes(one, freeze) for one in withdrawals(case).firsts
        ):
            return Reason.MOTION_WITHDRAWN
        return None if mover in {voter.council for voter in body.councils} else Reason.FREEZE_ROLL
    placed = case.world.placed(RecordId(body.takeover)) if case.world is not None else None
    if placed is None or not isinstance(placed.record.body, Takeover):
        return Reason.MOTION_TAKEOVER
    return takeover_fault(case, placed) or (
        None if placed.record.council == freeze.record.council else Reason.MOTION_NOT_MOVER
    )


def takeover_fault(case: Case, takeover: Placed) -> Reason | None:
    """Why a council has not taken a withdrawn motion over, or None if it has (MOT-8)."""
    taken, time = withdrawals(case).by_time, takeover.record.time
    if not taken or takeover.record.subject != case.motion.record.id:
        return Reason.MOTION_TAKEOVER
    if takeover.record.council == case.motion.record.council:
        return Reason.MOTION_TAKEOVER
    if not is_members(case, takeover):
        return Reason.COMPACT_MEMBER
    latest = term(case.compact, "takeover")
    at = bisect_right(taken, time, key=lambda one: one.record.time)
    in_time = at > 0 and time - taken[at - 1].record.time <= latest
    return None if in_time else Reason.MOTION_TAKEOVER


def _seconds_fault(case: Case, body: Freeze) -> Reason | None:
    return Reason.MOTION_SECONDS if len(_backing(case, body)) < case.compact.seconds else None


def _backing(case: Case, body: Freeze) -> set[CouncilId]:
    named = set(body.seconds or ())
    return {p.record.council for p in case.seconds if p.record.id in named} & seconders(case)


def _times_fault(case: Case, freeze: Placed, body: Freeze, motion: Motion) -> Reason | None:
    windows, time = case.compact.windows, freeze.record.time
    discussion = 0 if motion.name == "emergency" else windows.discussion
    if time < case.motion.record.time + discussion:
        return Reason.DISCUSSION_OPEN
    if time > case.motion.record.time + term(case.compact, "lapse"):
        return Reason.MOTION_LAPSED
    if (
        body.opens < time + notice_of(case.compact, motion.name)
        or body.closes - body.opens != windows.voting
    ):
        return Reason.FREEZE_WINDOW
    return None


def _versions_fault(case: Case, freeze: Placed, body: Freeze) -> Reason | None:
    """Competing versions stand in ascending order and rested before the freeze (MOT-6)."""
    versions = body.versions or ()
    if list(versions) != sorted(set(versions)):
        return Reason.FREEZE_VERSION
    for version in versions:
        placed = case.world.placed(RecordId(version)) if case.world is not None else None
        if placed is None or placed.record.subject != case.motion.record.id:
            return Reason.FREEZE_VERSION
        fault = amend_fault(case, placed, freeze.record.time)
        if fault is not None:
            return fault
    return None


def amend_fault(case: Case, amend: Placed, frozen: int) -> Reason | None:
    """Why an amendment may not compete in a freeze at `frozen`, or None (MOT-6, MOT-7)."""
    body = amend.record.body
    if not isinstance(body, Amend):
        return Reason.FREEZE_VERSION
    if not is_members(case, amend):
        return Reason.COMPACT_MEMBER
    if not body.editorial:
        rested = amend.record.time + term(case.compact, "freeze_text")
        return Reason.AMEND_LATE if frozen < rested else None
    if amend.record.council != case.motion.record.council:
        return Reason.MOTION_NOT_MOVER
    return Reason.AMEND_LATE if frozen < editorial_until(case, amend) else None


def editorial_until(case: Case, amend: Placed) -> int:
    """Until when any council may object to an editorial fix (MOT-7)."""
    return amend.record.time + term(case.compact, "editorial")


def _reading_fault(case: Case, body: Freeze, motion: Motion) -> Reason | None:
    """A second reading comes neither too early nor too late, on the same matter (MOT-11)."""
    if motion.first is None:
        return None
    world = case.world
    first = world.placed(RecordId(motion.first)) if world is not None else None
    read = first.record.body if first is not None else None
    if world is None or first is None or not isinstance(read, Motion):
        return Reason.MOTION_READING
    same = (read.name, read.target, first.record.subject)
    if same != (motion.name, motion.target, case.compact_id) or read.first is not None:
        return Reason.MOTION_READING
    closed = world.closed(first.record.id, body.opens)
    outcome = world.outcome(first.record.id, body.opens)
    if closed is None or outcome is None:
        return Reason.MOTION_READING
    law = CLASSES.get(motion.name)
    if law is not None and law.readings == 2:
        rested = body.opens >= closed + term(case.compact, "exclusion")
        return None if outcome is Outcome.ADOPTED and rested else Reason.MOTION_READING
    early = closed + term(case.compact, "reading_min")
    late = closed + term(case.compact, "reading_max")
    good = outcome is Outcome.NO_QUORUM and early <= body.opens <= late
    return None if good else Reason.MOTION_READING


def pause_fault(case: Case, freeze: Placed) -> Reason | None:
    """The same matter again waits, unless it was referred back or a third asks (MOT-12).

    What is known of the parent may come late, so it makes no freeze bad that is certified.
    """
    body, motion = freeze.record.body, case.motion.record.body
    if not isinstance(body, Freeze) or not isinstance(motion, Motion):
        return Reason.FREEZE_UNKNOWN
    if motion.parent is None or case.world is None:
        return None
    before = freeze.record.time
    closed = case.world.closed(RecordId(motion.parent), before)
    if closed is None or freeze.record.time >= closed + term(case.compact, "pause"):
        return None
    if 3 * len(_backing(case, body)) >= len(body.councils):
        return None
    outcome = case.world.outcome(RecordId(motion.parent), before)
    parent = case.world.placed(RecordId(motion.parent))
    again = getattr(parent.record.body, "parent", None) if parent is not None else None
    exempt = outcome is Outcome.REFERRED_BACK and (
        again is None or case.world.outcome(RecordId(again), before) is not Outcome.REFERRED_BACK
    )
    return None if exempt else Reason.MOTION_PAUSE


def receipt_time(
    case: Case, placed: Placed, roll: set[bytes], needed: int, journal_until: int | None = None
) -> int | None:
    """When the needed-th other council of the roll had the record, or None (RCP-2)."""
    lines, author = case.lines_of(placed.log), placed.record.council
    if isinstance(lines, LogLines):
        index = placed.index
        return receipt_of(lines, index, roll, author, needed, journal_until=journal_until)
    found = receipts(lines, placed.index, journal_until=journal_until)
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


def standing_freeze(case: Case, good: Iterable[Placed]) -> Placed | Reason | None:
    """Of valid freezes the one that stands, FREEZE_DOUBLE if two do, None if there is none (FRZ-6).

    The first to open stands, and a rival makes the motion void only if w others held it by
    then: a mover who has seen the result cannot freeze once more to undo it.
    """
    known = sorted(good, key=lambda placed: placed.record.id)
    if len(known) < 2:
        return known[0] if known else None
    opened = [
        (opens, placed.record.id, placed, received)
        for placed in known
        if (opens := _opens(placed)) >= (received := _opening_receipt(case, placed, opens + 1))
    ]
    if not opened:
        return min(known, key=lambda placed: (_opens(placed), placed.record.id))
    first = min(opened, key=lambda entry: entry[:2])
    rivals = sum(received <= first[0] for _, _, _, received in opened)
    return Reason.FREEZE_DOUBLE if rivals > 1 else first[2]


def _opens(freeze: Placed) -> int:
    body = freeze.record.body
    return body.opens if isinstance(body, Freeze) else 0


def _opening_receipt(case: Case, freeze: Placed, missing: int) -> int:
    """When the w-th other council had the freeze; `missing` if that is not known."""
    body = freeze.record.body
    roll = {voter.council for voter in body.councils} if isinstance(body, Freeze) else set[bytes]()
    received = receipt_time(case, freeze, roll, receipts_needed(len(roll)))
    return missing if received is None else received
