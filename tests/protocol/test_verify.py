"""`python -m confedproto.verify`: the same answer as `confed verify`, with the library alone."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from confednode.commands.verify import verify as command
from confedproto import text, verify
from confedproto.bundle import render
from confedproto.text import QrData, QrKind
from tests.support.worlds import decided, four, granted, recall_file

PROTOCOL = Path(__file__).resolve().parents[2] / "protocol"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "mandate.confed": granted().file,
        "recall.confed": recall_file(),
        "act.confed": granted().act("no"),
        "certificate.confed": decided(4, "double")[1],
        "cut.confed": granted().file[:-1],
        "other": b"PK\x03\x04",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def program(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    try:
        code: Any = verify.main(arguments)
    except SystemExit as ended:
        code = ended.code
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.mark.parametrize("json", [(), ("--json",)])
@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["mandate.confed"], 0),
        (["certificate.confed"], 0),
        (["recall.confed"], 0),
        (["mandate.confed", "recall.confed"], 3),
        (["act.confed"], 3),
        (["cut.confed"], 3),
        (["mandate.confed", "other"], 3),
        (["gone.confed"], 2),
        ([""], 2),
    ],
    ids=str,
)
def test_program_answers_as_confed_verify_does(
    folder: Path,
    names: list[str],
    code: int,
    json: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [*(str(folder / name) for name in names), "--at", str(four().now), *json]
    expected = CliRunner().invoke(command, arguments)
    assert program(arguments, capsys) == (code, expected.stdout, expected.stderr)
    assert expected.exit_code == code


def test_program_pins_the_councils_that_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mandate, at = str(folder / "mandate.confed"), str(four().now)
    mine, other = text.encode_record(four().nodes[0].council), text.encode_record(bytes(32))
    assert program([mandate, "--at", at, "--trust", mine], capsys)[0] == 0
    code, out, _ = program([mandate, "--at", at, "--trust", other], capsys)
    assert code == 3
    assert out.startswith("UNKNOWN (not-trusted)")


@pytest.mark.parametrize(
    "arguments",
    [[], ["--json"], ["x", "--at", "-1"], ["x", "--at", "noon"], ["x", "--trust", "nobody"]],
    ids=str,
)
def test_program_called_wrongly_ends_with_two(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = program(arguments, capsys)
    assert code == 2
    assert (out if "--json" in arguments else err).count("usage") >= 1
    assert CliRunner().invoke(command, arguments).exit_code == 2


def test_program_reads_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(granted().file)))
    assert program(["-", "--at", str(four().now)], capsys)[0] == 0


def test_program_needs_the_library_alone(folder: Path) -> None:
    """No node, trio, click or database: only `protocol/` is on the path, and of it no view."""
    code = (
        "import sys, runpy\n"
        "sys.argv[0] = 'verify'\n"
        "try: runpy.run_module('confedproto.verify', run_name='__main__')\n"
        "except SystemExit as end: code = end.code\n"
        "idle = {'confedproto.view', 'confedproto.engine'} & {*sys.modules}\n"
        "print(sorted({m.split('.')[0] for m in sys.modules}"
        " & {'confednode', 'trio', 'click', 'sqlite3', 'asyncio'} | idle), code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder / "mandate.confed"), "--at", str(four().now)],
        env={"PYTHONPATH": str(PROTOCOL)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "[] 0"


def test_answer_undoes_qr_text_and_names_what_is_no_file() -> None:
    qr = text.encode_qr(QrData(kind=QrKind.BUNDLE, data=granted().file[:600])).encode()
    told = render.answer([("qr", qr)], trust=[], at=0)
    assert (told.exit_code, told.fields["reason"]) == (3, "enc-truncated")
    other = text.encode_qr(QrData(kind=QrKind.ENVELOPE, data=b"x")).encode()
    assert render.answer([("qr", other)], trust=[], at=0).fields["reason"] == "bundle-magic"
    odd = b"CONFED:BUNDLE/\xff"
    assert render.answer([("qr", odd)], trust=[], at=0).fields["reason"] == "text-character"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1970-01-01 00:00:00 UTC"),
        (951_782_399, "2000-02-28 23:59:59 UTC"),
        (951_782_400, "2000-02-29 00:00:00 UTC"),
        (1_709_164_800, "2024-02-29 00:00:00 UTC"),
        (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        (253_402_300_799, "9999-12-31 23:59:59 UTC"),
        (2**40, "36812-02-20 00:36:16 UTC"),
    ],
)
def test_time_is_written_as_a_date(seconds: int, words: str) -> None:
    assert render.moment(seconds) == words
