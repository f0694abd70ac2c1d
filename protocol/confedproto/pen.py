"""What the node's own key signs: records of its own accord, and the heads of its log (LOG-3)."""

import hashlib
from typing import Final

import msgspec

from confedproto import codec, log, record
from confedproto import effects as fx
from confedproto.bodies import KIND_OF
from confedproto.bodies.types import Body
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import TAG_BRIEF, TAG_SALT, CouncilId, RecordId, log_id
from confedproto.keys import SigningKey
from confedproto.marks import blocks, marks
from confedproto.record import VerifiedRecord
from confedproto.view import View


class Pen:
    """The node key over its log. Times are milliseconds."""

    def __init__(self, view: View, council: CouncilId, signer: SigningKey) -> None:
        self.fresh: list[VerifiedRecord] = []  # appended, not under a head yet
        self._view: Final = view
        self._council: Final = council
        self._signer: Final = signer
        self.key: Final = signer.public
        self._own: Final = log_id(view.network, council, signer.public)

    def sign(
        self, body: Body, subject: RecordId | None, part: bytes | None, now: int
    ) -> VerifiedRecord:
        """Make a record that the node key signs: witness, vote, lock."""
        step = self._view.authorities[self._council].charter
        about = self._view.records.get(subject) if subject is not None else None
        scope = about.record.scope if about is not None else None
        payload = record.build_payload(
            kind=KIND_OF[type(body)],
            council=self._council,
            charter=step.version if step is not None else 1,
            time=now // 1000,
            body=body,
            subject=subject,
            scope=scope,
            salt=self._salt(body, subject, now) if scope is not None else None,
        )
        signature = record.sign(self._view.network, payload, self._signer)
        envelope = record.assemble(payload, [signature])
        return record.open(self._view.network, envelope, record.part_of(body, part))

    def _salt(self, body: Body, subject: RecordId | None, now: int) -> bytes:
        """A salt that only this node can make, and makes again for the same record (PAY-5)."""
        said = codec.encode([now // 1000, msgspec.to_builtins(body, builtin_types=(bytes,))])
        signature = self._signer.sign(TAG_SALT + (subject or b"") + said)
        return hashlib.sha256(signature).digest()[: record.SALT_BYTES]

    def stands(self, message: bytes) -> bytes:
        """The node key's signature over what `bundle.brief` says of a record (BRF-2)."""
        if not message.startswith(TAG_BRIEF):
            raise LocalProtocolError(Reason.BAD_REQUEST)  # the key signs nothing it cannot name
        return self._signer.sign(message)

    def head(self, now: int, *, again: bool = False) -> fx.StoreLeaves | None:
        """One head over all that is fresh, and what the store is to keep; None if nothing is.

        `again`: also if nothing is fresh, of a later time (LOG-10).
        """
        if not self.fresh and not again:
            return None
        entry = self._view.logs[self._own]
        start = entry.tree.size - len(self.fresh)
        last = entry.head.time if entry.head is not None else 0
        entry.head = log.sign_head(
            self._view.network,
            self._signer,
            log=self._own,
            size=entry.tree.size,
            root=entry.tree.root(),
            time=max(now // 1000, last),
        )
        kept = fx.StoreLeaves(
            log=self._own,
            council=self._council,
            key=self._signer.public,
            start=start,
            leaves=tuple((item.envelope, item.part) for item in self.fresh),
            arrived=now // 1000,
            head=entry.head.envelope,
            marks=marks(entry.leaves, start),
            blocks=blocks(entry, start, entry.tree.size),
        )
        self.fresh = []
        return kept
