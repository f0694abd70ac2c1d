"""Two first node records of one council: a fork like any other, in every order (NOD-7)."""

import random
from itertools import permutations
from typing import Final

import pytest

from confedproto import runs
from confedproto.bodies.node import Node
from confedproto.bodies.second import Second
from confedproto.errors import Reason, VerificationError
from confedproto.ids import log_id
from confedproto.merkle import Tree
from confedproto.record import VerifiedRecord
from confedproto.rules.life import State
from confedproto.view import View
from tests.support.councils import DAY, START, Author, feed, found_compact, key, view_of
from tests.support.servers import Next

WITNESSES: Final = 2


class Twin(Author):
    """The same council on another server: its keyholders authorised two first ones."""

    def __init__(self, one: Author) -> None:
        self.network, self.number, self.version = one.network, one.number, 1
        self.keyholders, self.threshold = one.keyholders, one.threshold
        self.council = one.council
        self.node_key = key(one.number * 100 + 97)
        self.leaves, self.tree = [], Tree()
        self.append(one.leaves[0])
        self.log = log_id(self.network, self.council, self.node_key.public)
        self.append(self.make(self.node_body()))


def say(author: Author, number: int = 1) -> VerifiedRecord:
    return author.add(Second(), subject=bytes([number]) * 32, time=START + number)


def twins() -> tuple[Author, Twin]:
    one = Author(1, keyholders=3, threshold=2)
    other = Twin(one)
    say(one, 1)
    say(other, 2)
    return one, other


def standing(view: View, council: Author) -> tuple[State, set[bytes], bytes]:
    """What must be the same everywhere: state, what counts, one digest."""
    chain = view.chains.of[council.council]
    counting = {one for one, placed in view.records.items() if placed.log in view.logs}
    return chain.state_at(START), set(counting), view.state_digest(START + DAY)


def everywhere(authors: list[Author], council: Author) -> tuple[State, set[bytes], bytes]:
    """The one standing that every order of arrival leads to."""
    found = [standing(view_of(order), council) for order in permutations(authors)]
    for seed in range(20):
        found.append(standing(view_of(authors, rng=random.Random(seed)), council))
    assert all(one == found[0] for one in found)
    return found[0]


def test_two_first_nodes_fork_the_council_in_every_order() -> None:
    one, other = twins()
    state, counting, _ = everywhere([one, other], one)
    assert state is State.NODE_FORK
    assert counting == {one.leaves[0].id}, "the charter, which both begin with"
    refused = view_of([other, one]).refused
    assert {refused[leaf.id] for leaf in (*one.leaves[1:], *other.leaves[1:])} == {Reason.NODE_FORK}


def test_what_enough_others_received_of_either_counts() -> None:
    one, other = twins()
    witnesses = [Author(2 + n) for n in range(WITNESSES)]
    found_compact([*witnesses])
    for author in witnesses:
        author.witness([one, other], time=START + 10)
    say(one, 3)
    state, counting, _ = everywhere([one, other, *witnesses], one)
    assert state is State.NODE_FORK
    assert {leaf.id for leaf in (*one.leaves[:3], *other.leaves)} <= counting
    assert one.leaves[3].id not in counting


@pytest.mark.parametrize("kept", [0, 1])
def test_second_node_record_that_names_one_of_them_keeps_that_log(kept: int) -> None:
    pair = twins()
    after = Next(pair[kept])
    said = say(after, 4)
    state, counting, _ = everywhere([*pair, after], pair[0])
    assert state is State.ACTIVE
    assert {leaf.id for leaf in (*pair[kept].leaves, *after.leaves)} == counting
    assert said.id in counting
    view = view_of([after, *pair])
    assert view.log_of[after.council] == after.log
    node = view.authorities[after.council].node
    assert node is not None
    assert (node.key, node.node.number) == (after.node_key.public, 2)


def test_repair_by_too_few_or_of_neither_leaves_the_fork() -> None:
    one, other = twins()
    assert everywhere([one, other, Next(one, signers=1)], one)[0] is State.NODE_FORK
    both = [one, other, Next(one), _another(Next(other))]
    assert everywhere([*both], one)[0] is State.NODE_FORK


def _another(author: Author) -> Author:
    """The same record for another key: a repair that contradicts the first."""
    body = author.leaves[0].body
    assert isinstance(body, Node)
    author.node_key = key(9_999)
    author.log = log_id(author.network, author.council, author.node_key.public)
    author.leaves, author.tree = [], Tree()
    changed = Node(
        number=2,
        key=author.node_key.public,
        transport=body.transport,
        expires=body.expires,
        previous=body.previous,
        last=body.last,
    )
    author.append(author.make(changed))
    return author


def test_other_first_node_by_too_few_keyholders_is_nothing() -> None:
    one = Author(1, keyholders=3, threshold=2)
    other = Twin(one)
    other.leaves, other.tree = other.leaves[:1], Tree()
    other.tree.append(one.tree.root_at(1))
    other.leaves.append(other.make(other.node_body(), signers=other.keyholders[:1]))
    say(one)
    state, counting, _ = everywhere([one, other], one)
    assert state is State.ACTIVE
    assert counting == {leaf.id for leaf in one.leaves}
    with pytest.raises(VerificationError) as caught:
        runs.begin_log(view_of([one]), other.log, 0, other.leaves)
    assert caught.value.reason is Reason.THRESHOLD_MISSING


def test_other_first_log_is_followed_when_it_is_offered() -> None:
    one, other = twins()
    begun = runs.begin_log(view_of([one]), other.log, 0, other.leaves)
    assert (begun.council, begun.key) == (one.council, other.node_key.public)


def test_council_goes_on_when_the_fork_came_after_its_server_was_replaced() -> None:
    one, other = twins()
    after = Next(one)
    view = view_of([one, after])
    say(after, 5)
    feed(view, [after])
    before = standing(view, one)
    feed(view, [other])
    state, counting, _ = standing(view, one)
    assert state is State.ACTIVE
    assert counting == before[1]
    assert standing(view, one) == everywhere([one, other, after], one)
