"""compact: the founding records of confederations, who is in them, and their versions."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from confednode.commands.asked import Asked
from confednode.commands.base import Shell, command
from confednode.commands.params import COUNCIL, RECORD, SECONDS, Command, Instant, with_options
from confednode.commands.writing import body_of, packed, said, tell, write
from confedproto import codec
from confedproto.bodies.accession import Accession
from confedproto.bodies.compact import COORDINATION, Compact
from confedproto.bodies.dissolution import Dissolution
from confedproto.bodies.exit import Exit
from confedproto.bodies.ratify import Ratify
from confedproto.rules.terms import DEFAULTS

DAY_S = 86_400
WINDOWS = ("discussion", "notice", "voting", "grace", "settle", "step", "witness")
WEIGHT = click.IntRange(0, 1_000_000)


@click.group()
def compact() -> None:
    """Compacts: the founding records of confederations."""


def _terms(function: Command) -> Command:
    """The options of what a compact may say beside its windows."""
    return with_options(
        (
            click.option(
                "--class",
                "classes",
                multiple=True,
                metavar="NAME=RULE",
                help="The rule of a class of motions.",
            ),
            click.option(
                "--quorum", "quorums", multiple=True, metavar="NAME=A/B", help="Of the councils."
            ),
            click.option(
                "--people-quorum",
                "people_quorums",
                multiple=True,
                metavar="NAME=A/B",
                help="Of the members.",
            ),
            click.option(
                "--term",
                "terms",
                multiple=True,
                metavar="NAME=SECONDS",
                help="A span of its own instead of the default: " + ", ".join(DEFAULTS) + ".",
            ),
            click.option("--missed", type=click.IntRange(1), help="Missed votes until dormancy."),
            click.option("--panel", type=click.Choice(["3", "5"]), help="Councils of a panel."),
            click.option("--sunset", type=Instant(), help="When it ends unless renewed."),
            click.option("--upper", type=RECORD, help="The compact one level up."),
            click.option("--level", type=click.Choice(["2", "3"]), help="2: regional; 3: beyond."),
        )
    )(function)


def _given(given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the options name, laid over those of `before`, in plain values."""
    out: dict[str, Any] = {}
    try:
        if given["classes"]:
            rules = dict(before["rules"]) | dict(one.split("=", 1) for one in given["classes"])
            out["rules"] = sorted([name, rule] for name, rule in rules.items())
        for name in ("quorums", "people_quorums"):
            if given[name]:
                rows = {row[0]: row for row in before.get(name, ())} | dict(
                    _share(one) for one in given[name]
                )
                out[name] = sorted(list(row) for row in rows.values())
        if given["terms"]:
            spans = (one.split("=", 1) for one in given["terms"])
            changed = {name.replace("-", "_"): int(span) for name, span in spans}
            out["terms"] = dict(before.get("terms", {})) | changed
    except ValueError:
        raise click.BadParameter(
            "--class, --quorum, --people-quorum or --term is not of its form"
        ) from None
    for name in ("missed", "sunset", "upper"):
        if given[name] is not None:
            out[name] = given[name]
    for name in ("panel", "level"):
        if given[name] is not None:
            out[name] = int(given[name])
    return out


def _share(value: str) -> tuple[str, list[Any]]:
    name, share = value.split("=", 1)
    part, whole = share.split("/")
    return name, [name, int(part), int(whole)]


@compact.command("found")
@click.option("--name", required=True)
@click.option("--rule", default="double", show_default=True, help="Decision rule of motions.")
@click.option("--discussion", type=SECONDS, default=14 * DAY_S, help="Seconds before a freeze.")
@click.option("--notice", type=SECONDS, help="Seconds from freeze to opening.")
@click.option("--voting", type=SECONDS, default=7 * DAY_S, help="Seconds from opening to closing.")
@click.option("--grace", type=SECONDS, default=DAY_S, help="Seconds for receipts after closing.")
@click.option("--settle", type=SECONDS, default=DAY_S, help="Seconds until nodes vote.")
@click.option("--step", type=SECONDS, default=DAY_S, help="Seconds from round to round.")
@click.option("--witness-interval", type=click.IntRange(1, DAY_S), default=3_600)
@click.option("--weight", type=WEIGHT, default=2, show_default=True)
@click.option("--seconds", type=click.IntRange(0, 1_000), default=0, help="Seconders needed.")
@click.option("--sponsors", type=click.IntRange(0, 1_000), default=1, help="Links to join.")
@click.option("--weight-max", type=WEIGHT, default=64, show_default=True)
@_terms
@command
def compact_found(
    shell: Shell,
    name: str,
    rule: str,
    witness_interval: int,
    notice: int | None,
    weight: int,
    seconds: int,
    sponsors: int,
    weight_max: int,
    **given: Any,
) -> None:
    """Found a compact with this council; linked councils join with `accede`.

    Weights are in halves: a full unit has 2. The notice is three witness intervals unless
    said otherwise: the freeze must have its receipts before voting opens.
    """
    council = shell.ask("status")["council"]
    windows = {one: given[one] for one in ("discussion", "voting", "grace", "settle", "step")}
    windows |= {
        "notice": 3 * witness_interval if notice is None else notice,
        "witness": witness_interval,
    }
    draft = shell.ask(
        "draft-compact",
        name=name,
        rule=rule,
        windows=windows,
        weights={council: weight},
        seconds=seconds,
        sponsors=sponsors,
        weight_max=max(weight, weight_max),
        terms=packed(_given(given, {"rules": [[COORDINATION, rule]]})),
    )
    reply = shell.submit("compact", draft)
    tell(shell, f"Compact {name}", reply, compact=reply["id"])


