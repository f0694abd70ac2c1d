"""Mandates and the assembly's agenda as lines for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from confednode.commands.marks import when

_WORDS: Final = {
    "recall": "Void act: is the delegate to be recalled?",
    "petition": "Members ask for a recall.",
    "ratify": "An act waits to be ratified.",
    "report": "A report waits for the assembly's answer.",
    "report-late": "A report is late; the mandate rests until it is there.",
}


def mandate_lines(row: Mapping[str, Any]) -> Iterator[str]:
    """A mandate: to whom, whether it is in force, instructions, acts, reports, petition."""
    reason = f" ({row['reason']})" if row["reason"] else ""
    yield f"{row['name']} -> {row['delegate']}"
    yield f"  {row['verdict']}{reason}, {row['state']}, until {when(row['until'])}"
    if row["members"]:
        yield f"  for the members of {row['members']} alone"
    if row["above"]:
        yield f"  passes on {row['above']}"
    for entry in row["instructions"]:
        yield f"  {entry['motion']}: {entry['value']}"
    for act in row["acts_done"]:
        why = f" ({act['reason']})" if act["reason"] else ""
        sure = "FINAL" if act["final"] else "as of now"
        yield f"  act {act['number']}, {act['kind']} {act['value']}: {act['verdict']}{why}, {sure}"
        yield f"    {act['act']}"
    for report in row["reports"]:
        yield f"  report due {when(report['due'])}: {_report(report)}"
    if row["petition"]:
        count, members = row["petition"]
        by = "" if row["item_by"] is None else f", on the agenda by {when(row['item_by'])}"
        yield f"  petition of {count} of {members} members{by}"


def _report(row: Mapping[str, Any]) -> str:
    if row["made"] is None:
        return f"not there; the mandate rests after {when(row['rests_after'])}"
    answer = {None: "not answered yet", True: "accepted", False: "not accepted"}[row["accepted"]]
    return f"made {when(row['made'])}, {answer}"


def agenda_lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the assembly has to speak of, one item a paragraph."""
    if not rows:
        yield "Nothing about delegates waits for the assembly."
    for row in rows:
        reason = f" ({row['reason']})" if row["reason"] else ""
        late = ", which has passed" if row["late"] else ""
        by = f" By {when(row['by'])}{late}." if row["by"] is not None else ""
        yield f"{_WORDS.get(row['item'], row['item'])}{reason}{by}"
        yield f"  {row['record']}"
        if row["record"] != row["mandate"]:
            yield f"  under the mandate {row['mandate']}"
