"""The engine by hand: quotas, records of its own, and a start from what the disk has."""

import pytest

from confedproto import effects as fx
from confedproto import inputs, record, sync, wire
from confedproto.bodies.link import Link
from confedproto.bodies.second import Second
from confedproto.errors import Reason
from confedproto.limits import LOGS_PER_LINK_MAX
from confedproto.record import VerifiedRecord
from confedproto.testing import Simulator
from tests.support.councils import DAY, START, key
from tests.support.rigs import Chapter, Rig, rig

# --- quotas -------------------------------------------------------------------------------------


def test_heads_beyond_the_quota_are_refused_once_a_message_and_the_link_lives() -> None:
    made = rig(1)
    made.open(1, made.peers[0])
    names = [number.to_bytes(32, "big") for number in range(LOGS_PER_LINK_MAX + 512)]
    for start in range(0, len(names), 512):
        heads = tuple(
            wire.AnnouncedHead(log=name, size=1, root=bytes(8))
            for name in names[start : start + 512]
        )
        made.say(1, wire.Heads(heads=heads))
        beyond = start >= LOGS_PER_LINK_MAX
        assert made.refused() == ([Reason.QUOTA] if beyond else [])
        assert made.closed() == []
    known = made.announce(1, Chapter.of(made.peers[0]))
    assert not [one for one in known if isinstance(one, fx.Refused)]  # what it knows goes on


# --- own records --------------------------------------------------------------------------------


def submit(made: Rig, item: VerifiedRecord, token: int = 1) -> fx.Answered:
    answers = [
        one
        for one in made.give(inputs.Submit(token=token, record=item))
        if isinstance(one, fx.Answered)
    ]
    assert len(answers) == 1
    assert answers[0].token == token
    return answers[0]


def invitation(made: Rig, number: int) -> VerifiedRecord:
    draft = made.sim.desk(made.node).invite(key(number).public, START + DAY)
    signed = record.sign(made.sim.network, draft.payload, made.node.keyholders[0])
    return record.open(made.sim.network, record.assemble(draft.payload, [signed]))


def test_submit_twice_appends_once_and_answers_twice() -> None:
    made = rig(1)
    item = invitation(made, 9_000)
    first = submit(made, item, 1)
    assert made.stored() == 1
    size = made.node.engine.view.logs[made.node.engine.own].tree.size
    again = submit(made, item, 2)
    assert made.stored() == 0
    assert (first.record, first.fault) == (again.record, again.fault) == (item.id, None)
    assert made.node.engine.view.logs[made.node.engine.own].tree.size == size


def test_submit_stores_before_it_announces_and_answers() -> None:
    made = rig(1)
    made.open(1, made.peers[0])
    made.now += 1_000
    submit(made, invitation(made, 9_001))
    kinds = [type(one) for one in made.out]
    assert kinds[0] is fx.StoreLeaves
    assert kinds.index(fx.StoreLeaves) < kinds.index(fx.Send)


def test_submit_of_another_councils_record_is_refused() -> None:
    made = rig(1)
    item = made.peers[0].make(Second(), subject=bytes(32))
    assert submit(made, item).fault is Reason.COUNCIL_FOREIGN
    assert made.stored() == 0


@pytest.mark.parametrize(
    ("link", "signed_by_token", "reason"),
    [
        (Link(), True, Reason.BODY_FORM),
        (Link(invite=key(9_002).public), True, Reason.BODY_FORM),
        (Link(peer=bytes(32), invite=key(9_002).public), False, Reason.INVITATION_UNKNOWN),
        (Link(peer=bytes(32)), True, Reason.INVITATION_UNKNOWN),
    ],
)
def test_submit_of_a_link_that_would_never_count_is_refused(
    link: Link, signed_by_token: bool, reason: Reason
) -> None:
    made = rig(1)
    payload = record.build_payload(
        kind="link", council=made.node.council, charter=1, time=START, body=link
    )
    signers = [made.node.keyholders[0], *([key(9_002)] if signed_by_token else [])]
    rows = [record.sign(made.sim.network, payload, signer) for signer in signers]
    item = record.open(made.sim.network, record.assemble(payload, rows))
    assert submit(made, item).fault is reason
    assert made.stored() == 0


# --- restoring ----------------------------------------------------------------------------------


def test_engine_restored_from_its_disk_holds_the_same_state() -> None:
    sim = Simulator(3)
    a, b = sim.add_council("A"), sim.add_council("B")
    sim.link(a, b)
    sim.run(2)
    before = a.engine
    sim.kill(a)
    sim.restart(a)
    assert a.engine is not before
    assert a.engine.view.state_digest(sim.now_s) == before.view.state_digest(sim.now_s)
    assert sync.digest(a.engine.view.logs) == sync.digest(before.view.logs)
    assert a.engine.view.linked(a.council, b.council)
