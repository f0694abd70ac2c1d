"""The container of a `.confed` file: bytes and nothing proved (specs/12, BUN-1 to BUN-6).

    file = ["confed", 1, {kind, network, subject, records, hashes, head, proofs, receipts}]

A `Bundle` says in full what the file says in brief: signers that an earlier record of the
file names stand as numbers, hashes that several paths share stand once, and a head or
witness record that is only there to be verified stands as its fields. One bundle has one
file and one file one bundle: `decode` takes only what `encode` would write.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeVar

import msgspec

from confedproto import codec
from confedproto.bodies.charter import Charter
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.node import Node
from confedproto.bundle.contents import Bundle as Bundle
from confedproto.bundle.contents import Entry as Entry
from confedproto.bundle.contents import Proof as Proof
from confedproto.bundle.contents import Receipt as Receipt
from confedproto.bundle.contents import SignedHead as SignedHead
from confedproto.bundle.form import File, HeadRow, ReceiptRow
from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.ids import Hash, NetworkId, PublicKey, RecordId, record_id
from confedproto.limits import (
    ARRAY_MAX,
    BUNDLE_FILES_MAX,
    BUNDLE_MAX_BYTES,
    BUNDLE_SIGNATURES_MAX,
)
from confedproto.merkle import HASH_BYTES
from confedproto.record import Signature, parse_payload, split_envelope

MAGIC: Final = b"\x93\xa6confed"
"""How every `.confed` file begins: an array of three, and a text of six bytes (BUN-1)."""
VERSION: Final = 1
SHORT_BYTES: Final = 131_072  # up to here any value is small, whatever it is


CARRIERS: Final = ("mandate", "act")
"""Kinds of files that may carry others: what a mandate rests on may stand in other logs."""
_Found = TypeVar("_Found")

# --- what both ways share -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """A record taken apart once: where it sorts (BUN-3) and which keys it names (BUN-4)."""

    payload: bytes
    id: RecordId
    rank: tuple[int, bytes, int]
    keys: tuple[bytes, ...]
    first: bool  # a first charter: nothing else stands without signatures


def _item(network: NetworkId, payload: bytes) -> _Item:
    """Charters sort by council and version, node records by council, the rest by id."""
    header, _, body = parse_payload(payload)
    record = record_id(network, payload)
    rank: tuple[int, bytes, int] = (2, record, 0)
    named: tuple[bytes, ...] = ()
    match body:
        case Charter():
            rank, named = (0, header.council or record, header.charter), body.keys
        case Node():
            rank, named = (1, header.council or record, body.number), (body.key,)
        case Mandate():
            named = (body.delegate,)
        case _:
            pass
    first = header.council is None
    return _Item(payload=payload, id=record, rank=rank, keys=named, first=first)


class _Known:
    """The keys that the records of a file have named so far, in order (BUN-4)."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self._numbers: dict[bytes, int] = {}

    def note(self, item: _Item) -> None:
        """Take up the keys that a record names: keyholders, a node key, a delegate's key."""
        for key in item.keys:
            if key not in self._numbers:
                self._numbers[key] = len(self.keys)
                self.keys.append(key)

    def brief(self, key: bytes) -> int | bytes:
        """The number of a key, or the key itself if no record has named it."""
        return self._numbers.get(key, key)

    def full(self, signer: int | bytes) -> PublicKey:
        """The key that a file means. Raises DecodeError BUNDLE_FORM."""
        if isinstance(signer, bytes):
            return PublicKey(signer)
        if signer >= len(self.keys):
            raise DecodeError(Reason.BUNDLE_FORM, "a signer that no record names")
        return PublicKey(self.keys[signer])


