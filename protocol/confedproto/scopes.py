"""Who may see what: a scoped record is for the members of its compact alone (specs/10, SCO).

The sender decides, from what it knows at that moment of who is a member; whoever is not gets
the leaf's hash, and never the scope's id.
"""

from typing import Final

from confedproto.chains import Log, leaf_kind
from confedproto.envelope import PUBLIC_KINDS
from confedproto.errors import Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.limits import SCOPES_MAX
from confedproto.record import PlainLeaf, VerifiedRecord, WithheldLeaf
from confedproto.view import View


def common(view: View, one: CouncilId, other: CouncilId) -> tuple[bytes, ...]:
    """The compacts of which both are members now, sorted: the scopes they may speak of."""
    if not (compacts := view.of_kind("compact")):
        return ()
    members = {placed.record.id: view.members(placed.record.id) for placed in compacts}
    both = (scope for scope, who in members.items() if one in who and other in who)
    return tuple(sorted(both)[:SCOPES_MAX])


OUTLINE_KINDS: Final = PUBLIC_KINDS - {"witness"}
"""What the outline of a log has in full: whose it is, and who is linked with whom (INT-2)."""


class Reader:
    """What one council may see of what this node holds, for the length of one message."""

    def __init__(self, view: View, council: CouncilId | None, *, lean: bool = False) -> None:
        """`council` None: nobody we know, who sees what is public. `lean`: it wants the outline."""
        self._view = view
        self._lean = lean
        self._council = council
        self._in: dict[bytes, bool] = {}

    @classmethod
    def of_archive(cls, view: View, scope: bytes | None) -> "Reader":
        """Whoever reads an archive of this scope: public records and those of the scope."""
        out = cls(view, None)
        if scope is not None:
            out._in[scope] = True
        return out

    def sees(self, log: Log, index: int) -> bool:
        """Whether a leaf of this log may be sent to it, and is here to be sent (SCO-1)."""
        leaf = log.leaves[index]
        if isinstance(leaf, WithheldLeaf) or (isinstance(leaf, PlainLeaf) and leaf.dropped):
            return False
        if self._lean and leaf_kind(leaf) not in OUTLINE_KINDS:
            return False
        scope = leaf.scope
        if scope is None or log.council == self._council:
            return True
        known = self._in.get(scope)
        if known is None:
            known = self._in[scope] = self._member(scope)
        return known

    def _member(self, scope: bytes) -> bool:
        return self._council in self._view.members(RecordId(scope))


def may_read(view: View, reader: CouncilId | None, owner: CouncilId, scope: bytes | None) -> bool:
    """Whether a council may have what a record of `owner` with this scope names (FIL-3)."""
    if scope is None or reader == owner:
        return True
    return reader in view.members(RecordId(scope))


def objection(view: View, item: VerifiedRecord) -> Reason | None:
    """Why a council should not append a record with this scope, or without one (SCO-2)."""
    if item.scope is not None and item.council not in view.members(RecordId(item.scope)):
        return Reason.COMPACT_MEMBER
    about = view.records.get(item.subject) if item.subject is not None else None
    if about is None or about.record.kind == "compact" or about.record.scope == item.scope:
        return None
    return Reason.SCOPE_OTHER
