"""Blocks of leaves, and a tree that lets go of what lies below them."""

import hashlib
from collections.abc import Sequence

import pytest

from confedproto.bodies.statement import Statement
from confedproto.chains import Log
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import Hash
from confedproto.marks import HASH_ONLY, Block, blocks
from confedproto.merkle import Tree, leaf_hash
from confedproto.older import BLOCK_LEAVES, RECENT_LEAVES
from confedproto.record import WITHHELD, PlainLeaf
from tests.support.councils import Author

MANY = 4 * RECENT_LEAVES + 17


def hashes(count: int) -> list[Hash]:
    return [Hash(hashlib.sha256(b"%d" % number).digest()) for number in range(count)]


class Shelf:
    """Where a tree finds its old leaves; it counts how often it is asked."""

    def __init__(self, leaves: Sequence[Hash], kept: int | None = None) -> None:
        self.leaves = leaves
        self.held = len(leaves) if kept is None else kept
        self.asked = 0

    def kept(self) -> int:
        return self.held

    def read(self, start: int, root: Hash) -> Sequence[Hash]:
        self.asked += 1
        part = self.leaves[start : start + BLOCK_LEAVES]
        assert Tree(part).root() == root
        return part


def same_proofs(one: Tree, other: Tree) -> None:
    sizes = [1, 2, 31, 32, 33, 63, 64, 1_000, MANY - 1_025, MANY - 1, MANY]
    for size in sizes:
        assert one.root_at(size) == other.root_at(size), size
        assert one.frontier(size) == other.frontier(size)
        assert one.consistency(size, MANY) == other.consistency(size, MANY)
        assert one.inclusion(size - 1, MANY) == other.inclusion(size - 1, MANY)
        assert one.leaf(size - 1) == other.leaf(size - 1)


def test_tree_that_let_go_proves_the_same() -> None:
    leaves = hashes(MANY)
    shelf = Shelf(leaves)
    whole, lean = Tree(leaves), Tree(older=shelf)
    for start in range(0, MANY, 700):  # runs of a length that no block begins at
        lean.extend(leaves[start : start + 700])
    assert lean.size == MANY
    assert sum(map(len, lean._levels)) < MANY * 32  # the leaves alone would take as much
    assert (lean.root(), shelf.asked) == (whole.root(), 0)
    same_proofs(lean, whole)
    assert shelf.asked > 0


def test_tree_holds_what_is_not_kept_yet() -> None:
    """What waits for its commit is not to be read anywhere."""
    leaves = hashes(MANY)
    shelf = Shelf(leaves, kept=100)
    lean = Tree(leaves, older=shelf)
    assert lean.leaf(100) == leaves[100]
    assert shelf.asked == 0
    assert lean.leaf(95) == leaves[95]
    assert shelf.asked == 1
    shelf.held = MANY
    lean.append(leaves[0])
    assert lean.leaf(100) == leaves[100]
    assert shelf.asked == 2


@pytest.mark.parametrize("whole", [0, 1, 5, 100])
def test_tree_of_blocks_grows_and_proves_as_one_of_leaves(whole: int) -> None:
    leaves = hashes(MANY)
    made, at = Tree(leaves), whole * BLOCK_LEAVES
    tree = Tree(older=Shelf(leaves))
    tree.extend_blocks(made.block(number) for number in range(whole))
    assert (tree.size, tree.root()) == (at, made.root_at(at))
    tree.extend(leaves[at : at + 32])
    tree.extend_blocks([made.block(whole + 1)])
    assert tree.root() == made.root_at(at + 64)
    tree.extend(leaves[at + 64 :])
    assert tree.root() == made.root()
    same_proofs(tree, made)


def test_tree_takes_no_block_astray() -> None:
    leaves = hashes(40)
    root = Tree(leaves[:32]).root()
    with pytest.raises(LocalProtocolError) as caught:
        Tree().extend_blocks([root])  # nowhere to read it
    assert caught.value.reason is Reason.LOG_INDEX
    with pytest.raises(LocalProtocolError):
        Tree(leaves, older=Shelf(leaves)).extend_blocks([root])  # within a block
    with pytest.raises(LocalProtocolError):
        Tree(leaves).block(1)  # not complete


def test_blocks_are_those_that_are_complete_and_alike() -> None:
    author = Author(1)
    example = author.make(Statement(text="a"))
    sound = PlainLeaf(example=example, first=2)
    due = PlainLeaf(example=example, first=2, provisional=True)
    entry = Log(id=author.log, council=author.council, key=author.node_key.public)
    for leaf, count in ((author.leaves[0], 2), (sound, 94), (due, 32), (sound, 40), (WITHHELD, 60)):
        entry.leaves.repeat(leaf, count)
    leaves = hashes(len(entry.leaves))
    entry.tree.extend(leaves)
    found = blocks(entry, 0, entry.tree.size)
    assert [(block.number, block.mark) for block in found] == [
        (1, 2),
        (2, 2),
        (4, 2),
        (6, HASH_ONLY),
    ]
    assert [block.root for block in found] == [
        Tree(leaves[32 * number : 32 * number + 32]).root() for number in (1, 2, 4, 6)
    ]
    assert [bool(block.total) for block in found] == [False, False, False, True]
    # Of a part those that it lies in, whole: what it makes complete begins before it.
    assert [block.number for block in blocks(entry, 70, 140)] == [2, 4]
    assert [block.number for block in blocks(entry, 70, 140, {2})] == [4]
    assert all(isinstance(block, Block) for block in found)
    assert leaf_hash(b"") not in leaves
