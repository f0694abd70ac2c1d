"""archive: whole logs in a file, to carry by hand or to begin with."""

import fcntl
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import click

from confednode.commands.base import Shell, command
from confednode.commands.progress import Progress
from confednode.errors import EXIT_FAILED, EXIT_REFUSED, ConfigError, NodeReason
from confedproto import archive as form
from confedproto import text, wire
from confedproto.archive import Contents, Header
from confedproto.errors import DecodeError, Reason
from confedproto.ids import LogId, NetworkId
from confedproto.log import head_size
from confedproto.merkle import Tree
from confedproto.runs import hashes_of

_FRAMES: Final = 6  # in one request, in hex: under a megabyte
_SHOWN: Final = 128  # heads in one request
_OF_A_FORK: Final = frozenset({"root-mismatch", "proof-root", "head-time"})
_REFUSED_MAX: Final = 16  # logs refused, after which the rest of a file is not looked at


@click.group()
def archive() -> None:
    """All logs that this node follows, in one file; taken in, each run is checked as a peer's."""


def _frames(file: BinaryIO) -> Iterator[bytes]:
    """Each whole frame; stops where the file was cut. Raises DecodeError ARCHIVE_FORM."""
    while True:
        prefix = file.read(form.LENGTH.size)
        if len(prefix) < form.LENGTH.size:
            return
        length = form.frame_length(prefix)
        data = file.read(length)
        if len(data) < length:
            return
        yield data


def _header(file: BinaryIO, path: Path) -> Header:
    for data in _frames(file):
        return form.decode_header(data)
    raise DecodeError(Reason.ARCHIVE_FORM, f"{path} is empty or cut in its first frame")


@contextmanager
def _opened(path: Path, mode: str) -> Generator[BinaryIO, None, None]:
    """The file, for us alone if we write. Raises ConfigError."""
    try:
        with path.open(mode) as file:
            if mode != "rb":
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield cast(BinaryIO, file)
    except BlockingIOError:
        raise ConfigError(
            NodeReason.FILE_UNREADABLE, f"{path}: another export writes it", "Wait for it to end."
        ) from None
    except OSError as error:
        raise ConfigError(NodeReason.FILE_UNREADABLE, f"{path}: {error.strerror}") from error


def _continued(file: BinaryIO, path: Path, wanted: Header) -> Contents:
    """What an archive holds already; whatever is behind its last sound frame is cut off."""
    if file.seek(0, os.SEEK_END) == 0:
        file.write(form.frame(form.encode_header(wanted)))
    file.seek(0)
    if _header(file, path) != wanted:
        raise DecodeError(Reason.ARCHIVE_FORM, f"{path} is of another network or scope")
    contents, good = Contents(), file.tell()
    try:
        for data in _frames(file):
            contents.read(data)
            good = file.tell()
    except DecodeError:
        pass  # a power cut while it was written: from there on it is written anew
    file.truncate(good)
    file.seek(good)
    return contents


@archive.command("export")
@click.option("--to", "path", type=click.Path(path_type=Path), required=True, metavar="FILE")
@click.option("--scope", metavar="ID", help="A compact's id: with the records for its members.")
@command
def export(shell: Shell, path: Path, scope: str | None) -> None:
    """Write all logs to FILE; an export that was cut, or is older, is continued where it ends."""
    reply = shell.ask("archive-logs", scope=scope)
    logs = [row for row in reply["logs"] if row["head"]]
    wanted = Header(
        network=NetworkId(bytes.fromhex(reply["network"])),
        scope=None if scope is None else text.decode_record(scope),
    )
    progress = Progress("written", "leaves")
    whole = sum(row["head"] for row in logs)
    with _opened(path, "r+b" if path.exists() else "x+b") as file:
        contents = _continued(file, path, wanted)
        before = contents.leaves
        try:
            for row in logs:
                _write_log(shell, file, contents, row, scope)
                progress.at(contents.leaves, whole)
        finally:
            progress.close()
        if not contents.whole:
            file.write(form.frame(form.encode_end(contents.end)))
        file.flush()
        os.fsync(file.fileno())  # a stick may be pulled out now
        size = file.tell()
    fields = {
        "file": str(path),
        "logs": len(contents.sizes),
        "leaves": contents.leaves - before,
        "bytes": size,
    }
    line = f"{path}: {fields['leaves']} leaves written, {len(contents.sizes)} logs, {size} bytes"
    shell.emit(fields, [line])


def _write_log(
    shell: Shell, file: BinaryIO, contents: Contents, row: dict[str, Any], scope: str | None
) -> None:
    log = LogId(bytes.fromhex(row["log"]))
    while (at := contents.sizes.get(log, 0)) < row["head"]:
        reply = shell.ask("archive-read", log=row["log"], start=at, scope=scope)
        for raw in reply["frames"]:
            data = bytes.fromhex(raw)
            contents.read(data)
            file.write(form.frame(data))
        if contents.sizes.get(log, 0) <= at:
            return


