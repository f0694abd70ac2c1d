"""Silent councils sign their heads again every day, and all who follow them hear of it (LOG-10)."""

import itertools

from confedproto.testing import SimNode, Simulator
from tests.sim.test_stories import Story

DAY_S = 86_400


def ages(sim: Simulator, nodes: list[SimNode]) -> int:
    """The age in seconds of the oldest head that anybody holds of anybody."""
    heads = [log.head for node in nodes for log in node.engine.view.logs.values()]
    return max(sim.now_s - head.time for head in heads if head is not None)


def line(count: int) -> tuple[Simulator, list[SimNode]]:
    sim = Simulator(6)
    nodes = [sim.add_council(f"C{number}") for number in range(count)]
    for one, other in itertools.pairwise(nodes):
        sim.link(one, other)
    sim.run(5)
    assert all(len(node.engine.view.logs) == count for node in nodes)
    return sim, nodes


def test_heads_of_silent_councils_are_never_a_day_old_anywhere() -> None:
    sim, nodes = line(4)
    sizes = [node.engine.view.logs[node.engine.own].tree.size for node in nodes]
    for _ in range(6):
        sim.run(DAY_S / 2)
        assert ages(sim, nodes) < DAY_S
    assert [node.engine.view.logs[node.engine.own].tree.size for node in nodes] == sizes
    assert not any(node.refused for node in nodes)


def test_head_signed_again_survives_a_restart_and_spreads_once() -> None:
    sim, nodes = line(3)
    sim.run(DAY_S)
    far = nodes[2]
    held = {log.id: log.head.time for log in far.engine.view.logs.values() if log.head}
    sim.kill(far)
    sim.restart(far)
    again = {log.id: log.head.time for log in far.engine.view.logs.values() if log.head}
    assert again == held
    before = [node.bytes_sent for node in nodes]
    sim.run(3_600)
    per_digest = [(node.bytes_sent - was) / 240 for node, was in zip(nodes, before, strict=True)]
    assert max(per_digest) < 60  # nobody echoes what he was told


def test_node_that_was_away_hears_of_its_peers_at_once() -> None:
    sim, nodes = line(2)
    a, b = nodes
    sim.kill(b)
    sim.run(3 * DAY_S)
    sim.restart(b)
    sim.run(40)
    head = b.engine.view.logs[a.engine.own].head
    assert head is not None
    assert sim.now_s - head.time < DAY_S


def test_witness_records_come_every_five_minutes_on_the_last_day_of_a_vote() -> None:
    hour = 3_600
    windows = Story(2).windows.__class__(
        discussion=0, notice=3, voting=3 * DAY_S, grace=hour, settle=hour, step=hour, witness=hour
    )
    story = Story(3, windows=windows)
    story.propose()
    story.open()
    early, late = story.nodes[1], story.nodes[2]
    story.sim.run(hour)

    def receipted_after(node: SimNode) -> float:
        began = story.sim.now
        story.say(node, "yes")
        log = node.engine.own
        size = node.engine.view.logs[log].tree.size
        asked = story.nodes[0]
        done = story.sim.run_until(
            lambda: any(line.size >= size for line in asked.engine.view.lines_of(log)),
            within_s=2 * hour,
        )
        assert done
        return (story.sim.now - began) / 1000

    story.sim.run(10)
    slow = max(receipted_after(early), 0)
    story.sim.run(windows.voting - 12 * hour)
    fast = receipted_after(late)
    assert slow <= hour + 60
    assert fast <= 330
