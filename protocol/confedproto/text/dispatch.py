"""One door to all text decoders, as the conformance driver needs it (specs/12, TXT-13)."""

from collections.abc import Callable
from typing import Final, assert_never

from confedproto.errors import LocalProtocolError, Reason
from confedproto.text.armor import decode_armor
from confedproto.text.forms import (
    decode_fingerprint,
    decode_key,
    decode_network,
    decode_record,
    decode_transport,
)
from confedproto.text.uri import (
    CouncilUri,
    Invitation,
    QrData,
    RecordUri,
    Uri,
    decode_invitation,
    decode_qr,
    decode_uri,
)

Fields = dict[str, bytes | str | int]
TextValue = bytes | str | Fields
"""Bytes for ids and keys, 30 digits for a fingerprint, named fields for the rest."""


def decode_text(kind: str, text: str) -> TextValue:
    """The value of `text`, read as `kind`: one of `TEXT_KINDS`.

    Fields: `type` first, then `id` (record, council), or `address, transport, council,
    token, expires` (invite), or `data` (armor: type RECORD, BUNDLE, SIGN REQUEST; qr:
    ENVELOPE, BUNDLE, REQUEST). DecodeError as the decoder says; LocalProtocolError(BAD_REQUEST)
    for an unknown kind.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise LocalProtocolError(Reason.BAD_REQUEST, "unknown kind of text")
    return decoder(text)


def _uri_fields(uri: Uri) -> Fields:
    match uri:
        case RecordUri(record=record):
            return {"type": "record", "id": record}
        case CouncilUri(council=council):
            return {"type": "council", "id": council}
        case Invitation():
            return {
                "type": "invite",
                "address": uri.address,
                "transport": uri.transport,
                "council": uri.council,
                "token": uri.token,
                "expires": uri.expires,
            }
        case _:
            assert_never(uri)


def _qr_fields(value: QrData | Uri) -> Fields:
    if isinstance(value, QrData):
        return {"type": value.kind.value, "data": value.data}
    return _uri_fields(value)


def _armor_fields(text: str) -> Fields:
    armor = decode_armor(text)
    return {"type": armor.label.value, "data": armor.data}


_DECODERS: Final[dict[str, Callable[[str], TextValue]]] = {
    "key": decode_key,
    "record": decode_record,
    "network": decode_network,
    "transport": decode_transport,
    "fingerprint": decode_fingerprint,
    "uri": lambda text: _uri_fields(decode_uri(text)),
    "invitation": lambda text: _uri_fields(decode_invitation(text)),
    "armor": _armor_fields,
    "qr": lambda text: _qr_fields(decode_qr(text)),
}
TEXT_KINDS: Final = tuple(_DECODERS)
