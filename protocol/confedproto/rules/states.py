"""The states of a motion and what leads from one to the next, as tables (specs/07, MOT-9, MOT-13).

`walk` takes the events that the records and the time give, in the order of a motion's life;
an event that its state does not know changes nothing. tools/draw_states.py draws both tables
into the specification.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final


@unique
class State(StrEnum):
    """Where a motion stands until it is decided (specs/07, MOT-9)."""

    DRAFT = "draft"
    SECONDED = "seconded"
    AMENDED = "amended"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    FROZEN = "frozen"
    OPEN = "open"
    CLOSED = "closed"
    PROVISIONAL = "provisional"
    FINAL = "final"
    VOID = "void"
    INADMISSIBLE = "inadmissible"


@unique
class Event(StrEnum):
    """What moves a motion on."""

    FAULT = "fault"  # it breaks a rule of MOT-1 to MOT-3
    SECONDS = "seconds"  # as many as the compact asks
    AMENDMENT = "amendment"  # a competing version
    WITHDRAWAL = "withdrawal"
    TAKEOVER = "takeover"
    LAPSE = "lapse"  # not frozen in time
    FREEZE = "freeze"  # one, and valid
    FREEZES = "freezes"  # two that differ
    OPENING = "opening"
    UNRECEIVED = "unreceived"  # the freeze had too few receipts when it opened
    CLOSING = "closing"
    GRACE = "grace"  # the grace is over
    UNCOUNTABLE = "uncountable"  # the rule cannot count these councils
    CERTIFICATE = "certificate"


_BEFORE_FREEZE: Final = (State.DRAFT, State.SECONDED, State.AMENDED)
_VOTING: Final = (State.FROZEN, State.OPEN, State.CLOSED, State.PROVISIONAL)

TABLE: Final[Mapping[tuple[State, Event], State]] = MappingProxyType(
    {
        (State.DRAFT, Event.FAULT): State.INADMISSIBLE,
        (State.DRAFT, Event.SECONDS): State.SECONDED,
        (State.SECONDED, Event.AMENDMENT): State.AMENDED,
        **{(state, Event.LAPSE): State.LAPSED for state in _BEFORE_FREEZE},
        **{(state, Event.WITHDRAWAL): State.WITHDRAWN for state in (*_BEFORE_FREEZE, State.FROZEN)},
        (State.WITHDRAWN, Event.TAKEOVER): State.SECONDED,
        **{(state, Event.FREEZE): State.FROZEN for state in _BEFORE_FREEZE},
        **{(state, Event.FREEZES): State.VOID for state in _BEFORE_FREEZE},
        (State.FROZEN, Event.OPENING): State.OPEN,
        (State.FROZEN, Event.UNRECEIVED): State.VOID,
        (State.OPEN, Event.CLOSING): State.CLOSED,
        (State.CLOSED, Event.GRACE): State.PROVISIONAL,
        (State.PROVISIONAL, Event.UNCOUNTABLE): State.VOID,
        **{(state, Event.CERTIFICATE): State.FINAL for state in _VOTING},
    }
)
"""State and event -> next state; what is not here does nothing."""


def walk(events: Iterable[Event]) -> State:
    """The state that these events lead to from the beginning."""
    state = State.DRAFT
    for event in events:
        state = TABLE.get((state, event), state)
    return state


@unique
class Effect(StrEnum):
    """What an adopted motion is worth now (specs/07, MOT-13)."""

    NONE = "none"  # not adopted, or not for good
    WAITING = "waiting"  # its force begins later
    IN_FORCE = "in-force"
    DONE = "done"
    REPEALED = "repealed"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    ANNULLED = "annulled"  # by a finding


@unique
class Turn(StrEnum):
    """What moves the effect of a decision on."""

    ADOPTION = "adoption"
    FORCE = "force"
    REPORT = "report"  # a task says that all is done
    REPEAL = "repeal"
    SUCCESSOR = "successor"
    END = "end"
    FINDING = "finding"


_STANDS: Final = (Effect.WAITING, Effect.IN_FORCE)

EFFECTS: Final[Mapping[tuple[Effect, Turn], Effect]] = MappingProxyType(
    {
        (Effect.NONE, Turn.ADOPTION): Effect.WAITING,
        (Effect.WAITING, Turn.FORCE): Effect.IN_FORCE,
        (Effect.IN_FORCE, Turn.REPORT): Effect.DONE,
        **{(effect, Turn.REPEAL): Effect.REPEALED for effect in _STANDS},
        **{(effect, Turn.SUCCESSOR): Effect.SUPERSEDED for effect in _STANDS},
        **{(effect, Turn.END): Effect.EXPIRED for effect in _STANDS},
        **{(effect, Turn.FINDING): Effect.ANNULLED for effect in (*_STANDS, Effect.DONE)},
    }
)
"""Effect and turn -> next effect; what is not here does nothing."""


def walk_effects(turns: Iterable[Turn]) -> Effect:
    """The effect that these turns lead to from none."""
    effect = Effect.NONE
    for turn in turns:
        effect = EFFECTS.get((effect, turn), effect)
    return effect
