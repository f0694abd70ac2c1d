"""What a council shows at a door where nobody knows it, and what is refused there."""

from dataclasses import replace
from typing import Final

import msgspec
import pytest

from confedproto import knocking, wire
from confedproto.bodies.guest import Guest as GuestBody
from confedproto.bodies.link import Link
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import CouncilId, TransportKey
from confedproto.keys import SigningKey
from confedproto.limits import KNOCK_CHARTERS_MAX, KNOCKS_PER_HOUR
from confedproto.reception import Reception
from confedproto.record import VerifiedRecord
from confedproto.rules.authority import Authority
from tests.support.councils import NETWORK, START, Author, key, view_of

HOST: Final = CouncilId(bytes([7]) * 32)
TOKEN: Final = key(4_000)
OTHER_TOKEN: Final = key(4_001)


class Guest(Author):
    """A council whose keyholders changed `rotations` times, all three of them each time."""

    def __init__(self, number: int, rotations: int, keyholders: int = 3) -> None:
        super().__init__(number, keyholders=keyholders, threshold=2)
        self.charters = [self.leaves[0]]
        for turn in range(rotations):
            self.rotate(turn)

    def rotate(self, turn: int) -> VerifiedRecord:
        fresh = [key(100_000 + self.number * 1_000 + turn * 10 + n) for n in range(3)]
        body = self.charter_body(
            previous=self.charters[-1].id, keys=sorted(one.public for one in fresh)
        )
        item = self.add(body, signers=[*self.keyholders[:2], *fresh[:2]])
        self.charters.append(item)
        self.keyholders, self.version = fresh, self.version + 1
        return item

    def answer(self) -> VerifiedRecord:
        signers = [*self.keyholders[:2], TOKEN]
        return self.make(Link(peer=HOST, invite=TOKEN.public), signers=signers)

    @property
    def authority(self) -> Authority:
        out = Authority(NETWORK)
        for leaf in self.leaves:
            assert out.admit(leaf) is None
        return out

    def knock(self) -> wire.Knock:
        made = knocking.knock_of(self.authority, self.answer())
        assert made is not None
        return made

    @property
    def transport(self) -> TransportKey:
        return TransportKey(key(self.number * 100 + 98).public)


def replaced_answer(guest: Guest, host: CouncilId, token: SigningKey) -> wire.Knock:
    """The guest's knock with an answer to this host's invitation."""
    body = Link(peer=host, invite=token.public)
    answer = guest.make(body, signers=[*guest.keyholders[:2], token])
    return msgspec.structs.replace(guest.knock(), link=answer.envelope)


def taken(knock: wire.Knock, remote: TransportKey) -> CouncilId:
    """What a host makes of the bytes of a knock."""
    read = wire.decode(wire.encode(knock))
    assert isinstance(read, wire.Knock)
    answer = knocking.open_answer(NETWORK, read)
    assert answer.host == HOST
    return knocking.prove(NETWORK, read, answer, remote)


def refusal(knock: wire.Knock, remote: TransportKey) -> Reason:
    with pytest.raises(RemoteProtocolError) as caught:
        taken(knock, remote)
    return caught.value.reason


@pytest.mark.parametrize("rotations", [0, 1, 2, 40])
def test_knock_of_a_council_that_rotated_proves_it(rotations: int) -> None:
    guest = Guest(1, rotations)
    assert taken(guest.knock(), guest.transport) == guest.council


def test_knock_with_a_charter_left_out_swapped_or_repeated_is_refused() -> None:
    guest = Guest(2, 3)
    knock = guest.knock()
    one, two, three, four = knock.charters
    spoilt = {
        (one, two, four): Reason.CHARTER_VERSION,
        (one, three, two, four): Reason.CHARTER_VERSION,
        (one, two, two, three, four): Reason.CHARTER_VERSION,
        (two, three, four): Reason.CHARTER_VERSION,
        (one, two, three): Reason.CHARTER_VERSION,  # the answer names the fourth
        (four,): Reason.CHARTER_VERSION,
        (one, knock.node): Reason.MESSAGE_FORM,
    }
    for charters, reason in spoilt.items():
        changed = msgspec.structs.replace(knock, charters=charters)
        assert refusal(changed, guest.transport) is reason


