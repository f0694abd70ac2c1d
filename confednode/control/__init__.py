"""The control socket: one JSON object a line in, one out, over a Unix socket of mode 0600.

Whoever may open the socket is the operator. It carries drafts, signed records and
questions; no key ever travels over it. Here is what both sides share and the CLI's client,
which needs no event loop; the node's side is in `control.server`.
"""

import json
import os
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

from confednode.errors import ControlError, NodeReason
from confedproto.errors import ConfedError, Reason

REQUEST_MAX_BYTES: Final = 1_048_576  # one line; a signed record in hex has 32 KiB
TIMEOUT_S: Final = 30.0
_PATH_MAX: Final = 100  # bytes; the kernel's limit is 108

Reply = dict[str, Any]


class RefusedError(ConfedError):
    """The node refused a request by the rules; `reason` says which."""


@contextmanager
def short_name(path: Path) -> Generator[str, None, None]:
    """A name for a socket's path that the kernel accepts, however deep the folder is."""
    if len(os.fsencode(path)) <= _PATH_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def request_line(op: str, args: Mapping[str, Any]) -> bytes:
    """One request as it goes over the socket. Raises ControlError if it is too long."""
    line = json.dumps({"op": op, **args}).encode() + b"\n"
    if len(line) > REQUEST_MAX_BYTES:
        raise ControlError(NodeReason.CONTROL_REQUEST, f"{op}: too much for one request", "")
    return line


class _Fields(dict[str, Any]):
    """An object of an answer; a field that a node of another version lacks is said plainly."""

    def __missing__(self, name: str) -> NoReturn:
        raise ControlError(NodeReason.CONTROL_REPLY, f"the node's answer has no {name}")


def read_reply(line: bytes) -> Reply:
    """What a node answered. Raises ControlError, or RefusedError if the rules say no."""
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
    request = request_line(op, args)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.settimeout(TIMEOUT_S)
        try:
            with short_name(path) as name:
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
    return read_reply(line)
