"""Text forms: one accepted text for each value, and a named refusal for all the rest."""

import hashlib
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.limits import TEXT_FORM_MAX_CHARS
from confedproto.text import (
    TEXT_KINDS,
    CouncilUri,
    RecordUri,
    bech32m,
    decode_council,
    decode_fingerprint,
    decode_key,
    decode_network,
    decode_record,
    decode_secret,
    decode_text,
    decode_transport,
    encode_invitation,
    encode_key,
    encode_network,
    encode_record,
    encode_secret,
    encode_transport,
    encode_uri,
    fingerprint,
    fingerprint_matches,
)
from tests.support.texts import ARMORED, INVITATION, QR, SECRET, VALUE, ids, outcome, reason_of

SPECIFICATION = Path(__file__).parents[2] / "specs" / "12-text-forms.md"
FORMS: dict[str, tuple[Callable[[bytes], str], Callable[[str], bytes]]] = {
    "cfk": (encode_key, decode_key),
    "cfr": (encode_record, decode_record),
    "cfn": (encode_network, decode_network),
    "cft": (encode_transport, decode_transport),
    "cfs": (encode_secret, decode_secret),
}
forms = pytest.mark.parametrize("prefix", FORMS)
public_forms = pytest.mark.parametrize("prefix", [p for p in FORMS if p != "cfs"])


# --- ids, keys, secrets -------------------------------------------------------------------------


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


# --- fingerprints -------------------------------------------------------------------------------


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


# --- all of them --------------------------------------------------------------------------------


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
