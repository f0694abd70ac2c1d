"""compact, motion, position: how councils decide."""

import secrets
from pathlib import Path
from typing import Any

import click

from confednode.commands.asked import Asked
from confednode.commands.base import Shell, command, read_file, write_file
from confednode.errors import KeyringError, NodeReason
from confedproto.bodies.motion import Title
from confedproto.limits import PART_MAX_BYTES
from confedproto.record import SALT_BYTES

SECONDS = click.IntRange(min=0)
DAY_S = 86_400
VALUES = ["yes", "no", "abstain", "block", "refer-back", "stand-aside"]


@click.group()
def compact() -> None:
    """Compacts: the founding records of confederations."""


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
@click.option("--weight", type=click.IntRange(0, 1_000_000), default=2, show_default=True)
@click.option("--seconds", type=click.IntRange(0, 1_000), default=0, help="Seconders needed.")
@click.option("--sponsors", type=click.IntRange(0, 1_000), default=1, help="Links to join.")
@click.option("--weight-max", type=click.IntRange(0, 1_000_000), default=64, show_default=True)
@command
def compact_found(
    shell: Shell,
    name: str,
    rule: str,
    discussion: int,
    notice: int | None,
    voting: int,
    grace: int,
    settle: int,
    step: int,
    witness_interval: int,
    weight: int,
    seconds: int,
    sponsors: int,
    weight_max: int,
) -> None:
    """Found a compact with this council; linked councils join with `accede`.

    Weights are in halves: a full unit has 2. The notice is three witness intervals unless
    said otherwise: the freeze must have its receipts before voting opens.
    """
    council = shell.ask("status")["council"]
    draft = shell.ask(
        "draft-compact",
        name=name,
        rule=rule,
        windows={
            "discussion": discussion,
            "notice": 3 * witness_interval if notice is None else notice,
            "voting": voting,
            "grace": grace,
            "settle": settle,
            "step": step,
            "witness": witness_interval,
        },
        weights={council: weight},
        seconds=seconds,
        sponsors=sponsors,
        weight_max=max(weight, weight_max),
    )
    reply = shell.submit("compact", draft)
    fields = {"id": reply["id"], "compact": reply["id"]}
    shell.emit(fields, [f"Compact {name}: {reply['id']}"])


@compact.command("accede")
@click.argument("compact_id", metavar="ID")
@click.option("--weight", type=click.IntRange(0, 1_000_000), default=2, show_default=True)
@command
def compact_accede(shell: Shell, compact_id: str, weight: int) -> None:
    """Join a compact; enough of its members must be linked with this council."""
    asked = Asked(
        kind="accession",
        about=compact_id,
        says={"weight": weight},
        filled=frozenset({"motion"}),
    )
    reply = shell.submit(asked, shell.ask("draft-accession", id=compact_id, weight=weight))
    shell.emit({"id": reply["id"], "compact": compact_id}, [f"Acceded: {reply['id']}"])


@compact.command("show")
@click.argument("compact_id", metavar="ID")
@command
def compact_show(shell: Shell, compact_id: str) -> None:
    """A compact, its rule, its windows and its members."""
    reply = shell.ask("compact", id=compact_id)
    shell.emit(
        reply,
        [
            f"{reply['name']}: {reply['compact']}",
            *(f"  {name}: {rule}" for name, rule in reply["rules"].items()),
            *(f"  {row['name'] or row['council']}: {row['weight']}" for row in reply["members"]),
        ],
    )


@compact.command("exit")
@click.argument("compact_id", metavar="ID")
@click.option("--reason", help="Why, for the others.")
@command
def compact_exit(shell: Shell, compact_id: str, reason: str | None) -> None:
    """Leave a compact, at once and on this council's word alone."""
    reply = _about(shell, "exit", compact_id, reason=reason)
    shell.emit({"id": reply["id"], "compact": compact_id}, [f"Left: {reply['id']}"])


def _about(shell: Shell, kind: str, subject: str, **fields: Any) -> dict[str, Any]:
    """Sign a record about another one, with the fields that are given."""
    given = {name: value for name, value in fields.items() if value is not None}
    asked = Asked(kind=kind, about=subject, says=given, filled=frozenset())
    return shell.submit(asked, shell.ask("draft-about", id=subject, kind=kind, fields=given))


