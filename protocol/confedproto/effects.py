"""What the engine wants done: a closed union, carried out in order, the store first."""

from dataclasses import dataclass

from confedproto.errors import Reason
from confedproto.ids import CouncilId, Hash, LogId, PublicKey, RecordId
from confedproto.marks import Block, Gone
from confedproto.wire import Message, Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLeaves:
    """Keep these leaves and this head, in one commit, before anything else is sent.

    `leaves` are (envelope, part or None), of a withheld one (its mark says so) its hash and
    None; `arrived` is the journal's time, seconds UTC.
    """

    log: LogId
    council: CouncilId
    key: PublicKey
    start: int
    leaves: tuple[tuple[bytes, bytes | None], ...]
    arrived: int
    head: bytes | None  # None: the run ended before its head, the last one stands
    via: CouncilId | None = None  # of a new log: the linked council that introduced it
    marks: tuple[int | None, ...] = ()  # one a leaf, see `marks`; empty: None for each
    blocks: tuple[Block, ...] = ()  # that these leaves made complete, if they are all alike


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledLeaf:
    """A leaf that was withheld: its place, its bytes, and the mark as in StoreLeaves."""

    index: int
    envelope: bytes
    part: bytes | None
    mark: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FillLeaves:
    """Put these leaves in the places of withheld ones, before anything else is sent."""

    log: LogId
    leaves: tuple[FilledLeaf, ...]
    arrived: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreMarks:
    """Keep other marks beside leaves that are stored already, from `start` on."""

    log: LogId
    start: int
    marks: tuple[int | None, ...]
    blocks: tuple[Block, ...] = ()  # that are all alike now


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchBranch:
    """Set a forked log's leaves aside, keep these in their place, and load all anew (FRK-7).

    All of it in one commit; what is set aside is kept as it was.
    """

    log: LogId
    kept: tuple[StoreLeaves, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropLeaves:
    """Put the leaf hashes of plain records in their places (INT-3)."""

    log: LogId
    council: CouncilId
    gone: tuple[Gone, ...]
    blocks: tuple[Block, ...] = ()


Kept = StoreLeaves | FillLeaves | StoreMarks | SwitchBranch | DropLeaves
"""What the store keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send a message over a link."""

    link: int
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeRun:
    """Read leaves [start, end) of a log from the store and send them with `head` as runs.

    Where they do not fit one message more are sent; the proof for the end that each reached
    comes from `Engine.run_message`. A link's runs go out in order, as fast as its peer reads.
    """

    link: int
    log: LogId
    start: int
    end: int
    head: bytes
    head_size: int
    lean: bool = False  # the outline alone (INT-2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeLeaves:
    """Read these leaves from the store and send as many as fit: `filling.leaves_message`."""

    link: int
    log: LogId
    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServePiece:
    """Answer a link's question for a piece of a file, if its council may have it (FIL-3)."""

    link: int
    council: CouncilId | None
    root: bytes
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceCame:
    """A link sent a piece, or said that it has none."""

    link: int
    piece: Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseLink:
    """End a link: a Bye with the reason, then the channel's close."""

    link: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOpened:
    """A link is open: both councils are known to each other and consent."""

    link: int
    council: CouncilId


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer to a Submit: the record's id, or the fault that refused it."""

    token: int
    record: RecordId
    fault: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Something a peer sent was refused; the link may live on. For the operator's eyes."""

    link: int
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """A log grew to `size` leaves with `root`. For those who watch progress."""

    log: LogId
    council: CouncilId
    size: int
    root: Hash


Effect = (
    StoreLeaves
    | FillLeaves
    | StoreMarks
    | SwitchBranch
    | DropLeaves
    | Send
    | ServeRun
    | ServeLeaves
    | ServePiece
    | PieceCame
    | CloseLink
    | LinkOpened
    | Answered
    | Refused
    | Grown
)
