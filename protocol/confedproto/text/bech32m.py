"""Bech32m (BIP-350) in its lower-case half, and 5-bit groups (specs/12, TXT-4).

Chosen because a single wrong character is always noticed, also in an invitation's 400
characters, and because its alphabet leaves out the look-alikes 1, b, i and o.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from confedproto.errors import DecodeError, Reason

ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
CHECKSUM_CHARS: Final = 6
_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
_CONSTANT: Final = 0x2BC830A3
_GENERATORS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_GROUP_BITS: Final = 5
_SHIFTS: Final = (35, 30, 25, 20, 15, 10, 5, 0)  # of the groups in 5 bytes


def _folded(top: int) -> int:
    """What the five bits that leave the checksum at the top add to it."""
    added = 0
    for bit, generator in enumerate(_GENERATORS):
        added ^= generator * (top >> bit & 1)
    return added


_FOLDED: Final = tuple(_folded(top) for top in range(32))


def encode(prefix: str, groups: Sequence[int]) -> str:
    """`prefix`, the separator `1`, the groups (0 to 31 each) and six checksum characters."""
    head = _expand(prefix)
    remainder = _polymod([*head, *groups, *[0] * CHECKSUM_CHARS]) ^ _CONSTANT
    checksum = [remainder >> _GROUP_BITS * (5 - i) & 31 for i in range(CHECKSUM_CHARS)]
    return prefix + "1" + "".join([ALPHABET[group] for group in [*groups, *checksum]])


def decode(prefix: str, text: str) -> list[int]:
    """The groups of `text`, whose length the caller has bounded.

    DecodeError, in this order: TEXT_PREFIX, TEXT_LENGTH, TEXT_CHARACTER, TEXT_CHECKSUM.
    """
    if not text.startswith(prefix + "1"):
        raise DecodeError(Reason.TEXT_PREFIX)
    body = text[len(prefix) + 1 :]
    if len(body) < CHECKSUM_CHARS:
        raise DecodeError(Reason.TEXT_LENGTH)
    groups = groups_of(body, _VALUES)
    if _polymod([*_expand(prefix), *groups]) != _CONSTANT:
        raise DecodeError(Reason.TEXT_CHECKSUM)
    return groups[:-CHECKSUM_CHARS]


def groups_of(body: str, values: dict[str, int]) -> list[int]:
    """Each character's value; DecodeError(TEXT_CHARACTER) if one is not in the alphabet."""
    try:
        return [values[character] for character in body]
    except KeyError:
        raise DecodeError(Reason.TEXT_CHARACTER) from None


def to_groups(data: bytes) -> list[int]:
    """The bits of `data` in groups of five, the last one filled with zeros."""
    groups: list[int] = []
    for at in range(0, len(data), 5):  # 5 bytes are 8 groups
        bits = int.from_bytes(data[at : at + 5].ljust(5, b"\x00"), "big")
        groups += [bits >> shift & 31 for shift in _SHIFTS]
    del groups[-(-8 * len(data) // _GROUP_BITS) :]
    return groups


def from_groups(groups: Sequence[int]) -> bytes:
    """The bytes of 5-bit groups; DecodeError(TEXT_PADDING) unless `to_groups` gives them."""
    size, rest = divmod(_GROUP_BITS * len(groups), 8)
    whole = [*groups, *[0] * (-len(groups) % 8)]
    data = bytearray()
    for at in range(0, len(whole), 8):
        bits = 0
        for group in whole[at : at + 8]:
            bits = bits << _GROUP_BITS | group
        data += bits.to_bytes(5, "big")
    if rest >= _GROUP_BITS or any(data[size:]):
        raise DecodeError(Reason.TEXT_PADDING)
    return bytes(data[:size])


def _expand(prefix: str) -> list[int]:
    codes = prefix.encode("ascii")
    return [*(code >> _GROUP_BITS for code in codes), 0, *(code & 31 for code in codes)]


def _polymod(values: Iterable[int]) -> int:
    checksum = 1
    for value in values:
        checksum = (checksum & 0x1FFFFFF) << _GROUP_BITS ^ value ^ _FOLDED[checksum >> 25]
    return checksum
