"""Files of a council that has replaced its server: what stands in its older logs is proved too."""

from dataclasses import replace
from functools import cache

import pytest

from confedproto import bundle, inputs, record
from confedproto.councildrafts import CouncilDesk
from confedproto.drafts import Draft
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import RecordId
from confedproto.rules.mandate import Outcome
from confedproto.testing import SimNode
from confedproto.testing_servers import attach, new_server
from tests.support.worlds import Mandated, World, decide, grant, make_world, sign


def replace_server(world: World, who: int, helper: int = 1) -> SimNode:
    """Another server for a council of the world, by a record that another's node carries."""
    sim, old, through = world.sim, world.nodes[who], world.nodes[helper]
    for node in world.nodes:
        if node is not through and frozenset((node.name, through.name)) not in sim.wires:
            sim.link(through, node)
    sim.run(30)
    sim.kill(old)
    fresh = new_server(sim, old, f"{old.name}, new")
    desk = CouncilDesk(view=through.engine.view, council=old.council, now=sim.now_s)
    payload = desk.node(fresh.node_key.public, fresh.transport)
    sim.submit_signed(through, Draft(payload=payload), old.keyholders[:2])
    others = [node for node in world.nodes if node is not old]
    sim.run(40)
    for node in others:
        attach(sim, fresh, node)
    sim.run(60)
    world.nodes = [fresh if node is old else node for node in world.nodes]
    assert world.nodes[who].engine.own in fresh.engine.view.logs
    return fresh


@cache
def moved() -> tuple[Mandated, RecordId]:
    """A mandate of the old log, and an act under it in the new one."""
    world = make_world(4, "double")
    mandated = grant(world)
    node = replace_server(world, 0)
    act = sent(mandated, node, number=1)
    world.sim.run(10)
    return mandated, act


def sent(
    mandated: Mandated, node: SimNode, *, number: int, previous: RecordId | None = None
) -> RecordId:
    """An act under the mandate, in the log of the node."""
    world = mandated.world
    payload = bundle.draft_act(
        mandated.file,
        motion=world.motion,
        kind="vote",
        value="yes",
        now=world.now,
        number=number,
        previous=previous,
    )
    act = record.open(world.sim.network, sign(world, payload, mandated.delegate))
    world.sim.give(node, inputs.Submit(token=9_999, record=act))
    assert node.answers.pop(9_999).fault is None
    return act.id


def test_mandate_of_the_older_log_is_valid() -> None:
    mandated, _ = moved()
    world = mandated.world
    file = bundle.build_mandate(world.view, mandated.mandate, world.now)
    assert world.verify(file).verdict is Outcome.VALID
    assert world.verify(mandated.file).verdict is Outcome.VALID, "the file from before"


def test_act_of_the_newer_log_is_valid_beside_the_file_of_its_mandate() -> None:
    mandated, act = moved()
    world = mandated.world
    file = bundle.build_act_from_view(world.view, act, world.now)
    granted = bundle.build_mandate(world.view, mandated.mandate, world.now)
    assert world.verify(granted, file).verdict is Outcome.VALID
    assert world.verify(file, granted).verdict is Outcome.VALID
    assert world.verify(file).verdict is Outcome.VALID
    alone = world.verify(bundle.encode(replace(bundle.decode(file), files=())))
    assert (alone.verdict, alone.reason) == (Outcome.UNKNOWN, Reason.BUNDLE_MISSING)


def test_recall_of_the_newer_log_ends_a_mandate_of_the_older() -> None:
    world = make_world(4, "double")
    mandated = grant(world)
    node = replace_server(world, 0)
    recall = world.sim.submit(node, world.sim.desk(node).recall(mandated.mandate, "Enough."))
    world.sim.run(10)
    ended = world.verify(mandated.file, bundle.build_record(world.view, recall, world.now))
    assert ended.reason is Reason.RECALLED
    alone = world.verify(bundle.build_mandate(world.view, mandated.mandate, world.now))
    assert (alone.verdict, alone.reason) == (Outcome.VOID, Reason.RECALLED)
    assert alone.state == "recalled"


def test_act_after_one_of_the_older_log_has_a_file() -> None:
    world = make_world(4, "double")
    mandated = grant(world)
    first = sent(mandated, world.nodes[0], number=1)
    replace_server(world, 0)
    second = sent(mandated, world.nodes[0], number=2, previous=first)
    world.sim.run(10)
    file = bundle.build_act_from_view(world.view, second, world.now)
    assert world.verify(file).verdict is Outcome.VALID
    alone = bundle.decode(file)
    kept = tuple(one for one in alone.files if one.kind != "act")
    report = world.verify(bundle.encode(replace(alone, files=kept)))
    assert (report.verdict, report.reason) == (Outcome.UNKNOWN, Reason.ACT_NUMBER)


def test_record_of_the_older_log_has_a_file() -> None:
    world = moved()[0].world
    file = bundle.build_record(world.view, world.compact, world.now)
    assert world.verify(file).verdict is Outcome.VALID


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
def test_certificate_of_a_council_whose_server_was_replaced_is_valid(after: bool) -> None:
    world = make_world(4, "double")
    if not after:
        replace_server(world, 2)
    decide(world, world.nodes)
    if after:
        replace_server(world, 2)
    file = bundle.build_certificate(world.view, world.motion, world.now)
    assert world.verify(file).verdict is Outcome.VALID


def test_act_whose_mandate_is_not_known_makes_no_file() -> None:
    world = moved()[0].world
    with pytest.raises(LocalProtocolError) as caught:
        bundle.build_act_from_view(world.view, RecordId(bytes(32)), world.now)
    assert caught.value.reason is Reason.RECORD_UNKNOWN
