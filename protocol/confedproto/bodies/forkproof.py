"""fork-proof: two signed heads of one log that no tree joins (specs/04, FRK)."""

from typing import Annotated

from msgspec import Meta

from confedproto.bodies.types import Body, Bytes32
from confedproto.limits import HEAD_MAX_BYTES, PROOF_MAX_HASHES

HeadBytes = Annotated[bytes, Meta(min_length=1, max_length=HEAD_MAX_BYTES)]


class ForkProof(Body, frozen=True, kw_only=True):
    """Heads of the log that `key` keeps for `council`; `first` is not the larger of the two.

    Of one size they have two roots. Else `path` shows that the tree of `second` has at the
    size of `first` the root `root`, which is not that of `first`.
    """

    council: Bytes32
    key: Bytes32
    first: HeadBytes
    second: HeadBytes
    root: Bytes32 | None = None
    path: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=PROOF_MAX_HASHES)] | None = (
        None
    )
