"""The client in protocol/README.md runs as it stands, where there is no trio and no node."""

import re
import subprocess
import sys
from pathlib import Path

from confedproto import bundle, text
from tests.support.worlds import granted

README = Path(__file__).resolve().parents[2] / "protocol" / "README.md"
LINES = 30

RUN = """
import runpy, sys

class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("trio", "click", "confednode"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Nowhere())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def client() -> str:
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)
    assert len(blocks) == 1
    return str(blocks[0])


def run(tmp_path: Path, data: bytes, *trusted: str) -> subprocess.CompletedProcess[str]:
    program, file = tmp_path / "client.py", tmp_path / "mandate.confed"
    program.write_text(client(), "utf-8")
    file.write_bytes(data)
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, str(program), str(file), *trusted],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=240,
    )


def test_readme_client_has_at_most_thirty_lines() -> None:
    assert len([line for line in client().splitlines() if line.strip()]) <= LINES


def test_readme_client_without_trio_shows_records_and_verdict(tmp_path: Path) -> None:
    data = granted().file
    done = run(tmp_path, data)
    assert done.stderr == ""
    for opened in bundle.records_of(bundle.decode(data)).values():
        assert f"{opened.kind} {text.encode_record(opened.id)}\n" in done.stdout
        assert f"  council {text.encode_record(opened.council)}\n" in done.stdout
        for signer in opened.signers:
            assert f"  signed by {text.encode_key(signer)}\n" in done.stdout
    # The simulated mandate lies in the past: its verdict at the real time is another one.
    assert re.search(r"^mandate (VALID|VOID|UNKNOWN)", done.stdout, re.M)
    assert done.returncode in (0, 3)


def test_readme_client_refuses_bytes_that_are_no_bundle(tmp_path: Path) -> None:
    done = run(tmp_path, b"\xc0" + granted().file)
    assert done.returncode == 1
    assert done.stderr.startswith("not accepted: ")
    assert "Traceback" not in done.stderr


def test_readme_client_names_a_bad_council(tmp_path: Path) -> None:
    done = run(tmp_path, granted().file, "cfs1" + "q" * 58)
    assert done.stderr == "not accepted: text-secret\n"


def test_blocker_really_blocks(tmp_path: Path) -> None:
    program = tmp_path / "client.py"
    program.write_text("import trio\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(program)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "ModuleNotFoundError: trio" in done.stderr
