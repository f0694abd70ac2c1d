"""Deriving what holds: one motion of many councils, many motions at start, one record more."""

import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from confednode import loading
from confednode.keyring import NodeKeys
from confednode.store import Store
from confedproto.bodies.accession import Accession
from confedproto.bodies.freeze import Freeze, Voter
from confedproto.bundle import build_certificate, verify
from confedproto.effects import StoreLeaves
from confedproto.errors import Reason
from confedproto.ids import TransportKey
from confedproto.log import sign_head
from confedproto.marks import VERIFIED
from confedproto.merkle import leaf_hash
from confedproto.record import VerifiedRecord
from confedproto.rules.motion import status
from confedproto.view import View
from tests.support.assembly import FAR, Assembly
from tests.support.councils import NETWORK, START, Author, feed
from tools.bench.figures import Figure, percentile

LARGE: Final = 1_000
FOUNDERS: Final = 60  # as many as fit a compact with everyone's signature, or nearly
COUNCILS: Final = 26
MOTIONS: Final = 10_000
BATCH: Final = 20


def _view(authors: list[Author], *, all_but: int = 0) -> View:
    view = View(NETWORK)
    upto = {authors[-1].council: len(authors[-1].leaves) - all_but}
    feed(view, authors, upto=upto)
    return view


def _large(councils: int) -> list[Figure]:
    """One motion of `councils` councils; founders are as many as fit a record, here all."""
    made = Assembly(FOUNDERS, sponsors=0)
    late = [Author(number + 1) for number in range(FOUNDERS, councils)]
    made.authors += late
    motion, freeze, said = _accede_and_vote(made, late)
    view = _view(made.authors)
    times: list[float] = []
    for certified in (False, True):
        if certified:
            made.certify(freeze, said, "adopted")
            view = _view(made.authors)
        for _ in range(5):
            begun = time.process_time()
            case = view.case(motion.id)
            assert not isinstance(case, Reason)
            found = status(case, made.now + 50)
            assert found.tally is not None, found.fault
            assert found.tally.participating == councils
            times.append((time.process_time() - begun) * 1e3)
    data = build_certificate(view, motion.id, FAR)
    begun = time.process_time()
    assert verify([data], trust=(), at=made.now).ok
    verified = time.process_time() - begun
    return [
        Figure(what=f"certificate file, {councils} councils", value=len(data) / 1024, unit="KiB"),
        Figure(what=f"certificate file, {councils} councils: verify", value=verified, unit="s"),
        Figure(what=f"status, {councils} councils, open", value=min(times[:5]), unit="ms", goal=50),
        Figure(
            what=f"status, {councils} councils, final", value=min(times[5:]), unit="ms", goal=50
        ),
    ]


def _accede_and_vote(
    made: Assembly, late: list[Author]
) -> tuple[VerifiedRecord, VerifiedRecord, list[VerifiedRecord]]:
    for author in late:
        author.add(Accession(weight=2), subject=made.compact.id, time=made.now)
    more = [Voter(council=a.council, weight=2) for a in late]
    motion = made.move(witnessed=False)
    _witness_some(made, made.authors[:1])
    roll = made.roll(without=range(FOUNDERS, len(made.authors)), more=more)
    freeze = made.freeze(motion, councils=roll, witnessed=False)
    assert isinstance(freeze.body, Freeze)
    made.now = freeze.time + 1
    _witness_some(made, made.authors[:1])
    made.now = freeze.body.opens
    said = [made.position(freeze, by, "Y", yes=9) for by in range(len(made.authors))]
    _witness_some(made, made.authors)
    return motion, freeze, said


