"""Plain kinds live on the disk alone; the view keeps who signed them as what."""

import ast
from pathlib import Path

import pytest

from confedproto import record
from confedproto.bodies.statement import Statement
from confedproto.errors import DecodeError, Reason, VerificationError
from confedproto.marks import DROPPED, HASH_ONLY, PROVISIONAL, VERIFIED, is_hash, like, marks
from confedproto.merkle import leaf_hash
from confedproto.plain import DUE_MAX, Feeder
from confedproto.record import Leaf, PlainLeaf, RefusedLeaf, VerifiedRecord
from confedproto.view import View
from tests.support.councils import NETWORK, Author, key

ROOT = Path(__file__).resolve().parents[2]
MAY_REOPEN = {"confednode/loading.py", "confednode/ingest.py"}
"""The store's own rows, and what a worker of this node has just opened."""


def author(count: int) -> Author:
    made = Author(1)
    for number in range(count):
        made.add(Statement(text=f"number {number}"))
    return made


def view_of(made: Author) -> View:
    view = View(NETWORK)
    view.add_log(made.log, made.council, made.node_key.public)
    return view


def add(view: View, made: Author, *items: VerifiedRecord) -> Feeder:
    feeder = Feeder(view)
    feeder.add(made.log, [(item, leaf_hash(item.envelope), 7) for item in items])
    view.settle()
    return feeder


def test_statements_are_not_kept_in_the_view() -> None:
    made = author(50)
    view = view_of(made)
    add(view, made, *made.leaves)
    assert view.chains.of[made.council].faults[made.log][:] == [None] * 52
    assert len(view.records) == 2
    assert len({id(leaf) for leaf in view.logs[made.log].leaves}) == 3
    assert view.logs[made.log].tree.root() == made.tree.root()


def test_statement_of_a_stranger_is_told_apart() -> None:
    made = author(1)
    bad = made.make(Statement(text="x"), signers=[key(77)])
    view = view_of(made)
    add(view, made, *made.leaves, bad)
    assert view.chains.of[made.council].faults[made.log][-1] is not None
    assert marks(view.logs[made.log].leaves) == (VERIFIED, VERIFIED, 2, 3)


def test_leaves_added_together_are_as_if_added_one_by_one() -> None:
    made = author(9)
    one, all_at_once = view_of(made), view_of(made)
    for item in made.leaves:
        add(one, made, item)
    add(all_at_once, made, *made.leaves)
    ours, theirs = one.logs[made.log], all_at_once.logs[made.log]
    assert ours.tree.root() == theirs.tree.root()
    assert marks(ours.leaves) == marks(theirs.leaves)
    assert ours.arrivals[:] == theirs.arrivals[:]
    assert one.chains.of[made.council].faults == all_at_once.chains.of[made.council].faults
    assert one.state_digest(9) == all_at_once.state_digest(9)


def test_reopened_record_is_the_opened_one_but_for_the_signatures() -> None:
    item = author(1).leaves[-1]
    again = record.reopen(NETWORK, item.envelope)
    assert (again.id, again.body, again.signers) == (item.id, item.body, item.signers)
    with pytest.raises(DecodeError):
        record.reopen(NETWORK, item.envelope[:-1])
    forged = item.envelope[:-1] + bytes((item.envelope[-1] ^ 1,))
    with pytest.raises(VerificationError):
        record.open(NETWORK, forged)


def test_reopen_has_two_callers() -> None:
    callers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("confednode", "protocol")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute | ast.Name)
        and "reopen" in (getattr(node, "attr", ""), getattr(node, "id", ""))
    }
    assert callers <= MAY_REOPEN


def test_feeder_remembers_the_newest_plain_records() -> None:
    made = author(3)
    feeder = add(view_of(made), made, *made.leaves)
    assert all(feeder.knows(item.id) for item in made.leaves)
    assert not feeder.knows(made.make(Statement(text="other")).id)


def provisional(made: Author, count: int) -> list[Leaf]:
    """The last `count` leaves as bulk brings them: one verified, the others vouched for."""
    example = made.leaves[-count]
    due = PlainLeaf(example=example, first=0, provisional=True)
    return [*made.leaves[:-count], example, *[due] * (count - 1)]


