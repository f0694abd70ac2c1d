"""The node's side of the control socket, and a client for programs that speak to many nodes."""

import json
import socket
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import trio

from confednode import control
from confednode.control import Reply, read_reply, request_line, short_name
from confednode.errors import ControlError, NodeError, NodeReason, failure
from confednode.sockets import receive, write_now
from confedproto.errors import ConfedError

REPLY_MAX_BYTES: Final = 32 * 1_048_576  # one line; the largest bundle in hex has 8 MiB
BACKLOG: Final = 1_024  # clients that wait to be taken up; a Unix socket refuses further ones

Handler = Callable[[str, Mapping[str, Any]], Awaitable[Reply]]


async def serve(
    path: Path,
    handler: Handler,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Answer requests until cancelled. The caller holds the folder's lock."""
    listener = _listen(path)

    async def converse(stream: trio.SocketStream) -> None:
        await _converse(stream, handler)

    try:
        task_status.started()
        await trio.serve_listeners(converse, [listener])
    finally:
        _remove(path)
        await trio.aclose_forcefully(listener)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _listen(path: Path) -> trio.SocketListener:
    if path.exists() and not stat.S_ISSOCK(path.stat().st_mode):
        raise ControlError(NodeReason.HOME_ACCESS, f"{path} is in the way and is no socket")
    _remove(path)
    raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        raw.setblocking(False)
        with short_name(path) as name:
            raw.bind(name)
        path.chmod(0o600)
        raw.listen(BACKLOG)
    except OSError as error:
        raw.close()
        raise ControlError(NodeReason.HOME_ACCESS, f"{path}: {error.strerror}") from error
    return trio.SocketListener(trio.socket.from_stdlib_socket(raw))


async def _converse(stream: trio.SocketStream, handler: Handler) -> None:
    lines = _Lines(stream, control.REQUEST_MAX_BYTES)
    try:
        while (line := await lines.next()) is not None:
            reply = await _answer(line, handler)
            rest = write_now(stream, json.dumps(reply).encode() + b"\n")
            if rest:
                await stream.send_all(rest)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return  # the client went away


class _Lines:
    """The lines of a stream, one at a time, each of `most` bytes at most."""

    def __init__(self, stream: trio.SocketStream, most: int) -> None:
        self._stream: Final = stream
        self._most: Final = most
        self._held = bytearray()

    async def next(self) -> bytes | None:
        """The next line; None at the end of the stream, or where a line is too long."""
        searched = 0
        while (end := self._held.find(b"\n", searched)) < 0:
            searched = len(self._held)
            if searched > self._most:
                return None
            data = await receive(self._stream, 65_536)
            if not data:
                return None
            self._held += data
        line = bytes(self._held[:end])
        del self._held[: end + 1]
        return line


async def _answer(line: bytes, handler: Handler) -> Reply:
    try:
        op, args = _parse(line)
        return {"ok": True, **await handler(op, args)}
    except (NodeError, ConfedError) as error:
        return dict(failure(error))


def _parse(line: bytes) -> tuple[str, Reply]:
    try:
        request: Any = json.loads(line)
        if b"\\u" in line:
            json.dumps(request, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise ControlError(NodeReason.CONTROL_REQUEST, "not a JSON object") from None
    match request:
        case {"op": str(op), **args}:
            return op, {str(name): value for name, value in args.items()}
        case _:
            raise ControlError(NodeReason.CONTROL_REQUEST, "no op")


async def ask_async(path: Path, op: str, **args: Any) -> Reply:
    """Like `ask`, for a program that speaks to many nodes at once."""
    request = request_line(op, args)
    try:
        with short_name(path) as name:
            stream = await trio.open_unix_socket(name)
        async with stream:
            with trio.fail_after(control.TIMEOUT_S):
                await stream.send_all(request)
                line = await _Lines(stream, REPLY_MAX_BYTES).next()
                if line is not None:
                    return read_reply(line)
    except trio.TooSlowError:
        raise ControlError(NodeReason.CONTROL_TIMEOUT, "the node did not answer") from None
    except (OSError, trio.BrokenResourceError):
        pass
    raise ControlError(NodeReason.CONTROL_UNREACHABLE, f"no node is running in {path.parent}")
