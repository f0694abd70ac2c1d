"""An archive: the runs of many logs in one file, as a peer would send them (specs/10, ARC).

    frame  = u32 length || bytes
    file   = frame(header) || (frame(run message)* || frame(end))*
    header = {"format": "confed archive", "version": 1, "network": ..., ? "scope": ...}
    end    = {"leaves": ..., "logs": ...}, of the whole file so far

Nothing in it is believed because it is in it: whoever takes it in checks each run as one from a
peer. A file that was cut is good as far as its last whole frame, and known by its missing end.
"""

import struct
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from confedproto import codec, wire
from confedproto.bodies.types import Bytes32, Size
from confedproto.chains import Log
from confedproto.errors import DecodeError, Reason, RemoteProtocolError, VerificationError
from confedproto.ids import LogId, NetworkId
from confedproto.limits import LOGS_MAX, MESSAGE_MAX_BYTES
from confedproto.merkle import leaf_hash

LENGTH: Final = struct.Struct(">I")
"""Before each frame: its length in bytes, at most MESSAGE_MAX_BYTES."""
_NAME: Final = "confed archive"
_END: Final = b"\x82"  # a map of two; no message has this type


class _Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: Literal["confed archive"]
    version: Literal[1]
    network: Bytes32
    scope: Bytes32 | None = None


class _End(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    leaves: Size
    logs: Annotated[int, Meta(ge=0, le=LOGS_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Of which network the logs are, and which scope's records are in them beside public ones."""

    network: NetworkId
    scope: bytes | None


def frame(data: bytes) -> bytes:
    """The bytes of one frame."""
    return LENGTH.pack(len(data)) + data


def frame_length(prefix: bytes) -> int:
    """The length that a frame's first four bytes say. Raises DecodeError ARCHIVE_FORM."""
    length: int = LENGTH.unpack(prefix)[0]
    if not 0 < length <= MESSAGE_MAX_BYTES:
        raise DecodeError(Reason.ARCHIVE_FORM, f"a frame of {length} bytes")
    return length


def encode_header(header: Header) -> bytes:
    """The content of the first frame."""
    fields: dict[str, Any] = {"format": _NAME, "version": 1, "network": header.network}
    if header.scope is not None:
        fields["scope"] = header.scope
    return codec.encode(fields)


def decode_header(data: bytes) -> Header:
    """What the first frame says. Raises DecodeError ARCHIVE_FORM."""
    try:
        fields = msgspec.convert(codec.decode(data), _Header, builtin_types=(bytes,))
    except (msgspec.ValidationError, DecodeError) as error:
        raise DecodeError(Reason.ARCHIVE_FORM, str(error)) from None
    return Header(network=NetworkId(fields.network), scope=fields.scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What stands at the end of a whole archive: how much is in it."""

    leaves: int
    logs: int


def encode_end(end: End) -> bytes:
    """The content of the frame that ends an archive, or what was added to one."""
    return codec.encode({"leaves": end.leaves, "logs": end.logs})


def decode_frame(data: bytes) -> wire.Run | End:
    """What stands in a frame behind the header. Raises DecodeError ARCHIVE_FORM."""
    try:
        if data[:1] == _END:
            fields = msgspec.convert(codec.decode(data), _End, builtin_types=(bytes,))
            return End(leaves=fields.leaves, logs=fields.logs)
        message = wire.decode(data)
    except (msgspec.ValidationError, DecodeError, RemoteProtocolError) as error:
        raise DecodeError(Reason.ARCHIVE_FORM, str(error)) from None
    if not isinstance(message, wire.Run):
        raise DecodeError(Reason.ARCHIVE_FORM, "a frame that is no run")
    return message


class Contents:
    """What the frames of one archive hold, read in their order; 40 bytes or so a log."""

    def __init__(self) -> None:
        self.sizes: Final[dict[LogId, int]] = {}
        self.leaves = 0
        self.whole = False  # as far as it was read, it stands at its end

    @property
    def end(self) -> End:
        """The frame that would end it here."""
        return End(leaves=self.leaves, logs=len(self.sizes))

    def read(self, data: bytes) -> wire.Run | None:
        """The run in the next frame; None for an end. Raises DecodeError ARCHIVE_FORM.

        A run begins where its log ended in this file: one left out, doubled or moved shows here.
        """
        found = decode_frame(data)
        if isinstance(found, End):
            if found != self.end:
                raise DecodeError(Reason.ARCHIVE_FORM, "an end of another archive")
            self.whole = True
            return None
        log, at = LogId(found.log), self.sizes.get(LogId(found.log), 0)
        if found.start != at:
            raise DecodeError(Reason.ARCHIVE_FORM, f"a run at {found.start}, not at {at}")
        if log not in self.sizes and len(self.sizes) >= LOGS_MAX:
            raise DecodeError(Reason.ARCHIVE_FORM, f"more than {LOGS_MAX} logs")
        self.sizes[log] = at + len(found.leaves)
        self.leaves += len(found.leaves)
        self.whole = False
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the bytes of an archive hold, as far as they go; nothing in it is verified."""

    header: Header
    contents: Contents


def survey(data: bytes) -> Survey:
    """Look through a whole file. Raises DecodeError ARCHIVE_FORM."""
    contents, header, at = Contents(), None, 0
    while at + LENGTH.size <= len(data):
        length = frame_length(data[at : at + LENGTH.size])
        content = data[at + LENGTH.size : at + LENGTH.size + length]
        if len(content) < length:
            break
        at += LENGTH.size + length
        if header is None:
            header = decode_header(content)
        else:
            contents.read(content)
    if header is None:
        raise DecodeError(Reason.ARCHIVE_FORM, "it is empty or cut in its first frame")
    contents.whole = contents.whole and at == len(data)
    return Survey(header=header, contents=contents)


def rest_of(run: wire.Run, held: int) -> wire.Run | None:
    """The part of a run beyond `held` leaves, or None if there is none."""
    if run.start >= held:
        return run
    leaves = run.leaves[held - run.start :]
    return msgspec.structs.replace(run, start=held, leaves=leaves) if leaves else None


def lacking(run: wire.Run, entry: Log) -> wire.Run | None:
    """The part of a run that is held here, if it has leaves that are withheld here.

    All its other leaves stand by their hashes. Raises VerificationError LEAF_OTHER for a leaf of
    another hash: that costs a hash, and is found before any signature is looked at.
    """
    out: list[wire.RunLeaf] = []
    some = False
    for index, leaf in enumerate(run.leaves[: max(0, entry.tree.size - run.start)], run.start):
        if isinstance(leaf, bytes) or not entry.lacks(entry.leaves[index]):
            out.append(entry.tree.leaf(index))
            continue
        if leaf_hash(leaf[0]) != entry.tree.leaf(index):
            raise VerificationError(Reason.LEAF_OTHER, "the leaf of another hash")
        out.append(leaf)
        some = True
    return msgspec.structs.replace(run, leaves=tuple(out)) if some else None
