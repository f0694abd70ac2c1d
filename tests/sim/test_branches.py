"""A forked log of which another branch is kept: everybody comes to hold that one."""

import pytest

from confedproto.councildrafts import CouncilDesk
from confedproto.drafts import Draft
from confedproto.rules.life import State
from confedproto.testing import SimNode, Simulator, seeded_key
from confedproto.testing_servers import attach, clone, new_server


def say(sim: Simulator, node: SimNode, times: int = 1) -> None:
    for _ in range(times):
        sim.submit(node, sim.desk(node).invite(seeded_key(sim.rng).public, sim.now_s + 60))


def ring(seed: int) -> tuple[Simulator, list[SimNode]]:
    sim = Simulator(seed)
    nodes = [sim.add_council(f"C{n}", 3, 2) for n in range(5)]
    for n in range(5):
        sim.link(nodes[n], nodes[(n + 1) % 5])
    assert sim.run_until(lambda: all(len(x.engine.view.logs) == 5 for x in nodes), within_s=60)
    sim.run(1)
    return sim, nodes


def forked(seed: int, kept: int, lost: int) -> tuple[Simulator, list[SimNode], SimNode]:
    """The first council's server is cloned: two halves hold a branch each, until they meet.

    `kept` and `lost` are the records on each branch beyond what both hold; the half of the
    second node keeps its branch.
    """
    sim, nodes = ring(seed)
    first, left, right = nodes[0], nodes[1], nodes[4]
    sim.cut(first, right)
    sim.cut(nodes[2], nodes[3])
    second = clone(sim, first, "C0 again", right)
    sim.run(2)
    say(sim, first, kept)
    say(sim, second, lost)
    sim.run(10)
    sim.heal(nodes[2], nodes[3])
    sim.run(120)
    log = first.engine.own
    assert all(log in node.engine.view.chains.forked for node in nodes[1:])
    roots = [node.engine.view.logs[log].tree.root() for node in (left, right)]
    assert roots[0] != roots[1]
    for machine in (first, second):
        sim.kill(machine)
    return sim, nodes, second


@pytest.mark.parametrize(
    ("kept", "lost"), [(2, 1), (1, 3), (2, 2), (3, 0)], ids=["longer", "shorter", "equal", "behind"]
)
def test_node_with_the_lost_branch_switches_to_the_kept_one(kept: int, lost: int) -> None:
    sim, nodes, _ = forked(31, kept, max(lost, 1))
    stolen, helper, others = nodes[0], nodes[1], nodes[1:]
    log = stolen.engine.own
    held = {node.name: list(node.disk[log]) for node in others}
    good = helper.engine.view.logs[log]
    fresh = new_server(sim, stolen, "C0 new")
    desk = CouncilDesk(view=helper.engine.view, council=stolen.council, now=sim.now_s)
    payload = desk.node(fresh.node_key.public, fresh.transport)
    sim.submit_signed(helper, Draft(payload=payload), stolen.keyholders[:2])
    attach(sim, fresh, helper)
    sim.run(180)
    roots = {node.engine.view.logs[log].tree.root_at(good.tree.size) for node in others}
    assert roots == {good.tree.root()}
    for node in others:
        assert node.engine.view.chains.of[stolen.council].state_at(sim.now_s) is State.ACTIVE
    digests = {node.engine.view.state_digest(sim.now_s) for node in others}
    assert len(digests) == 1
    switched = [node for node in others if node.lost]
    assert {node.name for node in switched} == {"C3", "C4"}
    for node in switched:
        assert node.lost == [(log, held[node.name])], "what was held before is still there"
        assert log in node.engine.view.chains.proofs, "and the proof that it was signed"
    say(sim, helper)
    sim.run(60)
    assert len({node.engine.view.state_digest(sim.now_s) for node in others}) == 1
