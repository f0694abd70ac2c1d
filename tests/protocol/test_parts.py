"""Files in several QR texts: any order, each fault named, nothing made of two files."""

import random

import pytest

from confedproto.bundle import render
from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.text import parts
from tests.support.worlds import four, granted


def reason_of(*texts: str) -> Reason:
    with pytest.raises(DecodeError) as caught:
        parts.join_parts(texts)
    return caught.value.reason


@pytest.mark.parametrize("length", [1, 699, 700, 701, 3_470, 99 * 700])
def test_parts_join_to_the_file_in_any_order(length: int) -> None:
    data = random.Random(length).randbytes(length)
    texts = parts.encode_parts(data)
    assert len(texts) == -(-length // 700)
    random.Random(1).shuffle(texts)
    assert parts.join_parts([*texts, texts[0]]) == data
    assert all(set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567:/") for text in texts)


def test_parts_of_nothing_or_too_much_are_refused() -> None:
    for data in (b"", bytes(99 * 700 + 1)):
        with pytest.raises(LocalProtocolError):
            parts.encode_parts(data)


def test_parts_with_a_fault_are_refused_by_name() -> None:
    one, two = parts.encode_parts(bytes(range(256)) * 4)
    other, _ = parts.encode_parts(bytes(1_400))
    assert reason_of(one) is Reason.TEXT_FIELD
    assert reason_of(other, two) is Reason.TEXT_FIELD
    assert reason_of(one, two[:-1] + ("A" if two[-1] != "A" else "B")) in (
        Reason.TEXT_CHECKSUM,
        Reason.TEXT_PADDING,
    )
    assert reason_of(one, two.lower()) is Reason.TEXT_SCHEME
    assert reason_of(one, two + "1") is Reason.TEXT_CHARACTER
    assert reason_of("CONFED:PART/") is Reason.TEXT_LENGTH
    assert reason_of("CONFED:PART/" + "A" * 5_000) is Reason.TEXT_LENGTH
    assert reason_of() is Reason.TEXT_FIELD


def test_every_wrong_character_of_a_part_is_noticed() -> None:
    (text,) = parts.encode_parts(b"a short file")
    for at in range(len(parts.SCHEME), len(text)):
        wrong = "A" if text[at] != "A" else "Q"
        with pytest.raises(DecodeError):
            parts.join_parts([text[:at] + wrong + text[at + 1 :]])


def test_answer_joins_pasted_parts() -> None:
    pasted = "\n".join(reversed(parts.encode_parts(granted().file))) + "\n"
    told = render.answer([("page", pasted.encode())], trust=[], at=four().now)
    assert told.exit_code == 0
    assert told.fields["id"] is not None
