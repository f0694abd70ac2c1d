"""The node's own log: whether it may be signed now, and what is to be said of forks (RES, FRK)."""

from typing import Final

from confedproto import guard, wire
from confedproto.admission import objection
from confedproto.bodies.carried import Carried
from confedproto.bodies.forkproof import ForkProof
from confedproto.bodies.node import Node
from confedproto.bundle.brief import build_brief
from confedproto.chains import Log
from confedproto.errors import LocalProtocolError, Reason, RemoteProtocolError
from confedproto.guard import NOTHING, Guard, Memory, Signing
from confedproto.ids import CouncilId, LogId, RecordId, log_id
from confedproto.pen import Pen
from confedproto.record import VerifiedRecord
from confedproto.rules.given import CARRIED_KINDS
from confedproto.rules.life import REFUSALS, State
from confedproto.view import View

_WHILE_SUSPENDED: Final = frozenset({"charter", "node", "suspension", "recall"})


class Keeper:
    """What the engine asks before its node key signs. Times are milliseconds."""

    def __init__(self, view: View, council: CouncilId, pen: Pen) -> None:
        self.guard: Final = Guard()
        self._view: Final = view
        self.council: Final = council
        self._pen: Final = pen
        self._key: Final = pen.key
        self.own: Final = log_id(view.network, council, pen.key)
        self._proved: set[LogId] = set()
        self.memory = NOTHING

    def start(self, *, clean: bool, memory: Memory = NOTHING) -> None:
        """The node starts; without a log of its own there is nothing to be clean about."""
        self.memory = memory
        entry = self._view.logs.get(self.own)
        held = entry is not None and entry.head is not None
        self.guard.start(clean=clean and held)

    def linked(self) -> set[CouncilId]:
        """The councils that must be asked: those with which consent is mutual."""
        others = set(self._view.authorities) - {self.council}
        return {other for other in others if self._view.linked(self.council, other)}

    def asked(self) -> set[CouncilId]:
        """The councils whose answers count: the linked, and before the first link the dialled."""
        return self.linked() or set(self.memory.peers)

    @property
    def held(self) -> int:
        """Up to which size we hold our own log."""
        entry = self._view.logs.get(self.own)
        return entry.head.size if entry is not None and entry.head is not None else 0

    def begin(self) -> VerifiedRecord | None:
        """Open the log for signing if the rule is met now; the first leaf of a new one (RES-1)."""
        if self.guard.state is Signing.HELD:
            self._settle()
        opening = self.opening()
        if opening is None or self.guard.state is not Signing.OPEN:
            return None
        self._view.add_log(self.own, self.council, self._key)
        return opening

    def _settle(self) -> bool:
        held, reached = self.held, self.memory.reached
        if reached is not None:
            entry = self._view.logs.get(self.own)
            if entry is None or not entry.own.has(reached.size, reached.root):
                return False  # more was signed than this copy, or anybody who answered, holds
        if held == 0 and self.opening() is not None and not self.guard.wanted:
            held = 1  # a new server: its log begins with the node record that names it
        return self.guard.settle(self.asked(), held)

    def opening(self) -> VerifiedRecord | None:
        """The node record in force if it opens our log, which is not there yet."""
        authority = self._view.authorities.get(self.council)
        node = authority.node if authority is not None else None
        if node is None or node.key != self._key or self.own in self._view.logs:
            return None
        return node.record

    @property
    def signing(self) -> Signing:
        """Whether the node signs its log: never again once a fork of it is proved (RES-3)."""
        forked = self.own in self._view.chains.forked
        return Signing.STOPPED if forked else self.guard.state

    def brief(self, mandate: RecordId, now_s: int) -> bytes:
        """A mandate of this council in brief, as the node key signs it (BRF-2).

        Raises LocalProtocolError: why the node signs nothing now, or as `build_brief`.
        """
        fault = self.silence(1000 * now_s)
        if fault is not None:
            raise LocalProtocolError(fault)
        return build_brief(self._view, self.own, mandate, now_s, self._pen.stands)

    def objection(self, kind: str, now: int) -> Reason | None:
        """Why nothing of this kind is appended to our log now, or None (RES-1, FRK-4, SUS-3)."""
        if self.guard.state is Signing.HELD:
            return Reason.RESTORE_HELD
        chain = self._view.chains.of[self.council]
        if self.signing is Signing.STOPPED:
            return Reason.LOG_FORK
        state, node = chain.state_at(now // 1000), chain.authority.node
        if state is State.NODE_FORK:
            return Reason.NODE_FORK
        if node is None or node.key != self._key:
            return Reason.NODE_REPLACED
        held = state is State.SUSPENDED and kind not in _WHILE_SUSPENDED
        return Reason.NODE_SUSPENDED if held else None

    def silence(self, now: int) -> Reason | None:
        """Why the node signs nothing of its own accord now, or None."""
        if self.own not in self._view.logs:
            return Reason.LOG_START
        state = self._view.chains.of[self.council].state_at(now // 1000)
        fault = self.objection("witness", now)
        return fault or (None if state is State.ACTIVE else REFUSALS[state])

    def may_act(self, now: int) -> bool:
        """Whether the node signs records of its own accord now."""
        return self.silence(now) is None

    # --- what peers tell --------------------------------------------------------------------

    def noticed(self, entry: Log, head: wire.AnnouncedHead) -> bool:
        """Whether an announced head may be of another history than ours: then ask (FRK-3)."""
        if entry.id in self._view.chains.forked:
            return False
        if entry.id == self.own and head.size > entry.tree.size:
            return True
        return head.size <= entry.tree.size and entry.tree.root_at(head.size)[:8] != head.root

    def told(self, council: CouncilId | None, message: wire.HeadTold) -> ForkProof | None:
        """Take up a peer's answer; a proof if it shows a second history (RES-2, FRK-3).

        Raises RemoteProtocolError for an answer that does not hold.
        """
        log_ = LogId(message.log)
        entry = self._view.logs.get(log_)
        if entry is None and log_ == self.own:
            entry = Log(id=log_, council=self.council, key=self._key)
        if entry is None:
            raise RemoteProtocolError(Reason.LOG_ID, "an answer that nobody asked for")
        found = guard.check(self._view.network, entry, message)
        if log_ == self.own:
            size = found.head.size if found.head is not None else 0
            self.guard.wanted = max(self.guard.wanted, size)
            if council is not None:
                self.guard.told(council, size)
            if found.fork is not None or (self.guard.signed and size > entry.tree.size):
                self.guard.stop()
        if found.fork is None or log_ in self._proved:
            return None
        self._proved.add(log_)
        return found.fork

    # --- what is handed in ------------------------------------------------------------------

    def take(
        self, item: VerifiedRecord, now: int, *, evidence: bool = False
    ) -> VerifiedRecord | Reason | None:
        """What is to be appended for a record that was handed in, why nothing is, or None."""
        fault = self.objection(item.kind, now)
        if fault is not None:
            return fault
        if item.council == self.council:
            return objection(self._view, item, now // 1000, evidence=evidence) or item
        body = self.carry(item)
        if isinstance(body, Reason):
            return body
        if self.carried_already(item.id, item.council):
            return None
        return self._pen.sign(body, None, None, now)

    # --- carriage ---------------------------------------------------------------------------

    def carry(self, item: VerifiedRecord) -> Carried | Reason:
        """The record of another council as our node carries it (CAR-1, CAR-2)."""
        log_ = self._view.log_of.get(item.council)
        head = self._view.logs[log_].head if log_ is not None else None
        if item.kind not in CARRIED_KINDS:
            return Reason.COUNCIL_FOREIGN
        if item.scope is not None:
            return Reason.SCOPE_OTHER  # what is carried, everybody can read
        if head is None:
            return Reason.COUNCIL_UNKNOWN
        fault = self._view.authorities[item.council].judge(item)
        mends = fault is Reason.CHARTER_FORK or self._repairs(item)
        if fault is not None and not mends:
            return fault
        return Carried(envelope=item.envelope, head=head.envelope)

    def _repairs(self, item: VerifiedRecord) -> bool:
        """Whether a node record keeps one of two rival servers of its council (NOD-7)."""
        node, chain = item.body, self._view.chains.of[item.council]
        if not isinstance(node, Node) or node.previous is None or node.last is None:
            return False
        rival = chain.past.get(LogId(node.last.log)) is Reason.NODE_FORK
        return rival and chain.authority.repairs(item, RecordId(node.previous))

    def carried_already(self, item: RecordId, council: CouncilId) -> bool:
        """Whether somebody carries it already: once is enough."""
        return any(one.record.id == item for _, one in self._view.chains.conveyed(council))
