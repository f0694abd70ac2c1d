"""The edge cases of decisions, by number: a history that satisfies the rule, one that breaks it.

Every record is signed and went through `record.open`; what is asked is the derived status.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from confedproto.bodies.accession import Accession
from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.calendar import Calendar
from confedproto.bodies.compact import Compact
from confedproto.bodies.correction import Correction
from confedproto.bodies.dispute import Dispute
from confedproto.bodies.dissolution import Dissolution
from confedproto.bodies.exit import Exit
from confedproto.bodies.finding import Finding
from confedproto.bodies.freeze import Freeze, Voter
from confedproto.bodies.hold import Hold
from confedproto.bodies.motion import Money, Translation
from confedproto.bodies.naming import Naming
from confedproto.bodies.paymentorder import PaymentOrder
from confedproto.bodies.position import Position
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.roll import Roll
from confedproto.bodies.second import Second
from confedproto.bodies.takeover import Takeover
from confedproto.bodies.task import Task
from confedproto.bodies.withdraw import Withdraw
from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.administration import administration_fault
from confedproto.rules.compact import form_fault, founding_fault
from confedproto.rules.dispute import DisputeStatus, Step, dispute_status
from confedproto.rules.findings import Court, is_challenged
from confedproto.rules.membership import dissolved_by
from confedproto.rules.standing import outcome_without_claims
from confedproto.rules.states import Effect, State
from confedproto.rules.tally import Outcome
from tests.support.assembly import FAR, TERMS, WINDOWS, Assembly, quorum
from tests.support.councils import START, Author


def body_of(freeze: VerifiedRecord) -> Freeze:
    assert isinstance(freeze.body, Freeze)
    return freeze.body


# --- time ---------------------------------------------------------------------------------


def test_case_01_vote_after_grace_is_shown_late_and_not_counted() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    good = made.vote(freeze, "YYN-")
    made.now = body_of(freeze).closes + WINDOWS.grace + 1
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
    made.now = body_of(freeze).closes + WINDOWS.grace + 1
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
    assert made.status(motion, body_of(freeze).closes).state is State.OPEN


def test_case_06_editorial_fix_rests_and_is_the_movers() -> None:
    made = Assembly(4)
    motion = made.move()
    fix = made.amend(motion, by=0, editorial=True)
    good = made.freeze(motion, versions=[fix])
    assert made.status(motion, body_of(good).opens).state is State.OPEN
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
    assert len(body_of(whole).councils) == 5
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
    made.now = body_of(freeze).closes + 1
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


# --- counting -----------------------------------------------------------------------------


def test_case_14_tie_inside_a_council_abstains_its_ballots_count() -> None:
    made = Assembly(3, rules={"coordination": "double"})
    motion = made.move()
    freeze = made.freeze(motion)
    made.now += 1
    made.position(freeze, 0, "Y", yes=10, no=1)
    made.position(freeze, 1, "Y", yes=10, no=1)
    made.position(freeze, 2, "A", yes=30, no=30)
    made.now += 1
    made.witness()
    tally = made.status(motion).tally
    assert tally is not None
    assert (tally.people_yes, tally.people_no, tally.units_yes, tally.accepted) == (50, 32, 4, True)


@pytest.mark.parametrize(("words", "adopted"), [("YYNN", False), ("YYYN", True)])
def test_case_15_tie_between_councils_is_not_adopted(words: str, adopted: bool) -> None:
    made = Assembly(4)
    motion = made.move()
    made.decide(motion, words, None)
    assert (made.outcome(motion) is Outcome.ADOPTED) is adopted


@pytest.mark.parametrize(("words", "adopted"), [("YYN", True), ("YYYNN", False)])
def test_case_16_two_thirds_are_exact(words: str, adopted: bool) -> None:
    made = Assembly(len(words), rules={"coordination": "super(2,3)"})
    motion = made.move()
    made.decide(motion, words, None)
    assert (made.outcome(motion) is Outcome.ADOPTED) is adopted


@pytest.mark.parametrize(("rule", "adopted"), [("majority", True), ("majority_valid", False)])
def test_case_17_abstentions_are_in_the_base_only_where_the_rule_id_says(
    rule: str, adopted: bool
) -> None:
    made = Assembly(4, rules={"coordination": rule})
    motion = made.move()
    made.decide(motion, "YAAA", None)
    assert (made.outcome(motion) is Outcome.ADOPTED) is adopted


@pytest.mark.parametrize(
    ("words", "outcome"), [("YNN--", Outcome.REJECTED), ("YN---", Outcome.NO_QUORUM)]
)
def test_case_18_a_no_helps_the_quorum(words: str, outcome: Outcome) -> None:
    made = Assembly(5)
    motion = made.move()
    made.decide(motion, words, None)
    assert made.outcome(motion) is outcome


def test_case_19_second_reading_has_a_third_and_only_where_nothing_binds() -> None:
    made = Assembly(4, rules={"admin": "majority"})
    first = made.move("admin")
    freeze = made.decide(first, "Y---", "no-quorum")
    assert made.outcome(first) is Outcome.NO_QUORUM
    made.now = body_of(freeze).closes + 60
    second = made.move("admin", first=first.id)
    made.decide(second, "YY--", None)
    assert made.outcome(second) is Outcome.ADOPTED
    early = made.move("admin", first=second.id)
    made.freeze(early)
    assert made.status(early, made.now).fault is Reason.MOTION_READING
    binding = made.move(first=first.id)
    assert made.status(binding).fault is Reason.MOTION_FIELD


def test_case_20_dormancy_takes_a_council_out_by_certificate_alone() -> None:
    made = Assembly(4, rules={"dormancy": "majority"})
    motion = made.move("dormancy", target=made.authors[3].council)
    made.decide(motion, "YYY-")
    later = made.move()
    made.freeze(later, councils=made.roll(without=[3]))
    assert made.status(later, made.now).fault is Reason.FREEZE_ROLL
    later = made.move(by=1)
    made.freeze(later, by=1, councils=made.roll(without=[3]), decisions=[motion])
    assert made.status(later, made.now).state is State.OPEN


def test_case_21_block_without_reason_counts_as_no() -> None:
    whole: dict[str, Any] = {"reason": "Harm.", "clause": "3", "contact": "us"}
    none: dict[str, Any] = {}
    for fields, outcome in (
        (none, Outcome.ADOPTED),
        (whole, Outcome.REJECTED),
    ):
        made = Assembly(4, rules={"coordination": "consensus(0)"})
        motion = made.move()
        freeze = made.freeze(motion)
        made.vote(freeze, "YYY-")
        made.position(freeze, 3, "B", number=1, **fields)
        made.now += 1
        made.witness()
        assert made.outcome(motion) is outcome


@pytest.mark.parametrize(("words", "adopted"), [("YYS", False), ("YYYS", True)])
def test_case_23_a_third_standing_aside_is_no_consensus(words: str, adopted: bool) -> None:
    made = Assembly(len(words), rules={"coordination": "consensus(0)"})
    motion = made.move()
    made.decide(motion, words, None)
    assert (made.outcome(motion) is Outcome.ADOPTED) is adopted


# --- the life of a motion -------------------------------------------------------------------


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
    made.now = body_of(freeze).closes + WINDOWS.grace + WINDOWS.settle
    assert made.status(motion, FAR).state is State.PROVISIONAL, "time alone makes nothing final"
    made.certify(freeze, said, "adopted", by=(0, 1))
    assert made.status(motion, FAR).state is State.PROVISIONAL
    made.certify(freeze, said, "adopted", by=(2,))
    assert made.status(motion, FAR).state is State.FINAL


def test_case_33_instants_are_whole_seconds_utc() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    closes = body_of(freeze).closes
    assert made.status(motion, closes).state is State.OPEN
    assert made.status(motion, closes + 1).state is State.CLOSED


def test_case_33_position_a_second_after_the_closing_is_late() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    made.now = body_of(freeze).closes
    last = made.position(freeze, 0, "Y")
    made.now += 1
    late = made.position(freeze, 1, "Y")
    made.witness()
    assert made.faults(motion)[last.id] is None
    assert made.faults(motion)[late.id] == "position-late", "on the same day, and still late"


# --- confederation ----------------------------------------------------------------------------


def test_case_42_one_person_in_two_councils_is_declared_not_prevented() -> None:
    made = Assembly(2)
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "YY", yes=1)
    assert all(fault is None for fault in made.faults(motion).values())
    assert len(said) == 2


def test_case_42_council_that_accedes_again_is_one_unit() -> None:
    made = Assembly(3, sponsors=0)
    again = made.put(2, Accession(weight=2), made.compact)
    motion = made.move()
    twice = [Voter(council=made.authors[2].council, weight=2)]
    made.freeze(motion, councils=made.roll(more=twice), accessions=[again])
    assert made.status(motion, made.now).fault is Reason.FREEZE_ROLL
    motion = made.move(by=1)
    freeze = made.freeze(motion, by=1)
    made.vote(freeze, "NNY", yes=9, no=1)
    assert made.outcome(motion) is Outcome.REJECTED, "people are not counted for two units"


def test_case_43_tiny_council_publishes_its_word_alone() -> None:
    made = Assembly(2)
    motion = made.move()
    freeze = made.freeze(motion)
    made.vote(freeze, "YY")
    tally = made.status(motion).tally
    assert tally is not None
    assert (tally.people_yes, tally.councils_yes) == (0, 2)


def test_case_43_ballots_that_do_not_fit_are_not_counted() -> None:
    made = Assembly(2)
    motion = made.move()
    freeze = made.freeze(motion)
    broken = made.position(freeze, 0, "Y", yes=4, present=3)
    whole = made.position(freeze, 1, "Y")
    made.witness()
    faults = made.faults(motion)
    assert (faults[broken.id], faults[whole.id]) == ("position-tally", None)


def test_case_46_authoritative_text_binds_a_translation_is_disputed() -> None:
    made = Assembly(4)
    translated = made.move(translations=(Translation(language="de", text=bytes(32)),))
    made.decide(translated, "YYYN")
    dispute = made.put(1, Dispute(name="translation", remedy="A new vote."), translated)
    assert made.standing(translated).effect is Effect.IN_FORCE
    assert step_of(made, dispute, made.now) is Step.TALK


def test_case_47_emergency_has_short_notice_and_ends() -> None:
    made = Assembly(4, rules={"emergency": "super(3,4)", "charter": "super(2,3)"})
    motion = made.move("emergency")
    freeze = made.decide(motion, "YYYN", wait=0, notice=5)
    closes = body_of(freeze).closes
    assert made.standing(motion, closes + 299).effect is Effect.IN_FORCE
    assert made.standing(motion, closes + 300).effect is Effect.EXPIRED
    money = Money(cost=1, cap=1, currency="CHF", source="Dues.")
    assert made.status(made.move("emergency", money=money)).fault is Reason.MOTION_FIELD
    version = made.found(previous=made.compact.id)
    charter = made.move("charter", target=version.id)
    made.decide(charter, "YYYY")
    again = made.move("emergency", repeals=(charter.id,))
    made.decide(again, "YYYY", wait=0, notice=5)
    assert made.standing(charter).effect is Effect.IN_FORCE


def test_case_47_emergency_is_not_frozen_before_it_is_moved() -> None:
    made = Assembly(4, rules={"emergency": "super(3,4)"})
    motion = made.move("emergency")
    made.freeze(motion, wait=-2, notice=20)
    assert made.status(motion, made.now).fault is Reason.DISCUSSION_OPEN


def test_case_48_claim_votes_and_the_outcome_is_shown_without_it() -> None:
    made = Assembly(4)
    listed = tuple(sorted(a.council for a in made.authors[:3]))
    motion = made.move(affected=listed)
    made.freeze(motion)
    assert made.status(motion, made.now).fault is Reason.FREEZE_ROLL
    motion = made.move(affected=listed, by=1)
    claim = made.put(3, AffectedClaim(reason="The road ends here."), motion)
    freeze = made.freeze(motion, by=1, claims=[claim])
    made.vote(freeze, "YNAY")
    assert made.outcome(motion) is Outcome.ADOPTED
    view = made.view()
    case, status = view.case(motion.id), view.motion_status(motion.id, FAR)
    assert not isinstance(case, Reason)
    assert not isinstance(status, Reason)
    assert outcome_without_claims(case, status) is Outcome.REJECTED


def test_case_49_administration_that_is_policy_is_challenged_by_two() -> None:
    made = Assembly(4)
    motion = made.move()
    made.decide(motion, "YYYN")
    task = made.put(0, Task(title="Order steel"), motion)
    view = made.view()
    assert administration_fault(view.records[task.id], court(made)) is None
    made.put(1, Dispute(name="scope", remedy="Assemblies decide."), task)
    assert not is_challenged(court(made), task.id, task.council)
    made.put(2, Dispute(name="scope", remedy="Assemblies decide."), task)
    assert is_challenged(court(made), task.id, task.council)
    policy = made.put(0, Task(title="Declare"), made.move(by=2))
    view = made.view()
    assert administration_fault(view.records[policy.id], court(made)) is Reason.SCOPE


def court(made: Assembly) -> Court:
    """Where this compact's disputes are decided, by all that is written."""
    view = made.view()
    return Court(
        compact_id=made.compact.id, members=view.admitted(made.compact.id), world=view.world
    )


