"""`confed init` and `confed keys`: the folder of a council, and its keyholders' files."""

import subprocess
from pathlib import Path

import pytest

from tests.support.commands import ENVIRONMENT, INIT, PROGRAM, Confed, ready, refused, serving


def test_init_says_council_fingerprint_and_files(call: Confed, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    said = call(*INIT, "--home", folder, "--name", "Zürich", "--no-passphrase", "--json")
    told = said.json
    assert (said.code, said.err, told["ok"], told["name"]) == (0, "", True, "Zürich")
    assert told["council"].startswith("cfr1")
    assert told["fingerprint"]
    assert [Path(path).parent for path in told["keyholders"]] == [folder / "keys"]


def test_init_twice_is_refused_and_changes_nothing(call: Confed, home: Path) -> None:
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    for more in ((), ("--json",)):
        said = call(*INIT, "--home", home, "--name", "Other", "--no-passphrase", *more)
        assert said.code == 1
        assert "home-exists" in said.out + said.err
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("keyholders", "reason"),
    [
        ("2/2", "threshold-two"),
        ("1/2", "threshold-two"),
        ("1/3", "threshold-range"),
        ("3/3", "threshold-range"),
        ("0/0", "threshold-range"),
    ],
)
def test_init_illegal_threshold_is_five_and_makes_nothing(
    call: Confed, tmp_path: Path, keyholders: str, reason: str
) -> None:
    folder = tmp_path / "home"
    given = ("--name", "N", "--no-passphrase", "--keyholders", keyholders)
    refused(call(*INIT, "--home", folder, *given, "--json"), 5, reason)
    assert not folder.exists()


@pytest.mark.parametrize("listen", ["nowhere", "127.0.0.1", "127.0.0.1:99999", "::1:5"])
def test_init_listen_that_is_no_address_is_two(call: Confed, tmp_path: Path, listen: str) -> None:
    given = ("--name", "N", "--no-passphrase", "--listen", listen, "--yes")
    said = call("init", "--home", tmp_path / "home", *given, "--json")
    refused(said, 2, "address-invalid")


def test_init_sealed_keys_need_their_passphrase(call: Confed, tmp_path: Path) -> None:
    folder, phrase = tmp_path / "home", tmp_path / "phrase"
    given = (*INIT, "--home", folder, "--name", "N", "--passphrase-file", phrase, "--json")
    refused(call(*given), 2, "file-missing")
    phrase.write_text("\n")
    refused(call(*given), 1, "passphrase-missing")
    phrase.write_text("a phrase\n")
    assert call(*given).code == 0
    (row,) = call("keys", "list", "--home", folder, "--json").json["keys"]
    assert row["sealed"] is True
    found = ("compact", "found", "--home", folder, "--name", "C", "--json")
    with serving(folder) as process:
        ready(process)
        refused(call(*found), 1, "passphrase-missing")
        (tmp_path / "wrong").write_text("a phrase?\n")
        refused(call(*found, "--passphrase-file", tmp_path / "wrong"), 1, "passphrase-wrong")
        assert call(*found, "--passphrase-file", phrase).code == 0


def test_init_prompt_that_ends_is_130_and_makes_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "init", "--home", str(tmp_path / "home"), "--name", "N"],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, b"")
    assert not (tmp_path / "home").exists()


def test_keys_new_never_overwrites_and_list_shows_no_secret(call: Confed, home: Path) -> None:
    target = home / "keys" / "delegate.key"
    new = ("keys", "new", "--to", target, "--no-passphrase", "--json")
    told = call(*new).json
    assert told["key"].startswith("cfk1")
    assert target.stat().st_mode & 0o777 == 0o600
    before = target.read_bytes()
    refused(call(*new), 1, "file-exists")
    assert target.read_bytes() == before
    said = call("keys", "list", "--home", home)
    assert told["key"] in said.out
    assert "cfs1" not in said.out
    refused(
        call("keys", "new", "--to", home / "no" / "x", "--no-passphrase", "--json"),
        1,
        "home-access",
    )
