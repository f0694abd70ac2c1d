"""Councils that a motion lets in: when, by which of their accessions, and what hangs on it."""

from confedproto.bodies.accession import Accession
from confedproto.bodies.exit import Exit
from confedproto.bodies.freeze import Voter
from confedproto.bodies.second import Second
from confedproto.bodies.takeover import Takeover
from confedproto.bodies.task import Task
from confedproto.bodies.withdraw import Withdraw
from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.states import Effect, State
from confedproto.rules.tally import Outcome
from tests.support.assembly import FAR, Assembly
from tests.support.councils import Author


def joining(count: int = 4, **fields: object) -> tuple[Assembly, VerifiedRecord]:
    """A compact that admits by motion, a newcomer (the last author), and the motion about it."""
    made = Assembly(count, rules={"accession": "majority"}, **fields)
    new = Author(60)
    made.authors.append(new)
    return made, made.move("accession", target=new.council)


def founders(made: Assembly) -> tuple[Voter, ...]:
    """C without the newcomer."""
    return made.roll(without=[len(made.authors) - 1])


def accede(made: Assembly, motion: VerifiedRecord | None, weight: int = 2) -> VerifiedRecord:
    """An accession of the newcomer that names a motion, received by all."""
    body = Accession(weight=weight, motion=motion.id if motion is not None else None)
    record = made.put(len(made.authors) - 1, body, made.compact)
    made.now += 1
    made.witness()
    made.now += 10
    return record


def newcomer_votes(made: Assembly) -> Outcome | None:
    """What comes of a motion with the newcomer in C."""
    motion = made.move()
    made.decide(motion, "Y" * len(made.authors), None)
    return made.outcome(motion)


def test_accession_before_the_vote_on_it_waits_for_that_vote() -> None:
    made, motion = joining()
    accede(made, motion)
    freeze = made.freeze(motion, councils=founders(made))
    made.vote(freeze, "YYYY-")
    assert made.status(motion).state is State.PROVISIONAL
    assert made.view().members(made.compact.id).keys() == {a.council for a in made.authors[:4]}


def test_accession_after_a_rejected_one_is_by_its_own_motion() -> None:
    made, motion = joining()
    accede(made, motion, weight=1)
    made.decide(motion, "NNNN-", "rejected", councils=founders(made))
    again = made.move("accession", target=made.authors[-1].council)
    accede(made, again)
    made.decide(again, "YYYY-", councils=founders(made))
    made.now += 20
    members = made.view().members(made.compact.id)
    assert members[made.authors[-1].council].weight == 2
    assert newcomer_votes(made) is Outcome.ADOPTED


def test_accession_that_names_no_motion_hides_none_that_does() -> None:
    made, motion = joining()
    accede(made, None)
    accede(made, motion)
    made.decide(motion, "YYYY-", councils=founders(made))
    made.now += 20
    assert newcomer_votes(made) is Outcome.ADOPTED


def test_accession_without_its_decision_gives_no_voice() -> None:
    made, motion = joining(seconds=1)
    accede(made, motion)
    other = made.move()
    made.put(4, Second(), other)
    assert made.status(other, made.now).state is State.DRAFT
    made.put(0, Withdraw(), other)
    made.put(4, Takeover(), other)
    assert made.status(other, made.now).state is State.WITHDRAWN


def test_council_that_left_and_waits_for_its_motion_stops_nobody() -> None:
    made, motion = joining()
    accede(made, motion)
    made.decide(motion, "YYYY-", councils=founders(made))
    made.now += 20
    made.put(4, Exit(), made.compact)
    back = made.move("accession", target=made.authors[4].council)
    accede(made, back)
    made.now += 20
    plain = made.move()
    gone = next(leaf for leaf in made.authors[4].leaves if leaf.kind == "exit")
    freeze = made.freeze(plain, councils=founders(made), exits=[gone])
    made.vote(freeze, "YYYY-")
    assert (made.status(plain).fault, made.outcome(plain)) == (None, Outcome.ADOPTED)


def test_freeze_without_a_council_that_all_knew_to_be_let_in_omits_it() -> None:
    made, motion = joining()
    accede(made, motion)
    made.decide(motion, "YYYY-", councils=founders(made))
    made.now += 1
    made.witness()
    made.now += 20
    plain = made.move()
    made.freeze(plain, councils=founders(made))
    assert made.status(plain, made.now).fault is Reason.FREEZE_OMITS


def test_two_motions_that_dissolve_give_one_state_in_any_order() -> None:
    made = Assembly(4, rules={"dissolution": "majority"})
    first, second = made.move("dissolution"), made.move("dissolution", by=1)
    made.decide(first, "YYYY")
    made.decide(second, "YYYY", by=1)
    assert made.outcome(first) is made.outcome(second) is Outcome.ADOPTED
    assert len({bytes(made.view(seed).state_digest(FAR)) for seed in range(8)}) == 1


def test_task_of_a_council_that_left_does_not_end_a_decision() -> None:
    made = Assembly(4)
    motion = made.move()
    made.decide(motion, "YYYY")
    made.put(3, Exit(), made.compact)
    made.put(3, Task(title="Done.", done=True), motion)
    assert made.standing(motion).effect is Effect.IN_FORCE
    made.put(2, Task(title="Done.", done=True), motion)
    assert made.standing(motion).effect is Effect.DONE
