"""The README's session by hand, as its reader would type it: one script, real waiting."""

import os
import re
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.sessions import played

README: Final = Path(__file__).parents[2] / "README.md"
BLOCK: Final = re.compile(r"^```sh session\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIME_S: Final = 240


def blocks() -> list[str]:
    return BLOCK.findall(README.read_text(encoding="utf-8"))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A PATH on which `confed` is this program, and a home that is not the developer's."""
    programs = tmp_path / "bin"
    programs.mkdir()
    shim = programs / "confed"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m confednode "$@"\n')
    shim.chmod(0o755)
    found = os.pathsep.join(path for path in sys.path if path)
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    return os.environ | {"PATH": path, "PYTHONPATH": found, "HOME": str(tmp_path)}


def test_readme_session_ends_as_it_says(tmp_path: Path, environment: dict[str, str]) -> None:
    assert len(blocks()) >= 5
    work = tmp_path / "work"
    work.mkdir()
    script = "\n".join(blocks())
    out, err = played(script, cwd=work, environment=environment, within_s=TIME_S)
    lines = [line.strip() for line in out.splitlines()]
    for line in (
        "state: final (in-force)",
        "outcome: adopted under majority",
        "people: 51 yes, 13 no",
    ):
        assert line in lines, out
    certificate, mandate, after = (
        index for index, line in enumerate(lines) if line.startswith(("VALID", "VOID"))
    )
    assert lines[certificate].startswith("VALID")
    assert lines[mandate].startswith("VALID")
    assert lines[after].startswith("VOID")
    assert certificate < mandate < lines.index("refused") < after < lines.index("no longer valid")
    assert "(instruction)" in err, "why the act was refused"
    assert {path.name for path in work.glob("*.confed")} == {
        "certificate.confed",
        "mandate.confed",
        "recall.confed",
    }
    for home in ("north", "south"):
        assert not (work / home / "control.sock").exists(), "the node has stopped"
