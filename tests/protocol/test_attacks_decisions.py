"""One council against all the others: what it must not be able to undo, delay or make costly."""

import random

from confedproto.bodies.forkproof import ForkProof
from confedproto.bodies.lock import Lock
from confedproto.ids import Hash
from confedproto.log import sign_head
from confedproto.record import VerifiedRecord
from confedproto.rules.forks import make_proof
from confedproto.rules.motion import MotionStatus, State
from tests.support.councils import NETWORK, START, Author, Ballot, ballot, view_of

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
