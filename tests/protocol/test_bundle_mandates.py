"""Files of mandates and acts: every verdict, and every way to forge one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from confedproto import bundle, codec, record
from confedproto.bodies.charter import Charter
from confedproto.bodies.recall import Recall
from confedproto.bundle import Entry
from confedproto.bundle.build import RECEIPTS
from confedproto.errors import DecodeError, LocalProtocolError, Reason, VerificationError
from confedproto.ids import CouncilId, Hash, RecordId
from confedproto.keys import SigningKey
from confedproto.rules.mandate import Outcome
from confedproto.testing import SimNode, seeded_key
from tests.support.bundles import answer, first, keep, opened, swap, unknown, void, with_entries
from tests.support.worlds import World, four, grant, granted, make_world, recall_file, sign

YEAR_S = 366 * 86_400


# --- mandates -----------------------------------------------------------------------------------


def test_mandate_alone_is_valid_and_names_its_newest_receipt() -> None:
    world = four()
    report = world.verify(granted().file)
    assert answer(report) == (Outcome.VALID, None)
    assert (report.kind, report.id) == ("mandate", granted().mandate)
    assert report.council == world.nodes[0].council
    assert report.council_name == "Council number 0"
    assert not report.pinned
    assert len(report.receipts) == RECEIPTS
    assert {r.council for r in report.receipts} == {n.council for n in world.nodes[1:]}
    assert report.newest_receipt == max(r.time for r in report.receipts)
    assert report.time is not None
    assert report.newest_receipt is not None
    assert report.time <= report.newest_receipt


def test_mandate_with_three_receipts_is_about_three_kilobytes() -> None:
    assert len(bundle.decode(granted().file).receipts) == 3
    assert len(granted().file) < 3_072


def charters_in(file: bytes, signed: bool) -> list[record.VerifiedRecord]:
    return [one for one, _ in opened(file) if one.kind == "charter" and bool(one.signers) == signed]


def test_first_charters_are_in_a_file_without_signatures() -> None:
    assert len(charters_in(granted().file, signed=False)) == 4
    assert charters_in(granted().file, signed=True) == []


def test_file_with_signed_first_charters_is_valid_too() -> None:
    """As files were before, and as others may write them."""
    whole = granted().file
    for node in four().nodes:
        charter = four().view.authorities[node.council].charters[0].record
        whole = swap(whole, charter.id, charter.envelope)
    assert len(charters_in(whole, signed=True)) == 4
    assert four().verify(whole) == four().verify(granted().file)


def test_first_charter_that_no_threshold_stands_behind_is_refused() -> None:
    witness = next(one for one in charters_in(granted().file, signed=False))
    node = next(
        one
        for one, _ in opened(granted().file)
        if one.kind == "node" and one.council == witness.council
    )
    key = next(key for n in four().nodes if n.council == node.council for key in n.keyholders[:1])
    short = swap(granted().file, node.id, sign(four(), node.payload, key))
    assert answer(four().verify(short)) == unknown(Reason.THRESHOLD_MISSING)


def test_only_a_first_charter_stands_without_signatures() -> None:
    for kind in ("node", "mandate"):
        one = first(granted().file, kind)
        with pytest.raises(LocalProtocolError) as caught:
            swap(granted().file, one.id, record.assemble(one.payload, ()))
        assert caught.value.reason is Reason.BUNDLE_FORM
        with pytest.raises(DecodeError) as refused:
            record.open(four().sim.network, record.assemble(one.payload, ()), filed=True)
        assert refused.value.reason is Reason.UNSIGNED
    bare = record.assemble(charters_in(granted().file, signed=False)[0].payload, ())
    with pytest.raises(DecodeError) as refused:
        record.open(four().sim.network, bare)  # outside of a file it is no record
    assert refused.value.reason is Reason.UNSIGNED


def test_file_about_a_first_charter_has_its_signatures() -> None:
    charter = RecordId(four().nodes[0].council)
    file = bundle.build_record(four().view, charter, four().now)
    assert four().verify(file).ok
    assert [one.id for one in charters_in(file, signed=True)] == [charter]


def test_file_begins_with_its_magic() -> None:
    assert granted().file.startswith(b"\x93\xa6confed\x01")


def test_mandate_before_its_start_and_after_its_end_is_void() -> None:
    begun = bundle.verify([granted().file], [], 0)
    assert answer(begun) == void(Reason.MANDATE_NOT_BEGUN)
    assert begun.until is not None
    ended = bundle.verify([granted().file], [], begun.until + 1)
    assert answer(ended) == void(Reason.MANDATE_ENDED)
    assert bundle.verify([granted().file], [], begun.until).ok


def test_mandate_with_its_recall_is_void_in_either_order() -> None:
    files = [granted().file, recall_file()]
    one, other = four().verify(*files), four().verify(*reversed(files))
    assert one == other
    assert answer(one) == void(Reason.RECALLED)
    assert one.id == granted().mandate
    assert four().verify(granted().file).ok


def test_mandate_exported_after_its_recall_is_void_alone() -> None:
    recall_file()
    late = bundle.build_mandate(four().view, granted().mandate, four().now)
    assert answer(four().verify(late)) == void(Reason.RECALLED)


def test_mandate_before_its_recall_is_still_valid() -> None:
    recall = first(recall_file(), "recall")
    files = [granted().file, recall_file()]
    assert bundle.verify(files, [], recall.time - 1).ok
    assert answer(bundle.verify(files, [], recall.time)) == void(Reason.RECALLED)


def test_recall_alone_is_a_record_that_stands_in_its_log() -> None:
    report = four().verify(recall_file())
    assert answer(report) == (Outcome.VALID, None)
    assert (report.kind, report.record_kind, report.about) == (
        "record",
        "recall",
        granted().mandate,
    )


def test_recall_by_another_council_changes_nothing() -> None:
    granted_here = grant(make_world(2, "majority"))
    world = granted_here.world
    stranger = world.nodes[1]
    step = stranger.engine.view.authorities[stranger.council].charter
    assert step is not None
    payload = record.build_payload(
        kind="recall",
        council=stranger.council,
        charter=step.version,
        time=world.now,
        body=Recall(),
        subject=granted_here.mandate,
    )
    recall = Entry(envelope=sign(world, payload, *stranger.keyholders[:2]))
    chain = [
        Entry(envelope=authority.record.envelope)
        for authority in world.view.authorities[stranger.council].charters
    ]
    forged = with_entries(granted_here.file, recall, *_absent(granted_here.file, chain))
    assert world.verify(forged).ok


def _absent(file: bytes, entries: Sequence[Entry]) -> Iterator[Entry]:
    payloads = {one.payload for one, _ in opened(file)}
    for entry in entries:
        if record.split_envelope(entry.envelope)[0] not in payloads:
            yield entry


def test_mandate_beside_an_unrelated_file_is_valid_with_a_note() -> None:
    world = four()
    other = bundle.build_record(world.view, world.compact, world.now)
    report = world.verify(granted().file, other)
    assert report.ok
    assert len(report.notes) == len(world.verify(granted().file).notes) + 1


def test_two_mandates_together_are_refused() -> None:
    world = make_world(2, "majority")
    files = [grant(world).file, grant(world).file]
    assert answer(world.verify(*files)) == unknown(Reason.BUNDLE_SUBJECT)


def test_trust_pins_the_council_or_refuses() -> None:
    world = four()
    mine, stranger = world.nodes[0].council, CouncilId(bytes(32))
    report = world.verify(granted().file, trust=[stranger, mine])
    assert report.ok
    assert report.pinned
    report = world.verify(granted().file, trust=[stranger])
    assert answer(report) == unknown(Reason.NOT_TRUSTED)
    assert not report.pinned


def test_two_networks_do_not_mix() -> None:
    other = grant(make_world(2, "majority", "another network"))
    report = four().verify(granted().file, other.file)
    assert answer(report) == unknown(Reason.NETWORK_MISMATCH)


def test_mandate_without_receipts_has_no_newest_one() -> None:
    parsed = bundle.decode(granted().file)
    assert parsed.head is not None
    bare = replace(
        parsed,
        receipts=(),
        proofs=tuple(p for p in parsed.proofs if p.size == parsed.head.size),
    )
    report = four().verify(bundle.encode(bare))
    assert report.ok
    assert report.newest_receipt is None
    assert report.receipts == ()


def test_mandate_after_a_change_of_charter_is_under_four_kilobytes() -> None:
    world = make_world(4, "double")
    node, sim = world.nodes[0], world.sim
    fresh = [seeded_key(sim.rng) for _ in range(3)]
    rotate(world, node, fresh)
    mandated = grant(world)
    assert world.verify(mandated.file).ok
    assert [one.charter for one, _ in opened(mandated.file) if one.council == node.council][:2] == [
        0,
        1,
    ]
    assert len(bundle.decode(mandated.file).receipts) == 3
    assert len(mandated.file) < 4_096 - 4 * 32  # with the paths of a log of any length up to here


def rotate(world: World, node: SimNode, fresh: Sequence[SigningKey]) -> None:
    """The council's next charter, with other keys, signed by both thresholds."""
    body = Charter(
        name=node.name,
        threshold=2,
        keys=tuple(sorted(key.public for key in fresh)),
        previous=node.council,
    )
    payload = record.build_payload(
        kind="charter", council=node.council, charter=1, time=world.now, body=body
    )
    signers = [*node.keyholders[:2], *fresh[:2]]
    draft = world.sim.desk(node).second(world.motion)
    world.sim.submit_signed(node, replace(draft, payload=payload), signers)
    node.keyholders = fresh
    world.sim.run(2)


