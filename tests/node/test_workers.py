"""Worker processes: tasks in order, two at hand, and an answer even when a worker dies."""

import os
import signal
import sys
from pathlib import Path

import pytest
import trio

from confednode import opener, workers
from confednode.workers import Workers
from confedproto import wire
from confedproto.bodies.statement import Statement
from tests.support.councils import NETWORK, Author


def leaves_of(count: int) -> tuple[wire.RunLeaf, ...]:
    author = Author(1)
    return tuple((author.make(Statement(text=f"number {n}")).envelope,) for n in range(count))


def children() -> list[int]:
    out: list[int] = []
    for task in Path("/proc/self/task").iterdir():
        out += map(int, (task / "children").read_text("ascii").split())
    return out


async def started(crew: Workers) -> None:
    with trio.fail_after(60):
        while crew.running < crew.count:
            crew.want()
            await trio.lowlevel.checkpoint()


async def test_workers_answer_each_task_with_its_own_leaves() -> None:
    crew = Workers(NETWORK, 2)
    leaves = leaves_of(40)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(crew.serve)
        assert crew.begin(leaves) is None  # none runs yet
        await started(crew)
        tasks = [crew.begin(leaves[:count]) for count in range(1, 41)]
        with trio.fail_after(60):
            for count, task in enumerate(tasks, 1):
                assert task is not None
                await task.done.wait()
                assert task.verdict == opener.Verdict(marks=[0] * count)
        nursery.cancel_scope.cancel()


async def test_workers_killed_leave_no_task_waiting_and_start_again() -> None:
    crew = Workers(NETWORK, 1)
    leaves = leaves_of(200)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(crew.serve)
        before = set(children())
        await started(crew)
        tasks = [crew.begin(leaves) for _ in range(5)]
        for pid in set(children()) - before:
            os.kill(pid, signal.SIGKILL)
        with trio.fail_after(60):
            for task in tasks:
                assert task is not None
                await task.done.wait()
        assert tasks[-1] is not None
        assert tasks[-1].verdict is None
        with trio.fail_after(60):
            while crew.running:
                await trio.lowlevel.checkpoint()
        await started(crew)
        again = crew.begin(leaves[:3])
        assert again is not None
        with trio.fail_after(60):
            await again.done.wait()
        assert again.verdict == opener.Verdict(marks=[0, 0, 0])
        nursery.cancel_scope.cancel()


async def test_workers_end_when_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "IDLE_S", 0.2)
    crew = Workers(NETWORK, 1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(crew.serve)
        await started(crew)
        with trio.fail_after(60):
            while crew.running:
                await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()


async def test_workers_that_cannot_start_are_told_and_missed_by_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "no such program")
    crew = Workers(NETWORK, 2)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(crew.serve)
        crew.want()
        with trio.fail_after(60):
            while len(caplog.records) < crew.count:
                await trio.lowlevel.checkpoint()
        assert crew.begin(leaves_of(1)) is None
        nursery.cancel_scope.cancel()
    assert {record.levelname for record in caplog.records} == {"WARNING"}


@pytest.mark.parametrize(("told", "count"), [("0", 0), ("3", 3), ("99", 8)])
def test_operator_says_how_many_workers(told: str, count: int) -> None:
    assert workers.workers({"CONFED_WORKERS": told}) == count
