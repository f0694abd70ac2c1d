"""What a compact is worth: its founding, its members, its windows (specs/05, COM and ACC).

Pure functions of records. A record whose authors are not all known yet is not refused for
ever: COUNCIL_UNKNOWN says that the answer may change when another log arrives.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from confedproto.bodies.accession import Accession
from confedproto.bodies.charter import Charter
from confedproto.bodies.compact import COORDINATION, ClassQuorum, Compact
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.authority import meets_threshold
from confedproto.rules.law import Rule, RuleKind, Share, parse_rule
from confedproto.rules.receipts import receipts_needed
from confedproto.rules.terms import CLASSES

CharterOf = Callable[[CouncilId, int], Charter | None]
"""The charter of a council with a version number, or None if it is not known here."""
Linked = Callable[[CouncilId, CouncilId], bool]
"""Whether two councils have both signed a link with each other."""


_LIGHT: Final = frozenset({RuleKind.LAZY, RuleKind.EACH})
"""Rules under which silence or one council is enough: for administration alone (COM-8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A council of a compact, its weight in halves, and its accession (None: a founder)."""

    council: CouncilId
    weight: int
    accession: RecordId | None


def rule_for(compact: Compact, motion_class: str) -> Rule | None:
    """The decision rule of the compact for a class of motions, or None (COM-5)."""
    for entry in compact.rules:
        if entry.name == motion_class:
            rule = parse_rule(entry.rule)
            asked = _quorum(compact.quorums, motion_class)
            people = _quorum(compact.people_quorums, motion_class)
            return replace(rule, quorum=asked or rule.quorum, people_quorum=people)
    return None


def _quorum(quorums: Iterable[ClassQuorum] | None, motion_class: str) -> Share | None:
    return next(((q.part, q.whole) for q in quorums or () if q.name == motion_class), None)


def founding_fault(
    record: VerifiedRecord, compact: Compact, charter_of: CharterOf
) -> Reason | None:
    """Why this compact is not founded, or None if it is (COM-2, COM-3)."""
    if compact.previous is not None:
        return Reason.COMPACT_VERSION  # a proposed version: it replaces, and founds nothing
    return form_fault(record, compact) or _founders_fault(record, compact, charter_of)


def form_fault(record: VerifiedRecord, compact: Compact) -> Reason | None:
    """Why a compact cannot be founded so, whoever signed (COM-3, COM-8)."""
    if record.council not in {founder.council for founder in compact.founders}:
        return Reason.COMPACT_FOUNDER
    return terms_fault(compact)


def terms_fault(compact: Compact) -> Reason | None:
    """Why a compact or a version of one cannot be meant so, whoever wrote it (COM-3, COM-8)."""
    councils = [founder.council for founder in compact.founders]
    if councils != sorted(set(councils)):
        return Reason.COMPACT_FOUNDER
    if any(founder.weight > compact.weight_max for founder in compact.founders):
        return Reason.COMPACT_WEIGHT
    names = [entry.name for entry in compact.rules]
    if names != sorted(set(names)) or COORDINATION not in names:
        return Reason.CLASS_UNKNOWN
    for quorums in (compact.quorums, compact.people_quorums):
        asked = [quorum.name for quorum in quorums or ()]
        if asked != sorted(set(asked)) or not set(asked) <= set(names):
            return Reason.CLASS_UNKNOWN
        if any(quorum.part >= quorum.whole for quorum in quorums or ()):
            return Reason.RULE_UNKNOWN
    try:
        for name in names:
            rule, law = rule_for(compact, name), CLASSES.get(name)
            if law is None:
                return Reason.CLASS_UNKNOWN
            if rule is not None and rule.kind in _LIGHT and not law.lazy:
                return Reason.RULE_CLASS
    except VerificationError as error:
        return error.reason
    return None


def _founders_fault(
    record: VerifiedRecord, compact: Compact, charter_of: CharterOf
) -> Reason | None:
    for founder in compact.founders:
        charter = charter_of(CouncilId(founder.council), founder.charter)
        if charter is None:
            return Reason.COUNCIL_UNKNOWN
        if not meets_threshold(charter, record.signers):
            return Reason.THRESHOLD_MISSING
    return None


def members(
    compact: Compact, accessions: Iterable[VerifiedRecord], linked: Linked
) -> dict[CouncilId, Member]:
    """The councils of a founded compact: founders, and who acceded with enough sponsors.

    A sponsor is a founder that is linked with the newcomer (ACC-2). `accessions` of one council
    come in the order of its log, and the first within `weight_max` stands for ever: a later one
    cannot change a roll that others have frozen (ACC-3). Else order has no influence.
    """
    inside = {
        CouncilId(founder.council): Member(
            council=CouncilId(founder.council), weight=founder.weight, accession=None
        )
        for founder in compact.founders
    }
    by_motion = rule_for(compact, "accession") is not None
    for record in sorted(accessions, key=lambda record: record.council):  # stable: log order
        if not isinstance(record.body, Accession):
            continue
        if _is_admitted(record, compact, inside, linked, by_motion=by_motion):
            inside[record.council] = Member(
                council=record.council, weight=record.body.weight, accession=record.id
            )
    return inside


def _is_admitted(
    record: VerifiedRecord,
    compact: Compact,
    inside: Collection[CouncilId],
    linked: Linked,
    *,
    by_motion: bool,
) -> bool:
    if not isinstance(record.body, Accession) or record.body.weight > compact.weight_max:
        return False
    if record.council in inside or record.body.observer:
        return False
    if by_motion:
        return record.body.motion is not None  # whether that motion is adopted: rules.roll
    return sponsored(compact, record.council, linked)


def sponsored(compact: Compact, newcomer: CouncilId, linked: Linked) -> bool:
    """Whether enough founders are linked with a newcomer (ACC-2).

    Founders alone sponsor, and at least w of them, so that one of them is honest while fewer
    than a third lie: no council can bring in puppets that bring in more. A compact with
    `sponsors` 0 says openly that anyone may join.
    """
    needed = sponsors_needed(compact)
    if needed == 0:
        return True
    return sum(linked(CouncilId(f.council), newcomer) for f in compact.founders) >= needed


def sponsors_needed(compact: Compact) -> int:
    """How many founders must be linked with a newcomer (ACC-2)."""
    if compact.sponsors == 0:
        return 0
    return max(compact.sponsors, receipts_needed(len(compact.founders)))


def founding_units_fault(compact: Compact) -> Reason | None:
    """UNITS_WEIGHT if a rule of the compact asks units and every founder weighs 0 (COM-6)."""
    for entry in compact.rules:
        rule = rule_for(compact, entry.name)
        if rule is not None and rule.asks_units and not any(f.weight for f in compact.founders):
            return Reason.UNITS_WEIGHT
    return None
