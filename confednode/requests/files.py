"""Requests about files that records name: attaching, listing, fetching, reading (specs/03, FIL)."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any, Final

import msgspec
import trio
from msgspec import Meta

from confednode import show
from confednode.filing import Wanted
from confednode.requests.table import Desktop, Hex, Id, Reply, Request, op
from confedproto import pieces, record, text
from confedproto.bodies.statement import File, Statement
from confedproto.errors import DecodeError, LocalProtocolError, Reason, VerificationError
from confedproto.ids import CouncilId, Hash, LogId, RecordId
from confedproto.limits import FILE_MAX_BYTES, FILES_MAX

Root = Annotated[str, Meta(pattern="^[0-9a-f]{8,64}$")]
Named = Annotated[list[tuple[str, str, int, Root]], Meta(max_length=FILES_MAX)]
_Found = tuple[CouncilId, bytes | None, Statement, File]
_Place = tuple[LogId, int]
PAGE: Final = 100  # files of one answer, and the rest of the last statement's


class DraftStatement(Request, frozen=True, kw_only=True):
    """A text, files as (name, media, size, root in hex), and a compact if for members alone."""

    text: str
    files: Annotated[list[tuple[str, str, int, Root]], Meta(max_length=FILES_MAX)] = msgspec.field(
        default_factory=list
    )
    scope: Id | None = None


@op("draft-statement", DraftStatement)
async def draft_statement(desk: Desktop, request: DraftStatement) -> Reply:
    """A statement of the council."""
    await trio.lowlevel.checkpoint()
    files = tuple(
        File(name=name, media=media, size=size, root=bytes.fromhex(root))
        for name, media, size, root in request.files
    )
    scope = None if request.scope is None else show.record_id_of(request.scope)
    return desk.draft(desk.desk.statement(request.text, files, scope))


class PutPiece(Request, frozen=True, kw_only=True):
    """A piece of a file that our own council's record will name."""

    root: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Meta(ge=1, le=FILE_MAX_BYTES)]
    index: Annotated[int, Meta(ge=0)]
    data: Hex
    steps: list[Hex]
    scope: Id | None = None


@op("file-put", PutPiece)
async def file_put(desk: Desktop, request: PutPiece) -> Reply:
    """Keep a piece."""
    scope: RecordId | None = None
    if request.scope is not None:
        scope = show.record_id_of(request.scope)
    root = Hash(bytes.fromhex(request.root))
    file = Wanted(root=root, size=request.size, council=desk.council, scope=scope)
    path = [bytes.fromhex(step) for step in request.steps]
    await desk.driver.filing.keep(file, request.index, bytes.fromhex(request.data), path)
    return {"index": request.index}


async def _named(
    desk: Desktop, council: CouncilId | None = None, after: _Place | None = None
) -> AsyncGenerator[tuple[_Place, _Found], None]:
    """Every file that a statement names and where it stands, log by log, the newest first.

    `council`: of this one alone; `after`: what comes behind that place.
    """
    for log in sorted(desk.view.logs.values(), key=lambda log: log.id):
        before = log.tree.size
        if (council not in (None, log.council)) or (after is not None and log.id < after[0]):
            continue
        if after is not None and log.id == after[0]:
            before = after[1]
        while page := await desk.driver.disk.run(
            partial(desk.store.naming.page, log.id, before, PAGE)
        ):
            for before, envelope in page:
                for found in _files_in(log.council, envelope):
                    yield (log.id, before), found


def _files_in(council: CouncilId, envelope: bytes) -> Iterator[_Found]:
    """The files that a record names; none if it is no statement, or no record at all."""
    try:
        header, _, body = record.parse_payload(record.split_envelope(envelope)[0])
    except (DecodeError, VerificationError):
        return
    if isinstance(body, Statement):
        for file in body.files or ():
            yield council, header.scope, body, file


class Files(Request, frozen=True, kw_only=True):
    """Whose; without a council, everybody's. `after`: the `more` of an earlier answer."""

    council: Id | None = None
    after: Annotated[str, Meta(pattern="^[0-9a-f]{64}:[0-9]{1,13}$")] | None = None


@op("files", Files)
async def files(desk: Desktop, request: Files) -> Reply:
    """The files that statements name, and how much of each is here; `more` if it is not all."""
    wanted = None if request.council is None else CouncilId(text.decode_council(request.council))
    after: _Place | None = None
    if request.after is not None:
        log, _, index = request.after.partition(":")
        after = LogId(bytes.fromhex(log)), int(index)
    rows: list[dict[str, Any]] = []
    last: _Place | None = None
    async with aclosing(_named(desk, wanted, after)) as named:
        async for place, (council, scope, body, file) in named:
            if len(rows) >= PAGE and place != last and last is not None:
                return {"files": rows, "more": f"{last[0].hex()}:{last[1]}"}
            last = place
            held = await desk.driver.filing.held(Hash(file.root))
            rows.append(
                show.council_row(desk.view, council)
                | {
                    "file": file.name,
                    "media": file.media,
                    "size": file.size,
                    "root": file.root.hex(),
                    "text": body.text,
                    "members_only": scope is not None,
                    "pieces": pieces.count_of(file.size),
                    "held": len(held),
                }
            )
    return {"files": rows, "more": None}


class OneFile(Request, frozen=True, kw_only=True):
    """The root of a file, or its first digits."""

    root: Root


@op("file-fetch", OneFile)
async def file_fetch(desk: Desktop, request: OneFile) -> Reply:
    """Fetch what is missing of a file from whoever is linked; how much is still missing."""
    wanted: Wanted | None = None
    async with aclosing(_named(desk)) as named:
        async for _, (council, scope, _, file) in named:
            if file.root.hex().startswith(request.root):
                root = Hash(file.root)
                wanted = Wanted(root=root, size=file.size, council=council, scope=scope)
                break
    if wanted is None:
        raise LocalProtocolError(Reason.FILE_UNKNOWN)
    missing = await desk.driver.filing.fetch(wanted)
    count = pieces.count_of(wanted.size)
    return {"root": wanted.root.hex(), "size": wanted.size, "pieces": count, "missing": missing}


class OnePiece(Request, frozen=True, kw_only=True):
    """A piece that is here."""

    root: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    index: Annotated[int, Meta(ge=0)]


@op("file-read", OnePiece)
async def file_read(desk: Desktop, request: OnePiece) -> Reply:
    """The bytes of a piece."""
    data = await desk.driver.filing.read(Hash(bytes.fromhex(request.root)), request.index)
    if data is None:
        raise LocalProtocolError(Reason.FILE_UNKNOWN)
    return {"data": data.hex()}
