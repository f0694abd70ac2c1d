"""Telling peers what is new, and telling the world what was seen when (specs/11).

`Announcer` collects grown logs per link: the first goes out at once, what follows is joined
until the peer has answered it with a pull, or a short while has passed. It knows which logs a
peer has pulled so far that what they gain may be sent instead of announced (LIV-7).
`logs_to_witness` says what a witness record of this node would have to name.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from confedproto.effects import ServeRun
from confedproto.ids import CouncilId, LogId
from confedproto.limits import AHEAD_LEAVES, HEADS_PER_MESSAGE, WITNESS_HEADS_MAX
from confedproto.view import Log

COALESCE_MS = 50
"""How long announcements wait for a peer that does not answer the last one (LIV-1)."""
AHEAD_MS = 5
"""How long what a log gains waits for more after leaves were sent ahead (LIV-7)."""


@dataclass(frozen=True, slots=True)
class _Followed:
    """A log that a peer has pulled: all below `size` was sent; in outline if `lean`."""

    size: int
    lean: bool


@dataclass(slots=True)
class _Queue:
    logs: set[LogId] = field(default_factory=set)
    urgent: set[LogId] = field(default_factory=set)  # announced ahead of the others, at once
    held_until: int = 0  # the peer has not answered the last announcement yet
    followed: dict[LogId, _Followed] = field(default_factory=dict)
    ahead: int = 0  # leaves of those that may still be sent before the next pull
    greeted: bool = False  # before that what grows is remembered: our hello did not tell it


@dataclass(slots=True)
class Announcer:
    """Per link, the logs that grew and were not announced yet."""

    queues: dict[int, _Queue] = field(default_factory=dict)

    def greet(self, link: int) -> None:
        """Our hello went out; what grows from now on is news to the peer."""
        self.queues[link] = _Queue()

    def add_link(self, link: int) -> None:
        """A link opened."""
        self.queues.setdefault(link, _Queue()).greeted = True

    def drop_link(self, link: int) -> None:
        """A link is gone."""
        self.queues.pop(link, None)

    def add(self, link: int, logs: Iterable[LogId], *, urgent: bool = False) -> None:
        """Remember that these logs are to be announced to a link; the urgent ones first."""
        queue = self.queues.get(link)
        if queue is not None:
            (queue.urgent if urgent else queue.logs).update(logs)

    def served(self, run: ServeRun) -> None:
        """A peer's pull is answered: it is ready for more, and for what the log gains next."""
        queue = self.queues.get(run.link)
        if queue is not None:
            queue.held_until = 0
            queue.followed[run.log] = _Followed(run.end, run.lean)
            queue.ahead = AHEAD_LEAVES

    def heard(self, link: int, log: LogId) -> bool:
        """A peer named a log: it has what that gains from elsewhere, or else asks for it.

        Returns whether it was to be sent that from here until now (LIV-8).
        """
        queue = self.queues.get(link)
        return queue is not None and queue.followed.pop(log, None) is not None

    def ahead(self, link: int, log: Log) -> tuple[int, bool] | None:
        """From where a log is sent on to a peer, and whether in outline; None: it is announced.

        What is announced is pulled, so it is not followed any more. A log that is not all public
        is always announced: the peer may hold other leaves of it (SYN-9).
        """
        queue = self.queues[link]
        last = queue.followed.pop(log.id, None)
        if last is None or log.head is None or log.mark:
            return None
        count = log.head.size - last.size
        if not 0 < count <= queue.ahead:
            return None
        queue.ahead -= count
        queue.followed[log.id] = _Followed(log.head.size, last.lean)
        return last.size, last.lean

    def sent_ahead(self, link: int, now: int) -> None:
        """Nothing was announced, so there is no answer to wait for."""
        self.queues[link].held_until = now + AHEAD_MS

    def due(self, now: int) -> list[tuple[int, list[LogId]]]:
        """What is to be announced now (milliseconds), at most a message's worth a link."""
        out: list[tuple[int, list[LogId]]] = []
        for link, queue in self.queues.items():
            if not queue.greeted:
                continue
            if queue.urgent:
                out.append((link, sorted(queue.urgent)))
                queue.logs.difference_update(queue.urgent)
                queue.urgent.clear()
            if queue.logs and now >= queue.held_until:
                chosen = sorted(queue.logs)[:HEADS_PER_MESSAGE]
                queue.logs.difference_update(chosen)
                queue.held_until = now + COALESCE_MS
                out.append((link, chosen))
        return out

    def next_deadline(self) -> int | None:
        """When the next announcement is due (milliseconds), or None."""
        times = [queue.held_until for queue in self.queues.values() if queue.greeted and queue.logs]
        return min(times, default=None)


def logs_to_witness(
    logs: Iterable[Log],
    witnessed: Mapping[LogId, int],
    partners: Collection[CouncilId],
) -> list[Log]:
    """Logs of `partners` that gained a record that needs receipts, at most a list full (WIT-1).

    `witnessed` are the sizes that this node's last witness records named. A witness record
    itself needs no receipts, so witnessing never causes witnessing.
    """
    grown = [
        log
        for log in logs
        if log.council in partners and log.receipts_size > witnessed.get(log.id, 0)
    ]
    grown.sort(key=lambda log: log.id)
    return grown[:WITNESS_HEADS_MAX]
