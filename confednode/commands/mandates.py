"""mandate, recall: delegates with instructions, and taking them back."""

import json
from pathlib import Path
from typing import Any

import click

from confednode import keyring
from confednode.commands import granting, papers, reporting, writing
from confednode.commands.asked import Asked
from confednode.commands.base import Shell, command, read_file
from confednode.commands.params import Instant
from confednode.commands.writing import export, tell
from confednode.errors import KeyringError, NodeReason
from confedproto import bundle, codec, text
from confedproto.bodies.mandate import Instruction
from confedproto.bodies.petition import Petition
from confedproto.bodies.ratify import Ratify
from confedproto.bundle.render import moment
from confedproto.limits import BUNDLE_MAX_BYTES, RECORD_MAX_BYTES

_INSTRUCTIONS = click.Choice(["yes", "no", "free", "ratify", "refer-back"])


@click.group()
def mandate() -> None:
    """Mandates: what a delegate may do, and how."""


@mandate.command("grant")
@click.option("--delegate", required=True, help="The delegate's public key (cfk...).")
@click.option("--scope", required=True, help="Kinds of acts, separated by commas.")
@click.option("--motion", "motion_id", required=True, help="The motion it is about.")
@click.option("--instruction", type=_INSTRUCTIONS, required=True)
@click.option("--until", type=Instant(), required=True, help="End: seconds UTC, or ISO 8601.")
@click.option("--members", "scope_id", help="A compact's id: nobody but its members gets it.")
@granting.options(Instant())
@command
def mandate_grant(
    shell: Shell,
    delegate: str,
    scope: str,
    motion_id: str,
    instruction: str,
    until: int,
    scope_id: str | None,
    **given: Any,
) -> None:
    """Give a delegate a mandate with an instruction.

    With --members it goes to the nodes of the compact's members alone, as do its acts and its
    recall, which no other council can then carry; the delegate shows the exported file to anybody.
    """
    kinds = [kind.strip() for kind in scope.split(",")]
    terms = granting.terms(text.decode_record(motion_id), kinds, given)
    draft = shell.ask(
        "draft-mandate",
        delegate=delegate,
        kinds=[kind.strip() for kind in scope.split(",")],
        instructions={motion_id: instruction},
        until=until,
        terms=codec.encode(terms).hex() if terms else "",
        scope=scope_id,
    )
    row = Instruction(motion=text.decode_record(motion_id), value=instruction)
    asked = Asked(
        kind="mandate",
        says={
            "delegate": text.decode_key(delegate),
            "kinds": tuple(sorted({kind.strip() for kind in scope.split(",")})),
            "instructions": (row,),
            "until": until,
            **granting.said(terms),
        },
        filled=frozenset({"starts", "compact"}),
        scope=scope_id or "",
    )
    reply = shell.submit(asked, draft)
    tell(shell, "Mandate", reply, mandate=reply["id"])


@mandate.command("list")
@command
def mandate_list(shell: Shell) -> None:
    """Every mandate known here."""
    rows = shell.ask("mandates")["mandates"]
    shell.emit(
        {"mandates": rows},
        (f"{row['verdict']:<8} {row['name']}  {row['mandate']}" for row in rows),
    )


@mandate.command("show")
@click.argument("mandate_id", metavar="ID")
@command
def mandate_show(shell: Shell, mandate_id: str) -> None:
    """A mandate, its instructions, and whether it is in force."""
    reply = shell.ask("mandate", id=mandate_id)
    shell.emit(reply, reporting.mandate_lines(reply))


@mandate.command("agenda")
@command
def mandate_agenda(shell: Shell) -> None:
    """What the assembly has to speak of: void acts, petitions, reports, acts to ratify."""
    rows = shell.ask("agenda")["items"]
    shell.emit({"items": rows}, reporting.agenda_lines(rows))


@mandate.command("ratify")
@click.argument("record_id", metavar="ID")
@click.argument("value", type=click.Choice(["yes", "no"]))
@command
def mandate_ratify(shell: Shell, record_id: str, value: str) -> None:
    """The assembly's answer: ratify an act, accept a report, or answer a petition."""
    reply = writing.write(shell, record_id, Ratify(value="yes" if value == "yes" else "no"))
    tell(shell, f"Answered {value}", reply, ratify=reply["id"], record=record_id, value=value)


@mandate.command("petition")
@click.argument("mandate_id", metavar="ID")
@click.option("--count", type=click.IntRange(min=1), required=True, help="How many have signed.")
@click.option("--members", type=click.IntRange(min=1), required=True, help="Of how many.")
@command
def mandate_petition(shell: Shell, mandate_id: str, count: int, members: int) -> None:
    """Publish a members' petition for a recall: how many signed, never who."""
    given = {"count": count, "members": members}
    reply = writing.write(shell, mandate_id, Petition(count=count, members=members))
    row = shell.ask("mandate", id=mandate_id)
    fields = {"id": reply["id"], "petition": reply["id"], "mandate": mandate_id, **given}
    by = "" if row["item_by"] is None else f"; on the agenda by {moment(row['item_by'])}"
    shell.emit(fields | {"item_by": row["item_by"]}, [f"{count} of {members}{by}: {reply['id']}"])


