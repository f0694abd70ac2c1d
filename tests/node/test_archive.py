"""Archives: all logs in a file, checked when taken in, resumed where they were broken off."""

import fcntl
import json
import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from click.testing import CliRunner

from confednode import app, config, control, ingest
from confednode.cli import confed as program
from confedproto import archive, record, text, wire
from confedproto.bodies.statement import Statement
from confedproto.errors import DecodeError, Reason
from confedproto.guard import Signing
from confedproto.ids import network_id
from confedproto.text import decode_council
from tests.support.councils import Author
from tests.support.nodes import Node, Nodes


async def confed(node: Node, *words: str | Path) -> dict[str, Any]:
    """What the program says on a running node."""
    line = ["archive", *map(str, words), "--home", str(node.home.path), "--json"]
    run = partial(CliRunner().invoke, program, line)
    done = await trio.to_thread.run_sync(run)
    reply: dict[str, Any] = json.loads(done.stdout)
    return reply | {"code": done.exit_code}


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
    for cut, taken in ((ends[0] - 40, 0), (ends[1] - 40, 42)):
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


def frames(data: bytes) -> list[bytes]:
    out: list[bytes] = []
    while data:
        length = archive.frame_length(data[:4])
        out.append(data[4 : 4 + length])
        data = data[4 + length :]
    return out


def joined(contents: list[bytes]) -> bytes:
    return b"".join(map(archive.frame, contents))


Counted = list[wire.Run]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """The runs whose signatures are looked at."""
    out: Counted = []
    real = ingest.Opening.open

    async def counted(self: ingest.Opening, run: wire.Run, *, whole: bool = False) -> Any:
        out.append(run)
        return await real(self, run, whole=whole)

    monkeypatch.setattr(ingest.Opening, "open", counted)
    return out


async def test_changed_leaf_is_refused_and_nothing_is_left_behind(
    nodes: Nodes, tmp_path: Path
) -> None:
    north, _ = await busy(nodes)
    west = await nodes.start("west")
    file = tmp_path / "all.archive"
    await confed(north, "export", "--to", file)
    whole = file.read_bytes()
    at = whole.index(b"Compact 20")
    file.write_bytes(whole[:at] + b"COMPACT 20" + whole[at + 10 :])
    reply = await confed(west, "import", file)
    assert (reply["ok"], reply["code"], reply["taken"], reply["cut"]) == (False, 5, 0, False)
    assert {row["reason"] for row in reply["refused"]} <= {"root-mismatch", "proof-root"}
    assert len((await west.ask("logs"))["logs"]) == 1


@pytest.mark.parametrize("data", [b"", b"no archive at all", b"\0\0\0\3confed"])
async def test_other_file_is_neither_read_nor_written_over(
    nodes: Nodes, tmp_path: Path, data: bytes
) -> None:
    north = await nodes.start("north")
    file = tmp_path / "notes.txt"
    file.write_bytes(data)
    assert (await confed(north, "import", file))["reason"] == "archive-form"
    if data:
        assert (await confed(north, "export", "--to", file))["reason"] == "archive-form"
        assert file.read_bytes() == data


async def test_archive_of_another_network_is_refused_whatever_it_says(
    nodes: Nodes, tmp_path: Path
) -> None:
    north, _ = await busy(nodes)
    other = await nodes.start("other", network="elsewhere")
    file = tmp_path / "all.archive"
    await confed(north, "export", "--to", file)
    assert (await confed(other, "import", file))["reason"] == "archive-form"
    told = archive.Header(network=other.network, scope=None)
    parts = frames(file.read_bytes())
    file.write_bytes(joined([archive.encode_header(told), *parts[1:]]))
    reply = await confed(other, "import", file)
    assert (reply["code"], reply["taken"], len(reply["refused"])) == (5, 0, 1)
    assert len((await other.ask("logs"))["logs"]) == 1


async def test_cut_doubled_and_moved_runs_are_taken_as_far_as_they_hold(
    nodes: Nodes, tmp_path: Path
) -> None:
    north, last = await busy(nodes)
    west = await nodes.start("west")
    file = tmp_path / "all.archive"
    await confed(north, "export", "--to", file)
    await north.found_compact("more")
    await confed(north, "export", "--to", file)
    header, first, end, second, last_end = frames(file.read_bytes())
    for spoilt in ([header, second, first], [header, end], [header, first, first, end]):
        file.write_bytes(joined(spoilt))
        reply = await confed(west, "import", file)
        assert (reply["ok"], reply["cut"], reply["refused"]) == (False, True, [])
    await west.until_known(last)  # of the last one, the first run held
    file.write_bytes(joined([header, first, second]))  # cut at the border of a frame
    reply = await confed(west, "import", file)
    assert (reply["code"], reply["cut"], reply["taken"]) == (1, True, 1)
    file.write_bytes(joined([header, first, end, second, last_end]))
    reply = await confed(west, "import", file)
    assert (reply["code"], reply["ok"], reply["taken"]) == (0, True, 0)


