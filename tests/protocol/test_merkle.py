"""The tree against RFC 6962's own definition, Certificate Transparency's vectors and hostility."""

import hashlib
import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confedproto import merkle
from confedproto.errors import LocalProtocolError, Reason, VerificationError
from confedproto.ids import Hash
from confedproto.limits import LOG_MAX_SIZE, PROOF_MAX_HASHES

# The reference tree of the Certificate Transparency test suites: leaves, then the root at
# each size from 0 to 8.
CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_PATH_LEAF_0_OF_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]

SMALL = 40


# --- RFC 6962 section 2.1 word for word, quadratic ------------------------------------------


def split(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def naive_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), mth(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), mth(leaves[:k])]


def naive_subproof(m: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def leaves_of(n: int) -> list[bytes]:
    return [f"leaf {i}".encode() * (i % 3) for i in range(n)]


def tree_of(n: int) -> merkle.Tree:
    return merkle.Tree(merkle.leaf_hash(leaf) for leaf in leaves_of(n))


def roots_of(n: int) -> list[Hash]:
    leaves = leaves_of(n)
    return [Hash(mth(leaves[:size])) for size in range(n + 1)]


LEAVES = leaves_of(SMALL)
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]
TREE = tree_of(SMALL)
ROOTS = roots_of(SMALL)


# --- known answers --------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(9))
def test_root_ct_reference_tree_known(size: int) -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in CT_LEAVES]
    assert merkle.Tree(hashes).root_at(size).hex() == CT_ROOTS[size]
    assert merkle.root_of(hashes[:size]).hex() == CT_ROOTS[size]


def test_inclusion_ct_reference_tree_known() -> None:
    tree = merkle.Tree(merkle.leaf_hash(leaf) for leaf in CT_LEAVES)
    assert [h.hex() for h in tree.inclusion(0, 8)] == CT_PATH_LEAF_0_OF_8


def test_empty_root_is_sha256_of_nothing() -> None:
    assert hashlib.sha256(b"").digest() == merkle.EMPTY_ROOT
    assert merkle.Tree().root() == merkle.EMPTY_FRONTIER.root() == merkle.EMPTY_ROOT


# --- against the definition -----------------------------------------------------------------


def test_roots_all_small_sizes_equal_definition() -> None:
    for size, expected in enumerate(ROOTS):
        assert TREE.root_at(size) == expected
        assert TREE.frontier(size).root() == expected
        assert merkle.root_of(HASHES[:size]) == expected


def test_inclusion_all_small_sizes_equal_definition_and_verify() -> None:
    for size in range(1, SMALL + 1):
        for index in range(size):
            path = TREE.inclusion(index, size)
            assert path == naive_path(index, LEAVES[:size])
            merkle.verify_inclusion(HASHES[index], index, size, ROOTS[size], path)


def test_consistency_all_small_sizes_equal_definition_and_verify() -> None:
    for new in range(SMALL + 1):
        for old in range(new + 1):
            path = TREE.consistency(old, new)
            if old:
                assert path == naive_subproof(old, LEAVES[:new], True)
            merkle.verify_consistency(old, ROOTS[old], new, ROOTS[new], path)


@settings(max_examples=40, deadline=None)
@given(st.integers(41, 900), st.randoms(use_true_random=False))
def test_proofs_larger_sizes_equal_definition(size: int, draw: random.Random) -> None:
    leaves = leaves_of(size)
    tree = tree_of(size)
    root = Hash(mth(leaves))
    index, old = draw.randrange(size), draw.randrange(1, size + 1)
    assert tree.root() == root
    path = tree.inclusion(index, size)
    assert path == naive_path(index, leaves)
    merkle.verify_inclusion(merkle.leaf_hash(leaves[index]), index, size, root, path)
    proof = tree.consistency(old, size)
    assert proof == naive_subproof(old, leaves, True)
    merkle.verify_consistency(old, Hash(mth(leaves[:old])), size, root, proof)


