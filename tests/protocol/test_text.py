"""Text forms: one accepted text for each value, and a named refusal for all the rest."""

import base64
import hashlib
import re
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.ids import CouncilId, RecordId, TransportKey
from confedproto.limits import (
    ADDRESS_MAX_CHARS,
    ARMOR_MAX_BYTES,
    INVITATION_MAX_CHARS,
    QR_MAX_CHARS,
    TEXT_FORM_MAX_CHARS,
    TIME_MAX_S,
)
from confedproto.text import (
    TEXT_KINDS,
    AddressForm,
    Armor,
    ArmorLabel,
    CouncilUri,
    Invitation,
    QrData,
    QrKind,
    RecordUri,
    bech32m,
    decode_armor,
    decode_council,
    decode_fingerprint,
    decode_invitation,
    decode_key,
    decode_network,
    decode_qr,
    decode_record,
    decode_secret,
    decode_text,
    decode_transport,
    decode_uri,
    encode_armor,
    encode_invitation,
    encode_key,
    encode_network,
    encode_qr,
    encode_record,
    encode_secret,
    encode_transport,
    encode_uri,
    fingerprint,
    fingerprint_matches,
    parse_address,
)

SPECIFICATION = Path(__file__).parents[2] / "specs" / "12-text-forms.md"
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
FORMS: dict[str, tuple[Callable[[bytes], str], Callable[[str], bytes]]] = {
    "cfk": (encode_key, decode_key),
    "cfr": (encode_record, decode_record),
    "cfn": (encode_network, decode_network),
    "cft": (encode_transport, decode_transport),
    "cfs": (encode_secret, decode_secret),
}
forms = pytest.mark.parametrize("prefix", FORMS)
public_forms = pytest.mark.parametrize("prefix", [p for p in FORMS if p != "cfs"])
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


# --- Bech32m as published ---------------------------------------------------------------

BIP350_VALID = [
    "a1lqfn3a",
    "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
    "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
    "1" + "1" + "l" * 82 + "ludsr8",
    "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
    "?1v759aa",
]
BIP350_INVALID = {
    "y1b0jsk6g": Reason.TEXT_CHARACTER,
    "lt1igcx5c0": Reason.TEXT_CHARACTER,
    "in1muywd": Reason.TEXT_LENGTH,
    "mm1crxm3i": Reason.TEXT_CHARACTER,
    "au1s5cgom": Reason.TEXT_CHARACTER,
    "m1vuxwez": Reason.TEXT_CHECKSUM,
    "a12uel5l": Reason.TEXT_CHECKSUM,  # Bech32 of BIP-173, not Bech32m
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w": Reason.TEXT_CHECKSUM,
}


@pytest.mark.parametrize("text", BIP350_VALID)
def test_bech32m_of_published_valid_vector_round_trips(text: str) -> None:
    prefix = text.rpartition("1")[0]
    assert bech32m.encode(prefix, bech32m.decode(prefix, text)) == text


@pytest.mark.parametrize("text", BIP350_INVALID)
def test_bech32m_of_published_invalid_vector_is_refused(text: str) -> None:
    prefix = text.rpartition("1")[0]
    assert reason_of(lambda t: bech32m.decode(prefix, t), text) is BIP350_INVALID[text]


