"""Head-proved records on real nodes: a forged one is found after the catch-up and never counts."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from confednode import keyring
from confednode.store import Store
from confedproto import log, merkle
from confedproto.errors import Reason
from confedproto.ids import log_id
from tools.bench import nodes

COUNT = 4_000
FORGED = {1_999, 2_500}
WITHIN_S = 120.0

Pair = tuple[nodes.Council, nodes.Council]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """An author whose long log has two forged statements, and a node that knows nothing of it."""
    author, fresh = nodes.found(tmp_path, "author"), nodes.found(tmp_path, "fresh")
    nodes.fill(author, COUNT, FORGED)
    for one in (author, fresh):
        one.environment = {"CONFED_WORKERS": "0"}
        one.start()
    try:
        yield author, fresh
    finally:
        for one in (author, fresh):
            one.kill()


def due(node: nodes.Council) -> int:
    return sum(row["due"] for row in node.ask("logs")["logs"])


def until_none_is_due(node: nodes.Council) -> None:
    deadline = time.monotonic() + WITHIN_S
    while due(node):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def unmarked(node: nodes.Council, author: nodes.Council) -> tuple[list[int], int]:
    """The statements without a mark in a node's database, and how many are provisional."""
    with sqlite3.connect(node.home.database) as db:
        (number,) = db.execute("SELECT id FROM logs WHERE council=?", (author.council,)).fetchone()
        rows = db.execute("SELECT idx, mark FROM records WHERE log=? ORDER BY idx", (number,))
        marks = rows.fetchall()
    db.close()
    found = [index for index, mark in marks if mark is None]
    return found, sum(mark is not None and mark <= -3 for _, mark in marks)


def stop_when_all_is_marked(node: nodes.Council, author: nodes.Council) -> None:
    """Stop a node whose database holds each verdict; the last may be lost with a stop, once."""
    for _ in range(10):
        until_none_is_due(node)
        node.stop()
        if not unmarked(node, author)[1]:
            return
        node.start()


def prove_the_fault(author: nodes.Council, fresh: nodes.Council) -> None:
    """What a node holds of a forged leaf is proof to anybody; of a good one it proves nothing."""
    key = keyring.read_node_keys(author.home.node_key).signer.public
    own = log_id(author.network, author.council, key)
    store = Store(fresh.home.database)
    try:
        (kept,) = (row for row in store.heads() if row.log == own)
        envelopes = [envelope for envelope, _ in store.read(own, 0, 2**40)]
    finally:
        store.close()
    assert kept.head is not None
    head = log.open_head(author.network, key, kept.head)
    tree = merkle.Tree(map(merkle.leaf_hash, envelopes))
    bad, good = (2 + number for number in (1_999, 2_000))
    fault = log.leaf_fault(tree, head, bad, envelopes[bad])
    assert log.check_leaf_fault(author.network, key, fault) is Reason.SIG_INVALID
    sound = log.leaf_fault(tree, head, good, envelopes[good])
    assert log.check_leaf_fault(author.network, key, sound) is None


def test_forged_leaf_under_a_signed_head_is_found_after_the_catch_up(pair: Pair) -> None:
    author, fresh = pair
    author.link(fresh)
    fresh.until(author, COUNT + 2)
    stop_when_all_is_marked(fresh, author)
    assert unmarked(fresh, author) == ([2 + number for number in sorted(FORGED)], 0)
    prove_the_fault(author, fresh)
    fresh.start()
    assert due(fresh) == 0


def test_node_goes_on_after_its_start_with_what_is_still_due(pair: Pair) -> None:
    author, fresh = pair
    author.link(fresh)
    fresh.until(author, COUNT + 2)
    until_none_is_due(fresh)
    fresh.stop()
    with sqlite3.connect(fresh.home.database) as db:  # as if killed before any was verified
        db.execute("UPDATE records SET mark=-5 WHERE idx>2 AND (mark=2 OR mark IS NULL)")
        db.execute("DELETE FROM blocks")
    db.close()
    assert unmarked(fresh, author)[1] == COUNT - 1
    fresh.start()
    stop_when_all_is_marked(fresh, author)
    assert unmarked(fresh, author) == ([2 + number for number in sorted(FORGED)], 0)
