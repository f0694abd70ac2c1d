"""Making `.confed` files: from what a node holds, or from another file (specs/12, BUN)."""

from typing import Final

from confedproto import record
from confedproto.bodies.act import Act
from confedproto.bodies.charter import Charter
from confedproto.bodies.mandate import Mandate
from confedproto.bundle import container, evidence
from confedproto.bundle.container import Bundle, Entry
from confedproto.bundle.decided import needed_for
from confedproto.bundle.draft import Draft
from confedproto.bundle.evidence import Evidence
from confedproto.bundle.membership import sponsoring_links
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.links import LINK_KINDS
from confedproto.rules.motion import Placed
from confedproto.rules.receipts import receipts_needed
from confedproto.view import View

RECEIPTS: Final = 3
"""How many receipts a file carries for its age: enough that one liar does not decide it."""

# --- from a node ----------------------------------------------------------------------------


def build_mandate(view: View, mandate: RecordId, now: int) -> bytes:
    """A mandate, who granted it, its place under the newest head, and its newest receipts.

    `now` in seconds UTC. Recalls known here are in it. Raises LocalProtocolError
    MANDATE_UNKNOWN, or BUNDLE_MISSING while no signed head covers the mandate.
    """
    placed = _placed(view, mandate)
    if not isinstance(placed.record.body, Mandate):
        raise LocalProtocolError(Reason.MANDATE_UNKNOWN)
    draft = Draft(view, now)
    draft.add_council(placed.record.council, _last_version(view, placed, mandate), placed.log)
    draft.place_under_head(placed.record, *_said(view, placed))
    draft.add_receipts(placed.record, first=False, most=RECEIPTS)
    return draft.done("mandate", mandate)


def build_act_from_view(view: View, act: RecordId, now: int) -> bytes:
    """An act in the log, the mandate, the acts before it, and the receipts that date it.

    With the compact and its members' charters, so that offline it is known how many receipts
    it needs. Raises LocalProtocolError MANDATE_UNKNOWN or BUNDLE_MISSING.
    """
    placed = _placed(view, act)
    mandate_id = placed.record.subject
    if not isinstance(placed.record.body, Act) or mandate_id is None:
        raise LocalProtocolError(Reason.MANDATE_UNKNOWN)
    mandate = _placed(view, mandate_id).record
    draft = Draft(view, now)
    draft.add_council(mandate.council, log=placed.log)
    number = placed.record.body.number
    earlier = [
        other.record
        for other in view.about(mandate_id, "act")
        if isinstance(other.record.body, Act) and other.record.body.number < number
    ]
    needed = RECEIPTS
    if isinstance(mandate.body, Mandate) and mandate.body.compact is not None:
        compact = RecordId(mandate.body.compact)
        _add_members(draft, compact)
        needed = max(needed, receipts_needed(len(view.members(compact))))
    answers = view.about(act, "ratify")
    motion = RecordId(placed.record.body.motion)
    amend = view.records.get(motion)
    if amend is not None and amend.record.kind == "amend" and amend.record.subject is not None:
        draft.add_council(amend.record.council)
        draft.add(amend.record)
        motion = amend.record.subject
    said_on = [p for p in view.about(motion, "position") if p.record.council == mandate.council]
    others = [p.record for p in (*answers, *said_on)]
    said = _said(view, view.records[mandate_id])
    draft.add(mandate)  # in an older log its own file says where it stands
    draft.place_under_head(placed.record, mandate, *earlier, *said, *others)
    draft.add_receipts(placed.record, first=True, most=needed)
    return draft.done("act", act)


def build_record(view: View, subject: RecordId, now: int) -> bytes:
    """Any record, its council, its place under the newest head, and its newest receipts.

    A mandate or an act gets the file of its own kind. Raises LocalProtocolError
    RECORD_UNKNOWN or BUNDLE_MISSING.
    """
    placed = _placed(view, subject)
    match placed.record.body:
        case Mandate():
            return build_mandate(view, subject, now)
        case Act():
            return build_act_from_view(view, subject, now)
        case _:
            pass
    draft = Draft(view, now)
    draft.add_council(placed.record.council, _last_version(view, placed), placed.log)
    draft.place_under_head(placed.record)
    draft.add_receipts(placed.record, first=False, most=RECEIPTS)
    return draft.done("record", subject)


def build_certificate(view: View, motion: RecordId, now: int) -> bytes:
    """The certificate on a motion: its councils, what was frozen, the positions, the locks.

    Raises LocalProtocolError with the reason why there is no certificate here.
    """
    needed = needed_for(view, motion, now)
    draft = Draft(view, now)
    for council in sorted(needed.councils):
        draft.add_council(council)
    for compact, accessions in needed.accessions.items():
        _add_members(draft, compact, accessions)
    for one in needed.records.values():
        draft.add(one)
    return draft.done("certificate", motion)


