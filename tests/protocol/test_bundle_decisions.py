"""Files of certificates of many councils, and of freezes that rest on more than their seconds."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from confedproto import bundle, record
from confedproto.bodies.accession import Accession
from confedproto.bundle import Report
from confedproto.errors import Reason, VerificationError
from confedproto.record import VerifiedRecord
from tests.support.assembly import FAR, Assembly
from tests.support.councils import Author


def opened(file: bytes) -> list[VerifiedRecord]:
    parsed = bundle.decode(file)
    return [record.open(parsed.network, e.envelope, e.part) for e in parsed.entries]


def certificate(made: Assembly, motion: VerifiedRecord) -> bytes:
    return bundle.build_certificate(made.view(), motion.id, FAR)


def judged(*files: bytes) -> Report:
    return bundle.verify(list(files), trust=(), at=FAR)


def without(file: bytes, gone: Callable[[VerifiedRecord], bool]) -> bytes:
    """The file without the records that are `gone`; there must be some."""
    parsed = bundle.decode(file)
    kept = tuple(
        entry for entry, one in zip(parsed.entries, opened(file), strict=True) if not gone(one)
    )
    assert len(kept) < len(parsed.entries)
    return bundle.encode(replace(parsed, entries=kept))


def test_certificate_of_three_hundred_councils_has_its_long_list_once() -> None:
    count = 300
    made = Assembly(20, sponsors=0)
    for number in range(20, count):
        made.authors.append(Author(number + 1))
        made.authors[-1].add(Accession(weight=2), subject=made.compact.id, time=made.now)
    motion = made.move(witnessed=False)
    freeze = made.freeze(motion, councils=made.roll(), witnessed=False)
    said = [made.position(freeze, by, "Y", yes=3) for by in range(count)]
    made.certify(freeze, said, "adopted")
    data = certificate(made, motion)
    report = judged(data)
    assert report.ok, report
    assert report.decision is not None
    assert (report.decision.councils, report.decision.people_yes) == (count, 900)
    votes = [one for one in opened(data) if one.kind == "vote"]
    assert len(votes) > 1
    (part,) = {one.part for one in votes}
    assert part is not None
    assert data.count(part) == 1
    parsed = bundle.decode(data)
    assert bundle.encode(parsed) == data
    bare = tuple(replace(entry, part=None) for entry in parsed.entries)
    cut = bundle.encode(replace(parsed, entries=bare))
    with pytest.raises(VerificationError, match="part-missing"):
        bundle.prove(bundle.decode(cut))
    assert judged(cut).reason is Reason.PART_MISSING
