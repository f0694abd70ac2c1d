"""Is this act within its mandate: time, chain, money, and the council's own voice (specs/06, ACT).

chain(acts)  -> which act of each number stands, and from when two of one stop the mandate
act_verdict  -> the checks of ACT-1, in their order, on what is known
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from confedproto.bodies.act import Act
from confedproto.bodies.mandate import FRESHNESS_S, Mandate
from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.rules.mandate import (
    NEEDS_RATIFICATION,
    VALID,
    Outcome,
    Verdict,
    scope_verdict,
    tenure_verdict,
    unknown,
    void,
)
from confedproto.rules.receipts import received_at
from confedproto.rules.tenure import History

ACT_RECEIPT_S: Final = 86_400
"""Seconds within which the w-th receipt confirms an act's own claimed time (ACT-2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An act as others know it: `received` is its w-th receipt's time, None if it has fewer."""

    id: RecordId
    act: Act
    received: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What the chain of acts says of one of them (ACT-3, ACT-8, ACT-9).

    `missing`: an act before it is not here. `astray`: it follows an act that does not stand.
    `beaten`: another act of its number stands. `spent`: the amounts of the acts before it.
    `doubled`: when the second act of a lower number was received, None if there is none.
    """

    missing: bool
    astray: bool
    beaten: bool
    spent: int
    doubled: int | None


def doubled_from(acts: Iterable[Done]) -> int | None:
    """When the second of two acts of one number was received: from then on the mandate rests
    (ACT-8).
    """
    return min(_doubles(_by_number(acts)).values(), default=None)


def links_of(acts: Sequence[Done]) -> Mapping[RecordId, Links]:
    """Where each act stands among all acts under its mandate that are known.

    Each is judged by the one before it, in the order of the numbers: a delegate may sign
    thousands, so the chain is walked once for all of them.
    """
    numbers = _by_number(acts)
    doubles = _doubles(numbers)
    out: dict[RecordId, Links] = {}
    doubled: int | None = None  # by an act of a lower number
    for number in sorted(numbers):
        ones, below = numbers[number], numbers.get(number - 1, {})
        first = _first(ones.values())
        for one in ones.values():
            previous = one.act.previous
            before = below.get(RecordId(previous)) if previous is not None and number > 1 else None
            behind = out[before.id] if before is not None else None
            out[one.id] = Links(
                missing=number > 1 if behind is None else behind.missing,
                astray=behind is not None and (behind.astray or behind.beaten),
                beaten=first is not None and first.id != one.id,
                spent=0
                if before is None or behind is None
                else behind.spent + (before.act.amount or 0),
                doubled=doubled,
            )
        if number in doubles:
            doubled = doubles[number] if doubled is None else min(doubled, doubles[number])
    return out


def _by_number(acts: Iterable[Done]) -> Mapping[int, dict[RecordId, Done]]:
    out: dict[int, dict[RecordId, Done]] = {}
    for one in acts:
        out.setdefault(one.act.number, {})[one.id] = one
    return out


def _doubles(numbers: Mapping[int, Mapping[RecordId, Done]]) -> dict[int, int]:
    """Number -> when the second act of it was received."""
    out: dict[int, int] = {}
    for number, ones in numbers.items():
        times = sorted(one.received for one in ones.values() if one.received is not None)
        if len(times) > 1:
            out[number] = times[1]
    return out


def _first(rivals: Iterable[Done]) -> Done | None:
    """Of acts of one number the one that others had first stands; equal: the lower id."""
    known = [one for one in rivals if one.received is not None]
    return min(known, key=lambda one: (one.received or 0, one.id), default=None)


