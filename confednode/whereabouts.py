"""Where a linked council's node is dialled: its signed node record says, before all else (LNK-7).

An invitation says it first; then the node record in force does, which only the council's
keyholders can change, and which every follower of its log holds. Nobody else is asked.
"""

from dataclasses import dataclass

from confednode.store import Peer
from confedproto.ids import CouncilId, TransportKey
from confedproto.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """An address, and the key that must answer there."""

    address: str
    transport: TransportKey


def whereabouts(view: View, council: CouncilId, invited: Peer | None) -> list[Whereabouts]:
    """The places to dial in turn: those of the node record, then that of the invitation.

    Once a node record is in force its key must answer, also at the invitation's address: the
    server may have been replaced.
    """
    authority = view.authorities.get(council)
    step = authority.node if authority is not None else None
    out: list[Whereabouts] = []
    if step is not None:
        key = TransportKey(step.node.transport)
        out = [Whereabouts(address=each, transport=key) for each in step.node.addresses or ()]
    if invited is not None:
        key = TransportKey(invited.transport if step is None else step.node.transport)
        last = Whereabouts(address=invited.address, transport=key)
        out += [last] if last not in out else []
    return out
