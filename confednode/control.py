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
from typing import Any, Final

import trio

from confednode.errors import ControlError, NodeError, NodeReason, failure
from confedproto.errors import ConfedError, Reason

REQUEST_MAX_BYTES: Final = 1_048_576  # one line; a signed record in hex has 32 KiB
TIMEOUT_S: Final = 30.0
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
    try:
        async with trio.open_nursery() as nursery:
            task_status.started()
            while True:
                connection, _ = await listener.accept()
                nursery.start_soon(_converse, trio.SocketStream(connection), handler)
    finally:
        listener.close()
        _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _listen(path: Path) -> trio.socket.SocketType:
    if path.exists() and not stat.S_ISSOCK(path.stat().st_mode):
        raise ControlError(NodeReason.HOME_ACCESS, f"{path} is in the way and is no socket")
    _remove(path)
    raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        raw.setblocking(False)
        with _short(path) as name:
            raw.bind(name)
        path.chmod(0o600)
        raw.listen(64)
    except OSError as error:
        raw.close()
        raise ControlError(NodeReason.HOME_ACCESS, f"{path}: {error.strerror}") from error
    return trio.socket.from_stdlib_socket(raw)


async def _converse(stream: trio.SocketStream, handler: Handler) -> None:
    async with stream:
        try:
            async for line in _lines(stream):
                reply = await _answer(line, handler)
                await stream.send_all(json.dumps(reply).encode() + b"\n")
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return  # the client went away


async def _lines(stream: trio.SocketStream) -> Any:
    held = bytearray()
    while True:
        data = await stream.receive_some(65_536)
        if not data:
            return
        held += data
        while (end := held.find(b"\n")) >= 0:
            line = bytes(held[:end])
            del held[: end + 1]
            yield line
        if len(held) > REQUEST_MAX_BYTES:
            return


async def _answer(line: bytes, handler: Handler) -> Reply:
    try:
        request: Any = json.loads(line)
        match request:
            case {"op": str(op), **args}:
                asked: dict[str, Any] = {str(name): value for name, value in args.items()}
                return {"ok": True, **await handler(op, asked)}
            case _:
                return dict(failure(ControlError(NodeReason.CONTROL_REQUEST, "no op")))
    except (ValueError, RecursionError):
        return dict(failure(ControlError(NodeReason.CONTROL_REQUEST, "not a JSON object")))
    except (NodeError, ConfedError) as error:
        return dict(failure(error))


# --- the client's side --------------------------------------------------------------------


def _request(op: str, args: Mapping[str, Any]) -> bytes:
    return json.dumps({"op": op, **args}).encode() + b"\n"


def _reply(line: bytes) -> Reply:
    try:
        reply = json.loads(line)
    except ValueError:
        raise ControlError(NodeReason.CONTROL_REPLY, "the node's answer is no JSON") from None
    match reply:
        case {"ok": True, **fields}:
            return {str(name): value for name, value in fields.items()}
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
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.settimeout(TIMEOUT_S)
        try:
            with _short(path) as name:
                raw.connect(name)
            raw.sendall(_request(op, args))
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
    try:
        with _short(path) as name:
            stream = await trio.open_unix_socket(name)
        async with stream:
            with trio.fail_after(TIMEOUT_S):
                await stream.send_all(_request(op, args))
                async for line in _lines(stream):
                    return _reply(line)
    except trio.TooSlowError:
        raise ControlError(NodeReason.CONTROL_TIMEOUT, "the node did not answer") from None
    except (OSError, trio.BrokenResourceError):
        pass
    raise ControlError(NodeReason.CONTROL_UNREACHABLE, f"no node is running in {path.parent}")
