"""archive: whole logs in a file, to carry by hand or to begin with."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import click

from confednode.commands.base import Shell, command
from confednode.errors import ConfigError, NodeReason
from confedproto import archive as form
from confedproto import text
from confedproto.archive import Header
from confedproto.errors import DecodeError, Reason
from confedproto.ids import NetworkId

_FRAMES: Final = 6


@click.group()
def archive() -> None:
    """All logs that this node follows, in one file; taken in, each run is checked as a peer's."""


def _frames(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each whole frame, and where it ends; stops where the file was cut."""
    while True:
        prefix = file.read(form.LENGTH.size)
        if len(prefix) < form.LENGTH.size:
            return
        length = form.frame_length(prefix)
        data = file.read(length)
        if len(data) < length:
            return
        yield file.tell(), data


def _header(file: BinaryIO, path: Path) -> Header:
    for _, data in _frames(file):
        return form.decode_header(data)
    raise DecodeError(Reason.ARCHIVE_FORM, f"{path} is empty or cut in its first frame")


def _held(file: BinaryIO) -> tuple[dict[bytes, int], int]:
    """How far each log is in an archive after its header, and where its last whole frame ends."""
    sizes: dict[bytes, int] = {}
    good = file.tell()
    for end, data in _frames(file):
        run = form.decode_run(data)
        sizes[run.log] = max(sizes.get(run.log, 0), run.start + len(run.leaves))
        good = end
    return sizes, good


@archive.command("export")
@click.option("--to", "path", type=click.Path(path_type=Path), required=True)
@click.option("--scope", help="A compact's id: with the records for its members.")
@command
def export(shell: Shell, path: Path, scope: str | None) -> None:
    """Write all logs to FILE; an export that was cut, or is older, is continued where it ends."""
    reply = shell.ask("archive-logs")
    wanted = Header(
        network=NetworkId(bytes.fromhex(reply["network"])),
        scope=None if scope is None else text.decode_record(scope),
    )
    written = 0
    try:
        with path.open("r+b" if path.exists() else "x+b") as file:
            if file.seek(0, 2) == 0:
                file.write(form.frame(form.encode_header(wanted)))
            file.seek(0)
            if _header(file, path) != wanted:
                raise DecodeError(Reason.ARCHIVE_FORM, f"{path} is of another network or scope")
            sizes, good = _held(file)
            file.truncate(good)
            file.seek(good)
            for row in reply["logs"]:
                at = sizes.get(bytes.fromhex(row["log"]), 0)
                while at < row["head"]:
                    got = shell.ask("archive-read", log=row["log"], start=at, scope=scope)
                    if got["next"] <= at:
                        break
                    written += got["next"] - at
                    at = got["next"]
                    for raw in got["frames"]:
                        file.write(form.frame(bytes.fromhex(raw)))
            size = file.tell()
    except OSError as error:
        raise ConfigError(NodeReason.HOME_ACCESS, f"{path}: {error.strerror}") from error
    fields = {"file": str(path), "logs": len(reply["logs"]), "leaves": written, "bytes": size}
    shell.emit(fields, [f"{path}: {written} leaves of {len(reply['logs'])} logs, {size} bytes"])


@archive.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@command
def take_in(shell: Shell, path: Path) -> None:
    """Take in an archive; one that was broken off goes on where it ended."""
    reply = shell.ask("archive-logs")
    held = {bytes.fromhex(row["log"]): int(row["size"]) for row in reply["logs"]}
    held[bytes.fromhex(reply["own"])] = 2**53
    taken, refused, batch = 0, list[dict[str, object]](), list[str]()

    def send() -> None:
        nonlocal taken
        if batch:
            got = shell.ask("archive-write", frames=batch)
            taken += got["taken"]
            refused.extend(got["refused"])
            batch.clear()

    try:
        with path.open("rb") as file:
            if _header(file, path).network != bytes.fromhex(reply["network"]):
                raise DecodeError(Reason.ARCHIVE_FORM, f"{path} is of another network")
            last = file.tell()
            for end, data in _frames(file):
                run = form.decode_run(data)
                last = end
                if run.start + len(run.leaves) > held.get(run.log, 0):
                    batch.append(data.hex())
                    if len(batch) == _FRAMES:
                        send()
            send()
            cut = last < path.stat().st_size
    except OSError as error:
        raise ConfigError(NodeReason.HOME_ACCESS, f"{path}: {error.strerror}") from error
    lines = [f"Taken in: {taken} leaves"]
    lines += [
        f"Refused: log {row['log']} from {row['start']} on ({row['reason']})" for row in refused
    ]
    lines += ["The file is cut short: the rest of it is missing."] if cut else []
    shell.emit({"taken": taken, "refused": refused, "cut": cut}, lines)
