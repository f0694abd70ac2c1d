"""The edge cases of decisions, by number: what comes late, twice, or before its time."""

import pytest

from confedproto.bodies.accession import Accession
from confedproto.bodies.exit import Exit
from confedproto.bodies.position import Position
from confedproto.bodies.roll import Roll
from confedproto.errors import Reason
from confedproto.rules.states import State
from confedproto.rules.tally import Outcome
from tests.support.assembly import WINDOWS, Assembly, freeze_of
from tests.support.councils import START, Author


def test_case_01_vote_after_grace_is_shown_late_and_not_counted() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    good = made.vote(freeze, "YYN-")
    made.now = freeze_of(freeze).closes + WINDOWS.grace + 1
    late = made.position(freeze, 3, "N")
    made.witness()
    assert made.faults(motion)[late.id] == "position-late"
    assert all(made.faults(motion)[item.id] is None for item in good)
    assert made.outcome(motion) is Outcome.ADOPTED


def test_case_02_backdated_vote_needs_receipts_in_time() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    made.vote(freeze, "YYN-")
    backdated = made.position(freeze, 3, "N")  # claims a time before the closing
    made.now = freeze_of(freeze).closes + WINDOWS.grace + 1
    made.witness()
    assert made.faults(motion)[backdated.id] == "position-receipts"


def test_case_03_vote_changed_before_closing_the_last_number_counts() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    first = made.vote(freeze, "YYNN")
    changed = made.position(freeze, 3, "Y", number=2)
    made.now += 1
    made.witness()
    assert made.faults(motion)[first[3].id] == "position-number"
    assert made.faults(motion)[changed.id] is None
    assert made.outcome(motion) is Outcome.ADOPTED


def test_case_04_two_votes_of_one_number_count_neither_until_a_higher_one() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    made.vote(freeze, "YYNN")
    twin = made.position(freeze, 3, "Y", number=1)
    made.now += 1
    made.witness()
    assert made.faults(motion)[twin.id] == "position-double"
    mended = made.position(freeze, 3, "N", number=2)
    made.now += 1
    made.witness()
    assert made.faults(motion)[mended.id] is None


def test_case_05_vote_on_an_older_version_does_not_carry_over() -> None:
    made = Assembly(4)
    motion, other = made.move(), made.move(by=1)
    freeze, older = made.freeze(motion), made.freeze(other, by=1, wait=10)
    body = Position(freeze=older.id, number=1, value="yes")
    stray = made.authors[2].add(body, subject=motion.id, time=made.now)
    made.now += 1
    made.witness()
    assert made.faults(motion)[stray.id] == "freeze-mismatch"
    assert made.status(motion, freeze_of(freeze).closes).state is State.OPEN


def test_case_06_editorial_fix_rests_and_is_the_movers() -> None:
    made = Assembly(4)
    motion = made.move()
    fix = made.amend(motion, by=0, editorial=True)
    good = made.freeze(motion, versions=[fix])
    assert made.status(motion, freeze_of(good).opens).state is State.OPEN
    made = Assembly(4)
    motion = made.move()
    foreign = made.amend(motion, by=1, editorial=True)
    made.freeze(motion, versions=[foreign])
    assert made.status(motion, made.now).fault is Reason.MOTION_NOT_MOVER


def test_case_07_council_joined_after_the_freeze_may_speak_not_vote() -> None:
    made = Assembly(4, sponsors=0)
    motion = made.move()
    freeze = made.freeze(motion)
    made.authors.append(Author(9))
    made.put(4, Accession(weight=2), made.compact)
    spoken = made.position(freeze, 4, "N")
    made.vote(freeze, "YYN-")
    assert made.faults(motion)[spoken.id] == "position-not-member"
    later = made.move(by=1)
    whole = made.freeze(later, by=1, councils=made.roll())
    assert len(freeze_of(whole).councils) == 5
    assert made.status(later, made.now).state is State.OPEN


def test_case_08_exit_before_closing_drops_the_vote_not_the_base() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "YNYN")
    made.put(3, Exit(), made.compact)
    made.now += 1
    made.witness()
    status = made.status(motion)
    assert made.faults(motion)[said[3].id] == "position-left"
    assert status.outcome is Outcome.ADOPTED
    assert status.tally is not None
    assert (status.tally.councils, status.tally.participating) == (4, 3)


def test_case_09_exit_after_closing_leaves_the_vote() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "YYYN")
    made.now = freeze_of(freeze).closes + 1
    made.put(3, Exit(), made.compact)
    made.witness()
    assert made.faults(motion)[said[3].id] is None


def test_case_10_old_id_votes_until_the_heir_accedes() -> None:
    made = Assembly(4, sponsors=0)
    heir = Author(10)
    made.authors.append(heir)
    motion = made.move()
    made.freeze(motion, councils=made.roll())  # an heir without accession
    assert made.status(motion, made.now).fault is Reason.FREEZE_ROLL
    motion = made.move(by=1)
    made.freeze(motion, by=1, councils=made.roll(without=[4]))
    assert made.status(motion, made.now).state is State.OPEN


def test_case_11_target_of_an_exclusion_votes_on_all_but_its_own_case() -> None:
    made = Assembly(4, rules={"exclusion": "super(3,4)"})
    target = made.authors[3].council
    motion = made.move("exclusion", target=target)
    made.freeze(motion)
    assert made.status(motion, made.now).fault is Reason.FREEZE_ROLL
    made = Assembly(4, rules={"exclusion": "super(3,4)"})
    motion = made.move("exclusion", target=target)
    made.freeze(motion, councils=made.roll(without=[3]))
    assert made.status(motion, made.now).state is State.OPEN


def test_case_12_ballots_are_capped_by_the_frozen_roll() -> None:
    made = Assembly(3)
    for by, members in enumerate((10, 11, 5)):
        made.put(by, Roll(members=members, taken=START, method="Dues."), None)
    motion = made.move()
    said: dict[bytes, int] = {made.authors[by].council: n for by, n in enumerate((10, 11, 5))}
    freeze = made.freeze(motion, rolls=tuple(said[voter.council] for voter in made.roll()))
    made.now += 1
    inflated = made.position(freeze, 0, "Y", yes=11)
    honest = made.position(freeze, 1, "Y", yes=11)
    made.now += 1
    made.witness()
    faults = made.faults(motion)
    assert (faults[inflated.id], faults[honest.id]) == ("position-tally", None)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"yes": 5, "no": 3, "present": 8, "roll": 9}, None),
        ({"yes": 5, "no": 3, "valid": 7}, "position-tally"),
        ({"yes": 5, "no": 3, "abstain": 1, "present": 8}, "position-tally"),
        ({"yes": 5, "present": 10, "roll": 9}, "position-tally"),
    ],
)
def test_case_13_inconsistent_tally_is_invalid(fields: dict[str, int], fault: str | None) -> None:
    made = Assembly(2)
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "Y-", **fields)
    assert made.faults(motion)[said[0].id] == fault
