"""The replay tool: real votes come out as they did, and a brute count says the same of others."""

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tools import replay

DATA = Path(__file__).parents[2] / "confednode" / "demo" / "data"
PACKAGED = {
    name: (DATA / f"{name}.csv", DATA / f"{name}_outcomes.csv")
    for name in ("swiss_votes", "australia_referendums")
}
Row = dict[str, Any]


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[Row]]:
    code = replay.main([*(str(argument) for argument in arguments), "--json"])
    return code, [json.loads(text) for text in capsys.readouterr().out.splitlines()]


def write(path: Path, rows: list[Row]) -> Path:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), "utf-8")
    return path


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- a count that shares nothing with the library ---------------------------------------------


def brute(rule: str, units: list[Row]) -> Row:
    """Every sum by hand, in halves and ballots."""
    valid = [u["valid"] if u["valid"] != "" else u["yes"] + u["no"] for u in units]
    yes, no = sum(u["yes"] for u in units), sum(u["no"] for u in units)
    ours = [u["yes"] > u["no"] for u in units]
    people = yes > no
    if rule == "double_valid":
        ours = [2 * u["yes"] > base for u, base in zip(units, valid, strict=True)]
        people = 2 * yes > sum(valid)
    units_yes = sum(u["weight_halves"] for u, mine in zip(units, ours, strict=True) if mine)
    total = sum(u["weight_halves"] for u in units)
    chamber = 2 * units_yes > total
    councils_no = sum(u["no"] > u["yes"] for u in units)
    accepted = {
        "simple": people,
        "majority": sum(ours) > councils_no,
        "double": people and chamber,
        "double_valid": people and chamber,
    }[rule]
    return {
        "accepted": int(accepted),
        "people_yes": yes,
        "people_no": no,
        "people_accept": int(people),
        "units_yes": units_yes,
        "units_no": total - units_yes,
        "units_accept": int(chamber),
    }


def synthetic(seed: int, count: int) -> tuple[list[Row], list[Row]]:
    """Votes with ties, half weights, weightless units, empty units; and their brute outcomes."""
    rng = random.Random(seed)
    votes: list[Row] = []
    outcomes: list[Row] = []
    for number in range(count):
        rule = rng.choice(["simple", "double", "double_valid", "majority"])
        units: list[Row] = []
        for unit in range(rng.choice([1, 2, 3, 4, 5, 8, 13])):
            yes, no = rng.randrange(6), rng.randrange(6)
            unit_row: Row = {"vote_id": f"v{number}", "unit": f"u{unit}", "yes": yes, "no": no}
            spare = rng.choice([None, 0, 1, 5])
            unit_row["valid"] = "" if spare is None else yes + no + spare
            unit_row["weight_halves"] = rng.choice([0, 1, 2, 2])
            units.append(unit_row)
        units[0]["weight_halves"] = max(1, units[0]["weight_halves"])
        votes += units
        out = {"vote_id": f"v{number}", "rule": rule, "sums_exact": 1} | brute(rule, units)
        outcomes.append(out)
    rng.shuffle(votes)  # rows of one vote need not be adjacent
    return votes, outcomes


# --- packaged votes -------------------------------------------------------------------------


