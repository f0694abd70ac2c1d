"""Who may speak for a council: a fold over its log, one record at a time (specs/04, AUT).

`Authority.admit` is called once for each record, in the order of the council's log, and
its answer for a position never changes: what comes later cannot reach back (AUT-2).

    authority = Authority(network)
    authority.admit(first_charter)   -> None: now the council exists
    authority.admit(node_record)     -> None: now its node key signs heads and votes
    authority.admit(position)        -> None, or the Reason why it does not count
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, assert_never

from confedproto import keys
from confedproto.bodies import KINDS, Needs
from confedproto.bodies.charter import RULES_NUMBER, Charter, threshold_fault
from confedproto.bodies.guest import Guest
from confedproto.bodies.mandate import Mandate, may_sign
from confedproto.bodies.node import Node
from confedproto.bodies.suspension import Suspension
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, LogId, NetworkId, PublicKey, RecordId, log_id
from confedproto.limits import SUSPENSION_S
from confedproto.record import VerifiedRecord
from confedproto.rules.life import Event, State, step


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

    def __init__(self, network: NetworkId, founders: Iterable[PublicKey] = ()) -> None:
        """`founders` have signed other records of the council, and so its id (BUN-4)."""
        self._network: Final = network
        self._founders: Final = frozenset(founders)
        self.charters: list[CharterStep] = []
        self.nodes: list[NodeStep] = []
        self.mandates: dict[RecordId, Mandate] = {}
        self.invited: set[bytes] = set()
        """The invitations of which a guest was named: no other can be (LNK-2)."""
        self.state = State.UNKNOWN
        self.rival: CharterStep | None = None
        """The other charter of the newest number, if there were ever two (CHA-6)."""
        self.rivals: dict[int, VerifiedRecord] = {}
        """Version -> the other charter of that number, where a fork was repaired."""
        self.stopped: dict[PublicKey, int] = {}
        """Suspended key -> until when (seconds UTC)."""
        self._used: set[tuple[PublicKey, int]] = set()  # who has suspended under which version

    def copy(self) -> "Authority":
        """The same at this place of the chain, to be continued on its own."""
        out = Authority(self._network, self._founders)
        out.charters, out.nodes = list(self.charters), list(self.nodes)
        out.mandates, out.stopped = dict(self.mandates), dict(self.stopped)
        out.state, out.rival, out._used = self.state, self.rival, set(self._used)
        out.rivals, out.invited = dict(self.rivals), set(self.invited)
        return out

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

    def state_at(self, time: int) -> State:
        """The state with what the clock adds: suspension and expiry (LIF-2)."""
        node = self.node
        if self.state is not State.ACTIVE or node is None:
            return self.state
        if time > node.node.expires:
            return State.EXPIRED
        return State.SUSPENDED if time < self.stopped.get(node.key, 0) else State.ACTIVE

    def signers_meet(self, charter: Charter, record: VerifiedRecord) -> bool:
        """Whether the threshold signed, keyholders who are suspended left out (AUT-3, SUS-4)."""
        return meets_threshold(
            charter, (k for k in record.signers if record.time >= self.stopped.get(k, 0))
        )

    # --- one record -------------------------------------------------------------------------

    def admit(self, record: VerifiedRecord) -> Reason | None:
        """Judge the next record of the log and let it take effect if it counts (AUT-1)."""
        event = self._event(record)
        if isinstance(event, Reason):
            return event
        after = step(self.state_at(record.time), event)
        if isinstance(after, Reason):
            return after
        self._take(record, event)
        if after not in (State.SUSPENDED, State.EXPIRED):  # those two are the clock's
            self.state = State.CHARTERED if after is State.ACTIVE and not self.nodes else after
        return Reason.CHARTER_FORK if event is Event.RIVAL_CHARTER else None

    def judge(self, record: VerifiedRecord) -> Reason | None:
        """Whether the record would count as the next of this log: None, or why not."""
        event = self._event(record)
        if isinstance(event, Reason):
            return event
        after = step(self.state_at(record.time), event)
        if isinstance(after, Reason):
            return after
        return Reason.CHARTER_FORK if event is Event.RIVAL_CHARTER else None

    def meet_rival(self, record: VerifiedRecord) -> None:
        """Another charter of the newest number turned up outside of the log (CHA-7)."""
        if self._event(record) is Event.RIVAL_CHARTER:
            self.admit(record)

    def enter(self, event: Event, record: VerifiedRecord) -> None:
        """A node record that opens the next log takes effect; the chain has judged it (NOD-4)."""
        after = step(self.state, event)
        self._take(record, event)
        self.state = State.ACTIVE if isinstance(after, Reason) else after
        if self.rival is not None:
            self.state = State.CHARTER_FORK  # another server mends no charter

    def repairs(self, record: VerifiedRecord, kept: RecordId) -> bool:
        """Whether a node record, with this place's threshold, keeps one of two rivals (NOD-7)."""
        step_ = self.charter
        return (
            step_ is not None
            and isinstance(record.body, Node)
            and record.body.number == len(self.nodes) + 2
            and record.body.previous == kept
            and all(old.key != record.body.key for old in self.nodes)  # closed for good (NOD-5)
            and record.charter == step_.version
            and self.signers_meet(step_.charter, record)
        )

    def _take(self, record: VerifiedRecord, event: Event) -> None:
        match record.body:
            case Charter() as charter:
                version = record.charter + 1
                one = CharterStep(version=version, record=record, charter=charter)
                if event is Event.RIVAL_CHARTER:
                    self.rival = one
                else:
                    if self.rival is not None:
                        self.rivals[self.rival.version] = self.rival.record
                    self.charters.append(one)
                    self.rival = None
            case Node() as node:
                self.nodes.append(self._node_step(record, node))
            case Mandate() as mandate:
                self.mandates[record.id] = mandate
            case Guest() as guest:
                self.invited.add(guest.invite)
            case Suspension() as suspension:
                self._suspend(record, suspension)
            case _:
                pass

    def _node_step(self, record: VerifiedRecord, node: Node) -> NodeStep:
        key = PublicKey(node.key)
        log = log_id(self._network, record.council, key)
        return NodeStep(record=record, node=node, key=key, log=log)

    def _suspend(self, record: VerifiedRecord, suspension: Suspension) -> None:
        target = PublicKey(suspension.key)
        if suspension.lift:
            self.stopped.pop(target, None)
            return
        self.stopped[target] = max(record.time + SUSPENSION_S, self.stopped.get(target, 0))
        self._used.add((record.signers[0], record.charter))

    def _event(self, record: VerifiedRecord) -> Event | Reason:
        """What the record would be here, signatures and form checked; else why it is nothing."""
        if isinstance(record.body, Charter):
            return self._charter_event(record, record.body)
        step_ = self.charter
        if step_ is None:
            return Reason.COUNCIL_UNKNOWN
        if record.council != self.council:
            return Reason.COUNCIL_FOREIGN
        kind = KINDS.get(record.kind)
        if kind is None:
            return Reason.KIND_UNKNOWN
        if record.charter != step_.version:
            return Reason.CHARTER_VERSION
        fault = self._signers_fault(kind.needs, record)
        if fault is not None:
            return fault
        match record.body:
            case Node() as node:
                return self._node_event(node)
            case Suspension() as suspension:
                return self._suspension_event(record, suspension)
            case Guest() as guest if guest.invite in self.invited:
                return Reason.INVITATION_USED
            case _:
                return _EVENTS[kind.needs]

    # --- charters ---------------------------------------------------------------------------

    def _charter_event(self, record: VerifiedRecord, charter: Charter) -> Event | Reason:
        if not self.charters:
            if record.charter != 0:
                return Reason.CHARTER_VERSION
            before = None
        else:
            rival = record.charter == len(self.charters) - 1 > 0 and self._is_rival(record)
            if record.charter != len(self.charters) and not rival:
                return Reason.CHARTER_VERSION
            before = self.charters[record.charter - 1]
        fault = self._charter_fault(record, charter, before)
        if fault is not None:
            return fault
        if before is None:
            return Event.FIRST_CHARTER
        if record.charter < len(self.charters):
            return Event.RIVAL_CHARTER
        return Event.CHARTER_REPAIR if self.rival is not None else Event.NEXT_CHARTER

    def _is_rival(self, record: VerifiedRecord) -> bool:
        return self.charters[-1].record.id != record.id

    def _charter_fault(
        self, record: VerifiedRecord, charter: Charter, before: CharterStep | None
    ) -> Reason | None:
        if before is None:
            if charter.previous is not None:
                return Reason.CHARTER_PREVIOUS
        else:
            names = {before.record.id}
            voters = before.charter
            if self.rival is not None and before is self.charters[-1]:
                # A repair names one of the two, and bears their common predecessor's threshold.
                names.add(self.rival.record.id)
                voters = self.charters[-2].charter
            if charter.previous not in names:
                return Reason.CHARTER_PREVIOUS
            if record.council != self.council:
                return Reason.COUNCIL_FOREIGN
            if not self.signers_meet(voters, record):
                return Reason.THRESHOLD_MISSING
        if charter.rules != RULES_NUMBER:
            return Reason.RULE_UNKNOWN
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
        if before is None and meets_threshold(charter, (*record.signers, *self._founders)):
            return None
        return None if self.signers_meet(charter, record) else Reason.THRESHOLD_MISSING

    # --- node records -----------------------------------------------------------------------

    def _node_event(self, node: Node) -> Event | Reason:
        now = self.node
        if node.number != len(self.nodes) + 1:
            return Reason.NODE_NUMBER
        try:
            keys.check_public_key(node.key)
        except VerificationError as error:
            return error.reason
        if now is None:
            whole = node.previous is None and node.last is None
            return Event.FIRST_NODE if whole else Reason.NODE_PREVIOUS
        if node.previous != now.record.id:
            return Reason.NODE_PREVIOUS
        if node.last is None or node.last.log != now.log:
            return Reason.NODE_LAST
        if node.key == now.key:
            return Event.RENEWAL
        if any(old.key == node.key for old in self.nodes):
            return Reason.NODE_KEY  # a retired key's log has been closed for good (NOD-5)
        return Event.REPLACEMENT

    # --- signatures by kind -----------------------------------------------------------------

    def _signers_fault(self, needs: Needs, record: VerifiedRecord) -> Reason | None:
        match needs:
            case Needs.THRESHOLD:
                return self._needs_threshold(record)
            case Needs.NODE:
                return self._needs_node(record)
            case Needs.DELEGATE:
                return self._needs_delegate(record)
            case Needs.KEYHOLDER:
                return self._needs_keyholder(record)
            case Needs.ADMINISTRATION:
                return self._needs_administration(record)
            case _:
                assert_never(needs)

    def _needs_threshold(self, record: VerifiedRecord) -> Reason | None:
        now = self.charter
        if now is None or not self.signers_meet(now.charter, record):
            return Reason.THRESHOLD_MISSING
        return None

    def _needs_node(self, record: VerifiedRecord) -> Reason | None:
        node = self.node
        if node is None or record.signers != (node.key,):
            return Reason.NODE_KEY
        return None

    def _needs_delegate(self, record: VerifiedRecord) -> Reason | None:
        mandate = self.mandates.get(record.subject) if record.subject is not None else None
        if mandate is None:
            return Reason.MANDATE_UNKNOWN
        return None if may_sign(mandate, record.signers) else Reason.MANDATE_DELEGATE

    def _needs_administration(self, record: VerifiedRecord) -> Reason | None:
        """The council itself, or one delegate whose mandate names the kind (specs/07, ADA-1)."""
        named = getattr(record.body, "mandate", None)
        if named is None:
            return self._needs_threshold(record)
        mandate = self.mandates.get(RecordId(named))
        if mandate is None:
            return Reason.MANDATE_UNKNOWN
        if not may_sign(mandate, record.signers):
            return Reason.MANDATE_DELEGATE
        return None if record.kind in mandate.kinds else Reason.MANDATE_SCOPE

    def _needs_keyholder(self, record: VerifiedRecord) -> Reason | None:
        body = record.body
        if isinstance(body, Suspension) and body.lift:
            return self._needs_threshold(record)
        now = self.charter
        alone = len(record.signers) == 1
        if now is None or not alone or record.signers[0] not in now.charter.keys:
            return Reason.SUSPENSION_SIGNER
        if record.time < self.stopped.get(record.signers[0], 0):
            return Reason.SUSPENSION_SIGNER
        return None

    def _suspension_event(self, record: VerifiedRecord, suspension: Suspension) -> Event | Reason:
        now, node = self.charter, self.node
        of_node = node is not None and suspension.key == node.key
        if not of_node and (now is None or suspension.key not in now.charter.keys):
            return Reason.SUSPENSION_TARGET
        if suspension.lift:
            return Event.LIFT if of_node else Event.BY_KEYHOLDERS
        if suspension.key == record.signers[0]:
            return Reason.SUSPENSION_TARGET
        if (record.signers[0], record.charter) in self._used:
            return Reason.SUSPENSION_AGAIN
        return Event.SUSPENSION if of_node else Event.BY_KEYHOLDERS


_EVENTS: Final[Mapping[Needs, Event]] = MappingProxyType(
    {
        Needs.THRESHOLD: Event.BY_KEYHOLDERS,
        Needs.NODE: Event.BY_NODE,
        Needs.DELEGATE: Event.BY_DELEGATE,
        Needs.KEYHOLDER: Event.BY_KEYHOLDERS,
        Needs.ADMINISTRATION: Event.BY_KEYHOLDERS,  # a delegate of a body is bound as they are
    }
)
