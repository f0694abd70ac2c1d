"""Decision rules and their ids (specs/07, CNT-2 and CNT-3).

parse_rule("super(2,3)").share       # (2, 3)
str(parse_rule("consensus(0)"))      # "consensus(0)"
"""

import re
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from confedproto.errors import Reason, VerificationError
from confedproto.limits import MEMBERS_MAX, SHARE_MAX

Share = tuple[int, int]
"""An exact fraction (a, b): part and whole."""


@unique
class RuleKind(StrEnum):
    """The decision rules that this version counts; each is a row of the table in CNT-3."""

    SIMPLE = "simple"
    SIMPLE_VALID = "simple_valid"
    MAJORITY = "majority"
    MAJORITY_VALID = "majority_valid"
    MAJORITY_WEIGHTED = "majority_weighted"
    SUPER = "super"
    SUPER_VALID = "super_valid"
    SUPER_WEIGHTED = "super_weighted"
    DOUBLE = "double"
    DOUBLE_VALID = "double_valid"
    DOUBLE_SUPER = "double-super"
    DOUBLE_SUPER_VALID = "double-super_valid"
    CONSENSUS = "consensus"
    LAZY = "lazy"
    EACH = "each"


_KINDS: Final = {kind.value: kind for kind in RuleKind}
_SHARED: Final = frozenset(
    {
        RuleKind.SUPER,
        RuleKind.SUPER_VALID,
        RuleKind.SUPER_WEIGHTED,
        RuleKind.DOUBLE_SUPER,
        RuleKind.DOUBLE_SUPER_VALID,
    }
)
_DOUBLE: Final = frozenset(
    {
        RuleKind.DOUBLE,
        RuleKind.DOUBLE_VALID,
        RuleKind.DOUBLE_SUPER,
        RuleKind.DOUBLE_SUPER_VALID,
    }
)
_WEIGHED: Final = _DOUBLE | {RuleKind.MAJORITY_WEIGHTED, RuleKind.SUPER_WEIGHTED}
_VALID: Final = frozenset(
    {
        RuleKind.SIMPLE_VALID,
        RuleKind.MAJORITY_VALID,
        RuleKind.SUPER_VALID,
        RuleKind.DOUBLE_VALID,
        RuleKind.DOUBLE_SUPER_VALID,
    }
)
# One spelling per rule: no spaces, no signs, no leading zeros (CNT-2).
_RULE: Final = re.compile(
    r"([a-z][a-z_-]*)(?:\((0|[1-9][0-9]{0,3})(?:,([1-9][0-9]{0,3}))?\))?", re.ASCII
)
QUORUM: Final[Share] = (1, 2)
"""More than this share of frozen C must take part, unless the compact asks another (CNT-9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A decision rule with the quorum that the compact asks for the class.

    `share` is (a, b) of the `super` rules, else None; `most` is k of `consensus` and m of
    `lazy`. `quorum` None asks for none; `people_quorum` is ballots cast to rolls, None unasked.
    `str(rule)` is the rule id, the text that compacts carry; it says nothing of quorums.
    """

    kind: RuleKind
    share: Share | None = None
    most: int | None = None
    quorum: Share | None = QUORUM
    people_quorum: Share | None = None

    @property
    def asks_units(self) -> bool:
        """Whether the weight of the units decides."""
        return self.kind in _WEIGHED

    @property
    def asks_both(self) -> bool:
        """Whether the people and the units must both accept."""
        return self.kind in _DOUBLE

    @property
    def base_valid(self) -> bool:
        """Whether abstentions and blank ballots are in the base (CNT-7)."""
        return self.kind in _VALID

    @property
    def has_block(self) -> bool:
        """Whether a block is more than a no (CNT-11)."""
        return self.kind is RuleKind.CONSENSUS

    def __str__(self) -> str:
        if self.share is not None:
            return f"{self.kind}({self.share[0]},{self.share[1]})"
        return self.kind if self.most is None else f"{self.kind}({self.most})"


def parse_rule(text: str) -> Rule:
    """The rule with the id `text`, such as `double` or `super(2,3)` (CNT-2).

    Raises VerificationError(RULE_UNKNOWN) for any other text: a rule that this version does
    not know, another spelling, a share below one half or above one, or above SHARE_MAX.
    """
    match = _RULE.fullmatch(text)
    kind = match and _KINDS.get(match[1])
    if match is None or kind is None:
        raise VerificationError(Reason.RULE_UNKNOWN, ascii(text[:40]))
    one: str | None = match[2]
    two: str | None = match[3]
    fits = {
        RuleKind.CONSENSUS: one is not None and two is None,
        RuleKind.LAZY: two is None and one != "0",
    }.get(kind, two is not None if kind in _SHARED else one is None)
    if not fits:
        raise VerificationError(Reason.RULE_UNKNOWN, f"{kind}: share missing or not allowed")
    if one is not None and two is not None:
        part, whole = int(one), int(two)
        # Below one half the side with fewer votes could carry the motion.
        if part > whole or 2 * part < whole or whole > SHARE_MAX:
            raise VerificationError(Reason.RULE_UNKNOWN, f"share {part}/{whole}")
        return Rule(kind=kind, share=(part, whole))
    if one is not None and int(one) > MEMBERS_MAX:
        raise VerificationError(Reason.RULE_UNKNOWN, f"{one} councils")
    return Rule(
        kind=kind,
        most=int(one) if one is not None else None,
        quorum=None if kind is RuleKind.LAZY else QUORUM,
    )


_STRENGTH: Final = (
    RuleKind.LAZY,
    RuleKind.EACH,
    RuleKind.SIMPLE,
    RuleKind.SIMPLE_VALID,
    RuleKind.MAJORITY,
    RuleKind.MAJORITY_WEIGHTED,
    RuleKind.MAJORITY_VALID,
    RuleKind.DOUBLE,
    RuleKind.DOUBLE_VALID,
    RuleKind.SUPER,
    RuleKind.SUPER_WEIGHTED,
    RuleKind.SUPER_VALID,
    RuleKind.DOUBLE_SUPER,
    RuleKind.DOUBLE_SUPER_VALID,
    RuleKind.CONSENSUS,
)
"""Rules from the weaker to the stronger, for MOT-15 alone; shares compare within a kind."""


def is_weaker(one: Rule, other: Rule) -> bool:
    """Whether a decision under `one` may not undo one under `other` (MOT-15, case 30)."""
    ranks = _STRENGTH.index(one.kind), _STRENGTH.index(other.kind)
    if ranks[0] != ranks[1]:
        return ranks[0] < ranks[1]
    if one.share is not None and other.share is not None:
        return one.share[0] * other.share[1] < other.share[0] * one.share[1]
    return False
