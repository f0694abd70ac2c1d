"""Offline proof: files from simulated nodes, every verdict, and every way to tamper with them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from confedproto import bundle, codec, merkle, record
from confedproto.bodies.charter import Charter
from confedproto.bodies.position import Position
from confedproto.bodies.recall import Recall
from confedproto.bundle import Bundle, Entry, Report
from confedproto.bundle.build import RECEIPTS
from confedproto.bundle.container import Proof
from confedproto.errors import DecodeError, LocalProtocolError, Reason, VerificationError
from confedproto.ids import CouncilId, Hash, RecordId
from confedproto.keys import SigningKey
from confedproto.limits import BUNDLE_MAX_BYTES
from confedproto.log import sign_head
from confedproto.rules.mandate import Outcome
from confedproto.testing import SimNode, Simulator, seeded_key
from tests.support.worlds import (
    World,
    decide,
    decided,
    found_compact,
    four,
    grant,
    granted,
    make_world,
    propose,
    recall_file,
    sign,
)

YEAR_S = 366 * 86_400


# --- taking files apart -------------------------------------------------------------------------


def opened(file: bytes) -> list[tuple[record.VerifiedRecord, Entry]]:
    parsed = bundle.decode(file)
    return list(zip(bundle.records_of(parsed).values(), parsed.entries, strict=True))


def keep(file: bytes, wanted: Callable[[record.VerifiedRecord], bool]) -> bytes:
    """The file with only the records that are wanted."""
    entries = tuple(entry for one, entry in opened(file) if wanted(one))
    return bundle.encode(replace(bundle.decode(file), entries=entries))


def without(file: bytes, gone: RecordId) -> bytes:
    """The file without one record."""
    return keep(file, lambda one: one.id != gone)


def with_entries(file: bytes, *more: Entry) -> bytes:
    parsed = bundle.decode(file)
    return bundle.encode(replace(parsed, entries=(*parsed.entries, *more)))


def swap(file: bytes, old: RecordId, new: bytes, part: bytes | None = None) -> bytes:
    """The file with another envelope in place of a record."""
    entries = [entry for one, entry in opened(file) if one.id != old]
    entries.append(Entry(envelope=new, part=part))
    return bundle.encode(replace(bundle.decode(file), entries=tuple(entries)))


def first(file: bytes, kind: str) -> record.VerifiedRecord:
    return next(one for one, _ in opened(file) if one.kind == kind)


def answer(report: Report) -> tuple[Outcome, Reason | None]:
    assert report.ok == (report.verdict is Outcome.VALID) == (report.reason is None)
    return report.verdict, report.reason


def unknown(reason: Reason) -> tuple[Outcome, Reason]:
    return Outcome.UNKNOWN, reason


def void(reason: Reason) -> tuple[Outcome, Reason]:
    return Outcome.VOID, reason


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


# --- certificates -------------------------------------------------------------------------------


@pytest.mark.parametrize(("councils", "rule"), [(2, "majority"), (4, "double")])
def test_certificate_is_recounted(councils: int, rule: str) -> None:
    world, file = decided(councils, rule)
    report = world.verify(file)
    assert answer(report) == (Outcome.VALID, None)
    status = world.view.motion_status(world.motion, world.now)
    assert not isinstance(status, Reason)
    assert status.tally is not None
    decision = report.decision
    assert decision is not None
    assert decision.accepted == status.tally.accepted
    assert (decision.people_yes, decision.people_no) == (
        status.tally.people_yes,
        status.tally.people_no,
    )
    assert (decision.units_yes, decision.units_no) == (
        status.tally.units_yes,
        status.tally.units_no,
    )
    assert decision.signers >= decision.needed == (3 if councils == 4 else 2)
    assert (decision.councils, decision.rule) == (councils, rule)
    assert (report.motion, report.title) == (world.motion, "A common mill")


def test_certificate_is_pinned_by_any_of_its_councils() -> None:
    world, file = decided(4, "double")
    assert world.verify(file, trust=[world.nodes[3].council]).pinned
    report = world.verify(file, trust=[CouncilId(bytes(32))])
    assert answer(report) == unknown(Reason.NOT_TRUSTED)


def test_certificate_with_a_changed_tally_is_refused() -> None:
    world, file = decided(4, "double")
    position = first(file, "position")
    payload, signatures = record.split_envelope(position.envelope)
    value = codec.decode(payload)
    value["body"]["yes"] += 1
    forged = record.assemble(codec.encode(value), signatures)
    report = world.verify(swap(file, position.id, forged))
    assert answer(report) == unknown(Reason.SIG_INVALID)


def test_certificate_with_a_position_signed_anew_is_refused() -> None:
    """Even the council itself cannot change what was counted."""
    world, file = decided(4, "double")
    position = first(file, "position")
    value = codec.decode(position.payload)
    value["body"]["yes"] += 1
    author = next(node for node in world.nodes if node.council == position.council)
    forged = sign(world, codec.encode(value), *author.keyholders[:2])
    report = world.verify(swap(file, position.id, forged))
    assert answer(report) == unknown(Reason.BUNDLE_MISSING)


def test_certificate_below_its_quorum_of_locks_is_refused() -> None:
    world, file = decided(4, "double")
    locks = [one.id for one, _ in opened(file) if one.kind == "lock"]
    enough = keep(file, lambda one: one.kind != "lock" or one.id in locks[:3])
    assert world.verify(enough).ok
    cut = keep(file, lambda one: one.kind != "lock" or one.id in locks[:2])
    assert answer(world.verify(cut)) == unknown(Reason.LOCKS_MISSING)


def test_certificate_with_another_compact_is_refused() -> None:
    world = make_world(2, "majority")
    other = found_compact(world.sim, world.nodes, "Hill", "double")
    world.sim.run(1)
    file = decide(world, world.nodes)
    envelope = world.view.records[other].record.envelope
    report = world.verify(swap(file, world.compact, envelope))
    assert answer(report) == unknown(Reason.COMPACT_MISMATCH)
    report = world.verify(with_entries(file, Entry(envelope=envelope)))
    assert report.ok, "a second compact beside the true one changes nothing"


def test_certificate_with_another_motions_freeze_is_refused() -> None:
    world = make_world(2, "majority")
    sim, node = world.sim, world.nodes[0]
    other = propose(sim, node, world.compact, "A common bakery")
    freeze = sim.submit(node, sim.desk(node).freeze(other))
    file = decide(world, world.nodes)
    envelope = world.view.records[freeze].record.envelope
    report = world.verify(swap(file, first(file, "freeze").id, envelope))
    assert answer(report) == unknown(Reason.FREEZE_MISMATCH)


def test_certificate_with_locks_of_strangers_is_refused() -> None:
    """A council outside C, with a charter and node of its own, lends its lock."""
    world, file = decided(2, "majority")
    lock = first(file, "lock")
    stranger = Simulator(99).add_council("Stranger", 3, 2)
    value = codec.decode(lock.payload)
    forged = sign(world, codec.encode({**value, "council": stranger.council}), stranger.node_key)
    chain = [Entry(envelope=e) for e, _, _ in next(iter(stranger.disk.values()))]
    cut = swap(file, lock.id, forged)
    report = world.verify(with_entries(cut, *chain))
    assert answer(report) == unknown(Reason.LOCKS_MISSING)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("charter", Reason.BUNDLE_MISSING),
        ("node", Reason.NODE_KEY),
        ("compact", Reason.BUNDLE_MISSING),
        ("second", Reason.BUNDLE_MISSING),
        ("freeze", Reason.BUNDLE_MISSING),
        ("position", Reason.BUNDLE_MISSING),
        ("vote", Reason.BUNDLE_MISSING),
        ("motion", Reason.BUNDLE_MISSING),
        ("lock", Reason.LOCKS_MISSING),
    ],
)
def test_certificate_without_a_kind_of_record_is_refused(kind: str, reason: Reason) -> None:
    world, file = decided(4, "double")
    cut = keep(file, lambda one: one.kind != kind)
    assert answer(world.verify(cut)) == unknown(reason)


def test_certificate_without_one_position_or_one_charter_is_refused() -> None:
    world, file = decided(4, "double")
    for kind in ("position", "charter"):
        gone = [one.id for one, _ in opened(file) if one.kind == kind][-1]
        cut = without(file, gone)
        assert answer(world.verify(cut)) == unknown(Reason.BUNDLE_MISSING)


def test_certificate_with_a_vote_that_miscounts_is_refused() -> None:
    """A node key cannot invent a result: the list must give it."""
    world, file = decided(2, "majority")
    vote = first(file, "vote")
    author = next(node for node in world.nodes if node.council == vote.council)
    value = codec.decode(vote.payload)
    value["body"]["outcome"] = "adopted"
    assert codec.decode(vote.payload)["body"]["outcome"] == "rejected"
    forged = swap(file, vote.id, sign(world, codec.encode(value), author.node_key))
    for lock in [one for one, _ in opened(file) if one.kind == "lock"]:
        node = next(node for node in world.nodes if node.council == lock.council)
        payload = codec.decode(lock.payload)
        payload["body"]["outcome"] = "adopted"
        forged = swap(forged, lock.id, sign(world, codec.encode(payload), node.node_key))
    assert answer(world.verify(forged)) == unknown(Reason.VOTE_LIST)


def test_certificate_with_a_position_nobody_counted_is_refused() -> None:
    world, file = decided(4, "double")
    position = first(file, "position")
    assert isinstance(position.body, Position)
    author = next(node for node in world.nodes if node.council == position.council)
    value = codec.decode(position.payload)
    value["body"]["number"] += 1
    extra = Entry(envelope=sign(world, codec.encode(value), *author.keyholders[:2]))
    assert answer(world.verify(with_entries(file, extra))) == unknown(Reason.VOTE_LIST)


def test_certificate_shows_who_acceded_and_through_whom() -> None:
    world = make_world(3, "majority")
    sim = world.sim
    late = sim.add_council("Newcomer", 3, 2)
    sim.link(world.nodes[1], late)
    sim.run(2)
    sim.submit(late, sim.desk(late).accession(world.compact, 1))
    sim.run(2)
    file = decide(world, [*world.nodes, late])
    report = world.verify(file)
    assert report.ok
    assert report.decision is not None
    assert report.decision.councils == 4
    links = [one.id for one, _ in opened(file) if one.kind == "link"]
    assert len(links) == 2, "one invitation and its answer"
    cut = without(file, links[0])
    assert answer(world.verify(cut)) == unknown(Reason.FREEZE_ROLL)
    cut = keep(file, lambda one: one.kind != "accession")
    assert answer(world.verify(cut)) == unknown(Reason.BUNDLE_MISSING)


def test_certificate_is_not_made_before_there_is_one() -> None:
    with pytest.raises(LocalProtocolError) as caught:
        bundle.build_certificate(four().view, four().motion, four().now)
    assert caught.value.reason is Reason.LOCKS_MISSING


# --- the container ------------------------------------------------------------------------------


def test_container_round_trip_is_exact() -> None:
    for file in (granted().file, recall_file(), decided(4, "double")[1], granted().act("no")):
        assert bundle.encode(bundle.decode(file)) == file


def test_container_order_of_entries_does_not_matter() -> None:
    parsed = bundle.decode(granted().file)
    turned: Bundle = replace(
        parsed,
        entries=parsed.entries[::-1],
        proofs=parsed.proofs[::-1],
        receipts=parsed.receipts[::-1],
    )
    assert bundle.encode(turned) == granted().file


def test_mandate_cut_short_anywhere_is_refused() -> None:
    file = granted().file
    for length in range(len(file)):
        with pytest.raises(DecodeError) as caught:
            bundle.verify([file[:length]], [], 0)
        wanted = Reason.ENC_TRUNCATED if length else Reason.ENC_EMPTY
        assert caught.value.reason is wanted, length


def test_bytes_that_are_no_file_are_refused_by_name() -> None:
    file = granted().file
    for data, reason in [
        (b"hello", Reason.BUNDLE_MAGIC),
        (b"\x93\xa6Confed\x01" + file[9:], Reason.BUNDLE_MAGIC),
        (file[:8] + b"\x02" + file[9:], Reason.BUNDLE_VERSION),
        (file + b"\x00", Reason.ENC_TRAILING),
        (codec.encode(["confed", 1]), Reason.BUNDLE_MAGIC),
        (codec.encode(["confed", 1, 5]), Reason.BUNDLE_FORM),
        (codec.encode(["confed", 1, {"kind": "mandate"}]), Reason.BUNDLE_FORM),
        (file[:9] + b"\xc0", Reason.ENC_NIL),
        (bytes(BUNDLE_MAX_BYTES + 1), Reason.ENC_SIZE),
    ]:
        with pytest.raises(DecodeError) as caught:
            four().verify(data)
        assert caught.value.reason is reason


@pytest.mark.parametrize("twist", ["signer", "order", "hash", "unused", "page"])
def test_second_form_of_the_same_file_is_refused(twist: str) -> None:
    value = codec.decode(granted().file)
    body = value[2]
    rows = body["records"][0]
    if twist == "signer":  # a key in full where a number would do
        signed = next(row for row in rows if row[1])
        signed[1][0][0] = codec.decode(rows[0][0])["body"]["keys"][0]
    elif twist == "order":
        rows.append(rows.pop(0))
    elif twist == "hash":
        body["hashes"] += body["hashes"][:32]
        body["proofs"][0][3][0] = len(body["hashes"]) // 32 - 1
    elif twist == "unused":
        body["hashes"] += bytes(32)
    else:
        body["records"] = [rows[:3], rows[3:]]
    with pytest.raises(DecodeError):
        four().verify(codec.encode(value))


@pytest.mark.parametrize("mask", [0x01, 0x80])
def test_mandate_with_any_byte_changed_is_never_valid(mask: int) -> None:
    file, world = granted().file, four()
    for at in range(len(file)):
        changed = bytearray(file)
        changed[at] ^= mask
        try:
            report = world.verify(bytes(changed))
        except DecodeError:
            continue
        assert report.verdict is Outcome.UNKNOWN, f"byte {at} of {len(file)}"


def test_verify_without_a_file_is_the_callers_error() -> None:
    with pytest.raises(LocalProtocolError):
        bundle.verify([], [], 0)


# --- files that contradict each other ---------------------------------------------------------


def test_forked_council_is_seen_when_two_files_meet() -> None:
    """The node key signs another log of the same size, and another file shows it."""
    mandated = grant(make_world(2, "majority"))
    world, node = mandated.world, mandated.world.nodes[0]
    parsed = bundle.decode(mandated.file)
    mandate = first(mandated.file, "mandate")
    value = codec.decode(mandate.payload)
    payload = codec.encode({**value, "time": value["time"] + 1})
    other = sign(world, payload, *node.keyholders[:2])
    new = record.open(parsed.network, other).id
    log = world.view.logs[world.view.log_of[node.council]]
    tree = merkle.Tree()
    for index, leaf in enumerate(log.leaves):
        is_it = isinstance(leaf, record.VerifiedRecord) and leaf.id == mandate.id
        tree.append(merkle.leaf_hash(other) if is_it else log.tree.leaf(index))
    assert parsed.head is not None
    size = parsed.head.size
    index = world.view.records[mandate.id].index
    head = sign_head(
        parsed.network,
        node.node_key,
        log=log.id,
        size=size,
        root=tree.root_at(size),
        time=parsed.head.time,
    )
    entries = [e for one, e in opened(mandated.file) if one.id != mandate.id]
    forged = replace(
        parsed,
        subject=new,
        receipts=(),
        entries=(*entries, Entry(envelope=other)),
        head=replace(parsed.head, signature=codec.decode(head.envelope)[1]),
        proofs=(
            Proof(record=new, index=index, size=size, path=tuple(tree.inclusion(index, size))),
        ),
    )
    lie = bundle.encode(forged)
    assert world.verify(lie).ok
    assert answer(world.verify(mandated.file, lie)) == unknown(Reason.LOG_FORK)
