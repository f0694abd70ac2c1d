"""Old leaves of a log's tree: it keeps the roots of their blocks, and reads them where it must."""

from collections.abc import Sequence
from typing import Final, Protocol

from confedproto.ids import Hash

BLOCK_HEIGHT: Final = 5
BLOCK_LEAVES: Final = 1 << BLOCK_HEIGHT
"""Leaves of a block: a tree may let go of what lies below its root."""
RECENT_LEAVES: Final = 1_024
"""The newest leaves, of which a tree lets nothing go: peers ask for them."""


class Older(Protocol):
    """Where the leaf hashes of old blocks lie, once a tree let them go."""

    def kept(self) -> int:
        """How many leaves, from the first on, can be read there."""
        ...

    def read(self, start: int, root: Hash) -> Sequence[Hash]:
        """The leaf hashes of the block at leaf `start`, or an error: they lead to its root."""
        ...
