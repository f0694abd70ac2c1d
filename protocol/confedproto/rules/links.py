"""Who is linked with whom: invitations and the answers to them (specs/09, LNK).

A fold over link records that their councils' authority has admitted; a node's view and an
offline proof use the same one. The order of the records has no influence.
"""

from collections import defaultdict
from collections.abc import Iterable

from confedproto.bodies.link import Link
from confedproto.bodies.unlink import Unlink
from confedproto.errors import Reason
from confedproto.ids import CouncilId
from confedproto.record import VerifiedRecord


def link_fault(record: VerifiedRecord, link: Link) -> Reason | None:
    """Why a link record is neither an invitation nor the answer to one, or None (LNK-2)."""
    if link.peer is None:
        return Reason.BODY_FORM if link.invite is None or link.expires is None else None
    if link.peer == record.council:
        return Reason.INVITATION_SELF
    if link.invite is None or link.invite not in record.signers:
        return Reason.INVITATION_UNKNOWN
    return None


class Links:
    """Invitations by host, and answers by guest and host; both sides must be there."""

    def __init__(self, records: Iterable[VerifiedRecord] = ()) -> None:
        self._invites: set[tuple[CouncilId, bytes]] = set()
        self._ended: set[tuple[CouncilId, bytes]] = set()  # who, which invitation
        self._answers: dict[tuple[CouncilId, CouncilId], set[bytes]] = defaultdict(set)
        for record in records:
            self.take(record)

    def add(self, record: VerifiedRecord, link: Link) -> Reason | None:
        """Take up an admitted link record, or say why it is neither half of a link (LNK-1)."""
        fault = link_fault(record, link)
        if fault is not None or link.invite is None:
            return fault
        if link.peer is None:
            self._invites.add((record.council, link.invite))
        else:
            self._answers[record.council, CouncilId(link.peer)].add(link.invite)
        return None

    def linked(self, one: CouncilId, other: CouncilId) -> bool:
        """Whether both have signed the same invitation, one giving and one taking (LNK-2)."""
        return any(
            (host, invite) in self._invites
            for host, guest in ((one, other), (other, one))
            for invite in self._answers.get((guest, host), ())
        )

    def take(self, record: VerifiedRecord) -> None:
        """Take up an admitted record, if it is about links (LNK-6)."""
        match record.body:
            case Link() as link:
                self.add(record, link)
            case Unlink() as unlink:
                self._ended.add((record.council, unlink.invite))
            case _:
                pass

    def standing(self, one: CouncilId, other: CouncilId) -> set[bytes]:
        """The invitations of the links between two councils that neither has ended."""
        return {
            invite
            for host, guest in ((one, other), (other, one))
            for invite in self._answers.get((guest, host), ())
            if (host, invite) in self._invites
            and not {(host, invite), (guest, invite)} & self._ended
        }

    def guests(self, host: CouncilId, invite: bytes) -> set[CouncilId]:
        """The councils that have answered an invitation of `host` (LNK-3: one may)."""
        return {
            guest
            for (guest, to), answered in self._answers.items()
            if to == host and invite in answered
        }

    def invited(self, host: CouncilId, invite: bytes) -> bool:
        """Whether `host` has signed an invitation with this one-use key."""
        return (host, invite) in self._invites
