"""Counting: worked cases, each rule, and an independent count with fractions."""

import csv
from dataclasses import replace
from fractions import Fraction
from importlib import resources
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confedproto.errors import Reason, VerificationError
from confedproto.limits import BALLOTS_MAX, MEMBERS_MAX, SHARE_MAX, WEIGHT_MAX
from confedproto.rules.tally import (
    Outcome,
    Rule,
    RuleKind,
    Unit,
    Value,
    count,
    outcome,
    outcome_of,
    parse_rule,
    value_of,
)

SIMPLE = parse_rule("simple")
MAJORITY = parse_rule("majority")
DOUBLE = parse_rule("double")
DOUBLE_VALID = parse_rule("double_valid")
RULE_IDS = (
    "simple",
    "simple_valid",
    "majority_valid",
    "majority_weighted",
    "super_valid(2,3)",
    "super_weighted(2,3)",
    "double-super_valid(2,3)",
    "consensus(0)",
    "consensus(2)",
    "each",
    "majority",
    "super(1,2)",
    "super(2,3)",
    "super(3,4)",
    "super(1,1)",
    "double",
    "double_valid",
    "double-super(2,3)",
    "double-super(3,4)",
    "double-super(1,1)",
)


def unit(weight: int, yes: int, no: int, valid: int | None = None) -> Unit:
    return Unit(weight=weight, yes=yes, no=no, valid=valid)


def said(value: Value, weight: int = 2) -> Unit:
    return Unit(weight=weight, value=value)


YES, NO, ABSTAIN = said(Value.YES), said(Value.NO), said(Value.ABSTAIN)


# --- rule ids --------------------------------------------------------------------------


@pytest.mark.parametrize("text", [*RULE_IDS, "super(2,4)", f"super({SHARE_MAX},{SHARE_MAX})"])
def test_parse_rule_known_id_round_trips(text: str) -> None:
    assert str(parse_rule(text)) == text


def test_parse_rule_share_is_kept_as_written() -> None:
    assert parse_rule("double-super(3,4)") == Rule(kind=RuleKind.DOUBLE_SUPER, share=(3, 4))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Simple",
        " simple",
        "simple\n",
        "simple()",
        "simple(1,2)",
        "majority(1,2)",
        "double(2,3)",
        "double-valid",
        "double_super(2,3)",
        "super",
        "super()",
        "super(2)",
        "super(2,3,4)",
        "super(2, 3)",
        "super(02,3)",
        "super(+2,3)",
        "super(-2,-3)",
        "super(2/3)",
        "super(2.0,3)",
        "super(\u0662,\u0663)",
        "super(0,0)",
        "super(0,1)",
        "super(3,2)",
        "super(1,3)",
        "super(499,999)",
        f"super({SHARE_MAX + 1},{SHARE_MAX + 1})",
        "super(2,3" + "0" * 5_000 + ")",
        "double-super",
        "double-super(1,3)",
        "consensus",
        "consensus(01)",
        "consensus(1,2)",
        "consensus(1025)",
        "lazy(0)",
        "lazy(1,2)",
        "each(1)",
        "majority_weighted(1)",
    ],
)
def test_parse_rule_other_text_is_refused(text: str) -> None:
    with pytest.raises(VerificationError) as caught:
        parse_rule(text)
    assert caught.value.reason is Reason.RULE_UNKNOWN
    assert len(str(caught.value)) < 200


