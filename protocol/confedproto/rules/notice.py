"""What a freeze owes to all: time to discuss, notice, a whole roll (specs/07, MOT-12, FRZ-5 to 8).

These answers rest on receipts, on other certificates, and on what is missing, so more records may
change them. So they decide labels before a certificate, and what each node's own vote says by its
journal; what is certified stands (CER-9).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from confedproto.bodies.accession import Accession
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.guest import Guest
from confedproto.bodies.link import Link
from confedproto.bodies.lock import Lock
from confedproto.bodies.motion import Motion
from confedproto.bodies.ratify import Ratify
from confedproto.errors import Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.case import Case, Placed, World, asks_motion
from confedproto.rules.certificate import quorum_of_locks
from confedproto.rules.compact import sponsors_needed
from confedproto.rules.freezing import (
    freeze_fault,
    pause_fault,
    receipt_time,
    standing_freeze,
)
from confedproto.rules.membership import EVER
from confedproto.rules.nesting import founding, joining
from confedproto.rules.receipts import receipts_needed
from confedproto.rules.roll import entries, excused, is_left
from confedproto.rules.tally import Outcome
from confedproto.rules.terms import notice_of


def notice_fault(
    case: Case, freeze: Placed, *, journal_until: int | None = None, own: bool = False
) -> Reason | None:
    """Why a valid freeze does not stand by what others received when, or None (FRZ-7, FRZ-8).

    MOTION_PAUSE (MOT-12), DISCUSSION_OPEN, FREEZE_WINDOW, FREEZE_OMITS. With `journal_until` only
    receipts that had reached this node by then are asked (RCP-4). `own` is a freeze that is not
    written yet: what is to be said of it once others receive it in time.
    """
    body, motion = freeze.record.body, case.motion.record.body
    if not isinstance(body, Freeze) or not isinstance(motion, Motion):
        return Reason.FREEZE_UNKNOWN
    pause = pause_fault(case, freeze)
    if pause is not None:
        return pause
    windows, roll = case.compact.windows, {voter.council for voter in body.councils}
    heard = _Receipts(case, roll, receipts_needed(len(roll)), journal_until)
    frozen = freeze.record.time if own else heard.time_of(freeze)
    if frozen is None or frozen > body.opens:
        return None  # it does not open: FRZ-5
    if motion.name != "emergency" and windows.discussion:
        moved = heard.time_of(case.motion)
        if moved is None and own and frozen <= case.motion.record.time + windows.grace:
            moved = case.motion.record.time
        if moved is None or frozen < moved + windows.discussion:
            return Reason.DISCUSSION_OPEN
    if body.opens < frozen + notice_of(case.compact, motion.name):
        return Reason.FREEZE_WINDOW
    return _omission(case, motion, body, frozen, heard)


def written_at(case: Case, placed: Placed, roll: set[bytes]) -> int | None:
    """When a record counts as written for the councils of a freeze, or None (RCP-5)."""
    return _Receipts(case, roll, receipts_needed(len(roll)), None).time_of(placed)


def leaves_out(case: Case) -> bool:
    """Whether some freeze leaves a member out, so that receipts of other logs bear on it."""
    for placed in case.freezes:
        body = placed.record.body
        if isinstance(body, Freeze) and len(body.councils) < len(case.members):
            return True
    return False


def single_freeze(case: Case) -> Placed | None:
    """The freeze that stands by the records at hand, or None if there is none or two (FRZ-6)."""
    standing = standing_freeze(case, noticed(case, valid_freezes(case)))
    return standing if isinstance(standing, Placed) else None


def valid_freezes(case: Case) -> list[Placed]:
    """The freezes that are valid in themselves, in one order (FRZ-1 to FRZ-4)."""
    ordered = sorted(case.freezes, key=lambda placed: placed.record.id)
    return [placed for placed in ordered if freeze_fault(case, placed) is None]


def noticed(case: Case, valid: Iterable[Placed]) -> list[Placed]:
    """Of valid freezes those of which all had time and notice, and that leave nobody out."""
    return [placed for placed in valid if notice_fault(case, placed) is None]


class _Receipts:
    """When the w-th of others in C had a record."""

    def __init__(self, case: Case, roll: set[bytes], needed: int, until: int | None) -> None:
        self._case, self._roll, self._needed, self._until = case, roll, needed, until
        self._links: _Links | None = None

    def at(self, placed: Placed, least: int = 0) -> int | None:
        """RCP-2, by `least` councils at the least."""
        needed = max(self._needed, least)
        return receipt_time(self._case, placed, self._roll, needed, self._until)

    def time_of(self, placed: Placed) -> int | None:
        """When a record counts as written: as claimed, if it was received within grace of that,
        else when it was received; None if it was not (RCP-5).
        """
        claimed = placed.record.time
        if self._needed == 0:
            return claimed
        received = self.at(placed)
        if received is None or abs(received - claimed) > self._case.compact.windows.grace:
            return received
        return claimed

    def links(self, world: World) -> "_Links":
        """When links were known: read once, however many newcomers are asked about."""
        if self._links is None:
            given: dict[tuple[str, CouncilId, bytes], int] = {}
            answers: dict[CouncilId, list[tuple[CouncilId, CouncilId, bytes, int]]] = {}
            for placed in (*world.of_kind("link"), *world.of_kind("guest")):
                body, author = placed.record.body, placed.record.council
                received = self.at(placed, 1)
                if received is None:
                    continue
                match body:
                    case Link(peer=bytes() as host, invite=bytes() as invite):
                        for one in (author, CouncilId(host)):
                            row = (author, CouncilId(host), invite, received)
                            answers.setdefault(one, []).append(row)
                    case Link(invite=bytes() as invite) | Guest(invite=invite):
                        what = (placed.record.kind, author, invite)
                        given[what] = min(received, given.get(what, received))
                    case _:
                        pass
            self._links = given, answers
        return self._links


_Links = tuple[
    Mapping[tuple[str, CouncilId, bytes], int],
    Mapping[CouncilId, Sequence[tuple[CouncilId, CouncilId, bytes, int]]],
]
"""When an invitation or the word on its guest was known, by kind, host and invitation; by council
the answers that it gave or got: guest, host, invitation, and when each was known.
"""


# --- who must be in C -----------------------------------------------------------------------------


def _omission(
    case: Case, motion: Motion, body: Freeze, frozen: int, heard: _Receipts
) -> Reason | None:
    """FREEZE_OMITS if a council that all could know to be a member is not in C (FRZ-8)."""
    roll = {voter.council for voter in body.councils}
    absent = [council for council in case.members if council not in roll]
    if not absent or case.world is None:
        return None
    known_by = frozen - case.compact.windows.grace
    out = excused(case, motion, body, unbound=False)
    founders = founding(case.world, motion)
    for council in absent:
        if founders is not None and council not in founders:
            joined = [heard.at(placed, 1) for placed in joining(case.world, motion, council)]
            if not any(time is not None and time <= known_by for time in joined):
                continue  # nobody had to know it as a council of these units (NES-5)
        if council in out or not _is_bound(case.world, motion, council, known_by, heard):
            continue
        if case.members[council].accession is None and not is_left(case, body, council):
            return Reason.FREEZE_OMITS
        for accession in entries(case, body, council):
            since = _admitted_at(case, case.world, accession, body.opens, heard)
            if since is not None and since <= known_by:
                return Reason.FREEZE_OMITS
    return None


def _is_bound(
    world: World, motion: Motion, council: CouncilId, known_by: int, heard: _Receipts
) -> bool:
    """Whether all could know that a council had ratified the version, if one is asked (REV-3)."""
    if motion.version is None:
        return True
    for placed in world.about(RecordId(motion.version), "ratify"):
        yes = isinstance(placed.record.body, Ratify) and placed.record.body.value == "yes"
        if placed.record.council == council and yes:
            received = heard.at(placed, 1)
            if received is not None and received <= known_by:
                return True
    return False


def _admitted_at(
    case: Case, world: World, accession: Placed, opens: int, heard: _Receipts
) -> int | None:
    """From when all could know a council as a member: its accession and what let it in (ACC-6).

    What let it in is asked of voting that closed before this freeze opens: never of its own.
    """
    body, received = accession.record.body, heard.at(accession, 1)
    compact = world.compact(case.compact_id)
    if received is None or compact is None or not isinstance(body, Accession):
        return None
    let_in: int | None = None
    if asks_motion(compact):
        if body.motion is not None:
            motion = RecordId(body.motion)
            let_in = adopted_at(world, motion, lambda placed: heard.at(placed, 1), before=opens)
    elif _returns(case, world, accession):
        let_in = 0  # who left is admitted again by its accession alone (ACC-4)
    else:
        let_in = _sponsored_at(case, world, accession.record.council, heard)
    return None if let_in is None else max(received, let_in)


def _returns(case: Case, world: World, accession: Placed) -> bool:
    """Whether a council that was a member had left before this accession in its log (ACC-4)."""
    member = case.members.get(accession.record.council)
    return (
        member is not None
        and member.accession != accession.record.id
        and any(
            placed.record.council == accession.record.council and world.precedes(placed, accession)
            for placed in world.about(case.compact_id, "exit")
        )
    )


def _sponsored_at(case: Case, world: World, newcomer: CouncilId, heard: _Receipts) -> int | None:
    """When the last sponsor needed was known to be linked with a newcomer; 0 if none is."""
    needed = sponsors_needed(case.compact)
    if needed == 0:
        return 0
    founders = {CouncilId(founder.council) for founder in case.compact.founders}
    given, answers = heard.links(world)
    since: dict[CouncilId, int] = {}
    for guest, host, invite, answered in answers.get(newcomer, ()):
        founder = host if guest == newcomer else guest
        call, word = given.get(("link", host, invite)), given.get(("guest", host, invite))
        if founder in founders and call is not None and word is not None:
            whole = max(answered, call, word)
            since[founder] = min(since.get(founder, whole), whole)
    return nth(since.values(), needed)


def adopted_at(
    world: World,
    motion: RecordId,
    received_at: Callable[[Placed], int | None],
    *,
    before: int = EVER,
) -> int | None:
    """When the q-th lock of a certificate that adopts a motion was received, or None.

    `received_at` says when enough others had a record, seconds UTC. Asked is only voting that
    closed before a time: a judgement of a motion must not ask of its own.
    """
    closed = world.closed(motion, before)
    if closed is None or world.outcome(motion, before) is not Outcome.ADOPTED:
        return None
    locks: dict[tuple[bytes, int], dict[CouncilId, int]] = {}
    for placed in world.about(motion, "lock"):
        lock = placed.record.body
        received = received_at(placed)
        if received is None or not isinstance(lock, Lock) or lock.outcome != Outcome.ADOPTED.value:
            continue
        if placed.record.time <= closed:
            continue  # no node's word on that freeze (CER-6)
        found = locks.setdefault((lock.freeze, lock.round), {})
        known = found.get(placed.record.council, received)
        found[placed.record.council] = min(known, received)
    times: list[int] = []
    for (freeze, _), received_of in locks.items():
        frozen = world.placed(RecordId(freeze))
        body = frozen.record.body if frozen is not None else None
        if isinstance(body, Freeze) and body.closes == closed:
            roll = {voter.council for voter in body.councils}
            inside = [time for council, time in received_of.items() if council in roll]
            last = nth(inside, quorum_of_locks(len(roll)))
            times += [] if last is None else [last]
    return min(times, default=None)


def nth(times: Iterable[int], needed: int) -> int | None:
    """The `needed`-th of some times, 0 if none is needed, None if there are fewer."""
    ordered = sorted(times)
    if needed == 0:
        return 0
    return ordered[needed - 1] if len(ordered) >= needed else None
