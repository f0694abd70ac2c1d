"""The table of edge cases in specs/07 says what shows each of them; here it is held to its word."""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
NOT_HERE = {22, 44, 45, 54, 55, 57}
"""Not in these rules, reserved, or of parts to come: the table says which."""
OF_MANDATES = {*range(34, 42), 60, 64}
"""Their vectors are those of specs/06 and specs/03, and carry no number."""


def table() -> dict[int, str]:
    """Case -> the column `shown by`."""
    text = (ROOT / "specs/07-decisions.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| [^|]*\| [^|]* \| ([^|]*) \|$", text, re.M)
    return {int(number): shown for number, shown in rows}


def numbered_tests() -> dict[int, list[str]]:
    """Case -> the names of its tests."""
    out: dict[int, list[str]] = {}
    for source in Path(__file__).parent.glob("test_*.py"):
        for name, number in re.findall(r"def (test_case_(\d\d)_\w+)", source.read_text("utf-8")):
            out.setdefault(int(number), []).append(name)
    return out


def vectors_of_cases() -> dict[int, list[str]]:
    """Case -> the ids of its vectors."""
    known: set[str] = set()
    for source in (ROOT / "specs/vectors").glob("*.json"):
        text = source.read_text("utf-8")
        known.update(re.findall(r'"id": ?"([^"]+)"', text))
        assert json.loads(text)
    out: dict[int, list[str]] = {}
    for name in sorted(known):
        found = re.match(r"state-case-(\d\d)-", name)
        if found:
            out.setdefault(int(found[1]), []).append(name)
    listed = tomllib.loads((ROOT / "specs/vectors/cases.toml").read_text("utf-8"))
    for number, names in listed.items():
        assert set(names) <= known, number
        out.setdefault(int(number), []).extend(names)
    return out


def test_table_lists_every_case() -> None:
    assert sorted(table()) == list(range(1, 65))


def test_every_case_of_these_rules_has_a_test_with_its_number() -> None:
    tests = numbered_tests()
    assert {number for number in table() if number not in tests} == NOT_HERE


def test_table_says_test_and_vectors_where_they_are() -> None:
    vectors = vectors_of_cases()
    for number, shown in table().items():
        if number in NOT_HERE | OF_MANDATES:
            continue
        assert shown == ("test, vectors" if number in vectors else "test"), number


def test_every_case_of_these_rules_has_a_vector() -> None:
    assert set(table()) - NOT_HERE - OF_MANDATES <= set(vectors_of_cases())