def test_proof_lengths_million_leaves_at_most_twenty() -> None:
    size = 1_000_000
    tree = merkle.Tree([Hash(i.to_bytes(32, "big")) for i in range(size)])
    root = tree.root()
    for index in (0, 1, 524_287, 524_288, 999_998, 999_999):
        path = tree.inclusion(index, size)
        assert len(path) <= 20
        merkle.verify_inclusion(tree.leaf(index), index, size, root, path)
    for old in (1, 524_287, 524_288, 999_999):
        proof = tree.consistency(old, size)
        assert len(proof) <= 21
        merkle.verify_consistency(old, tree.root_at(old), size, root, proof)
    assert sum(len(level) for level in tree._levels) <= 64 * size


# --- growing --------------------------------------------------------------------------------


def test_tree_appended_one_by_one_equals_extended_at_once() -> None:
    grown = merkle.Tree()
    for size, leaf in enumerate(HASHES):
        assert grown.size == size
        grown.append(leaf)
        assert grown.root() == ROOTS[size + 1]
        assert grown.leaf(size) == leaf
    assert grown._levels == TREE._levels


@given(st.lists(st.integers(0, SMALL), max_size=6))
def test_tree_and_frontier_any_cuts_give_the_same_root(cuts: list[int]) -> None:
    tree, frontier = merkle.Tree(), merkle.EMPTY_FRONTIER
    for low, high in pairwise(sorted({0, *cuts, SMALL})):
        tree.extend(HASHES[low:high])
        frontier = frontier.extend(HASHES[low:high])
        assert tree.root() == frontier.root() == ROOTS[high]
        assert tree.frontier() == frontier
        assert frontier.size == high


@given(
    held=st.integers(0, 40), seen=st.integers(0, 40), taken=st.lists(st.integers(0, 9), max_size=6)
)
def test_tree_that_foresaw_leaves_is_the_one_that_did_not(
    held: int, seen: int, taken: list[int]
) -> None:
    tree, plain = merkle.Tree(HASHES[:held]), merkle.Tree(HASHES[:held])
    ahead = HASHES[held : held + seen]
    assert tree.foresee(ahead) == plain.frontier().extend(ahead)
    assert (tree.size, tree.root()) == (held, plain.root())
    at = held
    for count in taken:  # those foreseen, then past them
        tree.extend(HASHES[at : at + count])
        plain.extend(HASHES[at : at + count])
        at += count
        assert tree.root() == plain.root()
        assert tree.frontier() == plain.frontier()


def test_tree_that_foresaw_other_leaves_takes_those_that_come() -> None:
    tree = merkle.Tree(HASHES[:5])
    tree.foresee(HASHES[5:13])
    tree.extend([*HASHES[5:8], HASHES[0], *HASHES[9:13]])
    want = merkle.Tree([*HASHES[:8], HASHES[0], *HASHES[9:13]])
    assert tree.root() == want.root()
    assert tree.consistency(5, 13) == want.consistency(5, 13)


def test_frontier_extended_leaves_the_first_as_it_was() -> None:
    first = TREE.frontier(13)
    kept = (first.size, first.peaks)
    second = first.extend(HASHES[13:20])
    assert second.root() == ROOTS[20]
    assert (first.size, first.peaks) == kept
    assert first.append(HASHES[13]).root() == ROOTS[14]
    assert TREE.root() == ROOTS[SMALL]


@pytest.mark.parametrize(("size", "count"), [(0, 1), (3, 1), (4, 2), (7, 0), (-1, 0)])
def test_frontier_impossible_peaks_refused(size: int, count: int) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        merkle.Frontier(size=size, peaks=tuple(HASHES[:count]))
    assert caught.value.reason is Reason.PROOF_LENGTH


def test_leaf_hash_of_other_length_refused_and_nothing_kept() -> None:
    tree = merkle.Tree(HASHES[:3])
    for run in ([Hash(b"x" * 31)], [HASHES[0], Hash(b"")], [Hash(bytes(16)), Hash(bytes(16))]):
        with pytest.raises(LocalProtocolError):
            tree.extend(run)
        with pytest.raises(LocalProtocolError):
            merkle.EMPTY_FRONTIER.extend(run)
    assert (tree.size, tree.root()) == (3, ROOTS[3])


