"""What is recorded while two nodes greet each other is news to both, at once."""

import pytest

from confedproto.testing import Simulator, seeded_key


@pytest.mark.parametrize("delay_s", [0.0, 0.005, 0.015, 0.025])
@pytest.mark.parametrize("side", [0, 1], ids=["host", "guest"])
def test_record_during_the_greeting_of_a_link_is_announced_when_it_opens(
    side: int, delay_s: float
) -> None:
    sim = Simulator(1)
    nodes = sim.add_council("host"), sim.add_council("guest")
    sim.link(*nodes, latency_ms=20)
    sim.run(5)
    sim.cut(*nodes)
    sim.run(1)
    sim.heal(*nodes)
    sim.run(delay_s)
    author, other = nodes[side], nodes[1 - side]
    draft = sim.desk(author).invite(seeded_key(sim.rng).public, sim.now_s + 100)
    sim.submit(author, draft)
    sim.run(1)  # the next digest is half a minute away
    own = author.engine.own
    assert other.engine.view.logs[own].tree.size == author.engine.view.logs[own].tree.size
