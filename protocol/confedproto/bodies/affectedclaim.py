"""affected-claim: a council that the mover left out says that it is affected (specs/07, MOT-5)."""

from confedproto.bodies.types import Body, Text


class AffectedClaim(Body, frozen=True, kw_only=True):
    """The record's subject is the motion; with a claim in the freeze the council votes."""

    reason: Text
