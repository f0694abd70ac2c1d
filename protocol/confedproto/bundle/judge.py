"""The verdict on one or more files, read together (specs/12, BUN-13 to BUN-16).

    container.decode -> evidence.prove -> rules.mandate or rules.motion -> Report

Each file must stand on its own; together they add knowledge to one of them, such as the
recall of its mandate. Nothing is VALID that the files do not prove.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from confedproto.bodies.act import Act
from confedproto.bodies.mandate import Mandate
from confedproto.bundle import container, evidence
from confedproto.bundle.certified import certified
from confedproto.bundle.container import Bundle
from confedproto.bundle.evidence import Evidence, Received
from confedproto.bundle.form import BundleKind
from confedproto.bundle.membership import compact_of
from confedproto.bundle.report import Report, Witnessed
from confedproto.errors import DecodeError, LocalProtocolError, Reason, VerificationError
from confedproto.ids import CouncilId, RecordId
from confedproto.log import Head, open_head
from confedproto.record import VerifiedRecord
from confedproto.rules.mandate import (
    VALID,
    Outcome,
    Verdict,
    act_verdict,
    mandate_verdict,
    recall_times,
)
from confedproto.rules.receipts import receipts_needed

_RANK: Final[Mapping[BundleKind, int]] = MappingProxyType(
    {"act": 0, "mandate": 1, "certificate": 2, "record": 3}
)

LATER: Final = "A recall or a new charter that is not in these files is unknown here."
UNSEEN: Final = "No other council's receipt is in these files: its times are only claimed."
WITNESSES: Final = "Whether the councils that gave the receipts are real is for you to know."
MEMBERS: Final = "A council that joined the compact and is not in these files is unknown here."
PLACE: Final = "The record stands in its council's log; what it led to is not shown here."
EXPIRED: Final = "The server's authorisation has run out; its renewal is not in these files."
OTHERS: Final = "Some of the files concern another matter and changed nothing."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """What is known, and which of it is asked about: `chosen` is one of `proved`."""

    chosen: Evidence
    proved: Sequence[Evidence]
    at: int

    def all_of(self, kind: str, about: RecordId) -> dict[RecordId, VerifiedRecord]:
        """The records of a kind about a subject, in any file."""
        found = (one for proved in self.proved for one in proved.of_kind(kind))
        return {one.id: one for one in found if one.subject == about}

    def received(self, *subjects: RecordId) -> list[Received]:
        """The receipts of any of these records, in any file, oldest first."""
        found = {
            receipt
            for proved in self.proved
            for subject in subjects
            if subject in proved.records
            for receipt in proved.received(subject)
        }
        return sorted(found, key=lambda r: (r.time, r.witness))


def verify(files: Iterable[bytes], trust: Collection[CouncilId], at: int) -> Report:
    """What these files prove together at `at` (seconds UTC); their order has no influence.

    `trust` are the councils that the reader knows; with none given nobody is asked for. Bytes
    that are no file raise DecodeError; whatever a well-formed file fails to prove is a Report
    with UNKNOWN and the reason (BUN-13). Without files: LocalProtocolError BAD_REQUEST.
    """
    bundles = [container.decode(data) for data in sorted(set(files))]
    if not bundles:
        raise LocalProtocolError(Reason.BAD_REQUEST, "no file")
    bundles.sort(key=lambda bundle: (_RANK[bundle.kind], bundle.subject))
    chosen = bundles[0]
    if len({bundle.network for bundle in bundles}) > 1:
        return _unproved(chosen, VerificationError(Reason.NETWORK_MISMATCH, "two networks"))
    proved: list[Evidence] = []
    for bundle in bundles:
        try:
            proved.append(evidence.prove(bundle))
        except VerificationError as error:
            return _unproved(bundle, error)
    try:
        asked = _Files(chosen=_chosen(proved), proved=proved, at=at)
        report = _JUDGES[chosen.kind](asked)
    except VerificationError as error:
        return _unproved(chosen, error)
    return _pinned(report, asked, trust)


def _chosen(proved: Sequence[Evidence]) -> Evidence:
    """The one file that the others add to; of several acts under a mandate the last (BUN-14).

    Raises VerificationError BUNDLE_SUBJECT where two files each ask for a verdict.
    """
    same = [one for one in proved if one.bundle.kind == proved[0].bundle.kind]
    if same[0].bundle.kind == "act" and len({one.subject.subject for one in same}) == 1:
        last = max(_number(one.subject) for one in same)
        same = [one for one in same if _number(one.subject) == last]
    if len({one.bundle.subject for one in same}) > 1:
        raise VerificationError(Reason.BUNDLE_SUBJECT, "the files ask about different things")
    # Of several copies the one that shows most: later heads and receipts come in through
    # `_Files.received`, so any of them serves.
    return max(same, key=lambda one: (len(one.records), len(one.receipts)))


def _number(one: VerifiedRecord) -> int:
    return one.body.number if isinstance(one.body, Act) else 0


def _unproved(bundle: Bundle, error: VerificationError) -> Report:
    return Report(
        ok=False,
        kind=bundle.kind,
        verdict=Outcome.UNKNOWN,
        reason=error.reason,
        detail=error.detail,
        id=bundle.subject,
        network=bundle.network,
    )


def _pinned(report: Report, asked: _Files, trust: Collection[CouncilId]) -> Report:
    """Ask the trusted councils: a stranger's mandate is UNKNOWN, whatever it proves (BUN-16)."""
    known = set(trust)
    ours = {report.council} if report.decision is None else set(asked.chosen.authorities)
    if report.decision is not None:
        ours &= report.decision.roll
    report = replace(
        report,
        pinned=bool(ours & known),
        receipts=tuple(replace(r, pinned=r.council in known) for r in report.receipts),
    )
    if not known or report.pinned:
        return report
    return replace(report, ok=False, verdict=Outcome.UNKNOWN, reason=Reason.NOT_TRUSTED)


