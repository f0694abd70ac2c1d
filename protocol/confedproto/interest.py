"""What of whom this node wants to hold: everything, an outline, or nothing more (specs/10, INT).

The outline of a log is its leaf hashes, and the records from which it follows whose log it is and
who is linked with whom. It is enough to verify every head, to witness the log and to serve it on;
what the council decides cannot be told from it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

from confedproto import scopes
from confedproto.chains import Log
from confedproto.ids import CouncilId
from confedproto.limits import RECENT_KEPT
from confedproto.view import View

FELLOWSHIP: Final = frozenset({"link", "guest", "unlink", "compact", "accession", "exit"})
"""Kinds after which a council may be one that we are linked or decide with."""


@unique
class Mode(StrEnum):
    """How much of a council's logs is held."""

    FULL = "full"
    RECENT = "recent"  # all that others rest on, and of plain records the newest (INT-3)
    HEADS = "heads"  # the outline: hashes, and who the council is
    NONE = "none"  # nothing more than is held already


class Interest:
    """What the operator has chosen, for councils by name and for all others."""

    def __init__(
        self,
        default: Mode = Mode.FULL,
        chosen: Mapping[CouncilId, Mode] = MappingProxyType({}),
        keep: int = RECENT_KEPT,
    ) -> None:
        """`keep`: how many newest leaves of a log are held in full where the mode is RECENT."""
        self.default = default
        self.keep = keep
        self.chosen: Final = dict(chosen)

    def choose(self, council: CouncilId | None, mode: Mode) -> None:
        """From now on; `council` None: for all that are not chosen by name."""
        if council is None:
            self.default = mode
        else:
            self.chosen[council] = mode

    def mode(self, view: View, own: CouncilId, council: CouncilId) -> Mode:
        """How much is held of a council: all, where we are linked or decide together (INT-1)."""
        if council == own:
            return Mode.FULL
        named = self.chosen.get(council)
        if named is not None:
            return named
        if self.default is Mode.FULL or view.standing_links(own, council):
            return Mode.FULL
        return Mode.FULL if scopes.common(view, own, council) else self.default

    def apply(self, view: View, own: CouncilId, logs: Iterable[Log]) -> list[Log]:
        """Mark how much of each of these logs is wanted; returns those that changed."""
        out: list[Log] = []
        for log in logs:
            mode = self.mode(view, own, log.council)
            recent = self.keep if mode is Mode.RECENT else None
            lean = mode is Mode.HEADS
            if (lean, recent) != (log.lean, log.recent):
                log.lean, log.recent, log.shed = lean, recent, 0
                out.append(log)
        return out
