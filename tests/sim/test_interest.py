"""A node that holds outlines verifies what others hold in full, for a few bytes a record."""

from confedproto import inputs, record
from confedproto.bodies.statement import Statement
from confedproto.drafts import Draft
from confedproto.interest import Mode
from confedproto.record import VerifiedRecord, WithheldLeaf
from confedproto.testing import SimNode, Simulator


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
