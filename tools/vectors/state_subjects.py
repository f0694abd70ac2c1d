"""Vectors of specs/08: `state`, subjects other than a vote.

The rows that a history leads to are written here by hand, from the documents; the digest is
made from them. They are councils, compacts, motions before the freeze,
disputes, administration and mandates.
"""

import hashlib
from typing import Any

from tools.vectors.decisions import FOUNDERS
from tools.vectors.examples import TIME
from tools.vectors.histories import History, digest
from tools.vectors.scenes import DAY, DELEGATE, TEXT, envelope, payload, signed
from tools.vectors.signing import Key, filler
from tools.vectors.state_book import States, founded, moved, received, row

VERSION_TEXT = hashlib.sha256(b"confed text 1\0" + TEXT).digest()


def subjects(out: States) -> None:
    """Add the vectors of these subjects."""
    _councils(out)
    _discussion(out)
    _disputes(out)
    _mandates(out)
    _bare(out)


def _councils(out: States) -> None:
    empty = founded()
    for log in empty.logs.values():
        log.clear()
    out.holds("STA-1", "nothing", "no record, no row", empty, TIME, [])
    plain = founded()
    why = "four councils and their compact"
    out.holds("STA-3", "founded", why, plain, TIME, plain.base(), shuffles=(1, 2))
    young = founded()
    gone = young.council(3)
    young.logs[gone.id].pop()
    # Without a node record it has no log, so nothing of it counts, and its compact is not founded.
    bare = [one for one in young.council_rows() if one["council"] != gone.id]
    unfounded = {"compact": young.decision.compact_id, "members": hashlib.sha256().digest()}
    why = "a council without a node record has no log"
    count = young.count() - 1
    out.holds("STA-7", "no-node", why, young, TIME, [*bare, unfounded], records=count)
    stopped = founded()
    home = stopped.council(0)
    raw = payload("suspension", {"key": home.node.public}, home.id, time=TIME + DAY)
    stopped.append(0, signed(raw, home.keys[0]))
    # Suspension is the clock's (specs/04): the row says what the records alone say.
    out.holds("STA-2", "suspended", "the clock has no part in it", stopped, TIME, stopped.base())
    second = founded()
    body = {
        "name": "Renamed",
        "threshold": home.threshold,
        "keys": [key.public for key in home.keys],
        "previous": home.id,
    }
    second.append(0, home.sign(payload("charter", body, home.id, time=TIME + DAY)))
    rows = second.base()
    rows[0] = {**rows[0], "charter": 2}
    out.holds("STA-2", "second-charter", "version 2 is in force", second, TIME, rows)
    rival = founded()
    for name in ("Renamed", "Renamed otherwise"):
        named = {**body, "name": name}
        rival.append(0, home.sign(payload("charter", named, home.id, time=TIME + DAY)))
    rows = rival.base()
    rows[0] = {**rows[0], "charter": 2, "life": "charter-fork"}
    why = "two charters of one number"
    out.holds("CHA-6", "charter-fork", why, rival, TIME, rows, refused=1)


