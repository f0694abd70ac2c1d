"""Plain records at a glance: the common form of a statement, read without building a record.

A plain record has no effect on anything else, and thousands come in a row. Of each a node asks
only who signed it as what, and whether it is sound. `glance` says the first of what has the
common form, some ten times faster than `record.open`; of anything else it says nothing, and
`record.open_leaf` says what it is.
"""

from itertools import pairwise
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from confedproto import codec
from confedproto.bodies.types import Bytes32, Text, Time
from confedproto.clean import text_is_clean
from confedproto.errors import VerificationError
from confedproto.ids import CouncilId, NetworkId, record_id, signing_bytes
from confedproto.limits import RECORD_MAX_BYTES, SIGNATURES_MAX
from confedproto.record import PlainClass, Signature, check_signature


class _Text(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    text: Text


class _Payload(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The payload of a statement that has a text alone, in the order of its bytes."""

    body: _Text
    charter: Annotated[int, Meta(ge=0, le=1_000_000)]
    council: Bytes32
    kind: Literal["statement"]
    time: Time


class _Envelope(msgspec.Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    payload: bytes
    signatures: Annotated[tuple[Signature, ...], Meta(min_length=1, max_length=SIGNATURES_MAX)]


class Glance(msgspec.Struct, frozen=True, gc=False):
    """What an envelope is, if its signatures hold."""

    alike: PlainClass
    payload: bytes
    signatures: tuple[Signature, ...]


_ENVELOPE = codec.Exact(_Envelope)
_PAYLOAD = codec.Exact(_Payload)


def glance(envelope: bytes) -> Glance | None:
    """The plain record in these bytes, no signature verified; None where it takes a longer look."""
    if len(envelope) > RECORD_MAX_BYTES:
        return None
    split = _ENVELOPE.read(envelope)
    if split is None:
        return None
    payload = _PAYLOAD.read(split.payload)
    if payload is None or not text_is_clean(payload.body.text):
        return None
    signers = tuple([signature.signer for signature in split.signatures])
    if len(signers) > 1 and any(next_ <= one for one, next_ in pairwise(signers)):
        return None
    return Glance(
        (payload.kind, CouncilId(payload.council), payload.charter, signers, None),
        split.payload,
        split.signatures,
    )


def holds(network: NetworkId, seen: Glance) -> bool:
    """Whether every signature of it holds."""
    message = signing_bytes(record_id(network, seen.payload))
    try:
        for signature in seen.signatures:
            check_signature(signature, message)
    except VerificationError:
        return False
    return True
