"""The driver: carries inputs to the engine and its effects to the store and the links.

The pump asks the engine. What an input asks to keep is committed before anything that
follows from it is sent; if the store fails, the node stops and has passed nothing on.
"""

import errno
import itertools
import logging
import math
import random
import socket
import time
from collections.abc import Callable
from typing import Final

import trio

from confednode.arrears import Arrears
from confednode.conversation import converse
from confednode.counter import Counter
from confednode.errors import LinkError, NodeReason
from confednode.filing import Filing
from confednode.ingest import INLINE_LEAVES, Opening, provisional
from confednode.links import ANYWHERE, Link, accept, dial
from confednode.places import LinkState as LinkState
from confednode.places import Places
from confednode.pump import Pump
from confednode.reach import Reach
from confednode.refusals import Refusals
from confednode.serving import Serving
from confednode.store import Peer, Store
from confednode.whereabouts import whereabouts
from confedproto import effects as fx
from confedproto import inputs, wire
from confedproto.engine import Engine
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import CouncilId, NetworkId
from confedproto.interest import Mode
from confedproto.record import VerifiedRecord

LOG: Final = logging.getLogger(__name__)

REDIAL_FIRST_S: Final = 0.25
REDIAL_MAX_S: Final = 60.0
REDIAL_CUT_S: Final = 2.0  # after a link that was open: a bad line, no peer that refuses
NOWHERE: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def wall_clock() -> int:
    """Milliseconds since the epoch: what records and journals are timed by."""
    return time.time_ns() // 1_000_000


