"""Who links to whom in the demo: sparse, random, and the same for the same seed."""

import hashlib
from collections.abc import Sequence
from itertools import combinations
from typing import Final

from confednode.errors import ConfigError, NodeReason

DEGREE_MIN: Final = 2  # links; a ring, the least that stands the loss of any one node


def link_graph(units: Sequence[str], seed: int, degree: int = 4) -> list[tuple[str, str]]:
    """Links between `units`: each pair once, both its names and the list in their order.

    A random ring, which stays connected after the loss of any one node, and random chords
    until no two nodes with fewer than `degree` links are left apart. No node has more than
    `degree` links, and with 4 units or more none is linked to all others. The ranks come from
    SHA-256 over the seed and the names, so that the graph hangs neither on the order of
    `units` nor on the version of Python.

    Raises ConfigError for a degree below DEGREE_MIN or a name that is there twice.
    """
    if degree < DEGREE_MIN or len(set(units)) != len(units):
        raise ConfigError(
            NodeReason.CONFIG_INVALID, f"a link graph needs degree {DEGREE_MIN} and unlike names"
        )
    position = {unit: index for index, unit in enumerate(units)}
    ring = sorted(units, key=lambda unit: _rank(seed, "ring", unit))
    edges = {_pair(a, b) for a, b in zip(ring, ring[1:] + ring[:1], strict=True) if a != b}
    links = {unit: sum(unit in edge for edge in edges) for unit in units}
    most = min(degree, max(len(units) - 2, DEGREE_MIN))
    chords = {_pair(a, b) for a, b in combinations(units, 2)} - edges
    for a, b in sorted(chords, key=lambda chord: _rank(seed, "chord", *chord)):
        if links[a] < most and links[b] < most:
            edges.add((a, b))
            links[a] += 1
            links[b] += 1
    ordered = sorted(sorted((position[a], position[b])) for a, b in edges)
    return [(units[first], units[second]) for first, second in ordered]


def _pair(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _rank(seed: int, *parts: str) -> bytes:
    # A NUL cannot be in a name, so no two lists of parts give the same bytes.
    return hashlib.sha256("\0".join((str(seed), *parts)).encode()).digest()
