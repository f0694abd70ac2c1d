"""The node's errors: one tree beside the library's, each with a reason and a cure.

`Reason` belongs to the protocol: its meaning is the same for every implementation.
`NodeReason` is about this machine (folders, ports, files), so it is a list of its own, and
`NodeError` is no `ConfedError`. `failure` gives both one form for `--json`.
"""

from enum import StrEnum, unique
from functools import cache
from importlib import resources
from typing import Final, TypedDict

from confedproto.errors import ConfedError, Reason


@unique
class NodeReason(StrEnum):
    """Why the node could not do something. Values are stable: scripts compare them."""

    # the folder and its configuration
    HOME_MISSING = "home-missing"
    HOME_EXISTS = "home-exists"
    HOME_LOCKED = "home-locked"
    HOME_ACCESS = "home-access"
    CONFIG_INVALID = "config-invalid"
    # the database
    STORE_FAILED = "store-failed"
    STORE_VERSION = "store-version"
    STORE_DAMAGED = "store-damaged"
    # keys
    KEY_MISSING = "key-missing"
    KEY_UNREADABLE = "key-unreadable"
    PASSPHRASE_MISSING = "passphrase-missing"
    PAPER_WORDS = "paper-words"
    AGENT = "agent"
    SIGN_REFUSED = "sign-refused"
    PASSPHRASE_WRONG = "passphrase-wrong"
    # the network
    ADDRESS_INVALID = "address-invalid"
    PORT_TAKEN = "port-taken"
    LINK_FAILED = "link-failed"
    LINK_TIMEOUT = "link-timeout"
    # the control socket
    CONTROL_UNREACHABLE = "control-unreachable"
    CONTROL_TIMEOUT = "control-timeout"
    CONTROL_REPLY = "control-reply"
    CONTROL_REQUEST = "control-request"
    # files given by the operator
    FILE_MISSING = "file-missing"
    FILE_UNREADABLE = "file-unreadable"
    FILE_EXISTS = "file-exists"
    EXTRA_MISSING = "extra-missing"
    VOTE_FILE = "vote-file"
    VOTE_UNKNOWN = "vote-unknown"
    VOTE_WEIGHTS = "vote-weights"
    # the demo
    DEMO_FAILED = "demo-failed"
    DEMO_TIMEOUT = "demo-timeout"


HINTS: Final[dict[NodeReason, str]] = {
    NodeReason.HOME_MISSING: "Make a council with `confed init`, or name its folder with --home.",
    NodeReason.HOME_EXISTS: "Choose another folder with --home; an identity is never replaced.",
    NodeReason.HOME_LOCKED: "Another `confed serve` uses this folder: stop it first.",
    NodeReason.HOME_ACCESS: "Make the folder and its files readable and writable for this user.",
    NodeReason.CONFIG_INVALID: "Correct the named setting.",
    NodeReason.STORE_FAILED: "Look for a full or failing disk, then start the node again.",
    NodeReason.STORE_VERSION: "Install the version of confed that wrote this database, or later.",
    NodeReason.STORE_DAMAGED: "Stop the node and restore the folder from a backup.",
    NodeReason.KEY_MISSING: "Put the key file back, or name its folder with --home.",
    NodeReason.KEY_UNREADABLE: "Check the file's owner and mode, or restore it from a backup.",
    NodeReason.PAPER_WORDS: "Compare the words with the paper, one by one.",
    NodeReason.AGENT: "ssh-add -L lists the keys that the agent has.",
    NodeReason.SIGN_REFUSED: "Nothing was signed.",
    NodeReason.PASSPHRASE_MISSING: "Give the passphrase with --passphrase-file.",
    NodeReason.PASSPHRASE_WRONG: "Try the passphrase again; nothing was changed.",
    NodeReason.ADDRESS_INVALID: "Write the address as HOST:PORT, such as 127.0.0.1:7330.",
    NodeReason.PORT_TAKEN: "Stop the program that uses the port, or choose another one.",
    NodeReason.LINK_FAILED: "Check the address and that the other node is running.",
    NodeReason.LINK_TIMEOUT: "The other node did not answer in time: try again.",
    NodeReason.CONTROL_UNREACHABLE: "Start the node with `confed serve`.",
    NodeReason.CONTROL_TIMEOUT: "The node is busy or stopping: try again, or restart it.",
    NodeReason.CONTROL_REPLY: "The node runs another version of confed: restart it.",
    NodeReason.CONTROL_REQUEST: "Check the arguments; else restart the node: its version differs.",
    NodeReason.FILE_MISSING: "Check the path.",
    NodeReason.FILE_UNREADABLE: "Check the file's owner and mode.",
    NodeReason.FILE_EXISTS: "Choose another path; nothing was overwritten.",
    NodeReason.EXTRA_MISSING: "Install the extra that the message names.",
    NodeReason.VOTE_FILE: "Correct the named line; data/README.md of the demo shows the form.",
    NodeReason.VOTE_UNKNOWN: "Name one of the file's votes with --vote.",
    NodeReason.VOTE_WEIGHTS: "Give at least one unit a weight above 0.",
    NodeReason.DEMO_FAILED: "Look at the nodes' messages above.",
    NodeReason.DEMO_TIMEOUT: "Run it again on a machine with less load.",
}