@click.group()
def motion() -> None:
    """Motions: proposals to the councils of a compact."""


@motion.command("propose")
@click.option("--compact", "compact_id", required=True, help="The compact's id.")
@click.option("--title", required=True)
@click.option("--text", "text_file", type=click.Path(path_type=Path), required=True)
@click.option("--language", default="en", show_default=True)
@command
def motion_propose(
    shell: Shell, compact_id: str, title: str, text_file: Path, language: str
) -> None:
    """Propose a motion; its text is read from a UTF-8 file."""
    try:
        wording = read_file(text_file, PART_MAX_BYTES - 16).decode("utf-8")
    except UnicodeDecodeError:
        raise click.BadParameter(f"{text_file} is not UTF-8", param_hint="--text") from None
    draft = shell.ask(
        "draft-motion",
        id=compact_id,
        title=title,
        text=wording,
        salt=secrets.token_hex(16),
        language=language,
    )
    if bytes.fromhex(draft["part"] or "")[SALT_BYTES:] != wording.encode():
        raise KeyringError(NodeReason.CONTROL_REPLY, "the node drafted another text")
    asked = Asked(
        kind="motion",
        about=compact_id,
        says={"titles": (Title(language=language, title=title),)},
    )
    reply = shell.submit(asked, draft)
    shell.emit({"id": reply["id"], "motion": reply["id"]}, [f"Motion: {reply['id']}"])


@motion.command("second")
@click.argument("motion_id", metavar="ID")
@command
def motion_second(shell: Shell, motion_id: str) -> None:
    """Second a motion of another council."""
    asked = Asked(kind="second", about=motion_id, filled=frozenset())
    reply = shell.submit(asked, shell.ask("draft-second", id=motion_id))
    shell.emit({"id": reply["id"], "motion": motion_id}, [f"Seconded: {reply['id']}"])


@motion.command("amend")
@click.argument("motion_id", metavar="ID")
@click.option("--title", required=True)
@click.option("--text", "text_file", type=click.Path(path_type=Path), required=True)
@click.option("--language", default="en", show_default=True)
@click.option("--editorial", is_flag=True, help="A fix of the wording, by the mover alone.")
@command
def motion_amend(
    shell: Shell, motion_id: str, title: str, text_file: Path, language: str, editorial: bool
) -> None:
    """Put a whole competing version beside a motion; councils say which they approve."""
    try:
        wording = read_file(text_file, PART_MAX_BYTES - 16).decode("utf-8")
    except UnicodeDecodeError:
        raise click.BadParameter(f"{text_file} is not UTF-8", param_hint="--text") from None
    draft = shell.ask(
        "draft-amend",
        id=motion_id,
        title=title,
        text=wording,
        salt=secrets.token_hex(16),
        language=language,
        editorial=editorial,
    )
    reply = shell.submit("amend", draft)
    shell.emit({"id": reply["id"], "motion": motion_id}, [f"Version: {reply['id']}"])


@motion.command("withdraw")
@click.argument("motion_id", metavar="ID")
@click.option("--reason", help="Why, for the others.")
@command
def motion_withdraw(shell: Shell, motion_id: str, reason: str | None) -> None:
    """Take this council's motion back, before it opens."""
    reply = _about(shell, "withdraw", motion_id, reason=reason)
    shell.emit({"id": reply["id"], "motion": motion_id}, [f"Withdrawn: {reply['id']}"])


@motion.command("takeover")
@click.argument("motion_id", metavar="ID")
@command
def motion_takeover(shell: Shell, motion_id: str) -> None:
    """Keep a motion alive that its mover has withdrawn."""
    reply = _about(shell, "takeover", motion_id)
    shell.emit({"id": reply["id"], "motion": motion_id}, [f"Taken over: {reply['id']}"])


