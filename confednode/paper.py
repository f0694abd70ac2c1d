"""Paper and screen: a mandate on one A4 page, sign requests, with QR codes that hold it whole."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from confednode.errors import KeyringError, NodeReason
from confedproto import text
from confedproto.bundle import Report
from confedproto.bundle.render import moment
from confedproto.bundle.report import Above
from confedproto.bundle.terms import mandate_terms
from confedproto.bundle.wording import WORDS
from confedproto.ids import CouncilId
from confedproto.text import QrData, QrKind, parts
from confedproto.text.harmless import shown

ONE_SYMBOL_BYTES: Final = 1_000
"""Bytes of a file up to which one QR symbol holds it (specs/12, TXT-12); else TXT-15."""
_FULL_ROWS: Final = 16
_FULL_CODES: Final = 6
"""With more words or codes than these a sheet is full: its codes are smaller, four a row."""
_STYLE: Final = """
@page { size: A4; margin: 10mm 14mm; }
body { font: 9.5pt/1.25 serif; color: #000; margin: 0; }
h1 { font-size: 17pt; margin: 0 0 3mm; overflow-wrap: anywhere; }
h2 { font-size: 12pt; margin: 3mm 0 1mm; }
.doubt { border: 1pt solid; padding: 1mm 2mm; font: bold 12pt serif; }
dl { display: grid; grid-template-columns: 30mm 1fr; margin: 0; }
dt { font-weight: bold; } dd { margin: 0 0 .6mm; overflow-wrap: anywhere; }
.print { font: bold 13pt monospace; }
.codes { display: flex; flex-wrap: wrap; gap: 2mm 6mm; margin-top: 3mm; break-inside: avoid; }
.codes figure { margin: 0; text-align: center; font-size: 8pt; }
.codes svg { width: 50mm; height: 50mm; display: block; }
.full { font: 9pt/1.2 serif; }
.full .codes { gap: 2mm 3mm; } .full .codes svg { width: 42mm; height: 42mm; }
p { margin: 2mm 0; }
"""


def qr_texts(file: bytes, kind: QrKind = QrKind.BUNDLE) -> list[str]:
    """The QR texts of a file: one, or its parts where one symbol would be too dense."""
    if len(file) <= ONE_SYMBOL_BYTES:
        return [text.encode_qr(QrData(kind=kind, data=file))]
    return parts.encode_parts(file)


def requests_page(requests: Iterable[tuple[Sequence[str], bytes]]) -> str:
    """Sign requests to be shown or printed: for each its plain words and its QR codes.

    Raises KeyringError where the drawing library of the extra [web] is not installed.
    """
    sections = "".join(
        f"<section>{''.join(f'<p>{escape(shown(line))}</p>' for line in lines)}"
        f"{_codes(qr_texts(file, QrKind.REQUEST))}</section>"
        for lines, file in requests
    )
    return _page(
        "To be signed",
        "<h1>To be signed</h1><p>Save the texts of one request's codes in a file, one a line, and "
        "give it to <code>confed sign FILE</code>. What that says is what will be signed; this "
        f"page may be a lie.</p>{sections}",
    )


def page(report: Report, file: bytes) -> str:
    """The page, with the QR codes drawn into it; it needs no network and no other file.

    One sheet, also of a link with what it passes on or of a mandate with every field.

    Raises KeyringError where the drawing library of the extra [web] is not installed.
    """
    mandate, council = report.mandate, report.council
    if mandate is None or council is None:
        raise KeyringError(NodeReason.FILE_UNREADABLE, "the file holds no mandate that can be read")
    rows = mandate_terms(mandate)
    rows.append(("Mandate", text.encode_record(report.id)))
    texts, upper = qr_texts(file), report.above
    words = len(rows) + (0 if upper is None else len(mandate_terms(upper.mandate)))
    full = words > _FULL_ROWS or len(texts) > _FULL_CODES
    return _page(
        "Mandate",
        f'<div class="{"full" if full else "easy"}">'
        f"<h1>Mandate of {escape(shown(report.council_name))}</h1>"
        f"{_doubt(report)}{_fingerprint(council)}{_definitions(rows)}"
        f"{_above(upper) if upper is not None else ''}"
        "<p>Read all the codes with the verify page (any council's node makes it: <code>confed "
        "pages</code>) or <code>confed verify</code>: that needs no "
        f"network. As of {moment(report.head_time or 0)}; a later recall is not on this page.</p>"
        f"{_codes(texts)}</div>",
    )


def _doubt(report: Report) -> str:
    """What stands first on the page of a mandate that is not VALID: say, that it is recalled."""
    if report.reason is None:
        return ""
    words = f"{report.verdict} ({report.reason}): {WORDS.get(report.reason, 'it is not proved')}."
    return f'<p class="doubt">{escape(words)}</p>'


def _fingerprint(council: CouncilId) -> str:
    print_ = text.fingerprint(council)
    return f'<p>Fingerprint of the council: <span class="print">{print_}</span></p>'


def _definitions(rows: Iterable[tuple[str, str]]) -> str:
    body = "".join(f"<dt>{escape(n)}</dt><dd>{escape(shown(v))}</dd>" for n, v in rows)
    return f"<dl>{body}</dl>"


def _above(above: Above) -> str:
    """The mandate that a link passes on: an act is held to both (LVL-4)."""
    rows = [*mandate_terms(above.mandate), ("Mandate", text.encode_record(above.id))]
    return (
        f"<h2>Passed on from {escape(shown(above.council_name))}</h2>"
        f"{_fingerprint(above.council)}{_definitions(rows)}"
    )


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def _codes(texts: Sequence[str]) -> str:
    codes = "".join(
        f"<figure>{_drawn(one)}<figcaption>{number} of {len(texts)}</figcaption></figure>"
        for number, one in enumerate(texts, start=1)
    )
    return f'<div class="codes">{codes}</div>'


def _drawn(content: str) -> str:
    try:
        import segno
    except ImportError:
        raise KeyringError(
            NodeReason.EXTRA_MISSING,
            "QR codes are drawn by segno, which is not installed",
            "Install confednode[web], or use --qr for the texts of the codes.",
        ) from None
    drawn: str = segno.make_qr(content, error="m").svg_inline(border=4, omitsize=True)
    return drawn
