"""Words that many commands put beside what they show: when, by whom not received, what to mind."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from confedproto.bundle.render import moment


def when(seconds: Any) -> str:
    """A time in seconds UTC as a date, or whatever else the other side of the socket said."""
    return moment(seconds) if isinstance(seconds, int) else str(seconds)


def unwitnessed(row: Mapping[str, Any]) -> str:
    """The mark of a charter or node record that nobody else has received; else nothing."""
    return "  unwitnessed" if row.get("unwitnessed") else ""


def steps_alone(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """One line about the steps that no other council has received; None if all have been."""
    alone = [f"{row['kind']} {row['number']}" for row in rows if row["unwitnessed"]]
    return f"Unwitnessed by other councils: {', '.join(alone)}" if alone else None


def overrode(row: Mapping[str, Any]) -> str:
    """Beside a link: that its council's node signed again without its peers' answers (RES-5)."""
    if row["overrode"] is None:
        return ""
    date = time.strftime("%Y-%m-%d", time.gmtime(row["overrode"]))
    return f"; signed without its peers' answers on {date}, so its log may fork"
