"""What one file proves: every record opened, admitted and placed (specs/12, BUN-7 to BUN-11).

    container.decode -> record.open -> Authority.admit, council by council in log order
                     -> inclusion under the node key's head -> receipts

These are the node's own functions. A file that says one thing which does not hold proves
nothing: `prove` raises, and no part of it is used.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from confedproto import codec, keys, record
from confedproto.bodies import KINDS, Needs
from confedproto.bodies.charter import Charter
from confedproto.bodies.link import Link
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.node import Node
from confedproto.bodies.witness import Witness
from confedproto.bundle.container import Bundle, Receipt, SignedHead
from confedproto.bundle.form import BundleKind
from confedproto.errors import Reason, VerificationError
from confedproto.ids import (
    CouncilId,
    Hash,
    LogId,
    NetworkId,
    PublicKey,
    RecordId,
    record_id,
    signing_bytes,
)
from confedproto.log import Head, open_head
from confedproto.merkle import inclusion_root, leaf_hash
from confedproto.record import VerifiedRecord
from confedproto.rules.authority import Authority, NodeStep
from confedproto.rules.links import Links, link_fault

_CHAIN: Final = frozenset({"charter", "node"})
_MEMBERSHIP: Final = frozenset({"compact", "accession", "link", "guest"})
_TENURE: Final = frozenset({"mandate", "recall", "report", "ratify", "petition"})
_KINDS: Final[Mapping[BundleKind, frozenset[str] | None]] = {
    "mandate": _CHAIN | _TENURE,
    "act": _CHAIN | _MEMBERSHIP | _TENURE | {"act", "position", "amend"},
    "certificate": _CHAIN
    | _MEMBERSHIP
    | {"motion", "second", "freeze", "position", "vote", "lock"}
    | {"exit", "withdraw", "takeover", "amend", "affected-claim", "roll", "ratify"},
    "record": None,  # any: the subject says which
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A receipt that holds: the witness council, its time, the size it saw."""

    witness: CouncilId
    time: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a file proves.

    `kinds` are the records of each kind by id, `places` record -> tree size -> index in the
    subject's log. `beside` is what the files prove that it carries (BUN-20).
    """

    bundle: Bundle
    records: Mapping[RecordId, VerifiedRecord]
    kinds: Mapping[str, Sequence[VerifiedRecord]]
    authorities: Mapping[CouncilId, Authority]
    links: Links
    places: Mapping[RecordId, Mapping[int, int]]
    head: Head | None
    receipts: tuple[Received, ...]
    beside: "tuple[Evidence, ...]" = ()

    @property
    def subject(self) -> VerifiedRecord:
        """The record that the file is about."""
        return self.records[self.bundle.subject]

    def of_kind(self, kind: str) -> Sequence[VerifiedRecord]:
        """The records of a kind, by id."""
        return self.kinds.get(kind, ())

    def in_log(self, subject: RecordId) -> bool:
        """Whether the record is shown to be in its council's log, under the file's head."""
        return self.head is not None and self.head.size in self.places.get(subject, {})

    def received(self, subject: RecordId) -> list[Received]:
        """The receipts of a record by other councils than its author, oldest first."""
        author, places = self.records[subject].council, self.places.get(subject, {})
        found = [r for r in self.receipts if r.size in places and r.witness != author]
        return sorted(found, key=lambda r: (r.time, r.witness))

    def charter_of(self, council: CouncilId, version: int) -> Charter | None:
        """The charter of a council with a version number, if the file has it."""
        authority = self.authorities.get(council)
        return authority.charter_version(version) if authority is not None else None


def prove(bundle: Bundle) -> Evidence:
    """Check everything that a file says. Raises VerificationError, or DecodeError for a record
    that is none: the reason of the first thing that does not hold.
    """
    records = records_of(bundle)
    subject = records.get(bundle.subject)
    if subject is None:
        raise VerificationError(Reason.BUNDLE_MISSING, "the subject", bundle.subject)
    _check_kinds(bundle, subject, records.values())
    indexes = _indexes(bundle, records, subject)
    authorities, links = _fold(bundle.network, records, indexes)
    node = authorities[subject.council].node
    places: dict[RecordId, dict[int, int]] = {}
    head: Head | None = None
    receipts: list[Received] = []
    if bundle.proofs or bundle.head is not None or bundle.receipts:
        if node is None:
            raise VerificationError(Reason.BUNDLE_MISSING, "the node record of the log")
        roots = _roots(bundle, records, places)
        _check_sizes(bundle, roots)
        head = _head(bundle, node, roots)
        receipts = [
            _receipt(bundle.network, receipt, records, authorities, node.log, roots[receipt.size])
            for receipt in bundle.receipts
        ]
    if any(one.network != bundle.network for one in bundle.files):
        raise VerificationError(Reason.NETWORK_MISMATCH, "a file that it carries")
    return Evidence(
        bundle=bundle,
        records=records,
        kinds=_by_kind(records.values()),
        authorities=authorities,
        links=links,
        places=places,
        head=head,
        receipts=tuple(receipts),
        beside=tuple(prove(one) for one in bundle.files),
    )


def records_of(bundle: Bundle) -> dict[RecordId, VerifiedRecord]:
    """The records of a file, in its order: each says what it says, and its signatures hold.

    Whether their signers may speak for the council is for `prove`. Raises DecodeError or
    VerificationError for a record that does not open.
    """
    opened = (record.open(bundle.network, e.envelope, e.part, filed=True) for e in bundle.entries)
    return {one.id: one for one in opened}


def _by_kind(records: Iterable[VerifiedRecord]) -> Mapping[str, Sequence[VerifiedRecord]]:
    out: dict[str, list[VerifiedRecord]] = defaultdict(list)
    for one in sorted(records, key=lambda record: record.id):
        out[one.kind].append(one)
    return out


def _check_kinds(
    bundle: Bundle, subject: VerifiedRecord, records: Iterable[VerifiedRecord]
) -> None:
    """The subject is what the file's kind says, and nothing stands beside it idly (BUN-8)."""
    wanted = {"mandate": "mandate", "act": "act", "certificate": "motion"}.get(bundle.kind)
    if wanted is None:
        if subject.kind in ("mandate", "act"):  # whose verdict is more than being in the log
            raise VerificationError(Reason.BUNDLE_SUBJECT, subject.kind, subject.id)
    elif subject.kind != wanted:
        raise VerificationError(Reason.BUNDLE_SUBJECT, subject.kind, subject.id)
    allowed = _KINDS[bundle.kind] or _CHAIN | {subject.kind}
    for one in records:
        if one.kind not in allowed:
            raise VerificationError(Reason.BUNDLE_SUBJECT, one.kind, one.id)


