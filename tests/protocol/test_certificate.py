"""Certificates: q locks of one round, and a list that gives the outcome."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import pytest
from msgspec.structs import replace

from confedproto.bodies.freeze import Voter
from confedproto.bodies.lock import Lock
from confedproto.bodies.position import Position
from confedproto.bodies.vote import Vote
from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.certificate import (
    Certificate,
    certify,
    councils_for,
    quorum_of_locks,
    tally_of,
    vote_fault,
    vouchers_needed,
)
from confedproto.rules.tally import Outcome, Rule, parse_rule
from tests.support.councils import START, Author, Ballot, ballot

Word = Literal["adopted", "rejected", "no-quorum"]


@dataclass(slots=True)
class Hand:
    """A ballot with positions, votes and locks that a test gathers by hand."""

    ballot: Ballot
    rule: Rule
    positions: list[VerifiedRecord] = field(default_factory=list)
    votes: list[VerifiedRecord] = field(default_factory=list)
    locks: list[VerifiedRecord] = field(default_factory=list)

    @property
    def authors(self) -> list[Author]:
        return list(self.ballot.authors)

    def vote(
        self, author: Author, outcome: Word = "adopted", counted: Iterable[VerifiedRecord] = ()
    ) -> None:
        chosen = list(counted) or self.positions
        self.votes.append(self.ballot.vote(author, outcome, chosen))

    def vouch(self) -> None:
        """As many votes with one list as a certificate asks."""
        for author in self.authors[: vouchers_needed(len(self.authors))]:
            self.vote(author)

    def lock(self, author: Author, outcome: Word = "adopted") -> None:
        self.locks.append(self.ballot.lock(author, outcome))

    def certify(self) -> Certificate | Reason:
        return certify(
            self.ballot.freeze.id,
            self.ballot.body,
            self.rule,
            {item.id: item for item in self.positions},
            self.votes,
            self.locks,
        )

    def fault(self, vote: Vote) -> Reason | None:
        positions = {item.id: item for item in self.positions}
        return vote_fault(vote, self.ballot.freeze.id, self.ballot.body, self.rule, positions)


def hand(count: int, rule: str = "majority", said: str = "") -> Hand:
    """`count` councils; `said` gives their positions, y, n, a or - for silence."""
    out = Hand(ballot(count, rule=rule), parse_rule(rule))
    values: dict[str, Literal["yes", "no", "abstain"]] = {"y": "yes", "n": "no", "a": "abstain"}
    for author, word in zip(out.authors, said or "y" * count, strict=True):
        if word != "-":
            yes, no = (10, 5) if word == "y" else (5, 10)
            out.positions.append(out.ballot.position(author, values[word], yes=yes, no=no))
    return out


# --- numbers ---------------------------------------------------------------------------------

Q: Final = {1: 1, 2: 2, 3: 2, 4: 3, 5: 4, 6: 5, 7: 5, 8: 6, 9: 7, 10: 7, 26: 18, 334: 223}


@pytest.mark.parametrize(("councils", "locks"), Q.items())
def test_quorum_of_locks_is_the_table_of_the_rule(councils: int, locks: int) -> None:
    assert quorum_of_locks(councils) == locks


def test_quorum_of_locks_two_quorums_meet_in_an_honest_council() -> None:
    for councils in range(4, 400):
        liars = (councils - 1) // 3
        q = quorum_of_locks(councils)
        assert 2 * q - councils > liars  # two quorums share more than all liars
        assert councils - liars >= q  # the honest ones reach it alone


# --- the certificate -------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 26])
def test_certify_with_q_locks_and_one_list_certifies(count: int) -> None:
    made = hand(count)
    made.vouch()
    q = quorum_of_locks(count)
    for author in made.authors[: q - 1]:
        made.lock(author)
    assert made.certify() is Reason.LOCKS_MISSING
    made.lock(made.authors[q - 1])
    certificate = made.certify()
    assert isinstance(certificate, Certificate)
    assert certificate.outcome is Outcome.ADOPTED
    assert len(certificate.locks) == q
    assert certificate.tally.people_yes == 10 * count
    assert set(certificate.votes) == set(made.votes)
    made.votes.pop()
    assert made.certify() is Reason.VOTE_LIST  # w must name one list


def test_certify_counts_a_council_once_however_often_it_locks() -> None:
    made = hand(4)
    made.vouch()
    for author in (made.authors[0], made.authors[1]):
        for _ in range(3):
            made.lock(author)
            made.locks.append(made.locks[-1])
    assert made.certify() is Reason.LOCKS_MISSING


def test_certify_with_locks_of_a_stranger_does_not_count_them() -> None:
    made = hand(4)
    made.vouch()
    stranger = Author(50)
    for author in (*made.authors[:2], stranger):
        made.lock(author)
    assert made.certify() is Reason.LOCKS_MISSING


def test_certify_with_locks_of_another_freeze_or_round_does_not_count_them() -> None:
    made = hand(4)
    made.vouch()
    for author in made.authors[:2]:
        made.lock(author)
    elsewhere = Lock(freeze=bytes(32), round=1, outcome="adopted")
    author = made.authors[2]
    made.locks.append(author.sign_by_node(elsewhere, subject=made.ballot.motion.id, time=START))
    later = Lock(freeze=made.ballot.freeze.id, round=2, outcome="adopted")
    made.locks.append(author.sign_by_node(later, subject=made.ballot.motion.id, time=START))
    assert made.certify() is Reason.LOCKS_MISSING


def test_certify_with_locks_of_two_outcomes_below_q_each_is_missing() -> None:
    made = hand(8)
    made.vouch()
    for author in made.authors[:5]:
        made.lock(author, "adopted")
    for author in made.authors[5:]:
        made.lock(author, "rejected")
    assert made.certify() is Reason.LOCKS_MISSING


def test_certify_with_locks_but_no_list_is_vote_list() -> None:
    made = hand(4)
    for author in made.authors:
        made.lock(author)
    assert made.certify() is Reason.VOTE_LIST


def test_certify_with_a_list_that_does_not_give_the_outcome_is_vote_list() -> None:
    made = hand(4)
    made.vote(made.authors[0], "rejected")  # its positions give "adopted"
    for author in made.authors:
        made.lock(author, "rejected")
    assert made.certify() is Reason.VOTE_LIST


def test_certify_with_a_list_of_another_outcome_is_vote_list() -> None:
    made = hand(4)
    made.vote(made.authors[0], "adopted")
    for author in made.authors:
        made.lock(author, "rejected")
    assert made.certify() is Reason.VOTE_LIST


def test_certify_without_a_position_of_the_list_waits_for_it() -> None:
    made = hand(4)
    made.vouch()
    for author in made.authors:
        made.lock(author)
    kept = made.positions
    made.positions = kept[1:]
    assert made.certify() is Reason.VOTE_LIST
    made.positions = kept
    assert isinstance(made.certify(), Certificate)


def test_certify_after_double_signing_of_a_third_gives_one_outcome() -> None:
    # 8 councils, q = 6: two liars sign both ways, the six honest ones are split 4 and 2.
    made = hand(8)
    made.vouch()
    for author in made.authors[:6]:
        made.lock(author, "adopted")
    for author in made.authors[4:]:
        made.lock(author, "rejected")
    certificate = made.certify()
    assert isinstance(certificate, Certificate)
    assert certificate.outcome is Outcome.ADOPTED


def test_certify_of_two_quorums_is_locks_split() -> None:
    # Only with more liars than the rule stands can this be; then nobody chooses for them.
    made = hand(4)
    made.vouch()
    for author in made.authors:
        made.lock(author, "adopted")
        made.lock(author, "rejected")
    assert made.certify() is Reason.LOCKS_SPLIT


def test_certify_of_three_councils_can_be_split_by_one() -> None:
    # q = 2 of 3: the limit that the specification names and every screen shows.
    made = hand(3)
    made.vouch()
    made.lock(made.authors[0], "adopted")
    made.lock(made.authors[1], "adopted")
    assert isinstance(made.certify(), Certificate)
    made.lock(made.authors[1], "rejected")
    made.lock(made.authors[2], "rejected")
    assert made.certify() is Reason.LOCKS_SPLIT


def test_certify_shows_the_list_that_most_councils_named() -> None:
    made = hand(8)
    short = made.positions[:7]
    for author in made.authors[:3]:
        made.vote(author, counted=short)
    made.vote(made.authors[3], counted=made.positions)
    for author in made.authors:
        made.lock(author)
    certificate = made.certify()
    assert isinstance(certificate, Certificate)
    assert certificate.tally.participating == 7
    assert certificate.vote == min(made.votes[:3], key=lambda item: item.id)
    made.vote(made.authors[4], counted=made.positions)
    made.vote(made.authors[5], counted=made.positions)
    certificate = made.certify()  # three each: the longer list
    assert isinstance(certificate, Certificate)
    assert certificate.tally.participating == 8


def test_certify_takes_no_list_back_that_a_council_signed() -> None:
    # Two of four named the list; one of them signs another one later, with a lower id.
    made = hand(4)
    made.vouch()
    for author in made.authors:
        made.lock(author)
    sealed = made.certify()
    assert isinstance(sealed, Certificate)
    for _ in range(8):
        made.vote(made.authors[1], counted=made.positions[:3])
        made.vote(made.authors[1], counted=made.positions[1:])
        assert made.certify() == sealed


def test_certify_with_lists_that_each_one_council_names_waits_for_the_next_round() -> None:
    made = hand(4)
    for author, without in zip(made.authors, range(4), strict=True):
        made.vote(author, counted=[p for i, p in enumerate(made.positions) if i != without])
        made.lock(author)
    assert made.certify() is Reason.VOTE_LIST


def test_certify_in_any_order_gives_the_same_certificate() -> None:
    made = hand(8, said="yyyynnn-")
    for number, author in enumerate(made.authors):
        made.vote(author, "adopted", made.positions[: 7 - number % 2])
        made.lock(author)
    wanted = made.certify()
    assert isinstance(wanted, Certificate)
    for seed in range(20):
        for pile in (made.positions, made.votes, made.locks):
            random.Random(seed).shuffle(pile)
        assert made.certify() == wanted


# --- lists -----------------------------------------------------------------------------------


def body_of(item: VerifiedRecord) -> Vote:
    assert isinstance(item.body, Vote)
    return item.body


def test_vote_fault_of_a_good_list_is_none() -> None:
    wanted: Mapping[str, Word] = {"yyn-": "adopted", "ynn-": "rejected", "y---": "no-quorum"}
    for said, outcome in wanted.items():
        made = hand(4, said=said)
        made.vote(made.authors[0], outcome)
        assert made.fault(body_of(made.votes[0])) is None


def test_vote_fault_of_an_empty_list_is_no_quorum_alone() -> None:
    made = hand(4, said="----")
    empty = Vote(freeze=made.ballot.freeze.id, round=1, outcome="no-quorum", counted=())
    assert made.fault(empty) is None
    assert made.fault(replace(empty, outcome="rejected")) is Reason.VOTE_LIST


def test_vote_fault_names_each_rule_that_is_broken() -> None:
    made = hand(4, said="yyyn")
    made.vouch()
    good = body_of(made.votes[0])
    assert made.fault(good) is None
    assert made.fault(replace(good, freeze=bytes(32))) is Reason.FREEZE_MISMATCH
    assert made.fault(replace(good, round=2)) is None  # rounds judge lists alike
    for counted in (
        good.counted[::-1],
        (*good.counted, good.counted[-1]),
        (*good.counted[:-1], b"\xff" * 32),
        tuple(sorted((*good.counted, made.ballot.freeze.id))),
    ):
        assert made.fault(replace(good, counted=counted)) is Reason.VOTE_LIST


def test_vote_fault_with_a_council_named_twice_is_vote_list() -> None:
    made = hand(4)
    made.positions.append(made.ballot.position(made.authors[0], "yes", number=2))
    made.vouch()
    assert made.fault(body_of(made.votes[0])) is Reason.VOTE_LIST


def test_vote_fault_with_a_stranger_a_late_one_or_another_freeze_is_vote_list() -> None:
    for extra in ("stranger", "late", "freeze"):
        made = hand(4, said="yyy-")
        author = Author(60) if extra == "stranger" else made.authors[3]
        made.positions.append(
            made.ballot.position(
                author,
                "yes",
                time=made.ballot.body.closes + (extra == "late"),
                freeze=bytes(32) if extra == "freeze" else None,
            )
        )
        made.vouch()
        assert made.fault(body_of(made.votes[0])) is Reason.VOTE_LIST, extra


def test_vote_fault_with_a_tally_that_cannot_be_is_vote_list() -> None:
    made = hand(4, said="yyy-")
    bad = made.ballot.position(made.authors[3], "yes", yes=5, no=5, valid=9)
    made.positions.append(bad)
    made.vouch()
    assert made.fault(body_of(made.votes[0])) is Reason.VOTE_LIST


def test_tally_of_counts_silence_for_the_rest_of_the_roll() -> None:
    made = hand(5, said="yn-a-")
    tally = tally_of(made.ballot.body, made.rule, made.positions)
    assert (tally.councils, tally.participating) == (5, 3)
    assert (tally.councils_yes, tally.councils_no, tally.councils_abstain) == (1, 1, 1)
    assert (tally.people_yes, tally.people_no) == (20, 25)


def test_tally_of_takes_the_weights_of_the_freeze() -> None:
    made = hand(3, rule="double", said="ynn")
    roll = {voter.council: voter for voter in made.ballot.body.councils}
    heavy = made.positions[0].council
    body = replace(
        made.ballot.body,
        councils=tuple(
            Voter(council=council, weight=7 if council == heavy else 2) for council in sorted(roll)
        ),
    )
    tally = tally_of(body, made.rule, made.positions)
    assert (tally.units_yes, tally.units_total) == (7, 11)


def test_councils_for_keeps_a_double_signer_under_both_outcomes() -> None:
    made = hand(4)
    made.lock(made.authors[0], "adopted")
    made.lock(made.authors[0], "rejected")
    found = councils_for(made.locks, made.ballot.freeze.id, made.ballot.body)
    council = made.authors[0].council
    assert set(found) == {"adopted", "rejected"}
    assert all(set(by) == {council} for by in found.values())


def test_position_records_of_a_list_are_found_by_id() -> None:
    made = hand(4)
    made.vouch()
    listed = body_of(made.votes[0]).counted
    assert {RecordId(item) for item in listed} == {item.id for item in made.positions}
    assert all(isinstance(item.body, Position) for item in made.positions)
