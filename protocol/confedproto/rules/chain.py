"""One council's chain of logs: what of it counts, judged at each record's place (specs/04, AUT).

A server that is replaced leaves its log behind; the next begins with the node record that
names how far the old one was good. `fold` takes all that is held of a council, in whatever
order it came, and says leaf by leaf what counts. It is a pure function of a set: no order
of arrival, no clock.

    log 1   charter 1 | node 1 | ... | last good | void, but kept
                                               |
    log 2                                    node 2 | ...
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from confedproto.bodies.charter import Charter
from confedproto.bodies.node import LastHead, Node
from confedproto.bodies.suspension import Suspension
from confedproto.errors import Reason
from confedproto.ids import Hash, LogId, NetworkId, PublicKey, RecordId
from confedproto.limits import SUSPENSION_S
from confedproto.record import Leaf, PlainLeaf, VerifiedRecord
from confedproto.rules.authority import Authority
from confedproto.rules.given import (
    Carriage,
    OwnLog,
    last_of,
    opened_by,
    place_fault,
    records_in,
    stays_home,
    with_final_words,
)
from confedproto.rules.life import Event, State
from confedproto.spans import Spans


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
    stops: dict[PublicKey, int] = field(default_factory=dict)  # carried suspensions: until when
    other_branch: dict[LogId, LastHead] = field(default_factory=dict)  # kept, and not what we hold
    uncut: dict[LogId, Authority] = field(default_factory=dict)  # as if nothing cut it (CER-6)
    plain: bool = False  # the next leaf of `log` can simply be admitted by `authority`
    awaits: dict[LogId, int] = field(default_factory=dict)  # sizes at which to judge again

    def state_at(self, now: int) -> State:
        """Where the council stands at `now` (seconds UTC), carried suspensions included."""
        state = self.authority.state_at(now)
        node = self.authority.node
        stopped = node is not None and now < self.stops.get(node.key, 0)
        return State.SUSPENDED if state is State.ACTIVE and stopped else state


def fold(
    network: NetworkId,
    logs: Mapping[LogId, OwnLog],
    carriages: Iterable[Carriage],
    receipted: Callable[[LogId], int],
    forked: Mapping[LogId, int],
    bad: Mapping[RecordId, Reason],
) -> Chain:
    """Judge all that is held of one council (AUT-1 to AUT-6, NOD, CHA, FRK, CAR).

    `receipted` is the largest size of a log that enough others have witnessed; `forked`
    the smaller size of a fork proof about a log; `bad` are records that contradict themselves.
    """
    work = _Fold(network, logs, carriages, receipted, forked, bad)
    work.run()
    return work.chain


Marks = dict[int, Authority]
Rivals = Mapping[int, Sequence[VerifiedRecord]]


class _Fold:
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
        self.offers: dict[LogId, dict[RecordId, VerifiedRecord]] = {}
        for record in self._node_records():
            if not stays_home(network, record):
                self.offers.setdefault(LogId(last_of(record).log), {})[record.id] = record

    def _node_records(self) -> Iterable[VerifiedRecord]:
        """Every node record that opens another log than the one it stands in."""
        for log in self.logs.values():
            for index, leaf in records_in(log.leaves):
                if not isinstance(leaf.body, Node):
                    continue
                if index == 0 or self._opens(leaf) != log.id:
                    yield leaf
        yield from (c.record for c in self.carriages if c.record.kind == "node")

    def _opens(self, record: VerifiedRecord) -> LogId:
        """The log of the key that a node record names."""
        return opened_by(self.network, record)

    # --- the walk ---------------------------------------------------------------------------

    def run(self) -> None:
        authority = Authority(self.network)
        current, opening, forced = self._start(authority)
        while current is not None:
            self.chain.authority = authority
            after = self._one_log(current, authority, opening, forced)
            current = None
            if len(after) == 1:
                opening, forced = after[0], None
                authority.enter(Event.REPLACEMENT, opening)
                current = self._opens(opening)
            elif len(after) > 1:
                found = self._repaired(after, authority)
                if found is not None:
                    opening, forced = found
                    current = self._opens(opening)
        for carriage in self.carriages:
            self.chain.carried.setdefault(carriage.carrier, Reason.CARRIED_HEAD)

    def _start(
        self, authority: Authority
    ) -> tuple[LogId | None, VerifiedRecord | None, VerifiedRecord | None]:
        """The log that the chain begins with, and where two could, what settles it (NOD-7)."""
        founding = [self.logs[one] for one in sorted(self.logs) if self.logs[one].charter]
        charter = founding[0].charter if founding else None
        if charter is None:
            return None, None, None
        trial = authority.copy()
        trial.admit(charter)
        firsts = [(log, node) for log in founding if (node := log.opening) is not None]
        rivals = [n for log, n in firsts if self._opens(n) == log.id and trial.judge(n) is None]
        if len(rivals) < 2:
            return (self._opens(rivals[0]) if rivals else founding[0].id), None, None
        authority.admit(charter)
        self.seen.add(charter.id)
        self.chain.authority, self.chain.log = authority, founding[0].id
        found = self._repaired(sorted(rivals, key=lambda node: node.id), authority)
        return (None, None, None) if found is None else (self._opens(found[0]), *found)

    def _one_log(
        self,
        log_: LogId,
        authority: Authority,
        opening: VerifiedRecord | None,
        forced: VerifiedRecord | None,
    ) -> list[VerifiedRecord]:
        """Fold one log of the chain as far as it counts; returns what may follow it."""
        log = self.logs.get(log_) or OwnLog(id=log_, leaves=Spans(), root_at=_no_root)
        offers = [] if forced else list(self.offers.get(log_, {}).values())
        if not (forced or offers or self.carriages or log_ in self.forked):  # nothing reaches back
            faults, _ = self._walk(log, authority, opening, len(log.leaves), set(), {}, self.seen)
            self.chain.faults[log_], self.chain.log = faults, log_
            self.chain.order.append(log_)
            self.chain.plain = bool(log.leaves)
            return []
        wanted = {last_of(o).size for o in offers} | {
            c.size for c in self.carriages if c.log == log_
        }
        trial = authority.copy()
        uncut, marks = self._walk(log, trial, opening, len(log.leaves), wanted, {}, set(self.seen))
        after = [forced] if forced else self._successors(log, offers, marks, trial)
        cut, past = self._cut(log, after)
        end = len(log.leaves)
        if cut is not None:
            self.chain.cuts[log_], self.chain.past[log_] = cut, past
            end = min(cut, end)
        rivals = self._rivals(log, marks, end)
        faults, marks = self._walk(log, authority, opening, end, wanted, rivals, self.seen)
        self.chain.faults[log_] = with_final_words(log, faults, uncut, past)
        if cut is not None:
            self.chain.uncut[log_] = trial
        self.chain.order.append(log_)
        self._carry(log, marks)
        if cut is not None and not after:
            authority.state = State.LOG_FORK
        self.chain.log = log_
        self.chain.plain = cut is None and not rivals and bool(log.leaves)
        waits = [size for size in wanted if size > len(log.leaves)]
        if waits:
            self.chain.awaits[log_] = min(waits)
        return after

    def _walk(
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
                    fault = self._admit(log, authority, opening, leaf, at, seen)
                elif isinstance(leaf, PlainLeaf):
                    fault = authority.judge(leaf.example)
                else:
                    fault = leaf.reason
                faults.repeat(fault, until - at)
                at = until
        return faults, marks

    def _admit(
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

    # --- what follows a log -----------------------------------------------------------------

    def _successors(
        self, log: OwnLog, offers: Sequence[VerifiedRecord], marks: Marks, trial: Authority
    ) -> list[VerifiedRecord]:
        out: list[VerifiedRecord] = []
        for record in sorted(offers, key=lambda r: r.id):
            last = last_of(record)
            at = marks.get(last.size)
            if at is not None and log.has(last.size, last.root):
                if at.judge(record) is None:
                    out.append(record)
            elif log.id in self.forked and trial.judge(record) is None:
                self.chain.other_branch[log.id] = last
        return out

    def _cut(self, log: OwnLog, after: Sequence[VerifiedRecord]) -> tuple[int | None, Reason]:
        """Where a log ends to count, receipted records excepted (NOD-6, FRK-5)."""
        if after:
            size = min(last_of(record).size for record in after)
            reason = Reason.NODE_REPLACED if len(after) == 1 else Reason.NODE_FORK
            return max(size, self.receipted(log.id)), reason
        if log.id in self.forked:
            return max(self.forked[log.id], self.receipted(log.id)), Reason.LOG_FORK
        return None, Reason.NODE_REPLACED

    def _repaired(
        self, rivals: Sequence[VerifiedRecord], common: Authority
    ) -> tuple[VerifiedRecord, VerifiedRecord] | None:
        """The kept one of rival node records and the record that repairs, if it is there (NOD-7).

        `common` is the chain where the rivals begin: its threshold alone can repair. What
        was receipted of a branch that is not kept counts all the same.
        """
        repairs: list[tuple[VerifiedRecord, VerifiedRecord]] = []
        for rival in rivals:
            log = self.logs.get(self._opens(rival))
            for offer in self.offers.get(self._opens(rival), {}).values():
                last = last_of(offer)
                if log is not None and last.size > len(log.leaves):
                    before = self.chain.awaits.get(log.id, last.size)
                    self.chain.awaits[log.id] = min(before, last.size)
                if log is None or not log.has(last.size, last.root):
                    continue
                closed = {self._opens(one) for one in rivals}  # (NOD-5)
                if self._opens(offer) not in closed and common.repairs(offer, rival.id):
                    repairs.append((rival, offer))
        kept = repairs[0] if len(repairs) == 1 else None
        for rival in rivals:
            if kept is None or rival.id != kept[0].id:
                self._branch(rival, common)
        common.state = State.NODE_FORK
        if kept is None:
            self.chain.plain = False
            return None
        common.enter(Event.NODE_REPAIR, kept[0])
        return kept

    def _branch(self, rival: VerifiedRecord, common: Authority) -> None:
        """A branch that is not kept: only what enough others received of it counts."""
        log = self.logs.get(self._opens(rival))
        if log is None:
            return
        authority = common.copy()
        authority.enter(Event.REPLACEMENT, rival)
        trial = authority.copy()
        uncut, _ = self._walk(log, trial, rival, len(log.leaves), set(), {}, set(self.seen))
        sure = 0 if log.charter is None else 1  # both of two first logs begin with the charter
        end = min(max(self.receipted(log.id), sure), len(log.leaves))
        faults, _ = self._walk(log, authority, rival, end, set(), {}, self.seen)
        self.chain.faults[log.id] = with_final_words(log, faults, uncut, Reason.NODE_FORK)
        self.chain.uncut[log.id] = trial
        self.chain.order.append(log.id)
        self.chain.cuts[log.id], self.chain.past[log.id] = end, Reason.NODE_FORK

    # --- carriage -----------------------------------------------------------------------------

    def _rivals(self, log: OwnLog, marks: Marks, end: int) -> Rivals:
        """Carried charters by the index at which they meet the log's own (CHA-7).

        Not before what others have received: a record that counted stays counted.
        """
        out: dict[int, list[VerifiedRecord]] = {}
        own = {leaf.id for _, leaf in records_in(log.leaves)}
        for carriage in self.carriages:
            record, at = carriage.record, marks.get(carriage.size)
            if carriage.log != log.id or not isinstance(record.body, Charter):
                continue
            if at is None or not log.has(carriage.size, carriage.root) or record.id in own:
                continue
            if at.judge(record) is None:
                meets = self._meets(log, record, carriage.size)
                if meets is not None and max(meets, self.receipted(log.id)) <= end:
                    found = out.setdefault(max(meets, self.receipted(log.id)), [])
                    if all(other.id != record.id for other in found):
                        found.append(record)
        return out

    @staticmethod
    def _meets(log: OwnLog, record: VerifiedRecord, start: int) -> int | None:
        """Just after the log's own charter of the same number, or None: then it waits."""
        for index, leaf in records_in(log.leaves, start):
            same = isinstance(leaf.body, Charter) and leaf.charter == record.charter
            if same and leaf.id != record.id:
                return index + 1
        return None

    def _carry(self, log: OwnLog, marks: Marks) -> None:
        for carriage in self.carriages:
            if carriage.log != log.id or carriage.carrier in self.chain.carried:
                continue
            at = marks.get(carriage.size)
            if at is None or not log.has(carriage.size, carriage.root):
                continue
            fault = at.judge(carriage.record)
            if fault is None and stays_home(self.network, carriage.record):
                fault = Reason.LOG_ID
            if fault is None and isinstance(carriage.record.body, Suspension):
                fault = self._stop(carriage, carriage.record.body)
            self.chain.carried[carriage.carrier] = fault

    def _stop(self, carriage: Carriage, suspension: Suspension) -> Reason | None:
        record, target = carriage.record, PublicKey(suspension.key)
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


def _no_root(_: int) -> Hash:
    return Hash(bytes(32))