def step_of(made: Assembly, dispute: VerifiedRecord, now: int) -> Step:
    found = dispute_of(made, dispute, now)
    return found.step


def dispute_of(made: Assembly, dispute: VerifiedRecord, now: int) -> DisputeStatus:
    view, one = made.view(), made.compact.id
    found = dispute_status(view.records[dispute.id], one, view.admitted(one), view.world, now)
    assert isinstance(found, DisputeStatus), found
    return found


def test_case_50_party_is_not_eligible_and_a_silent_panel_decides_nothing() -> None:
    made = Assembly(6)
    motion = made.move()
    made.decide(motion, "YYYYNN")
    dispute = made.put(5, Dispute(name="procedure", remedy="A recount."), motion)
    started = made.now
    ids = [author.council for author in made.authors]
    for party in (0, 5):
        made.put(party, Naming(role="panel", councils=(ids[0], ids[1], ids[2])), dispute)
    assert dispute_of(made, dispute, started + 31).panel == ()
    for party in (0, 5):
        made.put(party, Naming(role="panel", councils=(ids[1], ids[2], ids[3])), dispute)
    assert step_of(made, dispute, started + 31) is Step.PANEL
    assert step_of(made, dispute, started + 61) is Step.ASSEMBLIES
    made.put(1, Finding(effect="void", text="So it is."), dispute)
    made.put(4, Finding(effect="void", text="Not on the panel."), dispute)
    assert made.standing(motion).effect is Effect.IN_FORCE
    made.put(2, Finding(effect="void", text="So it is."), dispute)
    assert step_of(made, dispute, started + 61) is Step.FOUND
    assert made.standing(motion).effect is Effect.ANNULLED


