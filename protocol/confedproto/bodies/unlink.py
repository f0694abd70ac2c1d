"""unlink: one council ends a link, alone and at once (specs/09, LNK-6)."""

from confedproto.bodies.types import Body, Bytes32


class Unlink(Body, frozen=True, kw_only=True):
    """The link that ends, by the one-use key of the invitation that it came from."""

    invite: Bytes32
