"""One council against all the others: what it must not be able to undo, delay or make costly."""

import random
import time

import pytest

from confedproto.bodies.carried import Carried
from confedproto.bodies.forkproof import ForkProof
from confedproto.bodies.lock import Lock
from confedproto.bodies.recall import Recall
from confedproto.chains import Chains
from confedproto.ids import CouncilId, Hash, RecordId
from confedproto.lines import Lines
from confedproto.log import sign_head
from confedproto.merkle import leaf_hash
from confedproto.record import VerifiedRecord
from confedproto.rules.chain import Chain
from confedproto.rules.forks import make_proof
from confedproto.rules.motion import MotionStatus, State
from confedproto.rules.receipts import WitnessLine
from tests.support.councils import NETWORK, START, Author, Ballot, ballot, feed, view_of

FAR = 2**39
"""Seconds UTC, long after everything."""


def status(made: Ballot, rng: random.Random | None = None) -> MotionStatus:
    found = view_of(made.authors, rng=rng).motion_status(made.motion.id, FAR)
    assert isinstance(found, MotionStatus)
    return found


def decided_by_three() -> tuple[Ballot, list[VerifiedRecord]]:
    """Four councils, three of which vote yes: the three locks that are needed, and no more."""
    made = ballot(4)
    positions = [made.position(author, "yes", yes=10, no=5) for author in made.authors[:3]]
    made.witness_all(time=made.body.closes)
    for author in made.authors[:3]:
        made.vote(author, "adopted", positions)
    return made, positions


def forked(liar: Author, size: int) -> ForkProof:
    """The proof that the liar signed another log than its own at `size`."""
    heads = [
        sign_head(NETWORK, liar.node_key, log=liar.log, size=size, root=root, time=START)
        for root in (liar.tree.root_at(size), Hash(b"\x01" * 32))
    ]
    return make_proof(
        council=liar.council,
        key=liar.node_key.public,
        one=heads[0],
        other=heads[1],
        root=None,
        path=(),
    )


# --- what is final stays final ------------------------------------------------------------------


def test_node_that_forks_its_log_after_its_lock_undoes_no_final_outcome() -> None:
    made, _ = decided_by_three()
    liar = made.authors[2]
    before = liar.tree.size - 1  # its vote goes too
    for author in made.authors[:3]:
        made.lock(author, "adopted")
    sealed = status(made)
    assert sealed.state is State.FINAL
    made.authors[3].sign_by_node(forked(liar, before), time=START)
    assert status(made).certificate == sealed.certificate
    for seed in range(20):  # whichever of lock and proof comes first
        assert status(made, random.Random(seed)).certificate == sealed.certificate


def test_position_past_a_fork_counts_no_more_though_the_lock_does() -> None:
    made, _ = decided_by_three()
    liar = made.authors[2]
    cut = liar.tree.size
    for author in made.authors[:3]:
        made.lock(author, "adopted")
    made.position(liar, "no", number=2)
    made.authors[3].sign_by_node(forked(liar, cut), time=START)
    for seed in range(5):
        found = status(made, random.Random(seed))
        assert found.state is State.FINAL
        said = [p.position.record for p in found.positions if p.position.record in liar.leaves]
        assert len(said) == 1


def test_forked_node_cannot_lock_with_another_key() -> None:
    made, _ = decided_by_three()
    liar = made.authors[2]
    for author in made.authors[:2]:
        made.lock(author, "adopted")
    made.authors[3].sign_by_node(forked(liar, liar.tree.size), time=START)
    made.lock(liar, "adopted")
    assert status(made).state is State.FINAL  # its own word, good or bad, is one of q
    liar.leaves.pop()
    lock = Lock(freeze=made.freeze.id, round=1, outcome="adopted")
    liar.add(lock, subject=made.motion.id, signers=[made.authors[3].node_key])
    assert status(made).state is State.PROVISIONAL


# --- what one council says of others costs no more than it sends --------------------------------


def test_heads_that_a_liar_names_cost_nothing_before_the_log_is_that_long() -> None:
    victim, liar = Author(1), Author(2)
    log = view_of([victim]).logs[victim.log]
    lines = Lines()
    before = time.process_time()
    for size in range(20_000):
        lines.add(
            WitnessLine(
                witness=liar.council,
                log=log.id,
                size=10**9 - size,
                root=Hash(bytes(32)),
                time=START + size,
                arrived=START,
            )
        )
        assert not lines.sift(log)
    assert time.process_time() - before < 2  # walking over all of them each time takes a minute
    assert len(lines.past(log.id)) == 20_000
    lines.drop(liar.council)
    assert lines.past(log.id) == ()


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> list[CouncilId]:
    """The councils that were folded again, one entry a time."""
    out: list[CouncilId] = []
    whole = Chains.refold

    def counted(self: Chains, council: CouncilId) -> Chain:
        out.append(council)
        return whole(self, council)

    monkeypatch.setattr(Chains, "refold", counted)
    return out


def carried(victim: Author, carrier: Author, size: int, *, time: int, reason: str) -> Carried:
    """A recall by the victim in the log of another council, which names a head of its own."""
    root = victim.tree.root_at(size)
    inner = victim.make(Recall(reason=reason), subject=bytes(32))
    head = sign_head(NETWORK, victim.node_key, log=victim.log, size=size, root=root, time=START)
    body = Carried(envelope=inner.envelope, head=head.envelope)
    carrier.sign_by_node(body, time=time)
    return body


def test_record_carried_again_and_again_folds_its_council_once(folds: list[CouncilId]) -> None:
    victim, liar = Author(1), Author(2)
    for number in range(50):
        carried(victim, liar, 2, time=START + number, reason="once")
    view = view_of([victim])
    folds.clear()
    feed(view, [liar])
    assert folds.count(victim.council) == 1
    assert len(view.about(RecordId(bytes(32)), "recall")) == 1


def test_run_of_carried_records_folds_their_council_once(folds: list[CouncilId]) -> None:
    victim, liar = Author(1), Author(2)
    for number in range(50):
        carried(victim, liar, 2, time=START, reason=f"number {number}")
    view = view_of([victim])
    folds.clear()
    view.add_log(liar.log, liar.council, liar.node_key.public)
    for leaf in liar.leaves:
        view.add(liar.log, leaf, leaf_hash(leaf.envelope), START, more=True)
    assert victim.council not in folds
    view.settle()
    assert folds.count(victim.council) == 1
    one_by_one = view_of([victim, liar])
    assert {p.record.id for p in view.of_kind("recall")} == {
        p.record.id for p in one_by_one.of_kind("recall")
    }
    assert len(view.of_kind("recall")) == 50
    assert view.state_digest(FAR) == one_by_one.state_digest(FAR)
