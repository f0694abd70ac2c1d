"""Two servers founded for one council: every node sees one fork, and the keyholders mend it."""

from dataclasses import replace

import pytest

from confedproto.council import found
from confedproto.councildrafts import CouncilDesk
from confedproto.drafts import Draft
from confedproto.engine import Engine
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import TransportKey
from confedproto.rules.life import State
from confedproto.testing import SimNode, Simulator, seeded_key
from confedproto.testing_servers import attach, new_server


def twin(sim: Simulator, node: SimNode, name: str) -> SimNode:
    """Another first server for the council of `node`, founded from the same charter."""
    key, transport = seeded_key(sim.rng), TransportKey(sim.rng.randbytes(32))
    founding = found(
        sim.network,
        name=node.name,
        threshold=node.threshold,
        keyholders=node.keyholders,
        node_key=key,
        transport=transport,
        now=sim.now_s,
    )
    assert founding.council == node.council
    out = replace(
        node,
        name=name,
        engine=Engine(sim.network, node.council, key),
        node_key=key,
        transport=transport,
        disk={founding.log: [(e, None, sim.now_s) for e in founding.envelopes]},
        heads={founding.log: (node.council, key.public, founding.head.envelope)},
        answers={},
        refused=[],
        wake=None,
    )
    sim.load(out)
    sim.nodes.append(out)
    return out


def test_two_first_servers_stop_both_and_one_is_kept_by_the_threshold() -> None:
    sim = Simulator(21)
    one = sim.add_council("Twins", 3, 2)
    other = twin(sim, one, "the other")
    friends = [sim.add_council(name) for name in ("F", "G")]
    sim.link(friends[0], one)
    sim.link(friends[1], other)
    sim.run(5)
    assert not one.refused
    sim.link(friends[0], friends[1])
    sim.run(60)
    for node in friends:
        chain = node.engine.view.chains.of[one.council]
        assert chain.state_at(sim.now_s) is State.NODE_FORK
        assert {one.engine.own, other.engine.own} <= set(node.engine.view.logs)
    digests = {node.engine.view.state_digest(sim.now_s) for node in friends}
    assert len(digests) == 1
    for node in (one, other):
        draft = sim.desk(node).invite(seeded_key(sim.rng).public, sim.now_s + 60)
        with pytest.raises(LocalProtocolError) as caught:
            sim.submit(node, draft)
        assert caught.value.reason is Reason.NODE_FORK
    fresh = new_server(sim, one, "fresh")
    desk = CouncilDesk(view=friends[0].engine.view, council=one.council, now=sim.now_s)
    payload = desk.repair(one.engine.own, fresh.node_key.public, fresh.transport)
    with pytest.raises(LocalProtocolError):
        desk.repair(friends[0].engine.own, fresh.node_key.public, fresh.transport)
    sim.submit_signed(friends[0], Draft(payload=payload), one.keyholders[:2])
    attach(sim, fresh, friends[0])
    sim.run(120)
    for node in friends:
        chain = node.engine.view.chains.of[one.council]
        assert chain.state_at(sim.now_s) is State.ACTIVE
        assert chain.authority.node is not None
        assert chain.authority.node.key == fresh.node_key.public
    digests = {node.engine.view.state_digest(sim.now_s) for node in (*friends, fresh)}
    assert len(digests) == 1
