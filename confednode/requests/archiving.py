"""Requests that move whole logs in and out of this node by hand (specs/10, ARC)."""

from functools import partial
from typing import Annotated, Final

import trio
from msgspec import Meta

from confednode import show
from confednode.requests.table import Desktop, Hex, Id, Nothing, Reply, Request, op
from confedproto import archive, runs, wire
from confedproto.errors import LocalProtocolError, Reason, RemoteProtocolError
from confedproto.ids import LogId
from confedproto.record import VerifiedRecord
from confedproto.scopes import Reader

_READ_LEAVES: Final = 128  # read at once: about one frame
_FRAMES_MAX: Final = 6  # in one request or answer, in hex: under a megabyte


@op("archive-logs", Nothing)
async def archive_logs(desk: Desktop, _: Nothing) -> Reply:
    """The network, and each log with how far it is held, first logs of councils first."""
    await trio.lowlevel.checkpoint()

    def later(leaves: list[object]) -> bool:
        first = leaves[0] if leaves else None
        return not isinstance(first, VerifiedRecord) or first.kind != "charter"

    logs = sorted(desk.view.logs.values(), key=lambda log: (later(list(log.leaves[:1])), log.id))
    return {
        "network": desk.network.hex(),
        "own": desk.driver.engine.own.hex(),
        "logs": [
            {"log": log.id.hex(), "size": log.tree.size, "head": log.head.size}
            for log in logs
            if log.head is not None
        ],
    }


class Export(Request, frozen=True, kw_only=True):
    """Runs of a log from `start` on, of what is public and of a scope."""

    log: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    start: Annotated[int, Meta(ge=0)]
    scope: Id | None = None


@op("archive-read", Export)
async def archive_read(desk: Desktop, request: Export) -> Reply:
    """Some frames, and where the next begin."""
    entry = desk.view.logs.get(LogId(bytes.fromhex(request.log)))
    scope = None if request.scope is None else show.record_id_of(request.scope)
    frames: list[str] = []
    start = request.start
    while entry is not None and entry.head is not None and len(frames) < _FRAMES_MAX:
        asked = runs.served(entry, 0, wire.Pull(log=entry.id, start=start))
        if asked is None:
            break
        end = min(asked.end, start + _READ_LEAVES)
        read = partial(desk.store.read, entry.id, start, end)
        rows = await trio.to_thread.run_sync(read, limiter=desk.driver.disk)
        sees = partial(Reader.of_archive(desk.view, scope).sees, entry)
        run = runs.run_message(entry.tree, asked, rows, sees)
        frames.append(wire.encode(run).hex())
        start += len(run.leaves)
    return {"frames": frames, "next": start}


class Import(Request, frozen=True, kw_only=True):
    """Frames of an archive, in their order."""

    frames: Annotated[list[Hex], Meta(min_length=1, max_length=_FRAMES_MAX)]


@op("archive-write", Import)
async def archive_write(desk: Desktop, request: Import) -> Reply:
    """Take in each run as one from a peer; what is held already is passed over."""
    taken, refused = 0, list[Reply]()
    for raw in request.frames:
        run = archive.decode_run(bytes.fromhex(raw))
        entry = desk.view.logs.get(LogId(run.log))
        rest = archive.rest_of(run, entry.tree.size if entry is not None else 0)
        if rest is None:
            continue
        try:
            fault: Reason | None = await desk.driver.take_in(rest)
        except (RemoteProtocolError, LocalProtocolError) as error:
            fault = error.reason
        if fault is None:
            taken += len(rest.leaves)
        else:
            refused.append({"log": run.log.hex(), "start": rest.start, "reason": fault.value})
    return {"taken": taken, "refused": refused}
