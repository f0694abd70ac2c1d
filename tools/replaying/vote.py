"""One real vote: its units found a confederation, take their positions and certify."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from confednode.demo.votes import UnitRow, Vote
from confedproto.drafts import Draft
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import RecordId, network_id
from confedproto.limits import NAME_MAX_CHARS
from confedproto.rules.certificate import quorum_of_locks
from confedproto.rules.motion import MotionStatus, State
from confedproto.rules.tally import Outcome, Rule, value_of
from tools.replaying.councils import KEYHOLDERS, WINDOWS, Council, Network

START_S = 1_700_000_000
FOUNDERS_MAX = 60
"""So many founders' signatures fit one record; the others accede."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the certificate says; units in halves. `records` went through `record.open`."""

    accepted: bool
    people_yes: int
    people_no: int
    people_accept: bool
    units_yes: int
    units_no: int
    units_accept: bool
    locks: int
    records: int


def replay(vote: Vote, rule: Rule) -> Result:
    """Decide `vote` under `rule` with one council per unit, in virtual time.

    Raises LocalProtocolError with the reason where the rules refuse the vote.
    """
    network = Network(network_id("replay"), START_S)
    members = _found(network, vote)
    mover = members[0][1]
    compact = _compact(network, members, rule)
    title = vote.heading[:NAME_MAX_CHARS].strip()
    draft = network.desk(mover).motion(
        compact, title=title, text=vote.heading, salt=_seed(vote, "salt")[:16]
    )
    motion = _judged(network, mover, draft)
    _judged(network, mover, network.desk(mover).freeze(motion))
    network.witness()
    _take_positions(network, motion, members)
    return _certified(network, motion)


def _seed(vote: Vote, *names: str) -> bytes:
    return hashlib.sha256("\0".join((vote.vote_id, *names)).encode()).digest()


def _found(network: Network, vote: Vote) -> list[tuple[UnitRow, Council]]:
    """A council for each unit, the heaviest first: a founder must weigh something."""
    rows = sorted(vote.units, key=lambda row: -row.weight_halves)
    return [
        (
            row,
            network.found(
                row.unit,
                [_seed(vote, row.unit, str(number)) for number in range(KEYHOLDERS + 2)],
            ),
        )
        for row in rows
    ]


def _compact(network: Network, members: Sequence[tuple[UnitRow, Council]], rule: Rule) -> RecordId:
    founders, late = members[:FOUNDERS_MAX], members[FOUNDERS_MAX:]
    mover, others = founders[0][1], [council for _, council in founders[1:]]
    draft = network.desk(mover).compact(
        name="Replay",
        rule=str(rule),
        windows=WINDOWS,
        weights={council.id: row.weight_halves for row, council in founders},
        seconds=0,
        sponsors=0,
        weight_max=max(row.weight_halves for row, _ in members),
    )
    compact = _judged(network, mover, draft, others)
    for row, council in late:
        network.submit(council, network.desk(council).accession(compact, row.weight_halves))
    network.show()
    return compact


def _judged(
    network: Network, council: Council, draft: Draft, others: Sequence[Council] = ()
) -> RecordId:
    made = network.submit(council, draft, *others, judged=True)
    network.show()
    return made


def _take_positions(
    network: Network, motion: RecordId, members: Sequence[tuple[UnitRow, Council]]
) -> None:
    opens = _times(network, motion)[0]
    if network.now > opens:
        raise LocalProtocolError(Reason.FREEZE_RECEIPTS, "too many councils for the notice")
    network.now = opens
    for row, council in members:
        draft = network.desk(council).position(
            motion, value_of(row.yes, row.no).value, yes=row.yes, no=row.no, valid=row.valid
        )
        network.submit(council, draft)
    network.show()
    network.witness()


def _times(network: Network, motion: RecordId) -> tuple[int, int]:
    status = _status(network, motion)
    if status.times is None:
        raise LocalProtocolError(status.fault or Reason.FREEZE_UNKNOWN)
    return status.times.opens, status.times.first_round


def _status(network: Network, motion: RecordId) -> MotionStatus:
    status = network.view.motion_status(motion, network.now)
    if isinstance(status, Reason):
        raise LocalProtocolError(status)
    return status


def _certified(network: Network, motion: RecordId) -> Result:
    """First every node votes, then every node that holds a quorum of votes locks."""
    network.now = max(network.now, _times(network, motion)[1])
    while network.perform():
        network.now += 1
    status = _status(network, motion)
    certificate = status.certificate
    if status.state is not State.FINAL or certificate is None:
        raise LocalProtocolError(status.fault or Reason.LOCKS_MISSING, status.state)
    if len(certificate.locks) < quorum_of_locks(len(network.councils)):
        raise LocalProtocolError(Reason.LOCKS_MISSING)
    tally = certificate.tally
    return Result(
        accepted=certificate.outcome is Outcome.ADOPTED,
        people_yes=tally.people_yes,
        people_no=tally.people_no,
        people_accept=tally.people_accept,
        units_yes=tally.units_yes,
        units_no=tally.units_no,
        units_accept=tally.units_accept,
        locks=len(certificate.locks),
        records=network.records,
    )
