"""What panels and assemblies say of a contested record, and what follows (specs/07, DIS)."""

from typing import Any, Literal

import pytest

from confedproto.bodies.dispute import Dispute
from confedproto.bodies.finding import Finding
from confedproto.bodies.hold import Hold
from confedproto.bodies.motion import Money
from confedproto.bodies.naming import Naming
from confedproto.bodies.paymentorder import PaymentOrder
from confedproto.bodies.task import Task
from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.administration import administration_fault
from confedproto.rules.findings import Court, is_challenged
from confedproto.rules.states import Effect
from confedproto.rules.tally import Outcome
from tests.support.assembly import Assembly

Word = Literal["void", "valid", "recount", "new-vote", "ledger-correction", "recommend"]
PANEL = (3, 4, 5)


def decided(words: str = "YYYYNN", count: int = 6) -> tuple[Assembly, VerifiedRecord]:
    made = Assembly(count)
    motion = made.move()
    made.decide(motion, words)
    assert made.standing(motion).effect is Effect.IN_FORCE
    return made, motion


def dispute(
    made: Assembly, about: VerifiedRecord, *, by: int = 1, name: Any = "procedure"
) -> VerifiedRecord:
    """A dispute whose parties have named the panel."""
    disputed = made.put(by, Dispute(name=name, remedy="See."), about)
    councils = tuple(made.authors[one].council for one in PANEL)
    author = next(i for i, a in enumerate(made.authors) if a.council == about.council)
    for party in {by, author}:
        made.put(party, Naming(role="panel", councils=councils), disputed)
    return disputed


def find(
    made: Assembly,
    about: VerifiedRecord,
    effect: Word,
    *,
    by: int = 1,
    panel: int = 2,
    name: Any = "procedure",
) -> VerifiedRecord:
    """A dispute in which so many of the panel find alike."""
    disputed = dispute(made, about, by=by, name=name)
    for one in PANEL[:panel]:
        made.put(one, Finding(effect=effect, text="So it is."), disputed)
    return disputed


def court(made: Assembly) -> Court:
    view, one = made.view(), made.compact.id
    return Court(compact_id=one, members=view.admitted(one), world=view.world)


def fault(made: Assembly, about: VerifiedRecord) -> Reason | None:
    return administration_fault(made.view().records[about.id], court(made))


# --- on a decision ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "worth"),
    [
        ("void", Effect.ANNULLED),
        ("valid", Effect.IN_FORCE),
        ("recommend", Effect.IN_FORCE),
        ("ledger-correction", Effect.IN_FORCE),
        ("recount", Effect.IN_FORCE),
    ],
)
def test_finding_of_two_of_three_has_its_effect_and_of_one_has_none(
    effect: Word, worth: Effect
) -> None:
    made, motion = decided()
    find(made, motion, effect, panel=1)
    assert made.standing(motion).effect is Effect.IN_FORCE
    find(made, motion, effect)
    assert made.standing(motion).effect is worth
    assert not made.standing(motion).held


def test_finding_never_changes_what_is_certified() -> None:
    made, motion = decided()
    before = made.status(motion)
    find(made, motion, "void")
    assert made.status(motion) == before


def test_recount_leaves_out_positions_that_were_found_void() -> None:
    made, motion = decided("YYYYNN")
    said = [p.record for p in made.view().about(motion.id, "position")]
    yes = [one for one in said if getattr(one.body, "value", None) == "yes"]
    ours = {made.authors[by].council: by for by in range(6)}
    for one in yes[:2]:
        find(made, one, "void", by=2 if ours[one.council] != 2 else 0)
    assert made.standing(motion).effect is Effect.IN_FORCE, "nobody ordered a recount"
    find(made, motion, "recount")
    assert made.standing(motion).effect is Effect.ANNULLED, "two yes, two no"


def test_recount_that_gives_the_same_outcome_changes_nothing() -> None:
    made, motion = decided("YYYYYN")
    said = [p.record for p in made.view().about(motion.id, "position")]
    find(made, next(one for one in said if one.council == made.authors[0].council), "void")
    find(made, motion, "recount")
    assert made.standing(motion).effect is Effect.IN_FORCE


@pytest.mark.parametrize(
    ("words", "outcome", "worth"),
    [
        ("YYYYYY", "adopted", Effect.SUPERSEDED),
        ("NNNNNN", "rejected", Effect.ANNULLED),
        ("------", "no-quorum", Effect.ANNULLED),
    ],
)
def test_new_vote_holds_the_decision_until_it_is_taken(
    words: str, outcome: str, worth: Effect
) -> None:
    made, motion = decided()
    disputed = find(made, motion, "new-vote")
    assert made.standing(motion).held
    assert disputed.id in made.standing(motion).by
    again = made.move(by=2, supersedes=(motion.id,))
    assert made.standing(motion).held
    made.decide(again, words, outcome, by=2)
    assert not made.standing(motion).held
    assert made.standing(motion).effect is worth


