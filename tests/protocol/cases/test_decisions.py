"""The edge cases of decisions, by number: the life of a motion.

Each has a history that satisfies the rule, and one that breaks it. Every record is signed and
went through `record.open`; what is asked is the derived status.
"""

import pytest
from msgspec.structs import replace

from confedproto.bodies.compact import Compact
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.second import Second
from confedproto.bodies.takeover import Takeover
from confedproto.bodies.withdraw import Withdraw
from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.compact import form_fault, founding_fault
from confedproto.rules.states import Effect, State
from confedproto.rules.tally import Outcome
from tests.support.assembly import FAR, WINDOWS, Assembly, freeze_of


def test_case_24_late_amendment_delays_the_freeze() -> None:
    made = Assembly(4)
    motion = made.move()
    made.now += 8
    late = made.amend(motion)
    made.freeze(motion, wait=2, versions=[late])
    assert made.status(motion, made.now).fault is Reason.AMEND_LATE
    made.freeze(motion, wait=5, versions=[late])
    assert made.status(motion, made.now).state is State.OPEN


def test_case_25_whole_versions_compete_by_approval() -> None:
    made = Assembly(4)
    motion = made.move()
    one, two = made.amend(motion, by=1), made.amend(motion, by=2)
    freeze = made.freeze(motion, versions=[one, two])
    made.now += 1
    made.position(freeze, 0, "Y", versions=(motion.id, two.id))
    made.position(freeze, 1, "Y", versions=(one.id,))
    made.position(freeze, 2, "Y", versions=(two.id,))
    stray = made.position(freeze, 3, "Y", versions=(bytes(32),))
    made.now += 1
    made.witness()
    assert made.status(motion).version == two.id
    assert made.faults(motion)[stray.id] == "position-version"


def test_case_26_withdrawn_motion_is_taken_over_in_time() -> None:
    made = Assembly(4)
    motion = made.move()
    made.now += 1
    made.put(0, Withdraw(), motion)
    made.freeze(motion)
    assert made.status(motion, made.now).state is State.WITHDRAWN
    made = Assembly(4)
    motion = made.move()
    made.now += 1
    made.put(0, Withdraw(), motion)
    made.now += 1
    taken = made.put(1, Takeover(), motion)
    made.freeze(motion, by=1, takeover=taken.id)
    assert made.status(motion, made.now).state is State.OPEN
    made.put(0, Withdraw(), motion)  # once open nobody withdraws it
    assert made.status(motion, made.now).state is State.OPEN


def test_case_26_takeover_after_its_time_is_none() -> None:
    made = Assembly(4)
    motion = made.move()
    made.put(0, Withdraw(), motion)
    made.now += 21
    taken = made.put(1, Takeover(), motion)
    made.freeze(motion, by=1, takeover=taken.id)
    assert made.status(motion, made.now).fault is Reason.MOTION_TAKEOVER


def test_case_27_same_matter_pauses_unless_a_third_seconds_it() -> None:
    made = Assembly(4)
    first = made.move()
    made.decide(first, "NNNY", "rejected")
    again = made.move(parent=first.id)
    made.freeze(again)
    assert made.status(again, made.now).fault is Reason.MOTION_PAUSE
    asked = made.move(parent=first.id, by=1)
    seconds = [made.put(by, Second(), asked) for by in (0, 2)]
    made.freeze(asked, by=1, seconds=seconds)
    assert made.status(asked, made.now).state is State.OPEN


def test_case_27_referred_back_is_exempt_once() -> None:
    made = Assembly(4)
    first = made.move()
    made.decide(first, "RRNY", "referred-back")
    again = made.move(parent=first.id)
    made.decide(again, "RRNY", "referred-back")
    assert made.outcome(again) is Outcome.REFERRED_BACK
    third = made.move(parent=again.id)
    made.freeze(third)
    assert made.status(third, made.now).fault is Reason.MOTION_PAUSE


def test_case_28_wrong_rule_or_class_is_inadmissible() -> None:
    made = Assembly(4, rules={"coordination": "super(2,3)"})
    shopped = made.move(rule="simple")
    assert made.status(shopped).fault is Reason.RULE_CLASS
    assert made.status(made.move("charter", target=bytes(32))).fault is Reason.CLASS_UNKNOWN
    assert made.status(made.move(target=bytes(32))).fault is Reason.MOTION_FIELD
    assert made.status(made.move(rule="super(2,3)"), made.now).state is State.SECONDED
    body = made.compact.body
    assert isinstance(body, Compact)
    lazy = made.found(previous=made.compact.id)
    assert isinstance(lazy.body, Compact)
    light = replace(lazy.body, rules=tuple(replace(row, rule="lazy") for row in lazy.body.rules))
    assert form_fault(lazy, light) is Reason.RULE_CLASS
    assert founding_fault(lazy, lazy.body, made.view().charter_of) is Reason.COMPACT_VERSION


def charter_change(made: Assembly) -> VerifiedRecord:
    """A version of the compact that was adopted, not yet ratified."""
    version = made.found(previous=made.compact.id, seconds=1)
    motion = made.move("charter", target=version.id)
    made.decide(motion, "YYYN")
    assert made.outcome(motion) is Outcome.ADOPTED
    return version


