"""Telling peers: runs to those who pull, and what has grown to all who lack it (specs/11, LIV)."""

from collections.abc import Callable, Mapping
from typing import Final

from confedproto import effects as fx
from confedproto import runs, wire
from confedproto.chains import Log, leaf_kind
from confedproto.comparing import Comparer
from confedproto.gossip import Announcer
from confedproto.ids import LogId
from confedproto.pushing import Pusher, is_urgent
from confedproto.session import Session, State
from confedproto.sync import Puller
from confedproto.view import View


class Teller:
    """One node's telling; `emit` takes an effect. Times are milliseconds."""

    def __init__(
        self,
        view: View,
        comparer: Comparer,
        announcer: Announcer,
        puller: Puller,
        pusher: Pusher,
        sessions: Mapping[int, Session],
        emit: Callable[[fx.Effect], None],
    ) -> None:
        self._view: Final = view
        self._comparer: Final = comparer
        self._announcer: Final = announcer
        self._puller: Final = puller
        self._pusher: Final = pusher
        self._sessions: Final = sessions
        self._emit: Final = emit

    def serve(self, session: Session, pull: wire.Pull) -> None:
        """Answer a pull with the runs it asks for."""
        run = runs.served(self._view.logs.get(LogId(pull.log)), session.link, pull)
        if run is not None:  # else the peer's own time limit asks somebody else
            self._emit(run)
            self._puller.learn(session.link, run.log, pull.start)
            self._announcer.served(run)

    def grown(self, entry: Log, start: int, now: int) -> None:
        """A log has gained its leaves from `start` on, or more of it is held than before."""
        if entry.head is None:
            return
        size, root = entry.head.size, entry.head.root
        urgent = is_urgent({leaf_kind(leaf) for _, _, leaf in entry.leaves.spans(start)})
        pushed = urgent and self._pusher.wants(entry, start, now)
        self._comparer.put(entry.head, entry)
        for link, session in self._sessions.items():
            held = self._puller.size_at(link, entry.id)
            if pushed and session.state is State.OPEN and held <= start:
                self.serve(session, wire.Pull(log=entry.id, start=start))
                self._puller.learn(link, entry.id, size)
            elif held < size:
                self._announcer.add(link, [entry.id], urgent=urgent)
        self._emit(fx.Grown(log=entry.id, council=entry.council, size=size, root=root))

    def due(self, now: int) -> None:
        """Tell what is to be told now: ahead to whom that log was served, else announced."""
        for link, logs in self._announcer.due(now):
            entries = [self._view.logs[log] for log in logs]
            rest = [entry for entry in entries if not self._ahead(link, entry)]
            announced = False
            for message in self._puller.announcements(link, rest):
                self._emit(fx.Send(link=link, message=message))
                announced = True
            if not announced:
                self._announcer.sent_ahead(link, now)

    def _ahead(self, link: int, entry: Log) -> bool:
        """Send what a log has gained to a peer that has pulled it so far, if that may be."""
        if entry.head is None or self._puller.size_at(link, entry.id) >= entry.head.size:
            return False
        sent = self._announcer.ahead(link, entry)
        if sent is None:
            return False
        start, lean = sent
        run = runs.served(entry, link, wire.Pull(log=entry.id, start=start, lean=lean))
        if run is not None:
            self._emit(run)
        return run is not None
