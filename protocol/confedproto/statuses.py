"""What was said of motions, kept until time alone or a record that bears on one may change it.

Most records bear on one motion; a receipt bears on what stands in one log from some index on.
"""

from bisect import bisect_left, insort
from collections import defaultdict

from confedproto.ids import LogId, RecordId
from confedproto.rules.case import Case, Placed
from confedproto.rules.motion import MotionStatus, lasts, status
from confedproto.rules.notice import leaves_out

_RECEIPTS_ASKED = frozenset({"freeze", "position", "withdraw"})
_Row = tuple[int, RecordId | None]


class Statuses:
    """The last status of each motion, and the seconds for which it holds (MOT-9)."""

    def __init__(self) -> None:
        self._known: dict[RecordId, tuple[range, MotionStatus]] = {}
        # What rests on receipts, by log and index: a motion, or (None) all of them.
        self._judged_in: dict[LogId, list[_Row]] = defaultdict(list)
        self._wary: set[RecordId] = set()  # motions with a freeze that leaves a member out

    def get(self, motion: RecordId, now: int) -> MotionStatus | None:
        """What was said, if it still holds at `now` (seconds UTC)."""
        known = self._known.get(motion)
        return known[1] if known is not None and now in known[0] else None

    def judge(self, case: Case, now: int) -> MotionStatus:
        """Judge a motion at `now` and keep what is said of it."""
        motion, said = case.motion.record.id, status(case, now)
        if leaves_out(case):
            self._wary.add(motion)
        self._known[motion] = (lasts(said, now), said)
        return said

    def note(self, placed: Placed) -> None:
        """A record counts from now on."""
        leaf = placed.record
        if leaf.subject is not None:
            self._known.pop(leaf.subject, None)
            if leaf.kind in _RECEIPTS_ASKED:
                self._rests(placed, leaf.subject)
        if leaf.kind == "motion":
            self._rests(placed, leaf.id)
        elif leaf.kind == "exit":  # when it was received bears on every motion
            self._rests(placed, None)

    def _rests(self, placed: Placed, motion: RecordId | None) -> None:
        insort(self._judged_in[placed.log], (placed.index, motion), key=_index)

    def received(self, log: LogId, since: int) -> None:
        """The records of a log from an index on may have other receipts."""
        if not self._known:
            return
        rests = self._judged_in.get(log, [])
        for _, motion in rests[bisect_left(rests, since, key=_index) :]:
            if motion is None:
                self._known.clear()
                break
            self._known.pop(motion, None)
        for motion in self._wary:
            self._known.pop(motion, None)
        self._wary.clear()

    def clear(self) -> None:
        """Anything may have changed."""
        self._known.clear()


def _index(row: _Row) -> int:
    return row[0]
