"""The conformance driver, on our own testee and on programs that are wrong on purpose."""

import json
import shlex
import sys
import textwrap
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tools import conform

OURS = f"{shlex.quote(sys.executable)} -m confedproto.testee"

WRONG = """
    import json, sys
    from confedproto import testee

    FAULT = sys.argv[1]
    for line in sys.stdin:
        answer = testee.answer(line)
        request = json.loads(line)
        if "ops" in answer and FAULT == "fewer":
            answer["ops"].remove("noise")
        elif "ops" in answer:
            pass
        elif FAULT == "accepts" and request.get("in") == "c0":
            answer = {"id": request["id"], "ok": True, "value": ["n", ""]}
        elif FAULT == "refuses" and request.get("in") == "c3":
            answer = {"id": request["id"], "ok": False, "why": "enc-nil"}
        elif FAULT == "reason" and answer.get("why") == "enc-nil":
            answer["why"] = "enc-float"
        elif FAULT == "value" and answer.get("value") == ["b", True]:
            answer["value"] = ["b", 1]
        elif FAULT == "order":
            answer["id"] = "another"
        elif FAULT == "ends" and request.get("in") == "c0":
            sys.exit(0)
        elif FAULT == "babbles" and request.get("in") == "c0":
            print("I think that this is nil", flush=True)
            continue
        elif FAULT == "manners" and answer.get("why") == "bad-request":
            answer["why"] = "enc-empty"
        print(json.dumps(answer), flush=True)
    if FAULT == "exit":
        sys.exit(3)
"""


@pytest.fixture
def wrong(tmp_path: Path) -> str:
    program = tmp_path / "wrong.py"
    program.write_text(textwrap.dedent(WRONG), "utf-8")
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(program))}"


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """A folder with a few vectors of decode and noise."""
    folder = tmp_path / "few"
    folder.mkdir()
    chosen = {"decode": ("decode-nil", "decode-true", "decode-float32"), "noise": ()}
    for op, names in chosen.items():
        content = json.loads((conform.VECTORS / f"{op}.json").read_text("utf-8"))
        content["vectors"] = [v for v in content["vectors"] if not names or v["id"] in names]
        (folder / f"{op}.json").write_text(json.dumps(content), "utf-8")
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = conform.main(arguments)
    return code, capsys.readouterr().out


def summary(out: str) -> dict[str, int]:
    pairs = (part.split() for part in out.splitlines()[-1].split(", "))
    return {word: int(number) for number, word in pairs}


def test_conform_our_testee_passes_every_vector(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    junit = tmp_path / "out.xml"
    code, out = run(capsys, "--cmd", OURS, "--junit", str(junit))
    assert code == 0, out[:2_000]
    counts = summary(out)
    vectors = conform.load(conform.VECTORS)
    assert counts["passed"] == len(vectors) + len(conform._MANNERS) + 1
    assert counts["failed"] == counts["xfailed"] == counts["unsupported"] == 0
    suite = ET.parse(junit).getroot()
    assert suite.attrib["failures"] == "0"
    assert len(suite) == counts["passed"]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("accepts", "decode-nil (ENC-6): ok is true, not false"),
        ("refuses", "decode-true (ENC-5): ok is false (why: enc-nil), not true"),
        ("reason", 'decode-nil (ENC-6): why is "enc-float", not "enc-nil"'),
        ("value", 'decode-true (ENC-5): value is ["b", 1], not ["b", true]'),
        ("order", "answers another request"),
        ("ends", "the program ended"),
        ("babbles", "not JSON"),
        ("manners", "manners-missing-field"),
        ("exit", "it ended with exit code 3"),
        ("fewer", "noise is not in its ops"),
    ],
)
def test_conform_wrong_program_fails(
    capsys: pytest.CaptureFixture[str], wrong: str, few: Path, fault: str, told: str
) -> None:
    code, out = run(capsys, "--cmd", f"{wrong} {fault}", "--vectors", str(few))
    assert code == 1
    assert told in out
    counts = summary(out)
    assert counts["failed"] + counts["unsupported"] > 0


