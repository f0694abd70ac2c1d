"""What two linked nodes say to find out in what they differ (specs/10): digest, cursor, ranges.

`Comparer` holds this node's heads and journal. Each method gives what is to be said to a peer:
messages, and logs to announce. Nothing a cursor says is trusted before digests agree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from confedproto import wire
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


@dataclass(slots=True)
class Words:
    """What to say to one peer: messages, and logs to announce."""

    messages: list[wire.Message] = field(default_factory=list)
    logs: list[LogId] = field(default_factory=list)


class Comparer:
    """One node's heads, beside those of its peers."""

    def __init__(self) -> None:
        self._heads: Final = HeadSet()
        self._journal: Journal | None = None
        self._seen: Final[dict[CouncilId, wire.Cursor]] = {}  # a peer's journal, when equal
        self._unsure: Final[set[CouncilId]] = set()  # said no hello since they were last dialled

    def begin(self, now: int) -> None:
        """The journal's epoch is the time (milliseconds) of the first input after a start."""
        if self._journal is None:
            self._journal = Journal(now)

    def put(self, head: Head) -> None:
        """A log has a new head."""
        if self._heads.put(head.log, head.size, head.root) and self._journal is not None:
            self._journal.note(head.log)

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
        )

    def digest_now(self) -> wire.DigestNow:
        """The word said now and then (SYN-2)."""
        return wire.DigestNow(digest=self._heads.digest(), at=self._at())

    def _at(self) -> wire.Cursor | None:
        if self._journal is None:
            return None
        return wire.Cursor(epoch=self._journal.epoch, number=self._journal.number)

    # --- answers ----------------------------------------------------------------------------

    def on_hello(self, session: Session, council: CouncilId, hello: wire.Hello) -> Words:
        """A peer said hello: nothing, or what is new since its cursor, or the first ranges."""
        self._unsure.discard(council)
        ours = self._seen.get(council)
        if self._equal(council, hello.digest, hello.at):
            return Words()
        news = self._news(hello.seen)
        both = ours is not None and hello.at is not None and ours.epoch == hello.at.epoch
        if news is not None and both:
            return Words(logs=news)  # and the peer will do the same for us
        return self._first_ranges(session, news or ())

    def on_digest(self, session: Session, message: wire.DigestNow) -> Words:
        """A peer compares: the initiator looks into a difference, so that one side does."""
        if session.council is None or self._equal(session.council, message.digest, message.at):
            return Words()
        if not session.initiator:
            return Words()  # our own digest tells the initiator
        return self._first_ranges(session, ())

    def on_ranges(self, session: Session, message: wire.Ranges) -> Words:
        """Look into what differs; name the heads where that is shorter (SYN-4).

        No range stands in another, or twice: one message must not walk the same heads again
        and again. Raises RemoteProtocolError MESSAGE_FORM.
        """
        prefixes = [item.prefix for item in message.ranges]
        if any(b <= a or b.startswith(a) for a, b in pairwise(prefixes)):
            raise RemoteProtocolError(Reason.MESSAGE_FORM, "ranges out of order")
        deeper: list[Prefix] = []
        logs: list[LogId] = []
        for item in message.ranges:
            if max(item.prefix, default=0) >= WIDTH:
                raise RemoteProtocolError(Reason.MESSAGE_FORM, "a nibble")
            if not item.prints:
                logs += self._heads.below(item.prefix)
            elif len(item.prints) == PRINTS_BYTES and len(item.prefix) < DEPTH:
                deeper += self._heads.differing(item.prefix, item.prints, session.salt)
            else:
                raise RemoteProtocolError(Reason.MESSAGE_FORM, "fingerprints")
        words = self._look_into(session, deeper)
        words.logs += logs
        return words

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

    def _first_ranges(self, session: Session, news: Iterable[LogId]) -> Words:
        words = self._look_into(session, [b""]) if session.initiator else Words()
        words.logs += news
        return words

    def _look_into(self, session: Session, prefixes: Sequence[Prefix]) -> Words:
        words = Words()
        ranges: list[wire.Range] = []
        for prefix in prefixes:
            few = self._heads.count(prefix) <= LIST_MAX or len(prefix) == DEPTH
            prints = b"" if few else self._heads.prints(prefix, session.salt)
            ranges.append(wire.Range(prefix=prefix, prints=prints))
            if few:
                words.logs += self._heads.below(prefix)
        for start in range(0, len(ranges), RANGES_PER_MESSAGE):
            batch = tuple(ranges[start : start + RANGES_PER_MESSAGE])
            words.messages.append(wire.Ranges(ranges=batch))
        return words
