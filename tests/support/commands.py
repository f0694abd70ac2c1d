"""`confed` called as a program is, and what it said."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PATHS: Final = os.pathsep.join(path for path in sys.path if path)
ENVIRONMENT: Final = os.environ | {"PYTHONPATH": PATHS}
PROGRAM: Final = (sys.executable, "-m", "confednode")
ID: Final = "cfr1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqxxxxxx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one call of `confed` said and ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        assert self.out.endswith("\n")
        (line,) = self.out.splitlines()
        value = json.loads(line)
        assert isinstance(value, dict)
        return value


Confed = Callable[..., Said]


def refused(said: Said, code: int, reason: str) -> dict[str, Any]:
    """The JSON form of a failure with this exit code and reason."""
    told = said.json
    assert (said.code, told["reason"]) == (code, reason)
    assert set(told) == {"ok", "reason", "message", "hint"}
    assert told["ok"] is False
    assert told["message"]
    return told


@contextmanager
def serving(
    home: Path, *arguments: str, **options: Any
) -> Generator[subprocess.Popen[str], None, None]:
    """`confed serve` in its own process; killed in the end if it still runs."""
    with subprocess.Popen(
        [*PROGRAM, "serve", "--home", str(home), *arguments],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr is not None else ""
    value = json.loads(line)
    assert isinstance(value, dict)
    return value


INIT: Final = ("init", "--listen", "127.0.0.1:0", "--yes")
