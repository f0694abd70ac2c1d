"""Principles P1 to P7 of decisions, as far as they can be asked of records and rules."""

import random

import pytest

from confedproto import derive
from confedproto.bodies import KINDS, Needs
from confedproto.bodies.dispute import Dispute
from confedproto.bodies.exit import Exit
from confedproto.bodies.hold import Hold
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.task import Task
from confedproto.bodies.withdraw import Withdraw
from confedproto.errors import Reason
from confedproto.rules import state
from confedproto.rules.states import State
from confedproto.rules.tally import Outcome, Unit, count, outcome, parse_rule
from tests.support.assembly import FAR, Assembly
from tests.support.councils import NETWORK, START, key
from tests.support.decisions import History

DELEGATE = key(777)
RULES = ("simple", "majority", "super(2,3)", "double", "double-super(2,3)", "consensus(0)", "each")


def test_p1_a_delegate_signs_administration_and_nothing_that_makes_policy() -> None:
    by_delegate = {k.name for k in KINDS.values() if k.needs is Needs.DELEGATE}
    administrative = {k.name for k in KINDS.values() if k.needs is Needs.ADMINISTRATION}
    assert by_delegate == {"act", "report"}
    assert administrative == {"task", "finding", "calendar", "payment-order"}
    made = Assembly(2)
    motion = made.move()
    author = made.authors[0]
    kinds = ("task", "speak")
    grant = Mandate(delegate=DELEGATE.public, starts=START, until=START + 999, kinds=kinds)
    mandate = author.add(grant)
    policy = author.add(Hold(reason="We say so."), subject=motion.id, signers=[DELEGATE])
    task = Task(title="Order steel", mandate=mandate.id)
    done = author.add(task, subject=motion.id, signers=[DELEGATE])
    view = made.view()
    assert view.refused[policy.id] is Reason.THRESHOLD_MISSING
    assert done.id in view.records


def test_p1_a_mandate_that_names_no_such_kind_signs_none() -> None:
    made = Assembly(2)
    author = made.authors[0]
    grant = Mandate(delegate=DELEGATE.public, starts=START, until=START + 9, kinds=("speak",))
    mandate = author.add(grant)
    task = Task(title="Order steel", mandate=mandate.id)
    done = author.add(task, subject=bytes(32), signers=[DELEGATE])
    assert made.view().refused[done.id] is Reason.MANDATE_SCOPE


@pytest.mark.parametrize("rule", RULES)
def test_p3_silence_never_consents(rule: str) -> None:
    silent = [Unit.silent(2) for _ in range(5)]
    assert not count(parse_rule(rule), silent).accepted
    assert outcome(parse_rule(rule), silent) is Outcome.NO_QUORUM


def test_p4_who_votes_is_frozen() -> None:
    made = Assembly(4)
    motion = made.move()
    frozen = made.decide(motion, "YYYN", None)
    before = made.status(motion).tally
    made.authors[3].add(Exit(), subject=made.compact.id, time=made.now + 500)
    after = made.status(motion).tally
    assert before is not None
    assert after is not None
    assert (before.councils, after.councils) == (4, 4)
    assert len(getattr(frozen.body, "councils", ())) == 4


def test_p5_exit_needs_nobody_and_the_record_stays() -> None:
    made = Assembly(2)
    held = len(made.view().records)
    made.put(1, Exit(), made.compact)
    view = made.view()
    assert made.authors[1].council not in view.members(made.compact.id)
    assert len(view.records) == held + 1


def test_p6_no_body_has_a_field_for_members_names() -> None:
    fields = {name for kind in KINDS.values() for name in kind.body.__struct_fields__}
    assert not fields & {"names", "persons", "people", "voters", "signatories"}


@pytest.mark.parametrize("seed", range(30))
def test_p7_nothing_that_arrives_later_changes_a_final_outcome(seed: int) -> None:
    made, rng = History(seed).made, random.Random(seed)
    first = made.view()
    finals = {
        placed.record.id: status.outcome
        for placed in first.of_kind("motion")
        if not isinstance(status := first.motion_status(placed.record.id, FAR), Reason)
        and status.state is State.FINAL
    }
    for placed in first.of_kind("freeze"):
        for by in range(len(made.authors)):
            made.now = placed.record.time + rng.randint(0, 30)  # all of it dated back
            made.position(placed.record, by, rng.choice("YNBR"), number=rng.randint(1, 9))
            if rng.random() < 0.3:
                made.put(by, Exit(), made.compact)
            if placed.record.subject is not None and rng.random() < 0.3:
                made.put(by, Withdraw(), placed.record.subject)
    made.now += 1
    made.witness()
    again = made.view()
    for motion, wanted in finals.items():
        status = again.motion_status(motion, FAR)
        assert not isinstance(status, Reason)
        assert (status.state, status.outcome) == (State.FINAL, wanted)


def test_state_names_disputes_and_administration_that_does_not_count() -> None:
    made = Assembly(4)
    motion = made.move()
    made.decide(motion, "YYYN")
    before = made.view().state_digest(FAR)
    made.put(1, Dispute(name="procedure", remedy="A recount."), motion)
    disputed = made.view().state_digest(FAR)
    policy = made.put(0, Task(title="Declare"), made.move(by=2))
    rows = list(state.rows(made.view(), FAR))
    assert len({before, disputed}) == 2
    assert {"administration": policy.id, "fault": Reason.SCOPE} in rows
    assert {row["step"] for row in rows if "dispute" in row} == {"assemblies"}


def test_state_from_bare_records_is_that_of_the_logs() -> None:
    made = Assembly(3)
    motion = made.move()
    made.decide(motion, "YYN")
    bare = [(leaf.envelope, leaf.part) for a in made.authors for leaf in a.leaves]
    view, refused = derive.view_of(NETWORK, [*bare, (b"\xc1", None)])
    assert view.state_digest(FAR) == made.view().state_digest(FAR)
    assert [leaf.reason for leaf in refused] == [Reason.ENC_RESERVED]
