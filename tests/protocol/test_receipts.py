"""Receipts: who held a record when, and how many of them it takes."""

import random
import time
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confedproto.ids import CouncilId, Hash, LogId
from confedproto.rules.receipts import (
    LogLines,
    WitnessLine,
    receipt_of,
    receipts,
    receipts_needed,
    received_at,
)

LOG: Final = LogId(bytes(32))
A, B, C = (CouncilId(bytes([number]) * 32) for number in (1, 2, 3))


def line(witness: CouncilId, size: int, time: int, arrived: int = 0) -> WitnessLine:
    return WitnessLine(
        witness=witness, log=LOG, size=size, root=Hash(bytes(32)), time=time, arrived=arrived
    )


@pytest.mark.parametrize(
    ("councils", "needed"),
    [
        (0, 0),
        (1, 0),
        (2, 1),
        (3, 1),
        (4, 2),
        (5, 2),
        (6, 2),
        (7, 3),
        (10, 4),
        (26, 9),
        (1_024, 342),
    ],
)
def test_receipts_needed_is_the_table_of_the_rule(councils: int, needed: int) -> None:
    assert receipts_needed(councils) == needed


def test_receipts_needed_always_holds_one_honest_witness() -> None:
    for councils in range(2, 200):
        liars = (councils - 1) // 3
        assert receipts_needed(councils) == liars + 1 <= councils - 1


def test_receipts_start_where_a_head_lies_beyond_the_record() -> None:
    lines = [line(A, 5, 100), line(A, 6, 110), line(A, 9, 120)]
    assert receipts(lines, 4) == {A: 100}
    assert receipts(lines, 5) == {A: 110}
    assert receipts(lines, 8) == {A: 120}
    assert receipts(lines, 9) == {}


def test_receipts_take_each_witness_once_at_its_first_time() -> None:
    lines = [line(A, 3, 130), line(B, 3, 90), line(A, 2, 110), line(C, 1, 10), line(B, 7, 95)]
    for seed in range(20):
        random.Random(seed).shuffle(lines)
        assert receipts(lines, 1) == {A: 110, B: 90}


def test_receipts_by_the_journal_leave_out_what_came_later() -> None:
    lines = [line(A, 3, 100, arrived=200), line(B, 3, 100, arrived=201)]
    assert receipts(lines, 0, journal_until=199) == {}
    assert receipts(lines, 0, journal_until=200) == {A: 100}
    assert receipts(lines, 0, journal_until=201) == {A: 100, B: 100}
    assert receipts(lines, 0) == {A: 100, B: 100}


def test_received_at_is_the_time_of_the_last_receipt_needed() -> None:
    times = [50, 10, 30]
    assert [received_at(times, needed) for needed in (1, 2, 3)] == [10, 30, 50]
    assert received_at(times, 4) is None
    assert received_at([], 1) is None


def test_received_at_where_nobody_else_is_there_is_at_once() -> None:
    assert received_at([], 0) == 0


@given(st.data())
def test_receipt_of_any_lines_is_that_of_a_plain_look_at_each(data: st.DataObject) -> None:
    councils = [bytes([n]) * 32 for n in range(5)]
    lines = LogLines()
    number = st.integers(0, 6)
    for _ in range(data.draw(st.integers(0, 12))):
        witness = data.draw(st.sampled_from(councils))
        time, size, arrived = (data.draw(number) for _ in range(3))
        known = {index: receipt_at(lines, index) for index in range(7)}
        since = lines.add(
            WitnessLine(
                witness=CouncilId(witness),
                log=LogId(bytes(32)),
                size=size,
                root=Hash(bytes(32)),
                time=time,
                arrived=arrived,
            )
        )
        assert {i: receipt_at(lines, i) for i in range(since)} == {
            i: known[i] for i in range(since)
        }
    roll, needed = set(councils[:4]), data.draw(st.integers(1, 4))
    until = data.draw(st.none() | number)
    for index in range(7):
        found = receipts(lines, index, journal_until=until)
        times = [t for council, t in found.items() if council in roll and council != councils[0]]
        given_ = receipt_of(lines, index, roll, CouncilId(councils[0]), needed, journal_until=until)
        assert given_ == received_at(times, needed)


def test_lines_of_one_witness_after_the_other_stand_by_time() -> None:
    rows = [line(w, size, 10 * size + n) for n, w in enumerate((A, B, C)) for size in range(1, 101)]
    lines = LogLines()
    for row in rows:
        lines.add(row)
    assert len(lines) == 300
    assert list(lines) == sorted(rows, key=lambda row: row.time)
    for index in (0, 50, 99, 100):
        plain = received_at(receipts(rows, index).values(), 2)
        assert receipt_of(lines, index, {A, B, C}, CouncilId(bytes(32)), 2) == plain
    lines.add(line(A, 200, 5))  # one more that is late, of a longer log
    assert receipt_of(lines, 150, {A, B, C}, CouncilId(bytes(32)), 1) == 5


def test_lines_past_a_late_record_cost_no_walk_over_those_before() -> None:
    lines = LogLines()
    for size in range(1, 100_001):
        lines.add(line(A, size, size))
    begun = time.process_time()
    for _ in range(1_000):
        assert next(lines.past(99_998)).size == 99_999
    assert time.process_time() - begun < 0.2  # a walk each time takes a hundred times as long


def receipt_at(lines: LogLines, index: int) -> dict[CouncilId, int]:
    return dict(receipts(lines, index))
