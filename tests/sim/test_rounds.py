"""Whole nodes through more than one round: splits are healed, whoever was away or restarted."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import pytest

from confedproto.bodies.compact import Windows
from confedproto.bodies.lock import Lock
from confedproto.bodies.status import Status
from confedproto.bodies.vote import Vote
from confedproto.errors import Reason
from confedproto.rules.certificate import Certificate
from confedproto.rules.motion import MotionStatus, State
from confedproto.rules.tally import Outcome
from confedproto.testing import SimNode, Simulator

WINDOWS: Final = Windows(discussion=0, notice=3, voting=6, grace=3, settle=2, step=4, witness=1)
ROUND_1: Final = WINDOWS.voting + WINDOWS.grace + WINDOWS.settle
"""Seconds from opening to the first round."""


class Confederation:
    """Five councils (w = 2, q = 4), each linked with each, and an open motion."""

    def __init__(self, seed: int = 1) -> None:
        self.sim = Simulator(seed)
        self.nodes = [self.sim.add_council(f"C{n}") for n in range(5)]
        for number, host in enumerate(self.nodes):
            for guest in self.nodes[number + 1 :]:
                self.sim.link(host, guest)
        assert self.sim.run_until(self.all_known, within_s=10)
        compact = self.sim.found_compact(self.nodes, rule="majority", windows=WINDOWS)
        self.sim.run(1)
        mover = self.nodes[0]
        desk = self.sim.desk(mover)
        self.motion = self.sim.submit(
            mover, desk.motion(compact, title="T", text="t", salt=bytes(16))
        )
        self.sim.submit(mover, self.sim.desk(mover).freeze(self.motion))
        self.sim.run(WINDOWS.notice + 0.5)
        self.opened = self.sim.now

    def all_known(self) -> bool:
        return all(len(node.engine.view.authorities) == 5 for node in self.nodes)

    def part(self, side: Sequence[SimNode]) -> None:
        """Cut every wire between `side` and the others."""
        names = {node.name for node in side}
        for cable in self.sim.wires.values():
            if len(names & {end.name for end in cable.ends}) == 1:
                self.sim.cut(*cable.ends)

    def heal(self) -> None:
        for cable in self.sim.wires.values():
            self.sim.heal(*cable.ends)

    def yes(self, nodes: Sequence[SimNode]) -> None:
        for node in nodes:
            draft = self.sim.desk(node).position(self.motion, "yes", yes=7, no=5)
            self.sim.submit(node, draft)

    def until_round(self, number: int, part: float = 0.0) -> None:
        """Let time pass until a round begins, and `part` of it more."""
        seconds = ROUND_1 + (number * (number - 1) / 2 + part * number) * WINDOWS.step
        self.sim.run(seconds - (self.sim.now - self.opened) / 1000)

    def status(self, node: SimNode) -> MotionStatus:
        found = node.engine.view.motion_status(self.motion, self.sim.now_s)
        assert not isinstance(found, Reason)
        return found

    def split(self) -> None:
        """Three vote adopted, two no quorum: no outcome has q = 4 votes."""
        self.part(self.nodes[:3])
        self.yes(self.nodes)
        self.until_round(1, 0.9)
        votes = {
            node.name: vote.outcome
            for node in self.nodes
            for placed in node.engine.view.about(self.motion, "vote")
            if placed.record.council == node.council
            and isinstance(vote := placed.record.body, Vote)
        }
        assert list(votes.values()) == ["adopted"] * 3 + ["no-quorum"] * 2
        assert State.FINAL not in {self.status(node).state for node in self.nodes}

    def agreed(self, nodes: Sequence[SimNode] | None = None) -> int:
        """The round of the certificate that all hold; what was signed was in order (CER-7)."""
        chosen = self.nodes if nodes is None else nodes
        rounds: set[int] = set()
        for node in chosen:
            status = self.status(node)
            assert (status.state, status.outcome) == (State.FINAL, Outcome.ADOPTED), node.name
            assert isinstance(status.certificate, Certificate)
            rounds.add(status.certificate.round)
        digests = {node.engine.view.state_digest(self.sim.now_s) for node in chosen}
        assert (len(digests), len(rounds)) == (1, 1)
        for node in self.nodes:
            self.check_order(node)
        return rounds.pop()

    def check_order(self, node: SimNode) -> None:
        placed = [
            one
            for kind in ("status", "vote", "lock")
            for one in self.nodes[0].engine.view.about(self.motion, kind)
            if one.record.council == node.council
        ]
        order = {Status: 0, Vote: 1, Lock: 2}
        signed: list[tuple[int, int]] = []
        for one in sorted(placed, key=lambda one: one.index):
            body = one.record.body
            assert isinstance(body, Status | Vote | Lock)
            signed.append((body.round, order[type(body)]))
        assert all(earlier < later for earlier, later in pairwise(signed)), (node.name, signed)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_split_of_the_first_round_is_healed_in_the_second(seed: int) -> None:
    made = Confederation(seed)
    made.split()
    made.heal()
    made.until_round(3)
    assert made.agreed() == 2
    for node in made.nodes:
        found = made.status(node)
        assert found.tally is not None
        assert found.tally.councils_yes == 3  # what the lists of round 1 name, and no more


def test_split_that_heals_in_the_middle_of_a_round_is_decided_in_it_or_soon_after() -> None:
    made = Confederation()
    made.split()
    made.until_round(5, 0.6)
    assert State.FINAL not in {made.status(node).state for node in made.nodes}
    made.heal()
    made.until_round(7, 0.9)
    assert made.agreed() in (5, 6, 7)


def test_nodes_restarted_between_the_rounds_keep_to_what_they_signed() -> None:
    made = Confederation()
    made.split()
    for node in made.nodes:
        made.sim.kill(node)
    made.until_round(2, 0.2)
    for node in made.nodes:
        made.sim.restart(node)
    made.heal()
    made.until_round(4, 0.9)
    assert made.agreed() in (2, 3, 4)


def test_node_that_was_off_in_the_first_rounds_follows_without_a_result_of_its_own() -> None:
    made = Confederation()
    away = made.nodes[4]
    made.part(made.nodes[:3])
    made.yes(made.nodes)
    made.sim.kill(away)
    made.until_round(2, 0.9)
    made.sim.restart(away)
    made.heal()
    made.until_round(5)
    assert made.agreed() in (2, 3, 4)


def test_fewer_than_q_never_finish_and_the_rest_adds_nothing_wrong_later() -> None:
    made = Confederation()
    made.split()
    made.until_round(4)
    sides = made.nodes[:3], made.nodes[3:]
    for side in sides:
        for node in side:
            assert made.status(node).certificate is None
            assert not made.nodes[0].engine.view.about(made.motion, "lock")
    made.heal()
    made.until_round(6, 0.9)
    made.agreed()


def test_certificate_of_round_one_stops_all_further_rounds() -> None:
    made = Confederation()
    made.yes(made.nodes)
    made.until_round(6)
    assert made.agreed() == 1
    for node in made.nodes:
        assert node.engine.view.about(made.motion, "status") == ()
        assert len(node.engine.view.about(made.motion, "lock")) == 5