def test_case_51_exclusion_takes_two_readings_without_the_target() -> None:
    made = Assembly(5, rules={"exclusion": "super(3,4)"})
    target = made.authors[4].council
    councils = made.roll(without=[4])
    first = made.move("exclusion", target=target)
    freeze = made.decide(first, "YYYY-", councils=councils)
    assert target in made.view().members(made.compact.id)
    early = made.move("exclusion", target=target, first=first.id)
    made.freeze(early, councils=councils)
    assert made.status(early, made.now).fault is Reason.MOTION_READING
    made.now = body_of(freeze).closes + 100
    second = made.move("exclusion", target=target, first=first.id)
    made.decide(second, "YYYY-", councils=councils)
    assert made.outcome(second) is Outcome.ADOPTED
    assert target not in made.view().members(made.compact.id)
    later = made.move()
    made.freeze(later, councils=councils, decisions=[second])
    assert made.status(later, made.now).state is State.OPEN


def test_case_52_exit_is_unilateral_and_at_once() -> None:
    made = Assembly(4)
    assert made.authors[3].council in made.view().members(made.compact.id)
    gone = made.put(3, Exit(reason="We go."), made.compact)
    assert made.authors[3].council not in made.view().members(made.compact.id)
    made.now += 1
    assert made.status(made.move(by=3)).fault is Reason.COMPACT_LEFT
    motion = made.move()
    made.freeze(motion, councils=made.roll(without=[3]), exits=[gone])
    assert made.status(motion, made.now).state is State.OPEN


