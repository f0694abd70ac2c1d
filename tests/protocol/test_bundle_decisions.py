"""Files of certificates of many councils, and of freezes that rest on more than their seconds."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from confedproto import bundle
from confedproto.bodies.accession import Accession
from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.exit import Exit
from confedproto.bodies.motion import Motion
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.roll import Roll
from confedproto.bodies.second import Second
from confedproto.bodies.takeover import Takeover
from confedproto.bodies.withdraw import Withdraw
from confedproto.bundle import Report
from confedproto.errors import Reason, VerificationError
from confedproto.ids import RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.states import State
from tests.protocol.cases.test_nesting import local, units
from tests.support.assembly import FAR, Assembly, quorum
from tests.support.councils import Author


def opened(file: bytes) -> list[VerifiedRecord]:
    parsed = bundle.decode(file)
    return list(bundle.records_of(parsed).values())


def certificate(made: Assembly, motion: VerifiedRecord) -> bytes:
    return bundle.build_certificate(made.view(), motion.id, FAR)


def judged(*files: bytes) -> Report:
    return bundle.verify(list(files), trust=(), at=FAR)


def without(file: bytes, gone: Callable[[VerifiedRecord], bool]) -> bytes:
    """The file without the records that are `gone`; there must be some."""
    parsed = bundle.decode(file)
    kept = tuple(
        entry for entry, one in zip(parsed.entries, opened(file), strict=True) if not gone(one)
    )
    assert len(kept) < len(parsed.entries)
    return bundle.encode(replace(parsed, entries=kept))


def test_certificate_of_three_hundred_councils_has_its_long_list_once() -> None:
    count = 300
    made = Assembly(20, sponsors=0)
    for number in range(20, count):
        made.authors.append(Author(number + 1))
        made.authors[-1].add(Accession(weight=2), subject=made.compact.id, time=made.now)
    motion = made.move(witnessed=False)
    freeze = made.freeze(motion, councils=made.roll(), witnessed=False)
    said = [made.position(freeze, by, "Y", yes=3) for by in range(count)]
    made.certify(freeze, said, "adopted")
    data = certificate(made, motion)
    report = judged(data)
    assert report.ok, report
    assert report.decision is not None
    assert (report.decision.councils, report.decision.people_yes) == (count, 900)
    votes = [one for one in opened(data) if one.kind == "vote"]
    assert len(votes) > 1
    (part,) = {one.part for one in votes}
    assert part is not None
    assert data.count(part) == 1
    parsed = bundle.decode(data)
    assert bundle.encode(parsed) == data
    bare = tuple(replace(entry, part=None) for entry in parsed.entries)
    cut = bundle.encode(replace(parsed, entries=bare))
    with pytest.raises(VerificationError, match="part-missing"):
        bundle.prove(bundle.decode(cut))
    assert judged(cut).reason is Reason.PART_MISSING


# --- freezes that rest on more than their seconds ------------------------------------------------

History = Callable[[], tuple[Assembly, VerifiedRecord]]
"""A history, and the motion whose certificate is asked for."""


def left() -> tuple[Assembly, VerifiedRecord]:
    made = Assembly(4)
    gone = made.put(3, Exit(reason="We go."), made.compact)
    motion = made.move()
    made.decide(motion, "YYY-", councils=made.roll(without=[3]), exits=[gone])
    return made, motion


def excluded() -> tuple[Assembly, VerifiedRecord]:
    made = Assembly(5, rules={"exclusion": "super(3,4)"})
    target, councils = made.authors[4].council, made.roll(without=[4])
    first = made.move("exclusion", target=target)
    made.decide(first, "YYYY-", councils=councils)
    made.now += 120
    second = made.move("exclusion", target=target, first=first.id)
    made.decide(second, "YYYY-", councils=councils)
    motion = made.move()
    made.decide(motion, "YYYN-", councils=councils, decisions=[second])
    return made, motion


def amended() -> tuple[Assembly, VerifiedRecord]:
    made = Assembly(4)
    motion = made.move()
    made.now += 1
    other = made.amend(motion)
    positions = {"versions": (other.id,)}
    made.decide(motion, "YYYN", versions=[other], positions=positions)
    return made, motion


def taken_over() -> tuple[Assembly, VerifiedRecord]:
    made = Assembly(4)
    motion = made.move()
    made.now += 1
    made.put(0, Withdraw(), motion)
    made.now += 1
    taken = made.put(1, Takeover(), motion)
    made.decide(motion, "YYYN", by=1, takeover=taken.id)
    return made, motion


def amended_compact() -> tuple[Assembly, VerifiedRecord]:
    made = Assembly(4, rules={"charter": "super(2,3)"})
    version = made.found(previous=made.compact.id, seconds=1)
    charter = made.move("charter", target=version.id)
    made.decide(charter, "YYYN")
    for by in (0, 1, 2):
        made.put(by, Ratify(value="yes"), version)
    motion = made.move(version=version.id)
    second = made.put(1, Second(), motion)
    made.decide(motion, "YYY-", councils=made.roll(without=[3]), seconds=[second])
    return made, motion


def claimed() -> tuple[Assembly, VerifiedRecord]:
    made = Assembly(5)
    listed = tuple(sorted(made.authors[by].council for by in range(3)))
    motion = made.move(affected=listed)
    claim = made.put(3, AffectedClaim(reason="The road ends with us."), motion)
    made.decide(motion, "YYYN-", councils=made.roll(without=[4]), claims=[claim])
    return made, motion


def rolled() -> tuple[Assembly, VerifiedRecord]:
    made = Assembly(4, people_quorums=quorum("coordination", 1, 5))
    for by in range(4):
        made.put(by, Roll(members=10, taken=made.now, method="Dues."), None)
    motion = made.move()
    made.decide(motion, "YYYN", rolls=(10,) * 4, positions={"yes": 4, "no": 1})
    return made, motion


def of_a_region() -> tuple[Assembly, VerifiedRecord]:
    made = Assembly(6, level=2, sponsors=0)
    lower = [local(made, who) for who in ((0, 1, 2), (3, 4))]
    made.authors[5].add(Accession(weight=2), subject=lower[1].id, time=made.now)
    motion = made.move(units=units(*lower))
    made.decide(motion, "YYYYNN")
    return made, motion


def admitted_by_motion() -> tuple[Assembly, VerifiedRecord]:
    made = Assembly(4, rules={"accession": "super(2,3)"})
    made.authors.append(Author(9))
    newcomer = made.authors[4]
    letting_in = made.move("accession", target=newcomer.council)
    made.decide(letting_in, "YYYN-", councils=made.roll(without=[4]))
    newcomer.add(Accession(weight=2, motion=letting_in.id), subject=made.compact.id, time=made.now)
    motion = made.move()
    made.decide(motion, "YYYNN")
    return made, motion


def put_again() -> tuple[Assembly, VerifiedRecord]:
    made = Assembly(4)
    first = made.move()
    made.decide(first, "RRNY", "referred-back")
    motion = made.move(parent=first.id)
    made.decide(motion, "YYYN")
    return made, motion


NEEDS: dict[History, frozenset[str]] = {
    left: frozenset({"exit"}),
    excluded: frozenset({"motion", "freeze", "vote", "lock", "position"}),
    amended: frozenset({"amend"}),
    taken_over: frozenset({"takeover", "withdraw"}),
    amended_compact: frozenset({"compact", "ratify", "motion", "freeze", "vote"}),
    claimed: frozenset({"affected-claim"}),
    rolled: frozenset({"roll"}),
    of_a_region: frozenset({"compact", "accession"}),
    admitted_by_motion: frozenset({"accession", "motion", "freeze", "vote"}),
    put_again: frozenset(),
}
"""What each of these files cannot do without, beside what every certificate's file has."""


