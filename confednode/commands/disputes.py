"""dispute: what is contested, who mediates, what a panel finds."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_type_hints

import click

from confednode.commands.base import Shell, command
from confednode.commands.params import COUNCIL, RECORD
from confednode.commands.writing import tell, write
from confedproto.bodies.dispute import Dispute
from confedproto.bodies.finding import Finding
from confedproto.bodies.naming import Naming

CLASSES = click.Choice(get_args(get_type_hints(Dispute)["name"]))
EFFECTS = click.Choice(get_args(get_type_hints(Finding)["effect"]))


@click.group()
def dispute() -> None:
    """Disputes: contest a record, name a mediator or a panel, find."""


@dispute.command("open")
@click.argument("record_id", metavar="ID")
@click.option("--class", "name", type=CLASSES, required=True)
@click.option("--remedy", required=True, help="What is asked for.")
@click.option("--party", "parties", type=COUNCIL, multiple=True, help="Another council concerned.")
@click.option("--compact", type=RECORD, help="Before whom, where the record says none: a roll.")
@command
def dispute_open(
    shell: Shell,
    record_id: str,
    name: Any,
    remedy: str,
    parties: tuple[bytes, ...],
    compact: bytes | None,
) -> None:
    """Contest a record and say what is asked for."""
    named = tuple(sorted(set(parties))) or None
    body = Dispute(name=name, remedy=remedy, parties=named, compact=compact)
    tell(shell, "Dispute", write(shell, record_id, body), record=record_id)


@dispute.command("name")
@click.argument("dispute_id", metavar="ID")
@click.argument("role", type=click.Choice(["mediator", "panel"]))
@click.argument("councils", metavar="COUNCIL...", type=COUNCIL, nargs=-1, required=True)
@command
def dispute_name(shell: Shell, dispute_id: str, role: Any, councils: tuple[bytes, ...]) -> None:
    """Name a mediator, or the panel: only what all parties name stands."""
    body = Naming(role=role, councils=tuple(sorted(set(councils))))
    tell(shell, "Named", write(shell, dispute_id, body), dispute=dispute_id)


@dispute.command("find")
@click.argument("dispute_id", metavar="ID")
@click.argument("effect", type=EFFECTS)
@click.option("--text", required=True, help="What is found, and why.")
@click.option("--mandate", type=RECORD, help="The mandate that a delegate finds under.")
@command
def dispute_find(
    shell: Shell, dispute_id: str, effect: Any, text: str, mandate: bytes | None
) -> None:
    """Say what this council, of the panel, finds."""
    reply = write(shell, dispute_id, Finding(effect=effect, text=text, mandate=mandate))
    tell(shell, f"Found {effect}", reply, dispute=dispute_id, effect=effect)


@dispute.command("show")
@click.argument("dispute_id", metavar="ID")
@command
def dispute_show(shell: Shell, dispute_id: str) -> None:
    """Where a dispute stands, who mediates, who sits on the panel, what it found."""
    reply = shell.ask("dispute", id=dispute_id)
    shell.emit(reply, _lines(reply))


@dispute.command("list")
@command
def dispute_list(shell: Shell) -> None:
    """Every dispute known here."""
    rows = shell.ask("disputes")["disputes"]
    shell.emit(
        {"disputes": rows},
        (f"{row['step']:<12} {row['class']:<12} {row['dispute']}" for row in rows),
    )


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{row['class']}: {row['remedy']}"
    yield f"  about {row['record']}"
    yield f"  state: {row['step']}" + (f" ({row['effect']})" if row["effect"] else "")
    for name in ("parties", "panel"):
        for one in row[name]:
            yield f"  {name}: {one['name'] or one['council']}"
    if row["mediator"]:
        yield f"  mediator: {row['mediator']['name'] or row['mediator']['council']}"
