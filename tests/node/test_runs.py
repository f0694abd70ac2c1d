"""Runs that are not the log: refused by name, and the true one is had from who has it."""

from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from confedproto import effects as fx
from confedproto import heartbeat, wire
from tests.support.nodes import Nodes


def flip(data: bytes) -> bytes:
    return data[:-1] + bytes((data[-1] ^ 1,))


def corrupted(run: wire.Run, _: wire.Run | None) -> wire.Run:
    last = run.leaves[-1]
    assert isinstance(last, tuple)
    return replace(run, leaves=(*run.leaves[:-1], (flip(last[0]), *last[1:])))


def truncated(run: wire.Run, _: wire.Run | None) -> wire.Run:
    last = run.leaves[-1]
    assert isinstance(last, tuple)
    return replace(run, leaves=(*run.leaves[:-1], (last[0][:-1], *last[1:])))


def headless(run: wire.Run, _: wire.Run | None) -> wire.Run:
    return replace(run, head=flip(run.head))


def foreign(run: wire.Run, other: wire.Run | None) -> wire.Run:
    """The leaves and the head of another log under this one's name."""
    assert other is not None
    return replace(other, log=run.log, start=run.start)


def shifted(run: wire.Run, _: wire.Run | None) -> wire.Run:
    return replace(run, leaves=(*run.leaves, run.leaves[-1]))


@pytest.mark.usefixtures("prompt_redial")
@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (corrupted, {"root-mismatch", "proof-root"}),
        (truncated, {"root-mismatch", "proof-root"}),
        (shifted, {"root-mismatch", "proof-root", "log-index", "proof-length"}),
        (headless, {"head-signature"}),
        (foreign, {"log-id", "head-signature"}),
    ],
)
async def test_run_that_is_not_the_log_is_refused_by_name_and_the_true_one_kept(
    nodes: Nodes,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[wire.Run, wire.Run | None], wire.Run],
    reasons: set[str],
) -> None:
    monkeypatch.setattr(heartbeat, "DIGEST_INTERVAL_MS", 100)  # what heals if nobody else does
    north, south = await nodes.pair()
    west = await nodes.start("west")
    await west.link(south)  # the other link of the deceived node
    engine = north.driver.engine
    spoilt: list[wire.Run] = []
    real = engine.run_message
    bystander = await west.found_compact("bystander")
    await north.until_known(bystander)
    entry = engine.view.logs[engine.view.log_of[west.council]]
    assert entry.head is not None
    other = engine.run_message(
        fx.ServeRun(
            link=0,
            log=entry.id,
            start=0,
            end=entry.tree.size,
            head=entry.head.envelope,
            head_size=entry.tree.size,
        ),
        north.driver._store.read(entry.id, 0, 99),
    )

    def spoil(effect: fx.ServeRun, leaves: Sequence[tuple[bytes, bytes | None]]) -> wire.Run:
        run = real(effect, leaves)
        if effect.log == engine.own and not spoilt:
            spoilt.append(run)
            return change(run, other)
        return run

    monkeypatch.setattr(engine, "run_message", spoil)
    compact = await north.found_compact("true")
    assert (await south.until_known(compact))["name"] == "true"
    assert spoilt
    refused = {row["reason"] for row in (await south.ask("status"))["refused"]}
    assert refused & reasons, refused
    assert (await south.state_of(west))["state"] == "connected"
    await west.until_known(compact)
    # What was refused is nowhere on the disk: after a start the state is the same.
    digest = (await south.ask("status"))["digest"]
    await south.stop()
    await south.start()
    assert (await south.ask("status"))["digest"] == digest
