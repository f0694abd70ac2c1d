"""Requests about the node and what it holds, and the one that hands a record in."""

from typing import Annotated, Literal

import trio
from msgspec import Meta

from confednode import config, delegates, show, witnessed
from confednode.requests import councils
from confednode.requests.table import Desktop, Hex, Id, Nothing, OneId, Reply, Request, op
from confednode.store import Peer
from confedproto import bundle, record, text
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.case import Placed

# --- the node itself ----------------------------------------------------------------------


@op("status", Nothing)
async def status(desk: Desktop, _: Nothing) -> Reply:
    """What the node is and how far it is."""
    await trio.lowlevel.checkpoint()
    own = desk.view.logs.get(desk.driver.engine.own)
    return show.council_detail(desk.view, desk.council) | {
        "listen": config.joined(*desk.listen),
        "transport": text.encode_transport(desk.transport),
        "network": text.encode_network(desk.network),
        "size": own.tree.size if own is not None else 0,
        **councils.standing(desk),
        "agenda": len(delegates.agenda(desk.view, desk.council, desk.now)),
        "logs": len(desk.view.logs),
        "records": len(desk.view.records),
        "disk": disk(desk),
        "digest": desk.view.state_digest(desk.now).hex(),
        "links": link_rows(desk),
        "refused": [
            {"time": time, "reason": reason, "detail": detail}
            for time, reason, detail in desk.driver.refusals.newest[-10:]
        ],
    }


def disk(desk: Desktop) -> Reply:
    """How much of others is kept, how much may be, and of whom nothing more is taken."""
    ledger = desk.driver.engine.ledger
    return {
        "held": ledger.held,
        "most": ledger.quotas.others,
        "full": [show.council_row(desk.view, council) for council in ledger.full()],
    }


def link_rows(desk: Desktop) -> list[Reply]:
    """One row a link: the council, its state, and why if it is down."""
    return [
        show.council_row(desk.view, council)
        | {"state": state.state, "reason": state.reason, "overrode": _overrode(desk, council)}
        for council, state in sorted(desk.driver.states.items())
    ]


def _overrode(desk: Desktop, council: CouncilId) -> int | None:
    """When a council's node last signed again without its peers' answers, seconds UTC (RES-5)."""
    times = (p.record.time for p in desk.view.of_kind("override") if p.record.council == council)
    return max(times, default=None)


@op("links", Nothing)
async def links(desk: Desktop, _: Nothing) -> Reply:
    """The links alone."""
    await trio.lowlevel.checkpoint()
    return {"links": link_rows(desk)}


@op("logs", Nothing)
async def logs(desk: Desktop, _: Nothing) -> Reply:
    """Every followed log: whose it is, how far it is held, how many signatures are still due."""
    await trio.lowlevel.checkpoint()
    return {
        "logs": [
            {
                "council": text.encode_record(log.council),
                "log": log.id.hex(),
                "size": log.tree.size,
                "head": log.head.size if log.head is not None else 0,
                "due": log.due,
            }
            for log in desk.view.logs.values()
        ]
    }


class Watch(Request, frozen=True, kw_only=True):
    """Whose log, and the size from which there is something to say."""

    council: Id
    size: Annotated[int, Meta(ge=0)] = 0


@op("watch", Watch)
async def watch(desk: Desktop, request: Watch) -> Reply:
    """Wait until a council's log is stored past `size`, 20 seconds at most; its stored size."""
    council = CouncilId(text.decode_council(request.council))
    with trio.move_on_after(20):
        while desk.driver.stored.get(council, 0) <= request.size:
            await desk.driver.growth()
    return {"size": desk.driver.stored.get(council, 0)}


class Network(Request, frozen=True, kw_only=True):
    """Whether the node may have links."""

    online: bool


@op("network", Network)
async def network(desk: Desktop, request: Network) -> Reply:
    """Take the node off the network, or bring it back."""
    await trio.lowlevel.checkpoint()
    desk.driver.set_online(request.online)
    return {"online": request.online}


class NewPeer(Request, frozen=True, kw_only=True):
    """Whom to dial from now on."""

    council: Id
    address: str
    transport: Id


@op("peer", NewPeer)
async def peer(desk: Desktop, request: NewPeer) -> Reply:
    """Dial a council for ever."""
    entry = Peer(
        council=CouncilId(text.decode_council(request.council)),
        address=text.parse_address(request.address).text,
        transport=text.decode_transport(request.transport),
    )
    await desk.driver.disk.run(lambda: desk.store.add_peer(entry))
    desk.driver.dial_for_ever(entry.council, entry)
    return {"council": request.council}


@op("stop", Nothing)
async def stop(desk: Desktop, _: Nothing) -> Reply:
    """Stop the node in good order."""
    await trio.lowlevel.checkpoint()
    desk.stop.set()
    return {"stopping": True}


# --- records ------------------------------------------------------------------------------


class Submission(Request, frozen=True, kw_only=True):
    """A signed envelope and its detached part; as `evidence` an act although it is void."""

    envelope: Hex
    part: Hex | None = None
    evidence: bool = False


@op("submit", Submission)
async def submit(desk: Desktop, request: Submission) -> Reply:
    """Append a signed record of this council, after every check."""
    part = bytes.fromhex(request.part) if request.part is not None else None
    item = record.open(desk.network, bytes.fromhex(request.envelope), part)
    answered = await desk.driver.submit(item, evidence=request.evidence)
    if answered.fault is not None:
        raise LocalProtocolError(answered.fault, f"{item.kind} refused")
    return {"id": text.encode_record(item.id), "kind": item.kind}