mandate.add_command(papers.export)


@mandate.command("report")
@click.argument("report_file", metavar="FILE", type=click.Path(path_type=Path))
@command
def mandate_report(shell: Shell, report_file: Path) -> None:
    """Take in a delegate's report (`confed delegate report`)."""
    try:
        told = json.loads(read_file(report_file, 4 * RECORD_MAX_BYTES))
        envelope, part = str(told["envelope"]), str(told["part"])
    except (ValueError, KeyError, TypeError):
        raise KeyringError(NodeReason.FILE_UNREADABLE, f"{report_file} is no report") from None
    reply = shell.ask("submit", envelope=envelope, part=part)
    tell(shell, "Report", reply, report=reply["id"])


@mandate.command("act")
@click.option("--motion", "motion_id", help="A motion, or a version of one.")
@click.option("--value", help="What the delegate does: yes, no, refer-back...")
@click.option("--mandate", "mandate_id", help="Which mandate; else the newest on the motion.")
@click.option("--kind", help="Kind of act; else the first in the mandate's scope.")
@click.option("--key", "key_file", type=click.Path(path_type=Path), help="The delegate's key.")
@click.option(
    "--file", "act_file", type=click.Path(path_type=Path), help="Take in an act done elsewhere."
)
@command
def mandate_act(
    shell: Shell,
    motion_id: str | None,
    value: str | None,
    mandate_id: str | None,
    kind: str | None,
    key_file: Path | None,
    act_file: Path | None,
) -> None:
    """Act under a mandate, which is refused if it goes beyond it; or take in a delegate's act.

    What a delegate has signed goes on record even if it is void: `confed mandate agenda` shows it.
    """
    if act_file is not None:
        _take_in(shell, act_file)
        return
    if motion_id is None or value is None:
        raise click.UsageError("Say --motion and --value, or --file.")
    draft = shell.ask("draft-act", motion=motion_id, value=value, mandate=mandate_id, kind=kind)
    payload = bytes.fromhex(draft["payload"])
    asked = Asked(
        kind="act",
        about=mandate_id,
        says={"motion": text.decode_record(motion_id), "value": value}
        | ({} if kind is None else {"kind": kind}),
        filled=frozenset({"kind", "number", "previous", "head"}),
    )
    asked.check(payload)
    if key_file is not None:
        key = keyring.read_key(key_file, shell.passphrase())
    else:
        wanted = [text.decode_key(draft["keys"][0])]
        found = keyring.keys_for(shell.home.keys, wanted, 1, shell.passphrase())
        if not found:
            raise KeyringError(
                NodeReason.KEY_MISSING,
                f"the delegate's key is not in {shell.home.keys}",
                "Name the delegate's key file with --key.",
            )
        key = found[0]
    reply = shell.hand_in(payload, draft["part"], [key])
    tell(shell, "Act", reply, act=reply["id"], mandate=draft["mandate"], value=value)


def _take_in(shell: Shell, path: Path) -> None:
    """Hand in the act of a file, and say what it is worth."""
    subject = bundle.prove(bundle.decode(read_file(path, BUNDLE_MAX_BYTES))).subject
    if subject.kind != "act" or subject.subject is None:
        raise KeyringError(NodeReason.FILE_UNREADABLE, f"{path} is no act")
    reply = shell.ask("submit", envelope=subject.envelope.hex(), part=None, evidence=True)
    done = shell.ask("mandate", id=text.encode_record(subject.subject))
    row = next(row for row in done["acts_done"] if row["act"] == reply["id"])
    reason = f" ({row['reason']})" if row["reason"] else ""
    shell.emit({"id": reply["id"], **row}, [f"Act: {reply['id']}", f"  {row['verdict']}{reason}"])


@click.command()
@click.argument("mandate_id", metavar="ID")
@click.option("--reason", help="Why, for the record.")
@click.option("--to", "target", type=click.Path(path_type=Path), help="Also write it to a file.")
@command
def recall(shell: Shell, mandate_id: str, reason: str | None, target: Path | None) -> None:
    """Take a mandate back, at once."""
    asked = Asked(kind="recall", about=mandate_id, says={"reason": reason}, filled=frozenset())
    reply = shell.submit(asked, shell.ask("draft-recall", id=mandate_id, reason=reason))
    if target is not None:
        export(shell, "record", reply["id"], target)
        return
    tell(shell, "Recalled", reply, mandate=mandate_id)
