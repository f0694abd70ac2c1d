"""Records: each refusal of `record.open`, the rules of parts, and a type nobody else can make."""

import base64
import copy
import dataclasses
import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from confedproto import codec, record, wire
from confedproto import payload as payloads
from confedproto.bodies import KINDS, Part
from confedproto.bodies.freeze import Freeze, Voter
from confedproto.bodies.motion import Motion, Title
from confedproto.bodies.position import Position
from confedproto.bodies.recall import Recall
from confedproto.bodies.status import KnownLock, Status
from confedproto.bodies.types import Body
from confedproto.bodies.vote import Vote
from confedproto.bodies.witness import Witness, WitnessedHead
from confedproto.errors import DecodeError, LocalProtocolError, Reason, VerificationError
from confedproto.ids import CouncilId, NetworkId, network_id, record_id, signing_bytes
from confedproto.keys import GROUP_ORDER, SigningKey
from confedproto.limits import (
    HEAD_MAX_BYTES,
    MEMBERS_MAX,
    MESSAGE_MAX_BYTES,
    PART_MAX_BYTES,
    RECORD_MAX_BYTES,
    ROWS_MAX_BYTES,
    SIGNATURES_MAX,
    WEIGHT_MAX,
)
from confedproto.merkle import leaf_hash, root_of
from confedproto.parts import is_detached
from confedproto.record import RefusedLeaf, VerifiedRecord
from confedproto.wire import Run
from tests.support.councils import key

NETWORK: Final = network_id("records")
SPECS: Final = Path(__file__).resolve().parents[2] / "specs" / "vectors"
KEYS: Final = sorted((key(number) for number in range(1, 4)), key=lambda k: k.public)
ID: Final = bytes(range(32))
COUNCIL: Final = CouncilId(bytes([7]) * 32)
FIELDS: Final[dict[str, Any]] = {
    "kind": "recall",
    "charter": 1,
    "time": 1_700_000_000,
    "council": COUNCIL,
    "subject": ID,
    "body": {"reason": "enough"},
}


def payload(**changes: Any) -> bytes:
    """The payload of FIELDS with changes; None leaves a field out."""
    fields = FIELDS | changes
    return codec.encode({name: value for name, value in fields.items() if value is not None})


def rows(data: bytes, signers: Sequence[SigningKey] = KEYS[:1]) -> list[list[Any]]:
    message = signing_bytes(record_id(NETWORK, data))
    return [[signer.public, record.FORM_RAW, signer.sign(message)] for signer in signers]


def envelope(data: bytes, signatures: object = None) -> bytes:
    """An envelope as written, in order or not."""
    return codec.encode([data, rows(data) if signatures is None else signatures])


def reason_of(data: bytes, part: bytes | None = None) -> Reason:
    with pytest.raises((DecodeError, VerificationError)) as caught:
        record.open(NETWORK, data, part)
    return caught.value.reason


# --- what opens ------------------------------------------------------------------------------


def test_open_of_a_good_record_gives_its_fields() -> None:
    data = payload(time=5)
    opened = record.open(NETWORK, envelope(data, rows(data, KEYS)))
    assert opened.id == record_id(NETWORK, data)
    assert (opened.kind, opened.council, opened.charter, opened.time) == ("recall", COUNCIL, 1, 5)
    assert opened.subject == ID
    assert opened.body == Recall(reason="enough")
    assert opened.signers == tuple(signer.public for signer in KEYS)
    assert opened.payload == data
    assert opened.part is None


def test_open_of_a_first_charter_gives_its_own_id_as_council() -> None:
    body = {"name": "A", "threshold": 1, "keys": [KEYS[0].public]}
    data = payload(kind="charter", charter=0, council=None, subject=None, body=body)
    opened = record.open(NETWORK, envelope(data))
    assert bytes(opened.council) == opened.id


