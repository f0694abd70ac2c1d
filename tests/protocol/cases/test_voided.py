"""What `void` does to mandates, freezes and rolls (specs/07, DIS-9 and DIS-10)."""

from typing import Any

from confedproto.bodies.act import Act
from confedproto.bodies.dispute import Dispute
from confedproto.bodies.exit import Exit
from confedproto.bodies.finding import Finding
from confedproto.bodies.mandate import Instruction, Mandate
from confedproto.bodies.naming import Naming
from confedproto.bodies.recall import Recall
from confedproto.bodies.roll import Roll
from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.dispute import compact_about
from confedproto.rules.explain import mandate_grounds
from confedproto.rules.mandate import Outcome
from confedproto.rules.states import Effect
from confedproto.rules.tenure import State
from tests.support.assembly import Assembly
from tests.support.councils import DAY, key

DELEGATE = key(501)
PANEL = (3, 4, 5)
MOTION = bytes([1]) * 32


def granted(made: Assembly, *, by: int = 0, **change: Any) -> VerifiedRecord:
    """A mandate of council `by` in this compact."""
    fields: dict[str, Any] = {"compact": made.compact.id, **change}
    body = Mandate(
        delegate=DELEGATE.public,
        starts=made.now,
        until=made.now + 30 * DAY,
        kinds=("vote",),
        instructions=(Instruction(motion=MOTION, value="yes"),),
        **fields,
    )
    return made.authors[by].add(body, time=made.now)


def done(made: Assembly, mandate: VerifiedRecord, number: int, previous: bytes | None) -> Any:
    """An act under the mandate now, which all witness."""
    home = made.authors[0]
    body = Act(
        motion=MOTION,
        kind="vote",
        value="yes",
        number=number,
        head=home.head(made.now).envelope,
        previous=previous,
    )
    act = home.add(body, subject=mandate.id, time=made.now, signers=[DELEGATE])
    made.now += 1
    made.witness()
    return act


def contest(
    made: Assembly, about: VerifiedRecord, *, by: int = 1, author: int = 0, **fields: Any
) -> VerifiedRecord:
    """A dispute whose parties have named the panel."""
    disputed = made.put(by, Dispute(name="mandate", remedy="Take it back.", **fields), about)
    councils = tuple(sorted(made.authors[one].council for one in PANEL))
    for party in {by, author}:
        made.put(party, Naming(role="panel", councils=councils), disputed)
    return disputed


def find(made: Assembly, disputed: VerifiedRecord, *, panel: int = 2) -> None:
    """So many of the panel find it void; all witness it."""
    for one in PANEL[:panel]:
        made.put(one, Finding(effect="void", text="So it is."), disputed)
    made.now += 1
    made.witness()


def verdict(made: Assembly, act: VerifiedRecord, seed: int | None = None) -> tuple[Any, Any]:
    status = made.view(seed).mandates.act_status(act.id)
    assert not isinstance(status, Reason)
    return status.verdict.outcome, status.verdict.reason


def state(made: Assembly, mandate: VerifiedRecord) -> State:
    status = made.view().mandates.status(mandate.id, made.now)
    assert not isinstance(status, Reason)
    return status.state


# --- mandates -----------------------------------------------------------------------------------


def test_finding_void_on_a_mandate_voids_acts_from_then_on_and_none_before() -> None:
    made = Assembly(6)
    mandate = granted(made)
    first = done(made, mandate, 1, None)
    made.now += 60
    find(made, contest(made, mandate))
    made.now += 60
    second = done(made, mandate, 2, first.id)
    for seed in (None, 1, 2):
        assert verdict(made, first, seed) == (Outcome.VALID, None)
        assert verdict(made, second, seed) == (Outcome.VOID, Reason.FOUND_VOID)
    assert state(made, mandate) is State.VOIDED


def test_finding_of_one_of_three_or_without_receipts_voids_no_mandate() -> None:
    made = Assembly(6)
    mandate = granted(made)
    disputed = contest(made, mandate)
    find(made, disputed, panel=1)
    assert state(made, mandate) is State.IN_FORCE
    made.put(4, Finding(effect="void", text="So it is."), disputed)
    assert state(made, mandate) is State.IN_FORCE, "nobody has received it yet"
    made.now += 1
    made.witness()
    assert state(made, mandate) is State.VOIDED


def test_finding_dated_back_reaches_no_act_that_was_done_before() -> None:
    made = Assembly(6)
    mandate = granted(made)
    disputed = contest(made, mandate)
    act = done(made, mandate, 1, None)
    made.now -= 1  # the panel claims to have found before
    for one in PANEL:
        made.put(one, Finding(effect="void", text="So it was."), disputed)
    made.now += 60
    made.witness()
    assert verdict(made, act) == (Outcome.VALID, None)
    assert state(made, mandate) is State.VOIDED


def test_appeal_after_a_finding_revives_no_mandate_and_before_it_prevents_it() -> None:
    made = Assembly(6)
    mandate = granted(made)
    disputed = contest(made, mandate)
    find(made, disputed)
    appeal = made.move(by=2, repeals=(disputed.id,))
    made.decide(appeal, "YYYYYY", by=2)
    made.now += 1
    made.witness()
    assert state(made, mandate) is State.VOIDED

    made = Assembly(6)
    mandate = granted(made)
    disputed = contest(made, mandate)
    appeal = made.move(by=2, depends=(mandate.id,))
    made.decide(appeal, "YYYYYY", by=2)
    made.now += 1
    made.witness()
    find(made, disputed)
    assert state(made, mandate) is State.IN_FORCE


