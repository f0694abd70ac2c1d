"""init, serve: a council's node is founded, and runs."""

import os
import re
import signal

import click
import trio

from confednode import app, config
from confednode.commands.base import Shell, command, read_passphrase
from confednode.commands.failing import fail_usage
from confednode.config import Settings
from confedproto import text
from confedproto.text.harmless import as_json


@click.command()
@click.option("--name", help="The council's name.")
@click.option("--listen", default=config.LISTEN_DEFAULT, show_default=True, help="HOST:PORT.")
@click.option("--network", default=config.NETWORK_DEFAULT, show_default=True)
@click.option("--keyholders", default="1/1", show_default=True, help="m/n: m of n must sign.")
@click.option("--no-passphrase", is_flag=True, help="Leave the key files unsealed.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@command
def init(
    shell: Shell,
    name: str | None,
    listen: str,
    network: str,
    keyholders: str,
    no_passphrase: bool,
    yes: bool,
) -> None:
    """Found a council in a folder; never overwrites one."""
    if name is None:
        if yes:
            fail_usage("--yes needs --name", json_mode=shell.json_mode)
        name = str(click.prompt("Name of the council", err=True))
    match = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})", keyholders)
    if match is None:
        fail_usage("--keyholders is written m/n, such as 2/3", json_mode=shell.json_mode)
    passphrase: bytes | None = None
    if shell.passphrase_file is not None and not no_passphrase:
        passphrase = read_passphrase(shell.passphrase_file)
    elif not no_passphrase:
        if yes:
            fail_usage(
                "--yes needs --passphrase-file or --no-passphrase", json_mode=shell.json_mode
            )
        asked = click.prompt(
            "Passphrase for the keys", hide_input=True, confirmation_prompt=True, err=True
        )
        passphrase = str(asked).encode()
    settings = config.check(Settings(network=network, listen=listen))
    founded = app.found(
        shell.home,
        settings,
        name=name,
        threshold=int(match[1]),
        keyholders=int(match[2]),
        passphrase=passphrase,
    )
    fields = {
        "council": text.encode_record(founded.council),
        "fingerprint": text.fingerprint(founded.council),
        "name": name,
        "keyholders": [str(path) for path in founded.key_files],
    }
    shell.emit(
        fields,
        [
            f"Council {name}: {fields['council']}",
            f"Fingerprint: {fields['fingerprint']}",
            *(f"Key file: {path}" for path in founded.key_files),
            "Give each keyholder their own file and keep copies off this machine.",
        ],
    )


@click.command()
@click.option("--ready-fd", type=int, help="Also write the ready line to this descriptor.")
@click.option("--reread", is_flag=True, help="Read every stored record again before anything.")
@command
def serve(shell: Shell, ready_fd: int | None, reread: bool) -> None:
    """Run the node until it is told to stop (Ctrl-C, SIGTERM)."""
    settings = config.load(shell.home)
    try:
        ready = os.fdopen(ready_fd, "w") if ready_fd is not None else None
    except OSError as error:
        fail_usage(f"--ready-fd {ready_fd}: {error.strerror}", json_mode=shell.json_mode)

    async def main() -> None:
        stop = trio.Event()
        async with trio.open_nursery() as nursery:
            await nursery.start(_until_signal, stop)
            running = await nursery.start(_serve_in, shell, settings, stop, reread)
            line = as_json(
                {
                    "ready": True,
                    "listen": running.listen,
                    "council": text.encode_record(running.council),
                }
            )
            click.echo(line)
            if ready is not None:
                with ready:
                    ready.write(line + "\n")
            await stop.wait()

    app.run_flat(main)


async def _serve_in(
    shell: Shell,
    settings: Settings,
    stop: trio.Event,
    reread: bool,
    *,
    task_status: trio.TaskStatus[app.Running] = trio.TASK_STATUS_IGNORED,
) -> None:
    await app.serve(
        shell.home,
        settings,
        stop=stop,
        progress=_loaded,
        reread=reread,
        task_status=task_status,
    )


def _loaded(done: int, whole: int) -> None:
    click.echo(f"loading: {done:,} of {whole:,} records", err=True)


async def _until_signal(
    stop: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_cancel_on, stop, scope)
                async for _ in signals:
                    stop.set()
                    break


async def _cancel_on(stop: trio.Event, scope: trio.CancelScope) -> None:
    await stop.wait()
    scope.cancel()
