"""A worker process that opens the leaves of runs: `python -m confednode.opener FD NETWORK`.

Frames both ways: a u32 length, then bytes; nothing is pickled. Asked are leaves, answered is
one verdict a leaf. It holds no key, no file and no state, and ends when its socket does.
"""

import signal
import socket
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from confedproto import record
from confedproto.bodies import KINDS
from confedproto.errors import VerificationError
from confedproto.glance import glance, holds
from confedproto.ids import NetworkId
from confedproto.record import Leaf, PlainClass, VerifiedRecord, plain_class
from confedproto.wire import RunLeaf

LENGTH: Final = struct.Struct(">I")
PAIR: Final = struct.Struct(">HH")
NO_PART: Final = 0xFFFF
FRAME_MAX: Final = 1 << 20

VERIFIED: Final = -1
REFUSED: Final = -2
KNOWN: Final = -3


class Verdict(msgspec.Struct, frozen=True, array_like=True):
    """`marks`, one a leaf: VERIFIED, REFUSED, KNOWN (like the plain record that was given), or the
    index in the run of the plain record that it is like (its own for the first); or the `reason`
    why the carrier of the run is at fault."""

    marks: list[int]
    reason: str = ""
    detail: str = ""


def pairs(leaves: Iterable[RunLeaf]) -> Iterator[tuple[bytes, bytes | None]]:
    """The leaves of a run as (envelope, part); a withheld one has no bytes to be opened."""
    for leaf in leaves:
        if isinstance(leaf, bytes):
            yield b"", None
        else:
            yield leaf[0], leaf[1] if len(leaf) == 2 else None


def pack(leaves: Sequence[RunLeaf]) -> bytes:
    """The leaves of a run as one frame's content."""
    parts: list[bytes] = []
    for envelope, part in pairs(leaves):
        parts.append(PAIR.pack(len(envelope), NO_PART if part is None else len(part)))
        parts.append(envelope)
        if part is not None:
            parts.append(part)
    return b"".join(parts)


def unpack(data: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    """The inverse of `pack`."""
    at = 0
    while at < len(data):
        size, part_size = PAIR.unpack_from(data, at)
        at += PAIR.size
        envelope = data[at : at + size]
        at += size
        part = None
        if part_size != NO_PART:
            part = data[at : at + part_size]
            at += part_size
        yield envelope, part


def marks_of(
    network: NetworkId,
    leaves: Iterable[tuple[bytes, bytes | None]],
    *,
    provisional: bool = False,
    known: PlainClass | None = None,
) -> Iterator[int]:
    """Open each leaf (envelope, part) in full, signatures and all; its mark (see `Verdict`).

    `provisional`: not the signatures of plain records that are like an earlier one, or like a
    `known` one of their log that is verified (SYN-11). Raises VerificationError where the carrier
    is at fault.
    """
    alike: dict[PlainClass, int] = {} if known is None else {known: KNOWN}
    last, like = known, KNOWN  # nearly always it is like the one before
    for index, (envelope, part) in enumerate(leaves):
        seen = glance(envelope) if part is None and envelope else None
        if seen is not None:
            if provisional and seen.alike == last:
                yield like
                continue
            if (provisional and seen.alike in alike) or holds(network, seen):
                last, like = seen.alike, alike.setdefault(seen.alike, index)
                yield like
                continue
        yield _mark_of(network, envelope, part, index, alike)


def _mark_of(
    network: NetworkId,
    envelope: bytes,
    part: bytes | None,
    index: int,
    alike: dict[PlainClass, int],
) -> int:
    """The mark of a leaf that takes a longer look. Raises VerificationError."""
    if not envelope:
        return REFUSED  # withheld
    leaf: Leaf = record.open_leaf(network, envelope, part)
    if not isinstance(leaf, VerifiedRecord):
        return REFUSED
    kind = KINDS.get(leaf.kind)
    plain = kind is not None and kind.plain
    return alike.setdefault(plain_class(leaf), index) if plain else VERIFIED


def blame(error: VerificationError) -> Verdict:
    """What is said of a run whose carrier is at fault."""
    return Verdict(marks=[], reason=error.reason.value, detail=error.detail)


def judge(
    network: NetworkId,
    leaves: Iterable[tuple[bytes, bytes | None]],
    *,
    provisional: bool = False,
    known: PlainClass | None = None,
) -> Verdict:
    """The marks of all leaves, or who is to blame; the rest as in `marks_of`."""
    try:
        marks = marks_of(network, leaves, provisional=provisional, known=known)
        return Verdict(marks=list(marks))
    except VerificationError as error:
        return blame(error)


def _exactly(pipe: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        more = pipe.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return bytes(data)


def main() -> None:
    """Answer until the socket ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the node ends us
    network = NetworkId(bytes.fromhex(sys.argv[2]))
    with socket.socket(fileno=int(sys.argv[1])) as pipe:
        try:
            while True:
                (size,) = LENGTH.unpack(_exactly(pipe, LENGTH.size))
                answer = msgspec.msgpack.encode(judge(network, unpack(_exactly(pipe, size))))
                pipe.sendall(LENGTH.pack(len(answer)) + answer)
        except (EOFError, OSError):
            return


if __name__ == "__main__":
    main()
