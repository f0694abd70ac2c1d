"""Heads and runs: what is signed, and what a run must meet before anything of it is kept."""

import random
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confedproto import codec, log
from confedproto.errors import DecodeError, Reason, VerificationError
from confedproto.ids import Hash, LogId, network_id
from confedproto.limits import CLOCK_AHEAD_MAX_S, LOG_MAX_SIZE, RUN_MAX_RECORDS, TIME_MAX_S
from confedproto.merkle import Tree, leaf_hash, root_of
from tests.support.councils import key

NETWORK: Final = network_id("logs")
KEY: Final = key(1)
LOG: Final = LogId(bytes([3]) * 32)
NOW: Final = 1_700_000_000


def head_at(size: int, *, root: Hash | None = None, time: int = NOW, signer: int = 1) -> log.Head:
    root = Hash(bytes(32)) if root is None else root
    return log.sign_head(NETWORK, key(signer), log=LOG, size=size, root=root, time=time)


def leaves(count: int, start: int = 0) -> list[bytes]:
    return [f"leaf {number}".encode() for number in range(start, start + count)]


def tree_of(count: int) -> Tree:
    return Tree(leaf_hash(leaf) for leaf in leaves(count))


def true_head(size: int, *, time: int = NOW) -> log.Head:
    return head_at(size, root=tree_of(size).root(), time=time)


# --- heads ------------------------------------------------------------------------------------


def test_head_that_was_signed_opens_with_its_fields() -> None:
    made = head_at(7)
    opened = log.open_head(NETWORK, KEY.public, made.envelope)
    assert opened == made
    assert log.head_log(made.envelope) == LOG


@pytest.mark.parametrize(
    ("network", "signer"), [(network_id("another"), 1), (NETWORK, 2)], ids=["network", "key"]
)
def test_head_of_another_network_or_key_is_refused(network: Any, signer: int) -> None:
    with pytest.raises(VerificationError) as caught:
        log.open_head(network, key(signer).public, head_at(7).envelope)
    assert caught.value.reason is Reason.HEAD_SIGNATURE


def test_head_with_a_bit_changed_anywhere_is_refused() -> None:
    good = head_at(300).envelope
    for bit in range(len(good) * 8):
        data = bytearray(good)
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises((DecodeError, VerificationError)):
            log.open_head(NETWORK, KEY.public, bytes(data))


FIELDS: Final = {"log": LOG, "root": bytes(32), "size": 1, "time": NOW}


@pytest.mark.parametrize(
    "fields",
    [
        FIELDS | {"size": 0},
        FIELDS | {"size": LOG_MAX_SIZE + 1},
        FIELDS | {"size": True},
        FIELDS | {"time": -1},
        FIELDS | {"time": TIME_MAX_S + 1},
        FIELDS | {"root": bytes(31)},
        FIELDS | {"root": "a" * 32},
        FIELDS | {"log": bytes(33)},
        FIELDS | {"more": 1},
        {"log": LOG, "root": bytes(32), "size": 1},
        [1],
        5,
    ],
    ids=repr,
)
def test_head_out_of_form_is_head_form(fields: object) -> None:
    payload = codec.encode(fields)
    for read in (log.head_log, lambda data: log.open_head(NETWORK, KEY.public, data)):
        with pytest.raises(DecodeError) as caught:
            read(codec.encode([payload, KEY.sign(payload)]))
        assert caught.value.reason is Reason.HEAD_FORM


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.ENC_EMPTY),
        (b"\xc0", Reason.ENC_NIL),
        (codec.encode([b"x"]), Reason.HEAD_FORM),
        (codec.encode({"a": 1}), Reason.HEAD_FORM),
        (codec.encode([b"\xc0", bytes(64)]), Reason.ENC_NIL),
        (bytes(257), Reason.ENC_SIZE),
    ],
)
def test_head_of_hostile_bytes_gives_their_reason(data: bytes, reason: Reason) -> None:
    with pytest.raises(DecodeError) as caught:
        log.open_head(NETWORK, KEY.public, data)
    assert caught.value.reason is reason


# --- runs ---------------------------------------------------------------------------------------


def check(tree: Tree, start: int, run: list[bytes], head: log.Head, **given: Any) -> list[Hash]:
    proof = given.get("proof", [])
    return log.check_run(tree, start, run, head, proof, given.get("now", NOW))


def refusal(tree: Tree, start: int, run: list[bytes], head: log.Head, **given: Any) -> Reason:
    before = tree.size, tree.root()
    with pytest.raises(VerificationError) as caught:
        check(tree, start, run, head, **given)
    assert (tree.size, tree.root()) == before
    return caught.value.reason


