"""A motion's life: each state, a node's own result, and that order and windows change nothing."""

import random

import pytest
from msgspec.structs import replace

from confedproto.bodies.compact import Windows
from confedproto.bodies.motion import Motion, Title
from confedproto.errors import Reason
from confedproto.record import text_hash
from confedproto.rules.certificate import Certificate
from confedproto.rules.motion import State, judge_positions, own_result, single_freeze
from confedproto.rules.tally import Outcome
from confedproto.view import View
from tests.support.ballots import FAR, certified, decided, status, status_of
from tests.support.councils import (
    DAY,
    FAST,
    SLOW,
    START,
    Author,
    Ballot,
    accede,
    ballot,
    found_compact,
    freeze_body,
    link,
    propose,
    second,
    view_of,
)

# --- states -------------------------------------------------------------------------------------


def test_motion_that_nobody_holds_is_unknown() -> None:
    made = ballot(2)
    assert view_of([]).motion_status(made.motion.id, START) is Reason.MOTION_UNKNOWN
    # a record of another kind is no motion
    view = view_of(made.authors)
    assert view.motion_status(made.compact.id, START) is Reason.MOTION_UNKNOWN


def test_motion_of_a_compact_not_held_is_compact_unknown() -> None:
    made = ballot(2)
    view = view_of(made.authors[:1])
    assert view.motion_status(made.motion.id, START) is Reason.COUNCIL_UNKNOWN
    lost = propose(made.authors[1], made.freeze)  # whose subject is no compact
    assert view_of(made.authors).motion_status(lost.id, START) is Reason.COMPACT_UNKNOWN


def test_motion_without_its_seconds_is_draft_then_seconded() -> None:
    authors = [Author(n) for n in range(1, 5)]
    compact = found_compact(authors, seconds=2)
    motion = propose(authors[0], compact)
    assert status_of(view_of(authors), motion, START).state is State.DRAFT
    second(authors[0], motion)  # the mover does not second itself
    second(authors[1], motion)
    second(authors[1], motion, time=START + 1)  # nor does anybody twice
    assert status_of(view_of(authors), motion, START).state is State.DRAFT
    outsider = Author(9)
    second(outsider, motion)
    assert status_of(view_of([*authors, outsider]), motion, START).state is State.DRAFT
    second(authors[2], motion)
    assert status_of(view_of(authors), motion, START + 1).state is State.SECONDED
    assert status_of(view_of(authors), motion, FAR).state is State.LAPSED


def test_motion_over_time_passes_through_its_states() -> None:
    made = ballot(4)
    decided(made, "yyn-")
    times = made.body
    grace_ends = times.closes + made.windows.grace
    for now, state in (
        (0, State.FROZEN),
        (times.opens - 1, State.FROZEN),
        (times.opens, State.OPEN),
        (times.closes, State.OPEN),
        (times.closes + 1, State.CLOSED),
        (grace_ends, State.CLOSED),
        (grace_ends + 1, State.PROVISIONAL),
        (FAR, State.PROVISIONAL),  # without time limit: only a certificate makes it final
    ):
        found = status(made, now)
        assert found.state is state, now
        assert (found.outcome is None) == (state is not State.PROVISIONAL)
    found = status(made, FAR)
    assert found.outcome is Outcome.ADOPTED
    assert found.tally is not None
    assert (found.tally.councils_yes, found.tally.councils_no) == (2, 1)


def test_motion_with_a_certificate_is_final_whatever_the_time() -> None:
    made = ballot(4)
    certified(made, "yyn-", "adopted")
    for now in (0, made.body.opens, made.body.closes, FAR):
        found = status(made, now)
        assert found.state is State.FINAL
        assert found.outcome is Outcome.ADOPTED
        assert isinstance(found.certificate, Certificate)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [("yyyy", "adopted"), ("ynn-", "rejected"), ("yynn", "rejected"), ("yy--", "no-quorum")],
)
def test_motion_outcome_is_the_same_provisional_and_final(said: str, outcome: str) -> None:
    made = ballot(4)
    decided(made, said)
    assert status(made, FAR).outcome == outcome
    again = ballot(4)
    certified(again, said, outcome)
    assert status(again, FAR).outcome == outcome
    assert status(again, FAR).tally == status(made, FAR).tally


def test_motion_of_a_class_without_rule_is_inadmissible() -> None:
    made = ballot(2)
    part = bytes(16) + b"x"
    body = Motion(name="charter", titles=(Title(language="en", title="T"),), text=text_hash(part))
    motion = made.authors[0].add(body, subject=made.compact.id, part=part)
    found = status_of(view_of(made.authors), motion, START)
    assert (found.state, found.fault) == (State.INADMISSIBLE, Reason.CLASS_UNKNOWN)


