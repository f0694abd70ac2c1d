"""Payloads about the council itself: node records, charters, suspensions (specs/04).

Like `drafts`, bytes and nothing else. Each may be about any council that this node follows,
so that a linked council's node can help one whose own server is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from confedproto.bodies import KIND_OF
from confedproto.bodies.charter import Charter, threshold_fault
from confedproto.bodies.node import LastHead, Node
from confedproto.bodies.suspension import Suspension
from confedproto.bodies.types import Body
from confedproto.council import NODE_LIFETIME_S
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, LogId, PublicKey, TransportKey
from confedproto.record import build_payload
from confedproto.rules.authority import CharterStep
from confedproto.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class CouncilDesk:
    """Drafts for `council` from what `view` holds of it; `now` in seconds UTC."""

    view: View
    council: CouncilId
    now: int

    def _step(self) -> CharterStep:
        authority = self.view.authorities.get(self.council)
        step = authority.charter if authority is not None else None
        if step is None:
            raise LocalProtocolError(Reason.COUNCIL_UNKNOWN)
        return step

    def _payload(self, body: Body) -> bytes:
        return build_payload(
            kind=KIND_OF[type(body)],
            council=self.council,
            charter=self._step().version,
            time=self.now,
            body=body,
        )

    def renew(self, addresses: Sequence[str] = ()) -> bytes:
        """The node record in force again, for another 90 days (NOD-4)."""
        node = self.view.authorities[self.council].node
        if node is None:
            raise LocalProtocolError(Reason.NODE_NUMBER)
        transport = TransportKey(node.node.transport)
        return self.node(node.key, transport, addresses or node.node.addresses or ())

    def node(
        self,
        key: PublicKey,
        transport: TransportKey,
        addresses: Sequence[str] = (),
        last: LastHead | None = None,
    ) -> bytes:
        """Node record k+1 for these keys, naming the log so far up to `last` (NOD-3).

        Without `last`: as far as this node holds the log, or the witnessed part of it where
        the log is forked.
        """
        node = self.view.authorities[self.council].node
        if node is None:
            raise LocalProtocolError(Reason.NODE_NUMBER)
        return self._payload(
            Node(
                number=node.node.number + 1,
                key=key,
                transport=transport,
                expires=self.now + NODE_LIFETIME_S,
                addresses=tuple(addresses) or None,
                previous=node.record.id,
                last=last or self.last_good(),
            )
        )

    def repair(
        self,
        keep: LogId,
        key: PublicKey,
        transport: TransportKey,
        addresses: Sequence[str] = (),
    ) -> bytes:
        """The node record that keeps one of two rival servers' logs and goes on from it (NOD-7).

        As far as this node holds that log; with fresh keys. For the threshold in force where the
        rivals begin. Raises LocalProtocolError NODE_FORK if there is no such fork.
        """
        log = self.view.logs.get(keep)
        chain = self.view.chains.of[self.council]
        if log is None or log.head is None or chain.past.get(keep) is not Reason.NODE_FORK:
            raise LocalProtocolError(Reason.NODE_FORK, keep.hex()[:16])
        opening = log.own.opening
        if opening is None or not isinstance(opening.body, Node):
            raise LocalProtocolError(Reason.LOG_START, keep.hex()[:16])
        return self._payload(
            Node(
                number=opening.body.number + 1,
                key=key,
                transport=transport,
                expires=self.now + NODE_LIFETIME_S,
                addresses=tuple(addresses) or None,
                previous=opening.id,
                last=LastHead(log=keep, size=log.head.size, root=log.head.root),
            )
        )

    def last_good(self, size: int | None = None) -> LastHead:
        """The head of the log in force that a new node record names (NOD-6)."""
        log = self.view.logs[self.view.log_of[self.council]]
        held = log.head.size if log.head is not None else 0
        wanted = held if size is None else size
        if not 0 < wanted <= held or wanted < self.view.chains.receipted(log.id):
            raise LocalProtocolError(Reason.NODE_LAST, f"{wanted} of {held}")
        return LastHead(log=log.id, size=wanted, root=log.tree.root_at(wanted))

    def charter(self, *, name: str | None, threshold: int, keys: Sequence[PublicKey]) -> bytes:
        """Charter version N+1: other keyholders, another threshold, another name (CHA-3)."""
        step = self._step()
        fault = threshold_fault(threshold, len(set(keys)))
        if fault is not None:
            raise LocalProtocolError(fault, f"{threshold} of {len(set(keys))}")
        return self._payload(
            Charter(
                name=name or step.charter.name,
                threshold=threshold,
                keys=tuple(sorted(set(keys))),
                rules=step.charter.rules,
                previous=step.record.id,
                delegation=step.charter.delegation,
            )
        )

    def suspension(self, key: PublicKey, *, lift: bool = False) -> bytes:
        """Stop a key for 72 hours, or let it go on (SUS-1)."""
        return self._payload(Suspension(key=key, lift=lift))
