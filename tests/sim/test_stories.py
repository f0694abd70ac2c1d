"""Whole nodes in virtual time: what people would tell of them afterwards."""

from collections.abc import Sequence
from typing import Final, Literal

import pytest

from confedproto.bodies.compact import Windows
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import RecordId
from confedproto.rules.certificate import Certificate, quorum_of_locks
from confedproto.rules.motion import MotionStatus, State
from confedproto.rules.tally import Outcome
from confedproto.testing import SimNode, Simulator

WINDOWS: Final = Windows(discussion=0, notice=3, voting=6, grace=3, settle=2, step=3, witness=1)
Word = Literal["yes", "no", "abstain"]


class Story:
    """A simulation with councils on a ring, their compact, and one motion."""

    def __init__(
        self, count: int, *, seed: int = 1, rule: str = "majority", windows: Windows = WINDOWS
    ) -> None:
        self.sim = Simulator(seed)
        self.windows = windows
        self.nodes = [self.sim.add_council(f"C{n}") for n in range(count)]
        for n in range(count if count > 2 else 1):
            self.sim.link(self.nodes[n], self.nodes[(n + 1) % count])
        assert self.sim.run_until(self.all_known, within_s=10)
        self.compact = self.sim.found_compact(self.nodes, rule=rule, windows=windows)
        self.sim.run(1)
        self.motion = RecordId(bytes(32))

    def all_known(self) -> bool:
        return all(len(n.engine.view.authorities) == len(self.nodes) for n in self.nodes)

    def propose(self) -> None:
        """Motion and freeze, both by the first council."""
        mover = self.nodes[0]
        draft = self.sim.desk(mover).motion(
            self.compact, title="A motion", text="We shall.", salt=bytes(16)
        )
        self.motion = self.sim.submit(mover, draft)
        self.sim.submit(mover, self.sim.desk(mover).freeze(self.motion))

    def open(self) -> None:
        """Let time pass until the motion is open."""
        self.sim.run(self.windows.notice + 0.5)

    def say(self, node: SimNode, word: Word) -> RecordId:
        draft = self.sim.desk(node).position(self.motion, word, yes=7, no=5)
        return self.sim.submit(node, draft)

    def say_all(self, words: str = "yyn") -> None:
        """Positions of all, one after the other, in turns of `words`."""
        values: dict[str, Word] = {"y": "yes", "n": "no", "a": "abstain"}
        for number, node in enumerate(self.nodes):
            if node.up:
                self.say(node, values[words[number % len(words)]])

    def finish(self) -> None:
        """Let all windows pass, and a while more."""
        w = self.windows
        self.sim.run(w.voting + w.grace + w.settle + w.step + 5)

    def status(self, node: SimNode) -> MotionStatus | Reason:
        return node.engine.view.motion_status(self.motion, self.sim.now_s)

    def states(self) -> list[State | Reason]:
        found = [self.status(node) for node in self.nodes]
        return [one if isinstance(one, Reason) else one.state for one in found]

    def outcomes(self) -> set[Outcome | None]:
        found = [self.status(node) for node in self.nodes]
        return {None if isinstance(one, Reason) else one.outcome for one in found}

    def digests(self) -> int:
        """How many different state digests the nodes have."""
        return len({node.engine.view.state_digest(self.sim.now_s) for node in self.nodes})

    def agree(self, outcome: Outcome) -> None:
        """Every node is final with this outcome and a certificate, and all have one digest."""
        assert self.states() == [State.FINAL] * len(self.nodes)
        assert self.outcomes() == {outcome}
        assert self.digests() == 1
        for node in self.nodes:
            status = self.status(node)
            assert isinstance(status, MotionStatus)
            assert isinstance(status.certificate, Certificate)
            assert len(status.certificate.locks) >= quorum_of_locks(len(self.nodes))

    def cut(self, side: Sequence[SimNode]) -> None:
        """Cut every wire between `side` and the others."""
        inside = {node.name for node in side}
        for cable in self.sim.wires.values():
            one, other = cable.ends
            if (one.name in inside) != (other.name in inside):
                self.sim.cut(one, other)

    def heal(self) -> None:
        for cable in self.sim.wires.values():
            self.sim.heal(*cable.ends)


def test_two_nodes_decide() -> None:
    story = Story(2)
    story.propose()
    story.open()
    story.say_all("yy")
    story.finish()
    story.agree(Outcome.ADOPTED)
    assert not [refusal for node in story.nodes for refusal in node.refused]


