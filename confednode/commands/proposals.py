"""What a motion may say beside its title and text, as options of `confed motion propose`."""

from collections.abc import Mapping
from typing import Any

import click

from confednode.commands.params import COUNCIL, HASH, RECORD, Command, Instant, with_options
from confednode.commands.writing import body_of, said
from confedproto.bodies.compact import COORDINATION
from confedproto.bodies.motion import Motion
from confedproto.rules.terms import CLASSES

INSTANT = Instant()
_IDS = ("supersedes", "repeals", "depends", "contradicts", "attachments", "units")
_PLAIN = (
    *("contact", "initiative", "reason", "due", "begins", "ends", "goal", "opt_out"),
    *("minutes", "version", "target", "first", "parent", "carrier"),
)


def options(function: Command) -> Command:
    """Add the options of all fields."""
    return with_options(
        (
            click.option(
                "--class",
                "name",
                type=click.Choice(list(CLASSES)),
                default=COORDINATION,
                show_default=True,
                help="The compact has a rule for each class that it knows.",
            ),
            click.option("--version", type=RECORD, help="Compact's version that it runs under."),
            click.option(
                "--target", type=RECORD, help="The council, mandate or version that it is about."
            ),
            click.option("--first", type=RECORD, help="The motion whose second reading it is."),
            click.option("--parent", type=RECORD, help="The motion that it puts again."),
            click.option("--reason", help="Why it differs from its parent."),
            click.option(
                "--affected", type=COUNCIL, multiple=True, help="Who votes; all without it."
            ),
            click.option(
                "--unit",
                "units",
                type=RECORD,
                multiple=True,
                help="A lower compact that it concerns; a region's motion names two or more.",
            ),
            click.option("--minutes", type=HASH, help="Hash of the assembly's minutes."),
            click.option(
                "--attach", "attachments", type=HASH, multiple=True, help="Hash of a file."
            ),
            click.option("--contact", help="Whom to ask."),
            click.option("--initiative", type=click.IntRange(0), help="Members who asked for it."),
            click.option(
                "--money",
                metavar="CURRENCY:COST:CAP:SOURCE",
                help="What it costs, the most that may be paid (least unit), and from where.",
            ),
            click.option("--carrier", type=COUNCIL, help="The council that carries it out."),
            click.option("--due", type=INSTANT, help="Until when."),
            click.option("--begins", type=INSTANT, help="In force from; at once without it."),
            click.option("--ends", type=INSTANT, help="Ends by itself."),
            click.option("--goal", help="How one will see that it worked."),
            click.option("--reversible/--irreversible", default=None),
            click.option("--opt-out", help="Who need not take part, and how."),
            *(
                click.option(f"--{name}", type=RECORD, multiple=True, help=f"A motion it {name}.")
                for name in ("supersedes", "repeals")
            ),
            click.option("--depends", type=RECORD, multiple=True, help="A motion it rests on."),
            click.option(
                "--contradicts", type=RECORD, multiple=True, help="A motion it cannot stand with."
            ),
            click.option(
                "--translation",
                "translations",
                multiple=True,
                metavar="LANGUAGE:TITLE:HASH",
                help="The title in another language, and the hash of its text.",
            ),
        )
    )(function)


def fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the options name, typed as the body has them. Raises BadParameter."""
    out: dict[str, Any] = {name: given[name] for name in _PLAIN if given[name] is not None}
    for name in _IDS:
        if given[name]:
            out[name] = sorted(set(given[name]))
    if given["affected"]:
        out["affected"] = sorted(set(given["affected"]))
    if given["reversible"] is not None:
        out["reversible"] = given["reversible"]
    try:
        if given["money"] is not None:
            currency, cost, cap, source = given["money"].split(":", 3)
            out["money"] = {
                "currency": currency,
                "cost": int(cost),
                "cap": int(cap),
                "source": source,
            }
        rows = [row.split(":") for row in given["translations"]]
        out_rows = [[language, bytes.fromhex(digest)] for language, *_, digest in rows]
    except ValueError:
        raise click.BadParameter("--money or --translation is not of its form") from None
    if rows:
        out["translations"] = sorted(out_rows)
    least = {"name": "x", "titles": [["en", "x"]], "text": bytes(32)}
    typed = said(body_of(Motion, {**least, **out}))
    return {name: typed[name] for name in out}


def titles(title: str, language: str, given: Mapping[str, Any]) -> list[list[str]]:
    """The title in each language, the authoritative one first."""
    others = [row.split(":") for row in given["translations"]]
    return [[language, title], *sorted([row[0], ":".join(row[1:-1])] for row in others)]
