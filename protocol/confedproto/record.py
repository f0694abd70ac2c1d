"""Records: payload, id, envelope, and the one door through which bytes become trusted.

    envelope = [payload, [[signer, form, signature], ...]]
    id       = SHA-256(TAG_RECORD || network id || payload)

`open` is the only maker of `VerifiedRecord`: whoever holds one knows that the bytes are
canonical, the id is computed, the body is typed and every signature holds. Whether the
signers had the *authority* is a question of log position, answered by rules.authority.
"""

from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass
from typing import Any, Final, NamedTuple, final

import msgspec

from confedproto import codec, keys, sshsig
from confedproto.bodies import KINDS, Kind
from confedproto.bodies.types import Body
from confedproto.envelope import Signature as Signature
from confedproto.envelope import assemble as assemble
from confedproto.envelope import claimed_scope, split_again
from confedproto.envelope import split_envelope as split_envelope
from confedproto.errors import DecodeError, LocalProtocolError, Reason, VerificationError
from confedproto.ids import (
    SSHSIG_NAMESPACE,
    CouncilId,
    NetworkId,
    PublicKey,
    RecordId,
    record_id,
    signing_bytes,
)
from confedproto.parts import SALT_BYTES as SALT_BYTES
from confedproto.parts import check_part, detach
from confedproto.parts import encode_heads as encode_heads
from confedproto.parts import heads_of as heads_of
from confedproto.parts import part_of as part_of
from confedproto.parts import rows_part as rows_part
from confedproto.parts import text_hash as text_hash
from confedproto.payload import Header, Outer, read_again, typed
from confedproto.payload import parse_payload as parse_payload

FORM_RAW: Final = 0
"""Signature form 0: Ed25519 over `signing_bytes(id)` (specs/02, SIG-1)."""

_DOOR: Final = object()  # held by `open` alone: see VerifiedRecord


class _Checked(NamedTuple):
    """All of a record that its envelope says, verified; its part is still to be looked at."""

    id: RecordId
    header: Header | Outer
    kind: Kind | None
    body: Body | Mapping[str, Any]
    signers: tuple[PublicKey, ...]
    payload: bytes
    envelope: bytes


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class VerifiedRecord:
    """A record whose encoding, id, body and every signature have been checked.

    Only `open` can make one. `council` is the record's own id for a first charter;
    `body` is a plain map if the kind is unknown; `part` is the detached part, if any.
    """

    id: RecordId
    kind: str
    council: CouncilId
    charter: int
    time: int
    scope: bytes | None
    subject: RecordId | None
    body: Body | Mapping[str, Any]
    signers: tuple[PublicKey, ...]
    payload: bytes
    envelope: bytes
    part: bytes | None
    door: InitVar[object]

    def __post_init__(self, door: object) -> None:
        if door is not _DOOR:
            raise LocalProtocolError(Reason.SIG_INVALID, "records are made by record.open")

    def __reduce__(self) -> str:
        # A copy or a pickle would be a second way in.
        raise TypeError("a VerifiedRecord is opened from its bytes, never copied")

    def __init_subclass__(cls) -> None:
        raise TypeError("nothing else is a VerifiedRecord")

    def __repr__(self) -> str:
        return f"<{self.kind} {self.id.hex()[:12]} by {self.council.hex()[:12]}>"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLeaf:
    """A leaf of a log that is no valid record: kept, because the tree needs it; never counted."""

    envelope: bytes
    reason: Reason

    @property
    def scope(self) -> bytes | None:
        """To whom it claims to be limited, as far as that can be read: else it is public."""
        return claimed_scope(self.envelope)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldLeaf:
    """A leaf that this node may not see, or was not given: the tree has its hash (LOG-9)."""

    @property
    def reason(self) -> Reason:
        """Why it does not count."""
        return Reason.LEAF_WITHHELD


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainLeaf:
    """A leaf that is a record from which nothing else follows: its bytes lie in the store alone.

    `example` is a record of the same kind, council, charter version, signers and scope, which is
    all that is asked about it; one object stands for all leaves that are like it.
    """

    example: VerifiedRecord
    first: int  # the example's index in the log
    provisional: bool = False  # the signed head vouches for it, its own signatures are still due
    dropped: bool = False  # its bytes were here and are not any more, but for its hash (INT-3)

    @property
    def scope(self) -> bytes | None:
        """To whom it is limited, None: to nobody."""
        return self.example.scope


WITHHELD: Final = WithheldLeaf()
"""The one object that stands for all of them."""
Leaf = VerifiedRecord | RefusedLeaf | PlainLeaf | WithheldLeaf
"""What `open_leaf` gives is one of the first two; the view keeps the third for plain kinds."""
PlainClass = tuple[str, CouncilId, int, tuple[PublicKey, ...], bytes | None]
"""Kind, council, charter version, signers and scope: all that is ever asked of a plain record."""


def plain_class(leaf: VerifiedRecord) -> PlainClass:
    """What plain records have in common that one PlainLeaf stands for."""
    return (leaf.kind, leaf.council, leaf.charter, leaf.signers, leaf.scope)


# --- making records ------------------------------------------------------------------------


def build_payload(
    *,
    kind: str,
    council: CouncilId | None,
    charter: int,
    time: int,
    body: Body,
    subject: bytes | None = None,
    salt: bytes | None = None,
    scope: bytes | None = None,
) -> bytes:
    """The canonical payload bytes of a record to be signed. Raises LocalProtocolError.

    A list that is too long for a body stands in it by its root alone; `part_of` is the rest.
    With a `scope` there is a `salt`, 16 bytes that nobody can guess (PAY-5).
    """
    whole = msgspec.to_builtins(body, builtin_types=(bytes,))
    plain, rows = detach(KINDS.get(kind), whole)
    fields: dict[str, Any] = {
        "kind": kind,
        "charter": charter,
        "time": time,
        "body": plain,
    }
    optional = {"council": council, "subject": subject, "salt": salt, "scope": scope}
    fields.update({name: value for name, value in optional.items() if value is not None})
    payload = codec.encode(fields)
    try:
        parse_payload(payload)  # nothing is ever signed that would not open
        if rows is not None:
            typed(KINDS[kind], whole)
    except (DecodeError, VerificationError) as error:
        raise LocalProtocolError(error.reason, error.detail) from error
    return payload


