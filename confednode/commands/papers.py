"""mandate export: a file, QR texts, pasted text, or one page of paper."""

import time
from pathlib import Path

import click

from confednode import paper
from confednode.commands.base import Shell, command, write_file
from confednode.errors import KeyringError, NodeReason
from confedproto import bundle, text
from confedproto.text import Armor, ArmorLabel

_PATH = click.Path(path_type=Path)


@click.command("export")
@click.argument("mandate_id", metavar="ID")
@click.option("--to", "target", type=_PATH, help="Write the .confed file.")
@click.option("--qr", is_flag=True, help="Print the texts of its QR codes, one a line.")
@click.option("--known", is_flag=True, help="In brief, for who has the council's file.")
@click.option("--council", "card", type=_PATH, help="Write the council's file, for --known.")
@click.option("--text", "armored", is_flag=True, help="Print it as text to paste.")
@click.option("--html", "page", type=_PATH, help="Write one A4 page to print.")
@click.option("--pdf", type=_PATH, help="Write that page as PDF (extra [pdf]).")
@command
def export(
    shell: Shell,
    mandate_id: str,
    target: Path | None,
    qr: bool,
    known: bool,
    card: Path | None,
    armored: bool,
    page: Path | None,
    pdf: Path | None,
) -> None:
    """Hand out a mandate in a form that anyone can verify without network.

    With --known it has under 600 bytes, and is verified beside the council's file (--council).
    """
    if not (target or qr or armored or page or pdf or card):
        forms = "--to, --qr, --text, --html, --pdf or --council"
        raise click.UsageError(f"Say in which form: {forms}.")
    if known and (page or pdf):
        raise click.UsageError("The page holds the whole mandate: leave out --known.")
    reply = shell.ask("bundle", kind="brief" if known else "mandate", id=mandate_id)
    data = bytes.fromhex(reply["bundle"])
    fields: dict[str, object] = {"id": mandate_id, "bytes": len(data)}
    lines: list[str] = []
    if card is not None:
        council = shell.ask("bundle", kind="council", id=mandate_id)
        write_file(card, bytes.fromhex(council["bundle"]))
        fields["council"] = str(card)
        lines.append(f"{card}: the council's file, {council['bytes']} bytes")
    if target is not None:
        write_file(target, data)
        fields["file"] = str(target)
        lines.append(f"{target}: {len(data)} bytes")
    if qr:
        texts = paper.qr_texts(data)
        fields["qr"] = texts
        lines += texts
    if armored:
        armor = text.encode_armor(Armor(label=ArmorLabel.BUNDLE, data=data))
        fields["text"] = armor
        lines += armor.splitlines()
    if page is not None or pdf is not None:
        report = bundle.verify([data], [], int(time.time()))
        html = paper.page(report, data)
        if page is not None:
            write_file(page, html.encode())
            fields["html"] = str(page)
            lines.append(f"{page}: one page")
        if pdf is not None:
            write_file(pdf, _pdf(html))
            fields["pdf"] = str(pdf)
            lines.append(f"{pdf}: one page")
    shell.emit(fields, lines)


def _pdf(html: str) -> bytes:
    """The page as PDF. Raises KeyringError EXTRA_MISSING: no weasyprint, or not what it needs."""
    try:
        import weasyprint
    except (ImportError, OSError) as error:  # OSError: it is there, and the system's Pango is not
        what = "which is not installed" if isinstance(error, ImportError) else "which lacks Pango"
        raise KeyringError(
            NodeReason.EXTRA_MISSING,
            f"PDF files are made by weasyprint, {what}",
            "Install confednode[pdf] (and the system's Pango), or write --html and print it from "
            "a browser.",
        ) from None
    return weasyprint.HTML(string=html).write_pdf()
