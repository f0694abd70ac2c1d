"""Vectors of specs/12, BUN-4: first charters that stand by their id, without signatures."""

from typing import Final

from tools.vectors.base import Vectors
from tools.vectors.scenes import (
    HOME,
    NOON,
    WITNESSES,
    Council,
    Row,
    Scene,
    act,
    known,
    mandate,
    request,
)
from tools.vectors.signing import KEYS, Key

ALONE: Final = known(Council("Council of nobody", KEYS[:3], 2, Key("nobody's node")))


def bare_charters(out: Vectors) -> None:
    """Add them to the vectors of `bundle`."""

    def says(slug: str, why: str, reason: str | None, *files: bytes) -> None:
        verdict = "VALID" if reason is None else "UNKNOWN"
        out.good("BUN-4", slug, why, request(*files), verdict=verdict, reason=reason)

    receipts = [(0, NOON), (1, NOON), (2, NOON)]
    scene = Scene()
    about = scene.add(mandate())
    bare = [HOME.charter, *(one.charter for one in WITNESSES)]
    file = scene.file("mandate", about, receipts=receipts, bare=bare)
    says("bare-charters", "others of the council's records bear its threshold", None, file)
    mixed = scene.file("mandate", about, receipts=receipts, bare=bare[1:3])
    says("bare-charters-mixed", "some are signed", None, mixed)
    done = Scene(head_time=NOON + 60)
    granted = done.add(mandate())
    acted = done.add(act(done, granted))
    whole = done.file("act", acted, receipts=receipts[:2], compact=True, bare=bare)
    says("bare-charters-act", "of an act, its compact and its founders", None, whole)
    idle = scene.file("mandate", about, loose=[ALONE.charter], bare=[ALONE.charter])
    why = "nobody has signed for this council"
    says("bare-charter-alone", why, "threshold-missing", idle)
    one = _by(ALONE.node_row, 1)
    short = scene.file("mandate", about, loose=[ALONE.charter, one], bare=[ALONE.charter])
    says("bare-charter-one-of-two", "one of two has", "threshold-missing", short)
    again = scene.file("mandate", about, loose=[ALONE.charter, ALONE.node_row], bare=[HOME.charter])
    says("bare-charter-beside", "a whole one beside a bare one", None, again)
    node = scene.file("mandate", about, bare=[HOME.node_row])
    why = "nothing else stands without"
    out.bad("BUN-4", "bundle-form", "bare-node-record", why, request(node))


def _by(row: Row, count: int) -> Row:
    return row[0], row[1][:count], row[2]
