"""The store: what it has taken it keeps, whole, and it shares with nobody."""

import contextlib
import dataclasses
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from confednode import store as module
from confednode.errors import NodeReason, StoreError
from confednode.store import Peer, Store
from confedproto.effects import FilledLeaf, FillLeaves, StoreLeaves, SwitchBranch
from confedproto.ids import CouncilId, LogId, PublicKey
from confedproto.limits import LEAF_OVERHEAD_BYTES

LOG: Final = LogId(bytes(31) + b"\x01")
OTHER: Final = LogId(bytes(31) + b"\x02")
COUNCIL: Final = CouncilId(b"c" * 32)
KEY: Final = PublicKey(b"k" * 32)

NO_ENVELOPE: Any = None
"""What no type-checked caller hands over."""

KILLS: Final = 20
# A writer that says on stdout which batch it has committed, until it is killed.
WRITER: Final = """
import sys
from pathlib import Path
from confednode.store import Store
from confedproto.effects import FilledLeaf, FillLeaves, StoreLeaves
store, size = Store(Path(sys.argv[1])), int(sys.argv[2])
while True:
    pairs = tuple((b"envelope %d" % index, None) for index in range(size, size + 3))
    head = b"head %d" % (size + 3)
    batch = StoreLeaves(
        log=bytes(32), council=bytes(32), key=bytes(32),
        start=size, leaves=pairs, arrived=7, head=head,
    )
    store.write([batch])
    size += 3
    sys.stdout.write(f"{size}\\n")
    sys.stdout.flush()
"""


def leaves(
    *, log: LogId = LOG, start: int = 0, count: int = 2, head: bytes | None = b"head"
) -> StoreLeaves:
    pairs = tuple(
        (b"envelope %d" % index, b"part" if index % 2 else None)
        for index in range(start, start + count)
    )
    return StoreLeaves(
        log=log, council=COUNCIL, key=KEY, start=start, leaves=pairs, arrived=7, head=head
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "node.db"
    Store(made, create=True).close()
    return made


def refusal(path: Path, *, create: bool = False) -> StoreError:
    with pytest.raises(StoreError) as caught:
        Store(path, create=create)
    assert caught.value.message.isprintable()
    return caught.value


# --- what is kept ---------------------------------------------------------------------------


def test_write_then_reopen_loads_the_same_leaves_and_heads(path: Path) -> None:
    store = Store(path)
    store.write([leaves(head=None), leaves(log=OTHER, count=1, head=b"other")])
    store.write([leaves(start=2, count=1)])
    before = store.load()
    store.close()
    store = Store(path)
    assert store.load() == before
    one, two = before
    assert (one.log, one.council, one.key, one.head) == (LOG, COUNCIL, KEY, b"head")
    assert one.leaves == (
        (b"envelope 0", None, 7),
        (b"envelope 1", b"part", 7),
        (b"envelope 2", None, 7),
    )
    assert (two.log, two.head, len(two.leaves)) == (OTHER, b"other", 1)
    store.write([leaves(start=3, count=1, head=None)])  # no head: the last one stands
    assert store.load()[0].head == b"head"
    store.close()


def test_read_takes_a_slice_in_order(path: Path) -> None:
    store = Store(path)
    store.write([leaves(count=5), leaves(log=OTHER, count=9)])
    assert store.read(LOG, 1, 3) == [(b"envelope 1", b"part"), (b"envelope 2", None)]
    assert len(store.read(LOG, 3, 99)) == 2
    assert store.read(LOG, 5, 9) == []
    assert store.read(LogId(bytes(32)), 0, 9) == []
    store.close()


def test_peers_and_settings_newer_replaces_older(path: Path) -> None:
    store = Store(path)
    for address in ("a:1", "b:2"):
        store.add_peer(Peer(council=COUNCIL, address=address, transport=b"t"))
        store.put("port", address)
    assert store.peers() == [Peer(council=COUNCIL, address="b:2", transport=b"t")]
    assert (store.get("port"), store.get("none")) == ("b:2", None)
    store.close()


# --- all or nothing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        leaves(start=1, count=2),  # index 1 is there already
        StoreLeaves(
            log=OTHER,
            council=COUNCIL,
            key=KEY,
            start=0,
            leaves=((b"fine", None), (NO_ENVELOPE, None)),
            arrived=7,
            head=b"never",
        ),
    ],
    ids=["twice", "no-envelope"],
)
def test_write_insert_fails_in_the_middle_keeps_nothing_of_the_batch(
    path: Path, bad: StoreLeaves
) -> None:
    store = Store(path)
    store.write([leaves()])
    before = store.load()
    with pytest.raises(StoreError) as caught:
        store.write([leaves(log=OTHER), leaves(start=2, count=1, head=b"later"), bad])
    assert caught.value.reason is NodeReason.STORE_DAMAGED
    assert store.load() == before
    # The log that was new in the lost batch can be begun again, in this process and the next.
    store.write([leaves(log=OTHER)])
    after = store.load()
    assert [log.log for log in after] == [LOG, OTHER]
    store.close()
    store = Store(path)
    assert store.load() == after
    store.close()


