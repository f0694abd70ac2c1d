"""Armor: bytes as lines that survive mail and chat, after RFC 7468 (specs/12, TXT-11).

RFC 7468 lets readers be lenient; here exactly one text is accepted for each value, so that
two people who compare texts compare values.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.limits import ARMOR_MAX_BYTES
from confedproto.text.forms import starts_as_secret

_COLUMNS: Final = 64
_FRAME_MAX_CHARS: Final = 70  # both boundary lines with the longest label, SIGN REQUEST
_BASE64_MAX_CHARS: Final = (ARMOR_MAX_BYTES + 2) // 3 * 4
_LINES_MAX: Final = (_BASE64_MAX_CHARS + _COLUMNS - 1) // _COLUMNS
_MAX_CHARS: Final = _BASE64_MAX_CHARS + _LINES_MAX + _FRAME_MAX_CHARS  # 88,820


class ArmorLabel(StrEnum):
    """What is inside; the value stands in the boundary lines."""

    RECORD = "RECORD"  # one envelope
    BUNDLE = "BUNDLE"  # one .confed file
    SIGN_REQUEST = "SIGN REQUEST"  # bytes for a keyholder to sign


_LABELS: Final = "|".join(label.value for label in ArmorLabel)
_ARMOR: Final = re.compile(
    f"-----BEGIN CONFED ({_LABELS})-----\n([A-Za-z0-9+/=\n]+)\n-----END CONFED \\1-----\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Armor:
    """Labelled bytes: 1 to `ARMOR_MAX_BYTES`."""

    label: ArmorLabel
    data: bytes


def encode_armor(armor: Armor) -> str:
    """The one text of `armor`, ending in a line feed; LocalProtocolError(TEXT_LENGTH)."""
    if not 0 < len(armor.data) <= ARMOR_MAX_BYTES:
        raise LocalProtocolError(Reason.TEXT_LENGTH)
    return _format(armor.label, armor.data)


def decode_armor(text: str) -> Armor:
    """Label and bytes; DecodeError: TEXT_LENGTH, TEXT_SECRET, ARMOR_FORM (all the rest)."""
    if len(text) > _MAX_CHARS:
        raise DecodeError(Reason.TEXT_LENGTH)
    if starts_as_secret(text):
        raise DecodeError(Reason.TEXT_SECRET)
    found = _ARMOR.fullmatch(text)
    if found is None:
        raise DecodeError(Reason.ARMOR_FORM)
    try:
        data = base64.b64decode(found[2].replace("\n", ""), validate=True)
    except binascii.Error:
        raise DecodeError(Reason.ARMOR_FORM) from None
    if len(data) > ARMOR_MAX_BYTES:
        raise DecodeError(Reason.TEXT_LENGTH)
    label = ArmorLabel(found[1])
    # Line lengths, padding and its bits: whatever the encoder would not write is refused.
    if not data or _format(label, data) != text:
        raise DecodeError(Reason.ARMOR_FORM)
    return Armor(label=label, data=data)


def _format(label: ArmorLabel, data: bytes) -> str:
    body = base64.b64encode(data).decode("ascii")
    lines = [body[at : at + _COLUMNS] for at in range(0, len(body), _COLUMNS)]
    return "\n".join(
        [f"-----BEGIN CONFED {label}-----", *lines, f"-----END CONFED {label}-----", ""]
    )