def test_bech32m_of_published_address_gives_its_program() -> None:
    groups = bech32m.decode("bc", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0")
    assert groups[0] == 1
    program = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    assert bech32m.from_groups(groups[1:]).hex() == program


@pytest.mark.parametrize(
    "text",
    [
        "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j",  # bits set
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",  # five bits or more
    ],
)
def test_bech32m_of_published_bad_padding_is_refused(text: str) -> None:
    groups = bech32m.decode(text[:2], text)
    with pytest.raises(DecodeError, match="text-padding"):
        bech32m.from_groups(groups[1:])


@given(st.binary(max_size=200))
def test_groups_round_trip(data: bytes) -> None:
    groups = bech32m.to_groups(data)
    assert bech32m.from_groups(groups) == data
    assert all(0 <= group < 32 for group in groups)


# --- ids, keys, secrets -----------------------------------------------------------------


@forms
@given(value=ids)
def test_id_round_trips(prefix: str, value: bytes) -> None:
    encode, decode = FORMS[prefix]
    text = encode(value)
    assert re.fullmatch(prefix + "1[02-9ac-hj-np-z]{58}", text)
    assert decode(text) == value


@forms
@pytest.mark.parametrize("length", [0, 31, 33])
def test_id_of_another_length_is_not_encoded(prefix: str, length: int) -> None:
    with pytest.raises(LocalProtocolError, match="text-length"):
        FORMS[prefix][0](bytes(length))


@forms
def test_id_with_any_single_substitution_is_refused(prefix: str) -> None:
    encode, decode = FORMS[prefix]
    text = encode(VALUE)
    for position, right in enumerate(text):
        for wrong in "023456789acdefghjklmnpqrstuvwxyz1bioQ -é\u0441":
            if wrong != right:
                reason_of(decode, text[:position] + wrong + text[position + 1 :])


@forms
def test_id_with_two_neighbours_swapped_is_refused(prefix: str) -> None:
    encode, decode = FORMS[prefix]
    text = encode(VALUE)
    for at in range(len(text) - 1):
        swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        if swapped != text:
            reason_of(decode, swapped)


def with_padding_bit(prefix: str) -> str:
    groups = bech32m.to_groups(VALUE)
    return bech32m.encode(prefix, [*groups[:-1], groups[-1] | 1])


@forms
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: "", Reason.TEXT_LENGTH),
        (lambda text: text[:-1], Reason.TEXT_LENGTH),
        (lambda text: text + "q", Reason.TEXT_LENGTH),
        (lambda text: text + "\n", Reason.TEXT_LENGTH),
        (lambda text: text + "q" * TEXT_FORM_MAX_CHARS, Reason.TEXT_LENGTH),
        (lambda text: text.upper(), Reason.TEXT_CASE),
        (lambda text: text[:4] + text[4:].upper(), Reason.TEXT_CASE),
        (lambda text: "cfx1" + text[4:], Reason.TEXT_PREFIX),
        (lambda text: text[:20] + "b" + text[21:], Reason.TEXT_CHARACTER),
        (lambda text: text[:20] + "i" + text[21:], Reason.TEXT_CHARACTER),
        (lambda text: text[:20] + "1" + text[21:], Reason.TEXT_CHARACTER),
        (lambda text: text[:20] + "\u0430" + text[21:], Reason.TEXT_CHARACTER),
        (lambda text: text[:20] + "\ud800" + text[21:], Reason.TEXT_CHARACTER),
        (
            lambda text: text[:20] + ("q" if text[20] != "q" else "p") + text[21:],
            Reason.TEXT_CHECKSUM,
        ),
        (lambda text: with_padding_bit(text[:3]), Reason.TEXT_PADDING),
    ],
)
def test_id_that_breaks_one_rule_is_refused_by_its_name(
    prefix: str, change: Callable[[str], str], reason: Reason
) -> None:
    encode, decode = FORMS[prefix]
    assert reason_of(decode, change(encode(VALUE))) is reason


@public_forms
def test_id_of_another_kind_is_refused_by_prefix(prefix: str) -> None:
    for other, (encode, _) in FORMS.items():
        if other not in (prefix, "cfs"):
            assert reason_of(FORMS[prefix][1], encode(VALUE)) is Reason.TEXT_PREFIX
    assert reason_of(decode_secret, FORMS[prefix][0](VALUE)) is Reason.TEXT_PREFIX


@pytest.mark.parametrize("kind", TEXT_KINDS)
@pytest.mark.parametrize(
    "text", [SECRET, SECRET.upper(), SECRET[:30], "Cfs1", SECRET + "\n"], ids=range(5)
)
def test_secret_key_is_refused_by_every_other_decoder(kind: str, text: str) -> None:
    assert reason_of(partial(decode_text, kind), text) is Reason.TEXT_SECRET


@pytest.mark.parametrize("start", ["confed:", "confed:record/", "CONFED:RECORD/", "confed:invite/"])
def test_secret_key_inside_a_uri_is_refused(start: str) -> None:
    for kind in ("uri", "invitation", "qr"):
        assert reason_of(partial(decode_text, kind), start + SECRET) is Reason.TEXT_SECRET


def test_council_is_written_as_a_record() -> None:
    assert decode_council(encode_record(VALUE)) == VALUE


# --- fingerprints -----------------------------------------------------------------------


