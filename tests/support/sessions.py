"""Scripts of a shell session, played as people would type them."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path


def played(
    script: str, *, cwd: Path, environment: Mapping[str, str], within_s: int
) -> tuple[str, str]:
    """What a session says and complains of; it must succeed, and nothing of it is left behind."""
    with subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=within_s)
        finally:
            with contextlib.suppress(ProcessLookupError):  # its nodes stopped as they were told
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, f"{out[-3_000:]}\n{err[-3_000:]}"
    return out, err
