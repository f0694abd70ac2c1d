"""Signatures that are still due: provisional leaves opened in full while nothing else comes in.

A long catch-up stores plain records that the signed head vouches for before their own signatures
are verified (SYN-11). This verifies them afterwards, in the workers where there are any, and
after a restart goes on where the store's marks say.
"""

from functools import partial
from typing import Final

import trio

from confednode import opener
from confednode.disk import Disk
from confednode.ingest import Inbox, Opening
from confednode.store import Store
from confedproto import inputs, record
from confedproto.engine import Engine
from confedproto.errors import VerificationError
from confedproto.ids import LogId, NetworkId
from confedproto.record import RefusedLeaf

QUIET_S: Final = 0.25  # without a long run: the catch-up is over, or waits for its peer


class Arrears:
    """One node's; `run` runs beside its pump."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        disk: Disk,
        opening: Opening,
        give: Inbox,
    ) -> None:
        self._engine: Final = engine
        self._store: Final = store
        self._disk: Final = disk
        self._opening: Final = opening
        self._give: Final = give
        self._some = trio.Event()
        self._some.set()

    def note(self) -> None:
        """Leaves were stored; some may be provisional."""
        self._some.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._some.wait()
            self._some = trio.Event()
            await self._quiet()
            if not self._engine.feeder.owes:
                continue
            async with trio.open_nursery() as nursery:
                for _ in range(self._opening.hands):
                    nursery.start_soon(self._work_off)
            if self._opening.bulk:
                self._some.set()  # what is left waits for the next quiet moment

    async def _quiet(self) -> None:
        """Wait until no long run has come for a while."""
        calm = self._opening.last + QUIET_S
        while trio.current_time() < calm:
            await trio.sleep_until(calm)
            calm = self._opening.last + QUIET_S
        self._opening.rest()

    async def _work_off(self) -> None:
        while not self._opening.bulk and (due := self._engine.feeder.take()) is not None:
            await self._judge(*due)

    async def _judge(self, log: LogId, start: int, end: int) -> None:
        read = partial(self._store.read, log, start, end)
        rows = await self._disk.run(read)
        leaves = [(envelope,) if part is None else (envelope, part) for envelope, part in rows]
        verdict = await self._opening.judge(leaves)
        refused: dict[int, RefusedLeaf] = {}
        for index, mark in enumerate(verdict.marks):
            if mark == opener.REFUSED:
                refused[start + index] = _refused(self._opening.network, *rows[index])
        await self._give.send(inputs.Judged(log=log, start=start, end=end, refused=refused))


def _refused(network: NetworkId, envelope: bytes, part: bytes | None) -> RefusedLeaf:
    """The refused leaf with its reason."""
    try:
        leaf = record.open_leaf(network, envelope, part)
    except VerificationError as error:
        return RefusedLeaf(envelope=envelope, reason=error.reason)
    if not isinstance(leaf, RefusedLeaf):
        raise RuntimeError("a worker refused what opens")
    return leaf
