"""Founding a council in a folder and running it there."""

import os
import re
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import pytest
import trio

from confednode import app, config, keyring
from confednode.config import Home, Settings
from confednode.errors import (
    ConfigError,
    KeyringError,
    LinkError,
    NodeError,
    NodeReason,
    StoreError,
    exit_code,
)
from confednode.store import Store
from confedproto.errors import ConfedError, LocalProtocolError, Reason

SETTINGS: Final = Settings(network="tests", listen="127.0.0.1:0")


def found(
    folder: Path, *, name: str = "Council", threshold: int = 1, keyholders: int = 1
) -> app.Founded:
    return app.found(
        Home(path=folder),
        SETTINGS,
        name=name,
        threshold=threshold,
        keyholders=keyholders,
        passphrase=None,
    )


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def served(home: Home, settings: Settings = SETTINGS) -> app.Running:
    """Start the node, stop it, and say what it reported."""
    stop = trio.Event()
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            running = await nursery.start(partial(app.serve, home, settings, stop=stop))
            stop.set()
    return running


def failure(home: Home, settings: Settings = SETTINGS) -> NodeError:
    """What a start of this node fails with, as the CLI sees it."""

    async def main() -> None:
        await served(home, settings)

    with pytest.raises(NodeError) as caught:
        app.run_flat(main)
    assert caught.value.message.isprintable()
    return caught.value


# --- founding -------------------------------------------------------------------------------


@pytest.mark.parametrize(("threshold", "keyholders"), [(1, 1), (2, 3), (3, 5), (17, 32)])
async def test_found_then_serve_is_this_council(
    tmp_path: Path, threshold: int, keyholders: int
) -> None:
    founded = found(tmp_path, threshold=threshold, keyholders=keyholders)
    assert len(founded.key_files) == keyholders
    running = await served(Home(path=tmp_path))
    assert running.council == founded.council
    assert re.fullmatch(r"127\.0\.0\.1:[0-9]+", running.listen)
    assert (await served(Home(path=tmp_path))).listen == running.listen, "peers know the port"


def test_found_folder_and_secrets_belong_to_the_owner_alone(tmp_path: Path) -> None:
    home = Home(path=tmp_path / "deep" / "home")
    before = os.umask(0)
    try:
        found(home.path, threshold=2, keyholders=3)
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in home.path.rglob("*")}
    for path in (home.database, home.node_key, *home.keys.iterdir()):
        assert modes[path] == 0o600, path
    assert modes[home.keys] == stat.S_IMODE(home.path.stat().st_mode) == 0o700


@pytest.mark.parametrize("rest", ["all", "config.toml", "node.db", "node.key", "keys"])
def test_found_never_overwrites(tmp_path: Path, rest: str) -> None:
    found(tmp_path)
    for path in list(tmp_path.iterdir()):
        if rest not in ("all", path.name):
            path.rename(tmp_path.parent / f"{tmp_path.name}-{path.name}")
    before = content(tmp_path)
    with pytest.raises(ConfigError) as caught:
        found(tmp_path)
    assert caught.value.reason is NodeReason.HOME_EXISTS
    assert content(tmp_path) == before


def test_found_at_the_same_time_gives_one_council(tmp_path: Path) -> None:
    def attempt(_: int) -> app.Founded | NodeError:
        try:
            return found(tmp_path)
        except NodeError as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(attempt, range(8)))
    (won,) = [result for result in results if isinstance(result, app.Founded)]
    running = trio.run(served, Home(path=tmp_path))
    assert running.council == won.council


def test_found_twenty_times_shares_no_key(tmp_path: Path) -> None:
    secrets: list[str] = []
    councils: set[bytes] = set()
    for number in range(20):
        folder = tmp_path / str(number)
        councils.add(found(folder, threshold=2, keyholders=3).council)
        for path in (folder / "node.key", *(folder / "keys").iterdir()):
            secrets += re.findall(r"cf[ks]1\w+", path.read_text())
    assert len(councils) == 20
    assert len(secrets) == 20 * (2 + 2 * 3)
    assert len(set(secrets)) == len(secrets)


@pytest.mark.parametrize(
    ("threshold", "keyholders", "reason"),
    [
        (1, 2, Reason.THRESHOLD_TWO),
        (2, 2, Reason.THRESHOLD_TWO),
        (0, 1, Reason.THRESHOLD_RANGE),
        (0, 0, Reason.THRESHOLD_RANGE),
        (2, 1, Reason.THRESHOLD_RANGE),
        (1, 3, Reason.THRESHOLD_RANGE),
        (3, 3, Reason.THRESHOLD_RANGE),
        (2, 4, Reason.THRESHOLD_RANGE),
        (4, 3, Reason.THRESHOLD_RANGE),
    ],
)
def test_found_illegal_threshold_is_refused_and_nothing_is_made(
    tmp_path: Path, threshold: int, keyholders: int, reason: Reason
) -> None:
    home = tmp_path / "home"
    with pytest.raises(LocalProtocolError) as caught:
        found(home, threshold=threshold, keyholders=keyholders)
    assert caught.value.reason is reason
    assert exit_code(caught.value) == 5
    assert f"{threshold} of {keyholders}" in str(caught.value)
    assert not home.exists()