def test_new_vote_that_names_another_decision_ends_nothing() -> None:
    made, motion = decided()
    find(made, motion, "new-vote")
    made.decide(made.move(by=2), "NNNNNN", "rejected", by=2)
    assert made.standing(motion).held


# --- appeals ------------------------------------------------------------------------------------


def test_appeal_to_the_assemblies_takes_a_finding_back() -> None:
    made, motion = decided()
    disputed = find(made, motion, "void")
    assert made.standing(motion).effect is Effect.ANNULLED
    rejected = made.move(by=2, repeals=(disputed.id,))
    made.decide(rejected, "YYNNNN", "rejected", by=2)
    assert made.standing(motion).effect is Effect.ANNULLED
    appeal = made.move(by=2, repeals=(disputed.id,))
    made.decide(appeal, "YYYYNN", by=2)
    assert made.standing(motion).effect is Effect.IN_FORCE


def test_appeal_by_silence_takes_nothing_back() -> None:
    made = Assembly(6, rules={"admin": "lazy"})
    motion = made.move()
    made.decide(motion, "YYYYNN")
    disputed = find(made, motion, "void")
    lazy = made.move("admin", by=2, repeals=(disputed.id,), reversible=True)
    made.decide(lazy, "------", by=2)
    assert made.outcome(lazy) is Outcome.ADOPTED
    assert made.standing(motion).effect is Effect.ANNULLED


def test_assemblies_have_the_last_word_on_a_contested_record() -> None:
    made, motion = decided()
    task = made.put(0, Task(title="Declare"), motion)
    find(made, task, "valid")
    undone = made.move(by=2, repeals=(task.id,))
    made.decide(undone, "YYYYNN", by=2)
    assert fault(made, task) is Reason.FOUND_VOID
    again = made.move(by=2, depends=(task.id,))
    made.decide(again, "YYYYNN", by=2)
    assert fault(made, task) is None


# --- administration -------------------------------------------------------------------------------


def challenged(made: Assembly, motion: VerifiedRecord) -> VerifiedRecord:
    task = made.put(0, Task(title="Declare"), motion)
    for by in (1, 2):
        made.put(by, Dispute(name="scope", remedy="Assemblies decide."), task)
    assert is_challenged(court(made), task.id, task.council)
    return task


@pytest.mark.parametrize(("effect", "why"), [("void", Reason.FOUND_VOID), ("valid", None)])
def test_scope_challenge_holds_until_a_panel_has_found(effect: Word, why: Reason | None) -> None:
    made, motion = decided()
    task = challenged(made, motion)
    find(made, task, effect, panel=1)
    assert is_challenged(court(made), task.id, task.council)
    find(made, task, effect)
    assert not is_challenged(court(made), task.id, task.council)
    assert fault(made, task) is why


def test_scope_challenge_without_a_panel_holds_until_the_assemblies_decide() -> None:
    made, motion = decided()
    task = challenged(made, motion)
    made.now += 10_000
    assert is_challenged(court(made), task.id, task.council)
    confirmed = made.move(by=2, depends=(task.id,))
    made.decide(confirmed, "YYYYNN", by=2)
    assert not is_challenged(court(made), task.id, task.council)
    assert fault(made, task) is None


def test_order_that_a_panel_corrects_does_not_count_and_frees_the_cap() -> None:
    made = Assembly(6, rules={"budget": "majority"})
    money = Money(cost=10, cap=10, currency="CHF", source="Dues.")
    motion = made.move("budget", money=money)
    made.decide(motion, "YYYYNN")
    orders = [
        made.put(0, PaymentOrder(amount=8, currency="CHF", payee="Ferry", number=number), motion)
        for number in (1, 2)
    ]
    assert [fault(made, order) for order in orders] == [None, Reason.ORDER_CAP]
    find(made, orders[0], "ledger-correction")
    assert [fault(made, order) for order in orders] == [Reason.FOUND_VOID, None]


# --- holds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "ends"), [("valid", True), ("recommend", True), ("void", False)]
)
def test_hold_ends_with_its_dispute(effect: Word, *, ends: bool) -> None:
    made, motion = decided()
    disputed = dispute(made, motion)
    for by in (1, 2):
        made.put(by, Hold(reason="Wait.", dispute=disputed.id), motion)
    assert made.standing(motion, made.now).held
    for one in PANEL[:2]:
        made.put(one, Finding(effect=effect, text="So it is."), disputed)
    assert made.standing(motion, made.now).held is not ends


def test_hold_for_no_dispute_lasts_whatever_is_found() -> None:
    made, motion = decided()
    for by in (1, 2):
        made.put(by, Hold(reason="Wait."), motion)
    find(made, motion, "valid")
    assert made.standing(motion, made.now).held
