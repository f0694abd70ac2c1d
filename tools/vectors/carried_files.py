"""Vectors of specs/12, BUN-20: files that carry what bears on a mandate in other logs."""

from collections.abc import Sequence
from typing import Any

from tools.vectors.base import Vectors
from tools.vectors.levels import RECEIPTS, Levels
from tools.vectors.scenes import (
    HOME,
    NOON,
    RATIFIED,
    Council,
    Scene,
    known,
    mandate,
    payload,
    position,
    recall,
    request,
)
from tools.vectors.signing import KEYS, NODE_KEY, OTHER_NETWORK


def carried_files(out: Vectors) -> None:
    """Add them to the vectors of `bundle`."""
    _links(out)
    _acts(out)
    _forms(out)


def _link(made: Levels, files: Sequence[bytes]) -> bytes:
    return made.meeting.file("mandate", made.link, files=sorted(files))


def _links(out: Vectors) -> None:
    made = Levels()
    above = made.home.file("mandate", made.above)
    whole = _link(made, [above])
    out.judged("BUN-20", "carries-above", "a link with what it passes on", "VALID", request(whole))
    both = request(above, whole)
    out.judged("BUN-20", "carries-above-twice", "and the same file beside it", "VALID", both)
    trusted = request(whole, trust=[made.meeting.council.id])
    out.judged("BUN-20", "carries-trusted", "whose link it is", "VALID", trusted)
    other = request(whole, trust=[HOME.id])
    why = "who is only spoken for does not vouch for the meeting"
    out.judged("BUN-20", "carries-not-trusted", why, "UNKNOWN not-trusted", other)
    bad = bytearray(above)
    bad[bytes(above).index(b"\xa4head") + 20] ^= 1
    broken = request(_link(made, [bytes(bad)]))
    out.judged(
        "BUN-20", "carries-broken", "what is carried has to hold", "UNKNOWN head-signature", broken
    )
    far = known(Council("Council too far", KEYS[:3], 2, NODE_KEY, network=OTHER_NETWORK))
    scene = Scene(far)
    away = scene.file("record", scene.add(recall(made.above, NOON, far)))
    asked = request(_link(made, [away]))
    why = "what is carried is of another network"
    out.judged("BUN-20", "carries-network", why, "UNKNOWN network-mismatch", asked)
    made.home.add(recall(made.above, NOON - 9))
    asked = request(_link(made, [made.home.file("mandate", made.above)]))
    out.judged(
        "BUN-20", "carries-recalled", "it falls with what it passes on", "VOID recalled", asked
    )
    scene = Scene()
    about = scene.add(mandate())
    file = scene.file("mandate", about)
    back = Scene(rows=scene.rows[2:], head_time=NOON + 9)
    gone = back.file("record", back.add(recall(about, NOON - 5)), without=[about])
    asked = request(scene.file("mandate", about, files=[gone]))
    out.judged("BUN-20", "carries-recall", "a recall of a later head", "VOID recalled", asked)
    idle = scene.file("mandate", about, files=[file])
    out.judged("BUN-20", "carries-itself", "it says nothing more", "VALID", request(idle))


def _acts(out: Vectors) -> None:
    def says(slug: str, why: str, answer: str, kind: str | None = None, **change: Any) -> None:
        made = Levels()
        made.acted(**change)
        files = [made.home.file("mandate", made.above)]
        if kind is not None:
            yes = {"value": "yes"}
            ratify = payload("ratify", yes, HOME.id, subject=made.act, time=NOON + 20)
            said = made.home.add(HOME.sign(ratify) if kind == "ratify" else position(NOON + 20))
            files.append(made.home.file("record", said, without=[made.above]))
            files[0] = made.home.file("mandate", made.above, without=[said])
        more = [HOME.charter, HOME.node_row]
        how: dict[str, Any] = {"receipts": RECEIPTS, "compact": True, "loose": more}
        asked = request(made.meeting.file("act", made.act, files=sorted(files), **how))
        out.judged("BUN-20", slug, why, answer, asked)

    says("carries-above-act", "an act under a link, alone", "VALID")
    says("carries-act-above", "against the instruction above", "VOID instruction", value="no")
    needs = "NEEDS-RATIFICATION ratify"
    says("carries-act-ratify", "the council above has to", needs, motion=RATIFIED)
    says("carries-act-ratified", "and did", "VALID", "ratify", motion=RATIFIED)
    says("carries-act-overridden", "it spoke for itself", "VOID overridden", "position")


def _forms(out: Vectors) -> None:
    def bad(slug: str, why: str, file: bytes, reason: str = "bundle-form") -> None:
        out.bad("BUN-20" if reason == "bundle-form" else "BUN-1", reason, slug, why, request(file))

    made = Levels()
    above = made.home.file("mandate", made.above)
    other = made.home.file("record", made.home.add(recall(made.above, NOON)))
    two = sorted([above, other])
    bad(
        "carries-order",
        "in order of their bytes",
        made.meeting.file("mandate", made.link, files=two[::-1]),
    )
    bad("carries-twice", "each once", made.meeting.file("mandate", made.link, files=[above] * 2))
    bad("carries-none", "a key without value", made.meeting.file("mandate", made.link, files=[]))
    nested = _link(made, [_link(made, [above])])
    bad("carries-nested", "what is carried carries nothing", nested)
    record = made.home.file("record", made.home.id(made.home.rows[-1]), files=[above])
    bad("carries-in-record", "a record's file carries nothing", record)
    many = [made.home.file("mandate", made.above, head=[3, n, bytes(64)]) for n in range(65)]
    bad("carries-many", "one more than may be", _link(made, many))
    cut = _link(made, [above[:-1]])
    bad("carries-cut", "a byte of it is missing", cut, "enc-truncated")
    letter = _link(made, [b"PK\x03\x04" + above])
    bad("carries-other", "another kind of file", letter, "bundle-magic")
