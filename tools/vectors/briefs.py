"""Vectors of specs/12 for mandates in brief: op `bundle` (BRF)."""

from collections.abc import Sequence
from typing import Any

from tools.vectors import cmp
from tools.vectors.base import Vectors
from tools.vectors.examples import TIME
from tools.vectors.scenes import (
    DAY,
    HOME,
    NOON,
    STRANGER,
    WITNESSES,
    Row,
    Scene,
    mandate,
    payload,
    recall,
    request,
)
from tools.vectors.signing import NETWORK, Key, record_id


def _brief(row: Row, *, time: int = NOON, signer: Key | None = None, **change: Any) -> bytes:
    """A brief of the mandate: keys by their numbers in the charter."""
    raw, signatures, _ = row
    listed = [key.public for key in HOME.keys]
    rows = [[listed.index(key), form, made] for key, form, made in signatures]
    fields = cmp.encode({"log": HOME.log, "record": record_id(raw), "time": time})
    made = (signer or HOME.node).sign(b"confed brief 1\0" + NETWORK + fields)
    parts = {"payload": raw, "signatures": rows, "time": time, "standing": made} | change
    return cmp.encode(["confed-brief", 1, *parts.values()])


def briefs(out: Vectors) -> None:
    """Add the vectors of briefs to those of `bundle`."""
    row = mandate()
    # Any file of the council will do: here that of a recall of another mandate.
    scene = Scene()
    other = scene.add(mandate(until=TIME + 31 * DAY))
    card = scene.file("record", scene.add(recall(other, NOON)), without=[other])

    def says(
        rule: str, slug: str, why: str, verdict: str, reason: str | None, *files: bytes, **how: Any
    ) -> None:
        asked = request(*files, **how)
        out.good(rule, f"brief-{slug}", why, asked, verdict=verdict, reason=reason)

    short = _brief(row)
    says("BRF-3", "valid", "beside a file of its council", "VALID", None, short, card)
    for slug, at, reason in (
        ("before", TIME - 1, "mandate-not-begun"),
        ("after", TIME + 30 * DAY + 1, "mandate-ended"),
    ):
        says("BRF-3", slug, "an edge of its time", "VOID", reason, short, card, at=at)
    mine, far = [HOME.id], [WITNESSES[0].id]
    says("BUN-16", "trusted", "its council is named", "VALID", None, short, card, trust=mine)
    reason = "not-trusted"
    says("BUN-16", "not-trusted", "another is named", "UNKNOWN", reason, short, card, trust=far)
    gone = Scene()
    about = gone.add(row)
    back = gone.file("record", gone.add(recall(about, NOON)), without=[about])
    says("BRF-3", "recalled", "beside the recall's file", "VOID", "recalled", short, back)
    unknown: Sequence[tuple[str, str, str, bytes]] = (
        ("by-another-node", "head-signature", "another key", _brief(row, signer=STRANGER)),
        (
            "late",
            "node-expired",
            "the node's authorisation had run out",
            _brief(row, time=TIME + 90 * DAY + 1),
        ),
        (
            "one-keyholder",
            "threshold-missing",
            "one of two",
            _brief((row[0], row[1][:1], None)),
        ),
        (
            "no-such-key",
            "bundle-form",
            "a number past the keys",
            _brief(row, signatures=[[9, 0, b"\0" * 64]]),
        ),
        (
            "other-charter",
            "charter-version",
            "of a version that is not in force",
            _brief(_of_charter(2)),
        ),
        (
            "wrong",
            "sig-invalid",
            "another's signature",
            _brief(row, signatures=[[0, 0, row[1][1][2]], [1, 0, row[1][0][2]]]),
        ),
    )
    for slug, reason, why, file in unknown:
        says("BRF-3", slug, why, "UNKNOWN", reason, file, card)
    alone = "bundle-missing"
    says("BRF-3", "alone", "without a file of the council", "UNKNOWN", alone, short)
    two = _brief(row, time=NOON + 1)
    reason = "bundle-subject"
    says("BRF-3", "two", "asked about both", "UNKNOWN", reason, short, two, card)
    keys = [[key, form, made] for key, form, made in row[1]]
    for slug, bad in (
        ("keys-in-full", _brief(row, signatures=keys)),
        ("no-signatures", _brief(row, signatures=[])),
        ("short-signature", _brief(row, standing=b"\0" * 63)),
        ("of-a-recall", _brief(recall(about, NOON))),
    ):
        out.bad("BRF-1", "bundle-form", f"brief-{slug}", "another form", request(bad, card))


def _of_charter(version: int) -> Row:
    """A mandate that names another version of the charter."""
    body = {
        "delegate": STRANGER.public,
        "starts": TIME,
        "until": TIME + DAY,
        "kinds": ["vote"],
    }
    return HOME.sign(payload("mandate", body, HOME.id, charter=version))
