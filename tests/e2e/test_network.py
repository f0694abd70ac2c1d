"""Eight real processes in a line and in a ring, with kills and cuts; a catch-up that is cut often.

What one node's council says reaches all others, every partition heals by itself, and what is on
the disk is not fetched again.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.bench import nodes
from tools.bench.proxy import Proxy

WITHIN_S = 120.0
NODES = 8


class Net:
    """Councils and the cables between them, each with a proxy in it."""

    def __init__(self, folder: Path) -> None:
        self.councils = [nodes.found(folder, f"n{number}") for number in range(NODES)]
        self.cables: dict[tuple[int, int], Proxy] = {}

    def start(self, pairs: list[tuple[int, int]]) -> None:
        for one in self.councils:
            one.environment = {"CONFED_WORKERS": "0"}
            one.launch()
        for one in self.councils:
            one.ready()
        for host, guest in pairs:
            proxy = self.cables[host, guest] = Proxy(self.councils[host].listen)
            self.councils[host].link(self.councils[guest], proxy.address)

    def stop(self) -> None:
        for one in self.councils:
            one.kill()
        for proxy in self.cables.values():
            proxy.close()

    def say(self, number: int, count: int = 5) -> None:
        """The council of a node states something."""
        who = self.councils[number]
        for envelope in nodes.statements(who, count, nodes.now_ns()):
            who.ask("submit", envelope=envelope.hex())

    def agreed(self) -> bool:
        sizes = [one.sizes() for one in self.councils]
        return all(len(held) == NODES and held == sizes[0] for held in sizes)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    made = Net(tmp_path)
    try:
        yield made
    finally:
        made.stop()


def test_line_of_eight_with_a_cut_in_the_middle_and_a_kill_heals(net: Net) -> None:
    net.start(list(itertools.pairwise(range(NODES))))
    until(net.agreed)
    net.cables[3, 4].cut()
    net.councils[6].kill()
    net.say(0)
    net.say(7)
    left, right = net.councils[3], net.councils[4]
    until(lambda: left.sizes()[net.councils[0].id] == net.councils[0].sizes()[net.councils[0].id])
    assert left.sizes()[net.councils[7].id] < net.councils[7].sizes()[net.councils[7].id]
    assert right.sizes()[net.councils[0].id] < left.sizes()[net.councils[0].id]
    net.councils[6].start()
    net.cables[3, 4].heal()
    until(net.agreed)


def test_ring_of_eight_with_kills_and_a_cut_heals(net: Net) -> None:
    net.start([(number, (number + 1) % NODES) for number in range(NODES)])
    until(net.agreed)
    net.councils[2].kill()
    net.cables[5, 6].cut()
    net.say(0)
    net.say(4)
    net.councils[7].kill()
    net.say(5)
    net.councils[2].start()
    net.councils[7].start()
    net.cables[5, 6].heal()
    net.say(2)
    until(net.agreed)
