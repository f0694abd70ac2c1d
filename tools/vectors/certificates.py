"""Vectors of specs/07 and 12 for certificates: op `bundle`, files of kind `certificate`.

Four founding councils and one that may accede decide on a motion. Each vector changes one
thing of a file that holds. What is expected follows from the documents, written down by hand.
"""

from collections.abc import Sequence
from typing import Any

from tools.vectors.base import Vectors
from tools.vectors.decisions import (
    CLOSES,
    FORD,
    FOUNDERS,
    FROZEN,
    NEWCOMER,
    OPENS,
    VOTED,
    Change,
    Decision,
)
from tools.vectors.examples import TIME
from tools.vectors.scenes import DAY, HOME, Council, payload, request
from tools.vectors.signing import filler, record_id


def certificates(out: Vectors) -> None:
    """Add the vectors of certificates to those of `bundle`."""
    _good(out)
    _compacts(out)
    _freezes(out)
    _votes(out)
    _missing(out)
    trust = Decision().file()
    for slug, council, verdict, reason in (
        ("trusted", FOUNDERS[2], "VALID", None),
        ("not-trusted", NEWCOMER, "UNKNOWN", "not-trusted"),
    ):
        asked = request(trust, trust=[council.id])
        why = "any council of the freeze will do, and no other"
        _says(out, "BUN-16", slug, why, verdict, reason, asked)


def _says(
    out: Vectors,
    rule: str,
    slug: str,
    why: str,
    verdict: str,
    reason: str | None,
    asked: dict[str, Any],
) -> None:
    out.good(rule, f"certificate-{slug}", why, asked, verdict=verdict, reason=reason)


def _valid(out: Vectors, rule: str, slug: str, why: str, **change: Any) -> None:
    _says(out, rule, slug, why, "VALID", None, request(Decision(**change).file()))


def _unknown(out: Vectors, rule: str, reason: str, slug: str, why: str, **change: Any) -> None:
    _says(out, rule, slug, why, "UNKNOWN", reason, request(Decision(**change).file()))


def _good(out: Vectors) -> None:
    _valid(out, "CER-1", "adopted", "three of four councils locked")
    no = dict.fromkeys(range(3), "no")
    rejected = {"vote": {"outcome": "rejected"}, "lock": {"outcome": "rejected"}}
    _valid(out, "CER-1", "rejected", "a decision too", values=no, **rejected)
    few = {"vote": {"outcome": "no-quorum"}, "lock": {"outcome": "no-quorum"}}
    silent = {1: None, 2: None}
    _valid(out, "CNT-9", "no-quorum", "two of four are not more", values=silent, **few)
    again = {"vote": {"round": 2}, "lock": {"round": 2}}
    _valid(out, "CER-1", "second-round", "vote and locks of round 2", **again)
    block: dict[int, Change] = {0: {"reason": "It is dear."}}
    rules = {"rules": [["coordination", "consensus(0)"]]}
    _valid(
        out,
        "POS-9",
        "block-in-part",
        "a block without clause and contact is a no",
        compact=rules,
        values={0: "block"},
        position=block,
    )
    _valid(
        out, "ACC-2", "with-newcomer", "two sponsors, w of four", sponsors=(0, 1), locks=range(4)
    )
    _valid(
        out,
        "NES-2",
        "affected-alone",
        "two councils are affected; the others do not vote",
        motion={"affected": sorted(one.id for one in FOUNDERS[1:3])},
        freeze={"councils": [[one.id, 2] for one in FOUNDERS[:3]]},
        values={3: None},
    )


def _compacts(out: Vectors) -> None:
    for slug, reason, rule, change in (
        ("version", "compact-version", "REV-1", {"previous": filler("compact before")}),
        (
            "light-rule",
            "rule-class",
            "COM-8",
            {"rules": [["budget", "lazy"], ["coordination", "majority"]]},
        ),
        (
            "strange-class",
            "class-unknown",
            "COM-8",
            {"rules": [["coordination", "majority"], ["war", "majority"]]},
        ),
        ("no-rule", "rule-unknown", "COM-3", {"rules": [["coordination", "acclaim"]]}),
        ("quorum-of-none", "class-unknown", "COM-3", {"quorums": [["budget", 1, 3]]}),
        ("quorum-of-all", "rule-unknown", "COM-3", {"quorums": [["coordination", 3, 3]]}),
        ("heavy", "compact-weight", "COM-3", {"weight_max": 1}),
    ):
        why = "the compact is not founded"
        _unknown(out, rule, reason, f"compact-{slug}", why, compact=change)
    late = {"name": "budget", "money": {"cost": 1, "cap": 1, "currency": "CHF", "source": "Dues."}}
    _unknown(
        out, "MOT-2", "class-unknown", "class", "the compact has no rule for budgets", motion=late
    )
    for slug, sponsors in (("one-sponsor", (0,)), ("no-sponsor", ())):
        why = "fewer founders sponsor than w"
        _unknown(out, "ACC-2", "freeze-roll", slug, why, sponsors=sponsors)
    why = "the mover is not a member"
    _unknown(out, "BUN-12", "compact-member", "mover-outside", why, sponsors=(0,), mover=FORD)
    for slug, joined in (("observer", {"observer": True}), ("heavy-newcomer", {"weight": 3})):
        why = "it does not vote"
        _unknown(out, "ACC-1", "freeze-roll", slug, why, sponsors=(0, 1), accession=joined)
    base = Decision(sponsors=(0, 1))
    raw = payload("accession", {"weight": 1}, NEWCOMER.id, subject=base.compact_id)
    base.extra = [NEWCOMER.sign(raw)]
    why = "two accessions of one council"
    asked = request(base.file())
    _says(out, "BUN-12", "joined-twice", why, "UNKNOWN", "compact-member", asked)


