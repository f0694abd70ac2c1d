"""A mandate in brief: under 600 bytes for who has the council's file (specs/12, BRF)."""

import random
from collections.abc import Callable

import pytest

from confedproto import bundle, codec
from confedproto.bundle import Report, brief
from confedproto.errors import ConfedError, DecodeError, LocalProtocolError, Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.testing import seeded_key
from confedproto.text import QrData, QrKind, encode_qr
from tests.support.worlds import Mandated, World, four, grant, make_world

SIZE_MAX = 600


def short(granted: Mandated, now: int | None = None) -> bytes:
    world = granted.world
    at = world.now if now is None else now
    return world.nodes[0].engine.keeper.brief(granted.mandate, at)


def card(world: World, number: int = 0) -> bytes:
    """The council's own file: its charters and node records, under a head."""
    council = world.nodes[number].council
    node = world.view.authorities[council].node
    assert node is not None
    return bundle.build_record(world.view, node.record.id, world.now)


@pytest.fixture(scope="module")
def granted() -> Mandated:
    return grant(four())


def test_brief_of_a_real_mandate_has_under_six_hundred_bytes(granted: Mandated) -> None:
    data = short(granted)
    assert len(data) < SIZE_MAX
    assert len(granted.file) > 2 * len(data)
    text = encode_qr(QrData(kind=QrKind.BUNDLE, data=data))
    assert len(text) < 1_000  # one symbol of about 97 modules


def test_brief_beside_the_council_s_file_is_valid(granted: Mandated) -> None:
    world = granted.world
    report = world.verify(short(granted), card(world))
    assert (report.verdict.value, report.reason, report.id) == ("VALID", None, granted.mandate)
    assert report.council == world.nodes[0].council
    assert report.mandate is not None
    assert report.delegate == granted.delegate.public
    assert brief.STANDS in report.notes
    assert report.final is False
    assert world.verify(short(granted), granted.file).ok  # any file of the council will do
    told = world.verify(short(granted), card(world), trust=[world.nodes[0].council])
    assert told.pinned is True


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (lambda m: [], Reason.BUNDLE_MISSING),
        (lambda _: [card(make_world(2, "double", "elsewhere"))], Reason.BUNDLE_MISSING),
        (lambda m: [card(m.world), short(m, m.world.now + 1)], Reason.BUNDLE_SUBJECT),
    ],
)
def test_brief_without_the_council_s_file_is_unknown(
    granted: Mandated, files: Callable[[Mandated], list[bytes]], reason: Reason
) -> None:
    report = granted.world.verify(short(granted), *files(granted))
    assert (report.ok, report.reason) == (False, reason)


def test_brief_of_a_stranger_is_not_trusted(granted: Mandated) -> None:
    world = granted.world
    other = CouncilId(bytes(32))
    report = world.verify(short(granted), card(world), trust=[other])
    assert report.reason is Reason.NOT_TRUSTED


def test_brief_after_its_end_or_recalled_is_void() -> None:
    world = make_world(3, "majority")
    granted = grant(world)
    data, known = short(granted), card(world)
    late = bundle.verify([data, known], [], world.now + 31 * 86_400)
    assert (late.verdict.value, late.reason) == ("VOID", Reason.MANDATE_ENDED)
    node = world.nodes[0]
    recall = world.sim.submit(node, world.sim.desk(node).recall(granted.mandate, "It was time."))
    world.sim.run(4)
    with pytest.raises(LocalProtocolError) as caught:
        short(granted)
    assert caught.value.reason is Reason.RECALLED
    beside = bundle.build_record(world.view, recall, world.now)
    told = world.verify(data, known, beside)
    assert (told.verdict.value, told.reason) == ("VOID", Reason.RECALLED)


def test_brief_of_another_s_mandate_is_not_made(granted: Mandated) -> None:
    keeper = granted.world.nodes[1].engine.keeper
    with pytest.raises(LocalProtocolError) as caught:
        keeper.brief(granted.mandate, granted.world.now)
    assert caught.value.reason is Reason.MANDATE_UNKNOWN


def test_brief_is_not_made_by_a_node_that_may_not_sign() -> None:
    world = make_world(2, "majority")
    granted = grant(world)
    with pytest.raises(LocalProtocolError) as caught:
        short(granted, world.now + 91 * 86_400)
    assert caught.value.reason is Reason.NODE_EXPIRED
    world.nodes[0].engine.keeper.start(clean=False)
    with pytest.raises(LocalProtocolError) as caught:
        short(granted)
    assert caught.value.reason is Reason.RESTORE_HELD


def changed(data: bytes, at: int, value: object) -> bytes:
    fields = codec.decode(data)
    assert isinstance(fields, list)
    fields[at] = value
    return codec.encode(fields)


def test_brief_signed_by_another_node_is_refused(granted: Mandated) -> None:
    stranger = seeded_key(random.Random(3))
    world = granted.world
    node = world.view.authorities[world.nodes[0].council].node
    assert node is not None
    message = brief.standing_bytes(world.sim.network, node.log, granted.mandate, world.now)
    forged = changed(changed(short(granted), 5, stranger.sign(message)), 4, world.now)
    assert world.verify(forged, card(world)).reason is Reason.HEAD_SIGNATURE


def test_brief_with_too_few_keyholders_is_refused(granted: Mandated) -> None:
    fields = codec.decode(short(granted))
    assert isinstance(fields, list)
    few = changed(short(granted), 3, fields[3][:1])
    assert granted.world.verify(few, card(granted.world)).reason is Reason.THRESHOLD_MISSING


@pytest.mark.parametrize("value", [[], [[0]], [[True, 0, b"x" * 64]], "x"])
def test_brief_of_another_form_is_refused(granted: Mandated, value: object) -> None:
    with pytest.raises(DecodeError) as caught:
        brief.decode(changed(short(granted), 3, value))
    assert caught.value.reason is Reason.BUNDLE_FORM


def test_brief_with_any_bit_flipped_is_never_valid(granted: Mandated) -> None:
    data, known, world = short(granted), card(granted.world), granted.world
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            report: Report = world.verify(bytes(flipped), known)
        except ConfedError:
            continue
        assert report.kind == "record" or not report.ok


def test_key_of_the_node_signs_nothing_else(granted: Mandated) -> None:
    pen = granted.world.nodes[0].engine._pen
    with pytest.raises(LocalProtocolError):
        pen.stands(b"confed head 1\0" + bytes(RecordId(bytes(32))))
