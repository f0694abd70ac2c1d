"""Who belongs to a compact, from the records of a file alone (specs/12, BUN-12).

The rule is `rules.compact`'s; here it is found which links it rests on.
"""

from collections.abc import Iterable, Mapping, Sequence

from confedproto.bodies.compact import Compact
from confedproto.bodies.guest import Guest
from confedproto.bodies.link import Link
from confedproto.bundle.evidence import Evidence
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.compact import Member, founding_fault, members


def sponsoring_links(
    compact: Compact, accessions: Sequence[VerifiedRecord], links: Iterable[VerifiedRecord]
) -> list[VerifiedRecord]:
    """The link records between each of these newcomers and the members beside it.

    All of them, not the fewest: sponsors are few, and which count is the rule's business.
    """
    newcomers = {record.council for record in accessions}
    inside = {CouncilId(founder.council) for founder in compact.founders} | newcomers
    offers: dict[tuple[CouncilId, bytes], VerifiedRecord] = {}
    welcomes: dict[tuple[CouncilId, CouncilId, bytes], VerifiedRecord] = {}
    answers: list[tuple[VerifiedRecord, CouncilId, bytes]] = []
    for record in links:
        match record.body:
            case Link(peer=None, invite=bytes(invite)):
                offers[record.council, invite] = record
            case Link(peer=bytes(peer), invite=bytes(invite)):
                answers.append((record, CouncilId(peer), invite))
            case Guest(peer=peer, invite=invite):
                welcomes[record.council, CouncilId(peer), invite] = record
            case _:
                pass
    out: dict[RecordId, VerifiedRecord] = {}
    for answer, host, invite in answers:
        pair = {answer.council, host}
        offer, welcome = offers.get((host, invite)), welcomes.get((host, answer.council, invite))
        if pair <= inside and pair & newcomers and offer is not None and welcome is not None:
            out |= {one.id: one for one in (answer, offer, welcome)}
    return list(out.values())


def compact_of(proved: Evidence, compact: RecordId) -> tuple[Compact, Mapping[CouncilId, Member]]:
    """The founded compact in a file and the members that the file shows.

    Raises VerificationError: BUNDLE_MISSING (no compact, or a founder's charter is not
    there), COMPACT_MISMATCH (another compact is there), or why it is not founded.
    """
    record = proved.records.get(compact)
    if record is None:
        others = proved.of_kind("compact")
        reason = Reason.COMPACT_MISMATCH if others else Reason.BUNDLE_MISSING
        raise VerificationError(reason, "the compact", compact)
    body = record.body
    if not isinstance(body, Compact):
        raise VerificationError(Reason.COMPACT_MISMATCH, record.kind, compact)
    fault = founding_fault(record, body, proved.charter_of)
    if fault is Reason.COUNCIL_UNKNOWN:
        raise VerificationError(Reason.BUNDLE_MISSING, "a founder's charter", compact)
    if fault is not None:
        raise VerificationError(fault, "the compact", compact)
    accessions = [one for one in proved.of_kind("accession") if one.subject == compact]
    if len({one.council for one in accessions}) != len(accessions):
        # Which came first in its log decides (ACC-3), and a file does not show that.
        raise VerificationError(Reason.COMPACT_MEMBER, "two accessions of one council", compact)
    return body, members(body, accessions, proved.links.linked)