# Exit codes of the CLI: 1 failed, 2 usage or bad file, 4 node not running, 5 refused.
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_NOT_VERIFIED: Final = 3
EXIT_NOT_RUNNING: Final = 4
EXIT_REFUSED: Final = 5
_EXITS: Final[dict[NodeReason, int]] = {
    NodeReason.CONFIG_INVALID: EXIT_USAGE,
    NodeReason.ADDRESS_INVALID: EXIT_USAGE,
    NodeReason.FILE_MISSING: EXIT_USAGE,
    NodeReason.FILE_UNREADABLE: EXIT_USAGE,
    NodeReason.VOTE_FILE: EXIT_USAGE,
    NodeReason.VOTE_UNKNOWN: EXIT_USAGE,
    NodeReason.VOTE_WEIGHTS: EXIT_USAGE,
    NodeReason.CONTROL_REQUEST: EXIT_USAGE,
    NodeReason.CONTROL_UNREACHABLE: EXIT_NOT_RUNNING,
}


class NodeError(Exception):
    """Root of the node's own errors.

    `reason` is stable, `message` one plain line about this case, `hint` what the operator can
    do (by default the usual cure for the reason), `exit_code` what the CLI ends with.
    """

    def __init__(self, reason: NodeReason, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.hint = HINTS[reason] if hint is None else hint
        self.exit_code = _EXITS.get(reason, EXIT_FAILED)


class ConfigError(NodeError):
    """The folder, its settings or an argument do not allow what was asked."""


class StoreError(NodeError):
    """The database cannot be opened, read or written; the node stops and passes nothing on."""


class KeyringError(NodeError):
    """A key file is missing, unreadable or locked."""


class LinkError(NodeError):
    """A listening port or a link to another node failed."""


class ControlError(NodeError):
    """The node's control socket is not there, does not answer or answers nonsense."""


class VoteFileError(NodeError):
    """A file of votes or outcomes is not of the form, or lacks the vote asked for."""


class DemoError(NodeError):
    """The demo's nodes did not come to where they should."""


class Failure(TypedDict):
    """The JSON form of every failure of the CLI and the control socket."""

    ok: bool
    reason: str
    message: str
    hint: str


@cache
def _meanings() -> dict[str, str]:
    text = resources.files("confednode").joinpath("reasons.tsv").read_text("utf-8")
    return dict(line.split("\t", 1) for line in text.splitlines())


def meaning(reason: Reason) -> str:
    """What a reason of the protocol means, in one sentence (specs/registries/reasons.toml)."""
    return _meanings()[reason.value]


def failure(error: NodeError | ConfedError) -> Failure:
    """The one JSON form of an error of the node or of the library, with `ok` False.

    A refusal by the rules says what its reason means: as its message, or as the hint beside a
    message about this case.
    """
    if isinstance(error, NodeError):
        message, hint = error.message, error.hint
    else:
        words = meaning(error.reason)
        message = error.detail or words
        hint = "" if message == words else words
    return {"ok": False, "reason": error.reason.value, "message": message, "hint": hint}


def exit_code(error: NodeError | ConfedError) -> int:
    """What the CLI ends with: a refusal of the library is one by the rules."""
    return error.exit_code if isinstance(error, NodeError) else EXIT_REFUSED
