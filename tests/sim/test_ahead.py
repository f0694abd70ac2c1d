"""What a log gains goes at once to whom has pulled it; each body comes once (LIV-7, LIV-8)."""

from confedproto import effects as fx
from confedproto import inputs, wire
from confedproto.limits import AHEAD_LEAVES
from confedproto.testing import SimNode, Simulator, seeded_key
from tests.support.watched import Watched, give, held, tail

LATENCY_MS = 20


def ring(seed: int, count: int) -> tuple[Watched, list[SimNode]]:
    """Councils in a ring (two: one link) that have synced and are at rest."""
    sim = Watched(seed)
    nodes = [sim.add_council(f"C{n}") for n in range(count)]
    for n in range(count if count > 2 else 1):
        sim.link(nodes[n], nodes[(n + 1) % count], latency_ms=LATENCY_MS)
    sim.run(70)
    for node in nodes:
        node.leaves_received = 0
    sim.said.clear()
    return sim, nodes


def write(sim: Simulator, node: SimNode) -> None:
    """An ordinary record: nothing in it is urgent."""
    key = seeded_key(sim.rng).public
    sim.submit(node, sim.desk(node).invite(key, sim.now_s + 60))


def test_record_of_a_log_that_was_pulled_is_one_latency_away_and_nobody_asks() -> None:
    sim, (author, other) = ring(1, 2)
    own, size = author.engine.own, held(author, author.engine.own)
    for number in range(1, 5):
        write(sim, author)
        sim.run(LATENCY_MS / 1000)
        assert held(other, own) == size + number
        sim.run(1)
    assert (sim.count(wire.Run), sim.count(wire.Heads), sim.count(wire.Pull)) == (4, 0, 0)


def test_peer_that_does_not_pull_again_is_sent_no_more_than_its_share() -> None:
    sim, (author, other) = ring(2, 2)
    while sim.count(wire.Pull) == 0:
        write(sim, author)
        sim.run(1)
    sent = sim.count(wire.Run) - 1
    assert 0 < sent <= AHEAD_LEAVES
    assert sim.count(wire.Heads) == 1
    assert held(other, author.engine.own) == held(author, author.engine.own)
    sim.said.clear()
    write(sim, author)
    sim.run(1)
    assert (sim.count(wire.Run), sim.count(wire.Pull)) == (1, 0), "the pull renewed it"


def test_in_a_ring_each_body_comes_once() -> None:
    sim, nodes = ring(3, 6)
    count = 3 * AHEAD_LEAVES
    for number in range(count):
        write(sim, nodes[number % 2])
        sim.run(0.5)
    for node in nodes:
        for author in nodes[:2]:
            own = author.engine.own
            assert held(node, own) == held(author, own)
    copies = sum(node.leaves_received for node in nodes) / (count * (len(nodes) - 1))
    assert 1 <= copies <= 1.1


def test_who_was_cut_off_waits_once_and_not_at_each_node_on_the_way_round() -> None:
    sim, nodes = ring(9, 12)
    author, log = nodes[0], nodes[0].engine.own
    write(sim, author)
    sim.run(1)
    # Of this log the nodes on one side are sent all through nodes[1], up to the middle.
    sim.kill(nodes[1])
    began, size = sim.now, held(author, log)
    write(sim, author)
    assert sim.run_until(lambda: held(nodes[2], log) > size, within_s=5)
    assert sim.now - began < 10 * 3 * LATENCY_MS, "more than an announcement, a pull, a run a hop"
    assert all(held(node, log) == size + 1 for node in nodes if node.up)


def test_burst_is_joined_and_nothing_is_lost() -> None:
    sim, (author, other) = ring(4, 2)
    for _ in range(300):
        write(sim, author)
        sim.run(0.001)
    sim.run(2)
    assert held(other, author.engine.own) == held(author, author.engine.own)
    assert sim.count(wire.Run) < 100
    assert other.leaves_received == 300


def test_cut_while_leaves_are_on_their_way_loses_none() -> None:
    sim, (author, other) = ring(5, 2)
    write(sim, author)
    sim.run(LATENCY_MS / 2_000)
    sim.cut(author, other)
    sim.heal(author, other)
    sim.run(2)
    assert held(other, author.engine.own) == held(author, author.engine.own)


def test_leaves_that_are_here_already_are_answered_with_the_head_and_come_no_more() -> None:
    sim, (author, other) = ring(6, 2)
    size = held(author, author.engine.own)
    effects = give(sim, other, tail(author, size - 1))
    (said,) = [one.message for one in effects if isinstance(one, fx.Send)]
    assert isinstance(said, wire.Heads)
    sim.give(author, inputs.Received(link=next(iter(author.engine.sessions)), message=said))
    write(sim, author)
    sim.run(1)
    assert (sim.count(wire.Heads), sim.count(wire.Pull), sim.count(wire.Run)) == (1, 1, 1)


def test_leaves_beyond_a_gap_are_pulled() -> None:
    sim, (author, other) = ring(7, 2)
    size = held(author, author.engine.own)
    sim.mute = True
    write(sim, author)
    write(sim, author)
    effects = give(sim, other, tail(author, size + 1))
    said = [one.message for one in effects if isinstance(one, fx.Send)]
    assert [one.start for one in said if isinstance(one, wire.Pull)] == [size]
    assert not [one for one in effects if isinstance(one, fx.StoreLeaves)]


def test_peer_that_sends_more_than_pulls_allow_is_not_opened() -> None:
    sim, (author, other) = ring(8, 2)
    link = next(iter(other.engine.sessions))
    run = tail(author, held(author, author.engine.own) - 1)
    opened = 0
    while other.engine.asked(link, run):
        give(sim, other, run)
        opened += 1
        assert opened < 1_000
    assert opened >= AHEAD_LEAVES
