"""The tree below every log: RFC 6962 / RFC 9162 over SHA-256, with its proofs.

A tree of leaves 0..n-1 has exactly one root, and any prefix of it has its own; an
inclusion proof shows one leaf, a consistency proof shows that one tree begins with another.

`Tree` keeps all complete subtrees and can prove; `Frontier` keeps only the right edge and
can grow and show its root, so that a run of leaves meets a signed head before anything of
it is kept. The two `verify_...` functions need neither. Source: specs/03, MRK-1 to MRK-9.
"""

from collections.abc import Iterable, Sequence

from confedproto.errors import LocalProtocolError, Reason, VerificationError
from confedproto.frontier import EMPTY_FRONTIER as EMPTY_FRONTIER
from confedproto.frontier import EMPTY_ROOT as EMPTY_ROOT
from confedproto.frontier import HASH_BYTES as HASH_BYTES
from confedproto.frontier import Frontier as Frontier
from confedproto.frontier import fold, sha256
from confedproto.frontier import leaf_hash as leaf_hash
from confedproto.frontier import leaf_hashes as leaf_hashes
from confedproto.frontier import node_hash as node_hash
from confedproto.frontier import root_of as root_of
from confedproto.ids import Hash
from confedproto.limits import LOG_MAX_SIZE
from confedproto.older import BLOCK_HEIGHT, BLOCK_LEAVES, RECENT_LEAVES, Older


def _split(size: int) -> int:
    """The largest power of two below `size` (> 1): where RFC 9162 divides a tree."""
    return 1 << ((size - 1).bit_length() - 1)


