"""position: what this council says to a frozen motion."""

from typing import Any

import click

from confednode.commands.asked import Asked
from confednode.commands.base import Shell, command
from confednode.commands.params import HASH, RECORD, SECONDS, Command, with_options
from confednode.commands.writing import packed, tell

VALUES = ["yes", "no", "abstain", "block", "refer-back", "stand-aside"]
_MORE = ("abstain", "block", "aside", "present", "roll", "method", "minutes")
_BLOCK = ("reason", "clause", "contact")


def _ballots(function: Command) -> Command:
    """The options of members' ballots and of how they were cast."""
    return with_options(
        (
            click.option("--yes", type=SECONDS, help="Members' yes ballots as cast."),
            click.option("--no", type=SECONDS, help="Members' no ballots as cast."),
            click.option("--valid", type=SECONDS, help="Valid ballots, where the rule asks."),
            click.option("--abstain", type=SECONDS, help="Members who abstained."),
            click.option("--block", type=SECONDS, help="Members who blocked."),
            click.option("--aside", type=SECONDS, help="Members who stood aside."),
            click.option("--present", type=SECONDS, help="Members who were there."),
            click.option("--roll", type=SECONDS, help="Members of the roll."),
            click.option("--method", type=click.Choice(["assembly", "paper", "online", "mixed"])),
            click.option("--minutes", type=HASH, help="Hash of the assembly's minutes."),
            click.option(
                "--approve",
                "versions",
                type=RECORD,
                multiple=True,
                help="A version that this council approves of; the motion's own id is as moved.",
            ),
            click.option("--reason", help="Of a block."),
            click.option("--clause", help="What a block rests on."),
            click.option("--contact", help="Whom to talk to about a block."),
        )
    )(function)


@click.command()
@click.argument("motion_id", metavar="ID")
@click.argument("value", type=click.Choice(VALUES))
@_ballots
@command
def position(shell: Shell, motion_id: str, value: str, **given: Any) -> None:
    """Sign what this council says to a frozen motion."""
    said: dict[str, Any] = {"value": value}
    said |= {name: given[name] for name in ("yes", "no", "valid") if given[name] is not None}
    terms = {name: given[name] for name in (*_MORE, *_BLOCK) if given[name] is not None}
    if given["versions"]:
        terms["versions"] = tuple(sorted(set(given["versions"])))
    draft = shell.ask("draft-position", id=motion_id, **said, terms=packed(terms))
    asked = Asked(
        kind="position",
        about=motion_id,
        says=said | terms,
        filled=frozenset({"freeze", "number"}),
    )
    reply = shell.submit(asked, draft)
    tell(shell, f"Position {value}", reply, position=reply["id"], motion=motion_id, value=value)
