"""stop, status, log: the council's own node is asked."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from confednode.commands import marks
from confednode.commands.base import Shell, command
from confedproto.text.harmless import as_json


@click.command()
@command
def stop(shell: Shell) -> None:
    """Stop the running node in good order."""
    shell.emit(shell.ask("stop"), ["The node is stopping."])


@click.command()
@command
def status(shell: Shell) -> None:
    """What the node is, how far its log is, and who it is linked with."""
    reply = shell.ask("status")
    shell.emit(
        reply,
        [
            f"Council {reply['name']}: {reply['council']}",
            f"Fingerprint: {reply['fingerprint']}",
            f"Listening on {reply['listen']}",
            f"Records of its own: {reply['size']}; logs followed: {reply['logs']}",
            f"State: {reply['digest'][:16]}",
            *_disk(reply["disk"]),
            *_reminders(reply),
            *(_link_line(row) for row in reply["links"]),
        ],
    )


def _disk(disk: dict[str, Any]) -> Iterator[str]:
    """What is kept of others, and of whom nothing more is taken."""
    yield f"Records of others: {disk['held'] / 2**20:.1f} MiB of {disk['most'] // 2**20}"
    for row in disk["full"]:
        yield f"Takes no more of {row['name'] or row['council']}: its share is full (disk_mb)"


def _reminders(reply: dict[str, Any]) -> Iterator[str]:
    """What the keyholders should do soon."""
    if reply["life"] != "active":
        yield f"The council is {reply['life']}."
    if reply.get("rivals"):
        yield f"Rival servers: {', '.join(reply['rivals'])} (confed node replace --keep KEY)"
    if (alone := marks.steps_alone(reply["steps"])) is not None:
        yield alone
    if reply["signing"] == "held":
        yield _held(reply)
    if reply["signing"] == "stopped":
        yield "Stopped: this log went on elsewhere. The keyholders replace the server."
    if reply.get("renew"):
        days = max(0, reply["node_expires_in"]) // 86_400
        yield f"The server is authorised for {days} more days: confed node renew"
    if reply["requests"]:
        yield f"Sign requests waiting: {reply['requests']} (confed requests)"
    if reply["agenda"]:
        yield f"For the assembly, about delegates: {reply['agenda']} (confed mandate agenda)"


def _held(reply: dict[str, Any]) -> str:
    """Why the node does not sign yet, and what helps."""
    held, signed = reply["held"], reply["signed_up_to"]
    if held < signed:
        return (
            f"Signs nothing: {signed} records were signed, {held} are held. Linked councils give "
            "the rest. If none is known here: move node.db away, then confed recover."
        )
    if not reply["answers_needed"]:
        return (
            "Signs nothing: this start is not clean, and nobody is there to ask. If this is an old "
            "copy: move node.db away, then confed recover. If not: confed node override."
        )
    answers = f"{reply['answered']} of {reply['answers_needed']}"
    return f"Signs nothing before its linked councils have answered: {answers} so far."


def _link_line(row: dict[str, Any]) -> str:
    reason = f" ({row['reason']})" if row["reason"] else ""
    return f"Link {row['name'] or row['council']}: {row['state']}{reason}{marks.overrode(row)}"


def _grounds(reply: Mapping[str, Any]) -> Iterator[str]:
    """The records and rules that a status rests on, one a line."""
    yield f"{reply['state']} {reply['outcome'] or ''}".strip()
    for row in reply["grounds"]:
        mark = "" if row["counts"] else f"  not counted: {row['reason']}"
        yield f"  {row['rule']:<7} {row['kind']:<10} {row['record']}{mark}"


@click.command()
@click.option("--kind", help="Only records of this kind.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--explain", metavar="ID", help="Why a motion or a mandate stands where it stands.")
@command
def log(shell: Shell, kind: str | None, limit: int, explain: str | None) -> None:
    """The newest counted records, of all followed logs; --json: one object a line."""
    if explain is not None:
        reply = shell.ask("explain", id=explain)
        shell.emit(reply, _grounds(reply))
        return
    rows = shell.ask("log", kind=kind, limit=limit)["records"]
    if shell.json_mode:
        for row in rows:
            click.echo(as_json(row))
        return
    shell.emit(
        {},
        (
            f"{marks.when(row['time'])}  {row['kind']:<10} {row['name']}  {row['record']}"
            + marks.unwitnessed(row)
            for row in rows
        ),
    )