def test_case_53_sunset_and_dissolution_end_a_compact() -> None:
    made = Assembly(4, rules={"dissolution": "double-super(3,4)"}, sunset=START + 50)
    motion = made.move("dissolution")
    made.decide(motion, "YYYY", positions={"yes": 3})
    assert made.outcome(motion) is Outcome.ADOPTED
    view = made.view()
    assert dissolved_by(made.compact.id, view.world) == motion.id
    made.put(0, Dissolution(liquidators=(bytes(32),), assets="Library.", report="Done."), motion)
    made.now = START + 51
    assert made.status(made.move()).fault is Reason.COMPACT_ENDED
    decision = Assembly(4)
    ending = decision.move(ends=START + 500)
    decision.decide(ending, "YYYN")
    assert decision.standing(ending, START + 499).effect is Effect.IN_FORCE
    assert decision.standing(ending, START + 500).effect is Effect.EXPIRED


def test_case_56_money_is_bound_by_the_decision() -> None:
    made = Assembly(4, rules={"budget": "majority"})
    money = Money(cost=80, cap=100, currency="CHF", source="Dues.")
    motion = made.move("budget", money=money)
    made.decide(motion, "YYYN")
    orders = [
        made.put(0, PaymentOrder(amount=60, currency="CHF", payee="Steel", number=number), motion)
        for number in (1, 2)
    ]
    view = made.view()
    found = [administration_fault(view.records[o.id], court(made)) for o in orders]
    assert found == [None, Reason.ORDER_CAP]
    assert made.status(made.move("budget")).fault is Reason.MOTION_FIELD


