"""delegate ask, take: an act signed on the delegate's phone, by a link or QR codes."""

import time
from collections.abc import Iterable
from pathlib import Path

import click

from confednode.commands.base import Shell, command, read_file, write_file
from confednode.commands.drafting import acting, drafted
from confednode.commands.signing import read_request
from confednode.errors import KeyringError, NodeReason
from confedproto import bundle, signrequest, text
from confedproto.bundle import asking
from confedproto.bundle.render import answer
from confedproto.limits import BUNDLE_MAX_BYTES
from confedproto.text import parts

_PATH = click.Path(path_type=Path)


@click.command("ask")
@click.argument("mandate_file", metavar="MANDATE", type=_PATH)
@acting
@click.option("--page", metavar="ADDRESS", help="Print a link to this page (act.html).")
@click.option("--qr", is_flag=True, help="Print the texts of QR codes, one a line.")
@click.option("--to", "target", type=_PATH, help="Write it to a file.")
@command
def delegate_ask(
    shell: Shell,
    mandate_file: Path,
    page: str | None,
    qr: bool,
    target: Path | None,
    **said: object,
) -> None:
    """Ask a delegate to sign an act on the phone. Needs no key and no node.

    The page act.html shows the act in plain words from its bytes, signs it with the key that
    lies in that browser, and gives the signed act back for `confed delegate take`.
    """
    if not (page or qr or target):
        raise click.UsageError("Say in which form: --page, --qr or --to.")
    data = read_file(mandate_file, BUNDLE_MAX_BYTES)
    payload, number = drafted(data, mandate_file, said)
    ask = asking.ask_for(data, payload)
    whole = asking.encode(ask)
    fields: dict[str, object] = {
        "id": text.encode_record(ask.request.id),
        "number": number,
        "bytes": len(whole),
    }
    lines: list[str] = []
    if page is not None:
        fields["link"] = asking.link_of(page, whole)
        lines.append(str(fields["link"]))
    if qr:
        fields["qr"] = parts.encode_parts(whole)
        lines += parts.encode_parts(whole)
    if target is not None:
        write_file(target, whole)
        fields["file"] = str(target)
        lines.append(f"{target}: {len(whole)} bytes")
    shell.emit(fields, lines)


@click.command("take")
@click.argument("mandate_file", metavar="MANDATE", type=_PATH)
@click.argument("signed", metavar="SIGNED...", type=_PATH, nargs=-1, required=True)
@click.option("--to", "target", type=_PATH, required=True, help="The .confed file to write.")
@command
def delegate_take(shell: Shell, mandate_file: Path, signed: tuple[Path, ...], target: Path) -> None:
    """Put together what phones have signed (files or their text); writes the act's file.

    `confed submit SIGNED` hands the same to a node.
    """
    request = signrequest.join(read_request(path) for path in signed)
    if not request.complete:
        raise KeyringError(NodeReason.KEY_MISSING, "not all of the delegates have signed")
    data = bundle.build_act(read_file(mandate_file, BUNDLE_MAX_BYTES), request.envelope)
    write_file(target, data)
    told = answer([(str(target), data)], trust=[], at=int(time.time())).fields
    shell.emit(
        {"file": str(target)} | {name: told[name] for name in ("id", "verdict", "reason")},
        _lines(target, told["verdict"], told["reason"]),
    )


def _lines(target: Path, verdict: object, reason: object) -> Iterable[str]:
    yield f"{target}: {verdict} {reason or ''}".rstrip()
