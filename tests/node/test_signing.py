"""Sign requests and keys on paper: what keyholders do without a node."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from confednode import keyring, plain, sshagent, words
from confednode.cli import confed
from confednode.errors import KeyringError, NodeReason
from confedproto import signrequest, text
from confedproto.bodies import KINDS, Needs
from confedproto.bodies.charter import Charter
from confedproto.bodies.statement import Statement
from confedproto.bodies.suspension import Suspension
from confedproto.errors import ConfedError, Reason
from confedproto.ids import CouncilId, PublicKey, network_id
from confedproto.keys import SigningKey
from confedproto.record import build_payload, open
from confedproto.signrequest import SignRequest

NETWORK = network_id("test")
KEYS = [SigningKey(bytes([n]) * 32) for n in range(1, 4)]


def request(keys: list[PublicKey] | None = None, threshold: int = 2) -> SignRequest:
    payload = build_payload(
        kind="suspension",
        council=CouncilId(bytes(32)),
        charter=1,
        time=1_700_000_000,
        body=Suspension(key=bytes(32)),
    )
    asked = [key.public for key in KEYS] if keys is None else keys
    return SignRequest(
        network=NETWORK, payload=payload, part=None, keys=tuple(asked), threshold=threshold
    )


def run(*arguments: str | Path) -> dict[str, Any]:
    """A command's JSON, whatever its exit code, which stands in it as `exit`."""
    done = CliRunner().invoke(confed, [*map(str, arguments), "--json"])
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    told: dict[str, Any] = json.loads(lines[-1])
    return told | {"exit": done.exit_code}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "request.confed-sign"
    path.write_bytes(signrequest.encode(request()))
    return path


def test_requests_join_in_any_order_and_say_who_is_missing() -> None:
    bare = request()
    assert plain.progress(bare) == "0 of 2 signatures; not yet: key 1, key 2, key 3"
    one, two = bare.sign(KEYS[2]), bare.sign(KEYS[0])
    assert plain.progress(one) == "1 of 2 signatures; not yet: key 1, key 2"
    whole = signrequest.join([one, two])
    assert whole == signrequest.join([two, one, two])
    assert plain.progress(whole) == "2 of 2 signatures"
    assert open(NETWORK, whole.envelope).signers == tuple(
        sorted(k.public for k in (KEYS[0], KEYS[2]))
    )


def test_request_survives_its_file_and_its_armor() -> None:
    signed = request().sign(KEYS[1])
    data = signrequest.encode(signed)
    assert signrequest.decode(data) == signed
    armored = text.encode_armor(text.Armor(label=text.ArmorLabel.SIGN_REQUEST, data=data))
    assert signrequest.decode(text.decode_armor(armored).data) == signed


def test_request_with_any_flipped_bit_is_refused_or_another_request() -> None:
    data = signrequest.encode(request().sign(KEYS[0]))
    whole = signrequest.decode(data)
    for place in range(len(data)):
        spoiled = bytearray(data)
        spoiled[place] ^= 1 << place % 8
        try:
            other = signrequest.decode(bytes(spoiled))
        except ConfedError:
            continue
        assert other.id != whole.id or other != whole, place
        assert other.id == whole.id, "a signature held for other bytes"


def test_two_records_do_not_join() -> None:
    other = SignRequest(
        network=network_id("other"),
        payload=request().payload,
        part=None,
        keys=request().keys,
        threshold=2,
    )
    with pytest.raises(ConfedError):
        signrequest.join([request(), other])


def test_sign_says_in_plain_words_what_it_is_before_it_signs(tmp_path: Path, file: Path) -> None:
    keyring.write_key(tmp_path / "one.key", bytes([1]) * 32, None)
    done = CliRunner().invoke(
        confed, ["sign", str(file), "--key", str(tmp_path / "one.key")], input="n\n"
    )
    assert done.exit_code == 1
    assert "Stops for 72 hours" in done.output
    assert signrequest.decode(file.read_bytes()).signatures == ()
    told = run("sign", file, "--key", tmp_path / "one.key", "--yes")
    assert told["progress"] == "1 of 2 signatures; not yet: key 2, key 3"
    assert signrequest.decode(file.read_bytes()).signed == (KEYS[0].public,)


def piped(tmp_path: Path) -> list[str]:
    """`confed sign -` as a shell runs it."""
    keyring.write_key(tmp_path / "one.key", bytes([1]) * 32, None)
    program = [sys.executable, "-m", "confednode", "sign", "-", "--key", str(tmp_path / "one.key")]
    return [*program, "--to", str(tmp_path / "signed")]


