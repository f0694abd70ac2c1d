"""`confed:` URIs, among them the invitation, and the QR text (specs/12, TXT-9 to TXT-12)."""

import re
import zlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.ids import CouncilId, RecordId, TransportKey
from confedproto.limits import INVITATION_MAX_CHARS, QR_MAX_CHARS, TIME_MAX_S
from confedproto.text import bech32m
from confedproto.text.address import parse_address
from confedproto.text.forms import (
    check_bounds,
    check_lower,
    decode_council,
    decode_record,
    encode_record,
)

SCHEME: Final = "confed:"
INVITATION_PREFIX: Final = "cfi"
TOKEN_BYTES: Final = 16
_RECORD: Final = SCHEME + "record/"
_COUNCIL: Final = SCHEME + "council/"
_INVITE: Final = SCHEME + "invite/"
_INVITATION_VERSION: Final = 1
_EXPIRES_BYTES: Final = 5
_ID_BYTES: Final = 32
_FIXED_BYTES: Final = 1 + _EXPIRES_BYTES + 2 * _ID_BYTES + TOKEN_BYTES
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE32_VALUES: Final = {character: value for value, character in enumerate(_BASE32)}
_QR_CHECKSUM_BYTES: Final = 4
_LOWER: Final = re.compile("[a-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUri:
    """`confed:record/cfr1...`"""

    record: RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class CouncilUri:
    """`confed:council/cfr1...`"""

    council: CouncilId


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a council gives to one other, once, so that its node may dial and be known.

    `address` follows `parse_address`; `token` is 16 random bytes, good for one use until
    `expires` (whole seconds UTC, below 2^40).
    """

    address: str
    transport: TransportKey
    council: CouncilId
    token: bytes = field(repr=False)  # whoever holds it may use it: never printed
    expires: int


Uri = RecordUri | CouncilUri | Invitation


class QrKind(StrEnum):
    """What bytes a QR text carries; the value stands in the text."""

    ENVELOPE = "ENVELOPE"  # one record
    BUNDLE = "BUNDLE"  # one .confed file
    REQUEST = "REQUEST"  # one sign request


@dataclass(frozen=True, slots=True, kw_only=True)
class QrData:
    """Bytes in a QR text: `CONFED:BUNDLE/...`."""

    kind: QrKind
    data: bytes


def encode_uri(uri: Uri) -> str:
    """The one text of `uri`; LocalProtocolError as `encode_invitation` or TEXT_LENGTH."""
    match uri:
        case RecordUri(record=record):
            return _RECORD + encode_record(record)
        case CouncilUri(council=council):
            return _COUNCIL + encode_record(council)
        case Invitation():
            return encode_invitation(uri)
        case _:
            assert_never(uri)


def decode_uri(text: str) -> Uri:
    """The value of a `confed:` URI.

    DecodeError: TEXT_LENGTH, TEXT_SECRET, TEXT_CASE, TEXT_SCHEME (not one of the three),
    then what the id or the invitation has to say.
    """
    check_bounds(text)
    check_lower(text)
    if text.startswith(_RECORD):
        return RecordUri(record=decode_record(text.removeprefix(_RECORD)))
    if text.startswith(_COUNCIL):
        return CouncilUri(council=decode_council(text.removeprefix(_COUNCIL)))
    if text.startswith(_INVITE):
        return _decode_invitation(text)
    raise DecodeError(Reason.TEXT_SCHEME)


def encode_invitation(invitation: Invitation) -> str:
    """`confed:invite/cfi1...`, about 190 characters with an IPv4 address (TXT-10).

    LocalProtocolError: TEXT_FIELD (a length or the expiry), ADDRESS_FORM.
    """
    lengths = (len(invitation.transport), len(invitation.council), len(invitation.token))
    in_range = 0 <= invitation.expires < TIME_MAX_S
    if lengths != (_ID_BYTES, _ID_BYTES, TOKEN_BYTES) or not in_range:
        raise LocalProtocolError(Reason.TEXT_FIELD)
    try:
        parse_address(invitation.address)
    except DecodeError as error:
        raise LocalProtocolError(error.reason, error.detail) from None
    packed = b"".join(
        (
            bytes([_INVITATION_VERSION]),
            invitation.expires.to_bytes(_EXPIRES_BYTES, "big"),
            invitation.transport,
            invitation.council,
            invitation.token,
            invitation.address.encode("ascii"),
        )
    )
    return _INVITE + bech32m.encode(INVITATION_PREFIX, bech32m.to_groups(packed))


def decode_invitation(text: str) -> Invitation:
    """The invitation of a `confed:invite/...` URI; DecodeError as `decode_uri`.

    TEXT_FIELD: too few bytes or an unknown version; ADDRESS_FORM: the address in it.
    """
    uri = decode_uri(text)
    if not isinstance(uri, Invitation):
        raise DecodeError(Reason.TEXT_SCHEME)
    return uri


def encode_qr(value: QrData | Uri) -> str:
    """Upper-case text for a QR symbol in alphanumeric mode (TXT-12).

    LocalProtocolError(TEXT_LENGTH): more than one symbol holds, or no bytes at all.
    """
    if not isinstance(value, QrData):
        return encode_uri(value).upper()
    sealed = value.data + _qr_checksum(value.kind, value.data)
    body = "".join(_BASE32[group] for group in bech32m.to_groups(sealed))
    text = f"{SCHEME.upper()}{value.kind}/{body}"
    if not value.data or len(text) > QR_MAX_CHARS:
        raise LocalProtocolError(Reason.TEXT_LENGTH)
    return text


def decode_qr(text: str) -> QrData | Uri:
    """The value of a QR text.

    DecodeError: TEXT_LENGTH, TEXT_SECRET, TEXT_CASE (a lower-case letter), TEXT_CHARACTER,
    TEXT_SCHEME, TEXT_PADDING, TEXT_CHECKSUM; for a URI what `decode_uri` says.
    """
    if len(text) > QR_MAX_CHARS:
        raise DecodeError(Reason.TEXT_LENGTH)
    check_bounds(text)
    if _LOWER.search(text):
        raise DecodeError(Reason.TEXT_CASE)
    if not text.isascii():  # before lower(), which would turn the Kelvin sign into a k
        raise DecodeError(Reason.TEXT_CHARACTER)
    for kind in QrKind:
        start = f"{SCHEME.upper()}{kind}/"
        if text.startswith(start):
            return _decode_qr_data(kind, text.removeprefix(start))
    return decode_uri(text.lower())


def _decode_invitation(text: str) -> Invitation:
    if len(text) > INVITATION_MAX_CHARS:
        raise DecodeError(Reason.TEXT_LENGTH)
    groups = bech32m.decode(INVITATION_PREFIX, text.removeprefix(_INVITE))
    packed = bech32m.from_groups(groups)
    if len(packed) < _FIXED_BYTES or packed[0] != _INVITATION_VERSION:
        raise DecodeError(Reason.TEXT_FIELD)
    parts: list[bytes] = []
    at = 1
    for length in (_EXPIRES_BYTES, _ID_BYTES, _ID_BYTES, TOKEN_BYTES):
        parts.append(packed[at : at + length])
        at += length
    expires, transport, council, token = parts
    address = packed[at:]
    if not address.isascii():
        raise DecodeError(Reason.ADDRESS_FORM)
    return Invitation(
        address=parse_address(address.decode("ascii")).text,
        transport=TransportKey(transport),
        council=CouncilId(council),
        token=token,
        expires=int.from_bytes(expires, "big"),
    )


def _decode_qr_data(kind: QrKind, body: str) -> QrData:
    sealed = bech32m.from_groups(bech32m.groups_of(body, _BASE32_VALUES))
    data, checksum = sealed[:-_QR_CHECKSUM_BYTES], sealed[-_QR_CHECKSUM_BYTES:]
    if not data:
        raise DecodeError(Reason.TEXT_LENGTH)
    if checksum != _qr_checksum(kind, data):
        raise DecodeError(Reason.TEXT_CHECKSUM)
    return QrData(kind=kind, data=data)


def _qr_checksum(kind: QrKind, data: bytes) -> bytes:
    # Against misreading only, so no hash and no tag: CRC-32 notices every wrong character.
    return zlib.crc32(f"{kind}/".encode("ascii") + data).to_bytes(_QR_CHECKSUM_BYTES, "big")
