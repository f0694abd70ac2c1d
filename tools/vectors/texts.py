"""Vectors of specs/12: `text`."""

import base64
import hashlib
import zlib
from collections.abc import Iterator
from typing import Any, Final

from tools.vectors import bech32
from tools.vectors.base import Vectors
from tools.vectors.signing import filler

VALUE: Final = bytes(range(32))
_PREFIXES: Final = {"key": "cfk", "record": "cfr", "network": "cfn", "transport": "cft"}
_PUBLISHED_IN_SPEC: Final = "cfk1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0s494lg0"
Broken = Iterator[tuple[str, str, str, str, str, str]]
"""Rule, reason, kind, slug, why, text."""


def text() -> Vectors:
    """Every text form."""
    assert all(bech32.is_valid(published) for published in bech32.PUBLISHED)
    assert bech32.encode("cfk", VALUE) == _PUBLISHED_IN_SPEC
    out = Vectors("text")

    def good(rule: str, kind: str, slug: str, why: str, form: str, value: Any) -> None:
        out.good(rule, f"{kind}-{slug}", why, {"kind": kind, "in": form}, value=value)

    for kind, prefix in _PREFIXES.items():
        for slug, value in (("counting", VALUE), ("zeros", bytes(32)), ("ones", b"\xff" * 32)):
            good("TXT-5", kind, slug, "32 bytes", bech32.encode(prefix, value), value.hex())
    for slug, value in (("counting", VALUE), ("zeros", bytes(32))):
        digits = _fingerprint(value)
        good("TXT-7", "fingerprint", slug, "six groups", digits, digits.replace(" ", ""))
    for type_ in ("record", "council"):
        form = f"confed:{type_}/{bech32.encode('cfr', VALUE)}"
        answer = {"type": type_, "id": VALUE.hex()}
        good("TXT-9", "uri", type_, "a URI", form, answer)
        good("TXT-12", "qr", type_, "the same in upper case", form.upper(), answer)
    for slug, address in _ADDRESSES.items():
        form, answer = _invite(address)
        good("TXT-8", "invitation", slug, "an address of this kind", form, answer)
    form, answer = _invite("192.0.2.1:7300")
    good("TXT-10", "uri", "invite", "an invitation is a URI", form, answer)
    good("TXT-12", "qr", "invite", "the same in upper case", form.upper(), answer)
    edge, answer = _invite("a:1", expires=2**40 - 1)
    good("TXT-10", "uri", "invite-far", "the last expiry", edge, answer)
    for label in ("RECORD", "BUNDLE", "SIGN REQUEST"):
        for length in (1, 48, 49, 100):
            slug = f"{label.lower().replace(' ', '-')}-{length}"
            data = _data(length)
            answer = {"type": label, "data": data.hex()}
            good("TXT-11", "armor", slug, "lines of 64", _armor(label, data), answer)
    for type_ in ("ENVELOPE", "BUNDLE", "REQUEST"):
        for length in (1, 2, 3, 4, 5, 200):
            data = _data(length)
            answer = {"type": type_, "data": data.hex()}
            slug = f"{type_.lower()}-{length}"
            good("TXT-12", "qr", slug, "base32 and CRC-32", _qr(type_, data), answer)
    for makers in (_bad_ids, _bad_secrets, _bad_fingerprints, _bad_uris, _bad_armor, _bad_qr):
        for rule, reason, kind, slug, why, broken in makers():
            out.bad(rule, reason, f"{kind}-{slug}", why, {"kind": kind, "in": broken})
    return out


def _data(length: int) -> bytes:
    return bytes(number % 256 for number in range(length))


def _fingerprint(value: bytes) -> str:
    digest = hashlib.sha256(b"confed fingerprint 1\0" + value).digest()
    parts = [int.from_bytes(digest[5 * i : 5 * i + 5], "big") % 100_000 for i in range(6)]
    return " ".join(f"{part:05}" for part in parts)


_ONION: Final = "a" * 55 + "d.onion"
_ADDRESSES: Final = {
    "ipv4": "192.0.2.1:7300",
    "ipv6": "[2001:db8::1]:7300",
    "ipv6-loopback": "[::1]:1",
    "onion": f"{_ONION}:7300",
    "name": "node.example.org:65535",
    "punycode": "xn--rt-eka.example:443",
    "one-label": "localhost:7300",
    "digits-in-name": "1.2.3.4a.example:7300",
}


def _packed(address: str, *, version: int = 1, expires: int = 1_800_000_000) -> bytes:
    parts = (filler("transport"), filler("council"), filler("token", 16), address.encode("latin-1"))
    return bytes([version]) + expires.to_bytes(5, "big") + b"".join(parts)