def test_conform_right_program_passes_the_few(
    capsys: pytest.CaptureFixture[str], wrong: str, few: Path
) -> None:
    code, out = run(capsys, "--cmd", f"{wrong} none", "--vectors", str(few))
    assert code == 0, out


def write_xfail(tmp_path: Path, text: str) -> str:
    path = tmp_path / "xfail.toml"
    path.write_text(text, "utf-8")
    return str(path)


def test_conform_expected_failure_with_a_reason_is_no_failure(
    capsys: pytest.CaptureFixture[str], wrong: str, few: Path, tmp_path: Path
) -> None:
    xfail = write_xfail(tmp_path, '[vectors]\n"decode-nil" = "reads nil so far"\n')
    arguments = ("--cmd", f"{wrong} accepts", "--vectors", str(few), "--xfail", xfail)
    code, out = run(capsys, *arguments)
    assert code == 0, out
    assert summary(out)["xfailed"] == 1


def test_conform_missing_operation_with_a_reason_is_no_failure(
    capsys: pytest.CaptureFixture[str], wrong: str, few: Path, tmp_path: Path
) -> None:
    xfail = write_xfail(tmp_path, '[ops]\nnoise = "no channel in a browser"\n')
    junit = tmp_path / "out.xml"
    arguments = ("--cmd", f"{wrong} fewer", "--vectors", str(few), "--xfail", xfail)
    code, out = run(capsys, *arguments, "--junit", str(junit))
    assert code == 0, out
    counts = summary(out)
    assert counts["xfailed"] > 1
    assert counts["unsupported"] == 0
    assert ET.parse(junit).getroot().attrib["skipped"] == str(counts["xfailed"])


def test_conform_expected_failure_that_passes_fails_the_run(
    capsys: pytest.CaptureFixture[str], wrong: str, few: Path, tmp_path: Path
) -> None:
    xfail = write_xfail(tmp_path, '[vectors]\n"decode-nil" = "reads nil so far"\n')
    arguments = ("--cmd", f"{wrong} none", "--vectors", str(few), "--xfail", xfail)
    code, out = run(capsys, *arguments)
    assert code == 1
    assert "passes, but is in the xfail" in out


def test_conform_xfail_of_an_unknown_vector_fails_the_run(
    capsys: pytest.CaptureFixture[str], wrong: str, few: Path, tmp_path: Path
) -> None:
    xfail = write_xfail(tmp_path, '[vectors]\n"decode-nothing" = "a typing error"\n')
    arguments = ("--cmd", f"{wrong} none", "--vectors", str(few), "--xfail", xfail)
    code, out = run(capsys, *arguments)
    assert code == 1
    assert "no vector or operation is called so" in out


@pytest.mark.parametrize("text", ['[vectors]\n"decode-nil" = ""\n', "[ops]\nnoise = 1\n", "[["])
def test_conform_xfail_without_a_reason_is_no_run(
    wrong: str, few: Path, tmp_path: Path, text: str
) -> None:
    xfail = write_xfail(tmp_path, text)
    arguments = ("--cmd", f"{wrong} none", "--vectors", str(few), "--xfail", xfail)
    assert conform.main(arguments) == 2


@pytest.mark.parametrize("command", ["/nonexistent/program", "true", "echo hello", "'"])
def test_conform_program_that_does_not_speak_is_no_run(few: Path, command: str) -> None:
    assert conform.main(["--cmd", command, "--vectors", str(few)]) == 2


def test_conform_folder_without_vectors_is_no_run(tmp_path: Path) -> None:
    assert conform.main(["--cmd", OURS, "--vectors", str(tmp_path)]) == 2


def test_conform_load_skips_only_other_formats() -> None:
    files = {path.name for path in conform.VECTORS.glob("*.json")}
    loaded = {vector["op"] for vector in conform.load(conform.VECTORS)}
    assert files - {f"{op}.json" for op in loaded} == {"schema.json", "noise_xk.json"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, True, False),
        ([1], [True], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": [1, "x"]}, {"a": [1, "x"]}, True),
        (None, False, False),
        ("1", 1, False),
    ],
)
def test_conform_same_compares_json_and_not_python(one: Any, other: Any, same: bool) -> None:
    assert conform._same(one, other) is same
