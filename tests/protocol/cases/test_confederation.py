"""The edge cases of decisions, by number: councils among each other, disputes, what follows."""

from confedproto.bodies.accession import Accession
from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.calendar import Calendar
from confedproto.bodies.correction import Correction
from confedproto.bodies.dispute import Dispute
from confedproto.bodies.dissolution import Dissolution
from confedproto.bodies.exit import Exit
from confedproto.bodies.finding import Finding
from confedproto.bodies.freeze import Voter
from confedproto.bodies.hold import Hold
from confedproto.bodies.motion import Money, Translation
from confedproto.bodies.naming import Naming
from confedproto.bodies.paymentorder import PaymentOrder
from confedproto.bodies.task import Task
from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.administration import administration_fault
from confedproto.rules.dispute import DisputeStatus, Step, dispute_status
from confedproto.rules.findings import Court, is_challenged
from confedproto.rules.membership import dissolved_by
from confedproto.rules.standing import outcome_without_claims
from confedproto.rules.states import Effect, State
from confedproto.rules.tally import Outcome
from tests.support.assembly import FAR, TERMS, Assembly, freeze_of, quorum
from tests.support.councils import START, Author


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
    closes = freeze_of(freeze).closes
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
    made.now = freeze_of(freeze).closes + 100
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
    made.now = freeze_of(freeze).closes + 2
    made.put(2, Correction(text="The minutes say 70."), said[2])
    assert made.faults(motion)[said[2].id] is None


def test_case_62_new_position_after_the_closing_is_no_correction() -> None:
    made = Assembly(3)
    motion = made.move()
    freeze = made.freeze(motion)
    said = made.vote(freeze, "YYN", minutes=bytes(32), method="assembly")
    made.now = freeze_of(freeze).closes + 1
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