# --- authority ------------------------------------------------------------------------------


def _indexes(
    bundle: Bundle, records: Mapping[RecordId, VerifiedRecord], subject: VerifiedRecord
) -> dict[RecordId, int]:
    """Where the proofs put records; all of them are of the subject's own log (BUN-9)."""
    out: dict[RecordId, int] = {}
    for proof in bundle.proofs:
        if records[proof.record].council != subject.council:
            raise VerificationError(Reason.COUNCIL_FOREIGN, "a proof", proof.record)
        if out.setdefault(proof.record, proof.index) != proof.index:
            raise VerificationError(Reason.LOG_INDEX, "two places", proof.record)
    return out


def _fold(
    network: NetworkId, records: Mapping[RecordId, VerifiedRecord], indexes: Mapping[RecordId, int]
) -> tuple[dict[CouncilId, Authority], Links]:
    """Admit every record of the file into its council's authority, or refuse the file (BUN-7).

    A record stands after the charter version that it names and before the next; within that
    a node's own record beside the node record of its key, the others by their proven index. Of
    what has none a mandate (it may stand in an older log) comes first, the rest last. Who
    signed any of them has signed the council's id, and so its first charter (BUN-4).
    """
    servers: Servers = defaultdict(list)
    for one in records.values():
        if isinstance(one.body, Node):
            servers[one.council, one.body.key].append((one.charter, one.body.number))
    signers: dict[CouncilId, set[PublicKey]] = defaultdict(set)
    for one in records.values():
        signers[one.council].update(one.signers)
    authorities = {council: Authority(network, founders) for council, founders in signers.items()}
    links = Links()
    last: dict[CouncilId, int] = {}
    for one in sorted(records.values(), key=lambda r: _log_order(r, indexes, servers)):
        fault = authorities[one.council].admit(one)
        if fault is None and isinstance(one.body, Link):
            fault = link_fault(one, one.body)
        links.take(one)
        if fault is Reason.COUNCIL_UNKNOWN:
            raise VerificationError(Reason.BUNDLE_MISSING, "the charter of its council", one.id)
        if fault is not None:
            raise VerificationError(fault, one.kind, one.id)
        index = indexes.get(one.id)
        if index is not None:
            if index <= last.get(one.council, -1):
                raise VerificationError(Reason.LOG_INDEX, "out of order", one.id)
            last[one.council] = index
    return authorities, links


