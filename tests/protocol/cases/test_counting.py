"""The edge cases of decisions, by number: ties, shares, quorums, abstentions, blocks."""

from typing import Any

import pytest

from confedproto.errors import Reason
from confedproto.rules.states import State
from confedproto.rules.tally import Outcome
from tests.support.assembly import Assembly, freeze_of


def test_case_14_tie_inside_a_council_abstains_its_ballots_count() -> None:
    made = Assembly(3, rules={"coordination": "double"})
    motion = made.move()
    freeze = made.freeze(motion)
    made.now += 1
    made.position(freeze, 0, "Y", yes=10, no=1)
    made.position(freeze, 1, "Y", yes=10, no=1)
    made.position(freeze, 2, "A", yes=30, no=30)
    made.now += 1
    made.witness()
    tally = made.status(motion).tally
    assert tally is not None
    assert (tally.people_yes, tally.people_no, tally.units_yes, tally.accepted) == (50, 32, 4, True)


@pytest.mark.parametrize(("words", "adopted"), [("YYNN", False), ("YYYN", True)])
def test_case_15_tie_between_councils_is_not_adopted(words: str, adopted: bool) -> None:
    made = Assembly(4)
    motion = made.move()
    made.decide(motion, words, None)
    assert (made.outcome(motion) is Outcome.ADOPTED) is adopted


@pytest.mark.parametrize(("words", "adopted"), [("YYN", True), ("YYYNN", False)])
def test_case_16_two_thirds_are_exact(words: str, adopted: bool) -> None:
    made = Assembly(len(words), rules={"coordination": "super(2,3)"})
    motion = made.move()
    made.decide(motion, words, None)
    assert (made.outcome(motion) is Outcome.ADOPTED) is adopted


@pytest.mark.parametrize(("rule", "adopted"), [("majority", True), ("majority_valid", False)])
def test_case_17_abstentions_are_in_the_base_only_where_the_rule_id_says(
    rule: str, adopted: bool
) -> None:
    made = Assembly(4, rules={"coordination": rule})
    motion = made.move()
    made.decide(motion, "YAAA", None)
    assert (made.outcome(motion) is Outcome.ADOPTED) is adopted


@pytest.mark.parametrize(
    ("words", "outcome"), [("YNN--", Outcome.REJECTED), ("YN---", Outcome.NO_QUORUM)]
)
def test_case_18_a_no_helps_the_quorum(words: str, outcome: Outcome) -> None:
    made = Assembly(5)
    motion = made.move()
    made.decide(motion, words, None)
    assert made.outcome(motion) is outcome


def test_case_19_second_reading_has_a_third_and_only_where_nothing_binds() -> None:
    made = Assembly(4, rules={"admin": "majority"})
    first = made.move("admin")
    freeze = made.decide(first, "Y---", "no-quorum")
    assert made.outcome(first) is Outcome.NO_QUORUM
    made.now = freeze_of(freeze).closes + 60
    second = made.move("admin", first=first.id)
    made.decide(second, "YY--", None)
    assert made.outcome(second) is Outcome.ADOPTED
    early = made.move("admin", first=second.id)
    made.freeze(early)
    assert made.status(early, made.now).fault is Reason.MOTION_READING
    binding = made.move(first=first.id)
    assert made.status(binding).fault is Reason.MOTION_FIELD


def test_case_20_dormancy_takes_a_council_out_by_certificate_alone() -> None:
    made = Assembly(4, rules={"dormancy": "majority"})
    motion = made.move("dormancy", target=made.authors[3].council)
    made.decide(motion, "YYY-")
    later = made.move()
    made.freeze(later, councils=made.roll(without=[3]))
    assert made.status(later, made.now).fault is Reason.FREEZE_ROLL
    later = made.move(by=1)
    made.freeze(later, by=1, councils=made.roll(without=[3]), decisions=[motion])
    assert made.status(later, made.now).state is State.OPEN


def test_case_21_block_without_reason_counts_as_no() -> None:
    whole: dict[str, Any] = {"reason": "Harm.", "clause": "3", "contact": "us"}
    none: dict[str, Any] = {}
    for fields, outcome in (
        (none, Outcome.ADOPTED),
        (whole, Outcome.REJECTED),
    ):
        made = Assembly(4, rules={"coordination": "consensus(0)"})
        motion = made.move()
        freeze = made.freeze(motion)
        made.vote(freeze, "YYY-")
        made.position(freeze, 3, "B", number=1, **fields)
        made.now += 1
        made.witness()
        assert made.outcome(motion) is outcome


@pytest.mark.parametrize(("words", "adopted"), [("YYS", False), ("YYYS", True)])
def test_case_23_a_third_standing_aside_is_no_consensus(words: str, adopted: bool) -> None:
    made = Assembly(len(words), rules={"coordination": "consensus(0)"})
    motion = made.move()
    made.decide(motion, words, None)
    assert (made.outcome(motion) is Outcome.ADOPTED) is adopted
