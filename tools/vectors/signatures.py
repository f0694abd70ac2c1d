"""Vectors of specs/02: `verify` and `sshsig`."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from tests.support import ed25519
from tools.vectors.base import Vectors
from tools.vectors.signing import KEYS, NAMESPACE, Key, filler, sk_preimage, ssh_preimage, string

_RFC8032: Final = (
    (
        "1",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "2",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "3",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "sha-abc",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
)
"""Key, message, signature: RFC 8032, section 7.1."""

_PROBE_KEY: Final = "a3db57cff42ca591de1e207c70f7037534d8da5ba0e2a7e56474778f4526730e"
_PROBE_SIGNATURE: Final = (
    "87776d264d9fd735a8edb45dda992a5eadacdcaca90fc28975b1d93f3bf893d0"
    "a2c7e98aa44ab5005075258fa8af90b3b9c1e597301ae2775499fbd45b6f1906"
)
MESSAGE: Final = b"a message"


def _request(key: bytes, signature: bytes, message: bytes = MESSAGE) -> dict[str, str]:
    return {"key": key.hex(), "msg": message.hex(), "sig": signature.hex()}


def verify() -> Vectors:
    """Ed25519 under one verdict; the verdict of plain arithmetic is asserted for each."""
    out = Vectors("verify")
    for name, key, message, signature in _RFC8032:
        request = {"key": key, "msg": message, "sig": signature}
        out.good("SIG-5", f"rfc8032-{name}", "RFC 8032, section 7.1", request)
    for length in (0, 1, 64, 500):
        raw = (filler("message") * 16)[:length]
        request = _request(KEYS[0].public, KEYS[0].sign(raw), raw)
        out.good("SIG-5", f"message-{length}", "an ordinary signature", request)
    for rule, reason, slug, why, request in (*_bad_keys(), *_bad_signatures()):
        parts = [bytes.fromhex(request[name]) for name in ("key", "msg", "sig")]
        assert ed25519.verdict(*parts) == reason, slug
        out.bad(rule, reason, slug, why, request)
    for vector in out.items:
        if vector.negative:
            continue
        parts = [bytes.fromhex(vector.request[name]) for name in ("key", "msg", "sig")]
        assert ed25519.verdict(*parts) is None
    return out


Broken = Iterator[tuple[str, str, str, str, dict[str, str]]]


def _bad_keys() -> Broken:
    good = KEYS[0]
    signed = good.sign(MESSAGE)
    for length in (0, 31, 33):
        key = (good.public + b"\x00")[:length]
        why = "a key has 32 bytes"
        yield "KEY-1", "key-length", f"key-{length}-bytes", why, _request(key, signed)
    noncanonical = {
        "y-is-p": (ed25519.P).to_bytes(32, "little"),
        "y-is-p-plus-1": (ed25519.P + 1).to_bytes(32, "little"),
        "y-all-ones": b"\xff" * 31 + b"\x7f",
        "identity-sign-bit": (1 | 1 << 255).to_bytes(32, "little"),
        "order-2-sign-bit": (ed25519.P - 1 | 1 << 255).to_bytes(32, "little"),
    }
    for slug, key in noncanonical.items():
        why = "not the one encoding of a point"
        yield "KEY-2", "key-encoding", f"key-{slug}", why, _request(key, signed)
    missing = (y for y in range(2, 100) if ed25519.solve_x(y, 0) is None)
    for y, _ in zip(missing, range(3), strict=False):
        why = "no x for this y"
        key = y.to_bytes(32, "little")
        yield "KEY-2", "key-encoding", f"key-off-curve-{y}", why, _request(key, signed)
    for number, point in enumerate(ed25519.torsion()):
        # S = 0 and R = identity satisfy many lenient verifiers under these keys.
        lenient = ed25519.IDENTITY.encode() + bytes(32)
        why = "a point of small order: anyone signs under it"
        request = _request(point.encode(), lenient)
        yield "KEY-3", "key-order", f"key-small-{number}", why, request
    secret = ed25519.scalar("mixed")
    for number, point in enumerate(ed25519.torsion()[1:], start=1):
        key = (secret * ed25519.BASE + point).encode()
        nonce = ed25519.scalar(f"nonce {number}")
        forged = ed25519.forge(secret, nonce, key, (nonce * ed25519.BASE).encode(), MESSAGE)
        why = "a good point and one of small order: libraries disagree"
        yield "KEY-3", "key-order", f"key-mixed-{number}", why, _request(key, forged)


def _bad_signatures() -> Broken:
    good = KEYS[0]
    signed = good.sign(MESSAGE)
    s = int.from_bytes(signed[32:], "little")
    for length in (0, 63, 65, 69):
        signature = (signed + bytes(5))[:length]
        why = "a raw signature has 64 bytes"
        yield "SIG-2", "sig-length", f"signature-{length}", why, _request(good.public, signature)
    for slug, scalar in (
        *(("plus-l", s + ed25519.L), ("plus-8-l", s + 8 * ed25519.L), ("is-l", ed25519.L)),
        *(("largest", 2**256 - 1), ("top-bits", s | 0xE0 << 248)),
    ):
        signature = signed[:32] + scalar.to_bytes(32, "little")
        why = "S is not below L: another signature of the same message"
        yield "SIG-3", "sig-scalar", f"scalar-{slug}", why, _request(good.public, signature)
    small = {point.encode() for point in ed25519.torsion()}
    for number, r in enumerate(sorted(small)):
        # S B - h A with R forced: the equation holds for R = identity in some libraries.
        h = ed25519.challenge(r, good.public, MESSAGE)
        signature = r + (h * _scalar(good) % ed25519.L).to_bytes(32, "little")
        why = "R of small order"
        yield "SIG-4", "sig-point", f"r-small-{number}", why, _request(good.public, signature)
    for slug, value in (
        *(("identity-sign-bit", 1 | 1 << 255), ("order-2-sign-bit", ed25519.P - 1 | 1 << 255)),
        *(("y-is-p", ed25519.P), ("y-is-p-plus-1", ed25519.P + 1), ("y-all-ones", 2**255 - 1)),
    ):
        signature = value.to_bytes(32, "little") + signed[32:]
        why = "R is not canonical"
        yield "SIG-4", "sig-point", f"r-{slug}", why, _request(good.public, signature)
    yield from _unequal(good, signed)


def _scalar(key: Key) -> int:
    """The secret scalar of a key (RFC 8032, section 5.1.5)."""
    raw = bytearray(hashlib.sha512(key.seed).digest()[:32])
    raw[0] &= 0xF8
    raw[31] = raw[31] & 0x7F | 0x40
    return int.from_bytes(raw, "little")


def _unequal(good: Key, signed: bytes) -> Broken:
    flipped = bytearray(signed)
    flipped[40] ^= 1
    for slug, key, message, signature in (
        ("other-message", good.public, b"another message", signed),
        ("other-key", KEYS[1].public, MESSAGE, signed),
        ("s-flipped", good.public, MESSAGE, bytes(flipped)),
        ("s-zero", good.public, MESSAGE, signed[:32] + bytes(32)),
        ("s-negated", good.public, MESSAGE, _negated(signed)),
        ("r-off-curve", good.public, MESSAGE, (2).to_bytes(32, "little") + signed[32:]),
        ("hashed-first", good.public, MESSAGE, good.sign(hashlib.sha512(MESSAGE).digest())),
    ):
        yield "SIG-5", "sig-invalid", slug, "the equation fails", _request(key, signature, message)
    why = "holds only times the cofactor 8 (the probe of SIG-6)"
    probe = {"key": _PROBE_KEY, "msg": "", "sig": _PROBE_SIGNATURE}
    yield "SIG-6", "sig-invalid", "cofactor-probe", why, probe
    secret = _scalar(good) % ed25519.L
    for number, point in enumerate(ed25519.torsion()[1:], start=1):
        nonce = ed25519.scalar(f"mixed nonce {number}")
        r = (nonce * ed25519.BASE + point).encode()
        signature = ed25519.forge(secret, nonce, good.public, r, MESSAGE)
        why = "R of mixed order: holds only times the cofactor 8"
        yield "SIG-5", "sig-invalid", f"r-mixed-{number}", why, _request(good.public, signature)


def _negated(signed: bytes) -> bytes:
    s = ed25519.L - int.from_bytes(signed[32:], "little")
    return signed[:32] + s.to_bytes(32, "little")


# --- SSH -------------------------------------------------------------------------------------

_PLAIN, _FIDO = b"ssh-ed25519", b"sk-ssh-ed25519@openssh.com"


def _blob(kind: bytes = _PLAIN, **change: Any) -> bytes:
    """An SSHSIG blob by KEYS[0] over MESSAGE; `change` replaces a field's content."""
    fido = kind == _FIDO
    flags = change.get("flags", 1)
    namespace = change.get("namespace", NAMESPACE)
    digest = change.get("digest", "sha512")
    signed = ssh_preimage(MESSAGE, namespace, digest)
    signer = change.get("signer", KEYS[0])
    raw = signer.sign(sk_preimage(signed, flags, 7) if fido else signed)
    tail = bytes([flags]) + (7).to_bytes(4, "big") if fido else b""
    application = string(change.get("application", b"ssh:")) if fido else b""
    key = string(kind) + string(change.get("key", signer.public)) + application
    signature = string(change.get("type", kind)) + string(change.get("raw", raw)) + tail
    fields = (
        key + change.get("key_tail", b""),
        namespace,
        change.get("reserved", b""),
        digest.encode(),
        signature + change.get("signature_tail", b""),
    )
    version: bytes = change.get("version", 1).to_bytes(4, "big")
    return b"SSHSIG" + version + b"".join(string(field) for field in fields)


