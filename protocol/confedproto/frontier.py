"""Hashes of the tree below every log, and its right edge (RFC 6962 / RFC 9162, specs/03, MRK)."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import Hash

HASH_BYTES: Final = 32
sha256 = hashlib.sha256
EMPTY_ROOT: Final = Hash(sha256(b"").digest())
"""The root of the tree without leaves (MRK-2)."""


def leaf_hash(leaf: bytes) -> Hash:
    """The hash that stands for the leaf bytes (a record envelope) in the tree (MRK-1)."""
    return Hash(sha256(b"\x00" + leaf).digest())


def leaf_hashes(leaves: Iterable[bytes]) -> list[Hash]:
    """`leaf_hash` of each: for long runs, without a call for each."""
    return cast("list[Hash]", [sha256(b"\x00" + leaf).digest() for leaf in leaves])


def node_hash(left: bytes, right: bytes) -> Hash:
    """The hash over two neighbouring subtrees, each 32 bytes (MRK-1)."""
    return Hash(sha256(b"\x01" + left + right).digest())


def root_of(leaf_hashes: Iterable[Hash]) -> Hash:
    """The root over these leaf hashes in order; `EMPTY_ROOT` for none (MRK-2)."""
    return EMPTY_FRONTIER.extend(leaf_hashes).root()


def fold(peaks: Sequence[bytes]) -> Hash:
    """The root over the roots of complete subtrees, given left (largest) to right."""
    if not peaks:
        return EMPTY_ROOT
    root = Hash(peaks[-1])
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """The right edge of a tree: all that is needed to append and to know the root (MRK-3).

    `peaks` are the roots of the complete subtrees that `size` leaves fall into, largest
    first: one for each 1 in the binary form of `size`. A tree of 2^40 leaves takes 40.
    """

    size: int
    peaks: tuple[Hash, ...]

    def __post_init__(self) -> None:
        """Refuse a frontier that no tree has (LocalProtocolError PROOF_LENGTH)."""
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise LocalProtocolError(Reason.PROOF_LENGTH, f"no frontier of size {self.size}")

    def append(self, leaf: Hash) -> "Frontier":
        """This frontier after one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[Hash]) -> "Frontier":
        """This frontier after these leaf hashes; this one stays as it is."""
        size, peaks = self.size, list(self.peaks)
        for leaf in leaves:
            if len(leaf) != HASH_BYTES:
                raise LocalProtocolError(Reason.PROOF_LENGTH, "a leaf hash has 32 bytes")
            merged = leaf
            rest = size
            while rest & 1:  # each trailing 1 is a complete subtree of the same height
                merged = node_hash(peaks.pop(), merged)
                rest >>= 1
            peaks.append(merged)
            size += 1
        return Frontier(size=size, peaks=tuple(peaks))

    def root(self) -> Hash:
        """The root of the tree whose edge this is."""
        return fold(self.peaks)


EMPTY_FRONTIER: Final = Frontier(size=0, peaks=())
