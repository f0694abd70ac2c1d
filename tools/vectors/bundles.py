"""Vectors of specs/06 and 12: `bundle`, whole files with their verdicts."""

import hashlib
from collections.abc import Sequence
from typing import Any

from tools.vectors.bare_charters import bare_charters
from tools.vectors.base import Vectors
from tools.vectors.briefs import briefs
from tools.vectors.broken_files import broken
from tools.vectors.carried_files import carried_files
from tools.vectors.certificates import certificates
from tools.vectors.examples import TIME
from tools.vectors.levels import levels
from tools.vectors.scenes import (
    DAY,
    DELEGATE,
    FREE,
    HOME,
    MOTION,
    NOON,
    OTHER_MOTION,
    PARTNER,
    RATIFIED,
    STRANGER,
    SUBSTITUTE,
    TEXT,
    WITNESSES,
    Council,
    Row,
    Scene,
    act,
    known,
    mandate,
    payload,
    position,
    recall,
    request,
    signed,
)
from tools.vectors.signing import (
    KEYS,
    NODE_KEY,
    OTHER_NETWORK,
    Key,
    filler,
    record_id,
)


class _Book(Vectors):
    def says(
        self, rule: str, slug: str, why: str, verdict: str, reason: str | None, request: Any
    ) -> None:
        """A file, or files, with the verdict."""
        self.good(rule, slug, why, request, verdict=verdict, reason=reason)


def bundle() -> Vectors:
    """Files with their verdicts, and bytes that are no file."""
    out = _Book("bundle")
    _mandates(out)
    _rotation(out)
    _acts(out)
    _chains(out)
    _files(out)
    certificates(out)
    briefs(out)
    levels(out)
    bare_charters(out)
    carried_files(out)
    broken(out)
    return out


def _mandates(out: _Book) -> None:
    scene = Scene()
    about = scene.add(mandate())
    file = scene.file("mandate", about, receipts=[(0, NOON), (1, NOON)])
    says = out.says
    says("MAN-3", "mandate", "in force", "VALID", None, request(file))
    for slug, at, reason in (
        ("before", TIME - 1, "mandate-not-begun"),
        ("first-second", TIME, None),
        ("last-second", TIME + 30 * DAY, None),
        ("after", TIME + 30 * DAY + 1, "mandate-ended"),
    ):
        verdict = "VALID" if reason is None else "VOID"
        says("TEN-3", slug, "an edge of its time", verdict, reason, request(file, at=at))
    gone = Scene(rows=scene.rows[2:], head_time=NOON + 9)
    back = gone.add(recall(about, NOON + 5))
    both = request(file, gone.file("record", back, without=[about]), at=NOON + 5)
    says("RCL-2", "recalled", "with the file of its recall", "VOID", "recalled", both)
    early = {**both, "at": NOON + 4}
    says("RCL-2", "recalled-later", "a second before the recall", "VALID", None, early)
    dated = Scene(rows=scene.rows[2:], head_time=NOON + 9)
    moved = dated.add(recall(about, NOON - 9 * DAY))
    record = dated.file("record", moved, without=[about])
    backdated = request(file, record, at=NOON - 1)
    why = "a head without it is later than the time that it claims"
    says("RCL-2", "recall-backdated", why, "VALID", None, backdated)
    at_head = request(file, record, at=NOON)
    says("RCL-2", "recall-at-head", "from that head's time on", "VOID", "recalled", at_head)
    wrongs: tuple[tuple[str, dict[str, Any]], ...] = (
        ("form-twice", {"substitutes": [DELEGATE.public]}),
        ("form-parity", {"parity": "all"}),
        ("form-reports", {"reports": [TIME + DAY, TIME + DAY]}),
        ("form-reports-early", {"reports": [TIME - 1]}),
        ("form-condition", {"conditions": [[OTHER_MOTION, "in", MOTION]]}),
        ("form-holdover", {"holdover": [DAY, ["vote"]]}),
        ("form-petition", {"petition": [11, 10]}),
        ("form-ceiling", {"ceiling": ["chf", 801, 800]}),
    )
    for slug, change in wrongs:
        bad = Scene()
        wrong = bad.file("mandate", bad.add(mandate(**change)))
        asked = request(wrong)
        says("MAN-4", slug, "it contradicts itself", "VOID", "mandate-form", asked)
    late = Scene()
    due = late.add(mandate(reports=[TIME + 2 * DAY], overdue=DAY))
    for slug, at, verdict, reason in (
        ("report-in-time", TIME + 3 * DAY, "VALID", None),
        ("report-late", TIME + 3 * DAY + 1, "UNKNOWN", "report-missing"),
    ):
        asked = request(late.file("mandate", due), at=at)
        says("REP-2", slug, "a report is due and not in the file", verdict, reason, asked)
    words = {"due": TIME + 2 * DAY, "text": hashlib.sha256(b"confed text 1\0" + TEXT).digest()}
    raw = payload("report", words, HOME.id, subject=due, time=TIME + 4 * DAY)
    late.add(signed(raw, DELEGATE, part=TEXT))
    for slug, at, verdict, reason in (
        ("report-awaited", TIME + 4 * DAY - 1, "UNKNOWN", "report-missing"),
        ("report-there", TIME + 4 * DAY, "VALID", None),
    ):
        asked = request(late.file("mandate", due), at=at)
        says("REP-1", slug, "the report came late", verdict, reason, asked)


