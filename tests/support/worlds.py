"""Simulated councils with a compact, a motion, a mandate or a decision, and their files."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from confedproto import bundle, record
from confedproto.bodies.compact import Windows
from confedproto.bundle import Report
from confedproto.errors import Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.keys import SigningKey
from confedproto.testing import SimNode, Simulator, seeded_key
from confedproto.view import View

WINDOWS = Windows(discussion=0, notice=3, voting=4, grace=2, settle=1, step=2, witness=1)
VALUES: Final[Sequence[Literal["yes", "no"]]] = ("yes", "no", "yes", "yes")


@dataclass(kw_only=True)
class World:
    """Councils of three keyholders with a compact and a motion that all have heard of."""

    sim: Simulator
    nodes: Sequence[SimNode]
    compact: RecordId
    motion: RecordId

    @property
    def view(self) -> View:
        return self.nodes[0].engine.view

    @property
    def now(self) -> int:
        return self.sim.now_s

    def verify(self, *files: bytes, trust: Sequence[CouncilId] = ()) -> Report:
        return bundle.verify(files, trust, self.now)


def found_compact(sim: Simulator, nodes: Sequence[SimNode], name: str, rule: str) -> RecordId:
    draft = sim.desk(nodes[0]).compact(
        name=name,
        rule=rule,
        windows=WINDOWS,
        weights={node.council: 2 for node in nodes},
        seconds=1 if len(nodes) > 2 else 0,
        sponsors=1,
        weight_max=2,
    )
    signers = [key for node in nodes for key in node.keyholders[: node.threshold]]
    return sim.submit_signed(nodes[0], draft, signers)


def make_world(councils: int, rule: str, network: str = "simulation") -> World:
    sim = Simulator(7, network)
    nodes = [sim.add_council(f"Council number {n}", 3, 2) for n in range(councils)]
    for node in nodes[1:]:
        sim.link(nodes[0], node)
    assert sim.run_until(
        lambda: all(len(node.engine.view.authorities) == councils for node in nodes), within_s=30
    )
    compact = found_compact(sim, nodes, "Valley", rule)
    sim.run(1)
    motion = propose(sim, nodes[0], compact, "A common mill")
    sim.run(1)
    return World(sim=sim, nodes=nodes, compact=compact, motion=motion)


def propose(sim: Simulator, mover: SimNode, compact: RecordId, title: str) -> RecordId:
    draft = sim.desk(mover).motion(compact, title=title, text="We build it.", salt=b"s" * 16)
    return sim.submit(mover, draft)


def decide(world: World, nodes: Sequence[SimNode]) -> bytes:
    """Second, freeze, vote, and wait for the certificate."""
    sim, motion, mover = world.sim, world.motion, world.nodes[0]
    if len(nodes) > 2:
        sim.submit(nodes[1], sim.desk(nodes[1]).second(motion))
        sim.run(1)
    sim.submit(mover, sim.desk(mover).freeze(motion))
    sim.run(4)
    for number, node in enumerate(nodes):
        desk = sim.desk(node)
        sim.submit(node, desk.position(motion, VALUES[number], yes=10 * number, no=7))
    assert sim.run_until(lambda: is_final(world), within_s=60)
    return bundle.build_certificate(world.view, motion, world.now)


def is_final(world: World) -> bool:
    status = world.view.motion_status(world.motion, world.now)
    return not isinstance(status, Reason) and status.certificate is not None


@dataclass(kw_only=True)
class Mandated:
    """A world in which the first council has granted a mandate."""

    world: World
    delegate: SigningKey
    mandate: RecordId
    file: bytes

    def act(self, value: str, *, kind: str = "vote", at: int | None = None) -> bytes:
        payload = bundle.draft_act(
            self.file,
            motion=self.world.motion,
            kind=kind,
            value=value,
            now=self.world.now if at is None else at,
        )
        return bundle.build_act(self.file, sign(self.world, payload, self.delegate))


def sign(world: World, payload: bytes, *keys: SigningKey) -> bytes:
    signatures = [record.sign(world.sim.network, payload, key) for key in keys]
    return record.assemble(payload, signatures)


def grant(world: World, instruction: str = "yes") -> Mandated:
    sim, node = world.sim, world.nodes[0]
    delegate = seeded_key(sim.rng)
    draft = sim.desk(node).mandate(
        delegate=delegate.public,
        kinds=["vote"],
        instructions={world.motion: instruction},
        until=world.now + 30 * 86_400,
    )
    mandate = sim.submit(node, draft)
    sim.run(4)
    file = bundle.build_mandate(world.view, mandate, world.now)
    return Mandated(world=world, delegate=delegate, mandate=mandate, file=file)


@cache
def four() -> World:
    return make_world(4, "double")


@cache
def granted() -> Mandated:
    return grant(four())


@cache
def recall_file() -> bytes:
    world, mandate = granted().world, granted().mandate
    node = world.nodes[0]
    assert granted().file
    recall = world.sim.submit(node, world.sim.desk(node).recall(mandate, "It was time."))
    world.sim.run(4)
    return bundle.build_record(world.view, recall, world.now)


@cache
def decided(councils: int, rule: str) -> tuple[World, bytes]:
    world = make_world(councils, rule)
    return world, decide(world, world.nodes)


@dataclass(kw_only=True)
class Chain:
    """A base council's mandate, and the link by which a meeting of delegates passes it on."""

    world: World
    meeting: SimNode
    above: RecordId
    link: RecordId
    delegate: SigningKey

    @property
    def file(self) -> bytes:
        """The link's file, as the meeting's node makes it."""
        return bundle.build_mandate(self.meeting.engine.view, self.link, self.world.now)


@cache
def passed_on() -> Chain:
    """A meeting that is a council of its own, in no compact, with a delegate among its people."""
    world = make_world(4, "double")
    sim, base = world.sim, world.nodes[0]
    meeting = sim.add_council("Meeting of the valley", 3, 2)
    for node in world.nodes:
        sim.link(node, meeting)
    sim.run(10)
    granted_above = sim.desk(base).mandate(
        delegate=meeting.keyholders[0].public,
        kinds=["mandate", "vote"],
        instructions={world.motion: "yes"},
        until=world.now + 30 * 86_400,
    )
    above = sim.submit(base, granted_above)
    sim.run(6)
    delegate = seeded_key(sim.rng)
    link = sim.desk(meeting).mandate(
        delegate=delegate.public,
        kinds=["vote"],
        instructions={world.motion: "free"},
        until=world.now + 20 * 86_400,
        terms={"above": above},
    )
    passed = sim.submit(meeting, link)
    sim.run(60)  # its receipts come with the next witness records
    return Chain(world=world, meeting=meeting, above=above, link=passed, delegate=delegate)
