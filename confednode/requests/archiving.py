"""Requests that move whole logs in and out of this node by hand (specs/10, ARC)."""

from functools import partial
from typing import Annotated, Final

import trio
from msgspec import Meta

from confednode import show
from confednode.requests.table import Desktop, Hex, Id, Reply, Request, op
from confedproto import archive, runs, wire
from confedproto.errors import (
    DecodeError,
    LocalProtocolError,
    Reason,
    RemoteProtocolError,
    VerificationError,
)
from confedproto.guard import Signing
from confedproto.ids import LogId, RecordId
from confedproto.record import Leaf, VerifiedRecord
from confedproto.scopes import Reader

_READ_LEAVES: Final = 128  # read at once: about one frame
SHOWN_MAX: Final = 128  # heads looked at in one request
_FRAMES_MAX: Final = 6  # in one request or answer, in hex: under a megabyte


def _scope(desk: Desktop, named: str | None) -> RecordId | None:
    """The scope of an archive: its members alone make one of it (SCO-1, ARC-2)."""
    scope = None if named is None else show.record_id_of(named)
    if scope is not None and desk.council not in desk.view.members(scope):
        raise LocalProtocolError(Reason.COMPACT_MEMBER, "not a member of that compact")
    return scope


class Logs(Request, frozen=True, kw_only=True):
    """The scope that an archive is to have, if any."""

    scope: Id | None = None


@op("archive-logs", Logs)
async def archive_logs(desk: Desktop, request: Logs) -> Reply:
    """The network, and each log with how far it is held, first logs of councils first."""
    await trio.lowlevel.checkpoint()

    def later(leaves: list[Leaf]) -> bool:
        first = leaves[0] if leaves else None
        return not isinstance(first, VerifiedRecord) or first.kind != "charter"

    _scope(desk, request.scope)
    logs = sorted(desk.view.logs.values(), key=lambda log: (later(log.leaves[:1]), log.id))
    return {
        "network": desk.network.hex(),
        "own": desk.driver.engine.own.hex(),
        "refilled": desk.driver.engine.keeper.guard.state is Signing.HELD,
        "logs": [
            {
                "log": log.id.hex(),
                "size": log.tree.size,
                "head": log.head.size if log.head is not None else 0,
                "withheld": log.seclusion.withheld + log.dropped,
            }
            for log in logs
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
    scope = _scope(desk, request.scope)
    frames: list[str] = []
    start = request.start
    while entry is not None and entry.head is not None and len(frames) < _FRAMES_MAX:
        asked = runs.served(entry, 0, wire.Pull(log=entry.id, start=start))
        if asked is None:
            break
        end = min(asked.end, start + _READ_LEAVES)
        read = partial(desk.store.read, entry.id, start, end)
        rows = await desk.driver.disk.run(read)
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
    """Take in each run as one from a peer, up to the first that does not hold.

    `taken` leaves are new here, `filled` came where some were withheld; of the rest nothing is
    touched, so that the run behind a bad one costs nothing.
    """
    taken = filled = 0
    for raw in request.frames:
        run = archive.decode_frame(bytes.fromhex(raw))
        if not isinstance(run, wire.Run):
            raise DecodeError(Reason.ARCHIVE_FORM, "a frame that is no run")
        try:
            filled += await _fill(desk, run)
            taken += await _append(desk, run)
        except (VerificationError, DecodeError, RemoteProtocolError) as error:
            fault = {"log": run.log.hex(), "start": run.start, "reason": error.reason.value}
            return {"taken": taken, "filled": filled, "refused": fault}
    return {"taken": taken, "filled": filled, "refused": None}


class Shown(Request, frozen=True, kw_only=True):
    """What an archive shows of logs that are held here, as answers to a peer's question."""

    heads: Annotated[list[Hex], Meta(min_length=1, max_length=SHOWN_MAX)]


@op("archive-shown", Shown)
async def archive_shown(desk: Desktop, request: Shown) -> Reply:
    """Look for second histories (ARC-5); the logs of which one was found."""
    forked: list[str] = []
    for raw in request.heads:
        told = wire.decode(bytes.fromhex(raw))
        if not isinstance(told, wire.HeadTold):
            raise DecodeError(Reason.ARCHIVE_FORM, "no answer about a head")
        if await desk.driver.take_in(told) is Reason.LOG_FORK:
            forked.append(told.log.hex())
    return {"forked": forked}


async def _append(desk: Desktop, run: wire.Run) -> int:
    """Take in what of a run is beyond the log here; how many leaves. Raises ConfedErrors."""
    entry = desk.view.logs.get(LogId(run.log))
    rest = archive.rest_of(run, entry.tree.size if entry is not None else 0)
    if rest is None:
        return 0
    if entry is not None:  # the head and the root first: a forged run has no signature opened
        runs.check(desk.view, rest, (), desk.now)
    fault = await desk.driver.take_in(rest)
    if fault is not None:
        raise VerificationError(fault)
    return len(rest.leaves)


async def _fill(desk: Desktop, run: wire.Run) -> int:
    """Take in what of a run is withheld here; how many leaves. Raises ConfedErrors."""
    entry = desk.view.logs.get(LogId(run.log))
    part = archive.lacking(run, entry) if entry is not None and entry.lacking else None
    if entry is None or part is None:
        return 0
    before = entry.lacking
    fault = await desk.driver.take_in(part, whole=True)
    if fault is not None:
        raise VerificationError(fault)
    return before - entry.lacking
