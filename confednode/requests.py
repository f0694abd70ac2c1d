"""What the control socket answers: one handler an op, each with a typed request.

Handlers read the engine's view and draft payloads; the only thing that changes the log is
`submit`, which goes through the same door as everything else.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
import trio
from msgspec import Meta

from confednode import show
from confednode.driver import Driver
from confednode.errors import ControlError, NodeReason
from confednode.store import Peer, Store
from confedproto import bundle, record, text
from confedproto.bodies.compact import Windows
from confedproto.drafts import Desk, Draft
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, NetworkId, PublicKey, RecordId, TransportKey
from confedproto.view import View

Reply = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """What the handlers work on: one running node."""

    driver: Driver
    store: Store
    network: NetworkId
    council: CouncilId
    transport: TransportKey
    listen: tuple[str, int]
    stop: trio.Event

    @property
    def view(self) -> View:
        """The engine's view, only read here."""
        return self.driver.engine.view

    @property
    def now(self) -> int:
        """Seconds UTC."""
        return self.driver.clock() // 1000

    @property
    def desk(self) -> Desk:
        """Where records of this council are drafted."""
        return Desk(view=self.view, council=self.council, now=self.now)

    def draft(self, draft: Draft) -> Reply:
        """A draft as it goes to the signer: the bytes, and whose signatures they need."""
        step = self.view.authorities[self.council].charter
        return {
            "payload": draft.payload.hex(),
            "part": draft.part.hex() if draft.part is not None else None,
            "keys": [text.encode_key(key) for key in step.charter.keys] if step else [],
            "threshold": step.charter.threshold if step else 0,
        }


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request's arguments; unknown ones are refused."""


R = TypeVar("R", bound=Request)
Handle = Callable[[Desktop, Any], Awaitable[Reply]]
OPS: Final[dict[str, tuple[type[Request], Handle]]] = {}

Hex = Annotated[str, Meta(pattern="^([0-9a-f]{2})*$")]
Id = Annotated[str, Meta(min_length=4, max_length=128)]
Ballots = Annotated[int, Meta(ge=0)]


def op(name: str, request: type[R]) -> Callable[[Callable[[Desktop, R], Awaitable[Reply]]], Any]:
    """Register a handler."""

    def register(handle: Callable[[Desktop, R], Awaitable[Reply]]) -> Any:
        OPS[name] = (request, handle)
        return handle

    return register


async def answer(desk: Desktop, name: str, args: Mapping[str, Any]) -> Reply:
    """Answer one request. Raises ControlError CONTROL_REQUEST for one that is not of its form."""
    if name not in OPS:
        raise ControlError(NodeReason.CONTROL_REQUEST, f"unknown request {name!r}")
    request, handle = OPS[name]
    try:
        typed = msgspec.convert(dict(args), request)
    except msgspec.ValidationError as error:
        raise ControlError(NodeReason.CONTROL_REQUEST, str(error)) from None
    return await handle(desk, typed)


class Nothing(Request, frozen=True, kw_only=True):
    """No arguments."""


class OneId(Request, frozen=True, kw_only=True):
    """The id of a record, as text."""

    id: Id


# --- the node itself ----------------------------------------------------------------------


@op("status", Nothing)
async def status(desk: Desktop, _: Nothing) -> Reply:
    """What the node is and how far it is."""
    await trio.lowlevel.checkpoint()
    own = desk.view.logs[desk.view.log_of[desk.council]]
    return show.council_detail(desk.view, desk.council) | {
        "listen": f"{desk.listen[0]}:{desk.listen[1]}",
        "transport": text.encode_transport(desk.transport),
        "network": text.encode_network(desk.network),
        "size": own.tree.size,
        "logs": len(desk.view.logs),
        "records": len(desk.view.records),
        "digest": desk.view.state_digest(desk.now).hex(),
        "links": link_rows(desk),
        "refused": [
            {"time": time, "reason": reason, "detail": detail}
            for time, reason, detail in desk.driver.refusals[-10:]
        ],
    }


def link_rows(desk: Desktop) -> list[Reply]:
    """One row a link: the council, its state, and why if it is down."""
    return [
        show.council_row(desk.view, council) | {"state": state.state, "reason": state.reason}
        for council, state in sorted(desk.driver.states.items())
    ]


@op("links", Nothing)
async def links(desk: Desktop, _: Nothing) -> Reply:
    """The links alone."""
    await trio.lowlevel.checkpoint()
    return {"links": link_rows(desk)}


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
    await trio.to_thread.run_sync(desk.store.add_peer, entry, limiter=desk.driver.disk)
    desk.driver.dial_for_ever(entry)
    return {"council": request.council}


