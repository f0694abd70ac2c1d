"""Runs of logs: asked for, spoiled, late, in pieces; and leaves that are no records."""

from typing import Final, cast

import pytest

from confedproto import effects as fx
from confedproto import inputs, log, record, runs, sync, wire
from confedproto.bodies.freeze import Freeze, Voter
from confedproto.bodies.second import Second
from confedproto.bodies.vote import Vote
from confedproto.errors import Reason, VerificationError
from confedproto.ids import Hash, LogId, network_id
from confedproto.limits import MESSAGE_MAX_BYTES, PATIENCE_MIN_MS, RUN_MAX_BYTES
from confedproto.merkle import Tree
from confedproto.record import RefusedLeaf, VerifiedRecord
from confedproto.session import STRIKES_MAX
from tests.support.councils import DAY, START, Author, found_compact, key
from tests.support.rigs import Chapter, Rig, rig, stranger

# --- runs ---------------------------------------------------------------------------------------


def asked(made: Rig, chapter: Chapter) -> None:
    """Both peers announce a log that the node lacks; the first is asked for it."""
    for link, peer in enumerate(made.peers, 1):
        made.open(link, peer)
    made.announce(1, chapter)
    assert made.pulls() == [(1, made.held(chapter.author))]
    made.announce(2, chapter)
    assert made.pulls() == []


def spoiled(chapter: Chapter, how: str) -> wire.Run:
    """The run of a whole log, spoiled by whoever carries it."""
    author, run = chapter.author, chapter.run()
    match how:
        case "a leaf changed":
            last = bytearray(run.leaves[-1][0])
            last[-1] ^= 1
            leaves = (*run.leaves[:-1], (bytes(last),))
            return wire.Run(log=run.log, start=0, leaves=leaves, head=run.head)
        case "two leaves swapped":
            leaves = (*run.leaves[:-2], run.leaves[-1], run.leaves[-2])
            return wire.Run(log=run.log, start=0, leaves=leaves, head=run.head)
        case "truncated":
            return wire.Run(log=run.log, start=0, leaves=run.leaves[:-1], head=run.head)
        case "its first leaf missing":
            return wire.Run(log=run.log, start=0, leaves=run.leaves[1:], head=run.head)
        case "one leaf":
            return wire.Run(log=run.log, start=0, leaves=run.leaves[:1], head=run.head)
        case "another log's":
            other = Chapter.of(stranger(51))
            given = other.run()
            return wire.Run(log=run.log, start=0, leaves=given.leaves, head=given.head)
        case "a head of another key":
            head = chapter.head(signer=key(5)).envelope
            return wire.Run(log=run.log, start=0, leaves=run.leaves, head=head)
        case "a head of another log":
            head = Chapter.of(Author(52)).head(signer=author.node_key).envelope
            return wire.Run(log=run.log, start=0, leaves=run.leaves, head=head)
        case "no head":
            return wire.Run(log=run.log, start=0, leaves=run.leaves, head=b"\xc0")
        case _:
            head = chapter.head().envelope[:-1]
            return wire.Run(log=run.log, start=0, leaves=run.leaves, head=head)


SPOILED: Final = {
    "a leaf changed": Reason.ROOT_MISMATCH,
    "two leaves swapped": Reason.ROOT_MISMATCH,
    "truncated": Reason.PROOF_LENGTH,
    "its first leaf missing": Reason.COUNCIL_UNKNOWN,
    "one leaf": Reason.LOG_START,
    "another log's": Reason.LOG_ID,
    "a head of another key": Reason.HEAD_SIGNATURE,
    "a head of another log": Reason.LOG_ID,
    "no head": Reason.ENC_NIL,
    "half a head": Reason.ENC_TRUNCATED,
}


