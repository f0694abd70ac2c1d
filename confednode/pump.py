"""The pump: the one place where the engine is asked, input after input, the commit first.

While nothing is being committed and nobody waits, an input is handled at once, in the task that
brought it; else it waits its turn. What an input asks to keep is committed before anything that
follows from it is sent, and inputs that come meanwhile are committed together after it.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

import trio

from confednode.counter import Counter
from confednode.store import Store
from confedproto import effects as fx
from confedproto import inputs
from confedproto.engine import Engine
from confedproto.guard import Signing

BATCH_MAX: Final = 256  # inputs handled between two commits
INBOX_MAX: Final = 512  # inputs waiting; then links stop reading


class Pump:
    """Carries inputs to one engine and hands its effects to `carry_out`, after the commit."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        counter: Counter | None,
        clock: Callable[[], int],
        carry_out: Callable[[fx.Effect], None],
    ) -> None:
        self.disk: Final = trio.CapacityLimiter(1)
        self._engine: Final = engine
        self._store: Final = store
        self._counter: Final = counter
        self._clock: Final = clock
        self._carry_out: Final = carry_out
        self._give, self._take = trio.open_memory_channel[inputs.Input](INBOX_MAX)
        self._resting: trio.CancelScope | None = None  # the loop waits in it for an input
        self._begun: list[fx.Effect] = []  # of an input that was handled at once: to be kept

    async def send(self, event: inputs.Input) -> None:
        """Hand in an input; waits while too many others do. Raises StoreError never: `run` does."""
        if self._resting is None:
            await self._give.send(event)
            return
        effects = self._engine.handle(event, self._clock())
        if any(isinstance(effect, fx.Kept) for effect in effects):
            self._begun = effects
            self._resting.cancel()
            self._resting = None
            return
        for effect in effects:
            self._carry_out(effect)
        self._resting.deadline = min(self._resting.deadline, self._deadline())

    async def run(self) -> None:
        """Until cancelled. Raises StoreError: then nothing of what was not kept has been sent."""
        while True:
            effects = await self._next()
            kept = [effect for effect in effects if isinstance(effect, fx.Kept)]
            if kept:
                await trio.to_thread.run_sync(self._keep, kept, limiter=self.disk)
            for effect in effects:
                self._carry_out(effect)

    def _keep(self, kept: Sequence[fx.Kept]) -> None:
        """Commit; then, before anything is sent, the mark of how far our log is signed (RES-4)."""
        self._store.write(kept)
        own = self._engine.view.logs.get(self._engine.own)
        signed = any(effect.log == self._engine.own for effect in kept)
        if self._counter is None or not signed or own is None or own.head is None:
            return
        if self._engine.keeper.guard.state is not Signing.HELD:  # what is refilled is no new mark
            self._counter.write(own.id, own.head.size, own.head.root)

    def _deadline(self) -> float:
        """When the engine wants a Tick, by trio's clock."""
        now = self._clock()
        deadline = self._engine.next_deadline(now)
        if deadline is None:
            return math.inf
        return trio.current_time() + max(0, deadline - now) / 1000

    async def _next(self) -> list[fx.Effect]:
        """Wait for inputs or the engine's deadline; what all of them ask for, nothing done yet."""
        events: list[inputs.Input] = []
        deadline = self._deadline()
        if self._take.statistics().current_buffer_used or deadline <= trio.current_time():
            await trio.lowlevel.checkpoint()
        else:
            events, deadline = await self._rest(deadline)
        effects, self._begun = self._begun, []
        while len(events) < BATCH_MAX:
            try:
                events.append(self._take.receive_nowait())
            except trio.WouldBlock:
                break
        if deadline <= trio.current_time():
            events.append(inputs.Tick())
        for event in events:
            effects += self._engine.handle(event, self._clock())
        return effects

    async def _rest(self, deadline: float) -> tuple[list[inputs.Input], float]:
        """Wait for an input until the deadline, which inputs handled meanwhile bring forward."""
        events: list[inputs.Input] = []
        with trio.CancelScope(deadline=deadline) as scope:
            self._resting = scope
            try:
                events.append(await self._take.receive())
            finally:
                self._resting = None
        return events, scope.deadline
