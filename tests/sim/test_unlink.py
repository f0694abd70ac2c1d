"""A link ended by one side: sessions end, nothing new is exchanged, a new invitation links anew."""

import pytest

from confedproto.errors import LocalProtocolError, Reason
from confedproto.session import State
from confedproto.testing import SimNode, Simulator


def sessions(node: SimNode) -> int:
    return sum(one.state is State.OPEN for one in node.engine.sessions.values())


def pair() -> tuple[Simulator, SimNode, SimNode]:
    sim = Simulator(3)
    a, b = sim.add_council("A"), sim.add_council("B")
    sim.link(a, b)
    assert sim.run_until(lambda: sessions(a) == sessions(b) == 1, within_s=5)
    sim.run(1)
    return sim, a, b


@pytest.mark.parametrize("by_host", [True, False])
def test_unlink_by_either_side_ends_the_session_for_good(by_host: bool) -> None:
    sim, a, b = pair()
    who, other = (a, b) if by_host else (b, a)
    sim.submit(who, sim.desk(who).unlink(other.council))
    sim.run(2)
    assert sessions(a) == sessions(b) == 0
    sim.cut(a, b)
    sim.heal(a, b)
    sim.run(5)
    assert sessions(a) == sessions(b) == 0
    assert who.engine.reception.parted(other.council)
    assert a.engine.view.linked(a.council, b.council), "having been linked stays true"


def test_unlink_without_a_link_is_refused() -> None:
    sim, a, b = pair()
    sim.submit(a, sim.desk(a).unlink(b.council))
    with pytest.raises(LocalProtocolError) as caught:
        sim.desk(a).unlink(b.council)
    assert caught.value.reason is Reason.LINK_ENDED


def test_councils_that_parted_link_anew_by_another_invitation() -> None:
    sim, a, b = pair()
    sim.submit(a, sim.desk(a).unlink(b.council))
    sim.run(2)
    sim.link(a, b)
    for _ in range(3):
        sim.run(2)
        if not sessions(a):
            sim.cut(a, b)
            sim.heal(a, b)
    assert sessions(a) == sessions(b) == 1
    assert not a.engine.reception.parted(b.council)
