"""A node that holds outlines verifies what others hold in full, for a few bytes a record."""

from confedproto import inputs, record
from confedproto.bodies.statement import Statement
from confedproto.drafts import Draft
from confedproto.interest import Mode
from confedproto.merkle import HASH_BYTES
from confedproto.record import Leaf, PlainLeaf, VerifiedRecord, WithheldLeaf
from confedproto.testing import SimNode, Simulator
from tests.support.worlds import found_compact


def say(sim: Simulator, node: SimNode, count: int) -> None:
    for number in range(count):
        payload = record.build_payload(
            kind="statement",
            council=node.council,
            charter=1,
            time=sim.now_s,
            body=Statement(text=f"{number} " + "x" * 900),
        )
        sim.submit(node, Draft(payload=payload))


def line() -> tuple[Simulator, SimNode, SimNode, SimNode]:
    """A - B - C, where C wants outlines of all that it has nothing to do with."""
    sim = Simulator(8)
    a, b, c = (sim.add_council(name) for name in "ABC")
    sim.link(a, b)
    sim.run(2)
    say(sim, a, 60)
    sim.give(c, inputs.Follow(council=None, mode=Mode.HEADS))
    sim.link(b, c)
    sim.run(3)
    return sim, a, b, c


def size_of(node: SimNode, of: SimNode) -> int:
    rows = node.disk[of.engine.own]
    return sum(len(envelope) for envelope, _, _ in rows)


def test_outline_verifies_every_head_and_takes_a_fraction_of_the_disk() -> None:
    sim, a, b, c = line()
    whole, outline = b.engine.view.logs[a.engine.own], c.engine.view.logs[a.engine.own]
    assert outline.head is not None
    assert whole.head is not None
    assert (outline.head.size, outline.head.root) == (whole.head.size, whole.head.root)
    assert outline.lean
    assert isinstance(outline.leaves[0], VerifiedRecord)  # who it is
    assert isinstance(outline.leaves[-1], WithheldLeaf)
    assert size_of(c, a) * 10 < size_of(b, a)
    assert c.engine.view.council_name(a.council) == "A"
    assert not c.engine.view.logs[b.engine.own].lean, "a linked council is held in full"
    before = [node.bytes_sent for node in (a, b, c)]
    sim.run(300)
    assert max(n.bytes_sent - was for n, was in zip((a, b, c), before, strict=True)) < 3_000
    say(sim, a, 3)
    sim.run(3)
    assert outline.tree.size == whole.tree.size
    assert not c.refused


def test_outline_becomes_whole_when_the_operator_wants_it() -> None:
    sim, a, b, c = line()
    sim.give(c, inputs.Follow(council=a.council, mode=Mode.FULL))
    sim.run(40)
    log = c.engine.view.logs[a.engine.own]
    assert not log.seclusion.withheld
    assert size_of(c, a) == size_of(b, a)
    assert c.engine.view.state_digest(sim.now_s) == b.engine.view.state_digest(sim.now_s)


def test_outline_is_an_outline_after_a_restart() -> None:
    sim, a, _, c = line()
    sim.kill(c)
    c.interest = Mode.HEADS
    sim.restart(c)
    say(sim, a, 2)
    sim.run(5)
    log = c.engine.view.logs[a.engine.own]
    assert log.lean
    assert log.tree.size == a.engine.view.logs[a.engine.own].tree.size


def test_council_that_is_not_wanted_grows_no_more() -> None:
    sim, a, _, c = line()
    held = c.engine.view.logs[a.engine.own].tree.size
    sim.give(c, inputs.Follow(council=a.council, mode=Mode.NONE))
    say(sim, a, 5)
    sim.run(40)
    assert c.engine.view.logs[a.engine.own].tree.size == held
    sim.give(c, inputs.Follow(council=a.council, mode=Mode.HEADS))
    sim.run(40)
    assert c.engine.view.logs[a.engine.own].tree.size == held + 5


def test_council_that_joins_our_compact_is_held_in_full() -> None:
    sim, a, b, c = line()
    sim.link(a, c)
    sim.run(40)
    assert not c.engine.view.logs[a.engine.own].lean
    assert not c.engine.view.logs[a.engine.own].seclusion.withheld
    assert b.up


