"""The control socket: one object a line in, one out; whatever comes in, the node lives."""

import json
import os
import socket
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from confednode import control
from confednode.control import server
from confednode.errors import ControlError, KeyringError, NodeReason
from confedproto.errors import LocalProtocolError, Reason


async def echo(op: str, args: Mapping[str, Any]) -> control.Reply:
    await trio.lowlevel.checkpoint()
    if op == "rules":
        raise LocalProtocolError(Reason.INSTRUCTION, "not that")
    if op == "key":
        raise KeyringError(NodeReason.KEY_MISSING, "no key", "look for it")
    return {"op": op, "args": dict(args)}


@asynccontextmanager
async def serving(
    path: Path, handler: Callable[[str, Mapping[str, Any]], Awaitable[control.Reply]] = echo
) -> AsyncGenerator[None, None]:
    async with trio.open_nursery() as nursery:
        await nursery.start(server.serve, path, handler)
        yield
        nursery.cancel_scope.cancel()


async def say(path: Path, data: bytes) -> bytes:
    """What the node answers to raw bytes until it closes."""
    stream = await trio.open_unix_socket(path)
    async with stream:
        with trio.fail_after(60):
            try:
                await stream.send_all(data)
                await stream.send_eof()
            except trio.BrokenResourceError:
                pass  # it closed before all of it was sent
            got = b""
            try:
                async for part in stream:
                    got += part
            except trio.BrokenResourceError:
                pass
            return got


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


async def test_ask_both_clients_get_the_handlers_answer(path: Path) -> None:
    args = {"text": "Zürich \u202e\n", "number": 2**60, "none": None, "list": [True, {}]}
    async with serving(path):
        expected = {"op": "x", "args": args}
        assert await server.ask_async(path, "x", **args) == expected
        asked = partial(control.ask, path, "x", **args)
        assert await trio.to_thread.run_sync(asked) == expected


async def test_ask_refusal_by_the_rules_and_error_of_the_node_are_told_apart(path: Path) -> None:
    async with serving(path):
        with pytest.raises(control.RefusedError) as refused:
            await server.ask_async(path, "rules")
        assert (refused.value.reason, refused.value.detail) == (Reason.INSTRUCTION, "not that")
        with pytest.raises(ControlError) as failed:
            await server.ask_async(path, "key")
        error = failed.value
        assert (error.reason, error.message) == (NodeReason.KEY_MISSING, "no key")
        assert error.hint == "look for it"


async def test_serve_answers_in_order_on_one_connection(path: Path) -> None:
    async with serving(path):
        lines = b"".join(json.dumps({"op": str(n)}).encode() + b"\n" for n in range(50))
        answers = [json.loads(line)["op"] for line in (await say(path, lines)).splitlines()]
        assert answers == [str(n) for n in range(50)]


async def test_serve_many_clients_at_once_each_get_their_own_answer(path: Path) -> None:
    async with serving(path):

        async def client(number: int) -> None:
            assert (await server.ask_async(path, str(number)))["op"] == str(number)

        async with trio.open_nursery() as nursery:
            for number in range(100):
                nursery.start_soon(client, number)


async def test_serve_bytes_cut_anywhere_are_one_request(path: Path) -> None:
    async with serving(path):
        stream = await trio.open_unix_socket(path)
        async with stream:
            for byte in b'{"op": "x", "a": "y"}\n':
                await stream.send_all(bytes((byte,)))
                await trio.testing.wait_all_tasks_blocked()
            assert json.loads(await stream.receive_some())["args"] == {"a": "y"}


# --- whatever comes in ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"op"',
        b"{}",
        b'{"op": 1}',
        b'{"op": null}',
        b"\x00\xff\x80\x1b[2J",
        b'{"op": "x", "a": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"op": "x", "n": ' + b"9" * 10_000 + b"}",
        "{'op': 'x'}".encode("utf-16"),
    ],
    ids=lambda line: repr(line[:12]),
)
async def test_serve_line_that_is_no_request_is_refused_and_the_next_answered(
    path: Path, line: bytes
) -> None:
    async with serving(path):
        first, *_, last = (await say(path, line + b'\n{"op": "y"}\n')).splitlines()
        told = json.loads(first)
        assert (told["ok"], told["reason"]) == (False, "control-request")
        assert set(told) == {"ok", "reason", "message", "hint"}
        assert json.loads(last)["op"] == "y"


async def test_serve_line_too_long_ends_that_connection_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "REQUEST_MAX_BYTES", 100_000)
    async with serving(path):
        assert await say(path, b"x" * 400_000) == b""
        assert (await server.ask_async(path, "y"))["op"] == "y"
        with pytest.raises(ControlError) as caught:  # a client says so before it sends
            await server.ask_async(path, "y", text="x" * 100_000)
        assert caught.value.reason is NodeReason.CONTROL_REQUEST


async def test_serve_client_that_goes_away_harms_nobody(path: Path) -> None:
    begun, go_on = trio.Event(), trio.Event()

    async def slow(op: str, args: Mapping[str, Any]) -> control.Reply:
        if op == "slow":
            begun.set()
            await go_on.wait()
        return await echo(op, args)

    async with serving(path, slow):
        stream = await trio.open_unix_socket(path)
        await stream.send_all(b'{"op": "slow"}\n')
        await begun.wait()
        await stream.aclose()
        go_on.set()
        await trio.testing.wait_all_tasks_blocked()
        assert (await server.ask_async(path, "y"))["op"] == "y"


