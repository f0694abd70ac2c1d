"""Random histories in random orders give one state, which is the independent model's."""

import functools
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.models import decisions
from tests.support.decisions import History

ORDERS = 20
SEEDS = range(200)

WANTED = {
    "state": "amended closed draft final frozen inadmissible lapsed open provisional seconded "
    "void withdrawn",
    "outcome": "adopted no-quorum referred-back rejected",
    "effect": "annulled done expired in-force repealed superseded waiting",
    "step": "assemblies found mediation panel talk",
    "found": "new-vote recommend recount valid void",
    "fault": "compact-member found-void scope",
    "rule": "consensus double double-super double-super_valid double_valid each lazy majority "
    "majority_valid majority_weighted simple simple_valid super super_valid super_weighted",
    "reason": "compact-ended compact-left compact-member compact-version discussion-open "
    "freeze-omits freeze-receipts freeze-roll freeze-window level-lower motion-field "
    "motion-not-mover motion-pause motion-reading motion-seconds motion-takeover "
    "motion-withdrawn position-double position-late position-left position-not-member "
    "position-number position-receipts position-tally position-version rule-class",
    "left out by": "dormancy exclusion",
    "second reading of": "another exclusion",
}
FEATURES = {
    *("certificate of a later round", "claimed back", "demanded", "dissolved", "editorial version"),
    *("emergency", "excluded", "held", "held by a quarter", "let in by motion", "put again"),
    *("quorum of the people", "units", "units affected", "units by a version", "version"),
    "voted who was let in by motion",
}
WRONG = (
    *("accession", "claims", "demand", "dissolution", "dormancy", "each", "editorial", "emergency"),
    *("exclusion", "hold", "lazy", "majority", "pause", "reading", "recount", "rounds", "sunset"),
    *("target", "task", "units", "weighted"),
)
"""Rules that the model can be told to break."""


@functools.cache
def history(seed: int) -> History:
    return History(seed)


@functools.cache
def answers(seed: int) -> list[bytes]:
    """The library's, which the tests below show to be the model's too."""
    return history(seed).digests(0)


@pytest.mark.parametrize("seed", range(20))
def test_history_in_any_order_gives_the_models_digest(seed: int) -> None:
    assert history(seed).differences(ORDERS) is None


@pytest.mark.parametrize("wrong", WRONG)
def test_planted_bug_in_the_model_is_found(wrong: str) -> None:
    for seed in SEEDS:
        model = history(seed).model(wrong)
        if answers(seed) != [model.digest(now) for now in sorted(history(seed).times)]:
            return
    pytest.fail(f"no history shows it: {wrong}")


def says(value: Any) -> Any:
    """A rule that always says the same."""
    return lambda *_, **__: value


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("administration_fault", None),
        ("amend_fault", None),
        ("awaits_vote", []),
        ("claimed_back", []),
        ("demands", []),
        ("dissolved_by", None),
        ("editorial_until", 0),
        ("excluded", set()),
        ("freeze_fault", None),
        ("held_until", None),
        ("is_let_in", True),
        ("is_weaker", True),
        ("new_vote", None),
        ("notice_fault", None),
        ("opening_fault", None),
        ("pause_fault", None),
        ("quorum_of_locks", 1),
        ("receipts_needed", 1),
        ("recounted", None),
        ("units_fault", None),
        ("vouchers_needed", 9),
        ("_councils_accept", True),
        ("_decided", None),
        ("_exceeds", True),
        ("_reaches", True),
        ("_reading_fault", None),
        ("_times_fault", None),
    ],
)
def test_planted_bug_in_the_rules_is_found(
    rule: str, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {seed: answers(seed) for seed in SEEDS}
    rooms = [room for name, room in sys.modules.items() if name.startswith("confedproto.rules")]
    where = [room for room in rooms if hasattr(room, rule)]
    assert where, rule
    for room in where:
        monkeypatch.setattr(room, rule, says(said))
    assert any(history(seed).digests(0) != expected[seed] for seed in SEEDS)


def test_histories_reach_every_state_reason_and_feature() -> None:
    reached: Counter[str] = Counter()
    for seed in SEEDS:
        reached += history(seed).reached()
    wanted = {f"{kind} {word}" for kind, words in WANTED.items() for word in words.split()}
    assert {*wanted, *FEATURES} - set(reached) == set()


def test_model_imports_nothing_of_the_rules() -> None:
    for source in Path(decisions.__file__).parent.glob("decision*.py"):
        assert not re.search(r"^\s*(from|import) confed", source.read_text("utf-8"), re.M), source
