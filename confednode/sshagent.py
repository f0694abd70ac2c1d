"""Signing with an ssh-agent: the two messages of its protocol that are needed.

The agent signs the SSHSIG preimage of the record's message, as `ssh-keygen -Y sign` would,
so the key stays where it is. Source: draft-ietf-sshm-ssh-agent; specs/02, SSH.
"""

import base64
import binascii
import os
import socket
from pathlib import Path
from typing import Final

from confednode.errors import KeyringError, NodeReason
from confedproto.ids import SSHSIG_NAMESPACE, PublicKey
from confedproto.record import Signature
from confedproto.sshsig import FORM_SSH, FORM_SSH_SK, preimage

_SIGN: Final = 13
_SIGNED: Final = 14
_TIMEOUT_S: Final = 60  # a FIDO key waits for a touch
_REPLY_MAX: Final = 65_536
_FORMS: Final = {b"ssh-ed25519": FORM_SSH, b"sk-ssh-ed25519@openssh.com": FORM_SSH_SK}


def _string(field: bytes) -> bytes:
    return len(field).to_bytes(4, "big") + field


def _fields(blob: bytes) -> list[bytes]:
    out: list[bytes] = []
    while len(blob) >= 4:
        length = int.from_bytes(blob[:4], "big")
        out.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return out


def read_public(path: Path) -> tuple[bytes, int, PublicKey]:
    """The key blob, the form and the key of an OpenSSH public key file. Raises KeyringError."""
    try:
        kind, encoded = path.read_text("utf-8").split()[:2]
        blob = base64.b64decode(encoded, validate=True)
    except (OSError, UnicodeDecodeError, ValueError, binascii.Error):
        raise KeyringError(NodeReason.KEY_UNREADABLE, f"{path} is no OpenSSH public key") from None
    fields = _fields(blob)
    form = _FORMS.get(kind.encode())
    if form is None or len(fields) < 2 or fields[0] != kind.encode() or len(fields[1]) != 32:
        raise KeyringError(NodeReason.KEY_UNREADABLE, f"{path} is no Ed25519 key")
    return blob, form, PublicKey(fields[1])


def sign(public: Path, message: bytes) -> Signature:
    """The agent's signature of `message` by the key in `public`. Raises KeyringError."""
    blob, form, key = read_public(public)
    data = preimage(SSHSIG_NAMESPACE, message)
    reply = _ask(bytes((_SIGN,)) + _string(blob) + _string(data) + bytes(4))
    fields = _fields(reply[1:]) if reply[:1] == bytes((_SIGNED,)) else []
    parts = _fields(fields[0]) if fields else []
    if len(parts) < 2 or _FORMS.get(parts[0]) != form or len(parts[1]) != 64:
        raise KeyringError(NodeReason.AGENT, "the agent has not this key, or did not sign")
    tail = fields[0][8 + len(parts[0]) + 64 :] if form == FORM_SSH_SK else b""
    return Signature(signer=key, form=form, signature=parts[1] + tail[:5])


def _ask(request: bytes) -> bytes:
    path = os.environ.get("SSH_AUTH_SOCK")
    if not path:
        raise KeyringError(NodeReason.AGENT, "SSH_AUTH_SOCK names no agent")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
            raw.settimeout(_TIMEOUT_S)
            raw.connect(path)
            raw.sendall(_string(request))
            with raw.makefile("rb") as file:
                length = int.from_bytes(file.read(4), "big")
                return file.read(min(length, _REPLY_MAX))
    except OSError as error:
        raise KeyringError(NodeReason.AGENT, f"agent: {error.strerror or error}") from None
