"""Counting: from the positions of councils to the verdict of a decision rule (specs/07, CNT-1).

Every step is exact integer arithmetic: two nodes that count the same units never differ, and
neither does an implementation in another language. Weights are in halves (a half-canton has 1).

    rule = parse_rule("double")
    units = [Unit(weight=2, yes=60, no=40), Unit(weight=1, yes=10, no=20), Unit.silent(2)]
    count(rule, units).accepted      # False: 2 of 5 halves are not more than half
    outcome(rule, units)             # Outcome.REJECTED: two of three councils took part
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final, Self

from confedproto.errors import Reason, VerificationError
from confedproto.limits import BALLOTS_MAX, MEMBERS_MAX, SHARE_MAX, WEIGHT_MAX


@unique
class RuleKind(StrEnum):
    """The decision rules that this version counts; each is a row of the table in CNT-3."""

    SIMPLE = "simple"
    MAJORITY = "majority"
    SUPER = "super"
    DOUBLE = "double"
    DOUBLE_VALID = "double_valid"
    DOUBLE_SUPER = "double-super"


_KINDS: Final = {kind.value: kind for kind in RuleKind}
_SHARED: Final = frozenset({RuleKind.SUPER, RuleKind.DOUBLE_SUPER})
_DOUBLE: Final = frozenset({RuleKind.DOUBLE, RuleKind.DOUBLE_VALID, RuleKind.DOUBLE_SUPER})
# One spelling per rule: no spaces, no signs, no leading zeros (CNT-2).
_RULE: Final = re.compile(r"([a-z][a-z_-]*)(?:\(([1-9][0-9]{0,3}),([1-9][0-9]{0,3})\))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A decision rule; `share` is (a, b) of `super` and `double-super`, else None.

    `str(rule)` is the rule id, the text that compacts and motions carry.
    """

    kind: RuleKind
    share: tuple[int, int] | None = None

    @property
    def asks_units(self) -> bool:
        """Whether the weight of the units decides too, beside the people."""
        return self.kind in _DOUBLE

    def __str__(self) -> str:
        return self.kind if self.share is None else f"{self.kind}({self.share[0]},{self.share[1]})"


def parse_rule(text: str) -> Rule:
    """The rule with the id `text`, such as `double` or `super(2,3)` (CNT-2).

    Raises VerificationError(RULE_UNKNOWN) for any other text: a rule that this version does
    not know, another spelling, a share below one half or above one, or above SHARE_MAX.
    """
    match = _RULE.fullmatch(text)
    kind = match and _KINDS.get(match[1])
    if match is None or kind is None:
        raise VerificationError(Reason.RULE_UNKNOWN, ascii(text[:40]))
    if (kind in _SHARED) != (match[2] is not None):
        raise VerificationError(Reason.RULE_UNKNOWN, f"{kind}: share missing or not allowed")
    if match[2] is None:
        return Rule(kind=kind)
    part, whole = int(match[2]), int(match[3])
    # Below one half the side with fewer votes could carry the motion.
    if part > whole or 2 * part < whole or whole > SHARE_MAX:
        raise VerificationError(Reason.RULE_UNKNOWN, f"share {part}/{whole}")
    return Rule(kind=kind, share=(part, whole))


@unique
class Value(StrEnum):
    """What a council says as a body."""

    YES = "yes"
    NO = "no"
    ABSTAIN = "abstain"


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

    def __post_init__(self) -> None:
        _check(self.weight, WEIGHT_MAX, Reason.UNITS_WEIGHT)
        _check(self.yes, BALLOTS_MAX, Reason.POSITION_TALLY)
        _check(self.no, BALLOTS_MAX, Reason.POSITION_TALLY)
        if self.valid is not None:
            _check(self.valid, BALLOTS_MAX, Reason.UNITS_VALID)
            if self.valid < self.yes + self.no:
                raise VerificationError(Reason.UNITS_VALID, f"{self.valid} < yes + no")
        ballots = (self.yes, self.no, self.valid or 0)
        if not self.participating and (any(ballots) or self.value is not None):
            raise VerificationError(Reason.POSITION_TALLY, "a silent council has a position")

    @classmethod
    def silent(cls, weight: int) -> Self:
        """A council of C that took no position that counts."""
        return cls(weight=weight, participating=False)

    @property
    def position(self) -> Value | None:
        """The council's word: stated, else from its ballots; None if it is silent."""
        if not self.participating:
            return None
        return value_of(self.yes, self.no) if self.value is None else self.value

    @property
    def base(self) -> int:
        """Its valid ballots, the base of `double_valid`."""
        return self.yes + self.no if self.valid is None else self.valid