Servers = dict[tuple[CouncilId, bytes], list[tuple[int, int]]]
"""Council and node key -> charter version and number of each node record of the key."""


def _log_order(
    one: VerifiedRecord, indexes: Mapping[RecordId, int], servers: Servers
) -> tuple[int, int, int, int, RecordId]:
    match one.body:
        case Charter():
            return one.charter + 1, 0, 0, 0, one.id
        case Node() as node:
            return one.charter, 1, node.number, 0, one.id
        case _ if one.id in indexes:
            return one.charter, 2, indexes[one.id], 1, one.id
        case _ if KINDS.get(one.kind) and KINDS[one.kind].needs is Needs.NODE:
            mine = servers.get((one.council, one.signers[0]), ())
            since, number = max((row for row in mine if row[0] <= one.charter), default=(0, 0))
            return one.charter, 1, number if since == one.charter else 0, 1, one.id
        case Mandate():
            return one.charter, 2, 0, 0, one.id
        case _:
            return one.charter, 3, 0, 0, one.id


# --- places, head, receipts -------------------------------------------------------------------


def _roots(
    bundle: Bundle,
    records: Mapping[RecordId, VerifiedRecord],
    places: dict[RecordId, dict[int, int]],
) -> dict[int, Hash]:
    """Tree size -> the one root that all paths to that size lead to; fills `places`."""
    roots: dict[int, Hash] = {}
    for proof in bundle.proofs:
        leaf = leaf_hash(records[proof.record].envelope)
        root = inclusion_root(leaf, proof.index, proof.size, proof.path)
        if roots.setdefault(proof.size, root) != root:
            raise VerificationError(Reason.PROOF_ROOT, f"two roots of size {proof.size}")
        places.setdefault(proof.record, {})[proof.size] = proof.index
    return roots


def _check_sizes(bundle: Bundle, roots: Mapping[int, Hash]) -> None:
    """Every tree is signed by somebody, and every signature over a tree has one (BUN-9)."""
    signed = {receipt.size for receipt in bundle.receipts}
    if bundle.head is not None:
        signed.add(bundle.head.size)
    if signed != set(roots):
        raise VerificationError(Reason.BUNDLE_MISSING, "a head, or a path to one")


def _head(bundle: Bundle, node: NodeStep, roots: Mapping[int, Hash]) -> Head | None:
    """The head, if the node key that the node record authorises signed it (BUN-10)."""
    brief = bundle.head
    if brief is None:
        return None
    return open_head(bundle.network, node.key, head_envelope(node.log, brief, roots[brief.size]))


def _receipt(
    network: NetworkId,
    receipt: Receipt,
    records: Mapping[RecordId, VerifiedRecord],
    authorities: Mapping[CouncilId, Authority],
    log: LogId,
    root: Hash,
) -> Received:
    """A receipt, if it is what its council's node key signed (BUN-11)."""
    witness = records[receipt.node].council
    nodes = authorities[witness].nodes
    step = next((one for one in nodes if one.record.id == receipt.node), None)
    if step is None:
        raise VerificationError(Reason.BUNDLE_MISSING, "the witness's node record", receipt.node)
    if authorities[witness].charter_version(receipt.charter) is None:
        raise VerificationError(Reason.BUNDLE_MISSING, "the witness's charter", receipt.node)
    row = leaf_hash(head_row(log, receipt.size, root))
    heads = inclusion_root(row, receipt.position, receipt.count, receipt.path)
    payload = witness_payload(
        witness, charter=receipt.charter, time=receipt.time, count=receipt.count, root=heads
    )
    signed = record_id(network, payload)
    keys.verify(step.key, signing_bytes(signed), receipt.signature)
    return Received(witness=witness, time=receipt.time, size=receipt.size)


def head_envelope(log: LogId, brief: SignedHead, root: Hash) -> bytes:
    """The head as its node signed it, from what a file says of it (LOG-3, BUN-10)."""
    payload = codec.encode({"log": log, "root": root, "size": brief.size, "time": brief.time})
    return codec.encode([payload, brief.signature])


def head_row(log: LogId, size: int, root: Hash) -> bytes:
    """The line of a witness record's heads that names a log at a size (WIT-2)."""
    return codec.encode([log, size, root])


def witness_payload(
    council: CouncilId, *, charter: int, time: int, count: int, root: Hash
) -> bytes:
    """The payload of a witness record that says this and nothing else (BUN-11)."""
    return record.build_payload(
        kind="witness",
        council=council,
        charter=charter,
        time=time,
        body=Witness(count=count, root=root),
    )
