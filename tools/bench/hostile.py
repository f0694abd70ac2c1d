"""What the largest hostile inputs cost to refuse: memory and time, for every parser."""

import contextlib
import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from confedproto import codec, keys, log, record, sshsig, text, wire
from confedproto.errors import ConfedError
from confedproto.ids import PublicKey, network_id
from tools.bench.figures import Figure

SIZE: Final = 65_536
PEAK_GOAL_MB: Final = 5.0
TIME_GOAL_MS: Final = 50.0
_NETWORK: Final = network_id("bench")
_KEY: Final = keys.SigningKey(bytes(range(32))).public


def inputs() -> Iterator[tuple[str, bytes]]:
    """Name and 64 KiB that cost a careless decoder the most."""

    def filled(unit: bytes, head: bytes = b"") -> bytes:
        return (head + unit * (SIZE // len(unit) + 1))[:SIZE]

    yield "zeros", bytes(SIZE)
    yield "arrays in arrays", filled(b"\x91")
    yield "arrays of 1024 in arrays of 1024", filled(b"\xdc\x04\x00")
    wide = b"\xdc\x04\x00" * 256  # as many as the fast path lets through
    yield "256 arrays of 1024 in each other", wide + bytes(SIZE - len(wide))
    yield "arrays of 65535 in arrays", filled(b"\xdc\xff\xff")
    yield "arrays of 4 billion in arrays", filled(b"\xdd\xff\xff\xff\xff")
    yield "maps of 64 in maps", filled(b"\xa1a\xde\x00\x40", b"\xde\x00\x40")
    yield "maps of 4 billion in maps", filled(b"\xdf\xff\xff\xff\xff")
    yield "an array of empty arrays", filled(b"\x90", b"\xdc\x04\x00")
    yield "an array of empty maps", filled(b"\x80", b"\xdc\x04\x00")
    yield "a thousand arrays of 1024 nils", filled(b"\xdc\x04\x00" + b"\xc0" * 1024)
    yield "small arrays of small arrays", filled(b"\x9f" + b"\x91\x00" * 15, b"\xdc\x04\x00")
    yield "texts of 4 billion", filled(b"\xdb\xff\xff\xff\xff", b"\xdc\x04\x00")
    yield "one text of banned characters", b"\xda\xff\xfd" + b"\x01" * (SIZE - 3)
    yield "one text of four-byte characters", filled("\U0001f600".encode(), b"\xda\xff\xfc")
    yield "one text that ends wrong", b"\xda\xff\xfd" + b"a" * (SIZE - 4) + b"\xff"
    yield "integers in their longest form", filled(b"\xcf" + bytes(8), b"\xdc\x04\x00")
    yield "one map of long keys", filled(b"\xbf" + b"k" * 31 + b"\x00", b"\xde\x00\x40")
    yield "SSH strings of 4 billion", filled(b"\xff", b"SSHSIG\x00\x00\x00\x01")
    yield "one line of letters", b"q" * SIZE
    yield "an id without end", b"cfk1" + b"q" * (SIZE - 4)
    yield "armor without end", filled(b"A" * 64 + b"\n", b"-----BEGIN CONFED RECORD-----\n")


def _text(kind: str, data: bytes) -> object:
    return text.decode_text(kind, data.decode("latin-1"))


PARSERS: Final[dict[str, Callable[[bytes], object]]] = {
    "codec.decode": lambda data: codec.decode(data, max_bytes=SIZE),
    "codec.decode_reference": lambda data: codec.decode_reference(data, max_bytes=SIZE),
    "record.open": lambda data: record.open(_NETWORK, data),
    "record.heads_of": record.heads_of,
    "log.open_head": lambda data: log.open_head(_NETWORK, PublicKey(_KEY), data),
    "wire.decode": wire.decode,
    "wire.decode of a run": lambda data: wire.decode(b"\x0a" + data[:-17]),
    "sshsig.parse": sshsig.parse,
    "sshsig.armor_to_blob": lambda data: sshsig.armor_to_blob(data.decode("latin-1")),
    **{f"text {kind}": partial(_text, kind) for kind in text.TEXT_KINDS},
}


def refuse(parser: Callable[[bytes], object], data: bytes) -> tuple[int, float]:
    """Peak bytes beyond what was in use, and CPU seconds, of one refusal (measured apart)."""
    begun = time.process_time()
    _one(parser, data)
    taken = time.process_time() - begun
    gc.collect()
    tracemalloc.start()
    _one(parser, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, taken


def _one(parser: Callable[[bytes], object], data: bytes) -> None:
    with contextlib.suppress(ConfedError):
        parser(data)


def run(_: bool) -> list[Figure]:
    """The worst peak and the worst time over every parser and input."""
    results = {
        f"{name}, {what}": refuse(parser, data)
        for name, parser in PARSERS.items()
        for what, data in inputs()
    }
    peak_of = max(results, key=lambda name: results[name][0])
    slow_of = max(results, key=lambda name: results[name][1])
    return [
        Figure(
            what=f"peak memory ({peak_of})",
            value=results[peak_of][0] / 1_000_000,
            unit="MB",
            goal=PEAK_GOAL_MB,
        ),
        Figure(
            what=f"slowest refusal ({slow_of})",
            value=results[slow_of][1] * 1_000,
            unit="ms",
            goal=TIME_GOAL_MS,
        ),
    ]
