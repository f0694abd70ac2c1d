"""Who may speak for a council: every threshold, rotation, and keys that may not."""

from itertools import combinations
from typing import Final

import pytest

from confedproto.bodies import KINDS, Needs
from confedproto.bodies.act import Act
from confedproto.bodies.charter import threshold_fault
from confedproto.bodies.lock import Lock
from confedproto.bodies.mandate import Instruction, Mandate
from confedproto.bodies.recall import Recall
from confedproto.bodies.second import Second
from confedproto.errors import Reason
from confedproto.ids import RecordId, log_id
from confedproto.record import VerifiedRecord
from confedproto.rules.authority import Authority
from tests.support.councils import DAY, NETWORK, START, Author, key

SUBJECT: Final = bytes([5]) * 32
LEGAL: Final = [(1, 1), (2, 3), (3, 4), (3, 5), (4, 5)]


def authority_of(author: Author) -> Authority:
    out = Authority(NETWORK)
    for leaf in author.leaves:
        assert out.admit(leaf) is None, leaf
    return out


# --- thresholds ---------------------------------------------------------------------------------


def test_threshold_fault_over_all_pairs_names_the_legal_ones() -> None:
    faults = {(m, n): threshold_fault(m, n) for n in range(1, 10) for m in range(11)}
    legal = {pair for pair, fault in faults.items() if fault is None}
    # more than half, and fewer than all but for a single keyholder
    assert legal == {(m, n) for m, n in faults if (n == m == 1 or (n > 2 and n / 2 < m < n))}
    assert all(fault is Reason.THRESHOLD_TWO for (_, n), fault in faults.items() if n == 2)
    assert {f for (_, n), f in faults.items() if n != 2} == {None, Reason.THRESHOLD_RANGE}


@pytest.mark.parametrize(("m", "n"), LEGAL)
def test_admit_counts_exactly_the_sets_of_m_keyholders_or_more(m: int, n: int) -> None:
    author = Author(1, keyholders=n, threshold=m)
    authority = authority_of(author)
    stranger = key(77)
    for size in range(n + 1):
        for chosen in combinations(author.keyholders, size):
            for signers in (chosen, (*chosen, stranger), (*chosen, author.node_key)):
                if not signers:
                    continue
                item = author.make(Second(), subject=SUBJECT, signers=signers)
                wanted = None if size >= m else Reason.THRESHOLD_MISSING
                assert authority.admit(item) is wanted


@pytest.mark.parametrize(("m", "n"), LEGAL)
def test_first_charter_needs_its_own_threshold(m: int, n: int) -> None:
    author = Author(1, keyholders=n, threshold=m)
    for size in range(1, n + 1):
        for signers in combinations(author.keyholders, size):
            item = author.make(author.charter_body(), charter=0, council=None, signers=signers)
            wanted = None if size >= m else Reason.THRESHOLD_MISSING
            assert Authority(NETWORK).admit(item) is wanted


@pytest.mark.parametrize(
    ("keyholders", "threshold", "reason"),
    [
        (2, 1, Reason.THRESHOLD_TWO),
        (2, 2, Reason.THRESHOLD_TWO),
        (3, 3, Reason.THRESHOLD_RANGE),
        (4, 2, Reason.THRESHOLD_RANGE),
        (1, 2, Reason.THRESHOLD_RANGE),
    ],
)
def test_first_charter_with_an_illegal_threshold_is_refused(
    keyholders: int, threshold: int, reason: Reason
) -> None:
    author = Author(1, keyholders=keyholders, threshold=threshold)
    assert Authority(NETWORK).admit(author.leaves[0]) is reason


def test_charter_with_keys_out_of_order_or_twice_is_refused() -> None:
    author = Author(1, keyholders=3, threshold=2)
    good = [holder.public for holder in sorted(author.keyholders, key=lambda k: k.public)]
    for keys in (good[::-1], [good[0], good[0], good[1]]):
        item = author.make(author.charter_body(keys=keys), charter=0, council=None)
        assert Authority(NETWORK).admit(item) is Reason.SIGNER_ORDER


def test_charter_with_a_key_of_small_order_is_refused() -> None:
    author = Author(1, keyholders=3, threshold=2)
    keys = sorted([bytes([1]) + bytes(31), *(h.public for h in author.keyholders[:2])])
    item = author.make(author.charter_body(keys=keys), charter=0, council=None)
    assert Authority(NETWORK).admit(item) is Reason.KEY_ORDER


# --- rotation -----------------------------------------------------------------------------------