def _rotation(out: _Book) -> None:
    rules = {"terms": 2, "gap": 90 * DAY, "exclusive": [["panel", "regional"]]}
    home = known(Council("Council of Turns", KEYS[:3], 2, NODE_KEY, delegation=rules))

    def term(number: int, back: int, **change: Any) -> Row:
        starts = TIME - back * DAY
        times = {"starts": starts, "until": starts + 30 * DAY, "term": number}
        return mandate(home, **times, **change)

    for slug, others, last, reason in (
        ("second-term", [term(1, 60)], term(2, 0), None),
        ("third-term", [term(1, 120), term(2, 60)], term(3, 0), "mandate-terms"),
        ("third-as-first", [term(1, 120), term(2, 60)], term(1, 0), "mandate-rotation"),
        ("after-a-pause", [term(1, 300), term(2, 250)], term(1, 0), None),
        ("said-too-many", [], term(3, 0), "mandate-terms"),
        (
            "two-offices",
            [term(1, 10, level="panel", forum="P")],
            term(1, 0, level="regional", forum="R"),
            "mandate-exclusive",
        ),
        (
            "offices-apart",
            [term(1, 40, level="panel", forum="P")],
            term(1, 0, level="regional", forum="R"),
            None,
        ),
    ):
        scene = Scene(home)
        for other in others:
            scene.add(other)
        file = scene.file("mandate", scene.add(last))
        verdict = "VALID" if reason is None else "VOID"
        rule = "ROT-3" if "office" in slug else "ROT-2"
        why = "by the charter, among its council's mandates"
        out.says(rule, slug, why, verdict, reason, request(file, at=TIME + DAY))


def _acted(
    *keys: Key,
    granted: dict[str, Any] | None = None,
    receipts: Sequence[tuple[int, int]] = ((0, NOON + 5), (1, NOON + 9)),
    extra: Sequence[Any] = (),
    compact: bool = True,
    **change: Any,
) -> bytes:
    """The file of one act in its log. `extra` make rows from the mandate's and the act's id."""
    scene = Scene(head_time=NOON + 60)
    about = scene.add(mandate(**(granted or {})))
    done = scene.add(act(scene, about, *keys, **change))
    for make in extra:
        scene.add(make(about, done))
    return scene.file("act", done, receipts=receipts, compact=compact)


