"""Withheld leaves: asked for where they may be had, and put in their places (specs/10, SYN-10).

A leaf that this node holds by its hash alone was scoped to others when it came, or came from a
peer that had no more, or that kept it back. Whoever says that it holds something else of the
same log is asked, a few leaves at a time; what comes must have the hash that the log's head
proved, so that a peer can give nothing but the leaf itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from confedproto import effects as fx
from confedproto import record, scopes, wire
from confedproto.chains import Log
from confedproto.errors import DecodeError, Reason, RemoteProtocolError, VerificationError
from confedproto.ids import CouncilId, LogId
from confedproto.limits import RUN_MAX_BYTES, WANT_MAX
from confedproto.marks import mark_of
from confedproto.merkle import HASH_BYTES, leaf_hash
from confedproto.plain import Feeder
from confedproto.quotas import Ledger, cost_of
from confedproto.record import Leaf, PlainLeaf
from confedproto.runs import stored_leaf
from confedproto.session import Session, State
from confedproto.view import View

WANTS_PER_LINK_MAX: Final = 16
"""Logs of which one peer is being asked for leaves at a time."""


@dataclass(frozen=True, slots=True)
class _Asked:
    indexes: tuple[int, ...]


class Filler:
    """What of whom this node has asked, and what it answers to the same question."""

    def __init__(self, view: View, council: CouncilId, feeder: Feeder, ledger: Ledger) -> None:
        self._ledger: Final = ledger
        self._view: Final = view
        self._council: Final = council
        self._feeder: Final = feeder
        self._asked: Final[dict[int, dict[LogId, _Asked]]] = {}

    def drop_link(self, link: int) -> None:
        """A link is gone."""
        self._asked.pop(link, None)

    # --- asking -----------------------------------------------------------------------------

    def after_run(
        self, entry: Log, giver: Session, others: Iterable[Session]
    ) -> Iterator[tuple[int, wire.Want]]:
        """A run brought withheld leaves: ask those at once who share a scope with us."""
        for other in others:
            if other.council is None or other.state is not State.OPEN or other is giver:
                continue
            if scopes.common(self._view, self._council, other.council):
                yield from self._ask(other.link, entry, 0)

    def again(
        self, logs: Iterable[Log], others: Iterable[Session]
    ) -> Iterator[tuple[int, wire.Want]]:
        """Of these logs more is wanted than was: ask one who is linked, its author at best."""
        ready = [one for one in others if one.state is State.OPEN]
        for entry in logs:
            if entry.dropped and entry.recent is None and ready:
                first = min(ready, key=lambda one: one.council != entry.council)
                yield from self._ask(first.link, entry, 0)

    def told(self, session: Session, message: wire.Heads) -> Iterator[tuple[int, wire.Want]]:
        """A peer says what it holds: ask where it may hold what is withheld here."""
        for head in message.heads:
            entry = self._view.logs.get(LogId(head.log))
            if entry is None or not entry.lacking:
                continue
            if message.scope is None:
                same = entry.head is not None and entry.head.size == head.size
                other = same and (entry.mark[:8] != head.mark or bool(entry.dropped))
            else:
                share = entry.seclusion.scopes.get(message.scope)
                other = share is None or share.mark[:8] != head.root
            if other:
                yield from self._ask(session.link, entry, 0)

    def _ask(self, link: int, entry: Log, start: int) -> Iterator[tuple[int, wire.Want]]:
        asked = self._asked.setdefault(link, {})
        if entry.lean or not self._admits(entry, 1):
            return  # its outline is enough, or it takes no more (QUO-1)
        if entry.id in asked or len(asked) >= WANTS_PER_LINK_MAX:
            return
        spans = entry.leaves.spans(start)
        gaps = (range(one, end) for one, end, leaf in spans if entry.lacks(leaf))
        indexes = tuple(islice(chain.from_iterable(gaps), WANT_MAX))
        if indexes:
            asked[entry.id] = _Asked(indexes)
            yield link, wire.Want(log=entry.id, indexes=indexes)

    def take(self, session: Session, message: wire.Leaves, now: int) -> "Filled":
        """Leaves came: put them in their places; `View.settle` is still to be called.

        `now` in milliseconds. Raises RemoteProtocolError LEAF_OTHER for what was not asked for or
        is not the leaf, and PART_* where its part is wrong.
        """
        log_ = LogId(message.log)
        asked = self._asked.get(session.link, {}).pop(log_, None)
        entry = self._view.logs.get(log_)
        indexes = tuple(found.index for found in message.leaves)
        if asked is None or entry is None or indexes != tuple(sorted(set(indexes))):
            raise RemoteProtocolError(Reason.LEAF_OTHER, "leaves that nobody asked for")
        if not set(indexes) <= set(asked.indexes):
            raise RemoteProtocolError(Reason.LEAF_OTHER, "other leaves than those asked for")
        stored: list[fx.FilledLeaf] = []
        for found in message.leaves:
            envelope, part = found.leaf[0], found.leaf[1] if len(found.leaf) == 2 else None
            if leaf_hash(envelope) != entry.tree.leaf(found.index):
                raise RemoteProtocolError(Reason.LEAF_OTHER, "the leaf of another hash")
            if not entry.lacks(entry.leaves[found.index]):
                continue  # another peer was faster
            if not self._admits(entry, _more(entry, found.index, found.leaf)):
                break
            try:
                leaf = record.open_leaf(self._view.network, envelope, part)
            except (VerificationError, DecodeError) as error:
                raise RemoteProtocolError(error.reason, error.detail) from None
            stored.append(self._put(entry, found.index, found.leaf, leaf, now))
        # Those before the last that came are not to be had here; what follows may not have fitted.
        after = (indexes or asked.indexes)[-1] + 1
        more = list(self._ask(session.link, entry, after))
        kept = fx.FillLeaves(log=log_, leaves=tuple(stored), arrived=now // 1000)
        return Filled(entry=entry, kept=kept, more=more)

    def from_archive(
        self, entry: Log, run: wire.Run, leaves: Sequence[Leaf], now: int
    ) -> tuple[fx.FillLeaves, Reason | None]:
        """Put the leaves of a run, opened as `leaves`, where they were withheld (ARC-4).

        What is held or withheld here as there is passed over; at a fault it ends. `now` in
        milliseconds; `View.settle` is still to be called.
        """
        stored: list[fx.FilledLeaf] = []
        fault: Reason | None = None
        for index, (found, leaf) in enumerate(zip(run.leaves, leaves, strict=True), run.start):
            if isinstance(found, bytes) or not entry.lacks(entry.leaves[index]):
                continue
            if leaf_hash(found[0]) != entry.tree.leaf(index):
                fault = Reason.LEAF_OTHER
            elif not self._admits(entry, _more(entry, index, found)):
                fault = Reason.QUOTA
            if fault is not None:
                break
            stored.append(self._put(entry, index, found, leaf, now))
        kept = fx.FillLeaves(log=entry.id, leaves=tuple(stored), arrived=now // 1000)
        return kept, fault

    def _put(
        self, entry: Log, index: int, found: wire.LeafBytes, leaf: Leaf, now: int
    ) -> fx.FilledLeaf:
        self._ledger.note(entry.id, entry.council, _more(entry, index, found))
        self._feeder.fill(entry.id, index, leaf, now // 1000)
        entry.shed = min(entry.shed, index)
        envelope, part = stored_leaf(found)
        mark = mark_of(leaf)
        return fx.FilledLeaf(index=index, envelope=envelope, part=part, mark=mark)

    def _admits(self, entry: Log, cost: int) -> bool:
        return self._ledger.admits(entry.council, self._ledger.via(entry.id, None), cost)

    # --- answering --------------------------------------------------------------------------

    def served(self, session: Session, want: wire.Want) -> fx.ServeLeaves:
        """The answer to a peer's question: the leaves that it may see and that are held here."""
        entry = self._view.logs.get(LogId(want.log))
        indexes: list[int] = []
        if entry is not None:
            reader = scopes.Reader(self._view, session.council)
            for index in sorted(set(want.indexes)):
                if index >= len(entry.leaves) or not reader.sees(entry, index):
                    continue
                leaf = entry.leaves[index]
                if not (isinstance(leaf, PlainLeaf) and leaf.provisional):  # with its run alone
                    indexes.append(index)
        return fx.ServeLeaves(link=session.link, log=LogId(want.log), indexes=tuple(indexes))


def _more(entry: Log, index: int, found: wire.LeafBytes) -> int:
    """What a leaf takes more than its hash."""
    return cost_of((found,)) - cost_of((entry.tree.leaf(index),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Leaves that were put in their places: what the store keeps, and what to ask next."""

    entry: Log
    kept: fx.FillLeaves
    more: Sequence[tuple[int, wire.Want]]


def leaves_message(
    effect: fx.ServeLeaves, rows: Iterable[tuple[int, bytes, bytes | None]]
) -> wire.Leaves:
    """The answer to a ServeLeaves: of (index, envelope, part) as many as fit one message."""
    out: list[wire.FoundLeaf] = []
    size = 0
    for index, envelope, part in rows:
        if len(envelope) == HASH_BYTES:
            continue  # dropped since it was asked for
        size += len(envelope) + len(part or b"") + 20
        if out and size > RUN_MAX_BYTES:
            break
        leaf = (envelope,) if part is None else (envelope, part)
        out.append(wire.FoundLeaf(index=index, leaf=leaf))
    return wire.Leaves(log=effect.log, leaves=tuple(out))