def act_time(claimed: int, receipt_times: Sequence[int], needed: int) -> int | None:
    """When the act counts as done: claimed, if w receipts follow within a day (ACT-2).

    With `needed` 0 nobody else is there to receive it, and the claim stands.
    """
    if needed == 0:
        return claimed
    received = received_at(receipt_times, needed)
    if received is None:
        return None
    return claimed if abs(received - claimed) <= ACT_RECEIPT_S else received


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """All that bears on one act beside its mandate; times are seconds UTC.

    `head_time` is that of the head it cites. `needed` is the number of receipts (None: the
    compact is not at hand). `overridden`: a council that it speaks for has a position of its own.
    `above_missing`: its mandate passes on another one, which is not at hand (LVL-3).
    """

    claimed: int
    head_time: int
    receipt_times: Sequence[int]
    needed: int | None
    links: Links
    overridden: bool = False
    above_missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A mandate that an act has to be within, what happened to it, and its council's words.

    `instructed`: what `instruction_verdict` says. `ratified`: the answer of the council that
    granted it, None if it gave none.
    """

    mandate: Mandate
    history: History
    instructed: Verdict
    ratified: bool | None = None


def act_verdict(covers: Sequence[Cover], act: Act, about: Circumstances) -> Verdict:
    """The verdict on an act, the checks in the order of specs/06, ACT-1.

    `covers` are its mandate and then, if that is a link, the one above (LVL-4). A breach that no
    further record can mend is VOID even while receipts are missing.
    """
    early = _at_sight(covers, act, about)
    if early is not None:
        return early
    if about.needed is None:
        return unknown(Reason.COMPACT_UNKNOWN)
    done = act_time(about.claimed, about.receipt_times, about.needed)
    if done is None:
        return unknown(Reason.RECEIPTS_MISSING)
    own = replace(covers[0], history=replace(covers[0].history, doubled=about.links.doubled))
    for cover in (own, *covers[1:]):
        in_force = tenure_verdict(cover.mandate, cover.history, act.kind, done)
        if in_force.outcome is not Outcome.VALID:
            return in_force
    if about.above_missing:
        return unknown(Reason.MANDATE_UNKNOWN)
    if about.links.astray:
        return void(Reason.ACT_PREVIOUS)
    if about.links.beaten:
        return void(Reason.ACT_DOUBLE)
    ceiling = own.mandate.ceiling
    if ceiling is not None and about.links.spent + (act.amount or 0) > ceiling.total:
        return void(Reason.TOTAL_CEILING)
    if about.links.missing:
        return unknown(Reason.ACT_NUMBER)
    return _answered(covers)


def _answered(covers: Sequence[Cover]) -> Verdict:
    """What the instructions and the councils' answers to them come to (ACT-1, 11)."""
    verdicts = [_ratified(cover) for cover in covers]
    refused = (verdict for verdict in verdicts if verdict.outcome is Outcome.VOID)
    open_ones = (verdict for verdict in verdicts if verdict.outcome is not Outcome.VALID)
    return next(refused, None) or next(open_ones, VALID)


def _ratified(cover: Cover) -> Verdict:
    if cover.instructed != NEEDS_RATIFICATION or cover.ratified is None:
        return cover.instructed
    return VALID if cover.ratified else void(Reason.RATIFY_REFUSED)


def _at_sight(covers: Sequence[Cover], act: Act, about: Circumstances) -> Verdict | None:
    """What is plain from the act and its mandates alone, or None (ACT-1, 1 to 4)."""
    for cover in covers:
        for verdict in (scope_verdict(cover.mandate, act), cover.instructed):
            if verdict.outcome is Outcome.VOID:
                return verdict
        bare = History(fault=cover.history.fault)
        claimed = tenure_verdict(cover.mandate, bare, act.kind, about.claimed)
        if claimed.outcome is Outcome.VOID:
            return claimed
    freshness = covers[0].mandate.freshness
    if about.claimed - about.head_time > (FRESHNESS_S if freshness is None else freshness):
        return void(Reason.ACT_STALE)
    return void(Reason.OVERRIDDEN) if about.overridden else None


def is_final(
    done: int | None, *, own_head: int, other_heads: Iterable[int], councils: int, needed: int
) -> bool:
    """Whether no later record can reach back to an act done at `done` (ACT-10).

    `own_head` is the time of the head up to which the council's own log is held whole,
    `other_heads` those of the other members' logs (-1 where one is not). A recall in the
    council's log that is not held yet takes effect at `own_head` or later; one that others
    carry needs `needed` receipts, and fewer logs than that are out of sight.
    """
    if done is None or own_head <= done:
        return False
    seen = 1 + sum(time > done for time in other_heads)
    return seen >= councils - needed + 1
