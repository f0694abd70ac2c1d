"""A long list in which neighbours are mostly one and the same, kept as stretches of it.

A log of a million statements of one council has as many leaves and one example; so what is noted
of each leaf takes as much room as there are changes along the log, and not as there are leaves.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import eq, is_
from typing import Final, TypeVar, overload

T = TypeVar("T")


class Spans(Sequence[T]):
    """A sequence that grows at its end. Items are joined where `same` says so."""

    __slots__ = ("_same", "_size", "_starts", "_values")

    def __init__(self, items: Iterable[T] = (), same: Callable[[T, T], bool] = is_) -> None:
        self._same: Final = same
        self._starts: array[int] = array("q")
        self._values: list[T] = []
        self._size = 0
        self.extend(items)

    def __len__(self) -> int:
        return self._size

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spans):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    def append(self, value: T) -> None:
        """Add one item."""
        self.repeat(value, 1)

    def extend(self, items: Iterable[T]) -> None:
        """Add items in order."""
        for value in items:
            self.repeat(value, 1)

    def repeat(self, value: T, count: int) -> None:
        """Add an item `count` times; this takes as long as adding it once."""
        if count <= 0:
            return
        if not self._values or not self._same(self._values[-1], value):
            self._starts.append(self._size)
            self._values.append(value)
        self._size += count

    def spans(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, T]]:
        """The stretches of [start, end) in order: where each begins, where it ends, its item."""
        end = self._size if end is None else min(end, self._size)
        at = bisect_right(self._starts, start) - 1 if start < end else len(self._values)
        while start < end:
            last = self._starts[at + 1] if at + 1 < len(self._starts) else self._size
            stop = min(last, end)
            yield start, stop, self._values[at]
            start, at = stop, at + 1

    def __iter__(self) -> Iterator[T]:
        for start, end, value in self.spans():
            for _ in range(start, end):
                yield value

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, int):
            return self._values[self._at(index)]
        start, end, step = index.indices(self._size)
        out: list[T] = []
        for one, stop, value in self.spans(start, end):
            out += [value] * (stop - one)
        return out if step == 1 else out[::step]

    def _at(self, index: int) -> int:
        """The number of the stretch that an index lies in."""
        place = index + self._size if index < 0 else index
        if not 0 <= place < self._size:
            raise IndexError(index)
        return bisect_right(self._starts, place) - 1

    def __setitem__(self, index: int, value: T) -> None:
        self._at(index)
        place = index + self._size if index < 0 else index
        self.replace(place, place + 1, value)

    def replace(self, start: int, end: int, value: T) -> None:
        """Put one item in every place of [start, end), which are there."""
        if start >= end:
            return
        first, last = self._at(start), self._at(end - 1)
        if first == last and self._same(self._values[first], value):
            return
        starts, values = [start], [value]
        if self._starts[first] < start:
            starts.insert(0, self._starts[first])
            values.insert(0, self._values[first])
        stop = self._starts[last + 1] if last + 1 < len(self._starts) else self._size
        if end < stop:
            starts.append(end)
            values.append(self._values[last])
        low, high = max(0, first - 1), min(len(self._values), last + 2)  # neighbours may join it
        starts = [*self._starts[low:first], *starts, *self._starts[last + 1 : high]]
        values = [*self._values[low:first], *values, *self._values[last + 1 : high]]
        keep = [
            at for at in range(len(values)) if at == 0 or not self._same(values[at - 1], values[at])
        ]
        self._starts[low:high] = array("q", [starts[at] for at in keep])
        self._values[low:high] = [values[at] for at in keep]
