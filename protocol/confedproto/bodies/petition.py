"""petition: members ask that a mandate be taken back; only their number leaves home (RCL)."""

from confedproto.bodies.types import Body, Count, Number


class Petition(Body, frozen=True, kw_only=True):
    """The record's subject is the mandate: `count` of `members` have signed."""

    count: Count
    members: Number
