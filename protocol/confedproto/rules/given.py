"""What the chain of a council is folded from: its logs and what others carry (specs/04, AUT)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from confedproto.bodies.node import LastHead, Node
from confedproto.errors import Reason
from confedproto.ids import Hash, LogId, NetworkId, PublicKey, RecordId, log_id
from confedproto.record import Leaf, VerifiedRecord
from confedproto.spans import Spans

CARRIED_KINDS: Final = frozenset({"charter", "node", "recall", "suspension", "act"})
"""What a council may say through another council's node (CAR-1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLog:
    """What is held of one log of the council; `root_at` answers up to its length."""

    id: LogId
    leaves: Spans[Leaf]
    root_at: Callable[[int], Hash]

    def has(self, size: int, root: bytes) -> bool:
        """Whether the log is held up to `size` and had this root there."""
        return 0 < size <= len(self.leaves) and self.root_at(size) == root

    @property
    def charter(self) -> VerifiedRecord | None:
        """The council's first charter, if the log begins with it (AUT-4)."""
        first = self.leaves[0] if self.leaves else None
        if not isinstance(first, VerifiedRecord) or first.charter != 0:
            return None
        return first if first.kind == "charter" else None

    @property
    def opening(self) -> VerifiedRecord | None:
        """The node record that the log begins with, if it is held so far (NOD-2, NOD-5)."""
        index = 0 if self.charter is None else 1
        leaf = self.leaves[index] if len(self.leaves) > index else None
        return leaf if isinstance(leaf, VerifiedRecord) and isinstance(leaf.body, Node) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """A record of the council in another council's log, and the head of its own it names."""

    carrier: RecordId
    record: VerifiedRecord
    log: LogId
    size: int
    root: Hash
    time: int


def records_in(leaves: Spans[Leaf], start: int = 0) -> Iterator[tuple[int, VerifiedRecord]]:
    """The records among leaves from `start` on that others may rest on, each with its index."""
    for one, end, leaf in leaves.spans(start):
        if isinstance(leaf, VerifiedRecord):
            yield from ((index, leaf) for index in range(one, end))


_FINAL_WORDS: Final = frozenset({"status", "vote", "lock"})


def is_final_word(leaf: Leaf) -> bool:
    """Whether a leaf is a status, vote or lock: no later record takes it back (CER-6).

    A certificate rests on what nodes said. If a proof that the log was forked, another node
    record or another charter could take a lock back, one council could undo what is final.
    """
    return isinstance(leaf, VerifiedRecord) and leaf.kind in _FINAL_WORDS


def opened_by(network: NetworkId, record: VerifiedRecord) -> LogId:
    """The log of the key that a node record names."""
    node = record.body
    key = node.key if isinstance(node, Node) else bytes(32)
    return log_id(network, record.council, PublicKey(key))


def stays_home(network: NetworkId, record: VerifiedRecord) -> bool:
    """Whether a node record is for its own log alone: the first, or a renewal (NOD-2, NOD-4)."""
    node = record.body
    if not isinstance(node, Node):
        return False
    return node.last is None or opened_by(network, record) == node.last.log


def offered(
    network: NetworkId, logs: Mapping[LogId, OwnLog], carriages: Iterable[Carriage]
) -> dict[LogId, dict[RecordId, VerifiedRecord]]:
    """Every node record that opens another log than it stands in, by the log that it ends."""
    found = [carriage.record for carriage in carriages if carriage.record.kind == "node"]
    for log in logs.values():
        for index, leaf in records_in(log.leaves):
            if leaf.kind == "node" and (index == 0 or opened_by(network, leaf) != log.id):
                found.append(leaf)
    out: dict[LogId, dict[RecordId, VerifiedRecord]] = {}
    for record in found:
        if not stays_home(network, record):
            out.setdefault(LogId(last_of(record).log), {})[record.id] = record
    return out


def meeting(log: OwnLog, record: VerifiedRecord, start: int) -> int | None:
    """The index of the log's own charter of the same number from `start` on, or None (CHA-7)."""
    for index, leaf in records_in(log.leaves, start):
        if leaf.kind == "charter" and leaf.charter == record.charter and leaf.id != record.id:
            return index
    return None


def place_fault(
    network: NetworkId, log: OwnLog, record: VerifiedRecord, index: int
) -> Reason | None:
    """Why a node record may not stand at `index`, whatever its signatures (NOD-2, NOD-4, NOD-5)."""
    node = record.body
    if not isinstance(node, Node) or index == 0:
        return None  # what opens a log, the chain judges
    if opened_by(network, record) != log.id:
        return Reason.LOG_ID  # it opens another log; here it is a mere copy
    if node.last is None:
        misplaced = node.number == 1 and index != 1
        return Reason.NODE_PREVIOUS if misplaced else None
    same = node.last.log == log.id and node.last.size <= index
    good = same and log.has(node.last.size, node.last.root)
    return None if good else Reason.NODE_LAST


def with_final_words(
    log: OwnLog,
    faults: Spans[Reason | None],
    uncut: Spans[Reason | None],
    past: Reason,
) -> Spans[Reason | None]:
    """`faults` up to the cut and `past` from there on, but for what a node said in rounds: that
    is judged in its own log alone, whatever cuts it or meets it there (CER-6).
    """
    faults.repeat(past, len(log.leaves) - len(faults))
    for index, leaf in records_in(log.leaves):
        if faults[index] is not None and is_final_word(leaf):
            faults[index] = uncut[index]
    return faults


def last_of(record: VerifiedRecord) -> LastHead:
    """What a node record that opens another log says of the one before."""
    node = record.body
    if isinstance(node, Node) and node.last is not None:
        return node.last
    return LastHead(log=bytes(32), size=1, root=bytes(32))