def test_provisional_leaves_become_what_they_were_found_to_be() -> None:
    made = author(5)
    view = view_of(made)
    feeder = Feeder(view)
    envelopes = [item.envelope for item in made.leaves]
    hashes = map(leaf_hash, envelopes)
    feeder.add(made.log, zip(provisional(made, 5), hashes, [7] * 7, strict=True))
    view.settle()
    log = view.logs[made.log]
    assert log.due == 4
    assert marks(log.leaves) == (VERIFIED, VERIFIED, 2, *[PROVISIONAL - 2] * 4)
    assert log.tree.root() == made.tree.root()
    assert feeder.take() == (made.log, 3, 7)
    assert feeder.take() is None
    bad = RefusedLeaf(envelope=envelopes[4], reason=Reason.SIG_INVALID)
    feeder.judged(made.log, range(3, 7), {4: bad})
    assert log.due == 0
    assert marks(log.leaves) == (VERIFIED, VERIFIED, 2, 2, None, 2, 2)
    faults = view.chains.of[made.council].faults[made.log]
    assert [fault for fault in faults if fault is not None] == [Reason.SIG_INVALID]
    feeder.judged(made.log, range(3, 7), {5: bad})  # said again, it changes nothing
    assert marks(log.leaves) == (VERIFIED, VERIFIED, 2, 2, None, 2, 2)


def test_long_stretch_of_provisional_leaves_is_opened_in_batches() -> None:
    made = author(DUE_MAX + 10)
    view = view_of(made)
    feeder = Feeder(view)
    leaves = provisional(made, DUE_MAX + 10)
    hashes = [leaf_hash(item.envelope) for item in made.leaves]
    feeder.add(made.log, zip(leaves, hashes, [7] * len(hashes), strict=True))
    taken = [feeder.take(), feeder.take(), feeder.take()]
    assert taken == [(made.log, 3, 3 + DUE_MAX), (made.log, 3 + DUE_MAX, len(leaves)), None]


def test_dropped_leaves_are_opened_no_more_and_their_examples_stay() -> None:
    made = author(6)
    view = view_of(made)
    feeder = Feeder(view)
    envelopes = [item.envelope for item in made.leaves]
    feeder.add(made.log, zip(provisional(made, 6), map(leaf_hash, envelopes), [7] * 8, strict=True))
    view.settle()
    log = view.logs[made.log]
    assert feeder.drop(made.log, 0, 5) == [(3, 5, 2)]
    assert marks(log.leaves) == (VERIFIED, VERIFIED, 2, *[DROPPED - 2] * 2, *[PROVISIONAL - 2] * 3)
    assert (log.due, log.dropped, log.tree.root()) == (3, 2, made.tree.root())
    assert feeder.take() == (made.log, 5, 8)
    bad = RefusedLeaf(envelope=envelopes[4], reason=Reason.SIG_INVALID)
    feeder.judged(made.log, range(3, 8), {4: bad})  # a worker had begun before it was dropped
    assert marks(log.leaves)[3:] == (*[DROPPED - 2] * 2, 2, 2, 2)
    assert feeder.drop(made.log, 0, 8) == [(5, 8, 2)]
    assert feeder.drop(made.log, 0, 8) == []
    assert view.chains.of[made.council].faults[made.log][:] == [None] * 8


def test_dropped_leaf_that_comes_again_is_what_it_was_or_refused() -> None:
    made = author(6)
    view = view_of(made)
    feeder = add(view, made, *made.leaves)
    log = view.logs[made.log]
    assert feeder.drop(made.log, 2, 8) == [(3, 8, 2)]
    feeder.fill(made.log, 4, made.leaves[4], 9)
    feeder.fill(made.log, 5, RefusedLeaf(envelope=b"", reason=Reason.SIG_INVALID), 9)
    view.settle()
    assert marks(log.leaves)[3:] == (DROPPED - 2, 2, None, DROPPED - 2, DROPPED - 2)
    assert (log.dropped, log.seclusion.withheld, log.mark) == (3, 0, b"")
    assert view.chains.of[made.council].faults[made.log][5] is Reason.SIG_INVALID


@pytest.mark.parametrize("first", [0, 5, (1 << 40) - 1])
def test_marks_tell_their_example_and_whether_bytes_are_here(first: int) -> None:
    assert [like(mark) for mark in (first, PROVISIONAL - first, DROPPED - first)] == [first] * 3
    assert [like(mark) for mark in (None, VERIFIED, HASH_ONLY)] == [None] * 3
    here = (None, VERIFIED, first, PROVISIONAL - first)
    assert [is_hash(mark) for mark in here] == [False] * 4
    assert is_hash(HASH_ONLY)
    assert is_hash(DROPPED - first)