def _ssh_request(blob: bytes, **change: Any) -> dict[str, str]:
    request = {
        "key": KEYS[0].public.hex(),
        "namespace": NAMESPACE.decode(),
        "msg": MESSAGE.hex(),
        "sig": blob.hex(),
    }
    return {**request, **change}


def sshsig() -> Vectors:
    """SSHSIG blobs."""
    out = Vectors("sshsig")
    out.good("SSH-5", "plain", "ssh-keygen -Y sign with a key file", _ssh_request(_blob()))
    out.good("SSH-6", "fido", "with a FIDO key", _ssh_request(_blob(_FIDO)))
    verified = _ssh_request(_blob(_FIDO, flags=5))
    out.good("SSH-7", "fido-verified", "the other flags are judged by nobody", verified)
    other = _ssh_request(_blob(namespace=b"file"), namespace="file")
    out.good("SSH-4", "other-namespace-asked", "the namespace that was asked for", other)
    for rule, reason, slug, why, request in _bad_blobs():
        out.bad(rule, reason, slug, why, request)
    return out


def _bad_blobs() -> Broken:
    good = _blob()
    form = "SSH-3"
    for reason, slug, why, blob in (
        ("sshsig-magic", "magic-lower", "another magic", b"sshsig" + good[6:]),
        ("sshsig-magic", "empty", "nothing at all", b""),
        ("sshsig-version", "version-0", "version 0", _blob(version=0)),
        ("sshsig-version", "version-2", "version 2", _blob(version=2)),
        ("sshsig-namespace", "namespace-empty", "an empty namespace", _blob(namespace=b"")),
        ("sshsig-form", "reserved", "the reserved field is filled", _blob(reserved=b"x")),
        ("sshsig-hash", "sha256", "only sha512", _blob(digest="sha256")),
        ("sshsig-form", "other-type", "signature of another type", _blob(type=_FIDO)),
        ("sshsig-form", "signature-63", "63 bytes", _blob(raw=bytes(63))),
        ("sshsig-form", "signature-tail", "bytes inside", _blob(signature_tail=b"\x00")),
        ("sshsig-form", "fido-tail", "bytes inside", _blob(_FIDO, signature_tail=b"\x00")),
        ("sshsig-form", "key-tail", "bytes inside", _blob(key_tail=b"\x00")),
        ("sshsig-form", "trailing", "bytes after the last field", good + b"\x00"),
        ("sshsig-form", "truncated", "a field is cut", good[:-1]),
        ("sshsig-form", "length-huge", "2^32-1 bytes declared", good[:10] + b"\xff" * 4),
        ("sshsig-form", "long", "more than SSHSIG_MAX_BYTES", _blob(namespace=b"n" * 1_000)),
    ):
        yield form, reason, slug, why, _ssh_request(blob)
    for slug, why, blob in (
        ("rsa", "another key type", _blob(b"ssh-rsa")),
        ("ecdsa", "another key type", _blob(b"ecdsa-sha2-nistp256")),
        ("key-31", "31 bytes", _blob(key=bytes(31))),
        ("application", "another application", _blob(_FIDO, application=b"ssh:mine")),
    ):
        yield "SSH-1", "sshsig-key", slug, why, _ssh_request(blob)
    other = _ssh_request(_blob(signer=KEYS[1]))
    yield "SSH-4", "sshsig-key", "other-key", "made by another key", other
    namespace = _ssh_request(_blob(namespace=b"file"))
    yield "SSH-4", "sshsig-namespace", "other-namespace", "signed for files", namespace
    flags = _ssh_request(_blob(_FIDO, flags=4))
    yield "SSH-7", "sshsig-flags", "no-user", "no user was present", flags
    message = _ssh_request(good, msg=b"another".hex())
    yield "SIG-5", "sig-invalid", "other-message", "the equation fails", message
    raw = _blob(raw=KEYS[0].sign(MESSAGE))
    yield "SSH-5", "sig-invalid", "raw-inside", "signed without the preimage", _ssh_request(raw)
    raw = _blob(_FIDO, raw=KEYS[0].sign(ssh_preimage(MESSAGE)))
    why = "signed without the FIDO preimage"
    yield "SSH-6", "sig-invalid", "plain-inside-fido", why, _ssh_request(raw)
    signed = KEYS[0].sign(ssh_preimage(MESSAGE))
    large = int.from_bytes(signed[32:], "little") + ed25519.L
    scalar = _blob(raw=signed[:32] + large.to_bytes(32, "little"))
    yield "SIG-3", "sig-scalar", "scalar", "S is not below L", _ssh_request(scalar)
