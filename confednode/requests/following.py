"""Requests about what of whom this node holds."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from confednode import show
from confednode.errors import NodeReason, StoreError
from confednode.requests.table import Desktop, Id, Reply, Request, op
from confednode.store import Store
from confedproto import text
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId
from confedproto.interest import Interest, Mode
from confedproto.limits import LEAF_OVERHEAD_BYTES, RECENT_KEPT, RECORD_MAX_BYTES
from confedproto.shedding import STEP

_FOLLOW: Final = "follow"
KEEP_MAX: Final = 1_000_000
"""Leaves of a log: more than that, and the log may as well be held in full."""


class _Kept(msgspec.Struct, frozen=True):
    """What the store keeps of the operator's choice: modes by council, in hex."""

    default: Mode = Mode.FULL
    chosen: dict[str, Mode] = {}
    keep: Annotated[int, Meta(ge=0, le=KEEP_MAX)] = RECENT_KEPT


def load_interest(store: Store) -> Interest:
    """The operator's choice as it was kept. Raises StoreError STORE_DAMAGED."""
    raw = store.get(_FOLLOW)
    try:
        kept = _Kept() if raw is None else msgspec.json.decode(raw, type=_Kept)
        chosen = {CouncilId(bytes.fromhex(council)): mode for council, mode in kept.chosen.items()}
    except (msgspec.DecodeError, ValueError) as error:
        raise StoreError(NodeReason.STORE_DAMAGED, f"database: {_FOLLOW}: {error}") from None
    return Interest(kept.default, chosen, kept.keep)


class Follow(Request, frozen=True, kw_only=True):
    """How much of a council is to be held; without one, of all that are not named.

    `keep`: how many newest leaves of a log are held in full of whom only the recent is wanted.
    """

    mode: Mode | None = None
    council: Id | None = None
    keep: Annotated[int, Meta(ge=0, le=KEEP_MAX)] | None = None


@op("follow", Follow)
async def follow(desk: Desktop, request: Follow) -> Reply:
    """Choose, if a mode is given; what is chosen now, what that takes and may take."""
    interest = desk.driver.engine.interest
    council = None if request.council is None else text.decode_council(request.council)
    if request.mode is not None:
        if council == desk.council or (council is None and request.mode is Mode.NONE):
            raise LocalProtocolError(Reason.BAD_REQUEST, "not of our own, nor of all others")
        chosen = dict(interest.chosen)
        default = request.mode if council is None else interest.default
        if council is not None:
            chosen[CouncilId(council)] = request.mode
        interest.keep = interest.keep if request.keep is None else request.keep
        kept = _Kept(default, {one.hex(): mode for one, mode in chosen.items()}, interest.keep)
        raw = msgspec.json.encode(kept).decode()
        await desk.driver.disk.run(lambda: desk.store.put(_FOLLOW, raw))
        named = None if council is None else CouncilId(council)
        await desk.driver.follow(named, request.mode)
    return {
        "default": interest.default.value,
        "keep": interest.keep,
        "councils": _rows(desk, interest),
    }


def _rows(desk: Desktop, interest: Interest) -> list[dict[str, Any]]:
    held = {log.council for log in desk.view.logs.values()} | set(interest.chosen)
    return [_row(desk, interest, council) for council in sorted(held) if council != desk.council]


def _row(desk: Desktop, interest: Interest, council: CouncilId) -> dict[str, Any]:
    """One council: the mode, and the bytes that its records take and may take (QUO-1, INT-3)."""
    ledger = desk.driver.engine.ledger
    mode = interest.mode(desk.view, desk.council, council)
    logs = [log for log in desk.view.logs.values() if log.council == council]
    plain = max(1, len(logs)) * (interest.keep + STEP) * (RECORD_MAX_BYTES + LEAF_OVERHEAD_BYTES)
    return show.council_row(desk.view, council) | {
        "mode": mode.value,
        "held": ledger.origins[council],
        "most": ledger.quotas.origin,
        "most_plain": min(plain, ledger.quotas.origin) if mode is Mode.RECENT else None,
        "dropped": sum(log.dropped for log in logs),
    }
