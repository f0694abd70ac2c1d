"""verify: what `.confed` files prove, offline, without a node and without trusting one."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from confednode.commands.failing import fail
from confednode.errors import KeyringError, NodeError, NodeReason
from confedproto import text
from confedproto.bundle import render
from confedproto.errors import DecodeError
from confedproto.ids import CouncilId
from confedproto.limits import BUNDLE_MAX_BYTES, TIME_MAX_S
from confedproto.text.harmless import as_json, shown


@click.command()
@click.argument("files", metavar="FILE|-...", nargs=-1, required=True)
@click.option("--trust", metavar="COUNCIL", multiple=True, help="A council you know (cfr1...).")
@click.option(
    "--at",
    metavar="TIME",
    type=click.IntRange(0, TIME_MAX_S),
    help="The time asked about, whole seconds UTC; now without it.",
)
@click.option("--json", "json_mode", is_flag=True, help="One JSON object on stdout.")
@click.option("--home", type=click.Path(path_type=Path), hidden=True, expose_value=False)
def verify(files: Sequence[str], trust: Sequence[str], at: int | None, json_mode: bool) -> None:
    """What .confed files prove together, offline: a mandate, an act, a decision, a record.

    Files are read together and in any order: a mandate with its recall is VOID. `-` is
    standard input. Exit code 0 for VALID alone, 3 for any other answer.
    """
    known = [_council(one) for one in trust]
    try:
        given = [(name, _read(name)) for name in files]
    except NodeError as error:
        fail(error, json_mode=json_mode)
    answer = render.answer(given, trust=known, at=int(time.time()) if at is None else at)
    if json_mode:
        click.echo(as_json(answer.fields))
    else:
        for line in answer.lines:
            click.echo(shown(line))
    sys.exit(answer.exit_code)


def _council(given: str) -> CouncilId:
    try:
        return text.decode_council(given)
    except DecodeError as error:
        raise click.BadParameter(f"{shown(given[:80])} is no council ({error.reason})") from None


def _read(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(BUNDLE_MAX_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(BUNDLE_MAX_BYTES + 1)
    except FileNotFoundError:
        raise KeyringError(NodeReason.FILE_MISSING, f"{name} is not there") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        problem = error.strerror if isinstance(error, OSError) else "unusable path"
        raise KeyringError(NodeReason.FILE_UNREADABLE, f"{name}: {problem}") from error
