"""Vectors of specs/03, PRT-8 to PRT-10: `record` with a list that lies beside it."""

import hashlib
from typing import Any

from tools.vectors import cmp, examples
from tools.vectors.base import Vectors
from tools.vectors.scenes import TEXT
from tools.vectors.signing import KEYS, NETWORK, envelope
from tools.vectors.trees import root as root_of

TAG = b"confed text 1\0"


def lists(out: Vectors) -> None:
    """Lists that are too long for their body: 256 rows stand in it, 257 lie beside it."""
    for kind, rows in _long_lists().items():
        request = _listing(kind, rows[:256])
        _open(out, "PRT-8", f"{kind}-rows-256", "the longest list inside a body", request)
        for count in (257, 1_024)[: 2 if kind == "freeze" else 1]:
            given = rows[:count]
            request = _listing(kind, [count, _root(given)], cmp.encode(given))
            _open(out, "PRT-9", f"{kind}-rows-{count}", "inside they are count and root", request)
        request = _listing(kind, rows[:257])
        out.bad("PRT-8", "body-form", f"{kind}-257-inside", "too long for a body", request)
        request = _listing(kind, [257, _root(rows[:257])])
        out.bad("PRT-7", "part-missing", f"{kind}-no-rows", "the carrier left it out", request)
    _motions(out)
    _broken_lists(out, _long_lists()["freeze"][:257])
    request = _request(cmp.encode(examples.payload("vote")), b"\x90")
    out.bad("PRT-3", "part-unexpected", "vote-part", "its list is inside", request)


def _motions(out: Vectors) -> None:
    """A motion has a text beside it as well: both lie in one part."""
    rows = _long_lists()["vote"]
    body = dict(examples.BODIES["motion"])

    def request(listed: list[Any], part: bytes | None) -> dict[str, str]:
        fields = body | {"affected": listed, "text": hashlib.sha256(TAG + TEXT).digest()}
        return _request(cmp.encode(examples.payload("motion", body=fields)), part)

    _open(
        out, "PRT-8", "motion-rows-256", "the longest list inside a body", request(rows[:256], TEXT)
    )
    for count in (257, 1_024):
        given = rows[:count]
        named = [count, _root(given)]
        whole = cmp.encode([TEXT, given])
        why = "its text and its list in one part"
        _open(out, "PRT-11", f"motion-rows-{count}", why, request(named, whole))
    given = rows[:257]
    named = [257, _root(given)]
    for slug, reason, part in (
        ("text-alone", "part-mismatch", TEXT),
        ("rows-alone", "part-mismatch", cmp.encode(given)),
        ("other-text", "part-mismatch", cmp.encode([TEXT + b"!", given])),
        ("other-rows", "part-mismatch", cmp.encode([TEXT, given[:-1]])),
        ("three", "part-mismatch", cmp.encode([TEXT, given, given])),
        ("none", "part-missing", None),
    ):
        rule = "PRT-7" if part is None else "PRT-11"
        out.bad(rule, reason, f"motion-rows-{slug}", "not its part", request(named, part))
    out.bad("PRT-8", "body-form", "motion-257-inside", "too long for a body", request(given, TEXT))
    both = cmp.encode([TEXT, rows[:256]])
    short = request(rows[:256], both)
    out.bad("PRT-4", "part-mismatch", "motion-rows-not-long", "its list is inside", short)


def _broken_lists(out: Vectors, rows: list[Any]) -> None:
    part, root = cmp.encode(rows), _root(rows)
    for slug, named in (
        ("short", [256, _root(rows[:256])]),
        ("1025", [1_025, root]),
        ("root-31", [257, root[:31]]),
    ):
        request = _listing("freeze", named, part)
        out.bad("PRT-8", "body-form", f"freeze-rows-{slug}", "no list that lies beside", request)
    for slug, other in (
        ("less", cmp.encode(rows[:-1])),
        ("swapped", cmp.encode([rows[1], rows[0], *rows[2:]])),
        ("trailing", part + b"\x00"),
        ("a-map", cmp.encode({"rows": rows})),
        ("empty", b""),
    ):
        request = _listing("freeze", [257, root], other)
        why = "not the rows that were signed"
        out.bad("PRT-9", "part-mismatch", f"freeze-rows-{slug}", why, request)
    request = _listing("freeze", [258, root], part)
    out.bad("PRT-10", "body-form", "freeze-rows-count", "not their number", request)
    odd = [*rows[:-1], rows[-1][:1]]
    request = _listing("freeze", [257, _root(odd)], cmp.encode(odd))
    out.bad("PRT-10", "body-form", "freeze-rows-odd", "signed, and no such list", request)


def _long_lists() -> dict[str, list[Any]]:
    ids = sorted(hashlib.sha256(b"row %d" % n).digest() for n in range(1_024))
    return {"freeze": [[one, 2] for one in ids], "vote": list(ids), "status": list(ids)}


def _listing(kind: str, listed: list[Any], part: bytes | None = None) -> dict[str, str]:
    """A record whose list is this, or is named by this, and its part."""
    body = dict(examples.BODIES[kind])
    if kind == "status":
        body["locked"] = [*body["locked"][:2], listed]
    else:
        body[{"freeze": "councils", "vote": "counted"}[kind]] = listed
    return _request(cmp.encode(examples.payload(kind, body=body)), part)


def _request(payload: bytes, part: bytes | None) -> dict[str, str]:
    request = {"net": NETWORK.hex(), "in": envelope(payload).hex()}
    return request if part is None else {**request, "part": part.hex()}


def _open(out: Vectors, rule: str, slug: str, why: str, request: dict[str, str]) -> None:
    out.good(rule, slug, why, request, signers=[KEYS[0].public.hex()])


def _root(rows: list[Any]) -> bytes:
    return root_of([cmp.encode(row) for row in rows])
