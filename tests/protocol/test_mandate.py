"""Mandates and acts: term, recall, scope, instruction, receipts; each verdict and its reason."""

from collections.abc import Sequence
from typing import Any, Final

import pytest
from msgspec.structs import replace

from confedproto.bodies.act import Act
from confedproto.bodies.mandate import Instruction, Mandate
from confedproto.bodies.recall import Recall
from confedproto.errors import Reason
from confedproto.rules.mandate import (
    ACT_RECEIPT_S,
    FRESHNESS_S,
    VALID,
    Outcome,
    Verdict,
    act_time,
    act_verdict,
    mandate_verdict,
    recall_times,
    scope_verdict,
)
from tests.support.councils import DAY, START, Author, view_of

FIXED, FREE, RATIFY, UNNAMED = (bytes([number]) * 32 for number in range(1, 5))
MANDATE: Final = Mandate(
    delegate=bytes([7]) * 32,
    starts=START,
    until=START + 30 * DAY,
    kinds=("speak", "vote"),
    instructions=(
        Instruction(motion=FIXED, value="yes"),
        Instruction(motion=FREE, value="free"),
        Instruction(motion=RATIFY, value="ratify"),
    ),
)
ACT: Final = Act(motion=FIXED, kind="vote", value="yes", number=1, head=b"head")
NOON: Final = START + 10 * DAY


def void(reason: Reason) -> Verdict:
    return Verdict(outcome=Outcome.VOID, reason=reason)


def unknown(reason: Reason) -> Verdict:
    return Verdict(outcome=Outcome.UNKNOWN, reason=reason)


# --- the mandate itself ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        (START - 1, void(Reason.MANDATE_NOT_BEGUN)),
        (START, VALID),
        (START + 30 * DAY, VALID),
        (START + 30 * DAY + 1, void(Reason.MANDATE_ENDED)),
    ],
)
def test_mandate_is_in_force_within_its_term(at: int, verdict: Verdict) -> None:
    assert mandate_verdict(MANDATE, [], at) == verdict


def test_mandate_is_recalled_from_the_first_recall_on() -> None:
    for recalls in ([NOON], [NOON + 5, NOON], [NOON, NOON + 5]):
        assert mandate_verdict(MANDATE, recalls, NOON - 1) == VALID
        assert mandate_verdict(MANDATE, recalls, NOON) == void(Reason.RECALLED)
    after = MANDATE.until + 1
    assert mandate_verdict(MANDATE, [NOON], after) == void(Reason.RECALLED)


def test_recall_by_another_council_or_of_another_mandate_has_no_effect() -> None:
    author, other = Author(1), Author(2)
    granted = author.add(MANDATE)
    second = author.add(replace(MANDATE, kinds=("speak",)))
    author.add(Recall(), subject=second.id, time=NOON)
    other.add(Recall(), subject=granted.id, time=NOON)
    everything = [*author.leaves, *other.leaves]
    assert recall_times(granted, everything) == []
    assert recall_times(second, everything) == [NOON]
    late, early = (author.add(Recall(), subject=granted.id, time=NOON + n) for n in (9, 3))
    assert recall_times(granted, [late, early, late]) == [NOON + 3, NOON + 9, NOON + 9]


def test_recall_in_a_view_ends_the_mandate_it_names() -> None:
    author, other = Author(1), Author(2)
    granted = author.add(MANDATE)
    other.add(Recall(), subject=granted.id, time=START)
    assert view_of([author, other]).recalled_from(granted.id) == []
    author.add(Recall(reason="enough"), subject=granted.id, time=NOON)
    assert view_of([author, other]).recalled_from(granted.id) == [NOON]
    assert view_of([]).recalled_from(granted.id) == []


# --- scope and instruction -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, VALID),
        ({"kind": "speak"}, VALID),
        ({"kind": "spend"}, void(Reason.MANDATE_SCOPE)),
        ({"value": "no"}, void(Reason.INSTRUCTION)),
        ({"value": "refer-back"}, void(Reason.INSTRUCTION)),
        ({"motion": FREE, "value": "no"}, VALID),
        ({"motion": FREE, "value": "whatever"}, VALID),
        ({"motion": FREE, "kind": "spend"}, void(Reason.MANDATE_SCOPE)),
        (
            {"motion": RATIFY},
            Verdict(outcome=Outcome.NEEDS_RATIFICATION, reason=Reason.RATIFY),
        ),
        ({"motion": UNNAMED}, void(Reason.REFER_BACK)),
        ({"motion": UNNAMED, "value": "free"}, void(Reason.REFER_BACK)),
        ({"motion": UNNAMED, "value": "refer-back"}, VALID),
    ],
    ids=repr,
)
def test_scope_of_an_act_is_kind_and_instruction(changes: dict[str, Any], verdict: Verdict) -> None:
    assert scope_verdict(MANDATE, replace(ACT, **changes)) == verdict


