"""Counting: from the positions of councils to the verdict of a decision rule (specs/07, CNT-1).

Every step is exact integer arithmetic: two nodes that count the same units never differ, and
neither does an implementation in another language. Weights are in halves (a half-canton has 1).

    rule = parse_rule("double")
    units = [Unit(weight=2, yes=60, no=40), Unit(weight=1, yes=10, no=20), Unit.silent(2)]
    count(rule, units).accepted      # False: 2 of 5 halves are not more than half
    outcome(rule, units)             # Outcome.REJECTED: two of three councils took part
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Self

from confedproto.errors import Reason, VerificationError
from confedproto.limits import BALLOTS_MAX, MEMBERS_MAX, WEIGHT_MAX
from confedproto.rules.law import QUORUM, Rule, RuleKind, Share, parse_rule

__all__ = [
    "QUORUM",
    "Outcome",
    "Rule",
    "RuleKind",
    "Tally",
    "Unit",
    "Value",
    "count",
    "outcome",
    "outcome_of",
    "parse_rule",
    "value_of",
]


@unique
class Value(StrEnum):
    """What a council says as a body."""

    YES = "yes"
    NO = "no"
    ABSTAIN = "abstain"
    BLOCK = "block"
    REFER_BACK = "refer-back"
    STAND_ASIDE = "stand-aside"


def value_of(yes: int, no: int) -> Value:
    """The value that the ballots give where a council states none: a tie abstains (CNT-4)."""
    if yes == no:
        return Value.ABSTAIN
    return Value.YES if yes > no else Value.NO


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One council of the frozen C and its counted position, if there is one (CNT-1).

    `weight` is in halves, `yes`, `no` and `valid` are ballots; `valid` None means yes + no.
    `value` is the council's own word; None takes it from the ballots (`value_of`).
    `participating` is False for a council without a counted position (`Unit.silent`): it stays
    in the base of the weight and of the quorum, and is never yes (CNT-5).
    `cast` are the ballots cast (None: its base), `roll` the members of the frozen roll (None:
    not stated); both are for the people's quorum alone (CNT-13).

    Raises VerificationError: UNITS_WEIGHT, POSITION_TALLY or UNITS_VALID where a number is not
    a whole one in its range, UNITS_VALID where valid < yes + no, POSITION_TALLY where a silent
    council has ballots or a value.
    """

    weight: int
    yes: int = 0
    no: int = 0
    valid: int | None = None
    value: Value | None = None
    participating: bool = True
    cast: int | None = None
    roll: int | None = None

    def __post_init__(self) -> None:
        _check(self.weight, WEIGHT_MAX, Reason.UNITS_WEIGHT)
        _check(self.yes, BALLOTS_MAX, Reason.POSITION_TALLY)
        _check(self.no, BALLOTS_MAX, Reason.POSITION_TALLY)
        if self.valid is not None:
            _check(self.valid, BALLOTS_MAX, Reason.UNITS_VALID)
            if self.valid < self.yes + self.no:
                raise VerificationError(Reason.UNITS_VALID, f"{self.valid} < yes + no")
        for number in (self.cast, self.roll):
            if number is not None:
                _check(number, BALLOTS_MAX, Reason.POSITION_TALLY)
        if self.ballots < self.base or (self.roll is not None and self.ballots > self.roll):
            raise VerificationError(Reason.POSITION_TALLY, "ballots, cast and roll do not fit")
        ballots = (self.yes, self.no, self.valid or 0, self.cast or 0)
        if not self.participating and (any(ballots) or self.value is not None):
            raise VerificationError(Reason.POSITION_TALLY, "a silent council has a position")

    @classmethod
    def silent(cls, weight: int, roll: int | None = None) -> Self:
        """A council of C that took no position that counts."""
        return cls(weight=weight, participating=False, roll=roll)

    @property
    def position(self) -> Value | None:
        """The council's word: stated, else from its ballots; None if it is silent."""
        if not self.participating:
            return None
        return value_of(self.yes, self.no) if self.value is None else self.value

    @property
    def base(self) -> int:
        """Its valid ballots, the base of the rules in `_valid`."""
        return self.yes + self.no if self.valid is None else self.valid

    @property
    def ballots(self) -> int:
        """Its ballots cast, blank ones included."""
        return self.base if self.cast is None else self.cast