def test_write_disk_full_is_said_and_nothing_is_lost(path: Path) -> None:
    store = Store(path)
    store.write([leaves()])
    store._db.execute("PRAGMA max_page_count=1")
    big = StoreLeaves(
        log=LOG,
        council=COUNCIL,
        key=KEY,
        start=2,
        leaves=tuple((bytes(16_000), None) for _ in range(40)),
        arrived=7,
        head=b"later",
    )
    with pytest.raises(StoreError) as caught:
        store.write([big])
    assert caught.value.reason is NodeReason.STORE_FAILED
    assert "full" in caught.value.message
    store.close()
    store = Store(path)
    assert [len(log.leaves) for log in store.load()] == [2]
    store.close()


def test_write_process_killed_keeps_whatever_was_acknowledged(path: Path) -> None:
    kept = 0
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for number in range(KILLS):
        command = [sys.executable, "-c", WRITER, str(path), str(kept)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as writer:
            assert writer.stdout is not None
            for _ in range(1 + 3 * number % 11):  # at another place each time
                kept = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            said = writer.stdout.read().splitlines()
        kept = int(said[-1]) if said else kept
        store = Store(path)
        (log,) = store.load()
        size = len(log.leaves)
        store.close()
        assert size >= kept, f"round {number}: {kept} acknowledged, {size} there"
        assert size % 3 == 0, "a batch is whole or absent"
        assert log.head == b"head %d" % size, "the head is that of the last batch"
        assert [leaf[0] for leaf in log.leaves] == [b"envelope %d" % i for i in range(size)]
        kept = size


# --- opening --------------------------------------------------------------------------------


def test_store_pragmas_are_in_force(path: Path) -> None:
    store = Store(path)
    values = {
        name: store._db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "locking_mode", "secure_delete", "foreign_keys")
    }
    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "locking_mode": "exclusive",
        "secure_delete": 1,
        "foreign_keys": 1,
    }
    store.close()


def test_store_second_opening_is_refused_until_the_first_is_closed(path: Path) -> None:
    store = Store(path)
    assert refusal(path).reason is NodeReason.HOME_LOCKED
    opened = "sqlite3.connect(sys.argv[1], timeout=0)"
    program = f"import sys, sqlite3; {opened}.execute('SELECT * FROM logs')"
    other = subprocess.run([sys.executable, "-c", program, path], capture_output=True, check=False)
    assert b"locked" in other.stderr
    store.write([leaves()])  # the refused ones have done no harm
    store.close()
    store = Store(path)
    assert len(store.load()) == 1
    store.close()


@pytest.mark.parametrize("mask", [0o022, 0o000])
def test_store_files_belong_to_the_owner_alone(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "node.db"
    before = os.umask(mask)
    try:
        store = Store(path, create=True)
        store.write([leaves()])
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        assert modes == {"node.db": 0o600, "node.db-wal": 0o600}
        store.close()
        path.chmod(0o644)  # as after a careless restore
        Store(path).close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_store_create_never_replaces_a_file(path: Path) -> None:
    content = path.read_bytes()
    assert refusal(path, create=True).reason is NodeReason.HOME_EXISTS
    assert path.read_bytes() == content


def test_store_missing_file_is_not_made(tmp_path: Path) -> None:
    assert refusal(tmp_path / "node.db").reason is NodeReason.HOME_MISSING
    assert refusal(tmp_path / "none" / "node.db", create=True).reason is NodeReason.HOME_ACCESS
    assert list(tmp_path.iterdir()) == []


def test_store_later_version_is_refused_and_left_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version={module.VERSION + 1}")
    db.close()
    content = path.read_bytes()
    error = refusal(path)
    assert error.reason is NodeReason.STORE_VERSION
    assert str(module.VERSION + 1) in error.message
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "content", [b"", b"no database" * 999, b"SQLite format 3\0" + bytes(4_080)]
)
def test_store_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "node.db"
    path.write_bytes(content)
    assert refusal(path).reason is NodeReason.STORE_DAMAGED
    assert path.read_bytes() == content


