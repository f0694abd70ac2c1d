"""Worker processes that open the leaves of long runs.

Processes, not threads: beside a busy loop threads get about half of the second core. They are
started when they are wanted and end when idle, so that a node that only lives on pays nothing for
them. Each has the next task while it works at one, so that none waits for the loop.
"""

import logging
import math
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import trio

from confednode import opener
from confednode.sockets import receive, write_now
from confedproto.ids import NetworkId
from confedproto.wire import RunLeaf

LOG: Final = logging.getLogger(__name__)

IDLE_S: Final = 30.0
WORKERS_MAX: Final = 8
TASKS_EACH: Final = 2  # one at work, one at hand
BUFFER_BYTES: Final = 1 << 20  # of a worker's socket: what is at hand waits there
CHUNK_BYTES: Final = 65_536


def workers(environ: Mapping[str, str] = os.environ) -> int:
    """How many worker processes: CONFED_WORKERS, else one a core, none where there is one."""
    told = environ.get("CONFED_WORKERS", "")
    if told.isdecimal():
        return min(int(told), WORKERS_MAX)
    cores = len(os.sched_getaffinity(0))
    return min(cores, WORKERS_MAX) if cores > 1 else 0


class Task:
    """Leaves to be opened: `done`, then the `verdict`, or None where no worker is left."""

    def __init__(self, leaves: Sequence[RunLeaf]) -> None:
        self.leaves: Final = leaves
        self.done: Final = trio.Event()
        self.verdict: opener.Verdict | None = None


class Workers:
    """The worker processes of one node; `serve` runs beside it."""

    def __init__(self, network: NetworkId, count: int | None = None) -> None:
        self.count: Final = workers() if count is None else count
        self.running = 0
        self._network: Final = network
        self._give, self._take = trio.open_memory_channel[Task](math.inf)  # callers keep it short
        self._given = 0  # tasks so far
        self._wanted = trio.Event()

    def want(self) -> None:
        """Have workers started: enough is to come to be worth it."""
        if self.count:
            self._wanted.set()

    def begin(self, leaves: Sequence[RunLeaf]) -> Task | None:
        """Have leaves opened; None if no worker runs."""
        if not self.running:
            return None
        task = Task(leaves)
        self._give.send_nowait(task)
        self._given += 1
        return task

    async def serve(self) -> None:
        """Start workers when they are wanted, end them when they are idle; until cancelled."""
        while True:
            await self._wanted.wait()  # what is wanted until all have ended, these are there for
            async with trio.open_nursery() as nursery:
                for _ in range(self.count):
                    nursery.start_soon(self._work, nursery.cancel_scope)
                given = -1
                while given != self._given:
                    given = self._given
                    await trio.sleep(IDLE_S)
                nursery.cancel_scope.cancel()
            self._wanted = trio.Event()

    async def _work(self, all_: trio.CancelScope) -> None:
        """One process and the tasks it is given, until it dies or is cancelled."""
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        with theirs:
            arguments = [str(theirs.fileno()), self._network.hex()]
            try:
                process = await trio.lowlevel.open_process(
                    [sys.executable, "-m", "confednode.opener", *arguments],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                )
            except OSError as error:
                LOG.warning("no worker process, the node does its work: %s", error)
                ours.close()
                return
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
        asked, room = deque[Task](), trio.Semaphore(TASKS_EACH)
        self.running += 1
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._ask, stream, asked, room)
                await _hear(stream, asked, room)
                nursery.cancel_scope.cancel()
        finally:
            self.running -= 1
            for task in asked:
                task.done.set()
            if not self.running:
                self._drain()
                all_.cancel()
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(stream)
                with trio.move_on_after(2):
                    await process.wait()
                process.kill()  # it ends when its socket does; this is for one that hangs
                await process.wait()

    async def _ask(
        self, stream: trio.SocketStream, asked: deque[Task], room: trio.Semaphore
    ) -> None:
        while True:
            await room.acquire()
            task = await self._take.receive()
            asked.append(task)
            data = opener.pack(task.leaves)
            rest = write_now(stream, opener.LENGTH.pack(len(data)) + data)
            try:
                if rest:
                    await stream.send_all(rest)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return  # it died: `_hear` sees it too

    def _drain(self) -> None:
        """Nobody is left to answer what waits: who asked opens it."""
        while True:
            try:
                self._take.receive_nowait().done.set()
            except trio.WouldBlock:
                return


async def _hear(stream: trio.SocketStream, asked: deque[Task], room: trio.Semaphore) -> None:
    """Take a worker's answers, in the order of its tasks, until it dies."""
    head, got = opener.LENGTH.size, bytearray()
    while True:
        try:
            more = await receive(stream, CHUNK_BYTES)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return
        if not more:
            return
        got += more
        while len(got) >= head and len(got) >= (end := head + opener.LENGTH.unpack_from(got)[0]):
            task = asked.popleft()
            task.verdict = msgspec.msgpack.decode(got[head:end], type=opener.Verdict)
            task.done.set()
            room.release()
            del got[:end]
