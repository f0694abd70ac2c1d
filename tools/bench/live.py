"""Goal 6: records handed in at 50 a second; when each other node has stored them.

The moment of storing is asked of the node's control socket, `watch`: it says each log's size
as it grows, after the commit.
"""

import itertools
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

from tools.bench import nodes, relaxed
from tools.bench.figures import Figure, percentile, share
from tools.bench.least import message

RATE: Final = 50.0


def run(quick: bool) -> list[Figure]:
    """The figures."""
    count = 200 if quick else 1_000
    with tempfile.TemporaryDirectory(prefix="confed-bench-") as folder:
        least = _least(Path(folder), count)
    out = [Figure(what="least: CPU a record of a bare program", value=least, unit="ms")]
    for length, name, goals in ((2, "one hop", (5, 15)), (8, "line of 8", (25, 60))):
        with tempfile.TemporaryDirectory(prefix="confed-bench-") as folder:
            out += _line(Path(folder), length, count, name, goals, least)
    with tempfile.TemporaryDirectory(prefix="confed-bench-") as folder:
        name = "one hop without sync, as the peers store"
        out += _line(Path(folder), 2, count, name, (5, 15), least, host=relaxed.__name__)[:1]
    return out


def _least(folder: Path, count: int) -> float:
    """CPU milliseconds a record of `tools.bench.least`, at the same rate."""
    command = [sys.executable, "-m", "tools.bench.least", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None:
            raise RuntimeError("no output")
        port, data = int(process.stdout.readline()), message()
        with socket.create_connection(("127.0.0.1", port), 10) as raw:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            before, begun = nodes.cpu_of(process.pid), time.perf_counter()
            for number in range(count):
                time.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
                raw.sendall(data)
                raw.recv(1)
            return share((nodes.cpu_of(process.pid) - before) * 1e3, count)
    finally:
        process.kill()
        process.communicate()


def _line(
    folder: Path,
    length: int,
    count: int,
    name: str,
    goals: tuple[int, int],
    least: float,
    host: str = nodes.HOST,
) -> list[Figure]:
    line = [nodes.found(folder, f"n{number}") for number in range(length)]
    for one in line:
        one.environment, one.host = {"CONFED_WORKERS": "0"}, host
        one.start()
    try:
        for one, other in itertools.pairwise(line):
            one.link(other)
        for one in line:
            while len(one.sizes()) < length:
                time.sleep(0.02)
        time.sleep(1)
        return _measure(line, count, name, goals, least)
    finally:
        for one in line:
            one.stop()


def _measure(
    line: list[nodes.Council], count: int, name: str, goals: tuple[int, int], least: float
) -> list[Figure]:
    first, last = line[0], line[-1]
    base = last.sizes()[first.id]
    stored: dict[int, float] = {}
    watcher = _Watcher(last, first.id, stored)
    envelopes = list(nodes.statements(first, count))
    lines = [_request(envelope) for envelope in envelopes]
    asked = _asked(last)
    cpu = sum(one.cpu_s() for one in line)
    sent: list[float] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.connect(str(first.home.socket))
        answers = raw.makefile("rb")
        begun = time.perf_counter()
        for number, request in enumerate(lines):
            wait = begun + number / RATE - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            sent.append(time.perf_counter())
            raw.sendall(request)
            if not json.loads(answers.readline())["ok"]:
                raise RuntimeError("a statement was refused")
        burst = [_request(e) for e in nodes.statements(first, count, count)]
        deadline = time.perf_counter() + 30
        while max(stored, default=0) < base + count and time.perf_counter() < deadline:
            time.sleep(0.02)
        spent = sum(one.cpu_s() for one in line) - cpu
        for request in burst:
            raw.sendall(request)
            answers.readline()
    deadline = time.perf_counter() + 60
    while max(stored, default=0) < base + 2 * count and time.perf_counter() < deadline:
        time.sleep(0.02)
    watcher.close()
    delays = [(_when(stored, base + n + 1) - at) * 1e3 for n, at in enumerate(sent)]
    each = share(spent * 1e3, count * len(line))
    lost = base + 2 * count - last.sizes()[first.id]
    return [
        Figure(
            what=f"{name}: p50", value=percentile(delays, 50), unit="ms", goal=goals[0], number="6"
        ),
        Figure(
            what=f"{name}: p99", value=percentile(delays, 99), unit="ms", goal=goals[1], number="6"
        ),
        Figure(what=f"{name}: of it an answer of the control socket", value=asked, unit="ms"),
        Figure(what=f"{name}: CPU a record and node", value=each, unit="ms"),
        Figure(
            what=f"{name}: CPU to that of the bare program",
            value=share(each, least),
            unit="ratio",
            goal=2.0,
            number="6",
        ),
        Figure(
            what=f"{name}: records lost, burst of {count} too",
            value=lost,
            unit="",
            goal=0,
            number="6",
        ),
    ]


def _asked(node: nodes.Council, times: int = 50) -> float:
    """Median milliseconds of an answer of the control socket, asked at the same rate."""
    request = json.dumps({"op": "watch", "council": node.id, "size": 0}).encode() + b"\n"
    waits: list[float] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.connect(str(node.home.socket))
        answers = raw.makefile("rb")
        for _ in range(times):
            time.sleep(1 / RATE)
            begun = time.perf_counter()
            raw.sendall(request)
            answers.readline()
            waits.append((time.perf_counter() - begun) * 1e3)
    return percentile(waits, 50)


def _when(stored: dict[int, float], size: int) -> float:
    return min((at for reached, at in stored.items() if reached >= size), default=float("inf"))


def _request(envelope: bytes) -> bytes:
    return json.dumps({"op": "submit", "envelope": envelope.hex()}).encode() + b"\n"


class _Watcher:
    """Notes when a node has stored each size of a council's log."""

    def __init__(self, node: nodes.Council, council: str, stored: dict[int, float]) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(node.home.socket))
        self._council, self._stored = council, stored
        self._file = self._socket.makefile("rb")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        size = 0
        while True:
            request = {"op": "watch", "council": self._council, "size": size}
            try:
                self._socket.sendall(json.dumps(request).encode() + b"\n")
                line = self._file.readline()
            except (OSError, ValueError):
                return
            if not line:
                return
            reply = json.loads(line)
            if not reply.get("ok"):
                return
            size = reply["size"]
            self._stored[size] = time.perf_counter()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
