"""Bech32m after the reference code of BIP-350, and 5-bit groups; for the generator."""

from typing import Final

ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
PUBLISHED: Final = (
    "a1lqfn3a",
    "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
    "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
    "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
)
"""Valid strings of BIP-350 (lower case ones)."""


def _polymod(values: list[int]) -> int:
    generator = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit in range(5):
            check ^= generator[bit] if top >> bit & 1 else 0
    return check


def _expanded(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def checksum(prefix: str, groups: list[int], constant: int = 0x2BC830A3) -> list[int]:
    """The six checksum groups; BIP-173's Bech32 has the constant 1."""
    rest = _polymod(_expanded(prefix) + groups + [0] * 6) ^ constant
    return [rest >> 5 * (5 - i) & 31 for i in range(6)]


def groups_of(data: bytes) -> list[int]:
    """Five bits at a time, zeros at the end."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return [int(bits[at : at + 5], 2) for at in range(0, len(bits), 5)]


def text_of(prefix: str, groups: list[int], constant: int = 0x2BC830A3) -> str:
    """Prefix, separator, groups and checksum."""
    data = groups + checksum(prefix, groups, constant)
    return prefix + "1" + "".join(ALPHABET[group] for group in data)


def encode(prefix: str, data: bytes) -> str:
    """The text of these bytes."""
    return text_of(prefix, groups_of(data))


def is_valid(text: str) -> bool:
    """Whether this is Bech32m, whatever its prefix."""
    prefix, _, body = text.rpartition("1")
    return _polymod(_expanded(prefix) + [ALPHABET.index(c) for c in body]) == 0x2BC830A3
