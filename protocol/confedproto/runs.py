"""Runs: stretches of a log on the wire, and how a log that is new here begins (specs/03, LOG)."""

from collections.abc import Iterable, Sequence

from confedproto import effects as fx
from confedproto import wire
from confedproto.errors import Reason, VerificationError
from confedproto.ids import Hash, LogId
from confedproto.limits import RUN_MAX_BYTES
from confedproto.merkle import Tree
from confedproto.record import Leaf, VerifiedRecord
from confedproto.rules.authority import Authority
from confedproto.view import Log, View


def run_message(
    tree: Tree, effect: fx.ServeRun, leaves: Iterable[tuple[bytes, bytes | None]]
) -> wire.Run:
    """The run that answers a ServeRun: as many leaves as fit one message, at least one.

    A run that stops before the head carries the proof that it leads there (LOG-5).
    """
    chosen: list[tuple[bytes, ...]] = []
    size = 0
    for envelope, part in leaves:
        size += len(envelope) + len(part or b"") + 8
        if chosen and size > RUN_MAX_BYTES:
            break
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


def begin_log(view: View, log_: LogId, start: int, leaves: Sequence[Leaf]) -> Log:
    """A log not followed yet: its first two leaves say whose it is (LOG-2).

    Raises VerificationError.
    """
    authority = Authority(view.network)
    for leaf in leaves[:2]:
        if start != 0 or not isinstance(leaf, VerifiedRecord):
            raise VerificationError(Reason.LOG_START)
        fault = authority.admit(leaf)
        if fault is not None:
            raise VerificationError(fault, "first leaves of a log")
    council, node = authority.council, authority.node
    if council is None or node is None:
        raise VerificationError(Reason.LOG_START)
    if node.log != log_ or council in view.authorities:
        raise VerificationError(Reason.LOG_ID)
    return Log(id=log_, council=council, key=node.key)
