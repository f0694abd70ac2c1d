"""Ed25519 in plain integers: a slow third opinion, and a maker of hostile keys and signatures.

Written from RFC 8032 and specs/02 alone; shares no code with confedproto.keys.
"""

import hashlib
from dataclasses import dataclass
from functools import cache

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the curve -x^2 + y^2 = 1 + d x^2 y^2, in projective x, y, z, t."""

    x: int
    y: int
    z: int
    t: int

    def __add__(self, other: "Point") -> "Point":
        a = (self.y - self.x) * (other.y - other.x) % P
        b = (self.y + self.x) * (other.y + other.x) % P
        c = 2 * self.t * other.t * D % P
        d = 2 * self.z * other.z % P
        e, f, g, h = b - a, d - c, d + c, b + a
        return Point(e * f % P, g * h % P, f * g % P, e * h % P)

    def __rmul__(self, scalar: int) -> "Point":
        total, power = IDENTITY, self
        while scalar:
            if scalar & 1:
                total = total + power
            power = power + power
            scalar >>= 1
        return total

    def encode(self) -> bytes:
        inverse = pow(self.z, P - 2, P)
        x, y = self.x * inverse % P, self.y * inverse % P
        return (y | (x & 1) << 255).to_bytes(32, "little")

    def is_identity(self) -> bool:
        return self.x % P == 0 and (self.y - self.z) % P == 0


def affine(x: int, y: int) -> Point:
    return Point(x, y, 1, x * y % P)


def solve_x(y: int, sign: int) -> int | None:
    """The x of this parity for y, None if y is no point's; 0 for both signs where x = 0."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return P - x if x and x & 1 != sign else x


IDENTITY = affine(0, 1)
_BASE_Y = 4 * pow(5, P - 2, P) % P
_BASE_X = solve_x(_BASE_Y, 0)
assert _BASE_X is not None
BASE = affine(_BASE_X, _BASE_Y)


@cache
def torsion() -> tuple[Point, ...]:
    """The eight points of small order: k times a point of order 8, k = 0..7."""
    y = 2
    while True:
        x = solve_x(y, 0)
        if x is not None:
            candidate = L * affine(x, y)
            if not (4 * candidate).is_identity():
                return tuple(k * candidate for k in range(8))
        y += 1


def decode_loosely(encoding: bytes) -> Point | None:
    """The point that a lenient decoder reads: y modulo p, any sign for x = 0."""
    value = int.from_bytes(encoding, "little")
    y, sign = value % 2**255 % P, value >> 255
    x = solve_x(y, sign)
    return None if x is None else affine(x, y)


def decode(encoding: bytes) -> Point | None:
    """The point, if this is its one encoding."""
    point = decode_loosely(encoding)
    return point if point is not None and point.encode() == encoding else None


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def scalar(label: str) -> int:
    """A fixed scalar below L with this name."""
    return int.from_bytes(hashlib.sha512(label.encode()).digest(), "little") % L


def forge(secret: int, nonce: int, key: bytes, r: bytes, message: bytes) -> bytes:
    """R and the S = r + h*a that goes with these encodings, whatever they are."""
    s = (nonce + challenge(r, key, message) * secret) % L
    return r + s.to_bytes(32, "little")


def key_verdict(key: bytes) -> str | None:
    """The reason of specs/02 KEY-1 to KEY-4 why a key is refused, None if it is good."""
    if len(key) != 32:
        return "key-length"
    point = decode(key)
    if point is None:
        return "key-encoding"
    if point.is_identity() or not (L * point).is_identity():
        return "key-order"
    return None


def verdict(key: bytes, message: bytes, signature: bytes) -> str | None:
    """The reason of specs/02 why a signature is refused, None if it holds."""
    refused = key_verdict(key)
    if refused is not None:
        return refused
    if len(signature) != 64:
        return "sig-length"
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= L:
        return "sig-scalar"
    loose = decode_loosely(r)
    if int.from_bytes(r, "little") % 2**255 >= P:
        return "sig-point"
    if loose is not None and (8 * loose).is_identity():
        return "sig-point"
    public = decode(key)
    assert public is not None
    # Cofactorless and on bytes: R must be exactly the encoding of S*B - h*A.
    h = challenge(r, key, message)
    expected = s * BASE + (L - h) * public
    return None if expected.encode() == r else "sig-invalid"
