"""A mandate in plain words, the same on paper, in a terminal and on the verify page."""

from typing import Final

from confedproto import text
from confedproto.bodies.mandate import Mandate

DAY_S: Final = 86_400


def mandate_terms(mandate: Mandate) -> list[tuple[str, str]]:
    """What a mandate says, one row (name, words) a matter; an empty name goes on with the last."""
    holdover, petition, limit = mandate.holdover, mandate.petition, mandate.ceiling
    all_sign = " (all must sign)" if mandate.parity == "all" else ""
    rows = [
        ("Delegate", text.encode_key(mandate.delegate)),
        *((f"With{all_sign}", text.encode_key(key)) for key in mandate.partners or ()),
        *(("Substitute", text.encode_key(key)) for key in mandate.substitutes or ()),
        ("Where", " / ".join(filter(None, (mandate.forum, mandate.level))) or "not said"),
        ("May", ", ".join(mandate.kinds)),
        ("In force", f"from {moment(mandate.starts)} until {moment(mandate.until)}"),
    ]
    if mandate.above is not None:
        rows.append(("Passes on", text.encode_record(mandate.above)))
    if holdover is not None:
        what = f"{', '.join(holdover.kinds)} until {moment(mandate.until + holdover.seconds)}"
        rows.append(("To finish", what))
    if mandate.attendance is not None:
        rows.append(("Presence", "acts count only where the delegate was present"))
    if mandate.reports:
        rows.append(("Reports", ", ".join(moment(due) for due in mandate.reports)))
    if limit is not None:
        rows.append(("Money", f"{limit.act} an act, {limit.total} in all ({limit.currency})"))
    if mandate.subjects is not None:
        rows.append(("Only about", ", ".join(text.encode_record(one) for one in mandate.subjects)))
    for row in mandate.instructions or ():
        rows.append(("Instruction", f"{row.value} on {text.encode_record(row.motion)}"))
        for one in mandate.conditions or ():
            if one.motion == row.motion:
                words = "is in it" if one.test == "in" else "was adopted"
                rows.append(("", f"only if {text.encode_record(one.about)} {words}"))
    if mandate.otherwise == "ratify":
        rows.append(("Else", "what is not named here the council has to ratify"))
    else:
        rows.append(("Else", "refer back: what is not named here goes home to the council"))
    if petition is not None:
        share = f"{petition.part} of {petition.whole} members put a recall on the agenda"
        rows.append(("Petition", share))
    if mandate.pay is not None:
        rows.append(("Pay", mandate.pay))
    return rows


def moment(seconds: int) -> str:
    """Seconds UTC as a date and a time of day, for any year."""
    days, rest = divmod(seconds, DAY_S)
    year, month, day = _date(days)
    return (
        f"{year:04}-{month:02}-{day:02} {rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02} UTC"
    )


def _date(days: int) -> tuple[int, int, int]:
    """Year, month and day of a day counted from 1970-01-01.

    Counted in eras of 400 years from a March 1st, so that the leap day comes last: no calendar
    of a library ends before TIME_MAX_S here.
    """
    era, day = divmod(days + 719_468, 146_097)
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5 - 1
    late = month >= 10
    return era * 400 + year + late, month - 9 if late else month + 3, day
