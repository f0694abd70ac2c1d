"""Key files: keyholders' and delegates' keys, and the server's own.

A key file is TOML with the public key in the open and the secret either as text form `cfs`
or sealed with a passphrase: argon2id (3 passes, 64 MiB, 4 lanes), then secretbox. Secrets
never appear in a message, an argument or a traceback of this module.
"""

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from confednode.errors import KeyringError, NodeReason
from confedproto import text
from confedproto.channel import public_key as transport_public
from confedproto.errors import ConfedError
from confedproto.ids import PublicKey, TransportKey
from confedproto.keys import SigningKey

PASSES: Final = 3
MEMORY_KIB: Final = 65_536
LANES: Final = 4
# Caps on what a file may ask of us: eight times what we write ourselves.
PASSES_MAX: Final = 24
MEMORY_MAX_KIB: Final = 524_288
LANES_MAX: Final = 16
FILE_MAX_BYTES: Final = 4_096


class _Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    passes: Annotated[int, msgspec.Meta(ge=1, le=PASSES_MAX)]
    memory_kib: Annotated[int, msgspec.Meta(ge=1_024, le=MEMORY_MAX_KIB)]
    lanes: Annotated[int, msgspec.Meta(ge=1, le=LANES_MAX)]
    salt: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    box: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{144}$")]


class _KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    public: str
    secret: str | None = None
    sealed: _Sealed | None = None

    def __repr__(self) -> str:
        return "_KeyFile(...)"


class _NodeKeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    node: str
    transport: str

    def __repr__(self) -> str:
        return "_NodeKeyFile(...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKeys:
    """The server's keys: its log's signing key and its transport key."""

    signer: SigningKey
    transport_private: bytes
    transport: TransportKey

    def __repr__(self) -> str:
        return "NodeKeys(...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPath:
    """A key file and the public key that it is for."""

    path: Path
    public: PublicKey
    sealed: bool


def new_seed() -> bytes:
    """32 bytes from the operating system: the only source of keys there is."""
    return secrets.token_bytes(32)


