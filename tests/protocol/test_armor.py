"""Armor and QR texts: one form for each size, and a named refusal for all the rest."""

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confedproto.errors import LocalProtocolError, Reason
from confedproto.limits import ARMOR_MAX_BYTES, QR_MAX_CHARS
from confedproto.text import (
    Armor,
    ArmorLabel,
    QrData,
    QrKind,
    decode_armor,
    decode_qr,
    encode_armor,
    encode_qr,
    encode_record,
    encode_uri,
)
from tests.support.texts import ARMORED, INVITATION, QR, VALUE, reason_of

# --- armor --------------------------------------------------------------------------------------


@given(st.sampled_from(ArmorLabel), st.binary(min_size=1, max_size=300))
def test_armor_round_trips_and_is_what_rfc_7468_says(label: ArmorLabel, data: bytes) -> None:
    text = encode_armor(Armor(label=label, data=data))
    assert decode_armor(text) == Armor(label=label, data=data)
    first, *lines, last, empty = text.split("\n")
    assert first == f"-----BEGIN CONFED {label}-----"
    assert (last, empty) == (f"-----END CONFED {label}-----", "")
    assert all(len(line) == 64 for line in lines[:-1])
    assert 0 < len(lines[-1]) <= 64
    assert base64.b64decode("".join(lines)) == data


def test_armor_of_the_largest_size_round_trips_and_no_more() -> None:
    armor = Armor(label=ArmorLabel.SIGN_REQUEST, data=b"x" * ARMOR_MAX_BYTES)
    assert decode_armor(encode_armor(armor)) == armor
    for data in (b"", armor.data + b"x"):
        with pytest.raises(LocalProtocolError, match="text-length"):
            encode_armor(Armor(label=ArmorLabel.RECORD, data=data))
    assert reason_of(decode_armor, encode_armor(armor) * 2) is Reason.TEXT_LENGTH


@pytest.mark.parametrize(
    "text",
    [
        "",
        ARMORED[:-1],
        ARMORED + "\n",
        "\n" + ARMORED,
        " " + ARMORED,
        ARMORED.replace("\n", "\r\n"),
        ARMORED.replace("RECORD", "record"),
        ARMORED.replace("RECORD", "KEY"),
        ARMORED.replace("END CONFED RECORD", "END CONFED BUNDLE"),
        ARMORED.replace("-----BEGIN", "----BEGIN"),
        ARMORED.replace("A\n", "A \n", 1),
        ARMORED.replace("A\nA", "AA\n", 1),
        ARMORED.replace("A\nA", "AA", 1),
        ARMORED.replace("A\nA", "A\n\nA", 1),
        ARMORED.replace("=", ""),
        ARMORED.replace("A==", "B=="),
        ARMORED.replace("==", "=A"),
        ARMORED.replace("AAAA", "AA-_", 1),
        ARMORED.replace("AAAA", "AA=A", 1),
        ARMORED.replace("AAAA", "AAA\u0410", 1),
        ARMORED.replace("AAAA", "AAA\ud800", 1),
        ARMORED + ARMORED,
        "-----BEGIN CONFED RECORD-----\n-----END CONFED RECORD-----\n",
        "-----BEGIN CONFED RECORD-----\n\n-----END CONFED RECORD-----\n",
        "-----BEGIN CONFED RECORD-----\n====\n-----END CONFED RECORD-----\n",
        "-----BEGIN CONFED RECORD-----\nComment: x\n\nAA==\n-----END CONFED RECORD-----\n",
    ],
)
def test_armor_in_another_form_is_refused(text: str) -> None:
    assert text != ARMORED
    assert reason_of(decode_armor, text) is Reason.ARMOR_FORM


# --- QR text ------------------------------------------------------------------------------------


@given(st.sampled_from(QrKind), st.binary(min_size=1, max_size=600))
def test_qr_text_round_trips(kind: QrKind, data: bytes) -> None:
    value = QrData(kind=kind, data=data)
    text = encode_qr(value)
    assert decode_qr(text) == value
    body = text.removeprefix(f"CONFED:{kind}/")
    checksum = zlib.crc32(f"{kind}/".encode() + data).to_bytes(4, "big")
    padded = body + "=" * (-len(body) % 8)
    assert base64.b32decode(padded) == data + checksum


def test_qr_text_of_the_largest_size_fits_one_symbol() -> None:
    fits = (QR_MAX_CHARS - len("CONFED:ENVELOPE/")) * 5 // 8 - 4
    value = QrData(kind=QrKind.ENVELOPE, data=bytes(fits))
    assert decode_qr(encode_qr(value)) == value
    for data in (b"", bytes(fits + 1)):
        with pytest.raises(LocalProtocolError, match="text-length"):
            encode_qr(QrData(kind=QrKind.ENVELOPE, data=data))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.TEXT_SCHEME),
        (QR.lower(), Reason.TEXT_CASE),
        (QR[:-1] + "a", Reason.TEXT_CASE),
        (QR.replace("BUNDLE", "ENVELOPE"), Reason.TEXT_CHECKSUM),
        (QR.replace("BUNDLE", "PARCEL"), Reason.TEXT_SCHEME),
        (QR[:-1], Reason.TEXT_PADDING),
        (QR + "A", Reason.TEXT_CHECKSUM),
        (QR + "AA", Reason.TEXT_PADDING),
        (QR[:-1] + "B", Reason.TEXT_PADDING),
        (QR + "=", Reason.TEXT_CHARACTER),
        (QR + "\n", Reason.TEXT_CHARACTER),
        (QR[:-3] + "1" + QR[-2:], Reason.TEXT_CHARACTER),
        (QR[:-3] + "\u0410" + QR[-2:], Reason.TEXT_CHARACTER),
        ("CONFED:BUNDLE/", Reason.TEXT_LENGTH),
        ("CONFED:BUNDLE/AAAAAAA", Reason.TEXT_LENGTH),
        (QR + "A" * QR_MAX_CHARS, Reason.TEXT_LENGTH),
        (encode_uri(INVITATION), Reason.TEXT_CASE),
        (encode_record(VALUE).upper(), Reason.TEXT_SCHEME),
        (encode_qr(INVITATION).replace("K", "\u212a"), Reason.TEXT_CHARACTER),
    ],
)
def test_qr_text_that_breaks_one_rule_is_refused_by_its_name(text: str, reason: Reason) -> None:
    assert reason_of(decode_qr, text) is reason


def test_qr_text_with_any_single_substitution_is_refused() -> None:
    for position, right in enumerate(QR):
        for wrong in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567":
            if wrong != right:
                reason_of(decode_qr, QR[:position] + wrong + QR[position + 1 :])
