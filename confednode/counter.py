"""The second high-water mark of the own log: a small file beside node.key (specs/04, RES-4).

A database restored from a backup does not know that it is old. This file says how far the
log was signed; it is written in place after each commit and before anything of it is sent,
and it names the file that it is (inode) and the machine's boot, so that a copied folder or a
rolled-back machine does not pass for a clean restart. The seal beside it says when the file was
last changed: nobody can set that time, so a backup that was copied over it shows.

It is not synced. What is written survives the process; what does not survive the machine's
next boot would not be trusted after it, for the boot is then another.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confednode.errors import NodeReason, StoreError

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_MAX_BYTES: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far the log was signed: size (leaves) and root; and whether it was here and now."""

    log: bytes
    size: int
    root: bytes
    same_place: bool


def _boot() -> str:
    """Which boot of the machine this is; where it does not say so, no two starts are of one."""
    try:
        return _BOOT.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return secrets.token_hex(16)


class Counter:
    """An open counter file. Every method may raise StoreError."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        try:
            self._file: Final = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            self._seal: Final = os.open(path.with_suffix(".seal"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(NodeReason.HOME_ACCESS, f"{path}: {error.strerror}") from error
        self._path: Final = path
        self._place: Final = f"{os.fstat(self._file).st_ino} {_boot()}"

    def read(self) -> Mark | None:
        """What the file says; None if it is new or not one of ours."""
        try:
            fields = os.pread(self._file, _MAX_BYTES, 0).decode("ascii").split()
            log, size, root, inode, boot = fields
            sealed = os.pread(self._seal, _MAX_BYTES, 0).decode("ascii").strip()
            return Mark(
                log=bytes.fromhex(log),
                size=int(size),
                root=bytes.fromhex(root),
                same_place=f"{inode} {boot}" == self._place and sealed == self._changed(),
            )
        except (ValueError, OSError):
            return None

    def write(self, log: bytes, size: int, root: bytes) -> None:
        """The log has been signed up to here; no crash of the node loses it."""
        line = f"{log.hex()} {size:020d} {root.hex()} {self._place}\n".encode("ascii")
        try:
            os.pwrite(self._file, line, 0)
            os.pwrite(self._seal, f"{self._changed()}\n".encode("ascii"), 0)
        except OSError as error:
            raise StoreError(NodeReason.STORE_FAILED, f"{self._path}: {error.strerror}") from error

    def close(self) -> None:
        """Close both files."""
        os.close(self._file)
        os.close(self._seal)

    def _changed(self) -> str:
        """When the counter file was last written or replaced, as the system alone says it."""
        return f"{os.fstat(self._file).st_ctime_ns:020d}"
