"""delegate: a delegate's own tool, on a laptop without a node: key, acts, reports."""

import json
import time
from pathlib import Path
from typing import Any

import click

from confednode import keyring
from confednode.commands import asking
from confednode.commands.base import Shell, command, read_file, write_file
from confednode.commands.drafting import acting, drafted
from confednode.errors import KeyringError, NodeReason
from confedproto import bundle, record, text
from confedproto.bodies.report import Report
from confedproto.bundle.render import answer
from confedproto.clean import text_is_clean
from confedproto.keys import SigningKey
from confedproto.limits import BUNDLE_MAX_BYTES, PART_MAX_BYTES
from confedproto.record import SALT_BYTES

_PATH = click.Path(path_type=Path)
_KEY = click.option("--key", "key_file", type=_PATH, required=True, help="Your key file.")
_TO = click.option("--to", "target", type=_PATH, required=True, help="The file to write.")


@click.group()
def delegate() -> None:
    """A delegate's own tool: it needs no node and no network."""


@delegate.command("init")
@click.option("--key", "key_file", type=_PATH, required=True, help="The key file to make.")
@click.option("--no-passphrase", is_flag=True, help="Leave the key file unlocked.")
@command
def delegate_init(shell: Shell, key_file: Path, no_passphrase: bool) -> None:
    """Make a key; give its public half to the council that is to mandate you."""
    passphrase = None if no_passphrase else shell.passphrase()
    if passphrase is None and not no_passphrase:
        passphrase = str(
            click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
        ).encode()
    public = keyring.write_key(key_file, keyring.new_seed(), passphrase)
    key = text.encode_key(public)
    shell.emit(
        {"key": key, "file": str(key_file)}, [key, f"  fingerprint {text.fingerprint(public)}"]
    )


@delegate.command("acts")
@click.argument("files", metavar="FILE...", type=_PATH, nargs=-1, required=True)
@command
def delegate_acts(shell: Shell, files: tuple[Path, ...]) -> None:
    """The acts in these files, each with its verdict now."""
    rows: list[dict[str, Any]] = []
    for path in files:
        told = answer(
            [(str(path), read_file(path, BUNDLE_MAX_BYTES))], trust=[], at=int(time.time())
        ).fields
        if told["kind"] == "act":
            rows.append({"file": str(path)} | told)
    shell.emit(
        {"acts": rows}, (f"{row['verdict']:<8} {row.get('value')}  {row['id']}" for row in rows)
    )


@delegate.command("act")
@click.argument("mandate_file", metavar="MANDATE", type=_PATH)
@acting
@_KEY
@_TO
@command
def delegate_act(
    shell: Shell, mandate_file: Path, key_file: Path, target: Path, **said: object
) -> None:
    """Act under a mandate and write the act to a file; says at once if it goes beyond."""
    data = read_file(mandate_file, BUNDLE_MAX_BYTES)
    payload, number = drafted(data, mandate_file, said)
    key = keyring.read_key(key_file, shell.passphrase())
    file = bundle.build_act(data, _signed(bundle.mandate_of(data), payload, key))
    write_file(target, file)
    told = answer([(str(target), file)], trust=[], at=int(time.time())).fields
    shell.emit(
        {"file": str(target), "act": told["id"], "number": number}
        | {name: told[name] for name in ("id", "verdict", "reason")},
        [f"{target}: {told['verdict']} {told['reason'] or ''}".rstrip()],
    )


delegate.add_command(asking.delegate_ask)
delegate.add_command(asking.delegate_take)


@delegate.command("report")
@click.argument("mandate_file", metavar="MANDATE", type=_PATH)
@click.option("--due", type=int, required=True, help="The date of the mandate, seconds UTC.")
@click.option("--text", "words", type=_PATH, required=True, help="File with the report's text.")
@_KEY
@_TO
@command
def delegate_report(
    shell: Shell, mandate_file: Path, due: int, words: Path, key_file: Path, target: Path
) -> None:
    """Write a report for the council's node to take in (`confed mandate report FILE`)."""
    data = read_file(mandate_file, BUNDLE_MAX_BYTES)
    proved = bundle.mandate_of(data)
    try:
        wording = read_file(words, PART_MAX_BYTES - SALT_BYTES).decode()
    except UnicodeDecodeError:
        wording = "\0"
    if not text_is_clean(wording):
        raise KeyringError(NodeReason.FILE_UNREADABLE, f"{words} is no plain text")
    part = keyring.new_seed()[:SALT_BYTES] + wording.encode()
    step = proved.authorities[proved.subject.council].charter
    payload = record.build_payload(
        kind="report",
        council=proved.subject.council,
        charter=step.version if step is not None else 1,
        time=int(time.time()),
        body=Report(due=due, text=record.text_hash(part)),
        subject=proved.subject.id,
    )
    envelope = _signed(proved, payload, keyring.read_key(key_file, shell.passphrase()))
    opened = record.open(proved.bundle.network, envelope, part)
    write_file(target, json.dumps({"envelope": envelope.hex(), "part": part.hex()}).encode())
    shell.emit({"id": text.encode_record(opened.id), "file": str(target)}, [f"{target}: a report"])


def _signed(proved: bundle.Evidence, payload: bytes, key: SigningKey) -> bytes:
    signature = record.sign(proved.bundle.network, payload, key)
    return record.assemble(payload, [signature])
