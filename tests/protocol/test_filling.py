"""Withheld leaves: who is asked, what is taken, and what a liar can do (SYN-10, LOG-9)."""

from collections.abc import Callable

import pytest

from confedproto import effects as fx
from confedproto import wire
from confedproto.bodies.recall import Recall
from confedproto.errors import Reason
from confedproto.filling import leaves_message
from confedproto.limits import RUN_MAX_BYTES, WANT_MAX
from confedproto.merkle import leaf_hash
from confedproto.record import WITHHELD, VerifiedRecord
from tests.support.councils import Author
from tests.support.rigs import Chapter, Rig, rig, stranger


def kept_back(chapter: Chapter, *indexes: int) -> wire.Run:
    """The run of a peer that gives only the hashes of some leaves."""
    run = chapter.run()
    leaves = list(run.leaves)
    for index in indexes:
        leaves[index] = leaf_hash(chapter.leaves[index][0])
    return wire.Run(log=run.log, start=0, leaves=tuple(leaves), head=run.head)


def denied(*indexes: int) -> tuple[Rig, Chapter]:
    """A node that has got some leaves of a log from its first peer as hashes alone."""
    made, chapter = rig(2), Chapter.of(recalled())
    for link, peer in enumerate(made.peers, 1):
        made.open(link, peer)
    made.announce(1, chapter)
    made.run(1, kept_back(chapter, *indexes))
    return made, chapter


def recalled() -> Author:
    author = stranger(extra=4)
    author.add(Recall(reason="Enough."), subject=bytes(32))
    return author


def wants(made: Rig) -> list[tuple[int, tuple[int, ...]]]:
    sent = [one for one in made.out if isinstance(one, fx.Send)]
    return [(s.link, s.message.indexes) for s in sent if isinstance(s.message, wire.Want)]


def found(chapter: Chapter, *indexes: int) -> wire.Leaves:
    rows = tuple(wire.FoundLeaf(index=i, leaf=chapter.leaves[i]) for i in indexes)
    return wire.Leaves(log=chapter.author.log, leaves=rows)


def test_public_leaf_that_a_peer_keeps_back_is_had_from_another() -> None:
    made, chapter = denied(6)
    recall = chapter.author.leaves[6]
    entry = made.node.engine.view.logs[chapter.author.log]
    assert made.held(chapter.author) == 7
    assert made.node.engine.view.logs[chapter.author.log].leaves[6] is WITHHELD
    assert recall.id not in made.node.engine.view.records
    made.announce(2, chapter)  # the honest one holds all of it as public
    assert wants(made) == [(2, (6,))]
    made.say(2, found(chapter, 6))
    assert made.closed() == []
    leaf = entry.leaves[6]
    assert isinstance(leaf, VerifiedRecord)
    assert leaf.id == recall.id
    assert recall.id in made.node.engine.view.records
    (filled,) = [one for one in made.out if isinstance(one, fx.FillLeaves)]
    assert [(leaf.index, leaf.envelope) for leaf in filled.leaves] == [(6, recall.envelope)]


def test_digests_of_two_nodes_differ_while_one_was_denied_a_leaf() -> None:
    whole, chapter = rig(2), Chapter.of(recalled())
    whole.open(1, whole.peers[0])
    whole.announce(1, chapter)
    whole.run(1, chapter.run())
    made, chapter = denied(6)
    made.announce(2, chapter)

    def digest(one: Rig) -> bytes:
        return one.node.engine._comparer.digest_now().digest

    assert digest(whole) != digest(made)
    made.say(2, found(chapter, 6))
    assert digest(whole) == digest(made)


def test_peer_that_claims_more_than_it_has_is_asked_once_an_announcement() -> None:
    made, chapter = denied(5, 6)
    made.announce(2, chapter)
    assert wants(made) == [(2, (5, 6))]
    made.announce(2, chapter)
    assert wants(made) == []  # the first question stands
    made.say(2, wire.Leaves(log=chapter.author.log, leaves=()))
    assert wants(made) == []
    assert made.closed() == []
    made.announce(2, chapter)
    assert wants(made) == [(2, (5, 6))]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda chapter: wire.Leaves(log=bytes(32), leaves=()),
        lambda chapter: found(chapter, 4),
        lambda chapter: found(chapter, 6, 6),
        lambda chapter: wire.Leaves(
            log=chapter.author.log,
            leaves=(wire.FoundLeaf(index=6, leaf=chapter.leaves[5]),),
        ),
    ],
    ids=["another log", "not asked for", "twice", "another leaf"],
)
def test_leaf_that_is_not_the_one_asked_for_ends_the_link(
    spoil: Callable[[Chapter], wire.Leaves],
) -> None:
    made, chapter = denied(6)
    made.announce(2, chapter)
    made.say(2, spoil(chapter))
    assert made.closed() == [(2, Reason.LEAF_OTHER)]
    assert made.node.engine.view.logs[chapter.author.log].leaves[6] is WITHHELD


def test_leaf_with_a_part_that_is_none_of_its_own_ends_the_link() -> None:
    made, chapter = denied(6)
    made.announce(2, chapter)
    leaf = (*chapter.leaves[6], b"a part")
    row = wire.FoundLeaf(index=6, leaf=leaf)
    made.say(2, wire.Leaves(log=chapter.author.log, leaves=(row,)))
    assert made.closed() == [(2, Reason.PART_UNEXPECTED)]


def test_leaves_that_nobody_asked_for_end_the_link() -> None:
    made, chapter = denied(6)
    made.say(2, found(chapter, 6))
    assert made.closed() == [(2, Reason.LEAF_OTHER)]


def test_want_is_answered_with_what_is_held_and_seen() -> None:
    made, chapter = denied(6)
    log = chapter.author.log
    made.say(2, wire.Want(log=log, indexes=(0, 6, 6, 3, 900)))
    (serve,) = [one for one in made.out if isinstance(one, fx.ServeLeaves)]
    assert serve.indexes == (0, 3)
    made.say(2, wire.Want(log=bytes(32), indexes=(0,)))
    (serve,) = [one for one in made.out if isinstance(one, fx.ServeLeaves)]
    assert serve.indexes == ()


def test_answer_to_a_want_fits_one_message() -> None:
    effect = fx.ServeLeaves(link=1, log=recalled().log, indexes=tuple(range(WANT_MAX)))
    rows = [(index, bytes(16_384), bytes(16_384)) for index in effect.indexes]
    message = leaves_message(effect, rows)
    assert [leaf.index for leaf in message.leaves] == [0]
    assert len(wire.encode(message)) < RUN_MAX_BYTES


def test_first_leaves_of_a_log_are_never_withheld() -> None:
    made, chapter = rig(2), Chapter.of(recalled())
    made.open(1, made.peers[0])
    made.announce(1, chapter)
    made.run(1, kept_back(chapter, 0))
    assert made.closed() == [(1, Reason.LOG_START)]


def test_answer_to_a_want_leaves_out_what_was_dropped_meanwhile() -> None:
    effect = fx.ServeLeaves(link=1, log=recalled().log, indexes=(3, 4))
    message = leaves_message(effect, [(3, bytes(32), None), (4, bytes(200), None)])
    assert [leaf.index for leaf in message.leaves] == [4]
