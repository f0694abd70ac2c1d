"""attach, files, fetch: minutes, long texts and papers beside a statement, by hash."""

from pathlib import Path
from typing import Any

import click

from confednode.commands.asked import Asked
from confednode.commands.base import Shell, command, read_file
from confednode.errors import ConfigError, NodeReason
from confedproto import pieces
from confedproto.bodies.statement import File
from confedproto.limits import FILE_MAX_BYTES, FILES_MAX


@click.command()
@click.argument(
    "paths", type=click.Path(exists=True, dir_okay=False, path_type=Path), nargs=-1, required=True
)
@click.option("--text", "words", required=True, help="What the files are: a line or a page.")
@click.option("--members", "scope", help="A compact's id: nobody but its members gets them.")
@command
def attach(shell: Shell, paths: tuple[Path, ...], words: str, scope: str | None) -> None:
    """Publish a statement with files, up to 1 MiB each; whoever wants one fetches it."""
    if len(paths) > FILES_MAX:
        raise click.UsageError(f"At most {FILES_MAX} files.")
    named: list[File] = []
    for path in paths:
        cut = pieces.cut(read_file(path, FILE_MAX_BYTES))
        if not cut:
            raise click.BadParameter(f"{path} is empty")
        tree, size = pieces.tree_of(cut), sum(map(len, cut))
        media = path.suffix.lstrip(".").lower() or "file"
        named.append(File(name=path.name, media=media, size=size, root=tree.root()))
        for index, data in enumerate(cut):
            shell.ask(
                "file-put",
                root=tree.root().hex(),
                size=size,
                index=index,
                data=data.hex(),
                steps=[step.hex() for step in tree.inclusion(index, len(cut))],
                scope=scope,
            )
    draft = shell.ask(
        "draft-statement",
        text=words,
        files=[(file.name, file.media, file.size, file.root.hex()) for file in named],
        scope=scope,
    )
    says = {"text": words, "files": tuple(named)}
    asked = Asked(kind="statement", says=says, filled=frozenset(), scope=scope or "")
    reply = shell.submit(asked, draft)
    roots = [file.root.hex() for file in named]
    shell.emit({"id": reply["id"], "roots": roots}, [f"Statement: {reply['id']}", *roots])


@click.command()
@click.option("--council", help="Of this council alone.")
@command
def files(shell: Shell, council: str | None) -> None:
    """The files that statements name, and how much of each is here."""
    rows: list[dict[str, Any]] = []
    more: str | None = None
    while not rows or more is not None:
        reply = shell.ask("files", council=council, after=more)
        rows += reply["files"]
        more = reply["more"]
        if more is None:
            break
    lines = [
        f"{row['root'][:16]}  {row['file']} ({row['size']} bytes, {row['held']} of {row['pieces']}"
        f" pieces here)  {row['name'] or row['council']}: {row['text']}"
        for row in rows
    ]
    shell.emit({"files": rows}, lines or ["No statement names a file."])


@click.command()
@click.argument("root")
@click.option("--to", "path", type=click.Path(path_type=Path), required=True)
@command
def fetch(shell: Shell, root: str, path: Path) -> None:
    """Fetch a file by its root, or the first digits of it; what was broken off goes on."""
    got = shell.ask("file-fetch", root=root.lower())
    if got["missing"]:
        raise ConfigError(
            NodeReason.FILE_MISSING,
            f"{got['missing']} of {got['pieces']} pieces are not to be had now",
            "Try again when a council that has it is linked: what is here is kept.",
        )
    read = (shell.ask("file-read", root=got["root"], index=i)["data"] for i in range(got["pieces"]))
    cut = [bytes.fromhex(piece) for piece in read]
    if pieces.tree_of(cut).root().hex() != got["root"]:
        raise ConfigError(NodeReason.CONTROL_REPLY, "the node gave another file")
    try:
        with path.open("xb") as file:
            file.write(b"".join(cut))
    except OSError as error:
        raise ConfigError(NodeReason.HOME_ACCESS, f"{path}: {error.strerror}") from error
    shell.emit({"file": str(path), "size": got["size"]}, [f"{path}: {got['size']} bytes"])
