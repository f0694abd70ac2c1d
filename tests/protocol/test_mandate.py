"""Mandates and acts: term, recall, scope, instruction, receipts; each verdict and its reason."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

import pytest
from msgspec.structs import replace

from confedproto.bodies.act import Act
from confedproto.bodies.mandate import FRESHNESS_S, Instruction, Mandate
from confedproto.bodies.recall import Recall
from confedproto.errors import Reason
from confedproto.rules.acts import (
    ACT_RECEIPT_S,
    Circumstances,
    Cover,
    Links,
    act_time,
    act_verdict,
)
from confedproto.rules.mandate import (
    NEEDS_RATIFICATION,
    VALID,
    Outcome,
    Verdict,
    instruction_verdict,
    mandate_verdict,
    scope_verdict,
    unknown,
    void,
)
from confedproto.rules.tenure import History
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
    assert mandate_verdict(MANDATE, History(), at) == verdict


def test_mandate_is_recalled_from_the_first_recall_on() -> None:
    for recalls in ([NOON], [NOON + 5, NOON], [NOON, NOON + 5]):
        history = History(recalled=tuple(recalls))
        assert mandate_verdict(MANDATE, history, NOON - 1) == VALID
        assert mandate_verdict(MANDATE, history, NOON) == void(Reason.RECALLED)
    after = MANDATE.until + 1
    assert mandate_verdict(MANDATE, History(recalled=(NOON,)), after) == void(Reason.RECALLED)


def test_recall_in_a_view_ends_the_mandate_it_names() -> None:
    author, other = Author(1), Author(2)
    granted = author.add(MANDATE)
    other.add(Recall(), subject=granted.id, time=START)
    assert view_of([author, other]).mandates.recalled_from(granted.id) is None
    author.add(Recall(reason="enough"), subject=granted.id, time=NOON)
    author.add(Recall(), subject=granted.id, time=NOON - 3)
    assert view_of([author, other]).mandates.recalled_from(granted.id) == NOON - 3
    assert view_of([]).mandates.case(granted.id) is Reason.MANDATE_UNKNOWN


# --- scope and instruction -------------------------------------------------------------------


def judged(mandate: Mandate, act: Act) -> Verdict:
    """Scope first, then the instruction, where no condition is known."""
    scope = scope_verdict(mandate, act)
    return scope if scope != VALID else instruction_verdict(mandate, act, lambda _: None)


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
        ({"motion": RATIFY}, NEEDS_RATIFICATION),
        ({"motion": UNNAMED}, void(Reason.REFER_BACK)),
        ({"motion": UNNAMED, "value": "free"}, void(Reason.REFER_BACK)),
        ({"motion": UNNAMED, "value": "refer-back"}, VALID),
    ],
    ids=repr,
)
def test_scope_of_an_act_is_kind_and_instruction(changes: dict[str, Any], verdict: Verdict) -> None:
    assert judged(MANDATE, replace(ACT, **changes)) == verdict


def test_scope_without_any_instruction_is_refer_back() -> None:
    bare = replace(MANDATE, instructions=None)
    assert judged(bare, ACT) == void(Reason.REFER_BACK)
    assert judged(bare, replace(ACT, value="refer-back")) == VALID


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

LINKS: Final = Links(missing=False, astray=False, beaten=False, spent=0, doubled=None)
GOOD: Final[dict[str, Any]] = {
    "claimed": NOON,
    "head_time": NOON - 60,
    "receipt_times": [NOON + 10, NOON + 20],
    "needed": 2,
    "links": LINKS,
}


def verdict_on(act: Act = ACT, mandate: Mandate = MANDATE, **changes: Any) -> Verdict:
    recalled = History(recalled=tuple(changes.pop("recalled_from", ())))
    history = changes.pop("history", recalled)
    links = {
        name: changes.pop(name)
        for name in ("missing", "astray", "beaten", "spent", "doubled")
        if name in changes
    }
    instructed = instruction_verdict(mandate, act, changes.pop("holds", lambda _: None))
    ratified = changes.pop("ratified", None)
    cover = Cover(mandate=mandate, history=history, instructed=instructed, ratified=ratified)
    values: dict[str, Any] = GOOD | changes
    about = Circumstances(**values)
    about = dataclasses.replace(about, links=dataclasses.replace(about.links, **links))
    return act_verdict([cover], act, about)


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
    assert verdict_on(missing=True) == unknown(Reason.ACT_NUMBER)


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
        {"missing": True},
    ]
    for changes in missing:
        assert verdict_on(**changes).outcome is Outcome.UNKNOWN
