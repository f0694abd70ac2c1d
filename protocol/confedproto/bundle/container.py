"""The container of a `.confed` file: bytes and nothing proved (specs/12, BUN-1 to BUN-6).

    file = ["confed", 1, {kind, network, subject, records, hashes, head, proofs, receipts}]

A `Bundle` says in full what the file says in brief: signers that an earlier record of the
file names stand as numbers, hashes that several paths share stand once, and a head or
witness record that is only there to be verified stands as its fields. One bundle has one
file and one file one bundle: `decode` takes only what `encode` would write.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from confedproto import codec
from confedproto.bodies.charter import Charter
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.node import Node
from confedproto.bodies.types import Bytes32, Count, Number, Size, Time
from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.ids import Hash, NetworkId, PublicKey, RecordId, record_id
from confedproto.limits import (
    ARRAY_MAX,
    BUNDLE_MAX_BYTES,
    LOG_MAX_SIZE,
    PART_MAX_BYTES,
    PROOF_MAX_HASHES,
    RECORD_MAX_BYTES,
    SIGNATURES_MAX,
    WITNESS_HEADS_MAX,
)
from confedproto.merkle import HASH_BYTES
from confedproto.record import Signature, assemble, parse_payload, split_envelope

MAGIC: Final = b"\x93\xa6confed"
"""How every `.confed` file begins: an array of three, and a text of six bytes (BUN-1)."""
VERSION: Final = 1

BundleKind = Literal["mandate", "act", "certificate", "record"]
"""What a file is for; it says which record is the subject and what must be beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record as it stands in a file: its envelope and its detached part, if it has one."""

    envelope: bytes
    part: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Where a record stands in the subject's log: at `index` of the tree of `size` leaves."""

    record: RecordId
    index: int
    size: int
    path: tuple[Hash, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """The newest head of the subject's log; its root is the one that the proofs lead to."""

    size: int
    time: int
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A witness record that named the subject's log at `size`.

    `node` is the node record whose key signed it under charter version `charter` at `time`;
    the log stands at `position` of its `count` heads, and `path` shows that.
    """

    node: RecordId
    charter: int
    time: int
    count: int
    position: int
    size: int
    path: tuple[Hash, ...]
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Everything that a file says, as it says it: whether it is true is for `evidence.prove`."""

    kind: BundleKind
    network: NetworkId
    subject: RecordId
    entries: tuple[Entry, ...]
    proofs: tuple[Proof, ...] = ()
    head: SignedHead | None = None
    receipts: tuple[Receipt, ...] = ()


_Item = TypeVar("_Item", bound=bytes)

# --- the form of the file -----------------------------------------------------------------

_Index = Annotated[int, Meta(ge=0, lt=LOG_MAX_SIZE)]
_Path = Annotated[tuple[Annotated[int, Meta(ge=0)], ...], Meta(max_length=PROOF_MAX_HASHES)]
_Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]
_Signer = Annotated[int, Meta(ge=0)] | Bytes32