@pytest.mark.parametrize(("how", "reason"), SPOILED.items())
def test_run_that_is_spoiled_ends_its_link_and_the_true_one_comes_from_another_peer(
    how: str, reason: Reason
) -> None:
    made, chapter = rig(2), Chapter.of(stranger())
    asked(made, chapter)
    made.run(1, spoiled(chapter, how))
    assert made.refused() == [reason]
    assert made.closed() == [(1, reason)]
    assert made.stored() == 0
    assert chapter.author.log not in made.node.engine.view.logs
    assert made.pulls() == [(2, 0)]
    made.run(2, chapter.run())
    assert made.closed() == []
    assert made.stored() == len(chapter.leaves)
    assert made.held(chapter.author) == len(chapter.leaves)


def test_run_of_another_network_ends_its_link() -> None:
    made = rig(2)
    foreign = Author(50, network=network_id("another"))
    chapter = Chapter.of(foreign)
    asked(made, chapter)
    made.run(1, chapter.run())
    assert made.closed() == [(1, Reason.LOG_START)]
    assert foreign.log not in made.node.engine.view.logs


def test_run_with_a_part_changed_does_not_open() -> None:
    author = stranger()
    compact = found_compact([author])
    assert compact.part is None
    other = Author(51)
    witness = author.witness([other], time=START)
    chapter = Chapter.of(author)
    assert chapter.leaves[-1] == (witness.envelope, witness.part)
    for part in ((), (b"\x90",)):
        with pytest.raises(VerificationError):
            record.open_leaf(author.network, chapter.leaves[-1][0], *part)


def test_records_of_a_thousand_councils_travel_with_their_lists_a_frame_each() -> None:
    made, author = rig(2), stranger()
    ids = tuple(number.to_bytes(32, "big") for number in range(1_000))
    voters = tuple(Voter(council=one, weight=2) for one in ids)
    author.add(Freeze(councils=voters, opens=START, closes=START), subject=bytes(32))
    vote = Vote(freeze=bytes(32), round=1, outcome="adopted", counted=ids)
    author.sign_by_node(vote, subject=bytes(32), time=START)
    chapter = Chapter.of(author)
    asked(made, chapter)
    start = 0
    while start < len(chapter.leaves):
        effect = fx.ServeRun(
            link=1,
            log=author.log,
            start=start,
            end=len(chapter.leaves),
            head=chapter.head().envelope,
            head_size=len(chapter.leaves),
        )
        stored = [(leaf.envelope, leaf.part) for leaf in author.leaves[start:]]
        run = runs.run_message(chapter.tree(), effect, stored)
        sent = wire.encode(run)
        assert len(sent) <= MESSAGE_MAX_BYTES
        start += len(run.leaves)
        lists = sum(
            sum(map(len, filter(None, leaf[1:]))) > 30_000 for leaf in stored[: len(run.leaves)]
        )
        assert lists == (start > len(chapter.leaves) - 2)
        made.run(1, cast(wire.Run, wire.decode(sent)))
        assert made.closed() == []
    assert made.held(author) == len(chapter.leaves)
    held = made.node.engine.view.logs[author.log].leaves
    bodies = [leaf.body for leaf in held if isinstance(leaf, VerifiedRecord)]
    assert getattr(bodies[-2], "councils", None) == voters
    assert getattr(bodies[-1], "counted", None) == ids


def test_run_onto_a_forked_log_is_refused_and_the_link_lives() -> None:
    # The author's own node has signed two branches; whoever carries one of them is honest.
    made = rig(2)
    ours, theirs = stranger(), stranger()
    ours.add(Second(), subject=bytes([1]) * 32)
    theirs.add(Second(), subject=bytes([2]) * 32)
    theirs.add(Second(), subject=bytes([3]) * 32)
    held, forked = Chapter.of(ours), Chapter.of(theirs)
    asked(made, held)
    made.run(1, held.run())
    made.announce(2, forked)
    assert made.pulls() == [], "link 1, from which the log came, may send it ahead (LIV-7)"
    made.now += PATIENCE_MIN_MS
    made.give(inputs.Tick())
    assert made.pulls() == [(2, len(held.leaves))]
    made.run(2, forked.run(len(held.leaves)))
    assert made.refused() == [Reason.ROOT_MISMATCH]
    assert made.closed() == []
    assert made.stored() == 0
    assert made.held(ours) == len(held.leaves)
    assert made.pulls() == []  # not asked again for the same