def _report(asked: _Files, verdict: Verdict, *receipted: RecordId) -> Report:
    """What all kinds have in common; `receipted` are the records whose receipts count."""
    chosen, subject = asked.chosen, asked.chosen.subject
    received = asked.received(*receipted)
    related = {subject.id, *receipted}
    notes = [LATER] if received else [UNSEEN, LATER]
    if received:
        notes.append(WITNESSES)
    node = chosen.authorities[subject.council].node
    if node is not None and node.node.expires < asked.at:
        notes.append(EXPIRED)
    if any(
        related.isdisjoint(p.records) and related.isdisjoint(r.subject for r in p.records.values())
        for p in asked.proved
    ):
        notes.append(OTHERS)
    heads = [p.head.time for p in asked.proved if p.head and p.subject.council == subject.council]
    return Report(
        ok=verdict.outcome is Outcome.VALID,
        kind=chosen.bundle.kind,
        verdict=verdict.outcome,
        reason=verdict.reason,
        id=subject.id,
        network=chosen.bundle.network,
        council=subject.council,
        council_name=_name(chosen, subject.council),
        newest_receipt=received[-1].time if received else None,
        head_time=max(heads, default=None),
        record_kind=subject.kind,
        about=subject.subject,
        time=subject.time,
        receipts=tuple(
            Witnessed(
                council=receipt.witness,
                name=next(
                    _name(p, receipt.witness)
                    for p in asked.proved
                    if receipt.witness in p.authorities
                ),
                time=receipt.time,
                pinned=False,
            )
            for receipt in received
        ),
        notes=tuple(notes),
    )


def _name(proved: Evidence, council: CouncilId) -> str:
    step = proved.authorities[council].charter
    return step.charter.name if step is not None else ""


# --- one judge a kind -------------------------------------------------------------------------


def _judge_mandate(asked: _Files) -> Report:
    """Whether the mandate is in force at the time asked about (MAN-3)."""
    subject = asked.chosen.subject
    body = _mandate(asked, subject.id)[1]
    recalls = recall_times(subject, asked.all_of("recall", subject.id).values())
    verdict = mandate_verdict(body, recalls, asked.at)
    report = _report(asked, verdict, subject.id)
    return replace(report, until=body.until, delegate=body.delegate)


