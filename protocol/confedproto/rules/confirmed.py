"""Which of rival branches others have received a later charter of (specs/04, NOD-11).

Whoever holds keys that were retired can sign what would have counted while they were in force:
another node record, beside the one that the council went on from. Between the two no order of
arrival may decide, but this does, for it is part of what is held:

    log 1   charter 1 | node 1 | ... | charter 2 | ...       received by another council
                               |
                            node 2 (signed under charter 1)  a branch that nobody confirmed
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from confedproto.bodies.charter import Charter
from confedproto.ids import LogId, NetworkId
from confedproto.record import VerifiedRecord
from confedproto.rules.authority import Authority
from confedproto.rules.given import OwnLog, last_of, opened_by, records_in, stays_home


class Confirmations:
    """What others have received of one council's branches, whatever becomes of those."""

    def __init__(
        self,
        network: NetworkId,
        logs: Mapping[LogId, OwnLog],
        receipted: Callable[[LogId], int],
    ) -> None:
        self._network: Final = network
        self._logs: Final = logs
        self._charters: Final[dict[LogId, list[tuple[int, VerifiedRecord]]]] = {}
        self._covered: Final = {log: size for log in logs if (size := receipted(log))}
        self.awaited: Final[dict[LogId, int]] = {}
        """Sizes not held yet that the opening of a received log names: judge again there."""
        self._before: Final = {
            log.id: LogId(last_of(opening).log)
            for log in logs.values()
            if (opening := self._opening(log)) is not None and not stays_home(network, opening)
        }
        for log_ in list(self._covered):
            self._cover_before(log_)

    def received(self, log: LogId) -> int:
        """The size up to which another council received a log, or one that continues it."""
        return self._covered.get(log, 0)

    def beyond(
        self, log: OwnLog, rival: tuple[VerifiedRecord, Authority], end: int
    ) -> list[Charter]:
        """The charters of a log up to `end` that could follow at the place that a rival names."""
        record, at = rival
        return self._next(log, last_of(record).size, end, at)

    def _next(self, log: OwnLog, start: int, end: int, at: Authority) -> list[Charter]:
        if log.id not in self._charters:  # once, however many rivals there are
            every = records_in(log.leaves)
            self._charters[log.id] = [(i, one) for i, one in every if one.kind == "charter"]
        return [
            one.body
            for index, one in self._charters[log.id]
            if start <= index < end and isinstance(one.body, Charter) and at.judge(one) is None
        ]

    def of(self, rival: VerifiedRecord, at: Authority) -> list[Charter]:
        """The received charters in the branch that a node record opens, next after those `at`."""
        first = self._logs.get(opened_by(self._network, rival))
        opening = None if first is None else self._opening(first)
        if first is None or opening is None or opening.id != rival.id:
            return []
        logs = self._branch(first.id)
        return [one for log in logs for one in self._next(log, 0, self.received(log.id), at)]

    def _opening(self, log: OwnLog) -> VerifiedRecord | None:
        """The node record that a log begins with, if it is of its key."""
        one = log.opening
        return one if one is not None and opened_by(self._network, one) == log.id else None

    def _branch(self, first: LogId) -> Iterator[OwnLog]:
        """A log and all that continue it, by what their openings say."""
        for log in self._logs.values():
            at: LogId | None = log.id
            passed: set[LogId] = set()
            while at is not None and at != first and at not in passed:
                passed.add(at)
                at = self._before.get(at)
            if at == first:
                yield log

    def _cover_before(self, log_: LogId) -> None:
        """Whoever received a log has received what its opening names of those before."""
        passed: set[LogId] = set()
        while log_ in self._before and log_ not in passed:
            passed.add(log_)
            opening = self._logs[log_].opening
            before = self._logs.get(self._before[log_])
            if opening is None or before is None:
                return
            last = last_of(opening)
            if last.size > len(before.leaves):
                self.awaited[before.id] = min(last.size, self.awaited.get(before.id, last.size))
            elif before.has(last.size, last.root):
                self._covered[before.id] = max(last.size, self.received(before.id))
            log_ = before.id
