"""Vote and outcome files: the form, and each defect refused with its line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confednode.demo import table
from confednode.demo.packaged import load_manifest, pick_packaged
from confednode.demo.votes import (
    OfficialOutcome,
    UnitRow,
    Vote,
    load_outcomes,
    load_rules,
    load_votes,
    pick,
)
from confednode.errors import NodeReason, VoteFileError
from confedproto.limits import BALLOTS_MAX, MEMBERS_MAX, WEIGHT_MAX
from confedproto.rules.tally import count, parse_rule

GOOD = "vote_id,unit,weight_halves,yes,no\nv1,A,2,10,5\nv1,B,1,3,4\n"

WriteFile = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    def write_file(content: str | bytes) -> Path:
        path = tmp_path / "votes.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def refusal(load: Callable[[Path], object], path: Path) -> VoteFileError:
    with pytest.raises(VoteFileError) as caught:
        load(path)
    message = caught.value.message
    assert message.isprintable(), "one clear line"
    assert len(message) < 400
    return caught.value


# --- the form --------------------------------------------------------------------------


def test_load_votes_smallest_form_is_read(write: WriteFile) -> None:
    assert load_votes(write(GOOD)) == {
        "v1": Vote(
            vote_id="v1",
            units=(
                UnitRow(unit="A", weight_halves=2, yes=10, no=5),
                UnitRow(unit="B", weight_halves=1, yes=3, no=4),
            ),
        )
    }


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        GOOD.replace("\n", "\n\n") + "\n\n",
        GOOD.replace("A", '"A"'),
        GOOD.replace("unit", "canton"),
        GOOD.replace("unit", "state"),
        GOOD.replace(",10,", ",0010,"),
        "no,yes,weight_halves,unit,vote_id\n5,10,2,A,v1\n4,3,1,B,v1\n",
        'note,vote_id,unit,weight_halves,yes,no\n"a\nb",v1,A,2,10,5\n\t,v1,B,1,3,4\n',
    ],
    ids=["bom", "crlf", "no-end", "blank", "quotes", "canton", "state", "zeros", "order", "more"],
)
def test_load_votes_allowed_variant_reads_the_same(write: WriteFile, content: str) -> None:
    assert load_votes(write(content)) == load_votes(write(GOOD))


def test_load_votes_optional_columns_are_kept(write: WriteFile) -> None:
    header = "vote_id,date,short_id,kind,title,unit,weight_halves,yes,no,valid\n"
    path = write(header + "1,2020-11-29,s-1,k,The title,Zürich,0,3,4,9\n1,2020-11-29,,,,B,2,1,1,\n")
    vote = load_votes(path)["1"]
    assert (vote.date, vote.short_id, vote.kind, vote.title) == (
        "2020-11-29",
        "s-1",
        "k",
        "The title",
    )
    assert [row.valid for row in vote.units] == [9, None]
    assert vote.units[0].unit == "Zürich"
    assert [unit.base for unit in vote.tally_units()] == [9, 2]


def test_load_votes_rows_of_votes_may_be_mixed(write: WriteFile) -> None:
    path = write("vote_id,unit,weight_halves,yes,no\n2,A,2,1,0\n1,A,2,0,1\n2,B,2,1,1\n")
    votes = load_votes(path)
    assert {key: [row.unit for row in vote.units] for key, vote in votes.items()} == {
        "2": ["A", "B"],
        "1": ["A"],
    }


def test_load_votes_numbers_at_their_limits_are_read(write: WriteFile) -> None:
    row = f"1,A,{WEIGHT_MAX},{BALLOTS_MAX},0,{BALLOTS_MAX}"
    vote = load_votes(write(f"vote_id,unit,weight_halves,yes,no,valid\n{row}\n"))["1"]
    assert count(parse_rule("double"), vote.tally_units()).accepted


def test_vote_heading_uses_what_the_file_gives() -> None:
    units = (UnitRow(unit="A", weight_halves=2, yes=1, no=0),)
    assert Vote(vote_id="7", units=units).heading == "Vote 7"
    assert Vote(vote_id="7", units=units, date="d", kind="k").heading == "Vote 7 (d, k)"
    assert Vote(vote_id="7", units=units, date="d", title="T").heading == "Vote 7: T"


# --- defects ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("", None, "empty"),
        ("\n\n", None, "empty"),
        ("vote_id,unit,weight_halves,yes,no\n", None, "no rows"),
        (GOOD.replace("weight_halves", "weight"), 1, "column missing: weight_halves"),
        (GOOD.replace("vote_id,", "id,"), 1, "column missing: vote_id"),
        (GOOD.replace("yes,no", "a,b"), 1, "column missing: yes, no"),
        (GOOD.replace("yes", "YES"), 1, "column missing: yes"),
        (GOOD.replace(",yes", ", yes"), 1, "column missing: yes"),
        (GOOD.replace(",", ";"), 1, "column missing: vote_id"),
        (GOOD.replace("unit", "council"), 1, "exactly one unit column of"),
        ("vote_id,unit,state,weight_halves,yes,no\n1,A,B,2,1,0\n", 1, "has unit and state"),
        ("vote_id,unit,unit,weight_halves,yes,no\n1,A,B,2,1,0\n", 1, "'unit' is there twice"),
        (GOOD + "v1,C,2,-1,5\n", 4, "column yes: '-1' is not a whole number"),
        (GOOD + "v1,C,2,1,-5\n", 4, "column no: '-5' is not a whole number"),
        (GOOD + "v1,C,-2,1,5\n", 4, "column weight_halves: '-2' is not a whole number"),
        (GOOD + "v1,C,2,1.0,5\n", 4, "column yes: '1.0' is not a whole number"),
        (GOOD + "v1,C,2,1e3,5\n", 4, "is not a whole number"),
        (GOOD + "v1,C,2,+1,5\n", 4, "is not a whole number"),
        (GOOD + "v1,C,2, 1,5\n", 4, "is not a whole number"),
        (GOOD + "v1,C,2,1'000,5\n", 4, "is not a whole number"),
        (GOOD + "v1,C,2,\u0661,5\n", 4, "is not a whole number"),
        (GOOD + "v1,C,2,,5\n", 4, "column yes: '' is not a whole number"),
        (GOOD + "v1,C,,1,5\n", 4, "column weight_halves: ''"),
        (GOOD + "v1,C,0.5,1,5\n", 4, "column weight_halves: '0.5'"),
        (GOOD + f"v1,C,2,{BALLOTS_MAX + 1},5\n", 4, f"above the limit of {BALLOTS_MAX}"),
        (GOOD + f"v1,C,2,5,{'9' * 5_000}\n", 4, "is not a whole number"),
        (GOOD + f"v1,C,{WEIGHT_MAX + 1},5,5\n", 4, f"above the limit of {WEIGHT_MAX}"),
        (GOOD + "v1,A,2,1,5\n", 4, "vote 'v1' has unit 'A' already on line 2"),
        (GOOD + "v1,,2,1,5\n", 4, "column unit: ''"),
        (GOOD + ",C,2,1,5\n", 4, "column vote_id: ''"),
        (GOOD + "v1, C,2,1,5\n", 4, "column unit: ' C'"),
        (GOOD + f"v1,{'C' * 65},2,1,5\n", 4, "column unit"),
        (GOOD + "v1,C\x1b[2J,2,1,5\n", 4, "column unit holds a control character"),
        (GOOD + "v1,C\u202ex,2,1,5\n", 4, "column unit holds a control character"),
        (GOOD + 'v1,"C\nD",2,1,5\n', 4, "column unit holds a control character"),
        (GOOD + "v1,C\x00,2,1,5\n", 4, "column unit holds a control character"),
        (GOOD + "v1,C,2,1\n", 4, "4 fields where the header has 5"),
        (GOOD + "v1,C,2,1,5,6\n", 4, "6 fields where the header has 5"),
        (GOOD + 'v1,"C"D,2,1,5\n', 4, "not comma-separated values"),
        (GOOD + 'v1,"C,2,1,5\n', 4, "not comma-separated values"),
        ("vote_id,unit,weight_halves,yes,no,valid\n1,A,2,3,4,6\n", 2, "valid is 6, less than"),
        ("vote_id,unit,weight_halves,yes,no,valid\n1,A,2,3,4,-8\n", 2, "column valid: '-8'"),
        ("vote_id,date,unit,weight_halves,yes,no\n1,a,A,2,3,4\n1,b,B,2,3,4\n", 3, "another date"),
    ],
)
def test_load_votes_defect_is_named_with_its_line(
    write: WriteFile, content: str, line: int | None, problem: str
) -> None:
    path = write(content)
    error = refusal(load_votes, path)
    assert error.reason is NodeReason.VOTE_FILE
    assert error.exit_code == 2
    where = f"{path}: " if line is None else f"{path}, line {line}: "
    assert error.message.startswith(where)
    assert problem in error.message


def test_load_votes_not_utf8_names_the_line(write: WriteFile) -> None:
    error = refusal(load_votes, write(GOOD.encode() + "v1,Zürich,2,1,5\n".encode("latin-1")))
    assert ", line 4: not UTF-8" in error.message


def test_load_votes_utf16_is_refused(write: WriteFile) -> None:
    assert "not UTF-8" in refusal(load_votes, write(GOOD.encode("utf-16"))).message


def test_load_votes_too_many_units_is_refused(write: WriteFile) -> None:
    rows = "".join(f"1,U{i},2,1,0\n" for i in range(MEMBERS_MAX + 1))
    error = refusal(load_votes, write("vote_id,unit,weight_halves,yes,no\n" + rows))
    assert f"more than {MEMBERS_MAX} units" in error.message


def test_load_votes_oversize_file_is_refused(
    write: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "FILE_MAX_BYTES", len(GOOD))
    assert load_votes(write(GOOD))
    assert "larger than" in refusal(load_votes, write(GOOD + "\n")).message


def test_load_votes_missing_file_is_refused(tmp_path: Path) -> None:
    error = refusal(load_votes, tmp_path / "none.csv")
    assert (error.reason, error.exit_code) == (NodeReason.FILE_MISSING, 2)


@pytest.mark.parametrize("name", ["", "a\x00b"])
def test_load_votes_unusable_path_is_refused(tmp_path: Path, name: str) -> None:
    error = refusal(load_votes, tmp_path / name)
    assert (error.reason, error.exit_code) == (NodeReason.FILE_UNREADABLE, 2)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda s: (GOOD + s).encode()))
def test_load_votes_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        message = f"{len(load_votes(path))} votes"
    except VoteFileError as error:
        message = error.message
    assert message.isprintable()


# --- outcomes --------------------------------------------------------------------------


def test_load_outcomes_only_needed_columns_leaves_the_rest_open(write: WriteFile) -> None:
    assert load_outcomes(write("accepted,vote_id\n1,v1\n")) == {
        "v1": OfficialOutcome(vote_id="v1", accepted=True, rule=parse_rule("double"))
    }


def test_load_outcomes_empty_fields_are_not_compared(write: WriteFile) -> None:
    header = "vote_id,accepted,rule,people_yes,people_no,people_accept,units_yes,units_no,"
    path = write(header + "units_accept,sums_exact,date,kind,title\nv,0" + "," * 11 + "\n")
    assert load_outcomes(path)["v"] == OfficialOutcome(
        vote_id="v", accepted=False, rule=parse_rule("double")
    )


def test_load_outcomes_all_fields_are_kept(write: WriteFile) -> None:
    header = "vote_id,accepted,rule,people_yes,people_no,people_accept,units_yes,units_no,"
    path = write(header + "units_accept,sums_exact,date,kind,title\nv,0,simple,3,2,1,4,5,0,1,d,k,t")
    assert load_outcomes(path)["v"] == OfficialOutcome(
        vote_id="v",
        accepted=False,
        rule=parse_rule("simple"),
        people_yes=3,
        people_no=2,
        people_accept=True,
        units_yes=4,
        units_no=5,
        units_accept=False,
        sums_exact=True,
        date="d",
        kind="k",
        title="t",
    )


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("vote_id\n1\n", 1, "column missing: accepted"),
        ("vote_id,accepted\n1,yes\n", 2, "column accepted: 'yes' is neither 0 nor 1"),
        ("vote_id,accepted\n1,\n", 2, "column accepted: '' is neither 0 nor 1"),
        ("vote_id,accepted\n1,1\n1,0\n", 3, "vote '1' is already on line 2"),
        ("vote_id,accepted,rule\n1,1,best\n", 2, "column rule: 'best' is no known rule"),
        ("vote_id,accepted,units_yes\n1,1,-1\n", 2, "column units_yes: '-1'"),
        ("vote_id,accepted,people_no\n1,1,1.5\n", 2, "column people_no: '1.5'"),
        ("vote_id,accepted,sums_exact\n1,1,2\n", 2, "column sums_exact: '2'"),
        ("vote_id,accepted,title\n1,1," + "t" * 501 + "\n", 2, "column title: longer than"),
    ],
)
def test_load_outcomes_defect_is_named_with_its_line(
    write: WriteFile, content: str, line: int, problem: str
) -> None:
    path = write(content)
    error = refusal(load_outcomes, path)
    assert error.message.startswith(f"{path}, line {line}: ")
    assert problem in error.message


def test_load_rules_reads_no_verdict(write: WriteFile) -> None:
    path = write("vote_id,rule,accepted\n1,simple,?\n2,,?\n")
    assert load_rules(path) == {"1": parse_rule("simple"), "2": parse_rule("double")}


# --- which vote ------------------------------------------------------------------------


def one_vote(vote_id: str, weight: int = 2) -> dict[str, Vote]:
    row = UnitRow(unit="A", weight_halves=weight, yes=1, no=0)
    return {vote_id: Vote(vote_id=vote_id, units=(row,))}


def test_pick_single_vote_need_not_be_named() -> None:
    assert pick(one_vote("a")).vote_id == "a"
    assert pick(one_vote("a"), "a").vote_id == "a"


@pytest.mark.parametrize("vote_id", [None, "c", "A", "a ", "\x1b[2J" * 50])
def test_pick_unknown_or_unnamed_vote_is_refused(vote_id: str | None) -> None:
    with pytest.raises(VoteFileError) as caught:
        pick(one_vote("a") | one_vote("b"), vote_id)
    assert caught.value.reason is NodeReason.VOTE_UNKNOWN
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


def test_pick_all_weights_zero_is_refused_only_where_units_are_asked() -> None:
    votes = one_vote("a", weight=0)
    assert pick(votes, "a", parse_rule("simple")) is votes["a"]
    with pytest.raises(VoteFileError) as caught:
        pick(votes, "a", parse_rule("double"))
    assert (caught.value.reason, caught.value.exit_code) == (NodeReason.VOTE_WEIGHTS, 2)


# --- what is packaged ------------------------------------------------------------------


def test_packaged_every_vote_counts_to_its_official_outcome() -> None:
    seen = 0
    for source in load_manifest().sources:
        outcomes = load_outcomes(source.outcomes)
        for vote_id, vote in load_votes(source.votes).items():
            official = outcomes[vote_id]
            assert source.rule_of(vote_id) == official.rule
            tally = count(official.rule, vote.tally_units())
            assert (tally.accepted, tally.people_accept, tally.units_accept) == (
                official.accepted,
                official.people_accept,
                official.units_accept,
            )
            assert (tally.units_yes, tally.units_no) == (official.units_yes, official.units_no)
            if official.sums_exact:
                assert (tally.people_yes, tally.people_no) == (
                    official.people_yes,
                    official.people_no,
                )
            seen += 1
    assert seen == 39


def test_packaged_default_vote_divides_the_chambers() -> None:
    vote, source = pick_packaged()
    tally = count(source.rule_of(vote.vote_id), vote.tally_units())
    assert len(vote.units) == 26
    assert tally.people_accept is not tally.units_accept


@pytest.mark.parametrize("vote_id", ["453", "174.1", "au-43"])
def test_pick_packaged_searches_all_files(vote_id: str) -> None:
    vote, source = pick_packaged(vote_id)
    assert vote.vote_id == vote_id
    assert vote_id in load_outcomes(source.outcomes)


def test_pick_packaged_unknown_vote_is_refused() -> None:
    with pytest.raises(VoteFileError) as caught:
        pick_packaged("no-such")
    assert "among the 39 packaged votes" in caught.value.message


@pytest.mark.parametrize("content", ["", "default_vote = 7", "default_vote = ", "x = 1"])
def test_load_manifest_other_form_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.toml").write_text(content)
    with pytest.raises(VoteFileError):
        load_manifest(tmp_path)


def test_load_manifest_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VoteFileError):
        load_manifest(tmp_path)