def write_secret(path: Path, content: str) -> None:
    """Create a file of mode 0600; an existing one is never replaced."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyringError(NodeReason.FILE_EXISTS, f"{path} exists already") from None
    except OSError as error:
        raise KeyringError(NodeReason.HOME_ACCESS, f"{path}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink()  # half a key is none, and would be in the way of the next try
        raise KeyringError(NodeReason.HOME_ACCESS, f"{path}: {error.strerror}") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(FILE_MAX_BYTES)
    except FileNotFoundError:
        raise KeyringError(NodeReason.KEY_MISSING, f"{path} is not there") from None
    except OSError as error:
        raise KeyringError(NodeReason.KEY_UNREADABLE, f"{path}: {error.strerror}") from error


F = TypeVar("F", bound=msgspec.Struct)


def _decode(path: Path, form: type[F]) -> F:
    """A key file's fields. No cause is kept: it would quote the file."""
    try:
        return msgspec.toml.decode(_read(path), type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise KeyringError(NodeReason.KEY_UNREADABLE, f"{path} is no key file") from None


def write_node_keys(path: Path, signer_seed: bytes, transport_private: bytes) -> None:
    """Write the server's keys. They have no authority, so no passphrase guards them."""
    node = text.encode_secret(signer_seed)
    transport = text.encode_secret(transport_private)
    write_secret(path, f'node = "{node}"\ntransport = "{transport}"\n')


def read_node_keys(path: Path) -> NodeKeys:
    """The server's keys. Raises KeyringError KEY_MISSING or KEY_UNREADABLE."""
    file = _decode(path, _NodeKeyFile)
    try:
        private = text.decode_secret(file.transport)
        return NodeKeys(
            signer=SigningKey(text.decode_secret(file.node)),
            transport_private=private,
            transport=transport_public(private),
        )
    except ConfedError:
        raise KeyringError(NodeReason.KEY_UNREADABLE, f"{path} is no node key file") from None


def _box(passphrase: bytes, sealed: _Sealed) -> SecretBox:
    kdf = Argon2id(
        salt=bytes.fromhex(sealed.salt),
        length=32,
        iterations=sealed.passes,
        lanes=sealed.lanes,
        memory_cost=sealed.memory_kib,
    )
    return SecretBox(kdf.derive(passphrase))


def write_key(path: Path, seed: bytes, passphrase: bytes | None) -> PublicKey:
    """Write a keyholder's or delegate's key file; returns its public key.

    `passphrase` None leaves it unsealed. Raises KeyringError FILE_EXISTS, HOME_ACCESS, or
    PASSPHRASE_MISSING for an empty passphrase, which would seal nothing.
    """
    if passphrase == b"":
        raise KeyringError(NodeReason.PASSPHRASE_MISSING, "the passphrase is empty")
    public = SigningKey(seed).public
    lines = [f'public = "{text.encode_key(public)}"']
    if passphrase is None:
        lines.append(f'secret = "{text.encode_secret(seed)}"')
    else:
        asked = _Sealed(
            passes=PASSES,
            memory_kib=MEMORY_KIB,
            lanes=LANES,
            salt=secrets.token_hex(16),
            box="0" * 144,
        )
        box = bytes(_box(passphrase, asked).encrypt(seed)).hex()
        lines += [
            "[sealed]",
            f"passes = {PASSES}",
            f"memory_kib = {MEMORY_KIB}",
            f"lanes = {LANES}",
            f'salt = "{asked.salt}"',
            f'box = "{box}"',
        ]
    write_secret(path, "\n".join(lines) + "\n")
    return public


def _parse(path: Path) -> tuple[_KeyFile, PublicKey]:
    file = _decode(path, _KeyFile)
    try:
        public = PublicKey(text.decode_key(file.public))
    except ConfedError:
        raise KeyringError(NodeReason.KEY_UNREADABLE, f"{path} is no key file") from None
    if (file.secret is None) == (file.sealed is None):
        raise KeyringError(NodeReason.KEY_UNREADABLE, f"{path} is no key file")
    return file, public


def list_keys(folder: Path) -> list[KeyPath]:
    """The key files in a folder, by name. Raises KeyringError for one that is no key file."""
    out: list[KeyPath] = []
    for path in sorted(folder.glob("*.key")):
        file, public = _parse(path)
        out.append(KeyPath(path=path, public=public, sealed=file.sealed is not None))
    return out


def read_key(path: Path, passphrase: bytes | None) -> SigningKey:
    """The key in a file. Raises KeyringError PASSPHRASE_MISSING, PASSPHRASE_WRONG, KEY_*."""
    return SigningKey(read_seed(path, passphrase))


def read_seed(path: Path, passphrase: bytes | None) -> bytes:
    """The secret in a key file, for paper alone. Raises as `read_key`."""
    file, public = _parse(path)
    try:
        if file.sealed is not None:
            if passphrase is None:
                raise KeyringError(NodeReason.PASSPHRASE_MISSING, f"{path} needs a passphrase")
            seed = _box(passphrase, file.sealed).decrypt(bytes.fromhex(file.sealed.box))
        else:
            seed = text.decode_secret(file.secret or "")
        key = SigningKey(bytes(seed))
    except CryptoError:
        raise KeyringError(NodeReason.PASSPHRASE_WRONG, f"wrong passphrase for {path}") from None
    except ConfedError:
        raise KeyringError(NodeReason.KEY_UNREADABLE, f"{path} is no key file") from None
    if key.public != public:
        raise KeyringError(NodeReason.KEY_UNREADABLE, f"{path}: secret and public key differ")
    return bytes(seed)


def public_of(path: Path) -> PublicKey:
    """The public key of a key file, without its passphrase."""
    return _parse(path)[1]


def is_sealed(path: Path) -> bool:
    """Whether a key file needs a passphrase."""
    return _parse(path)[0].sealed is not None


def keys_for(
    folder: Path, wanted: Iterable[bytes], most: int, passphrase: bytes | None
) -> list[SigningKey]:
    """Up to `most` of the wanted keys, from the key files in a folder."""
    public = set(wanted)
    found = [entry for entry in list_keys(folder) if entry.public in public]
    return [read_key(entry.path, passphrase) for entry in found[:most]]
