"""Records for members alone: who is outside holds the log, and none of their bytes (SCO, LOG-9)."""

from typing import Final

import pytest

from confedproto import record, wire
from confedproto.bodies.compact import Windows
from confedproto.bodies.position import ValueText
from confedproto.bodies.recall import Recall
from confedproto.bodies.second import Second
from confedproto.bodies.statement import Statement
from confedproto.drafts import Desk, Draft
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import RecordId
from confedproto.limits import WANT_MAX
from confedproto.record import PlainLeaf
from confedproto.rules.motion import MotionStatus, State
from confedproto.scopes import Reader
from confedproto.testing import SimNode, Simulator

WINDOWS: Final = Windows(discussion=0, notice=3, voting=6, grace=3, settle=2, step=3, witness=1)
SECRET: Final = "The strike fund stands at 40,000."
DIGEST_S: Final = 31


class Taps(Simulator):
    """A simulation that keeps every byte that each node gets."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.seen: dict[str, bytearray] = {}

    def _transmit(self, node: SimNode, link: int, message: wire.Message) -> None:
        cable = self._up.get(link)
        if cable is not None:
            other = cable.ends[1] if node is cable.ends[0] else cable.ends[0]
            self.seen.setdefault(other.name, bytearray()).extend(wire.encode(message))
        super()._transmit(node, link, message)


class Story:
    """A and B are members; C is linked as the wires say, and outside."""

    def __init__(self, *wires: tuple[int, int], sponsors: int = 1, seed: int = 1) -> None:
        self.sim = Taps(seed)
        self.nodes = [self.sim.add_council(name) for name in "ABC"]
        self.a, self.b, self.c = self.nodes
        for host, guest in wires:
            self.sim.link(self.nodes[host], self.nodes[guest])
        assert self.sim.run_until(self.all_known, within_s=10)
        self.compact = self.sim.found_compact(
            [self.a, self.b], rule="majority", windows=WINDOWS, sponsors=sponsors
        )
        self.sim.run(1)

    def all_known(self) -> bool:
        return all(len(node.engine.view.authorities) == 3 for node in self.nodes)

    def propose(self) -> RecordId:
        draft = self.sim.desk(self.a).motion(
            self.compact, title="The fund", text=SECRET, salt=bytes(16), members_only=True
        )
        return self.sim.submit(self.a, draft)

    def state(self, title: str, *, scoped: bool) -> bool:
        """A statement of A."""
        payload = record.build_payload(
            kind="statement",
            council=self.a.council,
            charter=1,
            time=self.sim.now_s,
            body=Statement(text=title),
            scope=self.compact if scoped else None,
            salt=bytes(16) if scoped else None,
        )
        self.sim.submit(self.a, Draft(payload=payload))
        return scoped

    def knows(self, node: SimNode, record: RecordId) -> bool:
        return record in node.engine.view.records

    def withheld(self, node: SimNode) -> int:
        return sum(log.seclusion.withheld for log in node.engine.view.logs.values())

    def heads(self, node: SimNode) -> set[tuple[bytes, int, bytes]]:
        logs = node.engine.view.logs.values()
        return {(log.id, log.head.size, log.head.root) for log in logs if log.head is not None}

    def digests(self, *nodes: SimNode) -> int:
        return len({node.engine.view.state_digest(self.sim.now_s) for node in nodes})


def test_node_outside_the_scope_never_gets_the_bytes_and_verifies_the_log() -> None:
    story = Story((0, 1), (0, 2), (1, 2))
    motion = story.propose()
    story.sim.submit(story.a, story.sim.desk(story.a).freeze(motion))
    story.sim.run(WINDOWS.notice + 0.5)
    words: list[tuple[SimNode, ValueText]] = [(story.a, "yes"), (story.b, "no")]
    for node, word in words:
        story.sim.submit(node, story.sim.desk(node).position(motion, word, yes=3, no=2))
    story.sim.run(60)
    for node in (story.a, story.b):
        status = node.engine.view.motion_status(motion, story.sim.now_s)
        assert isinstance(status, MotionStatus)
        assert status.state is State.FINAL
        assert not story.withheld(node)
    assert story.digests(story.a, story.b) == 1
    assert story.heads(story.c) == story.heads(story.a) == story.heads(story.b)
    assert not story.knows(story.c, motion)
    # motion, freeze, positions, votes, locks: of all that was said about it, nothing came
    assert story.withheld(story.c) >= 8
    got, name = bytes(story.sim.seen["C"]), bytes(motion)
    assert SECRET.encode() not in got
    assert b"The fund" not in got
    assert name not in got
    assert SECRET.encode() in bytes(story.sim.seen["B"])
    stored = b"".join(e + (p or b"") for rows in story.c.disk.values() for e, p, _ in rows)
    assert name not in stored
    assert b"The fund" not in stored


def test_idle_links_of_unequal_readers_stay_quiet() -> None:
    story = Story((0, 1), (0, 2), (1, 2))
    story.propose()
    story.sim.run(40)
    before = [node.bytes_sent for node in story.nodes]
    story.sim.run(300)  # ten digests each way, on three links
    for node, was in zip(story.nodes, before, strict=True):
        assert (node.bytes_sent - was) / 20 < 120


def test_node_that_joins_the_scope_fetches_what_was_withheld() -> None:
    story = Story((0, 1), (0, 2), (1, 2), sponsors=2)
    motions = [story.propose() for _ in range(3)]
    story.sim.run(5)
    assert story.withheld(story.c) == 3
    story.sim.submit(story.c, story.sim.desk(story.c).accession(story.compact, 2))
    story.sim.run(DIGEST_S)
    assert all(story.knows(story.c, motion) for motion in motions)
    assert not story.withheld(story.c)
    assert story.digests(*story.nodes) == 1
    story.sim.kill(story.c)
    story.sim.restart(story.c)
    story.sim.run(2)
    assert all(story.knows(story.c, motion) for motion in motions)


def test_more_leaves_than_one_question_holds_all_come() -> None:
    story = Story((0, 1), (0, 2), (1, 2), sponsors=2)
    said = [story.state(f"Page {number}", scoped=number % 4 > 0) for number in range(200)]
    story.sim.run(10)
    assert story.withheld(story.c) == sum(said) > 2 * WANT_MAX
    story.sim.submit(story.c, story.sim.desk(story.c).accession(story.compact, 2))
    story.sim.run(DIGEST_S)
    assert not story.withheld(story.c)
    log = story.c.engine.view.logs[story.a.engine.own]
    assert sum(isinstance(leaf, PlainLeaf) for leaf in log.leaves) == 200
    assert b"Page 199" in bytes(story.sim.seen["C"])


def test_member_behind_an_outsider_is_filled_when_it_meets_a_member() -> None:
    story = Story((0, 2), (2, 1))  # A - C - B
    motion = story.propose()
    story.sim.run(DIGEST_S)
    assert story.heads(story.b) == story.heads(story.a)
    assert not story.knows(story.b, motion)
    story.sim.link(story.a, story.b)
    story.sim.run(5)
    assert story.knows(story.b, motion)
    assert not story.withheld(story.b)
    assert not story.knows(story.c, motion)


def test_member_that_hears_of_it_from_an_outsider_first_asks_a_member_at_once() -> None:
    story = Story((0, 1), (0, 2), (1, 2))
    for cable in story.sim.cables(story.b):
        cable.latency_ms = 600 if story.a in cable.ends else 1
    for cable in story.sim.cables(story.c):
        cable.latency_ms = 1
    motion = story.propose()
    assert story.sim.run_until(lambda: story.withheld(story.b) == 1, within_s=5)
    assert not story.knows(story.b, motion)
    assert story.sim.run_until(lambda: story.knows(story.b, motion), within_s=5)
    assert not story.withheld(story.b)


def test_node_that_restarts_keeps_its_hashes_and_goes_on() -> None:
    story = Story((0, 1), (0, 2), (1, 2))
    story.propose()
    story.sim.run(5)
    story.sim.kill(story.c)
    story.propose()
    story.sim.restart(story.c)
    story.sim.run(5)
    assert story.withheld(story.c) == 2
    assert story.heads(story.c) == story.heads(story.a)
    assert not story.c.refused


def test_record_about_a_scoped_one_is_scoped_like_it() -> None:
    story = Story((0, 1), (0, 2), (1, 2))
    motion = story.propose()
    story.sim.run(3)
    story.sim.submit(story.b, story.sim.desk(story.b).second(motion))
    (said,) = story.b.engine.view.about(motion, "second")
    assert said.record.scope == story.compact
    bare = Desk(view=story.b.engine.view, council=story.b.council, now=story.sim.now_s)
    with pytest.raises(LocalProtocolError, match="scope-other"):
        bare.second(motion)


@pytest.mark.parametrize(
    ("who", "scoped", "about", "fault"),
    [
        (1, False, True, Reason.SCOPE_OTHER),  # it would tell everybody that there is a motion
        (2, True, False, Reason.COMPACT_MEMBER),  # not a member: nobody else could read it
    ],
)
def test_record_with_the_wrong_readers_is_refused_at_home(
    who: int, scoped: bool, about: bool, fault: Reason
) -> None:
    story = Story((0, 1), (0, 2), (1, 2))
    motion = story.propose()
    story.sim.run(3)
    node = story.nodes[who]
    payload = record.build_payload(
        kind="second",
        council=node.council,
        charter=1,
        time=story.sim.now_s,
        body=Second(),
        subject=motion if about else bytes(32),
        scope=story.compact if scoped else None,
        salt=bytes(16) if scoped else None,
    )
    with pytest.raises(LocalProtocolError) as caught:
        story.sim.submit(node, Draft(payload=payload))
    assert caught.value.reason is fault


def test_scoped_record_is_carried_by_nobody() -> None:
    story = Story((0, 1), (0, 2), (1, 2))
    payload = record.build_payload(
        kind="recall",
        council=story.b.council,
        charter=1,
        time=story.sim.now_s,
        body=Recall(),
        subject=bytes(32),
        scope=story.compact,
        salt=bytes(16),
    )
    with pytest.raises(LocalProtocolError) as caught:
        story.sim.submit_signed(story.a, Draft(payload=payload), story.b.keyholders)
    assert caught.value.reason is Reason.SCOPE_OTHER


def test_archive_of_a_scope_has_its_records_and_no_other_has() -> None:
    story = Story((0, 1), (0, 2), (1, 2))
    story.state("for members", scoped=True)
    view = story.a.engine.view
    log = view.logs[story.a.engine.own]
    index = log.tree.size - 1
    assert not Reader.of_archive(view, None).sees(log, index)
    assert not Reader.of_archive(view, bytes(32)).sees(log, index)
    assert Reader.of_archive(view, story.compact).sees(log, index)
    assert Reader.of_archive(view, None).sees(log, 0)
