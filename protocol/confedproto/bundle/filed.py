"""What a certificate's file holds besides its own motion, and that it holds all of it (BUN-12).

A freeze may rest on exits, claims, amendments, rolls, versions of the compact, and on other
decisions. They are judged by the node's own rules, from the file's records and no others; what
is not there is named.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from confedproto.bodies.accession import Accession
from confedproto.bodies.compact import Compact
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.lock import Lock
from confedproto.bodies.motion import Motion
from confedproto.bodies.position import Position
from confedproto.bodies.roll import Roll
from confedproto.bodies.vote import Vote
from confedproto.bundle.evidence import Evidence
from confedproto.bundle.membership import compact_of
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, LogId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules import motion as rules
from confedproto.rules.certificate import quorum_of_locks
from confedproto.rules.compact import Member, rule_for
from confedproto.rules.known import Known
from confedproto.rules.motion import Case, MotionStatus, Placed
from confedproto.rules.roll import bound_by
from confedproto.rules.shelves import Shelves

Founded = tuple[Compact, Mapping[CouncilId, Member]]
"""A compact and the members that a file shows."""
_VOTING: Final = frozenset({"motion", "freeze", "position", "vote", "lock"})


def _unknown(_: CouncilId) -> list[tuple[LogId, int]]:
    """Places in logs are not in a file."""
    return []


class Filed:
    """The answers of one file to the rules."""

    def __init__(self, proved: Evidence) -> None:
        self.proved: Final = proved
        self._records: Final = {one.id: _placed(one) for one in proved.records.values()}
        self._shelves: Final = Shelves()
        for one in sorted(self._records):
            self._shelves.put(self._records[one])
        self._founded: Final[dict[RecordId, Founded | VerificationError]] = {}
        answers = (self.compact, self.admitted, self.case, self._status, _unknown)
        self.world: Final = Known(self._records, self._shelves, *answers)

    def about(self, subject: RecordId, kind: str) -> Sequence[Placed]:
        """The records of a kind with this subject."""
        return self._shelves.about(subject, kind)

    def founded(self, compact: RecordId) -> Founded:
        """A compact of the file and the councils that it shows. Raises as `compact_of`."""
        found = self._founded.get(compact)
        if found is None:
            try:
                found = compact_of(self.proved, compact)
            except VerificationError as error:
                found = error
            self._founded[compact] = found
        if isinstance(found, VerificationError):
            raise found
        return found

    def compact(self, compact: RecordId) -> tuple[VerifiedRecord, Compact] | Reason:
        """The founded compact, or why there is none."""
        try:
            body, _ = self.founded(compact)
        except VerificationError as error:
            return error.reason
        return self.proved.records[compact], body

    def admitted(self, compact: RecordId) -> Mapping[CouncilId, Member]:
        """The councils of a compact that the file shows."""
        try:
            return self.founded(compact)[1]
        except VerificationError:
            return {}

    def case(self, motion: RecordId) -> Case | Reason:
        """What the file has on a motion; what others saw of logs is not in a file."""
        return self.world.gather(motion, lambda _: ())

    def _status(self, motion: RecordId, now: int) -> MotionStatus | Reason:
        case = self.case(motion)
        return case if isinstance(case, Reason) else rules.status(case, now)


def _placed(record: VerifiedRecord) -> Placed:
    return Placed(record=record, log=LogId(record.id), index=0, arrived=0)


# --- that all of it is there --------------------------------------------------------------


def check_whole(filed: Filed, motion: RecordId) -> None:
    """Raise VerificationError unless the file has what the motion rests on, and no other votes.

    BUNDLE_MISSING with what it is and its id; FREEZE_DOUBLE, FREEZE_MISMATCH, VOTE_LIST, and what
    `compact_of` says of a compact.
    """
    seen: set[RecordId] = set()
    waiting = [motion]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += _check_motion(filed, one)
    for kind in sorted(_VOTING):
        for record in filed.proved.of_kind(kind):
            about = record.id if kind == "motion" else record.subject
            beside = kind == "motion" and filed.world.naming(record.id)  # a parent never frozen
            if about not in seen and not beside:
                raise VerificationError(Reason.FREEZE_MISMATCH, kind, record.id)


def the_freeze(proved: Evidence, motion: RecordId) -> tuple[VerifiedRecord, Freeze]:
    """The one freeze of a motion in the file. Raises VerificationError."""
    freezes = [one for one in proved.of_kind("freeze") if one.subject == motion]
    if len(freezes) > 1:
        raise VerificationError(Reason.FREEZE_DOUBLE, "two freezes", motion)
    if not freezes or not isinstance(freezes[0].body, Freeze):
        if motion == proved.bundle.subject and proved.of_kind("freeze"):
            raise VerificationError(Reason.FREEZE_MISMATCH, "a freeze of another motion", motion)
        raise _missing("the freeze", motion)
    return freezes[0], freezes[0].body


def _missing(what: str, record: bytes) -> VerificationError:
    return VerificationError(Reason.BUNDLE_MISSING, what, RecordId(record))


def _check_motion(filed: Filed, motion: RecordId) -> list[RecordId]:
    """One motion is there, with all that its freeze and votes name; gives what it rests on."""
    proved = filed.proved
    record = proved.records.get(motion)
    if record is None or not isinstance(record.body, Motion) or record.subject is None:
        raise _missing("a decision that it rests on", motion)
    compact, _ = filed.founded(record.subject)
    freeze, body = the_freeze(proved, motion)
    _check_joined(proved, record.subject, compact, body)
    _check_votes(proved, motion, freeze.id, body)
    if motion != proved.bundle.subject:
        _check_locks(proved, motion, body)
    named = (body.exits, body.claims, body.versions)
    for one in (*(one for ids in named for one in ids or ()), *_single(body.takeover)):
        if one not in proved.records:
            raise _missing("a record that is named", one)
    _check_places(filed, record, body)
    _check_rolls(proved, body)
    _check_units(filed, record, record.body, body)
    return [
        *(RecordId(one) for one in body.decisions or ()),
        *_readings(filed, record.body),
        *_check_version(filed, record.body, body),
        *_admitting(filed, record.subject, compact, body),
    ]


def _single(one: bytes | None) -> tuple[bytes, ...]:
    return () if one is None else (one,)


def _check_joined(proved: Evidence, compact_id: RecordId, compact: Compact, body: Freeze) -> None:
    """Every council of C is a founder or its accession is there."""
    inside = {founder.council for founder in compact.founders}
    inside |= {one.council for one in proved.of_kind("accession") if one.subject == compact_id}
    for voter in body.councils:
        if voter.council not in inside:
            raise _missing("an accession", voter.council)


def _check_votes(proved: Evidence, motion: RecordId, freeze: RecordId, body: Freeze) -> None:
    """Every record that the freeze and the votes name is there, each about this freeze."""
    for voter in body.councils:
        if CouncilId(voter.council) not in proved.authorities:
            raise _missing("the charter of a council", voter.council)
    counted: set[RecordId] = set()
    ours = [one for kind in ("vote", "position", "lock") for one in proved.of_kind(kind)]
    ours = [one for one in ours if one.subject == motion]
    votes = [one.body for one in ours if isinstance(one.body, Vote)]
    if not votes:
        raise _missing("no vote", motion)
    if len({vote.counted for vote in votes}) > 1:
        raise VerificationError(Reason.VOTE_LIST, "votes with two lists", motion)
    for one in ours:
        match one.body:
            case Vote() | Position() | Lock() as about if about.freeze != freeze:
                raise VerificationError(Reason.FREEZE_MISMATCH, one.kind, one.id)
            case _:
                pass
    counted.update(RecordId(position) for vote in votes for position in vote.counted)
    for wanted in sorted(
        {*map(RecordId, (*(body.seconds or ()), *(body.accessions or ()))), *counted}
    ):
        if wanted not in proved.records:
            raise _missing("a record that is named", wanted)
    for one in ours:
        if isinstance(one.body, Position) and one.id not in counted:
            raise VerificationError(Reason.VOTE_LIST, "a position that is not counted", one.id)


def _check_locks(proved: Evidence, motion: RecordId, body: Freeze) -> None:
    """A decision that another rests on is certified: of the file's own the judge says it."""
    roll = {voter.council for voter in body.councils}
    locked = {one.council for one in proved.of_kind("lock") if one.subject == motion}
    if len(locked & roll) < quorum_of_locks(len(roll)):
        raise _missing("locks of a decision that it rests on", motion)


