"""One test vector, and the list that a generator fills (specs/vectors/README.md)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

FORMAT: Final = "confed-vectors-1"
SINCE: Final = "0.1.0"
"""The version that the vectors below came with, where they do not say another."""

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One request, the answer that every implementation gives, and the rule that decides it.

    `request` holds the fields beside `id` and `op`; `expect` is `{"ok": true, ...}` with
    fields that the answer must have, or `{"ok": false, "why": CODE}`.
    """

    name: str
    rule: str
    op: str
    request: Fields
    expect: Fields
    why: str
    since: str = SINCE

    @property
    def negative(self) -> bool:
        """Whether the answer is a refusal."""
        return not self.expect["ok"]

    def as_json(self) -> dict[str, Any]:
        """The object that stands in the file."""
        return {
            "id": self.name,
            "rule": self.rule,
            "op": self.op,
            "in": self.request,
            "expect": self.expect,
            "why": self.why,
            "since": self.since,
        }


class Vectors:
    """The vectors of one operation, in the order in which they were added."""

    def __init__(self, op: str) -> None:
        self.op = op
        self.items: list[Vector] = []

    def good(self, rule: str, slug: str, why: str, request: Fields, **answer: Any) -> None:
        """A request that is accepted, with these fields in the answer."""
        self._add(rule, slug, why, request, {"ok": True, **answer})

    def judged(self, rule: str, slug: str, why: str, answer: str, request: Fields) -> None:
        """Files with what they are worth: VALID, or a verdict and its reason."""
        verdict, _, reason = answer.partition(" ")
        self.good(rule, slug, why, request, verdict=verdict, reason=reason or None)

    def bad(self, rule: str, reason: str, slug: str, why: str, request: Fields) -> None:
        """A request that breaks `rule`, and no other."""
        self._add(rule, slug, why, request, {"ok": False, "why": reason})

    def _add(self, rule: str, slug: str, why: str, request: Fields, expect: Fields) -> None:
        name = f"{self.op}-{slug}"
        if any(vector.name == name for vector in self.items):
            raise ValueError(f"two vectors are called {name}")
        self.items.append(
            Vector(name=name, rule=rule, op=self.op, request=request, expect=expect, why=why)
        )


def dump(op: str, vectors: Iterable[Vector]) -> str:
    """The file of one operation: one vector a line, ASCII, the same bytes each time."""
    lines = ",\n".join("  " + json.dumps(vector.as_json()) for vector in vectors)
    return f'{{\n "format": "{FORMAT}",\n "op": "{op}",\n "vectors": [\n{lines}\n ]\n}}\n'