def sign(network: NetworkId, payload: bytes, key: keys.SigningKey) -> Signature:
    """`key`'s raw Ed25519 signature of the record with this payload (specs/03, REC-4)."""
    message = signing_bytes(record_id(network, payload))
    return Signature(signer=key.public, form=FORM_RAW, signature=key.sign(message))


# --- opening records -------------------------------------------------------------------------


def open(
    network: NetworkId, envelope: bytes, part: bytes | None = None, *, filed: bool = False
) -> VerifiedRecord:
    """Decode, type and verify one record: the only way to a VerifiedRecord.

    `part` is the detached part that came with it. `filed`: as in a `.confed` file a first charter
    may be unsigned (BUN-4). Raises DecodeError or VerificationError; PART_MISSING, PART_MISMATCH
    and PART_UNEXPECTED mean that the carrier is at fault, all else that the author is.
    """
    return _made(_check_envelope(network, envelope, filed=filed), part)


def reopen(network: NetworkId, envelope: bytes, part: bytes | None = None) -> VerifiedRecord:
    """A record that this node has opened before, from the same bytes: it is only read again.

    For two callers alone: the store, where a signed head proves that the bytes are the same
    (LOG-6), and the loop, where a worker of this node has just opened them. Raises as `open`.
    """
    split = split_again(envelope)
    read = None if split is None else read_again(split[0])
    if split is None or read is None:
        return _made(_check_envelope(network, envelope, verified=True), part)
    header, kind, body = read
    check_part(kind, body, part)
    record, signers = record_id(network, split[0]), _signers(split[1])
    return _record(_Checked(record, header, kind, body, signers, split[0], envelope), part)


def open_bare(network: NetworkId, envelope: bytes) -> VerifiedRecord:
    """Open a record whose detached part, if it has one, is not at hand (specs/08, STA-7).

    For deriving a state from bare records alone: a store and a peer take nothing like it. What
    rests on a list that lies in the part says nothing without it: VerificationError PART_MISSING.
    """
    checked = _check_envelope(network, envelope)
    whole = checked.kind is None or isinstance(checked.body, Body)
    return _record(checked, None) if whole else _made(checked, None)


def open_leaf(network: NetworkId, envelope: bytes, part: bytes | None = None) -> Leaf:
    """Open a leaf of a log: a record, or why it is none (it stays in the tree all the same).

    Raises VerificationError PART_MISSING, PART_MISMATCH or PART_UNEXPECTED: the same leaf as
    its author made it may still open, so the carrier is refused and another one asked.
    """
    try:
        checked = _check_envelope(network, envelope)
    except (VerificationError, DecodeError) as error:
        if part is not None:
            raise VerificationError(Reason.PART_UNEXPECTED) from None
        return RefusedLeaf(envelope=envelope, reason=error.reason)
    try:
        return _made(checked, part)
    except DecodeError as error:  # the part is the one that the author hashed
        return RefusedLeaf(envelope=envelope, reason=error.reason)


def _made(checked: _Checked, part: bytes | None) -> VerifiedRecord:
    """With its part looked at, and the list that lies in it; raises as `check_part`."""
    kind, body = checked.kind, checked.body
    if kind is None or not kind.rows or isinstance(body, Body):
        check_part(kind, body, part)
        return _record(checked, part)
    if part is None:
        raise VerificationError(Reason.PART_MISSING)
    whole = parse_payload(checked.payload, part)[2]
    return _record(checked._replace(body=whole), part)


def _record(checked: _Checked, part: bytes | None) -> VerifiedRecord:
    record, header, _, body, signers, payload, envelope = checked
    return VerifiedRecord(
        id=record,
        kind=header.kind,
        council=CouncilId(record if header.council is None else header.council),
        charter=header.charter,
        time=header.time,
        scope=header.scope,
        subject=None if header.subject is None else RecordId(header.subject),
        body=body,
        signers=signers,
        payload=payload,
        envelope=envelope,
        part=part,
        door=_DOOR,
    )


def _check_envelope(
    network: NetworkId, envelope: bytes, *, verified: bool = False, filed: bool = False
) -> _Checked:
    payload, signatures = split_envelope(envelope, bare=filed)
    header, kind, body = parse_payload(payload)
    if not signatures and header.council is not None:
        raise DecodeError(Reason.UNSIGNED)
    record = record_id(network, payload)
    message = signing_bytes(record)
    for signature in () if verified else signatures:
        try:
            check_signature(signature, message)
        except VerificationError as error:
            raise VerificationError(error.reason, error.detail, record) from None
    return _Checked(record, header, kind, body, _signers(signatures), payload, envelope)


def _signers(signatures: Iterable[Signature]) -> tuple[PublicKey, ...]:
    return tuple([signature.signer for signature in signatures])


def check_signature(signature: Signature, message: bytes) -> None:
    """Return if a signature over `signing_bytes` holds (SIG-1). Raises VerificationError."""
    if signature.form == FORM_RAW:
        keys.verify(signature.signer, message, signature.signature)
    else:  # an SSH key signed the same message in its own wrapping (SSH-8), or SIG_FORM
        sshsig.verify_compact(
            signature.signer, signature.form, SSHSIG_NAMESPACE, message, signature.signature
        )