def _freezes(out: Vectors) -> None:
    pairs = [[one.id, 2] for one in FOUNDERS]
    for slug, reason, rule, change in (
        ("by-another", "motion-not-mover", "FRZ-1", {"by": FOUNDERS[1]}),
        ("taken-over", "bundle-missing", "BUN-12", {"takeover": filler("takeover")}),
        ("early", "discussion-open", "FRZ-1", {"time": FROZEN - 1}),
        ("lapsed", "motion-lapsed", "FRZ-1", {"time": TIME + 180 * DAY + 1}),
        ("no-notice", "freeze-window", "COM-4", {"opens": OPENS - 1, "closes": CLOSES - 1}),
        ("short", "freeze-window", "COM-4", {"closes": CLOSES - 1}),
        ("no-seconds", "motion-seconds", "MOT-4", {"seconds": None}),
        ("one-left-out", "freeze-roll", "FRZ-2", {"councils": pairs[:3]}),
        ("mover-left-out", "freeze-roll", "FRZ-1", {"councils": pairs[1:]}),
        ("other-weight", "freeze-roll", "FRZ-2", {"councils": [[pairs[0][0], 1], *pairs[1:]]}),
        ("versions", "bundle-missing", "BUN-12", {"versions": [filler("version")]}),
        ("rolls", "bundle-missing", "BUN-12", {"rolls": [40] * 4}),
    ):
        _unknown(out, rule, reason, f"freeze-{slug}", "the freeze is not valid", freeze=change)
    why = "the first accession of a council is not named"
    unnamed = {"accessions": None}
    _valid(out, "FRZ-2", "unnamed", why, sponsors=(0, 1), locks=range(4), freeze=unnamed)
    asked = {"people_quorums": [["coordination", 1, 5]]}
    for slug, motion in (
        ("version", {"version": filler("version")}),
        ("units", {"units": sorted([filler("unit"), filler("another unit")])}),
    ):
        why = "what the motion rests on is not there"
        _unknown(out, "BUN-12", "bundle-missing", f"motion-{slug}", why, motion=motion)
    why = "the motion that it puts again bears on no certificate"
    again = {"parent": filler("parent")}
    _valid(out, "BUN-12", "motion-parent", why, locks=range(4), motion=again)
    for slug in ("exits", "decisions", "claims"):
        why = "a record that the freeze names is not there"
        named = {slug: [filler(slug)]}
        _unknown(out, "BUN-12", "bundle-missing", f"freeze-{slug}", why, freeze=named)
    why = "a region's motion names the lower compacts that it concerns"
    _unknown(out, "NES-4", "level-lower", "no-units", why, compact={"level": 2})
    why = "a quorum of the people without rolls"
    _unknown(out, "CNT-13", "freeze-roll", "no-rolls", why, compact=asked)
    reading = {"first": filler("first reading")}
    why = "the first reading is not in a file"
    _unknown(out, "BUN-12", "bundle-missing", "second-reading", why, motion=reading)
    two = Decision()
    raw = payload(
        "freeze",
        {"councils": pairs, "opens": OPENS + 1, "closes": CLOSES + 1},
        FOUNDERS[0].id,
        subject=two.motion_id,
        time=FROZEN,
    )
    two.extra = [FOUNDERS[0].sign(raw)]
    why = "two freezes"
    _says(out, "BUN-12", "two-freezes", why, "UNKNOWN", "freeze-double", request(two.file()))


