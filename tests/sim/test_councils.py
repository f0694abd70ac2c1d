"""Whole nodes: servers stolen, restored, cloned; keyholders who stop and replace them."""

import pytest

from confedproto import record
from confedproto.bodies.charter import Charter, Delegation
from confedproto.bodies.override import Override
from confedproto.councildrafts import CouncilDesk
from confedproto.drafts import Draft
from confedproto.errors import LocalProtocolError, Reason, RemoteProtocolError
from confedproto.guard import Memory, Signing
from confedproto.ids import PublicKey
from confedproto.rules.life import State
from confedproto.testing import SimNode, Simulator, seeded_key
from confedproto.testing_servers import (
    Backup,
    attach,
    backup,
    clone,
    new_server,
    override,
    reached,
    restore,
)


def ring(count: int = 4, seed: int = 1, keyholders: int = 3) -> tuple[Simulator, list[SimNode]]:
    """Councils of 2 of 3 keyholders, linked in a ring, all known to each other."""
    sim = Simulator(seed=seed)
    threshold = 2 if keyholders == 3 else 1
    nodes = [sim.add_council(f"C{n}", keyholders, threshold) for n in range(count)]
    for n in range(count):
        sim.link(nodes[n], nodes[(n + 1) % count])
    assert sim.run_until(
        lambda: all(len(node.engine.view.logs) == count for node in nodes), within_s=60
    )
    sim.run(1)
    return sim, nodes


def desk(sim: Simulator, node: SimNode, council: SimNode | None = None) -> CouncilDesk:
    return CouncilDesk(view=node.engine.view, council=(council or node).council, now=sim.now_s)


def say(sim: Simulator, node: SimNode) -> None:
    """The council says something, so that its log grows."""
    sim.submit(node, sim.desk(node).invite(seeded_key(sim.rng).public, sim.now_s + 60))


def signing(node: SimNode) -> Signing:
    return node.engine.keeper.guard.state


def digests(sim: Simulator, nodes: list[SimNode]) -> int:
    return len({node.engine.view.state_digest(sim.now_s) for node in nodes})


def hand_to(sim: Simulator, node: SimNode, payload: bytes, *signers: int, of: SimNode) -> None:
    sim.submit_signed(node, Draft(payload=payload), [of.keyholders[n] for n in signers])


def test_restored_backup_signs_nothing_before_its_peers_have_answered() -> None:
    sim, nodes = ring()
    victim = nodes[0]
    old = backup(victim)
    for _ in range(3):
        say(sim, victim)
    sim.run(2)
    size = victim.engine.view.logs[victim.engine.own].tree.size
    restore(sim, victim, old)
    with pytest.raises(LocalProtocolError, match=Reason.RESTORE_HELD):
        say(sim, victim)
    sim.run(5)
    assert victim.engine.keeper.guard.state is Signing.OPEN
    assert victim.engine.view.logs[victim.engine.own].tree.size == size
    say(sim, victim)
    sim.run(5)
    assert digests(sim, nodes) == 1
    assert not victim.engine.view.chains.forked


def test_restored_backup_without_enough_peers_waits_until_the_operator_overrides() -> None:
    sim, nodes = ring()
    victim = nodes[0]
    sim.kill(nodes[1])
    old = backup(victim)
    restore(sim, victim, old)
    sim.run(600)
    assert signing(victim) is Signing.HELD
    override(sim, victim)
    assert signing(victim) is Signing.OPEN
    say(sim, victim)


def alone() -> tuple[Simulator, SimNode, SimNode, Backup]:
    """A council, another, and the first one's disk from before they were linked."""
    sim = Simulator(seed=3)
    one, other = sim.add_council("One", 3, 2), sim.add_council("Other", 3, 2)
    before = backup(one)
    sim.link(other, one)
    sim.run(5)
    say(sim, one)
    sim.run(5)
    return sim, one, other, before


def refuses(sim: Simulator, node: SimNode) -> bool:
    """Whether the node signs nothing, however long it waits."""
    sim.run(600)
    try:
        say(sim, node)
    except LocalProtocolError as error:
        return error.reason is Reason.RESTORE_HELD
    return False


def test_backup_older_than_the_first_link_signs_nothing_without_anybody_to_ask() -> None:
    sim, one, other, before = alone()
    sim.kill(other)
    restore(sim, one, before)
    assert refuses(sim, one)
    override(sim, one)
    say(sim, one)


def check_goes_on(sim: Simulator, one: SimNode, other: SimNode) -> None:
    """What `one` signs from now on is taken by `other`, and nothing has forked."""
    assert signing(one) is Signing.OPEN
    say(sim, one)
    sim.run(30)
    assert digests(sim, [one, other]) == 1
    assert not other.engine.view.chains.forked


def test_backup_older_than_the_first_link_asks_whom_it_dials() -> None:
    sim, one, other, before = alone()
    sim.kill(other)
    restore(sim, one, before, memory=Memory(peers=frozenset({other.council})))
    assert refuses(sim, one)
    sim.restart(other)
    sim.run(30)
    check_goes_on(sim, one, other)