# --- mandates, forged ---------------------------------------------------------------------------


def test_mandate_by_too_few_keyholders_is_refused() -> None:
    mandate = first(granted().file, "mandate")
    forged = sign(four(), mandate.payload, four().nodes[0].keyholders[0])
    report = four().verify(swap(granted().file, mandate.id, forged))
    assert answer(report) == unknown(Reason.THRESHOLD_MISSING)


def test_mandate_by_another_councils_keyholders_is_refused() -> None:
    mandate = first(granted().file, "mandate")
    forged = sign(four(), mandate.payload, *four().nodes[1].keyholders[:2])
    report = four().verify(swap(granted().file, mandate.id, forged))
    assert answer(report) == unknown(Reason.THRESHOLD_MISSING)


def test_mandate_that_is_not_in_the_log_is_refused() -> None:
    """Keyholders sign, but the node's head never covered it."""
    node, mandate = four().nodes[0], first(granted().file, "mandate")
    value = codec.decode(mandate.payload)
    payload = codec.encode({**value, "time": value["time"] + 1})
    forged = sign(four(), payload, *node.keyholders[:2])
    parsed = bundle.decode(granted().file)
    entries = [e for one, e in opened(granted().file) if one.id != mandate.id]
    new = record.open(parsed.network, forged).id
    moved = replace(
        parsed,
        subject=new,
        entries=(*entries, Entry(envelope=forged)),
        proofs=tuple(replace(p, record=new) for p in parsed.proofs),
    )
    assert answer(four().verify(bundle.encode(moved))) == unknown(Reason.HEAD_SIGNATURE)
    bare = replace(moved, head=None, proofs=(), receipts=())
    assert answer(four().verify(bundle.encode(bare))) == unknown(Reason.BUNDLE_MISSING)


