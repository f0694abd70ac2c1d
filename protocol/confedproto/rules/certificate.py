"""Certificates: q locks of one round, with a list that gives the outcome (specs/07, CER).

Node keys choose among threshold-signed positions; they never invent a result. So a vote is
worth something only if the positions it names, counted under the frozen rule, give its
outcome, and a certificate needs w such votes that name one list beside its locks: so the figures
that are shown are not one council's choice.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from confedproto.bodies.freeze import Freeze
from confedproto.bodies.lock import Lock
from confedproto.bodies.position import Position
from confedproto.bodies.vote import Vote
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.receipts import receipts_needed
from confedproto.rules.tally import Outcome, Rule, Tally, Unit, count, outcome_of
from confedproto.rules.units import rolls_of, unit_of

Cast = Mapping[str, Mapping[CouncilId, VerifiedRecord]]
"""Outcome -> council -> its vote (or lock) of one round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certified outcome: the locks that make it, and the list it is recounted from.

    `votes` are w votes that name this list, by lowest id; `vote` is the first of them.
    """

    outcome: Outcome
    tally: Tally
    round: int
    votes: tuple[VerifiedRecord, ...]
    locks: tuple[VerifiedRecord, ...]

    @property
    def vote(self) -> VerifiedRecord:
        """A vote that names the list."""
        return self.votes[0]


def quorum_of_locks(councils: int) -> int:
    """q: how many councils' locks make a certificate when |C| = `councils` (CER-1).

    floor(2n/3) + 1 from 4 councils on, else floor(n/2) + 1, where one dishonest node can
    split the confederation: every screen says so.
    """
    return 2 * councils // 3 + 1 if councils >= 4 else councils // 2 + 1


def tally_of(freeze: Freeze, rule: Rule, positions: Iterable[VerifiedRecord]) -> Tally:
    """Count these positions, at most one a council, with silence for the rest of C (CER-5)."""
    by_council = {record.council: record.body for record in positions}
    rolls = rolls_of(freeze)
    units: list[Unit] = []
    for voter in freeze.councils:
        council = CouncilId(voter.council)
        position = by_council.get(council)
        spoke = position if isinstance(position, Position) else None
        units.append(unit_of(voter.weight, spoke, rolls.get(council)))
    return count(rule, units)


def result_of(freeze: Freeze, rule: Rule, positions: Iterable[VerifiedRecord]) -> Outcome | None:
    """What these positions give; None for a tally that cannot be, or a roll without weight."""
    try:
        return outcome_of(tally_of(freeze, rule, positions))
    except VerificationError:
        return None


def vote_fault(
    vote: Vote,
    freeze_id: RecordId,
    freeze: Freeze,
    rule: Rule,
    positions: Mapping[RecordId, VerifiedRecord],
) -> Reason | None:
    """Why a vote's list does not give its outcome, or None if it does (CER-5)."""
    found = tally_in(vote, freeze_id, freeze, rule, positions)
    return found if isinstance(found, Reason) else None


def tally_in(
    vote: Vote,
    freeze_id: RecordId,
    freeze: Freeze,
    rule: Rule,
    positions: Mapping[RecordId, VerifiedRecord],
) -> Tally | Reason:
    """The count of a vote's list, if the list is good, or why it is not (CER-5).

    `positions` are the records at hand by id; each one named must be there, be a position on
    this freeze by a council of C, and no council may be named twice.
    """
    if vote.freeze != freeze_id:
        return Reason.FREEZE_MISMATCH
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
        return Reason.VOTE_LIST
    return tally if outcome_of(tally) == vote.outcome else Reason.VOTE_LIST


def by_round(
    records: Iterable[VerifiedRecord], freeze_id: RecordId, freeze: Freeze
) -> dict[int, Cast]:
    """Round -> the votes (or locks) of that round on this freeze (CER-2, CER-3).

    A council whose node signed for two outcomes stands under both: taking it away would let
    a late record undo a certificate, and with q of n it decides nothing alone (CER-6).
    """
    roll = {voter.council for voter in freeze.councils}
    out: dict[int, dict[str, dict[CouncilId, VerifiedRecord]]] = {}
    for record in records:
        match record.body:
            case Vote() | Lock() as body if body.freeze == freeze_id:
                if record.council in roll and is_after_closing(record, freeze):
                    found = out.setdefault(body.round, {}).setdefault(body.outcome, {})
                    known = found.setdefault(record.council, record)
                    if record.id < known.id:
                        found[record.council] = record
            case _:
                pass
    return dict(out)


def is_after_closing(record: VerifiedRecord, freeze: Freeze) -> bool:
    """Whether a node's word claims a time at which it could be given (CER-6).

    An honest node signs when round 1 has begun. A key that has expired cannot claim such a time
    for what closed afterwards (LIF-2), so a server thrown away years ago decides nothing.
    """
    return record.time > freeze.closes


