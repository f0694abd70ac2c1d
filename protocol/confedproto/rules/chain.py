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

from confedproto.errors import Reason
from confedproto.ids import Hash, LogId, NetworkId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.authority import Authority
from confedproto.rules.given import Carriage, OwnLog, last_of, with_final_words
from confedproto.rules.life import Event, State
from confedproto.rules.walking import Candidate, Marks, Walk
from confedproto.rules.walking import Chain as Chain
from confedproto.spans import Spans


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Next:
    """What may follow a log, and which repair keeps it; what others confirmed instead (NOD-11)."""

    after: list[VerifiedRecord] = field(default_factory=list)
    repair: VerifiedRecord | None = None
    lost: list[Candidate] = field(default_factory=list)
    torn: bool = False  # both the log and what followed it elsewhere were confirmed


class _Fold(Walk):
    # --- the walk ---------------------------------------------------------------------------

    def run(self) -> None:
        authority = Authority(self.network)
        current, opening, forced = self._start(authority)
        while current is not None:
            self.chain.authority = authority
            after, repair = self._one_log(current, authority, opening, forced)
            current = None
            if len(after) == 1:
                opening, forced = after[0], repair
                authority.enter(Event.REPLACEMENT, opening)
                current = self.opens(opening)
            elif len(after) > 1:
                found = self._repaired(after, authority)
                if found is not None:
                    opening, forced = found
                    current = self.opens(opening)
        for log, size in (self._confirmed.awaited if self._confirmed else {}).items():
            self.chain.awaits[log] = min(size, self.chain.awaits.get(log, size))
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
        rivals = [n for log, n in firsts if self.opens(n) == log.id and trial.judge(n) is None]
        if len(rivals) < 2:
            return (self.opens(rivals[0]) if rivals else founding[0].id), None, None
        authority.admit(charter)
        self.seen.add(charter.id)
        self.chain.authority, self.chain.log = authority, founding[0].id
        rivals.sort(key=lambda node: node.id)
        found = self._kept([(one, authority) for one in rivals])
        if found is not None:
            lost = [(one, authority) for one in rivals if one.id != found[0].id]
            self._lose(lost, [found[0]])
            authority.state = State.NODE_FORK
            authority.enter(Event.NODE_REPAIR, found[0])
        else:
            found = self._repaired(rivals, authority)
        if found is None:
            return None, None, None
        return self.opens(found[0]), found[0], found[1]

    def _one_log(
        self,
        log_: LogId,
        authority: Authority,
        opening: VerifiedRecord | None,
        forced: VerifiedRecord | None,
    ) -> tuple[list[VerifiedRecord], VerifiedRecord | None]:
        """Fold one log of the chain as far as it counts.

        Returns what may follow it, and of one that had rivals the record that repaired.
        """
        log = self.logs.get(log_) or OwnLog(id=log_, leaves=Spans(), root_at=_no_root)
        offers = [] if forced else list(self.offers.get(log_, {}).values())
        if not (forced or offers or self.carriages or log_ in self.forked):  # nothing reaches back
            faults, _ = self.walk(log, authority, opening, len(log.leaves), set(), {}, self.seen)
            self.chain.faults[log_], self.chain.log = faults, log_
            self.chain.order.append(log_)
            self.chain.plain = bool(log.leaves)
            return [], None
        wanted = {last_of(o).size for o in offers} | {
            c.size for c in self.carriages if c.log == log_
        }
        trial, said = authority.copy(), set(self.seen)
        uncut, marks = self.walk(log, trial, opening, len(log.leaves), wanted, {}, said)
        next_ = _Next(after=[forced] if forced else [])
        if found := self._successors(log, offers, marks, trial):
            next_ = self._settled(log, found)
        after, lost = next_.after, next_.lost
        cut, past = self._cut(log, next_)
        end = len(log.leaves)
        if cut is not None:
            self.chain.cuts[log_], self.chain.past[log_] = cut, past
            end = min(cut, end)
        rivals = self.rivals(log, marks, end)
        faults, marks = self.walk(log, authority, opening, end, wanted, rivals, self.seen)
        self.chain.faults[log_] = with_final_words(log, faults, uncut, past)
        if cut is not None:
            self.chain.uncut[log_] = trial, said
        self.chain.order.append(log_)
        self.carry(log, marks)
        if next_.torn:
            self.chain.authority = min(lost, key=lambda one: last_of(one[0]).size)[1].copy()
            self.chain.authority.state = State.NODE_FORK
        elif cut is not None and not after:
            authority.state = State.LOG_FORK
        self.chain.log = log_
        self.chain.plain = cut is None and not rivals and bool(log.leaves)
        waits = [size for size in wanted if size > len(log.leaves)]
        if waits:
            self.chain.awaits[log_] = min(waits)
        self._lose(lost, after)
        return after, next_.repair

    # --- what follows a log -----------------------------------------------------------------

    def _successors(
        self, log: OwnLog, offers: Sequence[VerifiedRecord], marks: Marks, trial: Authority
    ) -> list[Candidate]:
        out: list[Candidate] = []
        others: list[VerifiedRecord] = []
        for record in sorted(offers, key=lambda r: r.id):
            last = last_of(record)
            at = marks.get(last.size)
            if at is not None and log.has(last.size, last.root):
                if at.judge(record) is None:
                    out.append((record, at))
            elif log.id in self.forked and trial.judge(record) is None:
                others.append(record)
        if others:  # another branch of a forked log: which do we need?
            self.chain.contested = True
            sure = [one for one in others if self.confirmed.of(one, trial)]
            if not sure and any(self.confirmed.of(one, at) for one, at in out):
                return out
            self.chain.other_branch[log.id] = last_of((sure or others)[-1])
        return out

    def _settled(self, log: OwnLog, found: list[Candidate]) -> _Next:
        """What follows a log, where others have confirmed one of several branches (NOD-11).

        That the log itself went on, past the place that a record names, is a branch as well.
        """
        several = len(found) > 1
        end = self.confirmed.received(log.id) if several else self.receipted(log.id)
        stale = [one for one in found if self.confirmed.beyond(log, one, end)]
        self.chain.contested = self.chain.contested or several or bool(stale)
        if any(self.confirmed.of(*one) for one in stale):
            return _Next(lost=found, torn=True)
        fresh = [one for one in found if one not in stale]
        kept = self._kept(fresh) if len(fresh) > 1 else None
        if kept is None:
            return _Next(after=[record for record, _ in fresh], lost=stale)
        lost = [one for one in found if one[0].id != kept[0].id]
        return _Next(after=[kept[0]], repair=kept[1], lost=lost)

    def _kept(
        self, rivals: Sequence[Candidate]
    ) -> tuple[VerifiedRecord, VerifiedRecord | None] | None:
        """The one of several rivals that alone was confirmed, and the repair that was (NOD-11)."""
        self.chain.contested = True
        sure = [one for one in rivals if self.confirmed.of(*one)]
        if len(sure) != 1:
            return None
        rival, at = sure[0]
        log, sees = self.logs[self.opens(rival)], self.confirmed
        found = [
            offer
            for offer in self._repairs(rival, rivals, at)
            if sees.of(offer, at) and not sees.beyond(log, (offer, at), sees.received(log.id))
        ]
        return rival, found[0] if len(found) == 1 else None

    def _lose(self, lost: Sequence[Candidate], kept: Sequence[VerifiedRecord]) -> None:
        """Of branches that are not kept, only what others received counts (NOD-7)."""
        opened = {self.opens(one) for one in kept}
        for rival, at in lost:
            if self.opens(rival) not in opened:
                self._branch(rival, at)

    def _cut(self, log: OwnLog, next_: _Next) -> tuple[int | None, Reason]:
        """Where a log ends to count, receipted records excepted (NOD-6, FRK-5)."""
        after = [one for one, _ in next_.lost] if next_.torn else next_.after
        if after:
            size = min(last_of(record).size for record in after)
            fork = next_.torn or len(after) > 1
            reason = Reason.NODE_FORK if fork else Reason.NODE_REPLACED
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
        self.chain.contested = True
        placed = [(one, common) for one in rivals]
        asked = [charter for one in placed for charter in self.confirmed.of(*one)]
        repairs = [
            (rival, offer)
            for rival in rivals
            for offer in self._repairs(rival, placed, common)
            if all(common.signers_meet(charter, offer) for charter in asked)
        ]
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

    def _repairs(
        self, rival: VerifiedRecord, rivals: Sequence[Candidate], at: Authority
    ) -> list[VerifiedRecord]:
        """The records that would keep one of several rivals, by the threshold `at` (NOD-7)."""
        out: list[VerifiedRecord] = []
        log = self.logs.get(self.opens(rival))
        closed = {self.opens(one) for one, _ in rivals}  # (NOD-5)
        for offer in self.offers.get(self.opens(rival), {}).values():
            last = last_of(offer)
            if log is not None and last.size > len(log.leaves):
                before = self.chain.awaits.get(log.id, last.size)
                self.chain.awaits[log.id] = min(before, last.size)
            if log is None or not log.has(last.size, last.root):
                continue
            if self.opens(offer) not in closed and at.repairs(offer, rival.id):
                out.append(offer)
        return out

    def _branch(self, rival: VerifiedRecord, common: Authority) -> None:
        """A branch that is not kept, log after log: only what others received of it counts."""
        branches = [(rival, common)]
        while branches:
            branches += self._one_branch(*branches.pop())

    def _one_branch(self, rival: VerifiedRecord, common: Authority) -> list[Candidate]:
        """One log of such a branch; returns what others received as going on from it."""
        log = self.logs.get(self.opens(rival))
        if log is None or log.opening is None or log.opening.id != rival.id:
            return []  # not held, or begun by another record of the same key
        authority = common.copy()
        authority.enter(Event.REPLACEMENT, rival)
        trial, said = authority.copy(), set(self.seen)
        uncut, _ = self.walk(log, trial, rival, len(log.leaves), set(), {}, said)
        sure = 0 if log.charter is None else 1  # both of two first logs begin with the charter
        end = min(max(self.confirmed.received(log.id), sure), len(log.leaves))
        offers = sorted(self.offers.get(log.id, {}).values(), key=lambda one: one.id)
        wanted = {last_of(one).size for one in offers}
        faults, marks = self.walk(log, authority, rival, end, wanted, {}, self.seen)
        self.chain.faults[log.id] = with_final_words(log, faults, uncut, Reason.NODE_FORK)
        self.chain.uncut[log.id] = trial, said
        self.chain.order.append(log.id)
        self.chain.cuts[log.id], self.chain.past[log.id] = end, Reason.NODE_FORK
        out: list[Candidate] = []
        for offer in offers:
            last, heard = last_of(offer), self.confirmed.received(self.opens(offer))
            at = marks.get(last.size) if heard and log.has(last.size, last.root) else None
            if at is not None and at.judge(offer) is None:
                out.append((offer, at))
        return out


def _no_root(_: int) -> Hash:
    return Hash(bytes(32))
