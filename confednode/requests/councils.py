"""Requests about the council itself: where it stands, drafts about it, signatures collected."""

from pathlib import Path
from typing import Annotated, Final

import trio
from msgspec import Meta

from confednode import plain, witnessed
from confednode.requests.table import Desktop, Hex, Id, Nothing, Reply, Request, op
from confedproto import record, signrequest, text
from confedproto.bodies.node import LastHead
from confedproto.councildrafts import CouncilDesk
from confedproto.errors import ConfedError, LocalProtocolError, Reason
from confedproto.guard import Signing, answers_needed
from confedproto.ids import CouncilId, PublicKey, TransportKey, log_id
from confedproto.rules.life import State

REMIND_S: Final = 14 * 86_400
"""How long before its end a node record's renewal is asked for (NOD-8)."""
REQUESTS_MAX: Final = 256
"""Sign requests kept for the keyholders of one council."""


def standing(desk: Desktop) -> Reply:
    """Where the council stands, whether the node signs, and what is to be done about it."""
    chain = desk.view.chains.of[desk.council]
    keeper = desk.driver.engine.keeper
    asked, reached = keeper.asked(), keeper.memory.reached
    state = chain.state_at(desk.now)
    row: Reply = {
        "life": state.value,
        "signing": keeper.signing.value,
        "answered": len(keeper.guard.answered & asked),
        "answers_needed": answers_needed(len(asked)),
        "held": keeper.held,
        "signed_up_to": reached.size if reached is not None else 0,
        "requests": len(_pending(desk)),
        "steps": witnessed.steps(desk.view, desk.council),
    }
    rivals = [log for log, why in chain.past.items() if why is Reason.NODE_FORK]
    if state is State.NODE_FORK:
        held = (desk.view.logs[log].key for log in rivals if log in desk.view.logs)
        row["rivals"] = sorted(map(text.encode_key, held))
    node = chain.authority.node
    if node is not None:
        left = node.node.expires - desk.now
        row |= {"node_expires_in": left, "renew": left < REMIND_S}
    return row


class DraftNode(Request, frozen=True, kw_only=True):
    """Another server's keys, or none to renew; `council` if it is another's; `size` kept.

    `keep` is the node key of one of two rival servers: its log is the one that goes on.
    """

    key: Id | None = None
    transport: Id | None = None
    council: Id | None = None
    size: Annotated[int, Meta(ge=1)] | None = None
    keep: Id | None = None
    addresses: tuple[str, ...] = ()


@op("draft-node", DraftNode)
async def draft_node(desk: Desktop, request: DraftNode) -> Reply:
    """The next node record."""
    await trio.lowlevel.checkpoint()
    made = _desk(desk, request.council)
    addresses = tuple(text.parse_address(address).text for address in request.addresses)
    if request.key is None or request.transport is None:
        return _draft(desk, made, made.renew(addresses))
    last: LastHead | None = None if request.size is None else made.last_good(request.size)
    key = PublicKey(text.decode_key(request.key))
    transport = TransportKey(text.decode_transport(request.transport))
    if request.keep is not None:
        kept = log_id(desk.network, made.council, PublicKey(text.decode_key(request.keep)))
        return _draft(desk, made, made.repair(kept, key, transport, addresses))
    return _draft(desk, made, made.node(key, transport, addresses, last))


class DraftCharter(Request, frozen=True, kw_only=True):
    """All keyholders from now on, and how many must sign."""

    threshold: Annotated[int, Meta(ge=1)]
    keys: tuple[Id, ...]
    name: str | None = None


@op("draft-charter", DraftCharter)
async def draft_charter(desk: Desktop, request: DraftCharter) -> Reply:
    """The next charter: old and new threshold are asked for signatures."""
    await trio.lowlevel.checkpoint()
    made = _desk(desk, None)
    keys = [PublicKey(text.decode_key(key)) for key in request.keys]
    payload = made.charter(name=request.name, threshold=request.threshold, keys=keys)
    draft = _draft(desk, made, payload)
    old = draft["keys"]
    fresh = [key for key in map(text.encode_key, sorted(keys)) if key not in old]
    return draft | {"keys": [*old, *fresh], "old": old, "new_threshold": request.threshold}


class DraftSuspension(Request, frozen=True, kw_only=True):
    """The key to stop, or to let go on; without `key` the node key in force."""

    key: Id | None = None
    lift: bool = False
    council: Id | None = None


@op("draft-suspension", DraftSuspension)
async def draft_suspension(desk: Desktop, request: DraftSuspension) -> Reply:
    """A suspension, for one keyholder to sign; a lift, for the threshold."""
    await trio.lowlevel.checkpoint()
    made = _desk(desk, request.council)
    node = desk.view.authorities[made.council].node
    if request.key is not None:
        key = PublicKey(text.decode_key(request.key))
    elif node is not None:
        key = node.key
    else:
        raise LocalProtocolError(Reason.SUSPENSION_TARGET)
    draft = _draft(desk, made, made.suspension(key, lift=request.lift))
    return draft if request.lift else draft | {"threshold": 1}


