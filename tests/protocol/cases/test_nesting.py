"""Local, regional, inter-regional: who votes on what, and what is decided below (specs/05, NES)."""

from typing import Any

import pytest
from msgspec.structs import replace

from confedproto.bodies.accession import Accession
from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.compact import ClassRule, Compact, Founder
from confedproto.bodies.exit import Exit
from confedproto.bodies.freeze import Voter
from confedproto.drafts import Desk
from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.freezes import freeze_for
from confedproto.rules.states import Effect, State
from confedproto.rules.tally import Outcome
from tests.protocol.cases.test_findings import find
from tests.support.assembly import WINDOWS, Assembly, freeze_of
from tests.support.councils import Author

EAST, WEST = (0, 1, 2), (3, 4, 5)


def local(made: Assembly, who: tuple[int, ...], **fields: Any) -> VerifiedRecord:
    """A lower compact of some of the region's councils."""
    authors = [made.authors[one] for one in who]
    founders = [Founder(council=a.council, charter=a.version, weight=2) for a in authors]
    body = Compact(
        name="A valley",
        founders=tuple(sorted(founders, key=lambda founder: founder.council)),
        rules=tuple(ClassRule(name=n, rule="majority") for n in ("charter", "coordination")),
        windows=WINDOWS,
        seconds=0,
        sponsors=0,
        weight_max=2,
        upper=made.compact.id,
    )
    signers = [author.keyholders[0] for author in authors]
    return authors[0].add(replace(body, **fields), time=made.now, signers=signers)


def region(**fields: Any) -> tuple[Assembly, VerifiedRecord, VerifiedRecord]:
    """Six councils in a regional compact, and the two local ones of three each."""
    made = Assembly(6, level=2, sponsors=0, **fields)
    return made, local(made, EAST), local(made, WEST)


def body_of(compact: VerifiedRecord) -> Compact:
    assert isinstance(compact.body, Compact)
    return compact.body


def councils_of(compact: VerifiedRecord) -> set[bytes]:
    return {founder.council for founder in body_of(compact).founders}


def units(*compacts: VerifiedRecord) -> tuple[bytes, ...]:
    return tuple(sorted(one.id for one in compacts))


def why(made: Assembly, motion: VerifiedRecord) -> Reason | None:
    """Why the motion may not be put now, or its freeze is none."""
    return made.status(motion, made.now).fault


def test_matter_of_two_units_is_decided_by_their_base_councils() -> None:
    made, east, west = region()
    motion = made.move(units=units(east, west))
    freeze = made.decide(motion, "YYYYNN", positions={"yes": 5, "no": 3})
    found = made.status(motion)
    assert len(freeze_of(freeze).councils) == 6
    assert (found.state, found.outcome) == (State.FINAL, Outcome.ADOPTED)
    assert found.tally is not None
    assert (found.tally.people_yes, found.tally.people_no) == (30, 18)


@pytest.mark.parametrize("which", ["none", "one", "twice", "stranger", "unfounded"])
def test_matter_of_less_than_two_units_does_not_go_up(which: str) -> None:
    made, east, west = region()
    stranger = local(made, WEST, upper=None, name="Elsewhere")
    named: dict[str, tuple[bytes, ...] | None] = {
        "none": None,
        "one": units(east),
        "twice": (east.id, east.id),
        "stranger": units(east, stranger),
        "unfounded": units(east, made.authors[0].leaves[0]),
    }
    motion = made.move(units=named[which])
    assert why(made, motion) is (Reason.MOTION_FIELD if which == "twice" else Reason.LEVEL_LOWER)
    assert why(made, made.move(units=units(east, west))) is None


def test_affected_councils_of_one_unit_alone_do_not_go_up() -> None:
    made, east, west = region()
    of = [made.authors[one].council for one in range(6)]
    alone = made.move(units=units(east, west), affected=tuple(sorted(of[:2])))
    assert why(made, alone) is Reason.LEVEL_LOWER
    both = made.move(units=units(east, west), affected=tuple(sorted((of[1], of[4]))))
    assert why(made, both) is None
    made.freeze(both)
    assert why(made, both) is Reason.FREEZE_ROLL, "all six are too many"
    made.freeze(both, councils=made.roll(without=[2, 3, 5]))
    assert made.status(both, made.now).state is State.OPEN, "the two, and the mover"


def test_local_compact_has_no_units_and_the_region_decides_about_itself_with_all() -> None:
    made, east, west = region(rules={"dissolution": "majority"})
    ends = made.move("dissolution")
    assert why(made, ends) is None
    assert why(made, made.move("dissolution", units=units(east, west))) is (Reason.MOTION_FIELD)
    flat = Assembly(3)
    assert why(flat, flat.move(units=(bytes(32),))) is Reason.MOTION_FIELD


def test_council_outside_the_units_is_not_in_c_and_one_that_joins_later_unmakes_nothing() -> None:
    made, east, west = region()
    third = local(made, (5,), name="A village")
    inner = local(made, (3, 4), name="A smaller valley")
    motion = made.move(units=units(east, inner))
    made.freeze(motion)
    assert why(made, motion) is Reason.FREEZE_ROLL
    motion = made.move(by=1, units=units(east, inner))
    made.freeze(motion, by=1, councils=made.roll(without=[5]))
    assert made.status(motion, made.now).state is State.OPEN
    made.authors[5].add(Accession(weight=2), subject=inner.id, time=made.now)
    assert made.status(motion, made.now).state is State.OPEN
    assert why(made, made.move(by=1, units=units(east, third, west))) is None