def _witness_some(made: Assembly, logs: list[Author]) -> None:
    """Enough councils witness these logs, 64 heads a record, a record a second."""
    needed = (len(made.authors) - 1) // 3 + 2
    for author in made.authors[:needed]:
        others = [other for other in logs if other is not author]
        for start in range(0, len(others), 64):
            author.witness(others[start : start + 64], time=made.now + start // 64)


def _many(motions: int) -> list[Figure]:
    made = Assembly(COUNCILS)
    with (
        tempfile.TemporaryDirectory(prefix="confed-bench-") as folder,
        closing(Store(Path(folder) / "node.db", create=True)) as store,
    ):
        records = _fill(store, made, motions)
        loaded, view = _loaded(store, made.authors[0])
    ids = [placed.record.id for placed in view.of_kind("motion")]
    begun = time.process_time()
    for done, motion_id in enumerate(ids):
        view.motion_status(motion_id, FAR)
        if done % 100 == 99:
            print(f"\rderiving: {done + 1} of {len(ids)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    derived = time.process_time() - begun
    begun = time.process_time()
    view.state_digest(FAR)
    digested = time.process_time() - begun
    what = f"{motions} motions x {COUNCILS}"
    return [
        Figure(what=f"{what}: records", value=records, unit=""),
        Figure(what="start with them: load", value=loaded, unit="s"),
        Figure(what="their statuses", value=derived, unit="s"),
        Figure(what=f"{what}: both", value=loaded + derived, unit="s", goal=60),
        Figure(what="the state's digest then", value=digested, unit="s"),
        *_incremental(made, view),
    ]


def _fill(store: Store, made: Assembly, motions: int) -> int:
    """Put so many motions of these councils in a node's database; returns the records."""
    store.put(loading.COUNCIL, made.authors[0].council.hex())
    store.put(loading.NETWORK, NETWORK.hex())
    for done in range(0, motions, BATCH):
        _batch(made)
        for author in made.authors:
            _keep(store, author)
        print(f"\rmaking records: {done + BATCH} of {motions}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return store.count()


def _loaded(store: Store, own: Author) -> tuple[float, View]:
    """CPU seconds in which a start takes all of this from a database, and the view."""
    keys = NodeKeys(
        signer=own.node_key, transport_private=bytes(32), transport=TransportKey(bytes(32))
    )
    begun = time.process_time()
    engine = loading.load(store, NETWORK, keys, None, _say)
    return time.process_time() - begun, engine.view


def _say(done: int, whole: int) -> None:
    print(f"\rloading: {done} of {whole}", end="", file=sys.stderr)


def _keep(store: Store, author: Author) -> None:
    """Write what a council's log has gained, and let go of it."""
    head = sign_head(
        NETWORK,
        author.node_key,
        log=author.log,
        size=author.tree.size,
        root=author.tree.root(),
        time=author.leaves[-1].time,
    )
    rows = tuple((leaf.envelope, leaf.part) for leaf in author.leaves)
    store.write(
        [
            StoreLeaves(
                log=author.log,
                council=author.council,
                key=author.node_key.public,
                start=author.tree.size - len(rows),
                leaves=rows,
                arrived=START,
                head=head.envelope,
                marks=(VERIFIED,) * len(rows),
            )
        ]
    )
    author.leaves.clear()


def _batch(made: Assembly) -> None:
    """Some motions at once, as in a confederation that is busy: they share witness records."""
    start = made.now
    moved: list[VerifiedRecord] = []
    for number in range(BATCH):
        made.now = start
        moved.append(made.move(by=number % COUNCILS, witnessed=False))
    made.witness()
    made.now += 10
    start, frozen = made.now, list[VerifiedRecord]()
    for number, motion in enumerate(moved):
        made.now = start
        frozen.append(made.freeze(motion, by=number % COUNCILS, wait=0, witnessed=False))
    made.now = start + 1
    made.witness()
    made.now = start + 11
    words = "Y" * (COUNCILS - 6) + "N" * 6
    said = [
        [made.position(freeze, by, word, yes=5, no=3) for by, word in enumerate(words)]
        for freeze in frozen
    ]
    made.now += 1
    made.witness()
    for freeze, positions in zip(frozen, said, strict=True):
        made.certify(freeze, positions, "adopted")


def _incremental(made: Assembly, view: View) -> list[Figure]:
    """One position more where all these motions are known, and the status of its motion again."""
    motion = made.move()
    frozen = made.freeze(motion)
    assert isinstance(frozen.body, Freeze)
    made.vote(frozen, "Y" * (COUNCILS - 1) + "-")
    for author in made.authors:  # each has the leaves alone that are new
        for leaf in author.leaves:
            view.add(author.log, leaf, leaf_hash(leaf.envelope), made.now)
    view.motion_status(motion.id, made.now)
    times: list[float] = []
    for number in range(1, 51):
        item = made.position(frozen, COUNCILS - 1, "N", number=number)
        begun = time.process_time()
        view.add(made.authors[-1].log, item, leaf_hash(item.envelope), made.now)
        view.motion_status(motion.id, made.now)
        times.append((time.process_time() - begun) * 1e3)
    return [
        Figure(what="one record more, status again", value=percentile(times, 50), unit="ms", goal=1)
    ]


def run(quick: bool) -> list[Figure]:
    """The figures."""
    return [*_large(200 if quick else LARGE), *_many(40 if quick else MOTIONS)]
