"""Key files: sealed and unsealed, never overwritten, never readable by others, never shown."""

import os
import stat
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from confednode import keyring
from confednode.errors import KeyringError, NodeReason
from confednode.keyring import (
    keys_for,
    list_keys,
    new_seed,
    read_key,
    read_node_keys,
    write_key,
    write_node_keys,
)
from confedproto import text
from confedproto.channel import public_key
from confedproto.keys import SigningKey

SEED: Final = bytes(range(32))
PHRASE: Final = b"correct horse"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Sealing at its real cost takes a tenth of a second; one test pays it."""
    if "real_cost" not in request.node.name:
        monkeypatch.setattr(keyring, "PASSES", 1)
        monkeypatch.setattr(keyring, "MEMORY_KIB", 1_024)


def refusal(action: Callable[..., object], *arguments: object) -> KeyringError:
    with pytest.raises(KeyringError) as caught:
        action(*arguments)
    error = caught.value
    told = "".join(traceback.format_exception(error)) + repr(error) + error.message
    for secret in (SEED.hex(), text.encode_secret(SEED), PHRASE.decode()):
        assert secret not in told
    return error


# --- keyholders' files ----------------------------------------------------------------------


@pytest.mark.parametrize("passphrase", [None, PHRASE, bytes(range(256)), "naïve 🗝".encode()])
def test_write_key_then_read_gives_the_same_key(tmp_path: Path, passphrase: bytes | None) -> None:
    path = tmp_path / "one.key"
    public = write_key(path, SEED, passphrase)
    assert read_key(path, passphrase).sign(b"m") == SigningKey(SEED).sign(b"m")
    assert public == SigningKey(SEED).public
    (entry,) = list_keys(tmp_path)
    assert (entry.path, entry.public, entry.sealed) == (path, public, passphrase is not None)
    content = path.read_text()
    assert text.encode_key(public) in content, "whose key it is can be seen without a passphrase"
    assert (text.encode_secret(SEED) in content) is (passphrase is None)
    assert SEED.hex() not in content


def test_write_key_real_cost_is_what_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "one.key"
    write_key(path, SEED, PHRASE)
    content = path.read_text()
    for line in ("passes = 3", "memory_kib = 65536", "lanes = 4"):
        assert line in content
    assert read_key(path, PHRASE).public == SigningKey(SEED).public


def test_write_key_twice_gives_different_salts_and_boxes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_key(tmp_path / name, SEED, PHRASE)
    one, two = ((tmp_path / name).read_text().splitlines()[-2:] for name in ("a", "b"))
    assert not set(one) & set(two)


def test_write_key_empty_passphrase_is_refused(tmp_path: Path) -> None:
    error = refusal(write_key, tmp_path / "one.key", SEED, b"")
    assert error.reason is NodeReason.PASSPHRASE_MISSING
    assert list(tmp_path.iterdir()) == []


def test_read_key_wrong_or_missing_passphrase_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.key"
    write_key(path, SEED, PHRASE)
    for wrong in (b"", b"correct hors", PHRASE + b"\n", b"\x00"):
        assert refusal(read_key, path, wrong).reason is NodeReason.PASSPHRASE_WRONG
    assert refusal(read_key, path, None).reason is NodeReason.PASSPHRASE_MISSING


@pytest.mark.parametrize(
    "line",
    [
        "passes = 25",
        "passes = 0",
        "passes = 1.5",
        "memory_kib = 524289",
        "memory_kib = 99999999999999999999",
        "memory_kib = 8",
        "lanes = 17",
        "lanes = -1",
        'salt = "00"',
        'salt = "zz"',
        'box = ""',
        'box = "' + "0" * 146 + '"',
        "rounds = 1",
    ],
)
def test_read_key_parameters_beyond_the_caps_are_refused_before_deriving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    path = tmp_path / "one.key"
    write_key(path, SEED, PHRASE)
    name = line.split(" ")[0]
    rest = [old for old in path.read_text().splitlines() if not old.startswith(name)]
    path.write_text("\n".join([*rest, line]))

    def derived(*_: object, **__: object) -> None:
        pytest.fail("derived a key with parameters out of bounds")

    monkeypatch.setattr(keyring, "Argon2id", derived)
    assert refusal(read_key, path, PHRASE).reason is NodeReason.KEY_UNREADABLE


def test_read_key_box_changed_by_one_bit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.key"
    write_key(path, SEED, PHRASE)
    content = path.read_text()
    last = content.rstrip('"\n')[-1]
    path.write_text(content.rstrip('"\n')[:-1] + ("0" if last != "0" else "1") + '"\n')
    assert refusal(read_key, path, PHRASE).reason is NodeReason.PASSPHRASE_WRONG


@pytest.mark.parametrize("passphrase", [None, PHRASE])
def test_read_key_public_key_of_another_is_refused(
    tmp_path: Path, passphrase: bytes | None
) -> None:
    path = tmp_path / "one.key"
    mine = text.encode_key(write_key(path, SEED, passphrase))
    other = text.encode_key(SigningKey(bytes(32)).public)
    path.write_text(path.read_text().replace(mine, other))
    error = refusal(read_key, path, passphrase)
    assert error.reason is NodeReason.KEY_UNREADABLE
    assert "differ" in error.message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"[" * 4_000,
        b'public = "x"',
        b"public = 1",
        b'public = "cfk1"\nsecret = "cfs1"',
        b"a = " * 4_096,
    ],
    ids=["empty", "binary", "nested", "no-key", "number", "short", "long"],
)
@pytest.mark.parametrize("read", [lambda path: read_key(path, PHRASE), read_node_keys])
def test_read_file_of_another_kind_is_refused(
    tmp_path: Path, content: bytes, read: Callable[[Path], object]
) -> None:
    path = tmp_path / "one.key"
    path.write_bytes(content)
    assert refusal(read, path).reason is NodeReason.KEY_UNREADABLE


def test_read_key_both_or_no_secret_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.key"
    write_key(path, SEED, PHRASE)
    head, *sealed = path.read_text().splitlines()
    secret = f'secret = "{text.encode_secret(SEED)}"'
    for lines in ([head], [head, secret, *sealed]):
        path.write_text("\n".join(lines))
        assert refusal(read_key, path, PHRASE).reason is NodeReason.KEY_UNREADABLE


# --- files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o022, 0o000])
def test_write_any_file_belongs_to_the_owner_alone(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write_key(tmp_path / "a", SEED, None)
        write_key(tmp_path / "b", SEED, PHRASE)
        write_node_keys(tmp_path / "c", SEED, SEED)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_write_existing_path_is_never_overwritten(tmp_path: Path, kind: str) -> None:
    path, behind = tmp_path / "one.key", tmp_path / "behind"
    if kind == "file":
        path.write_text("mine")
    elif kind == "link":
        path.symlink_to(behind)
    else:
        path.mkdir()
    for write in (
        lambda: write_key(path, SEED, None),
        lambda: write_node_keys(path, SEED, SEED),
    ):
        assert refusal(write).reason is NodeReason.FILE_EXISTS
    assert not behind.exists()
    assert kind != "file" or path.read_text() == "mine"


def test_write_disk_full_leaves_no_half_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    error = refusal(write_key, tmp_path / "one.key", SEED, None)
    assert error.reason is NodeReason.HOME_ACCESS
    assert list(tmp_path.iterdir()) == []


def test_missing_file_or_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none" / "one.key"
    assert refusal(write_key, path, SEED, None).reason is NodeReason.HOME_ACCESS
    assert refusal(read_key, path, None).reason is NodeReason.KEY_MISSING
    assert refusal(read_node_keys, path).reason is NodeReason.KEY_MISSING
    assert refusal(read_node_keys, tmp_path).reason is NodeReason.KEY_UNREADABLE
    assert list_keys(path.parent) == []


# --- the server's keys ----------------------------------------------------------------------


def test_node_keys_written_then_read_are_the_same_and_never_shown(tmp_path: Path) -> None:
    path, transport = tmp_path / "node.key", bytes([7]) * 32
    write_node_keys(path, SEED, transport)
    keys = read_node_keys(path)
    assert keys.signer.public == SigningKey(SEED).public
    assert keys.transport == public_key(transport)
    shown = repr(keys) + repr(keys.signer) + repr(keyring._decode(path, keyring._NodeKeyFile))
    for secret in (SEED, transport):
        assert secret.hex() not in shown
        assert text.encode_secret(secret) not in shown
        assert repr(secret) not in shown


def test_key_file_form_shows_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "one.key"
    write_key(path, SEED, None)
    assert text.encode_secret(SEED) not in repr(keyring._parse(path))


# --- choosing -------------------------------------------------------------------------------


def test_keys_for_takes_the_wanted_and_no_more_than_asked(tmp_path: Path) -> None:
    seeds = [bytes([number]) * 32 for number in range(5)]
    for number, seed in enumerate(seeds):
        write_key(tmp_path / f"{number}.key", seed, None if number % 2 else PHRASE)
    (tmp_path / "notes.txt").write_text("no key")
    wanted = [SigningKey(seed).public for seed in seeds[1:4]]
    assert [key.public for key in keys_for(tmp_path, wanted, 2, PHRASE)] == wanted[:2]
    assert len(keys_for(tmp_path, wanted, 9, PHRASE)) == 3
    assert keys_for(tmp_path, [bytes(32)], 9, PHRASE) == []
    # A sealed file that is not wanted asks for no passphrase.
    assert len(keys_for(tmp_path, wanted[:1], 9, None)) == 1


def test_new_seed_never_repeats() -> None:
    assert len({new_seed() for _ in range(100)}) == 100
