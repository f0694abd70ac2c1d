"""URIs and invitations: one text for each, and a named refusal for all the rest."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, RecordId, TransportKey
from confedproto.limits import ADDRESS_MAX_CHARS, INVITATION_MAX_CHARS, TIME_MAX_S
from confedproto.text import (
    CouncilUri,
    Invitation,
    RecordUri,
    bech32m,
    decode_invitation,
    decode_qr,
    decode_uri,
    encode_invitation,
    encode_key,
    encode_qr,
    encode_record,
    encode_uri,
)
from tests.support.texts import INVITATION, ONION, VALUE, ids, reason_of

addresses = st.sampled_from(
    ["127.0.0.1:1", "[2001:db8::7]:4711", "node.example.org:65535", f"{ONION}:4711"]
)
invitations = st.builds(
    Invitation,
    address=addresses,
    transport=ids.map(TransportKey),
    council=ids.map(CouncilId),
    token=st.binary(min_size=16, max_size=16),
    expires=st.integers(min_value=0, max_value=TIME_MAX_S - 1),
)
uris = (
    st.builds(RecordUri, record=ids.map(RecordId))
    | st.builds(CouncilUri, council=ids.map(CouncilId))
    | invitations
)


@given(uris)
def test_uri_round_trips_in_print_and_in_a_qr_symbol(
    uri: RecordUri | CouncilUri | Invitation,
) -> None:
    text = encode_uri(uri)
    assert text == text.lower()
    assert decode_uri(text) == uri
    assert encode_qr(uri) == text.upper()
    assert decode_qr(text.upper()) == uri
    assert re.fullmatch("[0-9A-Z $%*+./:-]+", text.upper()), "not QR alphanumeric"


def test_invitation_has_the_length_that_fits_a_letter() -> None:
    assert 150 <= len(encode_invitation(INVITATION)) <= 220
    longest = Invitation(
        address="a" * 63 + "." + "b" * 58 + ":65535",
        transport=INVITATION.transport,
        council=INVITATION.council,
        token=INVITATION.token,
        expires=INVITATION.expires,
    )
    assert len(longest.address) == ADDRESS_MAX_CHARS
    assert len(encode_invitation(longest)) <= INVITATION_MAX_CHARS
    assert decode_invitation(encode_invitation(longest)) == longest


def test_invitation_with_any_single_substitution_is_refused() -> None:
    text = encode_invitation(INVITATION)
    for position, right in enumerate(text):
        for wrong in "023456789acdefghjklmnpqrstuvwxyz1":
            if wrong != right:
                reason_of(decode_invitation, text[:position] + wrong + text[position + 1 :])


def test_invitation_in_print_keeps_its_token_to_itself() -> None:
    assert "token" not in repr(INVITATION)
    assert repr(INVITATION.token) not in repr(INVITATION)


def packed_invitation(packed: bytes) -> str:
    return "confed:invite/" + bech32m.encode("cfi", bech32m.to_groups(packed))


GOOD = b"\x01" + bytes(5) + b"\x22" * 32 + b"\x33" * 32 + b"\x44" * 16


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (packed_invitation(b""), Reason.TEXT_FIELD),
        (packed_invitation(GOOD[:-1]), Reason.TEXT_FIELD),
        (packed_invitation(b"\x02" + GOOD[1:] + b"a.org:80"), Reason.TEXT_FIELD),
        (packed_invitation(GOOD), Reason.ADDRESS_FORM),
        (packed_invitation(GOOD + b"127.1:80"), Reason.ADDRESS_FORM),
        (packed_invitation(GOOD + b"A.org:80"), Reason.ADDRESS_FORM),
        (packed_invitation(GOOD + b"\xc3\xa9.org:80"), Reason.ADDRESS_FORM),
        (packed_invitation(GOOD + b"a" * 400), Reason.TEXT_LENGTH),
        ("confed:invite/cfi1qqqqq", Reason.TEXT_LENGTH),
        ("confed:invite/", Reason.TEXT_PREFIX),
        ("confed:invite/" + encode_record(VALUE), Reason.TEXT_PREFIX),
        (encode_invitation(INVITATION).upper(), Reason.TEXT_CASE),
        (encode_invitation(INVITATION) + "?x=1", Reason.TEXT_CHARACTER),
        ("confed:invite/" + bech32m.encode("cfi", [0]), Reason.TEXT_PADDING),
        ("confed:record/" + encode_record(VALUE), Reason.TEXT_SCHEME),
    ],
)
def test_invitation_that_breaks_one_rule_is_refused_by_its_name(text: str, reason: Reason) -> None:
    assert reason_of(decode_invitation, text) is reason


@pytest.mark.parametrize(
    "change",
    [
        {"transport": b"x"},
        {"council": bytes(33)},
        {"token": bytes(15)},
        {"expires": -1},
        {"expires": TIME_MAX_S},
        {"address": "127.1:80"},
    ],
    ids=str,
)
def test_invitation_with_a_bad_field_is_not_encoded(change: dict[str, Any]) -> None:
    fields: dict[str, Any] = {
        "address": INVITATION.address,
        "transport": INVITATION.transport,
        "council": INVITATION.council,
        "token": INVITATION.token,
        "expires": INVITATION.expires,
    }
    with pytest.raises(LocalProtocolError, match=r"text-field|address-form"):
        encode_invitation(Invitation(**(fields | change)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.TEXT_SCHEME),
        ("confed:", Reason.TEXT_SCHEME),
        ("confed:member/cfr1", Reason.TEXT_SCHEME),
        ("confed://record/" + encode_record(VALUE), Reason.TEXT_SCHEME),
        ("https:record/" + encode_record(VALUE), Reason.TEXT_SCHEME),
        (" confed:record/" + encode_record(VALUE), Reason.TEXT_SCHEME),
        ("Confed:record/" + encode_record(VALUE), Reason.TEXT_CASE),
        ("confed:record/" + encode_key(VALUE), Reason.TEXT_PREFIX),
        ("confed:record/" + encode_record(VALUE) + "/", Reason.TEXT_LENGTH),
        ("confed:record/" + encode_record(VALUE)[:-1] + "%", Reason.TEXT_CHARACTER),
    ],
)
def test_uri_that_breaks_one_rule_is_refused_by_its_name(text: str, reason: Reason) -> None:
    assert reason_of(decode_uri, text) is reason
