"""Identifiers and the domain tags that keep them apart.

Every hash and every signature of the protocol begins with a tag of its own, ended by a
NUL byte, so that bytes made for one purpose are never valid for another (specs/02, TAG-1).
"""

import hashlib
from typing import Final, NewType

NetworkId = NewType("NetworkId", bytes)
"""32 bytes: names one network; records of another network never verify here."""
RecordId = NewType("RecordId", bytes)
"""32 bytes: SHA-256 over tag, network id and payload."""
CouncilId = NewType("CouncilId", bytes)
"""32 bytes: the record id of a council's first charter."""
LogId = NewType("LogId", bytes)
"""32 bytes: names the log that one node key keeps for one council."""
PublicKey = NewType("PublicKey", bytes)
"""32 bytes: an Ed25519 key that passed `keys.check_public_key`."""
TransportKey = NewType("TransportKey", bytes)
"""32 bytes: an X25519 public key; never usable for signatures."""
Hash = NewType("Hash", bytes)
"""32 bytes: a node of a Merkle tree or another bare SHA-256."""

TAG_NETWORK: Final = b"confed network 1\0"
TAG_RECORD: Final = b"confed record 1\0"
TAG_SIGNATURE: Final = b"confed signature 1\0"
TAG_HEAD: Final = b"confed head 1\0"
TAG_LOG: Final = b"confed log 1\0"
TAG_STATE: Final = b"confed state 1\0"
TAG_DIGEST: Final = b"confed digest 1\0"
TAG_INVITE: Final = b"confed invite 1\0"
TAG_FINGERPRINT: Final = b"confed fingerprint 1\0"
TAG_TEXT: Final = b"confed text 1\0"
TAG_SALT: Final = b"confed salt 1\0"
TAG_BRIEF: Final = b"confed brief 1\0"

SSHSIG_NAMESPACE: Final = b"confed-record-1"
"""The one SSHSIG namespace that keyholders sign records under (specs/02, SSH-2)."""


def tagged_hash(tag: bytes, *parts: bytes) -> bytes:
    """SHA-256 over `tag` and the parts, joined. Callers pass fixed-length parts but the last."""
    return hashlib.sha256(b"".join((tag, *parts))).digest()


def network_id(name: str) -> NetworkId:
    """The id of the network called `name` (specs/00, NET-1)."""
    return NetworkId(tagged_hash(TAG_NETWORK, name.encode()))


def record_id(network: NetworkId, payload: bytes) -> RecordId:
    """The id of the record with exactly these payload bytes (specs/03, REC-3)."""
    return RecordId(tagged_hash(TAG_RECORD, network, payload))


def signing_bytes(record: RecordId) -> bytes:
    """What keyholders and nodes sign: the tagged record id (specs/03, REC-4)."""
    return TAG_SIGNATURE + record


def log_id(network: NetworkId, council: CouncilId, node_key: PublicKey) -> LogId:
    """The id of the log that `node_key` keeps for `council` (specs/03, LOG-1)."""
    return LogId(tagged_hash(TAG_LOG, network, council, node_key))