def _discussion(out: States) -> None:
    draft = moved("second")
    one = [*draft.base(), row(draft, "draft")]
    out.holds("MOT-9", "draft", "one second is asked", draft, TIME + DAY, one)
    seconded = moved()
    now = TIME + 180 * DAY
    rows = [*seconded.base(), row(seconded, "seconded")]
    out.holds("MOT-9", "seconded", "to its last second", seconded, now, rows, shuffles=(3,))
    rows = [*seconded.base(), row(seconded, "lapsed")]
    out.holds("MOT-9", "lapsed", "not frozen in time", seconded, now + 1, rows)
    withdrawn = moved()
    about = withdrawn.decision.motion_id
    withdrawn.add(0, "withdraw", {}, subject=about, time=TIME + 2 * DAY)
    rows = [*withdrawn.base(), row(withdrawn, "withdrawn")]
    out.holds("MOT-8", "withdrawn", "by its mover", withdrawn, TIME + 2 * DAY, rows)
    withdrawn.add(1, "takeover", {}, subject=about, time=TIME + 5 * DAY)
    rows = [*withdrawn.base(), row(withdrawn, "seconded")]
    why = "72 hours later another council has it"
    out.holds("MOT-8", "taken-over", why, withdrawn, TIME + 6 * DAY, rows)
    late = moved()
    late.add(0, "withdraw", {}, subject=late.decision.motion_id, time=TIME + 2 * DAY)
    late.add(1, "takeover", {}, subject=late.decision.motion_id, time=TIME + 5 * DAY + 1)
    rows = [*late.base(), row(late, "withdrawn")]
    out.holds("MOT-8", "taken-over-late", "a second too late", late, TIME + 6 * DAY, rows)
    amended = moved()
    change = {"titles": [["en", "A ferry"]], "text": VERSION_TEXT}
    amended.add(2, "amend", change, subject=amended.decision.motion_id, time=TIME + DAY, part=TEXT)
    rows = [*amended.base(), row(amended, "amended")]
    out.holds("MOT-6", "amended", "a competing version", amended, TIME + 2 * DAY, rows)
    wrong: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("wrong-rule", "MOT-2", {"rule": "double"}),
        ("target", "MOT-3", {"target": filler("target")}),
        ("no-class", "MOT-2", {"name": "emergency"}),
        ("ends-first", "MOT-3", {"begins": TIME + 9, "ends": TIME + 9}),
    )
    for slug, rule, fault in wrong:
        bad = moved(motion=fault)
        rows = [*bad.base(), row(bad, "inadmissible")]
        out.holds(rule, slug, "inadmissible everywhere", bad, TIME + DAY, rows)
    rules = [["accession", "majority"], ["coordination", "majority"]]
    asked = {"motion": filler("motion of class accession")}
    waits = moved("second", compact={"rules": rules}, sponsors=(), accession=asked)
    waits.add(4, "second", {}, subject=waits.decision.motion_id, time=TIME + DAY)
    rows = [*waits.council_rows(), waits.compact_row(range(4)), row(waits, "draft")]
    why = "an accession whose motion is not adopted gives no voice"
    out.holds("ACC-3", "accession-waits", why, waits, TIME + DAY, rows)
    unknown = moved("compact")
    rows = [
        *unknown.council_rows(),
        {"motion": unknown.decision.motion_id, "fault": "compact-unknown"},
    ]
    out.holds("STA-4", "no-compact", "its compact is not here", unknown, TIME + DAY, rows)


# --- disputes and administration ---


def _disputes(out: States) -> None:
    def disputed(name: str = "procedure") -> tuple[History, bytes]:
        history = moved()
        about = history.decision.motion_id
        body = {"name": name, "remedy": "Vote again."}
        return history, history.add(1, "dispute", body, subject=about, time=TIME + DAY)

    for slug, now, step in (
        ("talk", TIME + 15 * DAY, "talk"),
        ("mediation", TIME + 15 * DAY + 1, "mediation"),
        ("assemblies", TIME + 45 * DAY + 1, "assemblies"),
    ):
        history, dispute = disputed()
        rows = [*history.base(), row(history, "seconded"), {"dispute": dispute, "step": step}]
        out.holds("DIS-2", slug, "by the spans of COM-7", history, now, rows)
    history, dispute = disputed()
    panel = {"role": "panel", "councils": [FOUNDERS[2].id, FOUNDERS[3].id, FOUNDERS[1].id]}
    for number in (0, 1):
        history.add(number, "naming", panel, subject=dispute, time=TIME + 20 * DAY)
    rows = [
        *history.base(),
        row(history, "seconded"),
        {"dispute": dispute, "step": "assemblies"},
    ]
    why = "a party is not eligible for the panel"
    out.holds("DIS-4", "party-on-panel", why, history, TIME + 50 * DAY, rows)
    order = moved()
    task = order.add(
        0, "task", {"title": "Build"}, subject=order.decision.motion_id, time=TIME + DAY
    )
    rows = [
        *order.base(),
        row(order, "seconded"),
        {"administration": task, "fault": "scope"},
    ]
    out.holds("ADA-2", "task", "nothing is decided yet", order, TIME + DAY, rows)
    held = moved()
    date = held.add(
        0,
        "calendar",
        {"title": "Meeting", "starts": TIME + 9 * DAY},
        subject=held.decision.motion_id,
        time=TIME + DAY,
    )
    rows = [*held.base(), row(held, "seconded")]
    why = "a date obliges nobody, and has no row"
    out.holds("STA-6", "calendar", why, held, TIME + DAY, rows)
    disputes = [
        held.add(
            number,
            "dispute",
            {"name": "scope", "remedy": "It is policy."},
            subject=date,
            time=TIME + 2 * DAY,
        )
        for number in (1, 2)
    ]
    rows = [
        *held.base(),
        row(held, "seconded"),
        {"administration": date, "held": True},
        *({"dispute": one, "step": "talk"} for one in disputes),
    ]
    out.holds("ADA-3", "challenged", "two others say it is policy", held, TIME + 3 * DAY, rows)


