"""Fork proofs: two signed heads of one log that no tree joins (specs/04, FRK).

A proof needs nothing but itself: it carries the key, both heads, and for heads of two sizes
the path that shows what the larger tree was at the smaller size.
"""

from confedproto.bodies.forkproof import ForkProof
from confedproto.errors import DecodeError, Reason, VerificationError
from confedproto.ids import CouncilId, Hash, LogId, NetworkId, PublicKey, log_id
from confedproto.log import Head, open_head
from confedproto.merkle import verify_consistency


def proven(network: NetworkId, body: ForkProof) -> tuple[LogId, int] | Reason:
    """The forked log and the size of the smaller head, or why it is no proof (FRK-1, FRK-2)."""
    key = PublicKey(body.key)
    forked = log_id(network, CouncilId(body.council), key)
    try:
        first, second = (open_head(network, key, head) for head in (body.first, body.second))
        if first.log != forked or second.log != forked:
            return Reason.LOG_ID
        if first.size == second.size:
            whole = body.root is None and body.path is None and first.root != second.root
            return (forked, first.size) if whole else Reason.FORK_PROOF
        if body.root is None or body.root == first.root:
            return Reason.FORK_PROOF
        path = body.path or ()
        verify_consistency(first.size, Hash(body.root), second.size, second.root, path)
    except VerificationError as error:
        return error.reason
    except DecodeError as error:
        return error.reason
    return forked, first.size


def make_proof(
    *,
    council: CouncilId,
    key: PublicKey,
    one: Head,
    other: Head,
    root: Hash | None,
    path: tuple[Hash, ...],
) -> ForkProof:
    """The proof from two heads; `root` and `path` are the larger tree's at the smaller size."""
    first, second = (one, other) if one.size <= other.size else (other, one)
    same = first.size == second.size
    return ForkProof(
        council=council,
        key=key,
        first=first.envelope,
        second=second.envelope,
        root=None if same else root,
        path=None if same else (tuple(path) or None),
    )