def test_head_by_another_nodes_key_is_refused() -> None:
    parsed = bundle.decode(granted().file)
    assert parsed.head is not None
    other = bundle.decode(recall_file()).head
    assert other is not None
    swapped = replace(parsed, head=replace(parsed.head, signature=other.signature))
    assert answer(four().verify(bundle.encode(swapped))) == unknown(Reason.HEAD_SIGNATURE)


def test_receipt_with_another_time_or_witness_is_refused() -> None:
    parsed = bundle.decode(granted().file)
    one, other, third = parsed.receipts
    for forged in (
        replace(one, time=one.time + 1),
        replace(one, node=other.node),
        replace(one, signature=third.signature),
        replace(one, charter=2),
    ):
        file = bundle.encode(replace(parsed, receipts=(forged, other, third)))
        report = four().verify(file)
        wanted = Reason.BUNDLE_MISSING if forged.charter == 2 else Reason.SIG_INVALID
        assert answer(report) == unknown(wanted)


def test_receipt_whose_council_is_not_in_the_file_is_refused() -> None:
    parsed = bundle.decode(granted().file)
    witness = next(
        one.council for one, _ in opened(granted().file) if one.id == parsed.receipts[0].node
    )
    cut = keep(granted().file, lambda one: one.council != witness or one.kind == "node")
    assert answer(four().verify(cut)) == unknown(Reason.BUNDLE_MISSING)
    with pytest.raises(LocalProtocolError) as caught:
        keep(granted().file, lambda one: one.council != witness)
    assert caught.value.reason is Reason.BUNDLE_MISSING


def test_path_to_another_tree_is_refused() -> None:
    parsed = bundle.decode(granted().file)
    proof = parsed.proofs[0]
    bent = replace(proof, path=(Hash(bytes(32)), *proof.path[1:]))
    file = bundle.encode(replace(parsed, proofs=(bent, *parsed.proofs[1:])))
    assert four().verify(file).verdict is Outcome.UNKNOWN
    short = replace(proof, path=proof.path[1:])
    file = bundle.encode(replace(parsed, proofs=(short, *parsed.proofs[1:])))
    assert answer(four().verify(file)) == unknown(Reason.PROOF_LENGTH)


def test_record_of_a_kind_that_has_no_business_there_is_refused() -> None:
    compact = four().view.records[four().compact].record
    file = with_entries(granted().file, Entry(envelope=compact.envelope))
    assert answer(four().verify(file)) == unknown(Reason.BUNDLE_SUBJECT)


def test_mandate_is_never_a_mere_record() -> None:
    dressed = bundle.encode(replace(bundle.decode(granted().file), kind="record"))
    assert answer(four().verify(dressed)) == unknown(Reason.BUNDLE_SUBJECT)
    world = four()
    again = bundle.build_record(world.view, granted().mandate, world.now)
    assert bundle.decode(again).kind == "mandate"


