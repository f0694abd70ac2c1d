"""What the engine is told: a closed union of frozen dataclasses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confedproto.ids import CouncilId, LogId, TransportKey
from confedproto.interest import Mode
from confedproto.record import Leaf, RefusedLeaf, VerifiedRecord
from confedproto.wire import HeadTold, Message, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUp:
    """A channel stands. `expected` is the council that the initiator dialled, else None."""

    link: int
    remote: TransportKey
    initiator: bool
    expected: CouncilId | None = None
    salt: bytes = b""  # the channel's handshake hash: the same on both sides and nowhere else


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDown:
    """The channel is gone, whatever the cause."""

    link: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message came in, any but a run."""

    link: int
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOpened:
    """A run came in and its leaves were opened, in a worker thread if there were many."""

    link: int
    run: Run
    leaves: Sequence[Leaf]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Provisional leaves [start, end) of a log were opened in full; `refused` are no records."""

    log: LogId
    start: int
    end: int
    refused: Mapping[int, RefusedLeaf]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """A record of this council for its own log; the answer is an Answered with `token`.

    As `evidence` an act goes in although it is void: what a delegate did is on record (RCL-6).
    """

    token: int
    record: VerifiedRecord
    evidence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A run that the operator brings from a file, or what the file shows of a log that is held.

    The answer is an Answered with `token`.
    """

    token: int
    run: Run | HeadTold
    leaves: Sequence[Leaf]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time has passed; sent when `Engine.next_deadline` is reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """The operator wants so much of a council; None: of all that are not named (INT-1)."""

    council: CouncilId | None
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """The operator has typed that the node may sign without its peers' answers (RES-5)."""


Input = (
    LinkUp | LinkDown | Received | RunOpened | Judged | Submit | Imported | Follow | Tick | Override
)