class Tree:
    """An append-only tree that can prove any of its leaves at any of its sizes.

    Level k holds the roots of all complete subtrees of 2^k leaves, 32 bytes each: 64 bytes a leaf,
    or 2 where an `Older` has what lies below the blocks. Wrong indexes and sizes are the caller's
    error: LocalProtocolError LOG_INDEX.
    """

    __slots__ = ("_base", "_foreseen", "_levels", "_older", "_read")

    def __init__(self, leaves: Iterable[Hash] = (), older: Older | None = None) -> None:
        self._levels: list[bytearray] = [bytearray()]
        self._foreseen: list[bytearray] = []  # by level, what `foresee` hashed past the end
        self._base = 0  # the first leaf whose block is held whole
        self._older = older
        self._read: tuple[int, Tree] | None = None  # the block that was read last
        self.extend(leaves)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._base + len(self._levels[0]) // HASH_BYTES

    def append(self, leaf: Hash) -> None:
        """Add one leaf hash at index `size`."""
        if len(leaf) != HASH_BYTES:
            raise LocalProtocolError(Reason.PROOF_LENGTH, "a leaf hash has 32 bytes")
        levels, height = self._levels, 0
        self._foreseen = []
        levels[0] += leaf
        number = self.size
        while not number & 1:  # the last two of this level are a new pair
            above = sha256(b"\x01" + levels[height][-2 * HASH_BYTES :]).digest()
            height += 1
            if height == len(levels):
                levels.append(bytearray())
            levels[height] += above
            number >>= 1
        self._let_go()

    def extend(self, leaves: Iterable[Hash]) -> None:
        """Add these leaf hashes in order; cheaper per leaf than `append` in long runs."""
        hashes = list(leaves)
        if not set(map(len, hashes)) <= {HASH_BYTES}:
            raise LocalProtocolError(Reason.PROOF_LENGTH, "a leaf hash has 32 bytes")
        fresh = b"".join(hashes)
        if fresh and self._foreseen and self._foreseen[0].startswith(fresh):
            self._take(len(hashes))
        else:
            self._foreseen = []
            self._levels[0] += fresh
            self._hash_up(0)
        self._let_go()

    def _take(self, count: int) -> None:
        """Move so many leaves, and the subtrees that they complete, from what was foreseen."""
        size = self.size
        for height, ahead in enumerate(self._foreseen):
            if height == len(self._levels):
                self._levels.append(bytearray())
            end = (((size + count) >> height) - (size >> height)) * HASH_BYTES
            self._levels[height] += ahead[:end]
            del ahead[:end]

    def foresee(self, leaves: Iterable[Hash]) -> Frontier:
        """The frontier after these leaf hashes, each of 32 bytes; the tree stays as it is.

        What is hashed for it need not be hashed again if these leaves are added next.
        """
        size = self.size
        self._levels[0] += b"".join(leaves)
        self._hash_up(0)
        after = self.frontier()
        self._foreseen = []
        for height, level in enumerate(self._levels):
            held = ((size >> height) - self._first(height)) * HASH_BYTES
            if len(level) == held:
                break  # nothing new here, so none above
            self._foreseen.append(level[held:])
            del level[held:]
        return after

    def extend_blocks(self, roots: Iterable[Hash]) -> None:
        """Add whole blocks to whole blocks, by their roots; `older` has their leaves."""
        self._check(self._older is not None and self.size % BLOCK_LEAVES == 0, "no block here")
        while len(self._levels) <= BLOCK_HEIGHT:
            self._levels.append(bytearray())
        self._foreseen = []
        self._levels[BLOCK_HEIGHT] += b"".join(roots)
        for level in self._levels[:BLOCK_HEIGHT]:
            level.clear()
        self._base = len(self._levels[BLOCK_HEIGHT]) * BLOCK_LEAVES // HASH_BYTES
        self._hash_up(BLOCK_HEIGHT)

    def block(self, number: int) -> Hash:
        """The root of the block `number`, counted from 0, which is complete."""
        self._check(0 <= number < self.size // BLOCK_LEAVES, f"no block {number}")
        return self._subtree(BLOCK_HEIGHT, number)

    def _first(self, height: int) -> int:
        """The number of the first subtree of 2^height leaves that is held."""
        return self._base >> height if height < BLOCK_HEIGHT else 0

    def _count(self, height: int) -> int:
        """How many complete subtrees of 2^height leaves there are."""
        return self._first(height) + len(self._levels[height]) // HASH_BYTES

    def _hash_up(self, height: int) -> None:
        """Hash the subtrees that became complete above this level."""
        pair = 2 * HASH_BYTES
        while (count := self._count(height)) >= 2:
            if height + 1 == len(self._levels):
                self._levels.append(bytearray())
            below, above = self._levels[height], self._levels[height + 1]
            skip = self._first(height) * HASH_BYTES
            for start in range(self._count(height + 1) * pair, count // 2 * pair, pair):
                at = start - skip
                above += sha256(b"\x01" + below[at : at + pair]).digest()
            height += 1

    def _let_go(self) -> None:
        """Drop what lies below the roots of old blocks, where their leaves can be read."""
        if self._older is None or len(self._levels[0]) <= 2 * RECENT_LEAVES * HASH_BYTES:
            return
        end = min(self.size - RECENT_LEAVES, self._older.kept())
        end -= end % BLOCK_LEAVES
        for height in range(BLOCK_HEIGHT if end > self._base else 0):
            del self._levels[height][: ((end - self._base) >> height) * HASH_BYTES]
        self._base = max(end, self._base)

    def leaf(self, index: int) -> Hash:
        """The leaf hash at `index`."""
        self._check(0 <= index < self.size, f"no leaf {index}")
        return self._subtree(0, index)

    def root(self) -> Hash:
        """The root over all leaves."""
        return self.root_at(self.size)

    def root_at(self, size: int) -> Hash:
        """The root over the first `size` leaves; O(log n)."""
        return fold(self._peaks(0, self._checked_size(size)))

    def frontier(self, size: int | None = None) -> Frontier:
        """The right edge of the first `size` leaves (all without it); O(log n).

        This is the cheap copy: extend it, compare its root with a head, then extend the tree.
        """
        size = self.size if size is None else self._checked_size(size)
        return Frontier(size=size, peaks=tuple(self._peaks(0, size)))

    def inclusion(self, index: int, size: int) -> list[Hash]:
        """The path that shows leaf `index` in the tree of the first `size` leaves (MRK-5).

        From the leaf's sibling upwards, at most 40 hashes.
        """
        self._checked_size(size)
        self._check(0 <= index < size, f"no leaf {index} in size {size}")
        path: list[Hash] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        path.reverse()
        return path

    def consistency(self, old: int, new: int) -> list[Hash]:
        """The path that shows that the tree of size `new` begins with that of size `old`.

        Empty if `old` is 0 or equals `new` (MRK-7); else at most 41 hashes (MRK-6).
        """
        self._checked_size(new)
        self._check(0 <= old <= new, f"no size {old} within {new}")
        if old in (0, new):
            return []
        path: list[Hash] = []
        low, high = 0, new
        while old < high:
            middle = low + _split(high - low)
            if old <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        if low > 0:  # at low = 0 this is the old root itself, which the verifier has
            path.append(self._range(low, high))
        path.reverse()
        return path

    def _subtree(self, height: int, number: int) -> Hash:
        """The root of the complete subtree `number` (from the left) of 2^height leaves."""
        if height < BLOCK_HEIGHT and number << height < self._base:
            block, inside = divmod(number << height, BLOCK_LEAVES)
            return self._old_block(block)._subtree(height, inside >> height)
        start = (number - self._first(height)) * HASH_BYTES
        return Hash(bytes(self._levels[height][start : start + HASH_BYTES]))

    def _old_block(self, number: int) -> "Tree":
        """The leaves of a block that was let go."""
        if self._read is None or self._read[0] != number:
            if self._older is None:
                raise LocalProtocolError(Reason.LOG_INDEX, f"block {number} is nowhere")
            leaves = self._older.read(number * BLOCK_LEAVES, self._subtree(BLOCK_HEIGHT, number))
            self._read = number, Tree(leaves)
        return self._read[1]

    def _peaks(self, low: int, high: int) -> list[Hash]:
        """The complete subtrees over leaves low..high-1; `low` is a multiple of the largest."""
        peaks: list[Hash] = []
        while low < high:
            height = (high - low).bit_length() - 1
            peaks.append(self._subtree(height, low >> height))
            low += 1 << height
        return peaks

    def _range(self, low: int, high: int) -> Hash:
        """The root over leaves low..high-1 where these are one node of some tree."""
        return fold(self._peaks(low, high))

    def _checked_size(self, size: int) -> int:
        self._check(0 <= size <= self.size, f"no size {size}")
        return size

    @staticmethod
    def _check(holds: bool, detail: str) -> None:
        if not holds:
            raise LocalProtocolError(Reason.LOG_INDEX, detail)


def inclusion_root(leaf: Hash, index: int, size: int, path: Sequence[bytes]) -> Hash:
    """The root of the tree of `size` leaves in which `path` shows leaf hash `leaf` (MRK-5).

    For a verifier that meets the root again in a signature. Raises VerificationError:
    LOG_INDEX (no such leaf in such a tree) or PROOF_LENGTH (a hash too many, too few or not
    of 32 bytes).
    """
    if not 0 <= index < size <= LOG_MAX_SIZE:
        raise VerificationError(Reason.LOG_INDEX, f"leaf {index} of {size}")
    _check_lengths(leaf, *path)
    position, last = index, size - 1
    current = leaf
    for sibling in path:
        if last == 0:
            raise VerificationError(Reason.PROOF_LENGTH, "a hash too many")
        if position & 1 or position == last:
            current = node_hash(sibling, current)
            position, last = _climb(position, last)
        else:
            current = node_hash(current, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise VerificationError(Reason.PROOF_LENGTH, "a hash is missing")
    return current


def verify_inclusion(leaf: Hash, index: int, size: int, root: Hash, path: Sequence[bytes]) -> None:
    """Return if `path` shows leaf hash `leaf` at `index` of the tree (`size`, `root`) (MRK-5).

    Raises VerificationError as `inclusion_root`, and PROOF_ROOT (it leads to another root).
    """
    reached = inclusion_root(leaf, index, size, path)
    _check_lengths(root)
    if reached != root:
        raise VerificationError(Reason.PROOF_ROOT, "the path leads to another root")


def verify_consistency(
    old_size: int, old_root: Hash, new_size: int, new_root: Hash, path: Sequence[bytes]
) -> None:
    """Return if `path` shows that the new tree begins with the old one (MRK-6, MRK-7).

    Every tree begins with the empty one and with itself; both take an empty path, and the
    old root must be `EMPTY_ROOT`, or equal the new one. Raises VerificationError: LOG_INDEX
    (sizes out of order or range), PROOF_LENGTH (as for inclusion, MRK-8), PROOF_ROOT (one of the
    two roots is not the one that the path leads to).
    """
    if not 0 <= old_size <= new_size <= LOG_MAX_SIZE:
        raise VerificationError(Reason.LOG_INDEX, f"sizes {old_size}, {new_size}")
    _check_lengths(old_root, new_root, *path)
    if old_size in (0, new_size):
        _verify_trivial(old_size, old_root, new_size, new_root, path)
        return
    # An old tree that is one complete subtree is itself the first hash, so it is left out.
    whole = old_size & (old_size - 1) == 0
    if not whole and not path:
        raise VerificationError(Reason.PROOF_LENGTH, "a hash is missing")
    start: bytes = old_root if whole else path[0]
    shift = (old_size & -old_size).bit_length() - 1
    position, last = (old_size - 1) >> shift, (new_size - 1) >> shift
    old, new = start, start
    for sibling in path if whole else path[1:]:
        if last == 0:
            raise VerificationError(Reason.PROOF_LENGTH, "a hash too many")
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            position, last = _climb(position, last)
        else:
            new = node_hash(new, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise VerificationError(Reason.PROOF_LENGTH, "a hash is missing")
    if old != old_root or new != new_root:
        raise VerificationError(Reason.PROOF_ROOT, "the path leads to another root")


def _climb(position: int, last: int) -> tuple[int, int]:
    """Skip the levels at which a node on the right edge has no sibling to be hashed with."""
    while position and not position & 1:
        position >>= 1
        last >>= 1
    return position, last


def _check_lengths(*hashes: bytes) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise VerificationError(Reason.PROOF_LENGTH, "a hash has 32 bytes")


def _verify_trivial(
    old_size: int, old_root: Hash, new_size: int, new_root: Hash, path: Sequence[bytes]
) -> None:
    if path:
        raise VerificationError(Reason.PROOF_LENGTH, "a hash too many")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise VerificationError(Reason.PROOF_ROOT, "not the root of the empty tree")
    if old_size == new_size and old_root != new_root:
        raise VerificationError(Reason.PROOF_ROOT, "two roots of one size")
