"""The node's errors: every reason has its cure, both trees have one JSON form."""

import pytest

from confednode.errors import (
    HINTS,
    ConfigError,
    ControlError,
    NodeError,
    NodeReason,
    VoteFileError,
    exit_code,
    failure,
    meaning,
)
from confedproto.errors import ConfedError, Reason, VerificationError


@pytest.mark.parametrize("reason", NodeReason)
def test_node_reason_each_has_a_hint_in_one_sentence(reason: NodeReason) -> None:
    assert HINTS[reason].endswith(".")
    assert "\n" not in HINTS[reason]


def test_node_reason_shares_no_value_with_the_protocol() -> None:
    assert not {reason.value for reason in NodeReason} & {reason.value for reason in Reason}


def test_failure_node_error_has_message_and_usual_hint() -> None:
    error = ConfigError(NodeReason.HOME_MISSING, "no council in ./x")
    assert failure(error) == {
        "ok": False,
        "reason": "home-missing",
        "message": "no council in ./x",
        "hint": HINTS[NodeReason.HOME_MISSING],
    }
    assert str(error) == "no council in ./x"


def test_failure_own_hint_replaces_the_usual_one() -> None:
    assert failure(NodeError(NodeReason.PORT_TAKEN, "m", "h"))["hint"] == "h"


def test_failure_library_error_has_the_same_form() -> None:
    assert failure(VerificationError(Reason.RECALLED)) == {
        "ok": False,
        "reason": "recalled",
        "message": "The mandate was recalled.",
        "hint": "",
    }
    refused = failure(VerificationError(Reason.RECALLED, "mandate 7"))
    assert (refused["message"], refused["hint"]) == ("mandate 7", "The mandate was recalled.")


@pytest.mark.parametrize("reason", Reason)
def test_meaning_every_reason_of_the_protocol_has_words(reason: Reason) -> None:
    assert meaning(reason).endswith(".")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NodeError(NodeReason.STORE_FAILED, "m"), 1),
        (VoteFileError(NodeReason.VOTE_FILE, "m"), 2),
        (ControlError(NodeReason.CONTROL_UNREACHABLE, "m"), 4),
        (VerificationError(Reason.RECALLED), 5),
    ],
)
def test_exit_code_tells_kinds_of_failure_apart(error: NodeError | ConfedError, code: int) -> None:
    assert exit_code(error) == code
