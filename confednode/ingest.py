"""Opening the leaves of runs: inline when few, in worker processes when many (LNK-10).

Worker processes, not threads: beside a busy loop threads get about half of the second core.
They are started when the first thousand leaves of bulk have come and end when idle, so that a
node that only lives on pays nothing for them. On one core everything happens in one thread.
"""

import math
import os
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol

import msgspec
import trio

from confednode import opener
from confedproto import inputs, record, runs, wire
from confedproto.errors import Reason, RemoteProtocolError, VerificationError
from confedproto.ids import NetworkId
from confedproto.record import WITHHELD, Leaf, PlainLeaf

INLINE_LEAVES: Final = 8  # runs up to this are opened on the loop
BULK_LEAVES: Final = 1_000  # leaves of longer runs after which workers are worth their start
IDLE_S: Final = 30.0
WORKERS_MAX: Final = 8
AHEAD_MAX: Final = 8  # runs of one link that are being opened: with a pull's window, 1 MiB


def workers(environ: Mapping[str, str] = os.environ) -> int:
    """How many worker processes: CONFED_WORKERS, else one a core, none where there is one."""
    told = environ.get("CONFED_WORKERS", "")
    if told.isdecimal():
        return min(int(told), WORKERS_MAX)
    cores = len(os.sched_getaffinity(0))
    return min(cores, WORKERS_MAX) if cores > 1 else 0


