"""follow: what of whom this node holds."""

from typing import Any

import click

from confednode.commands.base import Shell, command

_MODES = click.Choice(("full", "recent", "heads", "none"))


@click.command()
@click.argument("council", required=False)
@click.argument("mode", required=False, type=_MODES)
@click.option(
    "--others", type=click.Choice(("full", "recent", "heads")), help="All that are not named."
)
@click.option(
    "--keep", type=click.IntRange(0, 1_000_000), help="Newest leaves of a log that recent holds."
)
@command
def follow(
    shell: Shell, council: str | None, mode: str | None, others: str | None, keep: int | None
) -> None:
    """Hold a council's records in full, as heads (the log's hashes alone), or no more of them.

    With recent, statements are held among the newest leaves of its log alone, and all that
    decisions rest on for ever; of older statements the hash stays. Back at full they are fetched.

    Linked councils and members of our compacts are held in full unless they are named. The disk
    that all of them together may take is disk_mb in config.toml; `confed status` shows it.
    """
    if (council is None) != (mode is None):
        raise click.UsageError("Name a council and a mode, or neither.")
    if keep is not None and "recent" not in (mode, others):
        raise click.UsageError("--keep goes with recent.")
    kept = {} if keep is None else {"keep": keep}
    if others is not None:
        shell.ask("follow", mode=others, **kept)
    reply = shell.ask("follow", **({"council": council, "mode": mode, **kept} if council else {}))
    rows = [_row(row, reply["keep"]) for row in reply["councils"]]
    shell.emit(reply, [*rows, f"All others: {reply['default']}"])


def _row(row: dict[str, Any], keep: int) -> str:
    """A council, how much of it is held, and what that takes and may take at most."""
    said = f"{row['name'] or row['council']}: {row['mode']}"
    if row["mode"] == "recent":
        said += f", the newest {keep:,} (statements at most {_mib(row['most_plain'])})"
    return f"{said}; {_mib(row['held'])} here, at most {_mib(row['most'])}"


def _mib(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB"
