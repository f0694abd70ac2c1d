"""Random histories in random orders give one state, which is the independent model's."""

import functools
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.models import decisions
from tests.support.decisions import History

ORDERS = 20
SEEDS = (95, 240, 452, 252, 417, 33, 9, 63, 202, 5, 241, 20, 22, 37, 48, 69, 83)
"""Together they reach all of WANTED and FEATURES; found by trying 500."""

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
WRONG = {
    "accession": 1,
    "claims": 152,
    "demand": 158,
    "dissolution": 60,
    "dormancy": 95,
    "each": 29,
    "editorial": 3,
    "emergency": 5,
    "exclusion": 2,
    "hold": 3,
    "lazy": 15,
    "majority": 8,
    "pause": 66,
    "reading": 45,
    "recount": 76,
    "rounds": 132,
    "sunset": 2,
    "target": 2,
    "task": 5,
    "units": 177,
    "weighted": 17,
}
"""Rules that the model can be told to break, and a seed whose history shows it."""


@functools.cache
def history(seed: int) -> History:
    return History(seed)


@functools.cache
def answers(seed: int) -> list[bytes]:
    """The library's, which the tests below show to be the model's too."""
    return history(seed).digests(0)


@pytest.mark.parametrize("seed", SEEDS)
def test_history_in_any_order_gives_the_models_digest(seed: int) -> None:
    assert history(seed).differences(ORDERS) is None


def tried(first: int) -> Iterator[int]:
    """A seed that shows it, and others for when the generator has changed since."""
    yield first
    yield from range(250)


@pytest.mark.parametrize(("wrong", "first"), WRONG.items())
def test_planted_bug_in_the_model_is_found(wrong: str, first: int) -> None:
    for seed in tried(first):
        model = history(seed).model(wrong)
        if answers(seed) != [model.digest(now) for now in sorted(history(seed).times)]:
            return
    pytest.fail(f"no history shows it: {wrong}")


def says(value: Any) -> Any:
    """A rule that always says the same."""
    return lambda *_, **__: value


@pytest.mark.parametrize(
    ("rule", "said", "first"),
    [
        ("administration_fault", None, 4),
        ("amend_fault", None, 3),
        ("awaits_vote", [], 3),
        ("claimed_back", [], 152),
        ("demands", [], 158),
        ("dissolved_by", None, 60),
        ("editorial_until", 0, 3),
        ("excluded", set(), 15),
        ("freeze_fault", None, 1),
        ("held_until", None, 3),
        ("is_let_in", True, 1),
        ("is_weaker", True, 6),
        ("new_vote", None, 79),
        ("notice_fault", None, 5),
        ("opening_fault", None, 7),
        ("pause_fault", None, 66),
        ("quorum_of_locks", 1, 21),
        ("receipts_needed", 1, 5),
        ("recounted", None, 8),
        ("units_fault", None, 4),
        ("vouchers_needed", 9, 2),
        ("_councils_accept", True, 6),
        ("_decided", None, 36),
        ("_exceeds", True, 0),
        ("_reaches", True, 2),
        ("_reading_fault", None, 1),
        ("_times_fault", None, 12),
    ],
)
def test_planted_bug_in_the_rules_is_found(
    rule: str, said: Any, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = [room for name, room in sys.modules.items() if name.startswith("confedproto.rules")]
    where = [room for room in rooms if hasattr(room, rule)]
    assert where, rule
    for seed in tried(first):
        expected = answers(seed)
        with monkeypatch.context() as patched:
            for room in where:
                patched.setattr(room, rule, says(said))
            found = history(seed).digests(0)
        if found != expected:
            return
    pytest.fail(f"no history shows it: {rule}")


def test_histories_reach_every_state_reason_and_feature() -> None:
    reached: Counter[str] = Counter()
    for seed in SEEDS:
        reached += history(seed).reached()
    wanted = {f"{kind} {word}" for kind, words in WANTED.items() for word in words.split()}
    assert {*wanted, *FEATURES} - set(reached) == set()


def test_model_imports_nothing_of_the_rules() -> None:
    for source in Path(decisions.__file__).parent.glob("decision*.py"):
        assert not re.search(r"^\s*(from|import) confed", source.read_text("utf-8"), re.M), source
