"""A seeded simulator of whole nodes, and councils to put into it: public, like trio.testing.

Real engines, real encodings, real signatures; only the wire, the disk and the clock are
simulated, on one heap of events. The same seed gives the same run.

    sim = Simulator(seed=1)
    a, b = sim.add_council("A"), sim.add_council("B")
    sim.link(a, b)
    sim.run(seconds=5)
"""

import heapq
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from confedproto import effects as fx
from confedproto import inputs, record, testing_disk, wire
from confedproto.bodies.compact import Windows
from confedproto.council import found, token_key
from confedproto.drafts import Desk, Draft
from confedproto.engine import Engine
from confedproto.errors import LocalProtocolError, VerificationError
from confedproto.guard import NOTHING, Memory
from confedproto.ids import CouncilId, NetworkId, RecordId, TransportKey, network_id
from confedproto.interest import Interest, Mode
from confedproto.keys import SigningKey
from confedproto.merkle import HASH_BYTES
from confedproto.quotas import DEFAULT_QUOTAS, Quotas, cost_of
from confedproto.record import WITHHELD, Leaf
from confedproto.testing_disk import Disk, Heads

START_S = 1_700_000_000
"""Seconds UTC at which every simulation begins."""


def seeded_key(rng: random.Random) -> SigningKey:
    """A signing key from a seeded generator: for simulations and tests alone."""
    return SigningKey(rng.randbytes(32))


@dataclass(slots=True, kw_only=True)
class SimNode:
    """A simulated node: its engine, its keyholders, what its disk holds."""

    name: str
    engine: Engine
    council: CouncilId
    transport: TransportKey
    threshold: int
    keyholders: Sequence[SigningKey]
    node_key: SigningKey
    disk: Disk = field(default_factory=dict)
    heads: Heads = field(default_factory=dict)
    lost: list[testing_disk.Branch] = field(default_factory=list)
    up: bool = True
    refused: list[fx.Refused] = field(default_factory=list)
    answers: dict[int, fx.Answered] = field(default_factory=dict)
    bytes_sent: int = 0
    leaves_received: int = 0
    wake: int | None = None
    quotas: Quotas = DEFAULT_QUOTAS
    interest: Mode = Mode.FULL  # of councils it has nothing to do with
    skew_ms: int = 0  # how far its clock is ahead of the simulation's


@dataclass(slots=True, kw_only=True)
class Wire:
    """A cable between two nodes: the first end dials."""

    ends: tuple[SimNode, SimNode]
    latency_ms: int
    loss: float
    number: int
    up: bool = False