def test_open_of_an_unknown_kind_gives_a_map_that_cannot_change() -> None:
    data = payload(kind="song", body={"verses": [{"line": "la"}]})
    opened = record.open(NETWORK, envelope(data))
    body: Any = opened.body
    assert body["verses"][0]["line"] == "la"
    for changed in (body, body["verses"], body["verses"][0]):
        with pytest.raises(TypeError):
            changed[0] = "lo"


def test_open_with_ext_and_salt_takes_them_without_effect() -> None:
    data = payload(ext={"colour": "red"}, salt=bytes(16))
    assert record.open(NETWORK, envelope(data)).body == Recall(reason="enough")


# --- what does not ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        [],
        [b"x"],
        {"payload": b"x"},
        b"bytes",
        ["text", []],
        [b"x", {}],
        [b"x", [], []],
        [b"x", [7]],
        [b"x", [[bytes(32), 0]]],
        [b"x", [[bytes(32), 0, bytes(64), 1]]],
        [b"x", [[bytes(32), "0", bytes(64)]]],
        [b"x", [[bytes(32), False, bytes(64)]]],
        [b"x", [["a" * 32, 0, bytes(64)]]],
        [b"x", [[bytes([n]) + bytes(31), 0, b""] for n in range(SIGNATURES_MAX + 1)]],
    ],
    ids=lambda value: repr(value)[:40],
)
def test_open_of_another_shape_is_envelope_form(value: object) -> None:
    assert reason_of(codec.encode(value)) is Reason.ENVELOPE_FORM


def test_open_of_bytes_that_are_no_value_gives_the_rule_of_encoding() -> None:
    assert reason_of(b"\xc0") is Reason.ENC_NIL
    assert reason_of(envelope(b"\xc0")) is Reason.ENC_NIL
    assert reason_of(envelope(payload()) + b"\x00") is Reason.ENC_TRAILING


def test_open_without_signatures_is_unsigned() -> None:
    assert reason_of(envelope(payload(), [])) is Reason.UNSIGNED


def test_open_with_signers_out_of_order_is_refused() -> None:
    data = payload()
    assert reason_of(envelope(data, rows(data, KEYS[1::-1]))) is Reason.SIGNER_ORDER


def test_open_with_a_signer_twice_is_refused() -> None:
    data = payload()
    assert reason_of(envelope(data, rows(data, [KEYS[0], KEYS[0]]))) is Reason.SIGNER_DUPLICATE


BASE64_ID: Final = base64.b64encode(ID).decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": None},
        {"kind": "Recall"},
        {"kind": "recall\n"},
        {"kind": "r" * 32},
        {"charter": None},
        {"charter": -1},
        {"charter": True},
        {"charter": 1_000_001},
        {"time": None},
        {"time": -1},
        {"time": 2**41},
        {"body": None},
        {"body": []},
        {"council": None},
        {"council": bytes(31)},
        {"council": "a" * 32},
        {"council": base64.b64encode(COUNCIL).decode()},
        {"subject": None},
        {"subject": bytes(33)},
        {"subject": BASE64_ID},
        {"scope": bytes(1)},
        {"salt": bytes(15)},
        {"ext": {}},
        {"ext": []},
        {"extra": 1},
        {"kind": "mandate"},  # which must not name a subject
        {"kind": "charter", "charter": 0},  # a first charter names no council
        {"kind": "charter", "charter": 0, "council": None},  # nor a subject
    ],
    ids=repr,
)
def test_open_of_a_payload_out_of_form_is_payload_form(changes: dict[str, Any]) -> None:
    assert reason_of(envelope(payload(**changes))) is Reason.PAYLOAD_FORM


def test_open_of_a_payload_that_is_no_map_is_payload_form() -> None:
    values: list[object] = [[], 5, b"x", "recall"]
    for value in values:
        assert reason_of(envelope(codec.encode(value))) is Reason.PAYLOAD_FORM


