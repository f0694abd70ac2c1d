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
from confedproto.view import View

FELLOWSHIP: Final = frozenset({"link", "guest", "unlink", "compact", "accession", "exit"})
"""Kinds after which a council may be one that we are linked or decide with."""


@unique
class Mode(StrEnum):
    """How much of a council's logs is held."""

    FULL = "full"
    HEADS = "heads"  # the outline: hashes, and who the council is
    NONE = "none"  # nothing more than is held already


class Interest:
    """What the operator has chosen, for councils by name and for all others."""

    def __init__(
        self,
        default: Mode = Mode.FULL,
        chosen: Mapping[CouncilId, Mode] = MappingProxyType({}),
    ) -> None:
        self.default = default
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
        """Mark each of these logs as wanted whole or in outline; returns those that changed."""
        out: list[Log] = []
        for log in logs:
            lean = self.mode(view, own, log.council) is Mode.HEADS
            if lean != log.lean:
                log.lean = lean
                out.append(log)
        return out
