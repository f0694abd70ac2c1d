"""The verdict on one or more files, read together (specs/12, BUN-13 to BUN-16).

    container.decode -> evidence.prove -> rules.mandate or rules.motion -> Report

Each file must stand on its own; together they add knowledge to one of them, such as the
recall of its mandate. Nothing is VALID that the files do not prove.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from confedproto.bodies.act import Act
from confedproto.bundle import brief, container, evidence
from confedproto.bundle.brief import Brief
from confedproto.bundle.certified import certified
from confedproto.bundle.container import Bundle
from confedproto.bundle.evidence import Evidence
from confedproto.bundle.finality import stays
from confedproto.bundle.form import BundleKind
from confedproto.bundle.mandated import Files, mandate_case
from confedproto.bundle.report import Above, Report, Seen, Witnessed
from confedproto.bundle.together import check_together
from confedproto.errors import LocalProtocolError, Reason, VerificationError
from confedproto.ids import CouncilId, LogId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.delegation import MandateCase, act_status, mandate_status
from confedproto.rules.mandate import VALID, Outcome, Verdict

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


def verify(files: Iterable[bytes], trust: Collection[CouncilId], at: int) -> Report:
    """What these files prove together at `at` (seconds UTC); their order has no influence.

    `trust` are the councils that the reader knows; with none given nobody is asked for. Bytes
    that are no file raise DecodeError; whatever a well-formed file fails to prove is a Report
    with UNKNOWN and the reason (BUN-13). Without files: LocalProtocolError BAD_REQUEST.
    """
    given = sorted(set(files))
    short = [brief.decode(data) for data in given if brief.is_brief(data)]
    bundles = [container.decode(data) for data in given if not brief.is_brief(data)]
    if short:
        return _in_brief(short, bundles, trust, at)
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
    everything = [*proved, *(one for given in proved for one in given.beside)]
    try:
        check_together(everything)
        asked = Files(chosen=_chosen(proved), proved=everything, at=at)
        report = _JUDGES[chosen.kind](asked)
    except VerificationError as error:
        return _unproved(chosen, error)
    return _pinned(report, asked, trust)


def _in_brief(
    short: Sequence[Brief], bundles: Iterable[Bundle], trust: Collection[CouncilId], at: int
) -> Report:
    """A mandate in brief, beside the file of its council (BRF-3)."""
    asked, proved = short[0], list[Evidence]()
    try:
        for given in map(evidence.prove, bundles):
            proved += (given, *given.beside)
        if len(short) > 1:
            raise VerificationError(Reason.BUNDLE_SUBJECT, "the files ask about different things")
        check_together(proved)
        report = brief.verify(asked, proved, at)
    except VerificationError as error:
        return brief.unproved(asked, proved, error)
    pinned = report.council in set(trust)
    report = replace(report, pinned=pinned, notes=(*report.notes, LATER))
    if not trust or pinned:
        return report
    return replace(report, ok=False, verdict=Outcome.UNKNOWN, reason=Reason.NOT_TRUSTED)


def _chosen(proved: Sequence[Evidence]) -> Evidence:
    """The one file that the others add to; of several acts under a mandate the last, of a chain
    of mandates the link (BUN-14).

    Raises VerificationError BUNDLE_SUBJECT where two files each ask for a verdict.
    """
    same = [one for one in proved if one.bundle.kind == proved[0].bundle.kind]
    if same[0].bundle.kind == "mandate":  # one that another passes on adds to that (LVL-1)
        passed_on = {getattr(one.subject.body, "above", None) for one in same}
        same = [one for one in same if one.bundle.subject not in passed_on] or same
    if same[0].bundle.kind == "act" and len({one.subject.subject for one in same}) == 1:
        last = max(_number(one.subject) for one in same)
        same = [one for one in same if _number(one.subject) == last]
    if len({one.bundle.subject for one in same}) > 1:
        raise VerificationError(Reason.BUNDLE_SUBJECT, "the files ask about different things")
    # Of several copies the one that shows most: later heads and receipts come in through
    # `Files.received`, so any of them serves.
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


def _pinned(report: Report, asked: Files, trust: Collection[CouncilId]) -> Report:
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
    return replace(
        report, ok=False, verdict=Outcome.UNKNOWN, reason=Reason.NOT_TRUSTED, final=False
    )


def _report(
    asked: Files, verdict: Verdict, *receipted: RecordId, above: MandateCase | None = None
) -> Report:
    """What all kinds have in common; `receipted` are the records whose receipts count."""
    chosen, subject = asked.chosen, asked.chosen.subject
    received = asked.received(*receipted)
    related = {subject.id, *receipted, *([above.granted.id] if above is not None else ())}
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
    heads = _heads(asked)
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
        head_time=max((h.time for h in heads if h.council == subject.council), default=None),
        heads=heads,
        record_kind=subject.kind,
        about=subject.subject,
        time=subject.time,
        above=_above(asked, above),
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


def _heads(asked: Files) -> tuple[Seen, ...]:
    """The newest signed head of each log that a file is about, by council."""
    newest: dict[LogId, Seen] = {}
    for one in asked.proved:
        if one.head is None:
            continue
        council = one.subject.council
        seen = Seen(
            council=council, name=_name(one, council), size=one.head.size, time=one.head.time
        )
        known = newest.get(one.head.log)
        if known is None or (known.size, known.time) < (seen.size, seen.time):
            newest[one.head.log] = seen
    return tuple(sorted(newest.values(), key=lambda seen: (seen.council, seen.time, seen.size)))


def _name(proved: Evidence, council: CouncilId) -> str:
    step = proved.authorities[council].charter
    return step.charter.name if step is not None else ""


# --- one judge a kind -------------------------------------------------------------------------


def _judge_mandate(asked: Files) -> Report:
    """The mandate at the time asked about, with what the files say of it (MAN-3, TEN)."""
    subject = asked.chosen.subject
    case = mandate_case(asked, subject.id)
    status = mandate_status(case, asked.at)
    answered = [one.record.id for one in (*case.recalls, *case.reports)]
    report = _report(asked, status.verdict, subject.id, *answered, above=case.above)
    return replace(
        report,
        until=case.mandate.until,
        delegate=case.mandate.delegate,
        state=status.state.value,
        mandate=case.mandate,
        petition=status.petition,
        final=stays(asked, case, status.verdict, asked.at),
    )


def _judge_act(asked: Files) -> Report:
    """Whether the act is within its mandate (ACT-1)."""
    subject = asked.chosen.subject
    if not isinstance(subject.body, Act) or subject.subject is None:
        raise VerificationError(Reason.BUNDLE_SUBJECT, subject.kind, subject.id)
    case = mandate_case(asked, subject.subject)
    one = next(act for act in case.acts if act.record.id == subject.id)
    status = act_status(case, one)
    report = _report(asked, status.verdict, subject.id, case.granted.id, above=case.above)
    known = case.mandate.compact is not None and case.members is not None
    return replace(
        report,
        motion=RecordId(subject.body.motion),
        value=subject.body.value,
        until=case.mandate.until,
        delegate=case.mandate.delegate,
        done=status.done,
        mandate=case.mandate,
        notes=(*report.notes, MEMBERS) if known else report.notes,
        final=status.final or stays(asked, case, status.verdict, status.done),
    )


def _above(asked: Files, case: MandateCase | None) -> Above | None:
    """The mandate above a link, if the files prove it (LVL-1)."""
    if case is None:
        return None
    granted = case.granted
    proved = next(one for one in asked.proved if granted.id in one.records)
    return Above(
        id=granted.id,
        council=granted.council,
        council_name=_name(proved, granted.council),
        mandate=case.mandate,
        state=mandate_status(case, asked.at).state.value,
    )


def _judge_record(asked: Files) -> Report:
    """That the record is its council's and stands in its log; no more than that (BUN-15)."""
    subject = asked.chosen.subject
    if not asked.chosen.in_log(subject.id):
        raise VerificationError(Reason.BUNDLE_MISSING, "its place in the log", subject.id)
    report = _report(asked, VALID, subject.id)
    return replace(report, notes=(*report.notes, PLACE))


def _judge_certificate(asked: Files) -> Report:
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
        final=True,
        notes=(*notes, *others),
    )


_JUDGES: Final[Mapping[BundleKind, Callable[[Files], Report]]] = MappingProxyType(
    {
        "mandate": _judge_mandate,
        "act": _judge_act,
        "certificate": _judge_certificate,
        "record": _judge_record,
    }
)