# --- acts ---------------------------------------------------------------------------------------


def test_act_beyond_its_instruction_is_void() -> None:
    report = four().verify(granted().act("no"))
    assert answer(report) == void(Reason.INSTRUCTION)
    assert (report.kind, report.motion, report.value) == ("act", four().motion, "no")


def test_act_of_a_kind_that_was_not_granted_is_void() -> None:
    report = four().verify(granted().act("yes", kind="payment"))
    assert answer(report) == void(Reason.MANDATE_SCOPE)


def test_act_on_another_motion_refers_back() -> None:
    payload = bundle.draft_act(
        granted().file, motion=RecordId(bytes(32)), kind="vote", value="yes", now=four().now
    )
    file = bundle.build_act(granted().file, sign(four(), payload, granted().delegate))
    assert answer(four().verify(file)) == void(Reason.REFER_BACK)


def test_act_within_its_mandate_but_without_receipts_is_unknown() -> None:
    assert answer(four().verify(granted().act("yes"))) == unknown(Reason.RECEIPTS_MISSING)


def test_act_by_another_key_makes_no_file() -> None:
    payload = bundle.draft_act(
        granted().file, motion=four().motion, kind="vote", value="yes", now=four().now
    )
    with pytest.raises(VerificationError) as caught:
        bundle.build_act(granted().file, sign(four(), payload, four().nodes[0].node_key))
    assert caught.value.reason is Reason.MANDATE_DELEGATE


def test_act_on_a_stale_head_is_void() -> None:
    old = granted().act("yes", at=four().now + 8 * 86_400)
    assert answer(four().verify(old)) == void(Reason.ACT_STALE)


def test_act_after_the_mandate_ended_is_void() -> None:
    late = granted().act("yes", at=four().now + YEAR_S)
    assert answer(four().verify(late)) == void(Reason.MANDATE_ENDED)


def test_act_in_the_log_with_receipts_is_valid() -> None:
    mandated = grant(make_world(4, "double"))
    world, node = mandated.world, mandated.world.nodes[0]
    acts: list[RecordId] = []
    for _ in range(2):
        draft = world.sim.desk(node).act(mandated.mandate, world.motion, "vote", "yes")
        acts.append(world.sim.submit_signed(node, draft, [mandated.delegate]))
        world.sim.run(4)
    file = bundle.build_act_from_view(world.view, acts[1], world.now)
    report = world.verify(file)
    assert answer(report) == (Outcome.VALID, None)
    assert report.id == acts[1]
    assert len(report.receipts) >= 2
    recall = world.sim.submit(node, world.sim.desk(node).recall(mandated.mandate))
    world.sim.run(2)
    after = bundle.build_record(world.view, recall, world.now)
    assert world.verify(file, after).ok, "a recall does not reach back"
    without_first = keep(drop_proofs(file, acts[0]), lambda one: one.id != acts[0])
    assert answer(world.verify(without_first)) == unknown(Reason.ACT_NUMBER)
    first_file = bundle.build_act_from_view(world.view, acts[0], world.now)
    assert world.verify(without_first, first_file).ok
    no_compact = keep(file, lambda one: one.kind != "compact")
    assert answer(world.verify(no_compact)) == unknown(Reason.COMPACT_UNKNOWN)


def drop_proofs(file: bytes, of: RecordId) -> bytes:
    parsed = bundle.decode(file)
    return bundle.encode(replace(parsed, proofs=tuple(p for p in parsed.proofs if p.record != of)))


def test_act_after_the_recall_is_void() -> None:
    mandated = grant(make_world(2, "majority"))
    world, node = mandated.world, mandated.world.nodes[0]
    draft = world.sim.desk(node).act(mandated.mandate, world.motion, "vote", "yes")
    recall = world.sim.submit(node, world.sim.desk(node).recall(mandated.mandate))
    world.sim.run(3)
    recalled = bundle.build_record(world.view, recall, world.now)
    late = replace(world.sim.desk(node), now=world.now)
    assert late.now > world.view.records[recall].record.time
    value = codec.decode(draft.payload)
    payload = codec.encode({**value, "time": world.now})
    file = bundle.build_act(mandated.file, sign(world, payload, mandated.delegate))
    assert world.verify(file, recalled).verdict is not Outcome.VALID


def test_act_that_needs_ratification_says_so() -> None:
    mandated = grant(make_world(2, "majority"), "ratify")
    world, node = mandated.world, mandated.world.nodes[0]
    draft = world.sim.desk(node).act(mandated.mandate, world.motion, "vote", "yes")
    act = world.sim.submit_signed(node, draft, [mandated.delegate])
    world.sim.run(3)
    report = world.verify(bundle.build_act_from_view(world.view, act, world.now))
    assert answer(report) == (Outcome.NEEDS_RATIFICATION, Reason.RATIFY)
