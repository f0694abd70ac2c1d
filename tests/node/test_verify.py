"""`confed verify`: exit codes, the JSON form, plain words, and nothing that a terminal obeys."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from confednode.commands.verify import verify
from confedproto import bundle, codec, text
from confedproto.bundle.render import fields, lines
from confedproto.errors import Reason
from confedproto.text.harmless import shown
from tests.support.worlds import decided, four, granted, recall_file


@pytest.fixture
def mandate(tmp_path: Path) -> Path:
    path = tmp_path / "mandate.confed"
    path.write_bytes(granted().file)
    return path


@pytest.fixture
def recall(tmp_path: Path) -> Path:
    path = tmp_path / "recall.confed"
    path.write_bytes(recall_file())
    return path


def run(*arguments: str | Path, data: bytes | None = None) -> Result:
    at = ["--at", str(four().now)]
    return CliRunner().invoke(verify, [*map(str, arguments), *at], input=data)


def answer(result: Result) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    return told


def test_verify_of_a_mandate_ends_with_zero(mandate: Path) -> None:
    result = run(mandate, "--json")
    told = answer(result)
    assert result.exit_code == 0
    assert told["ok"] is True
    assert (told["kind"], told["verdict"], told["reason"]) == ("mandate", "VALID", None)
    assert told["id"] == text.encode_record(granted().mandate)
    assert told["council"] == text.encode_record(four().nodes[0].council)
    assert told["pinned"] is False
    assert isinstance(told["newest_receipt"], int)


def test_verify_of_a_mandate_and_its_recall_ends_with_three(mandate: Path, recall: Path) -> None:
    for files in ((mandate, recall), (recall, mandate)):
        result = run(*files, "--json")
        told = answer(result)
        assert result.exit_code == 3
        assert (told["ok"], told["verdict"], told["reason"]) == (False, "VOID", "recalled")


def test_verify_reads_standard_input_and_pasted_armor(mandate: Path) -> None:
    data = mandate.read_bytes()
    assert run("-", data=data).exit_code == 0
    armor = text.encode_armor(text.Armor(label=text.ArmorLabel.BUNDLE, data=data))
    assert run("-", data=armor.encode()).exit_code == 0
    other = text.encode_armor(text.Armor(label=text.ArmorLabel.RECORD, data=data))
    assert run("-", data=other.encode()).exit_code == 3


def test_verify_pins_the_councils_that_are_named(mandate: Path) -> None:
    mine = text.encode_record(four().nodes[0].council)
    other = text.encode_record(bytes(32))
    assert answer(run(mandate, "--trust", other, "--trust", mine, "--json"))["pinned"] is True
    result = run(mandate, "--trust", other, "--json")
    assert result.exit_code == 3
    assert answer(result)["reason"] == "not-trusted"


def test_verify_of_a_certificate_shows_the_count(tmp_path: Path) -> None:
    world, data = decided(4, "double")
    path = tmp_path / "certificate.confed"
    path.write_bytes(data)
    told = answer(run(path, "--json"))
    status = world.view.motion_status(world.motion, world.now)
    assert not isinstance(status, Reason)
    assert status.tally is not None
    assert told["motion"] == text.encode_record(world.motion)
    assert told["accepted"] is status.tally.accepted
    for name in ("people_yes", "people_no", "units_yes", "units_no"):
        assert told[name] == getattr(status.tally, name)
    assert told["signers"] >= told["needed"] == 3
    assert told["councils"] == 4
    words = run(path).stdout
    assert words.startswith('VALID: the councils decided "A common mill": adopted.')


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[:-1], "enc-truncated"),
        (lambda data: b"PK" + data, "bundle-magic"),
        (lambda data: b"", "enc-empty"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "head-signature"),
    ],
)
def test_verify_of_a_damaged_file_ends_with_three(mandate: Path, change: Any, reason: str) -> None:
    if reason == "head-signature":
        parsed = bundle.decode(mandate.read_bytes())
        assert parsed.head is not None
        late = replace(parsed.head, time=parsed.head.time + 1)
        mandate.write_bytes(bundle.encode(replace(parsed, head=late)))
    else:
        mandate.write_bytes(change(mandate.read_bytes()))
    result = run(mandate, "--json")
    told = answer(result)
    assert result.exit_code == 3
    assert (told["ok"], told["verdict"], told["reason"]) == (False, "UNKNOWN", reason)
    assert told["message"]
    assert run(mandate).exit_code == 3


def test_verify_of_a_file_with_a_record_that_is_none_ends_with_three(mandate: Path) -> None:
    value = codec.decode(mandate.read_bytes())
    rows = [signatures for _, signatures in value[2]["records"][0]]
    signatures = next(some for some in rows if len(some) > 1)  # a first charter has none (BUN-4)
    signatures[1] = signatures[0]
    mandate.write_bytes(codec.encode(value))
    result = run(mandate, "--json")
    assert result.exit_code == 3
    assert answer(result)["reason"] == "signer-duplicate"


def test_verify_of_no_such_file_ends_with_two(tmp_path: Path) -> None:
    result = run(tmp_path / "gone.confed", "--json")
    assert result.exit_code == 2
    assert answer(result)["reason"] == "file-missing"
    assert run(tmp_path).exit_code == 2


def test_verify_called_wrongly_ends_with_two(mandate: Path) -> None:
    assert run().exit_code == 2
    assert run(mandate, "--trust", "nobody").exit_code == 2


def test_words_begin_with_the_answer_and_end_with_what_is_unknown(mandate: Path) -> None:
    words = run(mandate).stdout.splitlines()
    assert words[0].startswith('VALID: "Council number 0" gave this mandate')
    assert "What these files cannot tell:" in words
    assert any("newest receipt is less than a day old" in line for line in words)
    late = bundle.verify([granted().file], [], four().now + 3 * 86_400)
    assert any("3 days old" in line for line in lines(late, four().now + 3 * 86_400))


def test_words_hold_no_control_character_of_a_name(mandate: Path) -> None:
    report = bundle.verify([mandate.read_bytes()], [], four().now)
    hostile = replace(report, council_name="A\nVALID\x1b[2J\u202e")
    assert json.loads(json.dumps(fields(hostile)))["council_name"] == hostile.council_name
    evil = "A\nB"
    assert all("\n" not in shown(line) for line in lines(replace(report, council_name=evil), 0))
    assert all("\x1b" not in shown(line) for line in lines(hostile, 0))
