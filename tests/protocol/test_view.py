"""The view: what it remembers equals what it would compute, whatever comes in which order."""

import random
from collections.abc import Sequence
from typing import Final, Literal

import pytest
from msgspec.structs import replace

from confedproto.bodies.exit import Exit
from confedproto.bodies.second import Second
from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.merkle import leaf_hash
from confedproto.record import RefusedLeaf
from confedproto.rules import motion as rules
from confedproto.rules.motion import MotionStatus, State, lasts
from confedproto.view import View
from tests.support.assembly import Assembly
from tests.support.councils import (
    NETWORK,
    START,
    Author,
    Ballot,
    accede,
    ballot,
    feed,
    link,
    propose,
    second,
    view_of,
)

FAR: Final = START + 1_000
VALUES: Final[Sequence[Literal["yes", "no"]]] = ("yes", "no")


def busy(seed: int) -> tuple[Ballot, list[Author], list[RecordId]]:
    """Councils with an open, a drafted and a doubly frozen motion, and odd records among all."""
    rng = random.Random(seed)
    made = ballot(4, rule="double")
    outsider = Author(9)
    link(made.authors[1], outsider)
    accede(outsider, made.compact, weight=1)
    draft = propose(made.authors[2], made.compact)
    joined = propose(outsider, made.compact)  # inadmissible until its sponsor's link is there
    doubled = propose(made.authors[3], made.compact)
    for shift in (0, 1):
        opens, closes = made.body.opens + shift, made.body.closes + shift
        body = replace(made.body, opens=opens, closes=closes)
        made.authors[3].add(body, subject=doubled.id, time=made.freeze.time)
    counted = []
    everyone = [*made.authors, outsider]
    for author in everyone:
        for number in range(1, rng.randint(1, 3)):
            value = rng.choice(VALUES)
            counted.append(made.position(author, value, number=number, yes=rng.randint(0, 9)))
        if rng.random() < 0.5:
            second(author, draft)
    for step in range(1, 5):
        for author in rng.sample(made.authors, 3):
            others = [other for other in everyone if other is not author and rng.random() < 0.7]
            if others:
                author.witness(others, time=made.body.opens + step)
    for author in made.authors:
        made.vote(author, rng.choice(("adopted", "rejected", "no-quorum")), counted[:2])
        made.lock(author, rng.choice(("adopted", "rejected")))
    return made, everyone, [made.motion.id, draft.id, doubled.id, joined.id]


def fresh(view: View, motion: RecordId, now: int) -> MotionStatus | Reason:
    case = view.case(motion)
    return case if isinstance(case, Reason) else rules.status(case, now)


@pytest.mark.parametrize("seed", range(12))
def test_status_remembered_equals_the_one_computed_after_every_leaf(seed: int) -> None:
    rng = random.Random(f"order {seed}")
    made, everyone, motions = busy(seed)
    edges = (made.body.opens, made.body.closes, made.body.closes + made.windows.grace)
    instants = [START, FAR, *(edge + shift for edge in edges for shift in (-1, 0, 1))]
    view = View(NETWORK)
    for author in everyone:
        view.add_log(author.log, author.council, author.node_key.public)
    rows = [[(author, index) for index in range(len(author.leaves))] for author in everyone]
    states: set[State] = set()
    while rows:
        row = rng.choice(rows)
        author, index = row.pop(0)
        leaf = author.leaves[index]
        view.add(author.log, leaf, leaf_hash(leaf.envelope), START)
        if not row:
            rows.remove(row)
        for motion in motions:
            for now in rng.sample(instants, 3):
                found = view.motion_status(motion, now)
                assert found == fresh(view, motion, now)
                if isinstance(found, MotionStatus):
                    states.add(found.state)
    assert len(states) >= 3