class _Hashes:
    """The hashes of all paths, each once, in order of first use (BUN-6)."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}

    def brief(self, path: Sequence[bytes]) -> list[int]:
        return [self._numbers.setdefault(item, len(self._numbers)) for item in path]

    def joined(self) -> bytes:
        return b"".join(self._numbers)


# --- encoding -----------------------------------------------------------------------------


def encode(bundle: Bundle) -> bytes:
    """The file of a bundle; entries, proofs and receipts may come in any order.

    Raises LocalProtocolError: BUNDLE_MISSING where a proof or receipt names a record that is
    not there, ENC_SIZE above BUNDLE_MAX_BYTES, BUNDLE_FORM above BUNDLE_SIGNATURES_MAX.
    Envelopes must open.
    """
    split = [(split_envelope(one.envelope, bare=True), one.part) for one in bundle.entries]
    rows = [
        (_item(bundle.network, payload), signatures, part) for (payload, signatures), part in split
    ]
    carried = sorted(encode(one) for one in bundle.files)
    return _write(bundle, sorted(rows, key=lambda row: row[0].rank), carried)


_Split = tuple[_Item, tuple[Signature, ...], bytes | None]


def _write(
    bundle: Bundle, split: Sequence[_Split], carried: Sequence[bytes], *, again: bool = False
) -> bytes:
    """The file of a bundle whose records are taken apart already, in their order."""
    _check_carried(bundle, carried)
    numbers = {item.id: number for number, (item, _, _) in enumerate(split)}
    if len(numbers) != len(split):
        raise LocalProtocolError(Reason.BUNDLE_FORM, "a record twice")
    signatures = sum(len(signatures) for _, signatures, _ in split)
    if signatures + sum(map(_signatures, bundle.files)) > BUNDLE_SIGNATURES_MAX:
        raise LocalProtocolError(Reason.BUNDLE_FORM, "too many signatures")
    if any(not signatures and not item.first for item, signatures, _ in split):
        raise LocalProtocolError(Reason.BUNDLE_FORM, "a record without signatures")
    known, hashes, parts = _Known(), _Hashes(), dict[bytes, int]()
    rows = [
        _row(item, signatures, _brief_part(parts, part, number), known)
        for number, (item, signatures, part) in enumerate(split)
    ]
    body: dict[str, Any] = {
        "kind": bundle.kind,
        "network": bundle.network,
        "subject": bundle.subject,
        "records": [rows[at : at + ARRAY_MAX] for at in range(0, len(rows), ARRAY_MAX)],
    }
    if carried:
        body["files"] = list(carried)
    if bundle.head is not None:
        body["head"] = [bundle.head.size, bundle.head.time, bundle.head.signature]
    proofs = sorted(bundle.proofs, key=lambda p: (_number(numbers, p.record), p.size))
    if proofs:
        body["proofs"] = [
            [_number(numbers, p.record), p.index, p.size, hashes.brief(p.path)] for p in proofs
        ]
    receipts = sorted(bundle.receipts, key=lambda r: (_number(numbers, r.node), r.time))
    if receipts:
        body["receipts"] = [_receipt_row(r, _number(numbers, r.node), hashes) for r in receipts]
    if joined := hashes.joined():
        body["hashes"] = joined
    ordered = {name: body[name] for name in sorted(body)}
    pack = codec.encode_again if again else codec.encode
    return pack(["confed", VERSION, ordered], max_bytes=BUNDLE_MAX_BYTES)


def _check_carried(bundle: Bundle, carried: Sequence[bytes]) -> None:
    """BUN-20: only some kinds carry files, in one order, each once, and those carry none."""
    alone = bundle.kind in CARRIERS and not any(one.files for one in bundle.files)
    if carried and not (alone and len(carried) <= BUNDLE_FILES_MAX):
        raise LocalProtocolError(Reason.BUNDLE_FORM, "files that it may not carry")
    if any(one >= next_ for one, next_ in pairwise(carried)):
        raise LocalProtocolError(Reason.BUNDLE_FORM, "a file twice, or out of order")


def _signatures(bundle: Bundle) -> int:
    """How many there are to be checked in a file that is carried."""
    return sum(len(split_envelope(one.envelope, bare=True)[1]) for one in bundle.entries)


def _brief_part(parts: dict[bytes, int], part: bytes | None, number: int) -> bytes | int | None:
    """A part, or the number of the record that has it first: many votes name one list (BUN-6)."""
    first = parts.setdefault(part, number) if part is not None else number
    return part if first == number else first


def _row(
    item: _Item, signatures: Sequence[Signature], part: bytes | int | None, known: _Known
) -> list[Any]:
    known.note(item)
    brief = [[known.brief(s.signer), s.form, s.signature] for s in signatures]
    return [item.payload, brief] if part is None else [item.payload, brief, part]


def _receipt_row(receipt: Receipt, node: int, hashes: _Hashes) -> list[Any]:
    return [
        node,
        receipt.charter,
        receipt.time,
        receipt.count,
        receipt.position,
        receipt.size,
        hashes.brief(receipt.path),
        receipt.signature,
    ]


def _number(numbers: dict[RecordId, int], record: RecordId) -> int:
    number = numbers.get(record)
    if number is None:
        raise LocalProtocolError(Reason.BUNDLE_MISSING, record.hex()[:16])
    return number


# --- decoding -----------------------------------------------------------------------------


def decode(data: bytes) -> Bundle:
    """The bundle in the bytes of one file. Any bytes give a Bundle or DecodeError.

    BUNDLE_MAGIC (no `.confed` file), BUNDLE_VERSION (of a later version), ENC_* (cut short,
    too long, not canonical), BUNDLE_FORM, or what is wrong with a payload or envelope.
    """
    return _read(data, may_carry=True)


def _read(data: bytes, *, may_carry: bool) -> Bundle:
    _check_start(data)
    _check_shape(data)
    value = codec.decode(data, max_bytes=BUNDLE_MAX_BYTES)
    try:
        file = msgspec.convert(value[2], File, builtin_types=(bytes,))
    except (msgspec.ValidationError, IndexError) as error:
        raise DecodeError(Reason.BUNDLE_FORM, str(error)) from None
    if file.files and not may_carry:
        raise DecodeError(Reason.BUNDLE_FORM, "a carried file that carries another")
    try:
        bundle, split = _full(file)
        ordered = [item.rank for item, _, _ in split]
        whole = ordered == sorted(ordered)
        again = _write(bundle, split, file.files, again=True) if whole else b""
    except LocalProtocolError as error:
        raise DecodeError(Reason.BUNDLE_FORM, error.detail) from None
    if again != data:
        raise DecodeError(Reason.BUNDLE_FORM, "not the one form of what it says")
    return bundle


def _check_start(data: bytes) -> None:
    if len(data) > BUNDLE_MAX_BYTES:
        raise DecodeError(Reason.ENC_SIZE, f"{len(data)} > {BUNDLE_MAX_BYTES} bytes")
    if not data:
        raise DecodeError(Reason.ENC_EMPTY)
    if not data.startswith(MAGIC):
        short = MAGIC.startswith(data)
        raise DecodeError(Reason.ENC_TRUNCATED if short else Reason.BUNDLE_MAGIC)
    if data[len(MAGIC) : len(MAGIC) + 1] not in (b"", bytes([VERSION])):
        raise DecodeError(Reason.BUNDLE_VERSION)


def _check_shape(data: bytes) -> None:
    """Refuse a long value that is no file before it is built: it could be fifty times its bytes.

    A short one is left to the codec, which says more exactly what is wrong (BUN-2).
    """
    if len(data) <= SHORT_BYTES:
        return
    try:
        file = msgspec.msgpack.decode(data, type=tuple[str, int, File])[2]
    except msgspec.ValidationError as error:
        raise DecodeError(Reason.BUNDLE_FORM, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return  # cut short, or no MessagePack: what came before it has the form of a file
    signatures = sum(len(row.signatures) for page in file.records for row in page)
    if signatures > BUNDLE_SIGNATURES_MAX:
        raise DecodeError(Reason.BUNDLE_FORM, f"{signatures} signatures")


def _full(file: File) -> tuple[Bundle, list[_Split]]:
    known = _Known()
    network = NetworkId(file.network)
    entries: list[Entry] = []
    split: list[_Split] = []
    for row in (row for page in file.records for row in page):
        item = _item(network, row.payload)
        known.note(item)
        signatures = tuple(
            Signature(signer=known.full(signer), form=form, signature=signature)
            for signer, form, signature in row.signatures
        )
        rows = sorted([one.signer, one.form, one.signature] for one in signatures)
        envelope = codec.encode_again([row.payload, rows])
        part = _at(entries, row.part).part if isinstance(row.part, int) else row.part
        entries.append(Entry(envelope=envelope, part=part))
        split.append((item, tuple(sorted(signatures, key=lambda s: s.signer)), part))
    ids = [item.id for item, _, _ in split]
    joined = file.hashes or b""
    if len(joined) % HASH_BYTES:
        raise DecodeError(Reason.BUNDLE_FORM, "hashes")
    hashes = [Hash(joined[at : at + HASH_BYTES]) for at in range(0, len(joined), HASH_BYTES)]
    bundle = Bundle(
        kind=file.kind,
        network=network,
        subject=RecordId(file.subject),
        entries=tuple(entries),
        proofs=tuple(
            Proof(
                record=_at(ids, row.record),
                index=row.index,
                size=row.size,
                path=tuple(_at(hashes, number) for number in row.path),
            )
            for row in file.proofs
        ),
        head=_head(file.head),
        receipts=tuple(_receipt(row, ids, hashes) for row in file.receipts),
        files=tuple(_read(data, may_carry=False) for data in file.files),
    )
    return bundle, split


def _head(row: HeadRow | None) -> SignedHead | None:
    if row is None:
        return None
    return SignedHead(size=row.size, time=row.time, signature=row.signature)


def _receipt(row: ReceiptRow, ids: Sequence[RecordId], hashes: Sequence[Hash]) -> Receipt:
    return Receipt(
        node=_at(ids, row.node),
        charter=row.charter,
        time=row.time,
        count=row.count,
        position=row.position,
        size=row.size,
        path=tuple(_at(hashes, number) for number in row.path),
        signature=row.signature,
    )


def _at(items: Sequence[_Found], number: int) -> _Found:
    if number >= len(items):
        raise DecodeError(Reason.BUNDLE_FORM, "a number past its list")
    return items[number]
