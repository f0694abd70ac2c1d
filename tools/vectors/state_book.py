"""What the vectors of `state` are made of: histories up to a point, and the rows they lead to."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tools.vectors.base import Vectors
from tools.vectors.decisions import CLOSES, FROZEN, Decision
from tools.vectors.examples import TIME
from tools.vectors.histories import History, digest
from tools.vectors.scenes import DAY

ALL: Final = range(4)
GRACE_ENDS: Final = CLOSES + DAY


class States(Vectors):
    def holds(
        self,
        rule: str,
        slug: str,
        why: str,
        history: History,
        now: int,
        rows: Sequence[Mapping[str, Any]],
        *,
        records: int | None = None,
        refused: int = 0,
        shuffles: Sequence[int] = (),
    ) -> None:
        """The state of a history at a time, and once more for each other order of its logs."""
        known = history.count() - refused if records is None else records
        answer = {"digest": digest(rows), "records": known, "refused": refused}
        self.good(rule, slug, why, history.request(now), **answer)
        for seed in shuffles:
            again = history.request(now, shuffle=seed)
            self.good("STA-1", f"{slug}-order-{seed}", "the same in another order", again, **answer)


def founded(**change: Any) -> History:
    return History(
        Decision(without=("motion", "second", "freeze", "positions", "vote", "locks"), **change)
    )


def moved(*without: str, **change: Any) -> History:
    return History(Decision(without=(*without, "freeze", "positions", "vote", "locks"), **change))


def row(history: History, state: str, **more: Any) -> dict[str, Any]:
    return {"motion": history.decision.motion_id, "state": state, **more}


def voted(**change: Any) -> History:
    """A decision without vote and locks, everything of it received by all in time."""
    return History(Decision(without=("vote", "locks"), **change))


def opened(history: History) -> History:
    """Two other councils witness the motion at once, and the freeze before it opens."""
    for by in (1, 2):
        history.witness(by, of=[0], after=history.decision.motion_id, time=TIME + 1)
    for by in (1, 2):
        history.witness(by, of=[0], after=history.decision.freeze_id, time=FROZEN + DAY)
    return history


def received(history: History, time: int = CLOSES) -> History:
    """All councils witness all logs at a time."""
    for by in ALL:
        history.witness(by, of=[one for one in ALL if one != by], time=time)
    return history


def figures(outcome: str, units_yes: int, **more: int) -> dict[str, Any]:
    people = {"people_yes": 0, "people_no": 0} | more
    return {"outcome": outcome, "units_yes": units_yes, "units_total": 8, **people}