@dataclass(slots=True)
class _Taking:
    """An import: what the node holds, and what it has said of the runs so far."""

    shell: Shell
    held: dict[LogId, int]
    withheld: set[LogId]
    known: dict[LogId, int]  # under a head
    taken: int = 0
    filled: int = 0
    refused: dict[LogId, dict[str, Any]] = field(default_factory=dict)
    batch: list[str] = field(default_factory=list)
    log: LogId | None = None  # of the batch
    heads: dict[LogId, tuple[int, bytes]] = field(default_factory=dict)  # of held logs, the last

    def offer(self, log: LogId, start: int, end: int, data: bytes) -> None:
        """A run of the file: passed over if the node can have no use for it."""
        if log in self.refused or (end <= self.held.get(log, 0) and log not in self.withheld):
            return
        if log != self.log or len(self.batch) == _FRAMES:
            self.send()
        if log not in self.refused:
            self.log = log
            self.batch.append(data.hex())

    def send(self) -> None:
        """Hand in what waits: runs of one log."""
        if not self.batch or len(self.refused) >= _REFUSED_MAX:
            return
        got = self.shell.ask("archive-write", frames=self.batch)
        self.batch.clear()
        self.taken += got["taken"]
        self.filled += got["filled"]
        if got["refused"] is not None and self.log is not None:
            self.refused[self.log] = dict(got["refused"])

    def note(self, log: LogId, head: bytes, at: int) -> None:
        """Remember what the file says of a log that was held before, and where its runs begin."""
        if self.known.get(log):
            self.heads[log] = (self.heads.get(log, (at, b""))[0], head)

    def second_histories(self, file: BinaryIO) -> list[str]:
        """The logs of which the file has another history than the node (ARC-5)."""
        shown: list[str] = []
        for log, (at, head) in self.heads.items():
            told = wire.HeadTold(log=log, size=1, head=head)
            if self.refused.get(log, {}).get("reason") in _OF_A_FORK:
                file.seek(at)
                told = _compared(log, self.known[log], _frames(file)) or told
            shown.append(wire.encode(told).hex())
        forked: list[str] = []
        for some in range(0, len(shown), _SHOWN):
            forked += self.shell.ask("archive-shown", heads=shown[some : some + _SHOWN])["forked"]
        return forked


def _compared(log: LogId, held: int, frames: Iterator[bytes]) -> wire.HeadTold | None:
    """What a log in a file was at the size that is held, and that its last head goes on from it."""
    tree, head = Tree(), b""
    for data in frames:
        run = form.decode_frame(data)
        if not isinstance(run, wire.Run) or run.log != log:
            continue
        tree.extend(hashes_of(run.leaves))
        head = run.head
    size = head_size(head) if head else 0
    if not held < size <= tree.size:
        return None
    path = tuple(tree.consistency(held, size))
    return wire.HeadTold(log=log, size=held, head=head, root=tree.root_at(held), path=path)


@archive.command("import")
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE")
@command
def take_in(shell: Shell, path: Path) -> None:
    """Take in an archive; one that was broken off goes on where it ended.

    Ends with 5 if a run was refused, and with 1 if the file is cut or spoiled; what came before
    stays.
    """
    reply = shell.ask("archive-logs")
    rows = {LogId(bytes.fromhex(row["log"])): row for row in reply["logs"]}
    taking = _Taking(
        shell,
        {log: int(row["size"]) for log, row in rows.items()},
        {log for log, row in rows.items() if row["withheld"]},
        {log: int(row["head"]) for log, row in rows.items()},
    )
    passed = set() if reply["refilled"] else {LogId(bytes.fromhex(reply["own"]))}
    contents, spoiled = Contents(), ""
    progress = Progress("read", "bytes")
    with _opened(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if _header(file, path).network != bytes.fromhex(reply["network"]):
            raise DecodeError(Reason.ARCHIVE_FORM, f"{path} is of another network")
        good = file.tell()
        try:
            for data in _frames(file):
                run = contents.read(data)
                if run is not None:
                    taking.note(LogId(run.log), run.head, good)
                if run is not None and run.log not in passed:
                    start = run.start
                    taking.offer(LogId(run.log), start, start + len(run.leaves), data)
                if len(taking.refused) >= _REFUSED_MAX:
                    break
                good = file.tell()
                progress.at(good, size)
        except DecodeError as error:
            spoiled = error.detail
        finally:
            progress.close()
        taking.send()
        forked = taking.second_histories(file)
    cut = not contents.whole or good < size
    fields = {
        "ok": not (cut or taking.refused or forked),
        "taken": taking.taken,
        "filled": taking.filled,
        "refused": list(taking.refused.values()),
        "forked": forked,
        "cut": cut,
    }
    proved = [f"Another history of log {log} than ours; the proof spreads." for log in forked]
    shell.emit(fields, [*_told(taking, path, spoiled=spoiled, cut=cut), *proved])
    if not fields["ok"]:
        sys.exit(EXIT_REFUSED if taking.refused or forked else EXIT_FAILED)


def _told(taking: _Taking, path: Path, *, spoiled: str, cut: bool) -> Iterator[str]:
    yield f"Taken in: {taking.taken} leaves" + (
        f", and {taking.filled} that had been withheld" if taking.filled else ""
    )
    for row in taking.refused.values():
        yield f"Refused: log {row['log']} from {row['start']} on ({row['reason']})"
    if len(taking.refused) >= _REFUSED_MAX:
        yield "So many logs were refused that the rest of the file was not looked at."
    elif spoiled:
        yield f"{path} is spoiled: {spoiled}. What stands before was taken in."
    elif cut:
        yield f"{path} is cut short: the rest of it is missing."
