"""Detached parts and briefs in a hostile carrier's hands (specs/03, PRT; specs/12, BRF)."""

import hashlib
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from confednode import plain
from confedproto import bundle, codec, record
from confedproto.bodies.amend import Amend
from confedproto.bodies.freeze import Freeze, Voter
from confedproto.bodies.motion import Motion, Title
from confedproto.bodies.second import Second
from confedproto.bodies.vote import Vote
from confedproto.errors import (
    ConfedError,
    DecodeError,
    LocalProtocolError,
    Reason,
    VerificationError,
)
from confedproto.limits import (
    MEMBERS_MAX,
    RECORD_MAX_BYTES,
    ROWS_INLINE_MAX,
    ROWS_MAX_BYTES,
    RUN_MAX_BYTES,
)
from confedproto.merkle import leaf_hash, root_of
from confedproto.parts import part_of, rows_part, text_hash
from confedproto.record import RefusedLeaf, VerifiedRecord
from confedproto.rules.states import Effect
from confedproto.signrequest import SignRequest
from tests.protocol.test_brief import card, changed, short
from tests.support.assembly import Assembly
from tests.support.councils import NETWORK, Author
from tests.support.worlds import Mandated, four, grant, make_world

TEXT = bytes(16) + b"We shall."


def motion_of(author: Author, part: bytes = TEXT, title: str = "One") -> VerifiedRecord:
    titles = (Title(language="en", title=title),)
    body = Motion(name="coordination", titles=titles, text=text_hash(part))
    return author.make(body, subject=bytes(32), part=part)


def refused(envelope: bytes, part: bytes | None) -> Reason:
    with pytest.raises(VerificationError) as caught:
        record.open_leaf(NETWORK, envelope, part)
    return caught.value.reason


# --- parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (None, Reason.PART_MISSING),
        (b"", Reason.PART_MISMATCH),
        (TEXT[:-1], Reason.PART_MISMATCH),
        (TEXT + b" ", Reason.PART_MISMATCH),
        (bytes(1 << 20), Reason.PART_MISMATCH),
    ],
)
def test_part_that_is_not_the_authors_is_the_carriers_fault(
    part: bytes | None, reason: Reason
) -> None:
    assert refused(motion_of(Author(1)).envelope, part) is reason


def test_part_of_a_kind_that_has_none_or_of_no_record_is_the_carriers_fault() -> None:
    author = Author(1)
    plain = author.make(Second(), subject=bytes(32))
    assert refused(plain.envelope, TEXT) is Reason.PART_UNEXPECTED
    broken = bytearray(motion_of(author).envelope)
    broken[-1] ^= 1
    assert refused(bytes(broken), TEXT) is Reason.PART_UNEXPECTED
    assert isinstance(record.open_leaf(NETWORK, bytes(broken)), RefusedLeaf)


def test_text_of_an_author_that_is_no_text_is_a_leaf_that_every_carrier_can_pass_on() -> None:
    """Its author hashed it, so a carrier that has it is at no fault, and one without it is."""
    author, bad = Author(1), bytes(16) + b"\xff\xfe"
    titles = (Title(language="en", title="One"),)
    body = Motion(name="coordination", titles=titles, text=text_hash(bad))
    payload = record.build_payload(
        kind="motion", council=author.council, charter=1, time=1, body=body, subject=bytes(32)
    )
    envelope = record.assemble(payload, [record.sign(NETWORK, payload, author.keyholders[0])])
    leaf = record.open_leaf(NETWORK, envelope, bad)
    assert isinstance(leaf, RefusedLeaf)
    assert leaf.reason is Reason.BODY_FORM
    assert refused(envelope, None) is Reason.PART_MISSING
    assert refused(envelope, TEXT) is Reason.PART_MISMATCH


def test_one_part_serves_every_record_that_names_it_and_no_other() -> None:
    author = Author(1)
    one, other = motion_of(author), motion_of(author, title="Two")
    amend = Amend(titles=(Title(language="en", title="Three"),), text=text_hash(TEXT))
    third = author.make(amend, subject=one.id, part=TEXT)
    for each in (one, other, third):
        assert record.open(NETWORK, each.envelope, TEXT).part == TEXT
    secret = bytes(15) + b"\x01" + b"We shall."
    assert refused(motion_of(author, secret).envelope, TEXT) is Reason.PART_MISMATCH


def councils(count: int) -> tuple[Voter, ...]:
    ids = sorted(hashlib.sha256(str(one).encode()).digest() for one in range(count))
    return tuple(Voter(council=one, weight=2) for one in ids)


