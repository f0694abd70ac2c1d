"""The pump: the one place where the engine is asked, input after input, the commit first.

While nothing is being committed and nobody waits, an input is handled at once, in the task that
brought it, and its commit begins; else it waits its turn. What an input asks to keep is committed
before anything that follows from it is sent, and inputs that come meanwhile are committed together
after it. Long runs wait a moment for those that follow them: a commit costs as much as 100 leaves.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Final

import trio

from confednode.counter import Counter
from confednode.disk import Disk
from confednode.ingest import INLINE_LEAVES
from confednode.store import Store
from confedproto import effects as fx
from confedproto import inputs
from confedproto.engine import Engine
from confedproto.guard import Signing

BATCH_MAX: Final = 256  # inputs handled between two commits
INBOX_MAX: Final = 512  # inputs waiting; then links stop reading
GROUP_LEAVES: Final = 512  # of long runs, committed together while more of them are at hand
GROUP_S: Final = 0.05  # the longest that they wait for each other


class Pump:
    """Carries inputs to one engine and hands its effects to `carry_out`, after the commit."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        counter: Counter | None,
        clock: Callable[[], int],
        carry_out: Callable[[fx.Effect], None],
        more: Callable[[], bool] = lambda: False,
    ) -> None:
        """`more` says whether long runs are here that are still being opened."""
        self.disk: Final = Disk()
        self._engine: Final = engine
        self._store: Final = store
        self._counter: Final = counter
        self._clock: Final = clock
        self._carry_out: Final = carry_out
        self._more: Final = more
        self._give, self._take = trio.open_memory_channel[inputs.Input](INBOX_MAX)
        self._resting = False  # nothing is being committed, and nothing waits
        self._effects: list[fx.Effect] = []  # to be carried out after the commit
        self._begin_by = math.inf  # when that commit is to begin, if it waits for more
        self._commit: Future[None] | None = None
        self._done = trio.Event()  # the commit is
        self._alarm = trio.CancelScope()  # at its deadline the engine wants a Tick

    async def send(self, event: inputs.Input) -> None:
        """Hand in an input; waits while too many others do. Raises StoreError never: `run` does."""
        if not self._resting:
            await self._give.send(event)
            return
        self._handle([event])
        if self._resting:
            self._alarm.deadline = min(self._alarm.deadline, self._deadline())

    async def run(self) -> None:
        """Until cancelled. Raises StoreError: then nothing of what was not kept has been sent."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._tick_for_ever)
                await self._work_off()
                while True:
                    await self._done.wait()
                    self._done = trio.Event()
                    self._committed()
                    await self._work_off()
        finally:
            self._resting = False
            if self._commit is not None:
                with trio.CancelScope(shield=True):
                    await self._done.wait()

    async def _work_off(self) -> None:
        """Handle what waits; then rest, or a commit is under way."""
        self._resting = False
        while self._commit is None:
            events: list[inputs.Input] = []
            while len(events) < BATCH_MAX:
                try:
                    events.append(self._take.receive_nowait())
                except trio.WouldBlock:
                    break
            deadline = self._deadline()
            if deadline <= trio.current_time():
                events.append(inputs.Tick())
            if not events:
                self._resting = True
                self._alarm.deadline = deadline
                return
            self._handle(events)
            await trio.lowlevel.checkpoint()

    def _handle(self, events: Sequence[inputs.Input]) -> None:
        """Ask the engine; carry out what it wants, or begin to commit what is first to be kept."""
        effects = self._effects
        for event in events:
            effects += self._engine.handle(event, self._clock())
        kept = [effect for effect in effects if isinstance(effect, fx.Kept)]
        if kept and self._waits(events, kept):
            self._begin_by = min(self._begin_by, trio.current_time() + GROUP_S)
            return
        if kept:
            self._resting, self._begin_by = False, math.inf
            self._commit = self.disk.begin(partial(self._keep, kept), self._done.set)
            return
        self._effects = []
        for effect in effects:
            self._carry_out(effect)

    def _waits(self, events: Sequence[inputs.Input], kept: Sequence[fx.Kept]) -> bool:
        """Whether the commit of what is kept is put off: only long runs, and more at hand."""
        if not self._more() or trio.current_time() >= self._begin_by:
            return False
        runs = [event for event in events if isinstance(event, inputs.RunOpened)]
        long = len(runs) == len(events) and all(len(one.leaves) > INLINE_LEAVES for one in runs)
        leaves = sum(len(one.leaves) for one in kept if isinstance(one, fx.StoreLeaves))
        return long and leaves < GROUP_LEAVES

    def _keep(self, kept: Sequence[fx.Kept]) -> None:
        """Commit; then, before anything is sent, the mark of how far our log is signed (RES-4)."""
        self._store.write(kept)
        if self._counter is None or all(effect.log != self._engine.own for effect in kept):
            return
        own = self._engine.view.logs.get(self._engine.own)
        if own is None or own.head is None:
            return
        if self._engine.keeper.guard.state is not Signing.HELD:  # what is refilled is no new mark
            self._counter.write(own.id, own.head.size, own.head.root)

    def _committed(self) -> None:
        """The commit is over: what waited for it. Raises StoreError."""
        commit, effects = self._commit, self._effects
        self._commit, self._effects = None, []
        if commit is not None:
            commit.result()
        for effect in effects:
            self._carry_out(effect)

    async def _tick_for_ever(self) -> None:
        while True:
            # While it does not rest, `_work_off` sees to what is due, before it rests again.
            self._alarm = trio.CancelScope(deadline=self._deadline() if self._resting else math.inf)
            with self._alarm:
                await trio.sleep_forever()
            if self._resting and self._deadline() <= trio.current_time():
                await self.send(inputs.Tick())

    def _deadline(self) -> float:
        """When the engine wants a Tick, or a commit can wait no longer, by trio's clock."""
        now = self._clock()
        deadline = self._engine.next_deadline(now)
        if deadline is None:
            return self._begin_by
        return min(self._begin_by, trio.current_time() + max(0, deadline - now) / 1000)
