"""Archives: all logs in a file, checked when taken in, resumed where they were broken off."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from confedproto import archive
from confedproto.errors import DecodeError, Reason
from confedproto.ids import network_id
from tests.support.nodes import Node, Nodes, nodes_in


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Nodes]:
    async with nodes_in(tmp_path) as made:
        yield made


async def confed(node: Node, *words: str | Path) -> dict[str, Any]:
    """What the program says on a running node."""
    line = [sys.executable, "-m", "confednode", "archive", *map(str, words)]
    line += ["--home", str(node.home.path), "--json"]
    run = partial(subprocess.run, line, capture_output=True, text=True, check=False, timeout=60)
    done = await trio.to_thread.run_sync(run)
    reply: dict[str, Any] = json.loads(done.stdout)
    return reply


async def busy(nodes: Nodes) -> tuple[Node, str]:
    """A node with some records, and the last of them."""
    north = await nodes.start("north")
    said = [await north.found_compact(f"Compact {number}") for number in range(40)]
    return north, said[-1]


async def test_archive_carries_logs_to_a_node_that_nobody_links(
    nodes: Nodes, tmp_path: Path
) -> None:
    north, last = await busy(nodes)
    west = await nodes.start("west")
    file = tmp_path / "all.archive"
    out = await confed(north, "export", "--to", file)
    assert (out["ok"], out["logs"], out["leaves"]) == (True, 1, 42)
    assert out["bytes"] == file.stat().st_size
    taken = await confed(west, "import", file)
    assert (taken["taken"], taken["refused"], taken["cut"]) == (42, [], False)
    await west.until_known(last)
    again = await confed(west, "import", file)
    assert again["taken"] == 0
    await west.stop()
    await west.start()
    await west.until_known(last)


async def test_broken_off_archive_goes_on_where_it_ended(nodes: Nodes, tmp_path: Path) -> None:
    north, _ = await busy(nodes)
    west = await nodes.start("west")
    file, part = tmp_path / "all.archive", tmp_path / "part.archive"
    ends: list[int] = []
    for turn in range(2):  # each export adds a frame to the file
        reply = await confed(north, "export", "--to", file)
        assert reply["leaves"] == (1 if turn else 42)
        ends.append(file.stat().st_size)
        await north.found_compact(f"more {turn}")
    await confed(north, "export", "--to", file)
    whole = file.read_bytes()
    total = 0
    for cut, taken in ((ends[0] - 1, 0), (ends[1] - 1, 42)):
        part.write_bytes(whole[:cut])
        reply = await confed(west, "import", part)
        assert (reply["cut"], reply["taken"]) == (True, taken)
        total += reply["taken"]
        await west.kill()
        await west.start()
    newer = await north.found_compact("newer")
    more = await confed(north, "export", "--to", part)  # the cut file is continued, not begun anew
    assert more["leaves"] == 3
    total += (await confed(west, "import", part))["taken"]
    assert total == 45, "no leaf came twice"
    await west.until_known(newer)


async def test_spoiled_archive_leaves_nothing_behind(nodes: Nodes, tmp_path: Path) -> None:
    north, last = await busy(nodes)
    west = await nodes.start("west")
    file = tmp_path / "all.archive"
    await confed(north, "export", "--to", file)
    whole = file.read_bytes()
    at = whole.index(b"Compact 20")
    file.write_bytes(whole[:at] + b"COMPACT 20" + whole[at + 10 :])
    reply = await confed(west, "import", file)
    assert reply["taken"] == 0
    assert {row["reason"] for row in reply["refused"]} <= {"root-mismatch", "proof-root"}
    assert len((await west.ask("logs"))["logs"]) == 1
    file.write_bytes(b"no archive at all")
    assert (await confed(west, "import", file))["reason"] == "archive-form"
    assert (await confed(north, "export", "--to", file))["reason"] == "archive-form"
    assert file.read_bytes() == b"no archive at all"
    assert last


async def test_own_log_takes_nothing_from_an_archive(nodes: Nodes, tmp_path: Path) -> None:
    north, _ = await busy(nodes)
    file = tmp_path / "all.archive"
    await confed(north, "export", "--to", file)
    size = (await north.ask("status"))["size"]
    assert (await confed(north, "import", file))["taken"] == 0
    assert (await north.ask("status"))["size"] == size


@pytest.mark.parametrize(
    "data",
    [b"", b"\xc0", archive.encode_header(archive.Header(network=network_id("a"), scope=None))[:-1]],
)
def test_header_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        archive.decode_header(data)
    assert caught.value.reason is Reason.ARCHIVE_FORM


def test_header_and_lengths_round_trip_and_are_bounded() -> None:
    for scope in (None, os.urandom(32)):
        header = archive.Header(network=network_id("a"), scope=scope)
        assert archive.decode_header(archive.encode_header(header)) == header
    assert archive.frame_length(archive.frame(b"abc")[:4]) == 3
    for prefix in (bytes(4), b"\xff" * 4, (65_520).to_bytes(4, "big")):
        with pytest.raises(DecodeError):
            archive.frame_length(prefix)
    with pytest.raises(DecodeError):
        archive.decode_run(b"\x0e\x81\xa6reason\xa1x")