def test_list_of_another_record_fits_no_other_and_each_keeps_its_own() -> None:
    author = Author(1)
    bodies = [
        Freeze(councils=councils(count), opens=1, closes=2) for count in (300, 301, MEMBERS_MAX)
    ]
    made = [author.make(body, subject=bytes(32)) for body in bodies]
    parts = [rows_part(body) for body in bodies]
    for number, one in enumerate(made):
        for other, part in enumerate(parts):
            if number == other:
                assert record.open(NETWORK, one.envelope, part).body == bodies[number]
            else:
                assert refused(one.envelope, part) is Reason.PART_MISMATCH


def test_list_that_is_sent_to_a_vote_is_no_list_of_a_freeze() -> None:
    author = Author(1)
    ids = tuple(voter.council for voter in councils(300))
    vote = Vote(freeze=bytes(32), round=1, outcome="adopted", counted=ids)
    freeze = Freeze(councils=councils(300), opens=1, closes=2)
    one = author.make(vote, subject=bytes(32), signers=[author.node_key])
    assert refused(one.envelope, rows_part(freeze)) is Reason.PART_MISMATCH


@pytest.mark.parametrize(
    "part",
    [
        codec.encode([[]] * MEMBERS_MAX),
        codec.encode([[[[[[[0]]]]]]] * MEMBERS_MAX, max_bytes=1 << 20),
        b"\xdd\xff\xff\xff\xff",
        b"\xdc\xff\xff" + bytes(ROWS_MAX_BYTES),
        bytes(4 << 20),
    ],
    ids=["empty", "deep", "declared", "long", "huge"],
)
def test_hostile_list_is_refused_within_two_megabytes(part: bytes) -> None:
    author = Author(1)
    one = author.make(Freeze(councils=councils(300), opens=1, closes=2), subject=bytes(32))
    tracemalloc.start()
    try:
        assert refused(one.envelope, part) is Reason.PART_MISMATCH
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


def test_list_that_its_author_hashed_and_that_is_none_is_a_leaf_and_no_record() -> None:
    author = Author(1)
    rows = [[bytes(32), 2]] * 299 + ["a council"]
    root = root_of([leaf_hash(codec.encode(row)) for row in rows])
    fields = {
        "kind": "freeze",
        "council": author.council,
        "charter": 1,
        "time": 1,
        "subject": bytes(32),
        "body": {"councils": [300, root], "opens": 1, "closes": 2},
    }
    payload = codec.encode(fields)
    envelope = record.assemble(payload, [record.sign(NETWORK, payload, author.keyholders[0])])
    leaf = record.open_leaf(NETWORK, envelope, codec.encode(rows, max_bytes=ROWS_MAX_BYTES))
    assert isinstance(leaf, RefusedLeaf)
    assert leaf.reason is Reason.BODY_FORM


def affecting(count: int, text: bytes = TEXT) -> Motion:
    ids = tuple(voter.council for voter in councils(count))
    titles = (Title(language="en", title="One"),)
    return Motion(name="coordination", titles=titles, text=text_hash(text), affected=ids)


@pytest.mark.parametrize("count", [1, 256, 257, MEMBERS_MAX])
def test_motion_lists_as_many_councils_as_a_compact_has(count: int) -> None:
    author, body = Author(1), affecting(count)
    made = author.make(body, subject=bytes(32), part=TEXT)
    assert made.body == body
    assert len(made.envelope) < RECORD_MAX_BYTES
    assert record.reopen(NETWORK, made.envelope, made.part).body == body
    assert (made.part == TEXT) is (count <= ROWS_INLINE_MAX)
    if count > ROWS_INLINE_MAX:
        assert refused(made.envelope, TEXT) is Reason.PART_MISMATCH
        assert refused(made.envelope, rows_part(body)) is Reason.PART_MISMATCH
        with pytest.raises(VerificationError):
            record.open_bare(NETWORK, made.envelope)


def test_longest_list_and_a_page_of_text_fit_one_run() -> None:
    text = bytes(16) + b"a" * 8_000
    made = Author(1).make(affecting(MEMBERS_MAX, text), subject=bytes(32), part=text)
    assert made.part is not None
    assert len(made.part) <= ROWS_MAX_BYTES
    assert len(made.part) + RECORD_MAX_BYTES < RUN_MAX_BYTES
    with pytest.raises(LocalProtocolError):
        part_of(affecting(MEMBERS_MAX), bytes(16) + b"a" * 9_000)


def test_text_of_a_motion_with_a_long_list_that_is_none_is_its_authors_fault() -> None:
    author, bad = Author(1), bytes(16) + b"\xff\xfe"
    body = affecting(300, bad)
    payload = record.build_payload(
        kind="motion", council=author.council, charter=1, time=1, body=body, subject=bytes(32)
    )
    envelope = record.assemble(payload, [record.sign(NETWORK, payload, author.keyholders[0])])
    leaf = record.open_leaf(NETWORK, envelope, part_of(body, bad))
    assert isinstance(leaf, RefusedLeaf)
    assert leaf.reason is Reason.BODY_FORM