def test_motion_of_a_council_outside_is_inadmissible() -> None:
    made = ballot(2)
    outsider = Author(9)
    motion = propose(outsider, made.compact)
    found = status_of(view_of([*made.authors, outsider]), motion, START)
    assert (found.state, found.fault) == (State.INADMISSIBLE, Reason.COMPACT_MEMBER)


def rival(made: Ballot) -> None:
    """A second freeze of the same motion, one second later in everything."""
    other = replace(made.body, opens=made.body.opens + 1, closes=made.body.closes + 1)
    made.authors[0].add(other, subject=made.motion.id, time=made.freeze.time)


def test_motion_with_two_freezes_that_others_held_in_time_is_void() -> None:
    councils = [Author(number + 1) for number in range(3)]
    compact = found_compact(councils, windows=FAST)
    motion = propose(councils[0], compact)
    body = freeze_body(compact, time=START + FAST.discussion)
    freeze = councils[0].add(body, subject=motion.id, time=START + FAST.discussion)
    made = Ballot(authors=councils, compact=compact, motion=motion, freeze=freeze)
    rival(made)
    made.witness_all(time=START + FAST.discussion + 1)
    found = status(made, body.opens)
    assert (found.state, found.fault) == (State.VOID, Reason.FREEZE_DOUBLE)


def test_motion_is_not_undone_by_a_freeze_that_comes_later() -> None:
    made = ballot(3)  # every council has witnessed its freeze
    rival(made)
    made.witness_all(time=made.body.opens + 1)
    found = status(made, made.body.opens + 1)
    assert found.state is State.OPEN
    assert found.freeze is not None
    assert found.freeze.record.id == made.freeze.id


def test_motion_with_two_freezes_after_its_certificate_stays_final() -> None:
    made = ballot(4)
    certified(made, "yyyn", "adopted")
    other = replace(made.body, opens=made.body.opens + 1, closes=made.body.closes + 1)
    made.authors[0].add(other, subject=made.motion.id, time=made.freeze.time)
    assert status(made, FAR).state is State.FINAL


def test_motion_whose_freeze_was_not_witnessed_in_time_is_void() -> None:
    opens = START + 1 + FAST.notice
    for last, fault in (
        (None, Reason.FREEZE_RECEIPTS),
        (START + 1 + FAST.grace, None),  # as late as others believe the time that it claims
        (START + 2 + FAST.grace, Reason.FREEZE_WINDOW),  # notice would run from here
        (opens + 1, Reason.FREEZE_RECEIPTS),
    ):
        authors = [Author(n) for n in range(1, 5)]
        compact = found_compact(authors)
        motion = propose(authors[0], compact)
        for author in authors[1:3]:
            author.witness([authors[0]], time=START)
        body = freeze_body(compact, time=START + 1)
        freeze = authors[0].add(body, subject=motion.id, time=START + 1)
        made = Ballot(authors=authors, compact=compact, motion=motion, freeze=freeze)
        authors[1].witness([authors[0]], time=START + 2)  # w = 2 of 3 others: one is not enough
        if last is not None:
            authors[2].witness([authors[0]], time=last)
        assert status(made, opens).fault is fault
        found = status(made, FAR)
        if fault is None:
            assert found.state is State.PROVISIONAL
        elif fault is Reason.FREEZE_WINDOW:
            assert (found.state, found.freeze) == (State.LAPSED, None)  # it can be frozen again
        else:
            assert found.state is State.VOID


def test_motion_that_asks_units_where_all_weigh_nothing_is_void() -> None:
    made = ballot(3, rule="double", weights=[0, 0, 0])
    decided(made, "yyy")
    found = status(made, FAR)
    assert (found.state, found.fault) == (State.VOID, Reason.UNITS_WEIGHT)


# --- a node's own result ------------------------------------------------------------------------


def own(made: Ballot, view: View, until: int) -> tuple[Outcome, int] | None:
    case = view.case(made.motion.id)
    assert not isinstance(case, Reason)
    freeze = single_freeze(case)
    assert freeze is not None
    result = own_result(case, freeze, until, view.lines_past)
    return None if result is None else (result[0], len(result[1]))


def test_own_result_counts_what_the_journal_held_in_time() -> None:
    made = ballot(4)
    opened = {author.council: len(author.leaves) for author in made.authors}
    decided(made, "yyyn")
    until = made.first_round
    for arrived, wanted in ((until, (Outcome.ADOPTED, 4)), (until + 1, (Outcome.NO_QUORUM, 0))):
        view = view_of(made.authors, upto=opened, arrived=made.body.opens)
        assert own(made, view, until) == (Outcome.NO_QUORUM, 0)
        for author in made.authors:
            for leaf in author.leaves[view.logs[author.log].tree.size :]:
                index = view.logs[author.log].tree.size
                view.add(author.log, leaf, author.tree.leaf(index), arrived)
        assert own(made, view, until) == wanted