def _check(number: object, top: int, reason: Reason) -> None:
    # `type`, not isinstance: True is an int, and 1.0 compares equal to one.
    if type(number) is not int or not 0 <= number <= top:
        raise VerificationError(reason, f"{ascii(number)[:40]} is not a whole number in 0..{top}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was counted, and the verdict `accepted` before any quorum (CNT-3, CNT-10).

    people_*: ballots, summed. units_*: weight in halves; units_no = units_total - units_yes, so
    ties, abstentions and silence are in it. councils_*: councils by their word; `councils` is
    |C| and `participating` how many of them took part: all but the silent and those that stand
    aside. people_accept and units_accept are the verdicts of each chamber alone. Under a rule
    that does not ask a chamber its verdict is only reported (CNT-10).
    `quorum` is whether every quorum that the rule asks is met (CNT-9, CNT-13).
    """

    accepted: bool
    people_yes: int
    people_no: int
    people_accept: bool
    units_yes: int
    units_no: int
    units_total: int
    units_accept: bool
    councils: int
    participating: int
    councils_yes: int
    councils_no: int
    councils_abstain: int
    councils_block: int
    councils_refer: int
    councils_aside: int
    quorum: bool
    referred: bool


def count(rule: Rule, units: Sequence[Unit]) -> Tally:
    """Count all councils of C, the silent ones included, under `rule`; order is irrelevant.

    Raises VerificationError: UNITS_EMPTY without units, UNITS_COUNT above MEMBERS_MAX,
    UNITS_WEIGHT where a rule asks the units and all weights are 0 (CNT-8).
    """
    if not units:
        raise VerificationError(Reason.UNITS_EMPTY)
    if len(units) > MEMBERS_MAX:
        raise VerificationError(Reason.UNITS_COUNT, f"{len(units)} units")
    people_yes = sum(unit.yes for unit in units)
    people_no = sum(unit.no for unit in units)
    units_total = sum(unit.weight for unit in units)
    if rule.asks_units and units_total == 0:
        raise VerificationError(Reason.UNITS_WEIGHT, "all weights are 0")
    units_yes = sum(unit.weight for unit in units if _unit_is_yes(rule, unit))
    said = [unit.position for unit in units]
    tally = {value: said.count(value) for value in Value}
    people_accept = _people_accept(rule, people_yes, people_no, (unit.base for unit in units))
    share = rule.share if rule.asks_both else None
    units_accept = _reaches(share, units_yes, units_total - units_yes)
    if rule.asks_both:
        accepted = people_accept and units_accept
    elif rule.kind in (RuleKind.SIMPLE, RuleKind.SIMPLE_VALID):
        accepted = people_accept
    elif rule.asks_units:
        against = sum(u.weight for u in units if u.position in (Value.NO, Value.BLOCK))
        accepted = _reaches(rule.share, units_yes, against)
    else:
        accepted = _councils_accept(rule, tally, len(units))
    participating = len(units) - said.count(None) - tally[Value.STAND_ASIDE]
    return Tally(
        accepted=accepted,
        people_yes=people_yes,
        people_no=people_no,
        people_accept=people_accept,
        units_yes=units_yes,
        units_no=units_total - units_yes,
        units_total=units_total,
        units_accept=units_accept,
        councils=len(units),
        participating=participating,
        councils_yes=tally[Value.YES],
        councils_no=tally[Value.NO],
        councils_abstain=tally[Value.ABSTAIN],
        councils_block=tally[Value.BLOCK],
        councils_refer=tally[Value.REFER_BACK],
        councils_aside=tally[Value.STAND_ASIDE],
        quorum=_exceeds(rule.quorum, participating, len(units))
        and _exceeds(
            rule.people_quorum,
            sum(unit.ballots for unit in units),
            sum(unit.roll or 0 for unit in units),
        ),
        referred=not accepted and _is_referred(rule, tally, len(units)),
    )


def _unit_is_yes(rule: Rule, unit: Unit) -> bool:
    if rule.asks_both and rule.base_valid:
        return 2 * unit.yes > unit.base  # CNT-7: the ballots decide, whatever the council says
    return unit.position == Value.YES


def _people_accept(rule: Rule, yes: int, no: int, bases: Iterable[int]) -> bool:
    if rule.kind is RuleKind.DOUBLE_SUPER:
        return _reaches(rule.share, yes, no)
    if rule.kind in (RuleKind.SIMPLE_VALID, RuleKind.DOUBLE_VALID, RuleKind.DOUBLE_SUPER_VALID):
        return _reaches(rule.share, yes, sum(bases) - yes)
    return yes > no


def _councils_accept(rule: Rule, said: dict[Value, int], councils: int) -> bool:
    yes, against = said[Value.YES], said[Value.NO] + said[Value.BLOCK]
    match rule.kind:
        case RuleKind.CONSENSUS:  # CNT-11
            block, aside = said[Value.BLOCK], said[Value.STAND_ASIDE]
            spoke = yes + against + said[Value.ABSTAIN] + aside
            allowed = block <= (rule.most or 0) and 4 * block <= councils
            return allowed and yes > 0 and 3 * aside < spoke
        case RuleKind.LAZY:  # CNT-12
            return against < (1 if rule.most is None else rule.most)
        case RuleKind.EACH:  # CNT-12
            return yes > 0
        case _:
            if rule.base_valid:
                against += said[Value.ABSTAIN] + said[Value.REFER_BACK]
            return _reaches(rule.share, yes, against)


def _is_referred(rule: Rule, said: dict[Value, int], councils: int) -> bool:
    refer, no = said[Value.REFER_BACK], said[Value.NO]
    if not rule.has_block:
        no += said[Value.BLOCK]
    return refer > 0 and (refer >= max(said[Value.YES], no) or 3 * refer >= councils)


def _reaches(share: Share | None, yes: int, no: int) -> bool:
    """Whether yes > no, and yes is at least the share a/b of both (CNT-6)."""
    part, whole = share or (1, 2)
    return yes > no and whole * yes >= part * (yes + no)


def _exceeds(share: Share | None, some: int, total: int) -> bool:
    """Whether `some` is more than this share of `total`; nothing asked is met."""
    return share is None or share[1] * some > share[0] * total


@unique
class Outcome(StrEnum):
    """How a motion ends; the text stands in vote and lock records."""

    ADOPTED = "adopted"
    REJECTED = "rejected"
    NO_QUORUM = "no-quorum"
    REFERRED_BACK = "referred-back"


def outcome_of(tally: Tally, *, quorum: bool = True) -> Outcome:
    """The outcome of a count; with `quorum`, the quorums that the rule asks must be met (CNT-9).

    A "no" and an abstention help the quorum, silence does not; |C| is the frozen one.
    """
    if quorum and not tally.quorum:
        return Outcome.NO_QUORUM
    if tally.accepted:
        return Outcome.ADOPTED
    return Outcome.REFERRED_BACK if tally.referred else Outcome.REJECTED


def outcome(rule: Rule, units: Sequence[Unit], *, quorum: bool = True) -> Outcome:
    """`outcome_of` the count of `units`, which are all councils of C. Errors as `count`."""
    return outcome_of(count(rule, units), quorum=quorum)
