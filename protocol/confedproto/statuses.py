"""What was said of motions, kept until time alone or a record that bears on one may change it."""

from collections import defaultdict

from confedproto.ids import LogId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.case import Case
from confedproto.rules.motion import MotionStatus, lasts, status
from confedproto.rules.notice import leaves_out

_RECEIPTS_ASKED = frozenset({"freeze", "position", "withdraw"})


class Statuses:
    """The last status of each motion, and the seconds for which it holds (MOT-9)."""

    def __init__(self) -> None:
        self._known: dict[RecordId, tuple[range, MotionStatus]] = {}
        self._judged_in: dict[LogId, set[RecordId]] = defaultdict(set)  # motions, by their logs
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

    def note(self, log: LogId, leaf: VerifiedRecord) -> None:
        """A record counts from now on in a log."""
        if leaf.subject is not None:
            self._known.pop(leaf.subject, None)
            if leaf.kind in _RECEIPTS_ASKED:
                self._judged_in[log].add(leaf.subject)
        if leaf.kind == "motion":
            self._judged_in[log].add(leaf.id)

    def received(self, log: LogId) -> None:
        """Others' receipts of a log came: of motions judged in it, and of who was left out."""
        for motion in (*self._judged_in.get(log, ()), *self._wary):
            self._known.pop(motion, None)
        self._wary.clear()

    def clear(self) -> None:
        """Anything may have changed."""
        self._known.clear()
