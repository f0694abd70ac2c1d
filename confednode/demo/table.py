"""A strict table of text: UTF-8, comma, one header; every row as long as the header."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confednode.errors import NodeReason, VoteFileError
from confedproto.clean import text_is_clean

FILE_MAX_BYTES: Final = 16 * 1_048_576  # about ten thousand votes of 26 units


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; `line` is the line of the file that it begins on, from 1."""

    path: Path
    line: int
    fields: Mapping[str, str]

    def get(self, column: str) -> str:
        """The text in `column`, empty where the file has no such column.

        Raises VoteFileError where it holds a control character, such as a quoted line end.
        Columns that nobody asks for may hold anything.
        """
        text = self.fields.get(column, "")
        if "\n" in text or not text_is_clean(text):
            raise self.error(f"column {column} holds a control character")
        return text

    def error(self, problem: str) -> VoteFileError:
        """The refusal of this row for `problem`."""
        return _error(self.path, self.line, problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file's columns and at least one row."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def error(self, line: int, problem: str) -> VoteFileError:
        """The refusal of the file for `problem` on `line`."""
        return _error(self.path, line, problem)


def _error(path: Path, line: int | None, problem: str) -> VoteFileError:
    where = printable(str(path)) if line is None else f"{printable(str(path))}, line {line}"
    return VoteFileError(NodeReason.VOTE_FILE, f"{where}: {problem}")


def printable(text: str) -> str:
    """`text`, with escapes instead of characters that a terminal would act on."""
    return text if text.isprintable() else ascii(text)


def shown(text: str) -> str:
    """`text` in quotes, cut short; repr leaves nothing that a terminal would act on."""
    return repr(text if len(text) <= 40 else text[:40] + "...")


def read_table(path: Path, required: tuple[str, ...]) -> Table:
    """The table in the file at `path`, which must have the `required` columns.

    Blank lines are skipped, a byte order mark is tolerated. Raises VoteFileError naming file,
    line and problem: an unreadable, empty or oversize file, not UTF-8, a column missing or
    named twice, rows of another length, broken quotes.
    """
    records = _records(path, _read(path))
    opening = next(records, None)
    if opening is None:
        raise _error(path, None, "the file is empty")
    columns = tuple(opening[1])
    for name in columns:
        if columns.count(name) > 1:
            raise _error(path, 1, f"column {name!r} is there twice")
    missing = [name for name in required if name not in columns]
    if missing:
        raise _error(path, 1, f"column missing: {', '.join(missing)}")
    rows: list[Row] = []
    for line, fields in records:
        if len(fields) != len(columns):
            problem = f"{len(fields)} fields where the header has {len(columns)}"
            raise _error(path, line, problem)
        by_column = dict(zip(columns, fields, strict=True))
        rows.append(Row(path=path, line=line, fields=by_column))
    if not rows:
        raise _error(path, None, "the file has a header but no rows")
    return Table(path=path, columns=columns, rows=tuple(rows))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        absent = isinstance(error, FileNotFoundError)
        reason = NodeReason.FILE_MISSING if absent else NodeReason.FILE_UNREADABLE
        problem = error.strerror if isinstance(error, OSError) else "unusable path"
        raise VoteFileError(reason, f"{printable(str(path))}: {problem}") from error
    if len(data) > FILE_MAX_BYTES:
        raise _error(path, None, f"larger than {FILE_MAX_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _error(path, line, "not UTF-8") from error


def _records(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise _error(path, line, f"not comma-separated values: {error}") from error
        if fields is None:
            return
        if fields:
            yield line, fields
