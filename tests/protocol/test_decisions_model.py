"""Random histories in random orders give one state, which is the independent model's."""

import re
from collections import Counter
from pathlib import Path

import pytest

import confedproto.rules.freezing
import confedproto.rules.motion
import confedproto.rules.notice
from tests.models import decisions
from tests.support.decisions import History

ORDERS = 20

WANTED = {
    "state": "amended closed draft final frozen inadmissible lapsed open provisional seconded "
    "void withdrawn",
    "outcome": "adopted no-quorum referred-back rejected",
    "effect": "in-force waiting",
    "step": "assemblies found mediation panel talk",
    "found": "new-vote recommend recount valid void",
    "fault": "compact-member",
    "reason": "compact-left compact-member compact-version discussion-open "
    "freeze-omits freeze-receipts freeze-roll freeze-window motion-not-mover motion-seconds "
    "motion-takeover motion-withdrawn position-double position-late position-left "
    "position-not-member position-number position-receipts position-tally position-version",
}


@pytest.mark.parametrize("seed", range(24))
def test_history_in_any_order_gives_the_models_digest(seed: int) -> None:
    assert History(seed).differences(ORDERS) is None


def test_planted_bug_in_the_model_is_found() -> None:
    found = 0
    for seed in range(60):
        made = History(seed)
        times = sorted(made.times)
        found += made.digests(0) != [made.model("majority").digest(now) for now in times]
    assert found > 0


def never(*_: object, **__: object) -> None:
    """A rule that finds no fault."""


@pytest.mark.parametrize("rule", ["opening_fault", "notice_fault", "freeze_fault"])
def test_planted_bug_in_the_rules_is_found(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (
        confedproto.rules.motion,
        confedproto.rules.notice,
        confedproto.rules.freezing,
    ):
        if hasattr(module, rule):
            monkeypatch.setattr(module, rule, never)
    assert any(History(seed).differences(1) is not None for seed in range(120))


def test_histories_reach_every_state_and_reason() -> None:
    reached: Counter[str] = Counter()
    for seed in range(120):
        reached += History(seed).reached()
    wanted = {f"{kind} {word}" for kind, words in WANTED.items() for word in words.split()}
    assert {*wanted, "held", "version"} <= set(reached)


def test_model_imports_nothing_of_the_rules() -> None:
    for source in Path(decisions.__file__).parent.glob("decision*.py"):
        assert not re.search(r"^\s*(from|import) confed", source.read_text("utf-8"), re.M), source