def test_heads_of_one_size_with_another_root_are_reported_as_a_fork() -> None:
    made = rig(2)
    ours, theirs = stranger(), stranger()
    ours.add(Second(), subject=bytes([1]) * 32)
    theirs.add(Second(), subject=bytes([2]) * 32)
    asked(made, Chapter.of(ours))
    made.run(1, Chapter.of(ours).run())
    made.announce(2, Chapter.of(theirs))
    assert made.refused() == [Reason.LOG_FORK]
    assert made.closed() == []


def test_run_in_pieces_is_kept_piece_by_piece_and_headed_at_the_end() -> None:
    made, chapter = rig(1), Chapter.of(stranger(extra=20))
    size = len(chapter.leaves)
    asked_one(made, chapter)
    for start, end in ((0, 7), (7, 8), (8, size)):
        made.run(1, chapter.run(start, end))
        assert made.stored() == end - start
        heads = [one.head for one in made.out if isinstance(one, fx.StoreLeaves)]
        assert (heads[0] is None) == (end < size)
        assert made.pulls() == []  # one pull is answered by as many runs as it takes
    entry = made.node.engine.view.logs[chapter.author.log]
    assert entry.head is not None
    assert entry.head.size == size


def asked_one(made: Rig, chapter: Chapter, link: int = 1) -> None:
    made.open(link, made.peers[link - 1])
    made.announce(link, chapter)
    assert made.pulls() == [(link, made.held(chapter.author))]


def test_run_from_the_future_is_held_until_its_time() -> None:
    made, chapter = rig(1), Chapter.of(stranger())
    asked_one(made, chapter)
    ahead = chapter.head(time=START + 3_601)
    made.run(1, chapter.run(head=ahead))
    assert made.refused() == [Reason.HEAD_AHEAD]
    assert made.closed() == []
    assert made.stored() == 0
    made.announce(1, chapter)
    assert made.pulls() == []
    assert made.node.engine.next_deadline(made.now) == made.now + 1_000
    made.now += 1_000
    made.give(inputs.Tick())
    assert made.stored() == len(chapter.leaves)


def test_run_from_next_week_is_refused() -> None:
    made, chapter = rig(1), Chapter.of(stranger())
    asked_one(made, chapter)
    made.run(1, chapter.run(head=chapter.head(time=START + 7 * DAY)))
    assert made.refused() == [Reason.HEAD_AHEAD]
    made.announce(1, chapter)
    assert made.pulls() == [(1, 0)]


def test_run_that_another_made_stale_is_asked_again_at_once_of_the_only_source() -> None:
    made, chapter = rig(2), Chapter.of(stranger(extra=20))
    early = Chapter(chapter.author, chapter.leaves[:7])
    asked_one(made, early)
    made.run(1, early.run())
    made.announce(1, chapter)
    assert made.pulls() == [(1, 7)]
    made.run(1, chapter.run(3))
    assert made.refused() == []
    assert made.pulls() == [(1, 7)]
    made.run(1, chapter.run(7))
    assert made.held(chapter.author) == len(chapter.leaves)


def test_word_that_overtakes_the_run_it_was_asked_for_is_followed_at_once() -> None:
    made, chapter = rig(1), Chapter.of(stranger(extra=20))
    early = Chapter(chapter.author, chapter.leaves[:7])
    asked_one(made, early)
    made.announce(1, chapter)  # the run is on its way, under a head of 7 leaves
    made.run(1, early.run())
    assert made.pulls() == [(1, 7)]  # not when the time of the first pull is over