def _check(number: object, top: int, reason: Reason) -> None:
    # `type`, not isinstance: True is an int, and 1.0 compares equal to one.
    if type(number) is not int or not 0 <= number <= top:
        raise VerificationError(reason, f"{ascii(number)[:40]} is not a whole number in 0..{top}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was counted, and the verdict `accepted` before any quorum (CNT-3, CNT-10).

    people_*: ballots, summed. units_*: weight in halves; units_no = units_total - units_yes, so
    ties, abstentions and silence are in it. councils_*: councils by their word; `councils` is
    |C| and `participating` how many of them took a position.
    people_accept and units_accept are the verdicts of each chamber alone. Under a rule that
    does not ask a chamber its verdict is only reported (people: yes > no; units: more than
    half of the weight): under `majority` and `super` councils are counted, not weighed.
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
    councils_yes, councils_no = said.count(Value.YES), said.count(Value.NO)
    people_accept = _people_accept(rule, people_yes, people_no, (unit.base for unit in units))
    units_accept = _units_accept(rule, units_yes, units_total)
    if rule.asks_units:
        accepted = people_accept and units_accept
    elif rule.kind is RuleKind.SIMPLE:
        accepted = people_accept
    else:
        accepted = _reaches(rule.share, councils_yes, councils_no)
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
        participating=len(units) - said.count(None),
        councils_yes=councils_yes,
        councils_no=councils_no,
        councils_abstain=said.count(Value.ABSTAIN),
    )


def _unit_is_yes(rule: Rule, unit: Unit) -> bool:
    if rule.kind is RuleKind.DOUBLE_VALID:
        return 2 * unit.yes > unit.base  # CNT-7: the ballots decide, whatever the council says
    return unit.position == Value.YES


def _people_accept(rule: Rule, yes: int, no: int, bases: Iterable[int]) -> bool:
    match rule.kind:
        case RuleKind.DOUBLE_VALID:
            return 2 * yes > sum(bases)
        case RuleKind.DOUBLE_SUPER:
            return _reaches(rule.share, yes, no)
        case _:
            return yes > no


def _units_accept(rule: Rule, yes: int, total: int) -> bool:
    # All weight that is not yes stands against it, so the base is the weight of all of C.
    return _reaches(rule.share if rule.asks_units else None, yes, total - yes)


def _reaches(share: tuple[int, int] | None, yes: int, no: int) -> bool:
    """Whether yes > no, and yes is at least the share a/b of both (CNT-6)."""
    part, whole = share or (1, 2)
    return yes > no and whole * yes >= part * (yes + no)


@unique
class Outcome(StrEnum):
    """How a motion ends; the text stands in vote and lock records."""

    ADOPTED = "adopted"
    REJECTED = "rejected"
    NO_QUORUM = "no-quorum"


def outcome_of(tally: Tally, *, quorum: bool = True) -> Outcome:
    """The outcome of a count; with `quorum`, more than half of C must have taken part (CNT-9).

    A "no" and an abstention help the quorum, silence does not; |C| is the frozen one.
    """
    if quorum and 2 * tally.participating <= tally.councils:
        return Outcome.NO_QUORUM
    return Outcome.ADOPTED if tally.accepted else Outcome.REJECTED


def outcome(rule: Rule, units: Sequence[Unit], *, quorum: bool = True) -> Outcome:
    """`outcome_of` the count of `units`, which are all councils of C. Errors as `count`."""
    return outcome_of(count(rule, units), quorum=quorum)
