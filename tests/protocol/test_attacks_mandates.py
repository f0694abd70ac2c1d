"""Delegates and councils that sign without end, or in a circle (specs/06, ACT-3, ACT-8)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from confedproto.bodies.act import Act
from confedproto.errors import Reason
from confedproto.ids import CouncilId, Hash, LogId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules import delegation
from confedproto.rules.acts import Done, links_of
from confedproto.rules.delegation import At, MandateCase
from confedproto.rules.mandate import Heads, Outcome
from confedproto.rules.receipts import LogLines, WitnessLine, receipts
from tests.support.delegates import FREE, NOON, story

DEEP = 10_000


def done(number: int, previous: int | None, *, received: int | None = 1, name: int = 0) -> Done:
    act = Act(
        motion=FREE,
        kind="spending-order",
        value="yes",
        number=number,
        head=b"head",
        previous=None if previous is None else previous.to_bytes(32, "big"),
        amount=1,
        currency="chf",
    )
    one = RecordId((name or number).to_bytes(32, "big"))
    return Done(id=one, act=act, received=received)


class Walked(list[Done]):
    """Acts that count how often they are gone through."""

    walks = 0

    def __iter__(self) -> Iterator[Done]:
        self.walks += 1
        return super().__iter__()


def test_chain_of_ten_thousand_acts_is_walked_once() -> None:
    acts = Walked(done(number, number - 1 or None) for number in range(1, DEEP + 1))
    acts.reverse()  # the last comes first
    found = links_of(acts)
    last = found[acts[0].id]
    assert (last.missing, last.astray, last.spent) == (False, False, DEEP - 1)
    assert acts.walks == 1


def test_chain_with_a_gap_is_missing_from_there_on() -> None:
    acts = [done(number, number - 1 or None) for number in range(1, DEEP) if number != 10]
    found = links_of(acts)
    assert [one.id for one in acts if not found[one.id].missing] == [one.id for one in acts[:9]]


def test_ten_thousand_acts_of_one_number_are_compared_once() -> None:
    acts = [done(1, None, received=5, name=name) for name in range(1, DEEP)]
    found = links_of(acts)
    assert [one.id for one in acts if not found[one.id].beaten] == [acts[0].id]
    following = done(2, 1, name=DEEP)
    assert links_of([*acts, following])[following.id].doubled == 5


def test_acts_that_name_each_other_have_no_beginning() -> None:
    circle = [done(2, 3), done(3, 2), done(2, 2, name=4)]
    found = links_of(circle)
    assert all(found[one.id].missing for one in circle)


def test_status_of_a_mandate_asks_for_each_acts_receipts_a_fixed_number_of_times() -> None:
    told, previous = story(), None
    for number in range(1, 201):
        act = told.act(
            number=number, previous=previous, time=NOON + number, motion=FREE, received=None
        )
        previous = act.id
    for other in told.councils[1:]:
        other.witness([told.home], time=NOON + 300)
    asked = 0
    case = told.view().mandates.case(told.mandate.id)
    assert not isinstance(case, Reason)

    def counted(record: VerifiedRecord) -> Mapping[CouncilId, int]:
        nonlocal asked
        asked += 1
        return case.receipts_of(record)

    watched: MandateCase = replace(case, receipts_of=counted)
    status = delegation.mandate_status(watched, NOON + 400)
    assert status.void_acts == ()
    assert asked <= 5 * 200
    judged = delegation.Acts(case)
    last = next(at for at in case.acts if at.record.id == previous)
    assert isinstance(last, At)
    assert judged.status(last).verdict.outcome is Outcome.VALID


def test_heads_that_acts_cite_are_put_in_order_once() -> None:
    heads = Heads([(size, 1_000 - size) for size in range(1, DEEP)])
    assert heads.effect_time(0, 0) == 0
    assert heads.effect_time(0, 500) == 999, "the latest of all that do not cover it"
    assert heads.effect_time(2_000, 500) == 2_000


class Counting(LogLines):
    """Lines that count how many of them are looked at."""

    asked = 0

    def past(self, index: int) -> Iterator[WitnessLine]:
        for one in super().past(index):
            self.asked += 1
            yield one


def test_receipts_of_a_record_end_with_the_last_witness_that_saw_so_far() -> None:
    lines = Counting()
    for n in range(2_000):
        for witness in (b"a", b"b"):
            lines.add(line(witness, size=n + 10, time=n))
    lines.add(line(b"d", size=1, time=1))
    assert receipts(lines, 5) == {b"a" * 32: 0, b"b" * 32: 0}
    assert lines.asked <= 5, "whoever never saw it is not waited for"
    assert receipts(lines, 5) == receipts(list(lines), 5)


def line(witness: bytes, *, size: int, time: int) -> WitnessLine:
    return WitnessLine(
        witness=CouncilId((witness * 32)[:32]),
        log=LogId(bytes(32)),
        size=size,
        root=Hash(bytes(32)),
        time=time,
        arrived=time,
    )