def test_one_node_alone_decides() -> None:
    sim = Simulator(1)
    node = sim.add_council("alone")
    compact = sim.found_compact([node], rule="simple", windows=WINDOWS)
    draft = sim.desk(node).motion(compact, title="T", text="t", salt=bytes(16))
    motion = sim.submit(node, draft)
    sim.submit(node, sim.desk(node).freeze(motion))
    sim.run(4)
    sim.submit(node, sim.desk(node).position(motion, "yes", yes=3, no=1))
    sim.run(30)
    status = node.engine.view.motion_status(motion, sim.now_s)
    assert isinstance(status, MotionStatus)
    assert (status.state, status.outcome) == (State.FINAL, Outcome.ADOPTED)


@pytest.mark.parametrize(
    ("words", "outcome"),
    [("yyn", Outcome.ADOPTED), ("ynn", Outcome.REJECTED), ("yn", Outcome.REJECTED)],  # a tie
)
def test_eight_nodes_on_a_ring_decide(words: str, outcome: Outcome) -> None:
    story = Story(8, rule="double")
    story.propose()
    story.open()
    story.say_all(words)
    story.finish()
    story.agree(outcome)


def test_few_positions_of_many_give_no_quorum() -> None:
    story = Story(8)
    story.propose()
    story.open()
    for node in story.nodes[:4]:
        story.say(node, "yes")
    story.finish()
    story.agree(Outcome.NO_QUORUM)


def test_node_killed_while_positions_arrive_comes_back_and_agrees() -> None:
    story = Story(8)
    story.propose()
    story.open()
    victim = story.nodes[3]
    for number, node in enumerate(story.nodes):
        if number == 5:
            story.sim.kill(victim)
        if node is not victim:
            story.say(node, "yes")
        story.sim.run(0.2)
    story.sim.restart(victim)
    story.sim.run(0.5)
    story.say(victim, "no")
    story.finish()
    story.agree(Outcome.ADOPTED)
    status = story.status(victim)
    assert isinstance(status, MotionStatus)
    assert status.tally is not None
    assert (status.tally.councils_yes, status.tally.councils_no) == (7, 1)


def test_node_off_until_all_is_decided_learns_it_when_it_returns() -> None:
    story = Story(8)
    story.propose()
    story.open()
    victim = story.nodes[3]
    story.sim.kill(victim)
    story.say_all("y")
    story.finish()
    assert story.status(story.nodes[0]) != story.status(victim)
    story.sim.restart(victim)
    story.sim.run(5)
    story.agree(Outcome.ADOPTED)
    own = victim.engine.view.about(story.motion, "vote")
    assert victim.council in {placed.record.council for placed in own}  # it still does its duty


def test_every_node_killed_and_restarted_goes_on_from_its_disk() -> None:
    story = Story(4)
    story.propose()
    story.open()
    story.say_all("y")
    story.sim.run(1)
    for node in story.nodes:
        story.sim.kill(node)
    story.sim.run(3)
    for node in story.nodes:
        story.sim.restart(node)
    story.finish()
    story.agree(Outcome.ADOPTED)


def test_partition_during_voting_that_heals_in_time_changes_nothing() -> None:
    story = Story(8)
    story.propose()
    story.open()
    story.cut(story.nodes[:4])
    story.say_all("y")
    story.sim.run(4)
    assert story.digests() == 1  # open on both sides
    seen = {len(node.engine.view.about(story.motion, "position")) for node in story.nodes}
    assert seen == {4}
    story.heal()
    story.finish()
    story.agree(Outcome.ADOPTED)


def test_partition_through_the_first_round_decides_nothing_until_it_heals() -> None:
    story = Story(8)
    story.propose()
    story.open()
    story.cut(story.nodes[:5])
    story.say_all("y")
    story.finish()
    assert State.FINAL not in story.states()  # 5 say adopted, 3 no quorum, and q = 6
    assert story.outcomes() == {Outcome.ADOPTED, Outcome.NO_QUORUM}
    story.heal()
    story.sim.run(5 * story.windows.step)
    story.agree(Outcome.ADOPTED)  # a later round counts what the lists of the first one name


def test_partition_into_halves_is_certified_as_one_outcome_after_it_heals() -> None:
    story = Story(8)
    story.propose()
    story.open()
    story.cut(story.nodes[:4])
    story.say_all("y")
    story.finish()
    assert State.FINAL not in story.states()
    story.heal()
    story.sim.run(5 * story.windows.step)
    (outcome,) = story.outcomes()
    assert outcome is not None
    assert outcome in {Outcome.NO_QUORUM, Outcome.ADOPTED}  # whose lists were first there
    story.agree(outcome)


