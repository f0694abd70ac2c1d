"""A council, two others of its compact, and a delegate whose mandate is asked about.

told = story()
told.verdict(told.act())              # (Outcome.VALID, None)
"""

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from confedproto.bodies.act import Act
from confedproto.bodies.mandate import Ceiling, Instruction, Mandate
from confedproto.errors import Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.delegation import ActStatus, MandateStatus
from confedproto.rules.mandate import Outcome
from confedproto.view import View
from tests.support.councils import DAY, START, Author, found_compact, key, view_of

DELEGATE, PARTNER = key(501), key(502)
MOTION, RATIFIED, FREE = (bytes([n]) * 32 for n in (1, 2, 3))
NOON = START + 10 * DAY


@dataclass
class Story:
    """Three councils with a compact, and a mandate of the first."""

    councils: list[Author]
    mandate: VerifiedRecord

    @property
    def home(self) -> Author:
        return self.councils[0]

    def act(
        self, *, time: int = NOON, number: int = 1, received: int | None = 5, **change: Any
    ) -> VerifiedRecord:
        values: dict[str, Any] = {"motion": MOTION, "kind": "vote", "value": "yes"}
        body = Act(
            number=number,
            head=self.home.head(time - 60).envelope,
            **(values | change),
        )
        done = self.home.add(body, subject=self.mandate.id, time=time, signers=[DELEGATE])
        if received is not None:
            for other in self.councils[1:]:
                other.witness([self.home], time=time + received)
        return done

    def view(self) -> View:
        return view_of(self.councils)

    def status(self, at: int = NOON) -> MandateStatus:
        status = self.view().mandates.status(self.mandate.id, at)
        assert not isinstance(status, Reason)
        return status

    def of(self, act: VerifiedRecord) -> ActStatus:
        status = self.view().mandates.act_status(act.id)
        assert not isinstance(status, Reason)
        return status

    def verdict(self, act: VerifiedRecord) -> tuple[Outcome, Reason | None]:
        verdict = self.of(act).verdict
        return verdict.outcome, verdict.reason


def story(**change: Any) -> Story:
    councils = [Author(number) for number in (1, 2, 3)]
    compact = found_compact(councils)
    body = Mandate(
        delegate=DELEGATE.public,
        starts=START,
        until=START + 30 * DAY,
        kinds=("spending-order", "statement", "vote"),
        compact=compact.id,
        instructions=(
            Instruction(motion=MOTION, value="yes"),
            Instruction(motion=RATIFIED, value="ratify"),
            Instruction(motion=FREE, value="free"),
        ),
        ceiling=Ceiling(currency="chf", act=500, total=800),
    )
    return Story(councils, councils[0].add(replace(body, **change)))
