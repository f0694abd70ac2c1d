"""Who may come in: invitations, knocks, and whose transport key is at the door (specs/09, LNK)."""

from typing import Final

from confedproto import inputs, knocking, wire
from confedproto.bodies.link import Link
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import CouncilId, TransportKey
from confedproto.record import VerifiedRecord
from confedproto.session import Session, State
from confedproto.view import View


class Reception:
    """One node's door. Times are milliseconds."""

    def __init__(self, view: View, council: CouncilId) -> None:
        self.view: Final = view
        self.council: Final = council
        self._invites: dict[bytes, int] = {}  # one-use key -> expiry, seconds
        self._guests: dict[TransportKey, CouncilId] = {}  # accepted knocks

    def resume(self) -> None:
        """Invitations of the log that nobody has answered are open again."""
        for placed in self.view.of_kind("link"):
            body = placed.record.body
            if placed.record.council != self.council or not isinstance(body, Link):
                continue
            if body.invite is None or body.expires is None or body.peer is not None:
                continue
            if not self.view.guests(self.council, body.invite):
                self._invites[body.invite] = body.expires

    def note(self, item: VerifiedRecord) -> None:
        """A record was appended to the own log: an invitation opens the door for its guest."""
        match item.body:
            case Link(peer=None, invite=bytes(invite), expires=int(expires)):
                self._invites[invite] = expires
            case _:
                pass

    def session(self, event: inputs.LinkUp) -> Session:
        """A link that just came up: whose it is, as far as that is known (LNK-1)."""
        council = event.expected if event.initiator else self.council_behind(event.remote)
        return Session(
            link=event.link,
            remote=event.remote,
            initiator=event.initiator,
            state=State.STRANGER if council is None else State.GREETING,
            council=council,
            salt=event.salt,
        )

    def council_behind(self, remote: TransportKey) -> CouncilId | None:
        """The linked council whose node record in force binds this transport key (LNK-1)."""
        guest = self._guests.get(remote)
        if guest is not None:
            return None if self.parted(guest) else guest
        for council, authority in self.view.authorities.items():
            node = authority.node
            if node is None or node.node.transport != remote or council == self.council:
                continue
            if self.view.standing_links(self.council, council):
                return council
        return None

    def parted(self, council: CouncilId) -> bool:
        """Whether we were linked with a council and are no longer (LNK-6)."""
        linked = self.view.linked(self.council, council)
        return linked and not self.view.standing_links(self.council, council)

    def own_knock(self, host: CouncilId) -> wire.Knock | None:
        """What this node says to a host that may not know it yet; None if it has no answer."""
        authority = self.view.authorities[self.council]
        answers = [
            placed.record
            for placed in self.view.of_kind("link")
            if placed.record.council == self.council
            and isinstance(placed.record.body, Link)
            and placed.record.body.peer == host
        ]
        return knocking.knock_of(authority, answers[-1]) if answers else None

    def admit(self, remote: TransportKey, knock: wire.Knock, now: int) -> CouncilId:
        """The council of a stranger who answers an invitation (LNK-3).

        Its records must prove it. Raises RemoteProtocolError.
        """
        answer = knocking.open_answer(self.view.network, knock)
        if answer.host != self.council or answer.invite not in self._invites:
            raise RemoteProtocolError(Reason.INVITATION_UNKNOWN)
        if self._invites[answer.invite] * 1000 < now:
            raise RemoteProtocolError(Reason.INVITATION_EXPIRED)
        council = knocking.prove(self.view.network, knock, answer, remote)
        del self._invites[answer.invite]
        self._guests[remote] = council
        return council
