"""Keyholders with FIDO keys: from the authenticator over `confed sign` to an opened record."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from confednode.cli import confed
from confednode.errors import NodeReason
from confedproto import record, signrequest, sshsig
from confedproto.bodies.charter import Charter
from confedproto.errors import ConfedError, Reason
from confedproto.ids import SSHSIG_NAMESPACE, PublicKey, network_id
from confedproto.keys import SigningKey
from confedproto.rules.authority import Authority
from confedproto.signrequest import SignRequest
from tests.support.authenticator import USER_PRESENT, USER_VERIFIED, Authenticator

NETWORK = network_id("fido")
NAMESPACE = SSHSIG_NAMESPACE.decode()


def run(*arguments: str | Path) -> dict[str, Any]:
    done = CliRunner().invoke(confed, [*map(str, arguments), "--json"])
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def founding(keys: list[bytes]) -> SignRequest:
    """The first charter of a council of 2 of these 3 keyholders."""
    ordered = tuple(PublicKey(key) for key in sorted(keys))
    body = Charter(name="Fido", threshold=2, keys=ordered)
    payload = record.build_payload(kind="charter", council=None, charter=0, time=1, body=body)
    return SignRequest(network=NETWORK, payload=payload, part=None, keys=ordered, threshold=2)


def keygen_verifies(folder: Path, holder: Authenticator, message: bytes, sig: Path) -> bool:
    """Whether OpenSSH's own verifier takes the signature."""
    signers = folder / "allowed_signers"
    signers.write_text(f'holder namespaces="{NAMESPACE}" {holder.line}')
    command = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", "holder", "-n", NAMESPACE]
    done = subprocess.run(
        [*command, "-s", str(sig)], input=message, capture_output=True, check=False, timeout=240
    )
    return done.returncode == 0


@pytest.mark.parametrize("flags", [USER_PRESENT, USER_PRESENT | USER_VERIFIED])
def test_fido_signature_that_ssh_keygen_verifies_counts_in_a_record(
    tmp_path: Path, flags: int
) -> None:
    one, two = Authenticator("one", flags=flags), Authenticator("two", flags=flags)
    third = SigningKey(bytes(32))
    file, message = tmp_path / "found.confed-sign", tmp_path / "message"
    file.write_bytes(signrequest.encode(founding([one.public, two.public, third.public])))
    assert run("sign", file, "--message", message)["ok"]
    for holder in (one, two):
        sig = tmp_path / "message.sig"
        sig.write_text(holder.sshsig(SSHSIG_NAMESPACE, message.read_bytes()))
        assert keygen_verifies(tmp_path, holder, message.read_bytes(), sig)
        told = run("sign", file, "--sshsig", sig, "--yes")
        assert told["ok"], told
    assert told["complete"]
    opened = record.open(NETWORK, signrequest.decode(file.read_bytes()).envelope)
    assert set(opened.signers) == {one.public, two.public}
    assert Authority(NETWORK).admit(opened) is None


def test_fido_key_in_an_agent_and_a_plain_key_meet_the_threshold_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, plain = Authenticator("agent"), SigningKey(bytes([3]) * 32)
    request = founding([holder.public, plain.public, SigningKey(bytes(32)).public]).sign(plain)
    file, public = tmp_path / "found.confed-sign", tmp_path / "id_sk.pub"
    file.write_bytes(signrequest.encode(request))
    public.write_text(holder.line)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent.sock"))
    with holder.agent(tmp_path / "agent.sock"):
        assert run("sign", file, "--agent", public, "--yes")["complete"]
        other = tmp_path / "other.pub"
        other.write_text(Authenticator("not there").line)
        assert run("sign", file, "--agent", other, "--yes")["reason"] == NodeReason.AGENT
    opened = record.open(NETWORK, signrequest.decode(file.read_bytes()).envelope)
    assert set(opened.signers) == {holder.public, plain.public}
    assert Authority(NETWORK).admit(opened) is None


@pytest.mark.parametrize(
    ("holder", "namespace", "reason"),
    [
        (Authenticator("one", flags=0), SSHSIG_NAMESPACE, Reason.SSHSIG_FLAGS),
        (Authenticator("one", flags=USER_VERIFIED), SSHSIG_NAMESPACE, Reason.SSHSIG_FLAGS),
        (Authenticator("one", application=b"ssh:work"), SSHSIG_NAMESPACE, Reason.SSHSIG_KEY),
        (Authenticator("one"), b"file", Reason.SSHSIG_NAMESPACE),
        (Authenticator("two"), SSHSIG_NAMESPACE, NodeReason.SIGN_REFUSED),
    ],
)
def test_fido_signature_of_another_kind_is_refused_with_its_reason(
    tmp_path: Path, holder: Authenticator, namespace: bytes, reason: str
) -> None:
    asked = founding([Authenticator("one").public, *(bytes([n]) * 32 for n in (1, 2))])
    file, sig = tmp_path / "found.confed-sign", tmp_path / "message.sig"
    file.write_bytes(signrequest.encode(asked))
    sig.write_text(holder.sshsig(namespace, asked.message))
    assert run("sign", file, "--sshsig", sig, "--yes")["reason"] == reason
    assert signrequest.decode(file.read_bytes()).signatures == ()


def test_fido_signature_with_any_bit_of_flags_or_counter_changed_opens_no_record() -> None:
    holder = Authenticator("one")
    request = founding([holder.public, *(bytes([n]) * 32 for n in (1, 2))])
    blob = sshsig.armor_to_blob(holder.sshsig(SSHSIG_NAMESPACE, request.message))
    form, compact = sshsig.compact(blob)
    for bit in range(len(compact) * 8):
        spoiled = bytearray(compact)
        spoiled[bit // 8] ^= 1 << bit % 8
        row = record.Signature(signer=PublicKey(holder.public), form=form, signature=bytes(spoiled))
        with pytest.raises(ConfedError):
            record.open(NETWORK, record.assemble(request.payload, [row]))