def provisional(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether signatures may wait in bulk (SYN-11): unless CONFED_PROVISIONAL is 0."""
    return environ.get("CONFED_PROVISIONAL") != "0"


def open_batch(network: NetworkId, run: wire.Run) -> Sequence[Leaf]:
    """Open the leaves of a run: pure, so that it can run in a worker.

    Raises RemoteProtocolError where the carrier withheld or changed a detached part.
    """
    try:
        return [runs.open_leaf(network, leaf) for leaf in run.leaves]
    except VerificationError as error:
        raise RemoteProtocolError(error.reason, error.detail) from None


class Inbox(Protocol):
    """Where inputs go: a node's pump."""

    async def send(self, value: inputs.Input, /) -> None:
        """Take one input."""


class _Slot:
    """The place of one message in its link's order."""

    def __init__(self, event: inputs.Input | None = None) -> None:
        self.ready: Final = trio.Event()
        self.event = event
        if event is not None:
            self.ready.set()
        self.failure: RemoteProtocolError | None = None


class _Task:
    def __init__(self, leaves: Sequence[wire.RunLeaf]) -> None:
        self.leaves: Final = leaves
        self.done: Final = trio.Event()
        self.verdict: opener.Verdict | None = None  # None at the end: the worker died


class Opening:
    """Opens runs for one node; `serve` runs beside it."""

    def __init__(
        self,
        network: NetworkId,
        asked: Callable[[int, wire.Run], bool],
        count: int | None = None,
        *,
        provisional: bool = False,
    ) -> None:
        """`asked` says whether a run is awaited from a link: any other is dropped unopened.

        `provisional`: in bulk the signatures of plain records may wait (SYN-11); `bulk` holds
        while it comes in, and `last` is when its last run came.
        """
        self.network: Final = network
        self._provisional: Final = provisional
        self.bulk = False
        self.last = -math.inf
        self._asked: Final = asked
        self._count: Final = workers() if count is None else count
        self._thread: Final = trio.CapacityLimiter(1)
        self._give, self._take = trio.open_memory_channel[_Task](2 * max(1, self._count))
        self._seen = 0
        self._wanted = trio.Event()
        self.running = 0  # worker processes
        self._change = trio.Event()

    async def forward(
        self,
        number: int,
        messages: AsyncGenerator[wire.Message, None],
        give: Inbox,
    ) -> list[Exception]:
        """Hand a link's messages to the engine in their order until the link ends; what ended it.

        Long runs are opened several at a time; a message that follows none waits for nothing.
        """
        failure: list[Exception] = []
        put, take = trio.open_memory_channel[_Slot](AHEAD_MAX)
        waiting = 0

        async def hand_over() -> None:
            nonlocal waiting
            async for slot in take:
                await slot.ready.wait()
                if slot.failure is not None:
                    failure.append(slot.failure)
                    nursery.cancel_scope.cancel()
                    return
                if slot.event is not None:
                    await give.send(slot.event)
                waiting -= 1

        async with trio.open_nursery() as nursery:
            nursery.start_soon(hand_over)
            async with put:
                try:
                    async for message in messages:
                        run = message if isinstance(message, wire.Run) else None
                        if run is not None and not self._asked(number, run):
                            continue  # nobody opens what nobody asked for
                        if run is not None and len(run.leaves) > INLINE_LEAVES:
                            slot = _Slot()
                            nursery.start_soon(self._open_into, slot, number, run)
                        else:
                            event = self._event(number, message)
                            if not waiting:
                                await give.send(event)
                                continue
                            slot = _Slot(event)
                        waiting += 1
                        await put.send(slot)
                except (RemoteProtocolError, trio.BrokenResourceError, OSError) as error:
                    failure.append(error)
        return failure

    def _event(self, number: int, message: wire.Message) -> inputs.Input:
        """The input that a message is at once: a short run is opened here."""
        if not isinstance(message, wire.Run):
            return inputs.Received(link=number, message=message)
        leaves = open_batch(self.network, message)
        return inputs.RunOpened(link=number, run=message, leaves=leaves)

    async def _open_into(self, slot: _Slot, number: int, run: wire.Run) -> None:
        try:
            leaves = await self.open(run)
        except RemoteProtocolError as error:
            slot.failure = error
        else:
            slot.event = inputs.RunOpened(link=number, run=run, leaves=leaves)
        slot.ready.set()

    async def open(self, run: wire.Run, *, whole: bool = False) -> Sequence[Leaf]:
        """The leaves of a run, each opened in full; in bulk plain ones later, if not `whole`.

        Raises RemoteProtocolError.
        """
        if len(run.leaves) <= INLINE_LEAVES:
            return open_batch(self.network, run)
        if whole:
            work = partial(open_batch, self.network, run)
            return await trio.to_thread.run_sync(work, limiter=self._thread)
        self._seen += len(run.leaves)
        bulk = self._seen >= BULK_LEAVES
        self.bulk = bulk and self._provisional
        if self.bulk:
            self.last = trio.current_time()
            verdict = opener.judge(self.network, opener.pairs(run.leaves), provisional=True)
            leaves = self._leaves(run, verdict, provisional=True)
            await trio.lowlevel.checkpoint()
            return leaves
        return self._leaves(run, await self.judge(run.leaves, many=bulk), provisional=False)

    async def judge(self, leaves: Sequence[wire.RunLeaf], *, many: bool) -> opener.Verdict:
        """Open leaves in full, in a worker if there is one, else in a thread.

        `many` more are to come: workers are worth their start.
        """
        if self._count and many:
            self._wanted.set()
        if self.running:
            task = _Task(leaves)
            await self._give.send(task)
            await task.done.wait()
            if task.verdict is not None:
                return task.verdict
        work = partial(opener.judge, self.network, opener.pairs(leaves))
        return await trio.to_thread.run_sync(work, limiter=self._thread)

    @property
    def hands(self) -> int:
        """How many batches are opened at a time."""
        return max(1, self._count)

    def rest(self) -> None:
        """No bulk comes in: what comes next is verified before it is stored."""
        self.bulk = False
        self._seen = 0

    def _leaves(
        self, run: wire.Run, verdict: opener.Verdict, *, provisional: bool
    ) -> Sequence[Leaf]:
        if verdict.reason:
            raise RemoteProtocolError(Reason(verdict.reason), verdict.detail)
        leaves: list[Leaf] = []
        due: dict[int, PlainLeaf] = {}
        for index, (leaf, mark) in enumerate(zip(run.leaves, verdict.marks, strict=True)):
            if isinstance(leaf, bytes):
                leaves.append(WITHHELD)
            elif 0 <= mark < index:  # alike is all that the view asks of a plain one
                leaves.append(due[mark] if provisional else leaves[mark])
            elif mark == opener.REFUSED:
                leaves.append(record.open_leaf(self.network, *leaf))  # again, for its reason
            else:
                opened = record.reopen(self.network, *leaf)
                leaves.append(opened)
                due[index] = PlainLeaf(example=opened, first=index, provisional=True)
        return leaves

    async def changed(self) -> None:
        """Wait until another worker has started."""
        await self._change.wait()

    async def serve(self) -> None:
        """Start workers when they are wanted, end them when they are idle."""
        while True:
            await self._wanted.wait()
            async with trio.open_nursery() as nursery:
                for _ in range(self._count):
                    nursery.start_soon(self._worker)
            self._wanted = trio.Event()
            self._seen = 0

    async def _worker(self) -> None:
        """One process and the requests to it; ends after IDLE_S without any."""
        ours, theirs = socket.socketpair()
        with theirs:
            arguments = [str(theirs.fileno()), self.network.hex()]
            process = await trio.lowlevel.open_process(
                [sys.executable, "-m", "confednode.opener", *arguments],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
        self.running += 1
        self._change.set()
        self._change = trio.Event()
        try:
            while True:
                task = None
                with trio.move_on_after(IDLE_S):
                    task = await self._take.receive()
                if task is None:
                    return
                try:
                    task.verdict = await self._ask(stream, task.leaves)
                finally:
                    task.done.set()
                if task.verdict is None:
                    return
        finally:
            self.running -= 1
            if not self.running:
                self._drain()
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(stream)
                with trio.move_on_after(2):
                    await process.wait()
                process.kill()  # it ends when its socket does; this is for one that hangs
                await process.wait()

    def _drain(self) -> None:
        """Nobody is left to answer what waits: it is opened in the thread."""
        while True:
            try:
                self._take.receive_nowait().done.set()
            except trio.WouldBlock:
                return

    async def _ask(
        self, stream: trio.SocketStream, leaves: Sequence[wire.RunLeaf]
    ) -> opener.Verdict | None:
        data = opener.pack(leaves)
        answer = bytearray()
        try:
            await stream.send_all(opener.LENGTH.pack(len(data)) + data)
            while (
                len(answer) < opener.LENGTH.size
                or len(answer) < opener.LENGTH.size + (opener.LENGTH.unpack_from(answer)[0])
            ):
                more = await stream.receive_some(65_536)
                if not more:
                    return None
                answer += more
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return None
        return msgspec.msgpack.decode(answer[opener.LENGTH.size :], type=opener.Verdict)
