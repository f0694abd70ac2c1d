"""Councils, logs and `.confed` files for vectors, written from specs/03 and 12 alone.

One council (2 of 3 keyholders) with a mandate in its log, and three councils beside it in a
compact that witness that log. Each scene is a log; the file is written from it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tools.vectors import cmp, trees
from tools.vectors.examples import TIME, WINDOWS
from tools.vectors.signing import (
    KEYS,
    NETWORK,
    NODE_KEY,
    Key,
    filler,
    message_of,
    record_id,
)

DAY: Final = 86_400
MOTION: Final = filler("motion")
OTHER_MOTION: Final = filler("other motion")
RATIFIED: Final = filler("ratified motion")
FREE: Final = filler("free motion")
DELEGATE: Final = Key("delegate")
PARTNER: Final = Key("partner")
SUBSTITUTE: Final = Key("substitute")
STRANGER: Final = Key("stranger")
NOON: Final = TIME + 10 * DAY
TEXT: Final = filler("salt", 16) + b"What was done."

Row = tuple[bytes, list[list[Any]], bytes | None]


def payload(kind: str, body: Any, council: bytes | None, **more: Any) -> bytes:
    """The bytes of a payload; fields of None are left out."""
    fields = {"kind": kind, "council": council, "charter": 1, "time": TIME, "body": body} | more
    return cmp.encode({name: value for name, value in fields.items() if value is not None})


def signed(raw: bytes, *keys: Key, part: bytes | None = None, network: bytes = NETWORK) -> Row:
    """A record as it stands in a log."""
    rows = sorted([key.public, 0, key.sign(message_of(raw, network))] for key in keys)
    return raw, rows, part


def envelope(row: Row) -> bytes:
    """REC-1."""
    return cmp.encode([row[0], row[1]])


class Council:
    """A council's first charter and node record."""

    def __init__(
        self,
        name: str,
        keys: Sequence[Key],
        threshold: int,
        node: Key,
        *,
        network: bytes = NETWORK,
        **charter: Any,
    ) -> None:
        self.keys, self.threshold, self.node = keys, threshold, node
        body = {"name": name, "threshold": threshold, "keys": [k.public for k in keys], **charter}
        raw = payload("charter", body, None, charter=0)
        self.network = network
        self.id = record_id(raw, network)
        self.charter = self.sign(raw)
        node_body = {
            "number": 1,
            "key": node.public,
            "transport": filler(name),
            "expires": TIME + 90 * DAY,
        }
        self.node_row = self.sign(payload("node", node_body, self.id))
        self.log = hashlib.sha256(b"confed log 1\0" + network + self.id + node.public).digest()

    def sign(self, raw: bytes, *others: Key, part: bytes | None = None) -> Row:
        """By the threshold, or by exactly these keys."""
        return signed(
            raw, *(others or self.keys[: self.threshold]), part=part, network=self.network
        )


HOME: Final = Council("Council of the Mill", KEYS[:3], 2, NODE_KEY)
WITNESSES: Final = [
    Council(f"Council {n}", [Key(f"witness {n}")], 1, Key(f"witness node {n}")) for n in range(3)
]
COMPACT_BODY: Final = {
    "name": "Valley",
    "founders": sorted([c.id, 1, 2] for c in (HOME, *WITNESSES)),
    "rules": [["coordination", "double"]],
    "windows": WINDOWS,
    "seconds": 1,
    "sponsors": 1,
    "weight_max": 2,
}
COMPACT: Final = HOME.sign(
    payload("compact", COMPACT_BODY, HOME.id),
    *HOME.keys[:2],
    *(key for council in WITNESSES for key in council.keys),
)