def _check_places(filed: Filed, motion: VerifiedRecord, body: Freeze) -> None:
    """What would rest on the order of two records in a log, a file does not show."""
    voters = {voter.council for voter in body.councils}
    for one in body.exits or ():
        if filed.proved.records[RecordId(one)].council in voters:
            raise _missing("the order of an exit and an accession", one)
    if body.takeover is not None:
        said = filed.about(motion.id, "withdraw")
        if not any(placed.record.council == motion.council for placed in said):
            raise _missing("the withdrawal", motion.id)


def _check_rolls(proved: Evidence, body: Freeze) -> None:
    said = {
        (one.council, one.body.members)
        for one in proved.of_kind("roll")
        if isinstance(one.body, Roll)
    }
    for voter, members in zip(body.councils, body.rolls or (), strict=False):
        if (voter.council, members) not in said:
            raise _missing("the roll of a council", voter.council)


def _readings(filed: Filed, motion: Motion) -> Iterator[RecordId]:
    """A first reading. A parent is not asked for: it bears on a freeze before it is certified, and
    not on the certificate (MOT-12); where it is there, it is judged with all that it rests on.
    """
    if motion.first is not None:
        yield RecordId(motion.first)
    if motion.parent is not None:
        parent = RecordId(motion.parent)
        if parent in filed.proved.records and filed.about(parent, "freeze"):
            yield parent