class Simulator:
    """Nodes and links in virtual time."""

    def __init__(self, seed: int, network: str = "simulation") -> None:
        self.rng = random.Random(seed)
        self._salts = random.Random(f"salts {seed}")
        self.network: NetworkId = network_id(network)
        self.now = START_S * 1000
        self.nodes: list[SimNode] = []
        self.wires: dict[frozenset[str], Wire] = {}
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._opened: dict[tuple[bytes, bytes | None], Leaf] = {}
        self._up: dict[int, Wire] = {}  # by the number of the link
        self._count = itertools.count(1)

    @property
    def now_s(self) -> int:
        """Seconds UTC."""
        return self.now // 1000

    def open_leaf(self, envelope: bytes, part: bytes | None = None) -> Leaf:
        """Open a leaf in full, once for all nodes that get the same bytes."""
        known = self._opened.get((envelope, part))
        if known is None:
            known = self._opened[envelope, part] = record.open_leaf(self.network, envelope, part)
        return known

    # --- people -----------------------------------------------------------------------------

    def add_council(self, name: str, keyholders: int = 1, threshold: int = 1) -> SimNode:
        """A new council with its own node and keys."""
        keys = [seeded_key(self.rng) for _ in range(keyholders)]
        node_key = seeded_key(self.rng)
        transport = TransportKey(self.rng.randbytes(32))
        founding = found(
            self.network,
            name=name,
            threshold=threshold,
            keyholders=keys,
            node_key=node_key,
            transport=transport,
            now=self.now_s,
        )
        node = SimNode(
            name=name,
            engine=Engine(self.network, founding.council, node_key),
            council=founding.council,
            transport=transport,
            threshold=threshold,
            keyholders=keys,
            node_key=node_key,
        )
        node.disk[founding.log] = [(e, None, self.now_s) for e in founding.envelopes]
        head = founding.head.envelope
        node.heads[founding.log] = (founding.council, node_key.public, head)
        self.load(node)
        self.nodes.append(node)
        return node

    def load(self, node: SimNode, *, clean: bool = True, memory: Memory = NOTHING) -> None:
        """A new engine for the node, from its disk."""
        interest = Interest(node.interest)
        node.engine = Engine(self.network, node.council, node.node_key, node.quotas, interest)
        for log, (council, key, head) in sorted(
            node.heads.items(), key=lambda item: item[0] != node.engine.own
        ):
            leaves = [(self._reopen(e, part), e, arrived) for e, part, arrived in node.disk[log]]
            stored = cost_of(tuple((e, p or b"") for e, p, _ in node.disk[log]))
            node.engine.restore(council, key, leaves, head, stored=stored)
        node.engine.resume(clean=clean, memory=memory)

    def _reopen(self, kept: bytes, part: bytes | None) -> Leaf:
        """A leaf from a disk; the simulated one knows a withheld leaf by its 32 bytes."""
        return WITHHELD if len(kept) == HASH_BYTES else self.open_leaf(kept, part)

    def desk(self, node: SimNode) -> Desk:
        """Where records of this node's council are drafted."""
        salt = self._salts.randbytes(16)
        return Desk(view=node.engine.view, council=node.council, now=self.now_s, salt=salt)

    def submit(self, node: SimNode, draft: Draft, *extra: SigningKey) -> RecordId:
        """Sign a draft with the council's threshold and hand it to its node.

        Raises LocalProtocolError with the node's refusal.
        """
        signers = [*node.keyholders[: node.threshold], *extra]
        return self.submit_signed(node, draft, signers)

    def submit_signed(self, node: SimNode, draft: Draft, signers: Sequence[SigningKey]) -> RecordId:
        """Sign a draft with exactly these keys and hand it to the node."""
        signatures = [record.sign(self.network, draft.payload, key) for key in signers]
        envelope = record.assemble(draft.payload, signatures)
        opened = record.open(self.network, envelope, draft.part)
        token = next(self._count)
        self.give(node, inputs.Submit(token=token, record=opened))
        answer = node.answers.pop(token)
        if answer.fault is not None:
            raise LocalProtocolError(answer.fault, opened.kind)
        return answer.record

    def found_compact(
        self,
        nodes: Sequence[SimNode],
        *,
        rule: str,
        windows: Windows,
        weights: Sequence[int] = (),
        seconds: int = 0,
        sponsors: int = 1,
    ) -> RecordId:
        """A compact of these councils, signed by the threshold of each (weights in halves).

        The first of them must know them all; the record goes into its log.
        """
        halves = weights or [2] * len(nodes)
        draft = self.desk(nodes[0]).compact(
            name="A confederation",
            rule=rule,
            windows=windows,
            weights={node.council: half for node, half in zip(nodes, halves, strict=True)},
            seconds=seconds,
            sponsors=sponsors,
            weight_max=max(2, *halves),
        )
        signers = [key for node in nodes for key in node.keyholders[: node.threshold]]
        return self.submit_signed(nodes[0], draft, signers)

    # --- links ------------------------------------------------------------------------------

    def link(
        self, host: SimNode, guest: SimNode, *, latency_ms: int = 20, loss: float = 0.0
    ) -> None:
        """`guest` answers an invitation of `host`, and the wire between them goes up."""
        key = token_key(self.rng.randbytes(16))
        self.submit(host, self.desk(host).invite(key.public, self.now_s + 3_600))
        self.submit(guest, self.desk(guest).answer(host.council, key.public), key)
        cable = Wire(ends=(guest, host), latency_ms=latency_ms, loss=loss, number=next(self._count))
        self.wires[frozenset((host.name, guest.name))] = cable
        self.connect(cable)

    def connect(self, cable: Wire) -> None:
        """The guest of a wire dials its host, if both are up."""
        guest, host = cable.ends
        if cable.up or not guest.up or not host.up:
            return
        cable.up = True
        self._up.pop(cable.number, None)
        cable.number = next(self._count)
        self._up[cable.number] = cable
        number = cable.number
        self.give(
            guest,
            inputs.LinkUp(
                link=number,
                remote=host.transport,
                initiator=True,
                expected=host.council,
                salt=number.to_bytes(8, "big"),
            ),
        )
        self.give(
            host,
            inputs.LinkUp(
                link=number,
                remote=guest.transport,
                initiator=False,
                salt=number.to_bytes(8, "big"),
            ),
        )

    def cut(self, one: SimNode, other: SimNode) -> None:
        """The wire between two nodes goes down; what was under way is lost."""
        self._cut(self.wires[frozenset((one.name, other.name))])

    def _cut(self, cable: Wire) -> None:
        if not cable.up:
            return
        cable.up = False
        for node in cable.ends:
            if node.up:
                self.give(node, inputs.LinkDown(link=cable.number))

    def heal(self, one: SimNode, other: SimNode) -> None:
        """The wire between two nodes comes up again."""
        self.connect(self.wires[frozenset((one.name, other.name))])

    def cables(self, node: SimNode) -> list[Wire]:
        """The wires at a node."""
        return [cable for cable in self.wires.values() if node in cable.ends]

    def kill(self, node: SimNode) -> None:
        """The node stops at once; only what its disk holds is left."""
        node.up = False
        for cable in self.cables(node):
            self._cut(cable)

    def restart(self, node: SimNode, *, clean: bool = True, memory: Memory = NOTHING) -> None:
        """The node starts again from its disk and its links are dialled.

        Not `clean`: its counter file does not agree with its disk.
        """
        node.up = True
        self.load(node, clean=clean, memory=memory)
        for cable in self.cables(node):
            self.connect(cable)
        self._wake(node)

    # --- time -------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        until = self.now + int(seconds * 1000)
        while self._events and self._events[0][0] <= until:
            self.now, _, action = heapq.heappop(self._events)
            action()
        self.now = until

    def run_until(self, condition: Callable[[], bool], *, within_s: float) -> bool:
        """Let time pass until `condition` holds; False if it does not within the limit."""
        until = self.now + int(within_s * 1000)
        while not condition():
            if not self._events or self._events[0][0] > until:
                self.now = until
                return condition()
            self.now, _, action = heapq.heappop(self._events)
            action()
        return True

    def _at(self, time: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._count), action))

    def _wake(self, node: SimNode) -> None:
        if not node.up:
            return
        deadline = node.engine.next_deadline(self.now + node.skew_ms)
        if deadline is None:
            return
        time = max(deadline - node.skew_ms, self.now + 1)
        if node.wake is not None and self.now < node.wake <= time:
            return
        node.wake = time

        def tick() -> None:
            if node.up and node.wake == time:
                node.wake = None
                self.give(node, inputs.Tick())

        self._at(time, tick)

    def give(self, node: SimNode, event: inputs.Input) -> None:
        """Hand an input to a node's engine and carry out what it asks for."""
        for effect in node.engine.handle(event, self.now + node.skew_ms):
            self._carry_out(node, effect)
        self._wake(node)

    # --- effects ----------------------------------------------------------------------------

    def _carry_out(self, node: SimNode, effect: fx.Effect) -> None:
        match effect:
            case fx.StoreLeaves() | fx.FillLeaves() | fx.DropLeaves():
                testing_disk.keep(node.disk, node.heads, effect)
            case fx.SwitchBranch():
                node.lost.append((effect.log, node.disk[effect.log]))
                testing_disk.keep(node.disk, node.heads, effect)
                for step in (self.kill, self.restart):  # it loads anew what it holds
                    self._at(self.now, partial(step, node))
            case fx.Send():
                self._transmit(node, effect.link, effect.message)
            case fx.ServeRun() | fx.ServeLeaves():
                for message in testing_disk.answers(node.engine, node.disk, effect):
                    self._transmit(node, effect.link, message)
            case fx.CloseLink():
                for cable in self.wires.values():
                    if cable.number == effect.link:
                        self._cut(cable)
            case fx.Answered():
                node.answers[effect.token] = effect
            case fx.Refused():
                node.refused.append(effect)
            case fx.LinkOpened() | fx.Grown() | fx.StoreMarks():
                pass
            case fx.ServePiece() | fx.PieceCame():
                pass  # files lie beside a node's records, and a simulated one has none

    def _transmit(self, node: SimNode, link: int, message: wire.Message) -> None:
        cable = self._up.get(link)
        if cable is None or not cable.up:
            return
        data = wire.encode(message)
        node.bytes_sent += len(data)
        other = cable.ends[1] if node is cable.ends[0] else cable.ends[0]
        if cable.loss and self.rng.random() < cable.loss:
            # A stream never loses one message: a loss is a cut, and somebody redials.
            self._at(self.now + cable.latency_ms, lambda: self._cut(cable))
            self._at(self.now + 10 * cable.latency_ms, lambda: self.connect(cable))
            return
        self._at(self.now + cable.latency_ms, lambda: self._deliver(other, cable, link, data))

    def _deliver(self, node: SimNode, cable: Wire, link: int, data: bytes) -> None:
        if not cable.up or cable.number != link or not node.up:
            return
        message = wire.decode(data)
        if message is None:
            return
        if isinstance(message, wire.Run):
            node.leaves_received += len(message.leaves)
            try:
                leaves = [
                    WITHHELD if isinstance(leaf, bytes) else self.open_leaf(*leaf)
                    for leaf in message.leaves
                ]
            except VerificationError as error:  # a part withheld or changed on the way
                node.refused.append(fx.Refused(link=link, reason=error.reason, detail=error.detail))
                self._cut(cable)
                return
            self.give(node, inputs.RunOpened(link=link, run=message, leaves=leaves))
        else:
            self.give(node, inputs.Received(link=link, message=message))
