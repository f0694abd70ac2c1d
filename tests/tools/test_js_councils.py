"""Councils in JavaScript: random histories stand there as they stand in Python, leaf by leaf."""

import json
import random
from typing import Any

import pytest

from confedproto import testee
from tests.support.histories import NETWORK, History, Regretted
from tests.tools.test_js import answers
from tools.js.find_node import find_node

HISTORIES = 60


def request(seed: int, kind: type[History] = History) -> dict[str, Any]:
    """All logs of a random history, in some order, as the driver's operation asks for them."""
    history = kind(seed)
    books = history.logs()
    random.Random(seed).shuffle(books)
    logs = [
        {
            "council": book.council.hex(),
            "key": book.key.public.hex(),
            "leaves": [
                leaf.envelope.hex() if leaf.part is None else [leaf.envelope.hex(), leaf.part.hex()]
                for leaf in book.leaves
            ],
        }
        for book in books
    ]
    return {
        "id": str(seed),
        "op": "council",
        "net": NETWORK.hex(),
        "council": history.council.hex(),
        "logs": logs,
        "now": history.time,
    }


@pytest.mark.parametrize("block", range(2))
def test_random_histories_stand_in_javascript_as_in_python(block: int) -> None:
    node = find_node()
    assert node is not None, "the test lock brings a Node"
    asked = [json.dumps(request(block * 1_000 + number)) for number in range(HISTORIES // 2)]
    told = [json.loads(line) for line in answers(node, asked)]
    assert told == [testee.answer(line) for line in asked]
    assert sum(bool(one["refused"]) for one in told) > HISTORIES // 4
    assert len({one["state"] for one in told}) > 2


def test_histories_with_retired_keyholders_stand_in_javascript_as_in_python() -> None:
    node = find_node()
    assert node is not None
    asked = [json.dumps(request(number, Regretted)) for number in range(HISTORIES)]
    told = [json.loads(line) for line in answers(node, asked)]
    assert told == [testee.answer(line) for line in asked]
    assert {"active", "node-fork"} <= {one["state"] for one in told}


@pytest.mark.parametrize(
    "change",
    [
        {"council": "00"},
        {"council": "00" * 32},
        {"now": -1},
        {"now": True},
        {"logs": {}},
        {"logs": [1]},
        {"logs": [{"council": "00" * 32, "key": "00" * 32}]},
        {"logs": [{"council": "00" * 32, "key": "00" * 31, "leaves": []}]},
        {"logs": [{"council": "00" * 32, "key": "00" * 32, "leaves": [["00"]]}]},
        {"logs": [{"council": "00" * 32, "key": "00" * 32, "leaves": [["00", "00", "00"]]}]},
        {"logs": [{"council": "00" * 32, "key": "00" * 32, "leaves": ["00", ["00", "00"]]}]},
    ],
    ids=str,
)
def test_request_that_is_none_is_refused_alike(change: dict[str, Any]) -> None:
    node = find_node()
    assert node is not None
    line = json.dumps({**request(1), **change})
    (told,) = (json.loads(answer) for answer in answers(node, [line]))
    assert told == testee.answer(line)
    assert told["ok"] is False