def test_freeze_drafted_for_units_takes_their_members_of_now() -> None:
    made, east, west = region()
    motion = made.move(units=units(east, west))
    made.now += 10
    view = made.view()
    desk = Desk(view=view, council=made.authors[0].council, now=made.now)
    drafted = desk.freeze(motion.id)
    assert drafted.part is None
    case = view.case(motion.id)
    assert not isinstance(case, Reason)
    members = view.members(made.compact.id)
    body = freeze_for(case, members, made.authors[0].council, made.now)
    assert {voter.council for voter in body.councils} == {a.council for a in made.authors}


def test_unit_claims_a_matter_back_and_a_dispute_decides() -> None:
    made, east, west = region()
    motion = made.move(units=units(east, west))
    frozen = made.freeze(motion)
    claim = AffectedClaim(reason="It is our brook.", unit=east.id)
    made.put(1, claim, motion)
    said = made.vote(frozen, "YYYYYY")
    made.certify(frozen, said, "adopted")
    assert not made.standing(motion).held, "one of three"
    late = made.put(2, claim, motion)
    assert not made.standing(motion).held, "after closing"
    assert late.time > freeze_of(frozen).closes
    made.put(4, AffectedClaim(reason="Theirs.", unit=east.id), motion)
    assert not made.standing(motion).held, "no council of that unit"


@pytest.mark.parametrize(("effect", "worth"), [("valid", "in-force"), ("void", "annulled")])
def test_matter_claimed_back_is_held_until_a_panel_has_found(effect: Any, worth: str) -> None:
    made, east, west = region()
    motion = made.move(units=units(east, west))
    for by in (1, 2):
        made.put(by, AffectedClaim(reason="It is our brook.", unit=east.id), motion)
    made.decide(motion, "YYYYYY")
    find(made, motion, "recommend")
    assert made.standing(motion).held, "a dispute of another class decides nothing about the claim"
    find(made, motion, effect, by=2, name="scope")
    assert not made.standing(motion).held
    assert made.standing(motion).effect is Effect(worth)


def test_matter_claimed_back_goes_on_if_the_assemblies_say_so() -> None:
    made, east, west = region()
    motion = made.move(units=units(east, west))
    for by in (1, 2):
        made.put(by, AffectedClaim(reason="It is our brook.", unit=east.id), motion)
    made.decide(motion, "YYYYYY")
    word = made.move(units=units(east, west), depends=(motion.id,))
    made.decide(word, "YYYYYN", None)
    assert made.standing(motion).held
    made.decide(word, "YYYYYN")
    assert not made.standing(motion).held


def test_exit_from_a_unit_leaves_no_council_of_the_region_out() -> None:
    made, east, west = region()
    gone = made.put(5, Exit(), west)
    made.now += 1
    made.witness()
    motion = made.move(units=units(east, west))
    frozen = made.freeze(motion, councils=made.roll(without=[5]), exits=[gone])
    assert made.status(motion, made.now).fault is Reason.FREEZE_ROLL, frozen


def test_version_of_a_unit_with_other_founders_makes_it_no_lower_one() -> None:
    made, east, _ = region()
    valley = local(made, WEST, upper=None)
    founders = tuple(f for f in body_of(valley).founders if f.council != made.authors[5].council)
    version = replace(body_of(valley), previous=valley.id, upper=made.compact.id, founders=founders)
    proposed = made.authors[3].add(version, time=made.now)
    region_, made.compact = made.compact, valley
    change = made.move("charter", by=3, target=proposed.id)
    roll = tuple(voter for voter in made.roll() if voter.council in councils_of(valley))
    made.decide(change, "---YYY", by=3, councils=roll)
    made.compact = region_
    assert why(made, made.move(units=units(east, valley))) is Reason.LEVEL_LOWER


def test_three_levels_count_base_councils_alone() -> None:
    made, _, _ = region()
    other = [Author(number) for number in (20, 21)]
    made.authors += other
    top = Assembly(1)
    top.authors, top.now = made.authors, made.now
    top.compact = top.found(level=3, sponsors=0)
    north = local(made, tuple(range(6)), upper=top.compact.id, level=2, name="North")
    south = local(made, (6, 7), upper=top.compact.id, level=2, name="South")
    motion = top.move(units=units(north, south))
    top.decide(motion, "YYYYYNNN")
    assert top.outcome(motion) is Outcome.ADOPTED
    assert why(top, top.move(units=units(north, made.compact))) is Reason.LEVEL_LOWER


def test_more_voters_than_councils_of_the_units_is_a_wrong_roll() -> None:
    made, east, west = region()
    motion = made.move(units=units(east, west))
    more = [Voter(council=bytes([9]) * 32, weight=2)]
    made.freeze(motion, councils=made.roll(more=more))
    assert why(made, motion) is Reason.FREEZE_ROLL
