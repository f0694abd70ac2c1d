"""Requests for drafts: payloads that the council's keyholders are to sign elsewhere."""

from typing import Annotated, Any, Final

import msgspec
import trio
from msgspec import Meta

from confednode import delegates, show
from confednode.requests.table import Ballots, Desktop, Hex, Id, OneId, Reply, Request, op
from confedproto import codec, text
from confedproto.bodies import KINDS
from confedproto.bodies.compact import Windows
from confedproto.bodies.position import ValueText
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, PublicKey, RecordId


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


class DraftUnlink(Request, frozen=True, kw_only=True):
    """Whose link."""

    council: Id


@op("draft-unlink", DraftUnlink)
async def draft_unlink(desk: Desktop, request: DraftUnlink) -> Reply:
    """The end of a link."""
    await trio.lowlevel.checkpoint()
    return desk.draft(desk.desk.unlink(CouncilId(text.decode_council(request.council))))


class DraftCompact(Request, frozen=True, kw_only=True):
    """A compact; `weights` are halves by council id, this council among them.

    `terms` are the body's other fields, a map in CMP.
    """

    name: str
    rule: str
    windows: Windows
    weights: dict[Id, Annotated[int, Meta(ge=0)]]
    seconds: Annotated[int, Meta(ge=0)] = 0
    sponsors: Annotated[int, Meta(ge=0)] = 1
    weight_max: Annotated[int, Meta(ge=0)] = 64
    terms: Hex = ""


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
            terms=_terms(request.terms, frozenset({"founders", "previous"})),
        )
    )


class DraftAccession(Request, frozen=True, kw_only=True):
    """The compact to join, this council's weight in halves, the body's other fields in CMP."""

    id: Id
    weight: Annotated[int, Meta(ge=0)]
    terms: Hex = ""


@op("draft-accession", DraftAccession)
async def draft_accession(desk: Desktop, request: DraftAccession) -> Reply:
    """This council joins a compact."""
    await trio.lowlevel.checkpoint()
    compact, terms = show.record_id_of(request.id), _terms(request.terms)
    return desk.draft(desk.desk.accession(compact, request.weight, terms))


class Worded(Request, frozen=True, kw_only=True):
    """What has a text: about which record, title, text, 16 random bytes of salt, language."""

    id: Id
    title: str
    text: str
    salt: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    language: str = "en"


class DraftMotion(Worded, frozen=True, kw_only=True):
    """A motion in a compact. `terms` are the body's other fields, a map in CMP."""

    terms: Hex = ""
    members_only: bool = False


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
            terms=_terms(request.terms, frozenset({"text"})),
            members_only=request.members_only,
        )
    )


class DraftAmend(Worded, frozen=True, kw_only=True):
    """A competing version of a motion, or with `editorial` the mover's fix of its wording."""

    editorial: bool = False


@op("draft-amend", DraftAmend)
async def draft_amend(desk: Desktop, request: DraftAmend) -> Reply:
    """A whole competing version."""
    await trio.lowlevel.checkpoint()
    return desk.draft(
        desk.desk.amend(
            show.record_id_of(request.id),
            title=request.title,
            text=request.text,
            salt=bytes.fromhex(request.salt),
            language=request.language,
            editorial=request.editorial,
        )
    )


class DraftAbout(Request, frozen=True, kw_only=True):
    """A record of which the node fills in nothing: its body, a map in CMP, and its subject."""

    kind: str
    id: Id | None = None
    body: Hex = ""


ABOUT: Final = frozenset(
    {
        *("exit", "withdraw", "takeover", "affected-claim", "objection", "hold", "dispute"),
        *("task", "finding", "calendar", "payment-order", "correction", "naming", "ratify"),
        *("compact", "dissolution", "roll", "petition"),
    }
)
"""Kinds that `draft-about` drafts: whoever asks knows all that they say."""


@op("draft-about", DraftAbout)
async def draft_about(desk: Desktop, request: DraftAbout) -> Reply:
    """Leave a compact, propose or ratify a version, withdraw a motion, hold, dispute, report."""
    await trio.lowlevel.checkpoint()
    kind = KINDS.get(request.kind)
    if kind is None or request.kind not in ABOUT:
        raise LocalProtocolError(Reason.KIND_UNKNOWN, request.kind[:40])
    if kind.subject is not (request.id is not None):
        raise LocalProtocolError(Reason.BODY_FORM, f"the subject of a {kind.name}")
    try:
        body = msgspec.convert(_terms(request.body), kind.body, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise LocalProtocolError(Reason.BODY_FORM, str(error)) from None
    subject = show.record_id_of(request.id) if request.id is not None else None
    return desk.draft(desk.desk.about(subject, body))


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
    """A position, with members' ballots as really cast; `terms` are all other fields, in CMP."""

    id: Id
    value: ValueText
    yes: Ballots | None = None
    no: Ballots | None = None
    valid: Ballots | None = None
    terms: Hex = ""


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
            terms=_terms(request.terms, frozenset({"freeze", "number"})),
        )
    )


class DraftMandate(Request, frozen=True, kw_only=True):
    """A mandate: delegate key, kinds of acts, instruction by motion id, end (seconds UTC).

    `terms` are the other fields of the body, a map in CMP.
    """

    delegate: Id
    kinds: list[str]
    instructions: dict[Id, str]
    until: Annotated[int, Meta(ge=0)]
    terms: Hex = ""
    scope: Id | None = None


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
            terms=_terms(request.terms),
            scope=None if request.scope is None else show.record_id_of(request.scope),
        )
    )


def _terms(given: str, filled: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields in a request; those that the node fills in are not asked for."""
    value = codec.decode(bytes.fromhex(given)) if given else {}
    if not isinstance(value, dict) or set(value) & filled:
        raise LocalProtocolError(Reason.BODY_FORM, "the fields asked for")
    return value


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
    row = delegates.mandate(desk.view, chosen, desk.now)
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
