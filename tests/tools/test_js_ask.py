"""Acts by link in JavaScript: verdict, answer and file are Python's, byte for byte."""

import random
from typing import Any

from confedproto import bundle, record, signrequest
from confedproto.bundle import asking
from confedproto.errors import ConfedError
from confedproto.keys import SigningKey
from tests.support import js
from tests.support.worlds import four, granted, passed_on


def ask_js(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return js.asked({"op": "ask", **one} for one in requests)


def asked(value: str) -> bytes:
    payload = bundle.draft_act(
        granted().file, motion=four().motion, kind="vote", value=value, now=four().now
    )
    return asking.encode(asking.ask_for(granted().file, payload))


def signature(data: bytes, key: SigningKey) -> dict[str, Any]:
    request = asking.decode(data).request
    made = record.sign(request.network, request.payload, key)
    return {"in": data.hex(), "signer": made.signer.hex(), "sig": made.signature.hex()}


def test_ask_in_javascript_gives_the_answer_and_file_of_python() -> None:
    for value, verdict in (("yes", "UNKNOWN"), ("no", "VOID"), ("refer-back", "VOID")):
        data = asked(value)
        [told] = ask_js([signature(data, granted().delegate)])
        signed = asking.decode(data).request.sign(granted().delegate)
        assert told["verdict"] == verdict
        assert told["request"] == signrequest.encode(signed).hex()
        assert told["file"] == bundle.build_act(granted().file, signed.envelope).hex()
        report = bundle.verify([bytes.fromhex(told["file"])], [], four().now)
        assert report.verdict.value == verdict


def test_ask_under_a_link_is_held_to_the_mandate_above() -> None:
    made = passed_on()
    for value, verdict in (("yes", "UNKNOWN"), ("no", "VOID")):
        payload = bundle.draft_act(
            made.file, motion=made.world.motion, kind="vote", value=value, now=made.world.now
        )
        data = asking.encode(asking.ask_for(made.file, payload))
        [told] = ask_js([signature(data, made.delegate)])
        wanted = "receipts-missing" if value == "yes" else "instruction"
        assert (told["verdict"], told["reason"]) == (verdict, wanted)
        signed = asking.decode(data).request.sign(made.delegate)
        assert told["file"] == bundle.build_act(made.file, signed.envelope).hex()
        report = made.world.verify(bytes.fromhex(told["file"]))
        assert (report.verdict.value, report.reason) == (verdict, wanted)
        assert report.above is not None


def test_ask_in_a_link_is_the_same_as_its_bytes() -> None:
    data = asked("yes")
    link = asking.link_of("file:///act.html", data)
    by_link, by_bytes, none = ask_js([{"link": link}, {"in": data.hex()}, {"link": "act.html"}])
    assert by_link == by_bytes
    assert none["why"] == "text-scheme"


def test_ask_signed_by_a_stranger_makes_no_file() -> None:
    data = asked("yes")
    [told] = ask_js([signature(data, SigningKey(bytes(range(32))))])
    assert (told["ok"], told["file"]) == (True, None)


def test_ask_of_two_delegates_makes_the_file_when_both_have_signed() -> None:
    world = four()
    node, keys = world.nodes[0], [SigningKey(bytes([n]) * 32) for n in (7, 8)]
    terms = {"partners": [keys[1].public], "parity": "all"}
    draft = world.sim.desk(node).mandate(
        delegate=keys[0].public,
        kinds=["vote"],
        instructions={world.motion: "yes"},
        until=world.now + 30 * 86_400,
        terms=terms,
    )
    mandate = world.sim.submit(node, draft)
    world.sim.run(4)
    file = bundle.build_mandate(world.view, mandate, world.now)
    payload = bundle.draft_act(file, motion=world.motion, kind="vote", value="yes", now=world.now)
    ask = asking.ask_for(file, payload)
    assert (len(ask.request.keys), ask.request.threshold) == (2, 2)
    data = asking.encode(ask)
    [first] = ask_js([signature(data, keys[0])])
    assert first["file"] is None
    half = signrequest.decode(bytes.fromhex(first["request"]))
    passed_on = asking.encode(asking.ActRequest(mandate=file, request=half))
    assert first["ask"] == passed_on.hex()
    assert first["link"] == asking.link_of("", passed_on)
    [second] = ask_js([signature(passed_on, keys[1])])
    whole = half.sign(keys[1])
    assert second["request"] == signrequest.encode(whole).hex()
    assert second["file"] == bundle.build_act(file, whole.envelope).hex()


def test_ask_changed_is_refused_where_python_refuses_it() -> None:
    data, rng = asked("yes"), random.Random(9)
    changed: list[bytes] = []
    for _ in range(300):
        raw = bytearray(data)
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        changed.append(bytes(raw))
    for one, told in zip(changed, ask_js([{"in": one.hex()} for one in changed]), strict=True):
        try:
            expected = asking.decode(one).request.id.hex()
        except ConfedError:
            assert told["ok"] is False
        else:
            assert told["record"] == expected
