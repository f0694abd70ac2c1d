"""The benchmark's own arithmetic; its figures are for `make bench`."""

from tools.bench import records
from tools.bench.figures import Note
from tools.bench.measure import Row, compare
from tools.bench.peers import run as peers


def test_compare_gives_ratios_to_the_first_case() -> None:
    def work(times: int) -> int:
        return sum(range(times))

    rows = compare(
        {"one": lambda: work(20_000), "ten": lambda: work(200_000)},
        operations=1,
        rounds=9,
        goals={"ten": 100.0},
    )
    assert [row.what for row in rows] == ["one", "ten"]
    assert rows[0].ratio == 1.0
    assert 3 < rows[1].ratio < 30
    assert rows[1].met


def test_row_above_its_goal_is_missed() -> None:
    row = Row(what="x", microseconds=2.0, ratio=1.5, goal=1.35)
    assert not row.met
    assert row.as_json()["met"] is False


def test_records_bench_compares_opening_with_bare_verify() -> None:
    rows = {row.what: row for row in records.run(True)}
    assert rows[records.OPEN].ratio > 1
    assert rows[records.OPEN].goal == 1.35


def test_peer_that_does_not_install_is_named_with_its_error() -> None:
    said = (
        "npm warn x\nnpm error code E404\nnpm error 404 GET https://example.org/x in /home/me/y\n"
    )
    assert peers.first_error(said) == "npm error code E404"
    assert peers.first_error("ERROR: https://example.org/a or /etc/x") == "ERROR: ... or ..."
    line = Note(what="a peer", text="not run: " + peers.first_error("")).as_line()
    assert line.strip() == "a peer: not run: no word"
