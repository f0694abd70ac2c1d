"""A FIDO authenticator in software, as OpenSSH sees one: `sk-ssh-ed25519@openssh.com`.

It signs what PROTOCOL.u2f says a security key signs: H(application), flags, a counter that
grows, H(message). `ssh-keygen -Y verify` takes its files.
"""

import base64
import hashlib
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KIND: Final = b"sk-ssh-ed25519@openssh.com"
USER_PRESENT: Final = 0x01
USER_VERIFIED: Final = 0x04
_AGENT_SIGN: Final = 13
_AGENT_SIGNED: Final = 14
_AGENT_FAILURE: Final = 5


def string(field: bytes) -> bytes:
    """An SSH wire string."""
    return len(field).to_bytes(4, "big") + field


def _strings(data: bytes) -> list[bytes]:
    out: list[bytes] = []
    while len(data) > 4:
        length = int.from_bytes(data[:4], "big")
        out.append(data[4 : 4 + length])
        data = data[4 + length :]
    return out


class Authenticator:
    """One key that never leaves; `flags` say what the person did."""

    def __init__(self, label: str, *, flags: int = USER_PRESENT, application: bytes = b"ssh:"):
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(label.encode()).digest())
        self.public = self._key.public_key().public_bytes_raw()
        self.flags, self.application, self.counter = flags, application, 0

    @property
    def blob(self) -> bytes:
        """The public key as SSH carries it."""
        return string(KIND) + string(self.public) + string(self.application)

    @property
    def line(self) -> str:
        """The public key file's line."""
        return f"{KIND.decode()} {base64.b64encode(self.blob).decode()} a security key\n"

    def signature(self, message: bytes) -> bytes:
        """The SSH signature of a message, after a touch."""
        self.counter += 1
        tail = bytes([self.flags]) + self.counter.to_bytes(4, "big")
        hashed = (hashlib.sha256(part).digest() for part in (self.application, message))
        made = self._key.sign(tail.join(hashed))
        return string(KIND) + string(made) + tail

    def sshsig(self, namespace: bytes, message: bytes) -> str:
        """What `ssh-keygen -Y sign` writes (PROTOCOL.sshsig)."""
        fields = (namespace, b"", b"sha512", hashlib.sha512(message).digest())
        signed = b"SSHSIG" + b"".join(map(string, fields))
        blob = b"SSHSIG" + (1).to_bytes(4, "big") + string(self.blob)
        blob += b"".join(map(string, fields[:3])) + string(self.signature(signed))
        body = base64.b64encode(blob).decode()
        lines = [body[at : at + 70] for at in range(0, len(body), 70)]
        frame = ["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""]
        return "\n".join(frame)

    @contextmanager
    def agent(self, path: Path) -> Generator[None]:
        """An ssh-agent at `path` that has this key and no other."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(path))
            listener.listen()
            thread = threading.Thread(target=self._serve, args=(listener,))
            thread.start()
            try:
                yield
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # it was shut down
            with connection, connection.makefile("rwb") as stream:
                asked = stream.read(int.from_bytes(stream.read(4), "big"))
                stream.write(string(self._answer(asked)))
                stream.flush()

    def _answer(self, asked: bytes) -> bytes:
        fields = _strings(asked[1:])
        if asked[0] != _AGENT_SIGN or fields[0] != self.blob:
            return bytes([_AGENT_FAILURE])
        return bytes([_AGENT_SIGNED]) + string(self.signature(fields[1]))
