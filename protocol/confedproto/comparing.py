"""What two linked nodes say to find out in what they differ (specs/10): digest, cursor, ranges.

`Comparer` holds this node's heads and journal. Each method gives what is to be said to a peer:
messages, and logs to announce. Nothing a cursor says is trusted before digests agree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from confedproto import wire
from confedproto.chains import Log
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import CouncilId, LogId
from confedproto.limits import HEADS_PER_MESSAGE, RANGES_PER_MESSAGE
from confedproto.log import Head
from confedproto.reconcile import (
    DEPTH,
    LIST_MAX,
    PRINTS_BYTES,
    WIDTH,
    HeadSet,
    Journal,
    Prefix,
)
from confedproto.session import Session

CURSOR_HEADS_MAX: Final = HEADS_PER_MESSAGE
"""Changed heads named after a cursor; beyond it the sets are reconciled."""
_NONE: Final = HeadSet()  # of a scope of which nothing is held; nobody puts anything into it


@dataclass(slots=True)
class Words:
    """What to say to one peer: messages, and logs to announce."""

    messages: list[wire.Message] = field(default_factory=list)
    logs: list[LogId] = field(default_factory=list)

    def add(self, more: "Words") -> None:
        """And this."""
        self.messages += more.messages
        self.logs += more.logs


class Comparer:
    """One node's heads, beside those of its peers."""

    def __init__(self, common: Callable[[CouncilId], Sequence[bytes]] = lambda council: ()) -> None:
        """`common` says which scopes this node and a council are both in (SCO-1)."""
        self._common: Final = common
        self._heads: Final = HeadSet()
        self._scoped: Final[dict[bytes, HeadSet]] = {}
        self._journal: Journal | None = None
        self._seen: Final[dict[CouncilId, wire.Cursor]] = {}  # a peer's journal, when equal
        self._unsure: Final[set[CouncilId]] = set()  # said no hello since they were last dialled

    def begin(self, now: int) -> None:
        """The journal's epoch is the time (milliseconds) of the first input after a start."""
        if self._journal is None:
            self._journal = Journal(now)

    def put(self, head: Head, log: Log | None = None) -> None:
        """A log has a new head, or more of it is held than before."""
        mark = b"" if log is None else log.mark
        fresh = self._heads.put(head.log, head.size, head.root, mark)
        if fresh and self._journal is not None:
            self._journal.note(head.log)
        for scope, share in () if log is None else log.seclusion.scopes.items():
            self._scoped.setdefault(scope, HeadSet()).put(head.log, share.count, share.mark)

    def doubt(self, council: CouncilId) -> None:
        """A host may not know us yet."""
        self._unsure.add(council)

    def may_be_strange(self, council: CouncilId) -> bool:
        """Whether a host may not know us any more: it did not say hello when last dialled."""
        return council in self._unsure

    def hello(self, council: CouncilId, named: CouncilId | None) -> wire.Hello:
        """The first word to a council; `named`: as whom we knocked just before."""
        self._unsure.add(council)
        return wire.Hello(
            digest=self._heads.digest(),
            council=named,
            at=self._at(),
            seen=self._seen.get(council),
            scopes=self._digests(council),
        )

    def digest_now(self, council: CouncilId | None = None) -> wire.DigestNow:
        """The word said to a council now and then (SYN-2)."""
        scopes = None if council is None else self._digests(council)
        return wire.DigestNow(digest=self._heads.digest(), at=self._at(), scopes=scopes)

    def _digests(self, council: CouncilId) -> tuple[wire.ScopeDigest, ...] | None:
        shared = self._common(council) if self._scoped else ()
        held = (scope for scope in shared if scope in self._scoped)
        rows = (wire.ScopeDigest(scope, self._scoped[scope].digest()) for scope in held)
        return tuple(rows) or None

    def _at(self) -> wire.Cursor | None:
        if self._journal is None:
            return None
        return wire.Cursor(epoch=self._journal.epoch, number=self._journal.number)

    # --- answers ----------------------------------------------------------------------------

    def on_hello(self, session: Session, council: CouncilId, hello: wire.Hello) -> Words:
        """A peer said hello: nothing, or what is new since its cursor, or the first ranges."""
        self._unsure.discard(council)
        ours = self._seen.get(council)
        words = self._on_scopes(session, council, hello.scopes)
        if self._equal(council, hello.digest, hello.at):
            return words
        news = self._news(hello.seen)
        both = ours is not None and hello.at is not None and ours.epoch == hello.at.epoch
        words.logs += news or ()
        if (news is None or not both) and session.initiator:
            words.add(self._look_into(session, [b""]))
        return words  # and the peer will do the same for us

    def on_digest(self, session: Session, message: wire.DigestNow) -> Words:
        """A peer compares: the initiator looks into a difference, so that one side does."""
        if session.council is None:
            return Words()
        words = self._on_scopes(session, session.council, message.scopes)
        equal = self._equal(session.council, message.digest, message.at)
        if not equal and session.initiator:  # else our own digest tells the initiator
            words.add(self._look_into(session, [b""]))
        return words

    def _on_scopes(
        self, session: Session, council: CouncilId, told: Sequence[wire.ScopeDigest] | None
    ) -> Words:
        """The initiator looks into each scope of which the two hold other records (SYN-9)."""
        words = Words()
        theirs = {row.scope: row.digest for row in told or ()}
        if not session.initiator or not (theirs or self._scoped):
            return words
        for scope in self._common(council):
            held = self._scoped.get(scope, _NONE)
            if held.digest() != theirs.get(scope, bytes(16)):
                words.add(self._look_into(session, [b""], scope))
        return words

    def names(self, message: wire.Message) -> int:
        """How many heads a message asks us to name: what it costs, before anything is done."""
        if not isinstance(message, wire.Ranges):
            return 0
        heads = self._heads if message.scope is None else self._scoped.get(message.scope, _NONE)
        return sum(heads.count(item.prefix) for item in message.ranges if not item.prints)

    def on_ranges(self, session: Session, message: wire.Ranges) -> Words:
        """Look into what differs; name the heads where that is shorter (SYN-4).

        No range stands in another, or twice: one message must not walk the same heads again
        and again. Raises RemoteProtocolError MESSAGE_FORM.
        """
        scope, heads = message.scope, self._heads
        if scope is not None:
            if session.council is None or scope not in self._common(session.council):
                return Words()  # to us it is no member, or not yet
            heads = self._scoped.get(scope, _NONE)
        prefixes = [item.prefix for item in message.ranges]
        if any(b <= a or b.startswith(a) for a, b in pairwise(prefixes)):
            raise RemoteProtocolError(Reason.MESSAGE_FORM, "ranges out of order")
        deeper: list[Prefix] = []
        logs: list[LogId] = []
        for item in message.ranges:
            if max(item.prefix, default=0) >= WIDTH:
                raise RemoteProtocolError(Reason.MESSAGE_FORM, "a nibble")
            if not item.prints:
                logs += heads.below(item.prefix)
            elif len(item.prints) == PRINTS_BYTES and len(item.prefix) < DEPTH:
                deeper += heads.differing(item.prefix, item.prints, session.salt)
            else:
                raise RemoteProtocolError(Reason.MESSAGE_FORM, "fingerprints")
        words = self._look_into(session, deeper, scope)
        self._name(words, logs, scope)
        return words

    def _name(self, words: Words, logs: Sequence[LogId], scope: bytes | None) -> None:
        """Name the heads of logs, or what is held of them in a scope."""
        if scope is None:
            words.logs += logs
            return
        rows: list[wire.AnnouncedHead] = []
        for log in logs:
            if (held := self._scoped.get(scope, _NONE).value(log)) is not None:
                rows.append(wire.AnnouncedHead(log=log, size=held[0], root=held[1][:8]))
        for start in range(0, len(rows), HEADS_PER_MESSAGE):
            batch = tuple(rows[start : start + HEADS_PER_MESSAGE])
            words.messages.append(wire.Heads(scope=scope, heads=batch))

    def _equal(self, council: CouncilId, digest: bytes, at: wire.Cursor | None) -> bool:
        if digest != self._heads.digest():
            return False
        if at is not None:
            self._seen[council] = at  # all that the peer's journal says up to here is held
        return True

    def _news(self, seen: wire.Cursor | None) -> list[LogId] | None:
        if seen is None or self._journal is None:
            return None
        return self._journal.since(seen.epoch, seen.number, CURSOR_HEADS_MAX)

    def _look_into(
        self, session: Session, prefixes: Sequence[Prefix], scope: bytes | None = None
    ) -> Words:
        words, logs = Words(), list[LogId]()
        heads = self._heads if scope is None else self._scoped.get(scope, _NONE)
        ranges: list[wire.Range] = []
        for prefix in prefixes:
            few = heads.count(prefix) <= LIST_MAX or len(prefix) == DEPTH
            prints = b"" if few else heads.prints(prefix, session.salt)
            ranges.append(wire.Range(prefix=prefix, prints=prints))
            if few:
                logs += heads.below(prefix)
        self._name(words, logs, scope)
        for start in range(0, len(ranges), RANGES_PER_MESSAGE):
            batch = tuple(ranges[start : start + RANGES_PER_MESSAGE])
            words.messages.append(wire.Ranges(scope=scope, ranges=batch))
        return words