def _uri_of(packed: bytes) -> str:
    return "confed:invite/" + bech32.encode("cfi", packed)


def _invite(address: str, expires: int = 1_800_000_000) -> tuple[str, dict[str, Any]]:
    answer = {
        "type": "invite",
        "address": address,
        "transport": filler("transport").hex(),
        "council": filler("council").hex(),
        "token": filler("token", 16).hex(),
        "expires": expires,
    }
    return _uri_of(_packed(address, expires=expires)), answer


def _bad_ids() -> Broken:
    good = bech32.encode("cfk", VALUE)
    groups = bech32.groups_of(VALUE)
    for kind, prefix in _PREFIXES.items():
        other = bech32.encode("cfn" if prefix == "cfk" else "cfk", VALUE)
        yield "TXT-4", "text-prefix", kind, "other-prefix", "an id of another kind", other
        upper = bech32.encode(prefix, VALUE).upper()
        yield "TXT-1", "text-case", kind, "upper", "all in upper case", upper
    at = next(i for i, character in enumerate(good) if i > 3 and character.isalpha())
    mixed = good[:at] + good[at].upper() + good[at + 1 :]
    yield "TXT-1", "text-case", "key", "mixed", "one upper-case letter", mixed
    yield "TXT-4", "text-prefix", "key", "no-separator", "no 1 after it", "cfkq" + good[4:]
    for number, look_alike in enumerate("bio1"):
        form = good[:10] + look_alike + good[11:]
        slug = f"look-alike-{number}"
        yield "TXT-4", "text-character", "key", slug, "a look-alike", form
    for slug, character in (("cyrillic", "\u0430"), ("full-width", "\uff41"), ("hyphen", "-")):
        form = good[:10] + character + good[11:]
        yield "TXT-4", "text-character", "key", slug, "outside the alphabet", form
    for at in (4, 20, 61):
        wrong = "q" if good[at] != "q" else "p"
        form = good[:at] + wrong + good[at + 1 :]
        yield "TXT-4", "text-checksum", "key", f"wrong-{at}", "one wrong character", form
    swapped = good[:20] + good[21] + good[20] + good[22:]
    assert swapped != good
    yield "TXT-4", "text-checksum", "key", "swapped", "two characters in another order", swapped
    bech32_1 = bech32.text_of("cfk", groups, 1)
    yield "TXT-4", "text-checksum", "key", "bech32-not-m", "BIP-173 instead of BIP-350", bech32_1
    for slug, form in (
        ("short", good[:-1]),
        ("31-bytes", bech32.encode("cfk", VALUE[:31])),
        ("33-bytes", bech32.encode("cfk", VALUE + b"\x00")),
        ("space-before", " " + good),
        ("line-feed-after", good + "\n"),
        ("empty", ""),
        ("prefix-only", "cfk1"),
    ):
        yield "TXT-5", "text-length", "key", slug, "another length than 62", form
    dirty = [*groups[:-1], groups[-1] | 1]
    padded = bech32.text_of("cfk", dirty)
    yield "TXT-6", "text-padding", "key", "spare-bits", "a spare bit is set", padded
    long = "cfk1" + "q" * 8_189
    yield "TXT-2", "text-length", "key", "over-all-bound", "over TEXT_FORM_MAX_CHARS", long


def _bad_secrets() -> Broken:
    secret = bech32.encode("cfs", filler("seed"))
    why = "a secret seed in the wrong field"
    for kind in ("key", "record", "network", "transport", "fingerprint", "uri", "qr", "armor"):
        yield "TXT-3", "text-secret", kind, "secret", why, secret
    yield "TXT-3", "text-secret", "key", "secret-upper", why, secret.upper()
    yield "TXT-3", "text-secret", "key", "secret-mixed", why, "cFs1" + secret[4:]
    yield "TXT-3", "text-secret", "uri", "secret-inside", why, "confed:record/" + secret
    yield "TXT-3", "text-secret", "uri", "secret-scheme", why, "confed:" + secret
    yield "TXT-3", "text-secret", "qr", "secret-inside", why, "CONFED:RECORD/" + secret.upper()


