"""Sign requests: what is to be signed, by whom, and who has signed (specs/04, SRQ).

A file of canonical bytes: the array `["confed-sign", 1, network, payload, part, keys,
threshold, signatures]`, where part is empty bytes if there is none. It grants nothing: keys
and threshold are what the drafter says they are, and the node checks the record itself.
Requests for one payload join, in any order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from confedproto import codec, keys, record, sshsig
from confedproto.errors import DecodeError, Reason, VerificationError
from confedproto.ids import SSHSIG_NAMESPACE, NetworkId, PublicKey, RecordId, record_id
from confedproto.ids import signing_bytes as _signing_bytes
from confedproto.keys import SigningKey
from confedproto.limits import KEYHOLDERS_MAX, RECORD_MAX_BYTES, ROWS_MAX_BYTES
from confedproto.record import FORM_RAW, Signature

MAGIC: Final = "confed-sign"
VERSION: Final = 1
FILE_MAX_BYTES: Final = RECORD_MAX_BYTES + ROWS_MAX_BYTES + 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class SignRequest:
    """A payload, who is asked to sign it, and the signatures so far (each verified)."""

    network: NetworkId
    payload: bytes
    part: bytes | None
    keys: tuple[PublicKey, ...]
    threshold: int
    signatures: tuple[Signature, ...] = ()

    @property
    def id(self) -> RecordId:
        """The id of the record that this will be."""
        return record_id(self.network, self.payload)

    @property
    def message(self) -> bytes:
        """What each keyholder signs, in whatever form (REC-4)."""
        return _signing_bytes(self.id)

    @property
    def signed(self) -> tuple[PublicKey, ...]:
        """The asked keys that have signed."""
        done = {signature.signer for signature in self.signatures}
        return tuple(key for key in self.keys if key in done)

    @property
    def complete(self) -> bool:
        """Whether as many of the asked keys have signed as must."""
        return len(self.signed) >= self.threshold

    @property
    def envelope(self) -> bytes:
        """The record with the signatures so far."""
        return record.assemble(self.payload, self.signatures)

    def add(self, signature: Signature) -> "SignRequest":
        """With one more signature, checked. Raises VerificationError."""
        verify(signature, self.message)
        others = [s for s in self.signatures if s.signer != signature.signer]
        joined = sorted([*others, signature], key=lambda s: s.signer)
        return replace(self, signatures=tuple(joined))

    def sign(self, key: SigningKey) -> "SignRequest":
        """With `key`'s raw signature."""
        return self.add(record.sign(self.network, self.payload, key))


def verify(signature: Signature, message: bytes) -> None:
    """Return if one signature over `message` holds. Raises VerificationError."""
    if signature.form == FORM_RAW:
        keys.verify(signature.signer, message, signature.signature)
    else:
        sshsig.verify_compact(
            signature.signer, signature.form, SSHSIG_NAMESPACE, message, signature.signature
        )


def encode(request: SignRequest) -> bytes:
    """The bytes of the file (SRQ-1)."""
    rows = [[s.signer, s.form, s.signature] for s in request.signatures]
    value = [
        MAGIC,
        VERSION,
        request.network,
        request.payload,
        request.part or b"",
        list(request.keys),
        request.threshold,
        rows,
    ]
    return codec.encode(value, max_bytes=FILE_MAX_BYTES)


def decode(data: bytes) -> SignRequest:
    """Read a file; every signature in it is verified. Raises DecodeError, VerificationError."""
    match codec.decode(data, max_bytes=FILE_MAX_BYTES):
        case [
            str(magic),
            int(version),
            bytes(network),
            bytes(payload),
            bytes(part),
            list(asked),
            int(threshold),
            list(rows),
        ] if magic == MAGIC and version == VERSION and len(network) == 32:
            pass
        case _:
            raise DecodeError(Reason.ENVELOPE_FORM, "no sign request")
    if not 0 < len(asked) <= KEYHOLDERS_MAX or not 0 < threshold <= len(asked):
        raise DecodeError(Reason.ENVELOPE_FORM, "keys of a sign request")
    if any(type(key) is not bytes or len(key) != 32 for key in asked):
        raise DecodeError(Reason.ENVELOPE_FORM, "keys of a sign request")
    record.parse_payload(payload, part or None)
    request = SignRequest(
        network=NetworkId(network),
        payload=payload,
        part=part or None,
        keys=tuple(PublicKey(bytes(key)) for key in asked),
        threshold=threshold,
    )
    for row in rows:
        match row:
            case [bytes(signer), int(form), bytes(signature)]:
                one = Signature(signer=PublicKey(signer), form=form, signature=signature)
                request = request.add(one)
            case _:
                raise DecodeError(Reason.ENVELOPE_FORM, "a signature of a sign request")
    return request


def join(requests: Iterable[SignRequest]) -> SignRequest:
    """All signatures of requests for one payload. Raises VerificationError for two payloads."""
    whole: SignRequest | None = None
    for request in requests:
        if whole is None:
            whole = request
            continue
        if request.id != whole.id:
            raise VerificationError(Reason.ENVELOPE_FORM, "requests for two different records")
        for signature in request.signatures:
            whole = whole.add(signature)
    if whole is None:
        raise VerificationError(Reason.ENVELOPE_FORM, "no request")
    return whole
