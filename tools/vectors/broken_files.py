"""Bytes that are no `.confed` file, each wrong in one thing (specs/12, BUN-1 to BUN-6)."""

from typing import Any

from tools.vectors import cmp
from tools.vectors.base import Vectors
from tools.vectors.scenes import Scene, mandate, request


def broken(out: Vectors) -> None:
    """Add them to the vectors of `bundle`."""
    scene = Scene()
    about = scene.add(mandate())
    file = scene.file("mandate", about)
    bad = out.bad
    bad("BUN-1", "enc-empty", "empty", "no bytes", request(b""))
    bad("BUN-1", "bundle-magic", "a-zip", "another kind of file", request(b"PK\x03\x04" + file))
    bad("BUN-1", "enc-truncated", "magic-cut", "cut in the magic", request(file[:5]))
    bad(
        "BUN-1",
        "bundle-version",
        "version-2",
        "a later one",
        request(file[:8] + b"\x02" + file[9:]),
    )
    bad("ENC-4", "enc-truncated", "cut", "a byte short", request(file[:-1]))
    bad("ENC-3", "enc-trailing", "longer", "a byte more", request(file + b"\x00"))
    changes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("kind", {"kind": "letter"}),
        ("network", {"network": bytes(31)}),
        ("no-records", {"records": []}),
        ("head-of-two", {"head": [1, 2]}),
        ("hash-unused", {"hashes": bytes(64)}),
    )
    for slug, change in changes:
        bad(
            "BUN-2" if slug != "hash-unused" else "BUN-5",
            "bundle-form",
            f"form-{slug}",
            "not of the form",
            request(scene.file("mandate", about, **change)),
        )
    good = cmp.encode(["confed", 1, {"kind": "mandate"}])
    bad("BUN-2", "bundle-form", "fields-missing", "no more than a kind", request(good))
    both = request(file, file[:-1])
    bad("ENC-4", "enc-truncated", "one-of-two", "one of the files is cut", both)
