"""Acts by link: what a delegate is asked to sign, and what comes back (specs/06, ASK)."""

import random
from dataclasses import replace

import pytest

from confedproto import bundle, codec, signrequest
from confedproto.bundle import asking
from confedproto.errors import ConfedError, DecodeError, LocalProtocolError, Reason
from confedproto.ids import RecordId
from confedproto.keys import SigningKey
from confedproto.limits import ASK_MAX_BYTES
from confedproto.text import parts
from tests.support.worlds import four, granted


def payload(value: str = "yes") -> bytes:
    return bundle.draft_act(
        granted().file, motion=four().motion, kind="vote", value=value, now=four().now
    )


def asked(value: str = "yes") -> bytes:
    return asking.encode(asking.ask_for(granted().file, payload(value)))


def test_ask_read_back_is_what_was_asked() -> None:
    data = asked()
    found = asking.decode(data)
    assert found.mandate == granted().file
    assert found.request.payload == payload()
    assert found.request.keys == (granted().delegate.public,)
    assert asking.encode(found) == data


def test_ask_signed_gives_the_file_of_the_act() -> None:
    found = asking.decode(asked())
    signed = found.request.sign(granted().delegate)
    assert signed.complete
    file = bundle.build_act(found.mandate, signed.envelope)
    report = bundle.verify([file], [], four().now)
    assert (report.kind, report.reason) == ("act", Reason.RECEIPTS_MISSING)
    again = signrequest.decode(signrequest.encode(signed))
    assert signrequest.join([found.request, again]).complete


def test_ask_in_a_link_and_in_qr_parts_is_the_same() -> None:
    data = asked()
    link = asking.link_of("https://example.org/act.html", data)
    assert link.startswith("https://example.org/act.html#ask=")
    assert asking.of_link(link) == data
    assert parts.join_parts(parts.encode_parts(data)) == data


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("https://example.org/act.html", Reason.TEXT_SCHEME),
        ("#ask=AAA\u00e9", Reason.TEXT_CHARACTER),
        ("#ask=A", Reason.TEXT_CHARACTER),
        ("#ask=AB", Reason.TEXT_CHARACTER),
        ("#ask=AA==", Reason.TEXT_CHARACTER),
        ("#ask=" + "A" * (2 * ASK_MAX_BYTES + 1), Reason.TEXT_LENGTH),
    ],
)
def test_link_that_is_none_is_refused(link: str, reason: Reason) -> None:
    with pytest.raises(DecodeError) as caught:
        asking.of_link(link)
    assert caught.value.reason is reason


def test_ask_for_an_act_under_another_mandate_is_refused() -> None:
    fields = codec.decode(payload())
    assert isinstance(fields, dict)
    other = codec.encode({**fields, "subject": RecordId(bytes(32))})
    with pytest.raises(LocalProtocolError) as caught:
        asking.ask_for(granted().file, other)
    assert caught.value.reason is Reason.BUNDLE_SUBJECT


def test_ask_of_other_keys_than_the_mandate_s_is_refused() -> None:
    found = asking.decode(asked())
    stranger = SigningKey(bytes(range(32)))
    for change in (
        replace(found.request, keys=(stranger.public,)),
        replace(found.request, keys=(*found.request.keys, stranger.public)),
        replace(found.request, part=b"x"),
    ):
        bad = asking.encode(asking.ActRequest(mandate=found.mandate, request=change))
        with pytest.raises(DecodeError) as caught:
            asking.decode(bad)
        assert caught.value.reason is Reason.ENVELOPE_FORM


def test_ask_with_any_bit_flipped_is_refused_or_asks_for_another_act() -> None:
    """A flipped bit in the payload is another act, which whoever signs is shown."""
    data, rng = asked(), random.Random(4)
    acts = {asking.decode(data).request.id}
    for _ in range(300):
        bit = rng.randrange(8 * len(data))
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            found = asking.decode(bytes(changed))
        except ConfedError:
            continue
        assert found.request.id not in acts
        assert found.mandate == granted().file