async def test_forged_run_of_a_known_log_has_no_signature_opened(
    nodes: Nodes, tmp_path: Path, opened: Counted
) -> None:
    north, _ = await busy(nodes)
    west = await nodes.start("west")
    file = tmp_path / "all.archive"
    await confed(north, "export", "--to", file)
    await confed(west, "import", file)
    for turn in range(20):
        await north.found_compact(f"more {turn}")
    await confed(north, "export", "--to", file)
    opened.clear()
    *parts, end = frames(file.read_bytes())
    run = wire.decode(parts[-1])
    assert isinstance(run, wire.Run)
    forged = msgspec.structs.replace(run, head=run.head[:-1] + bytes((run.head[-1] ^ 1,)))
    file.write_bytes(joined([*parts[:-1], wire.encode(forged), end]))
    reply = await confed(west, "import", file)
    assert [row["reason"] for row in reply["refused"]] == ["head-signature"]
    assert opened == []


async def test_made_up_logs_end_an_import_after_a_few(
    nodes: Nodes, tmp_path: Path, opened: Counted
) -> None:
    west = await nodes.start("west")
    file = tmp_path / "bomb.archive"
    header = archive.encode_header(archive.Header(network=west.network, scope=None))
    junk = [
        wire.Run(log=os.urandom(32), start=0, leaves=((b"x" * 200,),) * 250, head=b"x" * 170)
        for _ in range(100)
    ]
    file.write_bytes(joined([header, *map(wire.encode, junk)]))
    reply = await confed(west, "import", file)
    assert (reply["code"], reply["taken"], len(reply["refused"])) == (5, 0, 16)
    assert len(opened) == 16
    assert len((await west.ask("logs"))["logs"]) == 1
    file.write_bytes(archive.frame(header) + b"\xff\xff\xff\xff" * 1_000)
    reply = await confed(west, "import", file)
    assert (reply["code"], reply["cut"]) == (1, True)


async def scoped(node: Node, scope: str, number: int) -> None:
    """A statement for the members of a compact."""
    payload = record.build_payload(
        kind="statement",
        council=node.council,
        charter=1,
        time=int(time.time()),
        body=Statement(text=f"for members, {number}"),
        scope=text.decode_record(scope),
        salt=os.urandom(16),
    )
    await node.submit({"payload": payload.hex(), "part": None})


async def test_scoped_records_come_with_an_archive_of_their_scope_into_their_places(
    nodes: Nodes, tmp_path: Path
) -> None:
    north, west = await nodes.start("north"), await nodes.start("west")
    compact = await north.found_compact()
    for number in range(3):
        await scoped(north, compact, number)
    public, members = tmp_path / "public.archive", tmp_path / "members.archive"
    await confed(north, "export", "--to", public)
    await confed(north, "export", "--to", members, "--scope", compact)
    assert b"for members" not in public.read_bytes()
    assert bytes(text.decode_record(compact)) not in public.read_bytes()
    assert members.read_bytes().count(b"for members") == 3
    reply = await confed(west, "import", public)
    assert (reply["taken"], reply["filled"]) == (6, 0)
    reply = await confed(west, "export", "--to", tmp_path / "other", "--scope", compact)
    assert reply["reason"] == "compact-member"
    spoilt = tmp_path / "spoilt.archive"
    spoilt.write_bytes(members.read_bytes().replace(b"for members, 1", b"for nobody, 01"))
    reply = await confed(west, "import", spoilt)
    assert [row["reason"] for row in reply["refused"]] == ["leaf-other"]
    reply = await confed(west, "import", members)
    assert (reply["ok"], reply["taken"], reply["filled"]) == (True, 0, 3)
    reply = await confed(west, "import", members)
    assert (reply["ok"], reply["taken"], reply["filled"]) == (True, 0, 0)
    await west.stop()
    await west.start()
    (size,) = [
        row["withheld"] for row in (await west.ask("archive-logs"))["logs"] if row["size"] == 6
    ]
    assert size == 0


async def test_export_cuts_off_what_a_power_cut_left_and_is_alone_with_its_file(
    nodes: Nodes, tmp_path: Path
) -> None:
    north, _ = await busy(nodes)
    file = tmp_path / "all.archive"
    await confed(north, "export", "--to", file)
    whole = file.read_bytes()
    file.write_bytes(whole[:-500] + bytes(500))
    assert (await confed(north, "export", "--to", file))["leaves"] == 42
    assert file.read_bytes() == whole
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert (await confed(north, "export", "--to", file))["reason"] == "file-unreadable"


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
    for data in (
        b"\x0e\x81\xa6reason\xa1x",
        b"\x82\xa6leaves\x01",
        b"\x82\xa6leaves\x01\xa4logs\xff",
    ):
        with pytest.raises(DecodeError):
            archive.decode_frame(data)
    end = archive.End(leaves=2**40, logs=131_072)
    assert archive.decode_frame(archive.encode_end(end)) == end


