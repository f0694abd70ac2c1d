"""Draw the state tables of the library into the specification.

    python tools/draw_states.py            write
    python tools/draw_states.py --check    exit 1 if a document would change

A diagram stands between the lines `<!-- states:NAME -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from confedproto.rules import life, states, tenure
from tools import generated

SPECS: Final = Path(__file__).resolve().parent.parent / "specs"
_BLOCK: Final = re.compile(r"<!-- states:([a-z]+) -->\n(.*?)<!-- end -->\n", re.DOTALL)

Table = Mapping[Any, StrEnum]
TABLES: Final[dict[str, Table]] = {
    "tenure": dict(tenure.TABLE),
    "life": dict(life.LIFE),
    "motion": dict(states.TABLE),
    "effect": dict(states.EFFECTS),
}


def drawn(table: Table) -> str:
    """A table of states as a Mermaid diagram and as rows for those who read text."""
    lines = ["", "```mermaid", "stateDiagram-v2"]
    for (state, event), after in table.items():
        lines.append(f"    {_name(state)} --> {_name(after)}: {event.value}")
    lines += ["```", "", "| state | what happens | then |", "| --- | --- | --- |"]
    lines += [f"| {s.value} | {e.value} | {a.value} |" for (s, e), a in table.items()]
    return "\n".join(lines) + "\n\n"


def _name(state: StrEnum) -> str:
    return state.value.replace("-", "_")


def regenerate(text: str) -> str:
    """`text` with every diagram in it drawn again."""

    def block(match: re.Match[str]) -> str:
        return f"<!-- states:{match[1]} -->\n{drawn(TABLES[match[1]])}<!-- end -->\n"

    return _BLOCK.sub(block, text)


def made() -> Iterator[tuple[Path, str]]:
    """The documents, and what each has to hold."""
    for path in sorted(SPECS.glob("*.md")):
        yield path, regenerate(path.read_text("utf-8"))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    return generated.main(arguments, "Draw the specification's state tables.", made)


if __name__ == "__main__":
    sys.exit(main())
