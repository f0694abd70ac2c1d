"""Verifying a mandate's file: the library call, and `confed verify` as a whole process."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from confedproto import bundle
from tests.support.worlds import four, granted
from tools.bench.figures import Figure

CALL_GOAL_MS: Final = 2.0
PROCESS_GOAL_S: Final = 0.3
SIZE_GOAL_BYTES: Final = 4_096


def run(quick: bool) -> list[Figure]:
    """The rows."""
    file, at = granted().file, four().now
    assert bundle.verify([file], [], at).ok
    calls: list[float] = []
    for _ in range(50 if quick else 400):
        began = time.process_time()  # of this process alone, whatever else the machine does
        bundle.verify([file], [], at)
        calls.append(1_000 * (time.process_time() - began))
    processes: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mandate.confed"
        path.write_bytes(file)
        command = [sys.executable, "-m", "confednode", "verify", str(path), "--at", str(at)]
        for _ in range(3 if quick else 9):
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            processes.append(time.perf_counter() - began)
    call, process = (sorted(times)[len(times) // 2] for times in (calls, processes))
    return [
        _figure("one call of the library (CPU)", "ms", call, CALL_GOAL_MS),
        _figure("confed verify, whole process", "s", process, PROCESS_GOAL_S),
        _figure("file of three receipts", "bytes", len(file), SIZE_GOAL_BYTES),
    ]


def _figure(what: str, unit: str, value: float, goal: float) -> Figure:
    return Figure(what=what, unit=unit, value=value, goal=goal)
