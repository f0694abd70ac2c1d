"""Asking peers for what is lacking here: which log, from whom, and what a head says of it (SYN-5).

`sync.Puller` knows who holds what, `filling.Filler` what is withheld; here stands what this node
does about it when a peer announces heads, when a pull ends, and when one takes too long.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from confedproto import runs, wire
from confedproto.branches import Branches
from confedproto.comparing import Comparer
from confedproto.errors import DecodeError, Reason, RemoteProtocolError, VerificationError
from confedproto.filling import Filler
from confedproto.gossip import Announcer
from confedproto.guard import Signing, ask
from confedproto.ids import CouncilId, LogId
from confedproto.interest import FELLOWSHIP, Interest, Mode
from confedproto.keeper import Keeper
from confedproto.limits import CLOCK_AHEAD_MAX_S
from confedproto.log import head_time
from confedproto.pushing import Pusher
from confedproto.quotas import Ledger, cost_of
from confedproto.record import Leaf
from confedproto.session import Session
from confedproto.sync import Puller, announced
from confedproto.view import Log, View

Send = Callable[[int, wire.Message], None]
"""Sends a message over a link."""
Refuse = Callable[[int, Reason, str], None]
"""Tells the operator of something that a link brought; the link lives on."""


EARLY_MAX: Final = 64
"""Runs held until their time: 4 MiB."""
EARLY_MAX_MS: Final = 86_400_000
"""How far from now that may be: a clock that is a day ahead will be mended."""


@dataclass(frozen=True, slots=True)
class Early:
    """A run that is to be looked at again when our clock has reached `due` (milliseconds)."""

    due: int
    session: Session
    run: wire.Run
    leaves: Sequence[Leaf]


class Fetcher:
    """One node's asking. Times are milliseconds."""

    def __init__(
        self,
        view: View,
        ledger: Ledger,
        interest: Interest,
        comparer: Comparer,
        keeper: Keeper,
        announcer: Announcer,
        filler: Filler,
        pusher: Pusher,
        *,
        send: Send,
        refuse: Refuse,
    ) -> None:
        self.puller: Final = Puller()
        self.branches: Final = Branches(view, send)
        self._view: Final = view
        self._ledger: Final = ledger
        self._interest: Final = interest
        self._comparer: Final = comparer
        self._keeper: Final = keeper
        self._announcer: Final = announcer
        self._filler: Final = filler
        self._pusher: Final = pusher
        self._orphans: set[LogId] = set()  # later logs of councils not known well enough yet
        self._fellows = False  # who is linked or in a compact with us may have changed
        self._full: set[LogId] = set()  # logs of which nothing more is kept
        self._early: dict[LogId, Early] = {}  # runs under heads from a clock ahead of ours
        self._doubted: set[tuple[int, LogId]] = set()  # asked about after a run that did not fit
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
            if self._announcer.heard(session.link, log_) and entry is not None:
                self.puller.left(log_, head.size, entry.tree.size, now)
            if full or not self.puller.announced(session.link, log_, head.size, held=known):
                too_many += 1
                continue
            if entry is not None and entry.head is not None:
                if entry.head.size > head.size:
                    self._announcer.add(session.link, [log_])
                if self._keeper.noticed(entry, head):
                    self._refuse(session.link, Reason.LOG_FORK, log_.hex()[:16])
                    self._send(session.link, ask(entry, log_))
            if entry is not None and head.size <= entry.tree.size:
                continue
            sent_on = entry is not None and not entry.mark
            if not (sent_on and self.puller.waits(log_, session.link, now)):
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
        mode = self._wanted(log_, entry, held)
        if mode is Mode.NONE:
            return
        source = self.puller.source.get(log_)
        link = self.puller.choose(log_, held, now)
        if link is not None:
            if source is not None and source != link:
                self._part(source, entry)
            self._send(link, wire.Pull(log=log_, start=held, lean=mode is Mode.HEADS))

    def _part(self, link: int, entry: Log | None) -> None:
        """Let a peer send no more of a log ahead: it comes from elsewhere (LIV-7)."""
        if entry is not None and entry.head is not None:
            heads = (announced(entry.head, entry.mark),)
            self._send(link, wire.Heads(heads=heads))

    def _wanted(self, log_: LogId, entry: Log | None, held: int) -> Mode:
        """How much is wanted of what a log has past `held`."""
        if log_ == self._keeper.own and self._keeper.guard.state is not Signing.HELD:
            return Mode.NONE  # nobody else appends to our log; a longer one is for recovery
        if log_ in self._view.chains.forked and not self._view.chains.wants(log_, held):
            return Mode.NONE  # a forked log takes nothing new (FRK-4)
        if log_ in self._full or log_ in self._early:
            return Mode.NONE  # it takes no more (QUO-1), or not before its time (LOG-6)
        if entry is None:
            return self._interest.default
        return self._interest.mode(self._view, self._keeper.council, entry.council)

    def follow(self, council: CouncilId | None, mode: Mode, now: int) -> None:
        """The operator wants so much of a council, or of all that are not named (INT-1)."""
        self._interest.choose(council, mode)
        self.mind(self._view.logs.values())
        self.pull_all(now)

    def heard_of(self, kind: str) -> None:
        """A record counts that may make a council one that we are linked or decide with."""
        self._fellows = self._fellows or kind in FELLOWSHIP

    def mind_fellows(self) -> None:
        """After an input: look at every log again if that was so."""
        if self._fellows and self._interest.default is not Mode.FULL:
            self.mind(self._view.logs.values())
        self._fellows = False

    def mind(self, logs: Iterable[Log]) -> None:
        """What is wanted whole may have changed: then another mark stands beside the head."""
        for entry in self._interest.apply(self._view, self._keeper.council, logs):
            if entry.head is not None:
                self._comparer.put(entry.head, entry)

    def pull_all(self, now: int) -> None:
        """Ask for whatever some peer holds further than we do."""
        held = {log_: entry.tree.size for log_, entry in self._view.logs.items()}
        for log_ in list(self.puller.wanted(held)):
            self.pull(log_, now)

    def pull_waiting(self, now: int) -> None:
        """A pull ended: start one that had to wait for its peer."""
        for log_ in self.puller.take_waiting():
            self.pull(log_, now)

    def expects(self, session: Session, run: wire.Run, leaves: Sequence[Leaf], now: int) -> bool:
        """Whether a run is to be looked at: it was asked for, or is sent ahead (LIV-7) or pushed
        (LIV-6) and of use.

        Any other is as good as an announcement.
        """
        log_ = LogId(run.log)
        if self.puller.asked(log_, session.link):
            return True
        entry = self._view.logs.get(log_)
        free = log_ != self._keeper.own and log_ not in self.puller.under_way
        if self.puller.take_ahead(session.link, len(leaves)) and entry is not None:
            follows = free and run.start == entry.tree.size
            if follows and self._wanted(log_, entry, run.start) is not Mode.NONE:
                self.puller.feeds(log_, session.link)
                return True
            self._part(session.link, entry)
        elif self._pusher.take(session.link, run, leaves) and free:
            return True
        self.announced(session, runs.told(self._view, run), now)
        return False

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
        if error.reason is Reason.HEAD_AHEAD and self._keep_early(session, run, leaves, now):
            self.puller.end(log_, session.link)
            self._refuse(session.link, error.reason, error.detail)
            self.pull_waiting(now)
            return
        if error.reason is Reason.LOG_INDEX and entry is not None and run.start < entry.tree.size:
            self.puller.end(log_, session.link)  # another one was faster: nobody's fault
            self.pull(log_, now)
            return
        self.puller.fail(log_, session.link)
        forked = runs.FAULTS_OF_A_FORK if entry is not None and run.start > 0 else frozenset()
        if entry is None and runs.is_later(leaves) and error.reason in runs.FAULTS_OF_AN_ORPHAN:
            self._orphans.add(log_)
        elif error.reason not in runs.FAULTS_OF_NOBODY | forked:
            raise RemoteProtocolError(error.reason, error.detail) from None
        elif error.reason in forked and entry is not None:
            self._send(session.link, ask(entry, log_))
            if error.reason is not Reason.HEAD_TIME:
                session.strike(error.reason)
                self._doubted.add((session.link, log_))
        self._refuse(session.link, error.reason, error.detail)
        self.pull(log_, now)
        self.pull_waiting(now)

    def _keep_early(
        self, session: Session, run: wire.Run, leaves: Sequence[Leaf], now: int
    ) -> bool:
        """Hold a run until our clock has reached its head's, so that it need not be sent again."""
        log_ = LogId(run.log)
        if len(self._early) >= EARLY_MAX or log_ in self._early:
            return False
        due = (head_time(run.head) - CLOCK_AHEAD_MAX_S) * 1000
        if due > now + EARLY_MAX_MS:
            return False
        self._early[log_] = Early(due, session, run, leaves)
        return True

    def ripe(self, now: int) -> list["Early"]:
        """The runs that were held until now."""
        out = [early for early in self._early.values() if early.due <= now]
        for early in out:
            del self._early[LogId(early.run.log)]
        return out

    def next_deadline(self) -> int | None:
        """When the first held run is due, or the oldest pull runs out (milliseconds), or None."""
        times = [early.due for early in self._early.values()]
        late = self.puller.next_deadline()
        return min(times if late is None else [*times, late], default=None)

    def asked(self, link: int, run: wire.Run) -> bool:
        """Whether a run is awaited from a link, or may be sent ahead."""
        log_ = LogId(run.log)
        awaited = self.puller.asked(log_, link) or self.branches.asked(link, log_)
        return awaited or self.puller.allows(link, len(run.leaves))

    def told(self, session: Session, message: wire.HeadTold, now: int) -> None:
        """An answer about a log shows no second history: its run may hold the next time (SYN-8)."""
        self.branches.told(session.link, message, now)
        log_ = LogId(message.log)
        if (session.link, log_) in self._doubted:
            self._doubted.discard((session.link, log_))
            self.puller.forgive(log_, session.link)
            self.pull(log_, now)

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
        """Give pulls that take too long to another peer; ask for branches that are lacking."""
        self.branches.ask(self.puller.known, now)
        for log_ in self.puller.impatient(now):
            self.pull(log_, now)
        late = self.puller.expire(now)
        for log_, link in late:
            self.pull(log_, now)
            if log_ not in self.puller.under_way:  # nobody else has it: the same one again
                self.puller.forgive(log_, link)
                self.pull(log_, now)
        if late:
            self.pull_waiting(now)

    def drop_link(self, link: int, now: int) -> None:
        """A link is gone: what it was asked for is asked of others."""
        self.puller.drop_link(link)
        self.branches.drop_link(link)
        self._pusher.drop_link(link)
        self._doubted = {(one, log_) for one, log_ in self._doubted if one != link}
        self._filler.drop_link(link)
        self.pull_all(now)
