"""The counter file: what passes for a clean restart, and what must not."""

import shutil
from pathlib import Path

import pytest

from confednode import app, config, loading
from confednode.config import Home, Settings
from confednode.counter import Counter
from confednode.keyring import read_node_keys
from confednode.store import Store
from confedproto.guard import Signing

SETTINGS = Settings(network="test", listen="127.0.0.1:0")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(path=tmp_path / "node")
    app.found(made, SETTINGS, name="C", threshold=1, keyholders=1, passphrase=None)
    return made


def signing(home: Home) -> Signing:
    """Whether a node that starts in this folder signs at once."""
    return started(home)[0]


def started(home: Home) -> tuple[Signing, int | None]:
    """The same, and how far the counter file says that it had signed."""
    store, counter = Store(home.database), Counter(home.counter)
    try:
        keys = read_node_keys(home.node_key)
        engine = loading.load(store, config.network_of(SETTINGS), keys, counter.read())
        reached = engine.keeper.memory.reached
        return engine.keeper.guard.state, None if reached is None else reached.size
    finally:
        store.close()
        counter.close()


def own_log(home: Home) -> bytes:
    """The id of the log that the node of this folder keeps."""
    store = Store(home.database)
    try:
        (log,) = store.heads()
        return log.log
    finally:
        store.close()


def test_folder_restored_over_itself_is_not_clean(home: Home, tmp_path: Path) -> None:
    """`cp -a backup/. home/` writes into the same files: the inode is the same, the time is not."""
    backup = tmp_path / "backup"
    shutil.copytree(home.path, backup)
    for path in home.path.glob("node.*"):
        if path.is_file():
            with path.open("r+b") as file:
                file.write((backup / path.name).read_bytes())
            shutil.copystat(backup / path.name, path)
    assert signing(home) is Signing.HELD


def test_counter_of_another_log_is_not_clean_and_bars_nothing(home: Home) -> None:
    """A new server's key in the old folder: what the old log had reached is not asked of it."""
    counter = Counter(home.counter)
    counter.write(bytes(32), 900, bytes(32))
    counter.close()
    assert started(home) == (Signing.HELD, None)


def test_counter_ahead_says_how_far_the_log_was_signed(home: Home) -> None:
    counter = Counter(home.counter)
    counter.write(own_log(home), 9, bytes(32))
    counter.close()
    assert started(home) == (Signing.HELD, 9)


def test_restart_in_place_is_clean(home: Home) -> None:
    assert signing(home) is Signing.OPEN
    assert signing(home) is Signing.OPEN


def test_counter_ahead_of_the_database_is_an_old_backup(home: Home) -> None:
    counter = Counter(home.counter)
    counter.write(own_log(home), 9, bytes(32))
    counter.close()
    assert signing(home) is Signing.HELD


def test_counter_of_another_root_is_not_clean(home: Home) -> None:
    counter = Counter(home.counter)
    counter.write(own_log(home), 2, bytes(32))
    counter.close()
    assert signing(home) is Signing.HELD


def test_copied_folder_is_not_clean(home: Home, tmp_path: Path) -> None:
    copy = Home(path=tmp_path / "copy")
    shutil.copytree(home.path, copy.path)
    assert signing(copy) is Signing.HELD
    assert signing(home) is Signing.OPEN


def test_other_boot_is_not_clean(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("confednode.counter._boot", lambda: "another")
    assert signing(home) is Signing.HELD


def test_machine_that_names_no_boot_is_not_clean(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("confednode.counter._BOOT", tmp_path / "absent")
    counter, store = Counter(home.counter), Store(home.database)
    keys = read_node_keys(home.node_key)
    (log,) = loading.load(store, config.network_of(SETTINGS), keys).view.logs.values()
    counter.write(log.id, log.tree.size, log.tree.root())
    counter.close()
    store.close()
    assert signing(home) is Signing.HELD


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff" * 300, b"1 zz 3 4\n", b"1 2 3"])
def test_counter_that_is_none_is_not_clean(home: Home, content: bytes) -> None:
    home.counter.write_bytes(content)
    assert signing(home) is Signing.HELD


def test_counter_belongs_to_the_owner_alone(home: Home) -> None:
    assert home.counter.stat().st_mode & 0o777 == 0o600
