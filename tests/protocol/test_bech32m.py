"""Bech32m, as BIP 350 has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confedproto.errors import DecodeError, Reason
from confedproto.text import bech32m
from tests.support.texts import reason_of

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
