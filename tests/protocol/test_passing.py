"""Chains between levels: a mandate that a meeting of delegates passes on (specs/06, LVL)."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from confedproto import bundle, codec, inputs, record
from confedproto.admission import objection
from confedproto.bodies.act import Act
from confedproto.bodies.carried import Carried
from confedproto.bodies.mandate import Instruction, Mandate
from confedproto.bodies.position import Position
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.recall import Recall
from confedproto.bundle.judge import OTHERS
from confedproto.duties import Duties
from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.limits import BUNDLE_MAX_BYTES
from confedproto.record import VerifiedRecord
from confedproto.rules.delegation import ActStatus, MandateStatus
from confedproto.rules.mandate import Outcome
from confedproto.rules.passing import chain_fault
from confedproto.view import View
from tests.support.councils import DAY, START, Author, found_compact, key, view_of
from tests.support.worlds import passed_on, sign

NOON = START + 10 * DAY
MOTION, FREE, RATIFIED = (bytes([n]) * 32 for n in (1, 2, 3))
REGIONAL = key(777)

Told = tuple[Outcome, Reason | None]
VALID: Told = (Outcome.VALID, None)


def void(reason: Reason) -> Told:
    return Outcome.VOID, reason


@dataclass
class Levels:
    """A base council, its delegate's meeting, and the meeting's delegate one level up."""

    base: Author
    meeting: Author
    others: list[Author]
    above: VerifiedRecord
    link: VerifiedRecord

    def view(self, *, without: Author | None = None) -> View:
        authors = [a for a in (self.base, self.meeting, *self.others) if a is not without]
        view = view_of(authors)
        for author in authors:
            view.logs[author.log].head = author.head(NOON)
        return view

    def act(self, value: str = "yes", *, time: int = NOON, **change: Any) -> VerifiedRecord:
        """An act under the link, received by the other councils five seconds later."""
        body = Act(
            motion=change.pop("motion", MOTION),
            kind=change.pop("kind", "vote"),
            value=value,
            number=1,
            head=self.meeting.head(time - 60).envelope,
            **change,
        )
        done = self.meeting.add(body, subject=self.link.id, time=time, signers=[REGIONAL])
        for other in self.others:
            other.witness([self.meeting], time=time + 5)
        return done

    def of(self, act: VerifiedRecord, *, without: Author | None = None) -> ActStatus:
        status = self.view(without=without).mandates.act_status(act.id)
        assert not isinstance(status, Reason)
        return status

    def verdict(self, act: VerifiedRecord, *, without: Author | None = None) -> Told:
        verdict = self.of(act, without=without).verdict
        return verdict.outcome, verdict.reason

    def status(self, at: int = NOON, *, without: Author | None = None) -> MandateStatus:
        status = self.view(without=without).mandates.status(self.link.id, at)
        assert not isinstance(status, Reason)
        return status

    def stands(self, at: int = NOON, *, without: Author | None = None) -> Told:
        verdict = self.status(at, without=without).verdict
        return verdict.outcome, verdict.reason


def levels(above: dict[str, Any] | None = None, link: dict[str, Any] | None = None) -> Levels:
    base, meeting, *others = (Author(number) for number in (1, 2, 3, 4))
    compact = found_compact([base, *others])
    upper = Mandate(
        delegate=meeting.keyholders[0].public,  # who is one of the meeting's keyholders
        starts=START,
        until=START + 30 * DAY,
        kinds=("mandate", "speak", "vote"),
        compact=compact.id,
        level="local",
        instructions=(
            Instruction(motion=MOTION, value="yes"),
            Instruction(motion=FREE, value="free"),
            Instruction(motion=RATIFIED, value="ratify"),
        ),
    )
    granted = base.add(replace(upper, **(above or {})))
    lower = Mandate(
        delegate=REGIONAL.public,
        starts=START,
        until=START + 20 * DAY,
        kinds=("vote",),
        compact=compact.id,
        level="regional",
        instructions=tuple(
            Instruction(motion=motion, value="free") for motion in (MOTION, FREE, RATIFIED)
        ),
        above=granted.id,
    )
    return Levels(base, meeting, others, granted, meeting.add(replace(lower, **(link or {}))))


# --- the link -----------------------------------------------------------------------------------


def test_link_within_the_mandate_above_is_valid() -> None:
    made = levels()
    assert made.stands() == VALID
    assert made.verdict(made.act()) == VALID


@pytest.mark.parametrize(
    ("above", "link"),
    [
        ({"kinds": ("speak", "vote")}, {}),
        ({}, {"kinds": ("signature", "vote")}),
        ({}, {"until": START + 31 * DAY}),
        ({}, {"starts": START - 1}),
        ({}, {"compact": None}),
        ({"delegate": key(9).public}, {}),
        ({"partners": (key(9).public,), "parity": "all"}, {}),
    ],
    ids=["not to be passed on", "kinds", "end", "start", "compact", "not agreed", "one of two"],
)
def test_link_wider_than_the_mandate_above_is_void_at_all_times(
    above: dict[str, Any], link: dict[str, Any]
) -> None:
    made = levels(above, link)
    assert made.stands() == void(Reason.MANDATE_CHAIN)
    assert made.verdict(made.act()) == void(Reason.MANDATE_CHAIN)


def test_link_by_a_substitute_is_agreed() -> None:
    meeting = Author(2)
    mine = meeting.keyholders[0].public
    made = levels({"delegate": key(9).public, "substitutes": (mine,)})
    assert made.stands() == VALID


@pytest.mark.parametrize("kind", ["mandate", "spending-order"])
def test_link_that_could_be_passed_on_or_spend_contradicts_itself(kind: str) -> None:
    made = levels(link={"kinds": tuple(sorted((kind, "vote")))})
    assert made.stands() == void(Reason.MANDATE_FORM)


def test_second_link_is_none() -> None:
    made = levels()
    third = Author(5)
    over = made.link.body
    assert isinstance(over, Mandate)
    again = replace(over, above=made.link.id, delegate=key(8).public)
    signers = [*third.keyholders]
    placed = third.add(again, signers=signers)
    view = view_of([made.base, made.meeting, third, *made.others])
    status = view.mandates.status(placed.id, NOON)
    assert not isinstance(status, Reason)
    assert status.verdict.reason is Reason.MANDATE_CHAIN


def test_link_without_the_mandate_above_is_unknown() -> None:
    made = levels()
    unknown = (Outcome.UNKNOWN, Reason.MANDATE_UNKNOWN)
    assert made.stands(without=made.base) == unknown


def test_link_of_the_councils_own_mandate_is_none() -> None:
    made = levels()
    body = made.link.body
    assert isinstance(body, Mandate)
    own = made.base.add(body)
    status = made.view().mandates.status(own.id, NOON)
    assert not isinstance(status, Reason)
    assert status.verdict.reason is Reason.MANDATE_CHAIN


def test_link_falls_with_the_mandate_above() -> None:
    made = levels()
    act = made.act()
    made.base.add(Recall(), subject=made.above.id, time=NOON - DAY)
    assert made.stands() == void(Reason.RECALLED)
    assert made.stands(NOON - DAY - 1) == VALID
    assert made.verdict(act) == void(Reason.RECALLED)
    assert made.status().void_acts == (act.id,)


def test_node_refuses_to_grant_a_wider_link() -> None:
    made = levels()
    body = made.link.body
    assert isinstance(body, Mandate)
    view = made.view()
    wider = made.meeting.make(replace(body, until=START + 31 * DAY))
    assert objection(view, wider, NOON) is Reason.MANDATE_CHAIN
    unheard = made.meeting.make(replace(body, above=bytes(32)))
    assert objection(view, unheard, NOON) is Reason.MANDATE_UNKNOWN
    assert objection(view, made.meeting.make(replace(body, level="other")), NOON) is None


def test_chain_fault_needs_all_delegates_where_all_sign() -> None:
    made = levels({"partners": (key(9).public,), "parity": "all"})
    above, link = made.above.body, made.link.body
    assert isinstance(above, Mandate)
    assert isinstance(link, Mandate)
    assert chain_fault(above, link, [above.delegate]) is Reason.MANDATE_CHAIN
    assert chain_fault(above, link, [above.delegate, key(9).public, key(10).public]) is None


# --- acts under a link --------------------------------------------------------------------------


def test_act_is_held_to_the_instruction_above() -> None:
    made = levels()
    assert made.verdict(made.act("no")) == void(Reason.INSTRUCTION)
    free = levels()
    assert free.verdict(free.act("no", motion=FREE)) == VALID


def test_act_is_overridden_by_the_position_of_the_council_above() -> None:
    made = levels()
    act = made.act()
    made.base.add(Position(freeze=bytes(32), number=1, value="no"), subject=MOTION, time=NOON)
    assert made.verdict(act) == void(Reason.OVERRIDDEN)


@pytest.mark.parametrize("value", ["yes", "no"])
def test_act_is_ratified_by_the_council_that_asked_for_it(value: Any) -> None:
    made = levels()
    act = made.act(motion=RATIFIED)
    needs = (Outcome.NEEDS_RATIFICATION, Reason.RATIFY)
    assert made.verdict(act) == needs
    made.meeting.add(Ratify(value="yes"), subject=act.id, time=NOON)
    assert made.verdict(act) == needs  # the meeting is not who asked
    answer = made.base.make(Ratify(value=value), subject=act.id, time=NOON)
    assert objection(made.view(), answer, NOON) is None
    made.base.append(answer)
    assert made.verdict(act) == (VALID if value == "yes" else void(Reason.RATIFY_REFUSED))


def test_act_under_a_link_alone_is_void_where_the_link_says_so() -> None:
    made = levels(link={"instructions": (Instruction(motion=MOTION, value="yes"),)})
    assert made.verdict(made.act("no"), without=made.base) == void(Reason.INSTRUCTION)


def test_act_is_final_only_with_the_log_of_the_council_above() -> None:
    made = levels()
    act = made.act()
    view = made.view()
    for author in (made.base, made.meeting, *made.others):
        view.logs[author.log].head = author.head(NOON + DAY)
    assert _final(view, act)
    view.logs[made.base.log].head = made.base.head(NOON - 1)
    assert not _final(view, act)


def _final(view: View, act: VerifiedRecord) -> bool:
    status = view.mandates.act_status(act.id)
    assert not isinstance(status, Reason)
    return status.final


# --- files --------------------------------------------------------------------------------------


def without_others(file: bytes) -> bytes:
    """The same file, and none that it carries."""
    parsed = bundle.decode(file)
    assert parsed.files
    return bundle.encode(dataclasses.replace(parsed, files=()))


def test_file_of_a_link_carries_the_mandate_above() -> None:
    made = levels()
    file = bundle.build_mandate(made.view(), made.link.id, NOON)
    report = bundle.verify([file], [], NOON)
    assert (report.verdict, report.id) == (Outcome.VALID, made.link.id)
    assert report.above is not None
    assert (report.above.id, report.above.council) == (made.above.id, made.base.council)
    assert report.above.state == "in-force"
    assert {head.council for head in report.heads} == {made.base.council, made.meeting.council}
    assert OTHERS not in report.notes
    above = bundle.build_mandate(made.view(), made.above.id, NOON)
    assert bundle.verify([above, file], [], NOON).id == made.link.id
    assert bundle.verify([file, without_others(file)], [], NOON).verdict is Outcome.VALID


def test_file_of_a_link_whose_council_above_is_not_known_is_of_the_link_alone() -> None:
    made = levels()
    file = bundle.build_mandate(made.view(without=made.base), made.link.id, NOON)
    assert bundle.decode(file).files == ()
    report = bundle.verify([file], [], NOON)
    assert (report.verdict, report.reason) == (Outcome.UNKNOWN, Reason.MANDATE_UNKNOWN)
    assert report.above is None


def test_file_of_a_link_shows_the_recall_of_the_mandate_above() -> None:
    made = levels()
    made.base.add(Recall(), subject=made.above.id, time=NOON - 1)
    report = bundle.verify([bundle.build_mandate(made.view(), made.link.id, NOON)], [], NOON)
    assert (report.verdict, report.reason) == (Outcome.VOID, Reason.RECALLED)
    assert report.above is not None
    assert report.above.state == "recalled"


def test_file_of_an_act_under_a_link_shows_what_the_council_above_said() -> None:
    made = levels()
    act = made.act(motion=RATIFIED)
    assert _verdict(made, act) == (Outcome.NEEDS_RATIFICATION, Reason.RATIFY)
    made.base.add(Ratify(value="yes"), subject=act.id, time=NOON)
    assert _verdict(made, act) == VALID
    made = levels()
    act = made.act()
    made.base.add(Position(freeze=bytes(32), number=1, value="no"), subject=MOTION, time=NOON)
    assert _verdict(made, act) == void(Reason.OVERRIDDEN)


def _verdict(made: Levels, act: VerifiedRecord) -> Told:
    file = bundle.build_act_from_view(made.view(), act.id, NOON + DAY)
    report = bundle.verify([file], [], NOON + DAY)
    return report.verdict, report.reason


def test_mandate_whose_recall_only_another_log_carries_gets_no_file() -> None:
    """No file shows such a recall, and the node knows of it (RCL-4, BUN-21)."""
    made = levels()
    assert bundle.build_mandate(made.view(), made.above.id, NOON)
    recall = made.base.make(Recall(), subject=made.above.id, time=NOON - DAY)
    carrier, *others = made.others
    head = made.base.head(NOON - DAY).envelope
    carrier.sign_by_node(Carried(envelope=recall.envelope, head=head), time=NOON - DAY)
    for other in others:
        other.witness([carrier], time=NOON - DAY + 5)
    act = made.act()
    view = made.view()
    for build, one in (
        (bundle.build_mandate, made.above.id),
        (bundle.build_mandate, made.link.id),
        (bundle.build_act_from_view, act.id),
    ):
        with pytest.raises(LocalProtocolError) as caught:
            build(view, one, NOON + DAY)
        assert caught.value.reason is Reason.RECALLED
    assert bundle.build_mandate(view, made.above.id, NOON - 2 * DAY)


def test_carried_file_that_does_not_hold_makes_the_whole_unknown() -> None:
    made = levels()
    parsed = bundle.decode(bundle.build_mandate(made.view(), made.link.id, NOON))
    (above,) = parsed.files
    assert above.head is not None
    bad = dataclasses.replace(above, head=dataclasses.replace(above.head, time=NOON + 1))
    file = bundle.encode(dataclasses.replace(parsed, files=(bad,)))
    report = bundle.verify([file], [], NOON)
    assert (report.verdict, report.reason) == (Outcome.UNKNOWN, Reason.HEAD_SIGNATURE)
    assert report.id == made.link.id


def test_file_carries_no_file_that_carries_one() -> None:
    made = levels()
    parsed = bundle.decode(bundle.build_mandate(made.view(), made.link.id, NOON))
    with pytest.raises(LocalProtocolError) as caught:
        bundle.encode(dataclasses.replace(parsed, files=(parsed,)))
    assert caught.value.reason is Reason.BUNDLE_FORM
    data = bundle.encode(parsed)
    body = codec.decode(data)[2]
    for _ in range(100):  # however deep, it is refused at the first level
        data = codec.encode(["confed", 1, body | {"files": [data]}], max_bytes=BUNDLE_MAX_BYTES)
    with pytest.raises(DecodeError) as refused:
        bundle.decode(data)
    assert refused.value.reason is Reason.BUNDLE_FORM


def test_files_of_both_levels_prove_the_link_together() -> None:
    made = levels()
    view = made.view()
    link, above = (bundle.build_mandate(view, r.id, NOON) for r in (made.link, made.above))
    link = without_others(link)
    alone = bundle.verify([link], [], NOON)
    assert (alone.verdict, alone.reason) == (Outcome.UNKNOWN, Reason.MANDATE_UNKNOWN)
    for files in ([link, above], [above, link]):
        report = bundle.verify(files, [], NOON)
        assert (report.verdict, report.id) == (Outcome.VALID, made.link.id)
    made.base.add(Recall(), subject=made.above.id, time=NOON - 1)
    recalled = bundle.build_mandate(made.view(), made.above.id, NOON)
    gone = bundle.verify([link, recalled], [], NOON)
    assert (gone.verdict, gone.reason) == (Outcome.VOID, Reason.RECALLED)


def test_file_of_an_act_under_a_link_is_judged_with_the_mandate_above() -> None:
    made = levels()
    act = made.act()
    view = made.view()
    done = bundle.build_act_from_view(view, act.id, NOON + DAY)
    done = without_others(done)
    above = bundle.build_mandate(view, made.above.id, NOON + DAY)
    assert bundle.verify([done], [], NOON).reason is Reason.MANDATE_UNKNOWN
    assert bundle.verify([done, above], [], NOON).verdict is Outcome.VALID
    made.base.add(Recall(), subject=made.above.id, time=NOON - 1)
    later = bundle.build_mandate(made.view(), made.above.id, NOON + DAY)
    assert bundle.verify([done, later], [], NOON).reason is Reason.RECALLED


# --- between nodes ------------------------------------------------------------------------------


def test_link_and_act_under_it_are_received_by_the_members_of_the_compact() -> None:
    """A meeting is in no compact; yet acts under its link need receipts, so members give them."""
    made = passed_on()
    world, node = made.world, made.meeting
    report = world.verify(made.file)
    assert (report.verdict, len(report.receipts)) == (Outcome.VALID, 3)
    assert len(made.file) < 5_120
    payload = bundle.draft_act(
        made.file, motion=world.motion, kind="vote", value="yes", now=world.now
    )
    act = record.open(world.sim.network, sign(world, payload, made.delegate))
    world.sim.give(node, inputs.Submit(token=9_998, record=act))
    assert node.answers.pop(9_998).fault is None
    world.sim.run(20)
    for view in (node.engine.view, world.view):
        done = world.verify(bundle.build_act_from_view(view, act.id, world.now))
        assert (done.verdict, done.reason) == (Outcome.VALID, None)
    alone = world.verify(bundle.build_act(made.file, act.envelope))
    assert alone.reason is Reason.RECEIPTS_MISSING


def test_log_of_a_meeting_is_witnessed_only_for_a_link_that_the_delegate_signed() -> None:
    """A stranger who names a member's mandate gains nothing (LVL-2, WIT-1)."""
    for delegate in (None, key(9).public):
        made = levels({} if delegate is None else {"delegate": delegate})
        member = made.others[0]
        view = made.view()
        duties = Duties(view, member.council)
        for placed in view.records.values():
            duties.note(view.logs[placed.log], placed.record)
        (duty,) = duties.due(NOON * 1_000)
        assert duty.part is not None
        named = {head.log for head in record.heads_of(duty.part)}
        assert (made.meeting.log in named) == (delegate is None)
        assert made.base.log in named
