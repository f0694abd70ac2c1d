"""What `tools/fuzz.py` feeds: each parser with inputs that it accepts.

A target takes any bytes and returns, or raises ConfedError. It asserts what must hold of
whatever it accepted. To add one: a corpus function, a target function, a line in TARGETS.
"""

import base64
import importlib.util
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Final

import msgpack
from msgpack import fallback

from confedproto import bundle, codec, keys, log, record, sshsig, text, wire
from confedproto.bodies import KIND_OF
from confedproto.bodies.charter import Charter
from confedproto.bodies.position import Position
from confedproto.bodies.types import Body
from confedproto.bodies.witness import Witness, WitnessedHead
from confedproto.channel import Channel, public_key
from confedproto.errors import ConfedError, DecodeError, RemoteProtocolError
from confedproto.ids import CouncilId, Hash, LogId, PublicKey, TransportKey, network_id
from tests.support.worlds import granted

Corpus = Callable[[], Iterable[bytes]]
Target = Callable[[bytes], object]

NETWORK: Final = network_id("fuzz")
KEY: Final = keys.SigningKey(bytes(range(32)))
COUNCIL: Final = CouncilId(bytes([7]) * 32)
TEXT: Final = bytes(16) + b"a text"
_VECTORS: Final = Path(__file__).resolve().parent.parent / "specs" / "vectors" / "decode.json"
_BUNDLE_TIME_S: Final = 1_800_000_000
_SMALL_BYTES: Final = 300  # of a vector in the corpus: edits of long ones rarely meet a header


# --- encoding --------------------------------------------------------------------------------


def _values() -> Iterable[bytes]:
    yield codec.encode([0, 127, 128, 65_536, 2**53 - 1, -1, -33, -(2**31), True, False])
    yield codec.encode({"a": "text", "b": bytes(40), "c": ["ä", "x" * 300], "d": {"e": {}}})
    yield codec.encode([[[[[[[[]]]]]]], [1] * 40])
    for vector in json.loads(_VECTORS.read_text("utf-8"))["vectors"]:
        raw = bytes.fromhex(vector["in"]["in"])
        if vector["expect"]["ok"] and len(raw) <= _SMALL_BYTES:
            yield raw