@motion.command("claim")
@click.argument("motion_id", metavar="ID")
@click.option("--reason", required=True, help="Why this council is affected.")
@command
def motion_claim(shell: Shell, motion_id: str, reason: str) -> None:
    """Say that this council is affected by a motion that leaves it out."""
    reply = _about(shell, "affected-claim", motion_id, reason=reason)
    shell.emit({"id": reply["id"], "motion": motion_id}, [f"Claimed: {reply['id']}"])


@motion.command("hold")
@click.argument("motion_id", metavar="ID")
@click.option("--reason", required=True)
@command
def motion_hold(shell: Shell, motion_id: str, reason: str) -> None:
    """Ask that a decision waits; a quarter of the councils suspends it once."""
    reply = _about(shell, "hold", motion_id, reason=reason)
    shell.emit({"id": reply["id"], "motion": motion_id}, [f"Held by us: {reply['id']}"])


@motion.command("dispute")
@click.argument("record_id", metavar="ID")
@click.option("--class", "name", required=True, help="procedure, roll, affected, scope, ...")
@click.option("--remedy", required=True, help="What is asked for.")
@command
def motion_dispute(shell: Shell, record_id: str, name: str, remedy: str) -> None:
    """Contest a record and say what is asked for."""
    reply = _about(shell, "dispute", record_id, name=name, remedy=remedy)
    shell.emit({"id": reply["id"], "record": record_id}, [f"Dispute: {reply['id']}"])


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
    shell.emit(
        fields | times, [f"Frozen: opens {times['opens']}, closes {times['closes']} (UTC seconds)"]
    )


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


def export(shell: Shell, kind: str, subject: str, target: Path) -> None:
    """Write a bundle to a file and say so."""
    reply = shell.ask("bundle", kind=kind, id=subject)
    write_file(target, bytes.fromhex(reply["bundle"]))
    fields = {"file": str(target), "bytes": reply["bytes"], "id": subject}
    shell.emit(fields, [f"{target}: {reply['bytes']} bytes"])


def _motion_lines(row: dict[str, Any]) -> list[str]:
    lines = [f"{row['title']}", f"  state: {row['state']}"]
    if row["reason"]:
        lines.append(f"  reason: {row['reason']}")
    if row["outcome"]:
        lines += [
            f"  outcome: {row['outcome']} under {row['rule']}",
            f"  people: {row['people_yes']} yes, {row['people_no']} no",
            f"  units (halves): {row['units_yes']} yes, {row['units_no']} not yes",
        ]
    if row["freeze"]:
        lines.append(f"  locks: {row['locks']} of {row['needed']} needed")
        if row["needed"] * 3 <= row["councils"] * 2:
            lines.append("  note: with so few councils one dishonest node can split this")
        for position in row["positions"]:
            mark = "" if position["counts"] else f" (not counted: {position['reason']})"
            lines.append(f"  {position['name']}: {position.get('value')}{mark}")
    return lines


@click.command()
@click.argument("motion_id", metavar="ID")
@click.argument("value", type=click.Choice(VALUES))
@click.option("--yes", "yes", type=SECONDS, help="Members' yes ballots as cast.")
@click.option("--no", "no", type=SECONDS, help="Members' no ballots as cast.")
@click.option("--valid", type=SECONDS, help="Valid ballots, where the rule asks.")
@click.option("--reason", help="Of a block.")
@click.option("--clause", help="What a block rests on.")
@click.option("--contact", help="Whom to talk to about a block.")
@command
def position(
    shell: Shell,
    motion_id: str,
    value: str,
    yes: int | None,
    no: int | None,
    valid: int | None,
    reason: str | None,
    clause: str | None,
    contact: str | None,
) -> None:
    """Sign what this council says to a frozen motion."""
    said = {
        "value": value,
        "yes": yes,
        "no": no,
        "valid": valid,
        "reason": reason,
        "clause": clause,
        "contact": contact,
    }
    draft = shell.ask("draft-position", id=motion_id, **said)
    asked = Asked(
        kind="position",
        about=motion_id,
        says=said,
        filled=frozenset({"freeze", "number"}),
    )
    reply = shell.submit(asked, draft)
    shell.emit(
        {"id": reply["id"], "position": reply["id"], "motion": motion_id, "value": value},
        [f"Position {value}: {reply['id']}"],
    )
