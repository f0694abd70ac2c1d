"""What a frozen motion asks of a node: votes, locks, statuses (specs/07, CER).

Everything follows from the view, the time and what the council has signed already, so a node
that was away, or starts on a new disk with its old log, does what is still to be done.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from confedproto.bodies.freeze import Freeze
from confedproto.bodies.lock import Lock
from confedproto.bodies.status import Status
from confedproto.bodies.types import Body
from confedproto.bodies.vote import Vote
from confedproto.errors import Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.rules import motion as motion_rules
from confedproto.rules.admissible import motion_fault
from confedproto.rules.certificate import Certificate, vote_fault, vouchers_needed
from confedproto.rules.motion import Case, Placed
from confedproto.rules.notice import valid_freezes
from confedproto.rules.rounds import Ballots, begins, round_at
from confedproto.rules.tally import Outcome, Rule
from confedproto.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to sign now, in this order, and when to look again (milliseconds).

    `listens`: any record of the motion may ask for more; `done`: nothing ever will.
    """

    bodies: tuple[Body, ...] = ()
    again: int | None = None
    listens: bool = True
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """The rounds in which this council has signed a status, a vote, a lock on a freeze."""

    statuses: frozenset[int]
    votes: frozenset[int]
    locks: frozenset[int]

    @property
    def floor(self) -> int:
        """No vote and no lock is signed for a round below (CER-7)."""
        return max(self.statuses, default=1)

    @property
    def last(self) -> int:
        """The highest round of anything."""
        return max(self.statuses | self.votes | self.locks, default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """One motion as it stands for us."""

    case: Case
    freeze: Placed
    body: Freeze
    held: Ballots
    mine: _Signed
    first_round: int  # seconds
    step: int  # seconds


class Voting:
    """A council's part in certificates. Times are milliseconds."""

    def __init__(self, view: View, council: CouncilId) -> None:
        self._view: Final = view
        self._council: Final = council
        # Equal votes name the same list: recounted once, a bad one again with other positions.
        self._good: set[Vote] = set()
        self._bad: set[Vote] = set()
        self._bad_by: tuple[RecordId, frozenset[RecordId]] | None = None

    def asked(self, motion: RecordId, now: int) -> Asked:
        """What a motion asks of this node at `now`."""
        ground = self._ground(motion)
        if ground is None:
            return Asked()
        certificate = motion_rules.certificate_for(ground.case, ground.freeze)
        if isinstance(certificate, Certificate):
            return self._certified(ground, certificate)
        if now < ground.first_round * 1000:
            return Asked(again=ground.first_round * 1000, listens=False)
        round_ = round_at(ground.first_round, ground.step, now // 1000)
        bodies = (*self._first_vote(ground), *self._locks(ground))
        if bodies:
            return Asked(bodies=bodies)  # our own records make us look again
        began = begins(ground.first_round, ground.step, round_)
        ends = begins(ground.first_round, ground.step, round_ + 1)
        if 1 not in ground.mine.votes and not ground.held.is_vouched():
            return Asked()  # too few have counted anything yet: no round can help
        status = self._status(ground, round_)
        if status is not None:
            return Asked(bodies=(status,))
        middle = (began + ends) * 500
        if round_ > 1 and now < middle:
            return Asked(again=middle)
        vote = self._later_vote(ground, round_)
        return Asked(again=ends * 1000) if vote is None else Asked(bodies=(vote,))

    def _certified(self, ground: _Ground, certificate: Certificate) -> Asked:
        """A latecomer adds its vote and its lock to what is final; then nothing is left."""
        mine, round_ = ground.mine, certificate.round
        if round_ in mine.locks or round_ < mine.floor:
            return Asked(done=True)
        locks = tuple(lock for lock in self._locks(ground) if lock.round == round_)
        return Asked(bodies=(*self._first_vote(ground), *locks))

    def _ground(self, motion: RecordId) -> _Ground | None:
        case = self._view.case(motion)
        if isinstance(case, Reason):
            return None
        rule = motion_rules.rule_of(case)
        if rule is None or motion_fault(case) is not None:
            return None
        standing = self._signed_for(case) or motion_rules.single_freeze(case)
        if standing is not None:
            return self._ground_of(case, standing, rule)
        for freeze in valid_freezes(case):
            ground = self._ground_of(case, freeze, rule)
            if ground is not None and ground.held.is_vouched():
                return ground  # others saw more of it in time than we did
        return None

    def _signed_for(self, case: Case) -> Placed | None:
        """The freeze for which this council has signed anything: of a motion only one (CER-7)."""
        said = (*case.statuses, *case.votes, *case.locks)
        own = (p.record.body for p in said if p.record.council == self._council)
        signed = {body.freeze for body in own if isinstance(body, Status | Vote | Lock)}
        valid = valid_freezes(case)
        return next((freeze for freeze in valid if freeze.record.id in signed), None)

    def _inherits(self, roll: Collection[bytes]) -> bool:
        """Whether earlier logs of our council are held as far as others know them (CER-11)."""
        needed = vouchers_needed(len(roll))
        for log in self._view.chains.of[self._council].order[:-1]:
            lines = self._view.lines_past(log)
            beyond = {line.witness for line in lines if line.witness in roll}
            if len(beyond - {self._council}) >= needed:
                return False
        return True

    def _ground_of(self, case: Case, freeze: Placed, rule: Rule) -> _Ground | None:
        """A freeze of the motion as it stands for us, if we vote on it."""
        if not isinstance(freeze.record.body, Freeze):
            return None
        body, freeze_id = freeze.record.body, freeze.record.id
        roll = {voter.council for voter in body.councils}
        if self._council not in roll or not self._inherits(roll):
            return None
        positions = {placed.record.id: placed.record for placed in case.positions}
        counted_by = (freeze_id, frozenset(positions))
        if counted_by != self._bad_by:
            self._bad_by = counted_by
            self._bad.clear()

        def is_good(vote: Vote) -> bool:
            if vote not in self._good and vote not in self._bad:
                fault = vote_fault(vote, freeze_id, body, rule, positions)
                (self._good if fault is None else self._bad).add(vote)
            return vote in self._good

        return _Ground(
            case=case,
            freeze=freeze,
            body=body,
            held=Ballots(case, freeze_id, body, rule, is_good),
            mine=_Signed(
                statuses=self._own(case.statuses, freeze_id),
                votes=self._own(case.votes, freeze_id),
                locks=self._own(case.locks, freeze_id),
            ),
            first_round=motion_rules.times_of(body, case.compact).first_round,
            step=case.compact.windows.step,
        )

    def _own(self, placed: Sequence[Placed], freeze: RecordId) -> frozenset[int]:
        return frozenset(
            p.record.body.round
            for p in placed
            if p.record.council == self._council
            and isinstance(p.record.body, Status | Vote | Lock)
            and p.record.body.freeze == freeze
        )

    def _first_vote(self, ground: _Ground) -> Iterator[Vote]:
        """The vote of round 1, by this node's journal of when round 1 began (CER-2)."""
        mine = ground.mine
        if mine.statuses or 1 in mine.votes | mine.locks:
            return
        result = motion_rules.own_result(
            ground.case, ground.freeze, ground.first_round, self._view.lines_past
        )
        if result is not None:
            outcome, counted = result
            freeze = ground.freeze.record.id
            yield Vote(freeze=freeze, round=1, outcome=outcome.value, counted=counted)

    def _locks(self, ground: _Ground) -> Iterator[Lock]:
        """A lock for each round with q good votes for one outcome (CER-3).

        Who was away and has no result of its own may still lock what a quorum voted.
        """
        mine = ground.mine
        for round_ in ground.held.rounds():
            if round_ < mine.floor or round_ in mine.locks:
                continue
            for outcome in sorted(ground.held.proven(round_))[:1]:
                freeze = ground.freeze.record.id
                yield Lock(freeze=freeze, round=round_, outcome=Outcome(outcome).value)

    def _status(self, ground: _Ground, round_: int) -> Status | None:
        """The status of a later round, which closes all rounds below (CER-4, CER-7)."""
        if round_ < 2 or round_ <= ground.mine.last:
            return None
        known = ground.held.highest(below=round_)
        if max(ground.mine.locks, default=0) > (known.round if known is not None else 0):
            return None  # our own lock's votes are not here yet: saying less would be a lie
        return Status(freeze=ground.freeze.record.id, round=round_, locked=known)

    def _later_vote(self, ground: _Ground, round_: int) -> Vote | None:
        """The vote of a later round, by q statuses (CER-8)."""
        mine = ground.mine
        if round_ not in mine.statuses or round_ in mine.votes | mine.locks:
            return None
        choice = ground.held.choice(round_)
        if choice is None:
            return None
        outcome, counted = choice
        freeze = ground.freeze.record.id
        return Vote(freeze=freeze, round=round_, outcome=outcome.value, counted=counted)
