"""specs/schemas against the code: what one takes the other takes, as far as CDDL can say it.

Values go through CBOR, since CDDL tools read that: the six types of CMP map one to one.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cbor2
import msgspec
import pycddl
import pytest

from confedproto import codec, wire
from confedproto.bodies import KINDS
from tools.vectors import examples
from tools.vectors.broken_bodies import broken_bodies

SPECS = Path(__file__).resolve().parents[2] / "specs"

UNSAID = {
    "language-long": "CDDL cannot give a text a pattern and a length",
    "titles-17": "pycddl does not count arrays in arrays",
    "rules-17": "pycddl does not count arrays in arrays",
    "terms-another": "pycddl lets a map of optional fields have others",
    "text": "pycddl takes a text of the right length for bytes",
}
"""Faults, by the end of their name, that this tool lets pass; the code refuses all."""


def source(name: str) -> str:
    """A schema for pycddl, which looks for a pattern anywhere unless it is anchored."""
    text = (SPECS / "schemas" / f"{name}.cddl").read_text("utf-8")
    return re.sub(r'\.regexp "([^"]*)"', r'.regexp "^(\1)$"', text)


@cache
def schema(name: str, rule: str) -> pycddl.Schema:
    return pycddl.Schema(f"root = {rule}\n{source(name)}")


def takes(name: str, rule: str, value: Any) -> bool:
    try:
        schema(name, rule).validate_cbor(cbor2.dumps(value))
    except pycddl.ValidationError:
        return False
    return True


def payload_rule(kind: str) -> str:
    has_subject = kind in KINDS and KINDS[kind].subject
    return "payload-with-subject" if has_subject else "payload-without-subject"


def rules_of(name: str) -> set[str]:
    return set(re.findall(r"^([a-z-]+)\s*=", source(name), re.MULTILINE))


def test_every_kind_and_message_has_a_rule() -> None:
    assert set(KINDS) <= rules_of("records")
    assert {kind.__name__.lower() for kind in wire.TYPES.values()} <= rules_of("messages")


@pytest.mark.parametrize("kind", KINDS)
def test_example_is_taken_by_the_schema(kind: str) -> None:
    assert takes("records", kind, examples.BODIES[kind])
    assert takes("records", payload_rule(kind), examples.payload(kind))
    short = {
        name: value
        for name, value in examples.BODIES[kind].items()
        if name not in examples.OPTIONAL.get(kind, ())
    }
    assert takes("records", kind, short)


@pytest.mark.parametrize("kind", KINDS)
def test_example_has_every_field_of_its_kind(kind: str) -> None:
    fields = msgspec.structs.fields(KINDS[kind].body)
    assert set(examples.BODIES[kind]) == {field.name for field in fields}
    optional = {field.name for field in fields if not field.required}
    assert set(examples.OPTIONAL.get(kind, ())) == optional


BROKEN = [(kind, slug, body) for _, kind, slug, _, body in broken_bodies()]


@pytest.mark.parametrize(
    ("kind", "slug", "body"), BROKEN, ids=[f"{kind}-{slug}" for kind, slug, _ in BROKEN]
)
def test_body_with_one_fault_is_refused_where_cddl_can_say_it(
    kind: str, slug: str, body: dict[str, Any]
) -> None:
    said = not any(slug == name or slug.endswith(f"-{name}") for name in UNSAID)
    if said:
        assert not takes("records", kind, body)


def test_unsaid_faults_are_few_and_really_unsaid() -> None:
    unsaid = [slug for kind, slug, body in BROKEN if takes("records", kind, body)]
    assert len(unsaid) <= 24
    for name in UNSAID:
        assert any(slug.endswith(name) for slug in unsaid), f"{name} is said now"


def accepted(op: str) -> Iterator[tuple[str, bytes]]:
    content = json.loads((SPECS / "vectors" / f"{op}.json").read_text("utf-8"))
    for vector in content["vectors"]:
        if vector["expect"]["ok"]:
            yield vector["id"], bytes.fromhex(vector["in"]["in"])


@pytest.mark.parametrize(
    ("name", "raw"), list(accepted("record")), ids=lambda value: str(value)[:40]
)
def test_record_vector_is_taken_by_the_schema(name: str, raw: bytes) -> None:
    envelope = codec.decode(raw)
    assert takes("records", "envelope", envelope)
    payload = codec.decode(envelope[0])
    kind = payload["kind"]
    rule = "payload-with-subject" if "subject" in payload else "payload-without-subject"
    assert takes("records", rule, payload)
    if kind in KINDS:
        assert rule == payload_rule(kind)
        assert takes("records", kind, payload["body"])


@pytest.mark.parametrize(("name", "raw"), list(accepted("head")), ids=lambda value: str(value)[:40])
def test_head_vector_is_taken_by_the_schema(name: str, raw: bytes) -> None:
    head = codec.decode(raw)
    assert takes("records", "head", head)
    assert takes("records", "head-payload", codec.decode(head[0]))


def test_heads_part_is_taken_by_the_schema() -> None:
    assert takes("records", "heads-part", codec.decode(examples.PARTS["witness"]))
    assert not takes("records", "heads-part", [])


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "Recall"},
        {"charter": -1},
        {"charter": 1_000_001},
        {"time": 2**40 + 1},
        {"subject": bytes(31)},
        {"salt": bytes(15)},
        {"scope": bytes(33)},
        {"body": [1]},
        {"ext": {}},
        {"note": 1},
        {"subject": None},
        {"time": None},
    ],
    ids=str,
)
def test_payload_with_one_fault_is_refused(change: dict[str, Any]) -> None:
    good = examples.payload("recall")
    assert takes("records", "payload-with-subject", good)
    broken = {name: value for name, value in {**good, **change}.items() if value is not None}
    assert not takes("records", "payload-with-subject", broken)


def messages() -> list[wire.Message]:
    raw, log = b"envelope", bytes(range(32))
    head = wire.AnnouncedHead(log=log, size=3, root=bytes(8))
    return [
        wire.Hello(council=log, digest=bytes(16)),
        wire.Knock(charters=(raw,), node=raw, link=raw),
        wire.Heads(heads=(head, head)),
        wire.Pull(log=log, start=0),
        wire.Run(log=log, start=1, leaves=((raw,), (raw, b"part")), head=b"h"),
        wire.Run(log=log, start=1, leaves=((raw,),), head=b"h", proof=(log,)),
        wire.DigestNow(digest=bytes(16)),
        wire.DigestNow(digest=bytes(16), at=wire.Cursor(epoch=5, number=9)),
        wire.Ranges(ranges=(wire.Range(prefix=b"\x01", prints=bytes(128)),)),
        wire.Run(log=log, start=0, leaves=((b"leaf",), log), head=b"h"),
        wire.Hello(digest=bytes(16), scopes=(wire.ScopeDigest(scope=log, digest=bytes(16)),)),
        wire.Heads(
            scope=log, heads=(wire.AnnouncedHead(log=log, size=1, root=bytes(8), mark=b"m"),)
        ),
        wire.Want(log=log, indexes=(0, 7)),
        wire.AskPiece(root=log, index=31),
        wire.Piece(root=log, index=0),
        wire.Piece(root=log, index=0, data=b"data", path=(log,)),
        wire.Fresh(heads=(b"h" * 170,)),
        wire.Leaves(log=log, leaves=(wire.FoundLeaf(index=7, leaf=(b"leaf", b"part")),)),
        wire.Bye(reason="peer-silent"),
        wire.AskHead(log=log, size=5),
        wire.HeadTold(log=log, size=5),
        wire.HeadTold(log=log, size=5, head=b"h", root=log, path=(log,)),
    ]


@pytest.mark.parametrize("message", messages(), ids=lambda message: type(message).__name__)
def test_message_is_taken_by_the_schema_and_with_a_fault_is_not(message: wire.Message) -> None:
    rule = type(message).__name__.lower()
    value = codec.decode(wire.encode(message)[1:], max_bytes=65_535)
    assert takes("messages", rule, value)
    assert not takes("messages", rule, {**value, "note": 1})
    for field in msgspec.structs.fields(message):
        name = field.name
        if field.required:
            short = {key: item for key, item in value.items() if key != name}
            assert not takes("messages", rule, short)
        if name in value:
            assert not takes("messages", rule, {**value, name: {"another": "type"}})


def test_messages_of_the_test_are_all_there_are() -> None:
    assert {type(message) for message in messages()} == set(wire.TYPES.values())
