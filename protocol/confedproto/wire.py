"""Messages between two linked nodes: one byte of type, then one CMP map (specs/09, WIR).

An unknown odd type is ignored, an unknown even one ends the link, so that later versions
can add both harmless and essential messages.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from confedproto import codec
from confedproto.bodies.types import Bytes32, Size, Token
from confedproto.errors import DecodeError, LocalProtocolError, Reason, RemoteProtocolError
from confedproto.limits import (
    FILE_CHUNK_BYTES,
    FILE_MAX_BYTES,
    FRESH_HEADS_MAX,
    HEAD_MAX_BYTES,
    HEADS_PER_MESSAGE,
    INT_MAX,
    KNOCK_CHARTERS_MAX,
    LOG_MAX_SIZE,
    MESSAGE_MAX_BYTES,
    PROOF_MAX_HASHES,
    RANGES_PER_MESSAGE,
    RECORD_MAX_BYTES,
    ROWS_MAX_BYTES,
    RUN_MAX_RECORDS,
    SCOPES_MAX,
    WANT_MAX,
)
from confedproto.reconcile import DEPTH, PRINTS_BYTES

PIECES_MAX: Final = FILE_MAX_BYTES // FILE_CHUNK_BYTES
Digest = Annotated[bytes, Meta(min_length=16, max_length=16)]
Envelope = Annotated[bytes, Meta(min_length=1, max_length=RECORD_MAX_BYTES)]


class Message(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One message; the subclasses are the closed union of what this version knows."""


class Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A place in a node's journal of head changes: when it began, and the number (SYN-3)."""

    epoch: Annotated[int, Meta(ge=0, le=INT_MAX)]
    number: Annotated[int, Meta(ge=0, le=INT_MAX)]


class ScopeDigest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A scope that both sides are in, and a digest of what the sender holds of it (SYN-9)."""

    scope: Bytes32
    digest: Digest


Scopes = Annotated[tuple[ScopeDigest, ...], Meta(min_length=1, max_length=SCOPES_MAX)]


class Hello(Message, frozen=True, kw_only=True):
    """The first message of either side of a link: a digest of its heads, and cursors.

    `at` is the sender's place in its own journal, `seen` the last place in the receiver's at
    which both held the same. `council` says who speaks where a knock came before.
    """

    digest: Digest
    council: Bytes32 | None = None
    at: Cursor | None = None
    seen: Cursor | None = None
    scopes: Scopes | None = None


class Knock(Message, frozen=True, kw_only=True):
    """What a stranger with an invitation sends, once: its charters, node and link records.

    `charters` are all versions from the first on, in order, each followed by its rival if a
    fork of the council was repaired there (CHA-6).
    """

    charters: Annotated[tuple[Envelope, ...], Meta(min_length=1, max_length=KNOCK_CHARTERS_MAX)]
    node: Envelope
    link: Envelope


class AnnouncedHead(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A log, its size, the first 8 bytes of its root, and of its mark: nothing if all is public.

    In a scope: how many records of it the sender holds, and the first 8 bytes of their mark.
    """

    log: Bytes32
    size: Size
    root: Annotated[bytes, Meta(min_length=8, max_length=8)]
    mark: Annotated[bytes, Meta(max_length=8)] = b""


class Heads(Message, frozen=True, kw_only=True):
    """Logs that the sender holds this far: an announcement, and the answer to a digest."""

    scope: Bytes32 | None = None
    heads: Annotated[tuple[AnnouncedHead, ...], Meta(min_length=1, max_length=HEADS_PER_MESSAGE)]


class Pull(Message, frozen=True, kw_only=True):
    """Please send the run of `log` that begins at leaf `start`; if `lean`, in outline (INT-2)."""

    log: Bytes32
    start: Annotated[int, Meta(ge=0, le=LOG_MAX_SIZE)]
    lean: bool = False


LeafBytes = Annotated[
    tuple[Annotated[bytes, Meta(min_length=1, max_length=ROWS_MAX_BYTES)], ...],
    Meta(min_length=1, max_length=2),
]
"""One leaf: the envelope, and the detached part where its kind has one."""
RunLeaf = LeafBytes | Bytes32
"""A leaf, or the hash of one that the receiver may not see or the sender does not hold (LOG-9)."""


class Run(Message, frozen=True, kw_only=True):
    """Leaves from `start` on, a signed head, and the proof that they lead to it (LOG-5)."""

    log: Bytes32
    start: Annotated[int, Meta(ge=0, le=LOG_MAX_SIZE)]
    leaves: Annotated[tuple[RunLeaf, ...], Meta(min_length=1, max_length=RUN_MAX_RECORDS)]
    head: Annotated[bytes, Meta(min_length=1, max_length=HEAD_MAX_BYTES)]
    proof: (
        Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=PROOF_MAX_HASHES)] | None
    ) = None

    def __post_init__(self) -> None:
        envelopes = [leaf[0] for leaf in self.leaves if not isinstance(leaf, bytes)]
        if max(map(len, envelopes), default=0) > RECORD_MAX_BYTES:
            raise ValueError("an envelope that is longer than RECORD_MAX_BYTES")


Index = Annotated[int, Meta(ge=0, lt=LOG_MAX_SIZE)]


class Want(Message, frozen=True, kw_only=True):
    """Please send these leaves of `log`, of which only the hashes are here (SYN-10)."""

    log: Bytes32
    indexes: Annotated[tuple[Index, ...], Meta(min_length=1, max_length=WANT_MAX)]


