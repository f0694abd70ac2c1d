"""Making `.confed` files: from what a node holds, or from another file (specs/12, BUN).

A file is cut to what its question needs: charters and node records with as many signatures
as their threshold asks, and of the receipts those that say most.
"""

from typing import Final

from confedproto import codec, record
from confedproto.bodies.act import Act
from confedproto.bodies.charter import Charter
from confedproto.bodies.mandate import Mandate
from confedproto.bundle import container, evidence
from confedproto.bundle.container import Bundle, Entry, Proof, Receipt, SignedHead
from confedproto.bundle.decided import needed_for
from confedproto.bundle.evidence import Evidence
from confedproto.bundle.form import BundleKind
from confedproto.bundle.membership import sponsoring_links
from confedproto.bundle.receipting import receipt_of
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, LogId, RecordId
from confedproto.limits import CLOCK_AHEAD_MAX_S
from confedproto.record import VerifiedRecord, assemble, split_envelope
from confedproto.rules.links import LINK_KINDS
from confedproto.rules.motion import Placed
from confedproto.rules.receipts import WitnessLine, receipts_needed
from confedproto.view import View

RECEIPTS: Final = 3
"""How many receipts a file carries for its age: enough that one liar does not decide it."""


class _Draft:
    """A file being put together from a view."""

    def __init__(self, view: View, now: int) -> None:
        self.view = view
        self.now = now
        self.entries: dict[RecordId, Entry] = {}
        self.proofs: dict[tuple[RecordId, int], Proof] = {}
        self.receipts: list[Receipt] = []
        self.head: SignedHead | None = None

    def add(self, one: VerifiedRecord) -> None:
        """Put a record in as it is."""
        self.entries[one.id] = Entry(envelope=one.envelope, part=one.part)

    def add_council(
        self, council: CouncilId, version: int | None = None, log: LogId | None = None
    ) -> None:
        """A council's charters up to `version` (all without it), and its node records up to that
        of `log` (all without it).
        """
        authority = self.view.authorities.get(council)
        step = authority.charter if authority is not None else None
        if authority is None or step is None:
            raise LocalProtocolError(Reason.COUNCIL_UNKNOWN, council.hex()[:16])
        for charter in authority.charters[:version]:
            if charter.version > 1:
                self.add(charter.record)
            else:
                self.entries.setdefault(charter.record.id, _pruned(charter.record, charter.charter))
        reached = False
        for node in authority.nodes:
            if reached and node.log != log:
                break
            reached = node.log == log
            signed_under = authority.charter_version(node.record.charter)
            if signed_under is not None and (version is None or node.record.charter <= version):
                self.entries.setdefault(node.record.id, _pruned(node.record, signed_under))

    def place(self, one: VerifiedRecord, size: int) -> None:
        """Prove where a record stands in the tree of `size` leaves of its log."""
        placed = self.view.records[one.id]
        self.add(one)  # a leaf is the whole envelope
        self.proofs[one.id, size] = Proof(
            record=one.id,
            index=placed.index,
            size=size,
            path=tuple(self.view.logs[placed.log].tree.inclusion(placed.index, size)),
        )

    def place_under_head(self, *ones: VerifiedRecord) -> None:
        """Prove records under the newest head of the first one's log; the rest have own files."""
        log = self.view.logs[self.view.records[ones[0].id].log]
        head = log.head
        ones = tuple(one for one in ones if self.view.records[one.id].log == log.id)
        if head is None or any(self.view.records[one.id].index >= head.size for one in ones):
            raise LocalProtocolError(Reason.BUNDLE_MISSING, "a signed head; try again")
        signature = _head_signature(head.envelope)
        self.head = SignedHead(size=head.size, time=head.time, signature=signature)
        for one in ones:
            self.place(one, head.size)
        for step in self.view.authorities[log.council].charters[1:]:
            placed = self.view.records.get(step.record.id)
            if step.record.id in self.entries and placed is not None and placed.log == log.id:
                self.place(step.record, head.size)

    def add_receipts(self, one: VerifiedRecord, *, first: bool, most: int) -> None:
        """Receipts of a record: the oldest if `first`, which date it, else the newest.

        One a council, of at most `most` councils; whose clock is ahead of ours is left out.
        """
        placed = self.view.records[one.id]
        chosen: dict[CouncilId, WitnessLine] = {}
        for line in self.view.lines_of(placed.log):
            if line.size <= placed.index or line.time > self.now + CLOCK_AHEAD_MAX_S:
                continue
            known = chosen.get(line.witness)
            if known is None or (line.time < known.time) == first:
                chosen[line.witness] = line
        chosen.pop(one.council, None)
        ordered = sorted(chosen.values(), key=lambda n: (n.time if first else -n.time, n.witness))
        added = 0
        for line in ordered:
            if added < most and self._add_receipt(line):
                self.place(one, line.size)
                added += 1

    def _add_receipt(self, line: WitnessLine) -> bool:
        receipt = receipt_of(self.view, line)
        if receipt is None:
            return False
        if receipt not in self.receipts:
            self.add_council(line.witness, receipt.charter, self._log_of(receipt.node))
            self.receipts.append(receipt)
        return True

    def _log_of(self, node: RecordId) -> LogId | None:
        """The log that a node record opens or goes on with."""
        steps = (n for a in self.view.authorities.values() for n in a.nodes)
        return next((n.log for n in steps if n.record.id == node), None)

    def done(self, kind: BundleKind, subject: RecordId) -> bytes:
        """The file."""
        bundle = Bundle(
            kind=kind,
            network=self.view.network,
            subject=subject,
            entries=tuple(self.entries.values()),
            proofs=tuple(self.proofs.values()),
            head=self.head,
            receipts=tuple(self.receipts),
        )
        return container.encode(bundle)


# --- from a node ----------------------------------------------------------------------------


def build_mandate(view: View, mandate: RecordId, now: int) -> bytes:
    """A mandate, who granted it, its place under the newest head, and its newest receipts.

    `now` in seconds UTC. Recalls known here are in it. Raises LocalProtocolError
    MANDATE_UNKNOWN, or BUNDLE_MISSING while no signed head covers the mandate.
    """
    placed = _placed(view, mandate)
    if not isinstance(placed.record.body, Mandate):
        raise LocalProtocolError(Reason.MANDATE_UNKNOWN)
    draft = _Draft(view, now)
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
    draft = _Draft(view, now)
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
    draft = _Draft(view, now)
    draft.add_council(placed.record.council, _last_version(view, placed), placed.log)
    draft.place_under_head(placed.record)
    draft.add_receipts(placed.record, first=False, most=RECEIPTS)
    return draft.done("record", subject)


def build_certificate(view: View, motion: RecordId, now: int) -> bytes:
    """The certificate on a motion: its councils, what was frozen, the positions, the locks.

    Raises LocalProtocolError with the reason why there is no certificate here.
    """
    needed = needed_for(view, motion, now)
    draft = _Draft(view, now)
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


def _pruned(one: VerifiedRecord, charter: Charter) -> Entry:
    """A record without inclusion proof needs no more signatures than its threshold (BUN-4)."""
    payload, signatures = split_envelope(one.envelope)
    enough = [s for s in signatures if s.signer in charter.keys][: charter.threshold]
    return Entry(envelope=assemble(payload, enough))


def _head_signature(envelope: bytes) -> bytes:
    value: list[bytes] = codec.decode(envelope)
    return value[1]


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


def _add_members(draft: _Draft, compact: RecordId, named: set[bytes] | None = None) -> None:
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