def councils_for(
    records: Iterable[VerifiedRecord], freeze_id: RecordId, freeze: Freeze, round_: int = 1
) -> Cast:
    """The votes (or locks) of one round on this freeze, as `by_round` gives them."""
    return by_round(records, freeze_id, freeze).get(round_, {})


def shown_list(
    votes: Iterable[VerifiedRecord], is_good: Callable[[Vote], bool]
) -> VerifiedRecord | None:
    """The vote whose list is shown: of the good lists, the one that most councils named, then
    the longest, then that of the lowest record id (CER-5). None if no list is good.

    Every holder of the same records shows the same tally, and one node's late vote with an odd
    list does not change it.
    """
    lists: dict[tuple[bytes, ...], list[VerifiedRecord]] = {}
    for record in votes:
        if isinstance(record.body, Vote):
            lists.setdefault(record.body.counted, []).append(record)
    good: list[tuple[int, int, RecordId, VerifiedRecord]] = []
    for counted, named_by in lists.items():
        vote = min(named_by, key=lambda record: record.id)
        if isinstance(vote.body, Vote) and is_good(vote.body):
            good.append((-len(named_by), -len(counted), vote.id, vote))
    return min(good, key=lambda entry: entry[:3])[3] if good else None


def certify(
    freeze_id: RecordId,
    freeze: Freeze,
    rule: Rule,
    positions: Mapping[RecordId, VerifiedRecord],
    votes: Iterable[VerifiedRecord],
    locks: Iterable[VerifiedRecord],
) -> Certificate | Reason:
    """The certificate that these records make, or why they make none (CER-1, CER-5).

    If more than one round certifies the outcome, the first one is shown.
    """
    needed = quorum_of_locks(len(freeze.councils))
    reached = [
        (round_, outcome, found)
        for round_, cast in sorted(by_round(locks, freeze_id, freeze).items())
        for outcome, found in cast.items()
        if len(found) >= needed
    ]
    if not reached:
        return Reason.LOCKS_MISSING
    if len({outcome for _, outcome, _ in reached}) > 1:
        return Reason.LOCKS_SPLIT
    said = list(votes)
    for round_, outcome, found in reached:
        for vouching in vouched_lists(said, freeze_id, freeze, (round_, outcome)):
            body = vouching[0].body
            if not isinstance(body, Vote):
                continue
            tally = tally_in(body, freeze_id, freeze, rule, positions)
            if isinstance(tally, Tally):
                return Certificate(
                    outcome=Outcome(outcome),
                    tally=tally,
                    round=round_,
                    votes=vouching,
                    locks=tuple(sorted(found.values(), key=lambda record: record.id)),
                )
    return Reason.VOTE_LIST


def vouchers_needed(councils: int) -> int:
    """How many councils' votes must name the list of a certificate when |C| = `councils` (CER-1).

    w of RCP-3, and at least one: so one honest council counted by it.
    """
    return max(1, receipts_needed(councils))


def vouched_lists(
    votes: Iterable[VerifiedRecord],
    freeze_id: RecordId,
    freeze: Freeze,
    about: tuple[int, str],
) -> list[tuple[VerifiedRecord, ...]]:
    """The lists that enough councils named for one round and outcome, each as its w votes.

    First the one that most councils named, then the longest, then that of the lowest vote id
    (CER-5). A council counts for every list that it signed: what it signs later takes nothing
    back (CER-6).
    """
    roll = {voter.council for voter in freeze.councils}
    lists: dict[tuple[bytes, ...], dict[CouncilId, VerifiedRecord]] = {}
    last: tuple[bytes, ...] | None = None
    named_by: dict[CouncilId, VerifiedRecord] = {}
    for record in votes:
        body = record.body
        if not isinstance(body, Vote) or body.freeze != freeze_id or record.council not in roll:
            continue
        if not is_after_closing(record, freeze):
            continue
        if (body.round, body.outcome) == about:
            if body.counted != last:  # mostly all name one list: compared, it is not hashed
                last, named_by = body.counted, lists.setdefault(body.counted, {})
            known = named_by.setdefault(record.council, record)
            if record.id < known.id:
                named_by[record.council] = record
    needed = vouchers_needed(len(freeze.councils))
    found: list[tuple[int, int, RecordId, tuple[VerifiedRecord, ...]]] = []
    for counted, named_by in lists.items():
        ordered = tuple(sorted(named_by.values(), key=lambda record: record.id))
        if len(ordered) >= needed:
            found.append((-len(ordered), -len(counted), ordered[0].id, ordered[:needed]))
    return [vouching for *_, vouching in sorted(found, key=lambda entry: entry[:3])]