def test_knock_that_mixes_two_councils_or_keys_is_refused() -> None:
    guest, other = Guest(3, 1), Guest(4, 1)
    mine, theirs = guest.knock(), other.knock()
    change = msgspec.structs.replace
    assert refusal(change(mine, node=theirs.node), guest.transport) is Reason.COUNCIL_FOREIGN
    assert refusal(change(mine, link=theirs.link), guest.transport) is Reason.COUNCIL_FOREIGN
    assert refusal(change(mine, node=mine.link), guest.transport) is Reason.CHANNEL_KEY
    assert refusal(mine, other.transport) is Reason.CHANNEL_KEY
    strange = change(mine, charters=(mine.charters[0], theirs.charters[1]))
    assert refusal(strange, guest.transport) in (
        Reason.CHARTER_PREVIOUS,
        Reason.COUNCIL_FOREIGN,
    )


def test_knock_with_an_unrepaired_rival_charter_is_refused() -> None:
    guest = Guest(5, 1)
    fresh = [key(900_000 + n) for n in range(3)]
    body = guest.charter_body(
        previous=guest.charters[0].id, keys=sorted(one.public for one in fresh)
    )
    first = [key(guest.number * 100 + n) for n in range(2)]
    rival = guest.make(body, charter=1, signers=[*first, *fresh[:2]])
    knock = guest.knock()
    changed = msgspec.structs.replace(knock, charters=(*knock.charters, rival.envelope))
    assert refusal(changed, guest.transport) is Reason.CHARTER_FORK


def test_answer_that_its_token_or_its_threshold_did_not_sign_is_refused() -> None:
    guest = Guest(6, 2)
    knock = guest.knock()
    body = Link(peer=HOST, invite=TOKEN.public)
    for signers, reason in (
        (guest.keyholders[:2], Reason.INVITATION_UNKNOWN),
        ([guest.keyholders[0], TOKEN], Reason.THRESHOLD_MISSING),
        ([*Guest(6, 0).keyholders[:2], TOKEN], Reason.THRESHOLD_MISSING),
    ):
        link = guest.make(body, signers=signers).envelope
        assert refusal(msgspec.structs.replace(knock, link=link), guest.transport) is reason


def test_council_with_too_many_charters_has_no_knock_and_a_long_one_is_refused() -> None:
    guest = Guest(7, 1)
    authority = guest.authority
    step = authority.charters[-1]
    authority.charters += [replace(step, version=3 + n) for n in range(KNOCK_CHARTERS_MAX)]
    assert knocking.knock_of(authority, guest.answer()) is None
    knock = guest.knock()
    long = msgspec.structs.replace(knock, charters=knock.charters[:1] * (KNOCK_CHARTERS_MAX + 1))
    assert refusal(long, guest.transport) is Reason.MESSAGE_FORM
    heavy = msgspec.structs.replace(knock, charters=(bytes(15_500),) * 4)
    assert refusal(heavy, guest.transport) is Reason.MESSAGE_SIZE


def test_stranger_without_an_answer_costs_its_host_one_record() -> None:
    """The charters are not looked at before the answer holds: junk in them goes unnoticed."""
    guest = Guest(8, 0)
    knock = msgspec.structs.replace(guest.knock(), charters=(b"\x00",), link=guest.knock().node)
    assert refusal(knock, guest.transport) is Reason.INVITATION_UNKNOWN


def test_invitation_that_is_knocked_with_without_end_is_looked_at_so_often_an_hour() -> None:
    """Its holder has the charters followed: that costs more than a handshake (LNK-3)."""
    host, guest = Author(7), Guest(9, 0)
    for invite in (TOKEN, OTHER_TOKEN):
        host.add(Link(invite=invite.public, expires=START + 86_400), signers=host.keyholders)
    door = Reception(view_of([host]), host.council)
    knocks = {
        invite.public: replaced_answer(guest, host.council, invite)
        for invite in (TOKEN, OTHER_TOKEN)
    }

    def knock(at_s: int, invite: SigningKey = TOKEN, remote: bytes = bytes(32)) -> object:
        """Who comes in, or why not; with no transport key of the guest nobody does."""
        try:
            return door.admit(TransportKey(remote), knocks[invite.public], 1_000 * (START + at_s))
        except RemoteProtocolError as error:
            return error.reason

    for number in range(KNOCKS_PER_HOUR):
        assert knock(number) is Reason.CHANNEL_KEY
    assert knock(3_599, remote=guest.transport) is Reason.QUOTA
    assert knock(3_599, OTHER_TOKEN) is Reason.CHANNEL_KEY, "each invitation has its own"
    assert knock(3_600) is Reason.CHANNEL_KEY
    assert knock(3_600) is Reason.QUOTA
    assert knock(3_601, remote=guest.transport) == (
        guest.council,
        GuestBody(peer=guest.council, invite=TOKEN.public),
    )
