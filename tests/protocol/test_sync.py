"""Whom a log is pulled from, and how long others wait for its source (LIV-8)."""

from confedproto.ids import LogId
from confedproto.limits import PATIENCE_MAX_MS, PATIENCE_MIN_MS
from confedproto.sync import PATIENCE_TRIPS, PULL_TIMEOUT_MS, Puller

LOG = LogId(b"l" * 32)
SOURCE, OTHER = 1, 2


def pulled(*trips: int) -> tuple[Puller, int]:
    """A puller whose source has answered pulls of one leaf in so many milliseconds; now."""
    puller, now = Puller(), 0
    puller.add_link(SOURCE)
    puller.add_link(OTHER)
    for held, trip in enumerate(trips):
        assert puller.announced(SOURCE, LOG, held + 1, held=True)
        assert puller.choose(LOG, held, now) == SOURCE
        now += trip
        assert puller.reached(LOG, held + 1, held + 1, now) is None
    return puller, now


def wait(puller: Puller, now: int) -> int:
    """How long what OTHER announces waits for the source, in milliseconds; told at the end."""
    assert puller.announced(OTHER, LOG, 100, held=True)
    if not puller.waits(LOG, OTHER, now):
        return 0
    due = puller.next_deadline()
    assert due is not None
    assert puller.waits(LOG, OTHER, due - 1)
    assert puller.impatient(due - 1) == []
    assert puller.impatient(due) == [LOG]
    assert not puller.waits(LOG, OTHER, due)
    return due - now


def test_waits_source_of_known_round_trip_is_given_two_of_them() -> None:
    assert wait(*pulled(70)) == PATIENCE_TRIPS * 70 == 140


def test_waits_source_that_once_was_slower_is_given_its_least_round_trip() -> None:
    assert wait(*pulled(300, 60, 400)) == PATIENCE_TRIPS * 60


def test_waits_source_at_hand_is_given_time_to_store_what_it_relays() -> None:
    assert wait(*pulled(1)) == PATIENCE_MIN_MS


def test_waits_source_that_takes_long_over_its_answers_gains_no_more_than_the_bound() -> None:
    assert wait(*pulled(PULL_TIMEOUT_MS - 1)) == PATIENCE_MAX_MS


def test_waits_source_whose_link_is_gone_is_not_awaited() -> None:
    puller, now = pulled(70)
    puller.drop_link(SOURCE)
    assert wait(puller, now) == 0
    assert puller.trips == {}


def test_waits_source_that_was_awaited_in_vain_is_not_awaited_again_before_it_sends() -> None:
    puller, now = pulled(70)
    wait(puller, now)
    assert not puller.waits(LOG, OTHER, now + 500)
    assert puller.source[LOG] == SOURCE, "who then pulls from another has to tell it"
    puller.feeds(LOG, SOURCE)
    assert puller.waits(LOG, OTHER, now + 500)


def test_left_by_who_holds_what_we_hold_leaves_the_source_one_round_trip() -> None:
    puller, now = pulled(70)
    assert puller.waits(LOG, OTHER, now)
    puller.left(LOG, 1, 1, now)
    assert puller.next_deadline() == now + 70
    assert puller.impatient(now + 70) == [LOG]
    assert not puller.waits(LOG, OTHER, now + 70)


def test_left_by_who_holds_what_we_hold_gives_no_more_time_than_was_left() -> None:
    puller, now = pulled(70)
    assert puller.waits(LOG, OTHER, now)
    puller.left(LOG, 1, 1, now + 130)
    assert puller.next_deadline() == now + 140


def test_left_by_who_holds_less_than_we_do_says_nothing_of_our_source() -> None:
    puller, now = pulled(70, 70)
    puller.left(LOG, 1, 2, now)
    assert wait(puller, now) == 140