def rotated(author: Author, fresh: int = 500) -> VerifiedRecord:
    """Replace all keyholders; signed by the old threshold and the new one."""
    old = list(author.keyholders)
    author.keyholders = [key(fresh + i) for i in range(len(old))]
    body = author.charter_body(previous=author.leaves[0].id)
    return author.make(body, signers=[*old[: author.threshold], *author.keyholders])


def test_charter_of_two_thresholds_retires_the_old_keys() -> None:
    author = Author(1, keyholders=3, threshold=2)
    authority = authority_of(author)
    old = list(author.keyholders)
    before = author.make(Second(), subject=SUBJECT)
    assert authority.judge(before) is None
    assert authority.admit(rotated(author)) is None
    step = authority.charter
    assert step is not None
    assert step.version == 2
    assert authority.judge(before) is Reason.CHARTER_VERSION
    author.version = 2
    by_old = author.make(Second(), subject=SUBJECT, signers=old)
    assert authority.admit(by_old) is Reason.THRESHOLD_MISSING
    mixed = author.make(Second(), subject=SUBJECT, signers=[old[0], author.keyholders[0]])
    assert authority.admit(mixed) is Reason.THRESHOLD_MISSING
    assert authority.admit(author.make(Second(), subject=SUBJECT)) is None


def test_charter_without_one_of_both_thresholds_is_refused() -> None:
    author = Author(1, keyholders=3, threshold=2)
    authority = authority_of(author)
    old = list(author.keyholders)
    author.keyholders = [key(500 + i) for i in range(3)]
    body = author.charter_body(previous=author.leaves[0].id)
    for signers in (
        old,
        author.keyholders,
        [old[0], *author.keyholders],
        [*old, author.keyholders[0]],
    ):
        item = author.make(body, signers=signers)
        assert authority.admit(item) is Reason.THRESHOLD_MISSING
    assert authority.admit(author.make(body, signers=[*old[1:], *author.keyholders[1:]])) is None


def test_charter_that_skips_or_repeats_a_version_is_refused() -> None:
    author = Author(1, keyholders=3, threshold=2)
    authority = authority_of(author)
    body = author.charter_body(previous=author.leaves[0].id)
    for version in (0, 2, 3):
        if version == 0:
            continue  # a first charter names no council, and so is another council's
        assert authority.admit(author.make(body, charter=version)) is Reason.CHARTER_VERSION
    again = author.make(author.charter_body(), charter=0, council=None)
    assert authority.admit(again) is Reason.CHARTER_VERSION
    assert authority.admit(author.make(body)) is None
    assert authority.admit(author.make(body)) is Reason.CHARTER_VERSION


def test_charter_that_names_another_predecessor_is_refused() -> None:
    author = Author(1, keyholders=3, threshold=2)
    authority = authority_of(author)
    for previous in (None, RecordId(bytes(32)), author.leaves[1].id):
        body = author.charter_body(previous=previous)
        assert authority.admit(author.make(body)) is Reason.CHARTER_PREVIOUS


def test_judge_alone_changes_nothing() -> None:
    author = Author(1, keyholders=3, threshold=2)
    authority = authority_of(author)
    item = rotated(author)
    for _ in range(3):
        assert authority.judge(item) is None
    step = authority.charter
    assert step is not None
    assert step.version == 1


# --- councils, nodes, delegates -------------------------------------------------------------------


def test_admit_before_the_first_charter_is_council_unknown() -> None:
    author = Author(1)
    authority = Authority(NETWORK)
    assert authority.council is None
    assert authority.admit(author.leaves[1]) is Reason.COUNCIL_UNKNOWN


def test_admit_of_another_council_is_council_foreign() -> None:
    author, other = Author(1), Author(2)
    authority = authority_of(author)
    assert authority.admit(other.make(Second(), subject=SUBJECT)) is Reason.COUNCIL_FOREIGN
    # signed by our own keyholders, but in the other council's name
    item = other.make(Second(), subject=SUBJECT, signers=author.keyholders)
    assert authority.admit(item) is Reason.COUNCIL_FOREIGN
    item = other.make(author.charter_body(previous=author.leaves[0].id), signers=author.keyholders)
    assert authority.admit(item) is Reason.COUNCIL_FOREIGN


def test_admit_of_an_unknown_kind_is_kind_unknown() -> None:
    author = Author(1)
    item = author.make(Second(), subject=SUBJECT, kind="song")
    assert authority_of(author).admit(item) is Reason.KIND_UNKNOWN


def test_node_record_gives_the_log_of_its_key() -> None:
    author = Author(1)
    node = authority_of(author).node
    assert node is not None
    assert node.key == author.node_key.public
    assert node.log == log_id(NETWORK, author.council, node.key) == author.log