def _with_fallback() -> ModuleType:
    """A second copy of the codec, over msgpack's decoder in pure Python."""
    spec = importlib.util.find_spec(codec.__name__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pure = SimpleNamespace(
        unpackb=fallback.unpackb,
        packb=lambda value: fallback.Packer().pack(value),
        UnpackException=msgpack.UnpackException,
    )
    vars(module)["msgpack"] = pure
    return module


PURE_CODEC: Final = _with_fallback()
_DECODERS: Final[tuple[Target, ...]] = (
    codec.decode_reference,
    codec.decode,
    PURE_CODEC.decode,
)


def _codec(data: bytes) -> None:
    """The rule book and the fast path over either msgpack agree, and a value has one encoding."""
    outcomes: list[str] = []
    refusal: DecodeError | None = None
    value: object = None
    for decoder in _DECODERS:
        try:
            value = decoder(data)
            outcomes.append(repr(value))  # repr: True is not 1
        except DecodeError as error:
            refusal = error
            outcomes.append(error.reason.name)
    assert outcomes[0] == outcomes[1] == outcomes[2], outcomes
    if refusal is not None:
        raise refusal
    assert codec.encode(value) == data


# --- records and heads -----------------------------------------------------------------------


def _payload(body: Body, *, subject: bytes | None = None) -> bytes:
    kind = KIND_OF[type(body)]
    return record.build_payload(
        kind=kind, council=COUNCIL, charter=1, time=1_700_000_000, body=body, subject=subject
    )


def _payloads() -> Iterable[bytes]:
    charter = Charter(name="A council", threshold=1, keys=(KEY.public,))
    yield record.build_payload(kind="charter", council=None, charter=0, time=1, body=charter)
    position = Position(freeze=bytes(32), number=1, value="yes", yes=70_000, no=3, valid=70_003)
    yield _payload(position, subject=bytes(32))


def _records() -> Iterable[bytes]:
    for payload in _payloads():
        yield record.assemble(payload, [record.sign(NETWORK, payload, KEY)])


def _record(data: bytes) -> None:
    opened = record.open(NETWORK, data)
    assert opened.envelope == data
    assert opened.signers


def _signed_payload(data: bytes) -> None:
    """Behind the signature: the author itself is hostile."""
    payload = bytes(data)
    envelope = record.assemble(payload, [record.sign(NETWORK, payload, KEY)])
    assert record.open(NETWORK, envelope).payload == payload


def _witnessed() -> list[WitnessedHead]:
    return [
        WitnessedHead(log=bytes([number]) * 32, size=number, root=bytes(32))
        for number in range(1, 4)
    ]


def _parts() -> Iterable[bytes]:
    yield record.encode_heads(_witnessed())[0]


def _part(data: bytes) -> None:
    """A witness record with another part than its own: refused, or the same bytes."""
    part, root = record.encode_heads(_witnessed())
    payload = _payload(Witness(count=3, root=root))
    envelope = record.assemble(payload, [record.sign(NETWORK, payload, KEY)])
    assert record.open(NETWORK, envelope, data).part == part


def _heads() -> Iterable[bytes]:
    for size in (1, 300, 2**33):
        yield log.sign_head(
            NETWORK, KEY, log=LogId(bytes(32)), size=size, root=Hash(bytes(32)), time=size
        ).envelope


def _head(data: bytes) -> None:
    log.head_log(data)
    assert log.open_head(NETWORK, KEY.public, data).size >= 1


# --- bundles ---------------------------------------------------------------------------------


def _bundles() -> Iterable[bytes]:
    yield granted().file


def _bundle(data: bytes) -> None:
    """A container has one encoding; what it proves is a report, whatever is in it."""
    assert bundle.encode(bundle.decode(data)) == data
    report = bundle.verify([data], [], _BUNDLE_TIME_S)
    assert report.ok == (report.reason is None)


# --- SSH signatures --------------------------------------------------------------------------


_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


def _ssh_string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _ssh_blobs() -> Iterable[bytes]:
    for kind, extra, tail in (
        (b"ssh-ed25519", b"", b""),
        (b"sk-ssh-ed25519@openssh.com", _ssh_string(b"ssh:"), bytes([1, 0, 0, 0, 9])),
    ):
        key = _ssh_string(kind) + _ssh_string(KEY.public) + extra
        signature = _ssh_string(kind) + _ssh_string(KEY.sign(b"")) + tail
        fields = (key, b"confed-record-1", b"", b"sha512", signature)
        yield b"SSHSIG" + (1).to_bytes(4, "big") + b"".join(_ssh_string(part) for part in fields)


def _sshsig(data: bytes) -> None:
    parsed = sshsig.parse(data)
    assert sshsig.compact(data) == (parsed.form, parsed.signature)
    try:
        key = keys.check_public_key(parsed.key)
        sshsig.verify(PublicKey(key), parsed.namespace, b"", data)
    except ConfedError:
        pass  # the corpus carries no signature of this; only the way of refusal matters


def _armored() -> Iterable[bytes]:
    for blob in _ssh_blobs():
        text = base64.b64encode(blob).decode()
        lines = (text[start : start + 70] for start in range(0, len(text), 70))
        yield "\n".join((_BEGIN, *lines, _END, "")).encode()


def _armor(data: bytes) -> None:
    blob = sshsig.armor_to_blob(data.decode("latin-1"))
    assert base64.b64encode(blob) in data.replace(b"\r", b"").replace(b"\n", b"")


# --- text forms ------------------------------------------------------------------------------


def _texts() -> Iterable[bytes]:
    invitation = text.Invitation(
        address="192.0.2.1:7300",
        transport=TransportKey(bytes([5]) * 32),
        council=COUNCIL,
        token=bytes(16),
        expires=1_700_000_000,
    )
    forms = {
        "key": text.encode_key(KEY.public),
        "record": text.encode_record(bytes(32)),
        "network": text.encode_network(NETWORK),
        "transport": text.encode_transport(bytes([9]) * 32),
        "fingerprint": text.fingerprint(COUNCIL),
        "uri": text.encode_uri(text.CouncilUri(council=COUNCIL)),
        "invitation": text.encode_invitation(invitation),
        "armor": text.encode_armor(text.Armor(label=text.ArmorLabel.RECORD, data=bytes(90))),
        "qr": text.encode_qr(text.QrData(kind=text.QrKind.BUNDLE, data=bytes(40))),
    }
    assert tuple(forms) == text.TEXT_KINDS
    for number, form in enumerate(forms.values()):
        yield bytes([number]) + form.encode()


def _text(data: bytes) -> None:
    """The first byte chooses the kind; each kind of text is the only one of its value."""
    kind = text.TEXT_KINDS[data[0] % len(text.TEXT_KINDS)] if data else ""
    form = data[1:].decode("utf-8", "replace")
    value = text.decode_text(kind, form)
    match kind, value:
        case "key", bytes():
            assert text.encode_key(value) == form
        case "record", bytes():
            assert text.encode_record(value) == form
        case "uri" | "invitation", dict():
            assert text.encode_uri(text.decode_uri(form)) == form
        case "armor", dict():
            assert text.encode_armor(text.decode_armor(form)) == form
        case "qr", dict():
            assert text.encode_qr(text.decode_qr(form)) == form
        case _:
            pass


# --- messages --------------------------------------------------------------------------------


def _messages() -> Iterable[bytes]:
    log_id, digest = bytes(32), bytes(16)
    announced = wire.AnnouncedHead(log=log_id, size=3, root=bytes(8))
    record_bytes = next(iter(_records()))
    for message in (
        wire.Hello(council=COUNCIL, digest=digest),
        wire.Knock(charters=(record_bytes,), node=record_bytes, link=record_bytes),
        wire.Heads(heads=(announced, announced)),
        wire.Pull(log=log_id, start=0),
        wire.Run(log=log_id, start=1, leaves=((record_bytes,), (record_bytes, TEXT)), head=b"h"),
        wire.Run(log=log_id, start=1, leaves=((b"x",),), head=b"h", proof=(bytes(32),)),
        wire.Run(log=log_id, start=1, leaves=((b"x",), log_id), head=b"h"),
        wire.Want(log=log_id, indexes=(0, 9)),
        wire.Leaves(log=log_id, leaves=(wire.FoundLeaf(index=9, leaf=(b"x", b"p")),)),
        wire.DigestNow(digest=digest),
        wire.Bye(reason="peer-silent"),
    ):
        yield wire.encode(message)


def _wire(data: bytes) -> None:
    """A message has one encoding; an unknown odd type is passed over."""
    message = wire.decode(data)
    assert data[0] % 2 == 1 if message is None else wire.encode(message) == data


# --- channel ---------------------------------------------------------------------------------

_INITIATOR, _INITIATOR_EPHEMERAL = bytes([1]) * 32, bytes([2]) * 32
_RESPONDER, _RESPONDER_EPHEMERAL = bytes([3]) * 32, bytes([4]) * 32


def _responder() -> Channel:
    return Channel.responder(
        network=NETWORK,
        static_private=_RESPONDER,
        ephemeral_private=_RESPONDER_EPHEMERAL,
        now=0,
    )


def _dialogue(*frames: bytes) -> bytes:
    """Everything an initiator writes: preamble, handshake, `frames`, and its farewell."""
    responder = _responder()
    initiator = Channel.initiator(
        network=NETWORK,
        static_private=_INITIATOR,
        ephemeral_private=_INITIATOR_EPHEMERAL,
        remote_static=public_key(_RESPONDER),
        now=0,
        payload=b"hello",
    )
    written = initiator.start()
    responder.receive(written, 0)
    initiator.receive(responder.to_send(), 0)
    written += initiator.to_send()
    return written + b"".join(initiator.send(frame, 0) for frame in frames) + initiator.close(0)


def _dialogues() -> Iterable[bytes]:
    yield _dialogue()
    yield _dialogue(b"one", b"x" * 500)


def _channel(data: bytes) -> None:
    """However the bytes are cut, a responder tells the same."""
    whole, cut = _responder(), _responder()
    events: list[object] = []
    reason: object = None
    try:
        for start in range(0, len(data), 61):
            events += cut.receive(data[start : start + 61], 0)
    except RemoteProtocolError as error:
        reason = error.reason
    try:
        assert whole.receive(data, 0) == events
    except RemoteProtocolError as error:
        assert error.reason == reason
        raise
    assert reason is None
    assert whole.to_send() == cut.to_send()


TARGETS: Final[dict[str, tuple[Corpus, Target]]] = {
    "codec": (_values, _codec),
    "record": (_records, _record),
    "payload": (_payloads, _signed_payload),
    "part": (_parts, _part),
    "head": (_heads, _head),
    "bundle": (_bundles, _bundle),
    "sshsig": (_ssh_blobs, _sshsig),
    "armor": (_armored, _armor),
    "text": (_texts, _text),
    "wire": (_messages, _wire),
    "channel": (_dialogues, _channel),
}
