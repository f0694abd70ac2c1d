"""Files made to cost a verifier time or memory, or to make it say what nobody decided."""

import subprocess
import sys
import time
from dataclasses import replace
from typing import Final

import msgpack
import pytest

from confedproto import bundle
from confedproto.bodies.recall import Recall
from confedproto.bundle import Bundle, Entry
from confedproto.bundle.certified import FIGURES
from confedproto.bundle.container import SHORT_BYTES
from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.limits import ARRAY_MAX, BUNDLE_MAX_BYTES, BUNDLE_SIGNATURES_MAX
from confedproto.rules.motion import MotionStatus
from tests.support.councils import NETWORK, Author, ballot, key, view_of

START: Final = b"\x93\xa6confed\x01"
FAR: Final = 2**39
CPU_S: Final = 0.5
GROWTH_MB: Final = 50
ITEMS: Final = {
    "empty arrays": b"\x90",
    "empty maps": b"\x80",
    "arrays of one": b"\x91\x01",
    "texts": b"\xa2ab",
    "numbers": b"\xcd\x7f\xff",
    "bytes": b"\xc4\x02ab",
}
# What a peer pays for one file; the peak of memory is only true in a process of its own.
PROGRAM: Final = """
import resource, sys
from confedproto.bundle import render
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data = sys.stdin.buffer.read()
render.answer([("x", b"")], trust=[], at=0)
before = peak()
told = render.answer([("x", data)], trust=[], at=0).fields
print(told["reason"], (peak() - before) // 1024)
"""


def array(length: int) -> bytes:
    return b"\xdc" + length.to_bytes(2, "big")


def full_of(item: bytes) -> bytes:
    """A file of nearly BUNDLE_MAX_BYTES that holds nothing but one item again and again."""
    inner = array(ARRAY_MAX) + item * ARRAY_MAX
    left = (BUNDLE_MAX_BYTES - 4 * ARRAY_MAX) // len(inner)
    pages: list[bytes] = []
    while left > 0:
        chosen = min(left, ARRAY_MAX)
        pages.append(array(chosen) + inner * chosen)
        left -= chosen
    return START + array(len(pages)) + b"".join(pages)


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_long_file_of_tiny_values_is_refused_before_it_is_built(item: bytes) -> None:
    data = full_of(item)
    assert 0.9 * BUNDLE_MAX_BYTES < len(data) <= BUNDLE_MAX_BYTES
    before = time.process_time()
    with pytest.raises(DecodeError) as caught:
        bundle.verify([data], [], 0)
    assert time.process_time() - before < CPU_S
    assert caught.value.reason is Reason.BUNDLE_FORM


@pytest.mark.parametrize("name", ["empty arrays", "empty maps"])
def test_long_file_of_tiny_values_takes_little_memory(name: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=full_of(ITEMS[name]),
        capture_output=True,
        check=True,
        timeout=240,
    )
    reason, growth = said.stdout.split()
    assert reason == b"bundle-form"
    assert int(growth) < GROWTH_MB


# --- figures --------------------------------------------------------------------------------------


def test_figures_of_one_liars_list_make_no_certificate() -> None:
    # After the decision a council dates back a position of a million millions, its node lists it.
    made = ballot(4)
    positions = [made.position(author, "yes", yes=10, no=5) for author in made.authors]
    made.witness_all(time=made.body.closes)
    for author in made.authors:
        made.vote(author, "adopted", positions)
    for author in made.authors[:3]:
        made.lock(author, "adopted")
    honest = bundle.build_certificate(view_of(made.authors), made.motion.id, FAR)
    liar = made.authors[3]
    late = made.position(liar, "yes", number=2, yes=10**12, no=0, time=made.body.closes)
    vote = made.vote(liar, "adopted", [*positions[:3], late])
    told = bundle.verify([honest], [], FAR)
    assert told.decision is not None
    assert told.decision.people_yes == 40
    parsed, entries = bundle.decode(honest), list[Entry]()
    for one, entry in zip(bundle.records_of(parsed).values(), parsed.entries, strict=True):
        if one.kind != "vote" and (one.kind != "position" or one.council != liar.council):
            entries.append(entry)
    entries += [Entry(envelope=one.envelope) for one in (late, vote)]
    odd = bundle.verify([bundle.encode(replace(parsed, entries=tuple(entries)))], [], FAR)
    assert (str(odd.verdict), odd.reason) == ("UNKNOWN", Reason.VOTE_LIST)
    assert FIGURES in told.notes
    # What nodes show is the list that most of them named.
    status = view_of(made.authors).motion_status(made.motion.id, FAR)
    assert isinstance(status, MotionStatus)
    assert status.tally is not None
    assert status.tally.people_yes == 40


def test_length_that_is_only_declared_allocates_nothing() -> None:
    head = START + b"\x85\xa7records\x98\xdd\x00\x00\x04\x00\x92\xc4\x01x\xdd\xff\xff\xff\xff"
    for data in (head + bytes(SHORT_BYTES), START + b"\xdf\xff\xff\xff\xff" + bytes(SHORT_BYTES)):
        with pytest.raises(DecodeError):
            bundle.decode(data)


def test_long_file_that_is_cut_short_is_still_said_to_be() -> None:
    row = [b"x" * 400, [[0, 0, bytes(64)]]]
    body = {"kind": "record", "network": NETWORK, "records": [[row] * 900], "subject": NETWORK}
    data: bytes = msgpack.packb(["confed", 1, body])
    assert len(data) > 2 * SHORT_BYTES
    with pytest.raises(DecodeError) as caught:
        bundle.decode(data[: len(data) // 2])
    assert caught.value.reason is Reason.ENC_TRUNCATED


def test_file_of_more_signatures_than_the_bound_is_refused_by_both_sides() -> None:
    author, signers = Author(1), [key(n) for n in range(1_000, 1_100)]
    rows = [author.make(Recall(), subject=bytes(32), signers=signers)]
    # The same row over and over: counted before anything of it is looked at.
    signed = [[n, 0, bytes(64)] for n in range(100)]
    more = BUNDLE_SIGNATURES_MAX // len(signed) + 1
    pages = [[[rows[0].payload, signed]] * more]
    body = {"kind": "record", "network": NETWORK, "records": pages, "subject": rows[0].id}
    before = time.process_time()
    with pytest.raises(DecodeError) as caught:
        bundle.decode(msgpack.packb(["confed", 1, body]))
    assert caught.value.reason is Reason.BUNDLE_FORM
    assert "signatures" in caught.value.detail
    assert time.process_time() - before < CPU_S
    entries = [Entry(envelope=one.envelope) for one in author.leaves]
    for number in range(more):
        payload = author.make(Recall(), subject=number.to_bytes(32, "big"), signers=signers)
        entries.append(Entry(envelope=payload.envelope))
    with pytest.raises(LocalProtocolError, match="signatures"):
        bundle.encode(
            Bundle(kind="record", network=NETWORK, subject=rows[0].id, entries=tuple(entries))
        )
