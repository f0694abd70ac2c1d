"""Topologies: connected graphs, and a spread that loses nothing."""

import random
from pathlib import Path

import pytest

from tools import topology


@pytest.mark.parametrize("name", topology.TOPOLOGIES)
@pytest.mark.parametrize("count", [2, 9, 40])
def test_edges_connect_all_nodes(name: str, count: int) -> None:
    links = topology.edges(name, count, random.Random(1))
    reached, todo = {0}, [0]
    while todo:
        here = todo.pop()
        for one, other in links:
            if here in (one, other):
                there = one + other - here
                if there not in reached:
                    reached.add(there)
                    todo.append(there)
    assert reached == set(range(count))
    assert all(one != other for one, other in links)


def test_spread_reaches_all_live_nodes_with_one_copy_each(tmp_path: Path) -> None:
    found = topology.spread("random", 8, records=4, silent=0.25)
    assert 1.0 <= found.copies <= 1.1
    assert found.healed_s < 60
    assert found.curve[-1][1] == 1.0
    topology.plot(tmp_path / "x.svg", [("random", found)])
    assert (tmp_path / "x.svg").read_text("utf-8").startswith("<svg")


def test_same_seed_gives_the_same_spread() -> None:
    one, two = (topology.spread("line", 5, records=2, loss=0.02) for _ in range(2))
    assert (one.copies, one.bytes_per_node, one.last_s) == (
        two.copies,
        two.bytes_per_node,
        two.last_s,
    )


def test_large_network_spreads_the_speakers_logs_and_nobody_elses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(topology, "WHOLE_MAX", 10)
    found = topology.spread("line", 14, records=4)
    assert found.copies == 1.0
    assert found.healed_s < 60
    net = topology.Network("line", 14, seed=1, latency_ms=50)
    assert net.sleep_until_settled(60)
    first, far = net.nodes[0], net.nodes[13]
    speak = {node.engine.own for node in net.followed}
    assert speak <= set(far.engine.view.logs)
    assert (first.engine.own in far.engine.view.logs) == (first.engine.own in speak)


def test_nodes_that_the_silent_cut_off_are_not_waited_for() -> None:
    net = topology.Network("line", 9, seed=1, latency_ms=50)
    net.silence(0.25)
    names = [node.name for node in net.live()]
    numbers = [int(name[1:]) for name in names]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert all(node.up for node in net.live())


def test_silence_leaves_a_speaker_among_those_that_are_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(topology, "WHOLE_MAX", 10)
    net = topology.Network("line", 14, seed=56, latency_ms=50)
    net.silence(0.2)  # the longest part of this line has no speaker in it
    assert net.followed
    assert set(map(id, net.followed)) <= set(map(id, net.live()))
