"""A decision of four councils and its certificate, for vectors: each part of it can be changed."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tools.vectors.examples import TIME, WINDOWS
from tools.vectors.scenes import (
    DAY,
    HOME,
    TEXT,
    WITNESSES,
    Council,
    Row,
    known,
    payload,
    plain_file,
    signed,
)
from tools.vectors.signing import Key, record_id

FOUNDERS: Final = sorted((HOME, *WITNESSES), key=lambda council: council.id)
NEWCOMER: Final = known(Council("Council of the Ford", [Key("ford")], 1, Key("ford node")))
FROZEN: Final = TIME + 14 * DAY
OPENS: Final = FROZEN + 7 * DAY
CLOSES: Final = OPENS + 7 * DAY
VOTED: Final = CLOSES + 2 * DAY
FORD: Final = 4  # the newcomer's number among the councils

Change = dict[str, Any]


@dataclass(kw_only=True)
class Decision:
    """One decision, all of whose records can be changed before its file is written.

    `values` are the positions by number of council (None: silent), `locks` who signed one.
    """

    motion: Change = field(default_factory=dict[str, Any])
    compact: Change = field(default_factory=dict[str, Any])
    freeze: Change = field(default_factory=dict[str, Any])
    position: Mapping[int, Change] = field(default_factory=dict[int, Change])
    values: Mapping[int, str | None] = field(default_factory=dict[int, str | None])
    vote: Change = field(default_factory=dict[str, Any])
    voters: Sequence[int] = (0, 1)  # who signed it: w
    locks: Sequence[int] = (0, 1, 2)
    lock: Change = field(default_factory=dict[str, Any])
    sponsors: Sequence[int] | None = None  # with whom the newcomer is linked; None: it is not in
    accession: Change = field(default_factory=dict[str, Any])
    mover: int = 0
    signer: Key | None = None  # of the locks, instead of their nodes
    mixed: Sequence[tuple[int, Change]] = ()  # further locks
    without: Sequence[str] = ()  # parts that the file lacks
    extra: Sequence[Row] = ()

    def __post_init__(self) -> None:
        self.councils = [*FOUNDERS, *([NEWCOMER] if self.sponsors is not None else [])]
        self.parts: dict[str, list[Row]] = {
            "charters": [one.charter for one in self.councils],
            "nodes": [one.node_row for one in self.councils],
        }
        self._found()
        self._move()
        self._decide()

    def _add(self, part: str, row: Row) -> bytes:
        self.parts.setdefault(part, []).append(row)
        return record_id(row[0])

    def _found(self) -> None:
        body = {
            "name": "Valley",
            "founders": [[one.id, 1, 2] for one in FOUNDERS],
            "rules": [["admin", "lazy"], ["coordination", "majority"]],
            "windows": WINDOWS,
            "seconds": 1,
            "sponsors": 1,
            "weight_max": 2,
        } | self.compact
        signers = [key for one in FOUNDERS for key in one.keys[: one.threshold]]
        raw = payload("compact", body, HOME.id)
        self.compact_id = self._add("compact", HOME.sign(raw, *signers))
        if self.sponsors is None:
            return
        for number in self.sponsors:
            host, invite = FOUNDERS[number], Key(f"invitation {number}")
            offer = {"invite": invite.public, "expires": TIME + DAY}
            self._add("links", host.sign(payload("link", offer, host.id)))
            answer = payload("link", {"peer": host.id, "invite": invite.public}, NEWCOMER.id)
            self._add("links", NEWCOMER.sign(answer, *NEWCOMER.keys, invite))
            guest = {"peer": NEWCOMER.id, "invite": invite.public}
            self._add("links", host.sign(payload("guest", guest, host.id), host.node))
        raw = payload(
            "accession", {"weight": 2} | self.accession, NEWCOMER.id, subject=self.compact_id
        )
        self.accession_id = self._add("accession", NEWCOMER.sign(raw))

    def _move(self) -> None:
        mover = self.councils[self.mover]
        text = hashlib.sha256(b"confed text 1\0" + TEXT).digest()
        body = {"name": "coordination", "titles": [["en", "A bridge"]], "text": text} | self.motion
        raw = payload("motion", body, mover.id, subject=self.compact_id)
        self.motion_id = self._add("motion", mover.sign(raw, part=TEXT))
        seconder = FOUNDERS[1]
        raw = payload("second", {}, seconder.id, subject=self.motion_id, time=TIME + DAY)
        self.second_id = self._add("second", seconder.sign(raw))
        change = dict(self.freeze)
        time, by = change.pop("time", FROZEN), change.pop("by", mover)
        fields = {
            "councils": sorted([one.id, 2] for one in self.councils),
            "opens": OPENS,
            "closes": CLOSES,
            "seconds": [self.second_id],
            "accessions": [self.accession_id] if self.sponsors is not None else None,
        } | change
        kept = {name: value for name, value in fields.items() if value is not None}
        raw = payload("freeze", kept, by.id, subject=self.motion_id, time=time)
        self.freeze_id = self._add("freeze", by.sign(raw))

    def _decide(self) -> None:
        self.positions: list[bytes] = []
        for number, council in enumerate(self.councils):
            value = self.values.get(number, "yes")
            if value is None:
                continue
            change = dict(self.position.get(number, {}))
            time = change.pop("time", OPENS + DAY)
            body = {"freeze": self.freeze_id, "number": 1, "value": value} | change
            raw = payload("position", body, council.id, subject=self.motion_id, time=time)
            self.positions.append(self._add("positions", council.sign(raw)))
        said = {"round": 1, "outcome": "adopted", "counted": sorted(self.positions)}
        for number in self.voters:
            self._add("vote", self.of_node("vote", self.councils[number], said | self.vote))
        for number in self.locks:
            self._add("locks", self.of_node("lock", self.councils[number], self.lock))
        for number, change in self.mixed:
            self._add("locks", self.of_node("lock", self.councils[number], change))

    def of_node(self, kind: str, council: Council, change: Change) -> Row:
        """A vote or lock by a council's node."""
        fields = dict(change)
        time = fields.pop("time", VOTED)
        body = {"freeze": self.freeze_id, "round": 1, "outcome": "adopted"} | fields
        raw = payload(kind, body, council.id, subject=self.motion_id, time=time)
        return signed(raw, self.signer or council.node)

    def file(self) -> bytes:
        """The certificate's file."""
        rows = [r for part, rows in self.parts.items() if part not in self.without for r in rows]
        return plain_file("certificate", self.motion_id, [*rows, *self.extra])
