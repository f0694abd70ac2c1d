"""What a council wrote after it left, and what it wrote before (specs/05, EXI-1, ACC-4, ACC-6)."""

from typing import Any

from confedproto.bodies.accession import Accession
from confedproto.bodies.dispute import Dispute
from confedproto.bodies.exit import Exit
from confedproto.bodies.finding import Finding
from confedproto.bodies.guest import Guest
from confedproto.bodies.link import Link
from confedproto.bodies.naming import Naming
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.second import Second
from confedproto.bodies.takeover import Takeover
from confedproto.bodies.withdraw import Withdraw
from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.motion import notice_fault
from confedproto.rules.states import Effect, State
from tests.support.assembly import Assembly
from tests.support.councils import Author, key


def test_second_of_a_council_that_left_is_no_members() -> None:
    made = Assembly(4, seconds=1)
    motion = made.move()
    made.put(1, Exit(), made.compact)
    made.put(1, Second(), motion)
    assert made.status(motion, made.now).state is State.DRAFT
    made.put(2, Second(), motion)
    made.put(2, Exit(), made.compact)
    assert made.status(motion, made.now).state is State.SECONDED


def test_amendment_of_a_council_that_left_does_not_compete() -> None:
    made = Assembly(4)
    motion = made.move()
    before = made.amend(motion, by=2)
    made.put(2, Exit(), made.compact)
    made.put(1, Exit(), made.compact)
    after = made.amend(motion, by=1)
    refused = made.freeze(motion, versions=[before, after])
    assert made.status(motion).fault is Reason.COMPACT_MEMBER
    made.now = refused.time
    freeze = made.freeze(motion, versions=[before])
    status = made.status(motion)
    assert status.freeze is not None
    assert status.freeze.record.id == freeze.id


def test_mover_does_not_take_its_own_motion_over() -> None:
    made = Assembly(4)
    motion = made.move()
    made.put(0, Withdraw(), motion)
    made.put(0, Takeover(), motion)
    assert made.status(motion, made.now).state is State.WITHDRAWN
    made.put(1, Takeover(), motion)
    assert made.status(motion, made.now).state is State.SECONDED


def annulled(*, leaves: int | None, before: bool) -> Assembly:
    """A decision that a panel found void; council `leaves` leaves, before or after it spoke."""
    made = Assembly(6)
    motion = made.move()
    made.decide(motion, "YYYYNN")
    if before and leaves is not None:
        made.put(leaves, Exit(), made.compact)
    disputed = made.put(1, Dispute(name="procedure", remedy="See."), motion)
    panel = tuple(made.authors[one].council for one in (3, 4, 5))
    for party in (0, 1):
        made.put(party, Naming(role="panel", councils=panel), disputed)
    for one in (3, 4):
        made.put(one, Finding(effect="void", text="So it is."), disputed)
    if not before and leaves is not None:
        made.put(leaves, Exit(), made.compact)
    return made


def worth(made: Assembly) -> Effect:
    motion = next(leaf for leaf in made.authors[0].leaves if leaf.kind == "motion")
    return made.standing(motion).effect


def test_finding_stands_whoever_leaves_afterwards() -> None:
    assert worth(annulled(leaves=None, before=False)) is Effect.ANNULLED
    for one in (1, 3, 5):
        assert worth(annulled(leaves=one, before=False)) is Effect.ANNULLED


def test_dispute_or_finding_of_who_had_left_is_none() -> None:
    for one in (1, 3):
        assert worth(annulled(leaves=one, before=True)) is Effect.IN_FORCE


# --- ATTACK: leave out who came back; a link made whole late


def fault(made: Assembly, motion: VerifiedRecord) -> Reason | None:
    case: Any = made.view().case(motion.id)
    return notice_fault(case, case.freezes[0])


def test_attack_leaving_out_a_founder_that_came_back_is_an_omission() -> None:
    made = Assembly(4)
    gone = made.put(3, Exit(), made.compact)
    back = made.put(3, Accession(weight=2), made.compact)
    made.witness()
    made.now += 10
    motion = made.move()
    made.freeze(motion, councils=made.roll(without=[3]), exits=[gone])
    assert fault(made, motion) is Reason.FREEZE_OMITS
    again = made.move()
    made.freeze(again, exits=[gone], accessions=[back])
    assert fault(made, again) is None


def newcomer(*, late: bool) -> tuple[Assembly, VerifiedRecord]:
    """A freeze without a council that acceded; the host's word for it is there, or comes after."""
    made = Assembly(3)
    new, host, token = Author(50), made.authors[0], key(77)
    made.authors.append(new)
    host.add(Link(invite=token.public, expires=made.now + 10_000), time=made.now)
    answer = Link(peer=host.council, invite=token.public)
    new.add(answer, time=made.now, signers=[*new.keyholders, token])
    word = Guest(peer=new.council, invite=token.public)
    if not late:
        host.sign_by_node(word, time=made.now)
    made.put(3, Accession(weight=2), made.compact)
    made.witness()
    made.now += 10
    motion = made.move()
    made.freeze(motion, councils=made.roll(without=[3]))
    if late:
        host.sign_by_node(word, time=made.now)
        made.witness()
    return made, motion


def test_attack_link_that_is_made_whole_late_undoes_no_freeze() -> None:
    made, motion = newcomer(late=True)
    assert made.authors[3].council in made.view().members(made.compact.id)
    assert fault(made, motion) is None
    made, motion = newcomer(late=False)
    assert fault(made, motion) is Reason.FREEZE_OMITS


# --- the rule of a motion is that of the version it cites


def test_successor_is_weighed_by_the_rule_that_it_was_decided_by() -> None:
    made = Assembly(4, rules={"charter": "majority", "coordination": "super(3,4)"})
    motion = made.move()
    made.decide(motion, "YYYY")
    made.rules["coordination"] = "majority"
    version = made.found(previous=made.compact.id)
    made.decide(made.move("charter", target=version.id), "YYYY")
    for one in range(4):
        made.put(one, Ratify(value="yes"), version)
    made.witness()
    made.now += 10
    later = made.move(by=1, version=version.id, repeals=(motion.id,))
    made.decide(later, "YYYN", by=1)
    assert made.standing(later).effect is Effect.IN_FORCE
    assert made.standing(motion).effect is Effect.IN_FORCE, "a weaker rule repeals nothing"