def test_run_that_meets_its_head_gives_the_leaf_hashes() -> None:
    for held, size in ((0, 1), (0, 8), (3, 4), (5, 13)):
        run = leaves(size - held, held)
        assert check(tree_of(held), held, run, true_head(size)) == [leaf_hash(x) for x in run]


@given(st.integers(0, 40), st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32))
def test_run_that_stops_before_its_head_needs_the_consistency_proof(
    held: int, taken: int, rest: int, seed: int
) -> None:
    full = tree_of(held + taken + rest)
    head = head_at(full.size, root=full.root())
    proof = full.consistency(held + taken, full.size)
    run = leaves(taken, held)
    assert len(check(tree_of(held), held, run, head, proof=proof)) == taken
    rng = random.Random(seed)
    assert refusal(tree_of(held), held, run, head) in (Reason.PROOF_LENGTH, Reason.PROOF_ROOT)
    spoiled = [Hash(rng.randbytes(32)) if i == 0 else step for i, step in enumerate(proof)]
    assert refusal(tree_of(held), held, run, head, proof=spoiled) is Reason.PROOF_ROOT
    longer = [*proof, Hash(bytes(32))]
    assert refusal(tree_of(held), held, run, head, proof=longer) is Reason.PROOF_LENGTH


def test_run_at_another_place_is_log_index() -> None:
    head = true_head(8)
    assert refusal(tree_of(3), 2, leaves(6, 2), head) is Reason.LOG_INDEX
    assert refusal(tree_of(3), 4, leaves(4, 4), head) is Reason.LOG_INDEX
    assert refusal(tree_of(3), 3, [], head) is Reason.LOG_INDEX
    assert refusal(tree_of(0), 0, leaves(RUN_MAX_RECORDS + 1), head) is Reason.LOG_INDEX


def test_run_past_its_head_is_log_index() -> None:
    assert refusal(tree_of(3), 3, leaves(6, 3), true_head(8)) is Reason.LOG_INDEX


def test_run_with_a_leaf_changed_moved_or_missing_is_root_mismatch() -> None:
    run = leaves(5, 3)
    for spoiled in (
        [*run[:4], b"another"],
        [run[1], run[0], *run[2:]],
        [b"", *run[1:]],
    ):
        assert refusal(tree_of(3), 3, spoiled, true_head(8)) is Reason.ROOT_MISMATCH
    head = head_at(7, root=tree_of(8).root())
    assert refusal(tree_of(3), 3, run[:4], head) is Reason.ROOT_MISMATCH


def test_run_onto_another_branch_is_root_mismatch() -> None:
    tree = tree_of(2)
    tree.append(leaf_hash(b"our branch"))
    assert refusal(tree, 3, leaves(5, 3), true_head(8)) is Reason.ROOT_MISMATCH


def test_run_with_a_proof_too_many_is_root_mismatch() -> None:
    proof = [Hash(bytes(32))]
    run = leaves(5, 3)
    assert refusal(tree_of(3), 3, run, true_head(8), proof=proof) is Reason.ROOT_MISMATCH


def test_run_with_a_head_from_the_future_is_held() -> None:
    run = leaves(8)
    edge = NOW + CLOCK_AHEAD_MAX_S
    assert check(tree_of(0), 0, run, true_head(8, time=edge))
    assert refusal(tree_of(0), 0, run, true_head(8, time=edge + 1)) is Reason.HEAD_AHEAD


def test_run_after_run_leads_to_the_tree_of_all_leaves() -> None:
    rng = random.Random(3)
    full = tree_of(200)
    head = head_at(200, root=full.root())
    tree = Tree()
    while tree.size < 200:
        count = min(rng.randint(1, 30), 200 - tree.size)
        end = tree.size + count
        proof = full.consistency(end, 200) if end < 200 else []
        tree.extend(check(tree, tree.size, leaves(count, tree.size), head, proof=proof))
    assert tree.root() == root_of(leaf_hash(leaf) for leaf in leaves(200))


def test_run_with_withheld_leaves_meets_the_head_by_their_hashes() -> None:
    given = [leaf_hash(leaf) for leaf in leaves(5, 3)]  # of some only the hash is known
    log.check_hashes(tree_of(3), given, true_head(8), [])
    log.check_hashes(tree_of(3), given[:2], true_head(8), tree_of(8).consistency(5, 8))
    forged = [*given[:4], leaf_hash(b"another leaf")]
    with pytest.raises(VerificationError) as caught:
        log.check_hashes(tree_of(3), forged, true_head(8), [])
    assert caught.value.reason is Reason.ROOT_MISMATCH
