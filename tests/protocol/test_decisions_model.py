"""Random histories in random orders give one state, which is the independent model's."""

import re
from pathlib import Path

import pytest

from tests.models import decisions
from tests.support.decisions import History

ORDERS = 20


@pytest.mark.parametrize("seed", range(60))
def test_history_in_any_order_gives_the_models_digest(seed: int) -> None:
    assert History(seed).differences(ORDERS) is None


def test_planted_bug_is_found() -> None:
    found = 0
    for seed in range(60):
        made = History(seed)
        times = sorted(made.times)
        found += made.digests(0) != [made.model(planted=True).digest(now) for now in times]
    assert found > 0


def test_histories_reach_every_state() -> None:
    seen: set[str] = set()
    for seed in range(60):
        made = History(seed)
        model = made.model()
        seen |= {row["state"] for now in made.times for row in model.rows(now) if "state" in row}
    assert seen >= {"seconded", "open", "closed", "provisional", "final", "void", "withdrawn"}


def test_model_imports_nothing_of_the_rules() -> None:
    source = Path(decisions.__file__).read_text("utf-8")
    assert not re.search(r"^\s*(from|import) confedproto", source, re.M)
