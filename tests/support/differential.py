"""Requests of the conformance driver, made by seeded mutation, for two implementations.

`requests` mixes all operations; `differences` compares another implementation's answers with
those of `confedproto`. Where verdict, reason or value differ, one of the two is wrong.
"""

import base64
import json
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from confedproto import codec, keys, merkle, record, sshsig, testee, text
from confedproto.bodies.witness import WitnessedHead
from confedproto.errors import LocalProtocolError
from confedproto.ids import (
    SSHSIG_NAMESPACE,
    TAG_HEAD,
    PublicKey,
    network_id,
    record_id,
    signing_bytes,
)
from confedproto.testee_fields import tagged
from confedproto.text import bech32m
from tools.fuzz import mutate
from tools.fuzz_targets import TARGETS

Request = dict[str, Any]

NETWORK: Final = network_id("differential")
KEYS: Final = sorted(
    (keys.SigningKey(bytes([number]) * 32) for number in range(1, 5)), key=lambda key: key.public
)
ID: Final = bytes(range(32))

# --- records of every kind -------------------------------------------------------------------

_WINDOWS: Final = dict.fromkeys(
    ("discussion", "notice", "voting", "grace", "settle", "step", "witness"), 60
)
_BODIES: Final[dict[str, dict[str, Any]]] = {
    "charter": {"name": "Å", "threshold": 2, "keys": [ID, ID, ID], "rules": 1, "previous": ID},
    "node": {
        "number": 2,
        "key": ID,
        "transport": ID,
        "expires": 9,
        "addresses": ["a:1", "b.example:7300"],
        "previous": ID,
        "last": [ID, 3, ID],
    },
    "link": {"peer": ID, "invite": ID, "expires": 2**40},
    "compact": {
        "name": "x" * 64,
        "founders": [[ID, 1, 2], [ID, 1, 1]],
        "rules": [["coordination", "double"]],
        "windows": _WINDOWS,
        "seconds": 0,
        "sponsors": 1_000_000,
        "weight_max": 1_000_000,
    },
    "accession": {"weight": 2},
    "motion": {"name": "a-motion", "titles": [["de", "Ein Titel"], ["fr-ch", "😀"]], "text": ID},
    "second": {},
    "freeze": {
        "councils": [[ID, 2]],
        "opens": 1,
        "closes": 2,
        "seconds": [ID],
        "accessions": [ID, ID],
    },
    "position": {"freeze": ID, "number": 1, "value": "yes", "yes": 10**12, "no": 0, "valid": 5},
    "witness": {"count": 3, "root": ID},
    "status": {"freeze": ID, "round": 2, "locked": [1, "adopted", [ID, ID]]},
    "vote": {"freeze": ID, "round": 1, "outcome": "no-quorum", "counted": []},
    "lock": {"freeze": ID, "round": 1_000_000, "outcome": "adopted"},
    "mandate": {
        "delegate": ID,
        "starts": 0,
        "until": 2**40,
        "kinds": ["vote", "speak"],
        "compact": ID,
        "instructions": [[ID, "yes"]],
    },
    "act": {
        "motion": ID,
        "kind": "vote",
        "value": "yes",
        "number": 1,
        "head": bytes(256),
        "previous": ID,
    },
    "recall": {"reason": "a\nreason"},
    "of-tomorrow": {"anything": [1, True, "x", b"y"]},
}
_NO_SUBJECT: Final = {"charter", "node", "link", "compact", "witness", "mandate", "of-tomorrow"}


def _payload(kind: str) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "kind": kind,
        "charter": 1,
        "time": 1_700_000_000,
        "body": _BODIES[kind],
        "council": ID,
        "salt": bytes(16),
        "scope": ID,
        "ext": {"x": 1},
    }
    if kind not in _NO_SUBJECT:
        fields["subject"] = ID
    return fields