async def test_own_log_is_refilled_from_an_archive_while_the_node_waits(
    nodes: Nodes, tmp_path: Path
) -> None:
    """A server whose database is lost: its log is brought by hand, and it still asks first."""
    north, last = await busy(nodes)
    file, part = tmp_path / "all.archive", tmp_path / "part.archive"
    await confed(north, "export", "--to", file)
    await north.stop()
    settings = config.load(north.home, {})
    for path in (north.home.database, *north.home.path.glob("node.db-*")):
        path.unlink()
    app.recover(north.home, settings, decode_council(north.id), [])
    await north.start()
    assert (await north.ask("status"))["size"] == 0
    frames = read_frames(file)
    part.write_bytes(b"".join(map(archive.frame, frames[:2])))
    taken = await confed(north, "import", part)
    assert (taken["refused"], taken["forked"], taken["cut"]) == ([], [], True)
    guard = north.driver.engine.keeper.guard
    assert guard.wanted >= 42, "what is lacking of it is known"
    taken = await confed(north, "import", file)
    assert (taken["refused"], taken["forked"], taken["cut"]) == ([], [], False)
    assert (await north.ask("status"))["size"] == 42
    await north.until_known(last)
    assert guard.state is Signing.HELD, "an archive is no peer's answer"
    await north.stop()
    await north.start()
    await north.until_known(last)
    await north.ask("override")
    more = await north.found_compact("after it")
    await north.until_known(more)


def read_frames(path: Path) -> list[bytes]:
    data, out = path.read_bytes(), list[bytes]()
    while data:
        length = archive.frame_length(data[:4])
        out.append(data[4 : 4 + length])
        data = data[4 + length :]
    return out


def branch(word: str, count: int) -> Author:
    """One of several histories of one log: they part at leaf 30."""
    made = Author(61, network=network_id("tests"))
    for number in range(count):
        made.add(Statement(text=f"{number} {word if number >= 28 else ''}"))
    return made


def written(path: Path, made: Author) -> Path:
    """An archive of one log, in runs of 25."""
    head = made.head()
    size = made.tree.size
    frames = [archive.encode_header(archive.Header(network=made.network, scope=None))]
    for start in range(0, size, 25):
        end = min(size, start + 25)
        proof = tuple(made.tree.consistency(end, size)) or None
        leaves = tuple((leaf.envelope,) for leaf in made.leaves[start:end])
        run = wire.Run(log=made.log, start=start, leaves=leaves, head=head.envelope, proof=proof)
        frames.append(wire.encode(run))
    frames.append(archive.encode_end(archive.End(leaves=size, logs=1)))
    path.write_bytes(b"".join(map(archive.frame, frames)))
    return path


@pytest.mark.parametrize("count", [40, 60, 98, 120, 200])
async def test_archive_of_another_history_makes_a_proof(
    nodes: Nodes, tmp_path: Path, count: int
) -> None:
    """Shorter than ours, as long, and longer (ARC-5)."""
    west = await nodes.start("west")
    ours, other = branch("ours", 98), branch("other", count)
    taken = await confed(west, "import", written(tmp_path / "ours", ours))
    assert (taken["taken"], taken["forked"], taken["code"]) == (100, [], 0)
    taken = await confed(west, "import", written(tmp_path / "other", other))
    assert (taken["taken"], taken["forked"], taken["code"]) == (0, [ours.log.hex()], 5)
    view = west.driver.engine.view
    (proof,) = view.of_kind("fork-proof")
    assert proof.record.council == decode_council(west.id)
    assert view.chains.forked[ours.log] == min(100, count + 2)
    again = await confed(west, "import", tmp_path / "other")
    assert again["forked"] == []
    assert len(view.of_kind("fork-proof")) == 1


async def test_archive_of_the_same_history_proves_nothing(nodes: Nodes, tmp_path: Path) -> None:
    west = await nodes.start("west")
    for count in (60, 30, 98, 40):
        taken = await confed(west, "import", written(tmp_path / "a", branch("ours", count)))
        assert (taken["forked"], taken["refused"], taken["code"]) == ([], [], 0)
    assert not west.driver.engine.view.of_kind("fork-proof")


async def test_heads_shown_in_another_form_are_refused(nodes: Nodes) -> None:
    west = await nodes.start("west")
    for raw in (b"", b"\xc0", wire.encode(wire.Bye(reason="x"))):
        with pytest.raises(control.RefusedError):
            await west.ask("archive-shown", heads=[raw.hex()])
    unknown = wire.encode(wire.HeadTold(log=bytes(32), size=1, head=b"x"))
    assert (await west.ask("archive-shown", heads=[unknown.hex()])) == {"forked": []}
