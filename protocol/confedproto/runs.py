"""Runs: stretches of a log on the wire, and how a log that is new here begins (specs/03, LOG)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from confedproto import effects as fx
from confedproto import inputs, record, wire
from confedproto.bodies.node import Node
from confedproto.errors import DecodeError, Reason, VerificationError
from confedproto.ids import CouncilId, Hash, LogId, NetworkId, PublicKey, log_id
from confedproto.limits import LOGS_PER_COUNCIL_MAX, RUN_MAX_BYTES, RUN_MAX_RECORDS
from confedproto.log import Head, check_hash_run, open_head
from confedproto.marks import blocks, marks
from confedproto.merkle import HASH_BYTES, Tree, leaf_hash, leaf_hashes
from confedproto.plain import Feeder
from confedproto.record import (
    WITHHELD,
    Leaf,
    VerifiedRecord,
)
from confedproto.rules.authority import Authority, meets_threshold
from confedproto.sync import announced
from confedproto.view import Log, View


def run_message(
    tree: Tree,
    effect: fx.ServeRun,
    leaves: Iterable[tuple[bytes, bytes | None]],
    sees: Callable[[int], bool] = lambda index: True,
) -> wire.Run:
    """The run that answers a ServeRun: as many leaves as fit one message, at least one.

    A run that stops before the head carries the proof that it leads there (LOG-5). Where
    the reader does not see the leaf at an index, its hash stands (LOG-9).
    """
    chosen: list[tuple[bytes, ...] | bytes] = []
    size = 0
    for index, (envelope, part) in enumerate(leaves, effect.start):
        seen = sees(index) and len(envelope) != HASH_BYTES  # read before it came, or was dropped
        size += (len(envelope) + len(part or b"") if seen else HASH_BYTES) + 8
        if chosen and size > RUN_MAX_BYTES:
            break
        if not seen:
            chosen.append(Hash(envelope) if len(envelope) == HASH_BYTES else leaf_hash(envelope))
            continue
        chosen.append((envelope,) if part is None else (envelope, part))
    end = effect.start + len(chosen)
    proof: tuple[Hash, ...] = ()
    if end < effect.head_size:
        proof = tuple(tree.consistency(end, effect.head_size))
    return wire.Run(
        log=effect.log,
        start=effect.start,
        leaves=tuple(chosen),
        head=effect.head,
        proof=proof or None,
    )


def served(entry: Log | None, link: int, pull: wire.Pull) -> fx.ServeRun | None:
    """The run that a pull asks for, or None if there is nothing to serve."""
    start = pull.start
    if entry is None or entry.head is None or start >= entry.head.size:
        return None
    return fx.ServeRun(
        link=link,
        log=entry.id,
        start=start,
        end=min(entry.head.size, start + RUN_MAX_RECORDS),
        head=entry.head.envelope,
        head_size=entry.head.size,
        lean=pull.lean,
    )


def kept(
    entry: Log, run: wire.Run, head: Head | None, arrived: int, via: CouncilId | None = None
) -> fx.StoreLeaves:
    """What the store is to keep of a run; `head` if the run reached it, `via` who introduced it."""
    return fx.StoreLeaves(
        log=entry.id,
        council=entry.council,
        key=entry.key,
        start=run.start,
        leaves=tuple([stored_leaf(leaf) for leaf in run.leaves]),
        arrived=arrived,
        head=head.envelope if head is not None else None,
        via=via,
        marks=marks(entry.leaves, run.start, run.start + len(run.leaves)),
        blocks=blocks(entry, run.start, run.start + len(run.leaves)),
    )


def stored_leaf(leaf: wire.RunLeaf) -> tuple[bytes, bytes | None]:
    """A leaf of a run as the store keeps it: envelope and part, or the hash of a withheld one."""
    if isinstance(leaf, bytes):
        return leaf, None
    return leaf[0], leaf[1] if len(leaf) == 2 else None


def hashes_of(leaves: Iterable[wire.RunLeaf]) -> list[Hash]:
    """The leaf hashes of what a run says of its leaves (MRK-1, LOG-9)."""
    given = list(leaves)
    made = leaf_hashes([one[0] for one in given if not isinstance(one, bytes)])
    if len(made) == len(given):
        return made
    rest = iter(made)
    return [Hash(one) if isinstance(one, bytes) else next(rest) for one in given]


def open_leaf(network: NetworkId, leaf: wire.RunLeaf) -> Leaf:
    """Open a leaf of a run in full. Raises VerificationError as `record.open_leaf`."""
    return WITHHELD if isinstance(leaf, bytes) else record.open_leaf(network, *leaf)


def judged(view: View, feeder: Feeder, event: inputs.Judged) -> list[fx.Effect]:
    """Provisional leaves were opened in full: what the store is to note, and what was refused."""
    feeder.judged(event.log, range(event.start, event.end), event.refused)
    entry = view.logs[event.log]
    held = entry.leaves[event.start : event.end]
    out: list[fx.Effect] = [
        fx.StoreMarks(
            log=event.log,
            start=event.start,
            marks=marks(entry.leaves, event.start, event.end),
            blocks=blocks(entry, event.start, event.end),
        )
    ]
    refused = {index: leaf for index, leaf in event.refused.items() if leaf in held}
    for index, leaf in refused.items():
        detail = f"leaf {index} of log {event.log.hex()[:16]}, under a signed head"
        out.append(fx.Refused(link=0, reason=leaf.reason, detail=detail))
    return out


FAULTS_OF_NOBODY: Final = frozenset({Reason.LOG_INDEX, Reason.HEAD_AHEAD})
"""Refusals of a run that an honest peer can cause: stale by now, or clocks apart."""
FAULTS_OF_A_FORK: Final = frozenset({Reason.ROOT_MISMATCH, Reason.PROOF_ROOT, Reason.HEAD_TIME})
"""Refusals of a later run that an honest peer can cause: the log's own node forked it, or set
its clock back.

