"""The control socket: one JSON object a line in, one out, over a Unix socket of mode 0600.

Whoever may open the socket is the operator. It carries drafts, signed records and
questions; no key ever travels over it.
"""

import json
import os
import socket
import stat
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

import trio

from confednode.errors import ControlError, NodeError, NodeReason, failure
from confedproto.errors import ConfedError, Reason

REQUEST_MAX_BYTES: Final = 1_048_576  # one line; a signed record in hex has 32 KiB
REPLY_MAX_BYTES: Final = 32 * 1_048_576  # one line; the largest bundle in hex has 8 MiB
TIMEOUT_S: Final = 30.0
BACKLOG: Final = 1_024  # clients that wait to be taken up; a Unix socket refuses further ones
_PATH_MAX: Final = 100  # bytes; the kernel's limit is 108

Reply = dict[str, Any]
Handler = Callable[[str, Mapping[str, Any]], Awaitable[Reply]]


class RefusedError(ConfedError):
    """The node refused a request by the rules; `reason` says which."""


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name for a socket's path that the kernel accepts, however deep the folder is."""
    if len(os.fsencode(path)) <= _PATH_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


# --- the node's side ----------------------------------------------------------------------


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
        with _short(path) as name:
            raw.bind(name)
        path.chmod(0o600)
        raw.listen(BACKLOG)
    except OSError as error:
        raw.close()
        raise ControlError(NodeReason.HOME_ACCESS, f"{path}: {error.strerror}") from error
    return trio.SocketListener(trio.socket.from_stdlib_socket(raw))


async def _converse(stream: trio.SocketStream, handler: Handler) -> None:
    lines = _Lines(stream, REQUEST_MAX_BYTES)
    try:
        while (line := await lines.next()) is not None:
            reply = await _answer(line, handler)
            await stream.send_all(json.dumps(reply).encode() + b"\n")
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
            data = await self._stream.receive_some(65_536)
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


# --- the client's side --------------------------------------------------------------------


def _request(op: str, args: Mapping[str, Any]) -> bytes:
    line = json.dumps({"op": op, **args}).encode() + b"\n"
    if len(line) > REQUEST_MAX_BYTES:
        raise ControlError(NodeReason.CONTROL_REQUEST, f"{op}: too much for one request", "")
    return line


class _Fields(dict[str, Any]):
    """An object of an answer; a field that a node of another version lacks is said plainly."""

    def __missing__(self, name: str) -> NoReturn:
        raise ControlError(NodeReason.CONTROL_REPLY, f"the node's answer has no {name}")


def _reply(line: bytes) -> Reply:
    try:
        reply = json.loads(line, object_hook=_Fields)
    except (ValueError, RecursionError):
        raise ControlError(NodeReason.CONTROL_REPLY, "the node's answer is no JSON") from None
    match reply:
        case {"ok": True, **fields}:
            return _Fields({str(name): value for name, value in fields.items()})
        case {"ok": False, "reason": str(reason), "message": str(message), **rest}:
            if reason in Reason._value2member_map_:
                raise RefusedError(Reason(reason), message)
            try:
                ours = NodeReason(reason)
            except ValueError:
                ours = NodeReason.CONTROL_REPLY
            raise ControlError(ours, message, str(rest.get("hint", "")))
        case _:
            raise ControlError(NodeReason.CONTROL_REPLY, "the node's answer has no verdict")


def ask(path: Path, op: str, **args: Any) -> Reply:
    """Ask the running node. Raises ControlError, or RefusedError if the rules say no."""
    request = _request(op, args)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.settimeout(TIMEOUT_S)
        try:
            with _short(path) as name:
                raw.connect(name)
            raw.sendall(request)
            with raw.makefile("rb") as file:
                line = file.readline()
        except TimeoutError:
            raise ControlError(NodeReason.CONTROL_TIMEOUT, "the node did not answer") from None
        except OSError:
            raise ControlError(
                NodeReason.CONTROL_UNREACHABLE, f"no node is running in {path.parent}"
            ) from None
    if not line:
        raise ControlError(NodeReason.CONTROL_UNREACHABLE, "the node stopped meanwhile")
    return _reply(line)


async def ask_async(path: Path, op: str, **args: Any) -> Reply:
    """Like `ask`, for a program that speaks to many nodes at once."""
    request = _request(op, args)
    try:
        with _short(path) as name:
            stream = await trio.open_unix_socket(name)
        async with stream:
            with trio.fail_after(TIMEOUT_S):
                await stream.send_all(request)
                line = await _Lines(stream, REPLY_MAX_BYTES).next()
                if line is not None:
                    return _reply(line)
    except trio.TooSlowError:
        raise ControlError(NodeReason.CONTROL_TIMEOUT, "the node did not answer") from None
    except (OSError, trio.BrokenResourceError):
        pass
    raise ControlError(NodeReason.CONTROL_UNREACHABLE, f"no node is running in {path.parent}")
