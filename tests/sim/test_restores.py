"""A slice of tools/histories.py: old backups and clones; the whole is under `make simulate`."""

import pytest

from confedproto import guard
from tools.histories import cloned, restored


@pytest.mark.parametrize("seed", range(1, 21))
def test_restored_backup_never_forks_its_log(seed: int) -> None:
    assert restored(seed) is None


@pytest.mark.parametrize("seed", range(1, 21))
def test_clones_stop_and_the_proof_stands_in_two_rounds(seed: int) -> None:
    assert cloned(seed) is None


def test_restore_without_the_rule_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulation can fail: with the rule switched off it does."""
    start = guard.Guard.start
    monkeypatch.setattr(guard.Guard, "start", lambda self, clean: start(self, clean=True))
    assert any(restored(seed) is not None for seed in range(1, 21))
