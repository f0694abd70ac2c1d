"""A council's life as one table: what may come in which state, and what follows (specs/04, LIF).

`Authority` names the event that a record would be and asks here; what is not in the table
does not count. Expiry and suspension depend on the time that a record claims, all else on
its place in the council's chain of logs alone.
"""

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

from confedproto.errors import Reason


@unique
class State(StrEnum):
    """Where a council stands at one place of its chain of logs."""

    UNKNOWN = "unknown"  # no charter yet
    CHARTERED = "chartered"  # keyholders, no server yet
    ACTIVE = "active"
    SUSPENDED = "suspended"  # one keyholder has stopped the node key
    EXPIRED = "expired"  # the node record's time is over
    CHARTER_FORK = "charter-fork"  # two charters of one number
    NODE_FORK = "node-fork"  # two node records of one number
    LOG_FORK = "log-fork"  # the node key signed two histories


@unique
class Event(StrEnum):
    """What a record is, once its signatures and its form are those of its kind."""

    FIRST_CHARTER = "first charter"
    NEXT_CHARTER = "next charter"
    RIVAL_CHARTER = "rival charter"
    CHARTER_REPAIR = "charter repair"
    FIRST_NODE = "first node"
    RENEWAL = "renewal"  # node record of the same key
    REPLACEMENT = "replacement"  # node record of another key: a new log
    RIVAL_NODE = "rival node"
    NODE_REPAIR = "node repair"
    FORK_PROOF = "fork proof"
    SUSPENSION = "suspension"  # of the node key
    LIFT = "lift"  # of the node key, by the threshold
    LAPSE = "lapse"  # 72 hours are over
    EXPIRY = "expiry"
    BY_KEYHOLDERS = "keyholders' record"  # any other record of the threshold, or of one of them
    BY_DELEGATE = "delegate's act"
    BY_NODE = "node's record"  # witness, vote, lock, fork proof, carried


def _running(state: State) -> dict[tuple[State, Event], State]:
    """What may come while the council has one charter, one node record and one log."""
    return {
        (state, Event.NEXT_CHARTER): state,
        (state, Event.RIVAL_CHARTER): State.CHARTER_FORK,
        (state, Event.RENEWAL): State.ACTIVE,
        (state, Event.REPLACEMENT): State.ACTIVE,
        (state, Event.RIVAL_NODE): State.NODE_FORK,
        (state, Event.FORK_PROOF): State.LOG_FORK,
        (state, Event.BY_KEYHOLDERS): state,
        (state, Event.BY_DELEGATE): state,
    }


LIFE: Final[Mapping[tuple[State, Event], State]] = MappingProxyType(
    {
        (State.UNKNOWN, Event.FIRST_CHARTER): State.CHARTERED,
        (State.CHARTERED, Event.NEXT_CHARTER): State.CHARTERED,
        (State.CHARTERED, Event.RIVAL_CHARTER): State.CHARTER_FORK,
        (State.CHARTERED, Event.FIRST_NODE): State.ACTIVE,
        (State.CHARTERED, Event.RIVAL_NODE): State.NODE_FORK,
        (State.CHARTERED, Event.BY_KEYHOLDERS): State.CHARTERED,
        **_running(State.ACTIVE),
        (State.ACTIVE, Event.SUSPENSION): State.SUSPENDED,
        (State.ACTIVE, Event.LIFT): State.ACTIVE,
        (State.ACTIVE, Event.EXPIRY): State.EXPIRED,
        (State.ACTIVE, Event.BY_NODE): State.ACTIVE,
        **_running(State.SUSPENDED),
        (State.SUSPENDED, Event.SUSPENSION): State.SUSPENDED,
        (State.SUSPENDED, Event.LIFT): State.ACTIVE,
        (State.SUSPENDED, Event.LAPSE): State.ACTIVE,
        (State.SUSPENDED, Event.EXPIRY): State.EXPIRED,
        **_running(State.EXPIRED),
        (State.EXPIRED, Event.SUSPENSION): State.EXPIRED,
        (State.EXPIRED, Event.LIFT): State.EXPIRED,
        (State.CHARTER_FORK, Event.CHARTER_REPAIR): State.ACTIVE,
        (State.NODE_FORK, Event.NODE_REPAIR): State.ACTIVE,
        (State.LOG_FORK, Event.REPLACEMENT): State.ACTIVE,
    }
)
"""Every step that counts (LIF-1). Whatever is not here is refused with REFUSALS' reason."""

REFUSALS: Final[Mapping[State, Reason]] = MappingProxyType(
    {
        State.UNKNOWN: Reason.COUNCIL_UNKNOWN,
        State.CHARTERED: Reason.NODE_KEY,
        State.ACTIVE: Reason.NODE_NUMBER,
        State.SUSPENDED: Reason.NODE_SUSPENDED,
        State.EXPIRED: Reason.NODE_EXPIRED,
        State.CHARTER_FORK: Reason.CHARTER_FORK,
        State.NODE_FORK: Reason.NODE_FORK,
        State.LOG_FORK: Reason.LOG_FORK,
    }
)
"""The reason for a step that the table has not, by the state in which it was tried."""


def step(state: State, event: Event) -> State | Reason:
    """The state after `event`, or why it may not come (LIF-1)."""
    after = LIFE.get((state, event))
    return REFUSALS[state] if after is None else after
