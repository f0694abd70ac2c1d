"""The tree of heads: equal sets have equal roots, and a difference is found in a few steps."""

import random

import pytest

from confedproto.ids import LogId
from confedproto.reconcile import DEPTH, LIST_MAX, HeadSet, Journal

SALT = b"s" * 32


def heads(count: int, seed: int = 1) -> list[tuple[LogId, int, bytes]]:
    rng = random.Random(seed)
    return [
        (LogId(rng.randbytes(32)), rng.randrange(1, 99), rng.randbytes(32)) for _ in range(count)
    ]


def made(rows: list[tuple[LogId, int, bytes]]) -> HeadSet:
    out = HeadSet()
    for row in rows:
        out.put(*row)
    return out


def found(ours: HeadSet, theirs: HeadSet) -> tuple[set[LogId], int]:
    """What a full exchange names, and the fingerprints that it takes."""
    logs: set[LogId] = set()
    prints, todo = 0, [b""]
    while todo:
        prefix = todo.pop()
        if len(prefix) == DEPTH or min(ours.count(prefix), theirs.count(prefix)) <= LIST_MAX:
            logs.update(ours.below(prefix), theirs.below(prefix))
            continue
        prints += 16
        todo += ours.differing(prefix, theirs.prints(prefix, SALT), SALT)
    return logs, prints


def test_head_set_is_the_same_in_any_order() -> None:
    rows = heads(300)
    assert made(rows).digest() == made(rows[::-1]).digest()


def test_head_set_put_again_changes_nothing() -> None:
    rows = heads(3)
    ours = made(rows)
    digest = ours.digest()
    assert not ours.put(*rows[1])
    assert ours.digest() == digest
    assert len(ours) == 3


@pytest.mark.parametrize("change", ["size", "root", "log"])
def test_digest_depends_on_every_part_of_a_head(change: str) -> None:
    rows = heads(50)
    log, size, root = rows[7]
    other = {
        "size": (log, size + 1, root),
        "root": (log, size, bytes(32)),
        "log": (LogId(log[:31] + bytes((log[31] ^ 1,))), size, root),
    }[change]
    assert made([*rows[:7], other, *rows[8:]]).digest() != made(rows).digest()


def test_digest_follows_a_growing_log() -> None:
    rows = heads(50)
    ours = made(rows)
    ours.digest()
    ours.put(rows[3][0], 1000, b"r" * 32)
    rows[3] = (rows[3][0], 1000, b"r" * 32)
    assert ours.digest() == made(rows).digest()


@pytest.mark.parametrize("count", [0, 1, 16, 17, 500, 20_000])
def test_one_changed_head_is_found_with_few_fingerprints(count: int) -> None:
    rows = heads(count + 1)
    changed = (rows[-1][0], rows[-1][1] + 1, rows[-1][2])
    logs, prints = found(made(rows), made([*rows[:-1], changed]))
    assert changed[0] in logs
    assert len(logs) <= 2 * LIST_MAX
    assert prints <= 16 * DEPTH


def test_heads_that_one_side_lacks_are_all_named() -> None:
    rows = heads(3_000)
    ours, theirs = made(rows[:2_000]), made(rows[1_000:])
    logs, _ = found(ours, theirs)
    assert logs >= {row[0] for row in (*rows[:1_000], *rows[2_000:])}


def test_prints_of_two_sessions_have_nothing_in_common() -> None:
    ours = made(heads(5_000))
    assert ours.prints(b"", b"a") != ours.prints(b"", b"b")
    assert ours.prints(b"", b"a") == ours.prints(b"", b"a")


def test_journal_names_what_changed_after_a_cursor() -> None:
    journal = Journal(7)
    logs = [row[0] for row in heads(5)]
    for log in (logs[0], logs[1], logs[2], logs[1]):
        journal.note(log)
    assert journal.since(7, 4, 9) == []
    assert journal.since(7, 3, 9) == [logs[1]]
    assert set(journal.since(7, 0, 9) or ()) == set(logs[:3])


@pytest.mark.parametrize(("epoch", "number", "most"), [(8, 0, 9), (7, 5, 9), (7, -1, 9), (7, 0, 2)])
def test_journal_has_nothing_for_a_cursor_it_cannot_honour(
    epoch: int, number: int, most: int
) -> None:
    journal = Journal(7)
    for log, _, _ in heads(4):
        journal.note(log)
    assert journal.since(epoch, number, most) is None
