"""Invitations between councils with a past: other keyholders, another server, a repaired fork."""

from confedproto.council import token_key
from confedproto.councildrafts import CouncilDesk
from confedproto.drafts import Draft
from confedproto.errors import Reason
from confedproto.rules.life import State as Life
from confedproto.session import State
from confedproto.testing import SimNode, Simulator, seeded_key
from confedproto.testing_servers import attach, new_server


def desk(sim: Simulator, node: SimNode, council: SimNode | None = None) -> CouncilDesk:
    return CouncilDesk(view=node.engine.view, council=(council or node).council, now=sim.now_s)


def rotate(sim: Simulator, node: SimNode, keyholders: int = 3) -> None:
    """All keyholders hand over to others: the next charter bears both thresholds."""
    fresh = [seeded_key(sim.rng) for _ in range(keyholders)]
    threshold = 1 if keyholders == 1 else 2
    draft = desk(sim, node).charter(name=None, threshold=threshold, keys=[k.public for k in fresh])
    signers = [*node.keyholders[: node.threshold], *fresh[:threshold]]
    sim.submit_signed(node, Draft(payload=draft), signers)
    node.keyholders, node.threshold = fresh, threshold


def linked(one: SimNode, other: SimNode) -> bool:
    """Both engines hold an open session, both logs, and take the two for linked."""
    return all(
        any(s.council == there.council and s.state is State.OPEN for s in here.sessions.values())
        and here.view.linked(one.council, other.council)
        for here, there in ((one.engine, other.engine), (other.engine, one.engine))
    )


def version(node: SimNode, council: SimNode) -> int:
    step = node.engine.view.authorities[council.council].charter
    return 0 if step is None else step.version


def test_council_that_rotated_twice_links_with_one_that_rotated_too() -> None:
    sim = Simulator(11)
    host, guest = sim.add_council("host", 3, 2), sim.add_council("guest")
    rotate(sim, host)
    rotate(sim, guest)
    rotate(sim, guest, 1)
    sim.link(host, guest)
    assert sim.run_until(lambda: linked(host, guest), within_s=5)
    sim.run(5)
    assert (version(host, guest), version(guest, host)) == (3, 2)
    digests = {node.engine.view.state_digest(sim.now_s) for node in (host, guest)}
    assert len(digests) == 1


def test_answer_of_the_charter_before_is_taken_after_the_keyholders_changed() -> None:
    sim = Simulator(12)
    host, guest = sim.add_council("host"), sim.add_council("guest", 3, 2)
    sim.link(host, guest)
    sim.kill(guest)  # before its knock arrived
    sim.kill(host)
    sim.restart(guest)
    rotate(sim, guest)
    sim.restart(host)
    assert sim.run_until(lambda: linked(host, guest), within_s=5)


def test_council_whose_charter_fork_was_repaired_links_by_invitation() -> None:
    sim = Simulator(13)
    host, helper = sim.add_council("host"), sim.add_council("helper")
    guest = sim.add_council("guest", 3, 2)
    sim.link(helper, guest)
    assert sim.run_until(lambda: linked(helper, guest), within_s=5)
    sim.run(5)
    old = guest.keyholders
    sets = [[seeded_key(sim.rng) for _ in range(3)] for _ in range(3)]
    drafts = [
        desk(sim, guest).charter(name=None, threshold=2, keys=[k.public for k in keys])
        for keys in sets[:2]
    ]
    for node, draft, keys in zip((helper, guest), drafts, sets, strict=False):
        sim.submit_signed(node, Draft(payload=draft), [*old[:2], *keys[:2]])
    sim.run(5)
    assert guest.engine.view.authorities[guest.council].state is Life.CHARTER_FORK
    draft = desk(sim, guest).charter(name=None, threshold=2, keys=[key.public for key in sets[2]])
    sim.submit_signed(guest, Draft(payload=draft), [*old[:2], *sets[2][:2]])
    guest.keyholders = sets[2]
    sim.link(host, guest)
    assert sim.run_until(lambda: linked(host, guest), within_s=5)
    sim.run(5)
    assert version(host, guest) == 3


