"""How a command ends when it cannot do what it was asked: one form for people, one for scripts."""

import sys
from typing import NoReturn

import click

from confednode.errors import EXIT_USAGE, NodeError, exit_code, failure
from confedproto.errors import ConfedError
from confedproto.text.harmless import as_json, shown


def fail(error: NodeError | ConfedError, *, json_mode: bool) -> NoReturn:
    """Say what went wrong, in the form that was asked for, and end with its exit code."""
    told = failure(error)
    if json_mode:
        click.echo(as_json(told))
    else:
        click.echo(shown(f"confed: {told['message']} ({told['reason']})"), err=True)
        if told["hint"]:
            click.echo(shown(f"  {told['hint']}"), err=True)
    sys.exit(exit_code(error))


def fail_usage(message: str, *, json_mode: bool) -> NoReturn:
    """Say that the command was called wrongly: exit code 2."""
    if json_mode:
        told = {"ok": False, "reason": "usage", "message": message, "hint": "See --help."}
        click.echo(as_json(told))
    else:
        click.echo(shown(f"confed: {message}"), err=True)
    sys.exit(EXIT_USAGE)
