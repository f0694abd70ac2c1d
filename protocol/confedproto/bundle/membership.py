"""Who belongs to a compact, from the records of a file alone (specs/12, BUN-12).

The rule is `rules.compact`'s; here it is found which links it rests on.
"""

from collections.abc import Iterable, Mapping, Sequence

from confedproto.bodies.compact import Compact
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
    invitations: dict[tuple[CouncilId, bytes], VerifiedRecord] = {}
    answers: list[tuple[VerifiedRecord, Link]] = []
    for record in links:
        if isinstance(record.body, Link) and record.body.invite is not None:
            if record.body.peer is None:
                invitations[record.council, record.body.invite] = record
            else:
                answers.append((record, record.body))
    out: dict[RecordId, VerifiedRecord] = {}
    for answer, body in answers:
        if body.peer is None or body.invite is None:
            continue
        pair = {answer.council, CouncilId(body.peer)}
        invitation = invitations.get((CouncilId(body.peer), body.invite))
        if pair <= inside and pair & newcomers and invitation is not None:
            out[answer.id], out[invitation.id] = answer, invitation
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