Ending the link for these would let one equivocating node part all the others.
"""
FAULTS_OF_AN_ORPHAN: Final = frozenset({Reason.COUNCIL_UNKNOWN, Reason.THRESHOLD_MISSING})
"""Refusals of a later log whose council's charter we do not hold yet: asked again then."""


def told(view: View, run: wire.Run) -> tuple[wire.AnnouncedHead, ...]:
    """What a run that is not taken in says all the same: that the log is held so far.

    Nothing, if the log is known here and the head is not its key's.
    """
    entry = view.logs.get(LogId(run.log))
    if entry is None:
        size = run.start + len(run.leaves)
        return (wire.AnnouncedHead(log=run.log, size=size, root=bytes(8)),)
    try:
        head = open_head(view.network, entry.key, run.head)
    except (DecodeError, VerificationError):
        return ()
    return (announced(head),) if head.log == entry.id else ()


def is_later(leaves: Sequence[Leaf]) -> bool:
    """Whether leaves from the start are of a later log: it opens with a node record past 1."""
    body = leaves[0].body if leaves and isinstance(leaves[0], VerifiedRecord) else None
    return isinstance(body, Node) and body.number > 1


class Fit(NamedTuple):
    """A run's place: the log that it continues or begins, its head, the hashes of its leaves."""

    log: Log
    head: Head
    hashes: Sequence[Hash]


def check(view: View, run: wire.Run, leaves: Sequence[Leaf], now: int) -> Fit:
    """The log that a run continues, or begins, and the head it leads to (LOG-5).

    Nothing is changed; `now` in seconds. Raises VerificationError or DecodeError.
    """
    log_ = LogId(run.log)
    entry = view.logs.get(log_) or begin_log(view, log_, run.start, leaves)
    head = open_head(view.network, entry.key, run.head)
    if head.log != log_:
        raise VerificationError(Reason.LOG_ID)
    before = entry.head
    if before is not None and head.size > before.size and head.time < before.time:
        raise VerificationError(Reason.HEAD_TIME)  # it would date back what stands below (LOG-7)
    proof = [Hash(step) for step in run.proof or ()]
    hashes = hashes_of(run.leaves)
    check_hash_run(entry.tree, run.start, hashes, head, proof, now)
    return Fit(entry, head, hashes)


def begin_log(view: View, log_: LogId, start: int, leaves: Sequence[Leaf]) -> Log:
    """A log not followed yet: its first two leaves say whose it is (LOG-2).

    Raises VerificationError.
    """
    first = leaves[0] if leaves else None
    if start != 0 or not isinstance(first, VerifiedRecord):
        raise VerificationError(Reason.LOG_START)
    if isinstance(first.body, Node) and is_later(leaves):
        return _next_log(view, log_, first, first.body)
    authority = Authority(view.network)
    for leaf in leaves[:2]:
        if not isinstance(leaf, VerifiedRecord):
            raise VerificationError(Reason.LOG_START)
        fault = authority.admit(leaf)
        if fault is not None:
            raise VerificationError(fault, "first leaves of a log")
    council, node = authority.council, authority.node
    if council is None or node is None:
        raise VerificationError(Reason.LOG_START)
    if node.log != log_:
        raise VerificationError(Reason.LOG_ID)
    _check_number(view, council)
    return Log(id=log_, council=council, key=node.key)


def _next_log(view: View, log_: LogId, opening: VerifiedRecord, node: Node) -> Log:
    """A later log of a council: its first leaf is the node record that opens it (LOG-2).

    Whether it follows is for the chain to say; here it is enough that the council's keyholders
    under some charter want it, so that a stranger cannot make us keep anything.
    """
    council, key = opening.council, PublicKey(node.key)
    charter = view.charter_of(council, opening.charter)
    if log_id(view.network, council, key) != log_:
        raise VerificationError(Reason.LOG_ID)
    if charter is None:
        raise VerificationError(Reason.COUNCIL_UNKNOWN)
    if not meets_threshold(charter, opening.signers):
        raise VerificationError(Reason.THRESHOLD_MISSING)
    _check_number(view, council)
    return Log(id=log_, council=council, key=key)


def _check_number(view: View, council: CouncilId) -> None:
    if sum(log.council == council for log in view.logs.values()) >= LOGS_PER_COUNCIL_MAX:
        raise VerificationError(Reason.QUOTA, "logs of one council")
