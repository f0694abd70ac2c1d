"""The library against a second account of specs/06: random cases, one verdict, or a bug."""

import dataclasses
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from confedproto.rules import acts, delegation, mandate, tenure
from confedproto.rules.tenure import Event, State
from tests.support.mandates import compared
from tools import draw_states, mandate_cases

CASES = 2_000
PLANTED_CASES = 6_000


def differences(cases: int) -> list[tuple[int, str, str]]:
    return [
        (seed, model, library)
        for seed in range(cases)
        for model, library in compared(random.Random(seed))
        if model != library
    ]


def test_library_and_model_give_one_verdict() -> None:
    assert differences(CASES) == []


def test_cases_meet_every_verdict() -> None:
    """Random cases show little where they all end at the first check."""
    met = Counter(
        model for seed in range(PLANTED_CASES) for model, _ in compared(random.Random(seed))
    )
    assert {verdict.split()[-1] for verdict in met} >= {
        *("VALID", "recalled", "mandate-not-begun", "mandate-ended", "mandate-form"),
        *("mandate-terms", "mandate-rotation", "mandate-exclusive", "mandate-overdue"),
        *("mandate-suspended", "report-missing", "mandate-scope", "act-attendance"),
        *("act-ceiling", "total-ceiling", "instruction", "refer-back", "act-stale"),
        *("overridden", "compact-unknown", "receipts-missing", "act-previous", "act-double"),
        *("act-number", "condition-unknown", "ratify", "ratify-refused"),
        *("mandate-chain", "mandate-unknown"),
    }
    assert met["VALID"] > PLANTED_CASES // 10


def _without(*row: Any) -> dict[Any, Any]:
    return {key: after for key, after in tenure.TABLE.items() if key != row}


def _links(**change: Any) -> Callable[..., Any]:
    whole = acts.links_of
    return lambda acts: {
        one: dataclasses.replace(links, **change) for one, links in whole(acts).items()
    }


class _NoHeads(mandate.Heads):
    """Every record takes effect when it claims."""

    def effect_time(self, claimed: int, index: int) -> int:
        return claimed


PLANTED: dict[str, tuple[Any, str, Any]] = {
    "a recall dated back": (delegation, "Heads", _NoHeads),
    "a recall that never comes": (delegation, "recalls_from", lambda case: ()),
    "late reports forgiven": (tenure, "TABLE", _without(State.IN_FORCE, Event.LATE)),
    "late for good": (tenure, "TABLE", _without(State.OVERDUE, Event.REPORTED)),
    "no end": (tenure, "TABLE", _without(State.IN_FORCE, Event.ENDS)),
    "holdover without end": (tenure, "TABLE", _without(State.HOLDOVER, Event.LAPSES)),
    "double acts forgiven": (acts, "_doubles", lambda numbers: {}),
    "the chain not looked at": (delegation, "links_of", _links(missing=False)),
    "any act before will do": (delegation, "links_of", _links(astray=False)),
    "both of two acts stand": (delegation, "links_of", _links(beaten=False)),
    "only this act's amount": (delegation, "links_of", _links(spent=0)),
    "a day is an hour": (acts, "ACT_RECEIPT_S", 3_600),
    "stale after two weeks": (acts, "FRESHNESS_S", 14 * 86_400),
    "reports late at once": (tenure, "OVERDUE_S", 0),
    "no rotation": (delegation, "grant_fault", lambda mandate_, *_: mandate.form_fault(mandate_)),
    "contradictions pass": (mandate, "form_fault", lambda _: None),
    "scope not asked": (acts, "scope_verdict", lambda *_: mandate.VALID),
    "wider links pass": (delegation, "chain_fault", lambda *_: None),
    "links stand alone": (delegation.MandateCase, "chain", property(lambda case: (case,))),
    "conditions hold": (
        delegation,
        "instruction_verdict",
        lambda m, act, _: mandate.instruction_verdict(m, act, lambda _: True),
    ),
    "a receipt fewer": (
        delegation,
        "receipts_needed",
        lambda councils: max(0, (councils - 1) // 3),
    ),
    "the last answer counts": (
        delegation,
        "answer_of",
        lambda case, about: next(
            (r.record.body.value == "yes" for r in case.ratified(about)), None
        ),
    ),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_planted_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, wrong = PLANTED[bug]
    monkeypatch.setattr(module, name, wrong)
    assert any(
        model != library
        for seed in range(PLANTED_CASES)
        for model, library in compared(random.Random(seed))
    )


def test_tool_tells_what_it_ran(capsys: pytest.CaptureFixture[str]) -> None:
    assert mandate_cases.main(["--cases", "50", "--seed", "3"]) == 0
    assert "50 cases" in capsys.readouterr().out


def test_tool_fails_on_a_difference(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(acts, "scope_verdict", lambda *_: mandate.VALID)
    assert mandate_cases.main(["--cases", "200", "--seed", "3"]) == 1
    assert "seed" in capsys.readouterr().out


def test_diagrams_in_the_documents_are_those_of_the_tables() -> None:
    assert draw_states.main(["--check"]) == 0


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", list(Event))
def test_tenure_recall_is_final_and_nothing_comes_back(state: State, event: Event) -> None:
    after = tenure.TABLE.get((state, event), state)
    if event is Event.RECALL or state is State.RECALLED:
        assert after is State.RECALLED
    if state is State.VOIDED and event is not Event.RECALL:
        assert after is State.VOIDED
    if state in (State.ENDED, State.STOPPED) and event not in (Event.RECALL, Event.FINDING):
        assert after in (State.ENDED, state)
