"""Going through one log of a council's chain, leaf by leaf, each judged at its place (AUT-2).

`Walk` holds what is given of a council and what has been found of it so far; which log comes
after which is for `confedproto.rules.chain`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from confedproto.bodies.charter import Charter
from confedproto.bodies.node import LastHead
from confedproto.bodies.suspension import Suspension
from confedproto.errors import Reason
from confedproto.ids import LogId, NetworkId, PublicKey, RecordId
from confedproto.limits import SUSPENSION_S
from confedproto.record import Leaf, PlainLeaf, VerifiedRecord
from confedproto.rules.authority import Authority
from confedproto.rules.confirmed import Confirmations
from confedproto.rules.given import (
    Carriage,
    OwnLog,
    meeting,
    offered,
    opened_by,
    place_fault,
    records_in,
    stays_home,
)
from confedproto.rules.life import State
from confedproto.spans import Spans

Uncut = tuple[Authority, set[RecordId]]  # who speaks at the end of a log, and what was said so far


@dataclass(slots=True, kw_only=True)
class Chain:
    """What counts. `faults` has one entry a leaf of each log that was reached."""

    authority: Authority
    log: LogId | None = None
    order: list[LogId] = field(default_factory=list)
    faults: dict[LogId, Spans[Reason | None]] = field(default_factory=dict)
    carried: dict[RecordId, Reason | None] = field(default_factory=dict)
    cuts: dict[LogId, int] = field(default_factory=dict)  # from here on a log counts no more
    past: dict[LogId, Reason] = field(default_factory=dict)  # and why
    stops: dict[tuple[PublicKey, int], int] = field(default_factory=dict)
    """Carried suspensions: key and charter version -> until when (SUS-2)."""
    other_branch: dict[LogId, LastHead] = field(default_factory=dict)  # kept, and not what we hold
    uncut: dict[LogId, Uncut] = field(default_factory=dict)  # as if nothing cut it (CER-6)
    plain: bool = False  # the next leaf of `log` can simply be admitted by `authority`
    awaits: dict[LogId, int] = field(default_factory=dict)  # sizes at which to judge again
    contested: bool = False  # what others receive of any of its logs may settle rivals (NOD-11)

    def state_at(self, now: int) -> State:
        """Where the council stands at `now` (seconds UTC), carried suspensions included."""
        state = self.authority.state_at(now)
        node = self.authority.node
        version = len(self.authority.charters)
        stopped = node is not None and now < self.stops.get((node.key, version), 0)
        return State.SUSPENDED if state is State.ACTIVE and stopped else state


Candidate = tuple[VerifiedRecord, Authority]  # a node record and the place that it names
Marks = dict[int, Authority]
Rivals = Mapping[int, Sequence[VerifiedRecord]]


class Walk:
    """What is given of one council, and what of it was found to count so far."""

    def __init__(
        self,
        network: NetworkId,
        logs: Mapping[LogId, OwnLog],
        carriages: Iterable[Carriage],
        receipted: Callable[[LogId], int],
        forked: Mapping[LogId, int],
        bad: Mapping[RecordId, Reason],
    ) -> None:
        self.network = network
        self.logs = logs
        self.carriages = sorted(carriages, key=lambda c: (c.size, c.time, c.record.id, c.carrier))
        self.receipted = receipted
        self.forked = forked
        self.bad = bad
        self.chain = Chain(authority=Authority(network))
        self.seen: set[RecordId] = set()
        self.stopped: set[tuple[PublicKey, int]] = set()  # carried suspensions by keyholder
        self.offers = offered(network, logs, self.carriages)
        self._confirmed: Confirmations | None = None

    @property
    def confirmed(self) -> Confirmations:
        """What others have received, looked up where rivals ask for it (NOD-11)."""
        if self._confirmed is None:
            self._confirmed = Confirmations(self.network, self.logs, self.receipted)
        return self._confirmed

    def opens(self, record: VerifiedRecord) -> LogId:
        """The log of the key that a node record names."""
        return opened_by(self.network, record)

    def walk(
        self,
        log: OwnLog,
        authority: Authority,
        opening: VerifiedRecord | None,
        end: int,
        wanted: set[int],
        rivals: Rivals,
        seen: set[RecordId],
    ) -> tuple[Spans[Reason | None], Marks]:
        """Admit leaves 0 to `end` in order; keeps the authority at the sizes `wanted`."""
        faults: Spans[Reason | None] = Spans()
        marks: Marks = {}
        halts = iter(sorted(size for size in {*wanted, *rivals} if size <= end))
        halt = next(halts, None)
        spans: list[tuple[int, int, Leaf | None]] = [*log.leaves.spans(0, end)]
        for start, stop, leaf in (*spans, (end, end + 1, None)):
            at = start
            while at < stop:
                if at == halt:
                    for rival in rivals.get(at, ()):
                        authority.meet_rival(rival)
                    if at in wanted:
                        marks[at] = authority.copy()
                    halt = next(halts, None)
                if leaf is None:
                    break  # the end, where nothing is left to admit
                alike = not isinstance(leaf, VerifiedRecord)
                until = min(stop, halt or stop) if alike else at + 1
                if isinstance(leaf, VerifiedRecord):
                    fault = self.admit(log, authority, opening, leaf, at, seen)
                elif isinstance(leaf, PlainLeaf):
                    fault = authority.judge(leaf.example)
                else:
                    fault = leaf.reason
                faults.repeat(fault, until - at)
                at = until
        return faults, marks

    def admit(
        self,
        log: OwnLog,
        authority: Authority,
        opening: VerifiedRecord | None,
        leaf: VerifiedRecord,
        index: int,
        seen: set[RecordId],
    ) -> Reason | None:
        if leaf.id in seen or (opening is not None and leaf.id == opening.id):
            seen.add(leaf.id)
            return None
        fault = place_fault(self.network, log, leaf, index) or authority.admit(leaf)
        fault = fault or self.bad.get(leaf.id)
        if fault is None:
            seen.add(leaf.id)
        return fault

    # --- carriage -----------------------------------------------------------------------------

    def rivals(self, log: OwnLog, marks: Marks, end: int) -> Rivals:
        """Carried charters by the index at which they meet the log's own (CHA-7).

        One that others have received is met by none: what counted keeps counting.
        """
        out: dict[int, list[VerifiedRecord]] = {}
        own = {leaf.id for _, leaf in records_in(log.leaves)}
        for carriage in self.carriages:
            record, at = carriage.record, marks.get(carriage.size)
            if carriage.log != log.id or not isinstance(record.body, Charter):
                continue
            if at is None or not log.has(carriage.size, carriage.root) or record.id in own:
                continue
            met = meeting(log, record, carriage.size)
            if met is not None and self.receipted(log.id) <= met < end and at.judge(record) is None:
                found = out.setdefault(met + 1, [])
                if all(other.id != record.id for other in found):
                    found.append(record)
        return out

    def carry(self, log: OwnLog, marks: Marks) -> None:
        for carriage in self.carriages:
            if carriage.log != log.id or carriage.carrier in self.chain.carried:
                continue
            at = marks.get(carriage.size)
            if at is None or not log.has(carriage.size, carriage.root):
                continue
            fault = at.judge(carriage.record)
            if fault is None and stays_home(self.network, carriage.record):
                fault = Reason.LOG_ID
            if fault is None and carriage.record.kind == "recall":
                known = carriage.record.subject in at.mandates
                fault = None if known else Reason.MANDATE_UNKNOWN
            if fault is None and isinstance(carriage.record.body, Suspension):
                fault = self.stop(carriage, carriage.record.body)
            self.chain.carried[carriage.carrier] = fault

    def stop(self, carriage: Carriage, suspension: Suspension) -> Reason | None:
        record = carriage.record
        target = PublicKey(suspension.key), record.charter
        if suspension.lift:
            self.chain.stops.pop(target, None)
            return None
        once = (record.signers[0], record.charter)
        if once in self.stopped:
            return Reason.SUSPENSION_AGAIN
        self.stopped.add(once)
        until = max(record.time, carriage.time) + SUSPENSION_S
        self.chain.stops[target] = max(until, self.chain.stops.get(target, 0))
        return None
