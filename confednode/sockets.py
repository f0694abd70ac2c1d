"""Reading and writing a stream's socket with no more turns of the loop than it takes.

trio's own calls try first and wait then, and give way once more after each; for a record that comes
alone these turns are a good part of what it costs.
"""

import contextlib
import os

import trio


async def receive(stream: trio.SocketStream, most: int) -> bytes:
    """Wait until something has come, and read it: at most `most` bytes, none at the end.

    Raises BrokenResourceError or ClosedResourceError.
    """
    while True:
        await trio.lowlevel.wait_readable(stream.socket)
        try:
            with contextlib.suppress(BlockingIOError):
                return os.read(stream.socket.fileno(), most)
        except OSError as error:
            raise trio.BrokenResourceError from error


def write_now(stream: trio.SocketStream, data: bytes) -> bytes:
    """Write what the socket has room for, waiting for nothing; returns what is left."""
    try:
        return data[os.write(stream.socket.fileno(), data) :]
    except OSError:
        return data  # no room, or no connection: who sends the rest finds out which
