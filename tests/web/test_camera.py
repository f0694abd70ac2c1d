"""The camera of the verify page: Chromium sees a video of printed codes, and verifies them."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import segno
from PIL import Image

from confednode import paper
from confedproto import bundle
from confedproto.bundle import asking
from confedproto.text import QrData, QrKind, encode_qr, parts
from tests.support.pages import run
from tests.support.worlds import four, granted
from tests.web.test_paper import photographed
from tools.js.browser import find_chromium

FRAME = (1280, 960)
PAPER = 235
EACH = 4
"""Frames that each picture is shown for, at ten a second."""


@pytest.fixture(scope="session", autouse=True)
def _chromium_is_there() -> None:
    assert find_chromium() is not None, "run this by `make test-web`, which brings Chromium"


def video(path: Path, pictures: Sequence[Image.Image]) -> tuple[str, ...]:
    """The flags for a camera that sees these pictures, one after another and again."""
    width, height = FRAME
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode())
        colourless = bytes([128]) * (width * height // 2)
        for picture in pictures:
            frame = Image.new("L", FRAME, PAPER)
            held = picture.convert("L")
            held.thumbnail(FRAME)
            frame.paste(held, ((width - held.width) // 2, (height - held.height) // 2))
            file.write((b"FRAME\n" + frame.tobytes() + colourless) * EACH)
    return (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={path}",
    )


def printed(text: str, turn: float = 0) -> Image.Image:
    """One code as a hand holds it before a camera, not quite straight."""
    rows = segno.make(text, micro=False, error="m").matrix
    side = len(rows) + 8
    picture = Image.new("L", (side, side), PAPER)
    for y, row in enumerate(rows):
        for x, module in enumerate(row):
            if module:
                picture.putpixel((x + 4, y + 4), 20)
    large = picture.resize((7 * picture.width,) * 2, Image.Resampling.NEAREST)
    return large.rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor=PAPER)


def moved_over(page: Image.Image) -> Iterator[Image.Image]:
    """What a camera sees that is held near a page and moved over it."""
    width, height = FRAME
    for top in (*range(0, page.height - height, height // 2), page.height - height):
        for left in (0, page.width - width):
            yield page.crop((left, top, left + width, top + height))


def seen(flags: Sequence[str], pasted: str = "") -> tuple[str, str]:
    """The verdict and the words of the page after its camera was turned on."""
    script = f"""
    document.getElementById("pasted").value = {json.dumps(pasted)};
    document.getElementById("at").value =
      new Date({four().now} * 1000).toISOString().slice(0, 19);
    const answer = document.getElementById("answer");
    document.getElementById("camera").click();
    until(() => answer.dataset.verdict !== undefined || answer.innerText !== "").then(() =>
      done([answer.dataset.verdict ?? "", answer.innerText]));
    """
    verdict, words = run(script, flags=flags)
    return verdict, words


def test_camera_reads_the_printed_page_of_a_mandate(tmp_path: Path) -> None:
    file, now = granted().file, four().now
    page = photographed(paper.page(bundle.verify([file], [], now), file), tmp_path)
    verdict, words = seen(video(tmp_path / "page.y4m", list(moved_over(page))))
    assert verdict == "VALID", words
    assert '"Council number 0"' in words


def test_camera_reads_the_parts_of_a_file_shown_one_by_one(tmp_path: Path) -> None:
    shown = [
        printed(text, 3 * number) for number, text in enumerate(parts.encode_parts(granted().file))
    ]
    verdict, words = seen(video(tmp_path / "parts.y4m", shown))
    assert verdict == "VALID", words


def test_camera_reads_a_mandate_in_brief(tmp_path: Path) -> None:
    world = four()
    short = world.nodes[0].engine.keeper.brief(granted().mandate, world.now)
    code = printed(encode_qr(QrData(kind=QrKind.BUNDLE, data=short)), 12)
    council = "\n".join(parts.encode_parts(granted().file))
    verdict, words = seen(video(tmp_path / "brief.y4m", [code]), council)
    assert verdict == "VALID", words
    assert "Its place there is not shown" in words


def test_camera_that_may_not_be_used_is_named(tmp_path: Path) -> None:
    verdict, words = seen(("--deny-permission-prompts",))
    assert (verdict, words.partition(":")[0]) == ("", "No camera")


def test_camera_of_the_act_page_reads_what_is_asked(tmp_path: Path) -> None:
    payload = bundle.draft_act(
        granted().file, motion=four().motion, kind="vote", value="yes", now=four().now
    )
    data = asking.encode(asking.ask_for(granted().file, payload))
    flags = video(tmp_path / "ask.y4m", [printed(one) for one in parts.encode_parts(data)])
    script = """
    const asked = document.getElementById("asked");
    (async () => {
      await until(() => document.body.dataset.ready === "yes");
      document.getElementById("camera").click();
      await until(() => asked.innerText !== "");
      done([asked.dataset.reason ?? "", asked.innerText]);
    })();
    """
    reason, words = run(script, "act.html", flags=flags)
    assert reason == "receipts-missing", words
    assert 'vote "yes"' in words