# --- the file -------------------------------------------------------------------------------


async def test_serve_socket_belongs_to_the_owner_and_goes_with_the_node(path: Path) -> None:
    before = os.umask(0)
    try:
        async with serving(path):
            mode = os.stat(path).st_mode
            assert stat.S_ISSOCK(mode)
            assert stat.S_IMODE(mode) == 0o600
    finally:
        os.umask(before)
    assert path.name not in os.listdir(path.parent)


async def test_serve_folder_path_of_any_length_works(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 40) / ("Zürich " * 20)
    folder.mkdir(parents=True)
    path = folder / "control.sock"
    open_files = len(os.listdir("/proc/self/fd"))
    async with serving(path):
        assert (await server.ask_async(path, "x"))["op"] == "x"
        asked = partial(control.ask, path, "x")
        assert (await trio.to_thread.run_sync(asked))["op"] == "x"
    assert path.name not in os.listdir(path.parent)
    assert len(os.listdir("/proc/self/fd")) == open_files


async def test_serve_socket_left_by_a_killed_node_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.bind(str(path))
    with pytest.raises(ControlError):
        control.ask(path, "x")
    async with serving(path):
        assert (await server.ask_async(path, "x"))["op"] == "x"


def test_serve_other_file_in_the_way_is_not_replaced(path: Path) -> None:
    path.write_text("mine")
    with pytest.raises(ControlError) as caught:
        trio.run(server.serve, path, echo)
    assert caught.value.reason is NodeReason.HOME_ACCESS
    assert path.read_text() == "mine"


# --- no node, or a strange one --------------------------------------------------------------


@pytest.mark.parametrize("folder", [".", "none", "d" * 150])
async def test_ask_no_node_is_exit_code_four(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "control.sock"
    for ask in (server.ask_async(path, "x"), trio.to_thread.run_sync(control.ask, path, "x")):
        with pytest.raises(ControlError) as caught:
            await ask
        assert caught.value.reason is NodeReason.CONTROL_UNREACHABLE
        assert caught.value.exit_code == 4
        assert str(path.parent) in caught.value.message


@asynccontextmanager
async def strange(path: Path, answer: bytes | None) -> AsyncGenerator[None, None]:
    """A node that says `answer` and closes, or never says anything."""

    async def converse(stream: trio.SocketStream) -> None:
        await stream.receive_some(65_536)
        if answer is None:
            await trio.sleep_forever()
        else:
            await stream.send_all(answer)

    async with trio.open_nursery() as nursery:
        await nursery.start(control_server, path, converse)
        yield
        nursery.cancel_scope.cancel()


async def control_server(
    path: Path,
    converse: Callable[[trio.SocketStream], Awaitable[None]],
    *,
    task_status: trio.TaskStatus[None],
) -> None:
    raw = trio.socket.socket(socket.AF_UNIX)
    await raw.bind(str(path))
    raw.listen()
    task_status.started()
    await trio.serve_listeners(converse, [trio.SocketListener(raw)])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", NodeReason.CONTROL_UNREACHABLE),
        (b"\xff\n", NodeReason.CONTROL_REPLY),
        (b"[" * 100_000 + b"\n", NodeReason.CONTROL_REPLY),
        (b"{}\n", NodeReason.CONTROL_REPLY),
        (b"[]\n", NodeReason.CONTROL_REPLY),
        (b'{"ok": 1}\n', NodeReason.CONTROL_REPLY),
        (b'{"ok": false, "reason": "no-such", "message": "m"}\n', NodeReason.CONTROL_REPLY),
        (b'{"ok": false, "reason": 1, "message": "m"}\n', NodeReason.CONTROL_REPLY),
    ],
)
async def test_ask_strange_answer_is_said(path: Path, answer: bytes, reason: NodeReason) -> None:
    async with strange(path, answer):
        with pytest.raises(ControlError) as caught:
            await server.ask_async(path, "x")
        assert caught.value.reason is reason
        with pytest.raises(ControlError) as caught:
            await trio.to_thread.run_sync(control.ask, path, "x")
        assert caught.value.reason is reason


async def test_ask_answer_that_lacks_a_field_is_said(path: Path) -> None:
    async with strange(path, b'{"ok": true, "name": "N", "rows": [{}]}\n'):
        reply = await server.ask_async(path, "x")
    assert reply["name"] == "N"
    for fields in (reply, reply["rows"][0]):
        with pytest.raises(ControlError) as caught:
            fields["council"]
        assert caught.value.reason is NodeReason.CONTROL_REPLY
        assert caught.value.message == "the node's answer has no council"


async def test_ask_node_that_never_answers_times_out(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "TIMEOUT_S", 0.05)
    async with strange(path, None):
        with pytest.raises(ControlError) as caught:
            await server.ask_async(path, "x")
        assert caught.value.reason is NodeReason.CONTROL_TIMEOUT
        with pytest.raises(ControlError) as caught:
            await trio.to_thread.run_sync(control.ask, path, "x")
        assert caught.value.reason is NodeReason.CONTROL_TIMEOUT


async def test_ask_answer_longer_than_a_request_is_read_whole(path: Path) -> None:
    body = json.dumps({"ok": True, "bundle": "ab" * control.REQUEST_MAX_BYTES}).encode()
    async with strange(path, body + b"\n"):
        reply = await server.ask_async(path, "x")
        assert len(reply["bundle"]) == 2 * control.REQUEST_MAX_BYTES
