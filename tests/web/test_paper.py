"""A mandate on paper: the page is drawn by Chromium, its QR codes are read back and verified."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from msgspec import structs
from PIL import Image

from confednode import paper
from confedproto import bundle, text
from confedproto.bodies.mandate import Ceiling, Condition, Holdover, Instruction, Share
from confedproto.bundle import render
from confedproto.text import parts
from tests.support.worlds import four, grant, granted, make_world, passed_on, recall_file
from tools.js.browser import FLAGS, find_chromium

A4 = (794, 1_123)
"""Pixels of an A4 page at 96 a inch."""
SCALE = 2
"""As a phone sees it from a hand's breadth: about 190 pixels an inch."""


def photographed(html: str, folder: Path) -> Image.Image:
    """The page as a picture."""
    program = find_chromium()
    assert program is not None, "run this by `make test-web`, which brings Chromium"
    page, picture = folder / "page.html", folder / "page.png"
    page.write_text(html, "utf-8")
    subprocess.run(
        [
            program,
            *FLAGS,
            f"--user-data-dir={folder}/profile",
            f"--window-size={A4[0]},{A4[1]}",
            f"--force-device-scale-factor={SCALE}",
            "--hide-scrollbars",
            f"--screenshot={picture}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return Image.open(picture).convert("L")


def codes(picture: Image.Image) -> list[str]:
    found = zxingcpp.read_barcodes(picture)
    return [one.text for one in found if one.format == zxingcpp.BarcodeFormat.QRCode]


def test_paper_read_back_from_its_picture_verifies(tmp_path: Path) -> None:
    file, now = granted().file, four().now
    report = bundle.verify([file], [], now)
    read = codes(photographed(paper.page(report, file), tmp_path))
    assert sorted(read) == sorted(parts.encode_parts(file))
    told = render.answer([("paper", "\n".join(read).encode())], trust=[], at=now)
    assert told.exit_code == 0
    assert told.fields["id"] == text.encode_record(granted().mandate)


def pages(html: str, folder: Path) -> int:
    """How many sheets Chromium prints."""
    program = find_chromium()
    assert program is not None
    (folder / "page.html").write_text(html, "utf-8")
    subprocess.run(
        [
            program,
            *FLAGS,
            f"--user-data-dir={folder}/profile",
            "--no-pdf-header-footer",
            f"--print-to-pdf={folder}/page.pdf",
            (folder / "page.html").as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    pdf = (folder / "page.pdf").read_bytes()
    return pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ")


def test_paper_is_one_page_with_words_and_fingerprint(tmp_path: Path) -> None:
    file = granted().file
    html = paper.page(bundle.verify([file], [], four().now), file)
    assert pages(html, tmp_path) == 1
    assert text.fingerprint(four().nodes[0].council) in html
    assert "Council number 0" in html
    assert "yes on cfr1" in html
    assert "http" not in html.replace("http://www.w3.org/", "")


def test_paper_of_a_mandate_with_everything_is_one_page_that_reads_back(tmp_path: Path) -> None:
    """A name of the greatest length, five instructions of the greatest length, every field."""
    file = granted().file
    report = bundle.verify([file], [], four().now)
    assert report.mandate is not None
    motions = [bytes([number]) * 32 for number in range(1, 6)]
    mandate = structs.replace(
        report.mandate,
        instructions=tuple(Instruction(motion=one, value="x" * 31) for one in motions),
        conditions=tuple(Condition(motion=m, test="in", about=bytes(32)) for m in motions[:2]),
        partners=(bytes([7]) * 32,),
        parity="all",
        substitutes=(bytes([8]) * 32,),
        forum="F" * 60,
        level="interregional",
        kinds=("signature", "spending-order", "statement", "vote"),
        reports=tuple(report.mandate.starts + day * 86_400 for day in range(3)),
        ceiling=Ceiling(currency="eur", act=5, total=9),
        holdover=Holdover(seconds=86_400, kinds=("statement",)),
        attendance="required",
        petition=Share(part=1, whole=5),
        otherwise="ratify",
        pay="Fares, and a day's wage.",
    )
    html = paper.page(replace(report, mandate=mandate, council_name="Wm" * 32), file)
    assert pages(html, tmp_path) == 1
    assert sorted(codes(photographed(html, tmp_path))) == sorted(parts.encode_parts(file))
    for words in (
        "all must sign",
        "is in it",
        "has to ratify",
        "1 of 5 members",
        "day&#x27;s wage",
    ):
        assert words in html
    assert "refer back" not in html


def test_paper_of_a_link_shows_the_chain_on_one_page_that_reads_back(tmp_path: Path) -> None:
    made = passed_on()
    now, file = made.world.now, made.file
    report = bundle.verify([file], [], now)
    html = paper.page(report, file)
    assert pages(html, tmp_path) == 1
    for words in ("Mandate of Meeting of the valley", "Passed on from Council number 0"):
        assert words in html
    for council in (made.meeting.council, made.world.nodes[0].council):
        assert text.fingerprint(council) in html
    read = codes(photographed(html, tmp_path))
    told = render.answer([("paper", "\n".join(read).encode())], trust=[], at=now)
    assert told.exit_code == 0
    assert told.fields["above"]["id"] == text.encode_record(made.above)


def test_paper_of_a_recalled_mandate_says_so_first() -> None:
    file = granted().file
    recalled = bundle.verify([file, recall_file()], [], four().now)
    html = paper.page(recalled, file)
    assert "VOID (recalled): the council has taken the mandate back." in html
    assert "VOID" not in paper.page(bundle.verify([file], [], four().now), file)


def test_paper_of_a_small_file_has_parts_above_a_thousand_bytes() -> None:
    assert len(paper.qr_texts(bytes(1_000))) == 1
    assert len(paper.qr_texts(bytes(1_001))) == 2


def test_paper_escapes_what_a_council_calls_itself() -> None:
    world = make_world(2, "majority")
    file = grant(world).file
    report = replace(world.verify(file), council_name="<img src=x>\u202e & Co\x07")
    html = paper.page(report, file)
    assert "<img" not in html
    assert "\u202e" not in html
    assert "U+202E" in html


@pytest.mark.parametrize("missing", ["segno"])
def test_paper_without_the_extra_says_so(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from confednode.errors import KeyringError, NodeReason

    monkeypatch.setitem(sys.modules, missing, None)
    file = granted().file
    with pytest.raises(KeyringError) as caught:
        paper.page(bundle.verify([file], [], four().now), file)
    assert caught.value.reason is NodeReason.EXTRA_MISSING