# --- units -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"weight": -1}, Reason.UNITS_WEIGHT),
        ({"weight": WEIGHT_MAX + 1}, Reason.UNITS_WEIGHT),
        ({"weight": 1.0}, Reason.UNITS_WEIGHT),
        ({"weight": True}, Reason.UNITS_WEIGHT),
        ({"weight": 2, "yes": -1}, Reason.POSITION_TALLY),
        ({"weight": 2, "no": -1}, Reason.POSITION_TALLY),
        ({"weight": 2, "yes": 1.0}, Reason.POSITION_TALLY),
        ({"weight": 2, "yes": "1"}, Reason.POSITION_TALLY),
        ({"weight": 2, "no": BALLOTS_MAX + 1}, Reason.POSITION_TALLY),
        ({"weight": 2, "valid": -1}, Reason.UNITS_VALID),
        ({"weight": 2, "valid": BALLOTS_MAX + 1}, Reason.UNITS_VALID),
        ({"weight": 2, "yes": 3, "no": 2, "valid": 4}, Reason.UNITS_VALID),
        ({"weight": 2, "yes": 1, "participating": False}, Reason.POSITION_TALLY),
        ({"weight": 2, "valid": 1, "participating": False}, Reason.POSITION_TALLY),
        ({"weight": 2, "value": Value.NO, "participating": False}, Reason.POSITION_TALLY),
    ],
)
def test_unit_number_out_of_range_is_refused(fields: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(VerificationError) as caught:
        Unit(**fields)
    assert caught.value.reason is reason


def test_unit_numbers_at_their_bounds_are_accepted() -> None:
    top = Unit(weight=WEIGHT_MAX, yes=BALLOTS_MAX, no=0, valid=BALLOTS_MAX)
    tally = count(DOUBLE, [top] * MEMBERS_MAX)
    assert tally.units_yes == WEIGHT_MAX * MEMBERS_MAX
    assert tally.people_yes == BALLOTS_MAX * MEMBERS_MAX


def test_value_of_tie_abstains() -> None:
    assert [value_of(2, 1), value_of(1, 2), value_of(1, 1), value_of(0, 0)] == [
        Value.YES,
        Value.NO,
        Value.ABSTAIN,
        Value.ABSTAIN,
    ]


def test_count_no_units_is_refused() -> None:
    with pytest.raises(VerificationError) as caught:
        count(SIMPLE, [])
    assert caught.value.reason is Reason.UNITS_EMPTY


def test_count_too_many_units_is_refused() -> None:
    with pytest.raises(VerificationError) as caught:
        count(SIMPLE, [YES] * (MEMBERS_MAX + 1))
    assert caught.value.reason is Reason.UNITS_COUNT


@pytest.mark.parametrize("text", ["double", "double_valid", "double-super(2,3)"])
def test_count_all_weights_zero_is_refused_where_units_are_asked(text: str) -> None:
    with pytest.raises(VerificationError) as caught:
        count(parse_rule(text), [unit(0, 9, 1), Unit.silent(0)])
    assert caught.value.reason is Reason.UNITS_WEIGHT


@pytest.mark.parametrize("text", ["simple", "majority", "super(2,3)"])
def test_count_all_weights_zero_counts_where_units_are_not_asked(text: str) -> None:
    tally = count(parse_rule(text), [unit(0, 9, 1)])
    assert (tally.accepted, tally.units_total, tally.units_accept) == (True, 0, False)


# --- each rule, worked by hand ---------------------------------------------------------


def test_count_docstring_example_half_of_the_weight_is_missing() -> None:
    units = [unit(2, 60, 40), unit(1, 10, 20), Unit.silent(2)]
    tally = count(DOUBLE, units)
    assert (tally.accepted, tally.people_yes, tally.people_no, tally.people_accept) == (
        False,
        70,
        60,
        True,
    )
    assert (tally.units_yes, tally.units_no, tally.units_total, tally.units_accept) == (
        2,
        3,
        5,
        False,
    )
    assert (tally.councils, tally.participating) == (3, 2)
    assert outcome(DOUBLE, units) is Outcome.REJECTED


def test_count_simple_asks_only_the_people() -> None:
    units = [unit(2, 100, 0), unit(2, 10, 20), unit(2, 10, 20)]
    tally = count(SIMPLE, units)
    assert (tally.accepted, tally.units_accept, tally.units_yes, tally.units_no) == (
        True,
        False,
        2,
        4,
    )


def test_count_simple_tie_of_the_people_is_not_accepted() -> None:
    assert not count(SIMPLE, [unit(2, 5, 0), unit(2, 0, 5)]).accepted


def test_count_simple_ignores_the_councils_own_value() -> None:
    assert count(SIMPLE, [Unit(weight=2, yes=5, no=4, value=Value.NO)]).accepted


def test_count_majority_asks_councils_not_weight_nor_people() -> None:
    units = [unit(0, 2, 1), unit(1, 2, 1), unit(9, 0, 100)]
    tally = count(MAJORITY, units)
    assert (tally.accepted, tally.people_accept, tally.units_accept) == (True, False, False)
    assert (tally.units_yes, tally.units_no, tally.units_total) == (1, 9, 10)
    assert (tally.councils_yes, tally.councils_no, tally.councils_abstain) == (2, 1, 0)


def test_count_majority_takes_the_councils_own_value_before_its_ballots() -> None:
    tally = count(MAJORITY, [Unit(weight=2, yes=9, no=1, value=Value.NO), YES, ABSTAIN])
    assert (tally.accepted, tally.councils_yes, tally.councils_no, tally.councils_abstain) == (
        False,
        1,
        1,
        1,
    )


def test_count_majority_silence_is_in_no_base() -> None:
    assert count(MAJORITY, [YES, *[Unit.silent(2)] * 9]).accepted


@pytest.mark.parametrize(
    ("text", "yes", "no", "accepted"),
    [
        ("super(2,3)", 2, 1, True),
        ("super(2,3)", 199, 101, False),
        ("super(2,3)", 201, 100, True),
        ("super(3,4)", 3, 1, True),
        ("super(3,4)", 5, 2, False),
        ("super(1,2)", 3, 3, False),
        ("super(1,2)", 4, 3, True),
        ("super(1,1)", 7, 0, True),
        ("super(1,1)", 7, 1, False),
        ("super(2,3)", 0, 0, False),
    ],
)
def test_count_super_share_of_yes_and_no(text: str, yes: int, no: int, accepted: bool) -> None:
    units = [YES] * yes + [NO] * no + [ABSTAIN] * 5 + [Unit.silent(2)] * 5
    assert count(parse_rule(text), units).accepted is accepted


@pytest.mark.parametrize(
    ("weights_yes", "weights_no", "accepted"),
    [
        ([2, 1], [2, 1], False),  # exactly half of the weight
        ([2, 1, 1], [2, 1], True),  # half a canton more
        ([1] * 6, [2] * 3, False),  # twice as many units, but half of the weight
        ([0, 0, 2], [2], False),  # weight 0 is no unit
        ([2], [0, 0, 0], True),
    ],
)
def test_count_double_weighs_half_units(
    weights_yes: list[int], weights_no: list[int], accepted: bool
) -> None:
    units = [unit(w, 100, 0) for w in weights_yes] + [unit(w, 0, 1) for w in weights_no]
    tally = count(DOUBLE, units)
    assert tally.people_accept
    assert (tally.accepted, tally.units_accept) == (accepted, accepted)


def test_count_double_zero_weight_unit_counts_among_the_people_only() -> None:
    tally = count(DOUBLE, [unit(2, 6, 5), unit(0, 0, 2)])
    assert (tally.people_accept, tally.units_accept, tally.units_total) == (False, True, 2)


def test_count_double_people_no_and_units_yes_is_rejected() -> None:
    tally = count(DOUBLE, [unit(2, 2, 1), unit(2, 2, 1), unit(2, 0, 9)])
    assert (tally.accepted, tally.people_accept, tally.units_accept) == (False, False, True)


@pytest.mark.parametrize("other", [unit(2, 5, 5), unit(2, 0, 0), ABSTAIN, Unit.silent(2)])
def test_count_double_tied_and_silent_units_stay_in_the_base(other: Unit) -> None:
    tally = count(DOUBLE, [unit(2, 9, 1), other])
    assert (tally.units_yes, tally.units_no, tally.units_accept) == (2, 2, False)


def test_count_double_does_not_use_valid() -> None:
    assert count(DOUBLE, [unit(2, 3, 2, valid=100)]).accepted


def test_count_double_valid_blank_ballots_stand_against() -> None:
    units = [unit(2, 60, 30, valid=110), unit(2, 60, 30, valid=110), unit(2, 10, 50)]
    tally = count(DOUBLE_VALID, units)
    assert (tally.people_yes, tally.people_no) == (130, 110)
    # 2 * 130 > 110 + 110 + 60 = 280 fails; 2 * 60 > 110 holds for two of three units.
    assert (tally.accepted, tally.people_accept, tally.units_accept) == (False, False, True)


def test_count_double_valid_exactly_half_of_valid_is_not_yes() -> None:
    tally = count(DOUBLE_VALID, [unit(2, 50, 30, valid=100)])
    assert (tally.accepted, tally.people_accept, tally.units_yes) == (False, False, 0)
    assert count(DOUBLE_VALID, [unit(2, 51, 30, valid=100)]).accepted


def test_count_double_valid_without_valid_is_double() -> None:
    units = [unit(2, 5, 4), unit(1, 3, 3), unit(1, 2, 3)]
    assert count(DOUBLE_VALID, units) == count(DOUBLE, units)


@pytest.mark.parametrize(
    ("yes_weights", "no_weights", "accepted"),
    [([4], [2], True), ([3], [2], False), ([2, 2, 2, 1], [3], True)],
)
def test_count_double_super_asks_the_share_of_all_weight(
    yes_weights: list[int], no_weights: list[int], accepted: bool
) -> None:
    rule = parse_rule("double-super(2,3)")
    units = [unit(w, 90, 0) for w in yes_weights] + [unit(w, 0, 1) for w in no_weights]
    assert count(rule, units).units_accept is accepted


@pytest.mark.parametrize(("yes", "no", "accepted"), [(2, 1, True), (199, 100, False)])
def test_count_double_super_asks_the_share_of_the_people(yes: int, no: int, accepted: bool) -> None:
    tally = count(parse_rule("double-super(2,3)"), [unit(2, yes, no)])
    assert (tally.people_accept, tally.accepted) == (accepted, accepted)


def test_count_double_super_abstention_stays_in_the_base_of_the_units() -> None:
    tally = count(parse_rule("double-super(2,3)"), [unit(3, 9, 0), unit(2, 0, 0)])
    assert (tally.people_accept, tally.units_accept) == (True, False)


# --- quorum ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ([YES, YES, Unit.silent(2), Unit.silent(2)], Outcome.NO_QUORUM),
        ([YES, YES, Unit.silent(2)], Outcome.ADOPTED),
        ([YES, ABSTAIN, Unit.silent(2)], Outcome.ADOPTED),
        ([YES, NO, Unit.silent(2)], Outcome.REJECTED),
        ([Unit.silent(2)], Outcome.NO_QUORUM),
        ([YES], Outcome.ADOPTED),
        ([said(Value.YES, weight=0), said(Value.YES, weight=0), Unit.silent(9)], Outcome.ADOPTED),
    ],
)
def test_outcome_needs_more_than_half_of_the_councils(units: list[Unit], expected: Outcome) -> None:
    assert outcome(MAJORITY, units) is expected


