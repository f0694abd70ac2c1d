"""A start from blocks: it holds what a start from all records would, or reads them all."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

import pytest

from confednode import app, config, loading
from confednode.blocks import _sum
from confednode.config import Home, Settings
from confednode.errors import NodeReason, StoreError
from confednode.keyring import read_node_keys
from confednode.store import Store
from confedproto import effects as fx
from confedproto import inputs, wire
from confedproto.bodies.statement import Statement
from confedproto.engine import Engine
from confedproto.ids import LogId
from confedproto.marks import PROVISIONAL
from confedproto.merkle import leaf_hash
from confedproto.record import WITHHELD, Leaf, PlainLeaf, VerifiedRecord, WithheldLeaf
from confedproto.view import Log
from tests.support.councils import START, Author

SETTINGS: Final = Settings(network="test", listen="127.0.0.1:0")
NOW: Final = 1_000 * START
SIZE: Final = 700
WITHHELD_FROM: Final = 300
WITHHELD_TO: Final = 420


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose node follows a log of 700 leaves; some of them are withheld."""
    home = Home(path=tmp_path_factory.mktemp("blocks") / "node")
    app.found(home, SETTINGS, name="C", threshold=1, keyholders=1, passphrase=None)
    with opened(home) as (store, engine):
        take_in(store, engine, author())
    return home.path


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Home:
    """A copy of it."""
    shutil.copytree(template, tmp_path / "node")
    return Home(path=tmp_path / "node")


def author() -> Author:
    """A log of statements, with a charter of another version among them."""
    made = Author(7, network=config.network_of(SETTINGS))
    while len(made.leaves) < SIZE:
        if len(made.leaves) == 500:
            made.add(made.charter_body(previous=made.leaves[0].id))
            made.version = 2
        made.add(Statement(text=f"statement {len(made.leaves)}"))
    return made


def take_in(
    store: Store, engine: Engine, made: Author, step: int = 150, *, say: bool = False
) -> None:
    """Import what is lacking of the log, in runs, with some leaves by their hash alone."""
    head = made.head()
    entry = engine.view.logs.get(made.log)
    for start in range(entry.tree.size if entry is not None else 0, SIZE, step):
        items = made.leaves[start : start + step]
        proof = tuple(made.tree.consistency(start + len(items), SIZE)) or None
        shut = range(WITHHELD_FROM, WITHHELD_TO)
        rows = [leaf(item, index in shut) for index, item in enumerate(items, start)]
        run = wire.Run(
            log=made.log,
            start=start,
            leaves=tuple(one for one, _ in rows),
            head=head.envelope,
            proof=proof,
        )
        event = inputs.Imported(token=1, run=run, leaves=tuple(two for _, two in rows))
        done = engine.handle(event, NOW)
        assert [one.fault for one in done if isinstance(one, fx.Answered)] == [None]
        store.write([one for one in done if isinstance(one, fx.Kept)])
        if say:
            sys.stdout.write(f"{start + len(items)}\n")
            sys.stdout.flush()


def leaf(item: VerifiedRecord, shut: bool) -> tuple[wire.RunLeaf, Leaf]:
    if shut:
        return leaf_hash(item.envelope), WITHHELD
    return (item.envelope,), item


@contextlib.contextmanager
def opened(
    home: Home, *, reread: bool = False, steps: list[int] | None = None
) -> Generator[tuple[Store, Engine]]:
    """The store and what a start makes of it."""
    store = Store(home.database)
    try:
        network, keys = config.network_of(SETTINGS), read_node_keys(home.node_key)
        told = steps if steps is not None else []

        def progress(done: int, whole: int) -> None:
            told.append(done)

        yield store, loading.load(store, network, keys, None, progress, reread=reread)
    finally:
        store.close()


def followed(engine: Engine) -> Log:
    """The log that the node does not write itself."""
    return next(entry for entry in engine.view.logs.values() if entry.id != engine.own)


def facts(engine: Engine) -> list[object]:
    """All that a start is to find again."""
    out: list[object] = [engine.view.state_digest(START), sorted(engine.view.records)]
    for entry in engine.view.logs.values():
        leaves: list[object] = []
        for one in entry.leaves:
            match one:
                case PlainLeaf():
                    leaves.append((one.example.id, one.first, one.provisional))
                case VerifiedRecord():
                    leaves.append(one.id)
                case WithheldLeaf():
                    leaves.append(None)
                case _:
                    leaves.append(one.reason)
        chain = engine.view.chains.of[entry.council]
        tree = entry.tree
        places = range(0, tree.size, 13)
        proofs = [tree.inclusion(at, tree.size) for at in places]
        out += [leaves, list(chain.faults[entry.id]), proofs, tree.root(), entry.due]
        out += [entry.mark, entry.seclusion.withheld, entry.head]
    return out


