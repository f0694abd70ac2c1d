"""Whether a verdict on files can still change by what is not in them (specs/12, BUN-17)."""

from typing import Final

from confedproto.bundle.mandated import Files
from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.rules.delegation import MandateCase
from confedproto.rules.mandate import Verdict

STANDING: Final = frozenset(
    {
        Reason.MANDATE_NOT_BEGUN,
        Reason.MANDATE_ENDED,
        Reason.MANDATE_SCOPE,
        Reason.MANDATE_FORM,
        Reason.ACT_ATTENDANCE,
        Reason.ACT_CEILING,
        Reason.TOTAL_CEILING,
        Reason.ACT_STALE,
        Reason.INSTRUCTION,
        Reason.REFER_BACK,
        Reason.OVERRIDDEN,
    }
)
"""Reasons of VOID that rest on the mandate, the act and its head alone, or on what stays there."""


def stays(files: Files, case: MandateCase, verdict: Verdict, at: int | None) -> bool:
    """Whether no record that the files lack can change this verdict, made for the time `at`.

    A recall may take effect later than it seems, by a head that is not here (RCL-2); but no head
    without it is later than one with it, so from that head's time on it is in force (LOG-7).
    """
    if verdict.reason is not Reason.RECALLED:
        return verdict.reason in STANDING
    own = (o.record.id for o in case.recalls if o.record.council == case.granted.council)
    shown = [_shown_at(files, recall) for recall in own]
    return at is not None and any(time is not None and time <= at for time in shown)


def _shown_at(files: Files, recall: RecordId) -> int | None:
    """The time of the earliest head in the files that covers a recall."""
    heads = (one.head for one in files.proved if one.in_log(recall))
    return min((head.time for head in heads if head is not None), default=None)
