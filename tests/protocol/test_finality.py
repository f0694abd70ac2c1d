"""FINAL, or as of these heads: what a verdict on files rests on (specs/12, BUN-17)."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from confedproto import bundle, text
from confedproto.bundle import render
from confedproto.bundle.wording import WORDS
from confedproto.errors import Reason
from confedproto.ids import CouncilId
from tests.support.worlds import decided, four, granted, recall_file

DAY = 86_400


def told(files: Sequence[bytes], at: int, trust: Sequence[CouncilId] = ()) -> render.Answer:
    return render.answer([(f"{n}", data) for n, data in enumerate(files)], trust=trust, at=at)


def head_time(file: bytes) -> int:
    head = bundle.decode(file).head
    assert head is not None
    return head.time


def test_valid_mandate_stands_as_of_the_head_of_its_log() -> None:
    world, file = four(), granted().file
    answer = told([file], head_time(file) + 3 * DAY)
    head = bundle.decode(file).head
    assert head is not None
    council = world.nodes[0].council
    assert answer.fields["final"] is False
    assert answer.fields["heads"] == [
        {
            "council": text.encode_record(council),
            "name": "Council number 0",
            "size": head.size,
            "time": head.time,
        }
    ]
    words = "\n".join(answer.lines)
    at = words.index("As of these heads (council, size, time):")
    assert f'"Council number 0", {head.size} records, {render.moment(head.time)}' in words[at:]
    assert "FINAL" not in words
    age = next(line for line in answer.lines if "newest receipt" in line)
    assert age.endswith("old; a later recall is unknown here.")
    assert words.index(age) > at


def test_newest_head_of_each_log_is_named_once() -> None:
    files = [granted().file, recall_file()]
    sizes = [head.size for head in (bundle.decode(file).head for file in files) if head]
    heads = told(files, four().now).fields["heads"]
    assert [row["size"] for row in heads] == [max(sizes)]


@pytest.mark.parametrize(
    ("value", "final"), [("no", True), ("yes", False)], ids=["against", "within"]
)
def test_act_is_final_only_where_no_record_can_mend_it(value: str, final: bool) -> None:
    answer = told([granted().act(value)], four().now)
    assert answer.fields["final"] is final
    assert ("FINAL: no record that is not in these files can change this." in answer.lines) is final


def test_certificate_is_final_without_a_head() -> None:
    answer = told([decided(4, "double")[1]], four().now)
    assert (answer.fields["verdict"], answer.fields["final"]) == ("VALID", True)
    assert answer.fields["heads"] == []


def test_recall_is_final_from_the_time_of_a_head_that_covers_it() -> None:
    files = [granted().file, recall_file()]
    shown = head_time(recall_file())
    for at, final in ((shown, True), (shown + DAY, True), (shown - 1, False)):
        answer = told(files, at)
        assert answer.fields["reason"] == Reason.RECALLED or not final
        assert answer.fields["final"] is final


def test_end_of_a_mandate_is_final_and_its_beginning_too() -> None:
    until = bundle.verify([granted().file], [], four().now).until
    assert until is not None
    assert told([granted().file], until + 1).fields["final"] is True
    assert told([granted().file], 0).fields["final"] is True


def test_stranger_is_never_final() -> None:
    answer = told([decided(4, "double")[1]], four().now, [CouncilId(bytes(32))])
    assert (answer.fields["reason"], answer.fields["final"]) == ("not-trusted", False)


def test_file_that_does_not_hold_rests_on_nothing() -> None:
    broken = bytearray(granted().file)
    broken[-40] ^= 1
    answer = told([bytes(broken)], four().now)
    assert answer.fields["verdict"] == "UNKNOWN"
    assert not any("As of these heads" in line for line in answer.lines)


def test_every_reason_of_a_verdict_on_mandates_has_words() -> None:
    """The answer comes first and in plain words; "not proved" would be wrong of a VOID."""
    registry = Path(__file__).parents[2] / "specs" / "registries" / "reasons.toml"
    rows = tomllib.loads(registry.read_text("utf-8"))["reason"]
    said = {row["code"] for row in rows if row["group"] == "Mandates"}
    at_home = {"mandate-councils", "report-due"}  # a node refuses to append; no verdict says so
    assert said - at_home <= {reason.value for reason in WORDS}
    assert all(words[0].islower() and not words.endswith(".") for words in WORDS.values())
