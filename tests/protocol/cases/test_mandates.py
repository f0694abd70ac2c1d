"""The edge cases of delegates, by number: a history that satisfies the rule, one that breaks it.

The table of all cases is in specs/07; the rules of these are specs/06's and specs/04's.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from confedproto import record
from confedproto.admission import objection
from confedproto.bodies import KINDS
from confedproto.bodies.act import Act
from confedproto.bodies.charter import Delegation, Offices
from confedproto.bodies.mandate import Condition, Holdover, Instruction, Mandate, Share
from confedproto.bodies.petition import Petition
from confedproto.bodies.position import Position
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.recall import Recall
from confedproto.bodies.report import Report
from confedproto.errors import LocalProtocolError, Reason, VerificationError
from confedproto.ids import RecordId
from confedproto.rules.mandate import Outcome
from confedproto.rules.tenure import State
from tests.support.assembly import Assembly
from tests.support.councils import DAY, START, Author, found_compact, key, propose, view_of
from tests.support.delegates import DELEGATE, FREE, MOTION, NOON, Story, story

Told = tuple[Outcome, Reason | None]
VALID: Told = (Outcome.VALID, None)


def void(reason: Reason) -> Told:
    return Outcome.VOID, reason


# --- keys ---------------------------------------------------------------------------------------


def test_case_34_stolen_keys_vote_until_the_rotation_and_the_council_votes_again() -> None:
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    made.now += 1
    thief = made.authors[0]
    stolen = made.position(freeze, 0, "Y")
    old, fresh = thief.keyholders, [key(9_001)]
    body = thief.charter_body(previous=thief.leaves[0].id, keys=[fresh[0].public])
    thief.add(body, time=made.now, signers=[*old, *fresh])
    thief.version, thief.keyholders = 2, fresh
    again = made.position(freeze, 0, "N", number=2)
    late = thief.append(
        thief.make(_third(freeze.id), subject=motion.id, time=made.now, signers=old)
    )
    for by in (1, 2, 3):
        made.position(freeze, by, "Y" if by == 1 else "N")
    made.witness()
    assert made.view().refused[late.id] is Reason.THRESHOLD_MISSING
    assert made.faults(motion)[stolen.id] is not None
    assert made.faults(motion)[again.id] is None
    assert made.outcome(motion) is not None


def _third(freeze: bytes) -> Position:
    return Position(freeze=freeze, number=3, value="yes")


# --- recall, instruction, new texts -------------------------------------------------------------


def test_case_35_act_after_the_recall_is_void_although_peers_did_not_know() -> None:
    told = story()
    before = told.act(time=NOON - DAY)
    told.home.add(Recall(), subject=told.mandate.id, time=NOON - 60)
    after = told.act(number=2, previous=before.id)  # received by all within the day
    assert told.verdict(before) == VALID
    assert told.verdict(after) == void(Reason.RECALLED)


def test_case_35_exposure_ends_with_the_freshness_of_the_head_that_is_cited() -> None:
    told = story(freshness=DAY)
    stale = told.act(time=NOON)  # it cites a head of a minute before
    assert told.verdict(stale) == VALID
    body = stale.body
    assert isinstance(body, Act)
    old = replace(body, head=told.home.head(NOON - 2 * DAY).envelope, number=2, previous=stale.id)
    later = told.home.add(old, subject=told.mandate.id, time=NOON, signers=[DELEGATE])
    assert told.verdict(later) == void(Reason.ACT_STALE)


def test_case_36_act_against_the_instruction_opens_an_item_and_the_council_votes_itself() -> None:
    told = story()
    act = told.act(value="no")
    assert told.verdict(act) == void(Reason.INSTRUCTION)
    assert told.status().void_acts == (act.id,)
    told.home.add(Position(freeze=bytes(32), number=1, value="yes"), subject=MOTION, time=NOON)
    good = told.act(number=2, previous=act.id)
    assert told.verdict(good) == void(Reason.OVERRIDDEN)
    assert told.status().void_acts == (act.id,), "where the council spoke itself there is no item"


def test_case_37_new_text_comes_back_and_is_never_free() -> None:
    told = story()
    new = bytes([77]) * 32
    assert told.verdict(told.act(motion=new, value="yes")) == void(Reason.REFER_BACK)
    assert story_verdict("refer-back", motion=new) == VALID
    assert story_verdict("yes", motion=FREE) == VALID


def story_verdict(value: str, **change: Any) -> Told:
    told = story()
    return told.verdict(told.act(value=value, **change))


def versions(**change: Any) -> tuple[Assembly, Story, bytes, bytes]:
    """A motion, a version of it, and a mandate of council 0 with `change`, in one compact."""
    made = Assembly(4)
    motion = made.move()
    version = made.amend(motion)
    body = Mandate(
        delegate=DELEGATE.public,
        starts=START,
        until=START + 30 * DAY,
        kinds=("vote",),
        compact=made.compact.id,
        instructions=(Instruction(motion=motion.id, value="yes"),),
    )
    rows = change.pop("rows", None)
    if rows is not None:
        ids = {"motion": motion.id, "version": version.id}
        change["conditions"] = tuple(
            Condition(motion=ids[m], test="in", about=ids[about]) for m, about in rows
        )
    granted = made.authors[0].add(replace(body, **change), time=made.now)
    return made, Story(made.authors, granted), motion.id, version.id


def test_case_37_version_of_a_motion_is_a_new_text() -> None:
    made, told, motion, version = versions()
    acts = [
        told.act(time=made.now + 9, motion=motion),
        told.act(time=made.now + 9, motion=version),
    ]
    assert [told.verdict(act)[1] for act in acts] == [None, Reason.REFER_BACK]
    position = Position(freeze=bytes(32), number=1, value="no")
    told.home.add(position, subject=motion, time=made.now)
    again, other, _, changed = versions(
        instructions=(Instruction(motion=bytes(32), value="yes"),),
        otherwise="ratify",
    )
    act = other.act(time=again.now + 9, motion=changed)
    assert other.verdict(act)[0] is Outcome.NEEDS_RATIFICATION
    subject = other.view().records[RecordId(changed)].record.subject
    other.home.add(position, subject=subject, time=again.now)
    assert other.verdict(act) == void(Reason.OVERRIDDEN), "a position on the motion is on all of it"


@pytest.mark.parametrize(
    ("listed", "verdict"),
    [(True, VALID), (False, void(Reason.REFER_BACK))],
    ids=["in", "left out"],
)
def test_case_37_condition_reads_which_versions_the_freeze_lists(
    listed: bool, verdict: Told
) -> None:
    made, told, motion, version = versions(rows=[("motion", "version")])
    act = told.act(time=made.now + 9, motion=motion)
    assert told.verdict(act) == (Outcome.UNKNOWN, Reason.CONDITION_UNKNOWN)
    placed = made.view().records
    made.now += 9
    made.freeze(
        placed[RecordId(motion)].record,
        versions=[placed[RecordId(version)].record] if listed else None,
    )
    assert told.verdict(act) == verdict


# --- terms, offices, presence -------------------------------------------------------------------


def test_case_38_term_ends_in_the_meeting_and_only_written_tasks_are_finished() -> None:
    ends = NOON - 60
    assert _in_holdover(None, "statement", ends) == void(Reason.MANDATE_ENDED)
    held = Holdover(seconds=14 * DAY, kinds=("statement",))
    assert _in_holdover(held, "statement", ends) == VALID
    assert _in_holdover(held, "vote", ends) == void(Reason.MANDATE_ENDED)
    voting = Holdover(seconds=DAY, kinds=("vote",))
    assert _in_holdover(voting, "vote", ends) == void(Reason.MANDATE_FORM)
    with pytest.raises(LocalProtocolError, match="body-form"):
        story(holdover=Holdover(seconds=14 * DAY + 1, kinds=("statement",)))


def _in_holdover(holdover: Holdover | None, kind: str, until: int) -> Told:
    told = story(until=until, holdover=holdover)
    return told.verdict(told.act(kind=kind, motion=FREE))


def test_case_39_third_council_of_a_compact_does_not_mandate_the_same_person() -> None:
    authors = [Author(number) for number in (1, 2, 3, 4)]
    compact = found_compact(authors)
    motion = propose(authors[0], compact)
    body = Mandate(
        delegate=DELEGATE.public,
        starts=START,
        until=START + DAY,
        kinds=("vote",),
        compact=compact.id,
        instructions=(Instruction(motion=motion.id, value="yes"),),
    )
    for author in authors[:2]:
        assert objection(view_of(authors), author.make(body), START) is None
        author.add(body)
    third = authors[2].make(body)
    assert objection(view_of(authors), third, START) is Reason.MANDATE_COUNCILS
    other = authors[2].make(replace(body, delegate=key(9_002).public))
    assert objection(view_of(authors), other, START) is None


def test_case_39_offices_that_exclude_each_other_are_not_held_at_once() -> None:
    author = Author(1)
    rules = Delegation(exclusive=(Offices(one="panel", other="regional"),), terms=2, gap=DAY)
    charter = replace(author.charter_body(previous=author.leaves[0].id), delegation=rules)
    author.add(charter)
    author.version = 2
    base = Mandate(delegate=DELEGATE.public, starts=START, until=START + DAY, kinds=("speak",))
    author.add(replace(base, level="panel"))
    at_once = author.add(replace(base, level="regional"))
    free = START + DAY + 1
    later = author.add(replace(base, level="regional", starts=free, until=START + 2 * DAY))
    view = view_of([author])
    verdicts = [
        status.verdict.reason
        for one, at in ((at_once, START), (later, free))
        if not isinstance(status := view.mandates.status(one.id, at), Reason)
    ]
    assert verdicts == [Reason.MANDATE_EXCLUSIVE, None]


def test_case_39_third_term_in_a_row_waits_for_the_gap() -> None:
    author = Author(1)
    rules = Delegation(terms=2, gap=10 * DAY)
    author.add(replace(author.charter_body(previous=author.leaves[0].id), delegation=rules))
    author.version = 2
    base = Mandate(delegate=DELEGATE.public, starts=START, until=START + DAY, kinds=("speak",))

    def term(number: int, day: int) -> Reason | None:
        starts = START + day * DAY
        body = replace(base, term=number, starts=starts, until=starts + DAY)
        fault = objection(view_of([author]), author.make(body), START)
        if fault is None:
            author.add(body)
        return fault

    assert term(1, 0) is None
    assert term(2, 2) is None
    assert term(3, 4) is Reason.MANDATE_TERMS
    assert term(1, 4) is Reason.MANDATE_ROTATION
    assert term(1, 14) is None, "after the gap one begins again"


def test_case_40_no_cycle_of_mandates_can_be_written() -> None:
    one, other = Author(1), Author(2)
    body = Mandate(
        delegate=other.keyholders[0].public,
        starts=START,
        until=START + DAY,
        kinds=("mandate", "speak"),
    )
    first = one.add(body)
    link = replace(body, delegate=key(7).public, kinds=("speak",), above=first.id)
    second = other.add(link)
    back = one.add(replace(link, delegate=other.keyholders[0].public, above=second.id))
    view = view_of([one, other])
    found = [view.mandates.status(one_.id, START) for one_ in (first, second, back)]
    reasons = [status.verdict.reason for status in found if not isinstance(status, Reason)]
    assert reasons == [None, None, Reason.MANDATE_CHAIN]


def test_case_41_no_attendance_no_act() -> None:
    told = story(attendance="required")
    assert told.verdict(told.act()) == void(Reason.ACT_ATTENDANCE)
    present = story(attendance="required")
    assert present.verdict(present.act(assembly=bytes([5]) * 32)) == VALID


# --- what is reserved ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["commitment", "reveal", "lot", "recovery"])
def test_cases_44_and_45_sealed_positions_are_of_a_later_rules_number(kind: str) -> None:
    """Such records are kept and relayed, and count for nothing (case 58)."""
    assert kind not in KINDS
    made = Assembly(4)
    motion = made.move()
    freeze = made.freeze(motion)
    payload = record.build_payload(
        kind=kind,
        council=made.authors[3].council,
        charter=1,
        time=made.now,
        body=Recall(reason="H(position)"),
        subject=motion.id,
    )
    signature = record.sign(made.authors[3].network, payload, made.authors[3].keyholders[0])
    sealed = record.open(made.authors[3].network, record.assemble(payload, [signature]))
    made.authors[3].append(sealed)
    made.vote(freeze, "YYN-")
    assert sealed.id not in {p.position.record.id for p in made.status(motion).positions}
    assert made.outcome(motion) is not None


# --- persons ------------------------------------------------------------------------------------


def test_case_60_words_of_a_report_are_dropped_and_the_report_stands() -> None:
    due, words = START + DAY, bytes(16) + b"Ada met Ben."
    told = story(reports=(due,), overdue=DAY)
    body = Report(due=due, text=record.text_hash(words))
    made = told.home.add(body, subject=told.mandate.id, time=START, signers=[DELEGATE], part=words)
    told.home.add(Ratify(value="yes"), subject=made.id, time=START)
    before = told.status(NOON)
    told.home.leaves[told.home.leaves.index(made)] = record.open_bare(
        told.home.network, made.envelope
    )
    after = told.status(NOON)
    assert (
        (after.verdict, after.accepted)
        == (before.verdict, before.accepted)
        == (
            before.verdict,
            {due: True},
        )
    )
    assert b"Ada" not in b"".join(leaf.envelope for leaf in told.home.leaves)
    with pytest.raises(VerificationError, match="part-mismatch"):
        record.open(told.home.network, made.envelope, bytes(16) + b"Eve met Ben.")


def test_case_64_petition_of_a_tenth_forces_an_item_and_names_nobody() -> None:
    told = story()
    told.home.add(Petition(count=6, members=70), subject=told.mandate.id, time=NOON)
    assert told.status().item_by is None
    told.home.add(Petition(count=7, members=70), subject=told.mandate.id, time=NOON)
    assert told.status().item_by == NOON + 14 * DAY
    assert told.status().state is State.IN_FORCE, "members ask; the council recalls"
    assert set(Petition.__struct_fields__) == {"count", "members"}
    larger = story(petition=Share(part=1, whole=2))
    larger.home.add(Petition(count=34, members=70), subject=larger.mandate.id, time=NOON)
    assert larger.status().item_by is None