def test_counter_bars_signing_until_as_much_is_held_again() -> None:
    """The only linked council answers, and has not got the last record: only the counter knows."""
    sim, one, other, _ = alone()
    old = backup(one)
    sim.cut(one, other)
    say(sim, one)
    mark = reached(one)
    restore(sim, one, old, memory=Memory(reached=mark))
    assert refuses(sim, one)
    assert mark.size == one.engine.view.logs[one.engine.own].tree.size + 1


def test_recovery_with_the_same_key_and_its_counter_comes_back() -> None:
    sim, one, other, _ = alone()
    mark = reached(one)
    memory = Memory(reached=mark, peers=frozenset({other.council}))
    restore(sim, one, Backup(disk={}, heads={}), memory=memory)
    sim.run(60)
    check_goes_on(sim, one, other)


def test_old_backup_taken_for_clean_is_proved_a_fork_everywhere_and_both_branches_stop() -> None:
    sim, nodes = ring()
    victim = nodes[0]
    old = backup(victim)
    say(sim, victim)
    sim.run(2)
    restore(sim, victim, old, clean=True)
    say(sim, victim)
    say(sim, victim)
    sim.run(90)
    own = victim.engine.own
    assert all(own in node.engine.view.chains.forked for node in nodes)
    with pytest.raises(LocalProtocolError, match=Reason.LOG_FORK):
        say(sim, victim)
    others = nodes[1:]
    assert all(
        node.engine.view.chains.of[victim.council].state_at(sim.now_s) is State.LOG_FORK
        for node in others
    )


def test_clone_is_noticed_and_both_machines_stop() -> None:
    sim, nodes = ring()
    first = nodes[0]
    sim.cut(first, nodes[1])
    second = clone(sim, first, "C0 again", nodes[1])
    sim.run(2)
    say(sim, first)
    say(sim, second)
    say(sim, second)
    sim.run(90)
    for machine in (first, second):
        with pytest.raises(LocalProtocolError, match=Reason.LOG_FORK):
            say(sim, machine)
    assert all(first.engine.own in node.engine.view.chains.forked for node in nodes)


def test_stolen_server_is_replaced_through_a_linked_council() -> None:
    sim, nodes = ring()
    stolen, helper = nodes[0], nodes[1]
    say(sim, stolen)
    sim.run(2)
    fresh = new_server(sim, stolen, "C0 new")
    payload = desk(sim, helper, stolen).node(fresh.node_key.public, fresh.transport)
    hand_to(sim, helper, payload, 0, 1, of=stolen)
    good = helper.engine.view.logs[stolen.engine.own].tree.size
    say(sim, stolen)  # the thief goes on with the old key
    sim.run(2)
    attach(sim, fresh, helper)
    sim.run(40)
    attach(sim, fresh, nodes[3])
    sim.run(60)
    assert fresh.engine.keeper.guard.state is Signing.OPEN
    door = nodes[3].engine.reception  # which the stolen server once answered the invitation of
    knock = stolen.engine.reception.own_knock(nodes[3].council)
    assert knock is not None
    with pytest.raises(RemoteProtocolError, match=Reason.CHANNEL_KEY):
        door.admit(stolen.transport, knock, sim.now)
    assert door.council_behind(stolen.transport) is None
    assert door.council_behind(fresh.transport) == stolen.council
    say(sim, fresh)
    sim.run(40)
    for node in [*nodes[1:], fresh]:
        view = node.engine.view
        chain = view.chains.of[stolen.council]
        assert view.log_of[stolen.council] == fresh.engine.own
        assert chain.cuts[stolen.engine.own] == good
        assert set(chain.faults[stolen.engine.own][good:]) <= {Reason.NODE_REPLACED}
        assert view.logs[stolen.engine.own].tree.size >= good
    assert digests(sim, [*nodes[1:], fresh]) == 1
    with pytest.raises(LocalProtocolError, match=Reason.NODE_REPLACED):
        say(sim, stolen)


def test_rotation_keeps_what_the_charter_asks_of_mandates() -> None:
    sim, (node, *_) = ring()
    rules = Delegation(terms=2, gap=86_400)
    keys = tuple(sorted(key.public for key in node.keyholders))
    before = node.engine.view.authorities[node.council].charter
    assert before is not None
    body = Charter(name="C0", threshold=2, keys=keys, previous=before.record.id, delegation=rules)
    payload = record.build_payload(
        kind="charter", council=node.council, charter=1, time=sim.now_s, body=body
    )
    hand_to(sim, node, payload, 0, 1, of=node)
    renamed = desk(sim, node).charter(name="C0 anew", threshold=2, keys=list(map(PublicKey, keys)))
    hand_to(sim, node, renamed, 0, 1, of=node)
    now = node.engine.view.authorities[node.council].charter
    assert now is not None
    assert (now.version, now.charter.name, now.charter.delegation) == (3, "C0 anew", rules)


def test_renewal_keeps_the_log_and_moves_the_expiry() -> None:
    sim, nodes = ring(3)
    node = nodes[0]
    sim.run(86_400)
    hand_to(sim, node, desk(sim, node).renew(), 0, 2, of=node)
    sim.run(60)
    for other in nodes:
        found = other.engine.view.authorities[node.council].node
        assert found is not None
        assert found.node.number == 2
        assert found.log == node.engine.own
        assert found.node.expires > sim.now_s + 89 * 86_400
    say(sim, node)
    sim.run(60)
    assert digests(sim, nodes) == 1


