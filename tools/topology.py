"""`tools/simulate.py --topology ...`: how records spread over networks of whole nodes.

Real engines in virtual time on a graph of links; some nodes are silent (they take part in
nothing, as a node that is switched off) and some messages are lost, which cuts their link
until it is dialled again. What is printed is counted, not modelled.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confedproto import record, wire
from confedproto.bodies.statement import Statement
from confedproto.drafts import Draft
from confedproto.ids import LogId
from confedproto.testing import SimNode, Simulator, Wire

TOPOLOGIES: Final = ("random", "small-world", "line", "regions")
SPEAK_S: Final = 2
LINKING_S: Final = 20  # the links come up one after the other
WHOLE_MAX: Final = 100  # nodes that all follow all; beyond, each follows its circle
SPEAKERS: Final = 4  # councils that speak where not all follow all
STEP_S: Final = 0.1  # how exactly it is seen when all hold the same
IDLE_S: Final = 120
IDLE_NODES: Final = 1_000  # of larger networks a quarter of that is watched

Edges = set[tuple[int, int]]


def edges(topology: str, count: int, rng: random.Random) -> Edges:
    """The links of a connected graph; each node has about four, on a line two."""
    out: Edges = {(number, number + 1) for number in range(count - 1)}
    if topology == "line":
        return out
    if topology == "regions":  # stars of ten whose middles form a ring with chords
        middles = list(range(0, count, 10))
        out = {(m, n) for m in middles for n in range(m + 1, min(m + 10, count))}
        out |= {_pair(m, middles[(i + 1) % len(middles)]) for i, m in enumerate(middles)}
        out |= {_pair(m, rng.choice(middles)) for m in middles}
    elif topology == "small-world":  # a ring of neighbours and neighbours' neighbours, rewired
        for number in range(count):
            far = rng.randrange(count) if rng.random() < 0.1 else (number + 2) % count
            out.add(_pair(number, far))
        out.add(_pair(0, count - 1))
    else:
        order = rng.sample(range(count), count)
        out = {_pair(order[number], rng.choice(order[:number])) for number in range(1, count)}
        while len(out) < min(2 * count, count * (count - 1) // 2):
            out.add(_pair(rng.randrange(count), rng.randrange(count)))
    return {edge for edge in out if edge[0] != edge[1]}


def _pair(one: int, other: int) -> tuple[int, int]:
    return (min(one, other), max(one, other))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What a run gave. Times in seconds of virtual time."""

    nodes: int
    links: int
    records: int
    copies: float
    bytes_per_node: float
    last_s: float
    idle_bytes: float  # per link and second, both ways
    healed_s: float
    factor: float  # virtual seconds a CPU second, from the first record to the end of quiet
    curve: tuple[tuple[float, float], ...]  # seconds, share of deliveries

    def lines(self) -> list[str]:
        """The figures as lines of a report."""
        return [
            f"nodes {self.nodes}, links {self.links}, records {self.records}",
            f"copies of a body per node {self.copies:.3f}",
            f"bytes sent per node and record {self.bytes_per_node:.0f}",
            f"last delivery after {self.last_s:.2f} s",
            f"idle {self.idle_bytes:.2f} B/s a link",
            f"healed after a partition in {self.healed_s:.2f} s",
            f"{self.factor:.1f} times real time",
        ]


