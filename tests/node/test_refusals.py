"""Refusals: the newest are remembered, and no flood of them fills a log."""

import logging

import pytest

from confednode import refusals
from confednode.refusals import Refusals


def test_newest_refusals_are_kept_and_short() -> None:
    kept = Refusals()
    for number in range(2 * refusals.REFUSALS_MAX):
        kept.note(number, "quota", f"{number} " * 500)
    assert len(kept.newest) == refusals.REFUSALS_MAX
    assert kept.newest[-1][2].startswith(f"{2 * refusals.REFUSALS_MAX - 1} ")
    assert max(len(detail) for _, _, detail in kept.newest) <= refusals.DETAIL_MAX


def test_flood_of_refusals_is_a_few_lines_and_a_count(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "confednode.refusals")
    kept = Refusals()
    for number in range(100_000):
        kept.note(1_000 + number // 2_000, "channel-preamble" if number % 4 else "quota", "x")
    assert len(caplog.messages) == refusals.LOGGED_MAX
    kept.note(1_000 + refusals.MINUTE_S, "quota", "x")
    told = caplog.messages[refusals.LOGGED_MAX :]
    assert told == ["refused too: channel-preamble 74993, quota 24997", "refused: quota"]


def test_clock_that_goes_back_begins_a_new_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "confednode.refusals")
    kept = Refusals()
    for _ in range(50):
        kept.note(10_000, "quota", "")
    kept.note(5, "quota", "")
    assert caplog.messages[-2:] == ["refused too: quota 40", "refused: quota"]
