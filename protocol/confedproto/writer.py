"""What goes into this node's own log: handed in by its council, or of its own accord (ADM, LOG-3).

`Writer` is the only one that appends. What one input appended goes under one signed head at its
end, and to the store before anything is sent.
"""

from collections.abc import Callable, Iterable
from typing import Final

from confedproto.bodies.guest import Guest
from confedproto.bodies.link import Link
from confedproto.bodies.override import Override
from confedproto.bodies.types import Body
from confedproto.comparing import Comparer
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import CouncilId, Hash, RecordId
from confedproto.keeper import Keeper
from confedproto.merkle import leaf_hash
from confedproto.pen import Pen
from confedproto.record import Leaf, VerifiedRecord
from confedproto.view import Log, View

Feed = Callable[[Log, Iterable[tuple[Leaf, Hash, int]]], None]
"""Adds (leaf, its hash, arrived) to a log and does what follows from all of them."""


class Writer:
    """One node's hand. Times are milliseconds."""

    def __init__(
        self,
        view: View,
        keeper: Keeper,
        pen: Pen,
        comparer: Comparer,
        *,
        feed: Feed,
    ) -> None:
        self._view: Final = view
        self._keeper: Final = keeper
        self._pen: Final = pen
        self._comparer: Final = comparer
        self._feed: Final = feed

    def submit(self, item: VerifiedRecord, now: int, *, evidence: bool = False) -> Reason | None:
        """Append a record that was handed in, or say why not; twice changes nothing."""
        ours = self._keeper.take(item, now, evidence=evidence)
        if isinstance(ours, Reason):
            return ours
        if ours is not None:
            self.append(ours, now)
        return None

    def say(
        self, body: Body, now: int, *, subject: RecordId | None = None, part: bytes | None = None
    ) -> None:
        """Append a record that the node key signs alone."""
        self.append(self._pen.sign(body, subject, part, now), now)

    def begin(self, now: int) -> None:
        """What the log begins with, and that its operator overrode the rule of starts (RES-5)."""
        opening = self._keeper.begin()
        if opening is not None:
            self.append(opening, now)
        overrode = self._keeper.guard.overrode
        if overrode is not None and self._keeper.may_act(now):
            size = self._view.logs[self._keeper.own].tree.size
            body = Override(size=size, answers=overrode.given, needed=overrode.needed)
            self._keeper.guard.overrode = None
            self.say(body, now)

    def append(self, item: VerifiedRecord, now: int) -> None:
        """Put a record at the end of our log; no head covers it yet."""
        self._feed(
            self._view.logs[self._keeper.own], [(item, leaf_hash(item.envelope), now // 1000)]
        )
        self._pen.fresh.append(item)
        if isinstance(item.body, Link) and item.body.peer is not None:
            self._comparer.doubt(CouncilId(item.body.peer))  # it has not read our answer yet

    def welcome(self, guest: Guest, now: int) -> None:
        """Say in our log whose link an invitation became (LNK-2). Raises RemoteProtocolError."""
        fault = self._keeper.silence(now)
        if fault is not None:
            raise RemoteProtocolError(fault, "no guest can be named now")
        self.say(guest, now)
