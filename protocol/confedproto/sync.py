"""Who lacks what: digests, announced heads, and one pull at a time for each log (specs/10).

One mechanism serves the first sync, the live stream and the healing of a partition: heads
are announced, the shorter side pulls runs until it has met them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from confedproto.ids import LogId
from confedproto.limits import (
    AHEAD_LEAVES,
    HEADS_PER_MESSAGE,
    LOGS_PER_LINK_MAX,
    PATIENCE_MAX_MS,
    PATIENCE_MIN_MS,
    RUN_MAX_RECORDS,
)
from confedproto.log import Head
from confedproto.reconcile import HeadSet
from confedproto.view import Log
from confedproto.wire import AnnouncedHead, Heads

PULL_TIMEOUT_MS = 10_000
"""How long one peer may take over a run before another one is asked."""
PATIENCE_TRIPS = 2
"""Round trips to a log's source that others' announcements wait for what it sends ahead (LIV-8)."""
PULLS_PER_LINK_MAX = 16
"""Runs under way from one peer; the rest waits its turn."""


WINDOW_RECORDS: Final = 2 * RUN_MAX_RECORDS
"""Leaves asked for and not here yet, of one log: two pulls, so that the peer never waits."""


def digest(logs: Mapping[LogId, Log]) -> bytes:
    """16 bytes over the size and root of every log's head, made from nothing (SYN-1)."""
    heads = HeadSet()
    for log in logs.values():
        if log.head is not None:
            heads.put(log.id, log.head.size, log.head.root, log.mark)
    return heads.digest()


def announced(head: Head, mark: bytes = b"") -> AnnouncedHead:
    """The announcement of a head, and of the mark of what is not public below it (SYN-2)."""
    return AnnouncedHead(log=head.log, size=head.size, root=head.root[:8], mark=mark[:8])


@dataclass(slots=True)
class _Pull:
    link: int
    deadline: int
    until: int  # leaves asked for: [held, until)
    asked: int | None  # when; None once it is answered


