"""Vectors of `state` for the edge cases of specs/07, by number: one that fits, one that does not.

The rows are written here by hand, from the documents. Some histories hold two decisions of the same
councils: `both` puts the logs of one after those of the other.
"""

import hashlib
from typing import Any

from tools.vectors.decisions import CLOSES, FOUNDERS, FROZEN, OPENS, VOTED, Change, Decision
from tools.vectors.examples import TIME, WINDOWS
from tools.vectors.histories import History
from tools.vectors.scenes import DAY, TEXT, payload
from tools.vectors.signing import filler, record_id
from tools.vectors.state_book import States, figures, moved, opened, received, row, voted
from tools.vectors.state_subjects import VERSION_TEXT

EARLY = VOTED + DAY
PAIRS = sorted([council.id, 2] for council in FOUNDERS)
TITLE = {"titles": [["en", "A ferry"]]}


def cases(out: States) -> None:
    """Add the vectors of the edge cases that no other state shows."""
    _positions(out)
    _rolls(out)
    _texts(out)
    _second_motions(out)
    _classes(out)
    _afterwards(out)
    _elsewhere(out)


def both(first: Decision, second: Decision) -> History:
    """Two decisions of one compact."""
    history, more = History(first), History(second)
    for council, rows in more.logs.items():
        held = history.logs[council]
        held += [one for one in rows if one not in held]
    return history


