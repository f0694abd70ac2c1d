"""Certificates: q locks of one round, with a list that gives the outcome (specs/07, CER).

Node keys choose among threshold-signed positions; they never invent a result. So a vote is
worth something only if the positions it names, counted under the frozen rule, give its
outcome, and a certificate needs at least one such vote beside its locks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from confedproto.bodies.freeze import Freeze
from confedproto.bodies.lock import Lock
from confedproto.bodies.position import Position
from confedproto.bodies.vote import Vote
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.tally import Outcome, Rule, Tally, Unit, Value, count, outcome_of

ROUNDS = 1
"""Rounds that this version knows; later rounds need `status` records (CER-4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certified outcome: the locks that make it, and the list it is recounted from."""

    outcome: Outcome
    tally: Tally
    round: int
    vote: VerifiedRecord
    locks: tuple[VerifiedRecord, ...]


def quorum_of_locks(councils: int) -> int:
    """q: how many councils' locks make a certificate when |C| = `councils` (CER-1).

    floor(2n/3) + 1 from 4 councils on, else floor(n/2) + 1, where one dishonest node can
    split the confederation: every screen says so.
    """
    return 2 * councils // 3 + 1 if councils >= 4 else councils // 2 + 1


def tally_of(freeze: Freeze, rule: Rule, positions: Iterable[VerifiedRecord]) -> Tally:
    """Count these positions, at most one a council, with silence for the rest of C (CER-5)."""
    by_council = {record.council: record.body for record in positions}
    units: list[Unit] = []
    for voter in freeze.councils:
        match by_council.get(CouncilId(voter.council)):
            case Position() as position:
                units.append(
                    Unit(
                        weight=voter.weight,
                        yes=position.yes or 0,
                        no=position.no or 0,
                        valid=position.valid,
                        value=Value(position.value),
                    )
                )
            case _:
                units.append(Unit.silent(voter.weight))
    return count(rule, units)


def vote_fault(
    vote: Vote,
    freeze_id: RecordId,
    freeze: Freeze,
    rule: Rule,
    positions: Mapping[RecordId, VerifiedRecord],
) -> Reason | None:
    """Why a vote's list does not give its outcome, or None if it does (CER-5).

    `positions` are the records at hand by id; each one named must be there, be a position on
    this freeze by a council of C, and no council may be named twice.
    """
    if vote.freeze != freeze_id:
        return Reason.FREEZE_MISMATCH
    if not 1 <= vote.round <= ROUNDS:
        return Reason.VOTE_ROUND
    if list(vote.counted) != sorted(set(vote.counted)):
        return Reason.VOTE_LIST
    roll = {voter.council for voter in freeze.councils}
    named: dict[CouncilId, VerifiedRecord] = {}
    for position_id in vote.counted:
        record = positions.get(RecordId(position_id))
        if record is None or not isinstance(record.body, Position):
            return Reason.VOTE_LIST
        if record.council not in roll or record.council in named:
            return Reason.VOTE_LIST
        if record.body.freeze != freeze_id or record.time > freeze.closes:
            return Reason.VOTE_LIST
        named[record.council] = record
    try:
        tally = tally_of(freeze, rule, named.values())
    except VerificationError:
        return Reason.VOTE_LIST  # a tally that cannot be, or a roll that weighs nothing
    return None if outcome_of(tally) == vote.outcome else Reason.VOTE_LIST


def councils_for(
    records: Iterable[VerifiedRecord], freeze_id: RecordId, freeze: Freeze
) -> dict[str, dict[CouncilId, VerifiedRecord]]:
    """Outcome -> council -> its vote (or lock) of round 1 on this freeze (CER-2).

    A council whose node signed for two outcomes stands under both: taking it away would let
    a late record undo a certificate, and with q of n it decides nothing alone (CER-6).
    """
    roll = {voter.council for voter in freeze.councils}
    out: dict[str, dict[CouncilId, VerifiedRecord]] = {}
    for record in records:
        match record.body:
            case Vote() | Lock() as body if body.freeze == freeze_id and body.round == 1:
                if record.council in roll:
                    found = out.setdefault(body.outcome, {})
                    known = found.setdefault(record.council, record)
                    if record.id < known.id:
                        found[record.council] = record
            case _:
                pass
    return out


def certify(
    freeze_id: RecordId,
    freeze: Freeze,
    rule: Rule,
    positions: Mapping[RecordId, VerifiedRecord],
    votes: Iterable[VerifiedRecord],
    locks: Iterable[VerifiedRecord],
) -> Certificate | Reason:
    """The certificate that these records make, or why they make none (CER-1, CER-5).

    Of several good lists the one that most councils named is shown, then the longest, then
    that of the lowest record id: every holder of the same records shows the same tally, and
    one node's late vote with an odd list does not change it.
    """
    needed = quorum_of_locks(len(freeze.councils))
    locked = councils_for(locks, freeze_id, freeze)
    reached = [outcome for outcome, found in sorted(locked.items()) if len(found) >= needed]
    if not reached:
        return Reason.LOCKS_MISSING
    if len(reached) > 1:
        return Reason.LOCKS_SPLIT
    lists: dict[tuple[bytes, ...], list[VerifiedRecord]] = {}
    for record in councils_for(votes, freeze_id, freeze).get(reached[0], {}).values():
        if isinstance(record.body, Vote):
            lists.setdefault(record.body.counted, []).append(record)
    good: list[tuple[int, int, RecordId, VerifiedRecord]] = []
    for counted, named_by in lists.items():
        vote = min(named_by, key=lambda record: record.id)
        body = vote.body
        if not isinstance(body, Vote) or vote_fault(body, freeze_id, freeze, rule, positions):
            continue
        good.append((-len(named_by), -len(counted), vote.id, vote))
    if not good:
        return Reason.VOTE_LIST
    vote = min(good, key=lambda entry: entry[:3])[3]
    counted = vote.body.counted if isinstance(vote.body, Vote) else ()
    return Certificate(
        outcome=Outcome(reached[0]),
        tally=tally_of(freeze, rule, [positions[RecordId(i)] for i in counted]),
        round=1,
        vote=vote,
        locks=tuple(sorted(locked[reached[0]].values(), key=lambda r: r.id)),
    )