@dataclass
class Scene:
    """A log of the council, who witnessed it when, and the head over it."""

    council: Council = field(default_factory=lambda: HOME)
    rows: list[Row] = field(default_factory=list)
    head_time: int = NOON
    signer: Key | None = None

    def __post_init__(self) -> None:
        self.rows = [self.council.charter, self.council.node_row, *self.rows]

    def add(self, row: Row) -> bytes:
        """Append a record; its id."""
        self.rows.append(row)
        return self.id(row)

    def id(self, row: Row) -> bytes:
        return record_id(row[0], self.council.network)

    def leaves(self, size: int | None = None) -> list[bytes]:
        return [envelope(row) for row in self.rows[:size]]

    def head(self, time: int, size: int | None = None) -> bytes:
        """A signed head over the log as it is now, or was (LOG-3)."""
        leaves = self.leaves(size)
        fields = {
            "log": self.council.log,
            "root": trees.root(leaves),
            "size": len(leaves),
            "time": time,
        }
        raw = cmp.encode(fields)
        return cmp.encode([raw, self._sign_head(raw)])

    def _sign_head(self, raw: bytes) -> bytes:
        key = self.signer or self.council.node
        return key.sign(b"confed head 1\0" + self.council.network + raw)

    # --- the file -------------------------------------------------------------------------

    def file(
        self,
        kind: str,
        subject: bytes,
        /,
        *,
        receipts: Sequence[tuple[int, int]] = (),
        compact: bool = False,
        loose: Sequence[Row] = (),
        without: Sequence[bytes] = (),
        bare: Sequence[Row] = (),
        **change: Any,
    ) -> bytes:
        """The file about a record. `receipts` are (witness, time) of the log as it is now; the
        records that are `bare` stand without signatures.
        """
        network = self.council.network
        logged = [row for row in self.rows if self.id(row) not in without]
        rows = {self.id(row): row for row in (*logged, *loose)}
        witnesses = {number for number, _ in receipts} | (set(range(3)) if compact else set[int]())
        for number in witnesses:
            for row in (WITNESSES[number].charter, WITNESSES[number].node_row):
                rows[record_id(row[0], network)] = row
        if compact:
            rows[record_id(COMPACT[0])] = COMPACT
        for row in bare:
            rows[record_id(row[0], network)] = row[0], [], row[2]
        ordered = sorted(rows, key=lambda one: _rank(one, rows[one][0], network))
        numbers = {one: number for number, one in enumerate(ordered)}
        hashes: dict[bytes, int] = {}
        leaves = self.leaves()

        def brief(path: Sequence[bytes]) -> list[int]:
            return [hashes.setdefault(item, len(hashes)) for item in path]

        proved = [
            (numbers[self.id(row)], index)
            for index, row in enumerate(self.rows)
            if self.id(row) in numbers and index >= 2
        ]
        proofs = [
            [number, index, len(leaves), brief(trees.path(index, leaves))]
            for number, index in sorted(proved)
        ]
        body: dict[str, Any] = {
            "kind": kind,
            "network": network,
            "subject": subject,
            "records": [_brief_rows([rows[one] for one in ordered])],
            "head": [len(leaves), self.head_time, self._head_signature(leaves)],
            "proofs": proofs,
        }
        found = sorted(
            [numbers[record_id(WITNESSES[n].node_row[0], network)], time, n] for n, time in receipts
        )
        if found:
            body["receipts"] = [self._receipt(node, time, n, leaves) for node, time, n in found]
        if hashes:
            body["hashes"] = b"".join(hashes)
        return cmp.encode(["confed", 1, body | change])

    def _head_signature(self, leaves: Sequence[bytes]) -> bytes:
        fields = {
            "log": self.council.log,
            "root": trees.root(leaves),
            "size": len(leaves),
            "time": self.head_time,
        }
        return self._sign_head(cmp.encode(fields))

    def _receipt(self, node: int, time: int, number: int, leaves: Sequence[bytes]) -> list[Any]:
        witness = WITNESSES[number]
        line = cmp.encode([self.council.log, len(leaves), trees.root(leaves)])
        raw = payload("witness", {"count": 1, "root": trees.leaf_hash(line)}, witness.id, time=time)
        return [node, 1, time, 1, 0, len(leaves), [], witness.node.sign(message_of(raw))]


