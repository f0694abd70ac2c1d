"""What the demo found out, and how it compares with the official result."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from confednode.demo.votes import OfficialOutcome

_COMPARED = ("accepted", "people_accept", "units_accept", "units_yes", "units_no")
_SUMS = ("people_yes", "people_no")


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateStory:
    """The verdicts of the mandate's story, each with its reason."""

    file: str
    granted: str
    beyond: str
    beyond_reason: str | None
    recalled: str
    recalled_reason: str | None


@dataclass(slots=True, kw_only=True)
class Report:
    """The demo's result; weights in halves, times in seconds, memory in bytes."""

    vote: str
    title: str
    rule: str
    seed: int
    nodes: int
    links: int
    edges: list[list[str]]
    accepted: bool
    people_yes: int
    people_no: int
    people_accept: bool
    units_yes: int
    units_no: int
    units_total: int
    units_accept: bool
    agree: int
    disagree: list[str]
    state_digests: int
    state_digest: str
    certificate: str
    mandate: MandateStory
    killed: str | None
    memory_bytes: int
    seconds: dict[str, float] = field(default_factory=dict)
    official_accepted: bool | None = None
    official_people_yes: int | None = None
    official_people_no: int | None = None
    official_rule: str | None = None
    equal: bool | None = None
    differs: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether all nodes agree and nothing differs from the official result."""
        return self.agree == self.nodes and self.equal is not False

    def compare(self, official: OfficialOutcome) -> None:
        """Put the official result beside ours; an empty official field is not compared."""
        names = _COMPARED + (_SUMS if official.sums_exact else ())
        self.official_accepted = official.accepted
        self.official_people_yes = official.people_yes
        self.official_people_no = official.people_no
        self.official_rule = str(official.rule)
        self.differs = [
            name
            for name in names
            if getattr(official, name) is not None
            and getattr(official, name) != getattr(self, name)
        ]
        self.equal = not self.differs

    def as_json(self) -> dict[str, Any]:
        """One JSON object."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """The result for a person."""
        yield ""
        yield f"{self.title}: {'ACCEPTED' if self.accepted else 'REJECTED'} ({self.rule})"
        yield _chamber("people", self.people_yes, self.people_no, accepted=self.people_accept)
        yield _chamber("units (halves)", self.units_yes, self.units_no, accepted=self.units_accept)
        yield f"  {self.agree} of {self.nodes} nodes have this outcome"
        if self.disagree:
            yield f"  without it: {' '.join(self.disagree)}"
        if self.equal is None:
            yield "  no official result to compare with"
        else:
            verdict = "accepted" if self.official_accepted else "rejected"
            yield f"  official result: {verdict}; ours is {'equal' if self.equal else 'DIFFERENT'}"
            if self.differs:
                yield f"  differs: {' '.join(self.differs)}"
            if self.official_rule != self.rule:
                yield f"  the official rule was {self.official_rule}: say --rule"
        phases = ", ".join(f"{name} {value:.1f}" for name, value in self.seconds.items())
        yield f"  seconds: {phases}"
        yield f"  memory: {self.memory_bytes / 1_048_576:.0f} MiB"


def _chamber(name: str, yes: int, no: int, *, accepted: bool) -> str:
    return f"  {name}: {yes} yes, {no} no: {'accepted' if accepted else 'rejected'}"
