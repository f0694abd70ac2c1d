"""Invitations between councils with a past: other keyholders, another server, a repaired fork."""

from confedproto.councildrafts import CouncilDesk
from confedproto.drafts import Draft
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
