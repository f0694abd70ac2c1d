"""QR symbols in JavaScript: others' are read, others read ours, and no picture need be straight."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import segno
import zxingcpp
from PIL import Image

from confedproto.text import parts
from tools.js.find_node import TESTEE, find_node

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
TEXTS = ("CONFED:RECORD/ABC", "cfk1 in lower case", "0123456789012", "Grüße aus dem Tal ✓")
LIGHT, DARK = 230, 25


def node(source: str, folder: Path, given: object) -> Any:
    """What a module prints as JSON; `given` is there as the constant of that name."""
    program = find_node()
    assert program is not None
    path = folder / "probe.mjs"
    data = folder / "given.json"
    data.write_text(json.dumps(given))
    modules = (TESTEE.parent / "confed").as_uri()
    path.write_text(
        'import { readFileSync } from "node:fs";\n'
        f"const given = JSON.parse(readFileSync({json.dumps(str(data))}));\n"
        + source.replace("confed:", f"{modules}/")
    )
    done = subprocess.run([program, path], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def symbol(text: str, **how: Any) -> list[list[bool]]:
    made = segno.make(text, micro=False, boost_error=False, **how)
    return [[bool(module) for module in row] for row in made.matrix]


def test_symbols_of_every_version_and_level_are_read(tmp_path: Path) -> None:
    rng = random.Random(5)
    texts, rows = [], []
    for version in range(1, 41):
        for level in "LMQH":
            text = "".join(rng.choices(ALPHANUMERIC, k=6))
            texts.append(text)
            mask = rng.randrange(8)
            rows.append(symbol(text, version=version, error=level, mask=mask))
    source = """
        import { qrText } from "confed:qrread.js";
        console.log(JSON.stringify(given.map(qrText)));
    """
    assert node(source, tmp_path, rows) == texts


def test_damaged_symbol_is_mended_or_not_read(tmp_path: Path) -> None:
    """Damage within the level's bound is mended; beyond it nothing is read, never another text."""
    rng = random.Random(6)
    text = "CONFED:COUNCIL/ABCDEFGHIJKLMNOP"
    rows = []
    for flips in (0, 1, 2, 4, 8, 16, 2_000):
        damaged = [list(row) for row in symbol(text, version=5, error="h")]
        for _ in range(flips):
            row, column = rng.randrange(9, 29), rng.randrange(9, 29)
            damaged[row][column] = not damaged[row][column]
        rows.append(damaged)
    source = """
        import { qrText } from "confed:qrread.js";
        console.log(JSON.stringify(given.map(qrText)));
    """
    assert node(source, tmp_path, rows) == [text] * 6 + [None]


def test_our_symbols_are_read_by_another_reader(tmp_path: Path) -> None:
    long = parts.encode_parts(random.Random(7).randbytes(2_000))
    source = """
        import { qrModules } from "confed:qrwrite.js";
        console.log(JSON.stringify(given.map((text) => qrModules(text))));
    """
    wanted = [*TEXTS, *long]
    for text, rows in zip(wanted, node(source, tmp_path, wanted), strict=True):
        [found] = zxingcpp.read_barcodes(picture([rows], scale=4))
        assert found.text == text
    assert node(source, tmp_path, ["x" * 5_000]) == [None]


def picture(symbols: list[list[list[bool]]], scale: int) -> Image.Image:
    """Symbols in a row, each with its quiet zone."""
    size = max(len(rows) for rows in symbols)
    step = scale * (size + 8)
    out = Image.new("L", (step * len(symbols), step), LIGHT)
    for number, rows in enumerate(symbols):
        for y, row in enumerate(rows):
            for x, dark in enumerate(row):
                if dark:
                    at = (number * step + scale * (x + 4), scale * (y + 4))
                    out.paste(DARK, (*at, at[0] + scale, at[1] + scale))
    return out


def seen(image: Image.Image, folder: Path) -> list[str]:
    """The texts that the pages' reader finds in a picture."""
    raw = folder / "picture.raw"
    raw.write_bytes(image.convert("RGBA").tobytes())
    source = """
        import { qrTextsIn } from "confed:qrfind.js";
        const [path, width, height] = given;
        const data = new Uint8ClampedArray(readFileSync(path));
        console.log(JSON.stringify(qrTextsIn({ data, width, height }).sort()));
    """
    texts: list[str] = node(source, folder, [str(raw), *image.size])
    return texts


def test_all_the_codes_of_a_page_are_seen_at_once(tmp_path: Path) -> None:
    texts = parts.encode_parts(random.Random(8).randbytes(2_000))
    assert seen(picture([symbol(one, error="m") for one in texts], 3), tmp_path) == sorted(texts)


@pytest.mark.parametrize("turn", [0, 7, 45, 90, 133, 180, 271])
def test_turned_symbol_is_seen(tmp_path: Path, turn: int) -> None:
    for text, scale in (("CONFED:RECORD/ABC", 5), ("X" * 600, 4)):
        image = picture([symbol(text, error="m")], scale)
        image = image.rotate(turn, Image.Resampling.BILINEAR, expand=True, fillcolor=LIGHT)
        assert seen(image, tmp_path) == [text]


@pytest.mark.parametrize("tilt", [0.05, 0.1, 0.15])
def test_tilted_shadowed_and_noisy_symbol_is_seen(tmp_path: Path, tilt: float) -> None:
    rng = random.Random(9)
    text = "".join(rng.choices(ALPHANUMERIC, k=300))
    image = picture([symbol(text, error="m")], 5)
    width, height = image.size
    slant = (1 + tilt, tilt / 2, -0.05 * width, 0, 1 + tilt, -0.05 * height, tilt / width, 0)
    image = image.transform(
        image.size, Image.Transform.PERSPECTIVE, slant, Image.Resampling.BILINEAR, fillcolor=LIGHT
    )
    shadow = (
        Image.linear_gradient("L").resize(image.size).point([120 + one // 2 for one in range(256)])
    )
    noise = Image.effect_noise(image.size, 30)
    dim = Image.blend(Image.composite(image, Image.new("L", image.size, 40), shadow), noise, 0.15)
    assert seen(dim, tmp_path) == [text]


def test_picture_without_symbols_shows_none(tmp_path: Path) -> None:
    assert seen(Image.effect_noise((320, 240), 90), tmp_path) == []
    assert seen(Image.new("L", (320, 240), LIGHT), tmp_path) == []
