"""One measured figure with its goal: what every benchmark but the small ones gives back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value with its unit. `goal` is a bound: at most, or with `least` at least."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    least: bool = False
    number: str = ""  # of the goal in docs/performance.md, "5" or "6a"

    @property
    def met(self) -> bool:
        """Whether the value keeps the goal, if there is one."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.least else self.value <= self.goal

    def as_json(self) -> dict[str, str | float | bool | None]:
        """The figure as an object of build/bench.json."""
        return {
            "what": self.what,
            "value": round(self.value, 4),
            "unit": self.unit,
            "goal": self.goal,
            "least": self.least,
            "number": self.number,
            "met": self.met,
        }

    def as_line(self) -> str:
        """The figure as a line of the table."""
        sign = ">=" if self.least else "<="
        goal = "" if self.goal is None else f"{sign}{self.goal:g}"
        mark = "" if self.met else "  MISSED"
        return (
            f"  {self.number:<3}{self.what:<58}{self.value:>12,.3f} {self.unit:<9}{goal:>9}{mark}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What was not measured, and why."""

    what: str
    text: str

    @property
    def met(self) -> bool:
        """A note keeps every goal."""
        return True

    def as_json(self) -> dict[str, str]:
        """The note as an object of build/bench.json."""
        return {"what": self.what, "text": self.text}

    def as_line(self) -> str:
        """The note as a line of the table."""
        return f"     {self.what}: {self.text}"


def share(part: float, whole: float) -> float:
    """`part` of `whole`, and 0 where nothing was measured."""
    return part / whole if whole else 0.0


def percentile(values: list[float], percent: float) -> float:
    """The value below which `percent` of the values lie (nearest rank)."""
    ordered = sorted(values)
    if not ordered:
        return float("inf")
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
