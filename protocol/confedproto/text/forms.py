"""Text forms of 32-byte values: ids, keys, secrets and fingerprints (specs/12).

One accepted text for each value, lower case only; no error ever repeats what was given,
for it may be a secret (TXT-3).
"""

import re
from typing import Final

from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.ids import (
    TAG_FINGERPRINT,
    CouncilId,
    NetworkId,
    RecordId,
    TransportKey,
    tagged_hash,
)
from confedproto.limits import TEXT_FORM_MAX_CHARS
from confedproto.text import bech32m

KEY_PREFIX: Final = "cfk"
RECORD_PREFIX: Final = "cfr"
NETWORK_PREFIX: Final = "cfn"
TRANSPORT_PREFIX: Final = "cft"
SECRET_PREFIX: Final = "cfs"
VALUE_BYTES: Final = 32
ID_CHARS: Final = 62  # prefix, "1", 52 characters of data, 6 of checksum (TXT-5)
_SECRET_SEEN: Final = re.compile("(?:^|[:/])[cC][fF][sS]1")
_SECRET_FIRST: Final = re.compile("[cC][fF][sS]1")
_UPPER: Final = re.compile("[A-Z]")
_FINGERPRINT: Final = re.compile("[0-9]{5}(?: [0-9]{5}){5}")
_FINGERPRINT_GROUPS: Final = 6
_FINGERPRINT_GROUP_BYTES: Final = 5


def check_bounds(text: str) -> None:
    """TEXT_LENGTH past the bound of all text forms, then TEXT_SECRET (TXT-2, TXT-3)."""
    if len(text) > TEXT_FORM_MAX_CHARS:
        raise DecodeError(Reason.TEXT_LENGTH)
    if _SECRET_SEEN.search(text):
        raise DecodeError(Reason.TEXT_SECRET)


def check_lower(text: str) -> None:
    """TEXT_CASE if an upper-case letter of ASCII is in it (TXT-1)."""
    if _UPPER.search(text):
        raise DecodeError(Reason.TEXT_CASE)


def starts_as_secret(text: str) -> bool:
    """Whether a secret key's text form begins here, in any case."""
    return _SECRET_FIRST.match(text) is not None


def encode_key(key: bytes) -> str:
    """`cfk1...`: an Ed25519 public key. LocalProtocolError(TEXT_LENGTH): not 32 bytes."""
    return _encode(KEY_PREFIX, key)


def decode_key(text: str) -> bytes:
    """The 32 bytes of a `cfk1...` text; whether they are a good key says `keys`."""
    return _decode_public(KEY_PREFIX, text)


def encode_record(record: bytes) -> str:
    """`cfr1...`: a record id, or a council's id, which is one."""
    return _encode(RECORD_PREFIX, record)


def decode_record(text: str) -> RecordId:
    """The record id of a `cfr1...` text."""
    return RecordId(_decode_public(RECORD_PREFIX, text))


def decode_council(text: str) -> CouncilId:
    """The council id of a `cfr1...` text."""
    return CouncilId(_decode_public(RECORD_PREFIX, text))


def encode_network(network: bytes) -> str:
    """`cfn1...`: a network id."""
    return _encode(NETWORK_PREFIX, network)


def decode_network(text: str) -> NetworkId:
    """The network id of a `cfn1...` text."""
    return NetworkId(_decode_public(NETWORK_PREFIX, text))


def encode_transport(key: bytes) -> str:
    """`cft1...`: an X25519 transport key."""
    return _encode(TRANSPORT_PREFIX, key)


def decode_transport(text: str) -> TransportKey:
    """The transport key of a `cft1...` text."""
    return TransportKey(_decode_public(TRANSPORT_PREFIX, text))


def encode_secret(seed: bytes) -> str:
    """`cfs1...`: a secret seed of 32 bytes, for paper and key files only (TXT-3)."""
    return _encode(SECRET_PREFIX, seed)


def decode_secret(text: str) -> bytes:
    """The 32 secret bytes of a `cfs1...` text; every other decoder refuses it (TXT-3)."""
    if len(text) > TEXT_FORM_MAX_CHARS:
        raise DecodeError(Reason.TEXT_LENGTH)
    return _decode(SECRET_PREFIX, text)


def fingerprint(value: bytes) -> str:
    """30 digits in six groups of five, to be read out and compared (TXT-7)."""
    digest = tagged_hash(TAG_FINGERPRINT, _checked(value))
    parts = (
        digest[i * _FINGERPRINT_GROUP_BYTES : (i + 1) * _FINGERPRINT_GROUP_BYTES]
        for i in range(_FINGERPRINT_GROUPS)
    )
    return " ".join(f"{int.from_bytes(part, 'big') % 100_000:05d}" for part in parts)


def decode_fingerprint(text: str) -> str:
    """The 30 digits of a fingerprint without its spaces; DecodeError(FINGERPRINT_FORM)."""
    check_bounds(text)
    if not _FINGERPRINT.fullmatch(text):
        raise DecodeError(Reason.FINGERPRINT_FORM)
    return text.replace(" ", "")


def fingerprint_matches(text: str, value: bytes) -> bool:
    """Whether the fingerprint `text` is that of `value`; DecodeError(FINGERPRINT_FORM)."""
    return decode_fingerprint(text) == fingerprint(value).replace(" ", "")


def _encode(prefix: str, value: bytes) -> str:
    return bech32m.encode(prefix, bech32m.to_groups(_checked(value)))


def _checked(value: bytes) -> bytes:
    if len(value) != VALUE_BYTES:
        raise LocalProtocolError(Reason.TEXT_LENGTH, "the value has not 32 bytes")
    return value


def _decode_public(prefix: str, text: str) -> bytes:
    check_bounds(text)
    return _decode(prefix, text)


def _decode(prefix: str, text: str) -> bytes:
    check_lower(text)
    if len(text) != ID_CHARS:
        raise DecodeError(Reason.TEXT_LENGTH)
    return bech32m.from_groups(bech32m.decode(prefix, text))
