"""Backups, clones and new servers for the simulator: public, like `testing`."""

from dataclasses import dataclass, replace

from confedproto import inputs
from confedproto.guard import NOTHING, Memory, Reached
from confedproto.ids import CouncilId, LogId, PublicKey, TransportKey
from confedproto.testing import SimNode, Simulator, Wire, seeded_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A copy of a node's disk."""

    disk: dict[LogId, list[tuple[bytes, bytes | None, int]]]
    heads: dict[LogId, tuple[CouncilId, PublicKey, bytes | None]]


def backup(node: SimNode) -> Backup:
    """What the node's disk holds now."""
    disk = {log: list(rows) for log, rows in node.disk.items()}
    return Backup(disk=disk, heads=dict(node.heads))


def restore(
    sim: Simulator,
    node: SimNode,
    old: Backup,
    *,
    clean: bool = False,
    memory: Memory = NOTHING,
) -> None:
    """The node starts again from an older copy of its disk."""
    sim.kill(node)
    node.disk = {log: list(rows) for log, rows in old.disk.items()}
    node.heads = dict(old.heads)
    sim.restart(node, clean=clean, memory=memory)


def reached(node: SimNode) -> Reached:
    """What the counter file beside the node's key says now."""
    entry = node.engine.view.logs[node.engine.own]
    return Reached(size=entry.tree.size, root=entry.tree.root())


def override(sim: Simulator, node: SimNode) -> None:
    """The operator lets the node sign without its peers' answers."""
    sim.give(node, inputs.Override())


def clone(sim: Simulator, node: SimNode, name: str, host: SimNode) -> SimNode:
    """A second machine from a copy of the node's disk and keys, linked with `host`."""
    copy = replace(node, name=name, answers={}, refused=[], wake=None, bytes_sent=0, up=True)
    copy.disk = {log: list(rows) for log, rows in node.disk.items()}
    copy.heads = dict(node.heads)
    sim.load(copy)
    sim.nodes.append(copy)
    attach(sim, copy, host)
    return copy


def new_server(sim: Simulator, node: SimNode, name: str) -> SimNode:
    """An empty machine with fresh keys for the council of `node`; nothing links to it yet."""
    fresh = SimNode(
        name=name,
        engine=node.engine,
        council=node.council,
        transport=TransportKey(sim.rng.randbytes(32)),
        threshold=node.threshold,
        keyholders=node.keyholders,
        node_key=seeded_key(sim.rng),
    )
    sim.load(fresh, clean=False)
    sim.nodes.append(fresh)
    return fresh


def attach(sim: Simulator, guest: SimNode, host: SimNode, latency_ms: int = 20) -> None:
    """`guest` dials `host`, which has to know it already."""
    cable = Wire(ends=(guest, host), latency_ms=latency_ms, loss=0.0, number=0)
    sim.wires[frozenset((guest.name, host.name))] = cable
    sim.connect(cable)