POSITION: Final = {"freeze": ID, "number": 1, "value": "yes"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("recall", {"reason": ""}),
        ("recall", {"reason": 5}),
        ("recall", {"reason": "x" * 2_001}),
        ("recall", {"reasons": "x"}),
        ("position", POSITION | {"value": "maybe"}),
        ("position", POSITION | {"number": 0}),
        ("position", POSITION | {"yes": -1}),
        ("position", POSITION | {"yes": True}),
        ("position", POSITION | {"yes": "5"}),
        ("position", POSITION | {"freeze": bytes(31)}),
        ("position", POSITION | {"freeze": BASE64_ID}),
        ("position", {"number": 1, "value": "yes"}),
        ("vote", {"freeze": ID, "round": 1, "outcome": "adopted", "counted": [BASE64_ID]}),
        ("vote", {"freeze": ID, "round": 1, "outcome": "won", "counted": []}),
        ("second", {"x": 1}),
        ("accession", {"weight": -1}),
        ("freeze", {"councils": [], "opens": 1, "closes": 2}),
        ("freeze", {"councils": [[ID]], "opens": 1, "closes": 2}),
        ("freeze", {"councils": [[ID, 2, 2]], "opens": 1, "closes": 2}),
        ("freeze", {"councils": [{"council": ID, "weight": 2}], "opens": 1, "closes": 2}),
        ("freeze", {"councils": {"a": 1}, "opens": 1, "closes": 2}),
    ],
    ids=repr,
)
def test_open_of_a_body_out_of_form_is_body_form(kind: str, body: object) -> None:
    assert reason_of(envelope(payload(kind=kind, body=body))) is Reason.BODY_FORM


def test_open_with_a_bit_changed_anywhere_is_never_that_record() -> None:
    good = envelope(payload(), rows(payload(), KEYS[:2]))
    wanted = record.open(NETWORK, good)
    for bit in range(0, len(good) * 8, 3):
        data = bytearray(good)
        data[bit // 8] ^= 1 << bit % 8
        try:
            record.open(NETWORK, bytes(data))
        except (DecodeError, VerificationError):
            continue
        pytest.fail(f"bit {bit} of {wanted} may change")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([KEYS[0].public, 3, bytes(64)], Reason.SIG_FORM),
        ([KEYS[0].public, 255, bytes(64)], Reason.SIG_FORM),
        ([bytes(31), 0, bytes(64)], Reason.KEY_LENGTH),
        ([bytes([1]) + bytes(31), 0, bytes(64)], Reason.KEY_ORDER),
        ([b"\xff" * 32, 0, bytes(64)], Reason.KEY_ENCODING),
        ([KEYS[0].public, 0, bytes(63)], Reason.SIG_LENGTH),
        ([KEYS[0].public, 0, bytes(32) + GROUP_ORDER.to_bytes(32, "little")], Reason.SIG_SCALAR),
        ([KEYS[0].public, 0, bytes(64)], Reason.SIG_POINT),
        ([KEYS[0].public, 0, KEYS[0].sign(b"another")], Reason.SIG_INVALID),
    ],
    ids=lambda part: str(part) if isinstance(part, Reason) else "",
)
def test_open_with_a_bad_signature_gives_its_reason(row: list[Any], reason: Reason) -> None:
    assert reason_of(envelope(payload(), [row])) is reason


def test_open_with_one_bad_signature_among_good_ones_is_refused() -> None:
    data = payload()
    signatures = rows(data, KEYS)
    signatures[2][2] = signatures[1][2]
    with pytest.raises(VerificationError) as caught:
        record.open(NETWORK, envelope(data, signatures))
    assert caught.value.reason is Reason.SIG_INVALID
    assert caught.value.record_id == record_id(NETWORK, data)


def test_open_on_another_network_is_sig_invalid() -> None:
    good = envelope(payload())
    record.open(NETWORK, good)
    with pytest.raises(VerificationError) as caught:
        record.open(network_id("another"), good)
    assert caught.value.reason is Reason.SIG_INVALID


