"""The lists of votes: whose figures may stand beside a certificate (specs/07, CER-1, 4, 8).

`layers` speaks of outcomes. Here there is one outcome, which every list gives, and the question
is whose list is shown with it. Positions `a` and `b` came in time: the journal of an honest node
counts any of them, or none. `z` is one that no honest journal counts: late, and signed all the
same. Shown is what some honest council signed in that round, and nothing while nobody honest
saw the freeze open.

An honest node votes in round 1 if its journal shows the freeze open, and in round 2 if it
joins (CER-4), with a list that most of the votes it holds name (CER-8). It holds any votes of
round 1 by q councils. A liar votes for any list, and another one for each who looks.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, combinations_with_replacement
from typing import Final

from tools.explore.model import quorum_of

POSITIONS: Final = ("a", "b")
LATE: Final = "z"

List = frozenset[str]
Votes = tuple[List | None, ...]
"""What each honest node named in one round, None: it signed nothing; in one order."""
Way = tuple[Votes, ...]
"""The rounds so far."""


@dataclass(frozen=True, kw_only=True)
class Lists:
    """What is explored. The defaults are the protocol; each switch takes one repair away.

    vouchers   how many votes must name the list that is shown; None is w
    together   votes with lists that differ vouch together
    repeated   a vote of round 2 repeats a list of round 1; False: each its own
    joined     of how many councils a node must hold votes of round 1 to join; None is w
    opened     whether honest journals may show the freeze open; False: they never do
    """

    n: int
    liars: int
    rounds: int = 2
    vouchers: int | None = None
    together: bool = False
    repeated: bool = True
    joined: int | None = None
    opened: bool = True

    @property
    def q(self) -> int:
        """How many councils make a quorum."""
        return quorum_of(self.n)

    @property
    def w(self) -> int:
        """RCP-3, at least 1; written again here, so that an error there is seen."""
        return max(1, (self.n - 1) // 3 + 1)

    @property
    def honest(self) -> int:
        """How many councils are honest."""
        return self.n - self.liars

    @cached_property
    def journals(self) -> list[List]:
        """What an honest node may count by its journal."""
        return [frozenset(some) for k in range(3) for some in combinations(POSITIONS, k)]

    @cached_property
    def forged(self) -> list[List]:
        """What a liar may name."""
        return [*self.journals, *(one | {LATE} for one in self.journals)]

    # --- what follows from the votes at hand ------------------------------------------------

    def chosen(self, held: Iterable[List]) -> set[List]:
        """The lists that a node may name that holds these votes; of a tie any one."""
        counts = Counter(held)
        most = max(counts.values())
        return {one for one, count in counts.items() if count == most}

    def holdings(self, cast: Votes) -> Iterator[tuple[List, ...]]:
        """What votes a node may hold: by q councils or more, each liar with one list or none."""
        honest = [one for one in cast if one is not None]
        seen: set[tuple[tuple[str, ...], ...]] = set()
        for size in range(len(honest) + 1):
            for some in combinations(honest, size):
                for lying in range(max(0, self.q - size), self.liars + 1):
                    for lies in combinations_with_replacement(self.forged, lying):
                        key = tuple(sorted(tuple(sorted(one)) for one in (*some, *lies)))
                        if key and key not in seen:
                            seen.add(key)
                            yield (*some, *lies)

    def joins(self, first: Votes) -> bool:
        """Whether a node that voted not in round 1 may hold enough of it to join (CER-4)."""
        needed = self.w if self.joined is None else self.joined
        return sum(one is not None for one in first) + self.liars >= needed

    def shown(self, cast: Votes) -> set[List]:
        """The lists that may stand beside q locks of a round: vouched for by enough votes."""
        needed = self.w if self.vouchers is None else self.vouchers
        honest = [one for one in cast if one is not None]
        if self.together:
            enough = len(honest) + self.liars >= needed
            return {*honest, *(self.forged if self.liars else ())} if enough else set()
        counts = Counter(honest)
        lists = {*counts, *(self.forged if self.liars else ())}
        return {one for one in lists if counts[one] + self.liars >= needed}

    def is_locked(self, cast: Votes) -> bool:
        """Whether q councils may have voted, and so locked, in a round."""
        return sum(one is not None for one in cast) + self.liars >= self.q


@dataclass(slots=True)
class Found:
    """What was come to: how many ways the rounds can go, and the first bad one of each sort."""

    states: int
    bad: Way | None = None
    why: str = ""
    late: Way | None = None  # a list with `z` that honest nodes took over in round 2
    stuck: Way | None = None


def explore(model: Lists) -> Found:
    """Every way in which both rounds can go, honest nodes being interchangeable."""
    first = [None, *(model.journals if model.opened else ())]
    found = Found(0)
    for votes in combinations_with_replacement(first, model.honest):
        _look(model, found, (votes,))
        for later in following(model, votes):
            _look(model, found, (votes, later))
    return found


def _look(model: Lists, found: Found, way: Way) -> None:
    found.states += 1
    if found.bad is None and (why := _fault(model, way)):
        found.bad, found.why = way, why
    if found.late is None and len(way) > 1 and model.is_locked(way[-1]):
        late = [one for one in model.shown(way[-1]) if LATE in one and one in way[-1]]
        found.late = (*way,) if late else None
    if found.stuck is None and len(way) > 1 and not finishes(model, way[-1]):
        found.stuck = way


def following(model: Lists, first: Votes) -> list[Votes]:
    """What honest nodes may sign in round 2."""
    named = {one for one in first if one is not None}
    if model.repeated and model.is_locked(first):
        named = {one for held in model.holdings(first) for one in model.chosen(held)}
    elif not named and model.liars:
        named = set(model.forged)  # what liars alone have named is recounted (CER-9)
    may = sum(one is not None or model.joins(first) for one in first)
    off = (None,) * (model.honest - may)
    options = [None, *sorted(named, key=sorted)]
    return [(*votes, *off) for votes in combinations_with_replacement(options, may)]


def _fault(model: Lists, way: Way) -> str:
    """What is wrong with a certificate that these votes may make."""
    if not model.is_locked(way[-1]):
        return ""
    lists = model.shown(way[-1])
    if lists and not any(one is not None for one in way[0]):
        return "no honest council saw the freeze open"
    strange = sorted((one for one in lists if one not in way[-1]), key=sorted)
    return f"shown is {_name(strange[-1])}, which no honest council named" if strange else ""


def finishes(model: Lists, last: Votes) -> bool:
    """Whether q honest nodes that have held the same show a list by the end of round 2.

    Who holds the same repeats the same list; else each stands under its own.
    """
    members = [one for one in last if one is not None]
    if len(members) < model.q or model.repeated:
        return model.q >= model.w
    return max(Counter(members).values()) >= model.w  # liars may be silent


def _name(one: List | None) -> str:
    return "-" if one is None else "{" + ",".join(sorted(one)) + "}"


def lines(model: Lists, way: Way, why: str) -> Iterator[str]:
    """A run in words."""
    for number, votes in enumerate(way, 1):
        said = ", ".join(f"c{i + 1} {_name(one)}" for i, one in enumerate(votes))
        yield f"votes of round {number}: {said}" + ("; liars name any" if model.liars else "")
    yield why
