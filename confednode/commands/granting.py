"""What a mandate may say beside its instruction, as options of `confed mandate grant`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
import msgspec

from confedproto import text
from confedproto.bodies.mandate import Mandate
from confedproto.errors import LocalProtocolError, Reason
from confedproto.rules.mandate import SPENDING, VOTE

T = TypeVar("T")
_SECONDS = click.IntRange(min=0)


def options(instant: click.ParamType[int]) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """The decorator that adds them; `instant` reads times."""
    made = (
        click.option("--starts", type=instant, help="Begin; now without it."),
        click.option(
            "--substitute", "substitutes", multiple=True, help="Who may stand in (cfk...)."
        ),
        click.option(
            "--partner", "partners", multiple=True, help="A delegate beside the first (cfk...)."
        ),
        click.option("--all-sign", is_flag=True, help="All delegates must sign each act."),
        click.option("--forum", help="The body it is for."),
        click.option("--level", help="The level: local, regional..."),
        click.option("--term", type=click.IntRange(min=1), help="Which term in a row it is."),
        click.option("--condition", "conditions", multiple=True, help="in:ID or adopted:ID."),
        click.option("--otherwise", type=click.Choice(["refer-back", "ratify"])),
        click.option("--ceiling", help="CURRENCY:ACT:TOTAL, in the least unit."),
        click.option("--report", "reports", type=instant, multiple=True, help="When to report."),
        click.option("--overdue", type=_SECONDS, help="Seconds that a report may be late."),
        click.option("--freshness", type=_SECONDS, help="Seconds that a cited head may be old."),
        click.option("--holdover", type=_SECONDS, help="Seconds to finish plain tasks after it."),
        click.option("--attendance", is_flag=True, help="Acts need the delegate's presence."),
        click.option("--petition", help="Share of members that forces an item: 1/10."),
        click.option(
            "--subject", "subjects", multiple=True, help="Acts may be about these motions alone."
        ),
        click.option("--above", help="The mandate of another council that this one passes on."),
        click.option("--pay", help="What the delegate gets, in words."),
    )

    def add(function: Callable[..., T]) -> Callable[..., T]:
        for option in reversed(made):
            function = option(function)
        return function

    return add


def terms(motion: bytes, kinds: list[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the body that the options name, in plain values. Raises click.BadParameter."""
    out: dict[str, Any] = {}
    for name in ("starts", "forum", "level", "term", "otherwise", "overdue", "freshness", "pay"):
        if given[name] is not None:
            out[name] = given[name]
    for name in ("substitutes", "partners"):
        if given[name]:
            out[name] = [text.decode_key(key) for key in given[name]]
    if given["subjects"]:
        out["subjects"] = [text.decode_record(one) for one in given["subjects"]]
    if given["above"] is not None:
        out["above"] = text.decode_record(given["above"])
    if given["all_sign"]:
        out["parity"] = "all"
    if given["attendance"]:
        out["attendance"] = "required"
    if given["reports"]:
        out["reports"] = sorted(set(given["reports"]))
    if given["holdover"]:
        out["holdover"] = [given["holdover"], sorted(set(kinds) - {VOTE, SPENDING})]
    try:
        if given["ceiling"] is not None:
            currency, act, total = given["ceiling"].split(":")
            out["ceiling"] = [currency, int(act), int(total)]
        if given["petition"] is not None:
            out["petition"] = [int(one) for one in given["petition"].split("/")]
        rows = [one.split(":", 1) for one in given["conditions"]]
        if rows:
            out["conditions"] = [[motion, test, text.decode_record(about)] for test, about in rows]
    except ValueError:
        raise click.BadParameter(
            "--ceiling, --petition or --condition is not of its form"
        ) from None
    return out


def said(terms_: Mapping[str, Any]) -> dict[str, object]:
    """The same as the typed body has them, to hold against a draft."""
    least = {"delegate": bytes(32), "starts": 0, "until": 0, "kinds": ["x"]}
    try:
        body = msgspec.convert({**least, **terms_}, Mandate, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise LocalProtocolError(Reason.BODY_FORM, str(error)) from None
    return {name: getattr(body, name) for name in terms_}
