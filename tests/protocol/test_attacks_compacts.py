"""Councils in several compacts, and in several logs: nothing of one counts in the other."""

from typing import Any

import pytest
from msgspec.structs import replace

from confedproto import record
from confedproto.bodies.accession import Accession
from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.compact import ClassRule, Compact, Founder
from confedproto.bodies.dispute import Dispute
from confedproto.bodies.exit import Exit
from confedproto.bodies.motion import Motion, Title
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.second import Second
from confedproto.bodies.task import Task
from confedproto.bodies.withdraw import Withdraw
from confedproto.bodies.witness import Witness, WitnessedHead
from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.case import Case
from confedproto.rules.motion import MotionStatus
from confedproto.rules.states import Effect, State
from tests.protocol.cases.test_findings import find
from tests.protocol.test_attacks_decisions import replaced
from tests.support.assembly import FAR, TEXT, WINDOWS, Assembly, freeze_of
from tests.support.councils import Author, view_of


def alone(made: Assembly, by: int, **fields: Any) -> VerifiedRecord:
    """A compact that one council founds with itself."""
    author = made.authors[by]
    body = Compact(
        name="Mine",
        founders=(Founder(council=author.council, charter=author.version, weight=2),),
        rules=(ClassRule(name="coordination", rule="majority"),),
        windows=WINDOWS,
        seconds=0,
        sponsors=0,
        weight_max=2,
    )
    return author.add(replace(body, **fields), time=made.now)


def moved_alone(made: Assembly, by: int, compact: VerifiedRecord, **fields: Any) -> VerifiedRecord:
    """A motion of one council in its own compact, adopted by itself."""
    body = Motion(
        name="coordination",
        titles=(Title(language="en", title="Mine"),),
        text=record.text_hash(TEXT),
        **fields,
    )
    motion = made.put(by, body, compact)
    own = made.roll(without=[one for one in range(len(made.authors)) if one != by])
    freeze = made.freeze(motion, by=by, councils=own, wait=20, witnessed=False)
    made.now += 1
    said = made.position(freeze, by, "Y")
    made.certify(freeze, [said], "adopted", by=[by])
    made.witness()
    assert made.status(motion).state is State.FINAL
    return motion


# --- another compact ----------------------------------------------------------------------------


def test_exit_from_another_compact_leaves_no_founder_out() -> None:
    made = Assembly(4)
    other = made.found(by=1, name="Another")
    gone = made.put(3, Exit(), other)
    motion = made.move()
    made.freeze(motion, councils=made.roll(without=[3]), exits=[gone])
    assert made.status(motion, made.now).fault is Reason.FREEZE_ROLL


def test_decision_of_another_compact_that_contradicts_holds_nothing() -> None:
    made = Assembly(4)
    motion = made.move()
    made.decide(motion, "YYYN")
    mine = alone(made, 3)
    moved_alone(made, 3, mine, contradicts=(motion.id,))
    stands = made.standing(motion)
    assert (stands.effect, stands.held) == (Effect.IN_FORCE, False)


@pytest.mark.parametrize("field", ["supersedes", "repeals", "contradicts"])
def test_decision_of_another_compact_replaces_nothing(field: str) -> None:
    made = Assembly(4)
    motion = made.move()
    made.decide(motion, "YYYN")
    mine = alone(made, 3)
    moved_alone(made, 3, mine, **{field: (motion.id,)})
    assert made.standing(motion).effect is Effect.IN_FORCE


def test_motion_that_names_a_decision_of_another_compact_is_not_held_by_it() -> None:
    made = Assembly(4)
    other = made.found(by=1, name="Another")
    here = made.move()
    made.decide(here, "YYYY")
    body = Motion(
        name="coordination",
        titles=(Title(language="en", title="There"),),
        text=record.text_hash(TEXT),
        contradicts=(here.id,),
    )
    there = made.put(1, body, other)
    made.witness()
    made.decide(there, "YYYY", by=1)
    assert not made.standing(there).held


def test_receipt_of_a_council_outside_the_roll_counts_for_nothing() -> None:
    made = Assembly(4)
    motion = made.move()
    puppets = [Author(70 + n) for n in range(3)]
    freeze = made.freeze(motion, witnessed=False)
    made.authors += puppets
    for puppet in range(4, 7):
        mine = alone(made, puppet)
        assert mine.council != made.compact.council
    made.now = freeze_of(freeze).opens - 1
    made.witness(by=range(4, 7))
    made.now += 1
    assert made.status(motion, made.now).fault is Reason.FREEZE_RECEIPTS


