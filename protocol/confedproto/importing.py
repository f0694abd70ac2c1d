"""Runs that the operator brings by hand: checked as a peer's, and kept (specs/10, ARC-3)."""

from collections.abc import Callable, Sequence
from typing import Final

from confedproto import effects as fx
from confedproto import runs, wire
from confedproto.chains import Log
from confedproto.errors import DecodeError, Reason, RemoteProtocolError, VerificationError
from confedproto.fetching import Fetcher
from confedproto.filling import Filler
from confedproto.guard import Signing
from confedproto.ids import LogId
from confedproto.keeper import Keeper
from confedproto.limits import LOGS_MAX
from confedproto.quotas import Ledger, cost_of
from confedproto.record import Leaf
from confedproto.view import View
from confedproto.writer import Writer

Keep = Callable[[wire.Run, Sequence[Leaf], runs.Fit, int], None]
"""Keeps a run that was checked, of a log that is followed."""
Filled = Callable[[Log, fx.FillLeaves, int], None]
"""Keeps leaves that were put where they had been withheld."""


class Importer:
    """One node's back door for its operator: it opens to nothing that the front door refuses."""

    def __init__(
        self,
        view: View,
        keeper: Keeper,
        ledger: Ledger,
        fetcher: Fetcher,
        filler: Filler,
        writer: Writer,
        *,
        keep: Keep,
        filled: Filled,
    ) -> None:
        self._view: Final = view
        self._keeper: Final = keeper
        self._ledger: Final = ledger
        self._fetcher: Final = fetcher
        self._filler: Final = filler
        self._writer: Final = writer
        self._keep: Final = keep
        self._filled: Final = filled

    def take(
        self, run: wire.Run | wire.HeadTold, leaves: Sequence[Leaf], now: int
    ) -> Reason | None:
        """Keep a run, or say why not. `now` in milliseconds.

        It begins where the log ends here; or it ends there or before, and its leaves go where
        some are withheld. Of a head, LOG_FORK if it shows a second history of its log (ARC-5).
        """
        if isinstance(run, wire.HeadTold):
            return self._shown(run, now)
        log_ = LogId(run.log)
        entry = self._view.logs.get(log_)
        held = entry.tree.size if entry is not None else 0
        if log_ == self._keeper.own and self._keeper.guard.state is not Signing.HELD:
            return Reason.LOG_FORK  # nobody else appends to our log
        if log_ in self._view.chains.forked and not self._view.chains.wants(log_, held):
            return Reason.LOG_FORK
        if entry is not None and run.start + len(run.leaves) <= held:
            kept, fault = self._filler.from_archive(entry, run, leaves, now)
            self._filled(entry, kept, now)
            return fault
        if entry is None and len(self._view.logs) >= LOGS_MAX:
            return Reason.QUOTA
        try:
            fit = runs.check(self._view, run, leaves, now // 1000)
        except (VerificationError, DecodeError) as error:
            return error.reason
        cost = cost_of(run.leaves)
        if not self._ledger.admits(fit.log.council, self._ledger.via(log_, None), cost):
            return Reason.QUOTA
        if entry is None:
            self._fetcher.mind([self._view.add_log(log_, fit.log.council, fit.log.key)])
        self._ledger.note(log_, fit.log.council, cost)
        self._keep(run, leaves, fit, now)
        if log_ == self._keeper.own:  # it was signed so far: nothing is, before all of that is here
            self._keeper.guard.wanted = max(self._keeper.guard.wanted, fit.head.size)
        return None

    def _shown(self, told: wire.HeadTold, now: int) -> Reason | None:
        """A head in an archive of a log that is held: two histories are proved to everybody."""
        fault = self._keeper.silence(now)
        if fault is not None and told.log != self._keeper.own:
            return fault  # it could not be said now, and would count as said
        try:
            proof = self._keeper.told(None, told)
        except RemoteProtocolError as error:
            return error.reason
        if proof is not None and fault is None and told.log != self._keeper.own:
            self._writer.say(proof, now)
        return Reason.LOG_FORK if proof is not None else None
