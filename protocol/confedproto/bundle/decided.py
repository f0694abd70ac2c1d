"""Which records a certificate's file needs, from what a node holds (specs/12, BUN-12).

The other side of `filed`: what is asked there is gathered here.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from confedproto.bodies.accession import Accession
from confedproto.bodies.compact import Compact
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.bodies.roll import Roll
from confedproto.bodies.vote import Vote
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.certificate import Certificate, quorum_of_locks
from confedproto.rules.membership import EVER
from confedproto.rules.tally import Outcome
from confedproto.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """Councils to be known, accessions to be shown by compact, and records as they are."""

    councils: set[CouncilId] = field(default_factory=set)
    accessions: dict[RecordId, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    records: dict[RecordId, VerifiedRecord] = field(default_factory=dict)


def needed_for(view: View, motion: RecordId, now: int) -> Needed:
    """All that proves the certificate on a motion, and the decisions that it rests on.

    Raises LocalProtocolError: why there is no certificate here, or RECORD_UNKNOWN.
    """
    out, seen, waiting = Needed(), set[RecordId](), [motion]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += _add_motion(view, out, one, now, whole=one == motion)
    for record in out.records.values():
        out.councils.add(record.council)
    return out


def _add_motion(
    view: View, out: Needed, motion: RecordId, now: int, *, whole: bool
) -> list[RecordId]:
    """One certified motion; gives the motions that it rests on. `whole`: with every lock held."""
    status = view.motion_status(motion, now)
    if isinstance(status, Reason):
        raise LocalProtocolError(status)
    certificate, freeze = status.certificate, status.freeze
    if certificate is None or freeze is None or not isinstance(freeze.record.body, Freeze):
        raise LocalProtocolError(status.fault or Reason.LOCKS_MISSING, status.state)
    record, body = view.records[motion].record, freeze.record.body
    out.councils.update(CouncilId(voter.council) for voter in body.councils)
    _add(out, (record, freeze.record, *_signed(body, certificate, whole=whole)))
    vote = certificate.vote.body
    lists = (body.seconds, body.exits, body.claims, body.versions)
    counted = vote.counted if isinstance(vote, Vote) else ()
    named = [one for ids in (*lists, counted) for one in ids or ()]
    if body.takeover is not None:
        named.append(body.takeover)
        named += [placed.record.id for placed in view.about(motion, "withdraw")]
    _add(out, (_held(view, RecordId(one)) for one in named))
    _add(out, _rolls(view, body))
    more = [RecordId(one) for one in body.decisions or ()]
    if record.subject is None or not isinstance(record.body, Motion):
        return more
    joined = _join(view, record.subject, body)
    joined |= set(body.accessions or ())
    out.accessions[record.subject] |= joined
    for one in joined:
        accession = _held(view, RecordId(one)).body
        if isinstance(accession, Accession) and accession.motion is not None:
            more.append(RecordId(accession.motion))
    for unit in record.body.units or ():
        out.accessions[RecordId(unit)] |= _join(view, RecordId(unit), body)
    if record.body.first is not None:
        more.append(RecordId(record.body.first))
    return [*more, *_version(view, out, record.body, body)]


def _add(out: Needed, records: Iterable[VerifiedRecord]) -> None:
    out.records.update((one.id, one) for one in records)


def _held(view: View, record: RecordId) -> VerifiedRecord:
    placed = view.records.get(record)
    if placed is None:
        raise LocalProtocolError(Reason.RECORD_UNKNOWN, record.hex()[:16])
    return placed.record


def _signed(body: Freeze, certificate: Certificate, *, whole: bool) -> list[VerifiedRecord]:
    """The votes and the locks: all of the motion itself, as many as needed of another."""
    most = None if whole else quorum_of_locks(len(body.councils))
    return [*certificate.votes, *certificate.locks[:most]]


def _join(view: View, compact: RecordId, body: Freeze) -> set[bytes]:
    """The accessions by which councils of C are in a compact."""
    admitted = view.admitted(compact)
    joined = (admitted.get(CouncilId(voter.council)) for voter in body.councils)
    return {m.accession for m in joined if m is not None and m.accession is not None}


def _rolls(view: View, body: Freeze) -> list[VerifiedRecord]:
    """A roll of each council that states what is frozen of its members."""
    wanted = {
        (voter.council, members)
        for voter, members in zip(body.councils, body.rolls or (), strict=False)
    }
    found: dict[tuple[bytes, int], VerifiedRecord] = {}
    for placed in view.of_kind("roll") if wanted else ():
        if isinstance(placed.record.body, Roll):
            said = (placed.record.council, placed.record.body.members)
            if said in wanted:
                found.setdefault(said, placed.record)
    return list(found.values())


def _version(view: View, out: Needed, motion: Motion, body: Freeze) -> list[RecordId]:
    """The version that a motion runs under, who ratified it, and the motion that adopted it."""
    if motion.version is None:
        return []
    version = RecordId(motion.version)
    before: bytes | None = version
    while before is not None:
        record = _held(view, RecordId(before))
        _add(out, [record])
        before = record.body.previous if isinstance(record.body, Compact) else None
    voters = {voter.council for voter in body.councils}
    said = view.about(version, "ratify")
    _add(out, (placed.record for placed in said if placed.record.council in voters))
    return [
        placed.record.id
        for placed in view.world.naming(version)
        if getattr(placed.record.body, "target", None) == version
        and view.world.outcome(placed.record.id, EVER) is Outcome.ADOPTED
    ]
