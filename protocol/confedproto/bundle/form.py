"""The rows of a `.confed` file, as msgspec checks them after decoding (specs/12, BUN-2).

Numbers in rows count from 0: a record's in the file, a key's among those that its records
name, a hash's among `hashes`.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from confedproto.bodies.types import Bytes32, Count, Number, Size, Time
from confedproto.limits import (
    ARRAY_MAX,
    BUNDLE_FILES_MAX,
    BUNDLE_SIGNATURES_MAX,
    LOG_MAX_SIZE,
    PROOF_MAX_HASHES,
    RECORD_MAX_BYTES,
    ROWS_MAX_BYTES,
    SIGNATURES_MAX,
    WITNESS_HEADS_MAX,
)

BundleKind = Literal["mandate", "act", "certificate", "record"]
"""What a file is for; it says which record is the subject and what must be beside it."""

_Index = Annotated[int, Meta(ge=0, lt=LOG_MAX_SIZE)]
_Path = Annotated[tuple[Annotated[int, Meta(ge=0)], ...], Meta(max_length=PROOF_MAX_HASHES)]
_Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]
_AnyForm = Annotated[bytes, Meta(min_length=64)]  # what wraps an Ed25519 signature is longer
_Signer = Annotated[int, Meta(ge=0)] | Bytes32


class RecordRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A record: payload, signatures in the envelope's order, detached part.

    A first charter may stand without signatures, nothing else (BUN-4).
    A part that an earlier record of the file has stands as the number of that record.
    """

    payload: Annotated[bytes, Meta(max_length=RECORD_MAX_BYTES)]
    signatures: Annotated[
        tuple[tuple[_Signer, Annotated[int, Meta(ge=0, le=255)], _AnyForm], ...],
        Meta(max_length=SIGNATURES_MAX),
    ]
    part: Annotated[bytes, Meta(max_length=ROWS_MAX_BYTES)] | Count | None = None


class ProofRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a record stands: record number, index, tree size, numbers of the path's hashes."""

    record: Count
    index: _Index
    size: Size
    path: _Path


class HeadRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The newest head, without what follows from it: the log and the root."""

    size: Size
    time: Time
    signature: _Signature


class ReceiptRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A witness record, without what follows from it: council, log and roots."""

    node: Count
    charter: Number
    time: Time
    count: Annotated[int, Meta(ge=1, le=WITNESS_HEADS_MAX)]
    position: Annotated[int, Meta(ge=0, lt=WITNESS_HEADS_MAX)]
    size: Size
    path: _Path
    signature: _Signature


Page = Annotated[tuple[RecordRow, ...], Meta(max_length=ARRAY_MAX)]
PAGES_MAX = BUNDLE_SIGNATURES_MAX // ARRAY_MAX  # of records there are no more than that (BUN-2)


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The map that is the file's third item; `records` come in pages of ARRAY_MAX.

    `files` are whole files that it carries (BUN-20).
    """

    kind: BundleKind
    network: Bytes32
    subject: Bytes32
    records: Annotated[tuple[Page, ...], Meta(min_length=1, max_length=PAGES_MAX)]
    files: Annotated[tuple[bytes, ...], Meta(max_length=BUNDLE_FILES_MAX)] = ()
    hashes: bytes | None = None
    head: HeadRow | None = None
    proofs: Annotated[tuple[ProofRow, ...], Meta(max_length=ARRAY_MAX)] = ()
    receipts: Annotated[tuple[ReceiptRow, ...], Meta(max_length=ARRAY_MAX)] = ()
