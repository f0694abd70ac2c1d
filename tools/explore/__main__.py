"""`make explore`: is there any run in which two outcomes are certified?

    python -m tools.explore [--quick] [--long] [--write docs/reliability.md]

Prints a table of what was explored, then the run that breaks the protocol for each repair that
is switched off. Exit 1 if a conflict was found where there must be none, or none where there
must be one.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tools.explore import layers, lists, liveness, plain, trace
from tools.explore.lists import Lists
from tools.explore.model import Model

BEGIN: Final = "<!-- explored certificates -->"
END: Final = "<!-- end of explored certificates -->"
COMMAND: Final = "make explore"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    model: Model | Lists
    states: int
    verdict: str
    good: bool
    seconds: float

    def cells(self) -> list[str]:
        """The line's cells."""
        m = self.model
        figures = [m.n, m.liars, m.q, m.rounds, f"{self.states:,}"]
        return [self.what, *map(str, figures), self.verdict, f"{self.seconds:.1f}"]


HEAD: Final = ["what", "n", "liars", "q", "rounds", "states", "verdict", "s"]
"""Of liveness and the limit, `states` are the rounds that were tried."""


def protocol_rows(models: Sequence[Model]) -> Iterator[Row]:
    """The protocol as it is: no two certificates, and the connected finish."""
    for model in models:
        began = time.monotonic()
        found = layers.explore(model)
        verdict = "no two certificates" if found.bad is None else "TWO CERTIFICATES"
        seconds = time.monotonic() - began
        yield Row("safety", model, found.states, verdict, found.bad is None, seconds)
        began = time.monotonic()
        lively = liveness.check(found)
        verdict = "q connected finish" if lively.stuck is None else "THEY DO NOT FINISH"
        seconds = time.monotonic() - began
        yield Row("liveness", model, lively.tried, verdict, lively.stuck is None, seconds)


