"""Who may come in: invitations, knocks, and whose transport key is at the door (specs/09, LNK)."""

from typing import Final

from confedproto import inputs, knocking, wire
from confedproto.bodies.guest import Guest
from confedproto.bodies.link import Link
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import CouncilId, TransportKey
from confedproto.limits import KNOCKS_PER_HOUR
from confedproto.quotas import Hourly
from confedproto.session import Session, State
from confedproto.view import View


class Reception:
    """One node's door. Times are milliseconds."""

    def __init__(self, view: View, council: CouncilId) -> None:
        self.view: Final = view
        self.council: Final = council
        self._guests: dict[TransportKey, CouncilId] = {}  # accepted knocks
        self._knocks: Final = Hourly(KNOCKS_PER_HOUR)  # by invitation: the one-use key

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
            return None if self.parted(guest) or self._retired(guest, remote) else guest
        for council, authority in self.view.authorities.items():
            node = authority.node
            if node is None or node.node.transport != remote or council == self.council:
                continue
            if self.view.standing_links(self.council, council):
                return council
        return None

    def _retired(self, council: CouncilId, remote: TransportKey) -> bool:
        """Whether an earlier node record bound this transport key, and the one in force does not.

        Who stole a server has its knock, and must not come in as the council (LNK-3).
        """
        authority = self.view.authorities.get(council)
        bound = [step.node.transport for step in authority.nodes] if authority is not None else []
        return remote in bound and bound[-1] != remote

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

    def admit(
        self, remote: TransportKey, knock: wire.Knock, now: int
    ) -> tuple[CouncilId, Guest | None]:
        """The council of a stranger who answers an invitation, and what makes it its guest.

        Nothing more is to be signed for one that is the guest already (LNK-3). Raises
        RemoteProtocolError.
        """
        answer = knocking.open_answer(self.view.network, knock)
        expires = self.view.invitation(self.council, answer.invite)
        if answer.host != self.council or expires is None:
            raise RemoteProtocolError(Reason.INVITATION_UNKNOWN)
        named = self.view.guest(self.council, answer.invite)
        if named not in (None, answer.record.council):
            raise RemoteProtocolError(Reason.INVITATION_USED)
        if named is None and expires * 1000 < now:
            raise RemoteProtocolError(Reason.INVITATION_EXPIRED)
        if not self._knocks.take(answer.invite, now):
            raise RemoteProtocolError(Reason.QUOTA, "knocks with one invitation")
        council = knocking.prove(self.view.network, knock, answer, remote)
        if self._retired(council, remote):
            raise RemoteProtocolError(Reason.CHANNEL_KEY, "the key of a server that was replaced")
        if self.parted(council) and named is not None:
            raise RemoteProtocolError(Reason.LINK_ENDED)
        self._guests[remote] = council
        if named is not None:
            return council, None
        return council, Guest(peer=council, invite=answer.invite)
