"""What holds now: the records of all followed logs, kept by subject (specs/08).

The view is a fold over leaves in the order of each log; between logs the order of arrival
has no influence, because nothing is judged across logs before it is asked for.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from confedproto import codec, merkle
from confedproto.bodies import KINDS
from confedproto.bodies.charter import Charter
from confedproto.bodies.compact import Compact
from confedproto.bodies.link import Link
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.motion import Motion
from confedproto.bodies.witness import Witness
from confedproto.errors import Reason
from confedproto.ids import TAG_STATE, CouncilId, Hash, LogId, NetworkId, PublicKey, RecordId
from confedproto.log import Head
from confedproto.record import Leaf, RefusedLeaf, VerifiedRecord, heads_of
from confedproto.rules import compact as compact_rules
from confedproto.rules import motion as motion_rules
from confedproto.rules.authority import Authority, meets_threshold
from confedproto.rules.compact import Member
from confedproto.rules.links import Links
from confedproto.rules.mandate import mandate_verdict, recall_times
from confedproto.rules.motion import Case, MotionStatus, Placed
from confedproto.rules.receipts import WitnessLine


@dataclass(slots=True, kw_only=True)
class Log:
    """One followed log: whose it is, the key that signs its heads, its tree, its last head.

    The tree may be past the head while a long run is still coming in, never short of it.
    """

    id: LogId
    council: CouncilId
    key: PublicKey
    tree: merkle.Tree = field(default_factory=merkle.Tree)
    head: Head | None = None
    receipts_size: int = 0  # size just after the last record of a kind that needs receipts
    witnessed_at: int = -1  # claimed time of the last witness record in this log


class View:
    """Every followed log, folded; asked per subject."""

    def __init__(self, network: NetworkId) -> None:
        self.network: Final = network
        self.logs: dict[LogId, Log] = {}
        self.authorities: dict[CouncilId, Authority] = {}
        self.log_of: dict[CouncilId, LogId] = {}
        self.records: dict[RecordId, Placed] = {}
        self.refused: dict[RecordId, Reason] = {}
        self._about: dict[RecordId, dict[str, list[Placed]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._of_kind: dict[str, list[Placed]] = defaultdict(list)
        self._lines: dict[LogId, list[WitnessLine]] = defaultdict(list)
        self._early: dict[LogId, list[WitnessLine]] = defaultdict(list)  # past what we hold
        self._founded: dict[RecordId, tuple[VerifiedRecord, Compact]] = {}
        self._members: dict[RecordId, dict[CouncilId, Member]] = {}
        self._links: Final = Links()
        # What motion_status said, for as long as time alone does not change it; forgotten when
        # a record comes that could: about the motion, on membership, or a receipt.
        self._statuses: dict[RecordId, tuple[range, MotionStatus]] = {}
        self._judged_in: dict[LogId, set[RecordId]] = defaultdict(set)  # motions, by their logs

    # --- the fold ---------------------------------------------------------------------

    def add_log(self, log: LogId, council: CouncilId, key: PublicKey) -> Log:
        """Begin to follow a log; its leaves are added from index 0 on."""
        created = Log(id=log, council=council, key=key)
        self.logs[log] = created
        self.authorities.setdefault(council, Authority(self.network))
        self.log_of[council] = log
        return created

    def add(self, log_id: LogId, leaf: Leaf, leaf_hash: Hash, arrived: int) -> Reason | None:
        """Add the next leaf of a log: None if it counts, else why it does not.

        `arrived` (seconds UTC by this node's clock) goes into the journal that rules.motion
        reads. A leaf that does not count stays in the tree and has no other effect.
        """
        log = self.logs[log_id]
        index = log.tree.size
        log.tree.append(leaf_hash)
        if log_id in self._early:
            self._sift(log)
        if isinstance(leaf, RefusedLeaf):
            return leaf.reason
        if leaf.id in self.records:
            return None  # a copy: it counts at its first index alone (REC-6)
        fault = self.authorities[log.council].admit(leaf)
        if fault is None and isinstance(leaf.body, Link):
            fault = self._links.add(leaf, leaf.body)
        if fault is not None:
            self.refused[leaf.id] = fault
            return fault
        self.refused.pop(leaf.id, None)
        placed = Placed(record=leaf, log=log_id, index=index, arrived=arrived)
        self.records[leaf.id] = placed
        if KINDS[leaf.kind].receipts:
            log.receipts_size = index + 1
        if isinstance(leaf.body, Witness):
            self._add_witness(log, leaf, arrived)
        elif leaf.subject is not None:
            self._about[leaf.subject][leaf.kind].append(placed)
            self._statuses.pop(leaf.subject, None)
            if leaf.kind in ("freeze", "position"):  # what receipts are asked for
                self._judged_in[log_id].add(leaf.subject)
        self._of_kind[leaf.kind].append(placed)
        if leaf.kind in ("accession", "link"):  # who is a member may have changed
            self._members.clear()
            self._statuses.clear()
        return None

    def _add_witness(self, log: Log, record: VerifiedRecord, arrived: int) -> None:
        if record.time <= log.witnessed_at or record.part is None:
            return  # witness times strictly increase along a log (WIT-3)
        log.witnessed_at = record.time
        for head in heads_of(record.part):
            line = WitnessLine(
                witness=log.council,
                log=LogId(head.log),
                size=head.size,
                root=Hash(head.root),
                time=record.time,
                arrived=arrived,
            )
            self._early[line.log].append(line)
            witnessed = self.logs.get(line.log)
            if witnessed is not None:
                self._sift(witnessed)

    def _sift(self, log: Log) -> None:
        """Take up what witnesses said of a log as far as it is held, if the roots agree."""
        early = self._early.pop(log.id, [])
        size = log.tree.size
        good = [
            line for line in early if line.size <= size and log.tree.root_at(line.size) == line.root
        ]
        if good:
            self._lines[log.id].extend(good)
            for motion in self._judged_in.get(log.id, ()):
                self._statuses.pop(motion, None)
        later = [line for line in early if line.size > size]
        if later:
            self._early[log.id] = later

    # --- questions ----------------------------------------------------------------------

    def council_name(self, council: CouncilId) -> str | None:
        """The name in the council's charter in force, or None if it is unknown here."""
        authority = self.authorities.get(council)
        step = authority.charter if authority is not None else None
        return step.charter.name if step is not None else None

    def linked(self, one: CouncilId, other: CouncilId) -> bool:
        """Whether both have signed the same invitation, one giving and one taking (LNK-2)."""
        return self._links.linked(one, other)

    def guests(self, host: CouncilId, invite: bytes) -> set[CouncilId]:
        """The councils that have answered an invitation of `host` (LNK-3: one may)."""
        return self._links.guests(host, invite)

    def invited(self, host: CouncilId, invite: bytes) -> bool:
        """Whether `host` has signed an invitation with this one-use key."""
        return self._links.invited(host, invite)

    def charter_of(self, council: CouncilId, version: int) -> Charter | None:
        """The charter of a council with a version number, or None if it is unknown here."""
        authority = self.authorities.get(council)
        return authority.charter_version(version) if authority is not None else None

    def about(self, subject: RecordId, kind: str) -> tuple[Placed, ...]:
        """The admitted records of a kind whose subject is `subject`."""
        kinds = self._about.get(subject)
        return tuple(kinds.get(kind, ())) if kinds is not None else ()

    def of_kind(self, kind: str) -> tuple[Placed, ...]:
        """All admitted records of a kind, in order of arrival."""
        return tuple(self._of_kind.get(kind, ()))

    def lines_of(self, log: LogId) -> Sequence[WitnessLine]:
        """What witnesses said of a log, as far as it is held and their roots are its own."""
        return self._lines.get(log, ())

    def lines_past(self, log: LogId) -> Sequence[WitnessLine]:
        """What witnesses said of a log beyond what is held of it: not checked, but a sign."""
        return self._early.get(log, ())

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
        """The member councils of a compact; empty if it is not founded."""
        known = self._members.get(compact)
        if known is not None:
            return known
        found = self.compact(compact)
        if isinstance(found, Reason):
            return {}
        accessions = [placed.record for placed in self.about(compact, "accession")]
        self._members[compact] = compact_rules.members(found[1], accessions, self.linked)
        return self._members[compact]

    def case(self, motion: RecordId) -> Case | Reason:
        """Everything that bears on a motion, or why it cannot be judged yet."""
        placed = self.records.get(motion)
        if placed is None or not isinstance(placed.record.body, Motion):
            return Reason.MOTION_UNKNOWN
        compact_id = placed.record.subject
        if compact_id is None:
            return Reason.COMPACT_UNKNOWN
        found = self.compact(compact_id)
        if isinstance(found, Reason):
            return found
        return Case(
            motion=placed,
            compact_id=compact_id,
            compact=found[1],
            members=self.members(compact_id),
            seconds=self.about(motion, "second"),
            freezes=self.about(motion, "freeze"),
            positions=self.about(motion, "position"),
            votes=self.about(motion, "vote"),
            locks=self.about(motion, "lock"),
            lines_of=self.lines_of,
        )

    def motion_status(self, motion: RecordId, now: int) -> MotionStatus | Reason:
        """Where a motion stands at `now` (seconds UTC), or why that cannot be said."""
        known = self._statuses.get(motion)
        if known is not None and now in known[0]:
            return known[1]
        case = self.case(motion)
        if isinstance(case, Reason):
            return case
        status = motion_rules.status(case, now)
        self._statuses[motion] = (motion_rules.lasts(status, now), status)
        return status

    def recalled_from(self, mandate: RecordId) -> list[int]:
        """From when each recall of a mandate takes effect (RCL-1, RCL-2)."""
        granted = self.records.get(mandate)
        if granted is None:
            return []
        return recall_times(granted.record, (p.record for p in self.about(mandate, "recall")))

    def threshold_signed(self, record: VerifiedRecord) -> bool:
        """Whether a record not in a log yet bears its council's threshold in force."""
        authority = self.authorities.get(record.council)
        step = authority.charter if authority is not None else None
        return step is not None and meets_threshold(step.charter, record.signers)

    # --- digest ---------------------------------------------------------------------------

    def state_digest(self, now: int) -> Hash:
        """One hash over the status of every subject at `now` (STA-1)."""
        rows = sorted(codec.encode(row) for row in self._state_rows(now))
        hasher = hashlib.sha256(TAG_STATE + self.network)
        for row in rows:
            hasher.update(len(row).to_bytes(4, "big") + row)
        return Hash(hasher.digest())

    def _state_rows(self, now: int) -> Iterable[Mapping[str, Any]]:
        for council, authority in self.authorities.items():
            step, node = authority.charter, authority.node
            if step is not None:
                yield {
                    "council": council,
                    "charter": step.version,
                    "node": node.node.number if node is not None else 0,
                }
        for placed in self.of_kind("compact"):
            members = self.members(placed.record.id)
            hasher = hashlib.sha256()
            for council in sorted(members):
                hasher.update(council + members[council].weight.to_bytes(4, "big"))
            yield {"compact": placed.record.id, "members": hasher.digest()}
        for placed in self.of_kind("motion"):
            yield self._motion_row(placed.record.id, now)
        for placed in self.of_kind("mandate"):
            if isinstance(placed.record.body, Mandate):
                recalls = self.recalled_from(placed.record.id)
                verdict = mandate_verdict(placed.record.body, recalls, now)
                yield {"mandate": placed.record.id, "verdict": verdict.outcome}

    def _motion_row(self, motion: RecordId, now: int) -> Mapping[str, Any]:
        status = self.motion_status(motion, now)
        if isinstance(status, Reason):
            return {"motion": motion, "fault": status}
        row: dict[str, Any] = {"motion": motion, "state": status.state}
        if status.outcome is not None and status.tally is not None:
            row |= {
                "outcome": status.outcome,
                "people_yes": status.tally.people_yes,
                "people_no": status.tally.people_no,
                "units_yes": status.tally.units_yes,
                "units_total": status.tally.units_total,
            }
        return row


def accessions_named(members: Mapping[CouncilId, Member]) -> tuple[RecordId, ...]:
    """The accession records that a roll of these members rests on, sorted."""
    return tuple(sorted(m.accession for m in members.values() if m.accession is not None))