@op("stop", Nothing)
async def stop(desk: Desktop, _: Nothing) -> Reply:
    """Stop the node in good order."""
    await trio.lowlevel.checkpoint()
    desk.stop.set()
    return {"stopping": True}


# --- records ------------------------------------------------------------------------------


class Submission(Request, frozen=True, kw_only=True):
    """A signed envelope and its detached part."""

    envelope: Hex
    part: Hex | None = None


@op("submit", Submission)
async def submit(desk: Desktop, request: Submission) -> Reply:
    """Append a signed record of this council, after every check."""
    part = bytes.fromhex(request.part) if request.part is not None else None
    item = record.open(desk.network, bytes.fromhex(request.envelope), part)
    answered = await desk.driver.submit(item)
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
    return {"records": [show.log_row(desk.view, placed) for placed in rows[-request.limit :]]}


class BundleRequest(Request, frozen=True, kw_only=True):
    """What the offline file is about."""

    kind: Literal["certificate", "mandate", "act", "record"]
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
        case "act":
            data = bundle.build_act_from_view(desk.view, subject, desk.now)
        case "record":
            data = bundle.build_record(desk.view, subject, desk.now)
    return {"bundle": data.hex(), "bytes": len(data)}


# --- compacts and motions -------------------------------------------------------------------


@op("compact", OneId)
async def compact(desk: Desktop, request: OneId) -> Reply:
    """One compact."""
    await trio.lowlevel.checkpoint()
    return show.compact(desk.view, show.record_id_of(request.id))


@op("motion", OneId)
async def motion(desk: Desktop, request: OneId) -> Reply:
    """Where one motion stands."""
    await trio.lowlevel.checkpoint()
    return show.motion(desk.view, show.record_id_of(request.id), desk.now)


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
    return show.mandate(desk.view, show.record_id_of(request.id), desk.now)


@op("mandates", Nothing)
async def mandates(desk: Desktop, _: Nothing) -> Reply:
    """Every mandate known here."""
    await trio.lowlevel.checkpoint()
    ids = [placed.record.id for placed in desk.view.of_kind("mandate")]
    return {"mandates": [show.mandate(desk.view, m, desk.now) for m in ids]}


# --- drafts ---------------------------------------------------------------------------------


class DraftInvite(Request, frozen=True, kw_only=True):
    """The public key of a one-use token, and until when it is good (seconds UTC)."""

    key: Id
    expires: Annotated[int, Meta(ge=0)]


@op("draft-invite", DraftInvite)
async def draft_invite(desk: Desktop, request: DraftInvite) -> Reply:
    """An invitation."""
    await trio.lowlevel.checkpoint()
    return desk.draft(desk.desk.invite(_key(request.key), request.expires))


class DraftAnswer(Request, frozen=True, kw_only=True):
    """The inviting council and the public key of its token."""

    council: Id
    key: Id


@op("draft-answer", DraftAnswer)
async def draft_answer(desk: Desktop, request: DraftAnswer) -> Reply:
    """The answer to an invitation."""
    await trio.lowlevel.checkpoint()
    council = CouncilId(text.decode_council(request.council))
    return desk.draft(desk.desk.answer(council, _key(request.key)))


class DraftCompact(Request, frozen=True, kw_only=True):
    """A compact; `weights` are halves by council id, this council among them."""

    name: str
    rule: str
    windows: Windows
    weights: dict[Id, Annotated[int, Meta(ge=0)]]
    seconds: Annotated[int, Meta(ge=0)] = 0
    sponsors: Annotated[int, Meta(ge=0)] = 1
    weight_max: Annotated[int, Meta(ge=0)] = 64


@op("draft-compact", DraftCompact)
async def draft_compact(desk: Desktop, request: DraftCompact) -> Reply:
    """A compact to be signed by every founder's threshold."""
    await trio.lowlevel.checkpoint()
    return desk.draft(
        desk.desk.compact(
            name=request.name,
            rule=request.rule,
            windows=request.windows,
            weights={
                CouncilId(text.decode_council(council)): weight
                for council, weight in request.weights.items()
            },
            seconds=request.seconds,
            sponsors=request.sponsors,
            weight_max=request.weight_max,
        )
    )


class DraftAccession(Request, frozen=True, kw_only=True):
    """The compact to join, and this council's weight in halves."""

    id: Id
    weight: Annotated[int, Meta(ge=0)]


