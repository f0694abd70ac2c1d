"""Positions: each fault of one, receipts, numbers."""

from collections.abc import Sequence
from typing import Any

import pytest

from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from tests.support.ballots import decided, faults
from tests.support.councils import Author, Ballot, ballot


def test_position_that_is_in_order_counts() -> None:
    made = ballot(4)
    positions = decided(made, "yyna")
    assert faults(made) == dict.fromkeys(positions)


def one_position(made: Ballot, item: VerifiedRecord, **given: Any) -> Reason | None:
    return faults(made, **given)[item]


def test_position_of_a_council_outside_does_not_count() -> None:
    made = ballot(4)
    outsider = Author(9)
    item = made.position(outsider, "yes")
    made.authors = [*made.authors, outsider]
    made.witness_all(time=made.body.opens)
    assert one_position(made, item) is Reason.POSITION_NOT_MEMBER


def test_position_on_another_freeze_does_not_count() -> None:
    made = ballot(4)
    item = made.position(made.authors[1], "yes", freeze=bytes(32))
    made.witness_all(time=made.body.opens)
    assert one_position(made, item) is Reason.FREEZE_MISMATCH


def test_position_claimed_after_closing_does_not_count() -> None:
    for late in (0, 1):
        made = ballot(4)
        item = made.position(made.authors[1], "yes", time=made.body.closes + late)
        made.witness_all(time=made.body.closes)
        assert one_position(made, item) is (Reason.POSITION_LATE if late else None)


def test_position_with_fewer_valid_ballots_than_cast_does_not_count() -> None:
    for valid in (10, 9):
        made = ballot(4)
        item = made.position(made.authors[1], "yes", yes=6, no=4, valid=valid)
        made.witness_all(time=made.body.closes)
        assert one_position(made, item) is (Reason.POSITION_TALLY if valid == 9 else None)


@pytest.mark.parametrize(
    ("times", "counts"),
    [((0, 0), True), ((0, 1), False), ((0, None), False), ((-1, -1), True), ((1, 1), False)],
)
def test_position_needs_w_receipts_by_the_end_of_grace(
    times: Sequence[int | None], counts: bool
) -> None:
    made = ballot(4)  # w = 2 of the 3 others
    item = made.position(made.authors[1], "yes")
    ends = made.body.closes + made.windows.grace
    for author, time in zip(made.authors[2:], times, strict=True):
        if time is not None:
            author.witness([made.authors[1]], time=ends + time)
    assert one_position(made, item) is (None if counts else Reason.POSITION_RECEIPTS)


def test_position_backdated_needs_receipts_all_the_same() -> None:
    made = ballot(4)
    ends = made.body.closes + made.windows.grace
    item = made.position(made.authors[1], "yes", time=made.body.opens)
    made.witness_all(time=ends + 1)
    assert one_position(made, item) is Reason.POSITION_RECEIPTS


def test_position_is_not_receipted_by_its_own_council_or_by_strangers() -> None:
    made = ballot(4)
    item = made.position(made.authors[1], "yes")
    stranger = Author(9)
    for author in (made.authors[1], stranger, made.authors[2]):
        author.witness([made.authors[1]], time=made.body.closes)
    made.authors = [*made.authors, stranger]
    assert one_position(made, item) is Reason.POSITION_RECEIPTS


def test_position_is_not_receipted_by_a_witness_of_another_branch() -> None:
    made = ballot(4)
    item = made.position(made.authors[1], "yes")
    forked = Author(2)  # the same council writes another log with the same key
    forked.add(made.body, subject=made.motion.id)
    while forked.tree.size < made.authors[1].tree.size:
        forked.add(made.body, subject=bytes(32), time=forked.tree.size)
    for author in made.authors[2:]:
        author.witness([forked], time=made.body.closes)
    assert one_position(made, item) is Reason.POSITION_RECEIPTS


def test_position_with_a_higher_number_replaces_the_earlier() -> None:
    made = ballot(4)
    first = made.position(made.authors[1], "yes", number=1)
    last = made.position(made.authors[1], "no", number=3)
    between = made.position(made.authors[1], "yes", number=2)
    made.witness_all(time=made.body.closes)
    assert faults(made) == {
        first: Reason.POSITION_NUMBER,
        between: Reason.POSITION_NUMBER,
        last: None,
    }


def test_position_numbered_twice_counts_not_at_all_until_repaired() -> None:
    made = ballot(4)
    author = made.authors[1]
    first = made.position(author, "yes", number=1)
    two = [made.position(author, value, number=2) for value in ("yes", "no")]
    made.witness_all(time=made.body.closes)
    assert faults(made) == {first: Reason.POSITION_NUMBER} | dict.fromkeys(
        two, Reason.POSITION_DOUBLE
    )
    repaired = ballot(4)
    author = repaired.authors[1]
    for value in ("yes", "no"):
        repaired.position(author, value, number=1)
    last = repaired.position(author, "no", number=2)
    repaired.witness_all(time=repaired.body.closes)
    assert faults(repaired)[last] is None


def test_position_changed_too_late_leaves_the_earlier_one_standing() -> None:
    made = ballot(4)
    first = made.position(made.authors[1], "yes", number=1)
    made.witness_all(time=made.body.closes)
    late = made.position(made.authors[1], "no", number=2, time=made.body.closes + 1)
    made.witness_all(time=made.body.closes + made.windows.grace)
    assert faults(made) == {first: None, late: Reason.POSITION_LATE}
