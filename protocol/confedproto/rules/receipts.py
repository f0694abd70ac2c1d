"""Receipts: when did others hold a record (specs/07, RCP; decisions on time without a centre).

Council W received the record at index i of a log at the time of W's first witness record
that names a head of that log with size > i.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, islice
from typing import Final, NamedTuple, overload

from confedproto.ids import CouncilId, Hash, LogId

Roll = set[bytes] | frozenset[bytes]
"""The councils of a frozen C."""


class WitnessLine(NamedTuple):
    """One head in one witness record: who saw `log` at `size` with `root`, at `time`.

    `arrived` is when the witness record reached this node, by its own clock (its journal).
    """

    witness: CouncilId
    log: LogId
    size: int
    root: Hash
    time: int
    arrived: int


_FEW: Final = 64
"""So many lines are cheaper to put in their places one by one than with all that come after."""


class LogLines(Sequence[WitnessLine]):
    """What witnesses said of one log, by time, with a way past what is too short.

    `past(index)` begins at the first line after which some head was longer than `index`, so
    that old lines of a long log cost nothing. Lines older than the last one wait until somebody
    asks: whoever reads many logs one after the other brings each witness's lines from its first.
    """

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._lines: list[WitnessLine] = []
        self._late: list[WitnessLine] = []
        self._tops: list[int] = []  # the greatest size up to here
        # The same by field, so that a usual question is answered without looking at each line.
        self._sizes: list[int] = []
        self._witnesses: list[CouncilId] = []
        self._arrivals: list[int] = []
        self._reached: dict[CouncilId, tuple[int, int]] = {}  # latest time and greatest size

    @overload
    def __getitem__(self, index: int) -> WitnessLine: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[WitnessLine]: ...
    def __getitem__(self, index: int | slice) -> WitnessLine | Sequence[WitnessLine]:
        return self._ordered()[index]

    def __iter__(self) -> Iterator[WitnessLine]:
        return iter(self._ordered())

    def __len__(self) -> int:
        return len(self._lines) + len(self._late)

    def add(self, line: WitnessLine) -> int:
        """Take up a line; mostly it is the newest.

        Returns the first index of a record of which it may be a new receipt: whatever lies below,
        the same witness had seen by then.
        """
        if self._lines and line.time < self._lines[-1].time:
            self._late.append(line)
        else:
            self._lines.append(line)
            self._tops.append(max(line.size, self._tops[-1]) if self._tops else line.size)
            self._sizes.append(line.size)
            self._witnesses.append(line.witness)
            self._arrivals.append(line.arrived)
        time, size = self._reached.get(line.witness, (line.time, 0))
        self._reached[line.witness] = max(time, line.time), max(size, line.size)
        return size if line.time >= time else 0

    def _ordered(self) -> list[WitnessLine]:
        """All lines by time."""
        if self._late:
            late, self._late = self._late, []
            late.sort(key=_time)
            if len(late) <= _FEW:
                for line in late:
                    self._insert(line)
            else:
                at = bisect_right(self._lines, late[0].time, key=_time)
                self._put(at, sorted([*self._lines[at:], *late], key=_time))
        return self._lines

    def _put(self, at: int, lines: Sequence[WitnessLine]) -> None:
        """These are the lines from here on."""
        top = self._tops[at - 1] if at else 0
        sizes = [line.size for line in lines]
        self._lines[at:] = lines
        self._sizes[at:] = sizes
        self._tops[at:] = islice(accumulate(sizes, max, initial=top), 1, None)
        self._witnesses[at:] = [line.witness for line in lines]
        self._arrivals[at:] = [line.arrived for line in lines]

    def _insert(self, line: WitnessLine) -> None:
        at = bisect_right(self._lines, line.time, key=_time)
        self._lines.insert(at, line)
        self._sizes.insert(at, line.size)
        self._witnesses.insert(at, line.witness)
        self._arrivals.insert(at, line.arrived)
        self._tops.insert(at, 0)
        top = self._tops[at - 1] if at else 0
        for i in range(at, len(self._lines)):
            top = max(top, self._lines[i].size)
            if self._tops[i] == top:
                break
            self._tops[i] = top

    def past(self, index: int) -> Iterator[WitnessLine]:
        """The lines from the first on that can be a receipt of the record at `index`, by time."""
        lines = self._ordered()
        for at in range(bisect_right(self._tops, index), len(lines)):  # islice walks to its start
            yield lines[at]

    def first(
        self, index: int, roll: Roll, author: CouncilId, count: int, until: int | None
    ) -> int | None:
        """The time of receipt number `count`, if the first `count` lines past the record at `index`
        all are receipts of different councils of `roll`; None says nothing.
        """
        lines, begin = self._ordered(), bisect_right(self._tops, index)
        part = slice(begin, begin + count)
        witnesses = roll.intersection(self._witnesses[part])
        if len(witnesses) < count or author in witnesses:
            return None
        if min(self._sizes[part]) <= index:
            return None
        if until is not None and max(self._arrivals[part]) > until:
            return None
        return lines[begin + count - 1].time

    def receipts(self, index: int, until: int | None) -> Mapping[CouncilId, int]:
        """Witness -> time of its receipt of the record at `index`, by lines that came by `until`.

        It ends with the last witness that ever saw so far, not with the last line.
        """
        wanted = sum(size > index for _, size in self._reached.values())
        out: dict[CouncilId, int] = {}
        for line in self.past(index):
            if len(out) == wanted:
                break
            if line.size <= index or line.witness in out:
                continue
            if until is None or line.arrived <= until:
                out[line.witness] = line.time
        return out

    def drop(self, witness: CouncilId) -> None:
        """Forget what a witness said."""
        kept = [line for line in self._ordered() if line.witness != witness]
        self._clear()
        for line in kept:
            self.add(line)


def _time(line: WitnessLine) -> int:
    return line.time


def receipt_of(
    lines: LogLines,
    index: int,
    roll: Roll,
    author: CouncilId,
    needed: int,
    *,
    journal_until: int | None = None,
) -> int | None:
    """The time of the `needed`-th receipt by councils of `roll` but the author (RCP-2)."""
    if needed == 0:
        return 0
    usual = lines.first(index, roll, author, needed, journal_until)
    if usual is not None:
        return usual
    seen: set[CouncilId] = set()
    for line in lines.past(index):
        if line.size <= index or line.witness in seen or line.witness == author:
            continue
        if journal_until is not None and line.arrived > journal_until:
            continue
        if line.witness in roll:
            seen.add(line.witness)
            if len(seen) == needed:
                return line.time
    return None


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
    if isinstance(lines, LogLines):
        return lines.receipts(index, journal_until)
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
