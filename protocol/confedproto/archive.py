"""An archive: the runs of many logs in one file, as a peer would send them (specs/10, ARC).

    frame  = u32 length || bytes
    file   = frame(header) || frame(run message)*
    header = {"format": "confed archive", "version": 1, "network": ..., ? "scope": ...}

Nothing in it is believed because it is in it: whoever takes it in checks each run as one from a
peer. A file that was cut is good as far as its last whole frame.
"""

import struct
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from confedproto import codec, wire
from confedproto.bodies.types import Bytes32
from confedproto.errors import DecodeError, Reason, RemoteProtocolError
from confedproto.ids import NetworkId
from confedproto.limits import MESSAGE_MAX_BYTES

LENGTH: Final = struct.Struct(">I")
"""Before each frame: its length in bytes, at most MESSAGE_MAX_BYTES."""
_NAME: Final = "confed archive"


class _Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: Literal["confed archive"]
    version: Literal[1]
    network: Bytes32
    scope: Bytes32 | None = None


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


def decode_run(data: bytes) -> wire.Run:
    """The run in a frame. Raises DecodeError ARCHIVE_FORM."""
    try:
        message = wire.decode(data)
    except RemoteProtocolError as error:
        raise DecodeError(Reason.ARCHIVE_FORM, error.detail) from None
    if not isinstance(message, wire.Run):
        raise DecodeError(Reason.ARCHIVE_FORM, "a frame that is no run")
    return message


def rest_of(run: wire.Run, held: int) -> wire.Run | None:
    """The part of a run beyond `held` leaves, or None if there is none."""
    if run.start >= held:
        return run
    leaves = run.leaves[held - run.start :]
    return msgspec.structs.replace(run, start=held, leaves=leaves) if leaves else None
