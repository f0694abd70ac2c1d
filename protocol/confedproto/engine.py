"""The node's logic without any I/O: inputs in, effects out (ARCHITECTURE.md).

`handle` takes one input and returns what is to be done, in order, the store first;
`next_deadline` says when to send the next Tick. It routes: what holds is decided in
`rules`, who lacks what in `sync`, what is announced and witnessed in `gossip`, who may
come in at `reception`, and what goes into the own log through `pen`.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import repeat
from typing import Final, assert_never

from confedproto import effects as fx
from confedproto import gossip, inputs, log, runs, scopes, wire
from confedproto.comparing import Comparer, Words
from confedproto.duties import Duties
from confedproto.errors import DecodeError, Reason, RemoteProtocolError, VerificationError
from confedproto.fetching import Fetcher
from confedproto.filling import Filler
from confedproto.guard import NOTHING, Memory, Signing, answer, ask
from confedproto.heartbeat import Heartbeat
from confedproto.ids import (
    CouncilId,
    Hash,
    LogId,
    NetworkId,
    PublicKey,
    RecordId,
    TransportKey,
    log_id,
)
from confedproto.importing import Importer
from confedproto.interest import Interest
from confedproto.keeper import Keeper
from confedproto.keys import SigningKey
from confedproto.marks import Alike
from confedproto.merkle import Tree
from confedproto.pen import Pen
from confedproto.plain import Feeder
from confedproto.pushing import Pusher
from confedproto.quotas import DEFAULT_QUOTAS, Ledger, Quotas
from confedproto.reception import Reception
from confedproto.record import Leaf
from confedproto.session import Session, State
from confedproto.shedding import shed
from confedproto.telling import Teller
from confedproto.view import Log, View
from confedproto.writer import Writer


class Engine:
    """One council's node. Times are milliseconds since the epoch, UTC."""

    def __init__(
        self,
        network: NetworkId,
        council: CouncilId,
        signer: SigningKey,
        quotas: Quotas = DEFAULT_QUOTAS,
        interest: Interest | None = None,
        tree_of: Callable[[LogId], Tree] = lambda _: Tree(),
    ) -> None:
        self.view: Final = View(network, tree_of)
        self.council: Final = council
        self.own: Final = log_id(network, council, signer.public)
        self.sessions: dict[int, Session] = {}
        self._pen: Final = Pen(self.view, council, signer)
        self.keeper: Final = Keeper(self.view, council, self._pen)
        self.reception: Final = Reception(self.view, council)
        self._pusher: Final = Pusher(self.view)
        self._announcer: Final = gossip.Announcer()
        self._duties: Final = Duties(self.view, council)
        self._comparer: Final = Comparer(partial(scopes.common, self.view, council))
        self._heartbeat: Final = Heartbeat(self.view, self.own, self._comparer)
        self.feeder: Final = Feeder(self.view)
        self._writer = Writer(self.view, self.keeper, self._pen, self._comparer, feed=self._feed)
        self.ledger: Final = Ledger(council, quotas)
        self.interest: Final = interest or Interest()
        self._filler: Final = Filler(self.view, council, self.feeder, self.ledger)
        wants = (self.view, self.ledger, self.interest, self._comparer, self.keeper)
        helpers = (self._announcer, self._filler, self._pusher)
        self._fetcher: Final = Fetcher(*wants, *helpers, send=self._send, refuse=self._refuse)
        self._puller: Final = self._fetcher.puller
        known = (self._comparer, self._announcer, self._puller, self._pusher, self.sessions)
        self._teller: Final = Teller(self.view, *known, emit=lambda one: self._out.append(one))
        doors = (self.view, self.keeper, self.ledger, self._fetcher, self._filler, self._writer)
        self._importer: Final = Importer(*doors, keep=self._keep, filled=self._filled)
        self._ended, self._out = False, list[fx.Effect]()  # whether a link was, by this input
        self.view.add_council(council)

    # --- restoring ------------------------------------------------------------------------

    def restore(
        self,
        council: CouncilId,
        key: PublicKey,
        leaves: Iterable[tuple[Leaf, bytes, int] | Alike],
        head: bytes | None,
        via: CouncilId | None = None,
        stored: int = 0,
    ) -> None:
        """Load one log: (leaf, envelope or hash, arrived) or blocks, its head; `stored` bytes."""
        entry = self.view.add_log(log_id(self.view.network, council, key), council, key)
        self.feeder.restore(entry.id, leaves)
        self._settle()
        self.ledger.follow(entry.id, via)
        self.ledger.note(entry.id, council, stored)
        if head is not None:
            entry.head = log.open_head(self.view.network, key, head)
            self._comparer.put(entry.head, entry)

    def resume(self, *, clean: bool = True, memory: Memory = NOTHING) -> None:
        """After the last `restore`: signing begins; not `clean`, only once peers told (RES-1)."""
        self.keeper.start(clean=clean, memory=memory)
        self._fetcher.mind(self.view.logs.values())

    def knows(self, remote: TransportKey) -> bool:
        """Whether a transport key is that of a linked council's node, or of an accepted guest."""
        return self.reception.council_behind(remote) is not None

    def asked(self, link: int, run: wire.Run) -> bool:
        """Whether a run is awaited from this link, or a push: any other is not worth opening."""
        return self._fetcher.asked(link, run) or self._pusher.welcome(link, run)

    def run_message(
        self, effect: fx.ServeRun, leaves: Iterable[tuple[bytes, bytes | None]]
    ) -> wire.Run:
        """The run that answers a ServeRun: as many leaves as fit one message, at least one."""
        session, entry = self.sessions.get(effect.link), self.view.logs[effect.log]
        council = session.council if session is not None else None
        reader = scopes.Reader(self.view, council, lean=effect.lean)
        return runs.run_message(entry.tree, effect, leaves, partial(reader.sees, entry))

    def _feed(self, entry: Log, leaves: Iterable[tuple[Leaf, Hash, int]]) -> None:
        """Add (leaf, its hash, arrived) to the view, and do what follows from all of them."""
        self.feeder.add(entry.id, leaves)
        self._settle()

    def _settle(self) -> None:
        self.view.settle()
        for placed in self.view.take_news():
            self._duties.note(self.view.logs[placed.log], placed.record)
            self._fetcher.heard_of(placed.record.kind)
            self._ended = self._ended or placed.record.kind == "unlink"

    # --- the one way in -------------------------------------------------------------------

    def handle(self, event: inputs.Input, now: int) -> list[fx.Effect]:
        """Take one input at `now` (milliseconds) and say what is to be done, in order."""
        self._out = []
        self._comparer.begin(now)
        self._pusher.begin(now)
        match event:
            case inputs.LinkUp():
                self._link_up(event, now)
            case inputs.LinkDown():
                self._link_down(event.link, now)
            case inputs.Received():
                self._guarded(event.link, event.message, now)
            case inputs.RunOpened():
                self._guarded(event.link, event.run, now, event.leaves)
            case inputs.Judged():
                self._out += runs.judged(self.view, self.feeder, event)
            case inputs.Submit():
                self._submit(event, now)
            case inputs.Tick():
                self._tick(now)
            case inputs.Imported():
                fault = self._importer.take(event.run, event.leaves, now)
                one = RecordId(event.run.log)
                self._out.append(fx.Answered(token=event.token, record=one, fault=fault))
            case inputs.Follow():
                self._fetcher.follow(event.council, event.mode, now)
                logs = self.view.logs.values()
                self._out += shed(self.feeder, logs)
                self._fetcher.ask_for(self._filler.again(logs, self.sessions.values()))
            case inputs.Override():
                self.keeper.guard.override(self.keeper.asked())
            case _:
                assert_never(event)
        self._writer.begin(now)
        self._head_own(now)
        self._fetcher.mind_fellows()
        for session in list(self.sessions.values()) if self._ended else ():
            if session.council is not None and self.reception.parted(session.council):
                self._close(session.link, Reason.LINK_ENDED, now)  # (LNK-6)
        self._ended = False
        self._teller.due(now)
        return self._out

    def next_deadline(self, now: int) -> int | None:
        """When the next Tick is due (milliseconds), or None if nothing waits."""
        acts = self.keeper.may_act(now)
        times = [room.next_deadline() for room in (self._announcer, self._fetcher)]
        times.append(self._heartbeat.next_deadline(acts=acts))
        times.append(self._duties.next_deadline(now) if acts else None)
        return min((time for time in times if time is not None), default=None)

    def _tick(self, now: int) -> None:
        self._fetcher.expire(now)
        for early in self._fetcher.ripe(now):
            self._accept(early.session, early.run, early.leaves, now)
        acts = self.keeper.may_act(now)
        for duty in self._duties.due(now) if acts else ():
            self._writer.say(duty.body, now, subject=duty.subject, part=duty.part)
        if acts and self._heartbeat.resigns(now):
            self._head_own(now, again=True)
        for link, message in self._heartbeat.due(now, self.sessions):
            self._send(link, message)

    # --- links ------------------------------------------------------------------------------

    def _link_up(self, event: inputs.LinkUp, now: int) -> None:
        self.sessions[event.link] = self.reception.session(event)
        council = self.sessions[event.link].council
        if council is not None:
            unsure = council not in self.view.authorities or self._comparer.may_be_strange(council)
            knock = self.reception.own_knock(council) if event.initiator and unsure else None
            if knock:
                self._send(event.link, knock)
            self._announcer.greet(event.link)
            self._send(event.link, self._comparer.hello(council, self.council if knock else None))

    def _link_down(self, link: int, now: int) -> None:
        session = self.sessions.pop(link, None)
        self._heartbeat.drop_link(link)
        self._announcer.drop_link(link)
        self._fetcher.drop_link(link, now)
        if session is not None:
            session.state = State.CLOSED

    def _close(self, link: int, reason: Reason, now: int) -> None:
        self._out.append(fx.CloseLink(link=link, reason=reason))
        self._link_down(link, now)

    def _open(self, session: Session, hello: wire.Hello, now: int) -> None:
        if session.council is None or hello.council not in (None, session.council):
            raise RemoteProtocolError(Reason.PEER_UNKNOWN, "another council than expected")
        for other in list(self.sessions.values()):
            if other.council == session.council and other.link != session.link:
                self._close(other.link, Reason.PEER_DUPLICATE, now)
        self._puller.add_link(session.link)
        self._announcer.add_link(session.link)
        self._heartbeat.add_link(session.link, now)
        self._out.append(fx.LinkOpened(link=session.link, council=session.council))
        if self.keeper.guard.state is Signing.HELD:
            self._send(session.link, ask(self.view.logs.get(self.own), self.own))
        self._say(session, self._comparer.on_hello(session, session.council, hello))

    # --- messages ---------------------------------------------------------------------------

    def _guarded(
        self, link: int, message: wire.Message, now: int, leaves: Sequence[Leaf] = ()
    ) -> None:
        if (session := self.sessions.get(link)) is None:
            return  # the link was closed while this was under way
        try:
            session.step(message)
            session.charge(message, self._comparer.names(message), now)
            self._dispatch(session, message, now, leaves)
        except RemoteProtocolError as error:
            self._out.append(fx.Refused(link=link, reason=error.reason, detail=error.detail))
            self._close(link, error.reason, now)

    def _dispatch(
        self, session: Session, message: wire.Message, now: int, leaves: Sequence[Leaf]
    ) -> None:
        match message:
            case wire.Hello():
                self._open(session, message, now)
            case wire.Knock():
                if session.council is None:  # a guest that is known already knocks in vain
                    session.council, guest = self.reception.admit(session.remote, message, now)
                    if guest is not None:
                        self._writer.welcome(guest, now)
                        self._head_own(now)  # consent is in the log before the guest hears of it
                    self._announcer.greet(session.link)
                    self._send(session.link, self._comparer.hello(session.council, self.council))
            case wire.Heads():
                self._fetcher.heads(session, message, now)
            case wire.Want():
                self._out.append(self._filler.served(session, message))
            case wire.Leaves():
                self._fill(session, message, now)
            case wire.AskPiece():
                link, reader = session.link, session.council
                root, index = message.root, message.index
                self._out.append(fx.ServePiece(link=link, council=reader, root=root, index=index))
            case wire.Piece():
                self._out.append(fx.PieceCame(link=session.link, piece=message))
            case wire.Fresh():
                self._out += self._heartbeat.take(session, message, now)
            case wire.Pull():
                self._teller.serve(session, message)
            case wire.AskHead():
                self._send(session.link, answer(self.view.logs.get(LogId(message.log)), message))
            case wire.HeadTold():
                self._told(session, message, now)
            case wire.Run() if self._fetcher.branches.asked(session.link, LogId(message.log)):
                self._out += self._fetcher.branches.take(message, leaves, now)
            case wire.Run():
                if self._fetcher.expects(session, message, leaves, now):
                    self._accept(session, message, leaves, now)
            case wire.DigestNow():
                self._say(session, self._comparer.on_digest(session, message))
            case wire.Ranges():
                self._say(session, self._comparer.on_ranges(session, message))
            case wire.Bye():
                self._refuse(session.link, Reason.CHANNEL_CLOSED, message.reason)
                self._close(session.link, Reason.CHANNEL_CLOSED, now)
            case _:
                raise RemoteProtocolError(Reason.MESSAGE_TYPE)

    def _say(self, session: Session, words: Words) -> None:
        for message in words.messages:
            self._send(session.link, message)
        self._announcer.add(session.link, words.logs)

    def _accept(self, session: Session, run: wire.Run, leaves: Sequence[Leaf], now: int) -> None:
        log_ = LogId(run.log)
        entry, asked = self.view.logs.get(log_), self._puller.asked(log_, session.link)
        try:
            fit = runs.check(self.view, run, leaves, now // 1000)
        except (VerificationError, DecodeError) as error:
            self._fetcher.refused(session, run, leaves, error, now)
            return
        if not self._fetcher.has_room(session, run, fit.log, now):
            return
        if entry is None:
            entry = self.view.add_log(log_, fit.log.council, fit.log.key)
            self._fetcher.mind([entry])
        self._puller.learn(session.link, log_, run.start + len(leaves))
        self._keep(run, leaves, fit, now)
        if entry.seclusion.withheld and any(isinstance(leaf, bytes) for leaf in run.leaves):
            self._fetcher.ask_for(self._filler.after_run(entry, session, self.sessions.values()))
        more = self._puller.reached(log_, entry.tree.size, fit.head.size, now) if asked else None
        if more is not None:
            self._send(session.link, wire.Pull(log=log_, start=more, lean=entry.lean))
        self._fetcher.pull(log_, now)
        self._fetcher.pull_waiting(now)

    def _keep(self, run: wire.Run, leaves: Sequence[Leaf], fit: runs.Fit, now: int) -> None:
        entry, head, arrived = self.view.logs[fit.log.id], fit.head, now // 1000
        self._feed(entry, zip(leaves, fit.hashes, repeat(arrived)))
        complete = entry.tree.size == head.size
        entry.head = head if complete else entry.head
        via = self.ledger.via(entry.id, None)
        self._out.append(runs.kept(entry, run, head if complete else None, arrived, via))
        self._out += shed(self.feeder, [entry])
        self._teller.grown(entry, run.start, now)
        self._fetcher.look_again(now)

    def _fill(self, session: Session, message: wire.Leaves, now: int) -> None:
        """Leaves that were withheld have come."""
        filled = self._filler.take(session, message, now)
        self._filled(filled.entry, filled.kept, now)
        self._fetcher.ask_for(filled.more)

    def _filled(self, entry: Log, kept: fx.FillLeaves, now: int) -> None:
        self._settle()
        if kept.leaves:
            self._out += [kept, *shed(self.feeder, [entry])]
            self._teller.grown(entry, entry.tree.size, now)

    # --- own records ------------------------------------------------------------------------

    def _submit(self, event: inputs.Submit, now: int) -> None:
        item, fault = event.record, None
        if not self.feeder.knows(item.id):  # handing in the same record twice changes nothing
            fault = self._writer.submit(item, now, evidence=event.evidence)
        if fault is None:
            self._head_own(now)
        self._out.append(fx.Answered(token=event.token, record=item.id, fault=fault))

    def _head_own(self, now: int, *, again: bool = False) -> None:
        """Sign one head over all that this input appended, and hand it to the store."""
        if (stored := self._pen.head(now, again=again)) is not None:
            self._heartbeat.refreshed(self.own)
            self.keeper.guard.signed = True
            self._out.append(stored)
            self._teller.grown(self.view.logs[self.own], stored.start, now)

    def _told(self, session: Session, message: wire.HeadTold, now: int) -> None:
        if (proof := self.keeper.told(session.council, message)) and self.keeper.may_act(now):
            self._writer.say(proof, now)
        elif message.head is not None:
            self._fetcher.told(session, message, now)
        if message.head is not None and message.log == self.own:
            self._puller.announced(session.link, self.own, self.keeper.guard.wanted, held=True)
            self._fetcher.pull(self.own, now)
            self._announcer.add(session.link, {self.own} & self.view.logs.keys())

    def _send(self, link: int, message: wire.Message) -> None:
        self._out.append(fx.Send(link=link, message=message))

    def _refuse(self, link: int, reason: Reason, detail: str) -> None:
        self._out.append(fx.Refused(link=link, reason=reason, detail=detail))
