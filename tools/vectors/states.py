"""Vectors of specs/08: `state`, motions from the freeze to what they are worth.

The rows that a history leads to are written here by hand, from the documents; the digest is
made from them. Some histories come again with the logs interleaved otherwise: one digest.
"""

from tools.vectors.cases import cases
from tools.vectors.decisions import CLOSES, FOUNDERS, FROZEN, OPENS, VOTED, Decision
from tools.vectors.examples import TIME
from tools.vectors.histories import History
from tools.vectors.scenes import DAY, TEXT, payload
from tools.vectors.signing import filler, record_id
from tools.vectors.state_book import (
    GRACE_ENDS,
    States,
    figures,
    opened,
    received,
    row,
    voted,
)
from tools.vectors.state_subjects import VERSION_TEXT, subjects

EARLY = VOTED + DAY


def state() -> States:
    """States of histories."""
    out = States("state")
    subjects(out)
    _voting(out)
    _final(out)
    _freezes(out)
    _versions(out)
    _members(out)
    cases(out)
    return out


# --- voting ---


def _voting(out: States) -> None:
    frozen = voted()
    rows = [*frozen.base(), row(frozen, "frozen")]
    out.holds("FRZ-5", "frozen", "until it opens", frozen, OPENS - 1, rows)
    rows = [*frozen.base(), row(frozen, "void")]
    why = "too few had the freeze when it opened"
    out.holds("FRZ-5", "unreceived", why, frozen, OPENS, rows)
    late = voted()
    for by in (1, 2):
        time = OPENS + (by == 2)
        late.witness(by, of=[0], after=late.decision.freeze_id, time=time)
    rows = [*late.base(), row(late, "void")]
    out.holds("FRZ-5", "received-late", "the second a second late", late, OPENS, rows)
    whole = received(opened(voted(position={0: {"yes": 20, "no": 1}, 1: {"yes": 3, "no": 2}})))
    for slug, now, state in (
        ("open", OPENS, "open"),
        ("open-to-the-end", CLOSES, "open"),
        ("closed", CLOSES + 1, "closed"),
        ("in-grace", GRACE_ENDS, "closed"),
    ):
        rows = [*whole.base(), row(whole, state)]
        out.holds("MOT-9", slug, "by the time asked about", whole, now, rows)
    told = figures("adopted", 8, people_yes=23, people_no=3)
    rows = [*whole.base(), row(whole, "provisional", **told)]
    why = "all positions counted"
    out.holds("MOT-9", "provisional", why, whole, GRACE_ENDS + 1, rows, shuffles=(4, 5))
    # A quorum needs more than half: of four, three that took part.
    slow = received(opened(voted()), time=GRACE_ENDS)
    rows = [*slow.base(), row(slow, "provisional", **figures("adopted", 8))]
    out.holds("POS-3", "received-in-grace", "in its last second", slow, EARLY, rows)
    slow = received(opened(voted()), time=GRACE_ENDS + 1)
    rows = [*slow.base(), row(slow, "provisional", **figures("no-quorum", 0))]
    out.holds("POS-3", "received-after-grace", "a second later", slow, EARLY, rows)
    for slug, why, change, told in (
        ("late", "claimed after closing", {"time": CLOSES + 1}, figures("adopted", 6)),
        ("tally", "more ballots than members", {"yes": 9, "roll": 8}, figures("adopted", 6)),
        ("version", "a version that is none", {"versions": [filler("v")]}, figures("adopted", 6)),
    ):
        one = received(opened(voted(position={3: change})))
        rows = [*one.base(), row(one, "provisional", **told)]
        out.holds("POS-2", f"position-{slug}", why, one, EARLY, rows)
    again = opened(voted())
    again.add(
        3,
        "position",
        {"freeze": again.decision.freeze_id, "number": 2, "value": "no"},
        subject=again.decision.motion_id,
        time=OPENS + 2 * DAY,
    )
    received(again)
    rows = [*again.base(), row(again, "provisional", **figures("adopted", 6))]
    out.holds("POS-6", "changed", "the higher number counts", again, EARLY, rows)
    double = opened(voted())
    double.add(
        3,
        "position",
        {"freeze": double.decision.freeze_id, "number": 1, "value": "no"},
        subject=double.decision.motion_id,
        time=OPENS + 2 * DAY,
    )
    received(double)
    rows = [*double.base(), row(double, "provisional", **figures("adopted", 6))]
    out.holds("POS-6", "two-of-a-number", "neither counts", double, EARLY, rows, shuffles=(6,))
    rules = {"rules": [["coordination", "consensus(0)"]]}
    block = {"value": "block", "reason": "It is dear.", "clause": "4", "contact": "mill"}
    for slug, spoken, outcome in (
        ("block", block, "rejected"),
        ("block-in-part", {"value": "block", "reason": "It is dear."}, "adopted"),
    ):
        one = received(opened(voted(compact=rules, position={3: spoken})))
        rows = [*one.base(), row(one, "provisional", **figures(outcome, 6))]
        out.holds("POS-9", slug, "a block has reason, clause, contact", one, EARLY, rows)