class LogRequest(Request, frozen=True, kw_only=True):
    """Which records: of one kind, the newest `limit`."""

    kind: str | None = None
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 100


@op("log", LogRequest)
async def log(desk: Desktop, request: LogRequest) -> Reply:
    """The newest counted records of all followed logs."""
    await trio.lowlevel.checkpoint()
    rows = [
        placed
        for placed in desk.view.records.values()
        if request.kind is None or placed.record.kind == request.kind
    ]
    return {"records": [_log_row(desk, placed) for placed in rows[-request.limit :]]}


def _log_row(desk: Desktop, placed: Placed) -> Reply:
    row = show.log_row(desk.view, placed)
    if placed.record.kind in witnessed.STEPS:
        known = witnessed.received_by(desk.view, placed.record.id)
        row |= {"received_by": known, "unwitnessed": known == 0}
    return row


class BundleRequest(Request, frozen=True, kw_only=True):
    """What the offline file is about."""

    kind: Literal["certificate", "mandate", "brief", "act", "record", "council"]
    id: Id


@op("bundle", BundleRequest)
async def make_bundle(desk: Desktop, request: BundleRequest) -> Reply:
    """An offline file that anyone can verify without this node."""
    await trio.lowlevel.checkpoint()
    subject = show.record_id_of(request.id)
    match request.kind:
        case "certificate":
            data = bundle.build_certificate(desk.view, subject, desk.now)
        case "mandate":
            data = bundle.build_mandate(desk.view, subject, desk.now)
        case "brief":
            data = desk.driver.engine.keeper.brief(subject, desk.now)
        case "council":
            data = bundle.build_record(desk.view, _node_record(desk), desk.now)
        case "act":
            data = bundle.build_act_from_view(desk.view, subject, desk.now)
        case "record":
            data = bundle.build_record(desk.view, subject, desk.now)
    return {"bundle": data.hex(), "bytes": len(data)}


def _node_record(desk: Desktop) -> RecordId:
    """The record that says what the council is now: its file holds charters and node records."""
    node = desk.view.authorities[desk.council].node
    if node is None:
        raise LocalProtocolError(Reason.NODE_KEY, "the council has no node record yet")
    return node.record.id


# --- compacts and motions -------------------------------------------------------------------


@op("compact", OneId)
async def compact(desk: Desktop, request: OneId) -> Reply:
    """One compact."""
    await trio.lowlevel.checkpoint()
    return show.compact(desk.view, show.record_id_of(request.id))


@op("compact-version", OneId)
async def compact_version(desk: Desktop, request: OneId) -> Reply:
    """The body of a compact or of a version, to make a next version from."""
    await trio.lowlevel.checkpoint()
    return show.compact_body(desk.view, show.record_id_of(request.id))


@op("dispute", OneId)
async def dispute(desk: Desktop, request: OneId) -> Reply:
    """Where one dispute stands."""
    await trio.lowlevel.checkpoint()
    placed = desk.view.records.get(show.record_id_of(request.id))
    if placed is None:
        raise LocalProtocolError(Reason.RECORD_UNKNOWN)
    return show.dispute(desk.view, placed, desk.now)


@op("disputes", Nothing)
async def disputes(desk: Desktop, _: Nothing) -> Reply:
    """Every dispute known here, with the reason where it cannot be judged."""
    await trio.lowlevel.checkpoint()
    rows: list[Reply] = []
    for placed in desk.view.of_kind("dispute"):
        try:
            rows.append(show.dispute(desk.view, placed, desk.now))
        except LocalProtocolError as error:  # say, its compact has not arrived yet
            row = {"dispute": text.encode_record(placed.record.id), "class": None}
            rows.append(row | {"step": "unknown", "reason": error.reason.value})
    return {"disputes": rows}


@op("motion", OneId)
async def motion(desk: Desktop, request: OneId) -> Reply:
    """Where one motion stands."""
    await trio.lowlevel.checkpoint()
    return show.motion(desk.view, show.record_id_of(request.id), desk.now)


@op("explain", OneId)
async def explain(desk: Desktop, request: OneId) -> Reply:
    """The records and rules that a motion's status rests on."""
    await trio.lowlevel.checkpoint()
    return show.explained(desk.view, show.record_id_of(request.id), desk.now)


@op("motions", Nothing)
async def motions(desk: Desktop, _: Nothing) -> Reply:
    """Every motion that can be judged here."""
    await trio.lowlevel.checkpoint()
    ids = [placed.record.id for placed in desk.view.of_kind("motion")]
    judged = [m for m in ids if not isinstance(desk.view.case(m), Reason)]
    return {"motions": [show.motion(desk.view, m, desk.now) for m in judged]}


@op("mandate", OneId)
async def mandate(desk: Desktop, request: OneId) -> Reply:
    """One mandate."""
    await trio.lowlevel.checkpoint()
    return delegates.mandate(desk.view, show.record_id_of(request.id), desk.now)


@op("mandates", Nothing)
async def mandates(desk: Desktop, _: Nothing) -> Reply:
    """Every mandate known here."""
    await trio.lowlevel.checkpoint()
    ids = [placed.record.id for placed in desk.view.of_kind("mandate")]
    return {"mandates": [delegates.mandate(desk.view, m, desk.now) for m in ids]}


@op("agenda", Nothing)
async def agenda(desk: Desktop, _: Nothing) -> Reply:
    """What this council's assembly has to speak of, about its delegates."""
    await trio.lowlevel.checkpoint()
    return {"items": delegates.agenda(desk.view, desk.council, desk.now)}
