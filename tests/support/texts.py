"""Values in their text forms, and how a refusal is looked at."""

from collections.abc import Callable

import pytest
from hypothesis import strategies as st

from confedproto.errors import DecodeError, Reason
from confedproto.ids import CouncilId, TransportKey
from confedproto.text import (
    Armor,
    ArmorLabel,
    Invitation,
    QrData,
    QrKind,
    encode_armor,
    encode_qr,
    encode_secret,
)

VALUE = bytes(range(32))
SECRET = encode_secret(VALUE)
INVITATION = Invitation(
    address="192.0.2.7:4711",
    transport=TransportKey(b"\x22" * 32),
    council=CouncilId(b"\x33" * 32),
    token=b"\x44" * 16,
    expires=1_800_000_000,
)
ONION = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwd.onion"
ARMORED = encode_armor(Armor(label=ArmorLabel.RECORD, data=bytes(100)))  # 64, 64 and 8 columns
QR = encode_qr(QrData(kind=QrKind.BUNDLE, data=b"a bundle"))  # 12 bytes, 20 characters, 4 bits
ids = st.binary(min_size=32, max_size=32)


def reason_of(decode: Callable[[str], object], text: str) -> Reason:
    with pytest.raises(DecodeError) as caught:
        decode(text)
    assert len(text) < 20 or text not in str(caught.value), "an error repeats what it refused"
    return caught.value.reason


def outcome(decode: Callable[[str], object], text: str) -> object:
    """The value, or the reason of the refusal; anything else that is raised passes."""
    try:
        return decode(text)
    except DecodeError as error:
        return error.reason
