"""`make bench ARGS=peers`: what somebody would use instead, measured beside us in the same run.

Each peer is installed from its package index into build/peers, never into our environment. It has
a script here with two roles: `host` makes the records and then publishes some at 50 a second,
`join` fetches, verifies and stores the first, then notes when each of the others came. A peer
that does not install or run is listed with the first line of its error.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.bench import bare
from tools.bench.figures import Figure, Note, percentile, share
from tools.bench.ingest import take
from tools.bench.nodes import cpu_of
from tools.js.find_node import find_node

HERE: Final = Path(__file__).parent
BUILD: Final = Path("build/peers")
INSTALL_S: Final = 240
RUN_S: Final = 90
OURS: Final = 20_000  # records for this node, which needs no longer for them
_PLACE: Final = re.compile(r"\w+://\S+|(?<!\w)/\S+")  # addresses and paths of this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One of them: its name in the table, its script, and what is to be installed."""

    name: str
    script: str
    package: str
    stores: bool = True


PEERS: Final = (
    Peer(name="hypercore, heads signed", script="hypercore.mjs", package="hypercore@10.38.2"),
    Peer(name="nostr-sdk, LMDB, negentropy", script="nostr.py", package="nostr-sdk==0.45.1"),
    Peer(
        name="libp2p gossipsub, stores nothing",
        script="gossipsub.py",
        package="libp2p==0.8.1",
        stores=False,
    ),
)


class PeerError(Exception):
    """A peer did not install or run; the text is the first line of its error."""


def run(quick: bool) -> Sequence[Figure | Note]:
    """The rows."""
    count, live = 2_000, 100 if quick else 300
    one = bare.verify_rate(1.0)
    with tempfile.TemporaryDirectory(prefix="confed-bench-") as folder:
        taken = take(Path(folder), OURS, {})
    ours = taken.records / taken.wall_s
    out: list[Figure | Note] = [
        Figure(what="this node: catch-up, records/s wall", value=ours, unit="/s"),
    ]
    for peer in PEERS:
        try:
            out += _figures(peer, _measure(peer, count, live), (count, live), one, ours)
        except PeerError as error:
            out.append(Note(what=peer.name, text=f"not run: {error}"))
    return out


def _figures(
    peer: Peer, said: dict[str, Any], counts: tuple[int, int], one: float, ours: float
) -> Iterator[Figure]:
    name, (count, live) = peer.name, counts
    if peer.stores:
        rate, spent = share(count, said["caught_up_s"]), said["cpu_s"]
        yield Figure(what=f"{name}: catch-up, records/s wall", value=rate, unit="/s")
        yield Figure(
            what=f"{name}: this node is faster", value=ours / rate, unit="x", goal=5, least=True
        )
        per_cpu = share(share(count, spent), one)
        yield Figure(what=f"{name}: records/CPU-s to verify", value=per_cpu, unit="ratio")
    delays = said["delays_ms"]
    yield Figure(what=f"{name}: one hop p50", value=percentile(delays, 50), unit="ms")
    yield Figure(what=f"{name}: one hop p99", value=percentile(delays, 99), unit="ms")
    spent = share(said["live_cpu_s"] * 1e3, 2 * live)
    yield Figure(what=f"{name}: one hop: CPU a record and node", value=spent, unit="ms")
    yield Figure(what=f"{name}: records lost", value=live - len(delays), unit="")
    yield Figure(what=f"{name}: resident", value=said["rss_bytes"] / 1e6, unit="MB")


# --- installing -----------------------------------------------------------------------------


def _command(peer: Peer) -> tuple[list[str], Path]:
    """How the peer's script is started, and in which folder; installs it first."""
    folder = BUILD.resolve() / peer.script.partition(".")[0]
    folder.mkdir(parents=True, exist_ok=True)
    script = str(HERE / peer.script)
    if peer.script.endswith(".mjs"):
        node, npm = _node()
        if not (folder / "node_modules").is_dir():
            (folder / "package.json").write_text('{"private": true}\n', "utf-8")
            _install([*npm, "install", "--no-audit", "--no-fund", peer.package], folder)
        return [node, script], folder
    python = folder / "bin" / "python"
    if not (folder / "installed").is_file():
        _install([sys.executable, "-m", "venv", str(folder)], folder)
        _install([str(python), "-m", "pip", "install", "-q", peer.package], folder)
        (folder / "installed").touch()
    return [str(python), script], folder


def _node() -> tuple[str, list[str]]:
    """The project's Node, or the one on the path, with its npm."""
    node = find_node()
    if node is None:
        raise PeerError("no Node found")
    beside = Path(node).resolve().parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
    if beside.is_file():
        return node, [node, str(beside)]
    npm = shutil.which("npm")
    if npm is None:
        raise PeerError("no npm")
    return node, [npm]


def _install(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=INSTALL_S)
    except subprocess.TimeoutExpired:
        raise PeerError(f"not installed in {INSTALL_S} s") from None
    if done.returncode:
        raise PeerError(first_error(done.stderr.decode("utf-8", "replace")))


def first_error(text: str) -> str:
    """The first line that says error, without what names this machine."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if "error" in line.lower()]
    return _PLACE.sub("...", (wrong or lines or ["no word"])[0])[:120]


# --- running --------------------------------------------------------------------------------


def _measure(peer: Peer, count: int, live: int) -> dict[str, Any]:
    """What the joining side said, all its lines in one."""
    command, cwd = _command(peer)
    with tempfile.TemporaryDirectory(prefix="confed-peer-") as folder:
        stores = [Path(folder) / role for role in ("host", "join")]
        for one in stores:
            one.mkdir()
        sizes = [str(count), str(live)]
        host = _start([*command, "host", *sizes, str(stores[0])], cwd)
        try:
            address = str(_line(host)["ready"])
            join = _start([*command, "join", address, *sizes, str(stores[1])], cwd)
            try:
                said: dict[str, Any] = {}
                while "listening" not in said:
                    said |= _line(join)
                time.sleep(1)
                before = cpu_of(host.pid) + cpu_of(join.pid)
                _publish(host)
                while "rss_bytes" not in said:
                    said |= _line(join)
                said["live_cpu_s"] = cpu_of(host.pid) + cpu_of(join.pid) - before
                return said
            finally:
                _end(join)
        finally:
            _end(host)


def _start(command: list[str], cwd: Path) -> "subprocess.Popen[bytes]":
    """A process that is killed when it takes too long."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    watch = threading.Timer(RUN_S, process.kill)
    watch.daemon = True
    watch.start()
    return process


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()


def _publish(host: "subprocess.Popen[bytes]") -> None:
    if host.stdin is not None:
        host.stdin.write(b"\n")
        host.stdin.flush()


def _line(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    if process.stdout is None:
        raise PeerError("no output")
    for line in process.stdout:
        if line.startswith(b"{"):
            found: dict[str, Any] = json.loads(line)
            return found
    text = process.stderr.read().decode("utf-8", "replace") if process.stderr else ""
    last = [line.strip() for line in text.splitlines() if "Error" in line]
    raise PeerError((last or ["ended without a word"])[0][:120])
