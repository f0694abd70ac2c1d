"""What a compact is worth: its founding, its members, its windows (specs/05, COM and ACC).

Pure functions of records. A record whose authors are not all known yet is not refused for
ever: COUNCIL_UNKNOWN says that the answer may change when another log arrives.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from confedproto.bodies.accession import Accession
from confedproto.bodies.charter import Charter
from confedproto.bodies.compact import COORDINATION, Compact
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.authority import meets_threshold
from confedproto.rules.tally import Rule, parse_rule

CharterOf = Callable[[CouncilId, int], Charter | None]
"""The charter of a council with a version number, or None if it is not known here."""
Linked = Callable[[CouncilId, CouncilId], bool]
"""Whether two councils have both signed a link with each other."""


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
            return parse_rule(entry.rule)
    return None


def founding_fault(
    record: VerifiedRecord, compact: Compact, charter_of: CharterOf
) -> Reason | None:
    """Why this compact is not founded, or None if it is (COM-2, COM-3)."""
    councils = [founder.council for founder in compact.founders]
    if councils != sorted(set(councils)) or record.council not in councils:
        return Reason.COMPACT_FOUNDER
    if any(founder.weight > compact.weight_max for founder in compact.founders):
        return Reason.COMPACT_WEIGHT
    names = [entry.name for entry in compact.rules]
    if names != sorted(set(names)) or COORDINATION not in names:
        return Reason.CLASS_UNKNOWN
    try:
        for name in names:
            rule_for(compact, name)
    except VerificationError as error:
        return error.reason
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

    A sponsor is a member that is linked with the newcomer (ACC-2). `accessions` of one council
    come in the order of its log, and the first within `weight_max` stands for ever: a later one
    cannot change a roll that others have frozen (ACC-3). Else order has no influence, because
    admissions are repeated until none is added.
    """
    inside = {
        CouncilId(founder.council): Member(
            council=CouncilId(founder.council), weight=founder.weight, accession=None
        )
        for founder in compact.founders
    }
    waiting = sorted(accessions, key=lambda record: record.council)  # stable: log order within
    while True:
        admitted = [r for r in waiting if _is_admitted(r, compact, inside, linked)]
        if not admitted:
            return inside
        for record in admitted:
            if isinstance(record.body, Accession) and record.council not in inside:
                inside[record.council] = Member(
                    council=record.council, weight=record.body.weight, accession=record.id
                )
        waiting = [r for r in waiting if r.council not in inside]


def _is_admitted(
    record: VerifiedRecord, compact: Compact, inside: Collection[CouncilId], linked: Linked
) -> bool:
    if not isinstance(record.body, Accession) or record.body.weight > compact.weight_max:
        return False
    if record.council in inside:
        return False
    return sum(linked(member, record.council) for member in inside) >= compact.sponsors


def founding_units_fault(compact: Compact) -> Reason | None:
    """UNITS_WEIGHT if a rule of the compact asks units and every founder weighs 0 (COM-6)."""
    for entry in compact.rules:
        rule = rule_for(compact, entry.name)
        if rule is not None and rule.asks_units and not any(f.weight for f in compact.founders):
            return Reason.UNITS_WEIGHT
    return None