def _judge_act(asked: _Files) -> Report:
    """Whether the act is within its mandate (ACT-1)."""
    chosen, subject = asked.chosen, asked.chosen.subject
    if not isinstance(subject.body, Act) or subject.subject is None:
        raise VerificationError(Reason.BUNDLE_SUBJECT, subject.kind, subject.id)
    granted, mandate = _mandate(asked, subject.subject)
    times = {r.witness: r.time for r in reversed(asked.received(subject.id))}
    members: Collection[CouncilId] | None = None
    if mandate.compact is not None and chosen.of_kind("compact"):
        members = compact_of(chosen, RecordId(mandate.compact))[1]
        times = {witness: time for witness, time in times.items() if witness in members}
    verdict = act_verdict(
        mandate,
        subject.body,
        claimed=subject.time,
        head_time=_cited(chosen, subject.body, subject.council).time,
        recalled_from=recall_times(granted, asked.all_of("recall", granted.id).values()),
        receipt_times=sorted(times.values()),
        needed=_receipts_needed(chosen, subject.id, members, times),
        earlier=_earlier(asked, subject, granted.id),
    )
    report = _report(asked, verdict, subject.id, granted.id)
    notes = (*report.notes, MEMBERS) if members is not None else report.notes
    return replace(
        report,
        motion=RecordId(subject.body.motion),
        value=subject.body.value,
        until=mandate.until,
        delegate=mandate.delegate,
        notes=notes,
    )


def _receipts_needed(
    proved: Evidence,
    act: RecordId,
    members: Collection[CouncilId] | None,
    times: Mapping[CouncilId, int],
) -> int | None:
    """w, or None while the compact is not at hand and a receipt more would not help (ACT-2).

    An act that is not shown to be in its log needs at least one receipt, which it cannot have.
    """
    if members is None:
        return None if times else 1
    needed = receipts_needed(len(members))
    return needed if proved.in_log(act) else max(1, needed)


def _judge_record(asked: _Files) -> Report:
    """That the record is its council's and stands in its log; no more than that (BUN-15)."""
    subject = asked.chosen.subject
    if not asked.chosen.in_log(subject.id):
        raise VerificationError(Reason.BUNDLE_MISSING, "its place in the log", subject.id)
    report = _report(asked, VALID, subject.id)
    return replace(report, notes=(*report.notes, PLACE))


def _judge_certificate(asked: _Files) -> Report:
    """Recount the decision from the positions in the file (CER-1, CER-5)."""
    subject = asked.chosen.subject
    decision, title, notes = certified(asked.chosen)
    report = _report(asked, VALID)
    others = tuple(note for note in report.notes if note == OTHERS)
    return replace(
        report,
        motion=subject.id,
        title=title,
        decision=decision,
        notes=(*notes, *others),
    )


_JUDGES: Final[Mapping[BundleKind, Callable[[_Files], Report]]] = MappingProxyType(
    {
        "mandate": _judge_mandate,
        "act": _judge_act,
        "certificate": _judge_certificate,
        "record": _judge_record,
    }
)


def _mandate(asked: _Files, mandate: RecordId) -> tuple[VerifiedRecord, Mandate]:
    """The mandate in the chosen file, shown to be in its council's log (MAN-1)."""
    granted = asked.chosen.records.get(mandate)
    if granted is None or not isinstance(granted.body, Mandate):
        raise VerificationError(Reason.BUNDLE_MISSING, "the mandate", mandate)
    if not asked.chosen.in_log(mandate):
        raise VerificationError(Reason.BUNDLE_MISSING, "the mandate's place in the log", mandate)
    return granted, granted.body


def _cited(proved: Evidence, act: Act, council: CouncilId) -> Head:
    """The head that an act cites, if its council's node signed it (ACT-4)."""
    node = proved.authorities[council].node
    if node is None:
        raise VerificationError(Reason.BUNDLE_MISSING, "the node record")
    try:
        head = open_head(proved.bundle.network, node.key, act.head)
    except DecodeError as error:
        raise VerificationError(error.reason, "the head that the act cites") from None
    if head.log != node.log:
        raise VerificationError(Reason.LOG_ID, "the head that the act cites")
    return head


def _earlier(asked: _Files, act: VerifiedRecord, mandate: RecordId) -> int:
    """How many of the acts 1..number-1 are here, each named by the next one (ACT-3)."""
    acts = asked.all_of("act", mandate)
    count, at = 0, act
    while isinstance(at.body, Act) and at.body.previous is not None:
        before = acts.get(RecordId(at.body.previous))
        if before is None or _number(before) != _number(at) - 1:
            break
        count, at = count + 1, before
    return count
