"""Views of mandates: what a delegate may do, did, owes, and what the assembly has to speak of.

Plain dicts with ids as text forms, times in seconds UTC, as in `show`.
"""

from collections.abc import Iterator

from confednode.show import Row, council_row
from confedproto import text
from confedproto.bodies.act import Act
from confedproto.bodies.mandate import OVERDUE_S, Mandate
from confedproto.bodies.report import Report
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.delegation import Acts, MandateCase, MandateStatus, answer_of
from confedproto.rules.mandate import Outcome
from confedproto.rules.motion import Placed
from confedproto.rules.tenure import State
from confedproto.view import View


def _readers(record: VerifiedRecord) -> str | None:
    """The compact to whose members a record is limited, as text; None for nobody."""
    return None if record.scope is None else text.encode_record(RecordId(record.scope))


def mandate(view: View, mandate_id: RecordId, now: int) -> Row:
    """A mandate and whether it is in force. Raises LocalProtocolError MANDATE_UNKNOWN."""
    placed = view.records.get(mandate_id)
    body = placed.record.body if placed is not None else None
    if placed is None or not isinstance(body, Mandate):
        raise LocalProtocolError(Reason.MANDATE_UNKNOWN)
    case, status = view.mandates.case(mandate_id), view.mandates.status(mandate_id, now)
    if isinstance(status, Reason) or isinstance(case, Reason):
        raise LocalProtocolError(Reason.MANDATE_UNKNOWN)
    verdict, history = status.verdict, status.history
    return {
        "mandate": text.encode_record(mandate_id),
        **council_row(view, placed.record.council),
        "delegate": text.encode_key(body.delegate),
        "kinds": list(body.kinds),
        "starts": body.starts,
        "until": body.until,
        "members": _readers(placed.record),
        "instructions": [
            {"motion": text.encode_record(entry.motion), "value": entry.value}
            for entry in body.instructions or ()
        ],
        "state": status.state.value,
        "recalled": min(history.recalled, default=None),
        "reports": _reports(body, status),
        "petition": list(status.petition) if status.petition is not None else None,
        "item_by": status.item_by,
        "recall_items": [text.encode_record(act) for act in status.void_acts],
        "acts": len(case.acts),
        "acts_done": _acts(case),
        "above": text.encode_record(body.above) if body.above is not None else None,
        "links": [text.encode_record(one.record.id) for one in _links(view, mandate_id)],
        "verdict": verdict.outcome.value,
        "reason": verdict.reason.value if verdict.reason is not None else None,
    }


def _reports(body: Mandate, status: MandateStatus) -> list[Row]:
    grace = OVERDUE_S if body.overdue is None else body.overdue
    return [
        {
            "due": due,
            "rests_after": due + grace,
            "made": status.history.reported.get(due),
            "accepted": status.accepted.get(due),
        }
        for due in body.reports or ()
    ]


def _acts(case: MandateCase) -> list[Row]:
    """What was done under a mandate, by number: each with its verdict, and if that is final."""
    rows, judged = list[Row](), Acts(case)
    for one in case.acts:
        act = one.record.body
        if not isinstance(act, Act):
            continue
        status = judged.status(one)
        verdict = status.verdict
        rows.append(
            {
                "act": text.encode_record(one.record.id),
                "number": act.number,
                "kind": act.kind,
                "motion": text.encode_record(act.motion),
                "value": act.value,
                "done": status.done,
                "verdict": verdict.outcome.value,
                "reason": verdict.reason.value if verdict.reason is not None else None,
                "final": status.final,
            }
        )
    return sorted(rows, key=lambda row: (row["number"], row["act"]))


def _links(view: View, mandate_id: RecordId) -> list[Placed]:
    """The mandates by which meetings pass this one on (LVL-1)."""
    held = view.of_kind("mandate")
    return [p for p in held if getattr(p.record.body, "above", None) == mandate_id]


def agenda(view: View, council: CouncilId, now: int) -> list[Row]:
    """What the assembly of a council has to speak of, about its delegates, the urgent first.

    `item`: recall (a void act, RCL-6), petition (RCL-5), ratify (an act that needs it), report
    (made, not answered) or report-late. `record` is what it is about, `by` until when.
    """
    rows: list[Row] = []
    for placed in view.of_kind("mandate"):
        if placed.record.council != council:
            continue
        case = view.mandates.case(placed.record.id)
        status = view.mandates.status(placed.record.id, now)
        if isinstance(case, Reason) or isinstance(status, Reason):
            continue
        for item, record, by, reason in _items(view, case, status, now):
            rows.append(
                {
                    "item": item,
                    "mandate": text.encode_record(placed.record.id),
                    "record": text.encode_record(record),
                    "by": by,
                    "late": by is not None and now > by,
                    "reason": reason,
                }
            )
    return sorted(rows, key=lambda row: (row["by"] is None, row["by"] or 0, row["record"]))


_Item = tuple[str, RecordId, int | None, str | None]


def _items(view: View, case: MandateCase, status: MandateStatus, now: int) -> Iterator[_Item]:
    recalled = status.state is State.RECALLED
    for one in (case, *_link_cases(view, case)):
        judged = Acts(one)
        for at in one.acts:
            found = judged.status(at)
            verdict, answered = found.verdict, answer_of(case, at.record.id) is not None
            if answered or verdict.reason is Reason.OVERRIDDEN:
                continue
            if verdict.outcome is Outcome.NEEDS_RATIFICATION:
                yield "ratify", at.record.id, None, None
            elif verdict.outcome is Outcome.VOID and not recalled:
                yield "recall", at.record.id, None, verdict.reason
    for at in case.petitions:
        answered = answer_of(case, at.record.id) is not None
        if status.item_by is not None and not (recalled or answered):
            yield "petition", at.record.id, status.item_by, None
    for at in case.reports:
        body = at.record.body
        if isinstance(body, Report) and answer_of(case, at.record.id) is None:
            yield "report", at.record.id, None, None
    for row in _reports(case.mandate, status):
        if row["made"] is None and now > row["due"] and not recalled:
            yield "report-late", case.granted.id, row["rests_after"], None


def _link_cases(view: View, case: MandateCase) -> list[MandateCase]:
    found = (view.mandates.case(one.record.id) for one in _links(view, case.granted.id))
    return [one for one in found if not isinstance(one, Reason)]
