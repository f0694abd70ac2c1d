"""One link's table: any state, any message."""

from typing import Final

import pytest

from confedproto import wire
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import CouncilId, TransportKey
from confedproto.session import TRANSITIONS, Session, State
from tests.protocol.test_wire import EXAMPLES

# The whole table again, by hand: what is not here ends the link.
TABLE: Final = {
    (State.STRANGER, "Knock"): State.GREETING,
    (State.STRANGER, "Bye"): State.CLOSED,
    (State.GREETING, "Knock"): State.GREETING,
    (State.GREETING, "Hello"): State.OPEN,
    (State.GREETING, "Bye"): State.CLOSED,
    (State.OPEN, "Heads"): State.OPEN,
    (State.OPEN, "Pull"): State.OPEN,
    (State.OPEN, "Run"): State.OPEN,
    (State.OPEN, "DigestNow"): State.OPEN,
    (State.OPEN, "Ranges"): State.OPEN,
    (State.OPEN, "AskHead"): State.OPEN,
    (State.OPEN, "HeadTold"): State.OPEN,
    (State.OPEN, "Want"): State.OPEN,
    (State.OPEN, "Leaves"): State.OPEN,
    (State.OPEN, "Fresh"): State.OPEN,
    (State.OPEN, "AskPiece"): State.OPEN,
    (State.OPEN, "Piece"): State.OPEN,
    (State.OPEN, "Bye"): State.CLOSED,
}


def session(state: State) -> Session:
    return Session(
        link=1,
        remote=TransportKey(bytes(32)),
        initiator=False,
        state=state,
        council=CouncilId(bytes(32)),
    )


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("state", State)
def test_step_from_any_state_with_any_message_follows_the_table(
    state: State, message: wire.Message
) -> None:
    link = session(state)
    after = TABLE.get((state, type(message).__name__))
    if after is not None:
        assert link.step(message) is after
        assert link.state is after
        return
    with pytest.raises(RemoteProtocolError) as caught:
        link.step(message)
    stranger = state is State.STRANGER
    assert caught.value.reason is (Reason.PEER_UNKNOWN if stranger else Reason.MESSAGE_STATE)
    assert link.state is state


def test_table_has_no_way_out_of_closed() -> None:
    assert not [state for state, _ in TRANSITIONS if state is State.CLOSED]
    assert {(state, message.__name__) for state, message in TRANSITIONS} == set(TABLE)
