"""A mandate and all that bears on it: one answer for a node's view and for files (specs/06).

    mandate_status(case, at)   the mandate at a time, with what a reader has to be told
    act_status(case, act)      the verdict on one act, when it was done, whether it can change

A case holds records that their councils' authorities admitted; order has no meaning.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from confedproto.bodies.act import Act
from confedproto.bodies.charter import Delegation
from confedproto.bodies.mandate import PETITION, Condition, Mandate
from confedproto.bodies.petition import Petition
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.recall import Recall
from confedproto.bodies.report import Report
from confedproto.errors import Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.acts import (
    Circumstances,
    Cover,
    Done,
    act_time,
    act_verdict,
    doubled_from,
    is_final,
    links_of,
)
from confedproto.rules.mandate import (
    VOTE,
    Heads,
    Outcome,
    Verdict,
    grant_fault,
    instruction_verdict,
    mandate_verdict,
    unknown,
)
from confedproto.rules.passing import chain_fault
from confedproto.rules.receipts import receipts_needed, received_at
from confedproto.rules.tenure import History, State, state_at

PETITION_ITEM_S: Final = 14 * 86_400
"""Seconds within which an assembly has to speak of a petition that has its share (RCL-5)."""
ALONE_RECEIPTS: Final = 1
"""Receipts that an act needs where no compact says how many: one, of any other council."""


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """A record and its index in its own council's log; None: it is not shown to be in it."""

    record: VerifiedRecord
    index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateCase:
    """Everything that is known about one mandate.

    `before` are its council's mandates earlier in the log, each with the time it was recalled.
    `members` of its compact are None while that is not known; `heads` are signed heads of the
    council's log, (size, time); `whole_until` is the time of the head up to which that log is
    held whole, -1 if it is not. `carried` are the times from which recalls that other councils'
    logs carry take effect, `voided` is that from which it is found void. `other_heads` are the
    times of `whole_until` for the other members' logs. `above` is the case of the mandate that
    this one passes on, None if there is none or it is not known.
    """

    granted: VerifiedRecord
    mandate: Mandate
    rules: Delegation | None
    before: Sequence[tuple[Mandate, int | None]]
    recalls: Sequence[At]
    reports: Sequence[At]
    petitions: Sequence[At]
    acts: Sequence[At]
    ratified: Callable[[RecordId], Sequence[At]]
    has_position: Callable[[RecordId], bool]
    receipts_of: Callable[[VerifiedRecord], Mapping[CouncilId, int]]
    head_time_of: Callable[[VerifiedRecord], int]
    holds: Callable[[Condition], bool | None]
    members: Collection[CouncilId] | None
    heads: Sequence[tuple[int, int]]
    whole_until: int = -1
    carried: Sequence[int] = ()
    voided: int | None = None
    other_heads: Sequence[int] = ()
    above: "MandateCase | None" = None

    @property
    def chain(self) -> "tuple[MandateCase, ...]":
        """This mandate and, if it is a link, the one above as far as it is known (LVL-1)."""
        return (self,) if self.above is None else (self, self.above)

    @property
    def above_missing(self) -> bool:
        """Whether it passes on a mandate that is not known here."""
        return self.mandate.above is not None and self.above is None


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateStatus:
    """A mandate at a time.

    `reported` are due dates that were met, `accepted` which of those reports the assembly has
    answered and how. `petition` is the largest one, (count, members), `item_by` until when its
    item has to be on the agenda if it has its share. `void_acts` each open an item of recall.
    """

    verdict: Verdict
    state: State
    history: History
    accepted: Mapping[int, bool]
    petition: tuple[int, int] | None
    item_by: int | None
    void_acts: tuple[RecordId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActStatus:
    """The verdict on an act; `done` is its time (None: not known), `final` that it stays so."""

    verdict: Verdict
    done: int | None
    final: bool
    received: int | None


def history_of(case: MandateCase) -> History:
    """What is known to have happened to the mandate."""
    return History(
        recalled=recalls_from(case),
        reported=_reported(case),
        doubled=doubled_from(_done(case).values()),
        voided=case.voided,
        whole_until=case.whole_until,
        fault=grant_fault(case.mandate, case.rules, case.before) or _chain_fault(case),
    )


def _chain_fault(case: MandateCase) -> Reason | None:
    """Why a link does not pass on the mandate above it, as far as that is known (LVL-2)."""
    if case.above is None:
        return None
    if case.above.granted.council == case.granted.council:
        return Reason.MANDATE_CHAIN
    return chain_fault(case.above.mandate, case.mandate, case.granted.signers)


def recalls_from(case: MandateCase) -> tuple[int, ...]:
    """From when each recall by the mandate's own council takes effect (RCL-1, RCL-2)."""
    heads = Heads(case.heads)
    own = [
        heads.effect_time(one.record.time, one.index)
        for one in case.recalls
        if isinstance(one.record.body, Recall)
        and one.record.subject == case.granted.id
        and one.record.council == case.granted.council
        and one.index is not None
    ]
    return tuple(sorted((*own, *case.carried)))


def _reported(case: MandateCase) -> dict[int, int]:
    """Due date -> from when its first report takes effect; only dates of the mandate (REP-1)."""
    heads, out = Heads(case.heads), dict[int, int]()
    for one in case.reports:
        body = one.record.body
        if not isinstance(body, Report) or one.index is None:
            continue
        if body.due in (case.mandate.reports or ()):
            time = heads.effect_time(one.record.time, one.index)
            out[body.due] = min(time, out.get(body.due, time))
    return out


def needed_for(case: MandateCase, one: At) -> int | None:
    """w, or None while the compact is not known and a receipt more would not help (ACT-2).

    What is not shown to be in its log needs a receipt, which it cannot have.
    """
    if case.mandate.compact is None:
        return ALONE_RECEIPTS
    if case.members is None:
        return None if case.receipts_of(one.record) else ALONE_RECEIPTS
    needed = receipts_needed(len(case.members))
    return needed if one.index is not None else max(1, needed)


def _receipt_times(case: MandateCase, one: At) -> list[int]:
    times = case.receipts_of(one.record)
    return sorted(
        time
        for council, time in times.items()
        if council != case.granted.council
        and (case.members is None or case.mandate.compact is None or council in case.members)
    )


def _done(case: MandateCase) -> dict[RecordId, Done]:
    out: dict[RecordId, Done] = {}
    for one in case.acts:
        if not isinstance(one.record.body, Act) or one.record.subject != case.granted.id:
            continue
        needed = needed_for(case, one)
        received = None if needed is None else received_at(_receipt_times(case, one), needed)
        if needed == 0:
            received = one.record.time
        out[one.record.id] = Done(id=one.record.id, act=one.record.body, received=received)
    return out


def answer_of(case: MandateCase, about: RecordId) -> bool | None:
    """The council's first answer in its log to an act or a report, None without one (RAT-1)."""
    rows = [
        (one.index, one.record.body.value == "yes")
        for one in case.ratified(about)
        if isinstance(one.record.body, Ratify)
        and one.index is not None
        and one.record.council == case.granted.council
    ]
    return min(rows)[1] if rows else None


class _Asked:
    """Whether the conditions of a mandate hold, each asked once: a certificate may rest on it."""

    def __init__(self, holds: Callable[[Condition], bool | None]) -> None:
        self._ask: Final = holds
        self._known: Final[dict[Condition, bool | None]] = {}

    def holds(self, condition: Condition) -> bool | None:
        """What is known of one, None if nothing is."""
        if condition not in self._known:
            self._known[condition] = self._ask(condition)
        return self._known[condition]


def act_status(case: MandateCase, one: At) -> ActStatus:
    """The verdict on an act under the mandate (ACT-1)."""
    return Acts(case).status(one)


class Acts:
    """All acts under a mandate, judged: what they have in common is looked at once."""

    def __init__(self, case: MandateCase) -> None:
        self._case: Final = case
        self._done: Final = _done(case)
        self._links: Final = links_of(tuple(self._done.values()))
        self._histories: Final = [history_of(each) for each in case.chain]
        self._positions: Final[dict[RecordId, bool]] = {}
        self._asked: Final = [_Asked(each.holds) for each in case.chain]
        self._own_head: Final = min(each.whole_until for each in case.chain)

    def status(self, one: At) -> ActStatus:
        """The verdict on one of them (ACT-1)."""
        case, act = self._case, one.record.body
        assert isinstance(act, Act)
        needed, times = needed_for(case, one), _receipt_times(case, one)
        about = Circumstances(
            claimed=one.record.time,
            head_time=case.head_time_of(one.record),
            receipt_times=times,
            needed=needed,
            links=self._links[one.record.id],
            overridden=act.kind == VOTE and self._is_overridden(RecordId(act.motion)),
            above_missing=case.above_missing,
        )
        covers = [
            Cover(
                mandate=each.mandate,
                history=history,
                instructed=instruction_verdict(each.mandate, act, asked.holds),
                ratified=answer_of(each, one.record.id),
            )
            for each, history, asked in zip(case.chain, self._histories, self._asked, strict=True)
        ]
        verdict = act_verdict(covers, act, about)
        done = None if needed is None else act_time(about.claimed, times, needed)
        final = (
            verdict.outcome in (Outcome.VALID, Outcome.VOID)
            and needed is not None
            and is_final(
                done,
                own_head=self._own_head,
                other_heads=case.chain[-1].other_heads,
                councils=len(case.members or ()) or 1,
                needed=max(1, needed),
            )
        )
        received = self._done[one.record.id].received
        return ActStatus(verdict=verdict, done=done, final=final, received=received)

    def _is_overridden(self, motion: RecordId) -> bool:
        if motion not in self._positions:
            self._positions[motion] = any(each.has_position(motion) for each in self._case.chain)
        return self._positions[motion]


def mandate_status(case: MandateCase, at: int) -> MandateStatus:
    """The mandate at `at` (seconds UTC) and what there is to be said of it."""
    history, acts = history_of(case), Acts(case)
    petition, item_by = _petition(case)
    accepted: dict[int, bool] = {}
    for one in case.reports:
        answer = answer_of(case, one.record.id)
        if isinstance(one.record.body, Report) and answer is not None:
            due = one.record.body.due
            accepted[due] = accepted.get(due, False) or answer
    return MandateStatus(
        verdict=_verdict(case, history, at),
        state=state_at(case.mandate, history, at),
        history=history,
        accepted=accepted,
        petition=petition,
        item_by=item_by,
        void_acts=tuple(
            sorted(
                one.record.id
                for one in case.acts
                if isinstance(one.record.body, Act) and _opens_item(acts.status(one))
            )
        ),
    )


def _verdict(case: MandateCase, history: History, at: int) -> Verdict:
    """The mandate's own verdict; where that is VALID, that of the one above too (LVL-3)."""
    own = mandate_verdict(case.mandate, history, at)
    if own.outcome is not Outcome.VALID or case.mandate.above is None:
        return own
    if case.above is None:
        return unknown(Reason.MANDATE_UNKNOWN)
    return mandate_verdict(case.above.mandate, history_of(case.above), at)


def _opens_item(status: ActStatus) -> bool:
    """A void act is one for the next agenda, but not where the council spoke itself (RCL-6)."""
    verdict = status.verdict
    return verdict.outcome is Outcome.VOID and verdict.reason is not Reason.OVERRIDDEN


def _petition(case: MandateCase) -> tuple[tuple[int, int] | None, int | None]:
    """The petition with the largest share, and the date of the first that has enough (RCL-5)."""
    part, whole = PETITION
    if case.mandate.petition is not None:
        part, whole = case.mandate.petition.part, case.mandate.petition.whole
    heads = Heads(case.heads)
    best: tuple[int, int] | None = None
    item_by: int | None = None
    for one in case.petitions:
        body = one.record.body
        if not isinstance(body, Petition) or one.record.council != case.granted.council:
            continue
        if best is None or body.count * best[1] > best[0] * body.members:
            best = (body.count, body.members)
        if body.count * whole >= part * body.members and one.index is not None:
            due = heads.effect_time(one.record.time, one.index) + PETITION_ITEM_S
            item_by = due if item_by is None else min(item_by, due)
    return best, item_by
