"""Vectors of archives: what stands in the frames of a file (specs/10, ARC-1)."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from tools.vectors import cmp
from tools.vectors.base import Vectors

NETWORK: Final = hashlib.sha256(b"archive network").digest()
SCOPE: Final = hashlib.sha256(b"archive scope").digest()
ONE: Final = hashlib.sha256(b"archive log 1").digest()
TWO: Final = hashlib.sha256(b"archive log 2").digest()
RUN: Final = 10
"""The type of a run message (specs/registries/messages.toml)."""


def framed(*contents: bytes) -> bytes:
    """A file of these frames."""
    return b"".join(len(one).to_bytes(4, "big") + one for one in contents)


def header(**other: Any) -> bytes:
    """The first frame; a field that is None is left out."""
    fields: dict[str, Any] = {"format": "confed archive", "version": 1, "network": NETWORK}
    return cmp.encode({key: value for key, value in (fields | other).items() if value is not None})


def run(log: bytes, start: int, count: int, *, bare: bool = False) -> bytes:
    """A run of `count` leaves; `bare`: of hashes alone. What it says is not looked at here."""
    names = [b"leaf %d" % index for index in range(start, start + count)]
    leaves: Sequence[Any] = [hashlib.sha256(name).digest() if bare else [name] for name in names]
    fields = {"head": b"a head", "leaves": leaves, "log": log, "start": start}
    return bytes([RUN]) + cmp.encode(fields)


def end(leaves: int, logs: int) -> bytes:
    """The frame that ends a file."""
    return cmp.encode({"leaves": leaves, "logs": logs})


def archive() -> Vectors:
    """Whole, cut and continued files, and files that are none."""
    out = Vectors("archive")
    _good(out)
    _bad(out)
    return out


def _good(out: Vectors) -> None:
    def add(slug: str, why: str, data: bytes, logs: list[tuple[bytes, int]], **more: Any) -> None:
        answer = {"network": NETWORK.hex(), "scope": None, "whole": True} | more
        sizes = [[log.hex(), size] for log, size in sorted(logs)]
        leaves = sum(size for _, size in logs)
        out.good("ARC-1", slug, why, {"in": data.hex()}, logs=sizes, leaves=leaves, **answer)

    two = (header(), run(ONE, 0, 3), run(ONE, 3, 1), run(TWO, 0, 2, bare=True))
    logs = [(ONE, 4), (TWO, 2)]
    add("whole", "two logs, and an end that counts them", framed(*two, end(6, 2)), logs)
    scoped = framed(header(scope=SCOPE), run(ONE, 0, 1), end(1, 1))
    add("scope", "of the records of a scope too", scoped, [(ONE, 1)], scope=SCOPE.hex())
    data = framed(*two)
    add("no-end", "pulled out at the border of a frame", data, logs, whole=False)
    add("cut", "the last frame is not whole", data[:-1], [(ONE, 4)], whole=False)
    add("cut-length", "cut within a length", data + bytes(3), logs, whole=False)
    more = framed(*two, end(6, 2), run(ONE, 4, 2))
    add("added", "added to behind an end, and no end yet", more, [(ONE, 6), (TWO, 2)], whole=False)
    add("added-whole", "and ended again", more + framed(end(8, 2)), [(ONE, 6), (TWO, 2)])
    mixed = framed(header(), run(TWO, 0, 1), run(ONE, 0, 1), run(TWO, 1, 1), end(3, 2))
    add("turn-about", "runs of two logs in turns", mixed, [(ONE, 1), (TWO, 2)])


def _bad(out: Vectors) -> None:
    def add(slug: str, why: str, data: bytes) -> None:
        out.bad("ARC-1", "archive-form", slug, why, {"in": data.hex()})

    first = run(ONE, 0, 2)
    add("nothing", "no header", b"")
    add("header-cut", "the header is cut", framed(header())[:-1])
    add("format", "another format", framed(header(format="confed archives")))
    add("version", "another version", framed(header(version=2)))
    add("network-short", "a network of 31 bytes", framed(header(network=NETWORK[1:])))
    add("network-missing", "no network", framed(header(network=None)))
    add("header-more", "a field that no header has", framed(header(name="x")))
    add("scope-short", "a scope of 31 bytes", framed(header(scope=SCOPE[1:])))
    add("frame-empty", "a frame of no bytes", framed(header(), b"", first))
    long = framed(header()) + (65_520).to_bytes(4, "big") + bytes(65_520)
    add("frame-long", "a frame past MESSAGE_MAX_BYTES", long)
    add("start", "a log that begins at leaf 1", framed(header(), run(ONE, 1, 1)))
    add("gap", "a run is missing", framed(header(), first, run(ONE, 3, 1)))
    add("twice", "a run stands there twice", framed(header(), first, first))
    add("end-leaves", "an end that counts other leaves", framed(header(), first, end(3, 1)))
    add("end-logs", "an end that counts other logs", framed(header(), first, end(2, 2)))
    add("end-first", "an end where a header belongs", framed(end(1, 1)))
    add("header-twice", "a second header", framed(header(), header()))
    pull = bytes([9]) + cmp.encode({"log": ONE, "start": 0})
    add("no-run", "a message that is no run", framed(header(), pull))
    add("run-empty", "a run of no leaves", framed(header(), run(ONE, 0, 0)))
    add("rest", "bytes behind the message of a frame", framed(header(), first + b"\xc0"))
