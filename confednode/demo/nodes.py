"""The demo's processes: started, watched, killed and started again."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import trio

from confednode.errors import DemoError, NodeReason

START_S = 60.0
STOP_S = 6.0


class HostProcess:
    """One process with one or more nodes in it."""

    def __init__(self, homes: Sequence[Path]) -> None:
        self.homes = tuple(homes)
        self._process: trio.Process | None = None

    async def start(self, nursery: trio.Nursery) -> None:
        """Start the process and wait until each of its nodes listens. Raises DemoError."""
        command = [sys.executable, "-m", "confednode.demo.host", *map(str, self.homes)]
        self._process = await trio.lowlevel.open_process(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        with trio.move_on_after(START_S):
            if await self._ready(self._process, len(self.homes)):
                nursery.start_soon(_drain, self._process.stdout)
                nursery.start_soon(_drain, self._process.stderr)
                return
        told = b""
        if self._process.stderr is not None:
            self._process.kill()
            told = await _drain(self._process.stderr)
        last = told.decode(errors="replace").strip().splitlines()[-1:]
        raise DemoError(NodeReason.DEMO_FAILED, f"a node did not start: {' '.join(last)}")

    @staticmethod
    async def _ready(process: trio.Process, nodes: int) -> bool:
        if process.stdout is None:
            return False
        seen = b""
        while seen.count(b"\n") < nodes:
            data = await process.stdout.receive_some(4_096)
            if not data:
                return False
            seen += data
        return all(json.loads(line).get("ready") for line in seen.splitlines())

    def pss_bytes(self) -> int:
        """The process's proportional share of memory, or 0 where the system does not tell."""
        if self._process is None:
            return 0
        try:
            rollup = Path(f"/proc/{self._process.pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            return 0
        for line in rollup.splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1_024
        return 0

    async def kill(self) -> None:
        """SIGKILL: the nodes have no chance to tidy up."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def stop(self) -> None:
        """Close its standard input, which ends it in good order; kill it if it does not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            await process.stdin.aclose()
        with trio.move_on_after(STOP_S):
            await process.wait()
            return
        process.kill()
        await process.wait()


async def _drain(stream: trio.abc.ReceiveStream | None) -> bytes:
    """Read a stream to its end, so that the process never waits; the last 4 KiB of it."""
    last = b""
    if stream is not None:
        try:
            while data := await stream.receive_some(4_096):
                last = (last + bytes(data))[-4_096:]
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
    return last


def packed(homes: Sequence[Path], alone: Path | None, per_process: int) -> list[HostProcess]:
    """The processes for these homes: `per_process` nodes in each, `alone` by itself."""
    together = [home for home in homes if home != alone]
    groups = [together[i : i + per_process] for i in range(0, len(together), per_process)]
    if alone is not None:
        groups.append([alone])
    return [HostProcess(group) for group in groups]
