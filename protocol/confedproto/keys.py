"""Ed25519 under one verdict: which keys and signatures are accepted, whatever the backend.

Libraries disagree on odd keys and signatures (small order, mixed order, encodings that are
not canonical). Here every point on which they differ is decided by an explicit check, and
the backend is asked only where all of them agree. A client in another language gets the same
verdicts with WebCrypto or OpenSSL behind the same checks. Source: specs/02, KEY-1 to SIG-6.

The only module that imports nacl.
"""

from functools import lru_cache
from typing import Final

from nacl import bindings
from nacl.exceptions import CryptoError

from confedproto.errors import LocalProtocolError, Reason, VerificationError
from confedproto.ids import PublicKey
from confedproto.limits import KEY_CACHE_MAX

KEY_BYTES: Final = 32
SEED_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

FIELD_PRIME: Final = 2**255 - 19
GROUP_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_CURVE_D: Final = -121665 * pow(121666, -1, FIELD_PRIME) % FIELD_PRIME
_SIGN_BIT: Final = 1 << 255


_SMALL_ORDER_Y: Final = (
    (1).to_bytes(32, "little"),  # the identity
    (FIELD_PRIME - 1).to_bytes(32, "little"),  # order 2
    bytes(32),  # order 4
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),  # order 8
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),  # order 8
)
SMALL_ORDER_ENCODINGS: Final = frozenset(
    y[:31] + bytes([y[31] | sign]) for y in _SMALL_ORDER_Y for sign in (0x00, 0x80)
)
"""The ten encodings with y < p of the eight points whose order divides 8 (SIG-4).

Two of them, x = 0 with a sign bit, are not canonical; those with y >= p are refused before.
"""


def point_reason(encoding: bytes) -> Reason | None:
    """Why these 32 bytes are not the one encoding of a point of large order, or None.

    Pure: KEY_ENCODING for y >= p, x = 0 with a sign bit, or off the curve (KEY-2), then
    KEY_ORDER for the points of small order (KEY-3). It does not see mixed order.
    """
    value = int.from_bytes(encoding, "little")
    y = value % _SIGN_BIT
    if y >= FIELD_PRIME or (y in (1, FIELD_PRIME - 1) and value >= _SIGN_BIT):
        return Reason.KEY_ENCODING
    if encoding in SMALL_ORDER_ENCODINGS:
        return Reason.KEY_ORDER
    # x^2 = (y^2 - 1) / (d*y^2 + 1) must be a square; so must numerator times denominator.
    product = (y * y - 1) * (_CURVE_D * y * y + 1) % FIELD_PRIME
    if pow(product, (FIELD_PRIME - 1) // 2, FIELD_PRIME) != 1:
        return Reason.KEY_ENCODING
    return None


@lru_cache(maxsize=KEY_CACHE_MAX)
def check_public_key(raw: bytes) -> PublicKey:
    """The key, if `raw` is the one encoding of a point of prime order (KEY-1 to KEY-4).

    Remembers the last KEY_CACHE_MAX good keys (about 0.1 us then, 35 us the first time) and
    returns one shared object per key. Raises VerificationError KEY_LENGTH, KEY_ENCODING
    (y >= p, x = 0 with a sign bit, not on the curve) or KEY_ORDER (small or mixed order).
    """
    if len(raw) != KEY_BYTES:
        raise VerificationError(Reason.KEY_LENGTH, f"{len(raw)} bytes, not {KEY_BYTES}")
    if not bindings.crypto_core_ed25519_is_valid_point(raw):
        # libsodium says only no; what remains after the pure checks is mixed order.
        raise VerificationError(point_reason(raw) or Reason.KEY_ORDER)
    return PublicKey(raw)


def check_signature_form(signature: bytes) -> None:
    """Everything about a signature that is decided before the equation (SIG-2 to SIG-4).

    Raises VerificationError SIG_LENGTH (not 64 bytes), SIG_SCALAR (S >= L) or SIG_POINT
    (R with y >= p, or any encoding of a point of small order), in this order.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise VerificationError(Reason.SIG_LENGTH, f"{len(signature)} bytes, not {SIGNATURE_BYTES}")
    # A top nibble of 0 means S < 2^252 < L, so nearly all signatures skip the comparison.
    if signature[63] >= 0x10 and int.from_bytes(signature[32:], "little") >= GROUP_ORDER:
        raise VerificationError(Reason.SIG_SCALAR, "S is not below the group order")
    point = signature[:32]
    # Only encodings that end in ff or 7f can have y >= p.
    if point in SMALL_ORDER_ENCODINGS or (
        point[31] & 0x7F == 0x7F and int.from_bytes(point, "little") % _SIGN_BIT >= FIELD_PRIME
    ):
        raise VerificationError(Reason.SIG_POINT, "R is not canonical or has small order")


def verify(key: PublicKey, message: bytes, signature: bytes) -> None:
    """Return if `signature` (64 bytes, R then S) by `key` over `message` holds (SIG-2 to SIG-6).

    The key is checked again here, from the cache, so that no caller can pass an unchecked
    one. Raises VerificationError: KEY_... as `check_public_key`, SIG_LENGTH, SIG_SCALAR and
    SIG_POINT as `check_signature_form`, SIG_INVALID if S*B = R + h*A does not hold exactly.
    """
    check_public_key(key)
    check_signature_form(signature)
    try:
        bindings.crypto_sign_open(signature + message, key)
    except CryptoError:
        raise VerificationError(Reason.SIG_INVALID) from None


class SigningKey:
    """An Ed25519 private key in memory. Nothing but `public` is ever shown (KEY-5)."""

    __slots__ = ("_secret", "public")

    def __init__(self, seed: bytes) -> None:
        """The key of this 32-byte seed (RFC 8032); LocalProtocolError KEY_LENGTH otherwise."""
        if len(seed) != SEED_BYTES:
            raise LocalProtocolError(Reason.KEY_LENGTH, f"a seed has {SEED_BYTES} bytes")
        public, secret = bindings.crypto_sign_seed_keypair(bytes(seed))
        self._secret = secret
        self.public: PublicKey = check_public_key(public)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over `message`; the same bytes each time (RFC 8032, SIG-7)."""
        return bindings.crypto_sign(message, self._secret)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public.hex()})"

    def __reduce__(self) -> str:
        # Pickling or copying would spread the secret into places nobody wipes.
        raise TypeError("a signing key is never serialised")


def _refuse_other_backends() -> None:
    """Fail at import if this libsodium cannot give the verdicts of specs/02 (SIG-6).

    The signature below has R of mixed order: it satisfies the equation only after a
    multiplication by the cofactor 8. A backend that takes it would accept what OpenSSL and
    WebCrypto refuse, and a minimal build cannot check keys at all.
    """
    if not bindings.has_crypto_core_ed25519:
        raise ImportError("libsodium was built without its Ed25519 point functions")
    try:
        bindings.crypto_sign_open(_MIXED_ORDER_SIGNATURE, _MIXED_ORDER_KEY)
    except CryptoError:
        return
    raise ImportError("this libsodium verifies Ed25519 with the cofactor")


_MIXED_ORDER_KEY: Final = bytes.fromhex(
    "a3db57cff42ca591de1e207c70f7037534d8da5ba0e2a7e56474778f4526730e"
)
_MIXED_ORDER_SIGNATURE: Final = bytes.fromhex(
    "87776d264d9fd735a8edb45dda992a5eadacdcaca90fc28975b1d93f3bf893d0"
    "a2c7e98aa44ab5005075258fa8af90b3b9c1e597301ae2775499fbd45b6f1906"
)

_refuse_other_backends()
