"""A hostile linked peer against one engine: what it sends must not cost more than it is worth."""

import random
import time
from typing import Final

import msgspec
import pytest

from confedproto import effects as fx
from confedproto import inputs, wire
from confedproto.bodies.second import Second
from confedproto.comparing import Comparer
from confedproto.errors import Reason, RemoteProtocolError, VerificationError
from confedproto.ids import CouncilId, Hash, LogId, TransportKey
from confedproto.limits import LOGS_PER_LINK_MAX, PATIENCE_MIN_MS, RANGES_PER_MESSAGE
from confedproto.log import Head
from confedproto.session import Session, State
from tests.support.councils import START
from tests.support.rigs import Chapter, Rig, rig, stranger

RUN_KINDS: Final = 7


# --- heads set back -----------------------------------------------------------------------------


def learned(made: Rig, chapter: Chapter) -> None:
    made.open(1, made.peers[0])
    made.open(2, made.peers[1])
    made.announce(1, chapter)


def test_longer_log_under_a_head_of_an_earlier_time_is_refused_and_the_link_lives() -> None:
    made, chapter = rig(2), Chapter.of(stranger(extra=8))
    early = Chapter(chapter.author, chapter.leaves[:5])
    learned(made, early)
    made.run(1, early.run(head=early.head(time=START + 10)))
    assert made.held(chapter.author) == 5
    made.announce(2, chapter)
    made.now += PATIENCE_MIN_MS  # link 1, from which the log came, may send it ahead (LIV-7)
    made.give(inputs.Tick())
    made.run(2, chapter.run(5, head=chapter.head(time=START + 9)))
    assert made.refused() == [Reason.HEAD_TIME]
    assert made.closed() == []  # the carrier is not the one who set it back
    assert made.stored() == 0
    assert made.held(chapter.author) == 5
    made.announce(1, chapter)
    made.run(1, chapter.run(5, head=chapter.head(time=START + 10)))
    assert made.held(chapter.author) == len(chapter.leaves)


# --- ranges -------------------------------------------------------------------------------------


def comparer(logs: int) -> tuple[Comparer, Session]:
    out, rng = Comparer(), random.Random(5)
    out.begin(1)
    for number in range(logs):
        log, root = LogId(rng.randbytes(32)), Hash(rng.randbytes(32))
        out.put(Head(log=log, size=number + 1, root=root, time=START, envelope=b""))
    return out, Session(
        link=1,
        remote=TransportKey(bytes(32)),
        initiator=False,
        state=State.OPEN,
        council=CouncilId(bytes(32)),
        salt=bytes(32),
    )


@pytest.mark.parametrize("prints", [b"", bytes(128)], ids=["heads", "prints"])
def test_message_that_asks_for_the_same_heads_again_ends_the_link(prints: bytes) -> None:
    # 1,300 bytes that took four seconds to answer, and named a million logs.
    made, session = comparer(LOGS_PER_LINK_MAX)
    again = (wire.Range(prefix=b"", prints=prints),) * RANGES_PER_MESSAGE
    inside = tuple(wire.Range(prefix=bytes(n), prints=prints) for n in range(4))
    before = time.process_time()
    for ranges in (again, inside, inside[::-1]):
        with pytest.raises(RemoteProtocolError) as caught:
            made.on_ranges(session, wire.Ranges(ranges=ranges))
        assert caught.value.reason is Reason.MESSAGE_FORM
    assert time.process_time() - before < 0.5


def test_ranges_of_one_message_never_name_a_log_twice() -> None:
    made, session = comparer(500)
    ranges = tuple(wire.Range(prefix=bytes((n,)), prints=b"") for n in range(16))
    words = made.on_ranges(session, wire.Ranges(ranges=ranges))
    assert len(words.logs) == len(set(words.logs)) == 500


# --- anything at all ----------------------------------------------------------------------------


def hostile(rng: random.Random, made: Rig, chapters: list[Chapter]) -> wire.Message:
    """A message of any type about logs that exist, do not, are forked, or are the node's own."""
    chapter = rng.choice(chapters)
    own = made.node.engine.own
    log = rng.choice([chapter.author.log, chapter.author.log, own, rng.randbytes(32)])
    size = rng.choice([1, 2, 5, len(chapter.leaves), 2**20, 2**40])
    match rng.randrange(RUN_KINDS):
        case 0:
            heads = [wire.AnnouncedHead(log=log, size=size, root=rng.randbytes(8))]
            heads += [c.announced for c in chapters]
            return wire.Heads(heads=tuple(heads))
        case 1:
            return wire.Pull(log=log, start=size - 1)
        case 2:
            return wire.AskHead(log=log, size=size)
        case 3:
            told = rng.choice([None, chapter.head().envelope, rng.randbytes(90)])
            return wire.HeadTold(log=log, size=size, head=told, root=rng.randbytes(32))
        case 4:
            prefix = bytes(rng.randrange(17) for _ in range(rng.randrange(5)))
            item = wire.Range(prefix=prefix, prints=rng.choice([b"", rng.randbytes(128)]))
            return wire.Ranges(ranges=(item,))
        case 5:
            return rng.choice(
                [wire.Hello(digest=rng.randbytes(16)), wire.DigestNow(digest=rng.randbytes(16))]
            )
        case _:
            start = rng.randrange(len(chapter.leaves))
            end = rng.randrange(start + 1, len(chapter.leaves) + 1)
            run = chapter.run(start, end, head=chapter.head(time=START + rng.randrange(3)))
            return msgspec.structs.replace(run, log=log) if rng.random() < 0.2 else run


@pytest.mark.parametrize("seed", range(8))
def test_any_messages_in_any_order_leave_the_engine_alive(seed: int) -> None:
    rng, made = random.Random(seed), rig(3)
    chapters = [Chapter.of(one) for one in (*made.peers, stranger(50), stranger(51))]
    forked = stranger(50, extra=3)
    forked.add(Second(), subject=bytes([9]) * 32)
    chapters.append(Chapter.of(forked))
    council, size = made.node.council, made.node.engine.view.logs[made.node.engine.own].tree.size
    for step in range(120):
        link = step
        sessions = list(made.node.engine.sessions)
        if sessions and rng.random() < 0.97:
            link = rng.choice(sessions)
        else:
            made.open(link, rng.choice(made.peers))
        made.now += rng.choice([0, 100, 5_000, 31_000])
        message = hostile(rng, made, chapters)
        if isinstance(message, wire.Run):
            try:
                made.run(link, message)
            except VerificationError:
                continue  # a part that the carrier spoiled: the driver ends the link
        else:
            made.say(link, message)
        for effect in [*made.out, *made.give(inputs.Tick())]:
            if isinstance(effect, fx.Send):
                wire.encode(effect.message)
    view = made.node.engine.view
    assert view.logs[made.node.engine.own].tree.size >= size
    assert view.authorities[council].node is not None
    assert len(view.logs) <= LOGS_PER_LINK_MAX
