"""Who is linked with whom: invitations and the answers to them (specs/09, LNK).

A fold over link records that their councils' authority has admitted; a node's view and an
offline proof use the same one. The order of the records has no influence.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from confedproto.bodies.guest import Guest
from confedproto.bodies.link import Link
from confedproto.bodies.unlink import Unlink
from confedproto.errors import Reason
from confedproto.ids import CouncilId
from confedproto.record import VerifiedRecord

LINK_KINDS: Final = ("link", "guest", "unlink")
"""The kinds that make and end links."""


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
    """Invitations and guests by host, answers by guest and host; all three make a link."""

    def __init__(self, records: Iterable[VerifiedRecord] = ()) -> None:
        self._invites: dict[tuple[CouncilId, bytes], int] = {}  # until when, seconds
        self._guests: dict[tuple[CouncilId, bytes], CouncilId] = {}
        self._ended: set[tuple[CouncilId, bytes]] = set()  # who, which invitation
        self._answers: dict[tuple[CouncilId, CouncilId], set[bytes]] = defaultdict(set)
        for record in records:
            self.take(record)

    def linked(self, one: CouncilId, other: CouncilId) -> bool:
        """Whether two councils have ever been linked (LNK-2)."""
        answered = (one, other) in self._answers or (other, one) in self._answers
        return answered and bool(self._between(one, other))

    def _between(self, one: CouncilId, other: CouncilId) -> set[tuple[CouncilId, CouncilId, bytes]]:
        """Host, guest and invitation of each link between two councils."""
        return {
            (host, guest, invite)
            for host, guest in ((one, other), (other, one))
            for invite in self._answers.get((guest, host), ())
            if (host, invite) in self._invites and self._guests.get((host, invite)) == guest
        }

    def take(self, record: VerifiedRecord) -> None:
        """Take up an admitted record, if it is about links (LNK-6)."""
        match record.body:
            case Link() as link if link_fault(record, link) is None:
                self._take_half(record, link)
            case Guest() as guest:
                named = (record.council, guest.invite)
                self._guests.setdefault(named, CouncilId(guest.peer))
            case Unlink() as unlink:
                self._ended.add((record.council, unlink.invite))
            case _:
                pass

    def _take_half(self, record: VerifiedRecord, link: Link) -> None:
        if link.invite is None:
            return
        if link.peer is not None:
            self._answers[record.council, CouncilId(link.peer)].add(link.invite)
            return
        named = (record.council, link.invite)
        self._invites[named] = max(link.expires or 0, self._invites.get(named, 0))

    def standing(self, one: CouncilId, other: CouncilId) -> set[bytes]:
        """The invitations of the links between two councils that neither has ended."""
        return {
            invite
            for host, guest, invite in self._between(one, other)
            if not {(host, invite), (guest, invite)} & self._ended
        }

    def guest(self, host: CouncilId, invite: bytes) -> CouncilId | None:
        """The council that `host` named as the guest of an invitation, or None yet."""
        return self._guests.get((host, invite))

    def invitation(self, host: CouncilId, invite: bytes) -> int | None:
        """Until when (seconds UTC) `host` has invited with this one-use key; None: never."""
        return self._invites.get((host, invite))
