"""Opening the leaves of runs: inline when few, in worker processes when many.

Without workers, on one core or before they have started, leaves are opened on the loop, a slice at
a time: a thread would fight the loop for the interpreter at every signature.
"""

import math
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, Protocol

import trio

from confednode import opener
from confednode.workers import Task, Workers
from confedproto import inputs, record, runs, wire
from confedproto.errors import Reason, RemoteProtocolError, VerificationError
from confedproto.ids import LogId, NetworkId
from confedproto.record import WITHHELD, Leaf, PlainLeaf, plain_class

INLINE_LEAVES: Final = 8  # runs up to this are opened on the loop
SLICE_LEAVES: Final = 16  # leaves opened on the loop before others have their turn: about 1 ms
BULK_LEAVES: Final = 1_000  # leaves of longer runs after which workers are worth their start
AHEAD_MAX: Final = 8  # runs of one link that are being opened: with a pull's window, 1 MiB


def provisional(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether signatures may wait in bulk (SYN-11): unless CONFED_PROVISIONAL is 0."""
    return environ.get("CONFED_PROVISIONAL") != "0"


def open_batch(network: NetworkId, run: wire.Run) -> Sequence[Leaf]:
    """Open the leaves of a short run.

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


class _Slot(NamedTuple):
    """The place of one message in its link's order: what it is, or the long run to be opened."""

    event: inputs.Input | None
    run: wire.Run | None = None
    task: Task | None = None  # a worker is opening it


class Opening:
    """Opens runs for one node; its workers are to be served beside it."""

    def __init__(
        self,
        network: NetworkId,
        asked: Callable[[int, wire.Run], bool],
        example: Callable[[LogId], PlainLeaf | None],
        count: int | None = None,
        *,
        provisional: bool = False,
    ) -> None:
        """`asked` says whether a run is awaited from a link: any other is dropped unopened.

        `example` gives a verified plain record of a log. `provisional`: in bulk the signatures of
        plain records may wait (SYN-11); `bulk` holds while it comes in, and `last` is when its
        last run came.
        """
        self.network: Final = network
        self.workers: Final = Workers(network, count)
        self.bulk = False
        self.last = -math.inf
        self.coming = 0  # long runs that are here and not handed to the engine yet
        self._provisional: Final = provisional
        self._asked: Final = asked
        self._example: Final = example
        self._seen = 0

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
        waiting = long = 0

        async def hand_over() -> None:
            nonlocal waiting, long
            async for event, run, task in take:
                if run is not None:
                    try:
                        leaves = await self._open(run, task)
                    except RemoteProtocolError as error:
                        failure.append(error)
                        nursery.cancel_scope.cancel()
                        return
                    event = inputs.RunOpened(link=number, run=run, leaves=leaves)
                    long -= 1
                    self.coming -= 1
                if event is not None:
                    await give.send(event)
                waiting -= 1

        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(hand_over)
                async with put:
                    try:
                        async for message in messages:
                            run = message if isinstance(message, wire.Run) else None
                            if run is not None and not self._asked(number, run):
                                continue  # nobody opens what nobody asked for
                            if run is not None and len(run.leaves) > INLINE_LEAVES:
                                long += 1
                                self.coming += 1
                                slot = _Slot(None, run, self._begin(run))
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
        finally:
            self.coming -= long
        return failure

    def _event(self, number: int, message: wire.Message) -> inputs.Input:
        """The input that a message is at once: a short run is opened here."""
        if not isinstance(message, wire.Run):
            return inputs.Received(link=number, message=message)
        leaves = open_batch(self.network, message)
        return inputs.RunOpened(link=number, run=message, leaves=leaves)

    def _begin(self, run: wire.Run) -> Task | None:
        """A long run came: have a worker open it, unless it is left to `_open`."""
        self._seen += len(run.leaves)
        bulk = self._seen >= BULK_LEAVES
        self.bulk = bulk and self._provisional
        if self.bulk:
            self.last = trio.current_time()
            return None
        if bulk:
            self.workers.want()
        return self.workers.begin(run.leaves)

    async def _open(self, run: wire.Run, task: Task | None) -> Sequence[Leaf]:
        """The leaves of a long run, each opened in full, but in bulk plain ones later.

        Raises RemoteProtocolError.
        """
        if self.bulk and task is None:
            example = self._example(LogId(run.log))
            known = None if example is None else plain_class(example.example)
            pairs = opener.pairs(run.leaves)
            verdict = opener.judge(self.network, pairs, provisional=True, known=known)
            leaves = self._leaves(run, verdict, example, provisional=True)
            await trio.lowlevel.checkpoint()
            return leaves
        return self._leaves(run, await self._verdict(run.leaves, task))

    async def open(self, run: wire.Run, *, whole: bool = False) -> Sequence[Leaf]:
        """The leaves of a run, each opened in full; in bulk plain ones later, if not `whole`.

        Raises RemoteProtocolError.
        """
        if len(run.leaves) <= INLINE_LEAVES:
            return open_batch(self.network, run)
        if whole:
            return self._leaves(run, await self._verdict(run.leaves, None))
        return await self._open(run, self._begin(run))

    async def judge(self, leaves: Sequence[wire.RunLeaf]) -> opener.Verdict:
        """Open leaves in full, in a worker if there is one, and many more are to come."""
        self.workers.want()
        return await self._verdict(leaves, self.workers.begin(leaves))

    async def _verdict(self, leaves: Sequence[wire.RunLeaf], task: Task | None) -> opener.Verdict:
        """A worker's, or of our own where there is none, or none any more."""
        if task is not None:
            await task.done.wait()
            if task.verdict is not None:
                return task.verdict
        marks: list[int] = []
        try:
            for mark in opener.marks_of(self.network, opener.pairs(leaves)):
                marks.append(mark)
                if len(marks) % SLICE_LEAVES == 0:
                    await trio.lowlevel.checkpoint()
        except VerificationError as error:
            return opener.blame(error)
        return opener.Verdict(marks=marks)

    def more(self) -> bool:
        """Whether long runs are here that are still being opened."""
        return self.coming > 0

    @property
    def hands(self) -> int:
        """How many batches are opened at a time."""
        return max(1, 2 * self.workers.count)

    def rest(self) -> None:
        """No bulk comes in: what comes next is verified before it is stored."""
        self.bulk = False
        self._seen = 0

    def _leaves(
        self,
        run: wire.Run,
        verdict: opener.Verdict,
        example: PlainLeaf | None = None,
        *,
        provisional: bool = False,
    ) -> Sequence[Leaf]:
        if verdict.reason:
            raise RemoteProtocolError(Reason(verdict.reason), verdict.detail)
        leaves: list[Leaf] = []
        due: dict[int, PlainLeaf] = {}
        if example is not None:
            due[opener.KNOWN] = replace(example, provisional=True)
        for index, (leaf, mark) in enumerate(zip(run.leaves, verdict.marks, strict=True)):
            if isinstance(leaf, bytes):
                leaves.append(WITHHELD)
            elif mark == opener.KNOWN:
                leaves.append(due[mark])
            elif 0 <= mark < index:  # alike is all that the view asks of a plain one
                leaves.append(due[mark] if provisional else leaves[mark])
            elif mark == opener.REFUSED:
                leaves.append(record.open_leaf(self.network, *leaf))  # again, for its reason
            else:
                opened = record.reopen(self.network, *leaf)
                leaves.append(opened)
                due[index] = PlainLeaf(example=opened, first=index, provisional=True)
        return leaves
