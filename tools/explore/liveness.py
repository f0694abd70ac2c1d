"""Do q honest connected councils finish?

*Connected* in a round means: what one of them holds when it votes, all of them hold. Before that
round anything may have happened, and in it liars and the councils outside may send them what
they like, or nothing. The claim: they have a certificate at the end of that round.

It is checked from every state in which a round can begin. What they hold is the statuses of all
of them and any of others; the highest lock among these decides, and without one the own result,
which is the same for all, as it follows from the positions that the same round-1 votes name.
Without lists nobody knows which positions differ, so each keeps the result of its own journal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

from tools.explore.layers import Found, State
from tools.explore.model import NONE, Lock, Model


@dataclass(frozen=True, slots=True)
class Case:
    """One round of connected councils: what they hold, and what they vote then."""

    round: int
    members: tuple[int, ...]
    statuses: tuple[Lock, ...]  # of the members
    others: frozenset[Lock]  # what outsiders and liars sent all of them
    votes: tuple[int, ...]

    def finishes(self, model: Model) -> bool:
        """Whether they lock, and so certify, one outcome by themselves."""
        return any(self.votes.count(outcome) >= model.q for outcome in set(self.votes))


def _common(locks: set[Lock], model: Model) -> list[tuple[int, ...]]:
    """What those who hold these statuses may vote, one of these for all of them."""
    top = max(locks)[0]
    highest = sorted({lock[1] for lock in locks if lock[0] == top and lock != NONE})
    return [tuple(highest)] if highest else [(outcome,) for outcome in model.possible]


def cases(model: Model, state: State, round_: int) -> Iterator[Case]:
    """Every round of every large enough set of connected councils that can follow a state."""
    provable = sorted(lock for lock in state.proofs if lock[0] < round_)
    nodes = range(len(state.nodes))
    for size in range(model.q, model.honest + 1):
        for members in combinations(nodes, size):
            named = [
                model.status_choices(state.nodes[i].floor, state.proofs, round_) for i in members
            ]
            outside = model.n - size
            sent = [
                frozenset(some) for k in range(outside + 1) for some in combinations(provable, k)
            ]
            for statuses, others in product(product(*named), sent):
                for options in _common({*statuses, *others}, model):
                    ballots = product(options, repeat=size)
                    if not model.lists and max({*statuses, *others}) == NONE:
                        ballots = product(model.possible, repeat=size)
                    for votes in ballots:
                        yield Case(round_, members, statuses, others, votes)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many situations were tried, and the first that did not finish."""

    tried: int
    stuck: Case | None


def check(found: Found) -> Verdict:
    """Try every connected round from every state in which one can begin."""
    tried, stuck = 0, None
    for round_, states in found.starts.items():
        for state in states if round_ > 1 else ():
            for case in cases(found.model, state, round_):
                tried += 1
                if stuck is None and not case.finishes(found.model):
                    stuck = case
    return Verdict(tried, stuck)


@dataclass(frozen=True, slots=True)
class Tease:
    """A round in which a liar's status reached some of the connected before they voted."""

    round: int
    shown: Lock  # NONE: nothing was shown
    to: int  # how many of them had it in time
    votes: tuple[int, ...]


def tease(model: Model, rounds: int) -> list[Tease]:
    """A run of connected rounds that liars keep from finishing; empty if there is none.

    The limit of the claim above: all records of the q honest reach each other in time, but a
    liar's status, with a lock that its own withheld vote completes, reaches only some of them
    before they vote, and so in every round anew.
    """
    return _teased(model, rounds, 1, NONE, frozenset()) or []


def _teased(
    model: Model, rounds: int, round_: int, known: Lock, secret: frozenset[Lock]
) -> list[Tease] | None:
    """`known` is the highest lock that all of them hold, `secret` what liars alone can prove."""
    if round_ > rounds:
        return []
    usual = [known[1]] if known != NONE else list(model.possible)
    for shown, to in [(NONE, 0), *product(sorted(secret), range(1, model.q))]:
        for other in usual:
            votes = (shown[1],) * to + (other,) * (model.q - to)
            ballots = product(model.possible, repeat=model.q) if round_ == 1 else [votes]
            for cast in ballots:
                if max(cast.count(outcome) for outcome in cast) >= model.q:
                    continue
                fresh = frozenset((round_, o) for o in model.proven([v] for v in cast))
                rest = _teased(model, rounds, round_ + 1, max(known, shown), fresh)
                if rest is not None:
                    return [Tease(round_, shown, to, cast), *rest]
    return None
