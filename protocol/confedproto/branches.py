"""A forked log of which the keyholders kept another branch than ours (specs/04, FRK-7).

Fold and proofs need the branch that counts. So a node that lacks it asks its peers who holds it,
fetches it whole beside its own, and hands both to the store: its own branch is set aside and
kept, the other stands in its place, and the node loads all that it holds anew.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from confedproto import effects as fx
from confedproto import runs, wire
from confedproto.bodies.node import LastHead
from confedproto.errors import DecodeError, VerificationError
from confedproto.ids import Hash, LogId
from confedproto.limits import RUN_MAX_RECORDS
from confedproto.log import check_hash_run, open_head
from confedproto.record import Leaf
from confedproto.sync import PULL_TIMEOUT_MS
from confedproto.view import Log, View

ASK_INTERVAL_MS: Final = 30_000
"""How often peers are asked who holds a branch: with the digests, which differ meanwhile."""


@dataclass(slots=True)
class _Fetch:
    link: int
    deadline: int
    log: Log  # the branch as far as it has come
    until: int = RUN_MAX_RECORDS  # leaves asked for
    kept: list[fx.StoreLeaves] = field(default_factory=list)


class Branches:
    """What this node fetches a second time. Times are milliseconds."""

    def __init__(self, view: View, send: Callable[[int, wire.Message], None]) -> None:
        self._view: Final = view
        self._send: Final = send
        self._fetching: Final[dict[LogId, _Fetch]] = {}
        self._asked_at = -ASK_INTERVAL_MS

    def wanted(self) -> dict[LogId, LastHead]:
        """The logs of which another branch is kept, and how far it is good."""
        chains = self._view.chains.of.values()
        return {
            log: last
            for chain in chains
            for log, last in chain.other_branch.items()
            if log in self._view.logs
        }

    def ask(self, links: Iterable[int], now: int) -> None:
        """Ask every peer now and then who holds the branch that was kept."""
        for log in [log for log, one in self._fetching.items() if one.deadline <= now]:
            del self._fetching[log]
        if now - self._asked_at < ASK_INTERVAL_MS:
            return
        self._asked_at, open_ones = now, list(links)
        for log, last in self.wanted().items():
            for link in open_ones if log not in self._fetching else ():
                self._send(link, wire.AskHead(log=log, size=last.size))

    def told(self, link: int, message: wire.HeadTold, now: int) -> None:
        """A peer's answer, which the keeper has checked: it may hold that branch."""
        log_ = LogId(message.log)
        last, ours = self.wanted().get(log_), self._view.logs.get(log_)
        if last is None or ours is None or log_ in self._fetching or message.head is None:
            return
        head = open_head(self._view.network, ours.key, message.head)
        root = head.root if head.size == last.size else message.root
        if message.size != last.size or root != last.root:
            return
        begun = Log(id=log_, council=ours.council, key=ours.key)
        self._fetching[log_] = _Fetch(link, now + PULL_TIMEOUT_MS, begun)
        self._send(link, wire.Pull(log=log_, start=0))

    def asked(self, link: int, log: LogId) -> bool:
        """Whether a branch of this log is being fetched from a link."""
        return log in self._fetching and self._fetching[log].link == link

    def drop_link(self, link: int) -> None:
        """A link is gone; another peer is asked."""
        for log in [log for log, one in self._fetching.items() if one.link == link]:
            del self._fetching[log]

    def take(self, run: wire.Run, leaves: Sequence[Leaf], now: int) -> list[fx.Effect]:
        """One more run of a branch; at its end what the store is to do.

        What does not hold ends the attempt: the next peer that has the branch is asked.
        """
        log_ = LogId(run.log)
        fetch, last = self._fetching[log_], self.wanted().get(log_)
        hashes = runs.hashes_of(run.leaves)
        entry, start = fetch.log, fetch.log.tree.size
        try:
            head = open_head(self._view.network, entry.key, run.head)
            proof = [Hash(step) for step in run.proof or ()]
            check_hash_run(entry.tree, run.start, hashes, head, proof, now // 1000)
        except (DecodeError, VerificationError):
            del self._fetching[log_]
            return []
        entry.tree.extend(hashes)
        entry.leaves.extend(leaves)
        whole = entry.tree.size == head.size
        fetch.kept.append(runs.kept(entry, run, head if whole else None, now // 1000))
        fetch.deadline = now + PULL_TIMEOUT_MS
        astray = last is None or (
            start < last.size <= entry.tree.size and entry.tree.root_at(last.size) != last.root
        )
        if astray or (whole and last is not None and entry.tree.size < last.size):
            del self._fetching[log_]
        elif whole:
            del self._fetching[log_]
            return [fx.SwitchBranch(log=log_, kept=tuple(fetch.kept))]
        elif entry.tree.size >= fetch.until:
            fetch.until = entry.tree.size + RUN_MAX_RECORDS
            self._send(fetch.link, wire.Pull(log=log_, start=entry.tree.size))
        return []
