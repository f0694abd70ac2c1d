"""Requests about what of whom this node holds."""

from typing import Any, Final

import msgspec

from confednode import show
from confednode.errors import NodeReason, StoreError
from confednode.requests.table import Desktop, Id, Reply, Request, op
from confednode.store import Store
from confedproto import text
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId
from confedproto.interest import Interest, Mode

_FOLLOW: Final = "follow"


class _Kept(msgspec.Struct, frozen=True):
    """What the store keeps of the operator's choice: modes by council, in hex."""

    default: Mode = Mode.FULL
    chosen: dict[str, Mode] = {}


def load_interest(store: Store) -> Interest:
    """The operator's choice as it was kept. Raises StoreError STORE_DAMAGED."""
    raw = store.get(_FOLLOW)
    try:
        kept = _Kept() if raw is None else msgspec.json.decode(raw, type=_Kept)
        chosen = {CouncilId(bytes.fromhex(council)): mode for council, mode in kept.chosen.items()}
    except (msgspec.DecodeError, ValueError) as error:
        raise StoreError(NodeReason.STORE_DAMAGED, f"database: {_FOLLOW}: {error}") from None
    return Interest(kept.default, chosen)


class Follow(Request, frozen=True, kw_only=True):
    """How much of a council is to be held; without one, of all that are not named."""

    mode: Mode | None = None
    council: Id | None = None


@op("follow", Follow)
async def follow(desk: Desktop, request: Follow) -> Reply:
    """Choose, if a mode is given; what is chosen now."""
    interest = desk.driver.engine.interest
    council = None if request.council is None else text.decode_council(request.council)
    if request.mode is not None:
        if council == desk.council or (council is None and request.mode is Mode.NONE):
            raise LocalProtocolError(Reason.BAD_REQUEST, "not of our own, nor of all others")
        chosen = dict(interest.chosen)
        default = request.mode if council is None else interest.default
        if council is not None:
            chosen[CouncilId(council)] = request.mode
        kept = _Kept(default, {one.hex(): mode for one, mode in chosen.items()})
        raw = msgspec.json.encode(kept).decode()
        await desk.driver.disk.run(lambda: desk.store.put(_FOLLOW, raw))
        named = None if council is None else CouncilId(council)
        await desk.driver.follow(named, request.mode)
    return {"default": interest.default.value, "councils": _rows(desk, interest)}


def _rows(desk: Desktop, interest: Interest) -> list[dict[str, Any]]:
    held = {log.council for log in desk.view.logs.values()} | set(interest.chosen)
    return [
        show.council_row(desk.view, council)
        | {"mode": interest.mode(desk.view, desk.council, council).value}
        for council in sorted(held)
        if council != desk.council
    ]
