"""One link's life: who may say what, and when (specs/09, LNK)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, unique
from types import MappingProxyType
from typing import Final

from confedproto import wire
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import CouncilId, TransportKey
from confedproto.quotas import Bucket, cost_to_answer

STRIKES_MAX: Final = 8
"""Runs of one link that do not hold, for which it may not be to blame, until it is."""


@unique
class State(Enum):
    """Where a link stands; the table below is the whole of what moves it."""

    STRANGER = "stranger"  # the peer's key is nobody's we know: it may knock, once
    GREETING = "greeting"  # the peer is known, its hello is awaited
    OPEN = "open"
    CLOSED = "closed"


Step = tuple[State, type[wire.Message]]

TRANSITIONS: Final[Mapping[Step, State]] = MappingProxyType(
    {
        (State.STRANGER, wire.Knock): State.GREETING,
        (State.GREETING, wire.Knock): State.GREETING,
        (State.GREETING, wire.Hello): State.OPEN,
        (State.OPEN, wire.Heads): State.OPEN,
        (State.OPEN, wire.Pull): State.OPEN,
        (State.OPEN, wire.Run): State.OPEN,
        (State.OPEN, wire.DigestNow): State.OPEN,
        (State.OPEN, wire.Ranges): State.OPEN,
        (State.OPEN, wire.AskHead): State.OPEN,
        (State.OPEN, wire.HeadTold): State.OPEN,
        (State.OPEN, wire.Want): State.OPEN,
        (State.OPEN, wire.Leaves): State.OPEN,
        (State.OPEN, wire.Fresh): State.OPEN,
        (State.OPEN, wire.AskPiece): State.OPEN,
        (State.OPEN, wire.Piece): State.OPEN,
        (State.STRANGER, wire.Bye): State.CLOSED,
        (State.GREETING, wire.Bye): State.CLOSED,
        (State.OPEN, wire.Bye): State.CLOSED,
    }
)
"""Every message not in this table ends the link with MESSAGE_STATE (LNK-4)."""


@dataclass(slots=True, kw_only=True)
class Session:
    """A link and the council behind it, once that is known."""

    link: int
    remote: TransportKey
    initiator: bool
    state: State
    council: CouncilId | None
    salt: bytes = b""  # of this session alone: the channel's handshake hash
    bucket: Bucket = field(default_factory=Bucket)  # what the peer may still ask for
    strikes: int = 0  # runs of its that did not hold, where it might be another's fault

    def charge(self, message: wire.Message, named: int, now: int) -> None:
        """Let the peer pay for what it asks (QUO-3); `named` heads are to be named.

        Raises RemoteProtocolError QUOTA if it has asked too much.
        """
        if not self.bucket.pay(cost_to_answer(message, named), now):
            raise RemoteProtocolError(Reason.QUOTA, "asks for more than a link may")

    def strike(self, reason: Reason) -> None:
        """A run did not hold. Raises RemoteProtocolError with its reason at the last one."""
        self.strikes += 1
        if self.strikes >= STRIKES_MAX:
            raise RemoteProtocolError(reason, "and not for the first time")

    def step(self, message: wire.Message) -> State:
        """Move on for a message; raises RemoteProtocolError MESSAGE_STATE if it may not come."""
        after = TRANSITIONS.get((self.state, type(message)))
        if after is None:
            reason = Reason.PEER_UNKNOWN if self.state is State.STRANGER else Reason.MESSAGE_STATE
            raise RemoteProtocolError(reason, type(message).__name__)
        self.state = after
        return after
