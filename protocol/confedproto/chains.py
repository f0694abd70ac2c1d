"""Every council's chain of logs, folded from what is held: which leaves count (specs/04, AUT).

The common case, one more leaf at the end of the log in force, is admitted at once; whatever
could reach back (a new log, a carried record, a fork proof, a late receipt) folds that one
council again from its leaves. So the result is a function of what is held, not of when it came.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from confedproto import record
from confedproto.bodies.carried import Carried
from confedproto.bodies.forkproof import ForkProof
from confedproto.bodies.link import Link
from confedproto.bodies.node import Node
from confedproto.bodies.witness import Witness
from confedproto.errors import DecodeError, Reason, VerificationError
from confedproto.followed import Log as Log
from confedproto.ids import CouncilId, Hash, LogId, NetworkId, RecordId
from confedproto.log import Head, open_head
from confedproto.record import (
    Leaf,
    PlainLeaf,
    RefusedLeaf,
    VerifiedRecord,
    WithheldLeaf,
    heads_of,
)
from confedproto.rules.authority import Authority
from confedproto.rules.case import Placed
from confedproto.rules.chain import Chain, fold
from confedproto.rules.forks import proven
from confedproto.rules.given import (
    CARRIED_KINDS,
    Carriage,
    is_final_word,
    place_fault,
    records_in,
)
from confedproto.rules.links import link_fault
from confedproto.spans import Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Conveyed:
    """A record in another council's log: where it stands, and the head of its own it names."""

    record: VerifiedRecord
    head: bytes
    log: LogId
    index: int
    arrived: int


