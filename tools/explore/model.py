"""The protocol of specs/07, CER, as a model small enough to explore whole.

`n` councils, `liars` of them dishonest, two outcomes, rounds 1 to `rounds`. Records are signed
into a pool that only grows. Delivery is asynchronous: whatever was signed may have arrived
anywhere or not, so a node acts on any part of the pool, and a loss, a delay, a partition or a
node that is off are the same thing, a part that it does not hold.

A liar signs everything at any time: votes and locks for both outcomes, statuses with any lock
that q votes prove (the votes go with the status, so it cannot be made up). So liars have no
state: each of them stands in every quorum.

The result that a node has of its own is any outcome, at each vote anew: whatever its journal and
the lists say. That is more than a node can do, so what is safe here is safe there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

OUTCOMES: Final = (0, 1)
NAMES: Final = ("adopted", "rejected")

Lock = tuple[int, int]
"""A proven lock: its round and its outcome, as a status names it."""
NONE: Final[Lock] = (0, 0)
"""No lock: below every other."""
Proofs = frozenset[Lock]
"""The locks that q votes of one round prove."""


def quorum_of(councils: int) -> int:
    """q as specs/07, CER-1, has it; written again here, so that an error there is seen."""
    return 2 * councils // 3 + 1 if councils >= 4 else councils // 2 + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What is explored. The defaults are the protocol; each switch takes one repair away.

    quorum      q; None is that of the protocol
    add_votes   a lock adds up votes of different rounds
    add_locks   a certificate adds up locks of different rounds
    late        a node signs for a round after it has signed for a later one
    statuses    a vote of round >= 2 follows q statuses; False: it is the node's own result
    lists       a vote names the positions it counts, so that others fetch what they lack and
                recount it; False: an outcome alone
    possible    the outcomes that some list of signed positions gives
    forgetful   a status names any proven lock from the node's own upwards; False: it names
                none below a lock that the node has voted by
    """

    n: int
    liars: int
    rounds: int
    quorum: int | None = None
    add_votes: bool = False
    add_locks: bool = False
    late: bool = False
    statuses: bool = True
    lists: bool = True
    possible: tuple[int, ...] = OUTCOMES
    forgetful: bool = True

    @property
    def q(self) -> int:
        """How many councils make a quorum."""
        return quorum_of(self.n) if self.quorum is None else self.quorum

    @property
    def honest(self) -> int:
        """How many councils are honest."""
        return self.n - self.liars

    def enough(self, honest: int) -> bool:
        """Whether so many honest councils make a quorum with the liars."""
        return honest + self.liars >= self.q

    def valid(self, outcome: int) -> bool:
        """Whether a vote for an outcome can be valid, and so a certificate of it."""
        return outcome in self.possible or not self.lists

    def proven(self, votes: Iterable[Iterable[int | None]]) -> tuple[int, ...]:
        """The outcomes that honest votes and the liars' prove a lock for.

        `votes` has for each honest node what it voted: in one round, or in all so far.
        """
        cast = [set(each) for each in votes]
        return tuple(
            outcome
            for outcome in OUTCOMES
            if self.valid(outcome) and self.enough(sum(outcome in each for each in cast))
        )

    def status_choices(self, floor: Lock, proofs: Proofs, round_: int) -> list[Lock]:
        """The locks that a node may name in its status of `round_`; `floor` it cannot go below."""
        known = {lock for lock in proofs if lock[0] < round_} | {NONE, floor}
        return sorted(lock for lock in known if lock[0] >= floor[0])

    def vote_choices(
        self, own: Lock | None, statuses: Sequence[Lock], proofs: Proofs, round_: int
    ) -> list[tuple[int, Lock]]:
        """What a node may vote in a round, each with the lock it votes by.

        `own` is its own status and `statuses` those of all honest nodes, its own among them. It
        may hold any q of them that its own is in; the highest lock among these decides. A liar
        adds a status with no lock, or with any that is proven.
        """
        if round_ == 1 or not self.statuses:
            return [(outcome, NONE) for outcome in self.possible]
        if own is None:
            return []
        out: list[tuple[int, Lock]] = []
        provable = {lock for lock in proofs if lock[0] < round_} if self.liars else set[Lock]()
        for highest in sorted({NONE, *statuses, *provable}):
            if own[0] > highest[0] or not self.enough(sum(s[0] <= highest[0] for s in statuses)):
                continue
            if highest == NONE:
                out += [(outcome, NONE) for outcome in self.possible]
            else:
                out.append((highest[1], highest))
        return out