# --- decided ---


def _final(out: States) -> None:
    told = figures("adopted", 8)
    done = History(Decision())
    rows = [*done.base(), row(done, "final", effect="in-force", **told)]
    why = "q locks of round 1; no receipt is asked"
    out.holds("CER-1", "final", why, done, VOTED, rows, shuffles=(7, 8))
    few = received(opened(History(Decision(locks=(0, 1)))))
    rows = [*few.base(), row(few, "provisional", **told)]
    out.holds("CER-1", "two-locks", "two of three that are needed", few, EARLY, rows)
    for slug, time, state in (
        ("backdated", CLOSES, "provisional"),
        ("late-enough", CLOSES + 1, "final"),
    ):
        one = received(opened(History(Decision(lock={"time": time}))))
        more = {"effect": "in-force"} if state == "final" else {}
        rows = [*one.base(), row(one, state, **more, **told)]
        why = "locks that claim the closing itself, or a second later"
        out.holds("CER-6", f"locks-{slug}", why, one, EARLY, rows)
    two = History(Decision(vote={"round": 2}, lock={"round": 2}))
    rows = [*two.base(), row(two, "final", effect="in-force", **told)]
    out.holds("CER-2", "second-round", "vote and locks of round 2", two, VOTED, rows)
    mixed = received(opened(History(Decision(locks=(0, 1), mixed=[(2, {"round": 2})]))))
    rows = [*mixed.base(), row(mixed, "provisional", **told)]
    why = "locks of different rounds do not add up"
    out.holds("CER-1", "two-rounds", why, mixed, EARLY, rows)
    no = dict.fromkeys(range(3), "no")
    rejected = {"outcome": "rejected"}
    lost = History(Decision(values=no, vote=rejected, lock=rejected))
    rows = [*lost.base(), row(lost, "final", **figures("rejected", 2))]
    out.holds("MOT-13", "rejected", "it has no effect", lost, VOTED, rows)
    for slug, now, effect in (
        ("waiting", EARLY - 1, "waiting"),
        ("begun", EARLY, "in-force"),
        ("expired", EARLY + DAY, "expired"),
    ):
        timed = History(Decision(motion={"begins": EARLY, "ends": EARLY + DAY}))
        rows = [*timed.base(), row(timed, "final", effect=effect, **told)]
        out.holds("MOT-13", slug, "by begin and end of its force", timed, now, rows)
    report = History(Decision())
    report.add(
        2,
        "task",
        {"title": "The bridge stands", "done": True},
        subject=report.decision.motion_id,
        time=EARLY,
    )
    rows = [*report.base(), row(report, "final", effect="done", **told)]
    out.holds("MOT-13", "done", "a member says that all is done", report, EARLY, rows)
    gone = History(Decision())
    gone.add(2, "exit", {}, subject=gone.decision.compact_id, time=EARLY)
    said = {"title": "The bridge stands", "done": True}
    task = gone.add(2, "task", said, subject=gone.decision.motion_id, time=EARLY)
    rows = [
        *gone.council_rows(),
        gone.compact_row((0, 1, 3)),
        row(gone, "final", effect="in-force", **told),
        {"administration": task, "fault": "compact-member"},
    ]
    out.holds("MOT-13", "done-by-none", "a council that left says it", gone, EARLY, rows)


# --- freezes ---


def _freezes(out: States) -> None:
    two = opened(voted())
    pairs = [[council.id, 2] for council in FOUNDERS]
    two.add(
        0,
        "freeze",
        {
            "councils": pairs,
            "opens": OPENS + 5,
            "closes": CLOSES + 5,
            "seconds": [two.decision.second_id],
        },
        subject=two.decision.motion_id,
        time=FROZEN + 5,
    )
    two.witnessed(FROZEN + DAY + 1, of=[0], by=(1, 2))
    rows = [*two.base(), row(two, "void")]
    why = "two valid freezes, both received when the first opened"
    out.holds("FRZ-6", "two-freezes", why, two, OPENS + DAY, rows, shuffles=(9,))
    late = opened(voted())
    late.add(
        0,
        "freeze",
        {
            "councils": pairs,
            "opens": OPENS + 5,
            "closes": CLOSES + 5,
            "seconds": [late.decision.second_id],
        },
        subject=late.decision.motion_id,
        time=FROZEN + 5,
    )
    late.witnessed(OPENS + 1, of=[0], by=(1, 2))
    rows = [*late.base(), row(late, "open")]
    why = "the second was received after the first opened"
    out.holds("FRZ-6", "late-freeze", why, late, OPENS + DAY, rows)

    _notice(out)
    rules = [["coordination", "majority"], ["emergency", "super(3,4)"]]
    early = voted(motion={"name": "emergency"}, compact={"rules": rules}, freeze={"time": TIME - 1})
    rows = [*early.base(), row(early, "seconded")]
    why = "an emergency is not frozen before it is moved"
    out.holds("MOT-14", "emergency-early", why, early, TIME + DAY, rows)


