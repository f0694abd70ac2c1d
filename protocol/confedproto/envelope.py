"""The bytes of an envelope: their form checked, and nothing verified (specs/03, REC).

    envelope = [payload, [[signer, form, signature], ...]]

`record` is the door to trust; here is what is read of bytes that nobody has opened yet.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Final, final

import msgspec
from msgspec import Meta

from confedproto import codec
from confedproto.errors import DecodeError, Reason
from confedproto.ids import PublicKey
from confedproto.limits import SIGNATURES_MAX

PUBLIC_KINDS: Final = frozenset(
    {
        *("charter", "node", "link", "guest", "unlink", "suspension", "fork-proof", "carried"),
        *("witness", "compact", "accession", "exit"),
    }
)
"""Kinds that have no scope: authority, links, membership and time rest on them (PAY-6)."""


@final
class Signature(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, array_like=True, forbid_unknown_fields=True
):
    """One signature of an envelope; `form` says how the signed bytes were wrapped."""

    signer: PublicKey
    form: int
    signature: bytes


class _Envelope(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The array that an envelope is (specs/03, REC-1)."""

    payload: bytes
    signatures: Annotated[tuple[Signature, ...], Meta(max_length=SIGNATURES_MAX)]


_AGAIN: Final = codec.Again(_Envelope)


def assemble(payload: bytes, signatures: Iterable[Signature]) -> bytes:
    """The envelope of `payload` with these signatures, in the one accepted order."""
    rows = sorted([s.signer, s.form, s.signature] for s in signatures)
    return codec.encode([payload, rows])


def claimed_scope(envelope: bytes) -> bytes | None:
    """The scope that an envelope's payload names, however wrong the rest of it is, or None."""
    try:
        match codec.decode(envelope):
            case [bytes(payload), *_]:
                value = codec.decode(payload)
            case _:
                return None
    except DecodeError:
        return None
    scope = value.get("scope") if isinstance(value, dict) else None
    return scope if isinstance(scope, bytes) else None


def split_envelope(envelope: bytes, *, bare: bool = False) -> tuple[bytes, tuple[Signature, ...]]:
    """Payload and signatures of an envelope, shape and order checked, nothing verified.

    `bare`: none is as good as any, as of a first charter in a file (BUN-4). Raises DecodeError
    ENC_*, ENVELOPE_FORM, UNSIGNED, SIGNER_ORDER, SIGNER_DUPLICATE.
    """
    try:
        split = msgspec.convert(codec.decode(envelope), _Envelope, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise DecodeError(Reason.ENVELOPE_FORM, str(error)) from None
    if not split.signatures and not bare:
        raise DecodeError(Reason.UNSIGNED)
    for one, next_ in pairwise(split.signatures):
        if one.signer == next_.signer:
            raise DecodeError(Reason.SIGNER_DUPLICATE)
        if one.signer > next_.signer:
            raise DecodeError(Reason.SIGNER_ORDER)
    return split.payload, split.signatures


def split_again(envelope: bytes) -> tuple[bytes, tuple[Signature, ...]] | None:
    """`split_envelope` of bytes that it has split before; None: ask it again."""
    split = _AGAIN.read(envelope)
    return None if split is None else (split.payload, split.signatures)
