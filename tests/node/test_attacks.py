"""Strangers and hostile peers against whole nodes over TCP: places, and work nobody asked for."""

import json
import random
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec
import pytest
import trio

from confednode import driver as module
from confednode import ingest, places
from confednode.cli import main
from confednode.commands.asked import Asked
from confednode.errors import KeyringError
from confednode.places import Places, network_of
from confednode.requests import OPS
from confedproto import text, wire
from confedproto.bodies.position import Position
from confedproto.bodies.recall import Recall
from confedproto.ids import RecordId
from confedproto.record import Leaf
from tests.support.councils import Author
from tests.support.nodes import PATIENCE_S, Nodes, RawPeer, until

# --- places ---------------------------------------------------------------------------------------


def nothing() -> None:
    pass


def test_places_of_one_network_are_few_and_loopback_is_none() -> None:
    for host in ("192.0.2.7", "::ffff:192.0.2.7", "2001:db8:1:2::3"):
        many = Places()
        taken = [many.enter(host, nothing, 0) for _ in range(places.STRANGERS_MAX)]
        assert sum(one is not None for one in taken) == places.PER_NETWORK_MAX
        assert many.enter("198.51.100.1", nothing, 0) is not None
    assert network_of("192.0.2.1") == network_of("::ffff:192.0.2.99") == "192.0.2.0/24"
    assert network_of("2001:db8:1:ffff::1") == network_of("2001:db8:1::1") == "2001:db8:1::/48"
    assert network_of("127.0.0.1") == network_of("::1") == network_of("a name") == ""


def test_stranger_that_is_slow_makes_room_and_one_that_is_not_stays() -> None:
    gone: list[int] = []
    full = Places()
    for number in range(places.STRANGERS_MAX):
        assert full.enter("127.0.0.1", partial(gone.append, number), number / 100)
    assert full.enter("127.0.0.1", nothing, 1.0) is None
    later = full.enter("127.0.0.1", nothing, places.HANDSHAKE_PATIENCE_S)
    assert later is not None
    assert gone == [0]
    assert len(full.strangers) == places.STRANGERS_MAX
    full.left(later)
    full.left(later)  # ended and evicted at once
    assert len(full.strangers) == places.STRANGERS_MAX - 1


async def test_linked_council_comes_in_while_strangers_fill_every_place(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "GUESTS_MAX", 3)
    monkeypatch.setattr(module, "REDIAL_FIRST_S", 0.01)
    monkeypatch.setattr(module, "REDIAL_MAX_S", 0.05)
    north, south = await nodes.pair()
    await south.driver.unlinked()
    crowd = [await RawPeer.connect(north) for _ in range(6)]

    async def crowded() -> bool:
        await trio.lowlevel.checkpoint()
        return sum(not link.opened.is_set() for link in north.driver.places.guests) == 3

    await until(crowded, "every place of guests taken")
    south.driver.set_online(True)
    await south.until_known(await north.found_compact())
    for peer in crowd:
        await peer.aclose()


async def test_council_that_opens_many_connections_holds_two(nodes: Nodes) -> None:
    north = await nodes.start("north")
    south = await nodes.gone(north, "south")
    first = [await RawPeer.connect(north, south) for _ in range(places.PER_KEY_MAX)]

    async def held() -> bool:
        await trio.lowlevel.checkpoint()
        return list(north.driver.places.keys.values()) == [places.PER_KEY_MAX]

    await until(held, "both places taken")
    for _ in range(3):
        another = await RawPeer.connect(north, south)
        assert await another.receive() == []  # hung up without a word
        await another.aclose()
    assert await held()
    for peer in first:
        await peer.aclose()


# --- work that nobody asked for -------------------------------------------------------------------


