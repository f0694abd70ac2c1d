"""What others may make a node keep and compute: by origin, link, in all, in a while (QUO)."""

import random
import time
from typing import Final

from confedproto import effects as fx
from confedproto import record, wire
from confedproto.bodies.statement import Statement
from confedproto.chains import Log
from confedproto.drafts import Draft
from confedproto.errors import Reason
from confedproto.ids import CouncilId, Hash, LogId, PublicKey
from confedproto.limits import ASK_BURST, ASK_RATE, LOGS_PER_LINK_MAX
from confedproto.log import Head
from confedproto.quotas import Bucket, Ledger, Quotas, cost_of
from confedproto.testing import SimNode, Simulator
from tests.support.councils import START
from tests.support.rigs import Chapter, rig, stranger

OWN, A, B = CouncilId(b"O" * 32), CouncilId(b"A" * 32), CouncilId(b"B" * 32)
LOG: Final = LogId(b"L" * 32)
SMALL: Final = Quotas(total=1_280_000)
"""40,000 of reserve; 160,000 bytes of one council, 320,000 through one link."""


def test_origin_is_bounded_and_the_reserve_is_for_our_own_log() -> None:
    ledger = Ledger(OWN, Quotas(total=3_200))
    ledger.follow(LOG, A)
    assert ledger.admits(A, A, 400)
    assert not ledger.admits(A, A, 401)
    for number in range(8):
        other = CouncilId(bytes([number]) * 32)
        if ledger.admits(other, None, 400):
            ledger.note(LogId(other), other, 400)
    assert ledger.held <= 3_100
    assert not ledger.admits(B, None, 301)
    assert ledger.admits(OWN, None, 10**12)


def test_link_answers_for_all_that_it_introduced() -> None:
    ledger = Ledger(OWN, Quotas(total=3_200))
    for number in range(4):
        council, log = CouncilId(bytes([number]) * 32), LogId(bytes([number]) * 32)
        ledger.follow(log, B)
        if ledger.admits(council, ledger.via(log, B), 300):
            ledger.note(log, council, 300)
    assert ledger.links[B] == 600  # the third and the fourth found no room
    assert ledger.admits(A, None, 300), "what others introduced has room"


def test_logs_of_one_link_are_counted_over_all_its_connections() -> None:
    made = rig(1)
    ledger = made.node.engine.ledger
    for number in range(LOGS_PER_LINK_MAX):
        ledger.follow(LogId(number.to_bytes(32, "big")), made.peers[0].council)
    for link in (1, 2):
        made.open(link, made.peers[0])
        made.announce(link, Chapter.of(stranger()))
        assert made.pulls() == []
        assert made.refused() == [Reason.QUOTA]


def publish(sim: Simulator, node: SimNode, count: int, size: int) -> None:
    for number in range(count):
        payload = record.build_payload(
            kind="statement",
            council=node.council,
            charter=1,
            time=sim.now_s,
            body=Statement(text=f"{number} " + "x" * size),
        )
        sim.submit(node, Draft(payload=payload))
        sim.run(0.05)


def test_council_that_publishes_without_end_fills_its_share_alone() -> None:
    sim = Simulator(5)
    loud, quiet, small = (sim.add_council(name) for name in ("loud", "quiet", "small"))
    small.quotas = SMALL
    sim.load(small)
    sim.link(loud, small)
    sim.link(quiet, small)
    sim.run(2)
    publish(sim, loud, 150, 1_900)  # 300,000 bytes
    publish(sim, quiet, 20, 1_900)
    sim.run(40)
    kept = {
        log: sum(len(e) + len(p or b"") for e, p, _ in rows) for log, rows in small.disk.items()
    }
    assert 50_000 < kept[loud.engine.own] <= SMALL.origin
    held = small.engine.view.logs
    assert held[quiet.engine.own].tree.size == quiet.engine.view.logs[quiet.engine.own].tree.size
    assert small.engine.ledger.full() == [loud.council]
    assert [one.reason for one in small.refused] == [Reason.QUOTA]  # said once, not for ever
    before = small.engine.view.logs[small.engine.own].tree.size
    publish(sim, small, 3, 1_900)
    assert small.engine.view.logs[small.engine.own].tree.size == before + 3
    sim.kill(small)
    sim.restart(small)
    sim.run(40)
    assert sum(len(e) for e, _, _ in small.disk[loud.engine.own]) <= SMALL.origin
    assert sim.nodes[0].up


def test_cost_of_a_run_is_what_the_disk_holds() -> None:
    assert cost_of(((b"x" * 100,), (b"x" * 10, b"y" * 5), b"h" * 32)) == 164 + 79 + 96


# --- what a link may ask for --------------------------------------------------------------------


def test_bucket_is_full_at_first_and_fills_again() -> None:
    bucket = Bucket()
    assert bucket.pay(ASK_BURST, 1_000)
    assert not bucket.pay(1, 1_000)
    assert not bucket.pay(ASK_RATE + 1, 2_000)
    assert bucket.pay(ASK_RATE, 2_000)
    assert not bucket.pay(1, 1_500), "a clock that goes back gives nothing"
    assert bucket.pay(ASK_BURST, 10_000_000)


def test_link_that_asks_without_end_is_ended_before_it_costs_much() -> None:
    rng = random.Random(3)
    made = rig(1)
    for number in range(1_000):
        log, root = LogId(rng.randbytes(32)), Hash(rng.randbytes(32))
        head = Head(log=log, size=number + 1, root=root, time=START, envelope=b"")
        entry = Log(id=log, council=CouncilId(log), key=PublicKey(log), head=head)
        made.node.engine.view.logs[log] = entry
        made.node.engine._comparer.put(head)
    made.open(1, made.peers[0])
    whole = wire.Ranges(ranges=(wire.Range(prefix=b"", prints=b""),))
    deep = tuple(wire.Range(prefix=bytes((n,)), prints=bytes(128)) for n in range(16))
    asks = [whole, wire.Ranges(ranges=deep), wire.AskHead(log=made.node.engine.own, size=1)]
    before, asked = time.process_time(), 0
    while not made.closed():
        made.now += 1
        made.say(1, rng.choice(asks))
        asked += 1
        assert asked < 20_000
    assert made.closed() == [(1, Reason.QUOTA)]
    assert time.process_time() - before < 10  # a bound that a loop without end would miss
    assert not any(isinstance(one, fx.Send) for one in made.out)


def test_live_stream_of_fifty_records_a_second_never_empties_a_bucket() -> None:
    made = rig(1)
    made.open(1, made.peers[0])
    own = made.node.engine.own
    for _ in range(50 * 600):
        made.now += 20
        made.say(1, wire.Pull(log=own, start=0))
        assert not made.closed()
