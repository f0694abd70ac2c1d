"""Making `.confed` files: from what a node holds, or from another file (specs/12, BUN)."""

from collections.abc import Iterator
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
from confedproto.bundle.judge import verify
from confedproto.bundle.membership import sponsoring_links
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.delegation import ActStatus, MandateStatus
from confedproto.rules.links import LINK_KINDS
from confedproto.rules.mandate import Outcome
from confedproto.rules.motion import Placed
from confedproto.rules.receipts import receipts_needed
from confedproto.view import View

RECEIPTS: Final = 3
"""How many receipts a file carries for its age: enough that one liar does not decide it."""

# --- from a node ----------------------------------------------------------------------------


def build_mandate(view: View, mandate: RecordId, now: int) -> bytes:
    """A mandate, who granted it, its place under the newest head, and its newest receipts.

    `now` in seconds UTC. Recalls known here are in it, and the mandate that it passes on (BUN-20).
    Raises LocalProtocolError MANDATE_UNKNOWN, BUNDLE_MISSING while no signed head covers it, or
    why it is VOID where the file could not show that (BUN-21).
    """
    placed = _placed(view, mandate)
    draft = _mandate_draft(view, placed, now, receipts=RECEIPTS)
    draft.carry(*_beside(view, placed, now))
    status = view.mandates.status(mandate, now)
    return _honest(draft.done("mandate", mandate), status, now)


def _honest(file: bytes, status: MandateStatus | ActStatus | Reason, now: int) -> bytes:
    """The file, unless it would say VALID of what is known here to be VOID (BUN-21)."""
    if isinstance(status, Reason) or status.verdict.outcome is not Outcome.VOID:
        return file
    if verify([file], (), now).ok:
        reason = status.verdict.reason or Reason.BUNDLE_MISSING
        raise LocalProtocolError(reason, "what shows it stands in other councils' logs")
    return file


def _mandate_draft(view: View, placed: Placed, now: int, *, receipts: int) -> Draft:
    """The file of a mandate as its own log has it."""
    if not isinstance(placed.record.body, Mandate):
        raise LocalProtocolError(Reason.MANDATE_UNKNOWN)
    draft = Draft(view, now)
    draft.add_council(placed.record.council, _last_version(view, placed), placed.log)
    draft.place_under_head(placed.record, *_said(view, placed))
    draft.add_receipts(placed.record, first=False, most=receipts)
    return draft


def _beside(view: View, mandate: Placed, now: int, *, link: bool = True) -> Iterator[Bundle]:
    """Files of what bears on a mandate and stands in other logs: what its council said of it
    after its server was replaced, and the mandate above, if it is known here.
    """
    for placed in _all_said(view, mandate):
        if placed.log != mandate.log:
            yield _record_draft(view, placed, now).bundle("record", placed.record.id)
    upper = _above(view, mandate) if link else None
    if upper is not None:
        yield _mandate_draft(view, upper, now, receipts=1).bundle("mandate", upper.record.id)
        yield from _beside(view, upper, now, link=False)


def _above(view: View, mandate: Placed) -> Placed | None:
    """The mandate that a link passes on, if it is known here (LVL-1)."""
    body = mandate.record.body
    above = body.above if isinstance(body, Mandate) else None
    upper = view.records.get(RecordId(above)) if above is not None else None
    return upper if upper is not None and isinstance(upper.record.body, Mandate) else None


def build_act_from_view(view: View, act: RecordId, now: int) -> bytes:
    """An act in the log, the mandate, the acts before it, and the receipts that date it.

    With the compact and its members' charters, so that offline it is known how many receipts
    it needs, and files of the mandate where it stands in an older log, and of the one above
    (BUN-20). Raises LocalProtocolError MANDATE_UNKNOWN or BUNDLE_MISSING.
    """
    placed = _placed(view, act)
    mandate_id = placed.record.subject
    if not isinstance(placed.record.body, Act) or mandate_id is None:
        raise LocalProtocolError(Reason.MANDATE_UNKNOWN)
    granted = _placed(view, mandate_id)
    earlier = _acts_before(view, granted, placed.record.body.number)
    draft = _act_draft(view, placed, granted, now)
    if granted.log != placed.log:
        draft.carry(_mandate_draft(view, granted, now, receipts=0).bundle("mandate", mandate_id))
    draft.carry(*_beside(view, granted, now))
    for one in earlier:
        if one.log != placed.log:
            draft.carry(_act_draft(view, one, granted, now).bundle("act", one.record.id))
    for one in _answers(view, placed, placed.record.body, granted):
        if one.log != placed.log:
            draft.carry(_record_draft(view, one, now).bundle("record", one.record.id))
    return _honest(draft.done("act", act), view.mandates.act_status(act), now)