def test_motion_alone_in_a_quiet_log_gets_receipts_so_that_it_can_be_frozen() -> None:
    windows = Windows(discussion=1, notice=3, voting=6, grace=1, settle=2, step=3, witness=1)
    story = Story(4, windows=windows)
    story.sim.run(20)  # all that wanted receipts has them
    mover = story.nodes[0]
    motion = story.sim.submit(
        mover, story.sim.desk(mover).motion(story.compact, title="T", text="t", salt=bytes(16))
    )
    story.sim.run(windows.witness + windows.discussion + 2)
    story.sim.submit(mover, story.sim.desk(mover).freeze(motion))


def test_larger_side_of_a_partition_decides_and_the_other_learns_it() -> None:
    story = Story(8)
    story.propose()
    story.open()
    story.say_all("y")
    story.sim.run(2)
    story.cut(story.nodes[:2])
    story.finish()
    assert story.states()[2:] == [State.FINAL] * 6  # q = 6 of 8
    assert story.states()[:2] == [State.PROVISIONAL] * 2
    assert story.outcomes() == {Outcome.ADOPTED}
    story.heal()
    story.sim.run(5)
    story.agree(Outcome.ADOPTED)


def test_node_cut_off_before_the_motion_alone_lacks_the_outcome() -> None:
    story = Story(8)
    victim = story.nodes[5]
    story.cut([victim])
    story.propose()
    story.open()
    for node in story.nodes:
        if node is not victim:
            story.say(node, "yes")
    with pytest.raises(LocalProtocolError, match="motion-unknown"):
        story.say(victim, "no")
    story.finish()
    states = story.states()
    assert states[5] is Reason.MOTION_UNKNOWN
    assert [state for n, state in enumerate(states) if n != 5] == [State.FINAL] * 7
    story.heal()
    story.sim.run(5)
    story.agree(Outcome.ADOPTED)


def test_position_after_closing_is_refused_at_home() -> None:
    story = Story(2)
    story.propose()
    story.open()
    story.say(story.nodes[0], "yes")
    story.sim.run(story.windows.voting + 1)
    with pytest.raises(LocalProtocolError, match="position-late"):
        story.say(story.nodes[1], "yes")


def test_position_changed_before_closing_counts_as_changed() -> None:
    story = Story(3)
    story.propose()
    story.open()
    story.say_all("y")
    story.sim.run(2)
    for node in story.nodes[1:]:
        story.say(node, "no")
    story.finish()
    story.agree(Outcome.REJECTED)


def test_lossy_wires_delay_but_lose_nothing() -> None:
    story = Story(6)
    for cable in story.sim.wires.values():
        cable.loss = 0.1
    story.propose()
    story.open()
    story.say_all("y")
    story.finish()
    for cable in story.sim.wires.values():
        cable.loss = 0.0
    story.sim.run(40)  # a digest on every link
    story.agree(Outcome.ADOPTED)


def test_windows_of_hours_decide_as_seconds_do() -> None:
    hour = 3_600
    windows = Windows(
        discussion=0, notice=2 * hour, voting=3 * hour, grace=hour, settle=600, step=600, witness=60
    )
    story = Story(3, windows=windows)
    story.propose()
    story.open()
    story.say_all("y")
    story.finish()
    story.agree(Outcome.ADOPTED)


def test_simulation_with_one_seed_repeats_itself() -> None:
    digests: list[tuple[int, bytes]] = []
    for _ in range(2):
        story = Story(5, seed=7)
        for cable in story.sim.wires.values():
            cable.loss = 0.05
        story.propose()
        story.open()
        story.say_all("yn")
        story.finish()
        sent = sum(node.bytes_sent for node in story.nodes)
        digests.append((sent, story.nodes[0].engine.view.state_digest(story.sim.now_s)))
    assert digests[0] == digests[1]


def test_idle_nodes_exchange_digests_alone() -> None:
    story = Story(4)
    story.sim.run(70)
    before = sum(node.bytes_sent for node in story.nodes)
    story.sim.run(600)
    idle = sum(node.bytes_sent for node in story.nodes) - before
    assert idle <= 4 * 2 * 21 * 40  # links, ends, times in ten minutes, bytes each
    assert story.digests() == 1