@given(ids)
def test_fingerprint_is_thirty_digits_of_the_tagged_hash(value: bytes) -> None:
    digest = hashlib.sha256(b"confed fingerprint 1\0" + value).digest()
    number = [str(int(digest[5 * i : 5 * i + 5].hex(), 16))[-5:].rjust(5, "0") for i in range(6)]
    assert fingerprint(value) == " ".join(number)
    assert decode_fingerprint(fingerprint(value)) == "".join(number)
    assert fingerprint_matches(fingerprint(value), value)
    assert not fingerprint_matches(fingerprint(value), hashlib.sha256(value).digest())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "123456789012345678901234567890",
        "12345 67890 12345 67890 12345",
        "12345 67890 12345 67890 12345 67890 12345",
        "12345  67890 12345 67890 12345 67890",
        "12345-67890-12345-67890-12345-67890",
        " 12345 67890 12345 67890 12345 67890",
        "12345 67890 12345 67890 12345 67890\n",
        "12345 67890 12345 67890 12345 6789O",
        "12345 67890 12345 67890 12345 6789\u0660",
        "12345 67890 12345 67890 12345 6789\u00b2",
        "12345\u00a067890 12345 67890 12345 67890",
        "1234 567890 12345 67890 12345 67890",
    ],
)
def test_fingerprint_in_another_form_is_refused(text: str) -> None:
    assert reason_of(decode_fingerprint, text) is Reason.FINGERPRINT_FORM


# --- addresses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "form", "host", "port"),
    [
        ("node.example.org:4711", AddressForm.NAME, "node.example.org", 4711),
        ("localhost:1", AddressForm.NAME, "localhost", 1),
        ("xn--bcher-kva.example:65535", AddressForm.NAME, "xn--bcher-kva.example", 65535),
        ("1and1.example:80", AddressForm.NAME, "1and1.example", 80),
        ("a" * 63 + ".org:80", AddressForm.NAME, "a" * 63 + ".org", 80),
        ("127.0.0.1:4711", AddressForm.IPV4, "127.0.0.1", 4711),
        ("0.0.0.0:4711", AddressForm.IPV4, "0.0.0.0", 4711),
        ("255.255.255.255:9", AddressForm.IPV4, "255.255.255.255", 9),
        ("[::1]:4711", AddressForm.IPV6, "::1", 4711),
        ("[2001:db8::7]:4711", AddressForm.IPV6, "2001:db8::7", 4711),
        ("[2001:db8:0:1:1:1:1:1]:80", AddressForm.IPV6, "2001:db8:0:1:1:1:1:1", 80),
        (f"{ONION}:4711", AddressForm.ONION, ONION, 4711),
    ],
)
def test_address_of_each_form_is_parsed(text: str, form: AddressForm, host: str, port: int) -> None:
    address = parse_address(text)
    assert (address.form, address.host, address.port) == (form, host, port)
    assert address.text == text


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", ":80", "host", "host:", "host:0", "host:65536", "host:080", "host:+80"),
        *("host: 80", " host:80", "host:80 ", "host:80\n", "host:\u0668\u0660", "host:99999999"),
        *("127.1:80", "127.0.1:80", "2130706433:80", "0x7f.1:80", "0x7f000001:80", "0177.0.0.1:80"),
        *("127.0.0.01:80", "127.0.0.1.:80", "256.0.0.1:80", "1.2.3.4.5:80", "1.2.3.0x4:80"),
        *("host.0x7f:80", "host.1:80", "1.2.3.\u0664:80", "\uff11.2.3.4:80", "1.2.3:80"),
        *("Host:80", "host.:80", ".host:80", "a..b:80", "-a.org:80", "a-.org:80", "a_b.org:80"),
        *(
            "h\u00f6st.org:80",
            "\u0430.org:80",
            "a\u3002b:80",
            "user@host:80",
            "host/x:80",
            "h%61:80",
        ),
        *("a" * 64 + ".org:80", "a." * 70 + "org:80", "a:b:80", "::1:80", "host:80:80"),
        *("[::1]", "[::1]80", "[::1:80", "::1]:80", "[]:80", "[::1%eth0]:80", "[::01]:80"),
        *("[0:0:0:0:0:0:0:1]:80", "[::FFFF:1]:80", "[2001:DB8::1]:80", "[2001:db8::1:0:0:0]:80"),
        *("[::ffff:127.0.0.1]:80", "[::ffff:7f00:1]:80", "[::127.0.0.1]:80", "[1::2::3]:80"),
        *("[:::]:80", "[12345::]:80", "[127.0.0.1]:80", "[host]:80", "[[::1]]:80"),
        *("short.onion:80", f"www.{ONION}:80", f"{ONION[:55]}a.onion:80", f"a{ONION}:80"),
        *(ONION.upper() + ":80", ONION.replace("a", "1", 1) + ":80", "x.onion.:80"),
    ],
)
def test_address_in_another_form_is_refused(text: str) -> None:
    assert reason_of(parse_address, text) is Reason.ADDRESS_FORM


