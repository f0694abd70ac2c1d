"""The testee's line protocol: what it answers to anything that a line can be."""

import io
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confedproto import testee
from confedproto.errors import Reason

NET = "00" * 32


def ask(**request: Any) -> dict[str, Any]:
    return testee.answer(json.dumps(request))


def test_hello_names_every_operation_but_itself() -> None:
    answer = ask(op="hello")
    assert answer["ok"] is True
    assert answer["name"] == "confedproto"
    assert set(answer["ops"]) >= {
        *("decode", "encode", "verify", "sshsig", "record", "inclusion", "consistency"),
        *("head", "text", "noise", "count"),
    }
    assert "hello" not in answer["ops"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n",
        "null",
        "1",
        "[]",
        '"decode"',
        "{",
        '{"op":"decode","in":}',
        '{"op":"decode","in":NaN}',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"op":"decode","in":' + "1" * 10_000 + "}",
        "\udcff",
    ],
    ids=lambda line: line[:20],
)
def test_line_that_is_no_request_is_a_bad_request_without_id(line: str) -> None:
    assert testee.answer(line) == {"id": None, "ok": False, "why": "bad-request"}


@pytest.mark.parametrize(
    "request_",
    [
        {"op": 1},
        {"in": "c0"},
        {"op": "decode"},
        {"op": "decode", "in": 1},
        {"op": "decode", "in": None},
        {"op": "decode", "in": "c"},
        {"op": "decode", "in": "C0"},
        {"op": "decode", "in": "0x"},
        {"op": "decode", "in": "c0\n"},
        {"op": "encode"},
        {"op": "encode", "value": ["i", 1]},
        {"op": "encode", "value": ["i", "01"]},
        {"op": "encode", "value": ["i", "-0"]},
        {"op": "encode", "value": ["i", "+1"]},
        {"op": "encode", "value": ["i", "\u0661"]},
        {"op": "encode", "value": ["b", 1]},
        {"op": "encode", "value": ["x", "C0"]},
        {"op": "encode", "value": ["a", {}]},
        {"op": "encode", "value": ["m", [["a"]]]},
        {"op": "encode", "value": ["m", [[1, ["i", "1"]]]]},
        {"op": "encode", "value": ["i"]},
        {"op": "encode", "value": "text"},
        {"op": "verify", "key": "", "msg": ""},
        {"op": "sshsig", "key": "", "msg": "", "sig": ""},
        {"op": "sshsig", "key": "", "msg": "", "sig": "", "namespace": "\ud800"},
        {"op": "record", "net": "00", "in": ""},
        {"op": "record", "net": NET, "in": "", "part": None},
        {"op": "inclusion", "leaf": "", "index": "0", "size": 1, "root": "", "path": []},
        {"op": "inclusion", "leaf": "", "index": True, "size": 1, "root": "", "path": []},
        {"op": "inclusion", "leaf": "", "index": 0, "size": 1.0, "root": "", "path": []},
        {"op": "inclusion", "leaf": "", "index": 0, "size": 1, "root": "", "path": "00"},
        {"op": "consistency", "old_size": 0, "old_root": "", "new_size": 1, "new_root": ""},
        {"op": "head", "net": NET, "key": ""},
        {"op": "text", "kind": "key"},
        {"op": "text", "kind": "secret", "in": "cfs1"},
        {"op": "text", "kind": [], "in": ""},
        {"op": "noise", "payloads": []},
        {"op": "count", "rule": "double"},
        {"op": "count", "rule": "double", "units": [1]},
        {"op": "count", "rule": "double", "units": [{"weight": 1, "yes": 1}]},
        {"op": "count", "rule": "double", "units": [{"weight": "1", "yes": 1, "no": 1}]},
        {"op": "count", "rule": "double", "units": [{"weight": True, "yes": 1, "no": 1}]},
        {"op": "count", "rule": "double", "units": [{"weight": 1, "silent": 1}]},
        {
            "op": "count",
            "rule": "double",
            "units": [{"weight": 1, "yes": 1, "no": 0, "value": "maybe"}],
        },
    ],
    ids=lambda request: json.dumps(request)[:60],
)
def test_request_with_a_field_missing_or_of_another_type_is_bad(request_: dict[str, Any]) -> None:
    assert ask(id="x", **request_) == {"id": "x", "ok": False, "why": "bad-request"}


@pytest.mark.parametrize("op", ["", "Decode", "sign", "__class__"])
def test_unknown_operation_is_unsupported(op: str) -> None:
    assert ask(id=7, op=op) == {"id": 7, "ok": False, "why": "unsupported-op"}


@pytest.mark.parametrize("name", ["x", 1, None, [1, {"a": None}], "\ud800"])
def test_answer_repeats_whatever_id_was_given(name: Any) -> None:
    assert ask(id=name, op="decode", **{"in": "01"}) == {
        "id": name,
        "ok": True,
        "value": ["i", "1"],
    }


def test_refusal_carries_the_reason() -> None:
    answer = ask(id=1, op="decode", **{"in": "c0"})
    assert answer == {"id": 1, "ok": False, "why": Reason.ENC_NIL.value}


def test_encode_takes_digits_of_any_length() -> None:
    answer = ask(id=1, op="encode", value=["i", "9" * 100_000])
    assert answer["why"] == "enc-int-range"


def test_encode_of_deep_value_is_refused_not_a_crash() -> None:
    value: list[Any] = ["a", []]
    for _ in range(400):
        value = ["a", [value]]
    assert ask(id=1, op="encode", value=value)["why"] in ("enc-depth", "bad-request")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.sampled_from(
        [
            *("in", "value", "key", "msg", "sig", "namespace", "net", "part", "leaf", "index"),
            *("size", "root", "path", "old_size", "new_size", "old_root", "new_root", "kind"),
            *("prologue", "init_static", "payloads", "rule", "units"),
        ]
    ),
    JSON | st.sampled_from(["", "c0", NET, "key", "double", 0, 1, []]),
)


@given(st.sampled_from(sorted(testee.OPS)), FIELDS)
def test_any_request_gets_one_answer(op: str, fields: dict[str, Any]) -> None:
    answer = ask(**{**fields, "id": "x", "op": op})
    assert answer["id"] == "x"
    if not answer["ok"]:
        assert answer["why"] in {reason.value for reason in Reason}


@given(st.text())
def test_any_line_gets_one_line_of_ascii(line: str) -> None:
    out = io.StringIO()
    testee.serve(io.StringIO(line.replace("\n", " ") + "\n", newline="\n"), out)
    assert out.getvalue().isascii()
    assert out.getvalue().count("\n") == 1
    assert isinstance(json.loads(out.getvalue()), dict)


def test_program_answers_any_bytes_in_order_and_ends_with_its_input() -> None:
    lines = [
        b'{"op":"hello"}',
        b"\xff\xfe\x00",
        b'{"id":1,"op":"decode","in":"c3"}\r',
        b"",
        b'{"id":2,"op":"nothing"}',
        b'{"id":3,"op":"decode","in":"01"}',  # without a line end
    ]
    done = subprocess.run(
        [sys.executable, "-m", "confedproto.testee"],
        input=b"\n".join(lines),
        capture_output=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("id") for answer in answers] == [None, None, 1, None, 2, 3]
    assert [answer["ok"] for answer in answers] == [True, False, True, False, False, True]