def plain_rows(models: Sequence[Model]) -> Iterator[Row]:
    """The plain exploration, which must reach the same end states as the layered one."""
    for model in models:
        began = time.monotonic()
        pools = plain.explore(model)
        same = {layers.seen_in(model, pool) for pool in pools} == set(layers.explore(model).ends)
        verdict = "as in layers" if same else "NOT AS IN LAYERS"
        yield Row("every order", model, len(pools), verdict, same, time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class Repair:
    """A repair switched off, and what must then be found."""

    name: str
    model: Model
    live: bool = False  # what breaks is that they finish
    absent: bool = False  # nothing breaks: told for the bound


REPAIRS: Final = (
    Repair(
        "a quorum of floor(n/2) + 1, one double-signer",
        Model(n=5, liars=1, rounds=3, quorum=3, forgetful=False),
    ),
    Repair(
        "n = 3, one double-signer (known, shown beside each such certificate)",
        Model(n=3, liars=1, rounds=3, forgetful=False),
    ),
    Repair(
        "votes and locks of different rounds added up, all honest",
        Model(n=3, liars=0, rounds=3, add_votes=True, add_locks=True, forgetful=False),
    ),
    Repair(
        "locks alone added up, 3 rounds",
        Model(n=3, liars=0, rounds=3, add_locks=True, forgetful=False),
        absent=True,
    ),
    Repair(
        "locks alone added up, 4 rounds, all honest",
        Model(n=3, liars=0, rounds=4, add_locks=True, forgetful=False),
    ),
    Repair(
        "a round signed after a later one, all honest",
        Model(n=3, liars=0, rounds=3, late=True, forgetful=False),
    ),
    Repair(
        "votes in round 2 without statuses, all honest",
        Model(n=3, liars=0, rounds=3, statuses=False, forgetful=False),
    ),
    Repair(
        "votes without their lists, all honest and connected",
        Model(n=4, liars=0, rounds=3, lists=False, forgetful=False),
        live=True,
    ),
    Repair(
        "votes without their lists, q node keys stolen, every position says rejected",
        Model(n=4, liars=3, rounds=3, lists=False, possible=(1,), forgetful=False),
    ),
)


def repair_row(repair: Repair) -> tuple[Row, list[str]]:
    """Explore with a repair switched off; the row, and the run that was found."""
    began = time.monotonic()
    model = repair.model
    found = layers.explore(model, stop=not repair.live)
    told: list[str] = []
    states = found.states
    if repair.live:
        lively = liveness.check(found)
        states = lively.tried
        if lively.stuck is not None:
            told = list(trace.stuck_lines(model, lively.stuck))
    elif found.bad is not None:
        told = list(trace.lines(found, found.bad))
    verdict = "found" if told else "none"
    good = bool(told) != repair.absent
    return Row(repair.name, model, states, verdict, good, time.monotonic() - began), told


@dataclass(frozen=True, slots=True)
class ListRepair:
    """A repair of lists switched off: what is shown, or (`live`) that something is."""

    name: str
    model: Lists
    live: bool = False


LIST_REPAIRS: Final = (
    ListRepair("lists: one vote's list is enough", Lists(n=4, liars=1, vouchers=1)),
    ListRepair("lists: votes whose lists differ add up", Lists(n=4, liars=1, together=True)),
    ListRepair(
        "lists: round 2 is joined after one council's vote",
        Lists(n=4, liars=1, opened=False, joined=1),
    ),
    ListRepair(
        "lists: each keeps its own in round 2, all honest and connected",
        Lists(n=4, liars=0, repeated=False),
        live=True,
    ),
)


def list_rows(councils: Sequence[int]) -> Iterator[Row]:
    """The lists as they are: shown is what an honest council named, and something is shown."""
    for n in councils:
        for opened in (True, False):
            began = time.monotonic()
            model = Lists(n=n, liars=(n - 1) // 3, opened=opened)
            found = lists.explore(model)
            good = found.bad is None and found.stuck is None
            verdict = "an honest one is shown" if opened else "nothing is certified"
            what = "lists: w that are the same" if opened else "lists: w before round 2"
            seconds = time.monotonic() - began
            yield Row(what, model, found.states, verdict if good else found.why, good, seconds)


def list_repair_row(repair: ListRepair) -> tuple[Row, list[str]]:
    """Explore with a repair of lists switched off; the row, and the run that was found."""
    began = time.monotonic()
    found = lists.explore(repair.model)
    way, why = (found.stuck, NO_LIST) if repair.live else (found.bad, found.why)
    told = [] if way is None else list(lists.lines(repair.model, way, why))
    verdict = "found" if told else "none"
    seconds = time.monotonic() - began
    return Row(repair.name, repair.model, found.states, verdict, bool(told), seconds), told


NO_LIST: Final = "q locks, and no list that w votes name: every later round is the same"


def list_limit_row() -> tuple[Row, list[str]]:
    """What w votes do not promise after round 1: that an honest journal has every position."""
    began = time.monotonic()
    model = Lists(n=4, liars=1)
    found = lists.explore(model)
    told = [] if found.late is None else list(lists.lines(model, found.late, TAKEN_OVER))
    seconds = time.monotonic() - began
    what = "limit: where no list of round 1 had w votes, a liar's may be taken over"
    verdict = "taken over" if told else "NOT TAKEN OVER"
    return Row(what, model, found.states, verdict, bool(told), seconds), told


TAKEN_OVER: Final = "z came late: signed, dated before the closing, and in no honest journal"


def limit_row() -> tuple[Row, list[str]]:
    """What liveness does not cover: a liar that shows its records at the last moment."""
    began = time.monotonic()
    model = Model(n=4, liars=1, rounds=6)
    run = liveness.tease(model, model.rounds)
    row = Row(
        "limit: a liar shows each status to some just before they vote",
        model,
        len(run),
        "delays" if run else "NO DELAY",
        bool(run),
        time.monotonic() - began,
    )
    return row, list(trace.tease_lines(model, run))


def models(rounds: int) -> list[Model]:
    """n = 3, 4, 5 with as many liars as the protocol stands."""
    return [Model(n=n, liars=(n - 1) // 3, rounds=rounds) for n in (3, 4, 5)]


def run(*, quick: bool, long: bool) -> Iterator[tuple[Row, list[str]]]:
    """Everything, one row after the other."""
    wider = [*models(4), *(Model(n=n, liars=(n - 1) // 3, rounds=3) for n in (6, 7))]
    slow = [Model(n=3, liars=0, rounds=3), Model(n=4, liars=1, rounds=3)]
    explored = models(2)[:1] + models(3)[:2] if quick else models(3) + wider
    for row in protocol_rows(explored):
        yield row, []
    for row in plain_rows(models(2)[:1] if quick else models(2) + (slow if long else [])):
        yield row, []
    for row in list_rows((3, 4, 5) if quick else (3, 4, 5, 6, 7)):
        yield row, []
    for repair in REPAIRS:
        yield repair_row(repair)
    for asked in LIST_REPAIRS:
        yield list_repair_row(asked)
    yield limit_row()
    yield list_limit_row()


def markdown(rows: Sequence[Row], flags: str) -> str:
    """The table as it stands in the document."""
    day = datetime.now(UTC).date().isoformat()
    out = [BEGIN, f"{day}, `{COMMAND}{flags}`:", ""]
    out += ["| " + " | ".join(HEAD) + " |", "| --- |" + " ---: |" * 5 + " --- | ---: |"]
    out += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    return "\n".join([*out, END])


TITLE: Final = """
## Certificates, explored whole

Every run of the model of specs/07 (CER): see specs/decisions/certificates-model-checked.md.

"""


def write(path: Path, rows: Sequence[Row], flags: str) -> None:
    """Put the table into the document between its marks, or at the end."""
    text = path.read_text("utf-8") if path.exists() else "# Reliability\n"
    table = markdown(rows, flags)
    if BEGIN in text and END in text:
        head, rest = text.split(BEGIN, 1)
        text = head + table + rest.split(END, 1)[1]
    else:
        text = text.rstrip("\n") + "\n" + TITLE + table + "\n"
    path.write_text(text, "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Explore the certificate protocol.")
    parser.add_argument("--quick", action="store_true", help="a slice, in seconds")
    parser.add_argument("--long", action="store_true", help="also 3 rounds in every order")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into FILE")
    options = parser.parse_args(arguments)
    width = (76, 3, 6, 3, 7, 12, 22, 7)
    rows: list[Row] = []
    runs: list[tuple[Row, list[str]]] = []

    def show(cells: Sequence[str]) -> None:
        texts = [cells[0].ljust(width[0])]
        texts += [c.rjust(w) for c, w in zip(cells[1:6], width[1:6], strict=True)]
        texts += ["  " + cells[6].ljust(width[6]), cells[7].rjust(width[7])]
        print("".join(texts), flush=True)

    show(HEAD)
    for row, told in run(quick=options.quick, long=options.long):
        rows.append(row)
        show(row.cells())
        if told:
            runs.append((row, told))
    for row, told in runs:
        print(f"\n{row.what} (n = {row.model.n}, q = {row.model.q}, liars {row.model.liars}):")
        print("\n".join(f"  {text}" for text in told))
    bad = [row.what for row in rows if not row.good]
    if options.write is not None and not bad:
        write(options.write, rows, ' ARGS="--long"' if options.long else "")
    print("\n" + ("not as it must be: " + "; ".join(bad) if bad else "all as it must be"))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
