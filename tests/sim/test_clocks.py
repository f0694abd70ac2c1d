"""Nodes whose clocks are wrong still sync: at once within an hour, else when the time has come."""

from typing import Final

import pytest

from confedproto import record
from confedproto.bodies.statement import Statement
from confedproto.drafts import Draft
from confedproto.testing import SimNode, Simulator

MINUTE_MS: Final = 60_000


def pair(one: int, other: int) -> tuple[Simulator, SimNode, SimNode]:
    """Two linked nodes whose clocks are this many minutes ahead."""
    sim = Simulator(4)
    a, b = sim.add_council("A"), sim.add_council("B")
    a.skew_ms, b.skew_ms = one * MINUTE_MS, other * MINUTE_MS
    sim.link(a, b)
    return sim, a, b


def say(sim: Simulator, node: SimNode, text: str) -> None:
    payload = record.build_payload(
        kind="statement",
        council=node.council,
        charter=1,
        time=sim.now_s,
        body=Statement(text=text),
    )
    sim.submit(node, Draft(payload=payload))


def equal(a: SimNode, b: SimNode) -> bool:
    def sizes(node: SimNode) -> dict[bytes, int]:
        logs = node.engine.view.logs.values()
        return {log.id: log.head.size for log in logs if log.head is not None}

    return sizes(a) == sizes(b) and len(sizes(a)) == 2


@pytest.mark.parametrize(("one", "other"), [(0, -50), (50, 0), (29, -29)])
def test_clocks_less_than_an_hour_apart_make_no_difference(one: int, other: int) -> None:
    sim, a, b = pair(one, other)
    assert sim.run_until(lambda: equal(a, b), within_s=5)
    for number in range(5):
        say(sim, a, f"a {number}")
        say(sim, b, f"b {number}")
        assert sim.run_until(lambda: equal(a, b), within_s=5)
    assert not a.refused
    assert not b.refused


def test_node_whose_clock_is_three_hours_ahead_is_heard_late_and_hears_at_once() -> None:
    sim, a, b = pair(0, 0)
    sim.run(10)
    a.skew_ms = 180 * MINUTE_MS
    say(sim, b, "said on time")
    sim.run(10)
    assert b.engine.own in a.engine.view.logs
    log = a.engine.view.logs[b.engine.own]
    assert log.tree.size == b.engine.view.logs[b.engine.own].tree.size
    for hour in range(6):  # it goes on talking, so that its newest head is always ahead
        say(sim, a, f"hour {hour}")
        sim.run(3_600)
    held = b.engine.view.logs[a.engine.own]
    assert held.tree.size >= a.engine.view.logs[a.engine.own].tree.size - 4
    sim.run(3 * 3_600)
    assert equal(a, b)
    assert len(b.refused) < 20  # a word for each run that was held, no hammering