def at_terminal(command: list[str], given: Path, answer: bytes) -> str:
    """What a terminal shows of a command whose standard input is a file, answered by hand."""
    child, terminal = pty.fork()
    if child == 0:
        os.dup2(os.open(given, os.O_RDONLY), 0)
        os.execv(command[0], command)
    shown = b""
    try:
        while chunk := os.read(terminal, 4_096):
            shown += chunk
            if b"[y/N]: " in chunk:
                os.write(terminal, answer)
    except OSError:  # the command has ended
        pass
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    return shown.decode("utf-8", "replace")


@pytest.mark.parametrize(("answer", "signs"), [(b"y\n", True), (b"n\n", False), (b"\n", False)])
def test_sign_from_standard_input_asks_at_the_terminal(
    tmp_path: Path, file: Path, answer: bytes, signs: bool
) -> None:
    shown = at_terminal(piped(tmp_path), file, answer)
    assert "Sign this?" in shown, shown
    assert (tmp_path / "signed").exists() is signs, shown


def test_sign_from_standard_input_without_a_terminal_signs_nothing(
    tmp_path: Path, file: Path
) -> None:
    with file.open("rb") as given:
        command = piped(tmp_path)
        done = subprocess.run(
            command, stdin=given, capture_output=True, start_new_session=True, check=False
        )
    assert b"no terminal to ask" in done.stderr, done.stderr
    assert not (tmp_path / "signed").exists()


def test_sign_with_a_key_that_was_not_asked_is_refused(tmp_path: Path, file: Path) -> None:
    keyring.write_key(tmp_path / "other.key", bytes([9]) * 32, None)
    told = run("sign", file, "--key", tmp_path / "other.key", "--yes")
    assert told["reason"] == NodeReason.SIGN_REFUSED
    assert signrequest.decode(file.read_bytes()).signatures == ()


def test_sign_never_explains_another_kind_than_it_knows() -> None:
    payload = build_payload(
        kind="example-song",
        council=CouncilId(bytes(32)),
        charter=1,
        time=1,
        body=Suspension(key=bytes(32)),
    )
    strange = SignRequest(
        network=NETWORK, payload=payload, part=None, keys=request().keys, threshold=1
    )
    lines = plain.explain(strange)
    assert any("does not know" in line for line in lines)
    assert not any("72 hours" in line for line in lines)


def test_explain_says_for_whom_a_record_is_and_what_each_kind_means() -> None:
    payload = build_payload(
        kind="statement",
        council=CouncilId(bytes(32)),
        charter=1,
        time=1,
        body=Statement(text="Between us."),
        salt=bytes(16),
        scope=bytes([5]) * 32,
    )
    given = SignRequest(
        network=NETWORK, payload=payload, part=None, keys=request().keys, threshold=1
    )
    scope = text.encode_record(bytes([5]) * 32)
    assert f"For the members of {scope} alone" in plain.explain(given)
    assert not any("members of" in line for line in plain.explain(request()))
    by_hand = {name for name, kind in KINDS.items() if kind.needs is not Needs.NODE}
    assert by_hand <= plain.MEANS.keys()


def test_explain_warns_of_one_keyholder() -> None:
    payload = build_payload(
        kind="charter",
        council=None,
        charter=0,
        time=1,
        body=Charter(name="N", threshold=1, keys=(KEYS[0].public,)),
    )
    alone = SignRequest(
        network=NETWORK, payload=payload, part=None, keys=(KEYS[0].public,), threshold=1
    )
    assert any(line.startswith("Warning: one person") for line in plain.explain(alone))


# --- SSH ----------------------------------------------------------------------------------------


@pytest.fixture
def ssh_key(tmp_path: Path) -> Path:
    path = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    socket = tmp_path / "agent.sock"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    try:
        while not socket.exists():
            assert process.poll() is None
        yield
    finally:
        process.terminate()
        process.wait()


def ssh_request(tmp_path: Path, ssh_key: Path) -> Path:
    public = sshagent.read_public(ssh_key.with_suffix(".pub"))[2]
    path = tmp_path / "ssh.confed-sign"
    path.write_bytes(signrequest.encode(request([public], 1)))
    return path


