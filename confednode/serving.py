"""Answering pulls: runs read from the database, never faster than the peer reads (LNK-9).

What was stored a moment ago is still in memory, and goes out at once; that is all of the live
stream. A pull of more is answered by a task of its link that reads the next run from the
database when the link has room for it, so that bulk never fills a queue.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

import trio

from confednode.disk import Disk
from confednode.links import Link
from confednode.store import Store
from confedproto import effects as fx
from confedproto import wire
from confedproto.engine import Engine
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.filling import leaves_message
from confedproto.ids import LogId

PULLS_MAX: Final = 64  # pulls of one peer that wait for it to read
READ_LEAVES: Final = 128  # leaves read from the database at once: about one run
LIVE_LEAVES: Final = 32  # of one run
FRESH_MAX: Final = 256  # newest leaves kept in memory, for the peers that pull them next

Stored = tuple[bytes, bytes | None]
Asked = fx.ServeRun | fx.ServeLeaves


class Serving:
    """What one node sends to those who pull."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        disk: Disk,
        send: Callable[[int, wire.Message], None],
    ) -> None:
        self._engine: Final = engine
        self._store: Final = store
        self._disk: Final = disk
        self._send: Final = send
        self._waiting: Final[dict[int, trio.MemorySendChannel[Asked]]] = {}
        self._busy: Final[set[int]] = set()
        self._fresh: Final[dict[tuple[LogId, int], Stored]] = {}

    def remember(self, effect: fx.StoreLeaves | fx.FillLeaves) -> None:
        """Keep the newest leaves in memory; a longer run is bulk, which is read from the disk."""
        if isinstance(effect, fx.FillLeaves):
            for filled in effect.leaves:  # where its hash was remembered
                self._fresh.pop((effect.log, filled.index), None)
            return
        if len(effect.leaves) > LIVE_LEAVES:
            return
        for index, leaf in enumerate(effect.leaves, effect.start):
            self._fresh[effect.log, index] = leaf
        while len(self._fresh) > FRESH_MAX:
            del self._fresh[next(iter(self._fresh))]

    def serve(self, effect: Asked) -> None:
        """Answer a pull, or have it answered. Raises RemoteProtocolError QUOTA."""
        waiting = self._waiting.get(effect.link)
        if waiting is None:
            return  # the link is gone
        if isinstance(effect, fx.ServeRun) and effect.link not in self._busy:
            fresh: list[Stored] = []
            while leaf := self._fresh.get((effect.log, effect.start + len(fresh))):
                fresh.append(leaf)
                if effect.start + len(fresh) == effect.end:
                    break
            if fresh:
                run = self._engine.run_message(effect, fresh)
                self._send(effect.link, run)
                effect = replace(effect, start=effect.start + len(run.leaves))
        if isinstance(effect, fx.ServeRun) and effect.start == effect.end:
            return
        try:
            waiting.send_nowait(effect)
        except trio.WouldBlock:
            raise RemoteProtocolError(Reason.QUOTA, "the peer does not read") from None
        self._busy.add(effect.link)

    async def run(
        self,
        number: int,
        link: Link,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Send what a peer pulls, in order; cancelled with its link."""
        give, pulls = trio.open_memory_channel[Asked](PULLS_MAX)
        self._waiting[number] = give
        task_status.started()
        try:
            async for pull in pulls:
                if isinstance(pull, fx.ServeRun):
                    await self._stream(number, link, pull)
                else:
                    await self._pick(number, link, pull)
                if not pulls.statistics().current_buffer_used:
                    self._busy.discard(number)
        finally:
            del self._waiting[number]
            self._busy.discard(number)

    async def _pick(self, number: int, link: Link, effect: fx.ServeLeaves) -> None:
        await link.room()
        read = partial(self._store.pick, effect.log, effect.indexes)
        rows = await self._disk.run(read)
        self._send(number, leaves_message(effect, rows))

    async def _stream(self, number: int, link: Link, effect: fx.ServeRun) -> None:
        rows: list[Stored] = []
        while effect.start < effect.end:
            await link.room()
            at = effect.start + len(rows)
            if len(rows) < READ_LEAVES and at < effect.end:
                end = min(effect.end, at + READ_LEAVES)
                read = partial(self._store.read, effect.log, at, end)
                rows += await self._disk.run(read)
            run = self._engine.run_message(effect, rows)
            self._send(number, run)
            del rows[: len(run.leaves)]
            effect = replace(effect, start=effect.start + len(run.leaves))
