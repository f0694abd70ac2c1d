"""What holds now: the records of all followed logs, kept by subject (specs/08).

A fold over leaves in the order of each log; between logs the order of arrival has no
influence, because nothing is judged across logs before it is asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from confedproto.bodies import KINDS
from confedproto.bodies.charter import Charter
from confedproto.bodies.compact import Compact
from confedproto.bodies.witness import Witness
from confedproto.chains import Chains
from confedproto.chains import Log as Log
from confedproto.errors import Reason
from confedproto.ids import CouncilId, Hash, LogId, NetworkId, PublicKey, RecordId
from confedproto.lines import Lines
from confedproto.mandates import Mandates
from confedproto.marks import Alike
from confedproto.merkle import Tree
from confedproto.older import BLOCK_LEAVES
from confedproto.record import Leaf, PlainLeaf, VerifiedRecord
from confedproto.rules import compact as compact_rules
from confedproto.rules import state
from confedproto.rules.authority import Authority, meets_threshold
from confedproto.rules.compact import Member
from confedproto.rules.given import records_in
from confedproto.rules.known import Known, reaches_far
from confedproto.rules.links import LINK_KINDS, Links
from confedproto.rules.membership import current
from confedproto.rules.motion import Case, MotionStatus, Placed
from confedproto.rules.receipts import WitnessLine
from confedproto.rules.shelves import Shelves
from confedproto.rules.standing import Standing
from confedproto.rules.standing import standing as standing_of
from confedproto.statuses import Statuses


class View:
    """Every followed log, folded; asked per subject."""

    def __init__(
        self, network: NetworkId, tree_of: Callable[[LogId], Tree] = lambda _: Tree()
    ) -> None:
        """`tree_of` makes the tree of a log that is new here."""
        self.network: Final = network
        self._tree_of: Final = tree_of
        self.logs: dict[LogId, Log] = {}
        self.authorities: dict[CouncilId, Authority] = {}
        self.log_of: dict[CouncilId, LogId] = {}
        self.records: dict[RecordId, Placed] = {}
        self.refused: dict[RecordId, Reason] = {}
        self._shelves: Final = Shelves()
        self._lines: Final = Lines()
        self._founded: dict[RecordId, tuple[VerifiedRecord, Compact]] = {}
        self._members: dict[RecordId, dict[CouncilId, Member]] = {}
        self._links = Links()
        self.mandates: Final = Mandates(self)
        self.chains: Final = Chains(network, self.logs)
        self.news: list[Placed] = []  # admitted since somebody emptied it
        self._statuses: Final = Statuses()
        answers = (self.compact, self.admitted, self.case, self.motion_status, self.chains.ends)
        self.world: Final = Known(self.records, self._shelves, *answers)

    # --- the fold ---------------------------------------------------------------------

    def add_log(self, log: LogId, council: CouncilId, key: PublicKey) -> Log:
        """Begin to follow a log; its leaves are added from index 0 on."""
        created = Log(id=log, council=council, key=key, tree=self._tree_of(log))
        self.logs[log] = created
        self.chains.follow(council)
        self.authorities[council] = self.chains.authority(council)
        self.log_of.setdefault(council, log)
        return created

    def add_council(self, council: CouncilId) -> None:
        """A council to know of before any of its logs is held: the node's own."""
        self.chains.follow(council)
        self.authorities.setdefault(council, self.chains.authority(council))

    def take_news(self) -> list[Placed]:
        """What was admitted since the last time."""
        news, self.news = self.news, []
        return news

    def add(
        self, log_id: LogId, leaf: Leaf, leaf_hash: Hash, arrived: int, *, more: bool = False
    ) -> Reason | None:
        """Add the next leaf of a log: None if it counts, else why it does not.

        `arrived` (seconds UTC by this node's clock) goes into the journal that rules.motion
        reads. A leaf that does not count stays in the tree and has no other effect. With
        `more` to come, what reaches back waits for `settle`: once a run, not once a leaf.
        """
        log = self.logs[log_id]
        index = log.tree.size
        log.tree.append(leaf_hash)
        log.leaves.append(leaf)
        log.arrivals.append(arrived)
        log.seclusion.add(leaf, index, leaf_hash)
        self._sift(log)
        known = isinstance(leaf, VerifiedRecord) and self._is_copy(log, leaf)
        fault = self.chains.append(log, leaf, copy=known and not self._is_past(log, leaf))
        if log.council in self.chains.dirty:
            fault = None
        elif fault is None and isinstance(leaf, VerifiedRecord) and not known:
            self._place(Placed(record=leaf, log=log_id, index=index, arrived=arrived))
        elif fault is not None and isinstance(leaf, VerifiedRecord) and not known:
            self.refused[leaf.id] = fault
        if more:
            return fault
        self.settle()
        return fault or self.chains.of[log.council].faults[log_id][index]

    def fill(self, log_id: LogId, index: int, leaf: Leaf, arrived: int) -> None:
        """Put a leaf that was withheld in its place; `settle` is still to be called (LOG-9)."""
        log = self.logs[log_id]
        log.seclusion.fill(leaf, index, log.tree.leaf(index))
        log.leaves[index], log.arrivals[index] = leaf, arrived
        self.chains.fill(log, leaf, index)

    def settle(self) -> None:
        """Judge again what leaves added with `more` reach back to."""
        while self.chains.dirty:
            self._refold(next(iter(self.chains.dirty)))

    def add_alike(
        self, log_id: LogId, leaf: PlainLeaf, hashes: Sequence[Hash], arrived: int
    ) -> bool:
        """Add plain leaves that are alike: as `add` for each; False if it must be so."""
        log, count = self.logs[log_id], len(hashes)
        if not self.chains.append_alike(log, leaf, count):
            return False
        if leaf.scope is not None:
            for offset, one in enumerate(hashes, log.tree.size):
                log.seclusion.add(leaf, offset, one)
        log.tree.extend(hashes)
        log.leaves.repeat(leaf, count)
        log.arrivals.repeat(arrived, count)
        self._sift(log)
        return True

    def add_blocks(self, log_id: LogId, alike: Alike) -> None:
        """Add whole blocks by their roots to whole blocks; `settle` is still to be called."""
        log, count = self.logs[log_id], BLOCK_LEAVES * len(alike.blocks)
        if not self.chains.append_alike(log, alike.leaf, count):
            self.chains.dirty[log.council] = None
        log.tree.extend_blocks(block.root for block in alike.blocks)
        log.seclusion.add_alike(alike.leaf, count, sum(block.total for block in alike.blocks))
        log.leaves.repeat(alike.leaf, count)
        log.arrivals.repeat(0, count)
        self._sift(log)

    def _is_copy(self, log: Log, leaf: VerifiedRecord) -> bool:
        """Whether the record counts already: at its first index alone (REC-6)."""
        placed = self.records.get(leaf.id)
        if placed is None:
            return False
        if self.logs[placed.log].council != log.council:
            self.chains.dirty[log.council] = None  # carried so far: now it is at home
        return True

    def _is_past(self, log: Log, leaf: Leaf) -> bool:
        """Whether what counts is a word in rounds past another log's cut: it is judged there
        alone (CER-6), and what stands here is no copy of it.
        """
        if not isinstance(leaf, VerifiedRecord):
            return False
        placed = self.records[leaf.id]
        cut = self.chains.of[log.council].cuts.get(placed.log)
        return placed.log != log.id and cut is not None and placed.index >= cut

    def _place(self, placed: Placed) -> None:
        """A record counts from now on."""
        leaf, log = placed.record, self.logs[placed.log]
        self.refused.pop(leaf.id, None)
        self.records[leaf.id] = placed
        self.news.append(placed)
        if KINDS[leaf.kind].receipts:
            log.receipts_size = max(log.receipts_size, placed.index + 1)
        self._links.take(leaf)
        self._shelves.put(placed)
        if isinstance(leaf.body, Witness):
            self._add_witness(log, leaf, placed.arrived)
        self._statuses.note(placed)
        if leaf.kind in ("accession", "exit", "link", "guest"):  # who is a member may have changed
            self._members.clear()
        if reaches_far(leaf, self.records, self._shelves):
            self._statuses.clear()

    # --- one council again -----------------------------------------------------------------

    def _refold(self, council: CouncilId) -> None:
        """Judge all that is held of one council again, and change what that changes (AUT-5)."""
        del self.chains.dirty[council]
        chain = self.chains.refold(council)
        self.authorities[council] = chain.authority
        if chain.log in self.logs and chain.log is not None:
            self.log_of[council] = chain.log
        wanted = self.chains.counting(council)
        for log_, faults in chain.faults.items():
            for index, leaf in records_in(self.logs[log_].leaves) if log_ in self.logs else ():
                fault = faults[index]
                if fault is not None and leaf.id not in wanted:
                    self.refused[leaf.id] = fault
        said = {one.id for one in self.chains.said_by(council)}
        before = [p for one in said if (p := self.records.get(one)) is not None]
        gone = [p for p in before if _place_of(wanted.get(p.record.id)) != _place_of(p)]
        if gone:
            self._retract(council, {p.record.id for p in gone})
        for placed in wanted.values():
            if placed.record.id not in self.records:
                self._place(placed)

    def _retract(self, council: CouncilId, gone: set[RecordId]) -> None:
        """Take back what counts no more: rare, so it may cost a walk over everything."""
        for record in gone:
            del self.records[record]
        self._shelves.drop(gone)
        about_links = (p for kind in LINK_KINDS for p in self.of_kind(kind))
        self._links = Links(placed.record for placed in about_links)
        self._members.clear()
        self._statuses.clear()
        self._retract_lines(council)

    def _retract_lines(self, council: CouncilId) -> None:
        """What a council's witness records said, from those that still count."""
        self._lines.drop(council)
        for log in self.logs.values():
            if log.council == council:
                log.witnessed_at = -1
        for placed in self.of_kind("witness"):
            if placed.record.council == council:
                self._add_witness(self.logs[placed.log], placed.record, placed.arrived)

    def _add_witness(self, log: Log, record: VerifiedRecord, arrived: int) -> None:
        if record.time <= log.witnessed_at or record.part is None:
            return  # witness times strictly increase along a log (WIT-3)
        log.witnessed_at = record.time
        for named, since in self._lines.hear(record, record.part, arrived, self.logs):
            self._statuses.received(named, since)

    def _sift(self, log: Log) -> None:
        """Take up what witnesses said of a log as far as it is held, if the roots agree."""
        if (since := self._lines.sift(log)) is not None:
            self._statuses.received(log.id, since)

    # --- questions ----------------------------------------------------------------------

    def council_name(self, council: CouncilId) -> str | None:
        """The name in the council's charter in force, or None if it is unknown here."""
        authority = self.authorities.get(council)
        step = authority.charter if authority is not None else None
        return step.charter.name if step is not None else None

    def linked(self, one: CouncilId, other: CouncilId) -> bool:
        """Whether both have signed the same invitation, one giving and one taking (LNK-2)."""
        return self._links.linked(one, other)

    def standing_links(self, one: CouncilId, other: CouncilId) -> set[bytes]:
        """The links between two councils, by invitation, that neither has ended (LNK-6)."""
        return self._links.standing(one, other)

    def guest(self, host: CouncilId, invite: bytes) -> CouncilId | None:
        """The council that `host` named as the guest of an invitation, or None yet (LNK-2)."""
        return self._links.guest(host, invite)

    def invitation(self, host: CouncilId, invite: bytes) -> int | None:
        """Until when (seconds UTC) `host` has invited with this one-use key; None: never."""
        return self._links.invitation(host, invite)

    def charter_of(self, council: CouncilId, version: int) -> Charter | None:
        """The charter of a council with a version number, or None if it is unknown here."""
        authority = self.authorities.get(council)
        return authority.charter_version(version) if authority is not None else None

    def about(self, subject: RecordId, kind: str) -> tuple[Placed, ...]:
        """The admitted records of a kind whose subject is `subject`."""
        return self._shelves.about(subject, kind)

    def of_kind(self, kind: str) -> tuple[Placed, ...]:
        """All admitted records of a kind, in order of arrival."""
        return self._shelves.of_kind(kind)

    def lines_of(self, log: LogId) -> Sequence[WitnessLine]:
        """What witnesses said of a log, as far as it is held and their roots are its own."""
        return self._lines.of(log)

    def lines_past(self, log: LogId) -> Sequence[WitnessLine]:
        """What witnesses said of a log beyond what is held of it: not checked, but a sign."""
        return self._lines.past(log)

    def compact(self, compact: RecordId) -> tuple[VerifiedRecord, Compact] | Reason:
        """The founded compact, or why there is none (COM-2)."""
        founded = self._founded.get(compact)
        if founded is not None:
            return founded  # what is founded stays so: a charter version never changes
        placed = self.records.get(compact)
        if placed is None or not isinstance(placed.record.body, Compact):
            return Reason.COMPACT_UNKNOWN
        body = placed.record.body
        fault = compact_rules.founding_fault(placed.record, body, self.charter_of)
        if fault is not None:
            return fault
        self._founded[compact] = (placed.record, body)
        return placed.record, body

    def members(self, compact: RecordId) -> Mapping[CouncilId, Member]:
        """The councils of a compact now: admitted, not gone, not excluded (COM-9)."""
        return current(self.compact(compact), compact, self.admitted(compact), self.world)

    def admitted(self, compact: RecordId) -> Mapping[CouncilId, Member]:
        """The councils that a compact ever admitted; empty if it is not founded."""
        if (known := self._members.get(compact)) is not None:
            return known
        found = self.compact(compact)
        if isinstance(found, Reason):
            return {}
        placed = sorted(self.about(compact, "accession"), key=self._in_chain)
        accessions = [one.record for one in placed]
        self._members[compact] = compact_rules.members(found[1], accessions, self.linked)
        return self._members[compact]

    def _in_chain(self, placed: Placed) -> tuple[int, int]:
        """Where a record stands in its council's logs: what an old log still shows comes first."""
        order = self.chains.of[placed.record.council].order
        return order.index(placed.log) if placed.log in order else len(order), placed.index

    def case(self, motion: RecordId) -> Case | Reason:
        """Everything that bears on a motion, or why it cannot be judged yet."""
        return self.world.gather(motion, self.lines_of, self.about(motion, "status"))

    def motion_status(self, motion: RecordId, now: int) -> MotionStatus | Reason:
        """Where a motion stands at `now` (seconds UTC), or why that cannot be said."""
        known = self._statuses.get(motion, now)
        if known is not None:
            return known
        case = self.case(motion)
        return case if isinstance(case, Reason) else self._statuses.judge(case, now)

    def threshold_signed(self, record: VerifiedRecord) -> bool:
        """Whether a record not in a log yet bears its council's threshold in force."""
        authority = self.authorities.get(record.council)
        step = authority.charter if authority is not None else None
        return step is not None and meets_threshold(step.charter, record.signers)

    def state_digest(self, now: int) -> Hash:
        """One hash over the status of every subject at `now` (STA-1)."""
        mandates = (self.mandates.row(p.record.id, now) for p in self.of_kind("mandate"))
        return state.digest_of(self.network, (*state.rows(self, now), *mandates))

    def standing(self, motion: RecordId, now: int) -> Standing | None:
        """What an adopted motion is worth at `now`, or None if it cannot be judged (MOT-13)."""
        status, case = self.motion_status(motion, now), self.case(motion)
        if isinstance(status, Reason) or isinstance(case, Reason):
            return None
        return standing_of(case, status, now)


def _place_of(placed: Placed | None) -> tuple[LogId, int] | None:
    return None if placed is None else (placed.log, placed.index)
