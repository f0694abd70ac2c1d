"""Files by hash between real nodes: fetched on demand, in scope, resumed; nothing else taken."""

import contextlib
import random
import secrets
import sqlite3
from pathlib import Path
from typing import Any, Final

import pytest

from confednode import control, store
from confednode.errors import ControlError
from confednode.filing import Wanted
from confednode.requests import files
from confedproto import pieces, text, wire
from confedproto.ids import CouncilId, Hash
from confedproto.limits import FILE_CHUNK_BYTES
from tests.support.nodes import WINDOWS, Node, Nodes, until

MINUTES: Final = random.Random(1).randbytes(5 * FILE_CHUNK_BYTES + 17)


async def put(node: Node, data: bytes, scope: str | None = None) -> str:
    """Lay a file's pieces down; its root."""
    cut = pieces.cut(data)
    tree = pieces.tree_of(cut)
    for index, piece in enumerate(cut):
        path = [step.hex() for step in tree.inclusion(index, len(cut))]
        await node.ask(
            "file-put",
            root=tree.root().hex(),
            size=len(data),
            index=index,
            data=piece.hex(),
            steps=path,
            scope=scope,
        )
    return tree.root().hex()


async def attach(node: Node, data: bytes, scope: str | None = None) -> str:
    root = await put(node, data, scope)
    draft = await node.ask(
        "draft-statement",
        text="The minutes",
        files=[("minutes.pdf", "pdf", len(data), root)],
        scope=scope,
    )
    await node.submit(draft)
    return root


async def until_named(node: Node, root: str) -> dict[str, Any]:
    async def wanted() -> Any:
        rows = (await node.ask("files"))["files"]
        return next((row for row in rows if row["root"] == root), None)

    row: dict[str, Any] = await until(wanted, "file named")
    return row


async def fetched(node: Node, root: str) -> bytes:
    reply = await node.ask("file-fetch", root=root)
    assert reply["missing"] == 0
    cut = [await node.ask("file-read", root=root, index=i) for i in range(reply["pieces"])]
    return b"".join(bytes.fromhex(piece["data"]) for piece in cut)


async def test_file_is_fetched_on_demand_and_passed_on(nodes: Nodes) -> None:
    north, south, west = [await nodes.start(name) for name in ("north", "south", "west")]
    await south.link(north)
    await west.link(south)
    root = await attach(north, MINUTES)
    row = await until_named(west, root)
    assert (row["held"], row["pieces"], row["file"]) == (0, 6, "minutes.pdf")
    assert (await west.ask("file-fetch", root=root[:16]))["missing"] == 6  # south has not got it
    assert await fetched(south, root[:16] + root[16:]) == MINUTES
    assert await fetched(west, root) == MINUTES
    assert (await until_named(west, root))["held"] == 6
    assert (await west.ask("status"))["disk"]["held"] > len(MINUTES)


