"""The demo's link graph: sparse, connected, not to be cut by one node, reproducible."""

from collections import Counter
from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confednode.demo.graph import link_graph
from confednode.errors import ConfigError

Edges = list[tuple[str, str]]


def names(n: int) -> list[str]:
    return [f"U{i}" for i in range(n)]


def is_connected(units: Iterable[str], edges: Edges) -> bool:
    left = set(units)
    reached = {left.pop()}
    while True:
        more = {b for a, b in edges if a in reached} | {a for a, b in edges if b in reached}
        more &= left
        if not more:
            return not left
        left -= more
        reached |= more


sizes = st.integers(1, 60)
seeds = st.integers(0, 2**32)


def test_link_graph_smallest_sizes_are_as_expected() -> None:
    assert link_graph([], 1) == []
    assert link_graph(["A"], 1) == []
    assert link_graph(["B", "A"], 1) == [("B", "A")]
    assert link_graph(["A", "B", "C"], 1) == [("A", "B"), ("A", "C"), ("B", "C")]
    assert len(link_graph(names(4), 1)) == 4


@given(sizes, seeds)
def test_link_graph_any_size_is_connected_and_simple(n: int, seed: int) -> None:
    edges = link_graph(names(n), seed)
    assert is_connected(names(n), edges)
    assert all(a != b for a, b in edges)
    assert len({frozenset(edge) for edge in edges}) == len(edges)


@given(st.integers(3, 30), seeds)
def test_link_graph_without_any_one_node_is_still_connected(n: int, seed: int) -> None:
    edges = link_graph(names(n), seed)
    for gone in names(n):
        rest = [unit for unit in names(n) if unit != gone]
        assert is_connected(rest, [edge for edge in edges if gone not in edge])


@given(st.integers(4, 60), seeds, st.integers(2, 8))
def test_link_graph_no_node_is_linked_to_all(n: int, seed: int, degree: int) -> None:
    links = Counter(unit for edge in link_graph(names(n), seed, degree) for unit in edge)
    assert max(links.values()) <= min(degree, n - 2)


@given(st.integers(8, 60), seeds)
def test_link_graph_degree_is_about_four(n: int, seed: int) -> None:
    # Those that stay below four are all linked to each other: at most three of them.
    edges = link_graph(names(n), seed)
    assert 2 * n - 3 <= len(edges) <= 2 * n


@given(sizes, seeds, st.randoms(use_true_random=False))
def test_link_graph_hangs_on_seed_and_names_only(n: int, seed: int, random: Random) -> None:
    shuffled = names(n)
    random.shuffle(shuffled)
    expected = {frozenset(edge) for edge in link_graph(names(n), seed)}
    assert {frozenset(edge) for edge in link_graph(shuffled, seed)} == expected


def test_link_graph_pinned_example_never_changes() -> None:
    assert link_graph(names(6), 7) == [
        ("U0", "U1"),
        ("U0", "U4"),
        ("U0", "U5"),
        ("U1", "U2"),
        ("U1", "U3"),
        ("U1", "U4"),
        ("U2", "U3"),
        ("U2", "U4"),
        ("U2", "U5"),
        ("U3", "U4"),
        ("U3", "U5"),
    ]


def test_link_graph_other_seed_gives_another_graph() -> None:
    graphs = {tuple(link_graph(names(26), seed)) for seed in range(20)}
    assert len(graphs) == 20


@pytest.mark.parametrize(("units", "degree"), [(["A", "A"], 4), (["A", "B"], 1)])
def test_link_graph_unusable_arguments_are_refused(units: list[str], degree: int) -> None:
    with pytest.raises(ConfigError):
        link_graph(units, 1, degree)
