"""Who may speak for a council: a fold over its log, one record at a time (specs/04, AUT).

`Authority.admit` is called once for each record, in the order of the council's log, and
its answer for a position never changes: what comes later cannot reach back (AUT-2).

    authority = Authority(network)
    authority.admit(first_charter)   -> None: now the council exists
    authority.admit(node_record)     -> None: now its node key signs heads and votes
    authority.admit(position)        -> None, or the Reason why it does not count
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from confedproto import keys
from confedproto.bodies import KINDS, Needs
from confedproto.bodies.charter import Charter, threshold_fault
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.node import Node
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, LogId, NetworkId, PublicKey, RecordId, log_id
from confedproto.record import VerifiedRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterStep:
    """One version of a council's charter; versions count from 1."""

    version: int
    record: VerifiedRecord
    charter: Charter


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStep:
    """One node record and the log that its key keeps."""

    record: VerifiedRecord
    node: Node
    key: PublicKey
    log: LogId


def meets_threshold(charter: Charter, signers: Iterable[PublicKey]) -> bool:
    """True if at least `charter.threshold` distinct keyholders are among the signers (AUT-3)."""
    return len(set(charter.keys) & set(signers)) >= charter.threshold


class Authority:
    """What a council's own records, folded in log order, say about who speaks for it."""

    def __init__(self, network: NetworkId) -> None:
        self._network: Final = network
        self.charters: list[CharterStep] = []
        self.nodes: list[NodeStep] = []
        self.mandates: dict[RecordId, Mandate] = {}

    @property
    def council(self) -> CouncilId | None:
        """The council's id, or None before its first charter."""
        return self.charters[0].record.council if self.charters else None

    @property
    def charter(self) -> CharterStep | None:
        """The charter in force, or None before the first."""
        return self.charters[-1] if self.charters else None

    @property
    def node(self) -> NodeStep | None:
        """The node record in force, or None before the first."""
        return self.nodes[-1] if self.nodes else None

    def charter_version(self, version: int) -> Charter | None:
        """The charter with this version number, if there was one."""
        return self.charters[version - 1].charter if 0 < version <= len(self.charters) else None

    def admit(self, record: VerifiedRecord) -> Reason | None:
        """Judge the next record of the log and let it take effect if it counts (AUT-1)."""
        fault = self.judge(record)
        if fault is not None:
            return fault
        match record.body:
            case Charter() as charter:
                version = len(self.charters) + 1
                self.charters.append(CharterStep(version=version, record=record, charter=charter))
            case Node() as node:
                key = PublicKey(node.key)
                log = log_id(self._network, record.council, key)
                self.nodes.append(NodeStep(record=record, node=node, key=key, log=log))
            case Mandate() as mandate:
                self.mandates[record.id] = mandate
            case _:
                pass
        return None

    def judge(self, record: VerifiedRecord) -> Reason | None:
        """Whether the record would count as the next of this log: None, or why not."""
        if isinstance(record.body, Charter):
            return self._charter_fault(record, record.body)
        step = self.charter
        if step is None:
            return Reason.COUNCIL_UNKNOWN
        if record.council != self.council:
            return Reason.COUNCIL_FOREIGN
        kind = KINDS.get(record.kind)
        if kind is None:
            return Reason.KIND_UNKNOWN
        if record.charter != step.version:
            return Reason.CHARTER_VERSION
        fault = _CHECKS[kind.needs](self, record)
        if fault is None and isinstance(record.body, Node):
            return self._node_fault(record.body)
        return fault

    def _charter_fault(self, record: VerifiedRecord, charter: Charter) -> Reason | None:
        if record.charter != len(self.charters):
            return Reason.CHARTER_VERSION
        step = self.charter
        if charter.previous != (step.record.id if step is not None else None):
            return Reason.CHARTER_PREVIOUS
        if step is not None:
            if record.council != self.council:
                return Reason.COUNCIL_FOREIGN
            if not meets_threshold(step.charter, record.signers):
                return Reason.THRESHOLD_MISSING
        if list(charter.keys) != sorted(set(charter.keys)):
            return Reason.SIGNER_ORDER
        fault = threshold_fault(charter.threshold, len(charter.keys))
        if fault is not None:
            return fault
        try:
            for key in charter.keys:
                keys.check_public_key(key)
        except VerificationError as error:
            return error.reason
        return None if meets_threshold(charter, record.signers) else Reason.THRESHOLD_MISSING

    def _node_fault(self, node: Node) -> Reason | None:
        # A second node record opens a second log; until that is in specs/04, number 1 is all.
        if node.number != 1 or self.nodes or node.previous is not None:
            return Reason.NODE_NUMBER
        try:
            keys.check_public_key(node.key)
        except VerificationError as error:
            return error.reason
        return None


def _needs_threshold(authority: Authority, record: VerifiedRecord) -> Reason | None:
    step = authority.charter
    if step is None or not meets_threshold(step.charter, record.signers):
        return Reason.THRESHOLD_MISSING
    return None


def _needs_node(authority: Authority, record: VerifiedRecord) -> Reason | None:
    node = authority.node
    return None if node is not None and record.signers == (node.key,) else Reason.NODE_KEY


def _needs_delegate(authority: Authority, record: VerifiedRecord) -> Reason | None:
    subject = record.subject
    mandate = authority.mandates.get(subject) if subject is not None else None
    if mandate is None:
        return Reason.MANDATE_UNKNOWN
    return None if record.signers == (mandate.delegate,) else Reason.MANDATE_DELEGATE


_CHECKS: Final[Mapping[Needs, Callable[[Authority, VerifiedRecord], Reason | None]]] = (
    MappingProxyType(
        {
            Needs.THRESHOLD: _needs_threshold,
            Needs.NODE: _needs_node,
            Needs.DELEGATE: _needs_delegate,
        }
    )
)
