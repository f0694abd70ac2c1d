"""Timing of small functions against a yardstick, turn about."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: `ratio` is to the bench's first row; `goal` is its upper bound."""

    what: str
    microseconds: float
    ratio: float
    goal: float | None = None

    @property
    def met(self) -> bool:
        """Whether the ratio keeps the goal, if there is one."""
        return self.goal is None or self.ratio <= self.goal

    def as_json(self) -> dict[str, str | float | bool | None]:
        """The row as an object of build/bench.json."""
        return {
            "what": self.what,
            "microseconds": round(self.microseconds, 3),
            "ratio": round(self.ratio, 4),
            "goal": self.goal,
            "met": self.met,
        }


def compare(
    cases: Mapping[str, Callable[[], object]],
    *,
    operations: int,
    rounds: int,
    goals: Mapping[str, float],
) -> list[Row]:
    """Time `cases`, each doing `operations` operations a call, in `rounds` rounds.

    All cases run in every round, and the ratio is the median of each round's own ratio to
    the first case, so that a machine that slows down for a while slows both sides.
    CPU time, garbage collection off.
    """
    times: dict[str, list[float]] = {what: [] for what in cases}
    for case in cases.values():
        case()  # warm caches
    enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            for what, case in cases.items():
                begun = time.process_time()
                case()
                times[what].append(time.process_time() - begun)
            gc.collect()
    finally:
        if enabled:
            gc.enable()
    yardstick = next(iter(times.values()))
    return [
        Row(
            what=what,
            microseconds=median(taken) / operations * 1e6,
            ratio=median(mine / other for mine, other in zip(taken, yardstick, strict=True)),
            goal=goals.get(what),
        )
        for what, taken in times.items()
    ]