def test_outcome_without_quorum_rule_counts_what_there_is() -> None:
    units = [YES, *[Unit.silent(2)] * 9]
    assert outcome(MAJORITY, units, quorum=False) is Outcome.ADOPTED
    assert outcome_of(count(MAJORITY, [NO, *units]), quorum=False) is Outcome.REJECTED


# --- every input -----------------------------------------------------------------------


@st.composite
def any_unit(draw: st.DrawFn) -> Unit:
    weight = draw(st.integers(0, 4))
    if draw(st.integers(0, 4)) == 0:
        return Unit.silent(weight)
    yes, no = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    blank = draw(st.none() | st.integers(0, 4))
    value = draw(st.none() | st.sampled_from(Value))
    return Unit(
        weight=weight,
        yes=yes,
        no=no,
        valid=None if blank is None else yes + no + blank,
        value=value,
    )


any_units = st.lists(any_unit(), min_size=1, max_size=12)
any_rule = st.sampled_from(RULE_IDS)


def verdict_by_fractions(rule_id: str, units: list[Unit]) -> bool | None:
    """Whether the motion carries, from the words of the rules; None where refused."""
    name, _, arguments = rule_id.partition("(")
    numbers = [int(number) for number in arguments.rstrip(")").split(",") if number]
    share = Fraction(*numbers) if len(numbers) == 2 else Fraction(1, 2)

    def over(part: int, whole: int) -> bool:
        if whole == 0:
            return False
        reached = Fraction(part, whole)
        return reached > Fraction(1, 2) and reached >= share

    words: list[str] = []
    for one in units:
        if not one.participating:
            words.append("silent")
        elif one.value is not None:
            words.append(one.value.value)
        else:
            words.append("yes" if one.yes > one.no else "no" if one.no > one.yes else "abstain")
    ballots = sum(one.yes for one in units), sum(one.no for one in units)
    valid = [one.yes + one.no if one.valid is None else one.valid for one in units]
    yes = words.count("yes")
    against = words.count("no") + words.count("block")
    weight = sum(one.weight for one in units)
    if weight == 0 and (name.startswith("double") or name.endswith("_weighted")):
        return None
    match name:
        case "simple":
            return over(ballots[0], sum(ballots))
        case "simple_valid":
            return over(ballots[0], sum(valid))
        case "majority" | "super":
            return over(yes, yes + against)
        case "majority_valid" | "super_valid":
            spoke = len(words) - words.count("silent") - words.count("stand-aside")
            return over(yes, spoke)
        case "majority_weighted" | "super_weighted":
            sides = [
                sum(one.weight for one, word in zip(units, words, strict=True) if word in side)
                for side in (("yes",), ("yes", "no", "block"))
            ]
            return over(*sides)
        case "consensus":
            asked = len(words) - words.count("silent") - words.count("refer-back")
            allowed = min(Fraction(len(words), 4), Fraction(numbers[0]))
            few = asked > 0 and Fraction(words.count("stand-aside"), asked) < Fraction(1, 3)
            return words.count("block") <= allowed and yes > 0 and few
        case "each":
            return yes > 0
        case _:
            pass
    if name.endswith("_valid"):
        people = over(ballots[0], sum(valid))
        half = [
            2 * one.yes > v > 0 if share != Fraction(1, 2) else over(one.yes, v)
            for one, v in zip(units, valid, strict=True)
        ]
        carried = [one.weight for one, is_yes in zip(units, half, strict=True) if is_yes]
    else:
        people = over(ballots[0], sum(ballots))
        carried = [one.weight for one, word in zip(units, words, strict=True) if word == "yes"]
    return people and over(sum(carried), weight)


