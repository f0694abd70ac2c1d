"""One engine under test, and authors who speak to it by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from confedproto import effects as fx
from confedproto import inputs, log, record, runs, sync, wire
from confedproto.bodies.guest import Guest
from confedproto.bodies.link import Link
from confedproto.bodies.second import Second
from confedproto.drafts import Draft
from confedproto.errors import Reason
from confedproto.ids import CouncilId, TransportKey
from confedproto.keys import SigningKey
from confedproto.merkle import Tree, leaf_hash
from confedproto.record import VerifiedRecord
from confedproto.testing import SimNode, Simulator
from tests.support.councils import DAY, START, Author, feed, key


def transport_of(author: Author) -> TransportKey:
    return TransportKey(author.node_body().transport)


@dataclass(slots=True)
class Rig:
    """One engine under test, and authors that are linked with it and speak by hand."""

    sim: Simulator
    node: SimNode
    peers: Sequence[Author]
    now: int = START * 1000
    out: list[fx.Effect] = field(default_factory=list)

    def give(self, event: inputs.Input) -> list[fx.Effect]:
        self.out = self.node.engine.handle(event, self.now)
        return self.out

    def say(self, link: int, message: wire.Message) -> list[fx.Effect]:
        return self.give(inputs.Received(link=link, message=message))

    def open(self, link: int, peer: Author) -> list[fx.Effect]:
        """A link that the peer has dialled, up to its hello."""
        self.give(inputs.LinkUp(link=link, remote=transport_of(peer), initiator=False))
        return self.say(link, wire.Hello(council=peer.council, digest=bytes(16)))

    def announce(self, link: int, *chapters: "Chapter") -> list[fx.Effect]:
        return self.say(link, wire.Heads(heads=tuple(c.announced for c in chapters)))

    def run(self, link: int, run: wire.Run) -> list[fx.Effect]:
        leaves = [runs.open_leaf(self.sim.network, leaf) for leaf in run.leaves]
        return self.give(inputs.RunOpened(link=link, run=run, leaves=leaves))

    def pulls(self) -> list[tuple[int, int]]:
        """Link and start of each pull among the last effects."""
        return [
            (one.link, one.message.start)
            for one in self.out
            if isinstance(one, fx.Send) and isinstance(one.message, wire.Pull)
        ]

    def closed(self) -> list[tuple[int, Reason]]:
        return [(one.link, one.reason) for one in self.out if isinstance(one, fx.CloseLink)]

    def refused(self) -> list[Reason]:
        return [one.reason for one in self.out if isinstance(one, fx.Refused)]

    def stored(self) -> int:
        return sum(len(one.leaves) for one in self.out if isinstance(one, fx.StoreLeaves))

    def held(self, author: Author) -> int:
        entry = self.node.engine.view.logs.get(author.log)
        return entry.tree.size if entry is not None else 0


@dataclass(slots=True)
class Chapter:
    """The log of an author as bytes, so that it can be spoiled, and heads over it."""

    author: Author
    leaves: list[tuple[bytes, ...]]

    @classmethod
    def of(cls, author: Author) -> "Chapter":
        return cls(
            author,
            [
                (leaf.envelope,) if leaf.part is None else (leaf.envelope, leaf.part)
                for leaf in author.leaves
            ],
        )

    def tree(self, size: int | None = None) -> Tree:
        return Tree(leaf_hash(leaf[0]) for leaf in self.leaves[:size])

    def head(self, size: int | None = None, *, time: int = START, signer: Any = None) -> log.Head:
        tree = self.tree(size)
        return log.sign_head(
            self.author.network,
            signer or self.author.node_key,
            log=self.author.log,
            size=tree.size,
            root=tree.root(),
            time=time,
        )

    @property
    def announced(self) -> wire.AnnouncedHead:
        return sync.announced(self.head())

    def run(
        self, start: int = 0, end: int | None = None, *, head: log.Head | None = None
    ) -> wire.Run:
        end = len(self.leaves) if end is None else end
        proof = self.tree().consistency(end, len(self.leaves)) if end < len(self.leaves) else []
        return wire.Run(
            log=self.author.log,
            start=start,
            leaves=tuple(self.leaves[start:end]),
            head=(head or self.head()).envelope,
            proof=tuple(proof) or None,
        )


def answer(guest: Author, host: CouncilId, token: SigningKey, **changes: Any) -> VerifiedRecord:
    """The guest's link record, signed by the token too unless `signers` says otherwise."""
    body = Link(peer=changes.get("peer", host), invite=changes.get("invite", token.public))
    return guest.make(body, signers=changes.get("signers", [*guest.keyholders[:1], token]))


def rig(peers: int = 2) -> Rig:
    """A node with this many linked peers, none of them connected."""
    sim = Simulator(1, network="tests")
    node = sim.add_council("H")
    authors = [Author(number + 1) for number in range(peers)]
    for author in authors:
        token = key(7_000 + author.number)
        sim.submit(node, sim.desk(node).invite(token.public, START + DAY))
        author.append(answer(author, node.council, token))
        guest = record.build_payload(
            kind="guest",
            council=node.council,
            charter=1,
            time=sim.now_s,
            body=Guest(peer=author.council, invite=token.public),
        )
        sim.submit_signed(node, Draft(payload=guest), [node.node_key])
    feed(node.engine.view, authors)
    return Rig(sim, node, authors)


def stranger(number: int = 50, extra: int = 8) -> Author:
    """A council the node has never heard of, with a few records in its log."""
    out = Author(number)
    for time in range(extra):
        out.add(Second(), subject=bytes(32), time=START + time)
    return out
