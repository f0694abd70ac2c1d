"""Files of certificates: what the record of a decision has to hold."""

import pytest

from confedproto import bundle, codec, record
from confedproto.bodies.position import Position
from confedproto.bundle import Entry
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId
from confedproto.rules.mandate import Outcome
from confedproto.testing import Simulator
from tests.support.bundles import answer, first, keep, opened, swap, unknown, with_entries, without
from tests.support.worlds import decide, decided, found_compact, four, make_world, propose, sign


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
