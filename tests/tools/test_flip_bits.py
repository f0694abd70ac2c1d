"""Every bit of one real mandate's file, flipped alone, undoes it."""

from collections.abc import Callable

import pytest

from tests.support.worlds import four, granted
from tools import flip_bits


def test_every_single_bit_of_a_file_undoes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert flip_bits.main(["--files", "1"]) == 0
    assert " 0 pass" in capsys.readouterr().out


@pytest.mark.parametrize("look", [flip_bits.survivors, flip_bits.js_survivors])
def test_survivor_is_told(look: Callable[[bytes, int, range], list[int]]) -> None:
    """Of a file with one bit flipped, the same bit once more makes the file that holds."""
    changed = bytearray(granted().file)
    changed[2_000] ^= 4
    assert look(bytes(changed), four().now, range(15_998, 16_006)) == [16_002]


def test_bits_of_a_file_undo_it_for_the_javascript_verifier(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A slice, of every place in a byte; `make fuzz` asks about all of them."""
    assert flip_bits.main(["--files", "1", "--js", "--step", "13"]) == 0
    assert " 0 pass" in capsys.readouterr().out
