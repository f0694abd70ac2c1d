"""What panels and assemblies say of a contested record, and what follows (specs/07, DIS).

A finding never changes what is certified. It acts on what a decision is worth, on records of
administration, and on holds.
"""

from collections.abc import Collection
from dataclasses import dataclass

from confedproto.bodies.dispute import Dispute
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.bodies.vote import Vote
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.case import Case, Placed, World, has_left, rule_of, rule_under
from confedproto.rules.certificate import result_of
from confedproto.rules.dispute import DisputeStatus, dispute_status
from confedproto.rules.law import Rule, RuleKind, is_weaker
from confedproto.rules.membership import EVER, ever_members
from confedproto.rules.motion import MotionStatus
from confedproto.rules.states import Turn
from confedproto.rules.tally import Outcome

SETTLED = frozenset({"valid", "recommend"})
"""Effects of a finding after which a challenge or a hold that rests on the dispute is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """An effect of the closed list, and the dispute or motion that has it."""

    effect: str
    by: RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """Where disputes are decided: a compact and who ever was its member, over all that is known.

    `members`: `ever_members` of rules.membership.
    """

    compact_id: RecordId
    members: Collection[CouncilId]
    world: World

    def speaks(self, placed: Placed) -> bool:
        """Whether a record is a member's where it stands, whatever came later (COM-9, EXI-1)."""
        inside = placed.record.council in self.members
        return inside and not has_left(self.world, self.compact_id, placed)

    def rulings(self, record: RecordId) -> tuple[Ruling, ...]:
        """What holds of a record: the assemblies' last word, else each finding (DIS-5, DIS-7).

        A finding that the assemblies took back is none.
        """
        last = self._assemblies(record)
        if last is not None:
            return (last,)
        found = [Ruling(effect=effect, by=one) for one, effect in self._found(record)]
        return tuple(sorted(found, key=lambda ruling: ruling.by))

    def effects(self, record: RecordId) -> set[str]:
        """The effects of all rulings on a record."""
        return {ruling.effect for ruling in self.rulings(record)}

    def settled(self, dispute: RecordId) -> bool:
        """Whether a dispute ended without anything against what was contested."""
        placed = self.world.placed(dispute)
        subject = placed.record.subject if placed is not None else None
        if placed is None or subject is None:
            return False
        last = self._assemblies(subject)
        if last is not None:
            return last.effect in SETTLED
        return dict(self._found(subject)).get(dispute) in SETTLED

    def taken_back(self, dispute: RecordId) -> RecordId | None:
        """The adopted motion that takes a finding back by its `repeals`, or None (DIS-7)."""
        back = [
            placed.record.id
            for placed in self.world.naming(dispute)
            if dispute in (getattr(placed.record.body, "repeals", None) or ())
            and self._is_adopted(placed.record.id)
        ]
        return min(back, default=None)

    def _found(self, record: RecordId) -> list[tuple[RecordId, str]]:
        out: list[tuple[RecordId, str]] = []
        for placed in self.world.about(record, "dispute"):
            if not isinstance(placed.record.body, Dispute):
                continue
            status = dispute_status(placed, self.compact_id, self.members, self.world, 0)
            effect = status.effect if isinstance(status, DisputeStatus) else None
            if effect is not None and self.taken_back(placed.record.id) is None:
                out.append((placed.record.id, effect))
        return out

    def _assemblies(self, record: RecordId) -> Ruling | None:
        """What the last adopted motion says that names a record which is no motion itself."""
        placed = self.world.placed(record)
        if placed is None or isinstance(placed.record.body, Motion):
            return None  # one decision replaces another by MOT-15
        said: list[tuple[int, RecordId, str]] = []
        for motion in self.world.naming(record):
            body = motion.record.body
            if not isinstance(body, Motion) or not self._is_adopted(motion.record.id):
                continue
            if record in (body.repeals or ()):
                said.append((self.closed(motion.record.id), motion.record.id, "void"))
            elif record in (body.depends or ()):
                said.append((self.closed(motion.record.id), motion.record.id, "valid"))
        if not said:
            return None
        _, by, effect = max(said)
        return Ruling(effect=effect, by=by)

    def _is_adopted(self, motion: RecordId) -> bool:
        """Whether a motion of this compact is adopted for good, by `majority` at least (DIS-7)."""
        placed = self.world.placed(motion)
        if placed is None or placed.record.subject != self.compact_id:
            return False
        rule = rule_under(self.world, placed)
        if rule is None or is_weaker(rule, Rule(kind=RuleKind.MAJORITY)):
            return False
        return self.world.outcome(motion, EVER) is Outcome.ADOPTED

    def closed(self, motion: RecordId) -> int:
        """When the certified voting on a motion closed, seconds UTC; 0 without a certificate."""
        return self.world.closed(motion, EVER) or 0