def test_council_with_another_server_links_and_all_its_logs_are_followed() -> None:
    sim = Simulator(14)
    first, helper, host = (sim.add_council(name) for name in ("first", "helper", "host"))
    rotate(sim, first)
    sim.link(helper, first)
    assert sim.run_until(lambda: linked(helper, first), within_s=5)
    sim.run(5)
    sim.kill(first)
    fresh = new_server(sim, first, "fresh")
    payload = desk(sim, helper, first).node(fresh.node_key.public, fresh.transport)
    sim.submit_signed(helper, Draft(payload=payload), first.keyholders[:2])
    attach(sim, fresh, helper)
    assert sim.run_until(lambda: fresh.engine.own in fresh.engine.view.logs, within_s=60)
    sim.link(host, fresh)
    assert sim.run_until(lambda: linked(host, fresh), within_s=5)
    sim.run(5)
    assert host.engine.view.log_of[fresh.council] == fresh.engine.own


def leaked(sim: Simulator, host: SimNode, *guests: SimNode) -> None:
    """All guests answer the one invitation; the wires come up in this order."""
    token = token_key(sim.rng.randbytes(16))
    sim.submit(host, sim.desk(host).invite(token.public, sim.now_s + 3_600))
    for guest in guests:
        sim.submit(guest, sim.desk(guest).answer(host.council, token.public), token)
    for guest in guests:
        attach(sim, guest, host)


def names(node: SimNode, one: SimNode, other: SimNode) -> bool:
    return node.engine.view.linked(one.council, other.council)


def test_second_answer_to_a_leaked_invitation_links_nobody_on_any_node() -> None:
    sim = Simulator(15)
    host, first, thief, third = (sim.add_council(name) for name in "HFTX")
    sim.link(third, thief)
    leaked(sim, host, first, thief)
    sim.run(5)
    sim.link(third, first)
    sim.run(60)
    everybody = (host, first, thief, third)
    assert all(names(node, host, first) for node in everybody)
    assert not any(names(node, host, thief) for node in everybody)
    assert Reason.INVITATION_USED in {one.reason for one in host.refused}
    answers = [p for p in host.engine.view.of_kind("link") if p.record.council == thief.council]
    assert answers, "the half-link is in the log that the host follows, and counts for nothing"
    assert len({node.engine.view.state_digest(sim.now_s) for node in everybody}) == 1


def test_guest_of_an_invitation_stays_its_guest_when_the_host_starts_again() -> None:
    sim = Simulator(16)
    host, first, thief = (sim.add_council(name) for name in "HFT")
    leaked(sim, host, first, thief)
    sim.kill(first)
    sim.run(5)
    assert names(host, host, thief), "the first whose knock arrived"
    sim.kill(host)
    sim.restart(host)
    sim.restart(first)
    sim.run(60)
    assert names(host, host, thief)
    assert not names(host, host, first)
    assert not names(first, host, first)
    before = host.engine.view.logs[host.engine.own].tree.size
    sim.cut(thief, host)
    sim.heal(thief, host)
    sim.run(5)
    assert host.engine.view.logs[host.engine.own].tree.size == before


def test_host_that_may_sign_nothing_takes_no_guest() -> None:
    sim = Simulator(17)
    host, guest = sim.add_council("host"), sim.add_council("guest")
    payload = desk(sim, host).suspension(host.node_key.public)
    token = token_key(sim.rng.randbytes(16))
    sim.submit(host, sim.desk(host).invite(token.public, sim.now_s + 3_600))
    sim.submit_signed(host, Draft(payload=payload), host.keyholders)
    sim.submit(guest, sim.desk(guest).answer(host.council, token.public), token)
    attach(sim, guest, host)
    sim.run(5)
    assert [one.reason for one in host.refused] == [Reason.NODE_SUSPENDED]
    assert not names(host, host, guest)
