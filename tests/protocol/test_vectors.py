"""The vectors: made again they are the same, each is well formed, each rule has one."""

import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from confedproto.errors import Reason
from tools import make_vectors
from tools.vectors import bech32, cmp
from tools.vectors.base import FORMAT, Vectors
from tools.vectors.trees import RFC6962_LEAVES, RFC6962_ROOTS, root

SPECS = Path(__file__).resolve().parents[2] / "specs"
FOLDER = SPECS / "vectors"
COVERED = ("00-", "01-", "02-", "03-", "04-", "12-")
"""The documents whose every rule has a vector or a reason why not; of 07, the rules CNT."""

MADE = make_vectors.make()
FILES = {
    path.name: content
    for path in sorted(FOLDER.glob("*.json"))
    if (content := json.loads(path.read_text("utf-8"))).get("format") == FORMAT
}
VECTORS: list[dict[str, Any]] = [vector for file in FILES.values() for vector in file["vectors"]]


def refusals(vector: dict[str, Any]) -> set[str]:
    """The reasons in an answer: of the request, or of records in it that do not count."""
    expect = vector["expect"]
    rows = (*expect["refused"], *expect["carried"]) if vector["op"] == "council" else ()
    found = {expect.get("why"), *(row[2] for row in rows)}
    return {reason for reason in found if reason is not None}


def rules() -> dict[str, str]:
    """Rule id -> name of the document that states it."""
    found: dict[str, str] = {}
    for path in sorted(SPECS.glob("*.md")):
        for rule in re.findall(r"^\*\*([A-Z]{3}-[0-9]+)\.\*\*", path.read_text("utf-8"), re.M):
            assert rule not in found, f"{rule} stands in {found[rule]} and {path.name}"
            found[rule] = path.name
    return found


RULES = rules()


@pytest.mark.parametrize("name", MADE)
def test_vectors_made_again_are_the_same_bytes(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == MADE[name], "run tools/make_vectors.py"


def test_known_file_of_the_pages_is_that_of_its_vector() -> None:
    assert make_vectors.KNOWN.read_text("utf-8") == make_vectors.known(), (
        "run tools/make_vectors.py"
    )


def test_generator_run_twice_gives_the_same_bytes() -> None:
    assert make_vectors.make() == MADE


def test_vector_files_are_those_of_the_generator() -> None:
    assert set(FILES) == set(MADE)


@pytest.mark.parametrize("name", FILES)
def test_vector_file_keeps_the_schema(name: str) -> None:
    schema = json.loads((FOLDER / "schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(FILES[name], schema, jsonschema.Draft202012Validator)
    assert {vector["op"] for vector in FILES[name]["vectors"]} == {FILES[name]["op"]}


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "ENC-0"},
        {"rule": "enc-1"},
        {"expect": {"ok": False}},
        {"expect": {"ok": False, "why": "enc-nil", "value": 1}},
        {"expect": {"ok": True, "why": "enc-nil"}},
        {"in": {"in": "C0"}},
        {"in": {}},
        {"in": {"in": "c0", "more": 1}},
        {"op": "guess"},
        {"why": ""},
    ],
    ids=str,
)
def test_schema_refuses_what_is_no_vector(change: dict[str, Any]) -> None:
    schema = json.loads((FOLDER / "schema.json").read_text("utf-8"))
    broken = {**FILES["decode.json"], "vectors": [{**VECTORS_OF["decode"][0], **change}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema, jsonschema.Draft202012Validator)


VECTORS_OF = {file["op"]: file["vectors"] for file in FILES.values()}


def test_vector_ids_are_unique() -> None:
    assert [name for name, times in Counter(v["id"] for v in VECTORS).items() if times > 1] == []


def test_vectors_are_two_thirds_negative() -> None:
    verdicts = [vector for vector in VECTORS if vector["op"] != "state"]  # a state is no verdict
    negative = sum(bool(refusals(vector)) for vector in verdicts)
    assert len(verdicts) >= 500
    assert 3 * negative >= 2 * len(verdicts)


def test_vectors_name_rules_that_exist() -> None:
    assert {vector["rule"] for vector in VECTORS} - set(RULES) == set()


def test_vectors_name_reasons_that_exist() -> None:
    named = set[str]().union(*map(refusals, VECTORS))
    assert named <= {reason.value for reason in Reason}


def test_negative_vectors_name_a_reason_that_their_rule_names() -> None:
    """A rule's own text has one of the codes, or the rule hands on to those of SIG and ENC."""
    texts = {
        rule: text
        for path in SPECS.glob("*.md")
        for rule, text in re.findall(
            r"^\*\*([A-Z]{3}-[0-9]+)\.\*\*(.*?)(?=^\*\*[A-Z]{3}-[0-9]+\.\*\*|\Z)",
            path.read_text("utf-8"),
            re.M | re.S,
        )
    }
    silent = {"sig-invalid", "proof-root", "body-form"}
    for vector in VECTORS:
        told = refusals(vector)
        if told and not told & silent:
            text = texts[vector["rule"]]
            assert any(f"`{why}`" in text for why in told), (vector["id"], told)


def test_every_rule_has_a_vector_or_a_reason_why_not() -> None:
    shown = {vector["rule"] for vector in VECTORS}
    uncovered = tomllib.loads((FOLDER / "uncovered.toml").read_text("utf-8"))
    due = {
        rule for rule, name in RULES.items() if name.startswith(COVERED) or rule.startswith("CNT-")
    }
    excused = {rule for rule in due if rule in uncovered or rule[:3] in uncovered}
    assert due - shown - excused == set(), "a rule without vector and without a reason"
    lines = {rule for rule in uncovered if "-" in rule}
    assert lines - due == set(), "a reason for a rule that does not exist"
    assert lines & shown == set(), "a reason for a rule that has a vector"
    assert all(len(reason) >= 8 for reason in uncovered.values())


# --- what the generator stands on ------------------------------------------------------------


def test_generator_tree_meets_the_published_roots() -> None:
    roots = [root(RFC6962_LEAVES[:size]).hex() for size in range(1, 9)]
    assert roots == list(RFC6962_ROOTS)


def test_generator_bech32m_accepts_the_published_strings_and_no_others() -> None:
    assert all(map(bech32.is_valid, bech32.PUBLISHED))
    assert not any(bech32.is_valid(text[:-1] + "q") for text in bech32.PUBLISHED)


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "cc80"),
        (256, "cd0100"),
        (65_536, "ce00010000"),
        (-32, "e0"),
        (-33, "d0df"),
        (-129, "d1ff7f"),
        ("a", "a161"),
        (b"\x01", "c40101"),
        ([True, False], "92c3c2"),
        ({"b": 1, "a": 2}, "82a16102a16201"),
    ],
)
def test_generator_encoder_writes_known_bytes(value: Any, raw: str) -> None:
    assert cmp.encode(value).hex() == raw