async def test_fetch_that_was_broken_off_goes_on(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, south = await nodes.pair()
    root = await attach(north, MINUTES)
    await until_named(south, root)
    cut = pieces.cut(MINUTES)
    tree = pieces.tree_of(cut)
    wanted = Wanted(root=tree.root(), size=len(MINUTES), council=north.council, scope=None)
    for index in (0, 3):
        path: list[bytes] = list(tree.inclusion(index, len(cut)))
        await south.driver.filing.keep(wanted, index, cut[index], path)
    await south.kill()
    await south.start()
    await south.until_link(north)
    asked: list[int] = []
    real = south.driver.filing._send

    def tap(link: int, message: wire.Message) -> None:
        if isinstance(message, wire.AskPiece):
            asked.append(message.index)
        real(link, message)

    monkeypatch.setattr(south.driver.filing, "_send", tap)
    assert await fetched(south, root) == MINUTES
    assert asked == [1, 2, 4, 5]


async def test_file_of_a_scope_is_given_to_its_members_alone(nodes: Nodes) -> None:
    north, south, west = [await nodes.start(name) for name in ("north", "south", "west")]
    await south.link(north)
    await west.link(north)
    draft = await north.ask(
        "draft-compact",
        name="Closed",
        rule="majority",
        windows=WINDOWS,
        weights={north.id: 2, south.id: 2},
    )
    compact = await north.submit(draft, *south.keyholders)
    await south.until_known(compact)
    root = await attach(north, MINUTES, compact)
    assert (await until_named(south, root))["members_only"]
    assert await fetched(south, root) == MINUTES
    assert (await west.ask("files"))["files"] == []
    with pytest.raises(control.RefusedError):
        await west.ask("file-fetch", root=root)
    # Even told of the root by somebody, it is given nothing.
    wanted = Wanted(
        root=Hash(bytes.fromhex(root)), size=len(MINUTES), council=north.council, scope=None
    )
    assert await west.driver.filing.fetch(wanted) == 6


@pytest.mark.parametrize("lie", ["bytes", "unasked"])
async def test_piece_that_is_none_is_refused_and_ends_the_link(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    north, south = await nodes.pair()
    root = await attach(north, MINUTES)
    await until_named(south, root)
    real = north.driver.filing._send

    def lying(link: int, message: wire.Message) -> None:
        if isinstance(message, wire.Piece) and message.data is not None:
            message = wire.Piece(
                root=message.root,
                index=message.index,
                data=b"x" * len(message.data),
                path=message.path,
            )
        real(link, message)

    if lie == "bytes":
        monkeypatch.setattr(north.driver.filing, "_send", lying)
        reply = await south.ask("file-fetch", root=root)
        assert reply["missing"] == 6
        await south.until_refused("proof-root")
    else:
        link = next(iter(north.driver._behind))
        real(link, wire.Piece(root=secrets.token_bytes(32), index=0, data=b"x"))
        await south.until_refused("leaf-other")
    await south.until_link(north)  # dialled again


async def test_own_piece_that_is_none_and_unknown_roots_are_refused(nodes: Nodes) -> None:
    north = await nodes.start("north")
    wrong = {"root": "00" * 32, "size": 3, "index": 0, "data": b"abc".hex(), "steps": []}
    with pytest.raises(control.RefusedError):
        await north.ask("file-put", **wrong)
    for op, args in (
        ("file-fetch", {"root": "ab" * 32}),
        ("file-read", {"root": "ab" * 32, "index": 0}),
    ):
        with pytest.raises(control.RefusedError):
            await north.ask(op, **args)


def test_shelf_keeps_pieces_and_what_they_take(tmp_path: Path) -> None:
    kept = store.Store(tmp_path / "node.db", create=True)
    root, council, scope = Hash(bytes(32)), CouncilId(b"c" * 32), b"s" * 32
    assert kept.shelf.add(root, (9, council, scope), 1, b"later")
    assert not kept.shelf.add(root, (9, council, scope), 1, b"later")
    assert kept.shelf.file(root) == (9, council, scope)
    assert kept.shelf.add(root, (9, council, None), 0, b"soon")
    assert kept.shelf.file(root) == (9, council, None), "public once, public for good"
    assert kept.shelf.add(root, (9, council, scope), 2, b"x")
    assert kept.shelf.file(root) == (9, council, None)
    assert kept.shelf.whole(root) == [b"soon", b"later", b"x"]
    assert sorted(kept.shelf.pieces_of(root)) == [0, 1, 2]
    assert kept.shelf.piece(root, 7) is None
    assert kept.shelf.takes() == [(council, 10 + 3 * 64)]
    kept.close()
    again = store.Store(tmp_path / "node.db")
    assert again.shelf.piece(root, 1) == b"later"


async def listed(node: Node, **asked: Any) -> list[str]:
    """The roots of all files, page after page."""
    roots, more = list[str](), None
    while True:
        reply = await node.ask("files", after=more, **asked)
        assert len(reply["files"]) <= 5, "a page, and the rest of a statement"
        roots += [row["root"] for row in reply["files"]]
        more = reply["more"]
        if more is None:
            return roots


async def test_files_are_all_listed_page_by_page(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many statements came since, and over a database of the last version."""
    monkeypatch.setattr(files, "PAGE", 3)
    north = await nodes.start("north")
    roots: list[str] = []
    for number in range(7):
        roots.append(await attach(north, b"%d" % number))
        for turn in range(5):
            words = f"no file: {number} {turn}, though it says files"
            await north.submit(await north.ask("draft-statement", text=words))
    many = [(f"{number}.txt", "txt", 3, f"{number:064x}") for number in range(4)]
    await north.submit(await north.ask("draft-statement", text="many", files=many))
    wanted = [*(row[3] for row in many), *reversed(roots)]
    assert await listed(north) == wanted
    assert await listed(north, council=north.id) == wanted
    assert await listed(north, council=text.encode_record(CouncilId(bytes(32)))) == []
    for after in ("x", "0" * 64, "0" * 64 + ":-1"):
        with pytest.raises(ControlError):
            await north.ask("files", after=after)
    await north.stop()
    with contextlib.closing(sqlite3.connect(north.home.database)) as db:
        db.execute("DROP TABLE naming")
        db.execute("PRAGMA user_version=5")
        db.commit()
    await north.start()
    assert await listed(north) == wanted
    reply = await north.ask("file-fetch", root=roots[0])
    assert (reply["root"], reply["missing"]) == (roots[0], 0)
