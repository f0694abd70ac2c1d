"""Reads files of votes and of official outcomes; the form is in data/README.md.

A file that is not exactly of the form is refused as a whole, with the first defect named:
the demo starts nothing on a file that it half understood. Votes and outcomes are read by
separate functions, because the outcomes stay closed until all nodes have answered.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confednode.demo.table import Row, read_table, shown
from confednode.errors import NodeReason, VoteFileError
from confedproto.errors import VerificationError
from confedproto.limits import BALLOTS_MAX, MEMBERS_MAX, NAME_MAX_CHARS, WEIGHT_MAX
from confedproto.rules.tally import Rule, Unit, parse_rule

UNIT_COLUMNS: Final = ("unit", "canton", "state")
TITLE_MAX_CHARS: Final = 500
RULE_DEFAULT: Final = "double"
# The units of a compact, each at its largest weight: no official sum is above it.
_SUM_MAX: Final = max(BALLOTS_MAX, WEIGHT_MAX) * MEMBERS_MAX
_WHOLE: Final = re.compile(r"[0-9]{1,16}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """One unit's ballots; `weight_halves` is 2 for a full unit, `valid` None = yes + no."""

    unit: str
    weight_halves: int
    yes: int
    no: int
    valid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One vote, its units in the order of the file; empty optional columns are None."""

    vote_id: str
    units: tuple[UnitRow, ...]
    date: str | None = None
    short_id: str | None = None
    kind: str | None = None
    title: str | None = None

    @property
    def heading(self) -> str:
        """What a person reads: the title if the file has one, else id, date and kind."""
        named = f"Vote {self.vote_id}"
        if self.title is not None:
            return f"{named}: {self.title}"
        details = ", ".join(part for part in (self.date, self.kind) if part is not None)
        return f"{named} ({details})" if details else named

    def tally_units(self) -> tuple[Unit, ...]:
        """The units as `confedproto.rules.tally.count` takes them."""
        return tuple(
            Unit(weight=row.weight_halves, yes=row.yes, no=row.no, valid=row.valid)
            for row in self.units
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialOutcome:
    """The official result of one vote; None = not given, so not compared.

    units_* are in halves; people totals are compared only where `sums_exact`.
    """

    vote_id: str
    accepted: bool
    rule: Rule
    people_yes: int | None = None
    people_no: int | None = None
    people_accept: bool | None = None
    units_yes: int | None = None
    units_no: int | None = None
    units_accept: bool | None = None
    sums_exact: bool = False
    date: str | None = None
    kind: str | None = None
    title: str | None = None


def load_votes(path: Path) -> dict[str, Vote]:
    """All votes of the file at `path`, by vote id, in the order of their first rows.

    Raises VoteFileError naming file, line and problem. A vote whose weights are all 0 is
    read: some rules count it, and `pick` refuses it under those that do not.
    """
    table = read_table(path, ("vote_id", "weight_halves", "yes", "no"))
    columns = [name for name in UNIT_COLUMNS if name in table.columns]
    if len(columns) != 1:
        found = " and ".join(columns) if columns else "none"
        wanted = ", ".join(UNIT_COLUMNS)
        raise table.error(1, f"needs exactly one unit column of {wanted}; has {found}")
    rows: dict[str, list[UnitRow]] = {}
    first: dict[str, Row] = {}
    seen: dict[tuple[str, str], int] = {}
    for row in table.rows:
        vote_id, unit = _name(row, "vote_id"), _name(row, columns[0])
        if (vote_id, unit) in seen:
            where = seen[vote_id, unit]
            raise row.error(f"vote {vote_id!r} has unit {unit!r} already on line {where}")
        seen[vote_id, unit] = row.line
        opening = first.setdefault(vote_id, row)
        if row.get("date") != opening.get("date"):
            raise row.error(f"vote {vote_id!r} has another date than on line {opening.line}")
        units = rows.setdefault(vote_id, [])
        units.append(_unit_row(row, unit))
        if len(units) > MEMBERS_MAX:
            raise row.error(f"vote {vote_id!r} has more than {MEMBERS_MAX} units")
    return {
        vote_id: Vote(
            vote_id=vote_id,
            units=tuple(units),
            date=_text(first[vote_id], "date"),
            short_id=_text(first[vote_id], "short_id"),
            kind=_text(first[vote_id], "kind"),
            title=_text(first[vote_id], "title"),
        )
        for vote_id, units in rows.items()
    }


def _unit_row(row: Row, unit: str) -> UnitRow:
    yes, no = _whole(row, "yes", BALLOTS_MAX), _whole(row, "no", BALLOTS_MAX)
    valid = _whole(row, "valid", BALLOTS_MAX) if row.get("valid") else None
    if valid is not None and valid < yes + no:
        raise row.error(f"valid is {valid}, less than yes and no together ({yes + no})")
    weight = _whole(row, "weight_halves", WEIGHT_MAX)
    return UnitRow(unit=unit, weight_halves=weight, yes=yes, no=no, valid=valid)


def load_outcomes(path: Path) -> dict[str, OfficialOutcome]:
    """The official outcomes in the file at `path`, by vote id. Errors as `load_votes`."""
    outcomes: dict[str, OfficialOutcome] = {}
    for row, vote_id, rule in _outcome_rows(path, ("vote_id", "accepted")):
        outcomes[vote_id] = OfficialOutcome(
            vote_id=vote_id,
            accepted=_verdict(row, "accepted"),
            rule=rule,
            people_yes=_optional(row, "people_yes"),
            people_no=_optional(row, "people_no"),
            people_accept=_verdict(row, "people_accept") if row.get("people_accept") else None,
            units_yes=_optional(row, "units_yes"),
            units_no=_optional(row, "units_no"),
            units_accept=_verdict(row, "units_accept") if row.get("units_accept") else None,
            sums_exact=bool(row.get("sums_exact")) and _verdict(row, "sums_exact"),
            date=_text(row, "date"),
            kind=_text(row, "kind"),
            title=_text(row, "title"),
        )
    return outcomes


def load_rules(path: Path) -> dict[str, Rule]:
    """Only the rule of each vote from an outcomes file: it belongs to the question.

    Reads no verdict and no total. Errors as `load_votes`.
    """
    return {vote_id: rule for _, vote_id, rule in _outcome_rows(path, ("vote_id",))}


def _outcome_rows(path: Path, required: tuple[str, ...]) -> Iterator[tuple[Row, str, Rule]]:
    seen: dict[str, int] = {}
    for row in read_table(path, required).rows:
        vote_id = _name(row, "vote_id")
        if vote_id in seen:
            raise row.error(f"vote {vote_id!r} is already on line {seen[vote_id]}")
        seen[vote_id] = row.line
        text = row.get("rule") or RULE_DEFAULT
        try:
            rule = parse_rule(text)
        except VerificationError as error:
            raise row.error(f"column rule: {shown(text)} is no known rule") from error
        yield row, vote_id, rule


def pick(votes: Mapping[str, Vote], vote_id: str | None = None, rule: Rule | None = None) -> Vote:
    """The vote `vote_id`, or the only one where that is None.

    Raises VoteFileError: VOTE_UNKNOWN where there is no such vote or no single one,
    VOTE_WEIGHTS where `rule` asks the units and none of this vote's has a weight.
    """
    if vote_id is None:
        if len(votes) != 1:
            raise VoteFileError(
                NodeReason.VOTE_UNKNOWN, f"the file has {len(votes)} votes and none was named"
            )
        vote_id = next(iter(votes))
    vote = votes.get(vote_id)
    if vote is None:
        raise VoteFileError(
            NodeReason.VOTE_UNKNOWN, f"no vote {shown(vote_id)} among {len(votes)} votes"
        )
    if rule is not None and rule.asks_units and not any(row.weight_halves for row in vote.units):
        raise VoteFileError(
            NodeReason.VOTE_WEIGHTS,
            f"vote {vote_id!r}: all weights are 0, so the rule {rule} cannot decide",
        )
    return vote


# --- fields ----------------------------------------------------------------------------


def _name(row: Row, column: str) -> str:
    text = row.get(column)
    if not text or text != text.strip() or len(text) > NAME_MAX_CHARS or "\n" in text:
        raise row.error(
            f"column {column}: {shown(text)} is not 1 to {NAME_MAX_CHARS} characters "
            "on one line, without spaces around them"
        )
    return text


def _text(row: Row, column: str) -> str | None:
    text = row.get(column)
    if len(text) > TITLE_MAX_CHARS:
        raise row.error(f"column {column}: longer than {TITLE_MAX_CHARS} characters")
    return text or None


def _whole(row: Row, column: str, top: int) -> int:
    text = row.get(column)
    if not _WHOLE.fullmatch(text):
        raise row.error(f"column {column}: {shown(text)} is not a whole number of 0 or more")
    number = int(text)
    if number > top:
        raise row.error(f"column {column}: {number} is above the limit of {top}")
    return number


def _optional(row: Row, column: str) -> int | None:
    return _whole(row, column, _SUM_MAX) if row.get(column) else None


def _verdict(row: Row, column: str) -> bool:
    text = row.get(column)
    if text not in ("0", "1"):
        raise row.error(f"column {column}: {shown(text)} is neither 0 nor 1")
    return text == "1"
