"""What of one log is not for everybody: scoped leaves, and leaves that are withheld (LOG-9).

Two nodes may hold a log to the same head and yet not the same bytes. `Seclusion` keeps, for
each scope, a sum over the leaves that are held in it, and one over all leaves that are not held
as public; sums do not depend on the order in which withheld leaves are filled in (SYN-9).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from confedproto.ids import TAG_DIGEST, Hash
from confedproto.record import Leaf, PlainLeaf, WithheldLeaf

_MODULUS: Final = 2**256
_LEAF: Final = TAG_DIGEST + b"\x05"  # the levels of the tree of heads are 0 to 4


def _item(index: int, leaf_hash: Hash) -> int:
    hasher = hashlib.sha256(_LEAF + index.to_bytes(8, "big") + leaf_hash)
    return int.from_bytes(hasher.digest(), "big")


@dataclass(slots=True)
class Share:
    """Some leaves of a log: how many, and the sum over them."""

    count: int = 0
    total: int = 0

    def put(self, item: int, count: int = 1) -> None:
        """One leaf more, or `count` of this sum."""
        self.count += count
        self.total = (self.total + item) % _MODULUS

    def take(self, item: int) -> None:
        """One leaf less."""
        self.count -= 1
        self.total = (self.total - item) % _MODULUS

    @property
    def mark(self) -> bytes:
        """32 bytes over these leaves; nothing where there are none."""
        return self.total.to_bytes(32, "big") if self.count else b""


@dataclass(slots=True)
class Seclusion:
    """The leaves of one log that are not public, as far as this node holds them."""

    withheld: int = 0  # leaves held by their hash alone
    closed: Share = field(default_factory=Share)  # not held as public: scoped, or withheld
    scopes: dict[bytes, Share] = field(default_factory=dict)

    def add(self, leaf: Leaf, index: int, leaf_hash: Hash) -> None:
        """The log gained a leaf."""
        if isinstance(leaf, WithheldLeaf):
            self.withheld += 1
            self.closed.put(_item(index, leaf_hash))
        elif leaf.scope is not None:
            item = _item(index, leaf_hash)
            self.closed.put(item)
            self.scopes.setdefault(leaf.scope, Share()).put(item)

    @staticmethod
    def total(leaf_hashes: Iterable[Hash], start: int) -> int:
        """The sum that leaves from index `start` on add where they are not public."""
        return sum(_item(index, one) for index, one in enumerate(leaf_hashes, start)) % _MODULUS

    def add_alike(self, leaf: PlainLeaf | WithheldLeaf, count: int, total: int) -> None:
        """The log gained `count` leaves that are this one, of this `total`."""
        if isinstance(leaf, WithheldLeaf):
            self.withheld += count
            self.closed.put(total, count)
        elif leaf.scope is not None:
            self.closed.put(total, count)
            self.scopes.setdefault(leaf.scope, Share()).put(total, count)

    def fill(self, leaf: Leaf, index: int, leaf_hash: Hash) -> None:
        """A leaf that was withheld has come."""
        self.closed.take(_item(index, leaf_hash))
        self.withheld -= 1
        self.add(leaf, index, leaf_hash)