@op("draft-accession", DraftAccession)
async def draft_accession(desk: Desktop, request: DraftAccession) -> Reply:
    """This council joins a compact."""
    await trio.lowlevel.checkpoint()
    return desk.draft(desk.desk.accession(show.record_id_of(request.id), request.weight))


class DraftMotion(Request, frozen=True, kw_only=True):
    """A motion: compact, title, text, 16 random bytes of salt, language."""

    id: Id
    title: str
    text: str
    salt: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    language: str = "en"


@op("draft-motion", DraftMotion)
async def draft_motion(desk: Desktop, request: DraftMotion) -> Reply:
    """A motion."""
    await trio.lowlevel.checkpoint()
    return desk.draft(
        desk.desk.motion(
            show.record_id_of(request.id),
            title=request.title,
            text=request.text,
            salt=bytes.fromhex(request.salt),
            language=request.language,
        )
    )


@op("draft-second", OneId)
async def draft_second(desk: Desktop, request: OneId) -> Reply:
    """This council seconds a motion."""
    await trio.lowlevel.checkpoint()
    return desk.draft(desk.desk.second(show.record_id_of(request.id)))


@op("draft-freeze", OneId)
async def draft_freeze(desk: Desktop, request: OneId) -> Reply:
    """The mover freezes a motion."""
    await trio.lowlevel.checkpoint()
    return desk.draft(desk.desk.freeze(show.record_id_of(request.id)))


class DraftPosition(Request, frozen=True, kw_only=True):
    """A position, with members' ballots as really cast."""

    id: Id
    value: Literal["yes", "no", "abstain"]
    yes: Ballots | None = None
    no: Ballots | None = None
    valid: Ballots | None = None


@op("draft-position", DraftPosition)
async def draft_position(desk: Desktop, request: DraftPosition) -> Reply:
    """This council's position."""
    await trio.lowlevel.checkpoint()
    return desk.draft(
        desk.desk.position(
            show.record_id_of(request.id),
            request.value,
            yes=request.yes,
            no=request.no,
            valid=request.valid,
        )
    )


class DraftMandate(Request, frozen=True, kw_only=True):
    """A mandate: delegate key, kinds of acts, instruction by motion id, end (seconds UTC)."""

    delegate: Id
    kinds: list[str]
    instructions: dict[Id, str]
    until: Annotated[int, Meta(ge=0)]


@op("draft-mandate", DraftMandate)
async def draft_mandate(desk: Desktop, request: DraftMandate) -> Reply:
    """A mandate for a delegate."""
    await trio.lowlevel.checkpoint()
    return desk.draft(
        desk.desk.mandate(
            delegate=_key(request.delegate),
            kinds=request.kinds,
            instructions={
                show.record_id_of(key): value for key, value in request.instructions.items()
            },
            until=request.until,
        )
    )


class DraftAct(Request, frozen=True, kw_only=True):
    """An act; without `mandate` the one in force that names the motion, newest first."""

    motion: Id
    value: str
    mandate: Id | None = None
    kind: str | None = None


@op("draft-act", DraftAct)
async def draft_act(desk: Desktop, request: DraftAct) -> Reply:
    """An act for the delegate to sign."""
    await trio.lowlevel.checkpoint()
    motion_id = show.record_id_of(request.motion)
    named = show.record_id_of(request.mandate) if request.mandate is not None else None
    chosen = named or _mandate_for(desk, motion_id)
    row = show.mandate(desk.view, chosen, desk.now)
    kind = request.kind or row["kinds"][0]
    draft = desk.draft(desk.desk.act(chosen, motion_id, kind, request.value))
    return draft | {"keys": [row["delegate"]], "threshold": 1, "mandate": row["mandate"]}


def _mandate_for(desk: Desktop, motion_id: RecordId) -> RecordId:
    for placed in reversed(desk.view.of_kind("mandate")):
        instructions = getattr(placed.record.body, "instructions", None) or ()
        named = any(entry.motion == motion_id for entry in instructions)
        if named and placed.record.council == desk.council:
            return placed.record.id
    raise LocalProtocolError(Reason.MANDATE_UNKNOWN)


class DraftRecall(Request, frozen=True, kw_only=True):
    """The mandate to take back, and why."""

    id: Id
    reason: str | None = None


@op("draft-recall", DraftRecall)
async def draft_recall(desk: Desktop, request: DraftRecall) -> Reply:
    """This council takes a mandate back."""
    await trio.lowlevel.checkpoint()
    return desk.draft(desk.desk.recall(show.record_id_of(request.id), request.reason))


def _key(value: str) -> PublicKey:
    return PublicKey(text.decode_key(value))
