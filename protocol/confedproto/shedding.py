"""Recent-only replicas: of a log's older plain records the leaf hashes stay, and no more (INT-3).

Nothing rests on a plain record, so what is decided stays as it is; the log verifies as before, and
whoever pulls it gets the hash of what is no longer here (LOG-9). Runs come in full all the same: a
peer that could leave records out as plain ones could leave out a recall.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from confedproto import effects as fx
from confedproto.chains import Log
from confedproto.marks import blocks
from confedproto.plain import Feeder

STEP: Final = 256
"""Leaves that are dropped together, so that a live record does not cost a second commit."""


def shed(feeder: Feeder, logs: Iterable[Log]) -> Iterator[fx.DropLeaves]:
    """Drop what of these logs is older than is wanted."""
    for log in logs:
        if log.recent is None:
            continue
        start, end = log.shed, log.tree.size - log.recent
        if end - start < STEP:
            continue
        log.shed = end
        if gone := tuple(feeder.drop(log.id, start, end)):
            yield fx.DropLeaves(
                log=log.id,
                council=log.council,
                gone=gone,
                blocks=blocks(log, start, end),
            )
