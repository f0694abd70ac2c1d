"""Receipts: when did others hold a record (specs/07, RCP; decisions on time without a centre).

Council W received the record at index i of a log at the time of W's first witness record
that names a head of that log with size > i.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from confedproto.ids import CouncilId, Hash, LogId


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessLine:
    """One head in one witness record: who saw `log` at `size` with `root`, at `time`.

    `arrived` is when the witness record reached this node, by its own clock (its journal).
    """

    witness: CouncilId
    log: LogId
    size: int
    root: Hash
    time: int
    arrived: int


def receipts_needed(councils: int) -> int:
    """w: how many receipts of other members a record needs when |C| = `councils` (RCP-3).

    floor((|C|-1)/3) + 1, so at least one is honest while fewer than a third lie; 0 alone.
    """
    return 0 if councils <= 1 else (councils - 1) // 3 + 1


def receipts(
    lines: Iterable[WitnessLine], index: int, *, journal_until: int | None = None
) -> Mapping[CouncilId, int]:
    """Witness council -> time of its receipt of the record at `index` of a log (RCP-1).

    `lines` are those of that log whose root is the log's own at that size. With
    `journal_until` only lines that had reached this node by then are used (RCP-4).
    """
    out: dict[CouncilId, int] = {}
    for line in lines:
        if line.size <= index:
            continue
        if journal_until is not None and line.arrived > journal_until:
            continue
        if line.time < out.get(line.witness, line.time + 1):
            out[line.witness] = line.time
    return out


def received_at(times: Iterable[int], needed: int) -> int | None:
    """The time of the `needed`-th receipt, or None if there are fewer (RCP-2)."""
    ordered = sorted(times)
    if needed == 0:
        return ordered[0] if ordered else 0
    return ordered[needed - 1] if len(ordered) >= needed else None