def _act_draft(view: View, placed: Placed, granted: Placed, now: int) -> Draft:
    """The file of an act as its own log has it, with the mandate's record."""
    mandate, act = granted.record, placed.record.body
    draft = Draft(view, now)
    draft.add_council(mandate.council, log=placed.log)
    needed = RECEIPTS
    if isinstance(mandate.body, Mandate) and mandate.body.compact is not None:
        compact = RecordId(mandate.body.compact)
        _add_members(draft, compact)
        needed = max(needed, receipts_needed(len(view.members(compact))))
    beside: list[Placed] = []
    if isinstance(act, Act):
        amend = view.records.get(RecordId(act.motion))
        if amend is not None and amend.record.kind == "amend":
            draft.add_council(amend.record.council)
            draft.add(amend.record)
        beside += _acts_before(view, granted, act.number)
        beside += _answers(view, placed, act, granted)
    draft.add(mandate)
    others = [one.record for one in beside]
    draft.place_under_head(placed.record, mandate, *others, *_said(view, granted))
    draft.add_receipts(placed.record, first=True, most=needed)
    return draft


def _acts_before(view: View, granted: Placed, number: int) -> list[Placed]:
    """The acts under a mandate before that of a number."""
    return [
        other
        for other in view.about(granted.record.id, "act")
        if isinstance(other.record.body, Act) and other.record.body.number < number
    ]


def _answers(view: View, placed: Placed, act: Act, granted: Placed) -> list[Placed]:
    """What the councils that are spoken for said to an act: ratified or not, or a position of
    their own on its motion (RAT-1, ACT-7, LVL-4).
    """
    motion = RecordId(act.motion)
    amend = view.records.get(motion)
    if amend is not None and amend.record.kind == "amend" and amend.record.subject is not None:
        motion = amend.record.subject
    upper = _above(view, granted)
    councils = {one.record.council for one in (granted, upper) if one is not None}
    found = (*view.about(placed.record.id, "ratify"), *view.about(motion, "position"))
    return [one for one in found if one.record.council in councils]


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
    draft = _record_draft(view, placed, now)
    draft.add_receipts(placed.record, first=False, most=RECEIPTS)
    return draft.done("record", subject)


def _record_draft(view: View, placed: Placed, now: int) -> Draft:
    """The file of a record as its own log has it."""
    draft = Draft(view, now)
    draft.add_council(placed.record.council, _last_version(view, placed), placed.log)
    draft.place_under_head(placed.record)
    return draft


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
        files=bundle.files,
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


def _all_said(view: View, mandate: Placed) -> list[Placed]:
    """What its council said of a mandate in any of its logs: recalls, reports, petitions, and
    the answers to them.
    """
    own = {step.log for step in view.authorities[mandate.record.council].nodes}
    found = [
        placed
        for kind in ("recall", "report", "petition")
        for placed in view.about(mandate.record.id, kind)
        if placed.record.council == mandate.record.council
    ]
    found += [a for one in found for a in view.about(one.record.id, "ratify")]
    return [placed for placed in found if placed.log in own]


def _said(view: View, mandate: Placed) -> list[VerifiedRecord]:
    """Of that, what stands in the mandate's own log."""
    return [one.record for one in _all_said(view, mandate) if one.log == mandate.log]


def _last_version(view: View, placed: Placed) -> int:
    """The charter version that the file's latest record stands under."""
    ones = [placed.record]
    if isinstance(placed.record.body, Mandate):
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
