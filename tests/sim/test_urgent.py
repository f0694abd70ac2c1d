"""Urgent records arrive with their bodies, one hop at a time and unasked; the fifth waits."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from confedproto import effects as fx
from confedproto import inputs, runs, wire
from confedproto.councildrafts import CouncilDesk
from confedproto.drafts import Draft
from confedproto.limits import PUSH_LEAVES_MAX, PUSHES_PER_HOUR
from confedproto.testing import SimNode, Simulator, seeded_key
from confedproto.testing_servers import attach, new_server
from tests.support.watched import Watched, give, held, tail

LATENCY_MS = 20


def row(seed: int, count: int = 3) -> tuple[Watched, list[SimNode]]:
    """Councils of 2 of 3 in a row, at rest."""
    sim = Watched(seed)
    nodes = [sim.add_council(f"C{n}", 3, 2) for n in range(count)]
    for one, other in pairwise(nodes):
        sim.link(one, other, latency_ms=LATENCY_MS)
    sim.run(70)
    assert all(len(node.engine.view.logs) == count for node in nodes)
    for node in nodes:
        strange(node)
    sim.said.clear()
    return sim, nodes


def strange(node: SimNode) -> None:
    """As if the node had not pulled or served any log yet: nothing is sent ahead (LIV-7)."""
    node.engine._puller.ahead.clear()
    for queue in node.engine._announcer.queues.values():
        queue.followed.clear()


def desk(sim: Simulator, node: SimNode) -> CouncilDesk:
    return CouncilDesk(view=node.engine.view, council=node.council, now=sim.now_s)


def rename(sim: Simulator, node: SimNode, name: str) -> None:
    """A new charter: an urgent record that a council may make as often as it likes."""
    keys = [key.public for key in node.keyholders]
    payload = desk(sim, node).charter(name=name, threshold=2, keys=keys)
    sim.submit_signed(node, Draft(payload=payload), node.keyholders[:2])


def suspend(sim: Simulator, node: SimNode) -> None:
    payload = desk(sim, node).suspension(node.node_key.public)
    sim.submit_signed(node, Draft(payload=payload), node.keyholders[:1])


@pytest.mark.parametrize(
    "act", [suspend, lambda sim, node: rename(sim, node, "Anew")], ids=["suspension", "charter"]
)
def test_urgent_record_is_one_latency_a_hop_and_nobody_pulls(
    act: Callable[[Simulator, SimNode], None],
) -> None:
    sim, nodes = row(1)
    own, size = nodes[0].engine.own, held(nodes[0], nodes[0].engine.own)
    act(sim, nodes[0])
    for hop, node in enumerate(nodes):
        sim.run(LATENCY_MS / 1000 if hop else 0)
        assert held(node, own) == size + 1
    sim.run(1)
    assert (sim.count(wire.Run), sim.count(wire.Pull), sim.count(wire.Heads)) == (2, 0, 0)


def test_ordinary_record_is_announced_and_pulled() -> None:
    sim, nodes = row(2)
    sim.submit(nodes[0], sim.desk(nodes[0]).invite(seeded_key(sim.rng).public, sim.now_s + 60))
    sim.run(1)
    assert (sim.count(wire.Heads), sim.count(wire.Pull), sim.count(wire.Run)) == (2, 2, 2)


def test_fifth_urgent_record_of_an_hour_is_announced_and_the_next_hour_pushes_again() -> None:
    sim, nodes = row(3)
    for turn in range(PUSHES_PER_HOUR):
        rename(sim, nodes[0], f"Name {turn}")
        sim.run(1)
    assert sim.count(wire.Pull) == 0
    for node in nodes:
        strange(node)
    rename(sim, nodes[0], "Once more")
    sim.run(1)
    assert sim.count(wire.Pull) == 2, "one a hop"
    names = {node.engine.view.council_name(nodes[0].council) for node in nodes}
    assert names == {"Once more"}
    sim.run(3_600)
    sim.said.clear()
    rename(sim, nodes[0], "An hour later")
    sim.run(1)
    assert (sim.count(wire.Run), sim.count(wire.Pull)) == (2, 0)
    rename(sim, nodes[1], "Another council has its own four")
    sim.run(1)
    assert (sim.count(wire.Run), sim.count(wire.Pull)) == (4, 0)


def test_replacement_of_a_server_is_pushed_as_the_first_leaf_of_its_log() -> None:
    sim, nodes = row(4)
    lost, helper = nodes[0], nodes[1]
    sim.kill(lost)
    fresh = new_server(sim, lost, "fresh")
    payload = CouncilDesk(view=helper.engine.view, council=lost.council, now=sim.now_s).node(
        fresh.node_key.public, fresh.transport
    )
    sim.submit_signed(helper, Draft(payload=payload), lost.keyholders[:2])
    sim.run(1)
    assert sim.count(wire.Pull) == 0, "carried, and pushed from its carrier to the end of the row"
    assert nodes[2].engine.view.chains.of[lost.council].order == [lost.engine.own, fresh.engine.own]
    attach(sim, fresh, helper)
    sim.run(60)
    pulled = {m.log for *_, m in sim.said if isinstance(m, wire.Pull)}
    assert held(nodes[2], fresh.engine.own) > 0
    assert fresh.engine.own not in pulled


def test_push_to_a_peer_that_lacks_what_comes_before_is_pulled_whole() -> None:
    sim, nodes = row(5, 2)
    own, link = nodes[0].engine.own, next(iter(nodes[1].engine.sessions))
    sim.cut(nodes[0], nodes[1])
    for turn in range(3):
        rename(sim, nodes[0], f"Name {turn}")
    entry = nodes[0].engine.view.logs[own]
    served = runs.served(entry, link, wire.Pull(log=own, start=entry.tree.size - 1))
    assert served is not None
    sim.heal(nodes[0], nodes[1])
    sim.run(1)
    assert held(nodes[1], own) == entry.tree.size


def kept(effects: list[fx.Effect]) -> int:
    return sum(len(one.leaves) for one in effects if isinstance(one, fx.StoreLeaves))


def pulls(effects: list[fx.Effect]) -> list[int]:
    said = (one.message for one in effects if isinstance(one, fx.Send))
    return [one.start for one in said if isinstance(one, wire.Pull)]


def test_push_beyond_a_gap_or_without_an_urgent_record_is_pulled_instead() -> None:
    sim, nodes = row(6, 2)
    sim.mute = True
    own = nodes[0].engine.own
    size = held(nodes[0], own)
    rename(sim, nodes[0], "One")
    rename(sim, nodes[0], "Two")
    effects = give(sim, nodes[1], tail(nodes[0], size + 1))
    assert (kept(effects), pulls(effects)) == (0, [size])
    sim, nodes = row(7, 2)
    sim.mute = True
    own = nodes[0].engine.own
    size = held(nodes[0], own)
    sim.submit(nodes[0], sim.desk(nodes[0]).invite(seeded_key(sim.rng).public, sim.now_s + 60))
    effects = give(sim, nodes[1], tail(nodes[0], size))
    assert (kept(effects), pulls(effects)) == (0, [size])


def test_peer_that_pushes_more_than_its_share_is_not_even_opened() -> None:
    sim, nodes = row(8, 2)
    sim.mute = True
    own = nodes[0].engine.own
    target, link = nodes[1].engine, next(iter(nodes[1].engine.sessions))
    for turn in range(PUSHES_PER_HOUR):
        size = held(nodes[0], own)
        rename(sim, nodes[0], f"Name {turn}")
        assert target.asked(link, tail(nodes[0], size))
        assert kept(give(sim, nodes[1], tail(nodes[0], size))) == 1
    size = held(nodes[0], own)
    rename(sim, nodes[0], "Once more")
    late = tail(nodes[0], size)
    assert not target.asked(link, late)
    effects = give(sim, nodes[1], tail(nodes[0], size))
    assert (kept(effects), pulls(effects)) == (0, [size])
    sim.now += 3_600_000
    target.handle(inputs.Tick(), sim.now)
    assert target.asked(link, late)


def test_runs_that_nobody_asked_for_count_although_they_are_of_no_use() -> None:
    sim, nodes = row(9, 2)
    sim.mute = True
    own = nodes[0].engine.own
    target, link = nodes[1].engine, next(iter(nodes[1].engine.sessions))
    for _ in range(PUSHES_PER_HOUR):  # leaves that are held already
        assert target.asked(link, tail(nodes[0], 0))
        assert kept(give(sim, nodes[1], tail(nodes[0], 0))) == 0
    size = held(nodes[0], own)
    rename(sim, nodes[0], "Anew")
    assert not target.asked(link, tail(nodes[0], size))


def test_run_that_nobody_asked_for_longer_than_a_push_is_not_opened() -> None:
    sim, nodes = row(10, 2)
    sim.mute = True
    target, link = nodes[1].engine, next(iter(nodes[1].engine.sessions))
    leaf = tail(nodes[0], 0).leaves[0]
    run = wire.Run(log=bytes(32), start=0, leaves=(leaf,) * PUSH_LEAVES_MAX, head=b"x")
    assert target.asked(link, run)
    assert not target.asked(
        link, wire.Run(log=run.log, start=0, leaves=(*run.leaves, leaf), head=b"x")
    )