# What a field may be replaced by: other types, edges of ranges, and near misses.
_STRANGERS: Final[tuple[Any, ...]] = (
    *(0, 1, 2, -1, 86_400, 86_401, 1_000_000, 1_000_001, 10**12 + 1, 2**40, 2**40 + 1, 2**53 - 1),
    *(10 * 366 * 86_400, 10 * 366 * 86_400 + 1, True, False, [], {}, [[]], {"a": 1}),
    *(b"", bytes(15), bytes(16), bytes(31), bytes(33), bytes(256), bytes(257)),
    *("", "a", "yes", "Yes", "a\n", "-a", "a-", "a_", "1a", "a" * 31, "a" * 32, "ä", "😀" * 64),
    *("x" * 65, "😀" * 65, "x" * 128, "x" * 129, "x" * 2000, "x" * 2001, "en\n", "EN", "en-"),
    *("charter", "witness", "adopted", base64.b64encode(bytes(32)).decode(), "de-" + "a" * 8),
)


def changed(rng: random.Random, value: Any) -> Any:
    """`value` with one change somewhere in it."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(sorted(value))
        rest = {name: item for name, item in value.items() if name != key}
        if rng.random() < 0.15:
            return rest
        if rng.random() < 0.1:
            name = rng.choice(("subject", "previous", "peer", "zz", "salt"))
            return {**value, name: rng.choice(_STRANGERS)}
        return {**rest, key: changed(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.85:
        items: list[Any] = list(value)
        at = rng.randrange(len(items))
        edit = rng.randrange(4)
        if edit == 0:
            del items[at]
        elif edit == 1:
            items[at:at] = [items[at]] * rng.choice((1, 1, 4, 16, 32, 64))
        else:
            items[at] = changed(rng, items[at])
        return items
    if isinstance(value, int) and not isinstance(value, bool) and rng.random() < 0.3:
        return value + rng.choice((-1, 1))
    if isinstance(value, bytes) and value and rng.random() < 0.3:
        return rng.choice((value[1:], value + value[:1], value[:-1]))
    if isinstance(value, str) and value and rng.random() < 0.3:
        return rng.choice((value[1:], value + value[:1], value[:-1]))
    return rng.choice(_STRANGERS)


def _signed(payload: bytes, signers: list[keys.SigningKey]) -> list[list[Any]]:
    signatures = [record.sign(NETWORK, payload, key) for key in signers]
    return [[signature.signer, signature.form, signature.signature] for signature in signatures]


def _ssh_signed(rng: random.Random, payload: bytes, key: keys.SigningKey) -> list[Any]:
    """A row of form 1 or 2: an SSH key or a FIDO key signed (SSH-5, SSH-6)."""
    message = signing_bytes(record_id(NETWORK, payload))
    signed = sshsig.preimage(SSHSIG_NAMESPACE, message)
    if rng.random() < 0.5:
        return [key.public, sshsig.FORM_SSH, key.sign(signed)]
    tail = bytes([rng.choice((0, 1, 5, 254)), 0, 0, 0, 9])[: rng.choice((5, 5, 5, 4))]
    return [key.public, sshsig.FORM_SSH_SK, key.sign(sshsig.sk_preimage(signed, tail)) + tail]


_TEXT: Final = bytes(16) + "Der Antrag 😀".encode()
_HEADS: Final = record.encode_heads(
    [WitnessedHead(log=bytes([number]) * 32, size=number, root=ID) for number in (1, 2, 3)]
)
_PARTS: Final = {
    "motion": ("text", record.text_hash(_TEXT), _TEXT),
    "witness": ("root", *_HEADS[::-1]),
}


def _with_part(rng: random.Random, fields: dict[str, Any]) -> bytes:
    """Put the hash of a part into the body; give the part, or another one."""
    name, root, part = _PARTS[fields["kind"]]
    if rng.random() < 0.4:
        part = mutate(rng, [part])
        if fields["kind"] == "motion":  # the author's own, well formed or not
            root = record.text_hash(part)
    fields["body"] = {**fields["body"], name: root}
    return part


def _record(rng: random.Random) -> Request:
    fields = _payload(rng.choice(sorted(_BODIES)))
    request: Request = {"op": "record", "net": NETWORK.hex()}
    if fields["kind"] in _PARTS and rng.random() < 0.7:
        request["part"] = _with_part(rng, fields).hex()
    elif fields["kind"] == "charter" and rng.random() < 0.5:
        fields["charter"] = 0
        del fields["council"]
    way = rng.randrange(12)
    if way < 4:  # a hostile author: whatever is signed is signed well
        fields = {**fields, "body": changed(rng, fields["body"])}
    elif way < 6:
        fields = changed(rng, fields)
    payload = codec.encode(fields)
    if way in (6, 7):
        payload = mutate(rng, [payload])[:9_000]
    rows = _signed(payload, KEYS[: rng.choice((1, 1, 2, 3))])
    if rng.random() < 0.1:
        rows[-1] = _ssh_signed(rng, payload, KEYS[len(rows) - 1])
    envelope: list[Any] = [payload, rows]
    if way == 8:
        envelope = changed(rng, envelope)
    encoded = codec.encode(envelope)
    return {**request, "in": (mutate(rng, [encoded]) if way == 9 else encoded).hex()}


def _head(rng: random.Random) -> Request:
    key = KEYS[0]
    value: Any = {"log": ID, "size": rng.choice((1, 2**40)), "root": ID, "time": 1_700_000_000}
    way = rng.randrange(4)
    if way == 0:
        value = changed(rng, value)
    payload = codec.encode(value)
    envelope: list[Any] = [payload, key.sign(TAG_HEAD + NETWORK + payload)]
    if way == 1:
        envelope = changed(rng, envelope)
    encoded = codec.encode(envelope)
    if way == 2:
        encoded = mutate(rng, [encoded])
    return {"op": "head", "net": NETWORK.hex(), "key": key.public.hex(), "in": encoded.hex()}


# --- the other operations --------------------------------------------------------------------


def _values(rng: random.Random) -> bytes:
    return mutate(rng, [*TARGETS["codec"][0](), codec.encode(_payload("compact"))])


_UNENCODABLE: Final = (
    *(["i", str(number)] for number in (2**53 - 1, 2**53, -(2**53), 1 - 2**53, 10**30)),
    *(["s", part] for part in ("\x00", "\u202e", "\ud800", "\n", "\U000e0020", "\ufeff", "\xad")),
    *(["m", [[key, ["b", True]]]] for key in ("", "A", "a-b", "a" * 31, "a" * 32, "_a", "a\n")),
    *(["a", [["b", False]] * length] for length in (15, 16, 1_024, 1_025)),
    *(["m", [[f"k{at}", ["i", "-33"]] for at in range(length)]] for length in (15, 16, 64, 65)),
    *(["x", "00" * length] for length in (255, 256, 16_381, 16_382)),
)


def _encodable(rng: random.Random) -> Any:
    value: Any = tagged(changed(rng, _payload(rng.choice(sorted(_BODIES)))))
    if rng.random() < 0.7:
        value = rng.choice(_UNENCODABLE)
    for _ in range(rng.choice((0, 1, 2, 6, 7, 8))):
        value = ["a", [value]] if rng.random() < 0.5 else ["m", [["z", value], ["a", ["i", "5"]]]]
    return value


_TEXT_EDITS: Final = "1bioqQzlL7 :/[].-\n=+_\x00\x7fä\u017f\u212a\uff10😀\ud800"


def _texts(rng: random.Random) -> Request:
    form = rng.choice([data.decode() for data in TARGETS["text"][0]()] + _ADDRESSED)
    kind, words = text.TEXT_KINDS[ord(form[0])], list(form[1:])
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        at = rng.randrange(len(words) + 1)
        edit = rng.randrange(5)
        if edit == 0:
            words[at:at] = rng.choice(_TEXT_EDITS)
        elif edit == 1:
            words[at : at + 1] = rng.choice(_TEXT_EDITS)
        elif edit == 2:
            del words[at : at + rng.choice((1, 1, 5, 50))]
        elif edit == 3:
            words[at:at] = words[at : at + rng.choice((1, 5, 64))] * rng.choice((1, 1, 1, 200))
        else:
            words[at : at + 1] = [word.swapcase() for word in words[at : at + 1]]
    if rng.random() < 0.05:
        words[0:0] = rng.choice(("cfs1", "CFS1", "x:cfs1", " cfs1"))
    if rng.random() < 0.1:
        kind = rng.choice(text.TEXT_KINDS)
    return {"op": "text", "kind": kind, "in": "".join(words)}


def _invited(address: str) -> str:
    """The invitation with this address, however wrong it is: as a hostile writer makes it."""
    fixed = bytes([1]) + (1_700_000_000).to_bytes(5, "big") + bytes(80)
    groups = bech32m.to_groups(fixed + address.encode())
    return "confed:invite/" + bech32m.encode("cfi", groups)


_HOSTS: Final = (
    *("a", "a.b", "a-", "-a", "a..b", "a.", "A", "a_b", "1", "a.1", "1.a", "x" * 63, "x" * 64),
    *("1.2.3.4", "1.2.3", "01.2.3.4", "256.1.1.1", "1.2.3.4.5", "0x7f.1", "2130706433", "127.1"),
    *("[::]", "[::1]", "[1::]", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]", "[1::3:4:5:6:7:8]"),
    *("[::ffff:1:2]", "[0:0:0:0:0:ffff:1:2]", "[1:0:0:2::3]", "[1:0:0:2:0:0:0:3]", "[1::2::3]"),
    *("[1:0:0:2:0:0:3:4]", "[1::2:0:0:3:4]", "[1:0:0:2::3:4]", "[01::]", "[A::]", "[12345::]"),
    *("[::ffff:1.2.3.4]", "[fe80::1%1]", "[]", "[:]", "[:::]", "[1:2:3:4:5:6:7:8:9]", "[::1", ""),
    *("a" * 55 + "d.onion", "a" * 56 + ".onion", "b." + "a" * 55 + "d.onion", ".onion", "ä"),
)
_PORTS: Final = (":1", ":65535", ":65536", ":0", ":01", ":", "", ":1 ", ":+1", ":99999", ":1:1")
_URI_KINDS: Final = (text.TEXT_KINDS.index("uri"), text.TEXT_KINDS.index("invitation"))
_ADDRESSED: Final = [
    chr(kind) + _invited(host + port)
    for host in _HOSTS
    for port, kind in ((_PORTS[len(host) % len(_PORTS)], _URI_KINDS[0]), (":7300", _URI_KINDS[1]))
]

# Points where libraries differ: small order, mixed order, beyond p, off the curve.
_POINTS: Final = (
    *sorted(keys.SMALL_ORDER_ENCODINGS),
    *((keys.FIELD_PRIME + extra).to_bytes(32, "little") for extra in (0, 1, 3)),
    bytes.fromhex("a3db57cff42ca591de1e207c70f7037534d8da5ba0e2a7e56474778f4526730e"),
    bytes([2]) + bytes(31),
)


def _verify(rng: random.Random) -> Request:
    key, message = rng.choice(KEYS), rng.randbytes(rng.randrange(3))
    signer, signature = key.public, key.sign(message)
    scalar = int.from_bytes(signature[32:], "little")
    way = rng.randrange(6)
    if way == 0:
        signer = PublicKey(rng.choice(_POINTS))
    elif way == 1:
        signature = rng.choice(_POINTS) + signature[32:]
    elif way == 2:
        signature = signature[:32] + (scalar + keys.GROUP_ORDER).to_bytes(32, "little")
    elif way == 3:
        signature = mutate(rng, [signature])[:70]
    elif way == 4:
        signer = PublicKey(mutate(rng, [signer])[:40])
    return {"op": "verify", "key": signer.hex(), "msg": message.hex(), "sig": signature.hex()}


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _ssh(rng: random.Random) -> Request:
    key, message = KEYS[0], rng.randbytes(2)
    namespace = rng.choice((b"confed-record-1",) * 6 + (b"file", b""))
    signed = sshsig.preimage(namespace, message)
    kind, extra, tail = b"ssh-ed25519", b"", b""
    if rng.random() < 0.5:
        kind, extra = b"sk-ssh-ed25519@openssh.com", _string(rng.choice((b"ssh:",) * 9 + (b"x",)))
        tail = bytes([rng.choice((0, 1, 1, 1, 5)), 0, 0, 0, 9])
        signed = sshsig.sk_preimage(signed, tail)
    fields = (
        _string(kind) + _string(key.public) + extra,
        namespace,
        rng.choice((b"",) * 20 + (b"x",)),
        rng.choice((b"sha512",) * 20 + (b"sha256",)),
        _string(kind) + _string(key.sign(signed)) + tail,
    )
    blob = b"SSHSIG" + (1).to_bytes(4, "big") + b"".join(_string(field) for field in fields)
    if rng.random() < 0.6:
        blob = mutate(rng, [blob])
    return {
        "op": "sshsig",
        "key": rng.choice(KEYS[:1] * 9 + KEYS[1:2]).public.hex(),
        "namespace": "confed-record-1",
        "msg": message.hex(),
        "sig": blob.hex(),
    }


_LEAVES: Final = [bytes([number]) for number in range(70)]


def _tree(size: int) -> merkle.Tree:
    tree = merkle.Tree()
    for leaf in _LEAVES[:size]:
        tree.append(merkle.leaf_hash(leaf))
    return tree


def _path(rng: random.Random, path: list[Any]) -> list[str]:
    items = [bytes(item) for item in path]
    if rng.random() < 0.4:
        at = rng.randrange(len(items) + 1)
        items[at : at + rng.randrange(2)] = rng.choice(([], [bytes(32)], [bytes(31)], items[:1]))
    return [item.hex() for item in items]


def _proof(rng: random.Random) -> Request:
    size = rng.randrange(1, len(_LEAVES) + 1)
    tree, at = _tree(size), rng.randrange(size)
    wrong = rng.choice((0, 0, 0, 1, -1, 2**40))
    if rng.random() < 0.5:
        return {
            "op": "inclusion",
            "leaf": _LEAVES[at].hex(),
            "index": at,
            "size": size + wrong,
            "root": tree.root().hex(),
            "path": _path(rng, tree.inclusion(at, size)),
        }
    return {
        "op": "consistency",
        "old_size": at,
        "old_root": _tree(at).root().hex(),
        "new_size": size + wrong,
        "new_root": tree.root().hex(),
        "path": _path(rng, tree.consistency(at, size)),
    }


_RULES: Final = (
    *("simple", "majority", "double", "double_valid", "super(2,3)", "super(1,2)", "super(1,1)"),
    *("double-super(3,5)", "double-super(2,3)", "super(1,3)", "super(3,2)", "super", "double(1,2)"),
    *("super(02,3)", "super(2, 3)", "super(2,3)\n", "Simple", "", "super(501,1001)"),
)


def _count(rng: random.Random) -> Request:
    top = rng.choice((2, 5, 100, 10**12, 10**12 + 1))

    def unit() -> dict[str, int]:
        ballots = {"yes": rng.randint(0, top), "no": rng.randint(0, top)}
        fields = {"weight": rng.choice((0, 1, 2, 2, 2, 7, 1_000_000)), **ballots}
        if rng.random() < 0.1:
            fields["valid"] = min(10**12, sum(ballots.values()) + rng.randint(-1, 3))
        if rng.random() < 0.005:
            fields[rng.choice(sorted(fields))] = -1
        return fields

    units = [unit() for _ in range(rng.choice((0, 1, 2, 3, 3, 5, 26)))]
    return {"op": "count", "rule": rng.choice(_RULES), "units": units}


def _makers() -> dict[Callable[[random.Random], Request], int]:
    """Maker of one request -> how often it is asked, in shares of a hundred."""
    return {
        lambda rng: {"op": "decode", "in": _values(rng).hex()}: 18,
        lambda rng: {"op": "encode", "value": _encodable(rng)}: 4,
        _record: 35,
        _head: 5,
        _verify: 5,
        _ssh: 6,
        _texts: 17,
        _proof: 5,
        _count: 5,
    }


def requests(seed: int, number: int) -> Iterator[Request]:
    """`number` requests, the same ones for the same seed."""
    rng = random.Random(seed)
    makers = _makers()
    made = 0
    while made < number:
        maker = rng.choices(list(makers), weights=list(makers.values()))[0]
        try:
            request = maker(rng)
        except LocalProtocolError:
            continue  # a change that has no encoding at all
        yield {"id": made, **request}
        made += 1


# --- what differs ----------------------------------------------------------------------------


def differences(asked: Iterable[Request], answers: Iterable[str]) -> list[str]:
    """In words, each request to which the answer's line is not what this library answers."""
    found: list[str] = []
    for request, line in zip(asked, answers, strict=True):
        expected, given = testee.answer(json.dumps(request)), json.loads(line)
        wrong = {name: given.get(name) for name in expected if given.get(name) != expected[name]}
        if wrong:
            wanted = {name: expected[name] for name in wrong}
            found.append(f"{json.dumps(request)}: {wrong}, not {wanted}")
    return found