def _notice(out: States) -> None:
    """What others received decides when motion and freeze were written, and who was left out."""
    for slug, moved_at, frozen_at, state in (
        ("motion-in-grace", TIME + DAY, FROZEN + 1, "open"),
        ("motion-backdated", TIME + DAY + 1, FROZEN + 1, "seconded"),
        ("freeze-in-grace", TIME, FROZEN + DAY, "open"),
        ("freeze-backdated", TIME, FROZEN + DAY + 1, "seconded"),
    ):
        one = voted()
        for by in (1, 2):
            one.witness(by, of=[0], after=one.decision.motion_id, time=moved_at)
        for by in (1, 2):
            one.witness(by, of=[0], after=one.decision.freeze_id, time=frozen_at)
        rows = [*one.base(), row(one, state)]
        why = "the w-th receipt within grace of the claim, or a second after it"
        out.holds("RCP-5", slug, why, one, OPENS, rows)
    pairs = sorted([council.id, 2] for council in FOUNDERS)
    for slug, seen, state in (
        ("omits", FROZEN - DAY, "seconded"),
        ("omits-just-joined", FROZEN - DAY + 1, "open"),
    ):
        change = {"councils": pairs, "accessions": None}
        one = voted(sponsors=(2, 3), freeze=change, values={4: None})
        for by in (1, 2):
            one.witness(by, of=[0], after=one.decision.motion_id, time=TIME + 1)
        for by in (0, 1):
            one.witness(by, of=[2, 3, 4], time=seen)
        for by in (1, 2):
            one.witness(by, of=[0], after=one.decision.freeze_id, time=FROZEN + 1)
        rows = [*one.base(), row(one, state)]
        why = "a member that all could know `grace` before it"
        out.holds("FRZ-8", slug, why, one, OPENS, rows)


# --- versions ---


def _versions(out: States) -> None:
    change = {"titles": [["en", "A ferry"]], "text": VERSION_TEXT}
    for slug, votes, wins, time in (
        ("version-wins", (True, True, True), True, FROZEN - 2 * DAY),
        ("version-loses", (False, True, False), False, FROZEN - 2 * DAY),
        ("version-ties", (True, False), False, FROZEN - 2 * DAY),
    ):
        plan = Decision()  # only for the motion's id, which does not depend on the freeze
        raw = payload("amend", change, FOUNDERS[2].id, subject=plan.motion_id, time=time)
        version = record_id(raw)
        said = {
            number: {"versions": [version if with_it else plan.motion_id]}
            for number, with_it in enumerate(votes)
        }
        one = opened(voted(freeze={"versions": [version]}, position=said))
        one.append(2, FOUNDERS[2].sign(raw, part=TEXT))
        received(one)
        best = version if wins else plan.motion_id
        told = figures("adopted", 8) | {"version": best}
        rows = [*one.base(), row(one, "provisional", **told)]
        out.holds("MOT-6", slug, "most approvals, then as moved", one, EARLY, rows)
    plan = Decision()
    raw = payload(
        "amend", change, FOUNDERS[2].id, subject=plan.motion_id, time=FROZEN - 2 * DAY + 1
    )
    late = opened(voted(freeze={"versions": [record_id(raw)]}))
    late.append(2, FOUNDERS[2].sign(raw, part=TEXT))
    rows = [*late.base(), row(late, "amended")]
    why = "it rested a second too little, so the freeze is none"
    out.holds("MOT-6", "late-version", why, late, OPENS + DAY, rows)


# --- who belongs to it ---


def _members(out: States) -> None:
    for slug, time, seen, told, states in (
        ("exit", CLOSES, CLOSES, figures("adopted", 6), "dropped"),
        ("exit-after-closing", CLOSES + 1, GRACE_ENDS, figures("adopted", 8), "kept"),
        ("exit-unreceived", CLOSES, GRACE_ENDS + 1, figures("adopted", 8), "kept"),
    ):
        left = opened(voted())
        received(left)
        left.add(3, "exit", {}, subject=left.decision.compact_id, time=time)
        left.witnessed(seen + 1 if seen == CLOSES else seen, of=[3], by=(0, 1, 2))
        rows = [
            *left.council_rows(),
            left.compact_row((0, 1, 2)),
            row(left, "provisional", **told),
        ]
        out.holds("EXI-3", slug, f"its position is {states}", left, EARLY, rows)
