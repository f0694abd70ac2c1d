"""The largest hostile inputs are refused without much memory or time (LIM-1)."""

import pytest

from confedproto import codec
from confedproto.errors import ConfedError
from tools.bench import hostile

INPUTS = dict(hostile.inputs())


@pytest.mark.parametrize("parser", hostile.PARSERS)
def test_parser_refuses_64_kib_within_5_mb_and_50_ms(parser: str) -> None:
    for what, data in INPUTS.items():
        peak, taken_s = hostile.refuse(hostile.PARSERS[parser], data)
        assert peak < 5_000_000, what
        for _ in range(3):  # CPU time is more on a busy machine
            if taken_s >= 0.05:
                _, taken_s = hostile.refuse(hostile.PARSERS[parser], data)
        assert taken_s < 0.05, what


def test_hostile_inputs_are_refused_by_all_but_a_few() -> None:
    """Else the benchmark would measure how fast good input is taken."""
    taken: set[str] = set()
    for name, parser in hostile.PARSERS.items():
        for what, data in INPUTS.items():
            try:
                parser(data)
            except ConfedError:
                continue
            taken.add(f"{name}, {what}")
    assert taken == set()


def test_decode_of_ever_new_keys_keeps_a_bounded_list() -> None:
    for number in range(2_000):
        codec.decode(codec.encode({f"k{number}": 1, f"z{number}": 2}))
    assert len(codec._good_keys) <= 256
    assert codec.decode(codec.encode({"k0": 1})) == {"k0": 1}


def test_decode_never_remembers_bad_keys() -> None:
    for raw in (b"\x81\xa1A\x00", b"\x82\xa1b\x00\xa1a\x00", b"\x81\xd9\x20" + b"k" * 32 + b"\x00"):
        for _ in range(2):
            with pytest.raises(ConfedError):
                codec.decode(raw)
    assert not {("A",), ("b", "a"), ("k" * 32,)} & codec._good_keys