def test_keyholder_reads_the_text_beside_a_long_list() -> None:
    author, body = Author(1), affecting(300)
    made = author.make(body, subject=bytes(32), part=TEXT)
    request = SignRequest(
        network=NETWORK,
        payload=made.payload,
        part=made.part,
        keys=tuple(holder.public for holder in author.keyholders),
        threshold=1,
        signatures=(),
    )
    lines = plain.explain(request)
    assert lines[lines.index("Its text:") + 1] == "  We shall."


def test_matter_of_three_hundred_councils_is_frozen_by_its_list() -> None:
    made = Assembly(4)
    inside = [author.council for author in made.authors[:3]]
    listed = tuple(sorted([*inside, *(voter.council for voter in councils(297))]))
    motion = made.move(affected=listed)
    made.decide(motion, "YYN-", councils=made.roll(without=[3]))
    assert made.standing(motion).effect is Effect.IN_FORCE
    other = made.move(affected=tuple(sorted(listed[1:])))
    made.freeze(other)
    assert made.status(other, made.now).fault is Reason.FREEZE_ROLL, "the fourth is not listed"


# --- briefs ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def granted() -> Mandated:
    return grant(four())


def asked(granted: Mandated, data: bytes, *files: bytes) -> Any:
    """The verdict's reason, or that of the bytes."""
    try:
        report = granted.world.verify(data, *files)
    except ConfedError as error:
        return error.reason
    assert not report.ok
    return report.reason


def signatures(data: bytes) -> list[Any]:
    fields = codec.decode(data)
    assert isinstance(fields, list)
    rows = fields[3]
    assert isinstance(rows, list)
    return rows


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: [rows[0], rows[0]], Reason.SIGNER_DUPLICATE),
        (lambda rows: [[rows[1][0], *rows[0][1:]], *rows[1:]], None),
        (lambda rows: [[31, *rows[0][1:]], *rows[1:]], Reason.BUNDLE_FORM),
        (lambda rows: [[-1, *rows[0][1:]], *rows[1:]], Reason.BUNDLE_FORM),
        (lambda rows: [[rows[0][0], 7, rows[0][2]], *rows[1:]], None),
        (lambda rows: [[*rows[0][:2], b""], *rows[1:]], None),
        (lambda rows: [[*rows[0][:2], bytes(4_000)], *rows[1:]], None),
        (lambda rows: rows * 40, None),
    ],
    ids=["twice", "other-key", "no-key", "negative", "form", "empty", "long", "many"],
)
def test_brief_with_signatures_that_are_none_is_refused_by_name(
    granted: Mandated, change: Callable[[list[Any]], list[Any]], reason: Reason | None
) -> None:
    data = short(granted)
    told = asked(granted, changed(data, 3, change(signatures(data))), card(granted.world))
    assert isinstance(told, Reason)
    assert reason is None or told is reason


def test_brief_beside_the_file_of_another_council_is_judged_by_what_that_has_of_its_own(
    granted: Mandated,
) -> None:
    """Another council's file has the charters and node records of its witnesses (BRF-3)."""
    world = granted.world
    other = card(world, 1)
    assert world.verify(short(granted), other).council == world.nodes[0].council
    trusting = world.verify(short(granted), other, trust=[world.nodes[1].council])
    assert trusting.reason is Reason.NOT_TRUSTED, "to trust the file's council is not enough"
    alone = grant(make_world(2, "majority", "alone"))
    assert asked(granted, short(granted), card(alone.world)) is Reason.BUNDLE_MISSING


def test_brief_says_nothing_of_another_mandate_or_another_log(granted: Mandated) -> None:
    """The node's word is about one record in one log: neither can be put in its place."""
    world = granted.world
    other = grant(world)
    mine, theirs = codec.decode(short(granted)), codec.decode(short(other))
    assert isinstance(mine, list)
    assert isinstance(theirs, list)
    swapped = changed(changed(short(granted), 2, theirs[2]), 3, theirs[3])
    if mine[2] != theirs[2]:
        assert asked(granted, swapped, card(world)) is Reason.HEAD_SIGNATURE


def test_brief_of_a_network_says_nothing_in_another(granted: Mandated) -> None:
    elsewhere = grant(make_world(4, "majority", "elsewhere"))
    told = asked(granted, short(granted), card(elsewhere.world))
    assert told in (Reason.BUNDLE_MISSING, Reason.SIG_INVALID, Reason.NETWORK_MISMATCH)


def test_brief_that_is_cut_short_is_no_file(granted: Mandated) -> None:
    with pytest.raises(DecodeError):
        bundle.verify([short(granted)[:-1], card(granted.world)], [], granted.world.now)
