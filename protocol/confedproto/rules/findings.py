"""What panels and assemblies say of a contested record, and what follows (specs/07, DIS).

A finding never changes what is certified. It acts on what a decision is worth, on records of
administration, and on holds.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from msgspec.structs import replace

from confedproto.bodies.dispute import Dispute
from confedproto.bodies.finding import Finding
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.bodies.position import Position
from confedproto.bodies.roll import Roll
from confedproto.bodies.vote import Vote
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.case import Case, Placed, World, has_left, rule_of, rule_under
from confedproto.rules.certificate import result_of
from confedproto.rules.dispute import DisputeStatus, compact_about, dispute_status
from confedproto.rules.law import Rule, RuleKind, is_weaker
from confedproto.rules.membership import EVER, ever_members
from confedproto.rules.motion import MotionStatus
from confedproto.rules.notice import adopted_at, nth
from confedproto.rules.states import Turn
from confedproto.rules.tally import Outcome
from confedproto.rules.units import rolls_of, tally_is_wrong

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
        return min(self.appeals(dispute), default=None)

    def appeals(self, dispute: RecordId) -> list[RecordId]:
        """The adopted motions that take a finding back (DIS-7)."""
        return [
            placed.record.id
            for placed in self.world.naming(dispute)
            if dispute in (getattr(placed.record.body, "repeals", None) or ())
            and self._is_adopted(placed.record.id)
        ]

    def _found(self, record: RecordId) -> list[tuple[RecordId, str]]:
        """The disputes about a record that ended with an effect which was not taken back."""
        return [
            (placed.record.id, status.effect)
            for placed, status in self.disputes(record)
            if status.effect is not None and self.taken_back(placed.record.id) is None
        ]

    def disputes(self, record: RecordId) -> list[tuple[Placed, DisputeStatus]]:
        """The disputes about a record before this compact, and what came of each."""
        out: list[tuple[Placed, DisputeStatus]] = []
        for placed in self.world.about(record, "dispute"):
            if not isinstance(placed.record.body, Dispute):
                continue
            found = compact_about(placed.record.id, self.world)
            if found is None or found.record.id != self.compact_id:
                continue
            status = dispute_status(placed, self.compact_id, self.members, self.world, 0)
            if isinstance(status, DisputeStatus):
                out.append((placed, status))
        return out

    def _assemblies(self, record: RecordId) -> Ruling | None:
        """What the last adopted motion says that names a record which is no motion itself."""
        placed = self.world.placed(record)
        if placed is None or isinstance(placed.record.body, Motion | Freeze):
            return None  # one decision replaces another by MOT-15
        said = [(self.closed(motion), motion, effect) for motion, effect in self.words(record)]
        if not said:
            return None
        _, by, effect = max(said)
        return Ruling(effect=effect, by=by)

    def words(self, record: RecordId) -> list[tuple[RecordId, str]]:
        """The motions adopted for good that say `void` or `valid` of a record (DIS-7)."""
        out: list[tuple[RecordId, str]] = []
        for motion in self.world.naming(record):
            body = motion.record.body
            if not isinstance(body, Motion) or not self._is_adopted(motion.record.id):
                continue
            if record in (body.repeals or ()):
                out.append((motion.record.id, "void"))
            elif record in (body.depends or ()):
                out.append((motion.record.id, "valid"))
        return out

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


def is_answered(court: Court, motion: RecordId) -> bool:
    """Whether a unit's claim to a matter is answered (NES-6).

    A panel has found in a dispute of class `scope` about the motion, or the assemblies say that
    it stands: a motion adopted for good lists it in `depends`.
    """
    disputes = (court.world.placed(ruling.by) for ruling in court.rulings(motion))
    found = (placed.record.body for placed in disputes if placed is not None)
    if any(isinstance(body, Dispute) and body.name == "scope" for body in found):
        return True
    return any(effect == "valid" for _, effect in court.words(motion))


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
                again = new_vote(case, court.world)
                if again is not None and again is not Outcome.ADOPTED:
                    out.append((Turn.FINDING, ruling.by))
            case _:
                pass  # valid and recommend leave it as it is; a ledger has no motion
    freeze = status.freeze
    for ruling in court.rulings(freeze.record.id) if freeze is not None else ():
        if ruling.effect == "void":
            out.append((Turn.FINDING, ruling.by))  # what was decided on it is worth nothing
    return out


def awaits_vote(court: Court, case: Case) -> list[RecordId]:
    """The disputes that hold a decision until the new vote that they ordered (DIS-8)."""
    rulings = court.rulings(case.motion.record.id)
    found = [ruling.by for ruling in rulings if ruling.effect == "new-vote"]
    return found if found and new_vote(case, court.world) is None else []


def new_vote(case: Case, world: World) -> Outcome | None:
    """What the assemblies came to when they voted again: on a motion that would supersede this.

    It is of the same class and about the same, so that losing another matter undoes nothing.
    """
    own = case.motion.record
    said = [
        (world.closed(placed.record.id, EVER) or 0, placed.record.id, outcome)
        for placed in world.naming(own.id)
        if own.id in (getattr(placed.record.body, "supersedes", None) or ())
        and placed.record.subject == case.compact_id
        and _matter(placed) == _matter(case.motion)
        and (outcome := world.outcome(placed.record.id, EVER)) is not None
    ]
    return max(said, key=lambda row: row[:2])[2] if said else None


def _matter(motion: Placed) -> tuple[str, bytes | None] | None:
    """The class of a motion and what it is about."""
    body = motion.record.body
    return (body.name, body.target) if isinstance(body, Motion) else None


def recounted(court: Court, case: Case, status: MotionStatus) -> Outcome | None:
    """The outcome of the certified list without the positions that were found void (DIS-8)."""
    certificate, freeze, rule = status.certificate, status.freeze, rule_of(case)
    body = freeze.record.body if freeze is not None else None
    if certificate is None or rule is None or not isinstance(body, Freeze):
        return status.outcome
    vote = certificate.vote.body
    listed = set(vote.counted) if isinstance(vote, Vote) else set[bytes]()
    body = replace(body, rolls=_rolls_that_stand(court, body))
    rolls = rolls_of(body)
    kept = [
        placed.record
        for placed in case.positions
        if placed.record.id in listed and "void" not in court.effects(placed.record.id)
        if isinstance(placed.record.body, Position)
        if not tally_is_wrong(placed.record.body, rolls.get(placed.record.council))
    ]
    return result_of(body, rule, kept)


def _rolls_that_stand(court: Court, freeze: Freeze) -> tuple[int, ...] | None:
    """The frozen rolls; a number that only void records state gives way to the most that a roll
    of that council which stands does, else to 0 (DIS-9).
    """
    if freeze.rolls is None:
        return None
    stated: dict[CouncilId, set[int]] = {}
    void: dict[CouncilId, set[int]] = {}
    for placed in court.world.of_kind("roll"):
        if isinstance(placed.record.body, Roll):
            gone = "void" in court.effects(placed.record.id)
            found = (void if gone else stated).setdefault(placed.record.council, set())
            found.add(placed.record.body.members)
    out: list[int] = []
    for voter, number in zip(freeze.councils, freeze.rolls, strict=True):
        good = stated.get(CouncilId(voter.council), set())
        gone = number in void.get(CouncilId(voter.council), ()) and number not in good
        out.append(max(good, default=0) if gone else number)
    return tuple(out)


def void_since(
    court: Court, record: RecordId, received_at: Callable[[Placed], int | None]
) -> int | None:
    """From when a contested record is void by a panel or the assemblies, or None (DIS-10).

    `received_at` says when enough others had a record (seconds UTC): what is said takes effect
    then, so that it reaches back to nothing. What takes it back later gives no new life.
    """

    def known(placed: Placed) -> int | None:
        received = received_at(placed)
        return None if received is None else max(received, placed.record.time)

    disputes = court.disputes(record)
    contested = min((t for p, _ in disputes if (t := known(p)) is not None), default=None)
    if contested is None:
        return None
    said: dict[str, list[int]] = {"void": [], "valid": []}
    placed = court.world.placed(record)
    if placed is not None and placed.record.council in court.members:
        for motion, effect in court.words(record):
            at = adopted_at(court.world, motion, received_at)
            if at is not None:
                said[effect].append(max(at, contested))
    voids = said["void"]
    for dispute, status in disputes:
        at = _found_at(court, dispute.record.id, status, known)
        if at is None:
            continue
        appeals = [
            adopted_at(court.world, one, received_at) for one in court.appeals(dispute.record.id)
        ]
        before = [one for one in (*appeals, *said["valid"]) if one is not None and one <= at]
        if not before:
            voids.append(at)
    return min(voids, default=None)


def _found_at(
    court: Court,
    dispute: RecordId,
    status: DisputeStatus,
    known: Callable[[Placed], int | None],
) -> int | None:
    """When more than half of a panel were known to find a record void, or None."""
    if status.effect != "void":
        return None
    first: dict[CouncilId, int] = {}
    for placed in court.world.about(dispute, "finding"):
        body, council, at = placed.record.body, placed.record.council, known(placed)
        counts = isinstance(body, Finding) and body.effect == "void" and council in status.panel
        if counts and at is not None and not has_left(court.world, court.compact_id, placed):
            first[council] = min(at, first.get(council, at))
    return nth(first.values(), len(status.panel) // 2 + 1)