class Chains:
    """The chains of all followed councils; `logs` is the view's."""

    def __init__(self, network: NetworkId, logs: Mapping[LogId, Log]) -> None:
        self.of: dict[CouncilId, Chain] = {}
        self.forked: dict[LogId, int] = {}
        self.proofs: dict[LogId, VerifiedRecord] = {}
        self.dirty: dict[CouncilId, None] = {}  # a set in order
        self._network: Final = network
        self._logs: Final = logs
        self._carried: dict[CouncilId, dict[RecordId, Conveyed]] = defaultdict(dict)
        self._conveyed: set[tuple[LogId, RecordId, bytes]] = set()
        self._bad: dict[RecordId, Reason] = {}  # records that contradict themselves
        self._anchors: dict[RecordId, Carriage] = {}
        self._named: dict[LogId, dict[CouncilId, dict[int, Hash]]] = defaultdict(dict)

    def authority(self, council: CouncilId) -> Authority:
        """Who speaks for a council at the end of its chain."""
        return self.of[council].authority

    def ends(self, council: CouncilId) -> list[tuple[LogId, int]]:
        """The logs of a council's chain in order, each with the size that the next one names.

        What stands below it was held before anything in the next log counted (AUT-4); of a log
        that none of the chain names it is 0.
        """
        chain = self.of.get(council)
        if chain is None:
            return []
        named = {
            step.node.last.log: step.node.last.size
            for step in chain.authority.nodes
            if step.node.last is not None and step.node.last.log != step.log
        }
        return [(log, named.get(log, 0)) for log in chain.order]

    # --- one more leaf ----------------------------------------------------------------------

    def follow(self, council: CouncilId) -> None:
        """A log of the council was added, still empty."""
        if council not in self.of:
            self.of[council] = Chain(authority=Authority(self._network))

    def append(self, log: Log, leaf: Leaf, *, copy: bool = False) -> Reason | None:
        """Judge the leaf that `log` just gained: its verdict, or the council becomes dirty."""
        chain, index = self.of[log.council], len(log.leaves) - 1
        if isinstance(leaf, VerifiedRecord):
            self._note_witness(log, leaf)
            self._note_others(log, leaf, index)
        if log.council in self.dirty:
            return None  # judged with all the rest of its council
        opens = self._opens_another(chain, log, leaf)
        awaited = chain.awaits.get(log.id) == len(log.leaves)
        cut = chain.cuts.get(log.id)
        if cut is not None and index >= cut and not (opens or awaited or self._is_named(log)):
            return self._append_past(chain, log, leaf)
        rival = self._carried.get(log.council) and leaf_kind(leaf) == "charter"
        if chain.log != log.id or not chain.plain or opens or rival or awaited:
            self.dirty[log.council] = None
            return None
        fault = None if copy else self._admit(chain.authority, log, leaf, index)
        chain.faults[log.id].append(fault)
        return fault

    def _is_named(self, log: Log) -> bool:
        """Whether a witness named the log at just this size."""
        return any(len(log.leaves) in sizes for sizes in self._named.get(log.id, {}).values())

    def append_alike(self, log: Log, leaf: PlainLeaf | WithheldLeaf, count: int) -> bool:
        """Judge `count` leaves that `log` is about to gain, at once; False: one by one."""
        chain = self.of[log.council]
        if log.council in self.dirty:
            return True  # judged with all the rest of its council
        awaited = 0 < chain.awaits.get(log.id, 0) <= len(log.leaves) + count
        if chain.cuts.get(log.id) is not None or chain.log != log.id or not chain.plain or awaited:
            return False
        if isinstance(leaf, WithheldLeaf):
            fault: Reason | None = leaf.reason
        else:
            fault = chain.authority.judge(leaf.example)
        chain.faults[log.id].repeat(fault, count)
        return True

    def fill(self, log: Log, leaf: Leaf, index: int) -> None:
        """A leaf that was withheld has come: all of its council is judged again (LOG-9)."""
        if isinstance(leaf, VerifiedRecord):
            self._note_witness(log, leaf)
            self._note_others(log, leaf, index)
        self.dirty[log.council] = None

    def _append_past(self, chain: Chain, log: Log, leaf: Leaf) -> Reason | None:
        """A leaf where its log counts no more: what its node said in rounds does (CER-6)."""
        past: Reason | None = chain.past[log.id]
        if (uncut := chain.uncut.get(log.id)) is not None and isinstance(leaf, VerifiedRecord):
            authority, said = uncut
            again = leaf.id in said  # in this log or before it, whatever counts elsewhere
            fault = None if again else self._admit(authority, log, leaf, len(log.leaves) - 1)
            if fault is None:
                said.add(leaf.id)
            past = fault if is_final_word(leaf) else past
        chain.faults[log.id].append(past)
        return leaf.reason if isinstance(leaf, RefusedLeaf | WithheldLeaf) else past

    def _admit(self, authority: Authority, log: Log, leaf: Leaf, index: int) -> Reason | None:
        if isinstance(leaf, RefusedLeaf | WithheldLeaf):
            return leaf.reason
        if isinstance(leaf, PlainLeaf):
            return authority.judge(leaf.example)
        fault = place_fault(self._network, log.own, leaf, index) or authority.admit(leaf)
        return fault or self._bad.get(leaf.id)

    @staticmethod
    def _opens_another(chain: Chain, log: Log, leaf: Leaf) -> bool:
        if not isinstance(leaf, VerifiedRecord) or not isinstance(leaf.body, Node):
            return False
        begins = len(log.leaves) == 2 and chain.order != [log.id]  # a rival of the first (NOD-7)
        return begins or leaf.body.key != log.key

    def _note_witness(self, log: Log, leaf: VerifiedRecord) -> None:
        if not isinstance(leaf.body, Witness):
            return
        if leaf.part is None or leaf.signers != (log.key,) or leaf.council != log.council:
            return
        for head in heads_of(leaf.part):
            named = LogId(head.log)
            self._named[named].setdefault(log.council, {})[head.size] = Hash(head.root)
            witnessed = self._logs.get(named)
            if witnessed is None:
                continue
            chain = self.of[witnessed.council]
            unsure = chain.contested or (named == chain.log and not chain.plain)
            if named in chain.cuts or unsure:
                self.dirty[witnessed.council] = None

    # --- what stands in one log about another council ---------------------------------------

    def _note_others(self, log: Log, leaf: VerifiedRecord, index: int) -> None:
        """Proofs and carried records speak for themselves, whatever becomes of their leaf."""
        fault: Reason | None = None
        match leaf.body:
            case Link() as link:
                fault = link_fault(leaf, link)
            case ForkProof() as proof:
                fault = self._take_proof(leaf, proof)
            case Carried() as carried:
                fault = self._take_carried(log, leaf, carried, index)
            case _:
                pass
        if fault is not None:
            self._bad[leaf.id] = fault

    def _take_proof(self, leaf: VerifiedRecord, proof: ForkProof) -> Reason | None:
        found = proven(self._network, proof)
        if isinstance(found, Reason):
            return found
        forked, size = found
        if size < self.forked.get(forked, size + 1):
            self.forked[forked] = size
            self.proofs[forked] = leaf
            if CouncilId(proof.council) in self.of:
                self.dirty[CouncilId(proof.council)] = None
        return None

    def _take_carried(
        self, log: Log, leaf: VerifiedRecord, carried: Carried, index: int
    ) -> Reason | None:
        if leaf.signers != (log.key,):
            return Reason.NODE_KEY
        try:
            inner = record.open(self._network, carried.envelope)
        except (DecodeError, VerificationError) as error:
            return error.reason
        if inner.kind not in CARRIED_KINDS or inner.council == leaf.council:
            return Reason.CARRIED_KIND
        if inner.scope is not None:
            return Reason.SCOPE_OTHER  # a carried record is public (PAY-6)
        one = Conveyed(
            record=inner, head=carried.head, log=log.id, index=index, arrived=log.arrivals[index]
        )
        said = (log.id, inner.id, carried.head)
        if said in self._conveyed:
            return None  # said before in the same log: a copy (REC-6), and no reason to fold again
        self._conveyed.add(said)
        self._carried[inner.council].setdefault(leaf.id, one)
        if inner.council in self.of:
            self.dirty[inner.council] = None
        return None

    def conveyed(self, council: CouncilId) -> list[tuple[RecordId, Conveyed]]:
        """What others carry for a council, with the id of the carrying record, in one order."""
        held = self._carried.get(council, {})
        return sorted(held.items(), key=lambda item: (item[1].log, item[1].index))

    def wants(self, log_: LogId, held: int) -> bool:
        """Whether a forked log is still taken in: up to where the keyholders keep it (FRK-5)."""
        log = self._logs.get(log_)
        if log is None:
            return True
        cut = self.of[log.council].cuts.get(log_, 0)
        return held < cut and self.of[log.council].past.get(log_) is not Reason.LOG_FORK

    # --- folding again ----------------------------------------------------------------------

    def refold(self, council: CouncilId) -> Chain:
        """The council's chain from all that is held of it."""
        logs = {log.id: log.own for log in self._logs.values() if log.council == council}
        forked = {log: size for log, size in self.forked.items() if log in logs}
        chain = fold(
            self._network, logs, self._carriages(council), self.receipted, forked, self._bad
        )
        for log in logs.values():  # a log that nothing leads to yet
            if log.id not in chain.faults:
                chain.faults[log.id] = Spans()
                chain.faults[log.id].repeat(Reason.LOG_START, len(log.leaves))
        self.of[council] = chain
        return chain

    def counting(self, council: CouncilId) -> dict[RecordId, Placed]:
        """What counts of a council, each record at the one place where it does (REC-6, CAR-3)."""
        chain = self.of[council]
        out: dict[RecordId, Placed] = {}
        first = chain.authority.nodes[0].log if chain.authority.nodes else None
        for log_ in chain.order:
            log = self._logs.get(log_)
            if log is None:
                continue
            rival = first not in (None, log_)  # its first charter stands where the chain begins
            for index, leaf in records_in(log.leaves):
                if rival and index == 0 and leaf.kind == "charter":
                    continue
                if chain.faults[log_][index] is None:
                    arrived = log.arrivals[index]
                    out.setdefault(
                        leaf.id, Placed(record=leaf, log=log_, index=index, arrived=arrived)
                    )
        for carrier, one in self.conveyed(council):
            if chain.carried.get(carrier, Reason.CARRIED_HEAD) is None:
                out.setdefault(
                    one.record.id,
                    Placed(record=one.record, log=one.log, index=one.index, arrived=one.arrived),
                )
        return out

    def said_by(self, council: CouncilId) -> Iterator[VerifiedRecord]:
        """All records of a council that are held, wherever they stand, counting or not."""
        for log in self._logs.values():
            if log.council == council:
                yield from (leaf for _, leaf in records_in(log.leaves))
        yield from (one.record for _, one in self.conveyed(council))

    def _carriages(self, council: CouncilId) -> list[Carriage]:
        out: list[Carriage] = []
        for carrier, one in self._carried.get(council, {}).items():
            if carrier not in self._anchors:
                head = self._head(council, one.head)
                if head is None:
                    continue
                self._anchors[carrier] = Carriage(
                    carrier=carrier,
                    record=one.record,
                    log=head.log,
                    size=head.size,
                    root=head.root,
                    time=head.time,
                )
            out.append(self._anchors[carrier])
        return out

    def _head(self, council: CouncilId, envelope: bytes) -> Head | None:
        for log in self._logs.values():
            if log.council != council:
                continue
            try:
                head = open_head(self._network, log.key, envelope)
            except (DecodeError, VerificationError):
                continue
            if head.log == log.id:
                return head
        return None

    def receipted(self, log_: LogId) -> int:
        """The largest size of a log that any other council has witnessed (NOD-6).

        One is enough, whoever it is: a number to be reached could be raised by puppets that
        witness little, and each record that others rest on has at least one honest receipt.
        """
        log = self._logs.get(log_)
        if log is None:
            return 0
        return max(
            (
                size
                for witness, seen in self._named.get(log_, {}).items()
                for size, root in seen.items()
                if witness != log.council
                and size <= log.tree.size
                and log.tree.root_at(size) == root
            ),
            default=0,
        )


def leaf_kind(leaf: Leaf) -> str | None:
    """The kind of a leaf that is a record."""
    match leaf:
        case VerifiedRecord():
            return leaf.kind
        case PlainLeaf():
            return leaf.example.kind
        case RefusedLeaf() | WithheldLeaf():
            return None
