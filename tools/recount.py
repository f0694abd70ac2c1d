"""The result of a motion, counted again from raw envelopes by other code than the node's.

It shares the decoder with the library and nothing else: no rule, no view, no record type. It
walks the logs as they lie on a disk and applies the sentences of specs/07 one after the other,
slowly. What it says must equal what every node says.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confedproto import codec
from confedproto.ids import TAG_RECORD

Row = tuple[bytes, bytes | None]
"""An envelope and its detached part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record in one log, undecided whether it counts."""

    id: bytes
    log: bytes
    index: int
    council: bytes
    fields: Mapping[str, Any]
    part: bytes | None

    @property
    def kind(self) -> str:
        return str(self.fields["kind"])

    @property
    def body(self) -> Mapping[str, Any]:
        body: Mapping[str, Any] = self.fields["body"]
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """What the records say: `provisional` by receipts, `certified` by locks (None: not).

    `provisional` is "void" where w councils did not hold the freeze when it opened.
    """

    quorum: int
    provisional: str
    people: tuple[int, int]
    certified: str | None
    lists: Mapping[frozenset[bytes], tuple[int, int]]  # good ones -> people's yes and no
    locks: Mapping[str, int]


def read(network: bytes, disk: Mapping[Any, Iterable[Row]]) -> list[Entry]:
    """Every record of every log on a disk."""
    out: list[Entry] = []
    for log, rows in disk.items():
        for index, (envelope, part) in enumerate(rows):
            payload = codec.decode(envelope)[0]
            fields = codec.decode(payload)
            name = hashlib.sha256(TAG_RECORD + network + payload).digest()
            council = fields.get("council", name)
            out.append(
                Entry(id=name, log=log, index=index, council=council, fields=fields, part=part)
            )
    return out


def recount(entries: Sequence[Entry], motion: bytes) -> Recount:
    """Count one motion with one freeze. Assumes that every council's records are honest."""
    by_id = {entry.id: entry for entry in entries}
    compact = by_id[by_id[motion].fields["subject"]].body
    windows = compact["windows"]
    (freeze,) = (e for e in entries if e.kind == "freeze" and e.fields["subject"] == motion)
    weights = dict(freeze.body["councils"])
    closes = freeze.body["closes"]
    counted: dict[bytes, Entry] = {}
    for entry in entries:
        if entry.kind != "position" or entry.fields["subject"] != motion:
            continue
        council = entry.council
        if council not in weights or entry.body["freeze"] != freeze.id:
            continue
        if entry.fields["time"] > closes:
            continue
        if not _received(entries, entry, set(weights), closes + windows["grace"]):
            continue
        known = counted.get(council)
        if known is None or known.body["number"] < entry.body["number"]:
            counted[council] = entry
    rule = dict(compact["rules"])[by_id[motion].body["name"]]
    provisional, people = _outcome(rule, weights, counted)
    if not _received(entries, freeze, set(weights), freeze.body["opens"]):
        provisional = "void"
    return Recount(
        quorum=_quorum(len(weights)),
        provisional=provisional,
        people=people,
        **_certified(entries, by_id, freeze, weights, rule),
    )


def _quorum(councils: int) -> int:
    """More than two thirds; of three or fewer, more than half."""
    return next(
        q
        for q in range(councils + 1)
        if (3 * q > 2 * councils if councils >= 4 else 2 * q > councils)
    )


def _received(entries: Iterable[Entry], one: Entry, roll: set[bytes], until: int) -> bool:
    """Whether w other councils of the roll had the record by `until`."""
    witnesses = {
        entry.council
        for entry in entries
        if entry.kind == "witness"
        and entry.fields["time"] <= until
        and entry.council in roll - {one.council}
        and any(
            log == one.log and size > one.index
            for log, size, _ in codec.decode(entry.part or b"\x90")
        )
    }
    others = len(roll) - 1
    liars = others // 3
    return len(witnesses) >= (liars + 1 if others else 0)


def _outcome(
    rule: str, weights: Mapping[bytes, int], counted: Mapping[bytes, Entry]
) -> tuple[str, tuple[int, int]]:
    values = {council: entry.body["value"] for council, entry in counted.items()}
    ballots = {
        council: (entry.body.get("yes", 0), entry.body.get("no", 0))
        for council, entry in counted.items()
    }
    valid = {
        council: entry.body.get("valid", sum(ballots[council]))
        for council, entry in counted.items()
    }
    people = (sum(yes for yes, _ in ballots.values()), sum(no for _, no in ballots.values()))
    yes = [council for council, value in values.items() if value == "yes"]
    no = [council for council, value in values.items() if value == "no"]
    name, _, share = rule.partition("(")
    part, whole = (int(number) for number in re.findall(r"\d+", share)) if share else (1, 2)

    def enough(one: int, other: int) -> bool:
        return one > other and whole * one >= part * (one + other)

    total = sum(weights.values())
    if name == "double_valid":
        yes = [council for council in values if 2 * ballots[council][0] > valid[council]]
    units = sum(weights[council] for council in yes)
    accepted = {
        "simple": people[0] > people[1],
        "majority": len(yes) > len(no),
        "super": enough(len(yes), len(no)),
        "double": people[0] > people[1] and 2 * units > total,
        "double_valid": 2 * people[0] > sum(valid.values()) and 2 * units > total,
        "double-super": enough(*people) and enough(units, total - units),
    }[name]
    if 2 * len(values) <= len(weights):
        return "no-quorum", people
    return ("adopted" if accepted else "rejected"), people


def _certified(
    entries: Iterable[Entry],
    by_id: Mapping[bytes, Entry],
    freeze: Entry,
    weights: Mapping[bytes, int],
    rule: str,
) -> dict[str, Any]:
    lockers: dict[tuple[int, str], set[bytes]] = {}
    lists: dict[tuple[int, str], dict[frozenset[bytes], tuple[int, int]]] = {}
    for entry in entries:
        if entry.kind not in ("vote", "lock") or entry.body["freeze"] != freeze.id:
            continue
        if entry.council not in weights:
            continue
        round_, outcome = entry.body["round"], entry.body["outcome"]
        if entry.kind == "lock":
            lockers.setdefault((round_, outcome), set()).add(entry.council)
            continue
        named = {by_id[name].council: by_id[name] for name in entry.body["counted"]}
        given, people = _outcome(rule, weights, named)
        if given == outcome:
            lists.setdefault((round_, outcome), {})[frozenset(entry.body["counted"])] = people
    quorum = _quorum(len(weights))
    reached = sorted(
        place for place, councils in lockers.items() if len(councils) >= quorum and lists.get(place)
    )
    first = reached[0] if len({outcome for _, outcome in reached}) == 1 else None
    most: dict[str, int] = {}
    for (_, outcome), councils in lockers.items():
        most[outcome] = max(most.get(outcome, 0), len(councils))
    return {
        "certified": first[1] if first else None,
        "lists": lists[first] if first else {},
        "locks": most,
    }