async def test_run_that_nobody_asked_for_is_not_opened(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    north = await nodes.start("north")
    south = await nodes.gone(north, "south")
    opened: list[wire.Run] = []
    real = ingest.Opening.open

    async def counted(self: ingest.Opening, run: wire.Run) -> Sequence[Leaf]:
        opened.append(run)
        return await real(self, run)

    monkeypatch.setattr(ingest.Opening, "open", counted)
    peer = await RawPeer.connect(north, south)
    await peer.hello()
    await north.until_link(south)
    junk = wire.Run(log=bytes(32), start=0, leaves=((b"x" * 100,),) * 500, head=b"x")
    await peer.send(*[junk] * 20)
    await north.found_compact()
    await peer.aclose()
    await north.until_link(south, "down")
    assert opened == []


# --- terminals and sockets ------------------------------------------------------------------------

HOSTILE: Final[tuple[object, ...]] = (
    "\x1b[31mred",
    "\u202egnirts",
    "\x07\x00\x7f\x9b",
    "../../etc/passwd",
    "9" * 400,
    "",
    -1,
    2**63,
    2**200,
    1.5,
    True,
    None,
    [],
    [[[]]] * 50,
    {},
    {"\x1b": "\u202e"},
    "ff" * 20_000,
    "\ud800",
)


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "\x07\u202eX"),
        ("--\x07\u202eX",),
        ("verify", "--at", "\x07\u202eX"),
        ("\x07\u202eX",),
    ],
)
def test_wrong_call_with_control_characters_says_them_harmlessly(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err
    assert all(character == "\n" or character.isprintable() for character in said.err)


async def test_control_socket_answers_anything_with_one_object_and_lives(nodes: Nodes) -> None:
    north = await nodes.start("north")
    compact = await north.found_compact()
    known: Final = (*HOSTILE, compact, text.encode_record(north.council))
    stream = await trio.open_unix_socket(str(north.home.socket))
    held = b""

    async def ask(line: bytes) -> dict[str, Any]:
        nonlocal held
        await stream.send_all(line + b"\n")
        with trio.fail_after(PATIENCE_S):
            while b"\n" not in held:
                held += await stream.receive_some(65_536)
        reply, _, held = held.partition(b"\n")
        told: dict[str, Any] = json.loads(reply)
        assert isinstance(told["ok"], bool)
        assert told["ok"] or (told["reason"] and isinstance(told["message"], str))
        return told

    for line in (b"", b"{", b"[]", b"null", b"\xff", b"[" * 50_000, b'{"op":1}', b'{"op":"x"}'):
        assert not (await ask(line))["ok"]
    assert not (await ask(b'{"op":"compact","id":"\\ud800"}'))["ok"]
    rng = random.Random(1)
    for name, (request, _) in sorted(OPS.items()):
        if name in ("stop", "network", "watch", "override"):
            continue
        for _ in range(60):
            args = {field: rng.choice(known) for field in request.__struct_fields__}
            if rng.random() < 0.3:
                args = dict(list(args.items())[: rng.randrange(3)])
            await ask(json.dumps({"op": name, **args}).encode())
    await stream.aclose()
    await north.found_compact("again")


# --- what keyholders sign -------------------------------------------------------------------------


def test_draft_that_says_something_else_than_was_asked_is_not_signed() -> None:
    author, motion = Author(1), bytes([7]) * 32
    asked = Asked(
        kind="position",
        about=text.encode_record(RecordId(motion)),
        says={"value": "yes", "yes": 10, "no": None},
        filled=frozenset({"freeze", "number"}),
    )
    good = Position(freeze=bytes(32), number=3, value="yes", yes=10)
    asked.check(author.make(good, subject=motion).payload)
    for body in (
        msgspec.structs.replace(good, value="no"),
        msgspec.structs.replace(good, yes=11),
        msgspec.structs.replace(good, no=0),
        msgspec.structs.replace(good, yes=None),
        msgspec.structs.replace(good, reason="added by the node"),
    ):
        with pytest.raises(KeyringError, match="the node drafted"):
            asked.check(author.make(body, subject=motion).payload)
    with pytest.raises(KeyringError, match="about something else"):
        asked.check(author.make(good, subject=bytes(32)).payload)
    with pytest.raises(KeyringError, match="drafted a recall"):
        asked.check(author.make(Recall(), subject=motion).payload)