@pytest.mark.parametrize("name", PACKAGED)
def test_replay_of_a_packaged_file_equals_every_official_outcome(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    votes, outcomes = PACKAGED[name]
    code, rows = run(capsys, votes, outcomes)
    official = read(outcomes)
    assert code == 0
    assert rows[-1]["votes"] == rows[-1]["equal"] == len(official)
    assert rows[-1]["different"] == rows[-1]["refused"] == 0
    by_id = {row["vote"]: row for row in rows[:-1]}
    for row in official:
        assert by_id[row["vote_id"]]["accepted"] is (row["accepted"] == "1")
        assert by_id[row["vote_id"]]["differs"] == []


def test_replay_of_swapped_ballots_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    votes, outcomes = PACKAGED["australia_referendums"]
    rows = [row for row in read(votes) if row["vote_id"] in ("au-02", "au-17")]
    for row in rows:
        if row["vote_id"] == "au-02":
            row["yes"], row["no"] = row["no"], row["yes"]
    code, found = run(capsys, write(tmp_path / "v.csv", rows), outcomes)
    assert code == 1
    assert [row["equal"] for row in found[:-1]] == [False, True]
    assert "accepted" in found[0]["differs"]
    assert (found[-1]["equal"], found[-1]["different"]) == (1, 1)


def test_replay_of_one_vote_gives_that_vote_alone(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, *PACKAGED["australia_referendums"], "--vote", "au-20")
    assert code == 0
    assert [row["vote"] for row in found[:-1]] == ["au-20"]
    assert found[0]["locks"] >= 5  # q of six councils


# --- refusals -------------------------------------------------------------------------------


def test_replay_of_a_file_that_is_not_of_the_form_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("vote_id,unit,weight_halves,yes,no\n1,A,2,-1,0\n", "utf-8")
    outcomes = PACKAGED["swiss_votes"][1]
    code, found = run(capsys, bad, outcomes)
    assert (code, len(found), found[0]["ok"]) == (2, 1, False)
    assert run(capsys, tmp_path / "none.csv", outcomes)[0] == 2
    assert run(capsys, PACKAGED["swiss_votes"][0], bad)[0] == 2


def test_replay_of_a_vote_without_weight_is_refused_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    units = [
        {"vote_id": vote, "unit": unit, "weight_halves": weight, "yes": 2, "no": 1}
        for vote, weight in (("light", 0), ("heavy", 2))
        for unit in ("A", "B")
    ]
    outcomes: list[Row] = [
        {"vote_id": "light", "accepted": 0, "rule": "double"},
        {"vote_id": "heavy", "accepted": 1, "rule": "double"},
    ]
    votes = write(tmp_path / "v.csv", units)
    code, found = run(capsys, votes, write(tmp_path / "o.csv", outcomes))
    assert code == 1
    assert (found[0]["refused"], found[0]["equal"]) == ("vote-weights", None)
    assert found[1]["equal"] is True
    assert found[-1] == {"votes": 2, "equal": 1, "different": 0, "refused": 1, "uncompared": 0}
    outcomes[0]["rule"] = "simple"  # asks nobody's weight
    outcomes[0]["accepted"] = 1
    assert run(capsys, votes, write(tmp_path / "o.csv", outcomes))[0] == 0


def test_replay_of_a_vote_without_official_outcome_compares_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    units: list[Row] = [{"vote_id": "x", "unit": "A", "weight_halves": 2, "yes": 2, "no": 1}]
    outcomes: list[Row] = [{"vote_id": "y", "accepted": 1}]
    votes = write(tmp_path / "v.csv", units)
    code, found = run(capsys, votes, write(tmp_path / "o.csv", outcomes))
    assert code == 0
    assert (found[0]["equal"], found[0]["official_accepted"]) == (None, None)
    assert found[-1]["uncompared"] == 1


# --- against the brute count ------------------------------------------------------------------


def test_replay_of_synthetic_votes_equals_a_brute_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    votes, outcomes = synthetic(seed=6, count=60)
    code, found = run(capsys, write(tmp_path / "v.csv", votes), write(tmp_path / "o.csv", outcomes))
    assert [row for row in found[:-1] if row["equal"] is not True] == []
    assert code == 0
    assert {row["rule"] for row in found[:-1]} == {"simple", "double", "double_valid", "majority"}


def test_replay_of_more_units_than_founders_fit_a_record_lets_the_rest_accede(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    units = [
        {"vote_id": "1", "unit": f"u{i}", "weight_halves": i % 3, "yes": i, "no": 40, "valid": ""}
        for i in range(80)
    ]
    official = {"vote_id": "1", "rule": "double", "sums_exact": 1} | brute("double", units)
    votes = write(tmp_path / "v.csv", units)
    code, found = run(capsys, votes, write(tmp_path / "o.csv", [official]))
    assert (code, found[0]["differs"]) == (0, [])
    assert found[0]["locks"] == 80
