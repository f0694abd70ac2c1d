"""Asking peers for what is lacking here: which log, from whom, and what a head says of it (SYN-5).

`sync.Puller` knows who holds what, `filling.Filler` what is withheld; here stands what this node
does about it when a peer announces heads, when a pull ends, and when one takes too long.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from confedproto import runs, wire
from confedproto.errors import DecodeError, Reason, RemoteProtocolError, VerificationError
from confedproto.filling import Filler
from confedproto.gossip import Announcer
from confedproto.guard import Signing, ask
from confedproto.ids import LogId
from confedproto.keeper import Keeper
from confedproto.quotas import Ledger, cost_of
from confedproto.record import Leaf
from confedproto.session import Session
from confedproto.sync import Puller
from confedproto.view import Log, View

Send = Callable[[int, wire.Message], None]
"""Sends a message over a link."""
Refuse = Callable[[int, Reason, str], None]
"""Tells the operator of something that a link brought; the link lives on."""


class Fetcher:
    """One node's asking. Times are milliseconds."""

    def __init__(
        self,
        view: View,
        ledger: Ledger,
        keeper: Keeper,
        announcer: Announcer,
        filler: Filler,
        *,
        send: Send,
        refuse: Refuse,
    ) -> None:
        self.puller: Final = Puller()
        self._view: Final = view
        self._ledger: Final = ledger
        self._keeper: Final = keeper
        self._announcer: Final = announcer
        self._filler: Final = filler
        self._orphans: set[LogId] = set()  # later logs of councils not known well enough yet
        self._full: set[LogId] = set()  # logs of which nothing more is kept
        self._send: Final = send
        self._refuse: Final = refuse

    def heads(self, session: Session, message: wire.Heads, now: int) -> None:
        """A peer says how far it holds logs, or what it holds in a scope."""
        if message.scope is None:
            self.announced(session, message.heads, now)
        self.ask_for(self._filler.told(session, message))

    def announced(self, session: Session, heads: Iterable[wire.AnnouncedHead], now: int) -> None:
        """A peer holds logs this far: what is longer there is pulled, another history asked for."""
        too_many = 0
        for head in heads:
            log_ = LogId(head.log)
            entry = self._view.logs.get(log_)
            known = entry is not None
            full = not known and not self._ledger.may_introduce(session.council)
            if full or not self.puller.announced(session.link, log_, head.size, held=known):
                too_many += 1
                continue
            if entry is not None and entry.head is not None:
                if entry.head.size > head.size:
                    self._announcer.add(session.link, [log_])
                if self._keeper.noticed(entry, head):
                    self._refuse(session.link, Reason.LOG_FORK, log_.hex()[:16])
                    self._send(session.link, ask(entry, log_))
            self.pull(log_, now)
        if too_many:
            self._refuse(session.link, Reason.QUOTA, f"{too_many} logs too many")

    def ask_for(self, wants: Iterable[tuple[int, wire.Want]]) -> None:
        """Ask for leaves that are withheld here."""
        for link, want in wants:
            self._send(link, want)

    def pull(self, log_: LogId, now: int) -> None:
        """Ask the best peer for the next run of a log, if one holds more of it."""
        entry = self._view.logs.get(log_)
        held = entry.tree.size if entry is not None else 0
        if log_ == self._keeper.own and self._keeper.guard.state is not Signing.HELD:
            return  # nobody else appends to our log; a longer one is a matter of recovery
        if log_ in self._view.chains.forked and not self._view.chains.wants(log_, held):
            return  # a forked log takes nothing new (FRK-4)
        if log_ in self._full:
            return  # it takes no more (QUO-1): the run that would not fit was refused by name
        link = self.puller.choose(log_, held, now)
        if link is not None:
            self._send(link, wire.Pull(log=log_, start=held))

    def pull_waiting(self, now: int) -> None:
        """A pull ended: start one that had to wait for its peer."""
        for log_ in self.puller.take_waiting():
            self.pull(log_, now)

    def refused(
        self,
        session: Session,
        run: wire.Run,
        leaves: Sequence[Leaf],
        error: VerificationError | DecodeError,
        now: int,
    ) -> None:
        """A run did not hold: ask somebody else. Raises RemoteProtocolError if it is a lie."""
        log_ = LogId(run.log)
        entry = self._view.logs.get(log_)
        self.puller.fail(log_, session.link)
        forked = runs.FAULTS_OF_A_FORK if entry is not None and run.start > 0 else frozenset()
        if entry is None and runs.is_later(leaves) and error.reason in runs.FAULTS_OF_AN_ORPHAN:
            self._orphans.add(log_)
        elif error.reason not in runs.FAULTS_OF_NOBODY | forked:
            raise RemoteProtocolError(error.reason, error.detail) from None
        elif error.reason in forked and entry is not None:
            self._send(session.link, ask(entry, log_))
        self._refuse(session.link, error.reason, error.detail)
        self.pull(log_, now)
        self.pull_waiting(now)

    def has_room(self, session: Session, run: wire.Run, log: Log, now: int) -> bool:
        """Whether a run that holds fits the quotas, and counts; else it ends there (QUO-1)."""
        via, cost = self._ledger.via(log.id, session.council), cost_of(run.leaves)
        if self._ledger.admits(log.council, via, cost):
            self._ledger.follow(log.id, session.council)
            self._ledger.note(log.id, log.council, cost)
            return True
        self.puller.fail(log.id, session.link)
        if log.id not in self._full:
            self._full.add(log.id)
            self._refuse(session.link, Reason.QUOTA, f"the log {log.id.hex()[:16]} takes no more")
        self.pull_waiting(now)
        return False

    def look_again(self, now: int) -> None:
        """A run was kept: what was unknown of a council may be known now."""
        orphans, self._orphans = self._orphans, set()
        for orphan in orphans:
            self.puller.forgive(orphan)
            self.pull(orphan, now)

    def expire(self, now: int) -> None:
        """Give pulls that take too long to another peer."""
        late = self.puller.expire(now)
        for log_ in late:
            self.pull(log_, now)
        if late:
            self.pull_waiting(now)

    def drop_link(self, link: int, now: int) -> None:
        """A link is gone: what it was asked for is asked of others."""
        self.puller.drop_link(link)
        self._filler.drop_link(link)
        held = {log_: entry.tree.size for log_, entry in self._view.logs.items()}
        for log_ in list(self.puller.wanted(held)):
            self.pull(log_, now)