@pytest.mark.parametrize(
    "call",
    [
        lambda tree: tree.leaf(5),
        lambda tree: tree.leaf(-1),
        lambda tree: tree.root_at(6),
        lambda tree: tree.root_at(-1),
        lambda tree: tree.frontier(6),
        lambda tree: tree.inclusion(0, 0),
        lambda tree: tree.inclusion(5, 5),
        lambda tree: tree.inclusion(-1, 5),
        lambda tree: tree.inclusion(0, 6),
        lambda tree: tree.consistency(-1, 5),
        lambda tree: tree.consistency(4, 3),
        lambda tree: tree.consistency(0, 6),
    ],
)
def test_tree_out_of_range_is_the_callers_error(call: object) -> None:
    assert callable(call)
    with pytest.raises(LocalProtocolError) as caught:
        call(merkle.Tree(HASHES[:5]))
    assert caught.value.reason is Reason.LOG_INDEX


# --- hostile proofs -------------------------------------------------------------------------


def flips(path: Sequence[bytes], seed: int) -> list[list[bytes]]:
    """The path with one bit flipped, once in each of its hashes."""
    draw = random.Random(seed)
    result: list[list[bytes]] = []
    for position, value in enumerate(path):
        bit = draw.randrange(256)
        changed = bytearray(value)
        changed[bit // 8] ^= 1 << bit % 8
        result.append([*path[:position], bytes(changed), *path[position + 1 :]])
    return result


def lengths(path: Sequence[bytes]) -> list[list[bytes]]:
    """The path with a hash too many at each place, or one missing, or one of another length."""
    extra = [[*path[:i], bytes(32), *path[i:]] for i in range(len(path) + 1)]
    missing = [[*path[:i], *path[i + 1 :]] for i in range(len(path))]
    cut = [[*path[:i], path[i][:31], *path[i + 1 :]] for i in range(len(path))]
    grown = [[*path[:i], path[i] + b"\0", *path[i + 1 :]] for i in range(len(path))]
    return extra + missing + cut + grown


def inclusion_reason(
    leaf: Hash, index: int, size: int, root: Hash, path: Sequence[bytes]
) -> Reason | None:
    try:
        merkle.verify_inclusion(leaf, index, size, root, path)
    except VerificationError as error:
        return error.reason
    return None


def consistency_reason(
    old: int, old_root: Hash, new: int, new_root: Hash, path: Sequence[bytes]
) -> Reason | None:
    try:
        merkle.verify_consistency(old, old_root, new, new_root, path)
    except VerificationError as error:
        return error.reason
    return None


def test_inclusion_every_small_proof_damaged_refused() -> None:
    for size in range(1, 20):
        root = ROOTS[size]
        for index in range(size):
            leaf, path = HASHES[index], TREE.inclusion(index, size)
            for bad in flips(path, size * 100 + index):
                assert inclusion_reason(leaf, index, size, root, bad) is Reason.PROOF_ROOT
            for bad in lengths(path):
                assert inclusion_reason(leaf, index, size, root, bad) is Reason.PROOF_LENGTH
            wrong = HASHES[index + 1]
            assert inclusion_reason(wrong, index, size, root, path) is Reason.PROOF_ROOT
            assert inclusion_reason(leaf, index, size, ROOTS[size - 1], path) is not None
            for other in range(size):
                if other != index:
                    assert inclusion_reason(leaf, other, size, root, path) is not None


def test_consistency_every_small_proof_damaged_refused() -> None:
    for new in range(1, 20):
        for old in range(1, new):
            path = TREE.consistency(old, new)
            first, second = ROOTS[old], ROOTS[new]
            for bad in flips(path, new * 100 + old):
                assert consistency_reason(old, first, new, second, bad) is Reason.PROOF_ROOT
            for bad in lengths(path):
                assert consistency_reason(old, first, new, second, bad) is Reason.PROOF_LENGTH
            root = Reason.PROOF_ROOT
            assert consistency_reason(old, ROOTS[old - 1], new, second, path) is root
            assert consistency_reason(old, first, new, ROOTS[new + 1], path) is root
            for other in range(1, new):
                if other != old:
                    assert consistency_reason(other, first, new, second, path) is not None


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (-1, 5), (5, 5), (6, 5), (0, LOG_MAX_SIZE + 1), (0, -1)]
)
def test_inclusion_no_such_leaf_refused(index: int, size: int) -> None:
    assert inclusion_reason(HASHES[0], index, size, ROOTS[5], []) is Reason.LOG_INDEX