class Driver:
    """Runs one engine over real sockets and a real store."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        network: NetworkId,
        static_private: bytes,
        clock: Callable[[], int] = wall_clock,
        counter: Counter | None = None,
        reach: Reach = ANYWHERE,
    ) -> None:
        self.engine: Final = engine
        self.clock: Final = clock
        self.states: Final[dict[CouncilId, LinkState]] = {}
        self.refusals: Final = Refusals()
        self._store: Final = store
        self._network: Final = network
        self._private: Final = static_private
        self._links: Final[dict[int, Link]] = {}
        self._behind: Final[dict[int, CouncilId]] = {}
        self._numbers: Final = itertools.count(1)
        self._answers: Final[dict[int, fx.Answered]] = {}
        self._waiting: Final[dict[int, trio.Event]] = {}
        asked, example = engine.asked, engine.feeder.example
        self._opening: Final = Opening(network, asked, example, provisional=provisional())
        self._pump: Final = Pump(engine, store, counter, clock, self._carry_out, self._opening.more)
        self.disk: Final = self._pump.disk
        self.places: Final = Places()
        self.reach: Final = reach
        self._arrears: Final = Arrears(engine, store, self.disk, self._opening, self._pump)
        self._online = trio.Event()
        self._online.set()
        self._dialled: Final[set[CouncilId]] = set()
        self._invited: Final[dict[CouncilId, Peer]] = {}
        self.outdated: Final = trio.Event()
        """The store holds another branch of a log than the engine: load anew (FRK-7)."""
        self._ended = trio.Event()  # a link ended; replaced each time
        self.stored: Final[dict[CouncilId, int]] = {}  # leaves of its log under a stored head
        self._grew = trio.Event()  # a log grew on disk; replaced each time
        self._nursery: trio.Nursery | None = None
        self.filing: Final = Filing(engine, store, self.disk, self._behind, self._send, self._drop)
        self._serving: Final = Serving(engine, store, self.disk, lambda *to: self._send(*to))

    # --- life -------------------------------------------------------------------------------

    async def run(
        self,
        host: str,
        port: int,
        *,
        task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until cancelled; reports the port that it listens on."""
        with self.disk:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                for room in (self._pump, self.filing, self._arrears):
                    nursery.start_soon(room.run)
                nursery.start_soon(self._opening.workers.serve)
                bound = await nursery.start(self._listen, host, port)
                for peer in self._store.peers():
                    self.dial_for_ever(peer.council, peer)
                for council in self.engine.keeper.linked():
                    self.dial_for_ever(council)
                task_status.started(bound)

    async def follow(self, council: CouncilId | None, mode: Mode) -> None:
        """The operator wants so much of a council, or of all that are not named."""
        await self._pump.send(inputs.Follow(council=council, mode=mode))

    async def override(self) -> None:
        """The operator lets the node sign without its peers' answers (RES-5)."""
        LOG.warning("restore rule overridden by the operator")
        self._note(Reason.RESTORE_HELD, "overridden by the operator")
        await self._pump.send(inputs.Override())

    async def submit(self, item: VerifiedRecord, *, evidence: bool = False) -> fx.Answered:
        """Hand in a record of this council; answers after it is committed, or refused."""
        return await self._answered(
            lambda n: inputs.Submit(token=n, record=item, evidence=evidence)
        )

    async def _answered(self, asked: Callable[[int], inputs.Input]) -> fx.Answered:
        token = next(self._numbers)
        event = self._waiting[token] = trio.Event()
        try:
            await self._pump.send(asked(token))
            await event.wait()
            return self._answers.pop(token)
        finally:
            del self._waiting[token]

    async def take_in(self, run: wire.Run | wire.HeadTold, *, whole: bool = False) -> Reason | None:
        """Take in a run that the operator brings; answers after it is committed, or refused.

        `whole`: each leaf is verified at once. Raises RemoteProtocolError for a part withheld.
        """
        leaves = await self._opening.open(run, whole=whole) if isinstance(run, wire.Run) else ()
        answer = await self._answered(lambda n: inputs.Imported(token=n, run=run, leaves=leaves))
        return answer.fault

    async def growth(self) -> None:
        """Wait until some log has grown on disk."""
        await self._grew.wait()

    # --- effects ----------------------------------------------------------------------------

    def _carry_out(self, effect: fx.Effect) -> None:
        match effect:
            case fx.Send():
                self._send(effect.link, effect.message)
            case fx.ServeRun() | fx.ServeLeaves():
                self._serve(effect)
            case fx.CloseLink():
                self._close(effect.link, effect.reason)
            case fx.LinkOpened():
                self._behind[effect.link] = effect.council
                if effect.link in self._links:
                    self._links[effect.link].opened.set()
                self.states[effect.council] = LinkState(effect.council, "connected")
                self.dial_for_ever(effect.council)
            case fx.ServePiece() | fx.PieceCame():
                self.filing.take(effect)
            case fx.Answered():
                if (waiting := self._waiting.get(effect.token)) is not None:
                    self._answers[effect.token] = effect
                    waiting.set()
            case fx.Refused():
                self._note(effect.reason, effect.detail)
            case fx.Grown():
                self.stored[effect.council] = effect.size
                self._grew.set()
                self._grew = trio.Event()
            case fx.StoreLeaves() | fx.FillLeaves():
                self._serving.remember(effect)
                if len(effect.leaves) > INLINE_LEAVES:
                    self._arrears.note()
            case fx.DropLeaves():
                self.engine.ledger.note(effect.log, effect.council, -self._store.freed(effect.log))
            case fx.SwitchBranch():
                self.outdated.set()  # what the engine holds is not what the store holds
            case fx.StoreMarks():
                pass  # the pump has kept them

    def _serve(self, effect: fx.ServeRun | fx.ServeLeaves) -> None:
        try:
            self._serving.serve(effect)
        except RemoteProtocolError as error:
            self._drop(effect.link, error.reason, error.detail)

    def _send(self, number: int, message: wire.Message) -> None:
        if (link := self._links.get(number)) is None:
            return
        try:
            link.send(message)
        except RemoteProtocolError as error:
            self._drop(number, error.reason, error.detail)

    def _close(self, number: int, reason: Reason) -> None:
        link = self._links.get(number)
        if link is None:
            return
        council = self._behind.get(number)
        if council is not None:
            self._down(council, link.farewell or reason.value)
        self._send(number, wire.Bye(reason=reason.value))
        link.end()

    def _drop(self, number: int, reason: Reason, detail: str) -> None:
        """End a link at once."""
        self._note(reason, detail)
        if number in self._links:
            self._links[number].drop()

    def _note(self, reason: Reason | NodeReason, detail: str) -> None:
        """Remember a refusal for the operator."""
        self.refusals.note(self.clock() // 1000, reason.value, detail)

    # --- links ------------------------------------------------------------------------------

    async def _listen(
        self, host: str, port: int, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
    ) -> None:
        try:
            listeners = await trio.open_tcp_listeners(port, host=host)
        except OSError as error:
            nowhere = isinstance(error, socket.gaierror) or error.errno in NOWHERE
            reason = NodeReason.ADDRESS_INVALID if nowhere else NodeReason.PORT_TAKEN
            where = f"cannot listen on {host}, port {port}: {error.strerror}"
            raise LinkError(reason, where) from error
        bound = int(listeners[0].socket.getsockname()[1])
        task_status.started(bound)
        await trio.serve_listeners(self._incoming, listeners)

    async def _incoming(self, stream: trio.SocketStream) -> None:
        link = await self._welcome(stream)
        if link is None or link.remote is None:
            await trio.aclose_forcefully(stream)
            return
        linked = self.engine.knows(link.remote)
        if not self.places.take(link, link.remote, linked=linked):
            await link.aclose()
            return
        try:
            await self._live(link, initiator=False, expected=None)
        finally:
            self.places.free(link, link.remote)

    async def _welcome(self, stream: trio.SocketStream) -> Link | None:
        """The handshake with whoever has come; None if it did not come to anything."""
        try:
            host = str(stream.socket.getpeername()[0])
        except OSError:
            return None  # gone already
        with trio.CancelScope() as scope:
            place = self.places.enter(host, scope.cancel, trio.current_time())
            if place is None or not self._online.is_set():
                if place is not None:
                    self.places.left(place)
                return None
            try:
                return await accept(stream, network=self._network, static_private=self._private)
            except RemoteProtocolError as error:
                self._note(error.reason, error.detail)
            except (trio.BrokenResourceError, OSError):
                pass
            finally:
                self.places.left(place)
        return None

    def dial_for_ever(self, council: CouncilId, invited: Peer | None = None) -> None:
        """Keep a link to a council: dial where it is, and again whenever the link is gone."""
        if invited is not None:
            self._invited[council] = invited
        if self._nursery is not None and council not in self._dialled:
            self._dialled.add(council)
            self._nursery.start_soon(self._dial, council)

    async def _dial(self, council: CouncilId) -> None:
        wait, turn = REDIAL_FIRST_S, 0
        while True:
            await self._may_dial(council)
            if self.engine.reception.parted(council):
                self._dialled.discard(council)
                return  # until it is linked anew
            places = whereabouts(self.engine.view, council, self._invited.get(council))
            if not places:  # it dials us; should a node record ever say where it is, we do
                await self._grew.wait()
                continue
            place = places[turn % len(places)]
            self.states.setdefault(council, LinkState(council, "connecting"))
            began, most = math.inf, REDIAL_MAX_S
            try:
                link = await dial(
                    place.address,
                    network=self._network,
                    static_private=self._private,
                    remote=place.transport,
                    reach=self.reach,
                )
            except (LinkError, RemoteProtocolError) as error:
                self._down(council, error.reason.value, dialled=True)
            except (trio.BrokenResourceError, OSError):
                self._down(council, NodeReason.LINK_FAILED.value, dialled=True)
            else:
                began = trio.current_time()
                await self._live(link, initiator=True, expected=council)
                most = REDIAL_CUT_S if link.opened.is_set() else most
            turn += not math.isfinite(began)  # what answered is dialled again
            wait = REDIAL_FIRST_S if trio.current_time() - began > wait else min(2 * wait, most)
            # Jitter is for the network's sake: two peers that lost each other get out of step.
            await trio.sleep(wait * (0.5 + random.random()))

    async def _may_dial(self, council: CouncilId) -> None:
        """Wait until we are online and have no link with the council: it may have dialled us."""
        while True:
            await self._online.wait()
            if council not in self._behind.values():
                return
            await self._ended.wait()

    def _down(self, council: CouncilId, reason: str, *, dialled: bool = False) -> None:
        if not (dialled and council in self._behind.values()):  # meanwhile it dialled us
            self.states[council] = LinkState(council, "down", reason)

    async def _live(self, link: Link, *, initiator: bool, expected: CouncilId | None) -> None:
        """One link from its handshake to its end; an error ends the link, not the node."""
        if link.remote is None or not self._online.is_set():  # cut off during the handshake
            await link.aclose()
            return
        number = next(self._numbers)
        self._links[number] = link
        reason = NodeReason.LINK_FAILED.value
        try:
            up = inputs.LinkUp(
                link=number,
                remote=link.remote,
                initiator=initiator,
                expected=expected,
                salt=link.salt,
            )
            await self._pump.send(up)
            await converse(
                number, link, serving=self._serving, opening=self._opening, give=self._pump
            )
            reason = Reason.CHANNEL_CLOSED.value
        except RemoteProtocolError as error:
            reason = error.reason.value
            self._note(error.reason, error.detail)
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            pass  # the peer or the network is gone: LinkDown says so
        finally:
            del self._links[number]
            council = self._behind.pop(number, expected)
            self._ended.set()
            self._ended = trio.Event()
            if council is not None and council not in self._behind.values():
                state = self.states.get(council)
                if state is None or state.state != "down":
                    self._down(council, link.farewell or reason)
            with trio.CancelScope(shield=True):
                await link.aclose()
                with trio.move_on_after(1):  # the loop is gone when the node stops
                    await self._pump.send(inputs.LinkDown(link=number))

    def set_online(self, online: bool) -> None:
        """Take the node off the network, or bring it back: links end, none is taken up."""
        if online:
            self._online.set()
            return
        if self._online.is_set():
            self._online = trio.Event()
        for link in list(self._links.values()):
            link.drop()

    async def unlinked(self) -> None:
        """End every link in good order before the node stops, and begin no other."""
        if self._online.is_set():
            self._online = trio.Event()
        for number in list(self._links):
            self._close(number, Reason.CHANNEL_CLOSED)
        with trio.move_on_after(1):
            while self._links:
                await self._ended.wait()