def test_generator_never_asks_the_library() -> None:
    sources = [*(Path(make_vectors.__file__).parent / "vectors").glob("*.py")]
    sources.append(Path(make_vectors.__file__))
    assert len(sources) > 10
    for path in sources:
        assert not re.search(r"^\s*(from|import) confedproto", path.read_text("utf-8"), re.M), path


def test_vectors_refuse_two_of_one_name() -> None:
    vectors = Vectors("decode")
    vectors.good("ENC-5", "one", "why", {"in": "01"}, value=["i", "1"])
    with pytest.raises(ValueError, match="decode-one"):
        vectors.bad("ENC-5", "enc-nil", "one", "why", {"in": "c0"})


def test_make_vectors_check_sees_a_changed_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(make_vectors, "FOLDER", tmp_path)
    assert make_vectors.main(["--check"]) == 1
    assert make_vectors.main([]) == 0
    assert make_vectors.main(["--check"]) == 0
    (tmp_path / "decode.json").write_text("{}", "utf-8")
    assert make_vectors.main(["--check"]) == 1


# --- rule ids --------------------------------------------------------------------------------


def cited() -> dict[str, set[str]]:
    """Rule id -> modules of the library that name it."""
    found: dict[str, set[str]] = {}
    library = SPECS.parent / "protocol" / "confedproto"
    for path in library.rglob("*.py"):
        for rule in re.findall(r"\b([A-Z]{3}-[0-9]+)\b", path.read_text("utf-8")):
            if rule[:3] not in ("BIP", "CRC", "SHA", "UTF"):
                found.setdefault(rule, set()).add(path.name)
    return found


def test_library_cites_only_rules_of_a_prefix_that_some_document_has() -> None:
    table = (SPECS / "README.md").read_text("utf-8")
    owned = set(re.findall(r"\b([A-Z]{3})\b", "".join(re.findall(r"\|([^|]*)\|$", table, re.M))))
    prefixes = {rule[:3] for rule in cited()}
    assert prefixes <= owned, "name the prefix in the table of specs/README.md"


def test_library_cites_only_rules_that_its_documents_state() -> None:
    owned = {rule[:3] for rule, name in RULES.items() if name.startswith(COVERED)}
    unknown = {rule: names for rule, names in cited().items() if rule[:3] in owned}
    assert {rule: names for rule, names in unknown.items() if rule not in RULES} == {}