def edit(home: Home, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(home.database)) as db:
        for statement in statements:
            assert db.execute(statement).rowcount != 0
        db.commit()


def numbers(home: Home) -> list[int]:
    with contextlib.closing(sqlite3.connect(home.database)) as db:
        return [row[0] for row in db.execute("SELECT number FROM blocks ORDER BY number")]


def test_blocks_of_a_catch_up_are_all_that_are_alike(home: Home) -> None:
    mixed = {0, 500 // 32, WITHHELD_FROM // 32, WITHHELD_TO // 32}
    assert numbers(home) == [number for number in range(SIZE // 32) if number not in mixed]


def test_start_from_blocks_is_as_one_from_all_records(home: Home) -> None:
    with opened(home) as (_, engine):
        short = facts(engine)
        assert followed(engine).seclusion.withheld == WITHHELD_TO - WITHHELD_FROM
    with opened(home, reread=True) as (_, engine):
        assert facts(engine) == short
    with opened(home) as (_, engine):  # from the blocks that the reading made again
        assert facts(engine) == short


def test_start_reads_no_record_below_blocks(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    kept = Store.leaves

    def leaves(
        store: Store, log: LogId, start: int = 0, end: int = 1 << 62
    ) -> Iterator[tuple[bytes, bytes | None, int, int | None]]:
        for at, row in enumerate(kept(store, log, start, end), start):
            read.append(at)
            yield row

    monkeypatch.setattr(Store, "leaves", leaves)
    with opened(home) as (_, engine):
        assert followed(engine).tree.size == SIZE
    assert len(read) <= 4 * 32 + SIZE % 32 + 2  # the mixed blocks, the tail, the own log


def test_blocks_of_another_log_are_not_believed(home: Home) -> None:
    """A root that is not the log's, under a good sum: the head tells, and all is read."""
    with opened(home) as (store, engine):
        good = facts(engine)
        log = followed(engine).id
        (first, *_) = store.blocks.of(log, SIZE)
    root = b"\x11" * 32
    total = _sum(log, first.number, first.mark, root, b"")
    edit(
        home,
        f"UPDATE blocks SET root=x'{root.hex()}', sum=x'{total.hex()}' WHERE number={first.number}",
    )
    with opened(home) as (store, engine):
        assert facts(engine) == good
        assert store.blocks.of(log, SIZE)[0] == first, "made again"


def test_blocks_like_no_plain_record_are_not_believed(home: Home) -> None:
    with opened(home) as (store, engine):
        good, log = facts(engine), followed(engine).id
        (first, *_) = store.blocks.of(log, SIZE)
    for mark in (0, SIZE + 5):  # the charter, and a leaf that is not there
        total = _sum(log, first.number, mark, first.root, b"")
        edit(home, f"UPDATE blocks SET mark={mark}, sum=x'{total.hex()}' WHERE number=1")
        with opened(home) as (store, engine):
            assert facts(engine) == good
            assert store.blocks.of(log, SIZE)[0] == first


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE blocks SET root=x'00'",
        "UPDATE blocks SET mark=4",
        "UPDATE blocks SET total=x'01'",
        "UPDATE blocks SET number=number+1000",
        "DELETE FROM blocks WHERE number=3",
        "DELETE FROM blocks",
    ],
)
def test_blocks_that_are_damaged_are_read_and_made_again(home: Home, spoil: str) -> None:
    before = numbers(home)
    with opened(home) as (_, engine):
        good = facts(engine)
    edit(home, spoil)
    with opened(home) as (_, engine):
        assert facts(engine) == good
    assert set(numbers(home)) >= set(before)


def test_database_of_the_last_version_is_read_once(home: Home) -> None:
    before = numbers(home)
    edit(home, "DROP TABLE blocks", "PRAGMA user_version=4")
    with opened(home) as (_, engine):
        good = facts(engine)
    assert numbers(home) == before
    with opened(home) as (_, engine):
        assert facts(engine) == good


def test_record_changed_below_a_block_is_found_when_it_is_read(home: Home) -> None:
    edit(home, "UPDATE records SET envelope=x'00' WHERE idx=70")
    with opened(home) as (_, engine):
        tree = followed(engine).tree
        assert tree.inclusion(40, SIZE)  # of another block
        with pytest.raises(StoreError) as caught:
            tree.inclusion(80, SIZE)
    assert caught.value.reason is NodeReason.STORE_DAMAGED
    with pytest.raises(StoreError) as caught, opened(home, reread=True):
        pass
    assert caught.value.reason is NodeReason.STORE_DAMAGED


def test_record_missing_below_a_block_is_found_at_the_start(home: Home) -> None:
    edit(home, "DELETE FROM records WHERE idx=70")
    with pytest.raises(StoreError) as caught, opened(home):
        pass
    assert caught.value.reason is NodeReason.STORE_DAMAGED


def test_leaf_that_is_filled_ends_its_block(home: Home) -> None:
    made = author()
    with opened(home) as (store, engine):
        entry, at = followed(engine), 330
        was = at // 32
        assert was in {block.number for block in store.blocks.of(entry.id, SIZE)}
        filled = fx.FilledLeaf(index=at, envelope=made.leaves[at].envelope, part=None, mark=2)
        store.write([fx.FillLeaves(log=entry.id, leaves=(filled,), arrived=START)])
        assert was not in {block.number for block in store.blocks.of(entry.id, SIZE)}
    with opened(home) as (_, engine):
        entry = followed(engine)
        assert entry.seclusion.withheld == WITHHELD_TO - WITHHELD_FROM - 1
        assert isinstance(entry.leaves[at], PlainLeaf)


def test_leaves_still_due_are_in_no_block_until_judged(home: Home) -> None:
    with opened(home) as (store, engine):
        entry = followed(engine)
        due = tuple(PROVISIONAL - 2 for _ in range(64))
        store.write([fx.StoreMarks(log=entry.id, start=64, marks=due)])
        assert not {2, 3} & {block.number for block in store.blocks.of(entry.id, SIZE)}
    with opened(home) as (store, engine):
        entry = followed(engine)
        assert (entry.due, engine.feeder.take()) == (64, (entry.id, 64, 128))
        judged = inputs.Judged(log=entry.id, start=64, end=128, refused={})
        store.write([one for one in engine.handle(judged, NOW) if isinstance(one, fx.Kept)])
        assert {2, 3} <= {block.number for block in store.blocks.of(entry.id, SIZE)}


def test_branch_that_was_set_aside_is_still_proved(home: Home) -> None:
    """Between the commit and the loading anew the engine holds the old branch (FRK-7)."""
    with opened(home) as (store, engine):
        entry = followed(engine)
        path = entry.tree.inclusion(200, SIZE)
        tree = loading._tree(store, entry.id)
        tree.extend_blocks(entry.tree.block(number) for number in range(SIZE // 32))
        kept = fx.StoreLeaves(
            log=entry.id,
            council=entry.council,
            key=entry.key,
            start=0,
            leaves=((b"other", None),),
            arrived=START,
            head=None,
        )
        store.write([fx.SwitchBranch(log=entry.id, kept=(kept,))])
        assert store.blocks.of(entry.id, SIZE) == []
        assert tree.inclusion(200, tree.size)[:5] == path[:5]
        assert tree.leaf(350) == leaf_hash(author().leaves[350].envelope)


def test_progress_is_told_of_blocks_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "STEP", 100)
    steps: list[int] = []
    with opened(home, steps=steps):
        assert steps
        assert steps == sorted(steps)
        assert steps[-1] >= 600


# A node that takes in a log and says after each commit how much of it, until it is killed.
WRITER: Final = """
import sys
from pathlib import Path
from confednode.config import Home
from tests.node.test_blocks import author, opened, take_in
with opened(Home(path=Path(sys.argv[1]))) as (store, engine):
    take_in(store, engine, author(), step=40, say=True)
"""


def test_writer_killed_leaves_blocks_of_what_is_there(tmp_path: Path) -> None:
    home = Home(path=tmp_path / "node")
    app.found(home, SETTINGS, name="C", threshold=1, keyholders=1, passphrase=None)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([*sys.path, os.getcwd()])}
    for number in range(3):
        command = [sys.executable, "-c", WRITER, str(home.path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as writer:
            assert writer.stdout is not None
            kept = [int(writer.stdout.readline()) for _ in range(1 + 2 * number % 5)][-1]
            writer.send_signal(signal.SIGKILL)
        with opened(home) as (_, engine):
            short, size = facts(engine), followed(engine).tree.size
        assert size >= kept
        with opened(home, reread=True) as (_, engine):
            assert facts(engine) == short
