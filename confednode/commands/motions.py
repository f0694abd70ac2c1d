"""motion: proposals to the councils of a compact, from the draft to the certificate."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from confednode.commands import proposals
from confednode.commands.asked import Asked
from confednode.commands.base import Shell, command
from confednode.commands.marks import when
from confednode.commands.params import RECORD, Command, with_options
from confednode.commands.writing import check_wording, export, packed, tell, wording, write
from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.hold import Hold
from confedproto.bodies.motion import Title
from confedproto.bodies.objection import Objection
from confedproto.bodies.takeover import Takeover
from confedproto.bodies.withdraw import Withdraw

_NAMED_MOST: Final = 12  # councils by name in one line


@click.group()
def motion() -> None:
    """Motions: proposals to the councils of a compact."""


def _words(function: Command) -> Command:
    """The options of a title and a text."""
    return with_options(
        (
            click.option("--title", required=True),
            click.option("--text", "text_file", type=click.Path(path_type=Path), required=True),
            click.option("--language", default="en", show_default=True),
        )
    )(function)


@motion.command("propose")
@click.option("--compact", "compact_id", required=True, help="The compact's id.")
@_words
@proposals.options
@click.option("--members-only", is_flag=True, help="Nobody but the compact's members reads it.")
@command
def motion_propose(
    shell: Shell,
    compact_id: str,
    title: str,
    text_file: Path,
    language: str,
    members_only: bool,
    **given: Any,
) -> None:
    """Propose a motion; its text is read from a UTF-8 file."""
    text = wording(text_file)
    titles = proposals.titles(title, language, given)
    fields = {"name": given["name"], **proposals.fields(given)}
    if len(titles) > 1:
        fields["titles"] = tuple(Title(language=tongue, title=one) for tongue, one in titles)
    draft = shell.ask(
        "draft-motion",
        id=compact_id,
        title=title,
        text=text,
        salt=secrets.token_hex(16),
        language=language,
        terms=packed(fields),
        members_only=members_only,
    )
    check_wording(draft, text)
    own = {"titles": (Title(language=language, title=title),)}
    filled = {"text"} if "version" in fields else {"text", "version"}
    asked = Asked(
        kind="motion",
        about=compact_id,
        says=own | fields,
        filled=frozenset(filled),
        scope=compact_id if members_only else "",
    )
    reply = shell.submit(asked, draft)
    tell(shell, "Motion", reply, motion=reply["id"])


@motion.command("second")
@click.argument("motion_id", metavar="ID")
@command
def motion_second(shell: Shell, motion_id: str) -> None:
    """Second a motion of another council."""
    asked = Asked(kind="second", about=motion_id, filled=frozenset())
    reply = shell.submit(asked, shell.ask("draft-second", id=motion_id))
    tell(shell, "Seconded", reply, motion=motion_id)


@motion.command("amend")
@click.argument("motion_id", metavar="ID")
@_words
@click.option("--editorial", is_flag=True, help="A fix of the wording, by the mover alone.")
@command
def motion_amend(
    shell: Shell, motion_id: str, title: str, text_file: Path, language: str, editorial: bool
) -> None:
    """Put a whole competing version beside a motion; councils say which they approve."""
    text = wording(text_file)
    draft = shell.ask(
        "draft-amend",
        id=motion_id,
        title=title,
        text=text,
        salt=secrets.token_hex(16),
        language=language,
        editorial=editorial,
    )
    check_wording(draft, text)
    asked = Asked(
        kind="amend",
        about=motion_id,
        says={
            "titles": (Title(language=language, title=title),),
            "editorial": editorial or None,
        },
        filled=frozenset({"text"}),
    )
    tell(shell, "Version", shell.submit(asked, draft), motion=motion_id)


@motion.command("object")
@click.argument("version_id", metavar="ID")
@click.option("--reason", help="Why.")
@command
def motion_object(shell: Shell, version_id: str, reason: str | None) -> None:
    """Object to an editorial fix: it then is a competing version like any other."""
    tell(shell, "Objected", write(shell, version_id, Objection(reason=reason)), version=version_id)


@motion.command("withdraw")
@click.argument("motion_id", metavar="ID")
@click.option("--reason", help="Why, for the others.")
@command
def motion_withdraw(shell: Shell, motion_id: str, reason: str | None) -> None:
    """Take this council's motion back, before it opens."""
    tell(shell, "Withdrawn", write(shell, motion_id, Withdraw(reason=reason)), motion=motion_id)


@motion.command("takeover")
@click.argument("motion_id", metavar="ID")
@command
def motion_takeover(shell: Shell, motion_id: str) -> None:
    """Keep a motion alive that its mover has withdrawn."""
    tell(shell, "Taken over", write(shell, motion_id, Takeover()), motion=motion_id)


