"""Rounds after the first: what a status proves, what a vote of round r says (specs/07, CER).

held = Ballots(case, freeze_id, freeze, rule, is_good)
held.highest(below=3)        -> the highest lock that q good votes prove, for our status
held.choice(statuses)        -> what follows from q statuses of a round, or None
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isqrt
from typing import Final

from confedproto.bodies.freeze import Freeze
from confedproto.bodies.position import Position
from confedproto.bodies.status import KnownLock, Status
from confedproto.bodies.vote import Vote
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.case import Case
from confedproto.rules.certificate import (
    is_after_closing,
    quorum_of_locks,
    result_of,
    shown_list,
    vouchers_needed,
)
from confedproto.rules.tally import Outcome, Rule

Counted = tuple[RecordId, ...]
ROUND_MAX: Final = 1_000_000
"""The last round that a record can name."""


def begins(first_round: int, step: int, round_: int) -> int:
    """When a round begins, seconds UTC: round r lasts r steps (CER-2).

    However slow the network is, at some time a round is long enough for it; and councils that
    cannot finish sign ever less often.
    """
    return first_round + max(1, step) * (round_ * (round_ - 1) // 2)


def round_at(first_round: int, step: int, now: int) -> int:
    """The round that is under way at `now` (seconds UTC), at least 1."""
    steps = max(0, now - first_round) // max(1, step)
    return min((1 + isqrt(1 + 8 * steps)) // 2, ROUND_MAX)


class Ballots:
    """The votes on a freeze that a node holds, and what they prove.

    `is_good` says whether a vote's list gives its outcome (`certificate.vote_fault`).
    """

    def __init__(
        self,
        case: Case,
        freeze_id: RecordId,
        freeze: Freeze,
        rule: Rule,
        is_good: Callable[[Vote], bool],
    ) -> None:
        self.needed: Final = quorum_of_locks(len(freeze.councils))
        self._case: Final = case
        self._freeze_id: Final = freeze_id
        self._freeze: Final = freeze
        self._rule: Final = rule
        self._is_good: Final = is_good
        self._votes: Final = sorted(
            (p.record for p in case.votes if is_after_closing(p.record, freeze)),
            key=lambda record: record.id,
        )
        self._cast: Final[dict[int, dict[tuple[str, CouncilId], list[VerifiedRecord]]]] = {}
        roll = {voter.council for voter in freeze.councils}
        for record in self._votes:
            vote = record.body
            if isinstance(vote, Vote) and vote.freeze == freeze_id and record.council in roll:
                found = self._cast.setdefault(vote.round, {})
                found.setdefault((vote.outcome, record.council), []).append(record)

    def good(self, round_: int) -> Iterator[VerifiedRecord]:
        """The good votes of a round: for each council and outcome the one of the lowest id.

        Only good ones are chosen from: a vote with a bad list, signed later, hides none that
        others have locked by.
        """
        for found in self._cast.get(round_, {}).values():
            for record in found:
                if isinstance(record.body, Vote) and self._is_good(record.body):
                    yield record
                    break

    def is_vouched(self) -> bool:
        """Whether w councils have counted something in round 1: without that there is nothing
        to come to, and with it one honest council saw the freeze open and whole (CER-4).
        """
        voters = {record.council for record in self.good(1)}
        return len(voters) >= vouchers_needed(len(self._freeze.councils))

    def proven(self, round_: int) -> dict[str, list[VerifiedRecord]]:
        """The outcomes that q good votes of a round prove, with these votes (CER-3)."""
        by_outcome: dict[str, list[VerifiedRecord]] = {}
        for record in self.good(round_):
            if isinstance(record.body, Vote):
                by_outcome.setdefault(record.body.outcome, []).append(record)
        return {o: votes for o, votes in by_outcome.items() if len(votes) >= self.needed}

    def rounds(self) -> list[int]:
        """The rounds of which there are votes."""
        return sorted(self._cast)

    def highest(self, below: int) -> KnownLock | None:
        """The highest lock that votes of rounds under `below` prove, or None (CER-4)."""
        for round_ in sorted((r for r in self._cast if r < below), reverse=True):
            for outcome, votes in sorted(self.proven(round_).items()):
                ids = sorted(record.id for record in votes)[: self.needed]
                return KnownLock(round=round_, outcome=Outcome(outcome).value, votes=tuple(ids))
        return None

    def holds(self, status: Status) -> bool:
        """Whether a status counts: what it says of a lock is proven by votes held here (CER-4)."""
        known = status.locked
        if status.freeze != self._freeze_id:
            return False
        if known is None:
            return True
        if known.round >= status.round or list(known.votes) != sorted(set(known.votes)):
            return False
        named = set(known.votes)
        councils: set[CouncilId] = set()
        roll = {voter.council for voter in self._freeze.councils}
        for record in self._votes:
            vote = record.body
            if record.id not in named or not isinstance(vote, Vote) or record.council not in roll:
                continue
            same = (vote.round, vote.outcome) == (known.round, known.outcome)
            if same and vote.freeze == self._freeze_id and self._is_good(vote):
                councils.add(record.council)
        return len(councils) >= self.needed

    def statuses(self, round_: int) -> dict[CouncilId, Sequence[Status]]:
        """The statuses of a round that count, by council of C."""
        roll = {voter.council for voter in self._freeze.councils}
        out: dict[CouncilId, list[Status]] = {}
        for placed in self._case.statuses:
            status, council = placed.record.body, placed.record.council
            if not isinstance(status, Status) or status.round != round_ or council not in roll:
                continue
            if is_after_closing(placed.record, self._freeze) and self.holds(status):
                out.setdefault(council, []).append(status)
        return dict(out)

    def choice(self, round_: int) -> tuple[Outcome, Counted] | None:
        """What to vote in a round >= 2, and with which list; None if that cannot be said (CER-8).

        None: fewer than q statuses count here, they name two outcomes of one round, or there is
        no lock and no good vote of round 1 to recount.
        """
        found = self.statuses(round_)
        if len(found) < self.needed:
            return None
        locks = [s.locked for each in found.values() for s in each if s.locked is not None]
        if not locks:
            return self.own_result()
        top = max(lock.round for lock in locks)
        highest = {lock.outcome for lock in locks if lock.round == top}
        if len(highest) > 1:
            return None
        outcome = highest.pop()
        votes = (r for r in self.good(top) if getattr(r.body, "outcome", None) == outcome)
        shown = shown_list(votes, self._is_good)
        if shown is None or not isinstance(shown.body, Vote):
            return None
        return Outcome(outcome), tuple(RecordId(i) for i in shown.body.counted)

    def own_result(self) -> tuple[Outcome, Counted] | None:
        """The count of the positions that good votes of round 1 name (CER-9).

        Of each council the highest number among them; none if two positions share it.
        """
        named = {
            position
            for record in self.good(1)
            if isinstance(record.body, Vote)
            for position in record.body.counted
        }
        if not named and next(self.good(1), None) is None:
            return None
        standing = list(_last(p.record for p in self._case.positions if p.record.id in named))
        outcome = result_of(self._freeze, self._rule, standing)
        if outcome is None:
            return None
        return outcome, tuple(sorted(record.id for record in standing))


def _last(positions: Iterable[VerifiedRecord]) -> Iterator[VerifiedRecord]:
    by_council: dict[CouncilId, dict[int, list[VerifiedRecord]]] = {}
    for record in positions:
        if isinstance(record.body, Position):
            numbers = by_council.setdefault(record.council, {})
            numbers.setdefault(record.body.number, []).append(record)
    for numbers in by_council.values():
        last = numbers[max(numbers)]
        if len(last) == 1:
            yield last[0]
