"""guest: the host's node names the one council whose answer to an invitation it took (LNK-2)."""

from confedproto.bodies.types import Body, Bytes32


class Guest(Body, frozen=True, kw_only=True):
    """Whose link an invitation has become; of one invitation the first in the log counts."""

    peer: Bytes32
    invite: Bytes32
