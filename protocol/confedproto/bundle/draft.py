"""A `.confed` file being put together from what a node holds (specs/12, BUN).

Charters and node records are cut to as many signatures as their threshold asks, first charters
to none, and of the receipts those are taken that say most.
"""

from collections import defaultdict

from confedproto import codec
from confedproto.bodies.charter import Charter
from confedproto.bundle import container
from confedproto.bundle.container import Bundle, Entry, Proof, Receipt, SignedHead
from confedproto.bundle.form import BundleKind
from confedproto.bundle.receipting import receipt_of
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, LogId, PublicKey, RecordId
from confedproto.limits import CLOCK_AHEAD_MAX_S
from confedproto.record import Signature, VerifiedRecord, assemble, split_envelope
from confedproto.rules.authority import meets_threshold
from confedproto.rules.receipts import WitnessLine
from confedproto.view import View


class Draft:
    """A file being put together from a view."""

    def __init__(self, view: View, now: int) -> None:
        self.view = view
        self.now = now
        self.rows: dict[RecordId, tuple[VerifiedRecord, tuple[Signature, ...]]] = {}
        self.proofs: dict[tuple[RecordId, int], Proof] = {}
        self.receipts: list[Receipt] = []
        self.head: SignedHead | None = None
        self.logs: dict[CouncilId, LogId | None] = {}
        self.files: dict[RecordId, Bundle] = {}

    def add(self, one: VerifiedRecord) -> None:
        """Put a record in as it is."""
        self.rows[one.id] = one, split_envelope(one.envelope)[1]

    def _add_pruned(self, one: VerifiedRecord, charter: Charter) -> None:
        """A record without inclusion proof needs no more signatures than its threshold (BUN-4)."""
        signatures = split_envelope(one.envelope)[1]
        enough = [s for s in signatures if s.signer in charter.keys][: charter.threshold]
        self.rows.setdefault(one.id, (one, tuple(enough)))

    def add_council(
        self, council: CouncilId, version: int | None = None, log: LogId | None = None
    ) -> None:
        """A council's charters up to `version` (all without it), and its node records up to that
        of `log` (all without it); what was said first holds, so that the subject's log is the
        newest of its council here (BUN-18).
        """
        log = self.logs.setdefault(council, log)
        authority = self.view.authorities.get(council)
        step = authority.charter if authority is not None else None
        if authority is None or step is None:
            raise LocalProtocolError(Reason.COUNCIL_UNKNOWN, council.hex()[:16])
        for charter in authority.charters[:version]:
            if charter.version > 1:
                self.add(charter.record)
            else:
                self._add_pruned(charter.record, charter.charter)
        reached = False
        for node in authority.nodes:
            if reached and node.log != log:
                break
            reached = node.log == log
            signed_under = authority.charter_version(node.record.charter)
            if signed_under is not None and (version is None or node.record.charter <= version):
                self._add_pruned(node.record, signed_under)

    def place(self, one: VerifiedRecord, size: int) -> None:
        """Prove where a record stands in the tree of `size` leaves of its log."""
        placed = self.view.records[one.id]
        self.add(one)  # a leaf is the whole envelope
        self.proofs[one.id, size] = Proof(
            record=one.id,
            index=placed.index,
            size=size,
            path=tuple(self.view.logs[placed.log].tree.inclusion(placed.index, size)),
        )

    def place_under_head(self, *ones: VerifiedRecord) -> None:
        """Prove records under the newest head of the first one's log; the rest have own files."""
        log = self.view.logs[self.view.records[ones[0].id].log]
        head = log.head
        ones = tuple(one for one in ones if self.view.records[one.id].log == log.id)
        if head is None or any(self.view.records[one.id].index >= head.size for one in ones):
            raise LocalProtocolError(Reason.BUNDLE_MISSING, "a signed head; try again")
        signature = _head_signature(head.envelope)
        self.head = SignedHead(size=head.size, time=head.time, signature=signature)
        for one in ones:
            self.place(one, head.size)
        for step in self.view.authorities[log.council].charters[1:]:
            placed = self.view.records.get(step.record.id)
            if step.record.id in self.rows and placed is not None and placed.log == log.id:
                self.place(step.record, head.size)

    def add_receipts(self, one: VerifiedRecord, *, first: bool, most: int) -> None:
        """Receipts of a record: the oldest if `first`, which date it, else the newest.

        One a council, of at most `most` councils; whose clock is ahead of ours is left out.
        """
        placed = self.view.records[one.id]
        chosen: dict[CouncilId, WitnessLine] = {}
        for line in self.view.lines_of(placed.log):
            if line.size <= placed.index or line.time > self.now + CLOCK_AHEAD_MAX_S:
                continue
            known = chosen.get(line.witness)
            if known is None or (line.time < known.time) == first:
                chosen[line.witness] = line
        chosen.pop(one.council, None)
        ordered = sorted(chosen.values(), key=lambda n: (n.time if first else -n.time, n.witness))
        added = 0
        for line in ordered:
            if added < most and self._add_receipt(line):
                self.place(one, line.size)
                added += 1

    def _add_receipt(self, line: WitnessLine) -> bool:
        receipt = receipt_of(self.view, line)
        if receipt is None:
            return False
        if receipt not in self.receipts:
            self.add_council(line.witness, receipt.charter, self._log_of(receipt.node))
            self.receipts.append(receipt)
        return True

    def _log_of(self, node: RecordId) -> LogId | None:
        """The log that a node record opens or goes on with."""
        steps = (n for a in self.view.authorities.values() for n in a.nodes)
        return next((n.log for n in steps if n.record.id == node), None)

    def _entries(self) -> tuple[Entry, ...]:
        """All records; first charters bare where others show who founded the council (BUN-4)."""
        signers: dict[CouncilId, set[PublicKey]] = defaultdict(set)
        for one, kept in self.rows.values():
            if one.charter > 0:
                signers[one.council].update(signature.signer for signature in kept)
        proved = {one for one, _ in self.proofs}  # as a leaf it is whole
        out: list[Entry] = []
        for one, kept in self.rows.values():
            founding = one.body if one.charter == 0 and one.id not in proved else None
            if isinstance(founding, Charter) and meets_threshold(founding, signers[one.council]):
                kept = ()
            out.append(Entry(envelope=assemble(one.payload, kept), part=one.part))
        return tuple(out)

    def carry(self, *files: Bundle) -> None:
        """Other files that this one is to be read with (BUN-20)."""
        self.files.update((one.subject, one) for one in files)

    def done(self, kind: BundleKind, subject: RecordId) -> bytes:
        """The file."""
        return container.encode(self.bundle(kind, subject))

    def bundle(self, kind: BundleKind, subject: RecordId) -> Bundle:
        """What the file says."""
        return Bundle(
            kind=kind,
            network=self.view.network,
            subject=subject,
            entries=self._entries(),
            proofs=tuple(self.proofs.values()),
            head=self.head,
            receipts=tuple(self.receipts),
            files=tuple(self.files.values()),
        )


def _head_signature(envelope: bytes) -> bytes:
    value: list[bytes] = codec.decode(envelope)
    return value[1]
