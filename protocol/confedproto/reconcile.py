"""Which logs differ between two nodes, for a few bytes: a tree of prefixes over all heads.

A `HeadSet` holds for every followed log its size and root in a tree of depth `DEPTH`, 16
branches each, by the first nibbles of the log id. Each node of the tree is a SHA-256 over
what lies below it, so two sets are equal exactly if their roots are, and one changed head
costs a handful of hashes. On the wire a node is shown by 8 bytes of its hash *salted with the
session's handshake*: nobody can prepare heads that hide each other (specs/10, SYN-4).

    ours.differing(prefix, theirs.prints(prefix, salt), salt)   # children to look into
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

from confedproto.ids import TAG_DIGEST, LogId

DEPTH: Final = 4
"""Nibbles of a log id that the tree sorts by: 65,536 ends, one or two heads in each at 100,000."""
WIDTH: Final = 16
PRINT_BYTES: Final = 8
PRINTS_BYTES: Final = WIDTH * PRINT_BYTES
LIST_MAX: Final = 16
"""Heads below a node up to which they are named one by one, not by fingerprints."""
_NOTHING: Final = bytes(32)
_NIBBLES: Final = tuple(bytes((nibble,)) for nibble in range(WIDTH))

Prefix = bytes
"""Nibbles, one a byte, 0 to DEPTH of them."""


def nibbles(log: LogId) -> Prefix:
    """The path of a log in the tree."""
    return bytes((log[0] >> 4, log[0] & 15, log[1] >> 4, log[1] & 15))


class HeadSet:
    """The heads that a node holds. `put` is O(DEPTH); hashes are made when they are asked for."""

    def __init__(self) -> None:
        self._ends: Final[dict[Prefix, dict[LogId, bytes]]] = {}
        self._hashes: Final[dict[Prefix, bytes]] = {}
        self._counts: Final[dict[Prefix, int]] = {}
        self._dirty: Final[set[Prefix]] = set()

    def __len__(self) -> int:
        return self._counts.get(b"", 0)

    def put(self, log: LogId, size: int, root: bytes, mark: bytes = b"") -> bool:
        """Note a log's head, and the mark of what is not public in it; False if noted already."""
        path = nibbles(log)
        end = self._ends.setdefault(path, {})
        value = size.to_bytes(8, "big") + root + mark
        known = end.get(log)
        if known == value:
            return False
        end[log] = value
        for length in range(DEPTH + 1):
            prefix = path[:length]
            if known is None:
                self._counts[prefix] = self._counts.get(prefix, 0) + 1
            self._dirty.add(prefix)
        return True

    def count(self, prefix: Prefix) -> int:
        """How many heads lie below a prefix."""
        return self._counts.get(prefix, 0)

    def below(self, prefix: Prefix) -> Iterator[LogId]:
        """The logs below a prefix."""
        if len(prefix) == DEPTH:
            yield from self._ends.get(prefix, ())
            return
        for nibble in _NIBBLES:  # most of the tree is empty where councils are few
            if (child := prefix + nibble) in self._counts:
                yield from self.below(child)

    def value(self, log: LogId) -> tuple[int, bytes] | None:
        """A log's size and the bytes that stand beside it, or None."""
        value = self._ends.get(nibbles(log), {}).get(log)
        return None if value is None else (int.from_bytes(value[:8], "big"), value[8:])

    def node(self, prefix: Prefix) -> bytes:
        """The hash over everything below a prefix: 32 bytes, zeros for nothing (SYN-4)."""
        if not self.count(prefix):
            return _NOTHING
        if prefix not in self._dirty:
            return self._hashes[prefix]
        hasher = hashlib.sha256(TAG_DIGEST + bytes((len(prefix),)))
        if len(prefix) == DEPTH:
            end: Mapping[LogId, bytes] = self._ends[prefix]
            for log in sorted(end):
                hasher.update(log + end[log])
        else:
            for nibble in _NIBBLES:
                hasher.update(self.node(prefix + nibble))
        self._dirty.discard(prefix)
        self._hashes[prefix] = hasher.digest()
        return self._hashes[prefix]

    def digest(self) -> bytes:
        """16 bytes over all heads (SYN-1)."""
        return self.node(b"")[:16]

    def prints(self, prefix: Prefix, salt: bytes) -> bytes:
        """The fingerprints of the 16 nodes below a prefix shorter than DEPTH, in order."""
        return b"".join(self._print(prefix + bytes((nibble,)), salt) for nibble in range(WIDTH))

    def _print(self, prefix: Prefix, salt: bytes) -> bytes:
        node = self.node(prefix)
        if node == _NOTHING:
            return bytes(PRINT_BYTES)
        return hashlib.sha256(salt + node).digest()[:PRINT_BYTES]

    def differing(self, prefix: Prefix, prints: bytes, salt: bytes) -> list[Prefix]:
        """The children of a prefix whose fingerprints are not ours."""
        return [
            child
            for nibble in range(WIDTH)
            if self._print(child := prefix + bytes((nibble,)), salt)
            != prints[nibble * PRINT_BYTES : (nibble + 1) * PRINT_BYTES]
        ]


class Journal:
    """In which order heads changed here, so that a peer can ask for what is new (SYN-3).

    Numbers count from 1 in an `epoch` that a restart ends; only a log's last change is kept.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch: Final = epoch
        self.number = 0
        self._changes: Final[dict[LogId, int]] = {}

    def note(self, log: LogId) -> None:
        """A head changed."""
        self.number += 1
        self._changes.pop(log, None)
        self._changes[log] = self.number

    def since(self, epoch: int, number: int, most: int) -> list[LogId] | None:
        """The logs that changed after a cursor; None if it says nothing here, or too many did."""
        if epoch != self.epoch or not 0 <= number <= self.number:
            return None
        out: list[LogId] = []
        for log in reversed(self._changes):
            if self._changes[log] <= number:
                return out
            if len(out) == most:
                return None
            out.append(log)
        return out