class _Row(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A record: payload, signatures in the envelope's order, detached part."""

    payload: Annotated[bytes, Meta(max_length=RECORD_MAX_BYTES)]
    signatures: Annotated[
        tuple[tuple[_Signer, Annotated[int, Meta(ge=0, le=255)], bytes], ...],
        Meta(min_length=1, max_length=SIGNATURES_MAX),
    ]
    part: Annotated[bytes, Meta(max_length=PART_MAX_BYTES)] | None = None


class _ProofRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    record: Count
    index: _Index
    size: Size
    path: _Path


class _HeadRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    size: Size
    time: Time
    signature: _Signature


class _ReceiptRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    node: Count
    charter: Number
    time: Time
    count: Annotated[int, Meta(ge=1, le=WITNESS_HEADS_MAX)]
    position: Annotated[int, Meta(ge=0, lt=WITNESS_HEADS_MAX)]
    size: Size
    path: _Path
    signature: _Signature


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: BundleKind
    network: Bytes32
    subject: Bytes32
    records: Annotated[tuple[tuple[_Row, ...], ...], Meta(min_length=1, max_length=ARRAY_MAX)]
    hashes: bytes | None = None
    head: _HeadRow | None = None
    proofs: Annotated[tuple[_ProofRow, ...], Meta(max_length=ARRAY_MAX)] = ()
    receipts: Annotated[tuple[_ReceiptRow, ...], Meta(max_length=ARRAY_MAX)] = ()


# --- what both ways share -----------------------------------------------------------------


class _Known:
    """The keys that the records of a file have named so far, in order (BUN-4)."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self._numbers: dict[bytes, int] = {}

    def note(self, payload: bytes) -> None:
        """Take up the keys in a payload: keyholders, a node key, a delegate's key."""
        body = parse_payload(payload)[2]
        match body:
            case Charter():
                named: Iterable[bytes] = body.keys
            case Node():
                named = (body.key,)
            case Mandate():
                named = (body.delegate,)
            case _:
                named = ()
        for key in named:
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


def _rank(network: NetworkId, payload: bytes) -> tuple[int, bytes, int]:
    """Charters by council and version, node records by council, the rest by id (BUN-3)."""
    header, _, body = parse_payload(payload)
    record = record_id(network, payload)
    match body:
        case Charter():
            return 0, header.council or record, header.charter
        case Node():
            return 1, header.council or record, body.number
        case _:
            return 2, record, 0


# --- encoding -----------------------------------------------------------------------------


def encode(bundle: Bundle) -> bytes:
    """The file of a bundle; entries, proofs and receipts may come in any order.

    Raises LocalProtocolError: BUNDLE_MISSING where a proof or receipt names a record that is
    not there, ENC_SIZE above BUNDLE_MAX_BYTES. Envelopes must open.
    """
    ordered = sorted(bundle.entries, key=lambda e: _rank(bundle.network, _payload(e)))
    ids = [record_id(bundle.network, _payload(entry)) for entry in ordered]
    numbers = {record: number for number, record in enumerate(ids)}
    if len(numbers) != len(ids):
        raise LocalProtocolError(Reason.BUNDLE_FORM, "a record twice")
    known, hashes = _Known(), _Hashes()
    rows = [_row(entry, known) for entry in ordered]
    body: dict[str, Any] = {
        "kind": bundle.kind,
        "network": bundle.network,
        "subject": bundle.subject,
        "records": [rows[at : at + ARRAY_MAX] for at in range(0, len(rows), ARRAY_MAX)],
    }
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
    return codec.encode(["confed", VERSION, body], max_bytes=BUNDLE_MAX_BYTES)


def _payload(entry: Entry) -> bytes:
    return split_envelope(entry.envelope)[0]


def _row(entry: Entry, known: _Known) -> list[Any]:
    payload, signatures = split_envelope(entry.envelope)
    known.note(payload)
    row: list[Any] = [payload, [[known.brief(s.signer), s.form, s.signature] for s in signatures]]
    return row if entry.part is None else [*row, entry.part]


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
    _check_start(data)
    value = codec.decode(data, max_bytes=BUNDLE_MAX_BYTES)
    try:
        file = msgspec.convert(value[2], _File)
    except (msgspec.ValidationError, IndexError) as error:
        raise DecodeError(Reason.BUNDLE_FORM, str(error)) from None
    try:
        bundle = _full(file)
        again = encode(bundle)
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


def _full(file: _File) -> Bundle:
    known = _Known()
    network = NetworkId(file.network)
    entries: list[Entry] = []
    ids: list[RecordId] = []
    for row in (row for page in file.records for row in page):
        known.note(row.payload)
        signatures = [
            Signature(signer=known.full(signer), form=form, signature=signature)
            for signer, form, signature in row.signatures
        ]
        entries.append(Entry(envelope=assemble(row.payload, signatures), part=row.part))
        ids.append(record_id(network, row.payload))
    joined = file.hashes or b""
    if len(joined) % HASH_BYTES:
        raise DecodeError(Reason.BUNDLE_FORM, "hashes")
    hashes = [Hash(joined[at : at + HASH_BYTES]) for at in range(0, len(joined), HASH_BYTES)]
    return Bundle(
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
    )


def _head(row: _HeadRow | None) -> SignedHead | None:
    if row is None:
        return None
    return SignedHead(size=row.size, time=row.time, signature=row.signature)


def _receipt(row: _ReceiptRow, ids: Sequence[RecordId], hashes: Sequence[Hash]) -> Receipt:
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


def _at(items: Sequence[_Item], number: int) -> _Item:
    if number >= len(items):
        raise DecodeError(Reason.BUNDLE_FORM, "a number past its list")
    return items[number]
