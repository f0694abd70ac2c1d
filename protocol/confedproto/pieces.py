"""Files in pieces: each is checked as it arrives, against the root that a record names (FIL-1)."""

from collections.abc import Sequence

from confedproto.errors import Reason, VerificationError
from confedproto.ids import Hash
from confedproto.limits import FILE_CHUNK_BYTES, FILE_MAX_BYTES
from confedproto.merkle import Tree, leaf_hash, verify_inclusion


def cut(data: bytes) -> list[bytes]:
    """The pieces of a file, the last one as long as is left."""
    return [data[at : at + FILE_CHUNK_BYTES] for at in range(0, len(data), FILE_CHUNK_BYTES)]


def tree_of(pieces: Sequence[bytes]) -> Tree:
    """The tree whose root a record names, and whose paths prove its pieces."""
    return Tree(leaf_hash(piece) for piece in pieces)


def count_of(size: int) -> int:
    """How many pieces a file of so many bytes has."""
    return -(-size // FILE_CHUNK_BYTES)


def check_piece(root: Hash, size: int, index: int, data: bytes, path: Sequence[bytes]) -> None:
    """Return if `data` is piece `index` of the file (FIL-2).

    Raises VerificationError LOG_INDEX, PROOF_LENGTH or PROOF_ROOT.
    """
    count = count_of(size)
    if not 0 < size <= FILE_MAX_BYTES or not 0 <= index < count:
        raise VerificationError(Reason.LOG_INDEX, f"piece {index} of {count}")
    wanted = FILE_CHUNK_BYTES if index < count - 1 else size - index * FILE_CHUNK_BYTES
    if len(data) != wanted:
        raise VerificationError(Reason.PROOF_LENGTH, f"a piece of {len(data)} bytes")
    verify_inclusion(leaf_hash(data), index, count, root, path)