@given(any_rule, any_units)
def test_count_any_units_agrees_with_fractions(rule_id: str, units: list[Unit]) -> None:
    expected = verdict_by_fractions(rule_id, units)
    if expected is None:
        with pytest.raises(VerificationError):
            count(parse_rule(rule_id), units)
    else:
        assert count(parse_rule(rule_id), units).accepted is expected


@given(any_rule, any_units, st.randoms(use_true_random=False))
def test_count_any_order_gives_one_tally(rule_id: str, units: list[Unit], random: Random) -> None:
    rule = parse_rule(rule_id)
    shuffled = list(units)
    random.shuffle(shuffled)
    if rule.asks_units and not any(one.weight for one in units):
        units, shuffled = [*units, unit(1, 0, 0)], [unit(1, 0, 0), *shuffled]
    assert count(rule, units) == count(rule, shuffled)


@given(any_rule, any_units)
def test_count_any_units_adds_up_in_whole_numbers(rule_id: str, units: list[Unit]) -> None:
    units = [*units, unit(1, 0, 0)]
    tally = count(parse_rule(rule_id), units)
    assert tally.units_yes + tally.units_no == tally.units_total
    said_something = tally.councils_yes + tally.councils_no + tally.councils_abstain
    said_something += tally.councils_block + tally.councils_refer
    assert said_something == tally.participating
    took: int = tally.participating + tally.councils_aside
    assert took <= tally.councils == len(units)
    assert all(type(getattr(tally, name)) in (int, bool) for name in tally.__slots__)


