"""The least that a record costs a node in Python: `python -m tools.bench.least FOLDER`.

A program on trio that does for each message what no node can leave out: it reads it, verifies two
signatures (the record's and the head's), commits it with FULL in the store's thread and answers.
"""

import socket
import sqlite3
import sys
from functools import partial
from pathlib import Path
from typing import Final

import trio
from nacl import bindings

from confednode.disk import Disk

SIGNED: Final = 114  # bytes of a message that are a signature and what it signs
MESSAGE: Final = 500
_PRAGMAS: Final = ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL")


def message() -> bytes:
    """What is sent each time."""
    _, secret = bindings.crypto_sign_seed_keypair(bytes(32))
    return bindings.crypto_sign(bytes(SIGNED - 64), secret).ljust(MESSAGE, b"x")


async def _serve(folder: Path) -> None:
    public, _ = bindings.crypto_sign_seed_keypair(bytes(32))
    path = folder / "least.sqlite"
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in _PRAGMAS:
        database.execute(f"PRAGMA {pragma}").fetchall()
    database.execute("CREATE TABLE records (idx INTEGER PRIMARY KEY, envelope BLOB)")

    def keep(data: bytes) -> None:
        database.execute("INSERT INTO records (envelope) VALUES (?)", (data,))

    disk = Disk()
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    print(listener.socket.getsockname()[1], flush=True)
    stream = await listener.accept()
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with disk:
        while data := await stream.receive_some(4_096):
            for _ in range(2):
                bindings.crypto_sign_open(data[:SIGNED], public)
            await disk.run(partial(keep, data))
            await stream.send_all(b"\n")


if __name__ == "__main__":
    trio.run(_serve, Path(sys.argv[1]))