def _mandates(out: States) -> None:
    for slug, now, state, recalled in (
        ("mandate-granted", TIME + DAY - 1, "granted", False),
        ("mandate-in-force", TIME + DAY, "in-force", False),
        ("mandate-ended", TIME + 9 * DAY + 1, "ended", False),
        ("mandate-recalled", TIME + 3 * DAY, "recalled", True),
    ):
        history = founded()
        body = {
            "delegate": DELEGATE.public,
            "starts": TIME + DAY,
            "until": TIME + 9 * DAY,
            "kinds": ["vote"],
        }
        mandate = history.add(1, "mandate", body)
        if recalled:
            history.add(1, "recall", {}, subject=mandate, time=TIME + 3 * DAY)
        # Two seconds after its end the mandate without holdover has passed both edges.
        rows = [*history.base(), {"mandate": mandate, "state": state}]
        out.holds("TEN-2", slug, "by the time asked about", history, now, rows)

    late: dict[str, Any] = {"reports": [TIME + 2 * DAY], "overdue": DAY}
    held: dict[str, Any] = {"holdover": [DAY, ["statement"]]}
    for slug, now, state, change in (
        ("mandate-report-due", TIME + 3 * DAY, "in-force", late),
        ("mandate-overdue", TIME + 3 * DAY + 1, "overdue", late),
        ("mandate-overdue-ended", TIME + 9 * DAY + 1, "ended", late),
        ("mandate-holdover", TIME + 9 * DAY + 1, "holdover", held),
        ("mandate-holdover-over", TIME + 10 * DAY + 1, "ended", held),
    ):
        history = founded()
        body = {
            "delegate": DELEGATE.public,
            "starts": TIME + DAY,
            "until": TIME + 9 * DAY,
            "kinds": ["statement", "vote"],
            **change,
        }
        mandate = history.add(1, "mandate", body)
        rows = [*history.base(), {"mandate": mandate, "state": state}]
        why = "a report that is late, and plain tasks that may be finished"
        out.holds("TEN-2", slug, why, history, now, rows)

    for slug, by, state, why in (
        ("mandate-voided", (0, 2, 3), "voided", "more than half of the panel found it void"),
        ("mandate-finding-alone", (0,), "in-force", "one of three found so"),
    ):
        history = founded()
        body = {
            "delegate": DELEGATE.public,
            "starts": TIME + DAY,
            "until": TIME + 9 * DAY,
            "kinds": ["vote"],
            "compact": history.decision.compact_id,
        }
        mandate = history.add(1, "mandate", body)
        contested = {"name": "mandate", "remedy": "Take it back."}
        dispute = history.add(1, "dispute", contested, subject=mandate, time=TIME + DAY)
        panel = {"role": "panel", "councils": sorted(FOUNDERS[one].id for one in (0, 2, 3))}
        history.add(1, "naming", panel, subject=dispute, time=TIME + DAY)
        said = {"effect": "void", "text": "It is void."}
        for one in by:
            history.add(one, "finding", said, subject=dispute, time=TIME + 2 * DAY)
        received(history, time=TIME + 3 * DAY)
        found = {"step": "found", "found": "void"} if len(by) > 1 else {"step": "talk"}
        rows = [
            *history.base(),
            {"mandate": mandate, "state": state},
            {"dispute": dispute, **found},
        ]
        out.holds("DIS-10", slug, why, history, TIME + 4 * DAY, rows, shuffles=(4,))
        early = "in-force"  # a finding takes effect at its w-th receipt
        rows = [
            *history.base(),
            {"mandate": mandate, "state": early},
            {"dispute": dispute, **found},
        ]
        slug, why = f"{slug}-before", "the day before others received it"
        out.holds("DIS-10", slug, why, history, TIME + 3 * DAY - 1, rows)


def _bare(out: States) -> None:
    broken = founded()
    stranger = signed(payload("exit", {}, FOUNDERS[0].id, subject=filler("compact")), Key("no one"))
    broken.append(0, stranger)
    why = "no keyholder signed it: it does not count"
    rows = broken.base()
    out.holds("STA-7", "not-admitted", why, broken, TIME, rows, refused=1)
    forged = founded()
    request = forged.request(TIME)
    whole = bytearray(envelope(forged.logs[FOUNDERS[0].id][-1]))
    whole[-1] ^= 1
    request["records"].append(whole.hex())
    answer = {"digest": digest(forged.base()), "records": forged.count(), "refused": 1}
    out.good("STA-7", "forged", "a record that does not open", request, **answer)
    alone = moved()
    request = alone.request(TIME + DAY)
    request["records"] = [one if isinstance(one, str) else one[0] for one in request["records"]]
    rows = [*alone.base(), row(alone, "seconded")]
    answer = {"digest": digest(rows), "records": alone.count(), "refused": 0}
    out.good("STA-7", "without-part", "its text did not come with it", request, **answer)
