"""How far a long piece of work is, on standard error: a line that is written over on a terminal."""

import sys
import time
from typing import Final

FIRST_S: Final = 1.0  # what is done sooner says nothing
TERMINAL_S: Final = 0.2
FILE_S: Final = 10.0  # into a file or a journal, where lines stay


class Progress:
    """Says now and then how much is done; `close` ends the line."""

    def __init__(self, what: str, unit: str) -> None:
        self._what: Final = what
        self._unit: Final = unit
        self._terminal: Final = sys.stderr.isatty()
        self._due = time.monotonic() + FIRST_S
        self._open = False

    def at(self, done: int, whole: int) -> None:
        """`done` of `whole` units."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + (TERMINAL_S if self._terminal else FILE_S)
        percent = 100 * done // whole if whole else 100
        line = f"{self._what}: {done:,} of {whole:,} {self._unit} ({percent} %)"
        sys.stderr.write(f"\r{line}\x1b[K" if self._terminal else f"{line}\n")
        sys.stderr.flush()
        self._open = self._terminal

    def close(self) -> None:
        """The work is done, or has failed."""
        if self._open:
            sys.stderr.write("\n")
            self._open = False
