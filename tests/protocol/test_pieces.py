"""Files in pieces: only the piece itself is taken (FIL-2)."""

import random
from typing import Final

import pytest

from confedproto import pieces
from confedproto.errors import Reason, VerificationError
from confedproto.ids import Hash
from confedproto.limits import FILE_CHUNK_BYTES, FILE_MAX_BYTES

CHUNK: Final = FILE_CHUNK_BYTES


@pytest.mark.parametrize("size", [1, CHUNK, CHUNK + 1, 5 * CHUNK - 1, FILE_MAX_BYTES])
def test_every_piece_of_a_file_is_taken_in_its_place_alone(size: int) -> None:
    data = random.Random(size).randbytes(size)
    cut = pieces.cut(data)
    tree = pieces.tree_of(cut)
    assert len(cut) == pieces.count_of(size)
    assert b"".join(cut) == data
    for index, piece in enumerate(cut):
        path = tree.inclusion(index, len(cut))
        pieces.check_piece(tree.root(), size, index, piece, path)
        spoiled = bytes((piece[0] ^ 1,)) + piece[1:]
        cases: list[tuple[int, int, bytes, list[Hash], Reason]] = [
            (size, index, spoiled, path, Reason.PROOF_ROOT),
            (size, index, piece + b"x", path, Reason.PROOF_LENGTH),
            (size, index, piece, [*path, Hash(bytes(32))], Reason.PROOF_LENGTH),
            (size, len(cut), piece, path, Reason.LOG_INDEX),
            (size, -1, piece, path, Reason.LOG_INDEX),
            (0, index, piece, path, Reason.LOG_INDEX),
            (FILE_MAX_BYTES + 1, index, piece, path, Reason.LOG_INDEX),
        ]
        for of, at, given, steps, reason in cases:
            with pytest.raises(VerificationError) as caught:
                pieces.check_piece(tree.root(), of, at, given, steps)
            assert caught.value.reason is reason