def _rank(one: bytes, raw: bytes, network: bytes) -> tuple[int, bytes, int]:
    """BUN-3: the only charters here are first ones, the only node records too."""
    if b"\xa4kind\xa7charter" in raw:
        return 0, one, 0
    if b"\xa4kind\xa4node" in raw:
        at = raw.index(b"\xa7council") + 10
        return 1, raw[at : at + 32], 1
    return 2, one, 0


def plain_file(kind: str, subject: bytes, rows: Sequence[Row]) -> bytes:
    """A file of records alone, without proofs and head, as a certificate is."""
    by_id = {record_id(row[0]): row for row in rows}
    ordered = sorted(by_id, key=lambda one: _rank(one, by_id[one][0], NETWORK))
    body = {
        "kind": kind,
        "network": NETWORK,
        "subject": subject,
        "records": [_brief_rows([by_id[one] for one in ordered])],
    }
    return cmp.encode(["confed", 1, body])


def _brief_rows(rows: Sequence[Row]) -> list[Any]:
    """BUN-4: signers that a record has named stand as numbers."""
    known: dict[bytes, int] = {}
    out: list[Any] = []
    for raw, signatures, part in rows:
        for key in _named(raw):
            known.setdefault(key, len(known))
        brief = [[known.get(key, key), form, made] for key, form, made in signatures]
        out.append([raw, brief] if part is None else [raw, brief, part])
    return out


_KEYS_OF: Final[dict[bytes, list[bytes]]] = {}


def known(council: Council) -> Council:
    """Note which keys the council's charter and node record name."""
    _KEYS_OF[council.charter[0]] = [key.public for key in council.keys]
    _KEYS_OF[council.node_row[0]] = [council.node.public]
    return council


def names(row: Row, *keys: Key) -> None:
    """Note which keys a record names that is not one of these scenes' own mandates."""
    _KEYS_OF[row[0]] = [key.public for key in keys]


for _council in (HOME, *WITNESSES):
    known(_council)


def _named(raw: bytes) -> list[bytes]:
    if raw in _KEYS_OF:
        return _KEYS_OF[raw]
    return [DELEGATE.public] if b"\xa4kind\xa7mandate" in raw else []


# --- mandates and acts -----------------------------------------------------------------------


def mandate(council: Council = HOME, **change: Any) -> Row:
    """The mandate of these scenes; a field changed to None is left out."""
    body = {
        "delegate": DELEGATE.public,
        "starts": TIME,
        "until": TIME + 30 * DAY,
        "kinds": ["signature", "spending-order", "statement", "vote"],
        "compact": record_id(COMPACT[0]),
        "instructions": [[MOTION, "yes"], [RATIFIED, "ratify"], [FREE, "free"]],
        "ceiling": ["chf", 500, 800],
    } | change
    kept = {name: value for name, value in body.items() if value is not None}
    return council.sign(payload("mandate", kept, council.id))


def act(scene: Scene, about: bytes, *keys: Key, **change: Any) -> Row:
    """A vote for the motion at noon, citing the log as it is now."""
    time = change.pop("time", NOON)
    body = {
        "motion": MOTION,
        "kind": "vote",
        "value": "yes",
        "number": 1,
        "head": scene.head(change.pop("head_time", NOON - 60)),
    } | change
    raw = payload("act", body, scene.council.id, subject=about, time=time)
    return signed(raw, *(keys or (DELEGATE,)))


def recall(about: bytes, time: int, council: Council = HOME) -> Row:
    """A recall of the mandate."""
    return council.sign(payload("recall", {}, council.id, subject=about, time=time))


def position(time: int) -> Row:
    """The council's own position on the motion, which no freeze is asked for here."""
    body = {"freeze": bytes(32), "number": 1, "value": "no"}
    return HOME.sign(payload("position", body, HOME.id, subject=MOTION, time=time))


def request(*files: bytes, at: int = NOON, trust: Sequence[bytes] = ()) -> dict[str, Any]:
    """The fields of a request about these files, at noon unless it says when."""
    return {
        "files": [file.hex() for file in files],
        "trust": [council.hex() for council in trust],
        "at": at,
    }