@pytest.mark.parametrize(
    "changes",
    [{"kind": "song"}, {"charter": 2}, {"council": bytes(32)}, {"subject": bytes(32)}, {"time": 6}],
    ids=repr,
)
def test_open_of_a_signature_moved_to_another_payload_is_refused(changes: dict[str, Any]) -> None:
    assert reason_of(envelope(payload(**changes), rows(payload()))) is Reason.SIG_INVALID


def test_build_payload_of_what_would_not_open_is_a_local_error() -> None:
    bad = Position(freeze=bytes(31), number=0, value="yes")
    with pytest.raises(LocalProtocolError) as caught:
        record.build_payload(
            kind="position", council=COUNCIL, charter=1, time=0, body=bad, subject=ID
        )
    assert caught.value.reason is Reason.BODY_FORM


# --- parts -----------------------------------------------------------------------------------


def motion(part: bytes) -> bytes:
    body = Motion(
        name="coordination",
        titles=(Title(language="en", title="T"),),
        text=record.text_hash(part),
    )
    data = record.build_payload(
        kind="motion", council=COUNCIL, charter=1, time=0, body=body, subject=ID
    )
    return envelope(data)


def witness(count: int, root: bytes) -> bytes:
    data = record.build_payload(
        kind="witness",
        council=COUNCIL,
        charter=1,
        time=0,
        body=Witness(count=count, root=root),
    )
    return envelope(data)


def heads(*numbers: int) -> tuple[bytes, bytes]:
    return record.encode_heads(
        [WitnessedHead(log=bytes([n]) * 32, size=n, root=bytes(32)) for n in numbers]
    )


TEXT: Final = bytes(16) + b"Wir wollen.\n"


def test_open_of_a_motion_needs_its_own_text() -> None:
    data = motion(TEXT)
    assert record.open(NETWORK, data, TEXT).part == TEXT
    assert reason_of(data) is Reason.PART_MISSING
    assert reason_of(data, TEXT + b"!") is Reason.PART_MISMATCH
    assert reason_of(data, b"") is Reason.PART_MISMATCH


def test_open_of_a_witness_record_needs_its_own_heads() -> None:
    part, root = heads(1, 2, 3)
    data = witness(3, root)
    assert record.open(NETWORK, data, part).part == part
    assert reason_of(data) is Reason.PART_MISSING
    for other in (heads(1, 2)[0], b"", b"\xc0", codec.encode([1]), part + b"\x00"):
        assert reason_of(data, other) is Reason.PART_MISMATCH
    unsorted = codec.encode(list(reversed(codec.decode(part))))
    assert reason_of(data, unsorted) is Reason.PART_MISMATCH


def test_open_of_a_kind_without_part_refuses_one() -> None:
    assert reason_of(envelope(payload()), TEXT) is Reason.PART_UNEXPECTED


def test_open_of_a_part_too_long_is_refused() -> None:
    long = bytes(16) + b"x" * PART_MAX_BYTES
    assert reason_of(motion(long), long) is Reason.PART_MISMATCH


@pytest.mark.parametrize(
    "part", [bytes(15), bytes(16) + b"\xff", bytes(16) + "\u202e".encode()], ids=repr
)
def test_open_of_a_text_that_its_author_made_badly_is_body_form(part: bytes) -> None:
    data = motion(part)
    assert reason_of(data, part) is Reason.BODY_FORM
    leaf = record.open_leaf(NETWORK, data, part)
    assert leaf == RefusedLeaf(envelope=data, reason=Reason.BODY_FORM)
    # Without it nobody can tell whose fault it is: another carrier is asked.
    with pytest.raises(VerificationError, match="part-missing"):
        record.open_leaf(NETWORK, data)


def test_open_of_heads_that_their_author_counted_badly_is_body_form() -> None:
    part, root = heads(1, 2, 3)
    twice, twice_root = heads(1, 1)
    for data, given in ((witness(2, root), part), (witness(2, twice_root), twice)):
        assert reason_of(data, given) is Reason.BODY_FORM
        leaf = record.open_leaf(NETWORK, data, given)
        assert leaf == RefusedLeaf(envelope=data, reason=Reason.BODY_FORM)