@op("override", Nothing)
async def override(desk: Desktop, _: Nothing) -> Reply:
    """Let the node sign although its peers have not answered."""
    await desk.driver.override()
    return {"signing": Signing.OPEN.value}


@op("charter", Nothing)
async def charter(desk: Desktop, _: Nothing) -> Reply:
    """The keyholders in force."""
    await trio.lowlevel.checkpoint()
    step = desk.view.authorities[desk.council].charter
    if step is None:
        raise LocalProtocolError(Reason.COUNCIL_UNKNOWN)
    return {
        "version": step.version,
        "name": step.charter.name,
        "threshold": step.charter.threshold,
        "keys": [text.encode_key(key) for key in step.charter.keys],
        "steps": witnessed.steps(desk.view, desk.council),
    }


def _desk(desk: Desktop, council: str | None) -> CouncilDesk:
    chosen = desk.council if council is None else CouncilId(text.decode_council(council))
    if chosen not in desk.view.authorities or chosen not in desk.view.log_of:
        raise LocalProtocolError(Reason.COUNCIL_UNKNOWN)
    return CouncilDesk(view=desk.view, council=chosen, now=desk.now)


def _draft(desk: Desktop, made: CouncilDesk, payload: bytes) -> Reply:
    step = desk.view.authorities[made.council].charter
    return {
        "payload": payload.hex(),
        "part": None,
        "keys": [text.encode_key(key) for key in step.charter.keys] if step else [],
        "threshold": step.charter.threshold if step else 0,
    }


# --- collecting signatures ------------------------------------------------------------------


class Collect(Request, frozen=True, kw_only=True):
    """Sign requests as files, each in hex."""

    files: tuple[Hex, ...]


@op("collect", Collect)
async def collect(desk: Desktop, request: Collect) -> Reply:
    """Join signatures; hand the record in as soon as there are enough."""
    parts = [signrequest.decode(bytes.fromhex(file)) for file in request.files]
    whole = signrequest.join(parts)
    if whole.network != desk.network:
        raise LocalProtocolError(Reason.NETWORK_MISMATCH)
    known = _pending(desk).get(whole.id)
    if known is not None:
        whole = signrequest.join([whole, known])
    reply = _row(whole)
    path = _path(desk, whole)
    if not whole.signatures or not whole.complete:
        if known is None and len(_pending(desk)) >= REQUESTS_MAX:
            raise LocalProtocolError(Reason.QUOTA, "too many sign requests are waiting")
        await trio.to_thread.run_sync(_keep, path, signrequest.encode(whole))
        return reply | {"submitted": False}
    item = record.open(desk.network, whole.envelope, whole.part)
    answered = await desk.driver.submit(item)
    if answered.fault is Reason.THRESHOLD_MISSING:  # a charter needs the new threshold too
        await trio.to_thread.run_sync(_keep, path, signrequest.encode(whole))
        return reply | {"submitted": False}
    if answered.fault is not None:
        raise LocalProtocolError(answered.fault, f"{item.kind} refused")
    path.unlink(missing_ok=True)
    return reply | {"submitted": True}


@op("pending", Nothing)
async def pending(desk: Desktop, _: Nothing) -> Reply:
    """The sign requests that still lack signatures."""
    await trio.lowlevel.checkpoint()
    return {"requests": [_row(request) for request in _pending(desk).values()]}


def _row(request: signrequest.SignRequest) -> Reply:
    header, _, _ = record.parse_payload(request.payload)
    return {
        "id": text.encode_record(request.id),
        "kind": header.kind,
        "signed": [text.encode_key(key) for key in request.signed],
        "missing": [text.encode_key(key) for key in request.keys if key not in request.signed],
        "threshold": request.threshold,
        "progress": plain.progress(request),
        "file": signrequest.encode(request).hex(),
    }


def _path(desk: Desktop, request: signrequest.SignRequest) -> Path:
    return desk.requests / f"{request.id.hex()}.confed-sign"


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(data)


def _pending(desk: Desktop) -> dict[bytes, signrequest.SignRequest]:
    out: dict[bytes, signrequest.SignRequest] = {}
    if not desk.requests.is_dir():
        return out
    for path in sorted(desk.requests.glob("*.confed-sign"))[:REQUESTS_MAX]:
        try:
            request = signrequest.decode(path.read_bytes())
        except (ConfedError, OSError):
            continue  # not ours; the operator sees it in the folder
        if request.id not in desk.view.records:
            out[request.id] = request
    return out
