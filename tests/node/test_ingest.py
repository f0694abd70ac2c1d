"""Opening runs: inline, on the loop, in worker processes: one verdict, and in order."""

from collections.abc import AsyncGenerator

import pytest
import trio

from confednode import ingest, opener
from confednode.ingest import Opening
from confedproto import inputs, wire
from confedproto.bodies.statement import Statement
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import LogId
from confedproto.record import PlainLeaf, RefusedLeaf, VerifiedRecord
from tests.support.councils import NETWORK, Author


def run(count: int, *, start: int = 0, spoil: int | None = None) -> wire.Run:
    author = Author(1)
    leaves: list[tuple[bytes, ...]] = [(item.envelope,) for item in author.leaves]
    for number in range(count):
        envelope = author.make(Statement(text=f"number {number}")).envelope
        if number == spoil:
            envelope = envelope[:-1] + bytes((envelope[-1] ^ 1,))
        leaves.append((envelope,))
    return wire.Run(log=author.log, start=start, leaves=tuple(leaves), head=b"h")


def nothing(_: LogId) -> None:
    """No plain record of a log is known."""


def with_a_wrong_part(good: wire.Run) -> wire.Run:
    last = good.leaves[-1]
    assert isinstance(last, tuple)
    return wire.Run(log=good.log, start=0, leaves=(*good.leaves[:-1], (last[0], b"p")), head=b"h")


def kinds(leaves: object) -> list[str]:
    assert isinstance(leaves, list)
    return [
        leaf.kind if isinstance(leaf, VerifiedRecord) else leaf.reason
        for leaf in leaves
        if isinstance(leaf, VerifiedRecord | RefusedLeaf)
    ]


def test_leaves_packed_for_a_worker_are_unpacked_as_they_were() -> None:
    leaves = [(b"one",), (b"two", b"part"), (b"three", b"")]
    assert [
        (envelope,) if part is None else (envelope, part)
        for envelope, part in opener.unpack(opener.pack(leaves))
    ] == leaves


def test_judge_marks_what_is_alike_and_what_is_refused() -> None:
    verdict = opener.judge(NETWORK, opener.pairs(run(4, spoil=1).leaves))
    assert verdict.marks == [opener.VERIFIED, opener.VERIFIED, 2, opener.REFUSED, 2, 2]


def test_judge_of_a_part_that_is_not_the_authors_blames_the_carrier() -> None:
    third = run(1).leaves[2]
    assert isinstance(third, tuple)
    leaves = (*run(1).leaves[:2], (third[0], b"a part"))
    assert opener.judge(NETWORK, opener.pairs(leaves)).reason == Reason.PART_UNEXPECTED


@pytest.mark.parametrize("count", [0, 2])
async def test_workers_and_loop_say_the_same(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "BULK_LEAVES", 1)
    opening = Opening(NETWORK, lambda *_: True, nothing, count)
    spoilt = run(30, spoil=7)
    wanted = kinds(list(ingest.open_batch(NETWORK, spoilt)))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(opening.workers.serve)
        assert kinds(list(await opening.open(spoilt))) == wanted
        with trio.fail_after(60):
            while count and opening.workers.running < count:
                await trio.lowlevel.checkpoint()
        assert kinds(list(await opening.open(spoilt))) == wanted
        nursery.cancel_scope.cancel()


async def test_messages_stay_in_order_and_unasked_runs_are_dropped() -> None:
    opening = Opening(NETWORK, lambda _, run: run.log != bytes(32), nothing, 0)
    give, take = trio.open_memory_channel[inputs.Input](100)

    async def messages() -> AsyncGenerator[wire.Message, None]:
        for start in range(5):
            yield run(20, start=start)
            yield wire.Pull(log=bytes(32), start=start)
            await trio.lowlevel.checkpoint()
        yield wire.Run(log=bytes(32), start=0, leaves=((b"x",),), head=b"h")

    assert await opening.forward(1, messages(), give) == []
    seen: list[tuple[str, int]] = []
    for _ in range(take.statistics().current_buffer_used):
        event = take.receive_nowait()
        if isinstance(event, inputs.RunOpened):
            seen.append(("run", event.run.start))
        elif isinstance(event, inputs.Received) and isinstance(event.message, wire.Pull):
            seen.append(("pull", event.message.start))
    assert seen == [(what, start) for start in range(5) for what in ("run", "pull")]


async def test_run_with_a_wrong_part_ends_the_link_by_name() -> None:
    opening = Opening(NETWORK, lambda *_: True, nothing, 0)
    give, _ = trio.open_memory_channel[inputs.Input](100)

    async def messages() -> AsyncGenerator[wire.Message, None]:
        yield with_a_wrong_part(run(20))
        await trio.sleep_forever()

    (failure,) = await opening.forward(1, messages(), give)
    assert isinstance(failure, RemoteProtocolError)
    assert failure.reason is Reason.PART_UNEXPECTED


async def test_leaves_opened_on_the_loop_let_others_have_their_turn() -> None:
    opening = Opening(NETWORK, lambda *_: True, nothing, 0)
    turns, done = 0, trio.Event()

    async def turn_for_ever() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(turn_for_ever)
        await opening.open(run(8 * ingest.SLICE_LEAVES), whole=True)
        done.set()
    assert turns > 4


async def test_coming_counts_long_runs_until_they_are_handed_over() -> None:
    opening = Opening(NETWORK, lambda *_: True, nothing, 0)
    seen: list[int] = []

    class Inbox:
        async def send(self, value: inputs.Input, /) -> None:
            seen.append(opening.coming)
            await trio.lowlevel.checkpoint()

    async def messages() -> AsyncGenerator[wire.Message, None]:
        for _ in range(4):
            yield run(20)

    assert await opening.forward(1, messages(), Inbox()) == []
    assert (seen[0] > 0, seen[-1], opening.coming) == (True, 0, 0)


async def test_coming_forgets_the_runs_of_a_link_that_ended() -> None:
    opening = Opening(NETWORK, lambda *_: True, nothing, 0)
    give, _ = trio.open_memory_channel[inputs.Input](100)
    good = run(20)
    bad = with_a_wrong_part(good)

    async def messages() -> AsyncGenerator[wire.Message, None]:
        for one in (good, bad, good, good):
            yield one
        await trio.sleep_forever()

    await opening.forward(1, messages(), give)
    assert opening.coming == 0


async def test_bulk_takes_what_is_like_a_known_record_for_now_and_anything_else_not() -> None:
    author = Author(1)
    known = author.make(Statement(text="number"))
    plain = PlainLeaf(example=known, first=7)
    examples: list[PlainLeaf | None] = [plain, None]
    opening = Opening(NETWORK, lambda *_: True, lambda _: examples.pop(0), 0, provisional=True)
    spoilt = run(ingest.BULK_LEAVES, spoil=0)
    vouched = await opening.open(spoilt)
    (alike,) = set(vouched[2:])
    assert isinstance(alike, PlainLeaf)
    assert (alike.example, alike.first, alike.provisional) == (known, 7, True)
    checked = await opening.open(spoilt)
    assert isinstance(checked[2], RefusedLeaf)
    assert isinstance(checked[3], VerifiedRecord)
    assert {type(leaf) for leaf in checked[4:]} == {PlainLeaf}
