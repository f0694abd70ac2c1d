"""A followed log as this node holds it: its tree, what its leaves are, and how much is wanted."""

from dataclasses import dataclass, field
from operator import eq

from confedproto import merkle
from confedproto.ids import CouncilId, LogId, PublicKey
from confedproto.log import Head
from confedproto.record import Leaf, PlainClass, PlainLeaf, WithheldLeaf
from confedproto.rules.given import OwnLog
from confedproto.seclusion import Seclusion
from confedproto.spans import Spans


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
    leaves: Spans[Leaf] = field(default_factory=Spans[Leaf])
    arrivals: Spans[int] = field(default_factory=lambda: Spans(same=eq))  # seconds UTC, one a leaf
    due: int = 0  # provisional leaves: their own signatures are still to be verified (SYN-11)
    plain: dict[tuple[PlainClass, bool, bool], PlainLeaf] = field(default_factory=dict)
    seclusion: Seclusion = field(default_factory=Seclusion)
    lean: bool = False  # only its outline is wanted (INT-2)
    recent: int | None = None  # of plain records only those among so many newest leaves (INT-3)
    shed: int = 0  # up to here plain records were dropped
    dropped: int = 0  # plain records that are held by their hash alone

    @property
    def lacking(self) -> int:
        """How many leaves are held by their hash alone, but for what is not wanted (INT-3)."""
        return self.seclusion.withheld + (self.dropped if self.recent is None else 0)

    def lacks(self, leaf: Leaf) -> bool:
        """Whether a leaf of this log is one of those."""
        if isinstance(leaf, PlainLeaf):
            return leaf.dropped and self.recent is None
        return isinstance(leaf, WithheldLeaf)

    @property
    def mark(self) -> bytes:
        """Over what is not held as public; of an outline nothing, for that is as it should be."""
        return b"" if self.lean else self.seclusion.closed.mark

    def seclusion_of(self, start: int, count: int) -> int:
        """What leaves that are not public add to the sums over such leaves."""
        return self.seclusion.total((self.tree.leaf(start + at) for at in range(count)), start)

    @property
    def own(self) -> OwnLog:
        """The log as the rules want it."""
        return OwnLog(id=self.id, leaves=self.leaves, root_at=self.tree.root_at)