def test_run_that_does_not_fit_is_asked_again_when_its_giver_shows_no_other_history() -> None:
    made, chapter = rig(1), Chapter.of(stranger(extra=20))
    early = Chapter(chapter.author, chapter.leaves[:7])
    asked_one(made, early)
    made.run(1, early.run())
    made.announce(1, chapter)
    spoiled = Chapter(chapter.author, [*chapter.leaves[:8], *chapter.leaves[9:], (b"x",)])
    bad = wire.Run(
        log=chapter.author.log,
        start=7,
        leaves=tuple(spoiled.leaves[7:]),
        head=chapter.head().envelope,
    )
    for _ in range(STRIKES_MAX - 1):
        made.run(1, bad)
        assert made.refused() == [Reason.ROOT_MISMATCH]
        assert made.pulls() == []
        tree = chapter.tree()
        told = wire.HeadTold(
            log=chapter.author.log,
            size=7,
            head=chapter.head().envelope,
            root=tree.root_at(7),
            path=tuple(tree.consistency(7, tree.size)),
        )
        made.say(1, told)
        assert made.pulls() == [(1, 7)]  # at once, not at the next digest
    made.run(1, bad)
    assert made.closed() == [(1, Reason.ROOT_MISMATCH)]  # nobody else can be to blame so often


def test_pull_that_runs_out_is_asked_again_of_the_only_source() -> None:
    made, chapter = rig(1), Chapter.of(stranger())
    asked_one(made, chapter)
    made.now += sync.PULL_TIMEOUT_MS
    made.give(inputs.Tick())
    assert made.pulls() == [(1, 0)]


def test_run_that_nobody_asked_for_is_as_good_as_an_announcement() -> None:
    made, chapter = rig(2), Chapter.of(stranger())
    made.open(1, made.peers[0])
    made.run(1, chapter.run())
    assert made.pulls() == [(1, 0)]
    assert made.held(chapter.author) == 0
    asked_two = Chapter.of(stranger(51))
    made.open(2, made.peers[1])
    made.announce(2, asked_two)
    made.run(1, asked_two.run())  # asked, but of another peer
    assert made.out == []
    made.run(2, asked_two.run())
    assert made.stored() == len(asked_two.leaves)


def test_run_given_twice_is_kept_once() -> None:
    made, chapter = rig(1), Chapter.of(stranger())
    asked_one(made, chapter)
    made.run(1, chapter.run())
    digest = made.node.engine.view.state_digest(START)
    (told,) = made.run(1, chapter.run())
    assert isinstance(told, fx.Send)
    assert isinstance(told.message, wire.Heads), "what is here need not be sent ahead (LIV-7)"
    assert made.held(chapter.author) == len(chapter.leaves)
    assert made.node.engine.view.state_digest(START) == digest


def test_pull_never_answered_is_asked_of_another_peer() -> None:
    made, chapter = rig(2), Chapter.of(stranger())
    asked(made, chapter)
    deadline = made.node.engine.next_deadline(made.now)
    assert deadline is not None
    made.now += sync.PULL_TIMEOUT_MS - 1
    made.give(inputs.Tick())
    assert made.pulls() == []
    made.now += 1
    made.give(inputs.Tick())
    assert made.pulls() == [(2, 0)]
    made.run(1, chapter.run())  # too late: another one is asked now
    assert made.stored() == 0
    made.run(2, chapter.run())
    assert made.stored() == len(chapter.leaves)


def test_pull_from_a_link_that_breaks_is_asked_of_another_peer() -> None:
    made, chapter = rig(2), Chapter.of(stranger())
    asked(made, chapter)
    made.give(inputs.LinkDown(link=1))
    assert made.pulls() == [(2, 0)]


def test_pulls_beyond_what_a_link_takes_wait_for_their_turn() -> None:
    made = rig(1)
    made.open(1, made.peers[0])
    chapters = [Chapter.of(stranger(100 + n, extra=1)) for n in range(sync.PULLS_PER_LINK_MAX + 5)]
    made.announce(1, *chapters)
    assert len(made.pulls()) == sync.PULLS_PER_LINK_MAX
    by_log = {chapter.author.log: chapter for chapter in chapters}
    waiting = list(made.out)
    done = 0
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, fx.Send) and isinstance(one.message, wire.Pull):
            chapter = by_log[LogId(one.message.log)]
            waiting += made.run(1, chapter.run())
            done += 1
    assert done == len(chapters)


def test_pull_of_what_the_node_lacks_gets_no_answer() -> None:
    made = rig(1)
    made.open(1, made.peers[0])
    for pull in (
        wire.Pull(log=bytes(32), start=0),
        wire.Pull(log=made.node.engine.own, start=10_000),
    ):
        assert made.say(1, pull) == []