def test_case_58_unknown_kind_is_kept_and_never_counted() -> None:
    made = Assembly(2)
    item = made.authors[0].make(Calendar(title="A", starts=1), subject=bytes(32), kind="example-x")
    made.authors[0].append(item)
    view = made.view()
    assert view.refused[item.id] is Reason.KIND_UNKNOWN
    assert view.records.get(item.id) is None


def test_case_59_vote_that_surfaces_after_the_certificate_changes_nothing() -> None:
    made = Assembly(5)
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "YYNNN")
    made.certify(freeze, said[:3], "adopted")
    status = made.status(motion)
    assert (status.state, status.outcome) == (State.FINAL, Outcome.ADOPTED)
    for by in (2, 3):
        made.put(by, Hold(reason="Two votes were left out."), motion)
    assert made.standing(motion, made.now).held
    assert not made.standing(motion, made.now + 100).held


def overlooked() -> tuple[Assembly, VerifiedRecord, list[VerifiedRecord]]:
    """A decision certified by a list without two positions that counted."""
    made = Assembly(5)
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "YYNNN")
    made.certify(freeze, said[:3], "adopted")
    return made, motion, said


def demand(made: Assembly, motion: VerifiedRecord, position: VerifiedRecord, *by: int) -> None:
    for one in by:
        made.put(one, Hold(reason="It was left out.", position=position.id), motion)
    made.now += 1
    made.witness()


def test_case_59_quarter_demands_a_new_vote_over_an_overlooked_position() -> None:
    made, motion, said = overlooked()
    demand(made, motion, said[3], 2)
    assert not made.standing(motion).demanded, "one of five is no quarter"
    demand(made, motion, said[3], 3)
    stands = made.standing(motion)
    assert (stands.demanded, stands.held, stands.effect) == (True, False, Effect.IN_FORCE)
    assert made.outcome(motion) is Outcome.ADOPTED, "the certificate stands"
    again = made.move(by=3, supersedes=(motion.id,))
    made.decide(again, "YYNNN", "rejected", by=3)
    stands = made.standing(motion)
    assert (stands.demanded, stands.effect) == (False, Effect.ANNULLED)


