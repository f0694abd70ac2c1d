"""Secrets as words: 24 for a key on paper, six or more for a passphrase (specs/04, SRQ-5).

2,048 made-up words of four letters, consonant-vowel-consonant-vowel, each 11 bits: nothing to
look up, nothing to licence, sayable in most languages. 24 words hold the 256 bits of a seed
and 8 bits of checksum.
"""

import hashlib
import itertools
import secrets
from typing import Final

from confednode.errors import KeyringError, NodeReason

_FIRST: Final = "bdfghjklmnprstvz"  # 4 bits
_SECOND: Final = "aeio"  # 2 bits
_THIRD: Final = "bdfgklmnprstvxzh"  # 4 bits
_FOURTH: Final = "au"  # 1 bit
WORDS: Final = tuple(map("".join, itertools.product(_FIRST, _SECOND, _THIRD, _FOURTH)))
_INDEX: Final = {word: index for index, word in enumerate(WORDS)}
PAPER_WORDS: Final = 24
PASSPHRASE_WORDS: Final = 6
_TAG: Final = b"confed paper 1\0"


def _check(seed: bytes) -> int:
    return hashlib.sha256(_TAG + seed).digest()[0]


def to_words(seed: bytes) -> tuple[str, ...]:
    """The 24 words of a 32-byte seed."""
    number = int.from_bytes(seed, "big") << 8 | _check(seed)
    return tuple(WORDS[number >> 11 * place & 0x7FF] for place in reversed(range(PAPER_WORDS)))


def from_words(words: str) -> bytes:
    """The seed of 24 words, in any case and spacing. Raises KeyringError PAPER_WORDS.

    The message names the place of a word that is none, never the word.
    """
    given = words.lower().split()
    if len(given) != PAPER_WORDS:
        raise KeyringError(NodeReason.PAPER_WORDS, f"{len(given)} words instead of {PAPER_WORDS}")
    number = 0
    for place, word in enumerate(given, 1):
        index = _INDEX.get(word)
        if index is None:
            raise KeyringError(NodeReason.PAPER_WORDS, f"word {place} is none of the list")
        number = number << 11 | index
    seed = (number >> 8).to_bytes(32, "big")
    if number & 0xFF != _check(seed):
        raise KeyringError(NodeReason.PAPER_WORDS, "a word is wrong or out of place")
    return seed


def passphrase(count: int = PASSPHRASE_WORDS) -> str:
    """A passphrase of `count` words, 11 bits each, from the operating system's randomness."""
    return " ".join(secrets.choice(WORDS) for _ in range(count))
