"""What was refused, for the operator: the newest few, and a log that no flood can fill.

Of each minute LOGGED_MAX refusals are written to the log one by one; the rest is one line with
a count by reason, so that ten million bad frames are a few lines.
"""

import logging
from collections import Counter
from typing import Final

LOG: Final = logging.getLogger(__name__)

REFUSALS_MAX: Final = 256  # remembered
DETAIL_MAX: Final = 200  # characters of each
LOGGED_MAX: Final = 10  # lines a minute
MINUTE_S: Final = 60


class Refusals:
    """The refusals of one node. Times are whole seconds."""

    def __init__(self) -> None:
        self.newest: Final[list[tuple[int, str, str]]] = []
        self._began = 0
        self._logged = 0
        self._untold: Final[Counter[str]] = Counter()

    def note(self, now: int, reason: str, detail: str) -> None:
        """Something was refused."""
        self.newest.append((now, reason, detail[:DETAIL_MAX]))
        del self.newest[:-REFUSALS_MAX]
        if not 0 <= now - self._began < MINUTE_S:
            self._tell()
            self._began, self._logged = now, 0
        if self._logged < LOGGED_MAX:
            self._logged += 1
            LOG.info("refused: %s", reason)
        else:
            self._untold[reason] += 1

    def _tell(self) -> None:
        if self._untold:
            rows = ", ".join(f"{reason} {count}" for reason, count in sorted(self._untold.items()))
            LOG.info("refused too: %s", rows)
            self._untold.clear()