def test_assemblies_void_a_contested_mandate_of_a_member_alone() -> None:
    made = Assembly(6)
    mandate = granted(made)
    motion = made.move(by=2, repeals=(mandate.id,))
    made.decide(motion, "YYYYYY", by=2)
    made.now += 1
    made.witness()
    assert state(made, mandate) is State.IN_FORCE, "nobody has contested it"
    contest(made, mandate)
    made.now += 1
    made.witness()
    assert state(made, mandate) is State.VOIDED


def test_panel_of_another_compact_voids_no_mandate() -> None:
    made = Assembly(6)
    other = made.found(by=1, name="Another")
    mandate = granted(made, compact=other.id)
    disputed = contest(made, mandate, compact=made.compact.id)
    view = made.view()
    about = compact_about(disputed.id, view.world)
    assert about is not None
    assert about.record.id == other.id, "a mandate's own compact goes before the dispute's"


def test_mandate_without_a_compact_is_contested_before_the_one_that_the_dispute_names() -> None:
    made = Assembly(6)
    mandate = granted(made, compact=None)
    find(made, contest(made, mandate))
    assert state(made, mandate) is State.IN_FORCE, "before nobody"
    find(made, contest(made, mandate, compact=made.compact.id))
    assert state(made, mandate) is State.VOIDED


def test_recall_of_a_voided_mandate_is_a_recall_and_the_grounds_name_all() -> None:
    made = Assembly(6)
    mandate = granted(made)
    disputed = contest(made, mandate)
    find(made, disputed)
    made.put(0, Recall(), mandate)
    made.now += 1
    assert state(made, mandate) is State.RECALLED
    view = made.view()
    case = view.mandates.case(mandate.id)
    assert not isinstance(case, Reason)
    rules = [(row.kind, row.rule) for row in mandate_grounds(case, view.world)]
    assert rules == [
        ("mandate", "MAN-3"),
        ("recall", "RCL-1"),
        ("dispute", "DIS-1"),
        ("finding", "DIS-10"),
        ("finding", "DIS-10"),
    ]


def test_finding_of_one_that_left_before_counts_for_no_panel() -> None:
    made = Assembly(6)
    mandate = granted(made)
    disputed = contest(made, mandate)
    made.put(3, Exit(), made.compact)
    find(made, disputed)
    assert state(made, mandate) is State.IN_FORCE


# --- freezes --------------------------------------------------------------------------------------


def test_finding_void_on_a_freeze_annuls_what_was_decided_on_it() -> None:
    made = Assembly(6)
    motion = made.move()
    freeze = made.decide(motion, "YYYYNN")
    assert made.standing(motion).effect is Effect.IN_FORCE
    find(made, contest(made, freeze))
    assert made.standing(motion).effect is Effect.ANNULLED
    assert made.status(motion).certificate is not None, "the certificate stands"


def test_motion_that_repeals_a_freeze_annuls_nothing() -> None:
    made = Assembly(6, rules={"charter": "super(2,3)"})
    motion = made.move()
    freeze = made.decide(motion, "YYYYNN")
    later = made.move(by=1, repeals=(freeze.id,))
    made.decide(later, "YYYYYY", by=1)
    assert made.standing(motion).effect is Effect.IN_FORCE


# --- rolls ----------------------------------------------------------------------------------------


def counted(made: Assembly, members: int) -> VerifiedRecord:
    """A roll of council 0."""
    return made.authors[0].add(Roll(members=members, taken=made.now, method="List."), time=made.now)


def with_rolls() -> tuple[Assembly, VerifiedRecord, VerifiedRecord]:
    """A motion by ballots that an inflated roll of council 0 carries."""
    made = Assembly(6, rules={"coordination": "simple"})
    inflated = counted(made, 900)
    for author in made.authors[1:]:
        author.add(Roll(members=100, taken=made.now, method="List."), time=made.now)
    order = [author.council for author in made.authors]
    ranks = sorted(range(6), key=lambda one: order[one])
    motion = made.move(by=1)
    rolls = tuple(900 if one == 0 else 100 for one in ranks)
    freeze = made.freeze(motion, by=1, rolls=rolls)
    made.now += 1
    said = [made.position(freeze, 0, "Y", yes=800, no=0, roll=900)]
    said += [made.position(freeze, by, "N", yes=0, no=90) for by in range(1, 6)]
    made.now += 1
    made.witness()
    made.certify(freeze, said, "adopted")
    return made, motion, inflated


def test_void_roll_matters_in_a_recount_alone() -> None:
    made, motion, inflated = with_rolls()
    assert made.standing(motion).effect is Effect.IN_FORCE
    find(made, contest(made, inflated, compact=made.compact.id))
    assert made.standing(motion).effect is Effect.IN_FORCE, "nobody ordered a recount"
    disputed = contest(made, motion, by=2, author=1)
    for one in PANEL[:2]:
        made.put(one, Finding(effect="recount", text="Count."), disputed)
    assert made.standing(motion).effect is Effect.ANNULLED


def test_recount_takes_the_roll_that_stands_beside_a_void_one() -> None:
    made, motion, inflated = with_rolls()
    counted(made, 850)
    find(made, contest(made, inflated, compact=made.compact.id))
    disputed = contest(made, motion, by=2, author=1)
    for one in PANEL[:2]:
        made.put(one, Finding(effect="recount", text="Count."), disputed)
    assert made.standing(motion).effect is Effect.IN_FORCE, "800 ballots of 850 members"


def test_dispute_about_a_roll_without_compact_is_before_nobody() -> None:
    made, motion, inflated = with_rolls()
    find(made, contest(made, inflated))
    disputed = contest(made, motion, by=2, author=1)
    for one in PANEL[:2]:
        made.put(one, Finding(effect="recount", text="Count."), disputed)
    assert made.standing(motion).effect is Effect.IN_FORCE
