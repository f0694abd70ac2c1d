"""What is known beyond one motion: the `World` of its case, over a view's records.

Motions may rest on each other: a freeze on the motion that admitted a council, a second reading on
the first. Every such question asks about voting that closed strictly before, so the answers never
go in a circle. They may go back as far as there are motions; so what a motion rests on is judged
from a list, each voting once, and never by one judgement inside another (STA-9).
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from confedproto.bodies.compact import Compact
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.errors import Reason
from confedproto.ids import CouncilId, LogId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.case import Case, Placed
from confedproto.rules.compact import Member
from confedproto.rules.membership import EVER
from confedproto.rules.motion import MotionStatus, status
from confedproto.rules.states import State
from confedproto.rules.tally import Outcome

NAMED_BY = "named-by"
"""Under this name the motions that name a record are kept beside those that have it as subject."""
VERSION = "version"
"""Under this name the proposed versions of a compact are kept, by its founding record."""


def names_of(body: object) -> set[bytes]:
    """The records that a motion names otherwise than as its subject."""
    if not isinstance(body, Motion):
        return set()
    lists = (body.supersedes, body.repeals, body.depends, body.contradicts)
    single = (body.target, body.first, body.parent)
    return {*(one for some in lists for one in some or ()), *(one for one in single if one)}


def version_of(
    records: Mapping[RecordId, Placed], motion: Motion, founding: Compact
) -> Compact | Reason:
    """The version of the compact that a motion runs under, or COMPACT_VERSION (REV-3)."""
    if motion.version is None:
        return founding
    placed = records.get(RecordId(motion.version))
    body = placed.record.body if placed is not None else None
    return body if isinstance(body, Compact) else Reason.COMPACT_VERSION


def reaches_far(
    leaf: VerifiedRecord,
    records: Mapping[RecordId, Placed],
    about: Callable[[RecordId, str], Sequence[Placed]],
) -> bool:
    """Whether a record may change the status of motions that it is not about."""
    if leaf.kind in ("accession", "exit", "link", "guest", "ratify", "roll", "compact"):
        return True
    if leaf.kind == "motion":
        return bool(names_of(leaf.body))
    if leaf.kind not in ("freeze", "position", "vote", "status", "lock") or leaf.subject is None:
        return False
    motion = records.get(leaf.subject)
    targeted = motion is not None and getattr(motion.record.body, "target", None) is not None
    return targeted or bool(about(leaf.subject, NAMED_BY))


class Known:
    """The answers of a view to the rules, each of which only ever grows."""

    def __init__(
        self,
        records: Mapping[RecordId, Placed],
        about: Callable[[RecordId, str], Sequence[Placed]],
        of_kind: Callable[[str], Sequence[Placed]],
        compact: Callable[[RecordId], tuple[VerifiedRecord, Compact] | Reason],
        admitted: Callable[[RecordId], Mapping[CouncilId, Member]],
        case: Callable[[RecordId], Case | Reason],
        status_of: Callable[[RecordId, int], MotionStatus | Reason],
        ends: Callable[[CouncilId], Sequence[tuple[LogId, int]]],
    ) -> None:
        self._records, self._about, self._of_kind = records, about, of_kind
        self._compact, self._admitted = compact, admitted
        self._case, self._status, self._ends = case, status_of, ends
        self._steps: dict[RecordId, _Steps] = {}
        self._judged: dict[_Voting, _Decided | None] | None = None  # while a question is open

    def placed(self, record: RecordId) -> Placed | None:
        """An admitted record, or None."""
        return self._records.get(record)

    def about(self, subject: RecordId, kind: str) -> Sequence[Placed]:
        """The admitted records of a kind with this subject."""
        return self._about(subject, kind)

    def of_kind(self, kind: str) -> Sequence[Placed]:
        """All admitted records of a kind."""
        return self._of_kind(kind)

    def has_left(self, compact: RecordId, record: Placed) -> bool:
        """Whether its council had left where a record stands: exit, no accession since (EXI-1).

        Asked of every second, dispute and finding, so what a council said is sorted once: else
        one that leaves and returns a thousand times makes each of a thousand answers a walk.
        """
        exits, accessions = tuple(self._about(compact, "exit")), self._about(compact, "accession")
        said = (exits, tuple(accessions))
        known = self._steps.get(compact)
        if known is None or known[0] != said:
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
        return self._about(named, NAMED_BY)

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
        freezes = self._about(motion, "freeze")
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
