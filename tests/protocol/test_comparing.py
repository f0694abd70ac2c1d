"""Two comparers talk: nothing when equal, the news after a cursor, else ranges."""

import pytest

from confedproto import wire
from confedproto.comparing import Comparer, Words
from confedproto.errors import Reason, RemoteProtocolError
from confedproto.ids import CouncilId, Hash, LogId, TransportKey
from confedproto.log import Head
from confedproto.session import Session, State

A, B = CouncilId(b"A" * 32), CouncilId(b"B" * 32)


def head(number: int, size: int = 1) -> Head:
    log = LogId(bytes((number % 256, number // 256)) * 16)
    return Head(log=log, size=size, root=Hash(bytes((size,)) * 32), time=0, envelope=b"h")


def session(council: CouncilId, *, initiator: bool) -> Session:
    return Session(
        link=1,
        remote=TransportKey(bytes(32)),
        initiator=initiator,
        state=State.OPEN,
        council=council,
        salt=b"salt",
    )


class Pair:
    """A dials B."""

    def __init__(self, count: int = 40) -> None:
        self.a, self.b = Comparer(), Comparer()
        self.at_a, self.at_b = session(B, initiator=True), session(A, initiator=False)
        for comparer, now in ((self.a, 1), (self.b, 2)):
            comparer.begin(now)
            for number in range(count):
                comparer.put(head(number))

    def greet(self) -> tuple[Words, Words]:
        to_b, to_a = self.a.hello(B, None), self.b.hello(A, None)
        return self.a.on_hello(self.at_a, B, to_a), self.b.on_hello(self.at_b, A, to_b)

    def named(self, of_a: Words, of_b: Words) -> tuple[set[LogId], int, int]:
        """All logs that are named in the end, the messages and the bytes that it took."""
        logs = {*of_a.logs, *of_b.logs}
        messages = size = 0
        todo = [(True, m) for m in of_a.messages] + [(False, m) for m in of_b.messages]
        while todo:
            from_a, message = todo.pop(0)
            assert isinstance(message, wire.Ranges)
            messages += 1
            size += len(wire.encode(message))
            words = (
                self.b.on_ranges(self.at_b, message)
                if from_a
                else self.a.on_ranges(self.at_a, message)
            )
            logs.update(words.logs)
            todo += [(not from_a, m) for m in words.messages]
        return logs, messages, size


def test_equal_sets_say_nothing_after_hello() -> None:
    assert Pair().greet() == (Words(), Words())


def test_hello_of_equals_has_less_than_a_hundred_bytes() -> None:
    pair = Pair()
    pair.greet()
    assert len(wire.encode(pair.a.hello(B, None))) < 100


def test_one_changed_head_of_many_is_found_by_ranges() -> None:
    pair = Pair(20_000)
    pair.b.put(head(7, 5))
    logs, messages, size = pair.named(*pair.greet())
    assert head(7).log in logs
    assert messages <= 6
    assert size < 1_000


def test_news_after_a_cursor_is_all_that_is_named() -> None:
    pair = Pair(20_000)
    pair.greet()
    pair.b.put(head(7, 5))
    of_a, of_b = pair.greet()
    assert of_a == Words()
    assert of_b == Words(logs=[head(7).log])


def test_cursor_of_an_earlier_life_is_worth_nothing() -> None:
    pair = Pair()
    pair.greet()
    pair.b = Comparer()
    pair.b.begin(3)
    pair.b.put(head(7, 5))
    of_a, of_b = pair.greet()
    assert of_a.messages
    logs, _, _ = pair.named(of_a, of_b)
    assert logs == {head(number).log for number in range(40)}


def test_digest_that_differs_makes_the_initiator_look() -> None:
    pair = Pair()
    pair.b.put(head(50))
    assert pair.a.on_digest(pair.at_a, pair.b.digest_now()).messages
    assert pair.b.on_digest(pair.at_b, pair.a.digest_now()) == Words()


def test_host_is_doubted_until_it_says_hello() -> None:
    pair = Pair()
    assert not pair.a.may_be_strange(B)
    pair.a.doubt(B)
    assert pair.a.may_be_strange(B)
    pair.greet()
    assert not pair.a.may_be_strange(B)


@pytest.mark.parametrize(
    "item",
    [
        wire.Range(prefix=b"\x10", prints=b""),
        wire.Range(prefix=b"", prints=bytes(127)),
        wire.Range(prefix=b"\x01\x02\x03\x04", prints=bytes(128)),
    ],
)
def test_range_of_no_tree_ends_the_link(item: wire.Range) -> None:
    pair = Pair()
    with pytest.raises(RemoteProtocolError) as caught:
        pair.b.on_ranges(pair.at_b, wire.Ranges(ranges=(item,)))
    assert caught.value.reason is Reason.MESSAGE_FORM