def _bad_fingerprints() -> Broken:
    good = _fingerprint(VALUE)
    arabic = good[:-1] + chr(0x660 + int(good[-1]))
    for slug, form in (
        ("no-spaces", good.replace(" ", "")),
        ("five-groups", good[:-6]),
        ("seven-groups", good + " 00000"),
        ("two-spaces", good.replace(" ", "  ", 1)),
        ("hyphens", good.replace(" ", "-")),
        ("letter", good[:-1] + "o"),
        ("arabic-digit", arabic),
        ("space-after", good + " "),
        ("line-feed", good + "\n"),
        ("no-break-space", good.replace(" ", "\u00a0", 1)),
        ("empty", ""),
    ):
        yield "TXT-7", "fingerprint-form", "fingerprint", slug, "six groups of five digits", form


def _bad_uris() -> Broken:
    record = bech32.encode("cfr", VALUE)
    for slug, form in (
        ("no-scheme", record),
        ("other-scheme", "https://record/" + record),
        ("other-type", "confed:motion/" + record),
        ("slashes", "confed://record/" + record),
        ("no-slash", "confed:record" + record),
        ("empty", ""),
    ):
        yield "TXT-9", "text-scheme", "uri", slug, "none of the three", form
    yield "TXT-1", "text-case", "uri", "upper-scheme", "lower case", "CONFED:record/" + record
    why = "a URI of another type"
    yield "TXT-13", "text-scheme", "invitation", "record", why, "confed:record/" + record
    for slug, tail in (("query", "?a=b"), ("fragment", "#a"), ("slash", "/")):
        form = "confed:record/" + record + tail
        yield "TXT-5", "text-length", "uri", slug, "nothing after the id", form
    good, _ = _invite("192.0.2.1:7300")
    long = _uri_of(_packed("a." * 150 + "a:7300"))
    yield "TXT-10", "text-length", "invitation", "long", "over INVITATION_MAX_CHARS", long
    for slug, packed in (
        ("version-0", _packed("192.0.2.1:7300", version=0)),
        ("version-2", _packed("192.0.2.1:7300", version=2)),
        ("85-bytes", _packed("")[:85]),
        ("empty", b""),
    ):
        yield "TXT-10", "text-field", "invitation", slug, "version or length", _uri_of(packed)
    at = len(good) - 20
    wrong = good[:at] + ("q" if good[at] != "q" else "p") + good[at + 1 :]
    yield "TXT-4", "text-checksum", "invitation", "wrong", "one wrong character", wrong
    bare = good.removeprefix("confed:invite/")
    prefix = "confed:invite/" + bech32.encode("cfk", VALUE)
    yield "TXT-4", "text-prefix", "invitation", "a-key", "a key is none", prefix
    assert bare.startswith("cfi1")
    for slug, address in _BAD_ADDRESSES.items():
        why = "not an accepted address"
        yield "TXT-8", "address-form", "invitation", f"at-{slug}", why, _uri_of(_packed(address))


_BAD_ADDRESSES: Final = {
    "empty": "",
    "no-port": "192.0.2.1",
    "port-empty": "192.0.2.1:",
    "port-0": "192.0.2.1:0",
    "port-65536": "192.0.2.1:65536",
    "port-zeros": "192.0.2.1:07300",
    "port-plus": "192.0.2.1:+730",
    "ipv4-zeros": "192.0.2.01:7300",
    "ipv4-256": "192.0.2.256:7300",
    "ipv4-short": "127.1:7300",
    "ipv4-hex": "0x7f.0.0.1:7300",
    "ipv4-number": "2130706433:7300",
    "ipv6-bare": "2001:db8::1:7300",
    "ipv6-open": "[2001:db8::1:7300",
    "ipv6-upper": "[2001:DB8::1]:7300",
    "ipv6-long": "[2001:db8:0:0:0:0:0:1]:7300",
    "ipv6-zeros": "[2001:0db8::1]:7300",
    "ipv6-zone": "[fe80::1%eth0]:7300",
    "ipv6-mapped": "[::ffff:c000:201]:7300",
    "ipv6-dotted": "[::ffff:192.0.2.1]:7300",
    "onion-v2": "expyuzz4wqqyqhjn.onion:80",
    "onion-not-d": "a" * 56 + ".onion:80",
    "onion-sub": f"www.{_ONION}:80",
    "name-upper": "Node.example.org:80",
    "name-dot-end": "node.example.org.:80",
    "name-hyphen": "-node.example.org:80",
    "name-underscore": "my_node.example.org:80",
    "name-digit-last": "node.example.1:80",
    "name-label-64": "a" * 64 + ".example:80",
    "name-latin-1": "n\u00f6de.example:80",
    "user": "me@node.example:80",
    "space": "node.example :80",
    "long": "a." * 62 + "aa:80",
}


