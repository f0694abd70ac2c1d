"""Vectors of specs/03: `record`."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tests.support import ed25519
from tools.vectors import cmp, examples
from tools.vectors.base import Vectors
from tools.vectors.broken_bodies import broken_bodies
from tools.vectors.long_lists import lists
from tools.vectors.signing import (
    KEYS,
    NETWORK,
    NODE_KEY,
    OTHER_NETWORK,
    Key,
    envelope,
    filler,
    message_of,
    record_id,
    row,
    signature,
    sk_preimage,
    ssh_preimage,
)
from tools.vectors.trees import leaf_hash

SIGNATURES_MAX: Final = 128
Broken = Iterator[tuple[str, str, str, str, bytes]]
"""Rule, reason, slug, why, envelope."""

_PUBLIC: Final = (
    *("accession", "carried", "charter", "compact", "exit", "fork-proof", "guest", "link", "node"),
    *("suspension", "unlink", "witness"),
)
_RECALL: Final = cmp.encode(examples.payload("recall"))


def _request(raw: bytes, part: bytes | None = None) -> dict[str, str]:
    request = {"net": NETWORK.hex(), "in": raw.hex()}
    return request if part is None else {**request, "part": part.hex()}


def record() -> Vectors:
    """Envelopes: shape, signatures, payload, body, part."""
    out = Vectors("record")
    for rule, slug, why, fields, keys in _accepted():
        payload = cmp.encode(fields)
        record = record_id(payload)
        out.good(
            rule,
            slug,
            why,
            _request(envelope(payload, *keys), examples.PARTS.get(fields["kind"])),
            record=record.hex(),
            signers=[key.public.hex() for key in keys],
            kind=fields["kind"],
            council=fields.get("council", record).hex(),
        )
    for form, slug in ((1, "ssh"), (2, "fido")):
        raw = cmp.encode([_RECALL, [row(KEYS[0], _RECALL, form)]])
        _accept(out, "SIG-1", f"form-{slug}", "signed with an SSH key", raw, KEYS[:1])
    rows = [row(key, _RECALL, form) for form, key in enumerate(KEYS[:3])]
    raw = cmp.encode([_RECALL, rows])
    _accept(out, "SIG-1", "forms-mixed", "each in a form of its own", raw, KEYS[:3])
    many = sorted((Key(f"many {n}") for n in range(SIGNATURES_MAX)), key=lambda k: k.public)
    raw = envelope(_RECALL, *many)
    _accept(out, "REC-1", "signatures-128", "SIGNATURES_MAX", raw, many)
    for makers in (_envelopes, _rows, _signatures, _payloads):
        for rule, reason, slug, why, raw in makers():
            out.bad(rule, reason, slug, why, _request(raw))
    for rule, kind, slug, why, body in broken_bodies():
        raw = envelope(cmp.encode(examples.payload(kind, body=body)))
        request = _request(raw, examples.PARTS.get(kind))
        out.bad(rule, "body-form", f"{kind}-{slug}", why, request)
    _parts(out)
    lists(out)
    return out


def _accept(out: Vectors, rule: str, slug: str, why: str, raw: bytes, keys: Iterable[Key]) -> None:
    signers = [key.public.hex() for key in keys]
    out.good(rule, slug, why, _request(raw), record=record_id(_RECALL).hex(), signers=signers)


def _accepted() -> Iterator[tuple[str, str, str, dict[str, Any], list[Key]]]:
    for kind, body in examples.BODIES.items():
        by = [NODE_KEY] if kind in ("witness", "status", "vote", "lock") else KEYS[:2]
        yield "KND-1", f"{kind}-full", "every field", examples.payload(kind), by
        optional = examples.OPTIONAL.get(kind, ())
        if optional:
            short = {name: value for name, value in body.items() if name not in optional}
            fields = examples.payload(kind, body=short)
            yield "BOD-2", f"{kind}-short", "no optional field", fields, by
    founding = {
        name: value for name, value in examples.BODIES["charter"].items() if name != "previous"
    }
    first = examples.payload("charter", council=None, charter=0, body=founding)
    yield "PAY-2", "first-charter", "its id is the council's id", first, KEYS[:3]
    unknown = examples.payload("example-festival", body={"any": ["thing", 1]}, subject=filler("x"))
    yield "KND-2", "unknown-kind", "kept and relayed, never counted", unknown, KEYS[:1]
    bare = examples.payload("example-festival", body={})
    yield "KND-2", "unknown-kind-bare", "with or without subject", bare, KEYS[:1]
    extra = examples.payload("recall", ext={"note": "x"})
    yield "PAY-3", "ext", "one map without effect", extra, KEYS[:1]
    scoped = examples.payload("recall", scope=filler("scope"), salt=filler("salt", 16))
    yield "PAY-1", "scoped", "scope and salt", scoped, KEYS[:1]
    edges = examples.payload("recall", charter=1_000_000, time=2**40)
    yield "PAY-1", "largest", "the largest charter version and time", edges, KEYS[:1]
    zero = examples.payload("recall", charter=0, time=0)
    yield "PAY-1", "smallest", "the smallest ones", zero, KEYS[:1]


def _envelopes() -> Broken:
    good = row(KEYS[0], _RECALL)
    form = "REC-1"
    for slug, value in (
        ("a-map", {"payload": _RECALL, "signatures": [good]}),
        ("payload-alone", [_RECALL]),
        ("three-items", [_RECALL, [good], 0]),
        ("payload-unpacked", [examples.payload("recall"), [good]]),
        ("payload-not-bytes", ["payload", [good]]),
        ("rows-a-map", [_RECALL, {"k": good}]),
        ("row-a-map", [_RECALL, [{"signer": KEYS[0].public}]]),
        ("row-of-two", [_RECALL, [good[:2]]]),
        ("row-of-four", [_RECALL, [[*good, 0]]]),
        ("signer-text", [_RECALL, [["k" * 32, *good[1:]]]]),
        ("form-text", [_RECALL, [[good[0], "0", good[2]]]]),
        ("form-bool", [_RECALL, [[good[0], False, good[2]]]]),
        ("signature-text", [_RECALL, [[*good[:2], "s" * 64]]]),
        ("one-row-unwrapped", [_RECALL, good]),
    ):
        why = "not [payload, [[signer, form, signature], ...]]"
        yield form, "envelope-form", slug, why, cmp.encode(value)
    many = sorted((Key(f"many {n}") for n in range(SIGNATURES_MAX + 1)), key=lambda k: k.public)
    why = "one more than SIGNATURES_MAX"
    yield form, "envelope-form", "signatures-129", why, envelope(_RECALL, *many)
    unsigned = cmp.encode([_RECALL, []])
    yield "REC-2", "unsigned", "unsigned", "nobody signed", unsigned
    raw = envelope(_RECALL)
    yield "ENC-3", "enc-trailing", "trailing", "a byte after it", raw + b"\x00"
    yield "ENC-4", "enc-truncated", "truncated", "a byte short", raw[:-1]
    large = cmp.encode(examples.payload("example-festival", body={"x": filler("large") * 520}))
    yield "ENC-1", "enc-size", "large", "more than RECORD_MAX_BYTES", envelope(large)
    cut = _RECALL[:-5]
    assert cut + cmp.encode(examples.TIME) == _RECALL
    nil = cut + b"\xc0"
    yield "ENC-6", "enc-nil", "payload-nil", "the payload is CMP too", envelope(nil)
    long = cut + b"\xcf" + examples.TIME.to_bytes(8, "big")
    why = "the payload is canonical too"
    yield "ENC-10", "enc-int-shortest", "payload-long-int", why, envelope(long)
    tail = envelope(_RECALL + b"\x00")
    yield "ENC-3", "enc-trailing", "payload-trailing", "a byte after the payload", tail


def _rows() -> Broken:
    first, second, third = (row(key, _RECALL) for key in KEYS[:3])
    swapped = cmp.encode([_RECALL, [second, first]])
    yield "REC-5", "signer-order", "swapped", "signers strictly increase", swapped
    late = cmp.encode([_RECALL, [first, third, second]])
    yield "REC-5", "signer-order", "swapped-later", "signers strictly increase", late
    twice = cmp.encode([_RECALL, [first, first]])
    yield "REC-7", "signer-duplicate", "twice", "one signer counts once", twice
    forms = cmp.encode([_RECALL, [first, row(KEYS[0], _RECALL, 1)]])
    why = "one signer counts once, whatever the form"
    yield "REC-7", "signer-duplicate", "twice-other-form", why, forms


def _signed(form: int, raw: bytes, signer: bytes = KEYS[0].public) -> bytes:
    return cmp.encode([_RECALL, [[signer, form, raw]]])


def _signatures() -> Broken:
    key = KEYS[0]
    message = message_of(_RECALL)
    good = key.sign(message)
    for form in (3, 255, -1):
        slug = f"form-{form}".replace("--", "-minus-")
        yield "SIG-1", "sig-form", slug, "no such form", _signed(form, good)
    for rule, slug, why, form, raw in (
        (
            "REC-3",
            "other-network",
            "an id of another network",
            0,
            key.sign(message_of(_RECALL, OTHER_NETWORK)),
        ),
        ("REC-4", "untagged-id", "the id without its tag", 0, key.sign(record_id(_RECALL))),
        ("REC-4", "payload-signed", "the payload itself", 0, key.sign(_RECALL)),
        (
            "REC-4",
            "head-tag",
            "the tag of heads",
            0,
            key.sign(b"confed head 1\0" + record_id(_RECALL)),
        ),
        ("SIG-5", "other-signer", "signed by another key", 0, KEYS[1].sign(message)),
        ("SIG-5", "flipped", "one bit", 0, good[:5] + bytes([good[5] ^ 4]) + good[6:]),
        ("SIG-1", "raw-as-ssh", "form 0 said to be 1", 1, good),
        ("SIG-1", "ssh-as-raw", "form 1 said to be 0", 0, signature(key, message, 1)),
        ("SIG-1", "raw-as-fido", "form 0 said to be 2", 2, good + b"\x01" + bytes(4)),
        ("SSH-2", "ssh-namespace", "signed for files", 1, key.sign(ssh_preimage(message, b"file"))),
        (
            "SSH-5",
            "ssh-sha256",
            "another hash",
            1,
            key.sign(ssh_preimage(message, digest="sha256")),
        ),
        (
            "SSH-6",
            "fido-counter",
            "another counter than signed",
            2,
            key.sign(sk_preimage(ssh_preimage(message), 1, 7)) + b"\x01" + (8).to_bytes(4, "big"),
        ),
        (
            "SSH-6",
            "fido-flags",
            "other flags than signed",
            2,
            key.sign(sk_preimage(ssh_preimage(message), 1, 7)) + b"\x05" + (7).to_bytes(4, "big"),
        ),
    ):
        yield rule, "sig-invalid", slug, why, _signed(form, raw)
    for slug, form, raw in (
        ("raw-63", 0, good[:63]),
        ("raw-65", 0, good + b"\x00"),
        ("raw-empty", 0, b""),
        ("ssh-69", 1, signature(key, message, 1) + bytes(5)),
        ("fido-64", 2, signature(key, message, 2)[:64]),
        ("fido-68", 2, signature(key, message, 2)[:68]),
    ):
        yield "SIG-2", "sig-length", slug, "the length of its form", _signed(form, raw)
    absent = signature(key, message, 2, flags=4)
    yield "SSH-7", "sshsig-flags", "fido-no-user", "no user was present", _signed(2, absent)
    large = int.from_bytes(good[32:], "little") + ed25519.L
    raw = good[:32] + large.to_bytes(32, "little")
    yield "SIG-3", "sig-scalar", "scalar", "a second signature of one message", _signed(0, raw)
    rows = [row(KEYS[0], _RECALL), row(KEYS[1], _RECALL)]
    rows[1][2] = rows[0][2]
    second = cmp.encode([_RECALL, rows])
    yield "REC-8", "sig-invalid", "second", "every signature must hold", second
    for slug, signer in (("31", key.public[:31]), ("33", key.public + b"\x00"), ("0", b"")):
        why = "a key has 32 bytes"
        yield "KEY-1", "key-length", f"signer-{slug}", why, _signed(0, good, signer)
    off = (2).to_bytes(32, "little")
    yield "KEY-2", "key-encoding", "signer-off-curve", "no point", _signed(0, good, off)
    small = ed25519.torsion()[1].encode()
    lenient = ed25519.IDENTITY.encode() + bytes(32)
    yield "KEY-3", "key-order", "signer-small", "small order", _signed(0, lenient, small)


def _payloads() -> Broken:
    good = examples.payload("recall")
    cases: tuple[tuple[str, Any], ...] = (
        ("an-array", [good]),
        ("text", "payload"),
        *(
            (f"no-{name}", {k: v for k, v in good.items() if k != name})
            for name in ("kind", "charter", "time", "body")
        ),
        ("another-field", {**good, "note": "x"}),
        ("kind-upper", {**good, "kind": "Recall"}),
        ("kind-empty", {**good, "kind": ""}),
        ("kind-digit", {**good, "kind": "1st"}),
        ("kind-underscore", {**good, "kind": "re_call"}),
        ("kind-32", {**good, "kind": "k" * 32}),
        ("kind-line-feed", {**good, "kind": "recall\n"}),
        ("kind-bytes", {**good, "kind": b"recall"}),
        ("council-31", {**good, "council": bytes(31)}),
        ("council-33", {**good, "council": bytes(33)}),
        ("council-text", {**good, "council": "c" * 32}),
        ("charter-negative", {**good, "charter": -1}),
        ("charter-large", {**good, "charter": 1_000_001}),
        ("charter-text", {**good, "charter": "1"}),
        ("charter-bool", {**good, "charter": True}),
        ("time-negative", {**good, "time": -1}),
        ("time-large", {**good, "time": 2**40 + 1}),
        ("time-text", {**good, "time": "2027-01-15T08:00:00Z"}),
        ("scope-31", {**good, "scope": bytes(31)}),
        ("subject-31", {**good, "subject": bytes(31)}),
        ("subject-text", {**good, "subject": "s" * 32}),
        ("council-base64", {**good, "council": base64.b64encode(bytes(32)).decode()}),
        ("salt-15", {**good, "salt": bytes(15)}),
        ("salt-17", {**good, "salt": bytes(17)}),
        ("body-array", {**good, "body": []}),
        ("body-packed", {**good, "body": cmp.encode(good["body"])}),
        ("ext-array", {**good, "ext": [1]}),
    )
    for slug, value in cases:
        why = "not the fields of a payload"
        yield "PAY-1", "payload-form", f"payload-{slug}", why, envelope(cmp.encode(value))
    later = examples.payload("charter", council=None)
    why = "a later charter names its council"
    yield "PAY-2", "payload-form", "council-absent", why, envelope(cmp.encode(later))
    recall = examples.payload("recall", council=None)
    why = "only a first charter names none"
    yield "PAY-2", "payload-form", "council-absent-recall", why, envelope(cmp.encode(recall))
    first = examples.payload("charter", charter=0)
    why = "a first charter cannot name its own id"
    yield "PAY-2", "payload-form", "council-in-first", why, envelope(cmp.encode(first))
    empty = examples.payload("recall", ext={})
    why = "empty is written by leaving out"
    yield "PAY-3", "payload-form", "ext-empty", why, envelope(cmp.encode(empty))
    bare = examples.payload("recall", scope=filler("scope"))
    why = "without a salt its hash could be guessed"
    yield "PAY-5", "payload-form", "scope-no-salt", why, envelope(cmp.encode(bare))
    for kind in _PUBLIC:
        scoped = examples.payload(kind, scope=filler("scope"), salt=filler("salt", 16))
        why = "everybody has to see it"
        yield "PAY-6", "payload-form", f"{kind}-scoped", why, envelope(cmp.encode(scoped))
    for kind in examples.BODIES:
        if kind in examples.SUBJECTS:
            slug, fields = "no-subject", examples.payload(kind, subject=None)
        else:
            slug, fields = "subject", examples.payload(kind, subject=filler("subject"))
        why = "whether a kind has a subject is in its registry row"
        raw = envelope(cmp.encode(fields))
        yield "PAY-4", "payload-form", f"{kind}-{slug}", why, raw


def _parts(out: Vectors) -> None:
    def raw(kind: str, **change: Any) -> bytes:
        body = {**examples.BODIES[kind], **change}
        return envelope(cmp.encode(examples.payload(kind, body=body)))

    for kind in examples.PARTS:
        why = "the carrier left it out"
        out.bad("PRT-7", "part-missing", f"{kind}-no-part", why, _request(raw(kind)))
    for kind, part in (("recall", b"x"), ("charter", examples.TEXT), ("second", b"")):
        request = _request(raw(kind), part)
        out.bad("PRT-3", "part-unexpected", f"{kind}-part", "this kind has none", request)
    text = examples.TEXT
    for slug, part in (
        ("other", text + b" "),
        ("other-salt", b"\x00" + text[1:]),
        ("salt-cut", text[16:]),
        ("empty", b""),
    ):
        why = "not the text that was signed"
        request = _request(raw("motion"), part)
        out.bad("PRT-4", "part-mismatch", f"motion-part-{slug}", why, request)
    salt = text[:16]
    for slug, part in (
        ("salt-short", salt[:15]),
        ("latin-1", salt + "Br\u00fccke".encode("latin-1")),
        ("bidi", salt + "a\u202eb".encode()),
        ("carriage-return", salt + b"one\r\ntwo"),
    ):
        hashed = hashlib.sha256(b"confed text 1\0" + part).digest()
        why = "the hash holds, but it is no salted text"
        request = _request(raw("motion", text=hashed), part)
        out.bad("PRT-2", "body-form", f"motion-text-{slug}", why, request)
    heads = examples.HEADS
    for slug, part in (
        ("one-less", cmp.encode(heads[:2])),
        ("other-size", cmp.encode([[heads[0][0], 99, heads[0][2]], *heads[1:]])),
        ("reversed", cmp.encode(heads[::-1])),
        ("trailing", cmp.encode(heads) + b"\x00"),
        ("size-0", cmp.encode([[heads[0][0], 0, heads[0][2]], *heads[1:]])),
        ("not-cmp", b"\xc1"),
        ("a-map", cmp.encode({"heads": heads})),
    ):
        why = "not the heads that were signed"
        request = _request(raw("witness"), part)
        out.bad("PRT-5", "part-mismatch", f"witness-part-{slug}", why, request)
    request = _request(raw("witness", count=2), cmp.encode(heads))
    out.bad("PRT-6", "body-form", "witness-count", "count is not the number of heads", request)
    twice = sorted([heads[0], [heads[0][0], 50, filler("root")], heads[1]])
    hashes = [leaf_hash(cmp.encode(head)) for head in twice]
    request = _request(raw("witness", root=examples.root_of_three(hashes)), cmp.encode(twice))
    out.bad("PRT-6", "body-form", "witness-log-twice", "one log with two heads", request)