def test_sign_with_ssh_keygen(tmp_path: Path, ssh_key: Path) -> None:
    file, message = ssh_request(tmp_path, ssh_key), tmp_path / "message"
    assert run("sign", file, "--message", message)["ok"]
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "confed-record-1", "-f", str(ssh_key)]
    subprocess.run([*command, str(message)], check=True, capture_output=True)
    told = run("sign", file, "--sshsig", f"{message}.sig", "--yes")
    assert told["complete"], told
    whole = signrequest.decode(file.read_bytes())
    assert open(NETWORK, whole.envelope).signers == whole.keys


def test_sign_with_ssh_keygen_in_another_namespace_is_refused(
    tmp_path: Path, ssh_key: Path
) -> None:
    file, message = ssh_request(tmp_path, ssh_key), tmp_path / "message"
    run("sign", file, "--message", message)
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", str(ssh_key), str(message)]
    subprocess.run(command, check=True, capture_output=True)
    told = run("sign", file, "--sshsig", f"{message}.sig", "--yes")
    assert told["reason"] == Reason.SSHSIG_NAMESPACE


def test_sign_with_an_ssh_agent(tmp_path: Path, ssh_key: Path, agent: None) -> None:
    file = ssh_request(tmp_path, ssh_key)
    told = run("sign", file, "--agent", ssh_key.with_suffix(".pub"), "--yes")
    assert told["reason"] == NodeReason.AGENT, "the agent has no key yet"
    subprocess.run(["ssh-add", "-q", str(ssh_key)], check=True, capture_output=True)
    told = run("sign", file, "--agent", ssh_key.with_suffix(".pub"), "--yes")
    assert told["complete"], told
    whole = signrequest.decode(file.read_bytes())
    assert open(NETWORK, whole.envelope).signers == whole.keys


# --- paper --------------------------------------------------------------------------------------


def test_words_are_2048_different_ones_and_give_the_seed_back() -> None:
    assert len(set(words.WORDS)) == len(words.WORDS) == 2_048
    for number in range(200):
        seed = bytes((number * 7 + place * 31) % 256 for place in range(32))
        assert words.from_words(" ".join(words.to_words(seed)).upper()) == seed


def test_words_with_one_wrong_or_swapped_are_refused_without_repeating_them() -> None:
    listed = list(words.to_words(bytes(range(32))))
    missed, told = 0, list[str]()
    for place in range(words.PAPER_WORDS):
        for other in ("baba", "zihu", "xxxx"):
            if listed[place] == other:
                continue
            changed = [*listed[:place], other, *listed[place + 1 :]]
            try:
                seed = words.from_words(" ".join(changed))
            except KeyringError as error:
                told.append(error.message)
            else:
                missed += seed != bytes(range(32))
    assert not any(word in message for message in told for word in ("baba", "zihu", "xxxx"))
    assert missed <= 2, "one in 256 passes an 8-bit checksum"


def test_paper_and_drill_make_the_key_again(tmp_path: Path) -> None:
    key, paper = tmp_path / "k.key", tmp_path / "paper.txt"
    made = run("keys", "new", "--to", key, "--no-passphrase")
    assert run("keys", "paper", key, "--to", paper)["words"] == 24
    assert paper.stat().st_mode & 0o777 == 0o600
    assert run("keys", "drill", key, "--paper-file", paper)["recovered"]
    again = tmp_path / "again.key"
    told = run("keys", "new", "--to", again, "--no-passphrase", "--paper-file", paper)
    assert told["key"] == made["key"]
    assert run("keys", "export", again)["key"] == made["key"]
    run("keys", "new", "--to", tmp_path / "other.key", "--no-passphrase")
    told = run("keys", "drill", tmp_path / "other.key", "--paper-file", paper)
    assert told["reason"] == NodeReason.PAPER_WORDS


def test_passphrase_is_six_words_of_the_list() -> None:
    told = run("keys", "passphrase")
    assert told["bits"] == 66
    assert all(word in words.WORDS for word in told["passphrase"].split())
    assert run("keys", "passphrase")["passphrase"] != told["passphrase"]


def test_secrets_are_in_no_message(tmp_path: Path) -> None:
    key, paper = tmp_path / "k.key", tmp_path / "paper.txt"
    seed = bytes(range(32))
    keyring.write_key(key, seed, b"open sesame")
    secret = tmp_path / "pass"
    secret.write_text("wrong one\n")
    for told in (
        run("keys", "paper", key, "--to", paper, "--passphrase-file", secret),
        run("keys", "list", "--home", tmp_path),
    ):
        assert "wrong one" not in str(told)
        assert text.encode_secret(seed) not in str(told)
    assert not paper.exists()
    assert os.listdir(tmp_path)