@settings(max_examples=300)
@given(st.text(alphabet="0123456789abcdefx.:[]-n\u0661", max_size=24) | st.text(max_size=150))
@example("[" + "0:" * 60 + "]:1")
def test_address_of_any_text_is_itself_or_refused(text: str) -> None:
    assert outcome(lambda t: parse_address(t).text, text) in (text, Reason.ADDRESS_FORM)
    if len(text) > ADDRESS_MAX_CHARS:
        assert reason_of(parse_address, text) is Reason.ADDRESS_FORM


# --- URIs and invitations ---------------------------------------------------------------

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


# --- armor ------------------------------------------------------------------------------


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


ARMORED = encode_armor(Armor(label=ArmorLabel.RECORD, data=bytes(100)))  # 64, 64 and 8 columns


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


# --- QR text ----------------------------------------------------------------------------


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


QR = encode_qr(QrData(kind=QrKind.BUNDLE, data=b"a bundle"))  # 12 bytes, 20 characters, 4 bits


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


# --- all of them ------------------------------------------------------------------------

EXAMPLES: dict[str, tuple[str, Any]] = {
    "key": (encode_key(VALUE), VALUE),
    "record": (encode_record(VALUE), VALUE),
    "network": (encode_network(VALUE), VALUE),
    "transport": (encode_transport(VALUE), VALUE),
    "fingerprint": ("12345 67890 12345 67890 12345 67890", "1234567890" * 3),
    "uri": (encode_uri(RecordUri(record=RecordId(VALUE))), {"type": "record", "id": VALUE}),
    "invitation": (
        encode_invitation(INVITATION),
        {
            "type": "invite",
            "address": "192.0.2.7:4711",
            "transport": b"\x22" * 32,
            "council": b"\x33" * 32,
            "token": b"\x44" * 16,
            "expires": 1_800_000_000,
        },
    ),
    "armor": (ARMORED, {"type": "RECORD", "data": bytes(100)}),
    "qr": (QR, {"type": "BUNDLE", "data": b"a bundle"}),
}


@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_decode_text_of_each_kind_gives_its_value(kind: str) -> None:
    text, value = EXAMPLES[kind]
    assert decode_text(kind, text) == value


def test_decode_text_of_council_uri_names_it() -> None:
    text = encode_uri(CouncilUri(council=CouncilId(VALUE)))
    assert decode_text("uri", text) == {"type": "council", "id": VALUE}
    assert decode_text("qr", text.upper()) == {"type": "council", "id": VALUE}


def test_decode_text_of_unknown_kind_is_the_callers_error() -> None:
    with pytest.raises(LocalProtocolError, match="bad-request"):
        decode_text("poem", "")


@settings(max_examples=200)
@given(
    st.sampled_from(TEXT_KINDS),
    st.text(max_size=80),
    st.integers(min_value=0, max_value=240),
    st.integers(min_value=0, max_value=240),
)
def test_decode_text_of_anything_gives_a_value_or_a_named_refusal(
    kind: str, noise: str, start: int, end: int
) -> None:
    valid = EXAMPLES[kind][0]
    for text in (noise, valid[:start] + noise + valid[end:]):
        result = outcome(partial(decode_text, kind), text)
        if isinstance(result, Reason):
            assert result.startswith(("text-", "armor-", "fingerprint-", "address-"))
        else:
            assert text == valid or result != EXAMPLES[kind][1], "two texts for one value"


def test_examples_of_the_specification_decode_and_no_kind_is_missing() -> None:
    rows = re.findall(r"^\| ([a-z]+) \| `([^`]+)` \|$", SPECIFICATION.read_text(), re.MULTILINE)
    assert {kind for kind, _ in rows} == set(TEXT_KINDS) - {"armor"}
    for kind, text in rows:
        decode_text(kind, text)
    (armor,) = re.findall(
        r"^(-----BEGIN.*?-----END [^\n]*\n)", SPECIFICATION.read_text(), re.M | re.S
    )
    assert decode_text("armor", armor) == {"type": "RECORD", "data": bytes(range(60))}
