"""What is known beyond one motion: the `World` of its case, over a view's records.

Motions may rest on each other: a freeze on the motion that admitted a council, a second reading on
the first. Every such question asks about voting that closed strictly before, so the answers never
go in a circle. They may go back as far as there are motions; so what a motion rests on is judged
from a list, each voting once, and never by one judgement inside another (STA-9).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from confedproto.bodies.compact import Compact
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.errors import Reason
from confedproto.ids import CouncilId, LogId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.case import (
    NOT_WITHDRAWN,
    Case,
    Placed,
    Withdrawals,
    first_accessions,
)
from confedproto.rules.compact import Member
from confedproto.rules.membership import EVER
from confedproto.rules.motion import MotionStatus, status
from confedproto.rules.receipts import WitnessLine
from confedproto.rules.shelves import NAMED_BY, Shelves, names_of, of_class
from confedproto.rules.states import State
from confedproto.rules.tally import Outcome

_FAR: Final = frozenset({"accession", "exit", "link", "guest", "ratify", "roll", "compact"})
_NEAR: Final = frozenset({"freeze", "position", "vote", "status", "lock"})


def version_of(
    records: Mapping[RecordId, Placed], motion: Motion, founding: Compact
) -> Compact | Reason:
    """The version of the compact that a motion runs under, or COMPACT_VERSION (REV-3)."""
    if motion.version is None:
        return founding
    placed = records.get(RecordId(motion.version))
    body = placed.record.body if placed is not None else None
    return body if isinstance(body, Compact) else Reason.COMPACT_VERSION


def reaches_far(leaf: VerifiedRecord, records: Mapping[RecordId, Placed], shelves: Shelves) -> bool:
    """Whether a record may change the status of motions that it is not about."""
    if leaf.kind in _FAR:
        return True
    if leaf.kind == "motion":
        return bool(names_of(leaf.body))
    if leaf.kind not in _NEAR or leaf.subject is None:
        return False
    motion = records.get(leaf.subject)
    targeted = motion is not None and getattr(motion.record.body, "target", None) is not None
    return targeted or bool(shelves.about(leaf.subject, NAMED_BY))


class Known:
    """The answers of a view to the rules, each of which only ever grows."""

    def __init__(
        self,
        records: Mapping[RecordId, Placed],
        shelves: Shelves,
        compact: Callable[[RecordId], tuple[VerifiedRecord, Compact] | Reason],
        admitted: Callable[[RecordId], Mapping[CouncilId, Member]],
        case: Callable[[RecordId], Case | Reason],
        status_of: Callable[[RecordId, int], MotionStatus | Reason],
        ends: Callable[[CouncilId], Sequence[tuple[LogId, int]]],
    ) -> None:
        self._records, self._shelves = records, shelves
        self._compact, self._admitted = compact, admitted
        self._case, self._status, self._ends = case, status_of, ends
        self._steps: dict[RecordId, _Steps] = {}
        self._taken: dict[RecordId, tuple[tuple[Placed, ...], Withdrawals]] = {}
        self._firsts: dict[RecordId, _Firsts] = {}
        self._judged: dict[_Voting, _Decided | None] | None = None  # while a question is open

    def gather(
        self,
        motion: RecordId,
        lines_of: Callable[[LogId], Iterable[WitnessLine]],
        statuses: Sequence[Placed] = (),
    ) -> Case | Reason:
        """Everything that bears on a motion, or why it cannot be judged yet."""
        placed = self._records.get(motion)
        if placed is None or not isinstance(placed.record.body, Motion):
            return Reason.MOTION_UNKNOWN
        compact_id = placed.record.subject
        if compact_id is None:
            return Reason.COMPACT_UNKNOWN
        found = self._compact(compact_id)
        if isinstance(found, Reason):
            return found
        terms = version_of(self._records, placed.record.body, found[1])
        if isinstance(terms, Reason):
            return terms
        return Case(
            motion=placed,
            compact_id=compact_id,
            compact=terms,
            members=self._admitted(compact_id),
            seconds=self.about(motion, "second"),
            freezes=self.about(motion, "freeze"),
            positions=self.about(motion, "position"),
            votes=self.about(motion, "vote"),
            locks=self.about(motion, "lock"),
            lines_of=lines_of,
            statuses=statuses,
            world=self,
        )

    def placed(self, record: RecordId) -> Placed | None:
        """An admitted record, or None."""
        return self._records.get(record)

    def about(self, subject: RecordId, kind: str) -> Sequence[Placed]:
        """The admitted records of a kind with this subject."""
        return self._shelves.about(subject, kind)

    def of_kind(self, kind: str) -> Sequence[Placed]:
        """All admitted records of a kind."""
        return self._shelves.of_kind(kind)

    def motions(self, compact: RecordId, name: str) -> Sequence[Placed]:
        """The motions of a class in a compact."""
        return self._shelves.about(compact, of_class(name))

    def has_left(self, compact: RecordId, record: Placed) -> bool:
        """Whether its council had left where a record stands: exit, no accession since (EXI-1).

        Asked of every second, dispute and finding, so what a council said is sorted once: else
        one that leaves and returns a thousand times makes each of a thousand answers a walk.
        """
        exits = self._shelves.about(compact, "exit")
        said = exits, self._shelves.about(compact, "accession")
        known = self._steps.get(compact)
        if known is None or known[0][0] is not exits or known[0][1] is not said[1]:
            steps: dict[CouncilId, dict[LogId, list[tuple[int, bool]]]] = {}
            for placed in (*said[0], *said[1]):
                row = (placed.index, placed.record.kind == "exit")
                of = steps.setdefault(placed.record.council, {})
                of.setdefault(placed.log, []).append(row)
            for of in steps.values():
                for rows in of.values():
                    rows.sort()
            known = said, steps
            self._steps[compact] = known
        of = known[1].get(record.record.council, {})
        if not of:
            return False
        for log, end in self._before(record):
            rows = of.get(log, [])
            at = bisect_left(rows, (end, False))
            if at:
                return rows[at - 1][1]
        return False

    def first_accessions(self, compact: RecordId) -> Mapping[CouncilId, Sequence[Placed]]:
        """By council the accessions that can have admitted it (ACC-3): asked for each second."""
        said, known = self._shelves.about(compact, "accession"), self._firsts.get(compact)
        if known is None or known[0] is not said:
            known = self._firsts[compact] = said, first_accessions(self, compact)
        return known[1]

    def withdrawals(self, motion: Placed) -> Withdrawals:
        """The mover's records that take a motion back (MOT-8): asked for each takeover."""
        one = motion.record.id
        said, known = self._shelves.about(one, "withdraw"), self._taken.get(one)
        if not said:
            return NOT_WITHDRAWN
        if known is None or known[0] is not said:
            own = [placed for placed in said if placed.record.council == motion.record.council]
            own.sort(key=lambda placed: (placed.record.time, placed.index))
            firsts = {p.log: p for p in sorted(own, key=lambda p: p.index, reverse=True)}
            found = Withdrawals(by_time=own, firsts=list(firsts.values()))
            known = self._taken[one] = said, found
        return known[1]

    def precedes(self, one: Placed, other: Placed) -> bool:
        """Whether `one` stands before `other` in their council's chain of logs (AUT-4)."""
        if one.log == other.log:
            return one.index < other.index
        return any(log == one.log and one.index < end for log, end in self._before(other))

    def _before(self, record: Placed) -> list[tuple[LogId, int]]:
        """What stands before a record: its own log up to it, then the older logs, the last first.

        Of an old log only what the next one names: the rest may be shown late (NOD-6).
        """
        out = [(record.log, record.index)]
        order = self._ends(record.record.council)
        at = next((at for at, (log, _) in enumerate(order) if log == record.log), 0)
        return [*out, *reversed(order[:at])]

    def naming(self, named: RecordId) -> Sequence[Placed]:
        """The motions that name a record."""
        return self._shelves.about(named, NAMED_BY)

    def compact(self, compact: RecordId) -> Compact | None:
        """The body of a founded compact, or None."""
        found = self._compact(compact)
        return None if isinstance(found, Reason) else found[1]

    def admitted(self, compact: RecordId) -> Mapping[CouncilId, Member]:
        """The councils that a compact ever admitted; empty if it is not founded."""
        return self._admitted(compact)

    def outcome(self, motion: RecordId, before: int) -> Outcome | None:
        """The certified outcome of a motion whose voting closed before a time, or None."""
        decided = self._decided(motion, before)
        return None if decided is None else decided[0]

    def closed(self, motion: RecordId, before: int) -> int | None:
        """When the voting closed that gave this outcome, seconds UTC; None without one."""
        decided = self._decided(motion, before)
        return None if decided is None else decided[1]

    def _decided(self, motion: RecordId, before: int) -> "_Decided | None":
        voting = self._voting(motion, before)
        if voting is None:
            return None
        if self._judged is not None:  # asked by a judgement: it waits for what it rests on
            if voting not in self._judged:
                raise _Awaited(voting)
            return self._judged[voting]
        self._judged = judged = {}
        waiting = [voting]
        try:
            while waiting:
                try:
                    judged[waiting[-1]] = self._judge(waiting[-1])
                except _Awaited as first:
                    waiting.append(first.voting)
                else:
                    waiting.pop()
        finally:
            self._judged = None
        return judged[voting]

    def _voting(self, motion: RecordId, before: int) -> "_Voting | None":
        placed = self._records.get(motion)
        if placed is None:
            return None
        freezes = self._shelves.about(motion, "freeze")
        closed = frozenset(p.record.id for p in freezes if _closed(placed, p, before))
        if not closed:
            return None
        return _Voting(motion=motion, freezes=closed, all=len(closed) == len(freezes))

    def _judge(self, voting: "_Voting") -> "_Decided | None":
        """What is certified on these freezes alone; `_Awaited` if it rests on another."""
        if voting.all:
            found = self._status(voting.motion, EVER)
        else:
            case = self._case(voting.motion)
            if isinstance(case, Reason):
                return None
            closed = [p for p in case.freezes if p.record.id in voting.freezes]
            found = status(replace(case, freezes=closed), EVER)
        if isinstance(found, Reason) or found.state is not State.FINAL:
            return None
        freeze = found.freeze.record.body if found.freeze is not None else None
        if found.outcome is None or not isinstance(freeze, Freeze):
            return None
        return found.outcome, freeze.closes


_Steps = tuple[
    tuple[tuple[Placed, ...], tuple[Placed, ...]],
    dict[CouncilId, dict[LogId, list[tuple[int, bool]]]],
]
"""The exits and accessions of a compact; by council and log their indices, and which are exits."""
_Firsts = tuple[tuple[Placed, ...], Mapping[CouncilId, Sequence[Placed]]]
"""The accessions of a compact, and of each council those that can have admitted it."""
_Decided = tuple[Outcome, int]
"""A certified outcome, and when the voting on its freeze closed, seconds UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Voting:
    """The freezes of a motion that are asked about; `all`: there is no other."""

    motion: RecordId
    freezes: frozenset[RecordId]
    all: bool


class _Awaited(Exception):
    """A judgement rests on a voting that is not judged yet."""

    def __init__(self, voting: _Voting) -> None:
        super().__init__()
        self.voting: Final = voting


def _closed(motion: Placed, freeze: Placed, before: int) -> bool:
    body = freeze.record.body
    # A freeze that closes before its motion was written is never valid; asking would go in circles.
    return isinstance(body, Freeze) and motion.record.time <= body.closes < before
