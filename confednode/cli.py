"""`confed`: the one program of a council, its delegates and its auditors."""

import io
import sys
from collections.abc import Sequence

import click

from confednode.commands import council, decide, demo, links, mandates
from confednode.commands import verify as verifying
from confednode.commands.base import fail_usage
from confedproto import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="confed")
def confed() -> None:
    """A node for confederations of councils that decide together, with nobody in the middle."""


for _command in (
    council.init,
    council.serve,
    council.stop,
    council.status,
    council.keys,
    council.log,
    links.invite,
    links.link,
    links.links,
    decide.compact,
    decide.motion,
    decide.position,
    mandates.mandate,
    mandates.recall,
    demo.demo,
    verifying.verify,
):
    confed.add_command(_command)


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
        if "--json" in given:
            fail_usage(error.format_message(), json_mode=True)
        error.show()
        sys.exit(error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)