def test_pull_of_the_own_log_is_served_and_opens_at_the_other_end() -> None:
    made = rig(1)
    made.open(1, made.peers[0])
    effects = made.say(1, wire.Pull(log=made.node.engine.own, start=0))
    serve = effects[0]
    assert isinstance(serve, fx.ServeRun)
    rows = made.node.disk[made.node.engine.own]
    for count in (1, 2, len(rows)):
        run = made.node.engine.run_message(serve, [(e, part) for e, part, _ in rows[:count]])
        head = log.open_head(made.sim.network, made.node.node_key.public, run.head)
        proof = [Hash(step) for step in run.proof or ()]
        envelopes = [leaf[0] for leaf in run.leaves if isinstance(leaf, tuple)]
        assert len(log.check_run(Tree(), 0, envelopes, head, proof, START)) == count


def test_run_message_stops_before_a_frame_is_full() -> None:
    made = rig(1)
    for number in range(9):
        token = key(6_500 + number)
        made.sim.submit(made.node, made.sim.desk(made.node).invite(token.public, START + DAY))
    made.open(1, made.peers[0])
    serve = made.say(1, wire.Pull(log=made.node.engine.own, start=0))[0]
    assert isinstance(serve, fx.ServeRun)
    envelopes = [(bytes(16_384), None), (bytes(16_384), bytes(16_384)), (bytes(9_000), None)]
    for rows in (envelopes * 3, envelopes[1:2] * 9, [(bytes(9_000), None)] * 9):
        run = made.node.engine.run_message(serve, rows)
        assert len(run.leaves) >= 1
        pieces = (piece for leaf in run.leaves if isinstance(leaf, tuple) for piece in leaf)
        assert sum(len(piece) for piece in pieces) <= RUN_MAX_BYTES


# --- poison -------------------------------------------------------------------------------------


def test_log_with_poison_leaves_is_kept_and_all_that_follows_counts() -> None:
    made = rig(2)
    author = stranger(extra=2)
    chapter = Chapter.of(author)
    good = author.leaves[-1].envelope
    flipped = bytearray(good)
    flipped[-1] ^= 1
    poison = [b"\xc0", b"\x90", b"x" * 100, bytes(flipped), good[:-1]]
    after = [author.make(Second(), subject=bytes(32), time=START + 90 + n) for n in range(6)]
    for number, item in enumerate(after):
        chapter.leaves.extend((bad,) for bad in poison[number : number + 1])
        chapter.leaves.append((item.envelope,))
    asked(made, chapter)
    made.run(1, chapter.run(0, 6))
    made.run(1, chapter.run(6))
    assert made.closed() == []
    view = made.node.engine.view
    assert made.held(author) == len(chapter.leaves)
    assert view.logs[author.log].tree.root() == chapter.tree().root()
    assert all(item.id in view.records for item in (*author.leaves, *after))
    assert len(view.records) == len({*view.records})
    # what is kept is served again, poison and all
    made.announce(2, chapter)
    serve = made.say(2, wire.Pull(log=author.log, start=0))
    assert [one.end for one in serve if isinstance(one, fx.ServeRun)] == [len(chapter.leaves)]


def test_poison_leaf_opens_as_refused_with_its_reason() -> None:
    leaf = record.open_leaf(network_id("tests"), b"\xc0")
    assert leaf == RefusedLeaf(envelope=b"\xc0", reason=Reason.ENC_NIL)


def test_record_without_authority_in_a_log_is_kept_but_does_not_count() -> None:
    made = rig(1)
    author = stranger(extra=0)
    bad = author.add(Second(), subject=bytes(32), signers=[key(5)])
    good = author.add(Second(), subject=bytes(32), time=START + 1)
    chapter = Chapter.of(author)
    asked_one(made, chapter)
    made.run(1, chapter.run())
    view = made.node.engine.view
    assert view.refused == {bad.id: Reason.THRESHOLD_MISSING}
    assert good.id in view.records
    assert bad.id not in view.records
