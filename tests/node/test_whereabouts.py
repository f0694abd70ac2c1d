"""Where councils are dialled: signed node records say, and links come back when a server moves."""

import socket
from collections.abc import Iterator

import msgspec
import pytest

from confednode.store import Peer
from confednode.whereabouts import whereabouts
from confedproto import record
from confedproto.councildrafts import CouncilDesk
from confedproto.ids import CouncilId, TransportKey
from tests.support.councils import START, Author, feed, view_of
from tests.support.nodes import Node, Nodes
from tests.support.rigs import Chapter


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port that nobody else is given, and where a node may listen all the same."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


async def says_where(node: Node, port: int) -> None:
    """A node record that names an address, signed by the council's keyholders."""
    draft = await node.ask("draft-node", addresses=[f"127.0.0.1:{port}"])
    await node.submit(draft)


def test_addresses_come_from_the_node_record_before_the_invitation() -> None:
    author = Author(1)
    view = view_of([author])
    invited = Peer(council=author.council, address="old.example:1", transport=b"t" * 32)
    own = TransportKey(author.node_body().transport)
    (one,) = whereabouts(view, author.council, invited)
    assert (one.address, one.transport) == ("old.example:1", own)  # the record's key, not the old
    view.logs[author.log].head = Chapter.of(author).head()
    desk = CouncilDesk(view=view, council=author.council, now=START)
    payload = desk.renew(("new.example:2", "old.example:1"))
    rows = [record.sign(author.network, payload, holder) for holder in author.keyholders]
    author.append(record.open(author.network, record.assemble(payload, rows)))
    feed(view, [author])
    found = [(one.address, one.transport) for one in whereabouts(view, author.council, invited)]
    assert found == [("new.example:2", own), ("old.example:1", own)]


def test_council_that_nobody_has_placed_is_not_dialled() -> None:
    unknown = CouncilId(bytes(32))
    assert whereabouts(view_of([]), unknown, None) == []
    invited = Peer(council=unknown, address="a.example:1", transport=b"t" * 32)
    (one,) = whereabouts(view_of([]), unknown, invited)
    assert one.transport == b"t" * 32


async def test_server_that_moves_is_found_by_its_signed_record(
    nodes: Nodes, free_port: int
) -> None:
    north, south = await nodes.pair()
    await says_where(north, free_port)
    said = await north.found_compact()
    await south.until_known(said)
    await north.stop()
    await south.until_link(north, "down")
    north.settings = msgspec.structs.replace(north.settings, listen=f"127.0.0.1:{free_port}")
    await north.start()
    await south.until_link(north)


async def test_host_dials_the_guest_that_said_where_it_is(nodes: Nodes) -> None:
    north, south = await nodes.pair()
    await says_where(south, south.port)
    await north.until_known(await south.found_compact())
    await south.stop()
    await north.until_link(south, "down")
    south.driver._invited.clear()
    await south.start()
    # The guest forgets whom it dialled: its host finds it all the same.
    south.driver._invited.clear()
    await north.until_link(south)
