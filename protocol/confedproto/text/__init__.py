"""Every text form of the protocol, with strict encoders and decoders (specs/12, TXT).

Ids (`cfk1`, `cfr1`, `cfn1`, `cft1`), secret seeds (`cfs1`), fingerprints, addresses,
`confed:` URIs with the invitation, armor and QR text. Any str gives a value or DecodeError,
and each value has exactly one accepted text in each form.
"""

from confedproto.text.address import Address, AddressForm, parse_address
from confedproto.text.armor import Armor, ArmorLabel, decode_armor, encode_armor
from confedproto.text.dispatch import TEXT_KINDS, TextValue, decode_text
from confedproto.text.forms import (
    decode_council,
    decode_fingerprint,
    decode_key,
    decode_network,
    decode_record,
    decode_secret,
    decode_transport,
    encode_key,
    encode_network,
    encode_record,
    encode_secret,
    encode_transport,
    fingerprint,
    fingerprint_matches,
)
from confedproto.text.uri import (
    CouncilUri,
    Invitation,
    QrData,
    QrKind,
    RecordUri,
    Uri,
    decode_invitation,
    decode_qr,
    decode_uri,
    encode_invitation,
    encode_qr,
    encode_uri,
)

__all__ = [
    "TEXT_KINDS",
    "Address",
    "AddressForm",
    "Armor",
    "ArmorLabel",
    "CouncilUri",
    "Invitation",
    "QrData",
    "QrKind",
    "RecordUri",
    "TextValue",
    "Uri",
    "decode_armor",
    "decode_council",
    "decode_fingerprint",
    "decode_invitation",
    "decode_key",
    "decode_network",
    "decode_qr",
    "decode_record",
    "decode_secret",
    "decode_text",
    "decode_transport",
    "decode_uri",
    "encode_armor",
    "encode_invitation",
    "encode_key",
    "encode_network",
    "encode_qr",
    "encode_record",
    "encode_secret",
    "encode_transport",
    "encode_uri",
    "fingerprint",
    "fingerprint_matches",
    "parse_address",
]
