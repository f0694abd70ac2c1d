"""follow: what of whom this node holds."""

import click

from confednode.commands.base import Shell, command

_MODES = click.Choice(("full", "heads", "none"))


@click.command()
@click.argument("council", required=False)
@click.argument("mode", required=False, type=_MODES)
@click.option("--others", type=click.Choice(("full", "heads")), help="All that are not named.")
@command
def follow(shell: Shell, council: str | None, mode: str | None, others: str | None) -> None:
    """Hold a council's records in full, as heads (the log's hashes alone), or no more of them.

    Linked councils and members of our compacts are held in full unless they are named. The disk
    that all of them together may take is disk_mb in config.toml; `confed status` shows it.
    """
    if (council is None) != (mode is None):
        raise click.UsageError("Name a council and a mode, or neither.")
    if others is not None:
        shell.ask("follow", mode=others)
    reply = shell.ask("follow", **({"council": council, "mode": mode} if council else {}))
    rows = [f"{row['name'] or row['council']}: {row['mode']}" for row in reply["councils"]]
    shell.emit(reply, [*rows, f"All others: {reply['default']}"])
