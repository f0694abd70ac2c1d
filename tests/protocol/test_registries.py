"""Code and specs/registries agree, in both directions; the specification's tables are made."""

import tomllib
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from confedproto import ids, limits, text, wire
from confedproto.bodies import KINDS
from confedproto.errors import Reason
from confedproto.text import forms, uri
from tools import make_registries

REGISTRIES = Path(__file__).resolve().parents[2] / "specs" / "registries"


def registry(name: str) -> dict[str, Any]:
    return tomllib.loads((REGISTRIES / f"{name}.toml").read_text("utf-8"))


def test_reasons_registry_and_enum_are_one_list() -> None:
    listed = [row["code"] for row in registry("reasons")["reason"]]
    assert sorted(listed) == sorted(reason.value for reason in Reason), (
        "add the reason to specs/registries/reasons.toml and run tools/make_registries.py"
    )


def test_reasons_have_one_line_of_text_each() -> None:
    for row in registry("reasons")["reason"]:
        assert set(row) == {"code", "group", "text"}
        assert row["text"].endswith(".")
        assert "\n" not in row["text"]
        assert len(row["text"]) <= 100


def test_reason_members_are_named_as_their_codes() -> None:
    for reason in Reason:
        assert reason.name == reason.value.upper().replace("-", "_")


def test_limits_registry_and_module_have_the_same_numbers() -> None:
    listed = {row["name"]: row["value"] for row in registry("limits")["limit"]}
    coded = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert listed == coded, (
        "bring specs/registries/limits.toml up to date and run tools/make_registries.py"
    )


def test_limits_have_unit_and_reason() -> None:
    for row in registry("limits")["limit"]:
        assert set(row) == {"name", "value", "unit", "group", "why"}
        assert row["unit"]
        assert row["why"]


def test_limits_module_has_whole_numbers_only() -> None:
    hints = get_type_hints(limits)
    assert {type(getattr(limits, name)) for name in hints} == {int}


def test_kinds_registry_and_table_are_one_list() -> None:
    listed = {
        row["name"]: (row["subject"], row["signed"], row["receipts"], row["part"])
        for row in registry("kinds")["kind"]
    }
    coded = {
        kind.name: (kind.subject, kind.needs.value, kind.receipts, kind.part.value)
        for kind in KINDS.values()
    }
    assert listed == coded
    assert list(listed) == list(coded)


def test_messages_registry_and_table_are_one_list() -> None:
    listed = {row["type"]: row["name"] for row in registry("messages")["message"]}
    assert listed == {number: kind.__name__.lower() for number, kind in wire.TYPES.items()}


def test_tags_registry_and_constants_are_one_list() -> None:
    listed = sorted(row["tag"].encode() + b"\0" for row in registry("tags")["tag"])
    assert listed == sorted(value for name, value in vars(ids).items() if name.startswith("TAG_"))


def test_tags_are_no_prefix_of_each_other() -> None:
    tags = [row["tag"].encode() + b"\0" for row in registry("tags")["tag"]]
    tags.append(registry("tags")["reserved"]["prefix"].encode())
    for one in tags:
        assert [other for other in tags if other.startswith(one)] == [one]


def test_prefixes_registry_and_text_module_are_one_list() -> None:
    listed = {(row["form"], row["prefix"]) for row in registry("prefixes")["prefix"]}
    coded = {
        *(("bech32m", value) for name, value in vars(forms).items() if name.endswith("_PREFIX")),
        ("bech32m", uri.INVITATION_PREFIX),
        *(("uri", f"{uri.SCHEME}{kind}/") for kind in ("record", "council", "invite")),
        *(("armor", label.value) for label in text.ArmorLabel),
        *(("qr", f"{uri.SCHEME.upper()}{kind}/") for kind in text.QrKind),
    }
    assert listed == coded


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("reasons", [reason.value for reason in Reason]),
        ("kinds", list(KINDS)),
        ("limits", [name for name in vars(limits) if name.isupper()]),
        ("tags", [tag.decode() for name, tag in vars(ids).items() if name.startswith("TAG_")]),
        ("prefixes", ["cfk", "cfr", "cfn", "cft", "cfs", "cfi"]),
    ],
)
def test_registry_uses_nothing_from_its_reserved_prefix(name: str, codes: list[str]) -> None:
    reserved = registry(name)["reserved"]["prefix"]
    assert not [code for code in codes if code.startswith(reserved)]


def test_messages_use_nothing_from_the_reserved_range() -> None:
    reserved = registry("messages")["reserved"]
    assert not [n for n in wire.TYPES if reserved["first"] <= n <= reserved["last"]]


@pytest.mark.parametrize(
    ("path", "content"),
    [pytest.param(path, content, id=path.name) for path, content in make_registries.made()],
)
def test_made_again_are_the_same_bytes(path: Path, content: str) -> None:
    assert path.read_text("utf-8") == content, "run tools/make_registries.py"


def test_every_table_stands_in_some_document() -> None:
    everything = "".join(content for _, content in make_registries.made())
    for table in make_registries.TABLES:
        assert f"<!-- table:{table} -->" in everything