@given(any_units, st.integers(0, 4))
def test_count_double_another_yes_never_hurts(units: list[Unit], weight: int) -> None:
    units = [*units, unit(1, 0, 0)]
    more = [*units, Unit(weight=weight, yes=1, value=Value.YES)]
    for rule_id in RULE_IDS:
        rule = parse_rule(rule_id)
        assert count(rule, more).accepted or not count(rule, units).accepted


# --- real votes ------------------------------------------------------------------------


def real_votes() -> list[tuple[str, dict[str, str], list[Unit]]]:
    """Official outcome and units of every packaged vote, by plain csv, not by our reader."""
    votes: dict[str, list[Unit]] = {}
    outcomes: dict[str, dict[str, str]] = {}
    for path in resources.files("confednode.demo").joinpath("data").iterdir():
        if not path.name.endswith(".csv"):
            continue
        for row in csv.DictReader(path.read_text("utf-8").splitlines()):
            if "accepted" in row:
                outcomes[row["vote_id"]] = row
            else:
                one = unit(int(row["weight_halves"]), int(row["yes"]), int(row["no"]))
                votes.setdefault(row["vote_id"], []).append(one)
    assert votes.keys() == outcomes.keys()
    return [(vote_id, outcomes[vote_id], units) for vote_id, units in votes.items()]


def test_count_packaged_votes_are_all_there() -> None:
    assert len(real_votes()) == 39


@pytest.mark.parametrize(("vote_id", "official", "units"), real_votes())
def test_count_real_vote_equals_the_official_outcome(
    vote_id: str, official: dict[str, str], units: list[Unit]
) -> None:
    tally = count(parse_rule(official["rule"]), units)
    assert (int(tally.accepted), int(tally.people_accept), int(tally.units_accept)) == tuple(
        int(official[name]) for name in ("accepted", "people_accept", "units_accept")
    ), vote_id
    assert (tally.units_yes, tally.units_no) == (
        int(official["units_yes"]),
        int(official["units_no"]),
    )
    if official["sums_exact"] == "1":
        assert (tally.people_yes, tally.people_no) == (
            int(official["people_yes"]),
            int(official["people_no"]),
        )


