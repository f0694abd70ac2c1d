"""SSHSIG: signatures that keyholders make with `ssh-keygen -Y sign`, an agent or a FIDO key.

Two key types (`ssh-ed25519`, `sk-ssh-ed25519@openssh.com`), one hash (sha512), one namespace
at a time, and for FIDO keys one application (`ssh:`). All that a verifier needs beside key
and message then fits a compact form of 64 or 69 bytes, which is what envelopes carry.
Source: specs/02, SSH-1 to SSH-9; OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

from confedproto import keys
from confedproto.errors import DecodeError, Reason, VerificationError
from confedproto.ids import PublicKey
from confedproto.limits import SSHSIG_MAX_BYTES, TEXT_FORM_MAX_CHARS

FORM_SSH: Final = 1
"""Envelope form of `ssh-ed25519`: the 64-byte signature over the SSHSIG preimage."""
FORM_SSH_SK: Final = 2
"""Envelope form of `sk-ssh-ed25519@openssh.com`: signature (64), flags (1), counter (4)."""
COMPACT_BYTES: Final = {FORM_SSH: 64, FORM_SSH_SK: 69}

_MAGIC: Final = b"SSHSIG"
_VERSION: Final = 1
_HASH: Final = b"sha512"
_KEY_TYPES: Final = {b"ssh-ed25519": FORM_SSH, b"sk-ssh-ed25519@openssh.com": FORM_SSH_SK}
_SK_APPLICATION: Final = b"ssh:"
_USER_PRESENT: Final = 0x01
_ARMOR_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_ARMOR_END: Final = "-----END SSH SIGNATURE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class SshSignature:
    """What an SSHSIG blob says; nothing in it is verified yet.

    `key` is the 32-byte Ed25519 key it claims, `signature` the compact form for `form`.
    """

    form: int
    key: bytes
    namespace: bytes
    signature: bytes


class _Reader:
    """Takes SSH wire fields off a blob; every length is checked against what is left."""

    __slots__ = ("_data", "_offset")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    def take(self, length: int) -> bytes:
        end = self._offset + length
        if end > len(self._data):
            raise DecodeError(Reason.SSHSIG_FORM, "a field is longer than the blob")
        taken = self._data[self._offset : end]
        self._offset = end
        return taken

    def uint32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.uint32())

    def end(self) -> None:
        if self._offset != len(self._data):
            raise DecodeError(Reason.SSHSIG_FORM, "bytes after the last field")


def parse(blob: bytes) -> SshSignature:
    """Read the binary of an SSHSIG file, exactly and completely (SSH-3).

    Raises DecodeError: SSHSIG_MAGIC, SSHSIG_VERSION, SSHSIG_KEY (another key type, key
    length or FIDO application), SSHSIG_NAMESPACE (empty), SSHSIG_HASH (not sha512),
    SSHSIG_FORM (any other structure, such as trailing bytes or a filled reserved field).
    """
    if len(blob) > SSHSIG_MAX_BYTES:
        raise DecodeError(Reason.SSHSIG_FORM, f"more than {SSHSIG_MAX_BYTES} bytes")
    if not blob.startswith(_MAGIC):
        raise DecodeError(Reason.SSHSIG_MAGIC)
    reader = _Reader(blob)
    reader.take(len(_MAGIC))
    version = reader.uint32()
    if version != _VERSION:
        raise DecodeError(Reason.SSHSIG_VERSION, f"version {version}")
    form, key = _parse_key(reader.string())
    namespace = reader.string()
    if not namespace:
        raise DecodeError(Reason.SSHSIG_NAMESPACE, "empty")
    if reader.string():
        raise DecodeError(Reason.SSHSIG_FORM, "the reserved field is not empty")
    if reader.string() != _HASH:
        raise DecodeError(Reason.SSHSIG_HASH, "not sha512")
    signature = _parse_signature(form, reader.string())
    reader.end()
    return SshSignature(form=form, key=key, namespace=namespace, signature=signature)


def _parse_key(blob: bytes) -> tuple[int, bytes]:
    reader = _Reader(blob)
    form = _KEY_TYPES.get(reader.string())
    if form is None:
        raise DecodeError(Reason.SSHSIG_KEY, "neither ssh-ed25519 nor sk-ssh-ed25519")
    key = reader.string()
    if len(key) != keys.KEY_BYTES:
        raise DecodeError(Reason.SSHSIG_KEY, f"a key of {len(key)} bytes")
    if form == FORM_SSH_SK and reader.string() != _SK_APPLICATION:
        raise DecodeError(Reason.SSHSIG_KEY, "a FIDO application other than ssh:")
    reader.end()
    return form, key


def _parse_signature(form: int, blob: bytes) -> bytes:
    reader = _Reader(blob)
    if _KEY_TYPES.get(reader.string()) != form:
        raise DecodeError(Reason.SSHSIG_FORM, "the signature is of another type than the key")
    signature = reader.string()
    if len(signature) != keys.SIGNATURE_BYTES:
        raise DecodeError(Reason.SSHSIG_FORM, f"a signature of {len(signature)} bytes")
    if form == FORM_SSH_SK:
        signature += reader.take(5)
    reader.end()
    return signature


def compact(blob: bytes) -> tuple[int, bytes]:
    """The form and compact signature of an SSHSIG blob, for an envelope (SSH-8).

    What is dropped (key, namespace) is given again to `verify_compact`. Raises as `parse`.
    """
    parsed = parse(blob)
    return parsed.form, parsed.signature


def verify(key: PublicKey, namespace: bytes, message: bytes, blob: bytes) -> None:
    """Return if `blob` is an SSHSIG by `key` in `namespace` over `message` (SSH-4 to SSH-7).

    Raises DecodeError as `parse`; VerificationError SSHSIG_KEY (another key), SSHSIG_NAMESPACE
    (another namespace), and as `verify_compact`.
    """
    parsed = parse(blob)
    if parsed.key != key:
        raise VerificationError(Reason.SSHSIG_KEY, "made by another key")
    if parsed.namespace != namespace:
        raise VerificationError(Reason.SSHSIG_NAMESPACE, "made for another namespace")
    verify_compact(key, parsed.form, namespace, message, parsed.signature)


def verify_compact(
    key: PublicKey, form: int, namespace: bytes, message: bytes, signature: bytes
) -> None:
    """Return if the compact `signature` of this `form` by `key` holds (SSH-5 to SSH-8).

    Raises VerificationError: SIG_FORM (not 1 or 2), SIG_LENGTH (not the form's length),
    SSHSIG_FLAGS (no user was present), and as `keys.verify`.
    """
    expected = COMPACT_BYTES.get(form)
    if expected is None:
        raise VerificationError(Reason.SIG_FORM, f"form {form}")
    keys.check_public_key(key)  # first, as SIG-6 orders the reasons
    if len(signature) != expected:
        raise VerificationError(Reason.SIG_LENGTH, f"{len(signature)} bytes, not {expected}")
    signed = preimage(namespace, message)
    if form == FORM_SSH:
        keys.verify(key, signed, signature)
        return
    if not signature[64] & _USER_PRESENT:
        raise VerificationError(Reason.SSHSIG_FLAGS, "no user was present")
    keys.verify(key, sk_preimage(signed, signature[64:]), signature[:64])


def preimage(namespace: bytes, message: bytes) -> bytes:
    """The bytes that an SSH key signs for `message` in `namespace` (SSH-5)."""
    digest = hashlib.sha512(message).digest()
    return _MAGIC + b"".join(_string(field) for field in (namespace, b"", _HASH, digest))


def sk_preimage(signed: bytes, flags_and_counter: bytes) -> bytes:
    """The bytes that a FIDO key signs for the SSHSIG preimage `signed` (SSH-6)."""
    application = hashlib.sha256(_SK_APPLICATION).digest()
    return application + flags_and_counter + hashlib.sha256(signed).digest()


def armor_to_blob(text: str) -> bytes:
    """The binary of a `-----BEGIN SSH SIGNATURE-----` file (SSH-9).

    Lines end in LF or CRLF and may be wrapped anywhere; the last needs no line end. Raises
    DecodeError TEXT_LENGTH or ARMOR_FORM. The blob is not parsed here.
    """
    if len(text) > TEXT_FORM_MAX_CHARS:
        raise DecodeError(Reason.TEXT_LENGTH, f"more than {TEXT_FORM_MAX_CHARS} characters")
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    if len(lines) < 3 or lines[0] != _ARMOR_BEGIN or lines[-1] != _ARMOR_END:
        raise DecodeError(Reason.ARMOR_FORM, "not one SSH signature between its two lines")
    joined = "".join(lines[1:-1])
    try:
        blob = base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        raise DecodeError(Reason.ARMOR_FORM, "not base64") from None
    # Python's decoder accepts stray bits in the last character; one blob has one text.
    if base64.b64encode(blob).decode("ascii") != joined:
        raise DecodeError(Reason.ARMOR_FORM, "not the one base64 form of its bytes")
    return blob


def _string(field: bytes) -> bytes:
    return len(field).to_bytes(4, "big") + field