@pytest.mark.parametrize(("old", "new"), [(-1, 5), (6, 5), (0, -1), (1, LOG_MAX_SIZE + 1)])
def test_consistency_sizes_out_of_order_refused(old: int, new: int) -> None:
    assert consistency_reason(old, ROOTS[5], new, ROOTS[5], []) is Reason.LOG_INDEX


def test_inclusion_single_leaf_is_its_own_root() -> None:
    assert inclusion_reason(HASHES[0], 0, 1, ROOTS[1], []) is None
    assert inclusion_reason(HASHES[1], 0, 1, ROOTS[1], []) is Reason.PROOF_ROOT


def test_consistency_from_the_empty_tree_decided() -> None:
    empty = merkle.EMPTY_ROOT
    assert consistency_reason(0, empty, 7, ROOTS[7], []) is None
    assert consistency_reason(0, empty, 0, empty, []) is None
    assert consistency_reason(0, ROOTS[1], 7, ROOTS[7], []) is Reason.PROOF_ROOT
    assert consistency_reason(0, empty, 0, ROOTS[1], []) is Reason.PROOF_ROOT
    assert consistency_reason(0, empty, 7, ROOTS[7], [HASHES[0]]) is Reason.PROOF_LENGTH


def test_consistency_of_equal_sizes_decided() -> None:
    assert consistency_reason(7, ROOTS[7], 7, ROOTS[7], []) is None
    assert consistency_reason(7, ROOTS[7], 7, ROOTS[8], []) is Reason.PROOF_ROOT
    assert consistency_reason(7, ROOTS[7], 7, ROOTS[7], [HASHES[0]]) is Reason.PROOF_LENGTH


def test_verify_leaf_or_root_of_other_length_refused() -> None:
    short = Hash(bytes(31))
    path = TREE.inclusion(2, 5)
    assert inclusion_reason(short, 2, 5, ROOTS[5], path) is Reason.PROOF_LENGTH
    assert consistency_reason(0, short, 5, ROOTS[5], []) is Reason.PROOF_LENGTH
    assert consistency_reason(0, merkle.EMPTY_ROOT, 5, short, []) is Reason.PROOF_LENGTH


def test_node_hash_never_equals_a_leaf_hash_of_the_same_bytes() -> None:
    left, right = HASHES[0], HASHES[1]
    assert merkle.node_hash(left, right) != merkle.leaf_hash(left + right)


def test_verify_endless_path_refused_quickly_at_the_largest_size() -> None:
    path = [bytes(32)] * (PROOF_MAX_HASHES + 1)
    size = LOG_MAX_SIZE
    assert inclusion_reason(HASHES[0], 0, size, ROOTS[1], path) is Reason.PROOF_LENGTH
    assert inclusion_reason(HASHES[0], 0, size, ROOTS[1], path[:40]) is Reason.PROOF_ROOT
    found = consistency_reason(3, ROOTS[3], size, ROOTS[1], path)
    assert found is Reason.PROOF_LENGTH


hashes = st.binary(min_size=32, max_size=32).map(Hash)


@given(hashes, st.integers(), st.integers(), hashes, st.lists(st.binary(max_size=40), max_size=70))
def test_verify_any_input_gives_a_reason(
    leaf: Hash, first: int, second: int, root: Hash, path: list[bytes]
) -> None:
    refused = {Reason.LOG_INDEX, Reason.PROOF_LENGTH, Reason.PROOF_ROOT}
    single = (first, second, root, path) == (0, 1, leaf, [])
    found = inclusion_reason(leaf, first, second, root, path)
    assert found is None if single else found in refused
    empty = first == 0 and leaf == merkle.EMPTY_ROOT
    same = first == second and leaf == root
    if not empty and not same:
        assert consistency_reason(first, leaf, second, root, path) in refused


def test_verify_inclusion_with_a_root_that_is_no_hash_is_proof_length() -> None:
    leaf = merkle.leaf_hash(b"x")
    with pytest.raises(VerificationError) as caught:
        merkle.verify_inclusion(leaf, 0, 1, Hash(leaf[:31]), [])
    assert caught.value.reason is Reason.PROOF_LENGTH
