"""What witnesses said of logs: checked where a log is held that far, waiting where not (RCP-1).

Witnesses are other councils' nodes, and one of them may name any log at any size. So what
waits is kept by size, and costs nothing before the log has grown to it.
"""

import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from confedproto.chains import Log
from confedproto.ids import CouncilId, Hash, LogId
from confedproto.record import VerifiedRecord, heads_of
from confedproto.rules.receipts import LogLines, WitnessLine


class Lines:
    """The lines of all witness records that count, by the log that they name."""

    def __init__(self) -> None:
        self._good: dict[LogId, LogLines] = defaultdict(LogLines)
        self._early: dict[LogId, list[tuple[int, int, WitnessLine]]] = defaultdict(list)
        self._names: dict[CouncilId, CouncilId] = {}  # one object for all that a council said
        self._ticket: Final = itertools.count()  # no two rows of a heap are equal
        self._roots: dict[LogId, dict[int, Hash]] = defaultdict(dict)  # by size, where one is good

    def hear(
        self, record: VerifiedRecord, part: bytes, arrived: int, logs: Mapping[LogId, Log]
    ) -> Iterator[tuple[LogId, int]]:
        """Take up what a witness record says in its part; each log whose receipts may have changed,
        from which index on.
        """
        witness = self._names.setdefault(record.council, record.council)
        for head in heads_of(part):
            line = WitnessLine(
                witness=witness,
                log=LogId(head.log),
                size=head.size,
                root=Hash(head.root),
                time=record.time,
                arrived=arrived,
            )
            since = self.add(line, logs.get(line.log))
            if since is not None:
                yield line.log, since

    def add(self, line: WitnessLine, log: Log | None) -> int | None:
        """Take up a line about a log, None: one that is not followed. Returns as `sift`."""
        if log is not None and line.size <= log.tree.size:
            return self._take(line, log)
        heapq.heappush(self._early[line.log], (line.size, next(self._ticket), line))
        return None

    def sift(self, log: Log) -> int | None:
        """Take up what was said of a log as far as it is held, if the roots agree.

        Returns the first index of a record whose receipts may have changed, or None.
        """
        early = self._early.get(log.id)
        since: int | None = None
        while early and early[0][0] <= log.tree.size:
            index = self._take(heapq.heappop(early)[2], log)
            if index is not None:
                since = index if since is None else min(since, index)
        return since

    def _take(self, line: WitnessLine, log: Log) -> int | None:
        roots = self._roots[log.id]
        root = roots.get(line.size) or log.tree.root_at(line.size)
        if root != line.root:
            return None
        roots[line.size] = root
        return self._good[log.id].add(line)

    def drop(self, witness: CouncilId) -> None:
        """Forget what a council's witness records said."""
        for lines in self._good.values():
            lines.drop(witness)
        for log, early in self._early.items():
            self._early[log] = [row for row in early if row[2].witness != witness]
            heapq.heapify(self._early[log])

    def of(self, log: LogId) -> Sequence[WitnessLine]:
        """What was said of a log, as far as it is held and the roots are its own."""
        return self._good.get(log, ())

    def past(self, log: LogId) -> Sequence[WitnessLine]:
        """What was said of a log beyond what is held of it: not checked, but a sign."""
        return tuple(line for _, _, line in self._early.get(log, ()))
