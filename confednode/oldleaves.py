"""Old leaves of a log, read again for a proof: its tree holds the roots of their blocks."""

from collections.abc import Sequence
from typing import Final

from confednode.errors import NodeReason, StoreError
from confednode.store import Store
from confedproto.ids import Hash, LogId
from confedproto.marks import is_hash
from confedproto.merkle import HASH_BYTES, leaf_hash, root_of
from confedproto.older import BLOCK_LEAVES


class OldLeaves:
    """Those of one log. `read` is called by the loop: 32 rows of the page cache, now and then."""

    def __init__(self, store: Store, log: LogId) -> None:
        self._store: Final = store
        self._log: Final = log

    def kept(self) -> int:
        """How many leaves are in the store."""
        return self._store.held(self._log)

    def read(self, start: int, root: Hash) -> Sequence[Hash]:
        """The leaf hashes of a block. Raises StoreError STORE_DAMAGED if they lead elsewhere."""
        end = start + BLOCK_LEAVES
        for read in (self._held, self._aside):
            hashes = read(start, end)
            if root_of(hashes) == root:
                return hashes
        detail = f"leaves {start} to {end - 1} of log {self._log.hex()[:16]} are not what was kept"
        raise StoreError(NodeReason.STORE_DAMAGED, f"database: {detail}")

    def _held(self, start: int, end: int) -> list[Hash]:
        rows = self._store.leaves(self._log, start, end)
        return [Hash(raw) if is_hash(mark) else leaf_hash(raw) for raw, _, _, mark in rows]

    def _aside(self, start: int, end: int) -> list[Hash]:
        """Of the branch that was set aside last, which the engine may still hold (FRK-7)."""
        rows = {row[1]: row[2] for row in self._store.lost(self._log, start, end)}
        # No mark lies beside them; no envelope is as short as a hash.
        return [Hash(raw) if len(raw) == HASH_BYTES else leaf_hash(raw) for raw in rows.values()]