def test_own_result_of_a_freeze_that_came_too_late_is_none() -> None:
    made = ballot(4)
    decided(made, "yyyn")
    view = view_of(made.authors, arrived=made.first_round + 1)
    assert own(made, view, made.first_round) is None


def test_own_result_leaves_out_a_council_whose_later_leaves_are_missing() -> None:
    made = ballot(4)  # w = 2
    decided(made, "yyyn")
    author = made.authors[1]
    held = len(author.leaves)
    made.position(author, "no", number=2)
    for witness in (made.authors[2], made.authors[3]):
        witness.witness([author], time=made.body.closes + 1)
    view = view_of(made.authors, upto={author.council: held})
    # two others have seen a longer log of this council: what it says there is not known here
    assert own(made, view, made.first_round) == (Outcome.ADOPTED, 3)
    assert own(made, view_of(made.authors), made.first_round) == (Outcome.REJECTED, 4)


def test_judge_positions_by_the_journal_ignores_what_came_later() -> None:
    made = ballot(4)
    decided(made, "yyyn")
    view = view_of(made.authors, arrived=made.body.closes)
    case = view.case(made.motion.id)
    assert not isinstance(case, Reason)
    freeze = single_freeze(case)
    assert freeze is not None
    assert len(judge_positions(case, freeze, journal_until=made.body.closes)) == 4
    assert judge_positions(case, freeze, journal_until=made.body.closes - 1) == ()


# --- windows and order --------------------------------------------------------------------------


def story(windows: Windows, said: str = "yyyn-") -> Ballot:
    made = ballot(5, windows=windows, rule="double")
    positions = decided(made, said)
    for author in made.authors:
        made.vote(author, "adopted", positions)
    for author in made.authors:
        made.lock(author, "adopted")
    return made


def shape(made: Ballot) -> list[list[str]]:
    return [[leaf.kind for leaf in author.leaves] for author in made.authors]


def test_default_windows_give_the_states_and_outcome_of_a_demonstration() -> None:
    quick, slow = story(FAST), story(SLOW)
    assert shape(quick) == shape(slow)
    assert slow.first_round - START > 35 * DAY
    assert quick.first_round - START < 60
    finals = [status(made, FAR) for made in (quick, slow)]
    assert finals[0].tally == finals[1].tally
    assert [found.state for found in finals] == [State.FINAL, State.FINAL]
    assert [found.outcome for found in finals] == [Outcome.ADOPTED, Outcome.ADOPTED]
    undecided = [ballot(5, windows=windows, rule="double") for windows in (FAST, SLOW)]
    for made in undecided:
        decided(made, "yyyn-")
    for at in ("opens", "closes"):
        states = {status(made, getattr(made.body, at)).state for made in undecided}
        assert states == {State.OPEN}
    assert {status(made, FAR).outcome for made in undecided} == {Outcome.ADOPTED}


def test_records_in_any_order_of_arrival_give_one_state_digest() -> None:
    made = story(FAST)
    outsider = Author(9)
    link(made.authors[2], outsider)
    accede(outsider, made.compact, weight=1)
    made.position(outsider, "no")
    everyone = [*made.authors, outsider]
    nows = (START, made.body.opens, made.body.closes, FAR)
    wanted = [view_of(everyone).state_digest(now) for now in nows]
    assert len(set(wanted)) == 2  # final: only whether it is in force yet depends on the time
    for seed in range(20):
        view = view_of(everyone, rng=random.Random(seed), arrived=START + seed)
        assert [view.state_digest(now) for now in nows] == wanted


def test_records_before_the_certificate_in_any_order_give_one_digest_at_each_time() -> None:
    made = ballot(4)
    decided(made, "yyn-")
    made.position(made.authors[2], "yes", number=1)  # equivocation
    made.vote(made.authors[1], "adopted", [])
    nows = (made.body.opens - 1, made.body.opens, made.body.closes + 1, FAR)
    wanted = [view_of(made.authors).state_digest(now) for now in nows]
    assert len(set(wanted)) == 4
    for seed in range(20):
        view = view_of(made.authors, rng=random.Random(seed))
        assert [view.state_digest(now) for now in nows] == wanted


def test_status_names_the_same_fault_in_any_order() -> None:
    authors = [Author(n) for n in range(1, 5)]
    compact = found_compact(authors)
    motion = propose(authors[0], compact)
    body = freeze_body(compact, time=START + 1)
    authors[0].add(replace(body, closes=body.closes + 1), subject=motion.id, time=START + 1)
    for author in authors[1:]:
        author.add(body, subject=motion.id, time=START + 1)
    found = {
        status_of(view_of(authors, rng=random.Random(seed)), motion, START).fault
        for seed in range(20)
    }
    assert len(found) == 1
