"""Vectors of specs/06: mandates passed on between levels (LVL), and versions of motions (MAN-8)."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from tools.vectors import scenes
from tools.vectors.base import Vectors
from tools.vectors.examples import TIME
from tools.vectors.scenes import (
    COMPACT,
    DAY,
    DELEGATE,
    FREE,
    HOME,
    MOTION,
    NOON,
    RATIFIED,
    STRANGER,
    TEXT,
    Council,
    Row,
    Scene,
    act,
    known,
    mandate,
    payload,
    recall,
    request,
)
from tools.vectors.signing import Key, filler, record_id

REGIONAL: Final = Key("regional delegate")
MEETING: Final = known(Council("Meeting of the Valley", [DELEGATE], 1, Key("meeting node")))
STRANGERS: Final = known(Council("Another meeting", [STRANGER], 1, Key("another node")))
RECEIPTS: Final = [(0, NOON + 5), (1, NOON + 9)]
KINDS: Final = ["mandate", "statement", "vote"]


def levels(out: Vectors) -> None:
    """All of them."""
    _links(out)
    _acts(out)
    _versions(out)


class Levels:
    """The council's log with a mandate that may be passed on, and the meeting's with the link."""

    def __init__(
        self,
        above: dict[str, Any] | None = None,
        link: dict[str, Any] | None = None,
        meeting: Council = MEETING,
    ) -> None:
        upper: dict[str, Any] = {"kinds": KINDS, "ceiling": None}
        self.home = Scene(head_time=NOON + 60)
        self.above = self.home.add(mandate(**(upper | (above or {}))))
        lower = {
            "delegate": REGIONAL.public,
            "kinds": ["vote"],
            "ceiling": None,
            "instructions": [[MOTION, "free"], [RATIFIED, "free"], [FREE, "free"]],
            "above": self.above,
        }
        row = mandate(meeting, **(lower | (link or {})))
        scenes.names(row, REGIONAL)
        self.meeting = Scene(meeting, head_time=NOON + 60)
        self.link = self.meeting.add(row)

    def files(self) -> list[bytes]:
        return [self.meeting.file("mandate", self.link), self.home.file("mandate", self.above)]

    def acted(self, **change: Any) -> bytes:
        done = self.meeting.add(act(self.meeting, self.link, REGIONAL, **change))
        self.act = done
        more = [HOME.charter, HOME.node_row]
        return self.meeting.file("act", done, receipts=RECEIPTS, compact=True, loose=more)


def _links(out: Vectors) -> None:
    made = Levels()
    both = made.files()
    out.judged("LVL-1", "link", "narrower than what it passes on", "VALID", request(*both))
    out.judged("BUN-14", "link-order", "the link is asked about", "VALID", request(*both[::-1]))
    missing = "UNKNOWN mandate-unknown"
    out.judged("LVL-3", "link-alone", "what it passes on is not here", missing, request(both[0]))
    chain = "VOID mandate-chain"
    wrong: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("not-passable", "the council did not let it be", {"above": {"kinds": KINDS[1:]}}),
        ("kinds", "one more than above", {"link": {"kinds": ["signature", "vote"]}}),
        ("later", "ends a second later", {"link": {"until": TIME + 30 * DAY + 1}}),
        ("earlier", "begins a second earlier", {"link": {"starts": TIME - 1}}),
        ("compact", "names none", {"link": {"compact": None}}),
        ("delegate", "its delegate has not signed it", {"meeting": STRANGERS}),
    )
    for slug, why, how in wrong:
        asked = request(*Levels(**how).files())
        out.judged("LVL-2", f"link-{slug}", why, chain, asked)
    for kind in ("mandate", "spending-order"):
        above = {"kinds": sorted([*KINDS, "spending-order"])}
        made = Levels(above=above, link={"kinds": sorted([kind, "vote"])})
        why = "passed on again, or money"
        asked = request(*made.files())
        out.judged("MAN-4", f"link-form-{kind}", why, "VOID mandate-form", asked)
    made = Levels()
    made.home.add(_recall(made))
    both = made.files()
    why = "it falls with what it passes on"
    out.judged("LVL-3", "link-recalled", why, "VOID recalled", request(*both))
    out.judged("LVL-3", "link-before-recall", why, "VALID", request(*both, at=NOON - 10))


def _acts(out: Vectors) -> None:
    def says(slug: str, why: str, answer: str, *makes: Any, **change: Any) -> None:
        made = Levels()
        done = made.acted(**change)
        for make in makes:
            made.home.add(make(made))
        asked = request(done, made.home.file("mandate", made.above))
        out.judged("LVL-4", f"link-act-{slug}", why, answer, asked)

    says("within", "within both", "VALID")
    says("above", "against the instruction above", "VOID instruction", value="no")
    says("free", "free in both", "VALID", value="no", motion=FREE)
    says("kind", "the link has not that kind", "VOID mandate-scope", kind="statement")
    says("ratify", "the council above has to", "NEEDS-RATIFICATION ratify", motion=RATIFIED)
    says("ratified", "and did", "VALID", _answer("yes"), motion=RATIFIED)
    says("refused", "and did not", "VOID ratify-refused", _answer("no"), motion=RATIFIED)
    says("recalled", "the mandate above was taken back", "VOID recalled", _recall)
    alone = Levels().acted()
    why = "the mandate above is not here"
    out.judged("LVL-4", "link-act-alone", why, "UNKNOWN mandate-unknown", request(alone))


def _recall(made: Levels) -> Row:
    return recall(made.above, NOON - 9)


def _answer(value: str) -> Any:
    return lambda made: HOME.sign(
        payload("ratify", {"value": value}, HOME.id, subject=made.act, time=NOON + 20)
    )


def _versions(out: Vectors) -> None:
    compact, text = record_id(COMPACT[0]), hashlib.sha256(b"confed text 1\0" + TEXT).digest()
    titles = [["en", "A bridge"]]
    motion = HOME.sign(
        payload(
            "motion",
            {"name": "coordination", "titles": titles, "text": text},
            HOME.id,
            subject=compact,
        ),
        part=TEXT,
    )
    about = record_id(motion[0])
    version = filler("version of the motion")

    def freeze(versions: Sequence[bytes], opens: int) -> Row:
        body: dict[str, Any] = {
            "councils": [[HOME.id, 2]],
            "opens": opens,
            "closes": opens + 100,
        }
        if versions:
            body["versions"] = list(versions)
        return HOME.sign(payload("freeze", body, HOME.id, subject=about))

    def files(*freezes: Row, motion_too: bool = True) -> list[bytes]:
        scene = Scene(head_time=NOON + 60)
        ids = [scene.add(row) for row in (motion, *freezes)]
        given: dict[str, Any] = {
            "instructions": [[about, "yes"]],
            "conditions": [[about, "in", version]],
        }
        granted = scene.add(mandate(**given))
        done = scene.add(act(scene, granted, motion=about))

        def file(kind: str, one: bytes, **how: Any) -> bytes:
            beside = {granted} if kind == "act" else set[bytes]()
            rest = [i for i in (*ids, granted, done) if i != one and i not in beside]
            return scene.file(kind, one, without=rest, **how)

        shown = ids if motion_too else ids[1:]
        receipted = file("act", done, receipts=RECEIPTS, compact=True)
        return [receipted, *(file("record", one) for one in shown)]

    def says(slug: str, why: str, answer: str, *freezes: Row, **how: Any) -> None:
        out.judged("MAN-8", f"in-{slug}", why, answer, request(*files(*freezes, **how)))

    unknown = "UNKNOWN condition-unknown"
    listed, bare = freeze([version], TIME + 5), freeze([], TIME + 5)
    says("listed", "the freeze lists the version", "VALID", listed)
    says("left-out", "the freeze lists none", "VOID refer-back", bare)
    says("no-freeze", "it is not frozen yet", unknown)
    says("two-freezes", "two show nothing", unknown, listed, bare)
    says("no-mover", "whose motion it is is not here", unknown, listed, motion_too=False)
    own = mandate(instructions=[[version, "yes"]], conditions=[[version, "in", version]])
    scene = Scene(head_time=NOON + 60)
    granted = scene.add(own)
    done = scene.add(act(scene, granted, motion=version))
    asked = request(scene.file("act", done, receipts=RECEIPTS, compact=True))
    out.judged("MAN-8", "in-itself", "the version acted upon is the amendment", "VALID", asked)
