"""A node's signs of life: digests to each link, and heads signed again when nothing happens (LIV).

A head is signed again, same size and root and a later time, before it is a day old. So whoever
follows a log can tell a council that is silent from one whose news is kept from him; the new
heads go along with the digests.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from confedproto import effects as fx
from confedproto import wire
from confedproto.comparing import Comparer
from confedproto.errors import DecodeError, RemoteProtocolError, VerificationError
from confedproto.ids import LogId
from confedproto.limits import CLOCK_AHEAD_MAX_S, FRESH_HEADS_MAX
from confedproto.log import head_log, open_head
from confedproto.session import Session
from confedproto.view import Log, View

DIGEST_INTERVAL_MS: Final = 30_000
"""How often each link compares digests: a heartbeat that also heals what got lost."""
RESIGN_MS: Final = 23 * 3_600_000
"""After so long without a new one the head is signed again: a day, less an hour to travel."""


class Heartbeat:
    """What is to be said now and then. Times are milliseconds."""

    def __init__(self, view: View, own: LogId, comparer: Comparer) -> None:
        self._view: Final = view
        self._own: Final = own
        self._comparer: Final = comparer
        self._due: Final[dict[int, int]] = {}
        self._fresh: Final[dict[int, dict[LogId, None]]] = {}  # by link, in order

    def add_link(self, link: int, now: int) -> None:
        """A link opened: it is told of our head if that was signed again meanwhile."""
        self._due[link] = now + DIGEST_INTERVAL_MS
        self._fresh[link] = {self._own: None} if self._own in self._view.logs else {}

    def drop_link(self, link: int) -> None:
        """A link is gone."""
        self._due.pop(link, None)
        self._fresh.pop(link, None)

    def next_deadline(self, *, acts: bool) -> int | None:
        """When something is to be said; our head signed again only where the node `acts`."""
        times = list(self._due.values())
        if acts and (due := self._resign_due()) is not None:
            times.append(due)
        return min(times, default=None)

    def _resign_due(self) -> int | None:
        entry = self._view.logs.get(self._own)
        head = entry.head if entry is not None else None
        return None if head is None else head.time * 1000 + RESIGN_MS

    def resigns(self, now: int) -> bool:
        """Whether our head is to be signed again now."""
        due = self._resign_due()
        return due is not None and due <= now

    def refreshed(self, log: LogId, giver: int | None = None) -> None:
        """A head was signed again: all links but the giver are told with the next digest."""
        for link, waiting in self._fresh.items():
            if link != giver:
                waiting[log] = None

    def due(self, now: int, sessions: Mapping[int, Session]) -> Iterator[tuple[int, wire.Message]]:
        """What is to be said to whom now."""
        for link, due in self._due.items():
            if due > now or link not in sessions:
                continue
            self._due[link] = now + DIGEST_INTERVAL_MS
            yield link, self._comparer.digest_now(sessions[link].council)
            waiting = self._fresh[link]
            batch = list(waiting)[:FRESH_HEADS_MAX]
            for log in batch:
                del waiting[log]
            heads = (self._view.logs[log].head for log in batch)
            envelopes = tuple(head.envelope for head in heads if head is not None)
            if envelopes:
                yield link, wire.Fresh(heads=envelopes)

    def take(self, session: Session, message: wire.Fresh, now: int) -> list[fx.StoreLeaves]:
        """Heads that were signed again came; what the store is to keep of them (LOG-10).

        Of another size or root they are passed over: announcements tell those. Raises
        RemoteProtocolError for one that does not hold.
        """
        out: list[fx.StoreLeaves] = []
        for envelope in message.heads:
            try:
                entry = self._view.logs.get(head_log(envelope))
                kept = None if entry is None else self._take_one(entry, envelope, now)
            except (DecodeError, VerificationError) as error:
                raise RemoteProtocolError(error.reason, error.detail) from None
            if kept is not None:
                out.append(kept)
                self.refreshed(kept.log, session.link)
        return out

    def _take_one(self, entry: Log, envelope: bytes, now: int) -> fx.StoreLeaves | None:
        ours = entry.head
        if ours is None or entry.id == self._own or envelope == ours.envelope:
            return None
        head = open_head(self._view.network, entry.key, envelope)
        same = (head.size, head.root) == (ours.size, ours.root)
        if not same or not ours.time < head.time <= now // 1000 + CLOCK_AHEAD_MAX_S:
            return None
        entry.head = head
        return fx.StoreLeaves(
            log=entry.id,
            council=entry.council,
            key=entry.key,
            start=entry.tree.size,
            leaves=(),
            arrived=now // 1000,
            head=envelope,
        )