# --- consensus, lazy, each, referred back, quorums ------------------------------------------

BLOCK, REFER, ASIDE = said(Value.BLOCK), said(Value.REFER_BACK), said(Value.STAND_ASIDE)
SILENT = Unit.silent(2)


@pytest.mark.parametrize(
    ("rule_id", "units", "expected"),
    [
        ("consensus(0)", [YES, YES, NO], Outcome.ADOPTED),
        ("consensus(0)", [YES, YES, YES, BLOCK], Outcome.REJECTED),
        ("consensus(1)", [YES, YES, YES, BLOCK], Outcome.ADOPTED),
        ("consensus(1)", [YES, YES, BLOCK], Outcome.REJECTED),  # more than a quarter of C
        ("consensus(3)", [YES] * 6 + [BLOCK] * 2, Outcome.ADOPTED),
        ("consensus(3)", [YES] * 5 + [BLOCK] * 3, Outcome.REJECTED),
        ("consensus(0)", [YES, YES, ASIDE], Outcome.REJECTED),
        ("consensus(0)", [YES, YES, YES, ASIDE], Outcome.ADOPTED),
        ("consensus(0)", [ABSTAIN, NO], Outcome.REJECTED),
        ("lazy", [SILENT, SILENT], Outcome.ADOPTED),
        ("lazy", [SILENT, NO], Outcome.REJECTED),
        ("lazy(2)", [BLOCK, SILENT], Outcome.ADOPTED),
        ("lazy(2)", [BLOCK, NO], Outcome.REJECTED),
        ("each", [YES, NO, NO], Outcome.ADOPTED),
        ("each", [NO, NO], Outcome.REJECTED),
        ("majority", [YES, YES, BLOCK, BLOCK], Outcome.REJECTED),
        ("majority", [YES, NO, REFER], Outcome.REFERRED_BACK),
        ("majority", [YES, YES, NO, NO, NO, REFER, REFER, REFER], Outcome.REFERRED_BACK),
        ("majority", [YES, NO, NO, REFER], Outcome.REJECTED),
        ("majority", [YES, YES, REFER, REFER], Outcome.ADOPTED),
        ("majority", [REFER, SILENT], Outcome.NO_QUORUM),
        ("majority", [YES, ASIDE], Outcome.NO_QUORUM),
        ("majority_valid", [YES, YES, ABSTAIN, ABSTAIN], Outcome.REJECTED),
        ("majority_valid", [YES, YES, YES, ABSTAIN, ABSTAIN], Outcome.ADOPTED),
        ("majority_weighted", [said(Value.YES, 3), NO], Outcome.ADOPTED),
        ("majority_weighted", [said(Value.YES, 1), NO], Outcome.REJECTED),
    ],
)
def test_outcome_of_each_rule_is_what_the_table_says(
    rule_id: str, units: list[Unit], expected: Outcome
) -> None:
    assert outcome(parse_rule(rule_id), units) is expected


def test_outcome_with_a_quorum_of_its_own_asks_that_share() -> None:
    rule = replace(MAJORITY, quorum=(1, 3))
    assert outcome(rule, [YES, SILENT, SILENT]) is Outcome.NO_QUORUM
    assert outcome(rule, [YES, YES, SILENT, SILENT]) is Outcome.ADOPTED


def test_outcome_with_a_peoples_quorum_asks_ballots_against_rolls() -> None:
    rule = replace(MAJORITY, people_quorum=(1, 5))
    few = [Unit(weight=2, yes=10, cast=10, roll=100), Unit(weight=2, yes=10, roll=100)]
    assert outcome(rule, few) is Outcome.NO_QUORUM
    more = [Unit(weight=2, yes=10, cast=31, roll=100), Unit(weight=2, yes=10, roll=100)]
    assert outcome(rule, more) is Outcome.ADOPTED


@pytest.mark.parametrize("given", [{"cast": 4}, {"roll": 4}, {"cast": 6, "roll": 5}, {"cast": -1}])
def test_unit_with_ballots_that_do_not_fit_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(VerificationError) as caught:
        Unit(weight=2, yes=3, no=2, **given)
    assert caught.value.reason is Reason.POSITION_TALLY
