"""Make the tables of the specification again from specs/registries/*.toml.

    python tools/make_registries.py            write
    python tools/make_registries.py --check    exit 1 if a document would change

A table stands between the lines `<!-- table:NAME -->` and `<!-- end -->`. The reasons' texts
also go to confednode/reasons.tsv: the program says what a refusal means.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from tools import generated

SPECS: Final = Path(__file__).resolve().parent.parent / "specs"
MEANINGS: Final = SPECS.parent / "confednode" / "reasons.tsv"
_BLOCK: Final = re.compile(r"<!-- table:([a-z]+) -->\n(.*?)<!-- end -->\n", re.DOTALL)

_SINGULAR: Final = {
    "kinds": "kind",
    "messages": "message",
    "tags": "tag",
    "prefixes": "prefix",
    "reasons": "reason",
    "limits": "limit",
}

Row = dict[str, Any]


def rows(registry: str) -> list[Row]:
    """The entries of specs/registries/<registry>.toml."""
    content = tomllib.loads((SPECS / "registries" / f"{registry}.toml").read_text("utf-8"))
    entries: list[Row] = content[_SINGULAR[registry]]
    return entries


def _table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    body = [heads, ["---"] * len(heads), *lines]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in body)


def _grouped(registry: str, heads: Sequence[str], cells: Callable[[Row], Sequence[str]]) -> str:
    parts: list[str] = []
    for group, members in groupby(rows(registry), key=lambda row: str(row["group"])):
        parts.append(f"\n**{group}**\n\n{_table(heads, map(cells, members))}")
    return "".join(parts) + "\n"


def _kinds() -> str:
    heads = ("kind", "what", "signed by", "subject", "receipts", "part")
    return _table(
        heads,
        (
            (
                f"`{row['name']}`",
                row["text"],
                row["signed"],
                "yes" if row["subject"] else "",
                "yes" if row["receipts"] else "",
                "" if row["part"] == "none" else row["part"],
            )
            for row in rows("kinds")
        ),
    )


def _messages() -> str:
    lines = ((str(row["type"]), f"`{row['name']}`", row["text"]) for row in rows("messages"))
    return _table(("type", "name", "what"), lines)


def _tags() -> str:
    lines = ((f"`{row['tag']}\\0`", row["text"]) for row in rows("tags"))
    return _table(("tag", "what it begins"), lines)


def _prefixes() -> str:
    lines = ((f"`{row['prefix']}`", row["form"], row["text"]) for row in rows("prefixes"))
    return _table(("beginning", "form", "what"), lines)


def _ids() -> str:
    chosen = (row for row in rows("prefixes") if row["form"] == "bech32m")
    return _table(("prefix", "what"), ((f"`{row['prefix']}`", row["text"]) for row in chosen))


def _reasons() -> str:
    return _grouped("reasons", ("reason", "what"), lambda row: (f"`{row['code']}`", row["text"]))


def _limits() -> str:
    def cells(row: Row) -> tuple[str, ...]:
        return f"`{row['name']}`", f"{row['value']:,}", row["unit"], row["why"]

    return _grouped("limits", ("limit", "value", "unit", "why"), cells)


TABLES: Final[dict[str, Callable[[], str]]] = {
    "kinds": _kinds,
    "messages": _messages,
    "tags": _tags,
    "prefixes": _prefixes,
    "ids": _ids,
    "reasons": _reasons,
    "limits": _limits,
}


def regenerate(text: str) -> str:
    """`text` with every table in it made again."""

    def block(match: re.Match[str]) -> str:
        return f"<!-- table:{match[1]} -->\n{TABLES[match[1]]()}<!-- end -->\n"

    return _BLOCK.sub(block, text)


def meanings() -> str:
    """A line for each reason: its code, a tab, and its text."""
    return "".join(f"{row['code']}\t{row['text']}\n" for row in rows("reasons"))


def made() -> Iterator[tuple[Path, str]]:
    """Every file that is made here, and what it has to hold."""
    for path in (*sorted(SPECS.glob("*.md")), SPECS / "registries" / "README.md"):
        yield path, regenerate(path.read_text("utf-8"))
    yield MEANINGS, meanings()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    return generated.main(arguments, "Make the specification's tables.", made)


if __name__ == "__main__":
    sys.exit(main())