def rows_of(history: History, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [*history.base(), *rows]


def _positions(out: States) -> None:
    other = received(opened(voted(position={3: {"freeze": filler("another freeze")}})))
    rows = rows_of(other, row(other, "provisional", **figures("adopted", 6)))
    out.holds("POS-2", "case-05-other-freeze", "it does not carry over", other, EARLY, rows)
    for slug, members, units in (("above", 9, 6), ("within", 10, 8)):
        taken = {"members": members, "taken": TIME, "method": "Counted by hand."}
        change = {"rolls": [20, 20, 20, members]}
        one = History(
            Decision(without=("vote", "locks"), freeze=change, position={3: {"yes": 8, "no": 2}})
        )
        for number in range(4):
            about = taken if number == 3 else taken | {"members": 20}
            one.add(number, "roll", about, time=TIME)
        received(opened(one))
        told = {"people_yes": 8, "people_no": 2} if units == 8 else {}
        told = figures("adopted", units, **told)
        rows = rows_of(one, row(one, "provisional", **told))
        out.holds("POS-7", f"case-12-{slug}-roll", "ballots and the roll", one, EARLY, rows)


def _rolls(out: States) -> None:
    inside = received(opened(voted(sponsors=(2, 3))))
    inside.witnessed(CLOSES + 1, of=[4], by=(0, 1))
    rows = rows_of(
        inside, row(inside, "provisional", **figures("adopted", 10) | {"units_total": 10})
    )
    out.holds("ACC-1", "case-07-joined-before", "it votes", inside, EARLY, rows)
    change = {"councils": PAIRS, "accessions": None}
    late = received(opened(voted(sponsors=(2, 3), freeze=change)))
    rows = rows_of(late, row(late, "provisional", **figures("adopted", 8)))
    out.holds("POS-1", "case-07-not-in-the-freeze", "it may speak", late, EARLY, rows)
    observer = voted(sponsors=(2, 3), freeze=change, accession={"observer": True})
    received(opened(observer))
    rows = [
        *observer.council_rows(),
        observer.compact_row(range(4)),
        row(observer, "provisional", **figures("adopted", 8)),
    ]
    out.holds("ACC-5", "case-63-observer", "an opinion", observer, EARLY, rows)
    listed = {"affected": sorted(one.id for one in FOUNDERS[:2])}
    plan = Decision(motion=listed)
    said = payload("affected-claim", {"reason": "Us too."}, FOUNDERS[2].id, subject=plan.motion_id)
    for slug, voters, claims, state in (
        ("listed", 2, None, "frozen"),
        ("claimed", 3, [record_id(said)], "frozen"),
        ("unclaimed", 3, None, "seconded"),
    ):
        pairs = sorted([one.id, 2] for one in FOUNDERS[:voters])
        freeze = {"councils": pairs, "claims": claims}
        one = voted(motion=listed, freeze=freeze, values=dict.fromkeys(range(4)))
        one.append(2, FOUNDERS[2].sign(said))
        rows = rows_of(one, row(one, state))
        out.holds("NES-2", f"case-48-{slug}", "whom it concerns", one, OPENS - 1, rows)


def _texts(out: States) -> None:
    change = TITLE | {"text": VERSION_TEXT, "editorial": True}
    for slug, by, time, state in (
        ("movers", 0, FROZEN - DAY, "frozen"),
        ("too-late", 0, FROZEN - DAY + 1, "amended"),
        ("of-another", 1, FROZEN - DAY, "amended"),
    ):
        about = Decision().motion_id
        raw = payload("amend", change, FOUNDERS[by].id, subject=about, time=time)
        one = voted(freeze={"versions": [record_id(raw)]}, values=dict.fromkeys(range(4)))
        one.append(by, FOUNDERS[by].sign(raw, part=TEXT))
        rows = rows_of(one, row(one, state))
        out.holds("MOT-7", f"case-06-editorial-{slug}", "rests a day", one, OPENS - 1, rows)
    unknown = moved(motion={"version": filler("version")})
    rows = rows_of(unknown, {"motion": unknown.decision.motion_id, "fault": "compact-version"})
    why = "it cites a version that is not here"
    out.holds("REV-3", "case-29-unknown-version", why, unknown, TIME + DAY, rows)
    wrong = moved()
    about = wrong.decision.motion_id
    body = {"name": "translation", "remedy": "Vote again."}
    dispute = wrong.add(1, "dispute", body, subject=about, time=TIME + DAY)
    rows = rows_of(wrong, row(wrong, "seconded"), {"dispute": dispute, "step": "talk"})
    out.holds("DIS-1", "case-46-translation", "a dispute of its own class", wrong, TIME + DAY, rows)


# --- two decisions ---


def _elsewhere(out: States) -> None:
    """What another compact has to do with it: nothing."""
    council = FOUNDERS[3]
    body = {
        "name": "Mine",
        "founders": [[council.id, 1, 2]],
        "rules": [["coordination", "majority"]],
        "windows": WINDOWS,
        "seconds": 0,
        "sponsors": 1,
        "weight_max": 2,
    }
    founding = payload("compact", body, council.id)
    other = record_id(founding)
    leaves = payload("exit", {}, council.id, subject=other, time=TIME)
    without = sorted([one.id, 2] for one in FOUNDERS[:3])
    change = {"councils": without, "exits": [record_id(leaves)]}
    one = voted(freeze=change, values={3: None})
    one.append(3, council.sign(founding))
    one.append(3, council.sign(leaves))
    rows = rows_of(one, row(one, "seconded"))
    rows.append({"compact": other, "members": hashlib.sha256().digest()})
    why = "it left another compact, not this one"
    out.holds("EXI-2", "case-08-left-another-compact", why, one, OPENS - 1, rows)
    first = Decision()
    second = Decision(
        compact={"name": "Another"}, motion=TITLE | {"contradicts": [first.motion_id]}
    )
    two = both(first, second)
    told = figures("adopted", 8)
    rows = rows_of(
        two,
        row(two, "final", effect="in-force", **told),
        {"motion": second.motion_id, "state": "final", "effect": "in-force", **told},
        {**two.compact_row(), "compact": second.compact_id},
    )
    why = "two compacts decide each for itself"
    out.holds("MOT-15", "case-30-another-compact", why, two, EARLY, rows)


def _second_motions(out: States) -> None:
    told = figures("adopted", 8)
    first = Decision()
    done = {"effect": "in-force", **told}
    for slug, change, one_more, other_more in (
        ("contradicts", {"contradicts": [first.motion_id]}, {"held": True}, {"held": True}),
        (
            "supersedes",
            {"contradicts": [first.motion_id], "supersedes": [first.motion_id]},
            {"effect": "superseded"},
            {},
        ),
    ):
        second = Decision(motion=TITLE | change)
        two = both(first, second)
        rows = rows_of(
            two,
            row(two, "final", **done | one_more),
            {"motion": second.motion_id, "state": "final", **done | other_more},
        )
        out.holds("MOT-15", f"case-30-{slug}", "both held, or replaced", two, EARLY, rows)
    for slug, rest, state in (("paused", 90 * DAY - 1, "seconded"), ("rested", 90 * DAY, "frozen")):
        time = CLOSES + rest
        freeze: Change = {"time": time, "opens": time + 7 * DAY, "closes": time + 14 * DAY}
        second = Decision(
            motion=TITLE | {"parent": first.motion_id},
            freeze=freeze,
            without=("vote", "locks"),
            values=dict.fromkeys(range(4)),
        )
        two = both(first, second)
        rows = rows_of(
            two,
            row(two, "final", **done),
            {"motion": second.motion_id, "state": state},
        )
        out.holds("MOT-12", f"case-27-{slug}", "ninety days", two, time + DAY, rows)
    _readings(out)


def _readings(out: States) -> None:
    rules: Change = {"rules": [["admin", "majority"], ["coordination", "majority"]]}
    few = {"name": "admin", "reversible": True}
    silent: dict[int, str | None] = {1: None, 2: None, 3: None}
    word = {"outcome": "no-quorum"}
    first = Decision(compact=rules, motion=few, values=silent, vote=word, lock=word)
    lost = {**figures("no-quorum", 2)}
    for slug, rest, state in (("early", 7 * DAY - 1, "seconded"), ("in-time", 7 * DAY, "final")):
        opens = CLOSES + rest
        closes = opens + 7 * DAY
        change = {"time": opens - 7 * DAY, "opens": opens, "closes": closes}
        signed = {"time": closes + 2 * DAY}
        second = Decision(
            compact=rules,
            motion=few | TITLE | {"first": first.motion_id},
            freeze=change,
            position={number: {"time": opens + DAY} for number in range(4)},
            values={2: None, 3: None},
            vote=signed,
            lock=signed,
        )
        two = both(first, second)
        again: dict[str, Any] = {"motion": second.motion_id, "state": state}
        if state == "final":
            again |= {**figures("adopted", 4), "effect": "in-force"}
        rows = rows_of(two, row(two, "final", **lost), again)
        out.holds("MOT-11", f"case-19-{slug}", "a third is enough", two, closes + 3 * DAY, rows)


# --- classes ---


def _classes(out: States) -> None:
    rules = [["coordination", "majority"], ["emergency", "super(3,4)"]]
    opens = TIME + 3 * DAY
    closes = opens + 7 * DAY
    for slug, now, effect in (
        ("stands", closes + 30 * DAY - 1, "in-force"),
        ("lapses", closes + 30 * DAY, "expired"),
    ):
        one = History(
            Decision(
                compact={"rules": rules},
                motion={"name": "emergency"},
                freeze={"time": TIME + DAY, "opens": opens, "closes": closes},
                position={number: {"time": opens + DAY} for number in range(4)},
                vote={"time": closes + 2 * DAY},
                lock={"time": closes + 2 * DAY},
            )
        )
        rows = rows_of(one, row(one, "final", effect=effect, **figures("adopted", 8)))
        out.holds("MOT-14", f"case-47-{slug}", "thirty days", one, now, rows)
    rules = [["coordination", "majority"], ["exclusion", "super(3,4)"]]
    target = FOUNDERS[3].id
    about = {"name": "exclusion", "target": target}
    without = sorted([one.id, 2] for one in FOUNDERS[:3])
    for slug, pairs, state in (("without", without, "frozen"), ("with", PAIRS, "seconded")):
        one = voted(compact={"rules": rules}, motion=about, freeze={"councils": pairs})
        rows = rows_of(one, row(one, state))
        out.holds("EXC-2", f"case-51-{slug}-target", "not in its own case", one, OPENS - 1, rows)
    _dormancy(out)
    for slug, sunset, state in (("past", TIME - 1, "inadmissible"), ("ahead", TIME, "seconded")):
        one = moved(compact={"sunset": sunset})
        rows = rows_of(one, row(one, state))
        out.holds("END-1", f"case-53-sunset-{slug}", "it has ended", one, TIME + DAY, rows)
    money = {"cost": 5, "cap": 6, "currency": "CHF", "source": "Dues."}
    rules = [["budget", "majority"], ["coordination", "majority"]]
    for slug, change, state in (
        ("money", {"money": money}, "seconded"),
        ("no-money", {}, "inadmissible"),
        ("low-cap", {"money": money | {"cap": 4}}, "inadmissible"),
    ):
        one = moved(compact={"rules": rules}, motion={"name": "budget"} | change)
        rows = rows_of(one, row(one, state))
        out.holds("MOT-3", f"case-56-{slug}", "what a budget says", one, TIME + DAY, rows)


def _dormancy(out: States) -> None:
    rules: Change = {"rules": [["coordination", "majority"], ["dormancy", "majority"]]}
    about = {"name": "dormancy", "target": FOUNDERS[3].id}
    first = Decision(compact=rules, motion=about, values={3: None})
    awake = sorted([one.id, 2] for one in FOUNDERS[:3])
    time = CLOSES + 9 * DAY
    for slug, named, state in (
        ("declared", {"decisions": [first.motion_id]}, "frozen"),
        ("claimed", {}, "seconded"),
    ):
        freeze = {"time": time, "opens": time + 7 * DAY, "closes": time + 14 * DAY}
        second = Decision(
            compact=rules,
            motion=TITLE,
            freeze={**freeze, "councils": awake, **named},
            without=("vote", "locks"),
            values=dict.fromkeys(range(4)),
        )
        two = both(first, second)
        rows = rows_of(
            two,
            row(two, "final", effect="in-force", **figures("adopted", 6)),
            {"motion": second.motion_id, "state": state},
        )
        out.holds("DOR-1", f"case-20-{slug}", "by a certificate alone", two, time + DAY, rows)


# --- afterwards ---


def _afterwards(out: States) -> None:
    told = figures("adopted", 8)
    for slug, now, held in (("held", EARLY, True), ("over", EARLY + 30 * DAY, False)):
        one = History(Decision())
        about = one.decision.motion_id
        one.add(3, "hold", {"reason": "A late vote."}, subject=about, time=EARLY)
        more = {"held": True} if held else {}
        rows = rows_of(one, row(one, "final", effect="in-force", **told, **more))
        out.holds("DIS-6", f"case-59-{slug}", "a quarter of C, thirty days", one, now, rows)
    said = Decision().positions
    for slug, listed, asks in (
        ("demanded", said[:3], True),
        ("nothing-overlooked", said, False),
    ):
        one = received(History(Decision(vote={"counted": sorted(listed)})))
        asked = {"reason": "It was left out.", "position": said[3]}
        one.add(3, "hold", asked, subject=one.decision.motion_id, time=EARLY)
        received(one, time=EARLY + 1)
        more = {"demanded": True} if asks else {}
        units = figures("adopted", 2 * len(listed))
        rows = rows_of(one, row(one, "final", effect="in-force", **units, **more))
        out.holds("DIS-11", f"case-59-{slug}", "a quarter of C", one, EARLY + DAY, rows)
    for slug, kind, text in (
        ("correction", "correction", {"text": "Seven, not nine."}),
        ("late-position", "position", {"number": 2, "value": "no"}),
    ):
        one, body = opened(voted()), Change(text)
        subject = one.decision.motion_id
        if kind == "position":
            body = {"freeze": one.decision.freeze_id} | body
        else:
            subject = one.decision.positions[3]
        one.add(3, kind, body, subject=subject, time=CLOSES + 1)
        received(one, time=CLOSES + 2)
        rows = rows_of(one, row(one, "provisional", **told))
        out.holds("POS-8", f"case-61-{slug}", "it changes nothing", one, EARLY, rows)
