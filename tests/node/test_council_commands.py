"""The commands of a council with a running node: requests by QR, renewal, rotation, override."""

import io
import json
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import segno
import trio
import zxingcpp
from click.testing import CliRunner
from PIL import Image

from confednode import app, config, keyring, paper
from confednode.cli import confed
from confednode.commands.base import Shell
from confednode.config import Home
from confednode.errors import NodeReason
from confedproto import council, record, signrequest, text
from confedproto.bodies.charter import Charter
from confedproto.bodies.node import Node as NodeBody
from confedproto.ids import CouncilId, PublicKey, TransportKey
from confedproto.keys import SigningKey
from confedproto.text import QrKind
from tests.support.authenticator import Authenticator
from tests.support.nodes import Node, nodes_in, settings_of, until

DAY = 86_400


def told(arguments: Iterable[str | Path], given: str | None = None) -> dict[str, Any]:
    """A command's JSON, with its exit code as `exit`."""
    done = CliRunner().invoke(confed, [*map(str, arguments), "--json"], input=given)
    value: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return value | {"exit": done.exit_code}


async def call(*arguments: str | Path, given: str | None = None) -> dict[str, Any]:
    """The same beside a node that runs here."""
    return await trio.to_thread.run_sync(told, arguments, given)


def photographed(texts: Iterable[str]) -> list[str]:
    """Each text drawn as a QR code and read back from the picture."""
    out: list[str] = []
    for one in texts:
        picture = io.BytesIO()
        segno.make_qr(one, error="m").save(picture, kind="png", scale=3, border=4)
        out += [code.text for code in zxingcpp.read_barcodes(Image.open(picture).convert("L"))]
    return out


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    """A council of 2 of 3 keyholders, whose keys are not beside the server."""
    async with nodes_in(tmp_path) as nodes:
        home, settings = Home(path=tmp_path / "north"), settings_of()
        founded = app.found(
            home, settings, name="north", threshold=2, keyholders=3, passphrase=None
        )
        home.keys.rename(tmp_path / "safe")
        made = Node(
            home=home,
            settings=settings,
            council=founded.council,
            keyholders=(),
            nursery=nodes.nursery,
        )
        nodes.all.append(made)
        yield await made.start()


def key_file(node: Node, number: int) -> Path:
    return node.home.path.parent / "safe" / f"keyholder-{number}.key"


async def test_request_goes_by_qr_from_the_node_over_two_keyholders_and_back(
    node: Node, tmp_path: Path
) -> None:
    home = ("--home", node.home.path)
    drafted = await call("node", "renew", *home, "--to", tmp_path / "r.confed-sign")
    assert drafted["progress"].startswith("0 of 2 signatures; not yet: key 1, key 2, key 3")
    (row,) = (await call("requests", "--qr", *home))["requests"]
    scanned = photographed(row["qr"])
    assert scanned == row["qr"]
    for number, progress in ((1, "1 of 2 signatures; not yet:"), (3, "2 of 2 signatures")):
        words = "\n".join(scanned) + "\n"
        way = ("sign", "-", "--key", key_file(node, number), "--yes", "--qr")
        signed = await call(*way, given=words)
        assert signed["progress"].startswith(progress), signed
        assert "node (gives a server the right" in signed["explained"][0]
        assert "file" not in signed
        scanned = photographed(signed["qr"])
    done = await call("submit", "-", *home, given="\n".join(scanned))
    assert done["submitted"], done
    assert (await call("requests", *home))["requests"] == []


async def test_requests_page_holds_the_codes_and_words(node: Node, tmp_path: Path) -> None:
    home = ("--home", node.home.path)
    await call("suspend", *home, "--to", tmp_path / "s.confed-sign")
    page = tmp_path / "page.html"
    assert (await call("requests", "--html", page, *home))["html"] == str(page)
    html = page.read_text("utf-8")
    assert "Stops for 72 hours" in html
    assert html.count("<svg") == 1


def big_request(name_bytes: int) -> signrequest.SignRequest:
    keys = sorted(SigningKey(bytes([n]) * 32).public for n in range(1, 32))
    body = Charter(name="n" * name_bytes, threshold=16, keys=tuple(keys))
    payload = record.build_payload(kind="charter", council=None, charter=0, time=1, body=body)
    return signrequest.SignRequest(
        network=NETWORK, payload=payload, part=None, keys=tuple(keys), threshold=16
    )


NETWORK = config.network_of(settings_of())


