"""The fuzzer finds what is planted, says how to see it again, and repeats itself."""

import random
from pathlib import Path

import pytest
from msgpack import fallback

from confedproto.errors import DecodeError, Reason
from tools import fuzz, fuzz_targets
from tools.fuzz_targets import TARGETS


def corpus() -> list[bytes]:
    return [b"abcdef", bytes(40)]


def test_mutate_with_one_seed_gives_the_same_inputs() -> None:
    first, again = (random.Random("7") for _ in range(2))
    inputs = [fuzz.mutate(first, corpus()) for _ in range(500)]
    assert inputs == [fuzz.mutate(again, corpus()) for _ in range(500)]
    assert len(set(inputs)) > 400


def test_mutate_of_nothing_gives_bytes() -> None:
    rng = random.Random(1)
    assert all(len(fuzz.mutate(rng, [b""])) <= fuzz.INPUT_MAX_BYTES for _ in range(500))


def test_fuzz_with_a_planted_bug_prints_the_input_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def planted(data: bytes) -> None:
        if data.startswith(b"abc") and b"\xff" in data:
            raise ValueError("planted")

    monkeypatch.setitem(TARGETS, "planted", (corpus, planted))
    assert fuzz.main(["--target", "planted", "--executions", "20000", "--seed", "1"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("seed 1\n")
    assert "FAILED planted: raised ValueError" in out
    found = out.rsplit("--input ", 1)[1].strip()
    assert bytes.fromhex(found).startswith(b"abc")
    assert fuzz.main(["--target", "planted", "--input", found]) == 1


def test_fuzz_of_a_target_that_refuses_its_corpus_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(data: bytes) -> None:
        raise DecodeError(Reason.ENC_EMPTY)

    monkeypatch.setitem(TARGETS, "refusing", (corpus, refusing))
    assert fuzz.main(["--target", "refusing", "--executions", "1"]) == 1


def test_fuzz_stops_at_the_first_of_time_and_executions() -> None:
    assert fuzz.fuzz(["codec"], 1, seconds=0, executions=10**9)[0].executions < 10_000


def test_fuzz_codec_that_disagrees_with_pure_python_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lenient(packed: bytes, **_: object) -> object:
        return None if packed[:1] == b"\xc0" else fallback.unpackb(packed, raw=False)

    fuzz_targets.PURE_CODEC.decode(b"\x01")
    monkeypatch.setattr(fuzz_targets.PURE_CODEC.msgpack, "unpackb", lenient)
    monkeypatch.setattr(fuzz_targets.PURE_CODEC, "_are_plain", lambda *_: True)
    assert fuzz.main(["--target", "codec", "--input", "c0"]) == 1
    assert "FAILED codec: raised AssertionError" in capsys.readouterr().out


def test_fuzz_report_adds_a_line_that_can_be_run_again(tmp_path: Path) -> None:
    table = tmp_path / "reliability.md"
    table.write_text("| a |\n| --- |\n<!-- end of fuzz runs -->\n\nmore\n", "utf-8")
    arguments = ["--target", "codec", "--seed", "5", "--report", str(table), "--executions"]
    assert fuzz.main([*arguments, "1000"]) == 0
    lines = table.read_text("utf-8").splitlines()
    assert lines[0] == "| a |"
    assert lines[2].startswith("| 20")
    assert "| codec | 1," in lines[2]
    assert "--target codec --executions 1" in lines[2]
    assert lines[2].endswith("--seed 5` |")
    assert lines[3:] == ["<!-- end of fuzz runs -->", "", "more"]


@pytest.mark.parametrize("name", TARGETS)
def test_target_holds_for_a_thousand_inputs(name: str) -> None:
    runs = fuzz.fuzz([name], 20261122, seconds=None, executions=1000)
    assert runs[0].executions >= 1000
    assert len(runs[0].results) > 1
