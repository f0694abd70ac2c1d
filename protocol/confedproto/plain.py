"""How leaves come into the view: one by one, and plain ones that are alike all at once.

A plain record has no effect on anything else, so the view keeps one example
of all that are alike, and its bytes lie in the store alone.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from confedproto.bodies import KINDS
from confedproto.ids import Hash, LogId, RecordId
from confedproto.marks import Alike, Gone, kept_hash
from confedproto.older import BLOCK_LEAVES
from confedproto.record import (
    Leaf,
    PlainLeaf,
    RefusedLeaf,
    VerifiedRecord,
    WithheldLeaf,
    plain_class,
)
from confedproto.view import View

RECENT_MAX: Final = 1_024
"""Plain records whose ids are remembered, so that one handed in twice is appended once."""

ROWS_MAX: Final = 2_048
"""Leaves of a store that are hashed before they are added."""

DUE_MAX: Final = 256
"""Provisional leaves that are opened at once."""


class Feeder:
    """Adds leaves to a view."""

    def __init__(self, view: View) -> None:
        self._view: Final = view
        self._recent: Final[dict[RecordId, None]] = {}
        self._due: Final[deque[tuple[LogId, int, int]]] = deque()

    def knows(self, record: RecordId) -> bool:
        """Whether a record counts, or is a plain one among the last that came."""
        return record in self._view.records or record in self._recent

    def lean(self, log_id: LogId, leaf: Leaf, index: int) -> Leaf:
        """The leaf as the view keeps it: of a plain kind only who signed it as what."""
        if isinstance(leaf, PlainLeaf):
            return self.alike(log_id, leaf)
        if not isinstance(leaf, VerifiedRecord):
            return leaf
        kind = KINDS.get(leaf.kind)
        if kind is None or not kind.plain:
            return leaf
        self._recent[leaf.id] = None
        if len(self._recent) > RECENT_MAX:
            del self._recent[next(iter(self._recent))]
        return self.alike(log_id, PlainLeaf(example=leaf, first=index))

    def alike(self, log_id: LogId, leaf: PlainLeaf) -> PlainLeaf:
        """The one object of its log that stands for all leaves like this one."""
        plain = self._view.logs[log_id].plain
        alike = plain_class(leaf.example)
        known = plain.get((alike, leaf.provisional, leaf.dropped))
        if known is None:
            verified = plain.get((alike, False, False))
            first = leaf.first if verified is None else verified.first
            known = replace(leaf, first=first)
            plain[alike, leaf.provisional, leaf.dropped] = known
        return known

    def example(self, log_id: LogId) -> PlainLeaf | None:
        """A plain record of a log that is verified and held, one of the last kind that came."""
        log = self._view.logs.get(log_id)
        for leaf in reversed(log.plain.values()) if log is not None else ():
            if not leaf.provisional and not leaf.dropped:
                return leaf
        return None

    def add(self, log_id: LogId, leaves: Iterable[tuple[Leaf, Hash, int]]) -> None:
        """Add (leaf, its hash, arrived) in order; `View.settle` is still to be called."""
        size = self._view.logs[log_id].tree.size
        last: Leaf | None = None
        plain: PlainLeaf | None = None  # what `last` is kept as, if it is a plain one
        alike: list[Hash] = []
        at = 0
        for index, (leaf, one, arrived) in enumerate(leaves, size):
            if plain is not None and leaf is last and arrived == at:
                alike.append(one)  # a worker gives one object for all alike
                continue
            kept = self.lean(log_id, leaf, index)
            if kept is not plain or arrived != at:
                self._flush(log_id, plain, alike, at)
                alike, at = [], arrived
            last, plain = leaf, kept if isinstance(kept, PlainLeaf) else None
            if plain is not None:
                alike.append(one)
            else:
                self._view.add(log_id, kept, one, arrived, more=True)
        self._flush(log_id, plain, alike, at)

    def _flush(
        self, log_id: LogId, plain: PlainLeaf | None, alike: Sequence[Hash], arrived: int
    ) -> None:
        if plain is not None and alike:
            self._add_alike(log_id, plain, alike, arrived)

    def restore(self, log_id: LogId, stored: Iterable[tuple[Leaf, bytes, int] | Alike]) -> None:
        """Add what a store has of a log, in order: (leaf, envelope or hash, arrived) or blocks."""
        rows: list[tuple[Leaf, Hash, int]] = []
        for one in stored:
            if isinstance(one, Alike):
                self.add(log_id, rows)
                self._add_blocks(log_id, one)
                rows.clear()
                continue
            leaf, raw, arrived = one
            rows.append((leaf, kept_hash(leaf, raw), arrived))
            if len(rows) == ROWS_MAX:
                self.add(log_id, rows)
                rows.clear()
        self.add(log_id, rows)

    def _add_blocks(self, log_id: LogId, alike: Alike) -> None:
        start = self._view.logs[log_id].tree.size
        leaf = self.lean(log_id, alike.leaf, start)
        if isinstance(leaf, PlainLeaf | WithheldLeaf):
            self._view.add_blocks(log_id, replace(alike, leaf=leaf))
        if isinstance(leaf, PlainLeaf) and leaf.dropped:
            self._view.logs[log_id].dropped += BLOCK_LEAVES * len(alike.blocks)

    def drop(self, log_id: LogId, start: int, end: int) -> list[Gone]:
        """Let go of the plain records in [start, end), but not of what others are like (INT-3).

        What is told of them stays as it is.
        """
        log, gone = self._view.logs[log_id], list[Gone]()
        for one, stop, leaf in list(log.leaves.spans(start, end)):
            if not isinstance(leaf, PlainLeaf) or leaf.dropped:
                continue
            log.due -= stop - one if leaf.provisional else 0
            bare = self.alike(log_id, replace(leaf, provisional=False, dropped=True))
            for first, last in ((one, min(stop, leaf.first)), (max(one, leaf.first + 1), stop)):
                if first < last:
                    log.leaves.replace(first, last, bare)
                    log.dropped += last - first
                    gone.append((first, last, leaf.first))
        return gone

    def fill(self, log_id: LogId, index: int, leaf: Leaf, arrived: int) -> None:
        """A withheld or dropped leaf has come; `View.settle` is still to be called."""
        log = self._view.logs[log_id]
        if isinstance(log.leaves[index], PlainLeaf):  # nothing follows from it, here or not
            log.leaves[index] = self.lean(log_id, leaf, index)
            log.dropped -= 1
            if isinstance(leaf, RefusedLeaf):
                self._view.chains.of[log.council].faults[log_id][index] = leaf.reason
            return
        self._view.fill(log_id, index, self.lean(log_id, leaf, index), arrived)

    def _add_alike(
        self, log_id: LogId, leaf: PlainLeaf, hashes: Sequence[Hash], arrived: int
    ) -> None:
        start = self._view.logs[log_id].tree.size
        if not self._view.add_alike(log_id, leaf, hashes, arrived):
            for one in hashes:
                self._view.add(log_id, leaf, one, arrived, more=True)
        if leaf.provisional:
            self._due.append((log_id, start, start + len(hashes)))
            self._view.logs[log_id].due += len(hashes)
        self._view.logs[log_id].dropped += len(hashes) if leaf.dropped else 0

    # --- signatures that are still due ------------------------------------------------------

    @property
    def owes(self) -> bool:
        """Whether signatures may be due that nobody has taken."""
        return bool(self._due)

    def take(self) -> tuple[LogId, int, int] | None:
        """Provisional leaves [start, end) of a log, at most DUE_MAX, each given once (SYN-11)."""
        while self._due:
            log_id, start, end = self._due.popleft()
            for one, stop, leaf in self._view.logs[log_id].leaves.spans(start, end):
                if not isinstance(leaf, PlainLeaf) or not leaf.provisional:
                    continue  # dropped meanwhile (INT-3)
                stop = min(stop, one + DUE_MAX)
                if stop < end:
                    self._due.appendleft((log_id, stop, end))
                return log_id, one, stop
        return None

    def judged(self, log_id: LogId, done: range, refused: Mapping[int, RefusedLeaf]) -> None:
        """These provisional leaves were opened in full; those in `refused` are no records."""
        log = self._view.logs[log_id]
        faults = self._view.chains.of[log.council].faults[log_id]
        for start, end, leaf in list(log.leaves.spans(done.start, done.stop)):
            if not isinstance(leaf, PlainLeaf) or not leaf.provisional:
                continue
            log.due -= end - start
            sound = self.alike(log_id, replace(leaf, provisional=False))
            log.leaves.replace(start, end, sound)
            for index in refused.keys() & range(start, end):
                log.leaves[index] = refused[index]
                faults[index] = refused[index].reason