@pytest.mark.parametrize("history", NEEDS, ids=lambda one: one.__name__)
def test_certificate_that_rests_on_more_is_proved_by_its_file_alone(history: History) -> None:
    made, motion = history()
    found = made.status(motion)
    assert found.state is State.FINAL, found.fault
    report = judged(certificate(made, motion))
    assert report.ok, (report.reason, report.detail)
    assert report.decision is not None
    assert report.decision.outcome == found.outcome


@pytest.mark.parametrize(
    ("history", "kind"),
    [(history, kind) for history, kinds in NEEDS.items() for kind in sorted(kinds)],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_certificate_without_what_it_rests_on_names_what_is_missing(
    history: History, kind: str
) -> None:
    made, motion = history()
    file = certificate(made, motion)
    kept = {motion.id, made.compact.id}

    def gone(one: VerifiedRecord) -> bool:
        ours = one.id in kept or (one.subject == motion.id and kind in VOTED)
        return one.kind == kind and not ours

    report = judged(without(file, gone))
    assert not report.ok
    assert report.reason is Reason.BUNDLE_MISSING, report.detail
    assert report.detail


VOTED = ("motion", "freeze", "vote", "lock", "position")


def test_parent_is_not_asked_for_and_may_be_there() -> None:
    """It bears on the freeze until that is certified, and no more (MOT-12, BUN-19)."""
    made, motion = put_again()
    file = certificate(made, motion)
    assert [one.id for one in opened(file) if one.kind == "motion"] == [motion.id]
    assert isinstance(motion.body, Motion)
    assert motion.body.parent is not None
    parsed = bundle.decode(file)
    parent = RecordId(motion.body.parent)
    beside = bundle.decode(bundle.build_certificate(made.view(), parent, FAR))
    known = {one.id for one in opened(file)}
    more = zip(bundle.records_of(beside).values(), beside.entries, strict=True)
    entries = (*parsed.entries, *(entry for one, entry in more if one.id not in known))
    both = bundle.encode(replace(parsed, entries=entries))
    assert judged(both).ok
    half = without(both, lambda one: one.kind == "lock" and one.subject == parent)
    assert judged(half).reason is Reason.BUNDLE_MISSING


def test_decision_with_too_few_locks_carries_no_freeze() -> None:
    made, motion = excluded()
    file = certificate(made, motion)
    other = next(o for o in opened(file) if o.kind == "lock" and o.subject != motion.id)
    report = judged(without(file, lambda one: one.id == other.id))
    assert (report.ok, report.reason) == (False, Reason.BUNDLE_MISSING)
    assert "locks" in report.detail


def test_decision_of_another_compact_is_not_taken_for_one() -> None:
    made, motion = excluded()
    stranger = Assembly(3)
    beside = stranger.move()
    stranger.decide(beside, "YYY")
    parsed = bundle.decode(certificate(made, motion))
    more = bundle.decode(certificate(stranger, beside)).entries
    known = {entry.envelope for entry in parsed.entries}
    fresh = tuple(entry for entry in more if entry.envelope not in known)
    both = bundle.encode(replace(parsed, entries=(*parsed.entries, *fresh)))
    assert judged(both).reason is Reason.FREEZE_MISMATCH


def test_council_that_came_back_is_unknown_without_the_order_of_its_log() -> None:
    made = Assembly(4, sponsors=0)
    gone = made.put(3, Exit(), made.compact)
    made.now += 1
    back = made.put(3, Accession(weight=2), made.compact)
    motion = made.move()
    made.decide(motion, "YYYN", exits=[gone], accessions=[back])
    assert made.status(motion).state is State.FINAL
    report = judged(certificate(made, motion))
    assert (report.ok, report.reason) == (False, Reason.BUNDLE_MISSING)
    assert "order" in report.detail