def _ratify(value: str) -> Any:
    return lambda _, done: HOME.sign(
        payload("ratify", {"value": value}, HOME.id, subject=done, time=NOON + 20)
    )


def _acts(out: _Book) -> None:
    money: dict[str, Any] = {
        "kind": "spending-order",
        "amount": 500,
        "currency": "chf",
        "motion": FREE,
    }

    def says(rule: str, slug: str, why: str, verdict: str, reason: str | None, **how: Any) -> None:
        out.says(rule, slug, why, verdict, reason, request(_acted(**how)))

    says("ACT-1", "act", "within its mandate", "VALID", None)
    void: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("ACT-5", "act-kind", "mandate-scope", {"kind": "speak"}),
        ("ACT-5", "act-vote-with-money", "mandate-scope", {"amount": 5, "currency": "chf"}),
        ("ACT-5", "act-other-currency", "mandate-scope", {**money, "currency": "eur"}),
        ("ACT-5", "act-ceiling", "act-ceiling", {**money, "amount": 501}),
        ("ACT-6", "act-instruction", "instruction", {"value": "no"}),
        ("ACT-6", "act-new-text", "refer-back", {"motion": OTHER_MOTION}),
        ("ACT-1", "act-early", "mandate-not-begun", {"time": TIME - 1, "head_time": TIME - 1}),
        ("ACT-1", "act-after-end", "mandate-ended", {"time": TIME + 31 * DAY}),
        ("ACT-4", "act-stale", "act-stale", {"head_time": NOON - 7 * DAY - 1}),
    )
    for rule, slug, reason, how in void:
        says(rule, slug, "beyond the mandate", "VOID", reason, **how)
    says("ACT-4", "act-week-old-head", "just fresh", "VALID", None, head_time=NOON - 7 * DAY)
    says("ACT-5", "act-money", "at the ceiling", "VALID", None, **money)
    says("ACT-6", "act-free", "the delegate decides", "VALID", None, motion=FREE, value="no")
    back: dict[str, Any] = {"motion": OTHER_MOTION, "value": "refer-back"}
    says("ACT-6", "act-refers-back", "a new text goes home", "VALID", None, **back)
    due: dict[str, Any] = {"motion": RATIFIED}
    why = "the council has to ratify it"
    says("ACT-6", "act-ratify", why, "NEEDS-RATIFICATION", "ratify", **due)
    yes, no = [_ratify("yes")], [_ratify("no")]
    says("RAT-1", "act-ratified", "and did", "VALID", None, extra=yes, **due)
    why, reason = "and did not", "ratify-refused"
    says("RAT-1", "act-not-ratified", why, "VOID", reason, extra=no, **due)
    first = [_ratify("no"), lambda m, d: _ratify("yes")(m, d)]
    says("RAT-1", "act-ratified-twice", "the first counts", "VOID", reason, extra=first, **due)
    one = [(0, NOON + 5)]
    missing, unknown = "receipts-missing", "UNKNOWN"
    says("ACT-2", "act-one-receipt", "of four councils two", unknown, missing, receipts=one)
    says("ACT-2", "act-no-receipt", "nobody has it", unknown, missing, receipts=())
    says(
        "ACT-2",
        "act-no-compact",
        "how many is not known",
        unknown,
        "compact-unknown",
        compact=False,
    )
    alone = {"compact": None}
    why = "without a compact one of any council"
    says("ACT-2", "act-of-no-compact", why, "VALID", None, granted=alone, receipts=one)
    day = [(0, NOON + DAY), (1, NOON + DAY)]
    says("ACT-2", "act-received-in-a-day", "done as claimed", "VALID", None, receipts=day)
    gone = [lambda m, _: recall(m, NOON + 3)]
    says("ACT-1", "act-before-recall", "done before it", "VALID", None, extra=gone)
    slow = [(0, NOON + DAY + 1), (1, NOON + DAY + 1)]
    why = "received too late to be done before the recall"
    says("ACT-2", "act-after-recall", why, "VOID", "recalled", extra=gone, receipts=slow)
    spoke = [lambda _, __: position(NOON + 20)]
    why = "the council has spoken for itself"
    says("ACT-7", "act-overridden", why, "VOID", "overridden", extra=spoke)
    here = {"attendance": "required"}
    why = "the mandate asks for presence"
    says("ACT-5", "act-absent", why, "VOID", "act-attendance", granted=here)
    says("ACT-5", "act-present", why, "VALID", None, granted=here, assembly=filler("assembly"))
    narrow = {"subjects": [FREE]}
    says("ACT-5", "act-subject", "of another subject", "VOID", "mandate-scope", granted=narrow)
    pair = {"partners": [PARTNER.public], "parity": "all"}
    stands_in = {"substitutes": [SUBSTITUTE.public]}
    for rule, slug, why, wrong, keys, granted in (
        ("MAN-7", "by-both", "all sign", "", (DELEGATE, PARTNER), pair),
        ("MAN-7", "by-one-of-both", "one is missing", "mandate-delegate", (DELEGATE,), pair),
        ("MAN-2", "by-substitute", "a named one", "", (SUBSTITUTE,), stands_in),
        ("MAN-2", "by-stranger", "no sub-delegation", "mandate-delegate", (STRANGER,), stands_in),
    ):
        asked = request(_acted(*keys, granted=granted))
        out.says(rule, f"act-{slug}", why, "UNKNOWN" if wrong else "VALID", wrong or None, asked)
    if_in = {"conditions": [[MOTION, "in", filler("amendment")]]}
    why = "whether the amendment is in is not known"
    says("MAN-8", "act-condition", why, "UNKNOWN", "condition-unknown", granted=if_in)
    held = {"holdover": [DAY, ["statement"]], "until": NOON - 5}
    why = "plain tasks may be finished"
    says("MAN-9", "act-holdover", why, "VALID", None, granted=held, kind="statement")
    says("MAN-9", "act-holdover-vote", why, "VOID", "mandate-ended", granted=held)
    report = {"reports": [TIME + DAY], "overdue": DAY}
    why = "a report that was due is not in the file"
    says("REP-2", "act-report-missing", why, "UNKNOWN", "report-missing", granted=report)


