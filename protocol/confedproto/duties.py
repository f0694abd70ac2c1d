"""What a node must sign of its own accord: witness records, votes and locks (specs/07, 10).

Duties follow from the view and the time alone; a node that was away does at its start what
is still to be done. Nothing here closes or decides a motion.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from confedproto.bodies.freeze import Freeze
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.types import Body
from confedproto.bodies.witness import Witness, WitnessedHead
from confedproto.errors import Reason
from confedproto.gossip import logs_to_witness
from confedproto.ids import CouncilId, LogId, RecordId
from confedproto.record import VerifiedRecord, encode_heads, heads_of
from confedproto.rules.passing import chain_fault
from confedproto.view import Log, View
from confedproto.voting import Voting

LAST_DAY_S: Final = 86_400
"""How long before its close a vote is in its last day."""
LAST_DAY_INTERVAL_S: Final = 300
"""The witness interval then, where the compact's is longer."""
_MEMBERSHIP: Final = frozenset({"accession", "charter", "compact", "link", "guest"})
"""Kinds that change who is in a compact, and so what a waiting motion is."""
_FROM_FREEZE: Final = frozenset({"freeze", "lock", "status", "vote"})
"""Kinds that make a motion ours to look at."""
_BEARING: Final = frozenset({"position", "second"})
"""Kinds that a motion we are looking at may be waiting for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A body to sign with the node key, its subject, and its detached part."""

    body: Body
    subject: RecordId | None = None
    part: bytes | None = None


class Duties:
    """The node's calendar. Times are milliseconds."""

    def __init__(self, view: View, council: CouncilId) -> None:
        self._view: Final = view
        self._council: Final = council
        self._motions: dict[RecordId, int] = {}  # frozen, ours to vote on -> when to look
        self._waiting: set[RecordId] = set()  # nothing to do before another record arrives
        self._done: set[RecordId] = set()  # certified, and our part is done
        self._unwitnessed: set[LogId] = set()
        self._witnessed: dict[LogId, int] = {}
        self._last_witness_s = 0
        self._links: dict[RecordId, set[RecordId]] = {}  # by the mandate that they pass on
        self._circle: tuple[set[CouncilId], int] | None = None
        self._last_days: dict[RecordId, tuple[int, int]] = {}  # of motions: from, until (seconds)
        self._voting: Final = Voting(view, council)

    def note(self, log: Log, record: VerifiedRecord) -> None:
        """A record was admitted into the view: what does it ask of us?"""
        self._note_link(record)
        if record.kind in _MEMBERSHIP:
            self._circle = None
            self._look(*self._waiting)
        if log.council == self._council:
            if isinstance(record.body, Witness) and record.part is not None:
                self._last_witness_s = max(self._last_witness_s, record.time)
                for head in heads_of(record.part):
                    self._witnessed[LogId(head.log)] = head.size
        elif log.receipts_size > self._witnessed.get(log.id, 0):
            self._unwitnessed.add(log.id)
        if isinstance(record.body, Freeze) and record.subject is not None:
            closes = record.body.closes
            before = self._last_days.get(record.subject, (closes, closes))[1]
            self._last_days[record.subject] = (closes - LAST_DAY_S, max(before, closes))
        motion = record.id if record.kind == "motion" else record.subject
        if motion is None or motion in self._done:
            return
        if record.kind in _FROM_FREEZE or motion in self._waiting:
            self._look(motion)

    def _note_link(self, record: VerifiedRecord) -> None:
        """A mandate that passes another on, or the one above, brings a meeting into the circle."""
        if isinstance(record.body, Mandate) and record.body.above is not None:
            self._links.setdefault(RecordId(record.body.above), set()).add(record.id)
            self._circle = None
        elif record.id in self._links:
            self._circle = None

    def _look(self, *motions: RecordId) -> None:
        self._waiting.difference_update(motions)
        self._motions.update(dict.fromkeys(motions, 0))

    def next_deadline(self, now: int) -> int | None:
        """When `due` will have something to say (milliseconds), or None."""
        times = list(self._motions.values())
        if self._grown():
            times.append(self._witness_due(now))
        return min(times, default=None)

    def due(self, now: int) -> list[Duty]:
        """What is to be signed at `now`, in the order in which it goes into the log."""
        out = self._witness(now)
        for motion, due in list(self._motions.items()):
            if due > now:
                continue
            asked = self._voting.asked(motion, now)
            out.extend(Duty(body=body, subject=motion) for body in asked.bodies)
            del self._motions[motion]
            if asked.done:
                self._done.add(motion)
                continue
            if asked.listens:
                self._waiting.add(motion)
            if asked.again is not None:
                self._motions[motion] = asked.again
        return out

    # --- witness records --------------------------------------------------------------------

    def _partners(self) -> tuple[set[CouncilId], int]:
        """The councils that share a compact with us, those that pass on a mandate of one of them,
        and the shortest witness interval.
        """
        if self._circle is None:
            partners: set[CouncilId] = set()
            interval = 3_600
            for placed in self._view.of_kind("compact"):
                members = self._view.members(placed.record.id)
                found = self._view.compact(placed.record.id)
                if self._council in members and not isinstance(found, Reason):
                    partners.update(members, self._meetings(placed.record.id, members))
                    interval = min(interval, found[1].windows.witness)
            self._circle = (partners - {self._council}, interval)
        return self._circle

    def _meetings(self, compact: RecordId, members: Collection[CouncilId]) -> Iterator[CouncilId]:
        """Who has passed on a member's mandate: acts under it need our receipts (LVL-4, WIT-1)."""
        records = self._view.records
        for mandate, links in self._links.items():
            above = records.get(mandate)
            if above is None or above.record.council not in members:
                continue
            for link in (records[one].record for one in links if one in records):
                upper, lower = above.record.body, link.body
                if not isinstance(upper, Mandate) or not isinstance(lower, Mandate):
                    continue
                if lower.compact == compact and chain_fault(upper, lower, link.signers) is None:
                    yield link.council

    def _grown(self) -> list[Log]:
        logs = [self._view.logs[log] for log in self._unwitnessed]
        partners = self._partners()[0]
        return logs_to_witness(logs, self._witnessed, partners) if partners else []

    def _witness_due(self, now: int) -> int:
        """When the next witness record may come: sooner on the last day of a vote (WIT-4)."""
        last, interval = self._last_witness_s, self._partners()[1]
        over = [motion for motion, (_, until) in self._last_days.items() if until * 1000 < now]
        for motion in over:
            del self._last_days[motion]
        due = last + interval
        for begins, until in self._last_days.values():
            if (soon := max(begins, last + LAST_DAY_INTERVAL_S)) <= until:
                due = min(due, soon)
        return due * 1000

    def _witness(self, now: int) -> list[Duty]:
        """The witness record that is due, if one is: at most one an interval (WIT-1)."""
        if now < self._witness_due(now):
            return []
        grown = self._grown()
        if not grown:
            return []
        heads = [
            WitnessedHead(log=log.id, size=log.tree.size, root=log.tree.root()) for log in grown
        ]
        part, root = encode_heads(heads)
        self._unwitnessed -= {log.id for log in grown}
        return [Duty(body=Witness(count=len(heads), root=root), part=part)]
