"""May this node sign its log now? After a start, and whenever a second history shows (RES, FRK).

A node that was restored from an old backup would sign a second history of its log without
knowing it, and a cloned one does so in front of everybody. So after a start that is not
clean it first asks its linked councils how far its log went, and it stops for good, until
the keyholders decide, when it sees its own log going on without it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from confedproto import wire
from confedproto.bodies.forkproof import ForkProof
from confedproto.chains import Log
from confedproto.errors import DecodeError, Reason, RemoteProtocolError, VerificationError
from confedproto.ids import CouncilId, Hash, LogId, NetworkId
from confedproto.log import Head, open_head
from confedproto.merkle import verify_consistency
from confedproto.rules.forks import make_proof

ALL_BELOW: Final = 3
"""With fewer linked councils than this, all of them have to answer."""


@unique
class Signing(StrEnum):
    """Whether the node signs its log."""

    HELD = "held"  # waiting for its peers' answers
    OPEN = "open"
    STOPPED = "stopped"  # its log went on without it: only the keyholders can mend that


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A verified answer: the peer's head of a log (None: it holds none), and what it shows."""

    head: Head | None
    fork: ForkProof | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far the own log was signed, as is known outside of the database (RES-4)."""

    size: int
    root: Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a node that starts knows of its log beside its records: how far the counter file says
    that it was signed, and the councils that it dials, whoever is linked (RES-1).
    """

    reached: Reached | None = None
    peers: frozenset[CouncilId] = frozenset()


NOTHING: Final = Memory()
"""Neither a counter file nor an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How many linked councils have told how far the log went, and how many had to."""

    given: int
    needed: int


def answers_needed(linked: int) -> int:
    """How many of `linked` councils must have answered: more than half, or all of few (RES-1)."""
    return linked if linked < ALL_BELOW else linked // 2 + 1


def ask(log: Log | None, log_: LogId) -> wire.AskHead:
    """The question that `check` can judge the answer of."""
    size = log.head.size if log is not None and log.head is not None else 1
    return wire.AskHead(log=log_, size=size)


def answer(log: Log | None, asked: wire.AskHead) -> wire.HeadTold:
    """What this node holds of a log that a peer asks about (RES-2)."""
    if log is None or log.head is None:
        return wire.HeadTold(log=asked.log, size=asked.size)
    if asked.size >= log.head.size:
        return wire.HeadTold(log=asked.log, size=asked.size, head=log.head.envelope)
    path = tuple(log.tree.consistency(asked.size, log.head.size))
    return wire.HeadTold(
        log=asked.log,
        size=asked.size,
        head=log.head.envelope,
        root=log.tree.root_at(asked.size),
        path=path or None,
    )


def check(network: NetworkId, log: Log, told: wire.HeadTold) -> Told:
    """Judge a peer's answer against our copy of the log (FRK-3). Raises RemoteProtocolError."""
    if told.head is None:
        return Told(head=None, fork=None)
    try:
        head = open_head(network, log.key, told.head)
        if head.log != log.id:
            raise VerificationError(Reason.LOG_ID)
        if told.root is not None:
            path = told.path or ()
            verify_consistency(told.size, Hash(told.root), head.size, head.root, path)
    except (DecodeError, VerificationError) as error:
        raise RemoteProtocolError(error.reason, error.detail) from None
    return Told(head=head, fork=_fork(log, head, told))


def _fork(log: Log, head: Head, told: wire.HeadTold) -> ForkProof | None:
    ours = log.head
    if ours is None:
        return None
    if head.size <= ours.size:
        root = log.tree.root_at(head.size)
        if root == head.root:
            return None
        path = tuple(log.tree.consistency(head.size, ours.size))
        return make_proof(
            council=log.council, key=log.key, one=head, other=ours, root=root, path=path
        )
    if told.root is None or told.size != ours.size or told.root == ours.root:
        return None
    path = tuple(Hash(step) for step in told.path or ())
    root = Hash(told.root)
    return make_proof(council=log.council, key=log.key, one=ours, other=head, root=root, path=path)


class Guard:
    """The rule of restore-safe signing for one node's own log."""

    def __init__(self) -> None:
        self.state = Signing.OPEN
        self.wanted = 0
        """The largest size that a peer has told of our own log."""
        self.answered: set[CouncilId] = set()
        self.signed = False
        """Whether anything was signed since the start."""
        self.overrode: Answers | None = None
        """The operator let the node sign, and its log does not say so yet (RES-5)."""

    def start(self, *, clean: bool) -> None:
        """The node starts: a clean one signs at once (RES-1)."""
        self.state = Signing.OPEN if clean else Signing.HELD
        self.answered.clear()
        self.wanted = 0
        self.signed = False

    def told(self, council: CouncilId, size: int) -> None:
        """A linked council has answered: it holds our log up to `size`, 0 for not at all."""
        self.answered.add(council)
        self.wanted = max(self.wanted, size)

    def stop(self) -> None:
        """A second history of our log exists."""
        self.state = Signing.STOPPED

    def override(self, linked: Iterable[CouncilId]) -> None:
        """The operator takes it upon himself; nothing opens a log that is forked."""
        if self.state is Signing.HELD:
            councils = set(linked)
            given = len(self.answered & councils)
            self.overrode = Answers(given=given, needed=answers_needed(len(councils)))
            self.state = Signing.OPEN

    def settle(self, linked: Iterable[CouncilId], held: int) -> bool:
        """Open if the rule is met and our copy reaches as far as anybody's (RES-1).

        With nobody to ask it stays shut: an old backup may be older than the first link.
        """
        if self.state is not Signing.HELD or held < max(self.wanted, 1):
            return False
        councils = set(linked)
        if not councils or len(self.answered & councils) < answers_needed(len(councils)):
            return False
        self.state = Signing.OPEN
        return True