@dataclass(slots=True)
class Puller:
    """Which peer says it holds a log how far, and which one is being asked for it."""

    known: dict[int, dict[LogId, int]] = field(default_factory=dict)
    under_way: dict[LogId, _Pull] = field(default_factory=dict)
    failed: dict[LogId, set[int]] = field(default_factory=dict)
    waiting: dict[LogId, None] = field(default_factory=dict)  # a set in order of arrival
    ahead: dict[int, int] = field(default_factory=dict)  # leaves that links may send unasked
    source: dict[LogId, int] = field(default_factory=dict)  # from whom a log was last pulled
    patience: dict[LogId, int] = field(default_factory=dict)  # until when its source is awaited
    doubted: set[LogId] = field(default_factory=set)  # its source was awaited in vain
    trips: dict[int, int] = field(default_factory=dict)  # the least time that a link's answer took

    def add_link(self, link: int) -> None:
        """A link opened."""
        self.known[link] = {}

    def drop_link(self, link: int) -> list[LogId]:
        """A link is gone; returns the logs that were being pulled from it."""
        self.known.pop(link, None)
        self.ahead.pop(link, None)
        self.trips.pop(link, None)
        self.source = {log: source for log, source in self.source.items() if source != link}
        lost = [log for log, pull in self.under_way.items() if pull.link == link]
        for log in lost:
            del self.under_way[log]
        for log in list(self.failed):
            self._forgive(log, link)
        return lost

    def announced(self, link: int, log: LogId, size: int, *, held: bool) -> bool:
        """A peer says that it holds `log` up to `size`; False if it names too many logs (SYN-3).

        `held`: this node follows the log already, so it costs nothing new. Said again, it
        counts again: a peer that failed us may be asked once more.
        """
        sizes = self.known.get(link)
        if sizes is None:
            return False
        if log not in sizes and not held and len(sizes) >= LOGS_PER_LINK_MAX:
            return False
        if size >= sizes.get(log, 0):
            sizes[log] = size
            self._forgive(log, link)
        return True

    def forgive(self, log: LogId, link: int | None = None) -> None:
        """What made the pulls of a log fail is over: a peer, or every one, may be asked again."""
        if link is None:
            self.failed.pop(log, None)
        else:
            self._forgive(log, link)

    def _forgive(self, log: LogId, link: int) -> None:
        links = self.failed.get(log)
        if links is not None:
            links.discard(link)
            if not links:
                del self.failed[log]

    def announcements(self, link: int, logs: Iterable[Log]) -> Iterator[Heads]:
        """What tells a peer of these logs, as far as it is not known to hold them (SYN-2).

        Of a log that is not all public, a peer may hold other leaves to the same head.
        """
        fresh: list[AnnouncedHead] = []
        for log in logs:
            mark, head = log.mark, log.head
            if head is not None and (mark or self.size_at(link, head.log) < head.size):
                fresh.append(announced(head, mark))
        for start in range(0, len(fresh), HEADS_PER_MESSAGE):
            yield Heads(heads=tuple(fresh[start : start + HEADS_PER_MESSAGE]))

    def learn(self, link: int, log: LogId, size: int) -> None:
        """What passed between us shows that a peer holds `log` up to `size`."""
        sizes = self.known.get(link)
        if sizes is not None and size > sizes.get(log, 0):
            sizes[log] = size
            self._forgive(log, link)

    def size_at(self, link: int, log: LogId) -> int:
        """How far a peer is known to hold a log."""
        return self.known.get(link, {}).get(log, 0)

    def fail(self, log: LogId, link: int) -> None:
        """A pull of `log` from `link` brought nothing good; ask somebody else."""
        self.end(log, link)
        self.failed.setdefault(log, set()).add(link)

    def end(self, log: LogId, link: int) -> None:
        """A pull of `log` from `link` is over, through nobody's fault."""
        pull = self.under_way.get(log)
        if pull is not None and pull.link == link:
            del self.under_way[log]

    def asked(self, log: LogId, link: int) -> bool:
        """Whether `link` is being asked for `log`."""
        pull = self.under_way.get(log)
        return pull is not None and pull.link == link

    def reached(self, log: LogId, size: int, served: int, now: int) -> int | None:
        """A run brought `log` to `size`: from where to pull on at once, or None.

        The pull ends when all that was asked for is here, or all up to the head of size `served`
        that the run came with. What the peer has announced since is another pull's: a word may
        overtake a run.
        """
        pull = self.under_way[log]
        if pull.asked is not None:
            trip, pull.asked = now - pull.asked, None
            self.trips[pull.link] = min(trip, self.trips.get(pull.link, trip))
        pull.deadline = now + PULL_TIMEOUT_MS
        most = self.size_at(pull.link, log)
        if size >= min(pull.until, served):
            del self.under_way[log]
            return None
        if most > pull.until and pull.until - size <= RUN_MAX_RECORDS:
            start, pull.until = pull.until, pull.until + RUN_MAX_RECORDS
            self._allow(pull.link)
            return start
        return None

    def expire(self, now: int) -> list[tuple[LogId, int]]:
        """Give up pulls that took too long; returns their logs, and who was asked."""
        late = [(log, p.link) for log, p in self.under_way.items() if p.deadline <= now]
        for log, link in late:
            self.fail(log, link)
        return late

    def next_deadline(self) -> int | None:
        """When the oldest pull runs out (milliseconds), or None."""
        deadlines = (pull.deadline for pull in self.under_way.values())
        return min((*deadlines, *self.patience.values()), default=None)

    def choose(self, log: LogId, held: int, now: int) -> int | None:
        """The link to pull `log` from now, marked as under way; None if there is none."""
        if log in self.under_way:
            return None
        load: dict[int, int] = {}
        for pull in self.under_way.values():
            load[pull.link] = load.get(pull.link, 0) + 1
        bad = self.failed.get(log, set())
        ready = [
            (load.get(link, 0), link)
            for link, sizes in self.known.items()
            if sizes.get(log, 0) > held and link not in bad
        ]
        free = [entry for entry in ready if entry[0] < PULLS_PER_LINK_MAX]
        if not free:
            if ready:
                self.waiting[log] = None
            return None
        link = min(free)[1]
        self.under_way[log] = _Pull(
            link=link, deadline=now + PULL_TIMEOUT_MS, until=held + RUN_MAX_RECORDS, asked=now
        )
        self._allow(link)
        self.feeds(log, link)
        return link

    def waits(self, log: LogId, link: int, now: int) -> bool:
        """Whether what `link` announces is awaited from the log's source, which sends it ahead."""
        source = self.source.get(log)
        if source is None or source == link or log in self.doubted:
            return False
        return now < self.patience.setdefault(log, now + self.patience_with(source))

    def patience_with(self, source: int) -> int:
        """How long others' announcements wait for a log's source, in milliseconds (LIV-8)."""
        trip = self.trips.get(source, PATIENCE_MAX_MS)
        return min(max(PATIENCE_TRIPS * trip, PATIENCE_MIN_MS), PATIENCE_MAX_MS)

    def left(self, log: LogId, size: int, held: int, now: int) -> None:
        """A peer that we sent a log ahead names it at `size`: it has another source (LIV-8).

        If we hold no more than that, it did not leave because we are slow: it heard of leaves that
        our own source owes us, and has waited for them already. So we do not wait again: by when
        it can tell us of them, a round trip later, our source has sent them or is ours no more.
        """
        source = self.source.get(log)
        if source is not None and size >= held:
            due = now + min(self.trips.get(source, PATIENCE_MAX_MS), PATIENCE_MAX_MS)
            self.patience[log] = min(due, self.patience.get(log, due))

    def feeds(self, log: LogId, link: int) -> None:
        """A link was asked for a log, or has sent what was awaited: it is the source now."""
        self.source[log] = link
        self.patience.pop(log, None)
        self.doubted.discard(log)

    def impatient(self, now: int) -> list[LogId]:
        """The logs whose source has been awaited long enough: somebody else is asked."""
        late = [log for log, due in self.patience.items() if due <= now]
        for log in late:
            del self.patience[log]
            self.doubted.add(log)
        return late

    def _allow(self, link: int) -> None:
        """A pull goes out: so many leaves may follow what it asks for (LIV-7).

        Twice as many as an honest peer sends, for what it sends of the last pull crosses this one.
        """
        self.ahead[link] = self.ahead.get(link, 0) + 2 * AHEAD_LEAVES

    def allows(self, link: int, count: int) -> bool:
        """Whether a link may send so many leaves ahead."""
        return count <= self.ahead.get(link, 0)

    def take_ahead(self, link: int, count: int) -> bool:
        """Whether it may; then they count."""
        allowed = self.allows(link, count)
        if allowed:
            self.ahead[link] -= count
        return allowed

    def take_waiting(self) -> list[LogId]:
        """The logs that wait for a busy peer, longest first; `choose` puts them back."""
        waiting = list(self.waiting)[:PULLS_PER_LINK_MAX]
        for log in waiting:
            del self.waiting[log]
        return waiting

    def wanted(self, held: Mapping[LogId, int]) -> Iterable[LogId]:
        """The logs that some peer holds further than `held`, each once."""
        seen: set[LogId] = set()
        for sizes in self.known.values():
            for log, size in sizes.items():
                if log not in seen and size > held.get(log, 0):
                    seen.add(log)
                    yield log