def test_request_above_1000_bytes_goes_in_parts_in_any_order(tmp_path: Path) -> None:
    whole = big_request(20)
    data = signrequest.encode(whole)
    texts = paper.qr_texts(data, QrKind.REQUEST)
    assert len(data) > paper.ONE_SYMBOL_BYTES
    assert len(texts) > 1
    file = tmp_path / "scanned.txt"
    file.write_text("\n".join(reversed(photographed(texts))) + "\n")
    shown = told(["sign", file, "--show"])
    assert shown["id"] == text.encode_record(whole.id)
    file.write_text(texts[0] + "\n")
    assert told(["sign", file, "--show"])["reason"] == "text-field"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda one: one[:-1] + ("A" if one[-1] != "A" else "B"), "text-checksum"),
        (lambda one: one.replace("REQUEST", "BUNDLE"), "text-checksum"),
        (lambda one: one.lower().replace("confed:", "CONFED:"), "text-case"),
        (lambda one: f"{one}\n{one}", "envelope-form"),
        (lambda one: "CONFED:RECORD/AAAA", "text-length"),
        (lambda _: paper.qr_texts(b"confed")[0], "envelope-form"),
        (lambda _: "CONFED:", "text-scheme"),
    ],
)
def test_sign_qr_text_that_is_none_is_refused_with_its_reason(
    tmp_path: Path, spoil: Callable[[str], str], reason: str
) -> None:
    keys = (SigningKey(bytes(32)).public,)
    body = NodeBody(number=1, key=bytes(32), transport=bytes(32), expires=1)
    payload = record.build_payload(
        kind="node", council=CouncilId(bytes(32)), charter=1, time=1, body=body
    )
    small = signrequest.SignRequest(
        network=NETWORK, payload=payload, part=None, keys=keys, threshold=1
    )
    (one,) = paper.qr_texts(signrequest.encode(small), QrKind.REQUEST)
    refused = told(["sign", "-", "--show"], spoil(one))
    assert (refused["ok"], refused["reason"]) == (False, reason), refused


def test_sign_from_standard_input_without_target_signs_nothing(tmp_path: Path) -> None:
    (one,) = paper.qr_texts(b"x", QrKind.REQUEST)
    assert told(["sign", "-", "--show"], one)["ok"] is False
    keyring.write_key(tmp_path / "k.key", bytes([1]) * 32, None)
    texts = "\n".join(paper.qr_texts(signrequest.encode(big_request(1)), QrKind.REQUEST))
    for more in ((), ("--yes",)):
        refused = told(["sign", "-", "--key", tmp_path / "k.key", *more], texts)
        assert refused["reason"] == "usage", more


# --- the server's end ----------------------------------------------------------------------------


@pytest.mark.parametrize(("left", "reminds"), [(14 * DAY - 60, True), (14 * DAY + 600, False)])
async def test_status_reminds_of_renewal_from_14_days_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int, reminds: bool
) -> None:
    monkeypatch.setattr(council, "NODE_LIFETIME_S", left)
    async with nodes_in(tmp_path) as nodes:
        node = await nodes.start("north")
        home = ("--home", node.home.path)
        assert (await call("status", *home))["renew"] is reminds
        lines = await trio.to_thread.run_sync(
            lambda: CliRunner().invoke(confed, ["status", "--home", str(node.home.path)]).stdout
        )
        assert ("13 more days: confed node renew" in lines) is reminds
        renewed = await call("node", "renew", *home)
        assert renewed["submitted"], renewed
        status = await call("status", *home)
        assert status["renew"] is False
        assert status["node_expires_in"] > 89 * DAY


async def test_node_override_asks_for_the_words_and_lets_a_held_node_sign(tmp_path: Path) -> None:
    async with nodes_in(tmp_path) as nodes:
        north, south = await nodes.start("north"), await nodes.start("south")
        await north.link(south)

        async def followed() -> bool:
            return (await north.ask("status"))["logs"] == 2

        await until(followed, "south's log")
        await south.kill()
        await north.stop()
        (north.home.path / "node.counter").unlink()  # as after a restored backup
        await north.start()
        home = ("--home", north.home.path)
        assert (await call("status", *home))["signing"] == "held"
        refused = await call("invite", *home)
        assert refused["reason"] == "restore-held", refused
        wrong = await call("node", "override", *home, given="yes\n")
        assert wrong["reason"] == "usage"
        assert (await call("status", *home))["signing"] == "held"
        assert (await call("node", "override", *home, given="may fork the log\n"))["ok"]
        assert (await call("status", *home))["signing"] == "open"
        assert (await call("invite", *home))["ok"]


# --- drafts of a node that somebody else has -----------------------------------------------------


async def test_charter_rotate_takes_keys_by_number_and_pub_file_and_keeps_the_rest(
    node: Node, tmp_path: Path
) -> None:
    home = ("--home", node.home.path)
    (tmp_path / "safe").rename(node.home.keys)
    before = await call("charter", "show", *home)
    fresh = SigningKey(bytes([7]) * 32)
    rotated = await call(
        "charter", "rotate", *home, "--remove", "2", "--add", text.encode_key(fresh.public)
    )
    assert rotated["submitted"], rotated
    after = await call("charter", "show", *home)
    assert (after["version"], after["threshold"]) == (2, 2)
    kept = {key for number, key in enumerate(before["keys"], 1) if number != 2}
    assert set(after["keys"]) == kept | {text.encode_key(fresh.public)}
    wrong = await call("charter", "rotate", *home, "--remove", "9")
    assert wrong["reason"] == "usage"