def test_second_node_record_without_its_predecessor_is_refused() -> None:
    author = Author(1)
    authority = authority_of(author)
    for number, reason in ((1, Reason.NODE_NUMBER), (2, Reason.NODE_PREVIOUS)):
        item = author.make(author.node_body(number=number))
        assert authority.admit(item) is reason


THRESHOLD_BODIES: Final = {
    "second": Second(),
    "recall": Recall(),
    "mandate": Mandate(delegate=bytes(32), starts=0, until=1, kinds=("vote",)),
}


@pytest.mark.parametrize("kind", THRESHOLD_BODIES)
def test_node_key_cannot_sign_for_the_keyholders(kind: str) -> None:
    author = Author(1, keyholders=3, threshold=2)
    authority = authority_of(author)
    subject = SUBJECT if KINDS[kind].subject else None
    for signers in ([author.node_key], [author.node_key, author.keyholders[0]]):
        item = author.make(THRESHOLD_BODIES[kind], subject=subject, signers=signers)
        assert authority.admit(item) is Reason.THRESHOLD_MISSING
    charter = author.charter_body(previous=author.leaves[0].id)
    item = author.make(charter, signers=[author.node_key])
    assert authority.admit(item) is Reason.THRESHOLD_MISSING
    node = author.make(author.node_body(number=2), signers=[author.node_key])
    assert authority.admit(node) is Reason.THRESHOLD_MISSING


def test_kinds_of_the_node_key_are_without_authority() -> None:
    by_node = {kind.name for kind in KINDS.values() if kind.needs is Needs.NODE}
    # status and vote, lock, witness, two that prove themselves whoever appends them, and which
    # of those who hold an invitation of the keyholders came first, and that its operator overrode
    by_itself = {"witness", "vote", "lock", "status", "override"}
    assert by_node <= by_itself | {"fork-proof", "carried", "guest"}
    assert {kind.name for kind in KINDS.values() if kind.needs is Needs.KEYHOLDER} == {"suspension"}
    assert {kind.name for kind in KINDS.values() if kind.needs is Needs.DELEGATE} <= {
        "act",
        "report",
    }


def test_keyholders_cannot_sign_for_the_node() -> None:
    author = Author(1, keyholders=3, threshold=2)
    authority = authority_of(author)
    body = Lock(freeze=bytes(32), round=1, outcome="adopted")
    for signers in (author.keyholders, [author.node_key, *author.keyholders], [key(78)]):
        item = author.make(body, subject=SUBJECT, signers=signers)
        assert authority.admit(item) is Reason.NODE_KEY
    item = author.make(body, subject=SUBJECT, signers=[author.node_key])
    assert authority.admit(item) is None


def mandated(author: Author) -> VerifiedRecord:
    body = Mandate(
        delegate=key(9).public,
        starts=START,
        until=START + DAY,
        kinds=("vote",),
        instructions=(Instruction(motion=SUBJECT, value="yes"),),
    )
    return author.add(body)


def act(author: Author, mandate: VerifiedRecord, signer: int) -> VerifiedRecord:
    body = Act(motion=SUBJECT, kind="vote", value="yes", number=1, head=b"head")
    return author.make(body, subject=mandate.id, signers=[key(signer)])


def test_delegate_alone_signs_acts_of_its_mandate() -> None:
    author = Author(1, keyholders=3, threshold=2)
    mandate = mandated(author)
    authority = authority_of(author)
    assert authority.admit(act(author, mandate, 9)) is None
    assert authority.admit(act(author, mandate, 8)) is Reason.MANDATE_DELEGATE
    body = Act(motion=SUBJECT, kind="vote", value="yes", number=1, head=b"head")
    for signers in (author.keyholders, [key(9), *author.keyholders], [author.node_key]):
        item = author.make(body, subject=mandate.id, signers=signers)
        assert authority.admit(item) is Reason.MANDATE_DELEGATE


def test_act_before_or_without_its_mandate_is_mandate_unknown() -> None:
    author, other = Author(1), Author(2)
    before = authority_of(author)
    mandate = mandated(author)
    assert before.admit(act(author, mandate, 9)) is Reason.MANDATE_UNKNOWN
    assert before.admit(mandate) is None
    assert before.admit(act(author, mandate, 9)) is None
    # the mandate of one council opens no door in another
    assert authority_of(other).admit(act(other, mandate, 9)) is Reason.MANDATE_UNKNOWN


def test_charter_versions_stay_known() -> None:
    author = Author(1, keyholders=3, threshold=2)
    authority = authority_of(author)
    first = author.leaves[0].body
    second = rotated(author)
    authority.admit(second)
    assert authority.charter_version(1) == first
    assert authority.charter_version(2) == second.body
    assert authority.charter_version(0) is None
    assert authority.charter_version(3) is None