def test_case_59_new_vote_that_adopts_it_supersedes_it() -> None:
    made, motion, said = overlooked()
    demand(made, motion, said[4], 3, 4)
    made.decide(made.move(by=3, supersedes=(motion.id,)), "YYYNN", by=3)
    assert made.standing(motion).effect is Effect.SUPERSEDED


def test_case_59_demand_over_a_counted_position_or_too_late_is_none() -> None:
    made, motion, said = overlooked()
    demand(made, motion, said[0], 2, 3)
    assert not made.standing(motion).demanded, "it is in the list"
    made, motion, said = overlooked()
    made.now += 30 * 86_400
    demand(made, motion, said[3], 2, 3)
    assert not made.standing(motion).demanded
    made, motion, said = overlooked()
    before, made.now = made.now, made.now + 30 * 86_400
    late, made.now = made.now, before
    for one in (2, 3):
        made.put(one, Hold(reason="Dated back.", position=said[3].id), motion)
    made.now = late
    made.witness()
    assert not made.standing(motion).demanded, "nobody had it in time"


def test_case_59_new_vote_of_another_class_ends_no_demand() -> None:
    made = Assembly(5, rules={"admin": "majority"})
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "YYNNN")
    made.certify(freeze, said[:3], "adopted")
    demand(made, motion, said[3], 2, 3)
    made.decide(made.move("admin", by=3, supersedes=(motion.id,)), "NNNNN", "rejected", by=3)
    stands = made.standing(motion)
    assert (stands.demanded, stands.effect) == (True, Effect.IN_FORCE)


def test_case_59_hold_of_less_than_a_quarter_holds_nothing() -> None:
    made = Assembly(5)
    motion = made.move()
    made.decide(motion, "YYYNN")
    made.put(3, Hold(reason="I object."), motion)
    assert not made.standing(motion, made.now).held


def test_case_61_correction_stands_beside_and_changes_nothing() -> None:
    made = Assembly(3)
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "YYN")
    made.put(2, Correction(text="It was yes."), said[2])
    assert made.outcome(motion) is Outcome.ADOPTED
    assert made.faults(motion)[said[2].id] is None
    meant = made.position(freeze, 2, "Y", number=2)
    made.now += 1
    made.witness()
    assert made.faults(motion)[meant.id] is None


def test_case_62_minutes_that_differ_later_leave_the_position_valid() -> None:
    made = Assembly(3)
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "YYN", minutes=bytes(32), method="assembly")
    made.now = body_of(freeze).closes + 2
    made.put(2, Correction(text="The minutes say 70."), said[2])
    assert made.faults(motion)[said[2].id] is None


def test_case_62_new_position_after_the_closing_is_no_correction() -> None:
    made = Assembly(3)
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "YYN", minutes=bytes(32), method="assembly")
    made.now = body_of(freeze).closes + 1
    changed = made.position(freeze, 2, "Y", number=2)
    made.witness()
    faults = made.faults(motion)
    assert (faults[changed.id], faults[said[2].id]) == ("position-late", None)


def test_case_63_observer_is_stored_as_an_opinion() -> None:
    made = Assembly(3, sponsors=0)
    made.authors.append(Author(11))
    joined = made.put(3, Accession(weight=2, observer=True), made.compact)
    motion = made.move()
    more = [Voter(council=made.authors[3].council, weight=2)]
    made.freeze(motion, councils=made.roll(without=[3], more=more), accessions=[joined])
    assert made.status(motion, made.now).fault is Reason.FREEZE_ROLL
    motion = made.move(by=1)
    freeze = made.freeze(motion, by=1, councils=made.roll(without=[3]))
    opinion = made.position(freeze, 3, "N")
    made.vote(freeze, "YYN")
    assert made.faults(motion)[opinion.id] == "position-not-member"


def test_quorum_of_a_class_is_what_the_compact_says() -> None:
    made = Assembly(4, quorums=quorum("coordination", 2, 3))
    motion = made.move()
    made.decide(motion, "YY--", None)
    assert made.outcome(motion) is Outcome.NO_QUORUM
    assert TERMS.hold == 100
