"""The simulation holds on seeds, repeats itself, and finds what is planted."""

from collections.abc import Sequence

import pytest

from confedproto.ids import Hash, LogId, RecordId
from confedproto.record import Leaf
from confedproto.rules import certificate
from confedproto.rules.known import Known
from confedproto.rules.motion import Placed
from confedproto.view import View
from tools import simulate


def test_simulate_two_seeds_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate.main(["--seeds", "2"]) == 0
    assert capsys.readouterr().out.startswith("all held: 2 seeds, 8 councils each: ")


@pytest.mark.parametrize("seed", [48])
def test_simulate_seeds_that_failed_once_hold(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    # 48: rounds of one length were too short for this network, and no lock was ever signed.
    assert simulate.main(["--seed", str(seed)]) == 0, capsys.readouterr().out


def test_simulate_one_seed_again_tells_the_same_story(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    for _ in range(2):
        assert simulate.main(["--seed", "3"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert "rule " in told[0]


def found(capsys: pytest.CaptureFixture[str], seed: int) -> str:
    assert simulate.main(["--seed", str(seed)]) == 1
    out = capsys.readouterr().out
    assert f"seed {seed} FAILED: Breach: " in out
    assert out.endswith(f"again: python tools/simulate.py --seed {seed}\n")
    return out


def test_simulate_finds_a_quorum_that_was_lowered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(certificate, "quorum_of_locks", lambda councils: councils // 2 + 1)
    assert "is final with 5 locks of 6" in found(capsys, 2)


def test_simulate_finds_a_node_that_drops_positions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    about = Known.about
    blind: list[Known] = []

    def forgetful(self: Known, subject: RecordId, kind: str) -> Sequence[Placed]:
        if not blind:
            blind.append(self)
        held = about(self, subject, kind)
        drop = kind == "position" and self is blind[0]
        return held[len(held) // 2 :] if drop else held

    monkeypatch.setattr(Known, "about", forgetful)
    assert "different states" in found(capsys, 1)


def test_simulate_finds_a_node_that_loses_what_it_acknowledged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add = View.add

    def careless(
        self: View, log: LogId, leaf: Leaf, leaf_hash: Hash, arrived: int, **more: bool
    ) -> object:
        if getattr(leaf, "kind", "") == "position" and self.logs[log].tree.size % 2:
            self.logs[log].tree.append(leaf_hash)
            self.logs[log].leaves.append(leaf)
            self.logs[log].arrivals.append(arrived)
            return None
        return add(self, log, leaf, leaf_hash, arrived, **more)

    monkeypatch.setattr(View, "add", careless)
    assert "acknowledged records" in found(capsys, 1)


def test_simulate_finds_copies_that_cost_too_much(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(simulate, "COPIES_MAX", 0.5)
    assert "bodies received" in found(capsys, 1)