def is_challenged(court: Court, record: RecordId, author: CouncilId) -> bool:
    """Whether two other members say that a record of administration is policy (ADA-3, case 49).

    It is held until a panel or the assemblies have said what it is.
    """
    if court.rulings(record):
        return False
    by = {
        placed.record.council
        for placed in court.world.about(record, "dispute")
        if isinstance(placed.record.body, Dispute) and placed.record.body.name == "scope"
        if court.speaks(placed)
    }
    return len(by - {author}) >= 2


def court_of(case: Case, world: World) -> Court:
    """The court for what is contested about a motion."""
    ever = ever_members(case.compact_id, case.members, world)
    return Court(compact_id=case.compact_id, members=ever, world=world)


def turns(court: Court, case: Case, status: MotionStatus) -> list[tuple[Turn, RecordId]]:
    """What findings do to the effect of an adopted motion (DIS-8)."""
    out: list[tuple[Turn, RecordId]] = []
    for ruling in court.rulings(case.motion.record.id):
        match ruling.effect:
            case "void":
                out.append((Turn.FINDING, ruling.by))
            case "recount":
                if recounted(court, case, status) is not Outcome.ADOPTED:
                    out.append((Turn.FINDING, ruling.by))
            case "new-vote":
                again = new_vote(court, case.motion.record.id)
                if again is not None and again is not Outcome.ADOPTED:
                    out.append((Turn.FINDING, ruling.by))
            case _:
                pass  # valid and recommend leave it as it is; a ledger has no motion
    return out


def awaits_vote(court: Court, motion: RecordId) -> list[RecordId]:
    """The disputes that hold a decision until the new vote that they ordered (DIS-8)."""
    if new_vote(court, motion) is not None:
        return []
    return [ruling.by for ruling in court.rulings(motion) if ruling.effect == "new-vote"]


def new_vote(court: Court, motion: RecordId) -> Outcome | None:
    """What the assemblies came to when they voted again: on a motion that would supersede this."""
    said = [
        (court.closed(placed.record.id), placed.record.id, outcome)
        for placed in court.world.naming(motion)
        if motion in (getattr(placed.record.body, "supersedes", None) or ())
        and placed.record.subject == court.compact_id
        and (outcome := court.world.outcome(placed.record.id, EVER)) is not None
    ]
    return max(said, key=lambda row: row[:2])[2] if said else None


def recounted(court: Court, case: Case, status: MotionStatus) -> Outcome | None:
    """The outcome of the certified list without the positions that were found void (DIS-8)."""
    certificate, freeze, rule = status.certificate, status.freeze, rule_of(case)
    body = freeze.record.body if freeze is not None else None
    if certificate is None or rule is None or not isinstance(body, Freeze):
        return status.outcome
    vote = certificate.vote.body
    listed = set(vote.counted) if isinstance(vote, Vote) else set[bytes]()
    kept = [
        placed.record
        for placed in case.positions
        if placed.record.id in listed and "void" not in court.effects(placed.record.id)
    ]
    return result_of(body, rule, kept)
