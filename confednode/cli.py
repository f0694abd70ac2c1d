"""`confed`: the one program of a council, its delegates and its auditors."""

import importlib
import io
import sys
from collections.abc import Sequence
from typing import Final

import click

from confednode.commands.failing import fail_usage
from confedproto import __version__
from confedproto.text.harmless import shown

COMMANDS: Final = {
    "init": "running",
    "serve": "running",
    "stop": "council",
    "status": "council",
    "keys": "keeping",
    "log": "council",
    "invite": "links",
    "link": "links",
    "links": "links",
    "unlink": "links",
    "follow": "follow",
    "archive": "archive",
    "attach": "files",
    "files": "files",
    "fetch": "files",
    "compact": "compacts",
    "motion": "motions",
    "position": "positions",
    "dispute": "disputes",
    "mandate": "mandates",
    "delegate": "delegate",
    "recall": "mandates",
    "requests": "signing",
    "sign": "signing",
    "submit": "signing",
    "node": "servers",
    "charter": "servers",
    "suspend": "servers",
    "recover": "servers",
    "demo": "demo",
    "verify": "verify",
    "pages": "pages",
}
"""Command -> the module of `confednode.commands` that has it, under the command's own name."""


class _Commands(click.Group):
    """Imports the module of a command when it is called: `verify` needs no node (and no trio)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"confednode.commands.{COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, cmd_name)
        return found


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="confed")
def confed() -> None:
    """A node for confederations of councils that decide together, with nobody in the middle."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `confed`; a wrong call ends with 2, in the form that was asked for."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # JSON is UTF-8, whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = confed.main(args=given, prog_name="confed", standalone_mode=False)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        message = " ".join(error.format_message().split())  # a list of choices comes in lines
        if "--json" in given:
            fail_usage(message, json_mode=True)
        if isinstance(error, click.UsageError) and error.ctx is not None:
            click.echo(error.ctx.get_usage(), err=True)
        click.echo(shown(f"Error: {message}"), err=True)
        sys.exit(error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)
