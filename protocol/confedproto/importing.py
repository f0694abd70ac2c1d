"""Runs that the operator brings by hand: checked as a peer's, and kept (specs/10, ARC-3)."""

from collections.abc import Callable, Sequence
from typing import Final

from confedproto import runs, wire
from confedproto.errors import DecodeError, Reason, VerificationError
from confedproto.guard import Signing
from confedproto.ids import LogId
from confedproto.keeper import Keeper
from confedproto.quotas import Ledger, cost_of
from confedproto.record import Leaf
from confedproto.view import View

Keep = Callable[[wire.Run, Sequence[Leaf], runs.Fit, int], None]
"""Keeps a run that was checked, of a log that is followed."""


class Importer:
    """One node's back door for its operator: it opens to nothing that the front door refuses."""

    def __init__(self, view: View, keeper: Keeper, ledger: Ledger, keep: Keep) -> None:
        self._view: Final = view
        self._keeper: Final = keeper
        self._ledger: Final = ledger
        self._keep: Final = keep

    def take(self, run: wire.Run, leaves: Sequence[Leaf], now: int) -> Reason | None:
        """Keep a run, or say why not. `now` in milliseconds."""
        log_ = LogId(run.log)
        entry = self._view.logs.get(log_)
        held = entry.tree.size if entry is not None else 0
        if log_ == self._keeper.own and self._keeper.guard.state is not Signing.HELD:
            return Reason.LOG_FORK  # nobody else appends to our log
        if log_ in self._view.chains.forked and not self._view.chains.wants(log_, held):
            return Reason.LOG_FORK
        try:
            fit = runs.check(self._view, run, leaves, now // 1000)
        except (VerificationError, DecodeError) as error:
            return error.reason
        cost = cost_of(run.leaves)
        if not self._ledger.admits(fit.log.council, self._ledger.via(log_, None), cost):
            return Reason.QUOTA
        if entry is None:
            self._view.add_log(log_, fit.log.council, fit.log.key)
        self._ledger.note(log_, fit.log.council, cost)
        self._keep(run, leaves, fit, now)
        return None