def _chains(out: _Book) -> None:
    pay: dict[str, Any] = {
        "kind": "spending-order",
        "amount": 400,
        "currency": "chf",
        "motion": FREE,
    }

    def chain(*changes: dict[str, Any], without: Sequence[int] = ()) -> bytes:
        scene = Scene(head_time=NOON + 60)
        about = scene.add(mandate())
        ids: list[bytes] = []
        for change in changes:
            previous = {"previous": ids[change["number"] - 2]} if change["number"] > 1 else {}
            ids.append(scene.add(act(scene, about, **{**previous, **change})))
        return scene.file(
            "act",
            ids[-1],
            receipts=[(0, NOON + 5), (1, NOON + 9)],
            compact=True,
            without=[ids[one] for one in without],
        )

    one, two, three = ({"number": n, **pay} for n in (1, 2, 3))
    says = out.says
    says("ACT-3", "chain-of-two", "the first is here", "VALID", None, request(chain(one, two)))
    cut = request(chain(one, two, without=[0]))
    says("ACT-3", "chain-cut", "the first is missing", "UNKNOWN", "act-number", cut)
    over = request(chain(one, two, three))
    says("ACT-9", "total-ceiling", "1200 of 800", "VOID", "total-ceiling", over)
    scene = Scene(head_time=NOON + 60)
    about = scene.add(mandate())
    ids = [scene.add(act(scene, about, time=NOON + n, number=1)) for n in range(2)]
    for number, mine in enumerate(ids):
        file = scene.file("act", mine, receipts=[(0, NOON + 5), (1, NOON + 9)], compact=True)
        stands = mine == min(ids)
        verdict, reason = ("VALID", None) if stands else ("VOID", "act-double")
        why = "received at once, the lower id stands"
        says("ACT-8", f"double-{number}", why, verdict, reason, request(file))
    last = scene.add(act(scene, about, number=2, previous=max(ids), time=NOON + 2))
    file = scene.file("act", last, receipts=[(0, NOON + 5), (1, NOON + 9)], compact=True)
    why = "the one before it does not stand"
    says("ACT-8", "after-a-double", why, "VOID", "act-previous", request(file))
    rests = scene.add(act(scene, about, number=2, previous=min(ids), time=NOON + 20))
    file = scene.file("act", rests, receipts=[(0, NOON + 5), (1, NOON + 9)], compact=True)
    why = "the second of one number has its receipts, so the mandate rests"
    says("ACT-8", "stopped-by-a-double", why, "VOID", "mandate-suspended", request(file))


