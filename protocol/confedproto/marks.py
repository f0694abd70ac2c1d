"""What the store keeps of a log beside its bytes, so that a start need not look at each leaf.

A mark says what a leaf was found to be. A block stands for `BLOCK_LEAVES` leaves in a row that are
all alike and of no effect on anything: plain records, or leaves that are withheld. Its root joins
the tree in their place, and the signed head over the tree vouches for it.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from confedproto.chains import Log
from confedproto.ids import Hash
from confedproto.merkle import leaf_hash
from confedproto.older import BLOCK_LEAVES
from confedproto.record import Leaf, PlainLeaf, RefusedLeaf, VerifiedRecord, WithheldLeaf
from confedproto.spans import Spans

VERIFIED: Final = -1
"""The mark of a record whose signatures were verified before it was stored."""
HASH_ONLY: Final = -2
"""The mark of a withheld leaf: the store has its hash."""

PROVISIONAL: Final = -3
"""Less the example's index: the mark of a plain record whose signatures are still due (SYN-11)."""


DROPPED: Final = -(1 << 48)
"""Less the example's index: the mark of a plain record of which the store has the hash (INT-3)."""


def like(mark: int | None) -> int | None:
    """The index of the plain record that a leaf with this mark is like, if it is a plain one."""
    if mark is None or PROVISIONAL < mark < 0:
        return None
    if mark >= 0:
        return mark
    return DROPPED - mark if is_hash(mark) else PROVISIONAL - mark


def is_hash(mark: int | None) -> bool:
    """Whether the store has the leaf's hash in the place of its bytes."""
    return mark is not None and (mark == HASH_ONLY or mark <= DROPPED)


def mark_of(leaf: Leaf) -> int | None:
    """What the store keeps of a leaf's checks, so that a start need not repeat them.

    VERIFIED: a record. 0 or more: a plain one, like the one at that index of its log (which
    may be itself). HASH_ONLY: withheld. PROVISIONAL - n: a plain one like that at n, its
    signatures still due. DROPPED - n: one like that at n, only its hash is here. None: to be
    opened in full.
    """
    match leaf:
        case VerifiedRecord():
            return VERIFIED
        case PlainLeaf():
            if leaf.dropped:
                return DROPPED - leaf.first
            return PROVISIONAL - leaf.first if leaf.provisional else leaf.first
        case RefusedLeaf():
            return None
        case WithheldLeaf():
            return HASH_ONLY


def marks(leaves: Spans[Leaf], start: int = 0, end: int | None = None) -> tuple[int | None, ...]:
    """The mark of each leaf in [start, end) of a log."""
    out: list[int | None] = []
    for one, stop, leaf in leaves.spans(start, end):
        out += [mark_of(leaf)] * (stop - one)
    return tuple(out)


def kept_hash(leaf: Leaf, stored: bytes) -> Hash:
    """The leaf hash of what the store has of a leaf: of a withheld one that is the hash itself."""
    return Hash(stored) if is_hash(mark_of(leaf)) else leaf_hash(stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Leaves `BLOCK_LEAVES * number` and on, all of one mark: withheld, or plain, dropped or not.

    `total` is what they add to the sums of leaves that are not public; 0 where they are.
    """

    number: int
    mark: int
    root: Hash
    total: int


Gone = tuple[int, int, int]
"""Leaves [start, end) were dropped, plain records like the one at the third index (INT-3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Blocks in a row whose leaves are all this one, as a start finds them in the store."""

    leaf: PlainLeaf | WithheldLeaf
    blocks: tuple[Block, ...]


def blocks(entry: Log, start: int, end: int, known: Container[int] = ()) -> tuple[Block, ...]:
    """The blocks that leaves [start, end) lie in, those that are complete and all alike.

    Those whose numbers are `known` are left out.
    """
    out: list[Block] = []
    last = min(entry.tree.size, end + -end % BLOCK_LEAVES)
    for one, stop, leaf in entry.leaves.spans(start - start % BLOCK_LEAVES, last):
        if isinstance(leaf, VerifiedRecord | RefusedLeaf):
            continue
        if isinstance(leaf, PlainLeaf) and leaf.provisional:
            continue
        mark = mark_of(leaf)
        if mark is None:
            continue
        secluded = isinstance(leaf, WithheldLeaf) or leaf.scope is not None
        for number in range(-(-one // BLOCK_LEAVES), stop // BLOCK_LEAVES):
            if number in known:
                continue
            total = entry.seclusion_of(number * BLOCK_LEAVES, BLOCK_LEAVES) if secluded else 0
            out.append(Block(number=number, mark=mark, root=entry.tree.block(number), total=total))
    return tuple(out)
