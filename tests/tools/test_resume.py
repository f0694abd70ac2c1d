"""The catch-up that is interrupted, in small: a cut, a kill of either side, real processes."""

from pathlib import Path

from confedproto.sync import WINDOW_RECORDS
from tools.bench import nodes, resume


def test_catch_up_cut_and_killed_ends_complete_and_fetches_little_twice(tmp_path: Path) -> None:
    done = resume.catch_up(tmp_path, 9_000, seed=2, interruptions=3)
    assert done.held == 9_000
    assert done.met == 3
    assert done.cut <= resume.RUN_RECORDS
    assert done.killed <= WINDOW_RECORDS


def test_bytes_that_came_are_counted_in_whole_leaves(tmp_path: Path) -> None:
    author = nodes.found(tmp_path, "author")
    size = nodes.fill(author, 3_000)
    wire = resume.Wire(author)
    for start, count in ((0, 1), (5, 119), (5, 120), (500, 2_048), (size, 0)):
        came = wire.of(start, start + count)
        assert wire.leaves(start, came) == wire.leaves(start, came + 300) == count
        assert wire.leaves(start, came - 1) == max(0, count - 1)