# --- leaves ----------------------------------------------------------------------------------


def test_open_leaf_of_a_bad_record_keeps_it_with_its_reason() -> None:
    for data, reason in (
        (b"\xc0", Reason.ENC_NIL),
        (envelope(payload(), []), Reason.UNSIGNED),
        (envelope(payload(kind="second", body={"x": 1})), Reason.BODY_FORM),
        (envelope(payload(), [[KEYS[0].public, 0, bytes(64)]]), Reason.SIG_POINT),
    ):
        assert record.open_leaf(NETWORK, data) == RefusedLeaf(envelope=data, reason=reason)


def test_open_leaf_of_a_carriers_fault_raises() -> None:
    for data, part, reason in (
        (motion(TEXT), None, Reason.PART_MISSING),
        (motion(TEXT), TEXT[:-1], Reason.PART_MISMATCH),
        (envelope(payload()), TEXT, Reason.PART_UNEXPECTED),
        (b"\xc0", TEXT, Reason.PART_UNEXPECTED),
    ):
        with pytest.raises(VerificationError) as caught:
            record.open_leaf(NETWORK, data, part)
        assert caught.value.reason is reason


def test_open_leaf_of_a_good_record_opens_it() -> None:
    leaf = record.open_leaf(NETWORK, motion(TEXT), TEXT)
    assert isinstance(leaf, VerifiedRecord)


def test_kinds_with_a_part_are_those_tested_here() -> None:
    assert {kind.name: kind.part for kind in KINDS.values() if kind.part is not Part.NONE} == {
        "motion": Part.TEXT,
        "report": Part.TEXT,
        "amend": Part.TEXT,
        "witness": Part.HEADS,
        "freeze": Part.ROWS,
        "vote": Part.ROWS,
        "status": Part.ROWS,
    }


# --- lists that lie beside -------------------------------------------------------------------


def listing(kind: str, rows: int) -> tuple[Body, bytes | None]:
    """A body with a list of so many rows, and its part."""
    ids = tuple(n.to_bytes(32, "big") for n in range(rows))
    body: Body
    match kind:
        case "freeze":
            voters = tuple(Voter(council=one, weight=2) for one in ids)
            body = Freeze(councils=voters, opens=1, closes=2)
        case "vote":
            body = Vote(freeze=bytes(32), round=1, outcome="adopted", counted=ids)
        case _:
            known = KnownLock(round=1, outcome="adopted", votes=ids)
            body = Status(freeze=bytes(32), round=2, locked=known)
    return body, record.rows_part(body)


VECTORS: Final = json.loads((SPECS / "record.json").read_text("utf-8"))["vectors"]
GOOD: Final = [vector for vector in VECTORS if vector["expect"]["ok"]]


@pytest.mark.parametrize("vector", GOOD, ids=[vector["id"] for vector in GOOD])
def test_reopened_record_of_each_kind_is_the_opened_one(vector: dict[str, Any]) -> None:
    given = {name: bytes.fromhex(vector["in"][name]) for name in vector["in"]}
    network, data, part = NetworkId(given["net"]), given["in"], given.get("part")
    opened, again = record.open(network, data, part), record.reopen(network, data, part)
    for name in VerifiedRecord.__slots__:
        one, other = getattr(again, name), getattr(opened, name)
        assert (type(one), one) == (type(other), other), name
    header, kind, _ = record.parse_payload(opened.payload)
    short = kind is not None and payloads.read_again(opened.payload) is not None
    detached = kind is not None and is_detached(kind, header.body)
    assert short == (kind is not None and not detached)  # the others take the long way


def listed(kind: str, body: Body) -> bytes:
    return envelope(
        record.build_payload(
            kind=kind, council=COUNCIL, charter=1, time=0, body=body, subject=bytes(32)
        )
    )


