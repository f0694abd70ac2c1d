"""Records that come after a decision, whatever time they claim: none takes it back."""

from confedproto.bodies.freeze import Freeze
from confedproto.bodies.takeover import Takeover
from confedproto.bodies.withdraw import Withdraw
from confedproto.rules.motion import State
from tests.support.assembly import Assembly, freeze_of


def test_freeze_of_a_stranger_moves_no_closing_of_a_first_reading() -> None:
    made = Assembly(5, rules={"exclusion": "super(3,4)"})
    target, councils = made.authors[4].council, made.roll(without=[4])
    first = made.move("exclusion", target=target)
    freeze = made.decide(first, "YYYY-", councils=councils)
    made.now = freeze_of(freeze).closes + 100
    second = made.move("exclusion", target=target, first=first.id)
    last = made.decide(second, "YYYY-", councils=councils)
    assert made.status(second).state is State.FINAL
    opens = freeze_of(last).opens
    made.put(4, Freeze(councils=councils, opens=opens - 11, closes=opens - 1), first)
    assert made.status(second).state is State.FINAL


def test_second_freeze_of_a_parent_begins_no_pause() -> None:
    made = Assembly(4)
    parent = made.move(by=3)
    freeze = made.decide(parent, "NNNN", "rejected", by=3)
    made.now = freeze_of(freeze).closes + 501
    again = made.move(parent=parent.id)
    last = made.decide(again, "YYYY")
    assert made.status(again).state is State.FINAL
    time = last.time
    made.put(3, Freeze(councils=made.roll(), opens=time - 11, closes=time - 1), parent)
    assert made.status(again).state is State.FINAL


def test_late_certificate_of_a_parent_undoes_no_decision() -> None:
    made = Assembly(4)
    parent = made.move(by=3)
    freeze = made.freeze(parent, by=3)
    said = made.vote(freeze, "NNNN")
    made.now = freeze_of(freeze).closes + 1
    again = made.move(parent=parent.id)
    made.decide(again, "YYYY")
    assert made.status(again).state is State.FINAL
    made.certify(freeze, said, "rejected")
    assert made.status(again).state is State.FINAL


def test_withdrawal_that_claims_an_earlier_time_undoes_no_takeover() -> None:
    made = Assembly(4)
    motion = made.move()
    made.now += 30
    made.put(0, Withdraw(), motion)
    made.now += 1
    taken = made.put(1, Takeover(), motion)
    made.decide(motion, "YYYY", by=1, takeover=taken.id)
    assert made.status(motion).state is State.FINAL
    made.now = motion.time
    made.put(0, Withdraw(), motion)
    assert made.status(motion).state is State.FINAL


def test_withdrawal_that_claims_an_earlier_time_hides_none() -> None:
    made = Assembly(4)
    motion = made.move()
    made.now += 5
    made.put(0, Withdraw(), motion)
    made.freeze(motion)
    before = made.status(motion, made.now).state
    made.now = motion.time
    made.put(0, Withdraw(), motion)
    assert made.status(motion, made.now + 60).state is before
