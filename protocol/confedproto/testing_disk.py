"""The disk of a simulated node: what its engine wants kept, and what it wants read."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from confedproto import effects as fx
from confedproto import wire
from confedproto.engine import Engine
from confedproto.errors import LocalProtocolError, Reason
from confedproto.filling import leaves_message
from confedproto.ids import CouncilId, LogId, PublicKey
from confedproto.merkle import leaf_hash

Disk = dict[LogId, list[tuple[bytes, bytes | None, int]]]
"""Of each log its leaves: envelope, part, arrived. A withheld one is known by its 32 bytes."""
Branch = tuple[LogId, list[tuple[bytes, bytes | None, int]]]
"""A log and the leaves of it that were set aside."""
Heads = dict[LogId, tuple[CouncilId, PublicKey, bytes | None]]
"""Of each log whose it is, its key, and its last head."""


def keep(disk: Disk, heads: Heads, effect: fx.Kept) -> None:
    """Keep leaves. Raises LocalProtocolError for a gap."""
    if isinstance(effect, fx.SwitchBranch):
        disk[effect.log] = []
        for one in effect.kept:
            keep(disk, heads, one)
        return
    if isinstance(effect, fx.StoreMarks):
        return  # each start opens all leaves again
    if isinstance(effect, fx.DropLeaves):
        rows = disk[effect.log]
        for index in chain.from_iterable(range(*one[:2]) for one in effect.gone):
            rows[index] = (leaf_hash(rows[index][0]), None, rows[index][2])
        return
    if isinstance(effect, fx.FillLeaves):
        for leaf in effect.leaves:
            disk[effect.log][leaf.index] = (leaf.envelope, leaf.part, effect.arrived)
        return
    rows = disk.setdefault(effect.log, [])
    if effect.start != len(rows):
        raise LocalProtocolError(Reason.LOG_INDEX, "a gap on the disk")
    rows.extend((envelope, part, effect.arrived) for envelope, part in effect.leaves)
    known = heads.get(effect.log)
    head = effect.head if effect.head is not None else (known[2] if known else None)
    heads[effect.log] = (effect.council, effect.key, head)


def answers(
    engine: Engine, disk: Disk, effect: fx.ServeRun | fx.ServeLeaves
) -> Iterator[wire.Message]:
    """The messages that answer what a peer asked for."""
    if isinstance(effect, fx.ServeLeaves):
        rows = disk.get(effect.log, [])
        yield leaves_message(effect, ((index, *rows[index][:2]) for index in effect.indexes))
        return
    while effect.start < effect.end:
        leaves = disk[effect.log][effect.start : effect.end]
        run = engine.run_message(effect, [(envelope, part) for envelope, part, _ in leaves])
        yield run
        effect = replace(effect, start=effect.start + len(run.leaves))
