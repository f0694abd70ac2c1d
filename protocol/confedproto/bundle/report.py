"""The answer of an offline check, as plain data (specs/12, BUN-13; specs/06, ACT-1)."""

from dataclasses import dataclass

from confedproto.bodies.mandate import Mandate
from confedproto.bundle.form import BundleKind
from confedproto.errors import Reason
from confedproto.ids import CouncilId, NetworkId, RecordId
from confedproto.rules.mandate import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """A receipt that holds: who says so, by what name, and when (seconds UTC)."""

    council: CouncilId
    name: str
    time: int
    pinned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A signed head that the files hold: whose log, how many records, seconds UTC."""

    council: CouncilId
    name: str
    size: int
    time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A certified decision, recounted from the positions in the file; units in halves."""

    compact: RecordId
    compact_name: str
    rule: str
    outcome: str
    accepted: bool
    people_yes: int
    people_no: int
    units_yes: int
    units_no: int
    signers: int
    needed: int
    councils: int
    roll: frozenset[CouncilId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """The mandate that a link passes on: whose it is, and its own state then (LVL-1)."""

    id: RecordId
    council: CouncilId
    council_name: str
    mandate: Mandate
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the files prove at the time asked about.

    `reason` is None for VALID alone. With UNKNOWN, `id` is only what the file claims to be
    about, and `council` and what follows is None unless it was proved. `pinned` says whether
    the council (of a certificate: one of its councils) is among the trusted ones.
    `newest_receipt` and `head_time` are seconds UTC. `final`: nothing that is not in these files
    can change the verdict; else it holds as of `heads`, the newest of each log. `state` is that of
    the mandate, `above` the one that it passes on, `done` the time of the act, `petition` the
    members' (count, members). `notes` say what nobody can know from these files, in English
    sentences without text of any record.
    """

    ok: bool
    kind: BundleKind
    verdict: Outcome
    reason: Reason | None
    id: RecordId
    network: NetworkId
    detail: str = ""
    council: CouncilId | None = None
    council_name: str | None = None
    pinned: bool = False
    newest_receipt: int | None = None
    head_time: int | None = None
    title: str | None = None
    record_kind: str | None = None
    about: RecordId | None = None
    time: int | None = None
    until: int | None = None
    delegate: bytes | None = None
    motion: RecordId | None = None
    value: str | None = None
    state: str | None = None
    done: int | None = None
    mandate: Mandate | None = None
    above: Above | None = None
    petition: tuple[int, int] | None = None
    final: bool = False
    heads: tuple[Seen, ...] = ()
    receipts: tuple[Witnessed, ...] = ()
    decision: Decision | None = None
    notes: tuple[str, ...] = ()
