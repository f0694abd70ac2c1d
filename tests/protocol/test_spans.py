"""Long lists kept as stretches: whatever is done to them, they are the list they stand for."""

import random
from itertools import pairwise
from operator import eq

import pytest

from confedproto.spans import Spans


def test_spans_any_changes_equal_the_list() -> None:
    for seed in range(60):
        rng = random.Random(seed)
        spans: Spans[int] = Spans(same=eq)
        plain: list[int] = []
        for _ in range(rng.randrange(1, 80)):
            value, count = rng.randrange(3), rng.randrange(0, 6)
            match rng.randrange(5):
                case 0:
                    spans.append(value)
                    plain.append(value)
                case 1:
                    spans.repeat(value, count)
                    plain += [value] * count
                case 2:
                    spans.extend([value, 1, 1])
                    plain += [value, 1, 1]
                case 3 if plain:
                    at = rng.randrange(-len(plain), len(plain))
                    spans[at] = value
                    plain[at] = value
                case _:
                    start = rng.randrange(len(plain) + 1)
                    end = rng.randrange(start, len(plain) + 1)
                    spans.replace(start, end, value)
                    plain[start:end] = [value] * (end - start)
            start, end = sorted(rng.choices(range(len(plain) + 3), k=2))
            assert list(spans) == plain, seed
            assert len(spans) == len(plain)
            assert spans[start:end] == plain[start:end], seed
            assert spans[::2] == plain[::2]
            told = [value for one, stop, value in spans.spans(start, end) for _ in range(one, stop)]
            assert told == plain[start:end], seed
            rows = list(spans.spans())
            assert all(one[2] != two[2] for one, two in pairwise(rows)), seed
            assert all(spans[at] == plain[at] for at in range(-len(plain), len(plain)))


def test_spans_beyond_the_end_refused() -> None:
    spans = Spans("aab")
    with pytest.raises(IndexError):
        spans[3]
    with pytest.raises(IndexError):
        spans[-4]
    with pytest.raises(IndexError):
        spans[3] = "c"


def test_spans_a_million_alike_take_one_stretch() -> None:
    spans: Spans[str] = Spans()
    spans.repeat("x", 1_000_000)
    spans.replace(500_000, 500_001, "y")
    assert list(spans.spans()) == [
        (0, 500_000, "x"),
        (500_000, 500_001, "y"),
        (500_001, 1_000_000, "x"),
    ]
    spans[500_000] = "x"
    assert list(spans.spans()) == [(0, 1_000_000, "x")]
