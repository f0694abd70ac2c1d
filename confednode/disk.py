"""The store's thread: whatever touches the database runs on it, one piece of work after another.

A thread of our own and not one of trio's: a live record waits for one commit, and the way there
and back is a good part of what that record costs.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

import trio

T = TypeVar("T")


class Disk:
    """One node's; its thread ends with the block that it is used in."""

    def __init__(self) -> None:
        """No thread runs before there is work."""
        self._thread: Final = ThreadPoolExecutor(1, "store")

    def __enter__(self) -> None:
        """Nothing to do: see `__init__`."""

    def __exit__(self, *_: object) -> None:
        """Wait for what is under way; then no more work is taken."""
        self._thread.shutdown()

    def begin(self, work: Callable[[], T], done: Callable[[], object]) -> "Future[T]":
        """Have `work` done; then `done` is called on the loop, and the future has what came."""
        tell = trio.lowlevel.current_trio_token().run_sync_soon
        future = self._thread.submit(work)
        future.add_done_callback(lambda _: tell(done))
        return future

    async def run(self, work: Callable[[], T]) -> T:
        """Have `work` done and wait for it, even when cancelled; raises what it raises."""
        done = trio.Event()
        future = self.begin(work, done.set)
        with trio.CancelScope(shield=True):
            await done.wait()
        return future.result()
