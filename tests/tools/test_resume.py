"""The catch-up that is interrupted, in small: a cut, a kill of either side, real processes."""

from pathlib import Path

from confedproto.sync import WINDOW_RECORDS
from tools.bench import resume


def test_catch_up_cut_and_killed_ends_complete_and_fetches_little_twice(tmp_path: Path) -> None:
    done = resume.catch_up(tmp_path, 3_000, seed=2, interruptions=3)
    assert done.held == 3_000
    assert done.cut <= resume.RUN_RECORDS
    assert done.killed <= WINDOW_RECORDS