@compact.command("accede")
@click.argument("compact_id", metavar="ID")
@click.option("--weight", type=WEIGHT, default=2, show_default=True)
@click.option("--motion", type=RECORD, help="The decision that admits this council.")
@click.option("--observer", is_flag=True, help="With a voice and no vote.")
@command
def compact_accede(
    shell: Shell, compact_id: str, weight: int, motion: bytes | None, observer: bool
) -> None:
    """Join a compact; enough of its founders must be linked with this council."""
    body = Accession(weight=weight, motion=motion, observer=observer or None)
    terms = {name: value for name, value in said(body).items() if name != "weight"}
    asked = Asked(kind="accession", about=compact_id, says=said(body), filled=frozenset())
    draft = shell.ask("draft-accession", id=compact_id, weight=weight, terms=packed(terms))
    reply = shell.submit(asked, draft)
    tell(shell, "Acceded", reply, compact=compact_id)


@compact.command("show")
@click.argument("compact_id", metavar="ID")
@command
def compact_show(shell: Shell, compact_id: str) -> None:
    """A compact, its rule, its windows, its members, and the versions that are proposed."""
    reply = shell.ask("compact", id=compact_id)
    shell.emit(reply, _lines(reply))


def _lines(reply: Mapping[str, Any]) -> Iterator[str]:
    yield f"{reply['name']}: {reply['compact']}"
    for name, rule in reply["rules"].items():
        yield f"  {name}: {rule}"
    for row in reply["members"]:
        yield f"  {row['name'] or row['council']}: {row['weight']}"
    for row in reply["versions"]:
        state = "adopted" if row["adopted"] else "proposed"
        yield f"  version {row['version']}: {state}, ratified by {len(row['ratified'])}"


@compact.command("amend")
@click.argument("compact_id", metavar="ID")
@click.option("--name", help="Another name.")
@click.option("--rule", help="Another rule of ordinary motions.")
@click.option(
    "--window",
    "windows",
    multiple=True,
    metavar="NAME=SECONDS",
    help="Another window: " + ", ".join(WINDOWS) + ".",
)
@click.option("--seconds", type=click.IntRange(0, 1_000), help="Seconders needed.")
@click.option("--sponsors", type=click.IntRange(0, 1_000), help="Links to join.")
@click.option("--weight-max", type=WEIGHT)
@_terms
@command
def compact_amend(
    shell: Shell, compact_id: str, rule: str | None, windows: tuple[str, ...], **given: Any
) -> None:
    """Propose a version of a compact, or of a version: what is not named stays as it is.

    It is decided by a motion of class charter that has it as --target, and binds each council
    that ratifies it.
    """
    reply = shell.ask("compact-version", id=compact_id)
    before = codec.decode(bytes.fromhex(reply["body"]))
    if not isinstance(before, dict):
        raise click.BadParameter("no compact", param_hint="ID")
    changed = _given(given, before)
    if rule is not None:
        rules = dict(changed.get("rules") or before["rules"]) | {COORDINATION: rule}
        changed["rules"] = sorted([name, one] for name, one in rules.items())
    for name in ("name", "seconds", "sponsors", "weight_max"):
        if given[name] is not None:
            changed[name] = given[name]
    if windows:
        try:
            spans = {name: int(span) for name, span in (one.split("=", 1) for one in windows)}
        except ValueError:
            raise click.BadParameter("--window is not of its form") from None
        changed["windows"] = dict(before["windows"]) | spans
    previous = RECORD.convert(compact_id, None, None)
    body = body_of(Compact, before | changed | {"previous": previous})
    made = write(shell, None, body)
    shell.emit(
        {"id": made["id"], "version": made["id"], "changed": sorted(changed)},
        [f"Version: {made['id']}", *(f"  changed: {name}" for name in sorted(changed))],
    )


@compact.command("ratify")
@click.argument("version_id", metavar="VERSION")
@click.option("--no", "refused", is_flag=True, help="This council does not take it.")
@command
def compact_ratify(shell: Shell, version_id: str, refused: bool) -> None:
    """Take a version of a compact for this council; without this word it is not bound."""
    reply = write(shell, version_id, Ratify(value="no" if refused else "yes"))
    word = "Not ratified" if refused else "Ratified"
    tell(shell, word, reply, version=version_id)


@compact.command("exit")
@click.argument("compact_id", metavar="ID")
@click.option("--reason", help="Why, for the others.")
@command
def compact_exit(shell: Shell, compact_id: str, reason: str | None) -> None:
    """Leave a compact, at once and on this council's word alone."""
    tell(shell, "Left", write(shell, compact_id, Exit(reason=reason)), compact=compact_id)


@compact.command("dissolve")
@click.argument("motion_id", metavar="MOTION")
@click.option("--liquidator", "liquidators", type=COUNCIL, multiple=True, required=True)
@click.option("--assets", required=True, help="What there is, and where it goes.")
@click.option("--report", required=True, help="How it was wound up.")
@command
def compact_dissolve(
    shell: Shell, motion_id: str, liquidators: tuple[bytes, ...], assets: str, report: str
) -> None:
    """Wind a compact up, after the adopted motion of class dissolution."""
    body = Dissolution(liquidators=tuple(sorted(set(liquidators))), assets=assets, report=report)
    tell(shell, "Wound up", write(shell, motion_id, body), motion=motion_id)
