"""One verdict on every key and signature: ours, OpenSSL's behind our checks, and arithmetic's."""

import copy
import pickle
from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from confedproto import keys
from confedproto.errors import LocalProtocolError, Reason, VerificationError
from confedproto.ids import PublicKey
from tests.support import ed25519

# RFC 8032 section 7.1: seed, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
        "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac1"
        "8ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2"
        "192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b5890"
        "9351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]

MESSAGE = b"position: yes"
SECRET = ed25519.scalar("test key")
NONCE = ed25519.scalar("test nonce")
GOOD_KEY = (SECRET * ed25519.BASE).encode()
GOOD_R = (NONCE * ed25519.BASE).encode()
GOOD = ed25519.forge(SECRET, NONCE, GOOD_KEY, GOOD_R, MESSAGE)


def with_y(value: int) -> bytes:
    return value.to_bytes(32, "little")


def odd_points(scalar: int, label: str) -> Iterator[tuple[str, bytes]]:
    """Named encodings a careful verifier must have an opinion on, around scalar*B."""
    point = scalar * ed25519.BASE
    yield f"{label}-prime-order", point.encode()
    for k, small in enumerate(ed25519.torsion()):
        yield f"{label}-small-{k}", small.encode()
        if k:
            yield f"{label}-mixed-{k}", (point + small).encode()
    for y in range(2**255 - ed25519.P):
        for sign in (0, 1 << 255):
            yield f"{label}-y-p+{y}-{sign >> 255}", with_y(ed25519.P + y | sign)
    for name, y in (("1", 1), ("minus-1", ed25519.P - 1)):
        yield f"{label}-x-0-signed-y-{name}", with_y(y | 1 << 255)
    for y in range(2, 12):
        if ed25519.solve_x(y, 0) is None:
            yield f"{label}-off-curve-{y}", with_y(y)


def hostile_cases() -> list[tuple[str, bytes, bytes]]:
    """(name, key, signature over MESSAGE); each signature fits its encodings as well as any can."""
    cases: list[tuple[str, bytes, bytes]] = []
    key_points = list(odd_points(SECRET, "A"))
    r_points = list(odd_points(NONCE, "R"))
    for name, key in key_points:
        cases.append((name, key, ed25519.forge(SECRET, NONCE, key, GOOD_R, MESSAGE)))
        cases.append((f"{name}-zero", key, ed25519.forge(0, 0, key, with_y(1), MESSAGE)))
    for name, r in r_points:
        for nonce_name, nonce in (("r", NONCE), ("0", 0)):
            signature = ed25519.forge(SECRET, nonce, GOOD_KEY, r, MESSAGE)
            cases.append((f"{name}-nonce-{nonce_name}", GOOD_KEY, signature))
    for a in (1, 4, 6):  # both of mixed order, where their torsion may cancel out
        for k in range(8):
            key = (SECRET * ed25519.BASE + ed25519.torsion()[a]).encode()
            r = (NONCE * ed25519.BASE + ed25519.torsion()[k]).encode()
            cases.append((f"both-{a}-{k}", key, ed25519.forge(SECRET, NONCE, key, r, MESSAGE)))
    s = int.from_bytes(GOOD[32:], "little")
    scalars = [(f"S+{k}L", s + k * ed25519.L) for k in range(16)]
    scalars += [("S=0", 0), ("S=L-1", ed25519.L - 1), ("S=L", ed25519.L), ("S=max", 2**256 - 1)]
    scalars += [("S=2^252", 2**252), ("S+bit-255", s | 1 << 255), ("S+bit-253", s | 1 << 253)]
    cases += [(name, GOOD_KEY, GOOD_R + with_y(v)) for name, v in scalars if v < 2**256]
    cases += [(f"cut-{n}", GOOD_KEY, GOOD[:n]) for n in (0, 1, 32, 63)]
    cases += [("long-65", GOOD_KEY, GOOD + b"\0")]
    cases += [(f"key-{n}", GOOD_KEY[:n], GOOD) for n in (0, 31)]
    cases += [("key-33", GOOD_KEY + b"\0", GOOD)]
    return cases


CASES = hostile_cases()


def ours(key: bytes, message: bytes, signature: bytes) -> str | None:
    try:
        keys.verify(PublicKey(key), message, signature)
    except VerificationError as error:
        return str(error.reason)
    return None


def openssl(key: bytes, message: bytes, signature: bytes) -> str | None:
    """OpenSSL behind the pure checks of confedproto.keys and our own order check."""
    refused = ed25519.key_verdict(key)
    if refused is not None:
        return refused
    try:
        keys.check_signature_form(signature)
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except VerificationError as error:
        return str(error.reason)
    except InvalidSignature:
        return "sig-invalid"
    return None