def test_puppet_unit_of_one_units_councils_alone_lifts_no_matter() -> None:
    made = Assembly(6, level=2, sponsors=0)
    founders = tuple(
        sorted(
            (Founder(council=a.council, charter=a.version, weight=2) for a in made.authors[:3]),
            key=lambda founder: founder.council,
        )
    )
    signers = [author.keyholders[0] for author in made.authors[:3]]
    east = made.authors[0].add(
        Compact(
            name="East",
            founders=founders,
            rules=(ClassRule(name="coordination", rule="majority"),),
            windows=WINDOWS,
            seconds=0,
            sponsors=0,
            weight_max=2,
            upper=made.compact.id,
        ),
        time=made.now,
        signers=signers,
    )
    puppet = alone(made, 0, upper=made.compact.id)
    motion = made.move(units=tuple(sorted((east.id, puppet.id))))
    assert made.status(motion, made.now).fault is Reason.LEVEL_LOWER
    west = alone(made, 4, upper=made.compact.id)
    real = made.move(units=tuple(sorted((east.id, west.id))))
    assert made.status(real, made.now).fault is None


def test_claim_dated_back_after_the_closing_takes_no_matter_back() -> None:
    made = Assembly(2, level=2, sponsors=0)
    one, other = (alone(made, by, upper=made.compact.id) for by in (0, 1))
    motion = made.move(units=tuple(sorted((one.id, other.id))))
    made.decide(motion, "YY")
    now, made.now = made.now, made.now - 30
    made.put(1, AffectedClaim(reason="Ours.", unit=other.id), motion)
    made.now = now
    made.witness()
    assert not made.standing(motion).held


# --- tasks ----------------------------------------------------------------------------------------


def test_task_of_who_left_or_found_void_or_contested_ends_no_decision() -> None:
    made = Assembly(6)
    motion = made.move()
    made.decide(motion, "YYYYNN")
    made.put(0, Exit(), made.compact)
    made.put(0, Task(title="Done.", done=True), motion)
    assert made.standing(motion).effect is Effect.IN_FORCE, "it had left"
    task = made.put(2, Task(title="Done.", done=True), motion)
    assert made.standing(motion).effect is Effect.DONE
    for by in (3, 4):
        made.put(by, Dispute(name="scope", remedy="It is policy."), task)
    assert made.standing(motion).effect is Effect.IN_FORCE, "it is held"
    made = Assembly(6)
    motion = made.move()
    made.decide(motion, "YYYYNN")
    find(made, made.put(0, Task(title="Done.", done=True), motion), "void")
    assert made.standing(motion).effect is Effect.IN_FORCE


# --- another log of the same council -----------------------------------------------------------


class Moved(Assembly):
    """Councils whose servers are replaced; `former` are the logs of the servers before."""

    def __init__(self, count: int, **given: Any) -> None:
        super().__init__(count, **given)
        self.former: list[Author] = []

    def replace(self, by: int, size: int | None = None) -> None:
        """The council's server is replaced: a new log, which keeps all or `size` of the old."""
        old = self.authors[by]
        self.former.append(old)
        self.authors[by] = replaced(old, old.tree.size if size is None else size)


def found(made: Moved, motion: VerifiedRecord, now: int = FAR) -> MotionStatus:
    told: list[MotionStatus] = []
    for order in ([*made.former, *made.authors], [*made.authors, *made.former]):
        status = view_of(order).motion_status(motion.id, now)
        assert isinstance(status, MotionStatus)
        told.append(status)
    assert told[0].fault is told[1].fault
    return told[0]


def test_council_that_left_moves_nothing_from_a_new_log() -> None:
    made = Moved(3)
    made.put(2, Exit(), made.compact)
    made.replace(2)
    motion = made.move(by=2)
    assert found(made, motion, made.now).fault is Reason.COMPACT_LEFT


def test_council_that_left_and_came_back_may_move_from_a_new_log() -> None:
    made = Moved(3)
    made.put(2, Exit(), made.compact)
    made.replace(2)
    made.put(2, Accession(weight=2), made.compact)
    motion = made.move(by=2)
    assert found(made, motion, made.now).fault is None