def test_scope_without_any_instruction_is_refer_back() -> None:
    bare = replace(MANDATE, instructions=None)
    assert scope_verdict(bare, ACT) == void(Reason.REFER_BACK)
    assert scope_verdict(bare, replace(ACT, value="refer-back")) == VALID


# --- the time of an act ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("receipts", "needed", "wanted"),
    [
        ([], 1, None),
        ([NOON], 2, None),
        ([NOON + 5], 1, NOON),
        ([NOON + ACT_RECEIPT_S], 1, NOON),
        ([NOON + ACT_RECEIPT_S + 1], 1, NOON + ACT_RECEIPT_S + 1),
        ([NOON + 5, NOON + 3 * DAY], 2, NOON + 3 * DAY),
        ([NOON + 5, NOON + 3 * DAY], 1, NOON),
        ([NOON - 3 * DAY], 1, NOON - 3 * DAY),
        ([], 0, NOON),
    ],
)
def test_act_time_is_claimed_if_receipts_follow_within_a_day(
    receipts: Sequence[int], needed: int, wanted: int | None
) -> None:
    assert act_time(NOON, receipts, needed) == wanted


# --- acts ------------------------------------------------------------------------------------

GOOD: Final[dict[str, Any]] = {
    "claimed": NOON,
    "head_time": NOON - 60,
    "recalled_from": [],
    "receipt_times": [NOON + 10, NOON + 20],
    "needed": 2,
    "earlier": 0,
}


def verdict_on(act: Act = ACT, **changes: Any) -> Verdict:
    return act_verdict(MANDATE, act, **(GOOD | changes))


def test_act_with_everything_in_order_is_valid() -> None:
    assert verdict_on() == VALID


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"claimed": START - 1}, void(Reason.MANDATE_NOT_BEGUN)),
        ({"claimed": MANDATE.until + 1}, void(Reason.MANDATE_ENDED)),
        ({"head_time": NOON - FRESHNESS_S}, VALID),
        ({"head_time": NOON - FRESHNESS_S - 1}, void(Reason.ACT_STALE)),
        ({"needed": None}, unknown(Reason.COMPACT_UNKNOWN)),
        ({"receipt_times": [NOON + 10]}, unknown(Reason.RECEIPTS_MISSING)),
        ({"receipt_times": []}, unknown(Reason.RECEIPTS_MISSING)),
        ({"recalled_from": [NOON]}, void(Reason.RECALLED)),
        ({"recalled_from": [NOON + 1]}, VALID),  # done before the recall
        # backdated before the recall, but nobody had it within a day
        (
            {"recalled_from": [NOON + DAY], "receipt_times": [NOON + 3 * DAY] * 2},
            void(Reason.RECALLED),
        ),
        (
            {"claimed": MANDATE.until, "receipt_times": [MANDATE.until + 2 * DAY] * 2}
            | {"head_time": MANDATE.until},
            void(Reason.MANDATE_ENDED),
        ),
        ({"recalled_from": [NOON], "receipt_times": []}, unknown(Reason.RECEIPTS_MISSING)),
    ],
    ids=repr,
)
def test_act_out_of_order_gives_its_verdict(changes: dict[str, Any], verdict: Verdict) -> None:
    assert verdict_on(**changes) == verdict


def test_act_beyond_its_scope_is_void_even_without_receipts() -> None:
    beyond = replace(ACT, value="no")
    assert verdict_on(beyond, receipt_times=[]) == void(Reason.INSTRUCTION)
    assert verdict_on(beyond, needed=None) == void(Reason.INSTRUCTION)


def test_act_needs_all_acts_before_it() -> None:
    third = replace(ACT, number=3, previous=bytes(32))
    for earlier, verdict in (
        (0, unknown(Reason.ACT_NUMBER)),
        (1, unknown(Reason.ACT_NUMBER)),
        (2, VALID),
    ):
        assert verdict_on(third, earlier=earlier) == verdict


def test_act_to_be_ratified_needs_all_else_first() -> None:
    act = replace(ACT, motion=RATIFY)
    assert verdict_on(act).outcome is Outcome.NEEDS_RATIFICATION
    assert verdict_on(act, receipt_times=[]).outcome is Outcome.UNKNOWN
    assert verdict_on(act, recalled_from=[NOON]) == void(Reason.RECALLED)


def test_act_verdict_is_valid_in_one_case_alone() -> None:
    # Silence and missing data are never VALID.
    missing: list[dict[str, Any]] = [
        {"needed": None},
        {"receipt_times": []},
        {"earlier": -1},
    ]
    for changes in missing:
        assert verdict_on(**changes).outcome is Outcome.UNKNOWN
