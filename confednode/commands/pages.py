"""pages: the two web pages for people who have no node, as files to pass on."""

import hashlib
from pathlib import Path

import click

from confednode import pages as composed
from confednode.commands.base import Shell, command, write_file
from confednode.errors import KeyringError, NodeReason

USES = {
    "verify.html": "checks mandates, acts and decisions: files, pasted text, QR codes",
    "act.html": "signs a delegate's acts with a key that stays in the phone's browser",
}


@click.command()
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), required=True, help="Write them here."
)
@command
def pages(shell: Shell, folder: Path) -> None:
    """Write the verify page and the act page, one file each.

    They need no node and no network: pass them on, print where they are, or put them on any web
    server (https). Everyone with this version gets the same bytes; compare the SHA-256.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KeyringError(NodeReason.FILE_UNREADABLE, f"{folder}: {error.strerror}") from error
    rows: list[dict[str, object]] = []
    lines: list[str] = []
    for name, use in USES.items():
        data = composed.page(name).encode()
        path = folder / name
        write_file(path, data)
        digest = hashlib.sha256(data).hexdigest()
        rows.append({"page": name, "file": str(path), "bytes": len(data), "sha256": digest})
        lines += [f"{path}: {use}", f"  SHA-256 {digest}"]
    shell.emit({"pages": rows}, lines)