def test_second_of_a_council_that_left_counts_in_no_log() -> None:
    made = Moved(3, seconds=1)
    motion = made.move()
    made.put(2, Exit(), made.compact)
    made.replace(2)
    made.put(2, Second(), motion)
    assert found(made, motion, made.now).state is State.DRAFT


def test_motion_that_was_withdrawn_is_not_frozen_from_a_new_log() -> None:
    made = Moved(3)
    motion = made.move()
    made.put(0, Withdraw(reason="No."), motion)
    made.witness()
    made.replace(0)
    made.freeze(motion)
    assert found(made, motion, made.now).fault is Reason.MOTION_WITHDRAWN


def test_council_chooses_no_older_version_by_a_new_log() -> None:
    made = Moved(3, rules={"charter": "majority"})
    version = made.found(by=0, previous=made.compact.id, name="Better")
    adopts = made.move("charter", target=version.id)
    made.decide(adopts, "YYY")
    for by in range(3):
        made.put(by, Ratify(value="yes"), version)
    made.replace(0)
    under = made.move(version=version.id)
    assert found(made, under, made.now).fault is None
    older = made.move()
    assert found(made, older, made.now).fault is Reason.COMPACT_VERSION


def test_what_an_old_log_shows_past_its_cut_undoes_no_decision() -> None:
    """An exit that the replacement cut off comes back by one witness, after the certificate."""
    made = Moved(4)
    old = made.authors[3]
    size = old.tree.size
    made.put(3, Exit(), made.compact)
    made.replace(3, size)
    motion = made.move(by=3)
    made.decide(motion, "YYYY", by=3)
    assert found(made, motion).state is State.FINAL
    puppet = Author(50)
    head = WitnessedHead(log=old.log, size=size + 1, root=old.tree.root_at(size + 1))
    part, root = record.encode_heads([head])
    puppet.sign_by_node(Witness(count=1, root=root), time=made.now, part=part)
    view = view_of([*made.authors, old, puppet])
    status = view.motion_status(motion.id, FAR)
    assert isinstance(status, MotionStatus)
    assert status.state is State.FINAL
    assert isinstance(view.case(motion.id), Case)


def said(made: Moved, motion: VerifiedRecord) -> dict[bytes, Reason | None]:
    """Position -> why it does not count, whatever log came first."""
    return {j.position.record.id: j.fault for j in found(made, motion).positions}


def test_second_position_of_one_number_in_a_new_log_counts_no_more_than_the_first() -> None:
    made = Moved(4)
    motion = made.move()
    freeze = made.freeze(motion)
    made.now += 1
    first = made.position(freeze, 3, "Y")
    made.replace(3)
    second = made.position(freeze, 3, "N")
    made.now += 1
    for author in made.authors[:3]:
        author.witness([*made.former, made.authors[3]], time=made.now)
    told = said(made, motion)
    double = Reason.POSITION_DOUBLE
    assert (told[first.id], told[second.id]) == (double, double)


def test_position_that_is_put_again_into_a_new_log_counts_once() -> None:
    made = Moved(4)
    motion = made.move()
    freeze = made.freeze(motion)
    made.now += 1
    first = made.position(freeze, 3, "Y", yes=5, no=1)
    made.replace(3)
    made.authors[3].append(first)
    made.now += 1
    for author in made.authors[:3]:
        author.witness([*made.former, made.authors[3]], time=made.now)
    assert said(made, motion) == {first.id: None}
    tally = found(made, motion).tally
    assert tally is not None
    assert (tally.people_yes, tally.people_no) == (5, 1)


def test_position_that_a_replacement_cut_off_stands_once_one_other_had_it() -> None:
    made = Moved(4)
    motion = made.move()
    freeze = made.freeze(motion)
    made.now += 1
    old = made.authors[3]
    size = old.tree.size
    gone = made.position(freeze, 3, "Y")
    made.replace(3, size)
    again = made.position(freeze, 3, "N")
    made.now += 1
    for author in made.authors[:3]:
        author.witness([made.authors[3]], time=made.now)
    assert said(made, motion) == {again.id: None}, "what nobody had is cut off for good"
    made.authors[0].witness([old], time=made.now + 1)
    told = said(made, motion)
    assert told[gone.id] is Reason.POSITION_RECEIPTS, "one had it: it stands, and is not received"
    assert told[again.id] is None