@pytest.mark.parametrize("kind", ["freeze", "vote", "status"])
@pytest.mark.parametrize("rows", [1, 256, 257, 1_000, MEMBERS_MAX])
def test_open_of_a_list_of_any_length_gives_the_same_body(kind: str, rows: int) -> None:
    body, part = listing(kind, rows)
    data = listed(kind, body)
    assert (part is not None) == (rows > 256)
    assert len(data) < 16_384
    assert record.open(NETWORK, data, part).body == body
    assert record.reopen(NETWORK, data, part).body == body
    other = Reason.PART_MISMATCH if rows > 256 else Reason.PART_UNEXPECTED
    assert reason_of(data, codec.encode([bytes(32)])) is other


@pytest.mark.parametrize("kind", ["freeze", "vote", "status"])
def test_open_of_a_long_list_without_its_part_is_the_carriers_fault(kind: str) -> None:
    body, part = listing(kind, 300)
    data = listed(kind, body)
    assert reason_of(data) is Reason.PART_MISSING
    for opener in (record.open_leaf, record.open_bare):
        with pytest.raises(VerificationError, match="part-missing"):
            opener(NETWORK, data)
    leaf = record.open_leaf(NETWORK, data, part)
    assert isinstance(leaf, VerifiedRecord)
    assert leaf.body == body


def test_open_of_a_list_signed_with_a_bad_row_is_the_authors_fault() -> None:
    ids = [n.to_bytes(32, "big") for n in range(299)] + [b"short"]
    part = codec.encode(ids, max_bytes=ROWS_MAX_BYTES)
    root = root_of([leaf_hash(codec.encode(one)) for one in ids])
    body = {"freeze": bytes(32), "round": 1, "outcome": "adopted", "counted": [300, root]}
    data = envelope(payload(kind="vote", body=body))
    leaf = record.open_leaf(NETWORK, data, part)
    assert leaf == RefusedLeaf(envelope=data, reason=Reason.BODY_FORM)


def test_largest_list_and_largest_record_fit_one_frame() -> None:
    voters = tuple(
        Voter(council=n.to_bytes(32, "big"), weight=WEIGHT_MAX) for n in range(MEMBERS_MAX)
    )
    part = record.rows_part(Freeze(councils=voters, opens=1, closes=2))
    assert part is not None
    assert len(part) <= ROWS_MAX_BYTES
    proof = tuple(bytes(32) for _ in range(41))
    head = bytes(HEAD_MAX_BYTES)
    leaf = (bytes(RECORD_MAX_BYTES), bytes(ROWS_MAX_BYTES))
    run = Run(log=bytes(32), start=0, leaves=(leaf,), head=head, proof=proof)
    assert len(wire.encode(run)) <= MESSAGE_MAX_BYTES


# --- the type --------------------------------------------------------------------------------


def test_verified_record_without_open_cannot_be_made() -> None:
    opened = record.open(NETWORK, envelope(payload()))
    fields: dict[str, Any] = {name: getattr(opened, name) for name in VerifiedRecord.__slots__}
    with pytest.raises(LocalProtocolError):
        VerifiedRecord(**fields, door=object())
    with pytest.raises(LocalProtocolError):
        dataclasses.replace(opened, kind="recall", door=object())
    with pytest.raises(TypeError):
        type("Forged", (VerifiedRecord,), {})


def test_verified_record_cannot_change() -> None:
    opened = record.open(NETWORK, envelope(payload()))
    for name in VerifiedRecord.__slots__:
        with pytest.raises(AttributeError):
            setattr(opened, name, b"")
        with pytest.raises(AttributeError):
            delattr(opened, name)
    assert isinstance(opened.body, Recall)
    for name in opened.body.__struct_fields__:
        with pytest.raises(AttributeError):
            setattr(opened.body, name, "never")


def test_verified_record_cannot_be_copied_past_the_door() -> None:
    opened = record.open(NETWORK, envelope(payload()))
    for way in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            way(opened)
