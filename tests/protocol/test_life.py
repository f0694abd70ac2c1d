"""The life of a council as a table: every state with every event, and its picture."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from confedproto import record
from confedproto.bodies.charter import Charter, threshold_fault
from confedproto.bodies.second import Second
from confedproto.errors import Reason
from confedproto.ids import CouncilId, network_id
from confedproto.keys import SigningKey
from confedproto.rules.authority import Authority
from confedproto.rules.life import LIFE, REFUSALS, Event, State, step
from tools import draw_states

SPEC = Path(__file__).resolve().parents[2] / "specs" / "04-councils.md"
NETWORK = network_id("life")
KEYS = sorted((SigningKey(bytes([n]) * 32) for n in range(1, 10)), key=lambda k: k.public)
LEGAL = [(m, n) for n in range(1, 10) for m in range(n + 2) if threshold_fault(m, n) is None]


def test_every_state_answers_every_event() -> None:
    for state in State:
        for event in Event:
            after = step(state, event)
            assert after is LIFE[state, event] if (state, event) in LIFE else REFUSALS[state]


def test_every_state_can_be_reached_and_left() -> None:
    reached, again = {State.UNKNOWN}, True
    while again:
        more = {after for (state, _), after in LIFE.items() if state in reached} - reached
        reached |= more
        again = bool(more)
    assert reached == set(State)
    for state in State:
        assert any(after is not state for (before, _), after in LIFE.items() if before is state)


def test_forks_are_left_by_their_repair_alone() -> None:
    ways = {
        State.CHARTER_FORK: {Event.CHARTER_REPAIR},
        State.NODE_FORK: {Event.NODE_REPAIR},
        State.LOG_FORK: {Event.REPLACEMENT},
    }
    for state, events in ways.items():
        assert {event for before, event in LIFE if before is state} == events


def test_picture_in_the_specification_is_the_table() -> None:
    content = SPEC.read_text("utf-8")
    assert draw_states.regenerate(content) == content, "run tools/draw_states.py"


# --- every threshold, every set of signers --------------------------------------------------------


def test_legal_thresholds_are_these() -> None:
    by_count = {n: [m for m, count in LEGAL if count == n] for n in range(1, 10)}
    assert by_count == {
        1: [1],
        2: [],
        3: [2],
        4: [3],
        5: [3, 4],
        6: [4, 5],
        7: [4, 5, 6],
        8: [5, 6, 7],
        9: [5, 6, 7, 8],
    }
    for n in range(1, 33):
        for m in (-1, 0, n + 1):
            wanted = Reason.THRESHOLD_TWO if n == 2 else Reason.THRESHOLD_RANGE
            assert threshold_fault(m, n) is wanted


def subsets(payload: bytes, keys: list[SigningKey]) -> Iterator[tuple[int, record.VerifiedRecord]]:
    """The record with every set of signers but the empty one."""
    rows = [record.sign(NETWORK, payload, key) for key in keys]
    for count in range(1, len(rows) + 1):
        for chosen in combinations(rows, count):
            yield count, record.open(NETWORK, record.assemble(payload, chosen))


@pytest.mark.parametrize(("m", "n"), LEGAL)
def test_every_set_of_signers_is_counted(m: int, n: int) -> None:
    keys = KEYS[:n]
    body = Charter(name="C", threshold=m, keys=tuple(key.public for key in keys))
    first = record.build_payload(kind="charter", council=None, charter=0, time=1, body=body)
    for count, item in subsets(first, keys):
        wanted = None if count >= m else Reason.THRESHOLD_MISSING
        assert Authority(NETWORK).admit(item) is wanted
    whole = record.assemble(first, [record.sign(NETWORK, first, key) for key in keys])
    authority = Authority(NETWORK)
    assert authority.admit(record.open(NETWORK, whole)) is None
    council = authority.council or CouncilId(bytes(32))
    said = record.build_payload(
        kind="second", council=council, charter=1, time=1, body=Second(), subject=bytes(32)
    )
    for count, item in subsets(said, keys):
        assert authority.judge(item) is (None if count >= m else Reason.THRESHOLD_MISSING)
