"""Ballots decided by hand, and where their motions stand."""

from typing import Any, Final

from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.motion import MotionStatus
from confedproto.view import View
from tests.support.councils import Ballot, view_of

FAR: Final = 2**39
"""Seconds UTC, long after everything."""


def status_of(view: View, motion: VerifiedRecord, now: int) -> MotionStatus:
    status = view.motion_status(motion.id, now)
    assert isinstance(status, MotionStatus), status
    return status


def status(made: Ballot, now: int) -> MotionStatus:
    return status_of(view_of(made.authors), made.motion, now)


def faults(made: Ballot, **given: Any) -> dict[VerifiedRecord, Reason | None]:
    """Each position and its fault, as a view of all logs judges it."""
    view = view_of(made.authors, **given)
    found = view.motion_status(made.motion.id, FAR)
    assert isinstance(found, MotionStatus)
    return {judged.position.record: judged.fault for judged in found.positions}


def decided(made: Ballot, said: str) -> list[VerifiedRecord]:
    """Positions of the councils (y, n, a or -), receipted; then votes and locks of all."""
    values: dict[str, Any] = {"y": "yes", "n": "no", "a": "abstain"}
    positions = [
        made.position(author, values[word], yes=10 if word == "y" else 3, no=5)
        for author, word in zip(made.authors, said, strict=True)
        if word != "-"
    ]
    made.witness_all(time=made.body.closes)
    return positions


def certified(made: Ballot, said: str, outcome: Any) -> None:
    positions = decided(made, said)
    for author in made.authors:
        made.vote(author, outcome, positions)
    for author in made.authors:
        made.lock(author, outcome)
