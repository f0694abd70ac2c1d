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
