"""A compact of hand-made councils that decides: motions, freezes, votes and certificates.

made = Assembly(4, rules={"coordination": "majority"})
motion = made.move()
made.decide(motion, "YYYN")           # frozen, witnessed, voted, certified
made.status(motion).outcome           # Outcome.ADOPTED
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from confedproto import record
from confedproto.bodies.amend import Amend
from confedproto.bodies.compact import ClassQuorum, ClassRule, Compact, Founder, Terms, Windows
from confedproto.bodies.freeze import Freeze, Voter
from confedproto.bodies.lock import Lock
from confedproto.bodies.motion import Motion, Title
from confedproto.bodies.position import Position
from confedproto.bodies.types import Body
from confedproto.bodies.vote import Vote
from confedproto.record import VerifiedRecord
from confedproto.rules.motion import MotionStatus
from confedproto.rules.standing import Standing
from confedproto.rules.tally import Outcome
from confedproto.view import View
from tests.support.councils import START, Author, view_of

WINDOWS: Final = Windows(discussion=10, notice=10, voting=10, grace=5, settle=5, step=5, witness=1)
TERMS: Final = Terms(
    lapse=1_000,
    freeze_text=5,
    editorial=5,
    takeover=20,
    pause=500,
    reading_min=50,
    reading_max=200,
    exclusion=100,
    emergency_notice=5,
    emergency=300,
    hold=100,
    talk=10,
    mediation=20,
    panel=30,
)
FAR: Final = 2**39
WORDS: Final[Mapping[str, str]] = {
    "Y": "yes",
    "N": "no",
    "A": "abstain",
    "B": "block",
    "R": "refer-back",
    "S": "stand-aside",
}
TEXT: Final = bytes(16) + b"We shall."


def freeze_of(item: VerifiedRecord) -> Freeze:
    """The body of a freeze."""
    assert isinstance(item.body, Freeze)
    return item.body


class Assembly:
    """`count` councils that founded a compact; `now` moves on with what they do."""

    def __init__(
        self, count: int, *, rules: Mapping[str, str] | None = None, **fields: Any
    ) -> None:
        self.authors = [Author(number + 1) for number in range(count)]
        self.now = START
        self.rules = {"coordination": "majority", **(rules or {})}
        self.compact = self.found(**fields)

    def found(self, by: int = 0, previous: bytes | None = None, **fields: Any) -> VerifiedRecord:
        """The compact, or with `previous` a version of it that council `by` proposes."""
        founders = [Founder(council=a.council, charter=a.version, weight=2) for a in self.authors]
        body = Compact(
            name="A confederation",
            founders=tuple(sorted(founders, key=lambda founder: founder.council)),
            rules=tuple(ClassRule(name=n, rule=self.rules[n]) for n in sorted(self.rules)),
            windows=WINDOWS,
            seconds=0,
            sponsors=1,
            weight_max=2,
            terms=TERMS,
            previous=previous,
        )
        body = replace(body, **fields)
        signers = [a.keyholders[0] for a in self.authors] if previous is None else None
        return self.authors[by].add(body, time=self.now, signers=signers)

    def put(self, by: int, body: Body, subject: VerifiedRecord | bytes | None) -> VerifiedRecord:
        """A record of council `by` now."""
        about = subject.id if isinstance(subject, VerifiedRecord) else subject
        part = TEXT if isinstance(body, Motion | Amend) else None
        return self.authors[by].add(body, subject=about, time=self.now, part=part)

    def move(
        self, name: str = "coordination", *, by: int = 0, witnessed: bool = True, **fields: Any
    ) -> VerifiedRecord:
        """A motion of council `by`, which all witness."""
        body = Motion(
            name=name,
            titles=(Title(language="en", title="A motion"),),
            text=record.text_hash(TEXT),
            **fields,
        )
        moved = self.put(by, body, self.compact)
        self.now += 1
        if witnessed:
            self.witness()
        return moved

    def amend(self, motion: VerifiedRecord, *, by: int = 1, **fields: Any) -> VerifiedRecord:
        """A competing version."""
        titles = (Title(language="en", title="Another"),)
        return self.put(by, Amend(titles=titles, text=record.text_hash(TEXT), **fields), motion)

    def roll(self, without: Iterable[int] = (), more: Sequence[Voter] = ()) -> tuple[Voter, ...]:
        """C: all founders but some, and others."""
        left = set(without)
        voters = [
            Voter(council=a.council, weight=2) for i, a in enumerate(self.authors) if i not in left
        ]
        return tuple(sorted([*voters, *more], key=lambda voter: voter.council))

    def freeze(
        self,
        motion: VerifiedRecord,
        *,
        by: int = 0,
        wait: int = 10,
        notice: int = 10,
        witnessed: bool = True,
        **fields: Any,
    ) -> VerifiedRecord:
        """The freeze `wait` seconds from now; then all witness it, and voting opens."""
        self.now += wait
        given: dict[str, Any] = {"councils": self.roll(), **fields}
        lists = {
            name: tuple(sorted(item.id for item in value))
            for name, value in given.items()
            if name not in ("councils", "rolls", "takeover") and value is not None
        }
        body = Freeze(
            councils=given["councils"],
            opens=self.now + notice,
            closes=self.now + notice + WINDOWS.voting,
            rolls=given.get("rolls"),
            takeover=given.get("takeover"),
            **lists,
        )
        made = self.put(by, body, motion)
        if witnessed:
            self.now += 1
            self.witness()
        self.now = body.opens
        return made

    def witness(self, by: Iterable[int] | None = None) -> None:
        """Every council, or some, witness every other log as it is now."""
        for index in range(len(self.authors)) if by is None else by:
            author = self.authors[index]
            others = [other for other in self.authors if other is not author]
            if others:
                author.witness(others, time=self.now)

    def position(
        self, freeze: VerifiedRecord, by: int, word: str, *, number: int = 1, **fields: Any
    ) -> VerifiedRecord:
        """What council `by` says, by the letter of its word."""
        value: Any = WORDS[word]
        body = Position(freeze=freeze.id, number=number, value=value, **fields)
        return self.authors[by].add(body, subject=freeze.subject, time=self.now)

    def vote(self, freeze: VerifiedRecord, words: str, **fields: Any) -> list[VerifiedRecord]:
        """Everybody's position, one letter a council, `-` for silence; then all witness."""
        self.now += 1
        said = [
            self.position(freeze, by, word, **fields)
            for by, word in enumerate(words)
            if word != "-"
        ]
        self.now += 1
        self.witness()
        return said

    def certify(
        self,
        freeze: VerifiedRecord,
        counted: Iterable[VerifiedRecord],
        outcome: str,
        by: Iterable[int] | None = None,
    ) -> None:
        """Votes and locks of round 1 by all councils, or some."""
        self.now = freeze_of(freeze).closes + WINDOWS.grace + WINDOWS.settle
        word: Any = outcome
        ids = tuple(sorted(item.id for item in counted))
        chosen = range(len(self.authors)) if by is None else list(by)
        vote = Vote(freeze=freeze.id, round=1, outcome=word, counted=ids)
        lock = Lock(freeze=freeze.id, round=1, outcome=word)
        for index in chosen:
            self.authors[index].sign_by_node(vote, subject=freeze.subject, time=self.now)
        self.now += 1
        for index in chosen:
            self.authors[index].sign_by_node(lock, subject=freeze.subject, time=self.now)

    def decide(
        self,
        motion: VerifiedRecord,
        words: str,
        outcome: str | None = "adopted",
        *,
        positions: Mapping[str, Any] | None = None,
        **freeze: Any,
    ) -> VerifiedRecord:
        """Freeze, vote and certify; gives the freeze."""
        frozen = self.freeze(motion, **freeze)
        said = self.vote(frozen, words, **(positions or {}))
        if outcome is not None:
            roll = {voter.council for voter in freeze_of(frozen).councils}
            self.certify(frozen, [item for item in said if item.council in roll], outcome)
        return frozen

    # --- questions --------------------------------------------------------------------------

    def view(self, seed: int | None = None) -> View:
        """All logs, in one order or a random one."""
        rng = random.Random(seed) if seed is not None else None
        return view_of(self.authors, rng=rng)

    def status(self, motion: VerifiedRecord, now: int = FAR) -> MotionStatus:
        """Where the motion stands, which every order of arrival must agree on."""
        found = self.view().motion_status(motion.id, now)
        assert isinstance(found, MotionStatus), found
        for seed in range(2):
            again = self.view(seed).motion_status(motion.id, now)
            assert isinstance(again, MotionStatus)
            assert (again.state, again.outcome, again.fault) == (
                found.state,
                found.outcome,
                found.fault,
            )
        return found

    def outcome(self, motion: VerifiedRecord, now: int = FAR) -> Outcome | None:
        """Its outcome, provisional or final."""
        return self.status(motion, now).outcome

    def standing(self, motion: VerifiedRecord, now: int = FAR) -> Standing:
        """What it is worth."""
        found = self.view().standing(motion.id, now)
        assert found is not None
        return found

    def faults(self, motion: VerifiedRecord, now: int = FAR) -> dict[bytes, str | None]:
        """Position -> why it does not count, or None."""
        return {
            judged.position.record.id: judged.fault.value if judged.fault else None
            for judged in self.status(motion, now).positions
        }


def quorum(name: str, part: int, whole: int) -> tuple[ClassQuorum, ...]:
    """A quorum of one class."""
    return (ClassQuorum(name=name, part=part, whole=whole),)
