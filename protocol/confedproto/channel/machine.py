"""One side of a channel as a state machine: bytes in, events and bytes out (specs/09, CHN).

XK: the initiator knows the responder's key beforehand, and whoever does not know it gets no
byte back, so that a probe learns neither who runs here nor what (CHN-6).

    channel = Channel.initiator(network=..., static_private=..., ..., now=now)
    write(channel.start())
    for event in channel.receive(read(), now):   # HandshakeDone, then Frame, ..., Closed
        ...
    write(channel.to_send())
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Self

from confedproto.channel.noise import KEY_BYTES, TAG_BYTES, CipherState, Handshake
from confedproto.errors import LocalProtocolError, Reason, RemoteProtocolError
from confedproto.ids import NetworkId, TransportKey
from confedproto.limits import (
    CHANNEL_CLOSE_S,
    CHANNEL_MAX_S,
    FRAME_MAX_BYTES,
    HANDSHAKE_MAX_BYTES,
    HANDSHAKE_MAX_S,
    MESSAGE_MAX_BYTES,
)

_MAGIC: Final = b"confed"
PREAMBLE: Final = _MAGIC + b"\x01\x01"  # magic, version, suite: in clear, and bound (CHN-2)
_LENGTH_BYTES: Final = 2
_SHORT: Final = KEY_BYTES + TAG_BYTES  # 48: messages 1 and 2 carry no payload (CHN-5)
_THIRD: Final = _SHORT + TAG_BYTES  # 64: message 3 with an empty payload


class State(Enum):
    """Where one side of a channel stands."""

    START = auto()  # initiator: nothing sent
    AWAIT_2 = auto()  # initiator: message 1 sent
    AWAIT_PREAMBLE = auto()  # responder: nothing received
    AWAIT_1 = auto()  # responder: preamble received
    AWAIT_3 = auto()  # responder: message 2 sent
    OPEN = auto()
    CLOSING = auto()  # our close is sent, the peer's not yet received
    PEER_CLOSED = auto()  # the peer's close is received, ours not yet sent
    CLOSED = auto()
    DEAD = auto()  # the peer broke a rule; nothing is accepted or sealed again


class Step(Enum):
    """What happens to a channel; a step that `TRANSITIONS` lacks is refused."""

    START = auto()
    PREAMBLE = auto()
    HANDSHAKE = auto()  # the handshake message that was awaited
    FRAME_IN = auto()
    FRAME_OUT = auto()
    CLOSE_IN = auto()
    CLOSE_OUT = auto()
    EOF = auto()
    FAIL = auto()


TRANSITIONS: Final[dict[tuple[State, Step], State]] = {
    (State.START, Step.START): State.AWAIT_2,
    (State.AWAIT_2, Step.HANDSHAKE): State.OPEN,
    (State.AWAIT_PREAMBLE, Step.PREAMBLE): State.AWAIT_1,
    (State.AWAIT_1, Step.HANDSHAKE): State.AWAIT_3,
    (State.AWAIT_3, Step.HANDSHAKE): State.OPEN,
    (State.OPEN, Step.FRAME_IN): State.OPEN,
    (State.OPEN, Step.FRAME_OUT): State.OPEN,
    (State.OPEN, Step.CLOSE_IN): State.PEER_CLOSED,
    (State.OPEN, Step.CLOSE_OUT): State.CLOSING,
    (State.CLOSING, Step.FRAME_IN): State.CLOSING,
    (State.CLOSING, Step.CLOSE_IN): State.CLOSED,
    (State.CLOSING, Step.EOF): State.CLOSED,
    (State.PEER_CLOSED, Step.CLOSE_OUT): State.CLOSED,
    (State.PEER_CLOSED, Step.EOF): State.CLOSED,
    (State.CLOSED, Step.EOF): State.CLOSED,
    **{(state, Step.FAIL): State.DEAD for state in State},
}

# The lengths a frame may announce by state; any other is refused unread (CHN-4, CHN-5).
_FRAME_LENGTHS: Final[dict[State, range]] = {
    State.AWAIT_1: range(_SHORT, _SHORT + 1),
    State.AWAIT_2: range(_SHORT, _SHORT + 1),
    State.AWAIT_3: range(_THIRD, HANDSHAKE_MAX_BYTES + 1),
    State.OPEN: range(TAG_BYTES, FRAME_MAX_BYTES + 1),
    State.CLOSING: range(TAG_BYTES, FRAME_MAX_BYTES + 1),
}
_HANDSHAKING: Final = frozenset(
    {State.START, State.AWAIT_2, State.AWAIT_PREAMBLE, State.AWAIT_1, State.AWAIT_3}
)


class ChannelExpired(RemoteProtocolError):
    """The channel, or its handshake, is older than it may be (CHN-13)."""

    def __init__(self) -> None:
        super().__init__(Reason.CHANNEL_EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeDone:
    """The peer has proven its static key; frames may flow both ways."""

    remote_static: TransportKey
    payload: bytes  # at the responder: what the initiator said in message 3; else empty
    handshake_hash: bytes  # 32 bytes, the same on both sides and in no other channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One plaintext of 1 to `MESSAGE_MAX_BYTES` bytes, authentic and in order."""

    plaintext: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The peer says that nothing follows: what came before is all there was (CHN-11)."""


Event = HandshakeDone | Frame | Closed


class Channel:
    """One side of an encrypted channel, made by `initiator` or `responder`.

    `now` is in whole seconds of any clock that never goes back. Every violation by the peer
    raises RemoteProtocolError with a CHANNEL_* reason, after which the channel is dead: the
    same error again for each byte (CHN-8). Misuse by the caller is LocalProtocolError.
    """

    def __init__(self, handshake: Handshake, *, state: State, now: int, payload: bytes) -> None:
        """Use `initiator` or `responder`."""
        self._handshake = handshake
        self._payload = payload
        self._state = state
        self._started = now
        self._in = bytearray()
        self._out = bytearray()
        self._failure: Reason | None = None
        self._sender: CipherState | None = None
        self._receiver: CipherState | None = None

    @classmethod
    def initiator(
        cls,
        *,
        network: NetworkId,
        static_private: bytes,
        ephemeral_private: bytes,
        remote_static: TransportKey,
        now: int,
        payload: bytes = b"",
    ) -> Self:
        """The side that dials. `payload` travels in message 3, readable by the responder only.

        LocalProtocolError: CHANNEL_KEY (an argument is not 32 bytes), CHANNEL_FRAME (payload).
        """
        if _THIRD + len(payload) > HANDSHAKE_MAX_BYTES:
            raise LocalProtocolError(Reason.CHANNEL_FRAME, "handshake payload too large")
        handshake = Handshake(
            initiator=True,
            prologue=_prologue(network),
            static_private=static_private,
            ephemeral_private=ephemeral_private,
            remote_static=remote_static,
        )
        return cls(handshake, state=State.START, now=now, payload=payload)

    @classmethod
    def responder(
        cls, *, network: NetworkId, static_private: bytes, ephemeral_private: bytes, now: int
    ) -> Self:
        """The side that listens. LocalProtocolError(CHANNEL_KEY): an argument is not 32 bytes."""
        handshake = Handshake(
            initiator=False,
            prologue=_prologue(network),
            static_private=static_private,
            ephemeral_private=ephemeral_private,
        )
        return cls(handshake, state=State.AWAIT_PREAMBLE, now=now, payload=b"")

    @property
    def state(self) -> State:
        """Where this side stands."""
        return self._state

    @property
    def deadline(self) -> int:
        """When to give up: the handshake's end, or when to `close` and dial anew (CHN-13)."""
        limit = HANDSHAKE_MAX_S if self._state in _HANDSHAKING else CHANNEL_MAX_S
        return self._started + limit

    def start(self) -> bytes:
        """The initiator's first bytes: preamble and message 1. RemoteProtocolError: CHN-7."""
        self._caller(Step.START)
        try:
            message = self._handshake.write()
        except RemoteProtocolError as error:  # CHANNEL_KEY: the responder's key is worthless
            self._die(error)
            raise
        self._out += PREAMBLE
        self._queue(message)
        return self.to_send()

    def receive(self, data: bytes, now: int) -> list[Event]:
        """Take any bytes of the peer; the events they complete, in order.

        How the bytes are cut makes no difference (CHN-14). On RemoteProtocolError the events
        of this call are dropped with the channel. Drain `to_send` after every call.
        """
        if self._state is State.START:
            raise LocalProtocolError(Reason.CHANNEL_STATE, "start first")
        try:
            return self._receive(data, now)
        except RemoteProtocolError as error:
            self._die(error)
            raise

    def send(self, plaintext: bytes, now: int) -> bytes:
        """Seal 1 to `MESSAGE_MAX_BYTES` bytes: everything that is now to be written.

        LocalProtocolError: CHANNEL_STATE, CHANNEL_FRAME. ChannelExpired leaves `close` usable.
        """
        if not 0 < len(plaintext) <= MESSAGE_MAX_BYTES:
            raise LocalProtocolError(Reason.CHANNEL_FRAME, "a frame carries 1 to 65,519 bytes")
        self._caller(Step.FRAME_OUT, in_time=now < self.deadline)
        self._queue(_ready(self._sender).encrypt(plaintext))
        return self.to_send()

    def close(self, now: int) -> bytes:
        """The authenticated word that nothing follows, as bytes to write (CHN-11)."""
        self._caller(Step.CLOSE_OUT, in_time=now < self.deadline + CHANNEL_CLOSE_S)
        self._queue(_ready(self._sender).encrypt(b""))
        return self.to_send()

    def eof(self) -> None:
        """The peer's bytes have ended. RemoteProtocolError(CHANNEL_TRUNCATED) if too early.

        After the peer's close, or in answer to ours, that is the proper end (CHN-12).
        """
        self._refuse_if_dead()
        if (self._state, Step.EOF) not in TRANSITIONS:
            truncated = RemoteProtocolError(Reason.CHANNEL_TRUNCATED)
            self._die(truncated)
            raise truncated
        self._state = TRANSITIONS[self._state, Step.EOF]

    def to_send(self) -> bytes:
        """Drain the bytes that are to be written to the peer."""
        out = bytes(self._out)
        self._out.clear()
        return out

    def _receive(self, data: bytes, now: int) -> list[Event]:
        self._refuse_if_dead()
        grace = 0 if self._state in _HANDSHAKING else CHANNEL_CLOSE_S
        if now >= self.deadline + grace:
            raise ChannelExpired
        self._in += data
        events: list[Event] = []
        while self._in:
            if self._state is State.AWAIT_PREAMBLE:
                if not self._take_preamble():
                    break
                continue
            frame = self._take_frame()
            if frame is None:
                break
            event = self._handle(frame)
            if event is not None:
                events.append(event)
        return events

    def _take_preamble(self) -> bool:
        seen = bytes(self._in[: len(PREAMBLE)])
        if seen[: len(_MAGIC)] != _MAGIC[: len(seen)]:
            raise RemoteProtocolError(Reason.CHANNEL_PREAMBLE)
        if seen != PREAMBLE[: len(seen)]:
            raise RemoteProtocolError(Reason.CHANNEL_VERSION)
        if len(seen) < len(PREAMBLE):
            return False
        del self._in[: len(PREAMBLE)]
        self._peer(Step.PREAMBLE)
        return True

    def _take_frame(self) -> bytes | None:
        allowed = _FRAME_LENGTHS.get(self._state)
        if allowed is None:  # the peer has closed and still speaks
            raise RemoteProtocolError(Reason.CHANNEL_CLOSED)
        if len(self._in) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(self._in[:_LENGTH_BYTES], "big")
        if length not in allowed:
            raise RemoteProtocolError(Reason.CHANNEL_FRAME, f"{length} bytes")
        end = _LENGTH_BYTES + length
        if len(self._in) < end:
            return None
        frame = bytes(self._in[_LENGTH_BYTES:end])
        del self._in[:end]
        return frame

    def _handle(self, frame: bytes) -> Event | None:
        if self._state in _HANDSHAKING:
            return self._handle_handshake(frame)
        plaintext = _ready(self._receiver).decrypt(frame)
        if not plaintext:
            self._peer(Step.CLOSE_IN)
            return Closed()
        self._peer(Step.FRAME_IN)
        return Frame(plaintext=plaintext)

    def _handle_handshake(self, message: bytes) -> Event | None:
        payload = self._handshake.read(message)
        if not self._handshake.done:  # message 1 wants message 2, message 2 wants message 3
            self._queue(self._handshake.write(self._payload))
        self._peer(Step.HANDSHAKE)
        if not self._handshake.done:
            return None
        self._sender, self._receiver = self._handshake.split()
        return HandshakeDone(
            remote_static=self._handshake.remote_static,
            payload=payload,
            handshake_hash=self._handshake.handshake_hash,
        )

    def _queue(self, frame: bytes) -> None:
        self._out += len(frame).to_bytes(_LENGTH_BYTES, "big") + frame

    def _peer(self, step: Step) -> None:
        if (self._state, step) not in TRANSITIONS:
            raise RemoteProtocolError(Reason.CHANNEL_STATE)
        self._state = TRANSITIONS[self._state, step]

    def _caller(self, step: Step, *, in_time: bool = True) -> None:
        if (self._state, step) not in TRANSITIONS:
            raise LocalProtocolError(Reason.CHANNEL_STATE, f"{step.name} in {self._state.name}")
        if not in_time:
            raise ChannelExpired
        self._state = TRANSITIONS[self._state, step]

    def _die(self, error: RemoteProtocolError) -> None:
        self._state = TRANSITIONS[self._state, Step.FAIL]
        self._failure = self._failure or error.reason
        self._in.clear()

    def _refuse_if_dead(self) -> None:
        if self._failure is Reason.CHANNEL_EXPIRED:
            raise ChannelExpired
        if self._failure is not None:
            raise RemoteProtocolError(self._failure)


def _prologue(network: NetworkId) -> bytes:
    if len(network) != KEY_BYTES:
        raise LocalProtocolError(Reason.CHANNEL_KEY, "a network id has 32 bytes")
    return PREAMBLE + network


def _ready(cipher: CipherState | None) -> CipherState:
    if cipher is None:  # not in a state that TRANSITIONS lets frames pass in
        raise LocalProtocolError(Reason.CHANNEL_STATE, "no cipher yet")
    return cipher
