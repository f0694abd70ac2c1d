"""One council's log: signed heads, and runs of leaves that must meet them (specs/03, LOG).

A head is `[payload, signature]` with payload `{log, root, size, time}`, signed by the log's
node key over TAG_HEAD || network id || payload. A run is a stretch of leaves with the head
it leads to; it is checked whole before anything of it is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

import msgspec

from confedproto import codec, keys, merkle, record
from confedproto.bodies.types import Bytes32, Size, Time
from confedproto.errors import DecodeError, Reason, VerificationError
from confedproto.ids import TAG_HEAD, Hash, LogId, NetworkId, PublicKey
from confedproto.limits import CLOCK_AHEAD_MAX_S, HEAD_CACHE_MAX, HEAD_MAX_BYTES, RUN_MAX_RECORDS


class _HeadPayload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    log: Bytes32
    size: Size
    root: Bytes32
    time: Time


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A log's size (leaves), root and time (seconds UTC), as its node signed them."""

    log: LogId
    size: int
    root: Hash
    time: int
    envelope: bytes


def sign_head(
    network: NetworkId, key: keys.SigningKey, *, log: LogId, size: int, root: Hash, time: int
) -> Head:
    """The head of `log` at `size`, signed by its node key (LOG-3)."""
    payload = codec.encode({"log": log, "size": size, "root": root, "time": time})
    envelope = codec.encode([payload, key.sign(TAG_HEAD + network + payload)])
    return Head(log=log, size=size, root=root, time=time, envelope=envelope)


def _split(envelope: bytes) -> tuple[_HeadPayload, bytes, bytes]:
    value: Any = codec.decode(envelope, max_bytes=HEAD_MAX_BYTES)
    match value:
        case [bytes(payload), bytes(signature)]:
            pass
        case _:
            raise DecodeError(Reason.HEAD_FORM)
    try:
        fields = msgspec.convert(codec.decode(payload), _HeadPayload, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise DecodeError(Reason.HEAD_FORM, str(error)) from None
    return fields, payload, signature


def head_log(envelope: bytes) -> LogId:
    """The log that an unverified head claims to be of. Raises DecodeError."""
    return LogId(_split(envelope)[0].log)


def head_size(envelope: bytes) -> int:
    """The size that an unverified head claims (leaves). Raises DecodeError."""
    return _split(envelope)[0].size


def head_time(envelope: bytes) -> int:
    """The time that an unverified head claims (seconds UTC). Raises DecodeError."""
    return _split(envelope)[0].time


@lru_cache(maxsize=HEAD_CACHE_MAX)
def open_head(network: NetworkId, key: PublicKey, envelope: bytes) -> Head:
    """Decode a head and verify `key`'s signature. Raises DecodeError or VerificationError.

    Remembers the last good ones: all runs of a catch-up come under one head.
    """
    fields, payload, signature = _split(envelope)
    try:
        keys.verify(key, TAG_HEAD + network + payload, signature)
    except VerificationError as error:
        raise VerificationError(Reason.HEAD_SIGNATURE, str(error)) from None
    return Head(
        log=LogId(fields.log),
        size=fields.size,
        root=Hash(fields.root),
        time=fields.time,
        envelope=envelope,
    )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LeafFault:
    """Proof that a log's node signed a head over a leaf that is no record (SYN-12).

    Whoever knows the node key can check it; `path` is the leaf's inclusion proof.
    """

    head: bytes
    index: int
    envelope: bytes
    path: tuple[Hash, ...]


def leaf_fault(tree: merkle.Tree, head: Head, index: int, envelope: bytes) -> LeafFault:
    """The proof about a leaf below `head`. Raises LocalProtocolError LOG_INDEX."""
    path = tuple(tree.inclusion(index, head.size))
    return LeafFault(head=head.envelope, index=index, envelope=envelope, path=path)


def check_leaf_fault(network: NetworkId, key: PublicKey, fault: LeafFault) -> Reason | None:
    """Why the leaf is no record; None if it is one, and the proof shows nothing.

    Raises DecodeError or VerificationError HEAD_* or PROOF_* for a proof that does not hold.
    """
    head = open_head(network, key, fault.head)
    leaf = merkle.leaf_hash(fault.envelope)
    merkle.verify_inclusion(leaf, fault.index, head.size, head.root, fault.path)
    found = record.open_leaf(network, fault.envelope)
    return found.reason if isinstance(found, record.RefusedLeaf) else None


def check_run(
    tree: merkle.Tree,
    start: int,
    leaves: Sequence[bytes],
    head: Head,
    proof: Sequence[Hash],
    now: int,
) -> list[Hash]:
    """Check that `leaves`, put at `start`, lead from `tree` to `head`; returns their hashes.

    When the run ends before the head, `proof` is the consistency proof from its end to the
    head (LOG-5). Nothing is changed. Raises VerificationError LOG_INDEX, HEAD_AHEAD,
    ROOT_MISMATCH or PROOF_*.
    """
    hashes = merkle.leaf_hashes(leaves)
    check_hash_run(tree, start, hashes, head, proof, now)
    return hashes


def check_hash_run(
    tree: merkle.Tree,
    start: int,
    hashes: Sequence[Hash],
    head: Head,
    proof: Sequence[Hash],
    now: int,
) -> None:
    """As `check_run`, of leaves that may be withheld: their hashes alone are known (LOG-9)."""
    if start != tree.size or not 0 < len(hashes) <= RUN_MAX_RECORDS:
        raise VerificationError(Reason.LOG_INDEX, f"run at {start}, log has {tree.size}")
    check_hashes(tree, hashes, head, proof)
    if head.time > now + CLOCK_AHEAD_MAX_S:
        raise VerificationError(Reason.HEAD_AHEAD)  # last: what is held for its time holds else


def check_hashes(
    tree: merkle.Tree, hashes: Sequence[Hash], head: Head, proof: Sequence[Hash]
) -> None:
    """Check that leaves with these hashes lead from `tree` to `head` (LOG-5, LOG-9).

    A withheld leaf stands in a log by its hash alone, so this is all that the tree asks of
    whoever may not see it. Raises VerificationError LOG_INDEX, ROOT_MISMATCH or PROOF_*.
    """
    frontier = tree.foresee(hashes)
    if frontier.size > head.size:
        raise VerificationError(Reason.LOG_INDEX, "a run past its head")
    if frontier.size == head.size:
        if proof or frontier.root() != head.root:
            raise VerificationError(Reason.ROOT_MISMATCH)
        return
    merkle.verify_consistency(frontier.size, frontier.root(), head.size, head.root, proof)