class Circles(Simulator):
    """A simulator in which each node hears of the logs of its circle alone: itself, those it is
    linked with, and the speakers.

    Beyond a hundred nodes: if each of N followed the logs of all, setting up would cost N squared.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.circle: dict[str, set[LogId]] = {}

    def _deliver(self, node: SimNode, cable: Wire, link: int, data: bytes) -> None:
        message = wire.decode(data)
        if isinstance(message, wire.Heads) and node.name in self.circle:
            circle = self.circle[node.name]
            heads = tuple(head for head in message.heads if head.log in circle)
            if not heads:
                return
            if len(heads) < len(message.heads):
                data = wire.encode(wire.Heads(scope=message.scope, heads=heads))
        super()._deliver(node, cable, link, data)


class Network:
    """One simulated network."""

    def __init__(self, topology: str, count: int, *, seed: int, latency_ms: int) -> None:
        self.rng = random.Random(f"topology {seed}")
        self.sim = sim = Circles(seed)
        self.nodes = [sim.add_council(f"N{number}") for number in range(count)]
        self.edges = sorted(edges(topology, count, self.rng))
        self.whole = count <= WHOLE_MAX
        among = self.nodes if self.whole else self.rng.sample(self.nodes, SPEAKERS)
        self.followed = self.nodes if self.whole else among
        if not self.whole:
            spoken = {node.engine.own for node in among}
            sim.circle = {node.name: spoken | {node.engine.own} for node in self.nodes}
            for one, other in self.edges:
                for here, there in ((one, other), (other, one)):
                    sim.circle[self.nodes[here].name].add(self.nodes[there].engine.own)
        for one, other in self.edges:
            sim.link(self.nodes[one], self.nodes[other], latency_ms=latency_ms)
            sim.run(max(0.001, LINKING_S / len(self.edges)))
        self._live = self.nodes

    def live(self) -> list[SimNode]:
        """The nodes that are not silent, nor cut off by those that are."""
        return self._live

    def silence(self, share: float) -> None:
        """Switch off a share of the nodes, but no speaker; those reached from one are live."""
        spoken = () if self.whole else set(map(id, self.followed))
        quiet = [node for node in self.nodes if id(node) not in spoken]
        for node in self.rng.sample(quiet, int(len(self.nodes) * share)):
            self.sim.kill(node)
        near: dict[int, list[int]] = defaultdict(list)
        for one, other in self.edges:
            if self.nodes[one].up and self.nodes[other].up:
                near[one].append(other)
                near[other].append(one)
        best: set[int] = set()
        for start, node in enumerate(self.nodes):
            if not node.up or (spoken and id(node) not in spoken) or start in best:
                continue
            reached, todo = {start}, [start]
            while todo:
                fresh = [there for there in near[todo.pop()] if there not in reached]
                reached.update(fresh)
                todo += fresh
            best = max(best, reached, key=len)
        self._live = [self.nodes[number] for number in sorted(best)]
        alive = set(map(id, self._live))
        self.followed = [n for n in self.followed if self.whole or id(n) in alive]

    def say(self, who: SimNode, number: int) -> None:
        """One statement of a council."""
        payload = record.build_payload(
            kind="statement",
            council=who.council,
            charter=1,
            time=self.sim.now_s,
            body=Statement(text=f"{number}".ljust(300, "x")),
        )
        self.sim.submit(who, Draft(payload=payload))

    def held(self, node: SimNode) -> int:
        """How many leaves a node holds of the logs that all follow."""
        logs = node.engine.view.logs
        held = (logs.get(one.engine.own) for one in self.followed)
        return sum(log.tree.size for log in held if log is not None)

    def sleep_until_settled(self, within_s: float) -> bool:
        """Let time pass until `settled`; False if it does not come within the limit."""
        until = self.sim.now + within_s * 1_000
        while not self.settled():
            if self.sim.now > until:
                return False
            self.sim.run(STEP_S)
        return True

    def settled(self) -> bool:
        """Whether all live nodes hold as much."""
        live = self.live()
        first = self.held(live[0])
        if any(self.held(node) != first for node in live):
            return False
        return all(one.engine.own in live[0].engine.view.logs for one in self.followed)


def spread(
    topology: str,
    count: int,
    *,
    records: int = 20,
    seed: int = 1,
    latency_ms: int = 50,
    loss: float = 0.0,
    silent: float = 0.0,
    say: Callable[[str], None] = lambda _: None,
) -> Spread:
    """Link `count` nodes, silence some, let councils speak, wait, part and heal the network."""
    net = Network(topology, count, seed=seed, latency_ms=latency_ms)
    if not net.sleep_until_settled(600):
        raise RuntimeError("the founding records do not reach all")
    say(f"{count} nodes know each other after {net.sim.now_s - 1_700_000_000} s")
    net.silence(silent)
    for cable in net.sim.wires.values():
        cable.loss = loss
    among = net.live() if net.whole else net.followed
    speakers = [net.rng.choice(among) for _ in range(records)]
    before = {node.name: (node.bytes_sent, node.leaves_received) for node in net.nodes}
    size = net.held(net.live()[0])
    cpu, began, curve = time.process_time(), net.sim.now, list[tuple[float, float]]()
    for number, who in enumerate(speakers):
        net.say(who, number)
        net.sim.run(SPEAK_S / records)
    wanted = size + records
    live = net.live()
    last = began
    while any(net.held(node) < wanted for node in live) and net.sim.now - began < 600_000:
        share = sum(net.held(node) - size for node in live) / (records * len(live))
        curve.append(((net.sim.now - began) / 1000, share))
        net.sim.run(0.01 + latency_ms / 2_000)
        last = net.sim.now
    curve.append(((last - began) / 1000, 1.0))
    sent = sum(node.bytes_sent - before[node.name][0] for node in live)
    got = sum(node.leaves_received - before[node.name][1] for node in live)
    idle = _idle(net, IDLE_S if count <= IDLE_NODES else IDLE_S // 4)
    virtual, spent = (net.sim.now - began) / 1000, time.process_time() - cpu
    healed = _heal(net)
    return Spread(
        nodes=count,
        links=len(net.edges),
        records=records,
        copies=got / (records * (len(live) - 1)),
        bytes_per_node=sent / len(live) / records,
        last_s=(last - began) / 1000 - SPEAK_S,
        idle_bytes=idle,
        healed_s=healed,
        factor=virtual / spent if spent else 0.0,
        curve=tuple(curve),
    )


def _idle(net: Network, seconds: float) -> float:
    for cable in net.sim.wires.values():
        cable.loss = 0.0
    net.sim.run(seconds / 4)
    before = sum(node.bytes_sent for node in net.nodes)
    net.sim.run(seconds)
    after = sum(node.bytes_sent for node in net.nodes)
    up = sum(cable.up for cable in net.sim.wires.values())
    return (after - before) / max(1, up) / seconds


def _heal(net: Network) -> float:
    """Cut the network in two, let one side speak, heal: seconds until all hold the same."""
    half = {node.name for node in net.nodes[: len(net.nodes) // 2]}
    across = [
        cable
        for cable in net.sim.wires.values()
        if (cable.ends[0].name in half) is not (cable.ends[1].name in half)
    ]
    for cable in across:
        net.sim.cut(*cable.ends)
    here = [n for n in net.live() if n.name in half]
    for number, who in enumerate(here[:5] if net.whole else [n for n in here if n in net.followed]):
        net.say(who, 10_000 + number)
    net.sim.run(10)
    began = net.sim.now
    for cable in across:
        net.sim.heal(*cable.ends)
    if not net.sleep_until_settled(300):
        return float("inf")
    return (net.sim.now - began) / 1000


def plot(path: Path, results: Sequence[tuple[str, Spread]]) -> None:
    """The share of deliveries over time, one line a run, as an SVG of its own."""
    width, height, left, low = 640, 360, 50, 320
    longest = max((spread.curve[-1][0] for _, spread in results), default=1.0) or 1.0
    colours = ("#005f73", "#ca6702", "#9b2226", "#0a9396")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<path d="M{left} 20V{low}H{width - 20}" fill="none" stroke="#333333"/>',
        f'<text x="{left}" y="{low + 20}">0 s</text>',
        f'<text x="{width - 60}" y="{low + 20}">{longest:.1f} s</text>',
        '<text x="8" y="30">100 %</text>',
    ]
    for number, (name, one) in enumerate(results):
        colour = colours[number % len(colours)]
        points = " ".join(
            f"{left + at / longest * (width - left - 20):.1f},{low - share * (low - 20):.1f}"
            for at, share in one.curve
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        parts.append(f'<text x="{left + 20}" y="{50 + 16 * number}" fill="{colour}">{name}</text>')
    path.write_text("\n".join([*parts, "</svg>", ""]), "utf-8")
