"""Every bit of one real mandate's file, flipped alone, undoes it."""

import pytest

from tests.support.worlds import granted
from tools import flip_bits


def test_every_single_bit_of_a_file_undoes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert flip_bits.main(["--files", "1"]) == 0
    assert " 0 pass" in capsys.readouterr().out


def test_survivor_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flip_bits, "Outcome", type("Any", (), {"UNKNOWN": None}))
    assert flip_bits.survivors(granted().file, 0, 3_000)