def _armor(label: str, data: bytes, *, width: int = 64, end: str = "\n") -> str:
    body = base64.b64encode(data).decode()
    lines = [body[at : at + width] for at in range(0, len(body), width)]
    frame = [f"-----BEGIN CONFED {label}-----", *lines, f"-----END CONFED {label}-----"]
    return end.join([*frame, ""])


def _bad_armor() -> Broken:
    good = _armor("RECORD", _data(60))
    for slug, form in (
        ("no-last-line-feed", good[:-1]),
        ("crlf", _armor("RECORD", _data(60), end="\r\n")),
        ("lines-of-76", _armor("RECORD", _data(60), width=76)),
        ("lines-of-60", _armor("RECORD", _data(60), width=60)),
        ("one-line", _armor("RECORD", _data(60), width=200)),
        ("other-label", _armor("MOTION", _data(60))),
        ("lower-label", _armor("record", _data(60))),
        ("two-labels", good.replace("END CONFED RECORD", "END CONFED BUNDLE")),
        ("text-before", "hello\n" + good),
        ("text-after", good + "hello\n"),
        ("blank-line", good.replace("\n", "\n\n", 1)),
        ("header", good.replace("\n", "\nComment: x\n", 1)),
        ("empty-body", "-----BEGIN CONFED RECORD-----\n-----END CONFED RECORD-----\n"),
        ("no-padding", _armor("RECORD", _data(1)).replace("=", "")),
        ("spare-bits", _armor("RECORD", b"\x00").replace("AA==", "AB==")),
        ("url-alphabet", _armor("RECORD", b"\xff" * 3).replace("/", "_")),
        ("space-at-end", good.replace("\n", " \n", 2)),
        ("pem", good.replace("CONFED RECORD", "CERTIFICATE")),
        ("empty", ""),
    ):
        yield "TXT-11", "armor-form", "armor", slug, "one text for each value", form


_CRC_BYTES: Final = 4


def _qr(type_: str, data: bytes, *, crc_of: bytes | None = None) -> str:
    crc = zlib.crc32(f"{type_}/".encode() + data if crc_of is None else crc_of)
    sealed = data + crc.to_bytes(_CRC_BYTES, "big")
    return f"CONFED:{type_}/" + base64.b32encode(sealed).decode().rstrip("=")


def _bad_qr() -> Broken:
    good = _qr("ENVELOPE", _data(10))
    record = "confed:record/" + bech32.encode("cfr", VALUE)
    yield "TXT-12", "text-case", "qr", "lower", "a letter a to z", good.lower()
    yield "TXT-12", "text-case", "qr", "lower-uri", "a letter a to z", record
    yield "TXT-12", "text-case", "qr", "one-lower", "a letter a to z", good[:-1] + "a"
    kelvin = record.upper().replace("CFR1", "CFR1\u212a", 1)
    yield "TXT-12", "text-character", "qr", "kelvin", "U+212A looks like K", kelvin
    for slug, form in (("other", "CONFED:MOTION/AAAA"), ("none", "AAAA"), ("empty", "")):
        yield "TXT-12", "text-scheme", "qr", f"start-{slug}", "another beginning", form
    for number, character in enumerate("018="):
        slug = f"base32-{number}"
        form = good[:-1] + character
        yield "TXT-12", "text-character", "qr", slug, "outside the alphabet", form
    eleven = _qr("ENVELOPE", _data(2))  # 48 bits in 10 characters: 2 bits to spare
    at = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".index(eleven[-1])
    spare = eleven[:-1] + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[at | 1]
    yield "TXT-6", "text-padding", "qr", "spare-bits", "a spare bit is set", spare
    extra = _qr("ENVELOPE", _data(1)) + "A"  # 45 bits: five of them say nothing
    yield "TXT-6", "text-padding", "qr", "spare-character", "a character too many", extra
    nothing = _qr("ENVELOPE", b"")
    yield "TXT-12", "text-length", "qr", "no-data", "no data", nothing
    wrong = _qr("ENVELOPE", _data(10), crc_of=b"ENVELOPE/" + _data(9))
    yield "TXT-12", "text-checksum", "qr", "checksum", "misread", wrong
    other = _qr("ENVELOPE", _data(10), crc_of=b"BUNDLE/" + _data(10))
    yield "TXT-12", "text-checksum", "qr", "other-type", "the type is in the checksum", other
    plain = _qr("ENVELOPE", _data(10), crc_of=_data(10))
    yield "TXT-12", "text-checksum", "qr", "crc-of-data", "the type is in the checksum", plain
    long = "CONFED:BUNDLE/" + "A" * 4_283
    yield "TXT-12", "text-length", "qr", "long", "over QR_MAX_CHARS", long