async def test_keys_for_takes_the_asked_keys_alone_and_as_many_as_needed(
    node: Node, tmp_path: Path
) -> None:
    safe = tmp_path / "safe"
    keyring.write_key(safe / "another.key", bytes([9]) * 32, None)
    publics = [keyring.public_of(key_file(node, number)) for number in (1, 2, 3)]
    found = keyring.keys_for(safe, publics[1:], 5, None)
    assert {key.public for key in found} == set(publics[1:])
    assert len(keyring.keys_for(safe, publics, 2, None)) == 2
    assert keyring.keys_for(safe, [bytes(32)], 2, None) == []


@pytest.mark.parametrize("what", ["key", "transport", "threshold", "keys", "lift"])
async def test_propose_signs_no_other_draft_than_it_was_asked_for(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    (tmp_path / "safe").rename(node.home.keys)
    home = ("--home", node.home.path)
    mine, thiefs = SigningKey(bytes([5]) * 32), SigningKey(bytes([6]) * 32)
    size = (await call("status", *home))["size"]
    lies: dict[str, dict[str, Any]] = {
        "key": {"key": text.encode_key(thiefs.public)},
        "transport": {"transport": text.encode_transport(TransportKey(bytes([8]) * 32))},
        "threshold": {"threshold": 3},
        "keys": {"keys": [text.encode_key(SigningKey(bytes([n]) * 32).public) for n in range(5)]},
        "lift": {"lift": True},
    }
    asked = Shell.ask

    def lying(shell: Shell, op: str, **args: Any) -> Any:
        return asked(shell, op, **(args | lies[what] if op.startswith("draft-") else args))

    monkeypatch.setattr(Shell, "ask", lying)
    commands: dict[str, tuple[str, ...]] = {
        "node": (
            *("node", "replace", "--key", text.encode_key(mine.public)),
            *("--transport", text.encode_transport(TransportKey(bytes([9]) * 32))),
        ),
        "charter": (
            *("charter", "rotate", "--add", text.encode_key(mine.public)),
            *("--add", text.encode_key(SigningKey(bytes([4]) * 32).public)),
            *("--threshold", "4"),
        ),
        "suspension": ("suspend",),
    }
    kind = {"key": "node", "transport": "node", "lift": "suspension"}.get(what, "charter")
    refused = await call(*commands[kind], *home)
    assert refused["reason"] == NodeReason.CONTROL_REPLY, refused
    assert (await call("status", *home))["size"] == size
    assert (await call("requests", *home))["requests"] == []


async def test_suspension_by_one_is_lifted_by_two_and_not_repeated(
    node: Node, tmp_path: Path
) -> None:
    home = ("--home", node.home.path)
    (tmp_path / "safe").rename(node.home.keys)
    assert (await call("suspend", *home))["submitted"]
    status = await call("status", *home)
    assert status["life"] == "suspended"
    lifted = await call("suspend", "--lift", *home)
    assert lifted["submitted"], lifted
    assert lifted["progress"] == "2 of 2 signatures"
    assert (await call("status", *home))["life"] == "active"
    third = text.encode_key(PublicKey(keyring.public_of(node.home.keys / "keyholder-3.key")))
    again = await call("suspend", "--key", third, *home)
    assert again["reason"] == "suspension-again", again


async def test_rotate_adds_an_openssh_key_from_its_pub_file(node: Node, tmp_path: Path) -> None:
    home = ("--home", node.home.path)
    (tmp_path / "safe").rename(node.home.keys)
    holder = Authenticator("a fourth")
    public = tmp_path / "id_sk.pub"
    public.write_text(holder.line)
    added = await call("charter", "rotate", *home, "--add", public, "--threshold", "3")
    assert added["submitted"], added
    shown = await call("charter", "show", *home)
    assert (shown["threshold"], len(shown["keys"])) == (3, 4)
    assert text.encode_key(PublicKey(holder.public)) in shown["keys"]
    public.write_text("ssh-rsa AAAA\n")
    assert (await call("charter", "rotate", *home, "--add", public))["reason"] == "key-unreadable"


@pytest.mark.parametrize(
    ("peer", "reason"),
    [
        ("a,b", "usage"),
        ("a,b,c", "text-length"),
        (f"{text.encode_record(bytes(32))},x,127.0.0.1:1", "text-length"),
    ],
)
async def test_recover_with_a_peer_that_is_none_makes_nothing(
    tmp_path: Path, peer: str, reason: str
) -> None:
    home = tmp_path / "new"
    prepared = await call("node", "prepare", "--home", home, "--listen", "127.0.0.1:0")
    assert prepared["key"].startswith("cfk1")
    told = await call(
        *("recover", "--home", home, "--council", text.encode_record(bytes(32)), "--peer", peer)
    )
    assert told["reason"] == reason
    assert not (home / "node.db").exists()
