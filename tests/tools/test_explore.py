"""The explorer of certificates: what it finds, and that its short cuts leave nothing out."""

from pathlib import Path

import pytest

from confedproto.rules.certificate import quorum_of_locks, vouchers_needed
from tools.explore import __main__ as command
from tools.explore import layers, lists, liveness, plain, trace
from tools.explore.lists import Lists
from tools.explore.model import NONE, Model, quorum_of

REPAIRS = {repair.name: repair for repair in command.REPAIRS}


def test_quorum_of_the_model_is_that_of_the_rules() -> None:
    for councils in range(1, 50):
        assert quorum_of(councils) == quorum_of_locks(councils)
        model = Lists(n=councils, liars=0)
        assert (model.q, model.w) == (quorum_of_locks(councils), vouchers_needed(councils))


# --- the protocol as it is --------------------------------------------------------------------


@pytest.mark.parametrize("model", command.models(3), ids=lambda m: f"n{m.n}")
def test_three_rounds_never_certify_two_outcomes_and_the_connected_finish(model: Model) -> None:
    found = layers.explore(model)
    assert found.bad is None
    assert {len(state.outcomes) for state in found.ends} == {0, 1}  # some certify, some do not
    verdict = liveness.check(found)
    assert verdict.tried > 1_000
    assert verdict.stuck is None


@pytest.mark.parametrize(
    "model",
    [
        *command.models(2),
        Model(n=3, liars=1, rounds=2),
        Model(n=3, liars=0, rounds=2, late=True),
        Model(n=3, liars=0, rounds=2, add_votes=True, add_locks=True),
        Model(n=3, liars=0, rounds=2, statuses=False),
        Model(n=4, liars=3, rounds=1, lists=False, possible=(1,)),
    ],
    ids=repr,
)
def test_layers_reach_exactly_what_every_order_of_single_records_reaches(model: Model) -> None:
    pools = plain.explore(model)
    assert {layers.seen_in(model, pool) for pool in pools} == set(layers.explore(model).ends)


# --- each repair switched off -------------------------------------------------------------------


@pytest.mark.parametrize("name", REPAIRS)
def test_repair_switched_off_gives_its_counterexample(name: str) -> None:
    row, told = command.repair_row(REPAIRS[name])
    assert row.good
    assert (row.verdict == "found") is bool(told)
    if not REPAIRS[name].live and told:
        assert sum("certificate of" in text for text in told) >= 2


def test_stolen_node_keys_certify_nothing_that_no_positions_give_if_votes_need_lists() -> None:
    assert layers.explore(Model(n=4, liars=3, rounds=3, possible=(1,))).bad is None


def test_trace_of_a_late_signature_puts_it_after_the_status_it_breaks() -> None:
    _, told = command.repair_row(REPAIRS["a round signed after a later one, all honest"])
    break_ = told.index("then, for a round below that of its status")
    late = told[break_ + 1].split()[0]
    assert any(text.split()[:2] == [late, "status:"] for text in told[:break_])
    assert "for round 1" in told[break_ + 1]


def test_trace_signs_a_lock_only_with_a_quorum_of_votes_before_it() -> None:
    repair = REPAIRS["locks alone added up, 4 rounds, all honest"]
    _, told = command.repair_row(repair)
    voted: set[tuple[str, str]] = set()
    for text in told:
        words = text.replace(",", "").split()
        if "votes" in words[:2]:
            voted.add((words[0], words[2]))
        if "locks" in words[:2]:
            holders = words[words.index("of") + 1 :]
            assert len(holders) >= repair.model.q
            assert all((holder, words[2]) in voted for holder in holders)


def test_liar_that_times_its_statuses_delays_and_cannot_without_a_proof() -> None:
    run = liveness.tease(Model(n=4, liars=1, rounds=5), 5)
    assert [each.round for each in run] == [1, 2, 3, 4, 5]
    assert all(each.shown != NONE for each in run[1:])
    assert liveness.tease(Model(n=3, liars=0, rounds=5), 5) == []


# --- the command --------------------------------------------------------------------------------


def test_main_writes_its_table_between_its_marks_and_keeps_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "reliability.md"
    path.write_text("# Reliability\n\nOther figures.\n", "utf-8")
    assert command.main(["--quick", "--write", str(path)]) == 0
    first = path.read_text("utf-8")
    assert command.main(["--quick", "--write", str(path)]) == 0
    again = path.read_text("utf-8")
    assert "Other figures." in again
    assert again.count(command.BEGIN) == again.count(command.END) == 1
    assert len(again.splitlines()) == len(first.splitlines())
    assert "no two certificates" in again
    assert "all as it must be" in capsys.readouterr().out


def test_status_is_never_below_a_lock_that_the_node_signed() -> None:
    model = Model(n=4, liars=1, rounds=3)
    proofs = frozenset({(1, 0), (2, 1)})
    assert model.status_choices((2, 1), proofs, 3) == [(2, 1)]
    assert model.status_choices(NONE, proofs, 3) == [NONE, (1, 0), (2, 1)]
    assert model.status_choices(NONE, proofs, 2) == [NONE, (1, 0)]


def test_lock_name_speaks_of_round_and_outcome() -> None:
    assert trace.lock_name(NONE) == "no lock"
    assert trace.lock_name((2, 1)) == "lock of round 2, rejected"


# --- lists ------------------------------------------------------------------------------------


@pytest.mark.parametrize("councils", [3, 4, 5, 6])
def test_list_that_is_shown_is_named_by_an_honest_council(councils: int) -> None:
    found = lists.explore(Lists(n=councils, liars=(councils - 1) // 3))
    assert found.states > 300
    assert (found.bad, found.stuck) == (None, None)


def test_nothing_is_certified_on_a_freeze_that_no_honest_council_saw_open() -> None:
    found = lists.explore(Lists(n=4, liars=1, opened=False))
    assert (found.states, found.bad) == (2, None), "nobody joins round 2"


@pytest.mark.parametrize("repair", command.LIST_REPAIRS, ids=lambda repair: repair.name)
def test_repair_of_lists_switched_off_gives_its_counterexample(
    repair: command.ListRepair,
) -> None:
    row, told = command.list_repair_row(repair)
    assert row.good
    assert told[0].startswith("votes of round 1: ")
    assert lists.explore(Lists(n=4, liars=repair.model.liars)).bad is None


def test_list_of_a_liar_is_taken_over_only_where_none_had_enough_votes_in_round_one() -> None:
    model = Lists(n=4, liars=1)
    found = lists.explore(model)
    assert found.late is not None
    first = [one for one in found.late[0] if one is not None]
    assert all(first.count(one) < model.w for one in first)