# --- from a file ----------------------------------------------------------------------------


def build_act(mandate_file: bytes, act_envelope: bytes) -> bytes:
    """A delegate's act and the mandate it cites, without a node: receipts come later.

    `act_envelope` is the signed act. Raises DecodeError or VerificationError if either does
    not hold: BUNDLE_SUBJECT (no mandate's file), MANDATE_UNKNOWN (another mandate's act),
    MANDATE_DELEGATE (another key), CHARTER_VERSION.
    """
    proved = mandate_of(mandate_file)
    bundle = proved.bundle
    act = record.open(bundle.network, act_envelope)
    entry = Entry(envelope=act_envelope)
    out = Bundle(
        kind="act",
        network=bundle.network,
        subject=act.id,
        entries=(*bundle.entries, entry),
        proofs=bundle.proofs,
        head=bundle.head,
        receipts=bundle.receipts,
    )
    evidence.prove(out)
    return container.encode(out)


def draft_act(
    mandate_file: bytes,
    *,
    motion: RecordId,
    kind: str,
    value: str,
    now: int,
    number: int = 1,
    previous: RecordId | None = None,
    amount: int | None = None,
    currency: str | None = None,
    assembly: RecordId | None = None,
) -> bytes:
    """The payload of an act under the mandate in a file, for the delegate's key to sign.

    It cites the file's head. `now` in seconds UTC; act `number` names its `previous` one.
    Raises DecodeError, VerificationError or LocalProtocolError.
    """
    proved = mandate_of(mandate_file)
    head, step = proved.head, proved.authorities[proved.subject.council].charter
    if head is None or step is None:
        raise LocalProtocolError(Reason.BUNDLE_MISSING, "a head")
    return record.build_payload(
        kind="act",
        council=proved.subject.council,
        charter=step.version,
        time=now,
        body=Act(
            motion=motion,
            kind=kind,
            value=value,
            number=number,
            head=head.envelope,
            previous=previous,
            amount=amount,
            currency=currency,
            assembly=assembly,
        ),
        subject=proved.subject.id,
    )


def mandate_of(mandate_file: bytes) -> Evidence:
    """What a mandate's file proves. Raises DecodeError or VerificationError."""
    bundle = container.decode(mandate_file)
    if bundle.kind != "mandate":
        raise LocalProtocolError(Reason.BUNDLE_SUBJECT, bundle.kind)
    return evidence.prove(bundle)


# --- parts ----------------------------------------------------------------------------------


def _placed(view: View, subject: RecordId) -> Placed:
    placed = view.records.get(subject)
    if placed is None:
        raise LocalProtocolError(Reason.RECORD_UNKNOWN, subject.hex()[:16])
    return placed


def _said(view: View, mandate: Placed) -> list[VerifiedRecord]:
    """What bears on a mandate and stands in its log: recalls, reports, petitions, answers."""
    found = [
        placed
        for kind in ("recall", "report", "petition")
        for placed in view.about(mandate.record.id, kind)
        if placed.record.council == mandate.record.council
    ]
    found += [a for one in found for a in view.about(one.record.id, "ratify")]
    return [placed.record for placed in found if placed.log == mandate.log]


def _last_version(view: View, placed: Placed, mandate: RecordId | None = None) -> int:
    """The charter version that the file's latest record stands under."""
    ones = [placed.record]
    if mandate is not None:
        ones += _said(view, placed)
    versions = [one.charter + isinstance(one.body, Charter) for one in ones]
    return max(1, *versions)


def _add_members(draft: Draft, compact: RecordId, named: set[bytes] | None = None) -> None:
    """A compact, its founders, and the members whose accessions are `named` (None: all)."""
    view = draft.view
    found = view.compact(compact)
    if isinstance(found, Reason):
        raise LocalProtocolError(found)
    draft.add(found[0])
    for founder in found[1].founders:
        draft.add_council(CouncilId(founder.council))
    members = view.members(compact)
    accessions = [
        placed.record
        for placed in view.about(compact, "accession")
        if (
            placed.record.id in named
            if named is not None
            else (member := members.get(placed.record.council)) is not None
            and member.accession == placed.record.id
        )
    ]
    links = [placed.record for kind in LINK_KINDS for placed in view.of_kind(kind)]
    for one in (*accessions, *sponsoring_links(found[1], accessions, links)):
        draft.add_council(one.council)
        draft.add(one)
