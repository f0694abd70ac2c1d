"""A node's view of mandates: recalls by signed heads, reports, petitions, ratification, FINAL."""

import random
from typing import Literal

import pytest

from confedproto import record
from confedproto.bodies.mandate import Share
from confedproto.bodies.petition import Petition
from confedproto.bodies.position import Position
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.recall import Recall
from confedproto.bodies.report import Report
from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.rules.mandate import Outcome
from confedproto.rules.tenure import State
from tests.support.councils import DAY, START, view_of
from tests.support.delegates import DELEGATE, FREE, MOTION, NOON, PARTNER, RATIFIED, story

WORDS = bytes(16) + b"We met."


def test_act_in_a_view_is_valid_and_its_mandate_in_force() -> None:
    told = story()
    assert told.verdict(told.act()) == (Outcome.VALID, None)
    assert told.status().state is State.IN_FORCE


def test_recall_dated_back_takes_effect_at_the_last_head_that_an_act_cites() -> None:
    told = story()
    first = told.act(time=NOON - DAY)
    second = told.act(number=2, previous=first.id)
    told.home.add(Recall(), subject=told.mandate.id, time=START)
    assert told.view().mandates.recalled_from(told.mandate.id) == NOON - 60
    assert told.verdict(first) == (Outcome.VALID, None)
    assert told.verdict(second) == (Outcome.VOID, Reason.RECALLED)


def test_recall_before_an_act_voids_it_and_opens_an_item() -> None:
    told = story()
    told.home.add(Recall(), subject=told.mandate.id, time=NOON - DAY)
    act = told.act()
    assert told.verdict(act) == (Outcome.VOID, Reason.RECALLED)
    status = told.status()
    assert status.state is State.RECALLED
    assert status.void_acts == (act.id,)


def test_act_against_its_instruction_opens_an_item_of_recall() -> None:
    told = story()
    act = told.act(value="no")
    assert told.verdict(act) == (Outcome.VOID, Reason.INSTRUCTION)
    assert told.status().void_acts == (act.id,)


def test_position_of_the_council_overrides_its_delegate_without_an_item() -> None:
    told = story()
    act = told.act()
    told.home.add(Position(freeze=bytes(32), number=1, value="no"), subject=MOTION, time=NOON)
    assert told.verdict(act) == (Outcome.VOID, Reason.OVERRIDDEN)
    assert told.status().void_acts == ()


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("yes", (Outcome.VALID, None)),
        ("no", (Outcome.VOID, Reason.RATIFY_REFUSED)),
    ],
)
def test_ratify_answers_an_act(
    value: Literal["yes", "no"], verdict: tuple[Outcome, Reason | None]
) -> None:
    told = story()
    act = told.act(motion=RATIFIED)
    assert told.verdict(act) == (Outcome.NEEDS_RATIFICATION, Reason.RATIFY)
    told.home.add(Ratify(value=value), subject=act.id, time=NOON + DAY)
    told.home.add(Ratify(value="no"), subject=act.id, time=NOON)
    assert told.verdict(act) == verdict


def test_report_lets_the_mandate_go_on_and_is_accepted() -> None:
    due = START + DAY
    told = story(reports=(due,), overdue=DAY)
    late = START + 5 * DAY
    assert told.status(late).state is State.OVERDUE
    assert told.status(late).verdict.reason is Reason.REPORT_MISSING
    body = Report(due=due, text=record.text_hash(WORDS))
    made = told.home.add(body, subject=told.mandate.id, time=late, signers=[DELEGATE], part=WORDS)
    assert told.status(late).state is State.IN_FORCE
    assert told.status(late - 1).state is State.OVERDUE
    told.home.add(Ratify(value="yes"), subject=made.id, time=late)
    assert told.status(late).accepted == {due: True}


def test_petition_with_its_share_forces_an_item_within_two_weeks() -> None:
    told = story(petition=Share(part=1, whole=5))
    told.home.add(Petition(count=13, members=70), subject=told.mandate.id, time=NOON)
    assert (told.status().petition, told.status().item_by) == ((13, 70), None)
    told.home.add(Petition(count=14, members=70), subject=told.mandate.id, time=NOON + 9)
    assert told.status().petition == (14, 70)
    assert told.status().item_by == NOON + 9 + 14 * DAY


def test_two_acts_of_one_number_stop_the_mandate() -> None:
    told = story()
    first = told.act()
    second = told.act(time=NOON + 30, value="yes")
    assert told.verdict(first) == (Outcome.VALID, None)
    assert told.verdict(second) == (Outcome.VOID, Reason.ACT_DOUBLE)
    assert told.status(NOON + DAY).state is State.STOPPED
    third = told.act(time=NOON + DAY, number=2, previous=first.id)
    assert told.verdict(third) == (Outcome.VOID, Reason.MANDATE_SUSPENDED)


def test_ceiling_of_all_acts_counts_along_the_chain() -> None:
    told = story()
    previous: RecordId | None = None
    verdicts: list[Reason | None] = []
    for number in (1, 2, 3):
        act = told.act(
            time=NOON + number * 10,
            number=number,
            previous=previous,
            kind="spending-order",
            motion=FREE,
            amount=400,
            currency="chf",
        )
        previous = act.id
        verdicts.append(told.verdict(act)[1])
    assert verdicts == [None, None, Reason.TOTAL_CEILING]


def test_partners_who_must_all_sign_cannot_act_alone() -> None:
    told = story(partners=(PARTNER.public,), parity="all")
    alone = told.act()
    assert told.view().refused[alone.id] is Reason.MANDATE_DELEGATE


def test_view_gives_one_verdict_in_any_order() -> None:
    told = story()
    act = told.act()
    told.home.add(Recall(), subject=told.mandate.id, time=NOON + 3)
    digests = {
        view_of(told.councils, rng=random.Random(seed)).state_digest(NOON + DAY)
        for seed in range(5)
    }
    assert len(digests) == 1
    assert told.verdict(act)[0] is Outcome.VALID


def test_act_is_final_once_enough_logs_are_whole_past_it() -> None:
    told = story()
    act = told.act()
    view = told.view()
    assert told.of(act).final is False
    for author in told.councils:
        log = view.logs[author.log]
        log.head = author.head(NOON + DAY)
    status = view.mandates.act_status(act.id)
    assert not isinstance(status, Reason)
    assert status.final