def test_case_29_motion_runs_under_the_version_it_cites() -> None:
    made = Assembly(4, rules={"charter": "super(2,3)"})
    running = made.move(by=1)
    version = charter_change(made)
    made.put(0, Ratify(value="yes"), version)
    made.freeze(running, by=1)  # no second needed: the old version says so
    assert made.status(running, made.now).state is State.OPEN
    shopped = made.move()  # the mover has ratified and cites the old one
    assert made.status(shopped).fault is Reason.COMPACT_VERSION


def test_case_29_amended_compact_binds_only_who_ratified() -> None:
    made = Assembly(4, rules={"charter": "super(2,3)"})
    version = charter_change(made)
    for by in (0, 1):
        made.put(by, Ratify(value="yes"), version)
    motion = made.move(version=version.id)
    second = made.put(1, Second(), motion)
    made.freeze(motion, seconds=[second])  # all four in C
    assert made.status(motion, made.now).fault is Reason.FREEZE_ROLL
    made.freeze(motion, councils=made.roll(without=[2, 3]), seconds=[second])
    assert made.status(motion, made.now).state is State.OPEN
    made.put(2, Ratify(value="yes"), version)  # a late one makes no freeze bad
    assert made.status(motion, made.now).state is State.OPEN


@pytest.mark.parametrize("broken", ["founders", "weight_max"])
def test_case_29_version_that_no_compact_could_be_binds_nobody(broken: str) -> None:
    made = Assembly(4, rules={"charter": "super(2,3)"})
    body = made.compact.body
    assert isinstance(body, Compact)
    changed = {"founders": body.founders[1:], "weight_max": 1}
    before = made.compact.id
    version = made.put(0, replace(body, previous=before, **{broken: changed[broken]}), None)
    motion = made.move("charter", target=version.id)
    made.decide(motion, "YYYN")
    assert made.outcome(motion) is Outcome.ADOPTED
    made.put(0, Ratify(value="yes"), version)
    assert made.status(made.move(version=version.id)).fault is Reason.COMPACT_VERSION


def test_case_29_many_versions_do_not_hide_the_one_that_binds() -> None:
    made = Assembly(4, rules={"charter": "super(2,3)"})
    version = charter_change(made)
    made.put(0, Ratify(value="yes"), version)
    for number in range(70):
        made.found(previous=made.compact.id, seconds=number)
    assert made.status(made.move()).fault is Reason.COMPACT_VERSION
    assert made.status(made.move(version=version.id), made.now).fault is None


def test_case_30_later_motion_wins_only_by_name_and_rule() -> None:
    made = Assembly(4, rules={"admin": "simple", "coordination": "majority"})
    first = made.move()
    made.decide(first, "YYYN")
    weaker = made.move("admin", supersedes=(first.id,))
    made.decide(weaker, "YYYN", positions={"yes": 1})
    assert made.outcome(weaker) is Outcome.ADOPTED
    assert made.standing(first).effect is Effect.IN_FORCE
    later = made.move(supersedes=(first.id,))
    made.decide(later, "YYYN")
    assert made.standing(first).effect is Effect.SUPERSEDED
    against = made.move(contradicts=(later.id,))
    made.decide(against, "YYYN")
    assert made.standing(later).held
    assert made.standing(against).held


def test_case_31_at_most_one_side_of_a_partition_decides() -> None:
    made = Assembly(5)
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "YYYNN")
    made.certify(freeze, said[:3], "adopted", by=(0, 1, 2))
    assert made.status(motion).state is State.PROVISIONAL  # three locks of four needed
    made.certify(freeze, said, "adopted", by=(3,))
    assert made.status(motion).state is State.FINAL


def test_case_32_node_off_at_closing_computes_the_same() -> None:
    made = Assembly(4)
    motion = made.move()
    made.decide(motion, "YYYN")
    for now in (made.now, FAR):
        assert made.status(motion, now).state is State.FINAL


def test_case_32_node_that_lacks_the_locks_is_not_final_until_it_has_them() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "YYYN")
    made.now = freeze_of(freeze).closes + WINDOWS.grace + WINDOWS.settle
    assert made.status(motion, FAR).state is State.PROVISIONAL, "time alone makes nothing final"
    made.certify(freeze, said, "adopted", by=(0, 1))
    assert made.status(motion, FAR).state is State.PROVISIONAL
    made.certify(freeze, said, "adopted", by=(2,))
    assert made.status(motion, FAR).state is State.FINAL


def test_case_33_instants_are_whole_seconds_utc() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    closes = freeze_of(freeze).closes
    assert made.status(motion, closes).state is State.OPEN
    assert made.status(motion, closes + 1).state is State.CLOSED


def test_case_33_position_a_second_after_the_closing_is_late() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    made.now = freeze_of(freeze).closes
    last = made.position(freeze, 0, "Y")
    made.now += 1
    late = made.position(freeze, 1, "Y")
    made.witness()
    assert made.faults(motion)[last.id] is None
    assert made.faults(motion)[late.id] == "position-late", "on the same day, and still late"