def _check_version(filed: Filed, motion: Motion, body: Freeze) -> Iterator[RecordId]:
    """The version that a motion runs under, the decision that adopted it, and who ratified it."""
    version = motion.version
    if version is None:
        return
    before: bytes | None = version
    while before is not None:
        placed = filed.world.placed(RecordId(before))
        if placed is None or not isinstance(placed.record.body, Compact):
            raise _missing("a version of the compact", before)
        before = placed.record.body.previous
    adopting = [
        placed.record.id
        for placed in filed.world.naming(RecordId(version))
        if isinstance(placed.record.body, Motion) and placed.record.body.name == "charter"
    ]
    if not adopting:
        raise _missing("the decision on a version", version)
    bound = bound_by(filed.world, RecordId(version))
    for voter in body.councils:
        if voter.council not in bound:
            raise _missing("the ratification of a council", voter.council)
    yield from adopting


def _check_units(filed: Filed, record: VerifiedRecord, motion: Motion, body: Freeze) -> None:
    """The lower compacts that a motion names, and that who votes is of one of them."""
    inside: set[bytes] = {record.council}
    for unit in motion.units or ():
        if unit not in filed.proved.records:
            raise _missing("a lower compact", unit)
        inside |= set(filed.founded(RecordId(unit))[1])
    inside |= {placed.record.council for placed in filed.about(record.id, "affected-claim")}
    for voter in body.councils if motion.units is not None else ():
        if voter.council not in inside:
            raise _missing("an accession to a lower compact", voter.council)


def _admitting(
    filed: Filed, compact_id: RecordId, compact: Compact, body: Freeze
) -> Iterator[RecordId]:
    """The decisions that admitted councils of C, where the compact asks for one (ACC-3)."""
    if rule_for(compact, "accession") is None:
        return
    voters = {voter.council for voter in body.councils}
    for placed in filed.about(compact_id, "accession"):
        accession = placed.record.body
        let_in = accession.motion if isinstance(accession, Accession) else None
        if placed.record.council in voters and let_in is not None:
            yield RecordId(let_in)
