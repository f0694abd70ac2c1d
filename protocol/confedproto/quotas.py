"""What others may make this node keep, and what one link may make it compute (specs/10, QUO).

A council writes as much as it likes into its own log; what a node stores of it is bounded by
origin, by the linked council that introduced the log, and in all, with a reserve that only the
node's own log may use. A `Bucket` bounds what a link may ask for in a while.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import chain
from typing import Final

from confedproto import wire
from confedproto.ids import CouncilId, LogId
from confedproto.limits import (
    ASK_BURST,
    ASK_RATE,
    DISK_BYTES,
    LEAF_OVERHEAD_BYTES,
    LINK_SHARE,
    LOGS_MAX,
    LOGS_PER_LINK_MAX,
    ORIGIN_SHARE,
    RESERVE_SHARE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """How many bytes of records this node keeps: in all, of which the rest follows (QUO-1)."""

    total: int = DISK_BYTES

    @property
    def others(self) -> int:
        """Of all councils but our own: what is left is the reserve for our own log."""
        return self.total - self.total // RESERVE_SHARE

    @property
    def origin(self) -> int:
        """Of one council."""
        return self.total // ORIGIN_SHARE

    @property
    def link(self) -> int:
        """Of all logs that one linked council introduced, its own among them."""
        return self.total // LINK_SHARE


def file_cost(piece: bytes) -> int:
    """What a piece of a file takes on the disk, in bytes."""
    return len(piece) + LEAF_OVERHEAD_BYTES


DEFAULT_QUOTAS: Final = Quotas()


def cost_of(leaves: tuple[wire.RunLeaf, ...]) -> int:
    """What the leaves of a run take on the disk, in bytes."""
    pieces = chain.from_iterable([(leaf,) if isinstance(leaf, bytes) else leaf for leaf in leaves])
    return sum(map(len, pieces)) + LEAF_OVERHEAD_BYTES * len(leaves)


HOUR_MS: Final = 3_600_000
RUN_ROOM_BYTES: Final = 65_536
"""Below this a quota counts as used up: the next run may not fit."""


class Ledger:
    """Who has filled how much of this node's disk."""

    def __init__(self, own: CouncilId, quotas: Quotas) -> None:
        self.quotas = quotas
        self.held = 0  # bytes, of all councils but our own
        self.origins: Final[Counter[CouncilId]] = Counter()
        self.links: Final[Counter[CouncilId]] = Counter()
        self.introduced: Final[Counter[CouncilId]] = Counter()  # logs
        self._via: Final[dict[LogId, CouncilId]] = {}
        self._own: Final = own

    def via(self, log: LogId, giver: CouncilId | None) -> CouncilId | None:
        """The linked council to whose account a log goes: whoever introduced it."""
        return self._via.get(log, giver)

    def follow(self, log: LogId, giver: CouncilId | None) -> None:
        """A log is followed from now on."""
        if giver is not None and log not in self._via:
            self._via[log] = giver
            self.introduced[giver] += 1

    def may_introduce(self, giver: CouncilId | None) -> bool:
        """Whether a linked council may introduce one more log (QUO-2)."""
        if len(self._via) >= LOGS_MAX:
            return False
        return giver is None or self.introduced[giver] < LOGS_PER_LINK_MAX

    def admits(self, council: CouncilId, via: CouncilId | None, cost: int) -> bool:
        """Whether `cost` bytes more of a council's logs may be kept (QUO-1)."""
        if council == self._own:
            return True
        quotas = self.quotas
        return (
            self.held + cost <= quotas.others
            and self.origins[council] + cost <= quotas.origin
            and (via is None or self.links[via] + cost <= quotas.link)
        )

    def note(self, log: LogId, council: CouncilId, cost: int) -> None:
        """These bytes are kept."""
        if council == self._own:
            return
        self.held += cost
        self.origins[council] += cost
        via = self._via.get(log)
        if via is not None:
            self.links[via] += cost

    def note_file(self, council: CouncilId, cost: int) -> None:
        """A piece of a file that a record of the council names is kept."""
        if council != self._own:
            self.held += cost
            self.origins[council] += cost

    def full(self) -> list[CouncilId]:
        """The councils of which nothing more is taken, for the operator."""
        near = self.quotas.origin - RUN_ROOM_BYTES
        return sorted(council for council, held in self.origins.items() if held > near)


PULL_COST: Final = 8
HEAD_COST: Final = 64  # a path over a log, and its verification
PIECE_COST: Final = 1_024  # a megabyte is read and hashed for its path
WANT_COST: Final = 4  # a leaf
DIGEST_COST: Final = 16
RANGE_COST: Final = 16  # a node with its fingerprints
NAME_COST: Final = 4  # a head that is to be named


def cost_to_answer(message: wire.Message, named: int) -> int:
    """What a message makes us compute, in units of about a microsecond or two (QUO-3).

    `named` heads that it asks us to name are to be added by who knows them.
    """
    match message:
        case wire.Ranges():
            return RANGE_COST * len(message.ranges) + NAME_COST * named
        case wire.Heads():
            return len(message.heads)
        case wire.Pull():
            return PULL_COST
        case wire.AskHead() | wire.HeadTold():
            return HEAD_COST
        case wire.AskPiece():
            return PIECE_COST
        case wire.Fresh():
            return HEAD_COST * len(message.heads)
        case wire.Want():
            return WANT_COST * len(message.indexes)
        case wire.DigestNow():
            return DIGEST_COST
        case _:
            return 0


class Bucket:
    """What a link may still ask for: ASK_BURST units at once, ASK_RATE more a second (QUO-3)."""

    def __init__(self) -> None:
        self._level = ASK_BURST
        self._at: int | None = None

    def pay(self, cost: int, now: int) -> bool:
        """Take `cost` units at `now` (milliseconds); False if they are not there."""
        if self._at is not None and now > self._at:
            self._level = min(ASK_BURST, self._level + (now - self._at) * ASK_RATE // 1000)
        self._at = now
        if cost > self._level:
            return False
        self._level -= cost
        return True


class Hourly:
    """So many of a kind within an hour. Times are milliseconds."""

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._times: Final[dict[Hashable, deque[int]]] = defaultdict(deque)

    def left(self, key: Hashable, now: int) -> bool:
        """Whether one more may come now."""
        times = self._times.get(key, ())
        return sum(now - time < HOUR_MS for time in times) < self._most

    def take(self, key: Hashable, now: int) -> bool:
        """Count one more, or say that there are too many."""
        if not self.left(key, now):
            return False
        times = self._times[key]
        times.append(now)
        while len(times) > self._most:
            times.popleft()
        return True