class FoundLeaf(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A leaf that was asked for: its index, and its bytes."""

    index: Index
    leaf: LeafBytes

    def __post_init__(self) -> None:
        if len(self.leaf[0]) > RECORD_MAX_BYTES:
            raise ValueError("an envelope that is longer than RECORD_MAX_BYTES")


class Leaves(Message, frozen=True, kw_only=True):
    """Those of the leaves asked for that the receiver may see and the sender holds (SYN-10)."""

    log: Bytes32
    leaves: Annotated[tuple[FoundLeaf, ...], Meta(max_length=WANT_MAX)]


class Fresh(Message, frozen=True, kw_only=True):
    """Heads that were signed again: of a later time, and the same size and root (LOG-10)."""

    heads: Annotated[
        tuple[Annotated[bytes, Meta(min_length=1, max_length=HEAD_MAX_BYTES)], ...],
        Meta(min_length=1, max_length=FRESH_HEADS_MAX),
    ]


PieceIndex = Annotated[int, Meta(ge=0, lt=PIECES_MAX)]


class AskPiece(Message, frozen=True, kw_only=True):
    """Please send piece `index` of the file with this root (FIL-3)."""

    root: Bytes32
    index: PieceIndex


class Piece(Message, frozen=True, kw_only=True):
    """The piece and its inclusion path; without `data` it is not to be had here (FIL-3)."""

    root: Bytes32
    index: PieceIndex
    data: Annotated[bytes, Meta(min_length=1, max_length=FILE_CHUNK_BYTES)] | None = None
    path: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=PROOF_MAX_HASHES)] | None = (
        None
    )


class DigestNow(Message, frozen=True, kw_only=True):
    """A digest of the sender's heads, sent now and then: a heartbeat that also heals."""

    digest: Digest
    at: Cursor | None = None
    scopes: Scopes | None = None


class Range(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A node of the tree of heads by its nibbles, and its 16 fingerprints of 8 bytes.

    Without fingerprints: the sender names its heads there and asks for the receiver's.
    """

    prefix: Annotated[bytes, Meta(max_length=DEPTH)]
    prints: Annotated[bytes, Meta(max_length=PRINTS_BYTES)]


class Ranges(Message, frozen=True, kw_only=True):
    """Where two sets of heads may differ (SYN-4), or two holdings of a scope (SYN-9)."""

    scope: Bytes32 | None = None
    ranges: Annotated[tuple[Range, ...], Meta(min_length=1, max_length=RANGES_PER_MESSAGE)]


class Bye(Message, frozen=True, kw_only=True):
    """The sender ends the link, and says why."""

    reason: Token


class AskHead(Message, frozen=True, kw_only=True):
    """How far do you hold `log`, and what was its root at `size`? (RES-2, FRK-3)"""

    log: Bytes32
    size: Size


class HeadTold(Message, frozen=True, kw_only=True):
    """The answer to AskHead; without `head` the log is unknown to the sender.

    With a head larger than the size asked for: `root` is the tree's at that size, and `path`
    the consistency path from it to the head.
    """

    log: Bytes32
    size: Size
    head: Annotated[bytes, Meta(min_length=1, max_length=HEAD_MAX_BYTES)] | None = None
    root: Bytes32 | None = None
    path: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=PROOF_MAX_HASHES)] | None = (
        None
    )


TYPES: Final[Mapping[int, type[Message]]] = MappingProxyType(
    {
        2: Hello,
        4: Knock,
        6: Heads,
        8: Pull,
        10: Run,
        12: DigestNow,
        14: Bye,
        16: AskHead,
        18: HeadTold,
        20: Ranges,
        22: Want,
        24: Leaves,
        26: Fresh,
        28: AskPiece,
        30: Piece,
    }
)
_NUMBERS: Final = {message: number for number, message in TYPES.items()}


_RUN: Final = codec.Exact(Run, sort=True)


def encode(message: Message) -> bytes:
    """The bytes of a message. Raises LocalProtocolError if it is too long for one frame."""
    if isinstance(message, Run):
        body = _RUN.write(message)
        if len(body) >= MESSAGE_MAX_BYTES:
            raise LocalProtocolError(Reason.ENC_SIZE, f"{len(body)} bytes in a run")
    else:
        fields = msgspec.to_builtins(message, builtin_types=(bytes,))
        body = codec.encode(fields, max_bytes=MESSAGE_MAX_BYTES - 1)
    return bytes((_NUMBERS[type(message)],)) + body


def decode(data: bytes) -> Message | None:
    """The message in `data`, or None for an unknown type that may be ignored (WIR-2).

    Raises RemoteProtocolError MESSAGE_SIZE, MESSAGE_TYPE or MESSAGE_FORM.
    """
    if not 1 < len(data) <= MESSAGE_MAX_BYTES:
        raise RemoteProtocolError(Reason.MESSAGE_SIZE, f"{len(data)} bytes")
    message = TYPES.get(data[0])
    if message is None:
        if data[0] % 2 == 1:
            return None
        raise RemoteProtocolError(Reason.MESSAGE_TYPE, str(data[0]))
    if message is Run and (run := _RUN.read(data[1:])) is not None:
        return run  # nearly all of the bulk
    try:
        fields = codec.decode(data[1:], max_bytes=MESSAGE_MAX_BYTES)
        return msgspec.convert(fields, message, builtin_types=(bytes,))
    except (msgspec.ValidationError, DecodeError) as error:
        raise RemoteProtocolError(Reason.MESSAGE_FORM, str(error)) from None
