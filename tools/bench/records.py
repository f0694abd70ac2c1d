"""Opening one 500-byte record against PyNaCl's bare verify, and decoding against msgpack."""

from typing import Final

import msgpack
from nacl import bindings

from confedproto import codec, keys, log, merkle, record
from confedproto.bodies.recall import Recall
from confedproto.ids import CouncilId, LogId, network_id, record_id, signing_bytes
from tools.bench.measure import Row, compare

ENVELOPE_BYTES: Final = 500
COUNT: Final = 200
OPEN: Final = "record.open: decode, check, id, verify"
OPEN_GOAL: Final = 1.35
DECODE: Final = "codec.decode of it"
DECODE_GOAL: Final = 6.0
"""15 us where the C decoder alone takes 2.5."""


NETWORK: Final = network_id("bench")


def _envelope(key: keys.SigningKey, number: int, reason: str) -> bytes:
    payload = record.build_payload(
        kind="recall",
        council=CouncilId(bytes(32)),
        charter=1,
        time=1_700_000_000 + number,
        subject=number.to_bytes(32, "big"),
        body=Recall(reason=reason),
    )
    return record.assemble(payload, [record.sign(NETWORK, payload, key)])


def _size(key: keys.SigningKey, length: int) -> int:
    return len(_envelope(key, 0, "x" * length))


def _envelopes(key: keys.SigningKey) -> list[bytes]:
    spare = next(n for n in range(1, ENVELOPE_BYTES) if _size(key, n) == ENVELOPE_BYTES)
    envelopes = [_envelope(key, number, "x" * spare) for number in range(COUNT)]
    assert {len(envelope) for envelope in envelopes} == {ENVELOPE_BYTES}
    return envelopes


def run(quick: bool) -> list[Row]:
    """The rows; the first is the yardstick."""
    key = keys.SigningKey(bytes(range(32)))
    envelopes = _envelopes(key)
    signed: list[bytes] = []
    for envelope in envelopes:
        payload, signatures = record.split_envelope(envelope)
        signed.append(signatures[0].signature + signing_bytes(record_id(NETWORK, payload)))
    tree = merkle.Tree(merkle.leaf_hash(envelope) for envelope in envelopes)
    head = log.sign_head(
        NETWORK, key, log=LogId(bytes(32)), size=COUNT, root=tree.root(), time=1_700_000_000
    )

    def bare() -> None:
        for message in signed:
            bindings.crypto_sign_open(message, key.public)

    def opened() -> None:
        for envelope in envelopes:
            record.open(NETWORK, envelope)

    def decoded() -> None:
        for envelope in envelopes:
            codec.decode(envelope)

    def unpacked() -> None:
        for envelope in envelopes:
            msgpack.unpackb(envelope)

    def run_checked() -> None:
        log.check_run(merkle.Tree(), 0, envelopes, head, (), 1_700_000_000)

    rows = compare(
        {
            "PyNaCl verify, nothing else": bare,
            OPEN: opened,
            "codec.decode of the envelope": decoded,
            "msgpack.unpackb of the envelope": unpacked,
            "log.check_run: one record of a run under its head": run_checked,
        },
        operations=COUNT,
        rounds=5 if quick else 41,
        goals={OPEN: OPEN_GOAL},
    )
    return [*rows, *_decoding(quick)]


def _decoding(quick: bool) -> list[Row]:
    """A value of many small parts, which the C decoder alone takes 2 to 3 us for."""
    raw = codec.encode(
        {
            "deep": {"b": {"c": [1, [2, ["x"]]]}},
            "list": [f"text {number}" for number in range(20)],
            "map": {f"k{number:02}": number * 1_000 for number in range(20)},
        }
    )

    def unpacked() -> None:
        for _ in range(COUNT):
            msgpack.unpackb(raw)

    def decoded() -> None:
        for _ in range(COUNT):
            codec.decode(raw)

    return compare(
        {"msgpack.unpackb of a value of 50 parts": unpacked, DECODE: decoded},
        operations=COUNT,
        rounds=5 if quick else 41,
        goals={DECODE: DECODE_GOAL},
    )