@pytest.mark.parametrize("seed", range(12))
def test_lasts_holds_exactly_the_seconds_of_one_status(seed: int) -> None:
    made, everyone, motions = busy(seed)
    view = view_of(everyone)
    for motion in motions:
        case = view.case(motion)
        assert not isinstance(case, Reason)
        for now in range(made.body.opens - 3, made.body.closes + made.windows.grace + 4):
            status = rules.status(case, now)
            span = lasts(status, now)
            assert now in span
            for other in (span.start, span.stop - 1):
                assert rules.status(case, other) == status


def test_status_asked_twice_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made, everyone, _ = busy(1)
    view = view_of(everyone)
    first = view.motion_status(made.motion.id, FAR)
    monkeypatch.setattr(rules, "status", lambda case, now: pytest.fail("computed again"))
    assert view.motion_status(made.motion.id, FAR + 5) is first


def test_leaf_that_is_refused_stays_in_the_tree_alone() -> None:
    author = Author(1)
    view = view_of([author])
    before = view.state_digest(START)
    bad = RefusedLeaf(envelope=b"\xc0", reason=Reason.ENC_NIL)
    assert view.add(author.log, bad, leaf_hash(bad.envelope), START) is Reason.ENC_NIL
    assert view.logs[author.log].tree.size == 3
    assert view.state_digest(START) == before


def test_record_twice_in_a_log_counts_at_its_first_index() -> None:
    made = ballot(2)
    item = made.position(made.authors[1], "yes")
    first = made.authors[1].tree.size - 1
    made.authors[1].append(item)
    view = view_of(made.authors)
    assert view.records[item.id].index == first
    assert len(view.about(made.motion.id, "position")) == 1


def test_record_refused_first_counts_where_enough_signers_stand() -> None:
    author = Author(1, keyholders=3, threshold=2)
    motion = bytes(32)
    few = author.add(Second(), subject=motion, signers=author.keyholders[:1])
    enough = author.add(Second(), subject=motion, signers=author.keyholders)
    assert few.id == enough.id
    view = view_of([author])
    assert view.records[enough.id].index == 3
    assert view.refused == {}


def test_witness_records_count_only_in_strictly_later_seconds() -> None:
    one, two = Author(1), Author(2)
    for time in (START, START, START - 1, START + 1):
        one.witness([two], time=time)
    view = view_of([one, two])
    assert [line.time for line in view.lines_of(two.log)] == [START, START + 1]


def test_witness_lines_beyond_what_is_held_wait_for_the_leaves() -> None:
    made = ballot(2)
    one, two = made.authors
    held = len(two.leaves)
    made.position(two, "yes")
    one.witness([two], time=made.body.closes)
    view = view_of(made.authors, upto={two.council: held})
    past = view.lines_past(two.log)
    assert [line.size for line in past] == [held + 1]
    before = len(view.lines_of(two.log))
    leaf = two.leaves[-1]
    view.add(two.log, leaf, leaf_hash(leaf.envelope), START)
    assert view.lines_past(two.log) == ()
    assert len(view.lines_of(two.log)) == before + 1


@pytest.mark.parametrize("seed", range(4))
def test_status_kept_is_that_of_a_new_view_after_every_record(seed: int) -> None:
    made = Assembly(4)
    motions = [made.move(by=by) for by in (0, 1)]
    freezes = [made.freeze(motion, by=by, wait=10 * (1 - by)) for by, motion in enumerate(motions)]
    for freeze in freezes:
        made.vote(freeze, "YYN-")
    made.put(2, Exit(), made.compact)
    made.now += 1
    made.witness()
    rows = [[(author, leaf) for leaf in author.leaves] for author in made.authors]
    rng, view, held = random.Random(seed), View(NETWORK), dict.fromkeys(made.authors, 0)
    while rows := [row for row in rows if row]:
        author, _ = rng.choice(rows).pop(0)
        held[author] += 1
        feed(view, [author], upto={author.council: held[author]})
        fresh = View(NETWORK)
        feed(fresh, made.authors, upto={one.council: size for one, size in held.items()})
        for motion in motions:
            for now in (made.now, FAR):
                assert view.motion_status(motion.id, now) == fresh.motion_status(motion.id, now)
