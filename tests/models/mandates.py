"""A second account of specs/06, written from the document alone.

It knows nothing of the library: a case is plain data, an answer is a text such as
`VALID` or `VOID recalled`. Where the library folds a table of events, this asks what was true
at a time; where that walks a chain of acts, this counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DAY = 86_400
Row = Mapping[str, Any]


@dataclass(kw_only=True)
class Plain:
    """What is known of one mandate. Records are maps; an `index` of None: not shown in its log."""

    mandate: Row
    rules: Row | None = None
    before: Sequence[tuple[Row, int | None]] = ()
    recalls: Sequence[Row] = ()  # time, index, own
    carried: Sequence[int] = ()
    voided: int | None = None
    heads: Sequence[tuple[int, int]] = ()
    reports: Sequence[Row] = ()  # due, time, index
    acts: Sequence[Row] = ()
    answers: Mapping[int, Sequence[Row]] = field(default_factory=dict)  # act -> index, value, own
    positions: frozenset[int] = frozenset()
    facts: Mapping[tuple[str, int], bool | None] = field(default_factory=dict)
    members: frozenset[int] | None = None
    council: int = 0
    whole_until: int = -1
    signers: frozenset[int] = frozenset()
    above: "Plain | None" = None  # what is known of the mandate that this one passes on


# --- the mandate (MAN, ROT, TEN, RCL, REP) ---------------------------------------------------


def holders(mandate: Row) -> list[int]:
    return [mandate["delegate"], *mandate.get("partners", [])]


def effect(case: Plain, row: Row) -> int | None:
    """RCL-2: the claimed time, moved up by each signed head that does not cover the record."""
    if row["index"] is None:
        return None
    time: int = row["time"]
    for size, signed in case.heads:
        if size <= row["index"] and signed > time:
            time = signed
    return time


def recall_effects(case: Plain) -> list[int]:
    own = [effect(case, row) for row in case.recalls if row["own"]]
    return [time for time in own if time is not None] + list(case.carried)


def contradicts_itself(mandate: Row) -> bool:
    people = holders(mandate) + list(mandate.get("substitutes", []))
    if len(people) != len(set(people)):
        return True
    if "parity" in mandate and "partners" not in mandate:
        return True
    dates = mandate.get("reports", [])
    if any(date < mandate["starts"] for date in dates) or dates != sorted(set(dates)):
        return True
    told = {row[0] for row in mandate.get("instructions", [])}
    if any(row[0] not in told for row in mandate.get("conditions", [])):
        return True
    if "holdover" in mandate:
        for kind in mandate["holdover"][1]:
            if kind not in mandate["kinds"] or kind in ("vote", "spending-order"):
                return True
    if "petition" in mandate and mandate["petition"][0] > mandate["petition"][1]:
        return True
    if "above" in mandate and (
        "mandate" in mandate["kinds"] or "spending-order" in mandate["kinds"]
    ):
        return True
    return "ceiling" in mandate and mandate["ceiling"][1] > mandate["ceiling"][2]


def breaks_the_chain(case: Plain) -> bool:
    """LVL-2: wider than the mandate above, or not agreed by its delegates."""
    above = case.above
    if above is None:
        return False
    upper, lower = above.mandate, case.mandate
    if above.council == case.council or "mandate" not in upper["kinds"]:
        return True
    if any(kind not in upper["kinds"] or kind == "mandate" for kind in lower["kinds"]):
        return True
    if "spending-order" in lower["kinds"] or upper.get("compact") != lower.get("compact"):
        return True
    if lower["starts"] < upper["starts"] or lower["until"] > upper["until"]:
        return True
    people = {*holders(upper), *upper.get("substitutes", [])}
    asked = len(holders(upper)) if upper.get("parity") == "all" else 1
    return sum(1 for person in people if person in case.signers) < asked


def wrong_from_the_start(case: Plain) -> str | None:
    own = wrong_at_home(case)
    if own is None and breaks_the_chain(case):
        return "mandate-chain"
    return own


def wrong_at_home(case: Plain) -> str | None:
    mandate, rules = case.mandate, case.rules
    if contradicts_itself(mandate):
        return "mandate-form"
    if rules is None:
        return None
    held: list[tuple[Row, int]] = []
    for other, gone in case.before:
        if gone is not None and gone <= other["starts"]:
            continue
        if set(holders(other)) & set(holders(mandate)):
            held.append((other, other["until"] if gone is None else min(gone, other["until"])))
    for other, until in held:
        levels = sorted([str(mandate.get("level")), str(other.get("level"))])
        barred = [sorted(pair) for pair in rules.get("exclusive", [])]
        apart = mandate["until"] < other["starts"] or until < mandate["starts"]
        if levels in barred and not apart:
            return "mandate-exclusive"
    if "terms" not in rules:
        return None
    same = [
        (other["starts"], until)
        for other, until in held
        if other.get("forum") == mandate.get("forum") and other.get("level") == mandate.get("level")
    ]
    row, starts = 1, mandate["starts"]
    while same:
        latest = max(same)
        same.remove(latest)
        if starts > latest[1] + rules.get("gap", 0):
            break
        row, starts = row + 1, latest[0]
    said = mandate.get("term", 1)
    if row > rules["terms"] >= said:
        return "mandate-rotation"
    return "mandate-terms" if row > rules["terms"] or said > rules["terms"] else None


def is_late(case: Plain, time: int) -> bool:
    """Whether a report is late at a time: past its date and its grace, and not there."""
    grace = case.mandate.get("overdue", 14 * DAY)
    return any(
        time > due + grace and not any(there <= time for there in answers(case, due))
        for due in case.mandate.get("reports", [])
    )


def answers(case: Plain, due: int) -> list[int]:
    times = [effect(case, row) for row in case.reports if row["due"] == due]
    return [time for time in times if time is not None]


def never_late_between(case: Plain, first: int, last: int) -> bool:
    grace = case.mandate.get("overdue", 14 * DAY)
    moments = {first, last}
    for due in case.mandate.get("reports", []):
        moments |= {due + grace + 1, *answers(case, due)}
    return not any(is_late(case, moment) for moment in moments if first <= moment <= last)


def at_time(case: Plain, time: int, stopped: int | None, kind: str | None = None) -> str:
    """The verdict on the mandate at a time, for acts of a kind (None: of any)."""
    mandate = case.mandate
    fault = wrong_from_the_start(case)
    if fault is not None:
        return f"VOID {fault}"
    if any(effective <= time for effective in recall_effects(case)):
        return "VOID recalled"
    if case.voided is not None and case.voided <= time:
        return "VOID found-void"
    is_stopped = stopped is not None and stopped <= time
    ends = mandate["until"] + 1
    if time >= ends:
        seconds, kinds = mandate.get("holdover", (0, ()))
        began = mandate["starts"] <= ends
        may = began and kind in kinds and time < ends + seconds and not is_stopped
        return "VALID" if may and never_late_between(case, ends, time) else "VOID mandate-ended"
    if is_stopped:
        return "VOID mandate-suspended"
    if time < mandate["starts"]:
        return "VOID mandate-not-begun"
    if is_late(case, time):
        return "VOID mandate-overdue" if time <= case.whole_until else "UNKNOWN report-missing"
    return "VALID"


# --- acts (ACT) -------------------------------------------------------------------------------


def needed(case: Plain, act: Row) -> int | None:
    if not case.mandate.get("compact"):
        return 1
    if case.members is None:
        return None if act["receipts"] else 1
    count = len(case.members)
    w = 0 if count <= 1 else 1 + (count - 1) // 3
    return w if act["index"] is not None else max(w, 1)


def times_of(case: Plain, act: Row) -> list[int]:
    others = {c: t for c, t in act["receipts"].items() if c != case.council}
    if case.mandate.get("compact") and case.members is not None:
        others = {c: t for c, t in others.items() if c in case.members}
    return sorted(others.values())


def confirmed(case: Plain, act: Row) -> int | None:
    """The time of the w-th receipt; the claim where nobody is asked."""
    w = needed(case, act)
    if w is None:
        return None
    if w == 0:
        return int(act["time"])
    times = times_of(case, act)
    return times[w - 1] if len(times) >= w else None


def rank(case: Plain, act: Row) -> tuple[int, int] | None:
    time = confirmed(case, act)
    return None if time is None else (time, act["id"])


def stands(case: Plain, act: Row) -> bool:
    """ACT-8: nobody of the same number was there first."""
    mine = rank(case, act)
    for other in case.acts:
        theirs = rank(case, other)
        if other["number"] != act["number"] or other["id"] == act["id"] or theirs is None:
            continue
        if mine is None or theirs < mine:
            return False
    return True


def stopped_at(case: Plain, below: int | None = None) -> int | None:
    found: list[int] = []
    for number in {act["number"] for act in case.acts}:
        if below is not None and number >= below:
            continue
        times = sorted(
            t for a in case.acts if a["number"] == number and (t := confirmed(case, a)) is not None
        )
        found += times[1:2]
    return min(found, default=None)


def ancestors(case: Plain, act: Row) -> list[Row]:
    """The acts before this one, nearest first, as far as they are here."""
    if act["number"] == 1:
        return []
    for other in case.acts:
        if other["id"] == act["previous"] and other["number"] == act["number"] - 1:
            return [other, *ancestors(case, other)]
    return []


def told(case: Plain, act: Row) -> str:
    """ACT-6: what the instruction says of the value."""
    mandate = case.mandate

    def under(instruction: str) -> str:
        if instruction == "free":
            return "VALID"
        if instruction == "ratify":
            return "NEEDS-RATIFICATION ratify"
        if act["value"] == instruction:
            return "VALID"
        return "VOID refer-back" if instruction == "refer-back" else "VOID instruction"

    fallback = under(mandate.get("otherwise", "refer-back"))
    rows = [value for motion, value in mandate.get("instructions", []) if motion == act["motion"]]
    if not rows:
        return fallback
    facts = [
        case.facts.get((test, about))
        for motion, test, about in mandate.get("conditions", [])
        if motion == act["motion"]
    ]
    if any(fact is False for fact in facts):
        return fallback
    chosen = under(rows[-1])
    doubtful = any(fact is None for fact in facts)
    return "UNKNOWN condition-unknown" if doubtful and chosen != fallback else chosen


def out_of_scope(mandate: Row, act: Row) -> str | None:
    spends = act["kind"] == "spending-order"
    if act["kind"] not in mandate["kinds"]:
        return "mandate-scope"
    if "subjects" in mandate and act["motion"] not in mandate["subjects"]:
        return "mandate-scope"
    if "attendance" in mandate and act.get("assembly") is None:
        return "act-attendance"
    if spends != ("amount" in act) or spends != ("currency" in act):
        return "mandate-scope"
    if spends:
        if "ceiling" not in mandate or mandate["ceiling"][0] != act["currency"]:
            return "mandate-scope"
        if act["amount"] > mandate["ceiling"][1]:
            return "act-ceiling"
    return None


def covering(case: Plain) -> list[Plain]:
    """LVL-4: an act under a link is one under the mandate above as well."""
    return [case] if case.above is None else [case, case.above]


def plainly_void(case: Plain, act: Row) -> str | None:
    """ACT-1, 1 and 2, for one mandate."""
    scope = out_of_scope(case.mandate, act)
    if scope is not None:
        return f"VOID {scope}"
    instructed = told(case, act)
    if instructed.startswith("VOID"):
        return instructed
    bare = Plain(
        mandate=case.mandate,
        rules=case.rules,
        before=case.before,
        council=case.council,
        signers=case.signers,
        above=case.above,
    )
    at_claim = at_time(bare, act["time"], None, act["kind"])
    return at_claim if at_claim.startswith("VOID") else None


def on_act(case: Plain, act: Row) -> str:
    """The verdict on an act, ACT-1 from 1 to 11."""
    mandate = case.mandate
    for cover in covering(case):
        found = plainly_void(cover, act)
        if found is not None:
            return found
    if act["time"] > act["head_time"] + mandate.get("freshness", 7 * DAY):
        return "VOID act-stale"
    if act["kind"] == "vote" and any(act["motion"] in c.positions for c in covering(case)):
        return "VOID overridden"
    if needed(case, act) is None:
        return "UNKNOWN compact-unknown"
    received = confirmed(case, act)
    if received is None:
        return "UNKNOWN receipts-missing"
    done = act["time"] if abs(received - act["time"]) <= DAY else received
    then = at_time(case, done, stopped_at(case, act["number"]), act["kind"])
    if then == "VALID" and case.above is not None:
        then = at_time(case.above, done, stopped_at(case.above), act["kind"])
    if then != "VALID":
        return then
    if "above" in mandate and case.above is None:
        return "UNKNOWN mandate-unknown"
    line = ancestors(case, act)
    if not all(stands(case, one) for one in line):
        return "VOID act-previous"
    if not stands(case, act):
        return "VOID act-double"
    spent = sum(one.get("amount", 0) for one in [act, *line])
    if "ceiling" in mandate and spent > mandate["ceiling"][2]:
        return "VOID total-ceiling"
    if len(line) < act["number"] - 1:
        return "UNKNOWN act-number"
    said: list[str] = []
    for cover in covering(case):
        instructed = told(cover, act)
        if instructed.startswith("NEEDS"):
            instructed = answered(cover.answers.get(act["id"], ()), instructed)
        said.append(instructed)
    worst = [one for one in said if one.startswith("VOID")] + [
        one for one in said if one != "VALID"
    ]
    return worst[0] if worst else "VALID"


def answered(rows: Iterable[Row], otherwise: str) -> str:
    placed = [row for row in rows if row["own"] and row["index"] is not None]
    if not placed:
        return otherwise
    first = min(placed, key=lambda row: (row["index"], row["value"] == "yes"))
    return "VALID" if first["value"] == "yes" else "VOID ratify-refused"


def on_mandate(case: Plain, at: int) -> str:
    """The verdict on the mandate at a time."""
    own = at_time(case, at, stopped_at(case))
    if own != "VALID" or "above" not in case.mandate:
        return own
    if case.above is None:
        return "UNKNOWN mandate-unknown"
    return at_time(case.above, at, stopped_at(case.above))
