"""The pump: what is due while a commit is under way waits for its end, and waits only once."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

import pytest
import trio
import trio.testing

from confednode.errors import NodeReason, StoreError
from confednode.pump import Pump
from confednode.store import Store
from confedproto import effects as fx
from confedproto import inputs, wire
from confedproto.engine import Engine
from confedproto.ids import CouncilId, LogId, PublicKey
from confedproto.record import WITHHELD

LEAVES = fx.StoreLeaves(
    log=LogId(bytes(32)),
    council=CouncilId(bytes(32)),
    key=PublicKey(bytes(32)),
    start=0,
    leaves=(),
    arrived=0,
    head=None,
)
SENT = fx.Refused(link=1, reason=cast("Any", NodeReason.LINK_FAILED), detail="what follows")


class Clockwork:
    """In the place of an engine: each Override is to be kept, and from then on a Tick is due."""

    def __init__(self) -> None:
        self.ticks = 0
        self.due: int | None = None

    def handle(self, event: inputs.Input, now: int) -> list[fx.Effect]:
        if isinstance(event, inputs.Tick):
            self.ticks += 1
            self.due = None
            return []
        self.due = now
        return [LEAVES, SENT]

    def next_deadline(self, now: int) -> int | None:
        return self.due


class Slow:
    """In the place of a store: a commit lasts until it may end."""

    def __init__(self, fault: StoreError | None = None) -> None:
        self.may_end = threading.Event()
        self.fault = fault

    def write(self, batch: object) -> None:
        assert self.may_end.wait(10)
        if self.fault is not None:
            raise self.fault


def pump_of(engine: Clockwork, store: Slow, sent: list[fx.Effect]) -> Pump:
    return Pump(cast("Engine", engine), cast("Store", store), None, lambda: 1_000, sent.append)


async def test_pump_what_falls_due_during_a_commit_is_one_tick_after_it() -> None:
    engine, store, sent = Clockwork(), Slow(), list[fx.Effect]()
    pump = pump_of(engine, store, sent)
    with pump.disk:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pump.run)
            await trio.testing.wait_all_tasks_blocked()
            await pump.send(inputs.Override())
            await trio.testing.wait_all_tasks_blocked(0.01)  # nobody turns round and round
            assert (engine.ticks, sent) == (0, [])
            store.may_end.set()
            with trio.fail_after(5):
                while not engine.ticks:
                    await trio.lowlevel.checkpoint()
            await trio.testing.wait_all_tasks_blocked(0.01)
            assert (engine.ticks, sent) == (1, [LEAVES, SENT])
            nursery.cancel_scope.cancel()


async def test_pump_commit_fails_and_nothing_that_follows_is_sent() -> None:
    fault = StoreError(NodeReason.STORE_FAILED, "database: disk full")
    engine, store, sent = Clockwork(), Slow(fault), list[fx.Effect]()
    pump = pump_of(engine, store, sent)
    store.may_end.set()

    async def hand_in() -> None:
        await trio.testing.wait_all_tasks_blocked()
        await pump.send(inputs.Override())

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hand_in)
            await pump.run()

    with pump.disk, pytest.raises(BaseExceptionGroup) as caught:
        await run()
    assert caught.value.subgroup(StoreError) is not None
    assert sent == []


class Taking:
    """In the place of an engine: keeps the leaves of each run."""

    def handle(self, event: inputs.Input, now: int) -> list[fx.Effect]:
        if not isinstance(event, inputs.RunOpened):
            return []
        return [replace(LEAVES, start=event.run.start, leaves=((b"x", None),) * len(event.leaves))]

    def next_deadline(self, now: int) -> int | None:
        return None


class Noting:
    """In the place of a store: how many leaves each commit kept."""

    def __init__(self) -> None:
        self.commits: list[int] = []

    def write(self, batch: Iterable[fx.Kept]) -> None:
        kept = [one for one in batch if isinstance(one, fx.StoreLeaves)]
        self.commits.append(sum(len(one.leaves) for one in kept))


def run_of(start: int, count: int) -> inputs.RunOpened:
    leaves = ((b"x",),) * count
    run = wire.Run(log=bytes(32), start=start, leaves=leaves, head=b"h")
    return inputs.RunOpened(link=1, run=run, leaves=(WITHHELD,) * count)


@pytest.mark.parametrize(
    ("counts", "more", "commits"),
    [
        ((100, 100, 100), True, [300]),  # after a moment, though no more came
        ((300, 300), True, [600]),  # enough for a commit
        ((100, 100), False, [100, 100]),  # nothing more is being opened
        ((100, 8), True, [108]),  # a short run waits for nothing
    ],
)
async def test_pump_long_runs_at_hand_are_committed_together(
    counts: tuple[int, ...], more: bool, commits: list[int]
) -> None:
    store, sent = Noting(), list[fx.Effect]()
    doors = (cast("Engine", Taking()), cast("Store", store), None, lambda: 1_000, sent.append)
    pump = Pump(*doors, more=lambda: more)
    with pump.disk:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pump.run)
            await trio.testing.wait_all_tasks_blocked()
            for number, count in enumerate(counts):
                await pump.send(run_of(100 * number, count))
            with trio.fail_after(5):
                while len(sent) < len(counts):
                    await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
    assert store.commits == commits
    assert [one.start for one in sent if isinstance(one, fx.StoreLeaves)] == [
        100 * number for number in range(len(counts))
    ]