def test_suspension_by_one_stops_the_node_until_the_threshold_lifts_it() -> None:
    sim, nodes = ring(3)
    node = nodes[0]
    key = node.node_key.public
    hand_to(sim, node, desk(sim, node).suspension(key), 0, of=node)
    with pytest.raises(LocalProtocolError, match=Reason.NODE_SUSPENDED):
        say(sim, node)
    with pytest.raises(LocalProtocolError, match=Reason.SUSPENSION_AGAIN):
        hand_to(sim, node, desk(sim, node).suspension(node.keyholders[1].public), 0, of=node)
    with pytest.raises(LocalProtocolError, match=Reason.THRESHOLD_MISSING):
        hand_to(sim, node, desk(sim, node).suspension(key, lift=True), 1, of=node)
    hand_to(sim, node, desk(sim, node).suspension(key, lift=True), 1, 2, of=node)
    say(sim, node)
    sim.run(60)
    assert digests(sim, nodes) == 1


def test_suspension_ends_by_itself_after_72_hours() -> None:
    sim, nodes = ring(3)
    node = nodes[0]
    hand_to(sim, node, desk(sim, node).suspension(node.node_key.public), 0, of=node)
    sim.run(72 * 3_600 - 10)
    with pytest.raises(LocalProtocolError, match=Reason.NODE_SUSPENDED):
        say(sim, node)
    sim.run(20)
    say(sim, node)


def test_hostile_server_is_suspended_through_a_linked_council() -> None:
    sim, nodes = ring()
    hostile, helper = nodes[0], nodes[1]
    payload = desk(sim, helper, hostile).suspension(hostile.node_key.public)
    hand_to(sim, helper, payload, 2, of=hostile)
    sim.run(60)
    for node in nodes[1:]:
        chain = node.engine.view.chains.of[hostile.council]
        assert chain.state_at(sim.now_s) is State.SUSPENDED
        assert chain.state_at(sim.now_s + 72 * 3_600 + 60) is State.ACTIVE


def test_carried_record_needs_the_authority_of_its_own_council() -> None:
    sim, nodes = ring()
    payload = desk(sim, nodes[1], nodes[0]).suspension(nodes[0].node_key.public)
    with pytest.raises(LocalProtocolError, match=Reason.SUSPENSION_SIGNER):
        hand_to(sim, nodes[1], payload, 0, of=nodes[2])
    bare = desk(sim, nodes[1], nodes[0]).charter(
        name="Other", threshold=2, keys=[k.public for k in nodes[2].keyholders]
    )
    with pytest.raises(LocalProtocolError, match=Reason.THRESHOLD_MISSING):
        hand_to(sim, nodes[1], bare, 0, 1, of=nodes[0])
    assert record.parse_payload(bare)[0].kind == "charter"


def test_forked_log_lives_on_after_the_keyholders_repair_it() -> None:
    sim, nodes = ring()
    victim, helper = nodes[0], nodes[2]
    old = backup(victim)
    say(sim, victim)
    sim.run(2)
    restore(sim, victim, old, clean=True)
    say(sim, victim)
    say(sim, victim)
    sim.run(90)
    fresh = new_server(sim, victim, "C0 new")
    payload = desk(sim, helper, victim).node(fresh.node_key.public, fresh.transport)
    hand_to(sim, helper, payload, 0, 1, of=victim)
    sim.run(5)
    attach(sim, fresh, nodes[1])
    attach(sim, fresh, nodes[3])
    sim.run(120)
    assert fresh.engine.keeper.guard.state is Signing.OPEN
    say(sim, fresh)
    sim.run(60)
    assert digests(sim, [*nodes[1:], fresh]) == 1
    state = helper.engine.view.chains.of[victim.council].state_at(sim.now_s)
    assert state is State.ACTIVE


def test_override_is_in_the_log_before_anything_else_and_told_to_those_who_follow_it() -> None:
    sim, nodes = ring()
    victim = nodes[0]
    sim.kill(nodes[1])
    sim.run(1)
    restore(sim, victim, backup(victim))
    sim.run(60)
    size = victim.engine.view.logs[victim.engine.own].tree.size
    override(sim, victim)
    say(sim, victim)
    sim.run(60)
    for node in (victim, nodes[2], nodes[3]):
        told = node.engine.view.of_kind("override")
        assert [(one.record.council, one.index) for one in told] == [(victim.council, size)]
        assert told[0].record.body == Override(size=size, answers=1, needed=2)
    override(sim, victim)
    assert victim.engine.view.logs[victim.engine.own].tree.size == size + 2, "said once"


def test_start_that_its_peers_answered_needs_no_override() -> None:
    sim, nodes = ring()
    restore(sim, nodes[0], backup(nodes[0]))
    sim.run(60)
    override(sim, nodes[0])
    sim.run(60)
    assert not nodes[2].engine.view.of_kind("override")
