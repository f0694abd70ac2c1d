"""Replay real votes through signed records and the rules, and compare with what was official.

    python tools/replay.py VOTES.csv OUTCOMES.csv [--vote ID] [--json] [--jobs N]

Each unit is a council with its own keys and log; each vote is a confederation of its own, in
virtual time: compact, motion, freeze, positions, witness records, votes and locks are signed
records, and the result is read from their certificate. The form of the files is that of
confednode/demo/data/README.md. With --json one object a vote and a summary last, one a line.

Exit 0 if all are equal, 1 if some differ or were refused by the rules, 2 if a file was refused.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from confednode.demo.votes import (
    RULE_DEFAULT,
    OfficialOutcome,
    Vote,
    load_outcomes,
    load_votes,
    pick,
)
from confednode.errors import EXIT_FAILED, EXIT_USAGE, VoteFileError, failure
from confedproto.errors import ConfedError
from confedproto.rules.tally import Rule, parse_rule
from tools.replaying.vote import Result, replay

_COMPARED: Final = ("accepted", "people_accept", "units_accept", "units_yes", "units_no")
_SUMS: Final = ("people_yes", "people_no")
Outcomes = dict[str, OfficialOutcome]
Answer = Result | tuple[str, str]
"""A result, or the reason and the message of a refusal."""


def decide(task: tuple[Vote, Rule]) -> Answer:
    """The result of one vote, or why the rules refuse it. The official outcome is not known."""
    vote, rule = task
    try:
        pick({vote.vote_id: vote}, vote.vote_id, rule)
        return replay(vote, rule)
    except (VoteFileError, ConfedError) as error:
        named = failure(error)
        return named["reason"], named["message"]


def differences(result: Result, official: OfficialOutcome) -> list[str]:
    """The fields that differ; an empty official one is not compared, sums where exact."""
    names = _COMPARED + (_SUMS if official.sums_exact else ())
    return [
        name
        for name in names
        if getattr(official, name) is not None and getattr(official, name) != getattr(result, name)
    ]


def row(vote: Vote, rule: Rule, answer: Answer, official: OfficialOutcome | None) -> dict[str, Any]:
    """The JSON object of one vote; of a refused one every result is null."""
    out: dict[str, Any] = {"vote": vote.vote_id, "rule": str(rule)}
    accepted = official.accepted if official is not None else None
    if isinstance(answer, tuple):
        reason, message = answer
        out |= dict.fromkeys((*_COMPARED, *_SUMS))
        out |= {"official_accepted": accepted, "equal": None, "differs": []}
        return out | {"refused": reason, "message": message}
    differs = differences(answer, official) if official is not None else []
    equal = None if official is None else not differs
    out |= asdict(answer) | {"official_accepted": accepted, "equal": equal, "differs": differs}
    return out | {"refused": None}


def rows(votes: Sequence[Vote], outcomes: Outcomes, jobs: int) -> Iterator[dict[str, Any]]:
    """Replay all votes, in order, in `jobs` processes."""
    double = parse_rule(RULE_DEFAULT)
    officials = [outcomes.get(vote.vote_id) for vote in votes]
    rules = [official.rule if official is not None else double for official in officials]
    tasks = list(zip(votes, rules, strict=True))
    if jobs == 1 or len(votes) == 1:
        answers: Iterator[Answer] = map(decide, tasks)
        yield from map(row, votes, rules, answers, officials)
        return
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        yield from map(row, votes, rules, pool.map(decide, tasks), officials)


def line(found: dict[str, Any]) -> str:
    """One vote for a person."""
    if found["refused"] is not None:
        return f"{found['vote']}: REFUSED: {found['message']} ({found['refused']})"
    verdict = "accepted" if found["accepted"] else "rejected"
    people = f"people {found['people_yes']}:{found['people_no']}"
    units = f"units {found['units_yes']}:{found['units_no']} halves"
    compared = {True: "equal", False: "DIFFERENT", None: "nothing to compare with"}[found["equal"]]
    differs = f" ({', '.join(found['differs'])})" if found["differs"] else ""
    return f"{found['vote']}: {verdict} ({found['rule']}), {people}, {units}: {compared}{differs}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Replay real votes.")
    parser.add_argument("votes", type=Path, metavar="VOTES.csv")
    parser.add_argument("outcomes", type=Path, metavar="OUTCOMES.csv")
    parser.add_argument("--vote", metavar="ID", help="only this one")
    parser.add_argument("--json", action="store_true", help="one object a line")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--jobs", type=int, default=cores, help="processes [%(default)s]")
    options = parser.parse_args(arguments)
    try:
        votes = load_votes(options.votes)
        outcomes = load_outcomes(options.outcomes)
        if options.vote is not None:
            votes = {options.vote: pick(votes, options.vote)}
    except VoteFileError as error:
        print(json.dumps(failure(error))) if options.json else None
        print(f"error: {error.message}\n{error.hint}", file=sys.stderr)
        return EXIT_USAGE
    began = time.monotonic()
    summary = {"votes": 0, "equal": 0, "different": 0, "refused": 0, "uncompared": 0}
    for found in rows(list(votes.values()), outcomes, max(1, options.jobs)):
        names = {True: "equal", False: "different", None: "uncompared"}
        kind = "refused" if found["refused"] is not None else names[found["equal"]]
        summary["votes"] += 1
        summary[kind] += 1
        print(json.dumps(found, ensure_ascii=False) if options.json else line(found), flush=True)
    counted = ", ".join(f"{number} {name}" for name, number in summary.items())
    print(json.dumps(summary) if options.json else counted, flush=True)
    print(f"{time.monotonic() - began:.1f} s", file=sys.stderr)
    return EXIT_FAILED if summary["different"] or summary["refused"] else 0


if __name__ == "__main__":
    sys.exit(main())
