"""Who may come in: invitations, knocks, greetings, and links that take another's place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import pytest

from confedproto import effects as fx
from confedproto import inputs, wire
from confedproto.errors import Reason
from confedproto.ids import CouncilId, TransportKey
from confedproto.keys import SigningKey
from confedproto.session import State
from tests.support.councils import START, Author, key
from tests.support.rigs import Rig, answer, rig, transport_of


@dataclass(slots=True)
class Door:
    """A node that has invited, and a guest with what it would knock with."""

    rig: Rig
    guest: Author
    token: SigningKey

    def knock(self, **changes: Any) -> wire.Knock:
        link = answer(self.guest, self.rig.node.council, self.token, **changes)
        given: dict[str, Any] = {
            "charters": (self.guest.leaves[0].envelope,),
            "node": self.guest.leaves[1].envelope,
            "link": link.envelope,
        }
        given.update({name: value for name, value in changes.items() if name in given})
        return wire.Knock(**given)

    def come(
        self, knock: wire.Knock, *, link: int = 1, remote: TransportKey | None = None
    ) -> list[fx.Effect]:
        remote = transport_of(self.guest) if remote is None else remote
        self.rig.give(inputs.LinkUp(link=link, remote=remote, initiator=False))
        return self.rig.say(link, knock)

    def hello(self, link: int = 1) -> list[fx.Effect]:
        return self.rig.say(link, wire.Hello(council=self.guest.council, digest=bytes(16)))


def door() -> Door:
    made = rig(1)
    token = key(8_000)
    draft = made.sim.desk(made.node).invite(token.public, START + 60)
    made.sim.submit(made.node, draft)
    return Door(made, Author(60), token)


def opened(effects: Iterable[fx.Effect]) -> list[CouncilId]:
    return [one.council for one in effects if isinstance(one, fx.LinkOpened)]


def test_knock_with_an_invitation_opens_the_link() -> None:
    at = door()
    at.come(at.knock())
    assert at.rig.closed() == []
    assert opened(at.hello()) == [at.guest.council]


OTHER: Final = key(8_001)
HOSTILE_KNOCKS: Final[list[tuple[str, dict[str, Any], Reason]]] = [
    ("a token never given", {"invite": OTHER.public}, Reason.INVITATION_UNKNOWN),
    ("not signed by the token", {"signers": [key(6_000)]}, Reason.INVITATION_UNKNOWN),
    ("for another host", {"peer": bytes([9]) * 32}, Reason.INVITATION_UNKNOWN),
    ("not signed by the council", {"signers": [key(8_000)]}, Reason.THRESHOLD_MISSING),
    ("no record", {"charters": (b"\xc0",)}, Reason.ENC_NIL),
    ("another shape", {"node": b"\x90"}, Reason.ENVELOPE_FORM),
    ("half a record", {"link": b"\x92\xc4\x05"}, Reason.ENC_TRUNCATED),
    ("too much", {"charters": (b"\xc5" + bytes(15_400),) * 4}, Reason.MESSAGE_SIZE),
]


@pytest.mark.parametrize(
    ("what", "changes", "reason"), HOSTILE_KNOCKS, ids=[row[0] for row in HOSTILE_KNOCKS]
)
def test_knock_that_proves_nothing_is_refused_and_the_node_lives_on(
    what: str, changes: dict[str, Any], reason: Reason
) -> None:
    at = door()
    if what == "not signed by the token":
        changes = {"signers": at.guest.keyholders[:1]}
    if what == "a token never given":
        changes = changes | {"signers": [*at.guest.keyholders[:1], OTHER]}
    at.come(at.knock(**changes))
    assert at.rig.refused() == [reason]
    assert at.rig.closed() == [(1, reason)]
    assert at.rig.node.engine.sessions == {}
    at.come(at.knock(), link=2)  # the invitation is still good
    assert opened(at.hello(2)) == [at.guest.council]


def test_knock_with_records_of_two_councils_is_refused() -> None:
    at = door()
    other = Author(61)
    for part in ("node", "link"):
        envelope = other.leaves[1].envelope
        if part == "link":
            envelope = answer(other, at.rig.node.council, at.token).envelope
        at.come(at.knock(**{part: envelope}))
        assert at.rig.closed() == [(1, Reason.COUNCIL_FOREIGN)]


def test_knock_after_the_invitation_expired_is_refused() -> None:
    at = door()
    at.rig.now += 60_001
    at.come(at.knock())
    assert at.rig.closed() == [(1, Reason.INVITATION_EXPIRED)]


def test_knock_with_an_invitation_used_before_is_refused() -> None:
    at = door()
    at.come(at.knock())
    thief = Author(61)
    second = Door(at.rig, thief, at.token)
    second.come(second.knock(), link=2)
    assert at.rig.closed() == [(2, Reason.INVITATION_USED)]
    assert opened(at.hello()) == [at.guest.council]


def test_knock_over_another_transport_key_is_refused() -> None:
    at = door()
    at.come(at.knock(), remote=TransportKey(bytes([3]) * 32))
    assert at.rig.closed() == [(1, Reason.CHANNEL_KEY)]


def test_knock_of_a_guest_that_lost_the_first_answer_is_heard_again() -> None:
    at = door()
    at.come(at.knock())
    at.rig.give(inputs.LinkDown(link=1))
    at.come(at.knock(), link=2)  # it cannot know that the first knock arrived
    assert at.rig.closed() == []
    assert opened(at.hello(2)) == [at.guest.council]


def test_stranger_that_does_not_knock_is_refused() -> None:
    at = door()
    for message in (
        wire.Hello(council=at.guest.council, digest=bytes(16)),
        wire.Pull(log=bytes(32), start=0),
        wire.DigestNow(digest=bytes(16)),
    ):
        at.rig.give(inputs.LinkUp(link=1, remote=transport_of(at.guest), initiator=False))
        assert at.rig.out == []  # nothing is said to a stranger
        at.rig.say(1, message)
        assert at.rig.closed() == [(1, Reason.PEER_UNKNOWN)]
        assert not [one for one in at.rig.out if isinstance(one, fx.Send)]


def test_hello_in_the_name_of_another_council_is_refused() -> None:
    made = rig(2)
    made.give(inputs.LinkUp(link=1, remote=transport_of(made.peers[0]), initiator=False))
    made.say(1, wire.Hello(council=made.peers[1].council, digest=bytes(16)))
    assert made.closed() == [(1, Reason.PEER_UNKNOWN)]


def test_second_link_of_a_peer_replaces_the_first() -> None:
    made = rig(2)
    made.open(1, made.peers[0])
    made.open(2, made.peers[0])
    assert made.closed() == [(1, Reason.PEER_DUPLICATE)]
    assert set(made.node.engine.sessions) == {2}


def test_message_on_a_link_that_is_gone_is_dropped() -> None:
    made = rig(1)
    made.open(1, made.peers[0])
    made.give(inputs.LinkDown(link=1))
    assert made.say(1, wire.Pull(log=bytes(32), start=0)) == []
    assert made.give(inputs.LinkDown(link=1)) == []


@pytest.mark.parametrize(
    "message",
    [
        wire.Hello(council=bytes(32), digest=bytes(16)),
        wire.Knock(charters=(b"c",), node=b"n", link=b"l"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_message_out_of_turn_ends_the_link_alone(message: wire.Message) -> None:
    made = rig(2)
    made.open(1, made.peers[0])
    made.open(2, made.peers[1])
    made.say(1, message)
    assert made.closed() == [(1, Reason.MESSAGE_STATE)]
    assert made.node.engine.sessions[2].state is State.OPEN


def test_engine_restored_takes_up_invitations_that_nobody_answered() -> None:
    at = door()
    at.rig.sim.kill(at.rig.node)
    at.rig.sim.restart(at.rig.node)
    at.come(at.knock())
    assert at.rig.closed() == []
    assert opened(at.hello()) == [at.guest.council]