def _votes(out: Vectors) -> None:
    rejected = {"outcome": "rejected"}
    for slug, reason, rule, why, change in (
        ("two-locks", "locks-missing", "CER-1", "q of four is three", {"locks": (0, 1)}),
        (
            "locks-of-two-rounds",
            "locks-missing",
            "CER-1",
            "locks of different rounds do not add up",
            {"locks": (0, 1), "mixed": [(2, {"round": 2})]},
        ),
        (
            "split",
            "locks-split",
            "CER-10",
            "two outcomes have q locks each",
            {"mixed": [(number, rejected) for number in range(3)]},
        ),
        (
            "one-council-twice",
            "locks-missing",
            "CER-6",
            "counted is the council",
            {"locks": (0, 1), "mixed": [(1, {"time": VOTED + 1})]},
        ),
        ("locks-backdated", "locks-missing", "CER-6", "at the closing", {"lock": {"time": CLOSES}}),
        ("votes-backdated", "vote-list", "CER-6", "at the closing", {"vote": {"time": CLOSES}}),
        ("one-vote", "vote-list", "CER-1", "one council's list alone", {"voters": (0,)}),
        ("one-voter-twice", "vote-list", "CER-1", "one council, two votes", {"voters": (0, 0)}),
        ("vote-of-another-round", "vote-list", "CER-1", "no list", {"vote": {"round": 2}}),
        (
            "other-outcome",
            "vote-list",
            "CER-5",
            "the list gives no",
            {"values": {0: "no", 1: "no"}},
        ),
        ("late", "vote-list", "CER-5", "after closing", {"position": {1: {"time": CLOSES + 1}}}),
        (
            "uncounted",
            "vote-list",
            "BUN-12",
            "a position that the vote does not name",
            {"vote": {"counted": []}},
        ),
        (
            "too-many-ballots",
            "vote-list",
            "POS-5",
            "more valid than cast is no tally",
            {"position": {0: {"yes": 5, "no": 5, "valid": 9}}},
        ),
        (
            "by-keyholder",
            "node-key",
            "AUT-1",
            "a keyholder is not the node",
            {"signer": HOME.keys[0]},
        ),
        (
            "expired",
            "node-expired",
            "NOD-8",
            "the node's authorisation had run out",
            {"lock": {"time": TIME + 90 * DAY + 1}},
        ),
        (
            "other-freeze",
            "freeze-mismatch",
            "BUN-12",
            "locks on another freeze",
            {"lock": {"freeze": filler("freeze")}},
        ),
    ):
        _unknown(out, rule, reason, slug, why, **change)
    backward = Decision()
    backward.parts["vote"] = [
        backward.of_node("vote", one, {"counted": sorted(backward.positions)[::-1]})
        for one in FOUNDERS[:2]
    ]
    why = "the list is not increasing"
    _says(out, "CER-5", "unsorted", why, "UNKNOWN", "vote-list", request(backward.file()))
    double = Decision()
    raw = payload(
        "position",
        {"freeze": double.freeze_id, "number": 2, "value": "yes"},
        FOUNDERS[0].id,
        subject=double.motion_id,
        time=OPENS + 2 * DAY,
    )
    again = FOUNDERS[0].sign(raw)
    listed = sorted([*double.positions, record_id(again[0])])
    double.extra = [again]
    double.parts["vote"] = [
        double.of_node("vote", one, {"counted": listed}) for one in FOUNDERS[:2]
    ]
    why = "one council twice"
    _says(out, "CER-5", "counted-twice", why, "UNKNOWN", "vote-list", request(double.file()))
    two = Decision()
    two.parts["vote"][1] = two.of_node("vote", FOUNDERS[1], {"counted": sorted(two.positions)[1:]})
    why = "the two votes name two lists"
    _says(out, "CER-1", "two-lists", why, "UNKNOWN", "vote-list", request(two.file()))
    outside = Decision(sponsors=(0, 1), locks=range(4), freeze={"councils": _pairs(FOUNDERS)})
    why = "a position of a council that is not in C"
    _says(out, "CER-5", "outsider", why, "UNKNOWN", "vote-list", request(outside.file()))


def _pairs(councils: Sequence[Council]) -> list[list[Any]]:
    return [[one.id, 2] for one in councils]


def _missing(out: Vectors) -> None:
    for part in ("compact", "freeze", "second", "positions", "vote", "charters"):
        cut = Decision(without=[part]).file()
        why = "every record that the freeze and the vote name is there"
        _says(out, "BUN-12", f"no-{part}", why, "UNKNOWN", "bundle-missing", request(cut))
    why = "the node is not known"
    asked = request(Decision(without=["nodes"]).file())
    _says(out, "AUT-1", "no-nodes", why, "UNKNOWN", "node-key", asked)
    hill = Decision()
    hill.parts["compact"] = Decision(compact={"name": "Hill"}).parts["compact"]
    why = "another compact in its place"
    asked = request(hill.file())
    _says(out, "BUN-12", "other-compact", why, "UNKNOWN", "compact-mismatch", asked)