@pytest.mark.parametrize("name", ["", "n" * 65, "a\x00b", "a\u202eb", "\ud800", "\x1b[2J"])
def test_found_name_that_no_terminal_should_see_is_refused(tmp_path: Path, name: str) -> None:
    home = tmp_path / "home"
    with pytest.raises(LocalProtocolError):
        found(home, name=name)
    assert not home.exists()


def test_found_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NodeError) as caught:
        found(tmp_path / "file" / "home")
    assert caught.value.reason is NodeReason.HOME_ACCESS


# --- starting -------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found(tmp_path)
    return Home(path=tmp_path)


async def test_serve_twice_on_one_folder_is_refused_and_the_first_lives(home: Home) -> None:
    async with trio.open_nursery() as nursery:
        stop = trio.Event()
        running = await nursery.start(partial(app.serve, home, SETTINGS, stop=stop))
        with pytest.RaisesGroup(
            pytest.RaisesExc(StoreError, check=lambda error: error.reason is NodeReason.HOME_LOCKED)
        ):
            await served(home)
        assert home.socket.is_socket(), "the first one's control socket is still there"
        assert running.driver.engine.council == running.council
        stop.set()


@pytest.mark.parametrize(
    ("spoil", "kind", "reason"),
    [
        (lambda home: home.node_key.unlink(), KeyringError, NodeReason.KEY_MISSING),
        (lambda home: home.node_key.write_bytes(b"\xff"), KeyringError, NodeReason.KEY_UNREADABLE),
        (lambda home: home.database.unlink(), StoreError, NodeReason.HOME_MISSING),
        (lambda home: home.database.write_bytes(b""), StoreError, NodeReason.STORE_DAMAGED),
        (lambda home: other_key(home), ConfigError, NodeReason.KEY_MISSING),
        (lambda home: edit(home, "DELETE FROM meta"), StoreError, NodeReason.STORE_DAMAGED),
        (lambda home: edit(home, "DELETE FROM records"), StoreError, NodeReason.STORE_DAMAGED),
        (
            lambda home: edit(home, "DELETE FROM records WHERE idx=1"),
            StoreError,
            NodeReason.STORE_DAMAGED,
        ),
        (
            lambda home: edit(home, "UPDATE records SET envelope=x'00' WHERE idx=1"),
            StoreError,
            NodeReason.STORE_DAMAGED,
        ),
        (
            lambda home: edit(home, "UPDATE logs SET head=x'00'"),
            StoreError,
            NodeReason.STORE_DAMAGED,
        ),
        (
            lambda home: edit(home, "UPDATE logs SET head=NULL"),
            StoreError,
            NodeReason.STORE_DAMAGED,
        ),
        (lambda home: edit(home, "DROP TABLE peers"), StoreError, NodeReason.STORE_FAILED),
    ],
    ids=[
        "no-key",
        "binary-key",
        "no-database",
        "empty-database",
        "other-key",
        "no-meta",
        "no-records",
        "gap",
        "record",
        "head",
        "no-head",
        "table",
    ],
)
def test_serve_damaged_folder_is_said_plainly(
    home: Home, spoil: Callable[[Home], object], kind: type[NodeError], reason: NodeReason
) -> None:
    spoil(home)
    error = failure(home)
    assert isinstance(error, kind)
    assert (error.reason, error.exit_code) == (reason, 1)
    assert not home.socket.exists()


def edit(home: Home, statement: str) -> None:
    db = sqlite3.connect(home.database)
    with db:
        db.execute(statement)
    db.close()


def other_key(home: Home) -> None:
    home.node_key.unlink()
    keyring.write_node_keys(home.node_key, keyring.new_seed(), keyring.new_seed())


def test_serve_in_another_network_is_refused(home: Home) -> None:
    error = failure(home, Settings(network="other", listen="127.0.0.1:0"))
    assert (error.reason, error.exit_code) == (NodeReason.CONFIG_INVALID, 2)


def test_serve_that_failed_leaves_the_folder_free(home: Home) -> None:
    error = failure(home, Settings(network="tests", listen="192.0.2.1:1"))
    assert isinstance(error, LinkError)
    Store(home.database).close()  # not locked
    trio.run(served, home)


def test_serve_killed_before_it_could_tidy_up_starts_again(home: Home) -> None:
    async def killed() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(app.serve, home, SETTINGS, stop=trio.Event()))
            nursery.cancel_scope.cancel()

    trio.run(killed)
    trio.run(served, home)


def test_serve_file_in_the_place_of_the_control_socket_is_said(home: Home) -> None:
    home.socket.write_text("mine")
    assert failure(home).reason is NodeReason.HOME_ACCESS
    assert home.socket.read_text() == "mine"


# --- errors ---------------------------------------------------------------------------------


def test_run_flat_gives_the_one_error_behind_the_group() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            async with trio.open_nursery():
                raise StoreError(NodeReason.STORE_FAILED, "m")

    with pytest.raises(StoreError):
        app.run_flat(main)


def test_run_flat_error_of_the_program_is_not_hidden() -> None:
    async def main() -> None:
        async with trio.open_nursery():
            raise ZeroDivisionError

    with pytest.RaisesGroup(ZeroDivisionError):
        app.run_flat(main)


def test_founding_errors_are_of_the_two_trees_alone(tmp_path: Path) -> None:
    for error in (ConfigError, KeyringError, StoreError, LinkError):
        assert issubclass(error, NodeError)
        assert not issubclass(error, ConfedError)
    assert config.network_of(SETTINGS) != config.network_of(Settings(network="Tests"))
