"""Random histories of a council against the independent model, in many orders of delivery."""

import random
from collections import Counter
from typing import Any

import pytest

from confedproto import chains
from confedproto.rules import authority, chain, confirmed
from tests.models import council as model
from tests.support.histories import History, Regretted, Straying, Twinned, differences

SEEDS = 150
ORDERS = 6


@pytest.mark.parametrize("block", range(5))
def test_random_histories_equal_the_model_in_every_order(block: int) -> None:
    for seed in range(block * SEEDS // 5, (block + 1) * SEEDS // 5):
        history = History(seed)
        digests = set()
        for order in range(ORDERS):
            view = history.deliver(random.Random(order))
            assert differences(view, history) == [], f"seed {seed}, order {order}"
            digests.add(view.state_digest(history.time))
        assert len(digests) == 1, f"seed {seed}"


def test_copy_of_a_word_past_a_cut_is_judged_alike_in_every_order() -> None:
    """Once the verdict on the copy depended on which log came first."""
    history = History(1_171)
    for order in (0, 1_171):
        assert differences(history.deliver(random.Random(order)), history) == [], order


def test_first_of_two_carried_suspensions_is_that_of_the_earlier_log() -> None:
    """Once the model took the smaller size for the earlier place, whatever the log (SUS-6)."""
    history = History(2_759)
    for order in range(ORDERS):
        assert differences(history.deliver(random.Random(order)), history) == [], order


def test_node_records_out_of_place_count_for_nothing_in_either_judge() -> None:
    for seed in range(150):
        history = Straying(seed)
        assert differences(history.deliver(random.Random(seed)), history) == [], seed


def test_rival_first_node_records_are_judged_alike_in_every_order() -> None:
    """Two servers begin, each with the first charter: a fork of nodes until one is kept (NOD-7)."""
    states: Counter[str] = Counter()
    for seed in range(60):
        history = Twinned(seed)
        for order in range(3):
            assert differences(history.deliver(random.Random(order)), history) == [], seed
        if len(model.firsts(history.held())) > 1:
            states[model.judge(history.held()).state] += 1
    assert {"node-fork", "active"} <= states.keys(), states


def test_chain_without_a_first_node_record_that_counts_begins_alike_in_both_judges() -> None:
    """Once the model took the log that it held first (AUT-4)."""
    history = Twinned(293)
    for order in range(ORDERS):
        assert differences(history.deliver(random.Random(order)), history) == [], order


def test_first_node_record_that_comes_after_its_log_was_opened_otherwise_is_a_rival() -> None:
    """Once it was judged alone, where a replacement names the same key, if it came last (NOD-7)."""
    history = Twinned(10_014)
    for order in range(ORDERS):
        assert differences(history.deliver(random.Random(order)), history) == [], order


def test_repair_with_a_key_that_was_in_force_before_is_none() -> None:
    """Once a record that named a retired key kept one of two rivals, and opened its old log."""
    history = Straying(1_689)
    for order in range(ORDERS):
        view = history.deliver(random.Random(order))
        assert differences(view, history) == [], order
        keys = [step.key for step in view.chains.of[history.council].authority.nodes]
        assert keys[-1] not in keys[:-2], order


def test_keyholders_who_were_replaced_are_judged_alike_in_every_order() -> None:
    """What they still sign at the places that were theirs, received by others or not (NOD-11)."""
    states: Counter[str] = Counter()
    for seed in range(60):
        history, digests = Regretted(seed), set()
        for order in range(3):
            view = history.deliver(random.Random(order))
            assert differences(view, history) == [], (seed, order)
            digests.add(view.state_digest(history.time))
        assert len(digests) == 1, seed
        states[model.judge(history.held()).state] += 1
    assert {"node-fork", "active"} <= states.keys(), states


@pytest.mark.parametrize("seed", [1_279, 1_327, 2_378])
def test_words_past_a_cut_are_judged_by_what_their_own_log_says(seed: int) -> None:
    """Once a copy of a record that counts in another log was skipped or taken twice (CER-6)."""
    history = Regretted(seed)
    for order in range(ORDERS):
        assert differences(history.deliver(random.Random(order)), history) == [], order


def found(seeds: range) -> bool:
    """Whether some history shows a difference between the view and the model."""
    return any(
        differences(history.deliver(random.Random(0)), history) for history in map(History, seeds)
    )


def test_bug_planted_in_the_rules_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not found(range(40))
    monkeypatch.setattr(
        authority.Authority,
        "signers_meet",
        lambda self, charter, record: authority.meets_threshold(charter, record.signers),
    )
    assert found(range(200)), "suspended keyholders are counted, and nobody noticed"


def test_bug_planted_in_the_chain_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains.Chains, "receipted", lambda self, log: 0)
    assert found(range(200)), "what others received is cut, and nobody noticed"


def test_bug_planted_in_the_first_rivals_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def first_alone(self: Any, authority: Any) -> Any:
        return next(iter(self.logs), None), None, None

    monkeypatch.setattr(chain._Fold, "_start", first_alone)
    lives = map(Twinned, range(60))
    assert any(differences(life.deliver(random.Random(0)), life) for life in lives)


def test_bug_planted_in_the_model_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "HOURS_72", 71 * 3_600)
    assert found(range(400)), "the model's suspensions are an hour short, and nobody noticed"


def test_bug_planted_in_the_confirmations_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirmed.Confirmations, "received", lambda self, log: 0)
    lives = map(Regretted, range(60))
    assert any(differences(life.deliver(random.Random(0)), life) for life in lives)
