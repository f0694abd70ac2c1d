"""How leaves come into the view: one by one, and plain ones that are alike all at once.

A plain record has no effect on anything else, so the view keeps one example
of all that are alike, and its bytes lie in the store alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from confedproto.bodies import KINDS
from confedproto.ids import Hash, LogId, RecordId
from confedproto.record import Leaf, PlainLeaf, VerifiedRecord, plain_class
from confedproto.view import View

RECENT_MAX: Final = 1_024
"""Plain records whose ids are remembered, so that one handed in twice is appended once."""


class Feeder:
    """Adds leaves to a view."""

    def __init__(self, view: View) -> None:
        self._view: Final = view
        self._recent: Final[dict[RecordId, None]] = {}

    def knows(self, record: RecordId) -> bool:
        """Whether a record counts, or is a plain one among the last that came."""
        return record in self._view.records or record in self._recent

    def lean(self, log_id: LogId, leaf: Leaf, index: int) -> Leaf:
        """The leaf as the view keeps it: of a plain kind only who signed it as what."""
        if not isinstance(leaf, VerifiedRecord):
            return leaf
        kind = KINDS.get(leaf.kind)
        if kind is None or not kind.plain:
            return leaf
        self._recent[leaf.id] = None
        if len(self._recent) > RECENT_MAX:
            del self._recent[next(iter(self._recent))]
        alike = plain_class(leaf)
        known = self._view.logs[log_id].plain.get(alike)
        if known is None:
            known = PlainLeaf(example=leaf, first=index)
            self._view.logs[log_id].plain[alike] = known
        return known

    def add(self, log_id: LogId, leaves: Iterable[tuple[Leaf, Hash, int]]) -> None:
        """Add (leaf, its hash, arrived) in order; `View.settle` is still to be called."""
        lean = self._leaned(log_id, leaves)
        for (plain, arrived), group in groupby(lean, lambda item: (_plain(item[0]), item[2])):
            if plain is not None:
                self._add_alike(log_id, plain, [one for _, one, _ in group], arrived)
                continue
            for leaf, one, _ in group:
                self._view.add(log_id, leaf, one, arrived, more=True)

    def _leaned(
        self, log_id: LogId, leaves: Iterable[tuple[Leaf, Hash, int]]
    ) -> Iterator[tuple[Leaf, Hash, int]]:
        last: Leaf | None = None
        kept: Leaf | None = None
        for index, (leaf, one, arrived) in enumerate(leaves, self._view.logs[log_id].tree.size):
            if kept is None or leaf is not last:  # a worker gives one object for all alike
                last, kept = leaf, self.lean(log_id, leaf, index)
            yield kept, one, arrived

    def fill(self, log_id: LogId, index: int, leaf: Leaf, arrived: int) -> None:
        """A withheld leaf has come; `View.settle` is still to be called."""
        self._view.fill(log_id, index, self.lean(log_id, leaf, index), arrived)

    def _add_alike(
        self, log_id: LogId, leaf: PlainLeaf, hashes: Sequence[Hash], arrived: int
    ) -> None:
        if not self._view.add_alike(log_id, leaf, hashes, arrived):
            for one in hashes:
                self._view.add(log_id, leaf, one, arrived, more=True)


def _plain(leaf: Leaf) -> PlainLeaf | None:
    return leaf if isinstance(leaf, PlainLeaf) else None
