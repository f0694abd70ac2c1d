"""`confed pages`: from a checkout and from a wheel made of the source archive, the same bytes."""

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from confednode import pages
from confednode.commands.pages import USES

ROOT = Path(__file__).resolve().parents[2]


def confed(*arguments: str, **environment: str) -> tuple[int, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "confednode", "pages", "--json", *arguments],
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    told: dict[str, object] = json.loads(done.stdout)
    return done.returncode, told


def test_pages_are_written_with_their_hashes(tmp_path: Path) -> None:
    code, told = confed("--to", str(tmp_path / "new" / "folder"))
    assert code == 0
    assert told["ok"] is True
    assert told["pages"] == [
        {
            "page": name,
            "file": str(tmp_path / "new" / "folder" / name),
            "bytes": len(pages.page(name).encode()),
            "sha256": hashlib.sha256(pages.page(name).encode()).hexdigest(),
        }
        for name in USES
    ]
    for name in USES:
        assert (tmp_path / "new" / "folder" / name).read_text("utf-8") == pages.page(name)


def test_pages_where_nothing_can_be_written_fail_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, told = confed("--to", str(tmp_path / "file"))
    assert (code, told["reason"]) == (2, "file-unreadable")


def test_pages_command_writes_every_page() -> None:
    assert set(USES) == set(pages.PAGES)


@pytest.mark.parametrize("name", pages.PAGES)
def test_page_fetches_nothing_and_runs_only_its_own(name: str) -> None:
    page = pages.page(name)
    assert re.findall(r"https?://[^\s\"'<]+", page) == []
    [script] = re.findall(r'<script type="module">(.*?)</script>', page, re.DOTALL)
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert f"script-src '{pages.script_hash(script)}'" in page
    assert f"style-src '{pages.script_hash(style)}'" in page
    assert "default-src 'none'" in page
    assert len(re.findall("<script", page)) == 1


def luminance(colour: str) -> float:
    """Of #rrggbb, as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_of_verdicts_stand_out_on_light_and_on_dark() -> None:
    """At least 3 to 1, as WCAG asks of what is no text; the words say the same without colour."""
    style = pages.page("verify.html").split("<style>")[1].split("</style>")[0]
    light, dark = (
        re.findall(r"--(?:good|bad|open): (#[0-9a-f]{6})", part)
        for part in (
            style.split("@media")[0],
            style.split("@media")[1],
        )
    )
    assert len(light) == len(dark) == 3
    for colour in light:
        assert 1.05 / (luminance(colour) + 0.05) >= 3
    for colour in dark:
        assert (luminance(colour) + 0.05) / (luminance("#121212") + 0.05) >= 3


def built(what: str, source: Path, folder: Path) -> Path:
    """What hatchling makes of a source tree, without a network."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", what, "-d", str(folder)],
        cwd=source,
        capture_output=True,
        check=True,
    )
    [made] = folder.iterdir()
    return made


def test_pages_of_a_wheel_built_from_the_source_archive_are_those_of_the_checkout(
    tmp_path: Path,
) -> None:
    (tmp_path / "source").mkdir()
    archive = built("sdist", ROOT, tmp_path / "sdist")
    subprocess.run(["tar", "-xf", archive, "-C", tmp_path / "source"], check=True)
    [source] = (tmp_path / "source").iterdir()
    installed = tmp_path / "installed"
    with zipfile.ZipFile(built("wheel", source, tmp_path / "wheel")) as wheel:
        wheel.extractall(installed)
    code, told = confed(
        "--to", str(tmp_path / "out"), PYTHONPATH=str(installed), PYTHONHASHSEED="7"
    )
    assert code == 0, told
    for name in pages.PAGES:
        assert (tmp_path / "out" / name).read_text("utf-8") == pages.page(name)
    where = subprocess.run(
        [sys.executable, "-P", "-c", "from confednode import pages; print(pages.__file__)"],
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(installed)