# --- recent-only replicas (INT-3) -----------------------------------------------------------

KEEP = 300


def recent_line() -> tuple[Simulator, SimNode, SimNode, SimNode]:
    """A - B - C, where B holds of others only what is recent, and C is not linked with A."""
    sim = Simulator(9)
    a, b, c = (sim.add_council(name) for name in "ABC")
    sim.link(a, b)
    sim.run(2)
    b.engine.interest.keep = KEEP
    sim.give(b, inputs.Follow(council=a.council, mode=Mode.RECENT))
    say(sim, a, 200)
    found_compact(sim, [a], "One", "majority")  # in the middle, and decisions rest on it
    sim.run(2)
    say(sim, a, 800)
    sim.run(8)
    return sim, a, b, c


def gone(node: SimNode, of: SimNode) -> set[int]:
    """The leaves of a log that the node's disk has no more than the hash of."""
    rows = enumerate(node.disk[of.engine.own])
    return {index for index, (envelope, _, _) in rows if len(envelope) == HASH_BYTES}


def test_recent_replica_drops_old_statements_and_nothing_else() -> None:
    sim, a, b, _ = recent_line()
    entry, whole = b.engine.view.logs[a.engine.own], a.engine.view.logs[a.engine.own]
    assert (entry.tree.size, entry.tree.root()) == (whole.tree.size, whole.tree.root())
    dropped = gone(b, a)
    assert entry.dropped == len(dropped) > 500
    assert min(range(entry.tree.size - KEEP, entry.tree.size)) > max(dropped)
    assert {i for i, leaf in enumerate(entry.leaves) if bare(leaf)} == dropped
    assert not gone(a, a)
    for index, leaf in enumerate(whole.leaves):
        if isinstance(leaf, VerifiedRecord):
            assert index not in dropped, leaf.kind
    now = sim.now_s
    assert b.engine.view.state_digest(now) == a.engine.view.state_digest(now)
    assert set(b.engine.view.records) >= {
        one.id for one in whole.leaves if isinstance(one, VerifiedRecord)
    }
    assert entry.mark == whole.mark
    sim.run(200)  # digests agree: nobody asks for what is not wanted
    assert gone(b, a) == dropped
    assert not b.refused


def test_recent_replica_serves_hashes_and_others_ask_elsewhere() -> None:
    sim, a, b, c = recent_line()
    sim.link(b, c)
    sim.run(8)
    entry = c.engine.view.logs[a.engine.own]
    assert entry.tree.size == b.engine.view.logs[a.engine.own].tree.size
    assert gone(c, a) == gone(b, a), "no more than the replica has"
    assert entry.seclusion.withheld == len(gone(b, a))
    assert not c.refused
    assert not b.refused
    sim.link(a, c)
    sim.run(300)
    assert not gone(c, a)
    assert entry.seclusion.withheld == 0


def test_recent_replica_that_wants_all_again_fetches_it() -> None:
    sim, a, b, _ = recent_line()
    assert gone(b, a)
    sim.give(b, inputs.Follow(council=a.council, mode=Mode.FULL))
    sim.run(60)
    assert not gone(b, a)
    entry = b.engine.view.logs[a.engine.own]
    assert (entry.dropped, entry.lacking) == (0, 0)
    assert {type(leaf) for leaf in entry.leaves} <= {VerifiedRecord, PlainLeaf}
    say(sim, a, 300)
    sim.run(3)
    assert not gone(b, a)
    sim.give(b, inputs.Follow(council=a.council, mode=Mode.RECENT))
    assert len(gone(b, a)) > 700


def test_recent_replica_drops_as_the_log_grows() -> None:
    sim, a, b, _ = recent_line()
    before = gone(b, a)
    say(sim, a, 600)
    sim.run(5)
    assert gone(b, a) > before
    held = len(b.disk[a.engine.own]) - len(gone(b, a))
    assert held <= KEEP + 256 + 20
    b.engine.interest.keep = 0
    sim.give(b, inputs.Follow(council=a.council, mode=Mode.RECENT))
    assert len(b.disk[a.engine.own]) - len(gone(b, a)) <= 256 + 20


def bare(leaf: Leaf) -> bool:
    return isinstance(leaf, PlainLeaf) and leaf.dropped