def test_store_damaged_page_is_refused(path: Path) -> None:
    store = Store(path)
    store.write([leaves(count=500)])
    store.close()
    with path.open("r+b") as file:
        file.seek(4_096)
        file.write(b"\xff" * (path.stat().st_size - 4_096))
    with pytest.raises(StoreError) as caught:
        Store(path).load()
    assert caught.value.reason is NodeReason.STORE_DAMAGED


def test_store_of_the_first_version_is_taken_over_without_marks(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE records DROP COLUMN mark")
        db.execute("ALTER TABLE logs DROP COLUMN via")
        db.execute("ALTER TABLE logs DROP COLUMN bytes")
        db.execute("PRAGMA user_version=1")
        db.commit()
    store = Store(path)
    store.write([leaves()])
    assert [mark for _, _, _, mark in store.leaves(LOG)] == [None, None]
    store.close()
    Store(path).close()


def test_store_gives_back_each_leaf_with_its_mark(path: Path) -> None:
    store = Store(path)
    store.write([dataclasses.replace(leaves(), marks=(-1, 1))])
    assert [mark for _, _, _, mark in store.leaves(LOG)] == [-1, 1]
    assert [(log.log, log.head) for log in store.heads()] == [(LOG, b"head")]
    store.close()


def test_store_counts_what_a_log_takes_and_who_introduced_it(path: Path) -> None:
    store = Store(path)
    effect = dataclasses.replace(leaves(), via=CouncilId(b"V" * 32))
    store.write([effect])
    wanted = sum(len(e) + len(p or b"") + LEAF_OVERHEAD_BYTES for e, p in effect.leaves)
    (one,) = store.heads()
    assert (one.bytes, one.via) == (wanted, b"V" * 32)
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as db:  # as the second version left it
        db.execute("ALTER TABLE logs DROP COLUMN via")
        db.execute("ALTER TABLE logs DROP COLUMN bytes")
        db.execute("PRAGMA user_version=2")
        db.commit()
    store = Store(path)
    (one,) = store.heads()
    assert (one.bytes, one.via) == (wanted, None)


def test_leaf_that_was_withheld_takes_the_place_of_its_hash(path: Path) -> None:
    store = Store(path)
    effect = leaves()
    bare = dataclasses.replace(effect, leaves=((b"h" * 32, None), *effect.leaves[1:]))
    store.write([bare])
    (before,) = store.heads()
    filled = FilledLeaf(index=effect.start, envelope=b"e" * 50, part=b"p" * 7, mark=-1)
    store.write([FillLeaves(log=effect.log, leaves=(filled,), arrived=99)])
    first = next(iter(store.leaves(effect.log)))
    assert first == (b"e" * 50, b"p" * 7, 99, -1)
    assert store.pick(effect.log, (0, 9_999)) == [(0, b"e" * 50, b"p" * 7)]
    assert store.heads()[0].bytes == before.bytes + 25


def test_switch_of_branches_sets_the_old_leaves_aside_with_their_head(path: Path) -> None:
    def other(start: int, head: bytes | None) -> StoreLeaves:
        pairs = tuple((b"kept %d" % index, None) for index in range(start, start + 2))
        return dataclasses.replace(leaves(start=start, head=head), leaves=pairs)

    with contextlib.closing(Store(path)) as store:
        store.write([leaves(count=3, head=b"old head")])
        store.write([SwitchBranch(log=LOG, kept=(other(0, None), other(2, b"new head")))])
        assert [row[0] for row in store.leaves(LOG)] == [b"kept %d" % n for n in range(4)]
    with contextlib.closing(Store(path)) as store:
        assert [row[:3] for row in store.lost(LOG)] == [
            (b"old head", index, b"envelope %d" % index) for index in range(3)
        ]
        (log,) = store.heads()
        assert log.head == b"new head"
        assert log.bytes == sum(len(b"kept 0") + LEAF_OVERHEAD_BYTES for _ in range(4))
