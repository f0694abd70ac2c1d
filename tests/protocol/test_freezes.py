"""Freezes: each fault of one, and councils that joined late."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from confedproto.bodies.accession import Accession
from confedproto.bodies.freeze import Freeze, Voter
from confedproto.errors import Reason
from confedproto.rules.motion import MotionStatus, State
from tests.support.ballots import FAR, certified, status, status_of
from tests.support.councils import (
    START,
    Author,
    Ballot,
    accede,
    found_compact,
    freeze_body,
    link,
    propose,
    second,
    view_of,
)


def frozen_with(
    change: Callable[[Freeze], Freeze], *, by: int = 0, time: int = START + 1, seconds: int = 0
) -> MotionStatus:
    """The status of a motion whose one freeze is a changed one."""
    authors = [Author(n) for n in range(1, 5)]
    compact = found_compact(authors, seconds=seconds)
    motion = propose(authors[0], compact)
    seconded = [second(author, motion) for author in authors[1 : 1 + seconds]]
    body = change(freeze_body(compact, time=time, seconds=seconded))
    authors[by].add(body, subject=motion.id, time=time)
    return status_of(view_of(authors), motion, START)


def roll(body: Freeze, *change: Voter) -> Freeze:
    return replace(body, councils=tuple(change))


@pytest.mark.parametrize(
    ("given", "change", "reason"),
    [
        ({"by": 1}, lambda body: body, Reason.MOTION_NOT_MOVER),
        ({}, lambda body: roll(body, *body.councils[::-1]), Reason.FREEZE_ROLL),
        ({}, lambda body: roll(body, body.councils[0], *body.councils), Reason.FREEZE_ROLL),
        ({}, lambda body: roll(body, *body.councils[1:]), Reason.FREEZE_ROLL),
        ({}, lambda body: roll(body, *body.councils[:-1]), Reason.FREEZE_ROLL),
        (
            {},
            lambda body: roll(body, replace(body.councils[0], weight=1), *body.councils[1:]),
            Reason.FREEZE_ROLL,
        ),
        (
            {},
            lambda body: roll(body, *body.councils, Voter(council=b"\xff" * 32, weight=2)),
            Reason.FREEZE_ROLL,
        ),
        ({"seconds": 2}, lambda body: replace(body, seconds=None), Reason.MOTION_SECONDS),
        (
            {"seconds": 2},
            lambda body: replace(body, seconds=(body.seconds or ())[:1]),
            Reason.MOTION_SECONDS,
        ),
        (
            {"seconds": 1},
            lambda body: replace(body, seconds=(bytes(32),)),
            Reason.MOTION_SECONDS,
        ),
        ({"time": START}, lambda body: body, Reason.DISCUSSION_OPEN),
        (
            {},
            lambda body: replace(body, opens=body.opens - 1, closes=body.closes - 1),
            Reason.FREEZE_WINDOW,
        ),
        ({}, lambda body: replace(body, closes=body.closes - 1), Reason.FREEZE_WINDOW),
        ({}, lambda body: replace(body, closes=body.closes + 1), Reason.FREEZE_WINDOW),
    ],
)
def test_freeze_that_breaks_a_rule_leaves_the_motion_unfrozen(
    given: dict[str, Any], change: Callable[[Freeze], Freeze], reason: Reason
) -> None:
    found = frozen_with(change, **given)
    assert found.state in (State.DRAFT, State.SECONDED)
    assert found.fault is reason
    assert found.freeze is None


def test_freeze_with_its_seconds_is_valid() -> None:
    assert frozen_with(lambda body: body, seconds=2).state is State.FROZEN


def joining(*, name_it: bool, listed: bool = True, weight: int = 1) -> MotionStatus:
    """A freeze after a third council acceded: with it in the roll, by this weight."""
    authors, new = [Author(1), Author(2)], Author(9)
    compact = found_compact(authors)
    link(authors[0], new)
    accession = accede(new, compact, weight=1)
    motion = propose(authors[0], compact)
    body = freeze_body(compact, time=START + 1)
    if listed:
        voters = sorted(
            (*body.councils, Voter(council=new.council, weight=weight)), key=lambda v: v.council
        )
        body = replace(body, councils=tuple(voters))
    if name_it:
        body = replace(body, accessions=(accession.id,))
    authors[0].add(body, subject=motion.id, time=START + 1)
    new.add(Accession(weight=2), subject=compact.id)  # too late to change a roll
    return status_of(view_of([*authors, new]), motion, START)


def test_freeze_with_a_council_that_acceded_may_name_its_accession() -> None:
    assert joining(name_it=True).state is State.FROZEN
    assert joining(name_it=False).state is State.FROZEN
    assert joining(name_it=False, weight=2).fault is Reason.FREEZE_ROLL


def test_freeze_may_leave_out_who_joined_late() -> None:
    assert joining(name_it=False, listed=False).state is State.FROZEN


def test_freeze_carried_by_a_later_accession_of_a_member_stays_final() -> None:
    authors, new = [Author(1), Author(2)], Author(9)
    compact = found_compact(authors)
    link(authors[0], new)
    accession = accede(new, compact, weight=1)
    motion = propose(authors[0], compact)
    body = freeze_body(compact, time=START + 1)
    voters = sorted((*body.councils, Voter(council=new.council, weight=1)), key=lambda v: v.council)
    body = replace(body, councils=tuple(voters), accessions=(accession.id,))
    freeze = authors[0].add(body, subject=motion.id, time=START + 1)
    everyone = [*authors, new]
    made = Ballot(authors=everyone, compact=compact, motion=motion, freeze=freeze)
    made.witness_all(time=body.opens)
    certified(made, "yyy", "adopted")
    before = status(made, FAR)
    assert before.state is State.FINAL
    for time in range(20):  # one of them has a lower id than the first
        new.add(Accession(weight=2), subject=compact.id, time=START + time)
    assert status(made, FAR) == before