@motion.command("claim")
@click.argument("motion_id", metavar="ID")
@click.option("--reason", required=True, help="Why this council, or its unit, is affected.")
@click.option("--unit", type=RECORD, help="The lower compact that takes the matter back.")
@command
def motion_claim(shell: Shell, motion_id: str, reason: str, unit: bytes | None) -> None:
    """Say that this council is affected by a motion that leaves it out, or take a matter back."""
    body = AffectedClaim(reason=reason, unit=unit)
    tell(shell, "Claimed", write(shell, motion_id, body), motion=motion_id)


@motion.command("hold")
@click.argument("motion_id", metavar="ID")
@click.option("--reason", required=True)
@click.option("--dispute", type=RECORD, help="The dispute that it waits for.")
@click.option(
    "--position",
    type=RECORD,
    help="A position that counts and was overlooked: demands a new vote, within 30 days.",
)
@command
def motion_hold(
    shell: Shell, motion_id: str, reason: str, dispute: bytes | None, position: bytes | None
) -> None:
    """Ask that a decision waits; a quarter of the councils suspends it once."""
    body = Hold(reason=reason, dispute=dispute, position=position)
    tell(shell, "Held by us", write(shell, motion_id, body), motion=motion_id)


@motion.command("freeze")
@click.argument("motion_id", metavar="ID")
@command
def motion_freeze(shell: Shell, motion_id: str) -> None:
    """Fix who votes, on what and when; only the council that moved it may."""
    asked = Asked(kind="freeze", about=motion_id)
    reply = shell.submit(asked, shell.ask("draft-freeze", id=motion_id))
    row = shell.ask("motion", id=motion_id)
    fields = {"id": reply["id"], "freeze": reply["id"], "motion": motion_id}
    times = {name: row.get(name) for name in ("opens", "closes", "grace_ends")}
    shell.emit(fields | times, [f"Frozen: {_voting(row)}"])


@motion.command("show")
@click.argument("motion_id", metavar="ID")
@command
def motion_show(shell: Shell, motion_id: str) -> None:
    """Where a motion stands, how it was counted, and what is missing."""
    reply = shell.ask("motion", id=motion_id)
    shell.emit(reply, _motion_lines(reply))


@motion.command("list")
@command
def motion_list(shell: Shell) -> None:
    """Every motion known here."""
    rows = shell.ask("motions")["motions"]
    shell.emit(
        {"motions": rows}, (f"{row['state']:<12} {row['title']}  {row['motion']}" for row in rows)
    )


@motion.command("export")
@click.argument("motion_id", metavar="ID")
@click.option("--to", "target", type=click.Path(path_type=Path), required=True)
@command
def motion_export(shell: Shell, motion_id: str, target: Path) -> None:
    """Write the certificate of a final motion to a file that verifies without network."""
    export(shell, "certificate", motion_id, target)


def _voting(row: Mapping[str, Any]) -> str:
    opens, closes, ends = (when(row.get(name)) for name in ("opens", "closes", "grace_ends"))
    return f"voting opens {opens}, closes {closes}, counts what is received by {ends}"


def _awaited(row: Mapping[str, Any]) -> str:
    """Who of the frozen roll has not said anything; empty once all have, or none can any more."""
    names = [one["name"] for one in row["awaited"]]
    more = f" and {len(names) - _NAMED_MOST} more" if len(names) > _NAMED_MOST else ""
    return ", ".join(names[:_NAMED_MOST]) + more


def _motion_lines(row: dict[str, Any]) -> list[str]:
    held = ", held" if row.get("held") else ""
    worth = row.get("effect") or "none"
    effect = f" ({worth}{held})" if worth != "none" or held else ""
    lines = [f"{row['title']}", f"  state: {row['state']}{effect}"]
    if row["reason"]:
        lines.append(f"  reason: {row['reason']}")
    lines.append(f"  moved by {row['mover']['name']}, seconded by {row['seconds']}")
    if row["outcome"]:
        lines += [
            f"  outcome: {row['outcome']} under {row['rule']}",
            f"  people: {row['people_yes']} yes, {row['people_no']} no",
            f"  units (halves): {row['units_yes']} yes, {row['units_no']} not yes",
        ]
    if row["freeze"]:
        lines.append(f"  {_voting(row)}")
        certified = f", certified in round {row['round']}" if row["certified"] else ""
        lines.append(f"  locks: {row['locks']} of {row['needed']} needed{certified}")
        if row["needed"] * 3 <= row["councils"] * 2:
            lines.append("  note: with so few councils one dishonest node can split this")
        for position in row["positions"]:
            mark = "" if position["counts"] else f" (not counted: {position['reason']})"
            lines.append(f"  {position['name']}: {position.get('value')}{mark}")
        if row["awaited"]:
            lines.append(f"  not yet: {_awaited(row)}")
    return lines
