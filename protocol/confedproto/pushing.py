"""Urgent records go out with their bodies at once, a few an hour a council (specs/11, LIV-6).

Most records are announced and pulled, so that a body comes once. What stops a stolen key must
not wait for that. So a log that gained such a record is sent as it grew, to every open link;
beyond the hourly number, and where it does not fit, it is announced and pulled as all else.
"""

from collections.abc import Collection, Sequence
from typing import Final

from confedproto import runs, wire
from confedproto.ids import CouncilId, LogId
from confedproto.limits import PUSH_LEAVES_MAX, PUSHES_PER_HOUR
from confedproto.quotas import Hourly
from confedproto.record import Leaf, VerifiedRecord
from confedproto.rules.given import records_in
from confedproto.view import Log, View

URGENT: Final = frozenset({"recall", "suspension", "charter", "node", "fork-proof", "carried"})
"""Kinds that are pushed, and announced ahead of all else (LIV-5, LIV-6)."""


def is_urgent(kinds: Collection[str | None]) -> bool:
    """Whether a log that gained records of these kinds is told of at once."""
    return not URGENT.isdisjoint(kinds)


class Pusher:
    """What a node pushes, and what it lets others push to it. Times are milliseconds."""

    def __init__(self, view: View) -> None:
        self._view: Final = view
        self._sent: Final = Hourly(PUSHES_PER_HOUR)
        self._taken: Final[dict[int, Hourly]] = {}  # by link, then by council
        self._now = 0

    # --- what goes out ----------------------------------------------------------------------

    def wants(self, entry: Log, start: int, now: int) -> bool:
        """Whether what a log gained from `start` on is pushed: then it counts as one push.

        It is short, has reached its head, and an urgent record in it changes what holds here.
        """
        head = entry.head
        if head is None or head.size != entry.tree.size:
            return False
        short = 0 < head.size - start <= PUSH_LEAVES_MAX
        short = short and (start > 0 or runs.is_later(entry.leaves))  # a first log is no news
        return short and self._moves(entry, start) and self._sent.take(entry.council, now)

    def _moves(self, entry: Log, start: int) -> bool:
        for index, leaf in records_in(entry.leaves, start):
            if leaf.kind not in URGENT:
                continue
            placed = self._view.records.get(leaf.id)
            if placed is not None and (placed.log, placed.index) == (entry.id, index):
                return True
        return False

    # --- what comes in ----------------------------------------------------------------------

    def begin(self, now: int) -> None:
        """An input comes at `now`."""
        self._now = now

    def drop_link(self, link: int) -> None:
        """A link is gone."""
        self._taken.pop(link, None)

    def welcome(self, link: int, run: wire.Run) -> bool:
        """Whether a run that nobody asked for is worth opening: short, and one of a few an hour."""
        taken = self._taken.get(link)
        short = len(run.leaves) <= PUSH_LEAVES_MAX
        return short and (taken is None or taken.left(self._origin(LogId(run.log)), self._now))

    def take(self, link: int, run: wire.Run, leaves: Sequence[Leaf]) -> bool:
        """Whether a run that nobody asked for continues what is held here, and is taken in.

        It counts as one of its council's from that link, of use or not: it has been opened.
        """
        log = LogId(run.log)
        taken = self._taken.setdefault(link, Hourly(PUSHES_PER_HOUR))
        if len(leaves) > PUSH_LEAVES_MAX or not taken.take(self._origin(log), self._now):
            return False
        entry = self._view.logs.get(log)
        held = entry.tree.size if entry is not None else 0
        kinds = {leaf.kind for leaf in leaves if isinstance(leaf, VerifiedRecord)}
        opens = entry is not None or runs.is_later(leaves)
        return run.start == held and opens and is_urgent(kinds)

    def _origin(self, log: LogId) -> CouncilId | None:
        entry = self._view.logs.get(log)
        return entry.council if entry is not None else None
