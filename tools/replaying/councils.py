"""Councils that write real logs, and one view that takes them in as a node does.

Every record is drafted by the library's desk or asked for by its duties, signed, put into its
council's log under a signed head, and comes back through the one door: head opened, run checked
against the tree, each leaf opened. The view that all councils read is then that of a network
in which everything arrives before the next instant; only the network is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from confedproto import log as logs
from confedproto import record
from confedproto.admission import objection
from confedproto.bodies import KIND_OF
from confedproto.bodies.compact import Windows
from confedproto.council import found
from confedproto.drafts import Desk, Draft
from confedproto.duties import Duties, Duty
from confedproto.errors import LocalProtocolError
from confedproto.ids import (
    CouncilId,
    LogId,
    NetworkId,
    PublicKey,
    RecordId,
    TransportKey,
    record_id,
)
from confedproto.keys import SigningKey
from confedproto.merkle import Frontier, Tree, leaf_hash
from confedproto.view import View

WITNESS_S = 60
"""Seconds between two witness records of one council."""
WINDOWS = Windows(
    discussion=0,
    notice=3_600,
    voting=3_600,
    grace=3_600,
    settle=600,
    step=600,
    witness=WITNESS_S,
)
"""Virtual seconds: long enough for some fifty witness records of each council in each window."""
THRESHOLD = 2
KEYHOLDERS = 3


@dataclass(slots=True, kw_only=True)
class Council:
    """One unit's council: its keys, and what it has written and not yet shown."""

    id: CouncilId
    log: LogId
    keyholders: Sequence[SigningKey]
    node_key: SigningKey
    duties: Duties
    tree: Frontier
    fresh: list[tuple[bytes, bytes | None]] = field(default_factory=list)


class Network:
    """The councils, the view of what they have shown, and the time in seconds UTC."""

    def __init__(self, network: NetworkId, now: int) -> None:
        self.view = View(network)
        self.now = now
        self.councils: list[Council] = []
        self.records = 0

    # --- writing --------------------------------------------------------------------------

    def found(self, name: str, seeds: Sequence[bytes]) -> Council:
        """Found a council; `seeds` (32 bytes each) make its keyholders' and its node's keys."""
        keyholders = [SigningKey(seed) for seed in seeds[:KEYHOLDERS]]
        node_key, transport = SigningKey(seeds[KEYHOLDERS]), TransportKey(seeds[KEYHOLDERS + 1])
        founding = found(
            self.view.network,
            name=name,
            threshold=THRESHOLD,
            keyholders=keyholders,
            node_key=node_key,
            transport=transport,
            now=self.now,
        )
        council = Council(
            id=founding.council,
            log=founding.log,
            keyholders=keyholders,
            node_key=node_key,
            duties=Duties(self.view, founding.council),
            tree=Tree(leaf_hash(envelope) for envelope in founding.envelopes).frontier(),
            fresh=[(envelope, None) for envelope in founding.envelopes],
        )
        self.councils.append(council)
        self.view.add_log(founding.log, founding.council, node_key.public)
        self._show(council, founding.head.envelope)
        return council

    def desk(self, council: Council) -> Desk:
        """Where this council's records are drafted."""
        return Desk(view=self.view, council=council.id, now=self.now)

    def submit(
        self, council: Council, draft: Draft, *others: Council, judged: bool = False
    ) -> RecordId:
        """Sign a draft with the thresholds of `council` and `others`, and append it.

        With `judged`, the council's node looks first whether it would ever count. Raises
        LocalProtocolError with the node's objection.
        """
        signers = [key for each in (council, *others) for key in each.keyholders[:THRESHOLD]]
        envelope = self._signed(draft.payload, signers)
        if judged:
            opened = record.open(self.view.network, envelope, draft.part)
            fault = objection(self.view, opened, self.now)
            if fault is not None:
                raise LocalProtocolError(fault, opened.kind)
        self._append(council, envelope, draft.part)
        return record_id(self.view.network, draft.payload)

    def _signed(self, payload: bytes, signers: Sequence[SigningKey]) -> bytes:
        signatures = [record.sign(self.view.network, payload, key) for key in signers]
        return record.assemble(payload, signatures)

    def _append(self, council: Council, envelope: bytes, part: bytes | None) -> None:
        council.tree = council.tree.append(leaf_hash(envelope))
        council.fresh.append((envelope, part))

    def _sign_own(self, council: Council, duty: Duty) -> None:
        step = self.view.authorities[council.id].charter
        payload = record.build_payload(
            kind=KIND_OF[type(duty.body)],
            council=council.id,
            charter=step.version if step is not None else 1,
            time=self.now,
            body=duty.body,
            subject=duty.subject,
        )
        self._append(council, self._signed(payload, [council.node_key]), duty.part)

    # --- time -----------------------------------------------------------------------------

    def perform(self) -> int:
        """Let every node do what is due by what it held at this instant; returns the records."""
        asked = [(each, duty) for each in self.councils for duty in each.duties.due(self.now_ms)]
        for council, duty in asked:
            self._sign_own(council, duty)
        self.show()
        return len(asked)

    def witness(self) -> None:
        """Let time pass until no node has anything more to witness."""
        self.now += WITNESS_S
        while self.perform():
            self.now += WITNESS_S

    @property
    def now_ms(self) -> int:
        """Milliseconds UTC."""
        return self.now * 1000

    # --- reading --------------------------------------------------------------------------

    def show(self) -> None:
        """Every council signs one head over what it has written, and the view takes it in."""
        for council in self.councils:
            if council.fresh:
                head = logs.sign_head(
                    self.view.network,
                    council.node_key,
                    log=council.log,
                    size=council.tree.size,
                    root=council.tree.root(),
                    time=self.now,
                )
                self._show(council, head.envelope)

    def _show(self, council: Council, envelope: bytes) -> None:
        """Take in a run as a node does: head, tree, and every leaf through `record.open`."""
        leaves, council.fresh = council.fresh, []
        entry = self.view.logs[council.log]
        head = logs.open_head(self.view.network, PublicKey(entry.key), envelope)
        hashes = logs.check_run(
            entry.tree, entry.tree.size, [leaf for leaf, _ in leaves], head, (), self.now
        )
        for (leaf, part), leaf_id in zip(leaves, hashes, strict=True):
            opened = record.open(self.view.network, leaf, part)
            fault = self.view.add(entry.id, opened, leaf_id, self.now)
            if fault is not None:
                raise LocalProtocolError(fault, opened.kind)
            self.records += 1
        for placed in self.view.take_news():
            for each in self.councils:
                each.duties.note(self.view.logs[placed.log], placed.record)
        entry.head = head
