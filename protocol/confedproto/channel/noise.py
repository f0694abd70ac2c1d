"""Noise_XK_25519_ChaChaPoly_SHA256 and nothing else: keys, bytes in, bytes out (specs/09).

One pattern and one suite, so there is nothing to negotiate and nothing to downgrade (CHN-1).
Every key is an argument; nothing here makes randomness, so a test can replay any handshake.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from confedproto.errors import LocalProtocolError, Reason, RemoteProtocolError
from confedproto.ids import TransportKey
from confedproto.limits import MESSAGE_MAX_BYTES, REKEY_AFTER_MESSAGES

KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
_PROTOCOL: Final = b"Noise_XK_25519_ChaChaPoly_SHA256"  # 32 bytes: it is the first hash itself
# Each message in turn: the key that it carries, then the key exchange it makes (CHN-1).
_PATTERN: Final = (("e", "es"), ("e", "ee"), ("s", "se"))
_REKEY_NONCE: Final = 2**64 - 1


class CipherState:
    """One key and its counter. The counter never goes back; the key is replaced (CHN-10)."""

    __slots__ = ("_aead", "_count")

    def __init__(self, key: bytes) -> None:
        self._aead = ChaCha20Poly1305(key)
        self._count = 0

    def encrypt(self, plaintext: bytes, associated: bytes = b"") -> bytes:
        """The ciphertext with its 16-byte tag, under the next nonce."""
        sealed = self._aead.encrypt(_nonce(self._count), plaintext, associated)
        self._advance()
        return sealed

    def decrypt(
        self, sealed: bytes, associated: bytes = b"", *, reason: Reason = Reason.CHANNEL_DECRYPT
    ) -> bytes:
        """The plaintext; RemoteProtocolError(`reason`) if the tag does not hold."""
        try:
            plaintext = self._aead.decrypt(_nonce(self._count), sealed, associated)
        except InvalidTag:
            raise RemoteProtocolError(reason) from None
        self._advance()
        return plaintext

    def _advance(self) -> None:
        self._count += 1
        if self._count % REKEY_AFTER_MESSAGES == 0:  # Noise REKEY; both ends count alike
            stream = self._aead.encrypt(_nonce(_REKEY_NONCE), bytes(KEY_BYTES), b"")
            self._aead = ChaCha20Poly1305(stream[:KEY_BYTES])


class Handshake:
    """One side of Noise XK: `write` and `read` in turn, then `split`. Discard it on any error.

    Private keys are 32 bytes; the ephemeral one is fresh for every handshake (CHN-15). Only
    the initiator gives `remote_static`, the responder's public key; the responder learns the
    initiator's in message 3.
    """

    def __init__(
        self,
        *,
        initiator: bool,
        prologue: bytes,
        static_private: bytes,
        ephemeral_private: bytes,
        remote_static: bytes | None = None,
    ) -> None:
        if initiator != (remote_static is not None):
            raise LocalProtocolError(Reason.CHANNEL_KEY, "the initiator alone knows the peer's key")
        self._initiator = initiator
        self._private = {"s": _private(static_private), "e": _private(ephemeral_private)}
        self._remote: dict[str, bytes] = {}
        self._sent_or_read = 0
        self._chain = self._hash = _PROTOCOL
        self._cipher = CipherState(bytes(KEY_BYTES))  # replaced before it seals anything
        self._mix_hash(prologue)
        if remote_static is None:
            self._mix_hash(_public(self._private["s"]))
        else:
            self._remote["s"] = _checked(remote_static)
            self._mix_hash(remote_static)

    @property
    def done(self) -> bool:
        """Whether all three messages have passed."""
        return self._sent_or_read == len(_PATTERN)

    @property
    def handshake_hash(self) -> bytes:
        """32 bytes over all that both sides said; when done, unique to this channel."""
        return self._hash

    @property
    def remote_static(self) -> TransportKey:
        """The peer's static public key; LocalProtocolError while it is unknown."""
        if "s" not in self._remote:
            raise LocalProtocolError(Reason.CHANNEL_STATE, "the peer's key is not known yet")
        return TransportKey(self._remote["s"])

    def write(self, payload: bytes = b"") -> bytes:
        """The next message of this side. RemoteProtocolError(CHANNEL_KEY): see CHN-7."""
        letter, exchange = self._turn(writing=True)
        carried = _public(self._private[letter])
        if letter == "e":
            self._mix_hash(carried)
        else:
            carried = self._seal(carried)
        self._mix_exchange(exchange)
        return carried + self._seal(payload)

    def read(self, message: bytes) -> bytes:
        """The payload of the peer's next message.

        Raises RemoteProtocolError: CHANNEL_HANDSHAKE (short or not authentic), CHANNEL_KEY.
        """
        letter, exchange = self._turn(writing=False)
        end = KEY_BYTES if letter == "e" else KEY_BYTES + TAG_BYTES
        if len(message) < end + TAG_BYTES:
            raise RemoteProtocolError(Reason.CHANNEL_HANDSHAKE, "too short")
        if letter == "e":
            self._remote["e"] = message[:end]
            self._mix_hash(message[:end])
        else:
            self._remote["s"] = self._open(message[:end])
        self._mix_exchange(exchange)
        return self._open(message[end:])

    def split(self) -> tuple[CipherState, CipherState]:
        """This side's ciphers: (for sending, for receiving)."""
        if not self.done:
            raise LocalProtocolError(Reason.CHANNEL_STATE, "the handshake is not done")
        from_initiator, from_responder = (CipherState(key) for key in _hkdf(self._chain, b""))
        if self._initiator:
            return from_initiator, from_responder
        return from_responder, from_initiator

    def _turn(self, *, writing: bool) -> tuple[str, str]:
        initiators = self._sent_or_read % 2 == 0
        if self.done or writing != (initiators == self._initiator):
            raise LocalProtocolError(Reason.CHANNEL_STATE, "not this side's turn")
        self._sent_or_read += 1
        return _PATTERN[self._sent_or_read - 1]

    def _mix_exchange(self, pair: str) -> None:
        # The first letter is the initiator's key, the second the responder's.
        mine, theirs = (pair[0], pair[1]) if self._initiator else (pair[1], pair[0])
        secret = _shared_secret(self._private[mine], self._remote[theirs])
        self._chain, key = _hkdf(self._chain, secret)
        self._cipher = CipherState(key)

    def _mix_hash(self, data: bytes) -> None:
        self._hash = hashlib.sha256(self._hash + data).digest()

    def _seal(self, plaintext: bytes) -> bytes:
        sealed = self._cipher.encrypt(plaintext, self._hash)
        self._mix_hash(sealed)
        return sealed

    def _open(self, sealed: bytes) -> bytes:
        plaintext = self._cipher.decrypt(sealed, self._hash, reason=Reason.CHANNEL_HANDSHAKE)
        self._mix_hash(sealed)
        return plaintext


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What crossed the wire when both sides were played here (the driver op `noise`)."""

    messages: tuple[bytes, ...]
    handshake_hash: bytes


def transcript(
    *,
    prologue: bytes,
    init_static: bytes,
    resp_static: bytes,
    init_ephemeral: bytes,
    resp_ephemeral: bytes,
    payloads: Sequence[bytes],
) -> Transcript:
    """Play both sides over `payloads` (0 to 2 handshake, then transport; initiator first).

    All keys are private, 32 bytes. Each message is read by the other side too. Fewer than
    three payloads give the hash as it stands then. LocalProtocolError: CHANNEL_KEY (a key of
    another length), CHANNEL_FRAME (a payload over `MESSAGE_MAX_BYTES`).
    """
    initiator = Handshake(
        initiator=True,
        prologue=prologue,
        static_private=init_static,
        ephemeral_private=init_ephemeral,
        remote_static=public_key(resp_static),
    )
    responder = Handshake(
        initiator=False,
        prologue=prologue,
        static_private=resp_static,
        ephemeral_private=resp_ephemeral,
    )
    sides = (initiator, responder)
    if any(len(payload) > MESSAGE_MAX_BYTES for payload in payloads):
        raise LocalProtocolError(Reason.CHANNEL_FRAME, "payload too large")
    messages: list[bytes] = []
    for index, payload in enumerate(payloads[: len(_PATTERN)]):
        messages.append(sides[index % 2].write(payload))
        sides[1 - index % 2].read(messages[-1])
    if initiator.done:
        ciphers = (initiator.split(), responder.split())
        for index, payload in enumerate(payloads[len(_PATTERN) :], start=len(_PATTERN)):
            messages.append(ciphers[index % 2][0].encrypt(payload))
            ciphers[1 - index % 2][1].decrypt(messages[-1])
    return Transcript(messages=tuple(messages), handshake_hash=initiator.handshake_hash)


def public_key(private: bytes) -> TransportKey:
    """The X25519 public key of 32 private bytes; LocalProtocolError(CHANNEL_KEY) otherwise."""
    return TransportKey(_public(_private(private)))


def _nonce(count: int) -> bytes:
    return bytes(4) + count.to_bytes(8, "little")


def _hkdf(chain: bytes, secret: bytes) -> tuple[bytes, bytes]:
    temporary = hmac.digest(chain, secret, "sha256")
    first = hmac.digest(temporary, b"\x01", "sha256")
    return first, hmac.digest(temporary, first + b"\x02", "sha256")


def _shared_secret(private: X25519PrivateKey, public: bytes) -> bytes:
    try:
        secret = private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:  # the backend refuses an all-zero result
        secret = bytes(KEY_BYTES)
    if not any(secret):  # a small-order point would take the peer's key out of the game (CHN-7)
        raise RemoteProtocolError(Reason.CHANNEL_KEY)
    return secret


def _public(private: X25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def _private(private: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_checked(private))


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise LocalProtocolError(Reason.CHANNEL_KEY, "a key has 32 bytes")
    return key
