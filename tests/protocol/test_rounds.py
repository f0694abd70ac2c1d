"""Rounds from 2 on: what a status proves, what a vote follows, and splits that are healed."""

from collections.abc import Iterable, Sequence
from typing import Literal

from confedproto.bodies.lock import Lock
from confedproto.bodies.status import KnownLock, Status
from confedproto.bodies.vote import Vote
from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.case import Case
from confedproto.rules.certificate import Certificate, certify, vote_fault
from confedproto.rules.rounds import ROUND_MAX, Ballots, begins, round_at
from confedproto.rules.tally import Outcome, parse_rule
from confedproto.view import View
from confedproto.voting import Voting
from tests.support.councils import Author, Ballot, ballot, feed, view_of

Word = Literal["adopted", "rejected", "no-quorum"]
RULE = parse_rule("majority")


class Table:
    """A frozen motion of four councils (q = 3) with hand-made positions, votes and statuses."""

    def __init__(self, said: str = "yyn-") -> None:
        self.ballot: Ballot = ballot(4)
        words: dict[str, Literal["yes", "no"]] = {"y": "yes", "n": "no"}
        self.positions = [
            self.ballot.position(author, words[word])
            for author, word in zip(self.authors, said, strict=True)
            if word in words
        ]
        self.ballot.witness_all(time=self.ballot.body.closes)

    @property
    def authors(self) -> Sequence[Author]:
        return self.ballot.authors

    @property
    def freeze(self) -> RecordId:
        return self.ballot.freeze.id

    @property
    def step(self) -> int:
        return self.ballot.windows.step

    def begins(self, round_: int) -> int:
        """Milliseconds."""
        return (self.ballot.first_round + round_ * (round_ - 1) // 2 * self.step) * 1000

    def middle(self, round_: int) -> int:
        return self.begins(round_) + round_ * self.step * 500

    def vote(
        self, author: Author, outcome: Word, counted: Iterable[VerifiedRecord], round_: int = 1
    ) -> VerifiedRecord:
        ids = tuple(sorted(record.id for record in counted))
        body = Vote(freeze=self.freeze, round=round_, outcome=outcome, counted=ids)
        return self._sign(author, body, round_)

    def status(
        self,
        author: Author,
        round_: int,
        locked: Sequence[VerifiedRecord] = (),
        outcome: Word = "adopted",
        of: int = 1,
    ) -> VerifiedRecord:
        ids = tuple(sorted(record.id for record in locked))
        known = KnownLock(round=of, outcome=outcome, votes=ids) if ids else None
        return self._sign(author, Status(freeze=self.freeze, round=round_, locked=known), round_)

    def lock(self, author: Author, outcome: Word, round_: int = 1) -> VerifiedRecord:
        return self._sign(author, Lock(freeze=self.freeze, round=round_, outcome=outcome), round_)

    def _sign(self, author: Author, body: Vote | Status | Lock, round_: int) -> VerifiedRecord:
        time = self.begins(round_) // 1000
        return author.sign_by_node(body, subject=self.ballot.motion.id, time=time)

    def view(self) -> View:
        return view_of(self.authors, arrived=self.ballot.first_round)

    def case(self) -> Case:
        case = self.view().case(self.ballot.motion.id)
        assert isinstance(case, Case)
        return case

    def held(self) -> Ballots:
        case = self.case()
        positions = {placed.record.id: placed.record for placed in case.positions}
        return Ballots(
            case,
            self.freeze,
            self.ballot.body,
            RULE,
            lambda vote: vote_fault(vote, self.freeze, self.ballot.body, RULE, positions) is None,
        )

    def certificate(self) -> Certificate | Reason:
        case = self.case()
        return certify(
            self.freeze,
            self.ballot.body,
            RULE,
            {placed.record.id: placed.record for placed in case.positions},
            [placed.record for placed in case.votes],
            [placed.record for placed in case.locks],
        )


def three_votes(table: Table) -> list[VerifiedRecord]:
    return [table.vote(author, "adopted", table.positions) for author in table.authors[:3]]


# --- when rounds begin --------------------------------------------------------------------------


def test_round_r_lasts_r_steps() -> None:
    assert [begins(100, 10, r) for r in (1, 2, 3, 4)] == [100, 110, 130, 160]
    for step in (1, 7, 86_400):
        for round_ in (1, 2, 3, 10, 1_000):
            start, end = begins(5, step, round_), begins(5, step, round_ + 1)
            assert end - start == round_ * step
            assert round_at(5, step, start) == round_at(5, step, end - 1) == round_
    assert round_at(5, 0, 5 + 3) == 3  # a step of 0 counts as one second
    assert round_at(5, 1, 2**40) == ROUND_MAX
    assert round_at(5, 1, 0) == 1


# --- certificates of one round ------------------------------------------------------------------


def test_certify_never_adds_up_locks_of_different_rounds() -> None:
    table = Table()
    three_votes(table)
    for author in table.authors[:2]:
        table.lock(author, "adopted")
    table.lock(table.authors[2], "adopted", round_=2)
    assert table.certificate() is Reason.LOCKS_MISSING
    table.lock(table.authors[3], "adopted")
    found = table.certificate()
    assert isinstance(found, Certificate)
    assert (found.round, len(found.locks)) == (1, 3)


def test_certify_of_a_later_round_needs_a_good_list_of_that_round() -> None:
    table = Table()
    three_votes(table)
    for author in table.authors[:3]:
        table.lock(author, "adopted", round_=2)
    assert table.certificate() is Reason.VOTE_LIST
    table.vote(table.authors[3], "adopted", table.positions, round_=2)
    assert table.certificate() is Reason.VOTE_LIST  # one council's list alone
    table.vote(table.authors[2], "adopted", table.positions, round_=2)
    found = table.certificate()
    assert isinstance(found, Certificate)
    assert (found.round, found.outcome) == (2, Outcome.ADOPTED)


def test_certify_of_two_outcomes_in_two_rounds_is_split() -> None:
    table = Table()
    three_votes(table)
    for author in table.authors[:3]:
        table.lock(author, "adopted")
        table.lock(author, "rejected", round_=2)
    assert table.certificate() is Reason.LOCKS_SPLIT


# --- statuses -------------------------------------------------------------------------------------


def test_highest_lock_is_that_of_the_highest_round_below() -> None:
    table = Table()
    first = three_votes(table)
    second = [table.vote(a, "no-quorum", (), round_=2) for a in table.authors[:3]]
    held = table.held()
    assert held.highest(below=1) is None
    low, high = held.highest(below=2), held.highest(below=3)
    assert low is not None
    assert high is not None
    assert (low.round, low.outcome, set(low.votes)) == (1, "adopted", {v.id for v in first})
    assert (high.round, high.outcome, set(high.votes)) == (2, "no-quorum", {v.id for v in second})


def test_highest_lock_of_fewer_than_q_good_votes_is_none() -> None:
    table = Table()
    for author in table.authors[:2]:
        table.vote(author, "adopted", table.positions)
    table.vote(table.authors[2], "adopted", table.positions[:1])  # gives no quorum
    assert table.held().highest(below=2) is None


def test_status_without_the_votes_it_names_does_not_count() -> None:
    table = Table()
    votes = three_votes(table)
    bad = [table.vote(author, "rejected", table.positions) for author in table.authors[:3]]
    table.status(table.authors[0], 2)
    table.status(table.authors[1], 2, votes)
    table.status(table.authors[2], 2, votes[:2])  # fewer than q
    table.status(table.authors[3], 2, bad, "rejected")  # lists that do not give it
    assert set(table.held().statuses(2)) == {author.council for author in table.authors[:2]}


def test_status_that_names_its_own_round_or_another_outcome_does_not_count() -> None:
    table = Table()
    votes = three_votes(table)
    table.status(table.authors[0], 2, votes, of=2)
    table.status(table.authors[1], 2, votes, "rejected")
    table.status(table.authors[2], 3, votes)
    second = [table.vote(author, "adopted", table.positions, 2) for author in table.authors[:3]]
    table.status(table.authors[3], 2, second, of=2)
    assert table.held().statuses(2) == {}


# --- what a later vote follows --------------------------------------------------------------------


def test_choice_needs_statuses_of_q_councils() -> None:
    table = Table()
    three_votes(table)
    for author in table.authors[:2]:
        table.status(author, 2)
    assert table.held().choice(2) is None
    table.status(table.authors[3], 2)
    assert table.held().choice(2) is not None


def test_choice_follows_the_highest_lock_with_a_list_that_gives_it() -> None:
    table = Table()
    votes = three_votes(table)
    empty = [table.vote(author, "no-quorum", (), round_=2) for author in table.authors[:3]]
    table.status(table.authors[0], 3, votes)
    table.status(table.authors[1], 3)
    table.status(table.authors[2], 3, empty, "no-quorum", of=2)
    assert table.held().choice(3) == (Outcome.NO_QUORUM, ())


def test_choice_without_a_lock_counts_all_that_good_votes_of_round_one_name() -> None:
    table = Table("yyy-")
    one, two, three = table.positions
    table.vote(table.authors[0], "no-quorum", [one])
    table.vote(table.authors[1], "no-quorum", [two, three])
    table.vote(table.authors[2], "adopted", [one])  # a bad list names nothing
    for author in table.authors[:3]:
        table.status(author, 2)
    ids = tuple(sorted(record.id for record in table.positions))
    assert table.held().choice(2) == (Outcome.ADOPTED, ids)


def test_choice_counts_the_last_position_of_a_council_and_none_of_two_with_one_number() -> None:
    table = Table("yyyy")
    author = table.authors[3]
    again = table.ballot.position(author, "no", number=2)
    table.vote(table.authors[0], "adopted", table.positions)
    table.vote(table.authors[1], "adopted", [*table.positions[:3], again])
    for each in table.authors[:3]:
        table.status(each, 2)
    choice = table.held().choice(2)
    assert choice is not None
    assert set(choice[1]) == {*(record.id for record in table.positions[:3]), again.id}
    twin = table.ballot.position(author, "abstain", number=2)
    table.vote(table.authors[2], "adopted", [*table.positions[:3], twin])
    choice = table.held().choice(2)
    assert choice is not None
    assert set(choice[1]) == {record.id for record in table.positions[:3]}


def test_choice_between_two_outcomes_of_one_round_is_none() -> None:
    table = Table()
    votes = three_votes(table)
    other = [table.vote(author, "no-quorum", ()) for author in table.authors[:3]]
    table.status(table.authors[0], 2, votes)
    table.status(table.authors[1], 2, other, "no-quorum")
    table.status(table.authors[2], 2)
    assert table.held().choice(2) is None


# --- what a node signs, and when ------------------------------------------------------------------


def kinds(bodies: Iterable[object]) -> list[str]:
    return [type(body).__name__ for body in bodies]


class Seat:
    """The node of the first council: what it is asked goes into its log and its view."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.view = table.view()
        self.voting = Voting(self.view, table.authors[0].council)

    def sign(self, now: int) -> list[str]:
        """Sign all that is asked at `now`, until nothing is."""
        out: list[str] = []
        while True:
            feed(self.view, self.table.authors, arrived=self.table.ballot.first_round)
            bodies = self.voting.asked(self.table.ballot.motion.id, now).bodies
            if not bodies:
                return out
            for body in bodies:
                self.table.authors[0].sign_by_node(
                    body, subject=self.table.ballot.motion.id, time=now // 1000
                )
            out += kinds(bodies)

    def again(self, now: int) -> int | None:
        return self.voting.asked(self.table.ballot.motion.id, now).again


def test_node_votes_once_in_round_one_and_looks_again_when_the_next_begins() -> None:
    table = Table()
    seat = Seat(table)
    assert seat.sign(table.begins(1) - 1) == []
    assert seat.again(table.begins(1) - 1) == table.begins(1)
    assert seat.sign(table.begins(1)) == ["Vote"]
    assert seat.again(table.begins(1)) == table.begins(2)


def test_node_signs_a_status_then_waits_for_the_middle_and_for_q_statuses() -> None:
    table = Table()
    seat = Seat(table)
    assert seat.sign(table.begins(2)) == ["Vote", "Status"]
    assert seat.again(table.begins(2)) == table.middle(2)
    assert seat.sign(table.middle(2)) == []
    for author in table.authors[1:3]:
        table.status(author, 2)
    assert seat.sign(table.middle(2) - 1) == []
    assert seat.sign(table.middle(2)) == ["Vote"]
    assert seat.sign(table.begins(3) - 1) == []
    assert seat.sign(table.begins(3)) == ["Status"]


def test_node_signs_nothing_for_rounds_below_its_status() -> None:
    table = Table()
    seat = Seat(table)
    seat.sign(table.begins(2))
    for author in table.authors[1:]:
        table.vote(author, "adopted", table.positions)
    assert seat.sign(table.begins(2) + 1) == []
    assert seat.view.about(table.ballot.motion.id, "lock") == ()
    status = seat.sign(table.begins(3))
    assert status == ["Status"]
    last = table.authors[0].leaves[-1].body
    assert isinstance(last, Status)
    assert last.locked is not None  # but it knows of the lock that it may not sign any more
    assert last.locked.round == 1


def test_node_that_gave_a_status_first_signs_no_vote_of_round_one_any_more() -> None:
    table = Table()
    table.vote(table.authors[1], "adopted", table.positions)
    table.status(table.authors[0], 2)
    assert Seat(table).sign(table.middle(2)) == []


def test_node_that_locked_does_not_deny_it_before_it_holds_the_votes_again() -> None:
    table = Table()
    table.vote(table.authors[0], "adopted", table.positions)
    table.lock(table.authors[0], "adopted")
    seat = Seat(table)
    assert seat.sign(table.middle(2)) == []
    votes = [table.vote(author, "adopted", table.positions) for author in table.authors[1:3]]
    assert seat.sign(table.middle(2)) == ["Status"]
    last = table.authors[0].leaves[-1].body
    assert isinstance(last, Status)
    assert last.locked is not None
    assert {vote.id for vote in votes} < set(last.locked.votes)


def test_node_locks_a_later_round_by_its_votes_alone() -> None:
    table = Table()
    seat = Seat(table)
    seat.sign(table.begins(1))
    for author in table.authors[1:]:
        table.vote(author, "adopted", table.positions, round_=2)
    assert seat.sign(table.begins(2)) == ["Lock"]
    last = table.authors[0].leaves[-1].body
    assert isinstance(last, Lock)
    assert last.round == 2
    assert seat.sign(table.middle(2)) == []  # and neither status nor vote of that round any more


def test_node_that_holds_no_good_vote_begins_no_round() -> None:
    table = Table()
    view = view_of(table.authors, arrived=table.ballot.first_round + 10 * table.step)
    voting = Voting(view, table.authors[3].council)
    asked = voting.asked(table.ballot.motion.id, table.middle(5))
    assert (asked.bodies, asked.again, asked.done) == ((), None, False)


def test_latecomer_adds_its_lock_to_a_certificate_and_is_done() -> None:
    table = Table()
    for author in table.authors[1:]:
        table.vote(author, "adopted", table.positions)
    for author in table.authors[1:]:
        table.lock(author, "adopted")
    seat = Seat(table)
    assert seat.sign(table.middle(4)) == ["Vote", "Lock"]
    assert seat.voting.asked(table.ballot.motion.id, table.middle(4)).done


def test_bad_vote_of_a_lower_id_hides_no_vote_that_others_locked_by() -> None:
    table, liar = Table(), 3
    for author in table.authors[1:3]:
        table.vote(author, "adopted", table.positions)
    good = table.vote(table.authors[liar], "adopted", table.positions)
    seat = Seat(table)
    seat.sign(table.begins(1))
    assert seat.view.about(table.ballot.motion.id, "lock")
    signed = table.authors[liar]
    for number in range(64):
        body = Vote(
            freeze=table.freeze, round=1, outcome="adopted", counted=(bytes([number]) * 32,)
        )
        time = table.begins(1) // 1000
        bad = signed.sign_by_node(body, subject=table.ballot.motion.id, time=time)
        if bad.id < good.id:
            break
    assert "Status" in seat.sign(table.middle(2))
    held = table.held()
    assert good.id in {record.id for record in held.good(1)}
