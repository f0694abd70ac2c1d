"""A mandate's life as one table: what happened to it, and what state it is in (specs/06, TEN).

    timeline(mandate, History(recalled=(t,)))    -> [(starts, BEGINS), ..., (t, RECALLED)]
    state_at(mandate, history, at)               -> State.RECALLED from t on

What is not in the table changes nothing. `tools/draw_states.py` draws it into the document.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

from confedproto.bodies.mandate import OVERDUE_S, Mandate
from confedproto.errors import Reason


@unique
class State(StrEnum):
    """Where a mandate stands at a time."""

    GRANTED = "granted"  # it has not begun
    IN_FORCE = "in-force"
    OVERDUE = "overdue"  # a report is late, so it rests until that is there
    STOPPED = "stopped"  # two acts of one number, so it rests for good
    HOLDOVER = "holdover"  # past its end; what is in hand may be finished
    ENDED = "ended"
    VOIDED = "voided"  # a panel or the assemblies found it void
    RECALLED = "recalled"


@unique
class Event(StrEnum):
    """What happens to a mandate; of one second, in this order."""

    BEGINS = "begins"
    REPORTED = "the late report is there"
    LATE = "a report is late"
    DOUBLED = "a second act of one number"
    ENDS = "its end has passed"
    LAPSES = "the holdover has passed"
    FINDING = "a finding takes effect"
    RECALL = "a recall takes effect"


_ORDER: Final = {event: number for number, event in enumerate(Event)}

TABLE: Final[Mapping[tuple[State, Event], State]] = MappingProxyType(
    {
        (State.GRANTED, Event.BEGINS): State.IN_FORCE,
        (State.GRANTED, Event.DOUBLED): State.STOPPED,
        (State.GRANTED, Event.ENDS): State.ENDED,
        (State.GRANTED, Event.FINDING): State.VOIDED,
        (State.GRANTED, Event.RECALL): State.RECALLED,
        (State.IN_FORCE, Event.LATE): State.OVERDUE,
        (State.IN_FORCE, Event.DOUBLED): State.STOPPED,
        (State.IN_FORCE, Event.ENDS): State.HOLDOVER,
        (State.IN_FORCE, Event.FINDING): State.VOIDED,
        (State.IN_FORCE, Event.RECALL): State.RECALLED,
        (State.OVERDUE, Event.REPORTED): State.IN_FORCE,
        (State.OVERDUE, Event.DOUBLED): State.STOPPED,
        (State.OVERDUE, Event.ENDS): State.ENDED,
        (State.OVERDUE, Event.FINDING): State.VOIDED,
        (State.OVERDUE, Event.RECALL): State.RECALLED,
        (State.STOPPED, Event.ENDS): State.ENDED,
        (State.STOPPED, Event.FINDING): State.VOIDED,
        (State.STOPPED, Event.RECALL): State.RECALLED,
        (State.HOLDOVER, Event.LATE): State.ENDED,
        (State.HOLDOVER, Event.DOUBLED): State.ENDED,
        (State.HOLDOVER, Event.LAPSES): State.ENDED,
        (State.HOLDOVER, Event.FINDING): State.VOIDED,
        (State.HOLDOVER, Event.RECALL): State.RECALLED,
        (State.ENDED, Event.FINDING): State.VOIDED,
        (State.ENDED, Event.RECALL): State.RECALLED,
        (State.VOIDED, Event.RECALL): State.RECALLED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is known to have happened to a mandate; times are whole seconds UTC.

    `recalled`: from when each recall takes effect. `voided`: from when it is found void, if it
    is (DIS-10). `reported`: due date -> from when that
    report takes effect. `doubled`: when the second of two acts of one number was received.
    `whole_until`: the council's log is held whole up to a head of this time (-1: it is not), so
    what is not in it by then has not happened. `fault`: what was wrong with it when granted.
    """

    recalled: tuple[int, ...] = ()
    reported: Mapping[int, int] = field(default_factory=dict[int, int])
    doubled: int | None = None
    voided: int | None = None
    whole_until: int = -1
    fault: Reason | None = None


def timeline(mandate: Mandate, history: History) -> list[tuple[int, Event]]:
    """What happens to the mandate and when, in order (TEN-1)."""
    ends = mandate.until + 1
    held = mandate.holdover.seconds if mandate.holdover is not None else 0
    out = [(mandate.starts, Event.BEGINS), (ends, Event.ENDS), (ends + held, Event.LAPSES)]
    out += [(time, Event.RECALL) for time in history.recalled]
    if history.voided is not None:
        out.append((history.voided, Event.FINDING))
    if history.doubled is not None:
        out.append((history.doubled, Event.DOUBLED))
    for since, until in _late(mandate, history.reported):
        out.append((since, Event.LATE))
        if until is not None:
            out.append((until, Event.REPORTED))
    return sorted(out, key=lambda one: (one[0], _ORDER[one[1]]))


def state_at(mandate: Mandate, history: History, at: int) -> State:
    """The state after all that has happened by `at`, this second included (TEN-2)."""
    state = State.GRANTED
    for time, event in timeline(mandate, history):
        if time > at:
            break
        state = TABLE.get((state, event), state)
    return state


def _late(mandate: Mandate, reported: Mapping[int, int]) -> Iterable[tuple[int, int | None]]:
    """The stretches in which one report or more are late: from, and until if that has an end."""
    grace = OVERDUE_S if mandate.overdue is None else mandate.overdue
    since: int | None = None
    until = 0
    for due in mandate.reports or ():  # increasing (MAN-4), so the stretches begin in order
        begins, there = due + grace + 1, reported.get(due)
        if there is not None and there <= begins:
            continue
        if since is not None and begins > until:
            yield since, until
            since = None
        if since is None:
            since, until = begins, begins
        if there is None:
            yield since, None
            return
        until = max(until, there)
    if since is not None:
        yield since, until