def _files(out: _Book) -> None:
    scene = Scene()
    about = scene.add(mandate())
    file = scene.file("mandate", about)
    says = out.says
    mine, other = request(file, trust=[HOME.id]), request(file, trust=[WITNESSES[0].id])
    says("BUN-16", "trusted", "its council is named", "VALID", None, mine)
    says("BUN-16", "not-trusted", "another is named", "UNKNOWN", "not-trusted", other)
    record = scene.file("record", about)
    reason = "bundle-subject"
    says(
        "BUN-8", "mandate-as-record", "it has files of its own", "UNKNOWN", reason, request(record)
    )
    twice = Scene(rows=scene.rows[2:])
    second = twice.add(mandate(until=TIME + 31 * DAY))
    two = request(file, twice.file("mandate", second, without=[about]))
    says("BUN-14", "two-mandates", "asked about both", "UNKNOWN", reason, two)
    strange = known(Council("Council far away", KEYS[:3], 2, NODE_KEY, network=OTHER_NETWORK))
    far = Scene(strange)
    there = far.file("record", far.add(recall(about, NOON, strange)))
    mixed = request(file, there)
    says("BUN-14", "two-networks", "files of two networks", "UNKNOWN", "network-mismatch", mixed)
    forged = Scene(signer=WITNESSES[0].node)
    asked = request(forged.file("mandate", forged.add(mandate())))
    says("BUN-10", "head-by-another", "another node signed", "UNKNOWN", "head-signature", asked)
    fork = Scene(head_time=NOON + 1)
    fork.add(recall(about, TIME))
    also = fork.file("record", fork.id(fork.rows[2]))
    split = request(file, also)
    says("BUN-18", "two-histories", "two roots of one size", "UNKNOWN", "log-fork", split)
    few = mandate()
    lone = Scene()
    single = lone.add((few[0], few[1][:1], None))
    asked = request(lone.file("mandate", single))
    says("BUN-7", "one-keyholder", "one of two", "UNKNOWN", "threshold-missing", asked)
    bare = scene.file("mandate", about, receipts=[(0, NOON)])
    at = bare.index(b"receipts")
    flipped = bare[: at + 80] + bytes([bare[at + 80] ^ 1]) + bare[at + 81 :]
    asked = request(flipped)
    says("BUN-11", "receipt-forged", "a signature bit", "UNKNOWN", "sig-invalid", asked)
    bare_act = signed(
        payload(
            "act",
            {
                "motion": MOTION,
                "kind": "vote",
                "value": "yes",
                "number": 1,
                "head": scene.head(NOON - 60),
            },
            HOME.id,
            subject=about,
            time=NOON,
        ),
        DELEGATE,
    )
    loose = scene.file("act", record_id(bare_act[0]), loose=[bare_act])
    why = "an act that no log has yet"
    says("BUN-13", "act-loose", why, "UNKNOWN", "receipts-missing", request(loose))
