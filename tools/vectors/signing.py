"""Keys, ids and signatures of the generator: hashlib, plain integers, and `cryptography`.

Keys and nonces are made from labels, so every run makes the same bytes.
"""

import hashlib
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tools.vectors import cmp

NETWORK: Final = hashlib.sha256(b"confed network 1\0" + b"vectors").digest()
OTHER_NETWORK: Final = hashlib.sha256(b"confed network 1\0" + b"other").digest()
NAMESPACE: Final = b"confed-record-1"


class Key:
    """An Ed25519 key with a name."""

    def __init__(self, label: str) -> None:
        self.seed = hashlib.sha256(f"confed vectors key {label}".encode()).digest()
        self._private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature (RFC 8032)."""
        return self._private.sign(message)


KEYS: Final = sorted((Key(f"keyholder {number}") for number in range(5)), key=lambda k: k.public)
NODE_KEY: Final = Key("node")


def filler(label: str, length: int = 32) -> bytes:
    """Bytes that stand for an id or a hash that nobody looks behind."""
    return hashlib.sha256(f"confed vectors {label}".encode()).digest()[:length]


def record_id(payload: bytes, network: bytes = NETWORK) -> bytes:
    """REC-3."""
    return hashlib.sha256(b"confed record 1\0" + network + payload).digest()


def message_of(payload: bytes, network: bytes = NETWORK) -> bytes:
    """M of REC-4."""
    return b"confed signature 1\0" + record_id(payload, network)


def string(field: bytes) -> bytes:
    """An SSH wire string."""
    return len(field).to_bytes(4, "big") + field


def ssh_preimage(message: bytes, namespace: bytes = NAMESPACE, digest: str = "sha512") -> bytes:
    """SSH-5."""
    hashed = hashlib.new(digest, message).digest()
    parts = (namespace, b"", digest.encode(), hashed)
    return b"SSHSIG" + b"".join(string(part) for part in parts)


def sk_preimage(preimage: bytes, flags: int, counter: int) -> bytes:
    """SSH-6."""
    tail = bytes([flags]) + counter.to_bytes(4, "big")
    return hashlib.sha256(b"ssh:").digest() + tail + hashlib.sha256(preimage).digest()


def signature(key: Key, message: bytes, form: int = 0, *, flags: int = 1) -> bytes:
    """The signature bytes of one form (SIG-1)."""
    if form == 1:
        return key.sign(ssh_preimage(message))
    if form == 2:
        tail = bytes([flags]) + (7).to_bytes(4, "big")
        return key.sign(sk_preimage(ssh_preimage(message), flags, 7)) + tail
    return key.sign(message)


def row(key: Key, payload: bytes, form: int = 0, network: bytes = NETWORK) -> list[Any]:
    """One row of an envelope's signatures."""
    return [key.public, form, signature(key, message_of(payload, network), form)]


def envelope(payload: bytes, *keys: Key, network: bytes = NETWORK) -> bytes:
    """The envelope that these keys signed, or the first of KEYS."""
    rows = sorted(row(key, payload, network=network) for key in keys or KEYS[:1])
    return cmp.encode([payload, rows])