def test_verify_hostile_cases_one_verdict_from_three_backends() -> None:
    verdicts = {
        name: (
            ours(key, MESSAGE, signature),
            openssl(key, MESSAGE, signature),
            ed25519.verdict(key, MESSAGE, signature),
        )
        for name, key, signature in CASES
    }
    assert {name: v for name, v in verdicts.items() if len(set(v)) != 1} == {}
    accepted = {name for name, v in verdicts.items() if v[0] is None}
    assert accepted == {"A-prime-order", "R-prime-order-nonce-r", "S+0L"}
    seen = {v[0] for v in verdicts.values()}
    assert {"key-length", "key-encoding", "key-order", "sig-length"} <= seen
    assert {"sig-scalar", "sig-point", "sig-invalid"} <= seen


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("A-small-0", Reason.KEY_ORDER),
        ("A-small-1", Reason.KEY_ORDER),
        ("A-mixed-3", Reason.KEY_ORDER),
        ("A-y-p+0-0", Reason.KEY_ENCODING),
        ("A-y-p+3-1", Reason.KEY_ENCODING),
        ("A-x-0-signed-y-1", Reason.KEY_ENCODING),
        ("A-off-curve-2", Reason.KEY_ENCODING),
        ("R-small-0-nonce-0", Reason.SIG_POINT),  # OpenSSL alone takes this one
        ("R-small-5-nonce-0", Reason.SIG_POINT),
        ("R-y-p+1-0-nonce-0", Reason.SIG_POINT),
        ("R-x-0-signed-y-1-nonce-0", Reason.SIG_POINT),
        ("R-mixed-4-nonce-r", Reason.SIG_INVALID),  # a cofactored verifier takes this one
        ("R-off-curve-2-nonce-r", Reason.SIG_INVALID),
        ("S+1L", Reason.SIG_SCALAR),
        ("S=L", Reason.SIG_SCALAR),
        ("S=L-1", Reason.SIG_INVALID),
        ("cut-63", Reason.SIG_LENGTH),
        ("long-65", Reason.SIG_LENGTH),
        ("key-31", Reason.KEY_LENGTH),
    ],
)
def test_verify_named_case_stated_reason(case: str, reason: Reason) -> None:
    _, key, signature = next(c for c in CASES if c[0] == case)
    with pytest.raises(VerificationError) as caught:
        keys.verify(PublicKey(key), MESSAGE, signature)
    assert caught.value.reason is reason


def test_openssl_alone_takes_what_our_checks_refuse() -> None:
    _, key, signature = next(c for c in CASES if c[0] == "R-small-0-nonce-0")
    Ed25519PublicKey.from_public_bytes(key).verify(signature, MESSAGE)
    assert ours(key, MESSAGE, signature) == "sig-point"


def test_small_order_table_equals_computed_points() -> None:
    canonical = {point.encode() for point in ed25519.torsion()}
    signed_zero = {with_y(1 | 1 << 255), with_y(ed25519.P - 1 | 1 << 255)}
    assert len(canonical) == 8
    assert canonical | signed_zero == keys.SMALL_ORDER_ENCODINGS


def test_backend_self_check_signature_holds_only_with_the_cofactor() -> None:
    key, signature = keys._MIXED_ORDER_KEY, keys._MIXED_ORDER_SIGNATURE
    a, r = ed25519.decode(key), ed25519.decode(signature[:32])
    assert a is not None
    assert r is not None
    s = int.from_bytes(signature[32:], "little")
    right = r + ed25519.challenge(signature[:32], key, b"") * a
    assert (s * ed25519.BASE).encode() != right.encode()
    assert (8 * s * ed25519.BASE).encode() == (8 * right).encode()
    assert ours(key, b"", signature) == "sig-invalid"


def test_backend_with_cofactor_is_refused_at_import(monkeypatch: pytest.MonkeyPatch) -> None:
    def lenient(signed: bytes, key: bytes) -> bytes:
        return signed[64:]

    monkeypatch.setattr("nacl.bindings.crypto_sign_open", lenient)
    with pytest.raises(ImportError, match="cofactor"):
        keys._refuse_other_backends()


def test_backend_without_point_functions_is_refused_at_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nacl.bindings.has_crypto_core_ed25519", False)
    with pytest.raises(ImportError, match="point functions"):
        keys._refuse_other_backends()


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_rfc_8032_vector_signs_and_verifies(
    seed: str, public: str, message: str, signature: str
) -> None:
    key = keys.SigningKey(bytes.fromhex(seed))
    assert key.public.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    keys.verify(key.public, bytes.fromhex(message), bytes.fromhex(signature))
    assert ed25519.verdict(key.public, bytes.fromhex(message), bytes.fromhex(signature)) is None


@pytest.mark.parametrize("bit", range(0, 512, 7))
def test_verify_one_flipped_signature_bit_refused(bit: int) -> None:
    flipped = bytearray(GOOD)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VerificationError):
        keys.verify(PublicKey(GOOD_KEY), MESSAGE, bytes(flipped))


def test_verify_other_message_refused() -> None:
    assert ours(GOOD_KEY, MESSAGE, GOOD) is None
    assert ours(GOOD_KEY, MESSAGE + b" ", GOOD) == "sig-invalid"


@settings(max_examples=150, deadline=None)
@given(raw=st.binary(min_size=32, max_size=32) | st.sampled_from([c[1] for c in CASES]))
def test_check_public_key_any_bytes_agrees_with_arithmetic(raw: bytes) -> None:
    expected = ed25519.key_verdict(raw)
    try:
        assert keys.check_public_key(raw) == raw
        found = None
    except VerificationError as error:
        found = str(error.reason)
    assert found == expected


@settings(max_examples=200, deadline=None)
@given(key=st.binary(max_size=40) | st.just(GOOD_KEY), signature=st.binary(max_size=80))
def test_verify_any_bytes_gives_a_reason_and_nothing_else(key: bytes, signature: bytes) -> None:
    with pytest.raises(VerificationError):
        keys.verify(PublicKey(key), MESSAGE, signature)


def test_check_public_key_twice_returns_the_same_object() -> None:
    first = keys.check_public_key(GOOD_KEY)
    assert keys.check_public_key(bytes(bytearray(GOOD_KEY))) is first
    assert keys.check_public_key.cache_info().maxsize is not None


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_signing_key_seed_of_other_length_refused(length: int) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        keys.SigningKey(bytes(length))
    assert caught.value.reason is Reason.KEY_LENGTH


def test_signing_key_never_shows_or_copies_its_seed() -> None:
    seed = bytes(range(32))
    key = keys.SigningKey(seed)
    shown = repr(key) + str(key)
    assert seed.hex() not in shown
    assert repr(seed)[2:-1] not in shown
    assert key.public.hex() in shown
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        copy.copy(key)
