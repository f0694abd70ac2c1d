"""Goal 7: whole nodes in virtual time, and two sets of 100,000 heads that differ in 100."""

import random
import time
from dataclasses import replace

from confedproto import wire
from confedproto.comparing import Comparer
from confedproto.ids import CouncilId, Hash, LogId, TransportKey
from confedproto.log import Head
from confedproto.session import Session, State
from tools import topology
from tools.bench.figures import Figure

HEADS = 100_000
CHANGED = 100


def run(quick: bool) -> list[Figure]:
    """The figures."""
    count = 200 if quick else 1_000
    found = topology.spread("small-world", count, records=20, silent=0.2)
    return [
        Figure(
            what=f"simulation of {count} nodes, 20 records, 2 quiet minutes: times real time",
            value=found.factor,
            unit="x",
            goal=10,
            least=True,
            number="7",
        ),
        Figure(what="copies of a body per node", value=found.copies, unit="", goal=1.1, number="6"),
        Figure(what="an idle link, both ways", value=found.idle_bytes, unit="B/s"),
        Figure(what="healed after a partition", value=found.healed_s, unit="s"),
        *_reconciled(),
    ]


def _reconciled() -> list[Figure]:
    rng = random.Random(1)
    ours, theirs = Comparer(), Comparer()
    for comparer, now in ((ours, 1), (theirs, 2)):
        comparer.begin(now)
    pairs: list[tuple[Head, Head]] = []
    for number in range(HEADS):
        head = Head(
            log=LogId(rng.randbytes(32)), size=5, root=Hash(rng.randbytes(32)), time=0, envelope=b""
        )
        changed = number % (HEADS // CHANGED) == 0
        pairs.append((head, replace(head, size=5 + changed)))
    begun = time.process_time()
    for one_head, other_head in pairs:
        ours.put(one_head)
        theirs.put(other_head)
    built = time.process_time() - begun
    begun = time.process_time()
    one, other = CouncilId(b"1" * 32), CouncilId(b"2" * 32)
    at = [
        Session(
            link=1,
            remote=TransportKey(bytes(32)),
            initiator=first,
            state=State.OPEN,
            council=peer,
            salt=b"salt",
        )
        for first, peer in ((True, other), (False, one))
    ]
    said = ours.on_hello(at[0], other, theirs.hello(one, None))
    size, trips, todo = 0, 0, said.messages
    named = set(said.logs)
    while todo:
        size += sum(len(wire.encode(message)) for message in todo)
        here, there = (theirs, at[1]) if trips % 2 == 0 else (ours, at[0])
        trips += 1
        answers = [here.on_ranges(there, m) for m in todo if isinstance(m, wire.Ranges)]
        named.update(log for words in answers for log in words.logs)
        todo = [message for words in answers for message in words.messages]
    spent = time.process_time() - begun
    return [
        Figure(what=f"two sets of {HEADS} heads: built, CPU", value=built, unit="s"),
        Figure(
            what=f"{CHANGED} differences found, CPU",
            value=built + spent,
            unit="s",
            goal=2,
            number="7",
        ),
        Figure(what="of it the exchange itself", value=spent, unit="s"),
        Figure(what="bytes of fingerprints", value=size, unit="B"),
        Figure(what="messages, turn about", value=trips, unit=""),
    ]
